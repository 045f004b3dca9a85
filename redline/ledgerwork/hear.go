package ledgerwork

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/ledger"
)

// ErrNoVersion says that a case never ended with the event that somebody says he saw last.
var ErrNoVersion = errors.New("the case never was at that event")

// Clash is something of a case that was changed since somebody saw it, and that he says otherwise.
type Clash struct {
	Field  string `json:"field"`
	Base   string `json:"base"`   // as he saw it
	Ledger string `json:"ledger"` // as it is
	Yours  string `json:"yours"`
}

// Heard is what somebody says of a case.
type Heard struct {
	// Events are what the case does not know yet. Those of kind Conflict keep both values of Clashes.
	Events  []ledger.Event
	Clashes []Clash
	// Moved says that the clash is over where the case stands, of which no event can keep both; Events mean nothing
	// then.
	Moved bool
}

// At returns the case as it was after its event with that number, or [ErrNoVersion].
func (s *Story) At(seq int64) (c ledger.Case, err error) {
	if seq == s.Case.Seq {
		return s.Case, nil
	}
	for _, e := range s.Events {
		if e.Seq > seq {
			break
		}
		if c, err = c.Apply(e); err != nil {
			return c, err
		}
	}
	if c.Seq != seq {
		return c, ErrNoVersion
	}
	return c, nil
}

// Hear returns what somebody adds to a case who saw it as it was after its event seq, and says one thing after the
// other; each is known to the next. The events need only kind, fields and document. Fields of verdicts and other fields
// are compared three ways, as [TakeWritten] does it, except that nothing is remembered: the same may be said again
// after it was taken back. A move that the rules have is taken while what it is about, such as the state, is as he saw
// it. What the rules refuse is an error, with all reasons.
//
// A verdict that changes has no reason unless one is given with it, and is of the person and the day unless it says
// otherwise; that nobody has judged says nothing of these. The verdict that a case has confirms it where it has to be
// confirmed.
func (s *Story) Hear(seq int64, said []ledger.Event, by By) (*Heard, error) {
	base, err := s.At(seq)
	if err != nil {
		return nil, err
	}
	h := &hearing{base: base, now: s.Case, by: by}
	for _, what := range said {
		if h.Moved {
			break
		}
		what.Fields = maps.Clone(what.Fields)
		if what.Fields == nil {
			what.Fields = map[string]string{}
		}
		if err := h.hear(what); err != nil {
			return nil, err
		}
	}
	return &h.Heard, nil
}

// hearing is a case as somebody saw it and as it is, both with what he has said so far.
type hearing struct {
	Heard
	base, now ledger.Case
	by        By
}

func (h *hearing) hear(what ledger.Event) error {
	does := h.moves
	switch what.Kind {
	case ledger.Judged:
		does = h.judges
	case ledger.Set:
		does = h.sets
	}
	events, err := does(what)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.Kind == ledger.Conflict {
			f := e.Fields
			h.Clashes = append(h.Clashes,
				Clash{f[ledger.FieldField], f[ledger.FieldBase], f[ledger.FieldOurs], f[ledger.FieldFile]})
		}
		for _, c := range []*ledger.Case{&h.base, &h.now} {
			if *c, err = c.Apply(e); err != nil {
				return err
			}
		}
	}
	h.Events = append(h.Events, events...)
	return nil
}

// judges returns the events of a verdict.
func (h *hearing) judges(what ledger.Event) ([]ledger.Event, error) {
	for name := range what.Fields {
		if !slices.Contains(ledger.Reviewed(), name) {
			return nil, fmt.Errorf("the field %s is none of a verdict", name)
		}
	}
	was := map[string]string{}
	for _, name := range ledger.Reviewed() {
		was[name] = h.base.Get(name)
	}
	was[ledger.FieldVerdict] = verdictOf(&h.base)
	h.complete(what.Fields)
	id := h.now.ID
	given := map[string]ledger.Given{id: {Case: id, Values: was, Detection: h.base.Detection}}
	file := ledger.File{Rows: []ledger.Row{{Candidate: id, Values: what.Fields}}, Once: true}
	by := h.by.event("", "", nil)
	by.Doc = what.Doc
	taken, err := ledger.Shipped().Take("", given, map[string]ledger.Case{id: h.now}, file, by)
	if err != nil {
		return nil, err
	}
	for _, r := range taken.Refused {
		return nil, errors.Unwrap(r.Reason)
	}
	waits := h.base.Get(ledger.FieldToConfirm)
	if len(taken.Events) == 0 && waits != "" && h.now.Get(ledger.FieldToConfirm) == waits {
		what.Fields = map[string]string{ledger.FieldVerdict: verdictOf(&h.base)}
		return sayOf(&h.now, []ledger.Event{what}, h.by)
	}
	return taken.Events, nil
}

