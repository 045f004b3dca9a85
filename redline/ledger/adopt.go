package ledger

import (
	"context"
	"errors"
	"fmt"
)

// Adopt returns what a ledger lacks of another one, such as the province's of a city's, for [Commit]: its events in
// their order, each with its [Origin], and its detections. What was adopted before, runs that are known, and events
// that came from this ledger in the first place are left out, so that adopting twice adds nothing, and the order in
// which ledgers are adopted does not matter for cases that only one of them has.
//
// It refuses a ledger of the same code, since both may have given one number to two cases; one in which [Verify]
// finds anything; one of which an event that was adopted before has changed or is gone; and one that opens cases under
// ids that others have here.
func Adopt(ctx context.Context, into, from Store) ([]Event, []Detection, error) {
	a := adopter{known: map[Origin]bool{}, last: map[string]Origin{}, runs: map[string]bool{}, cases: map[string]bool{},
		met: map[string]bool{}}
	if err := a.read(ctx, into, from); err != nil {
		return nil, nil, err
	}
	for e, err := range from.Events(ctx, EventFilter{}) {
		if err != nil {
			return nil, nil, err
		}
		if err := a.event(e); err != nil {
			return nil, nil, err
		}
	}
	if left := a.last[a.code]; left != (Origin{}) {
		return nil, nil, fmt.Errorf("ledger %s has no event %d any more, which was adopted before", a.code, left.Seq)
	}
	if len(a.taken) > 0 {
		return nil, nil, fmt.Errorf("ledger %s has other cases under ids that cases have here: %s", a.code, list(a.taken))
	}
	detections, err := a.detections(ctx, into, from)
	return a.events, detections, err
}

// OriginIn returns where an event of a ledger of that code was first written.
func (e Event) OriginIn(code string) Origin {
	if e.Origin == (Origin{}) {
		return Origin{code, e.Seq, e.Hash}
	}
	return e.Origin
}

// adopter knows the ledger that adopts.
type adopter struct {
	own, code string            // codes of the ledger that adopts and of the other one
	known     map[Origin]bool   // its own events, and those that it has adopted
	last      map[string]Origin // by code of a ledger: the last event adopted of it that was not met again
	runs      map[string]bool
	cases     map[string]bool // of the ledger that adopts
	met       map[string]bool // cases of the other one, whose opening was read
	taken     []string        // cases that the other one opens under ids of cases
	events    []Event
}

// read reads the ledger that adopts, and verifies the other one.
func (a *adopter) read(ctx context.Context, into, from Store) error {
	ours, err := Meta(ctx, into)
	if err != nil {
		return err
	}
	theirs, err := Meta(ctx, from)
	if err != nil {
		return err
	}
	a.own, a.code = ours[FieldCode], theirs[FieldCode]
	if a.own == a.code {
		return fmt.Errorf("both ledgers have the code %s, so that their cases cannot be told apart", a.own)
	}
	for e, err := range into.Events(ctx, EventFilter{}) {
		if err != nil {
			return err
		}
		a.known[Origin{a.own, e.Seq, e.Hash}], a.cases[e.Case] = true, true
		if e.Origin != (Origin{}) {
			a.known[e.Origin] = true
			if e.Origin.Seq > a.last[e.Origin.Ledger].Seq {
				a.last[e.Origin.Ledger] = e.Origin
			}
		}
		if e.Kind == RunAdded {
			a.runs[e.Fields[FieldRun]] = true
		}
	}
	var problems []error
	err = Verify(ctx, from, func(p string) {
		problems = append(problems, fmt.Errorf("ledger %s: %w", a.code, errors.New(p)))
	})
	return errors.Join(err, errors.Join(problems...))
}

// event adds an event of the other ledger when it is not known.
func (a *adopter) event(e Event) error {
	origin := e.OriginIn(a.code)
	opens := e.Case != "" && !a.met[e.Case]
	a.met[e.Case] = true
	if a.last[a.code] == origin {
		delete(a.last, a.code)
	}
	switch {
	case a.known[origin] || e.Kind == Founded || e.Kind == RunAdded && a.runs[e.Fields[FieldRun]]:
		return nil
	case origin.Ledger == a.own || origin.Seq <= a.last[origin.Ledger].Seq:
		return fmt.Errorf("event %d of ledger %s is not the one that was adopted before", origin.Seq, origin.Ledger)
	case opens && a.cases[e.Case]:
		a.taken = append(a.taken, e.Case)
	}
	if e.Kind == RunAdded {
		a.runs[e.Fields[FieldRun]] = true
	}
	e.Origin = origin
	a.events = append(a.events, e)
	return nil
}

// detections returns those of the other ledger that are not kept here and of which an event speaks.
func (a *adopter) detections(ctx context.Context, into, from Store) (fresh []Detection, err error) {
	lacks := map[string]bool{}
	for _, e := range a.events {
		if e.Kind == Detected {
			lacks[e.Fields[FieldDetection]] = true
		}
	}
	for d, err := range into.Detections(ctx, DetectionFilter{}) {
		if err != nil {
			return nil, err
		}
		delete(lacks, d.ID)
	}
	for d, err := range from.Detections(ctx, DetectionFilter{}) {
		if err != nil {
			return nil, err
		}
		if lacks[d.ID] {
			fresh = append(fresh, d)
		}
	}
	return fresh, nil
}
