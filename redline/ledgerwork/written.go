package ledgerwork

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// Written is what somebody wrote of cases of the ledger, with the state of the ledger that he saw.
type Written struct {
	Path string // of the file
	Seq  int64  // of the last event of the ledger that he saw
	File ledger.File
}

// TakeWritten returns the change that brings into a ledger what reviewers wrote in copies of it: verdicts, and what
// tells of the rectification. The base of each comparison is the case as it was when the copy was written, which the
// ledger knows itself; nothing in the file can change it. A copy of another ledger is an error; a row whose id the
// ledger does not know, in which a fact was changed, or that says what cannot be is refused. What both sides changed is
// a conflict. reason is that of verdicts that need one and have none, "" for none.
func TakeWritten(ctx context.Context, s ledger.Store, copies []Written, reason string, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &taking{Change: c, store: s, by: by, reason: reason, cases: map[string]ledger.Case{}}
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		t.cases[c.ID] = c
	}
	for _, w := range copies {
		if err := ofLedger(ctx, s, w); err != nil {
			return nil, err
		}
		if err := t.copy(ctx, w); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ofLedger refuses a copy of another ledger.
func ofLedger(ctx context.Context, s ledger.Store, w Written) error {
	for e, err := range s.Events(ctx, ledger.EventFilter{After: w.Seq - 1, Limit: 1}) {
		if err != nil {
			return err
		}
		if e.Seq == w.Seq && e.Hash == w.File.Run {
			return nil
		}
	}
	return redline.Faultf(redline.Incompatible,
		"%s: it is a copy of another ledger, or of events that this one has lost; name its ledger by --ledger", w.Path)
}

// copy takes the rows of a copy.
func (t *taking) copy(ctx context.Context, w Written) error {
	given, rest := map[string]ledger.Given{}, map[string][2]map[string]string{}
	file := ledger.File{Run: w.File.Run}
	for _, row := range w.File.Rows {
		base, err := t.base(ctx, row.Candidate, w.Seq)
		switch {
		case errors.Is(err, ledger.ErrNoCase):
			t.refuse(w.Path, row.Place, row.Candidate, errors.New("the ledger had no such case: its id was changed"))
			continue
		case err != nil:
			return err
		}
		was := ledgergpkg.Shown(&base)
		t.readable(&row, was)
		set, err := t.settings(row, was)
		if err != nil {
			t.refuse(w.Path, row.Place, row.Candidate, err)
			continue
		}
		given[row.Candidate] = ledger.Given{Case: row.Candidate, Values: was, ReadOnly: was}
		rest[row.Candidate] = [2]map[string]string{set, was}
		file.Rows = append(file.Rows, row)
	}
	before := len(t.Events)
	taken, err := ledger.Shipped().Take(file.Run, given, t.cases, file, t.by.event("", "", nil))
	if err != nil {
		return redline.WithKind(redline.Usage, err)
	}
	for _, r := range taken.Refused {
		t.refuse(w.Path, r.Place, r.Candidate, errors.Unwrap(r.Reason))
		delete(rest, r.Candidate)
	}
	if err := t.apply(taken.Events); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(rest)) {
		if err := t.compared(ctx, id, w.Seq, rest[id]); err != nil {
			return err
		}
	}
	changed := map[string]bool{}
	for _, e := range t.Events[before:] {
		changed[e.Case] = true
	}
	t.Same += len(rest) - len(changed)
	return nil
}

// base returns a case as it was after an event of the ledger.
func (t *taking) base(ctx context.Context, id string, seq int64) (c ledger.Case, err error) {
	if now, ok := t.cases[id]; !ok || now.Opened > seq {
		return c, ledger.ErrNoCase
	}
	for e, err := range t.store.Events(ctx, ledger.EventFilter{Case: id}) {
		if err == nil && e.Seq <= seq {
			c, err = c.Apply(e)
		}
		if err != nil || e.Seq >= seq {
			return c, err
		}
	}
	return c, nil
}

// readable makes a row comparable with what it was: editors drop white space at the ends, and a verdict that needs a
// reason and has none has the given one. Fields that this version does not show are left out.
func (t *taking) readable(row *ledger.Row, was map[string]string) {
	for name, value := range row.Values {
		if value == strings.TrimSpace(strings.ReplaceAll(was[name], "\r\n", "\n")) {
			row.Values[name] = was[name]
		}
	}
	v, _ := ledger.Shipped().Verdict(row.Values[ledger.FieldVerdict])
	if v.Reason == "required" && row.Values[ledger.FieldReason] == "" && t.reason != "" {
		row.Values[ledger.FieldReason] = t.reason
	}
	maps.DeleteFunc(row.ReadOnly, func(name, _ string) bool { _, shown := was[name]; return !shown })
}

// settings returns what a row says of the rectification that was not there before; an error says why it cannot be.
func (t *taking) settings(row ledger.Row, was map[string]string) (map[string]string, error) {
	set := map[string]string{}
	for name, value := range row.Values {
		if !slices.Contains(ledger.Reviewed(), name) && value != was[name] {
			set[name] = CodeOf(name, value)
		}
	}
	if len(set) == 0 {
		return nil, nil
	}
	now, e := t.cases[row.Candidate], t.by.event(row.Candidate, ledger.Set, set)
	if err := ledger.CheckForm(e); err != nil {
		return nil, err
	}
	return set, ledger.Shipped().Check(&now, e)
}

// compared adds the events of what a copy says of the rectification of a case (the first of the two), which was the
// second after the event seq: what the ledger has not changed since is set, the rest is a conflict. What the case has
// heard since is not told again.
func (t *taking) compared(ctx context.Context, id string, seq int64, rest [2]map[string]string) error {
	said, was := rest[0], rest[1]
	if len(said) == 0 {
		return nil
	}
	events, err := eventsOf(ctx, t.store, id)
	if err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e ledger.Event) bool { return e.Seq <= seq })
	for _, e := range t.Events {
		if e.Case == id {
			events = append(events, e)
		}
	}
	c := t.cases[id]
	said = maps.Clone(said)
	maps.DeleteFunc(said, func(name, value string) bool {
		_, heard := lastSaid(events, name, value)
		return heard
	})
	return t.apply(t.by.sets(&c, said, was))
}

// sets returns the events that set fields of a case as somebody said who saw what they were: what the case has not
// changed since is set, the rest is a conflict.
func (by By) sets(c *ledger.Case, said, was map[string]string) (made []ledger.Event) {
	set := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		switch value, ours := said[name], c.Get(name); {
		case value == ours:
		case ours == was[name]:
			set[name] = value
		default:
			made = append(made, by.event(c.ID, ledger.Conflict, map[string]string{ledger.FieldField: name,
				ledger.FieldBase: was[name], ledger.FieldOurs: ours, ledger.FieldFile: value, ledger.FieldValue: ours}))
		}
	}
	if len(set) > 0 {
		made = append(made, by.event(c.ID, ledger.Set, set))
	}
	return made
}