// complete adds what a verdict that changes says without words.
func (h *hearing) complete(fields map[string]string) {
	verdict := CodeOf(ledger.FieldVerdict, cmp.Or(fields[ledger.FieldVerdict], verdictOf(&h.base)))
	if verdict == verdictOf(&h.base) {
		return
	}
	silent := map[string]string{ledger.FieldReason: "", ledger.FieldReviewer: h.by.Name,
		ledger.FieldReviewed: string(ledger.DayOf(h.by.At))}
	if verdict == string(ledger.Unreviewed) {
		silent = map[string]string{ledger.FieldReason: "", ledger.FieldReviewer: "", ledger.FieldReviewed: "",
			ledger.FieldBasis: ""}
	}
	for name, value := range silent {
		if _, ok := fields[name]; !ok {
			fields[name] = value
		}
	}
}

// sets returns the events of other fields.
func (h *hearing) sets(what ledger.Event) ([]ledger.Event, error) {
	e := h.by.event(h.now.ID, ledger.Set, what.Fields)
	if err := errors.Join(ledger.CheckForm(e), ledger.Shipped().Check(&h.now, e)); err != nil {
		return nil, err
	}
	maps.DeleteFunc(what.Fields, func(name, value string) bool { return value == h.base.Get(name) })
	events := h.by.sets(&h.now, what.Fields, h.base.Fields)
	for i := range events {
		events[i].Doc = what.Doc
	}
	return events, nil
}

// moves returns the events of what is neither, none for a move that somebody else has made meanwhile.
func (h *hearing) moves(what ledger.Event) ([]ledger.Event, error) {
	field, saw, yours := about(what, &h.base)
	if _, is, _ := about(what, &h.now); is != saw {
		if is != yours {
			h.Moved, h.Clashes = true, []Clash{{field, saw, is, yours}}
		}
		return nil, nil
	}
	return sayOf(&h.now, []ledger.Event{what}, h.by)
}

// about returns what of a case an event is about, what that is, and what the event makes of it.
func about(e ledger.Event, c *ledger.Case) (field, is, becomes string) {
	f := e.Fields
	switch e.Kind {
	case ledger.Advanced:
		return "state", string(c.State), f[ledger.FieldTo]
	case ledger.Accepted:
		return "state", string(c.State), f[ledger.FieldOutcome]
	case ledger.Published:
		return "state", string(c.State), string(ledger.Publicity)
	case ledger.Settled:
		at := slices.IndexFunc(c.Disputes, func(d ledger.Dispute) bool { return d.Field == f[ledger.FieldField] })
		if at < 0 {
			return f[ledger.FieldField], c.Get(f[ledger.FieldField]), f[ledger.FieldValue]
		}
		return f[ledger.FieldField], strings.Join(c.Disputes[at].Values, " | "), f[ledger.FieldValue]
	case ledger.Decided:
		return ledger.FieldSuspect, c.Suspicion, f[ledger.FieldDecision]
	case ledger.Answered:
		return "objections", strconv.Itoa(c.Objections), f[ledger.FieldAnswer]
	case ledger.Merged:
		return "merged_into", c.MergedInto, f[ledger.FieldInto]
	case ledger.Handed:
		return "handed_to", c.HandedTo, f[ledger.FieldHandedTo]
	}
	return "", "", ""
}

// Undo returns what takes back a verdict and other fields that events have changed, in the order in which it has to be
// said; before is the case before them. Moves are not taken back.
func Undo(before ledger.Case, events []ledger.Event) (undo []ledger.Event, err error) {
	for _, e := range events {
		back := map[string]string{}
		if e.Kind == ledger.Judged {
			back[ledger.FieldVerdict] = verdictOf(&before)
			for _, name := range []string{ledger.FieldReason, ledger.FieldReviewer, ledger.FieldReviewed} {
				back[name] = before.Get(name)
			}
		}
		for name := range e.Fields {
			if name != ledger.FieldRequest && name != ledger.FieldClaims && name != ledger.FieldVerdict {
				back[name] = before.Get(name)
			}
		}
		if e.Kind == ledger.Judged || e.Kind == ledger.Set {
			undo = append([]ledger.Event{{Kind: e.Kind, Fields: back}}, undo...)
		}
		if before, err = before.Apply(e); err != nil {
			return nil, err
		}
	}
	return undo, nil
}
