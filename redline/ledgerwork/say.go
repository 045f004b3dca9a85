package ledgerwork

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// Say returns the change by which the same things are said, one after the other, of every case that a filter chooses.
// Of a case all of it is said or, when the rules refuse any of it, nothing; fields that a case has already are not told
// again. An id that no case has is refused. What is wrong in itself, such as a day that no calendar has, is a fault
// of kind Usage. The events need only kind, fields and document.
func Say(ctx context.Context, s ledger.Store, f Filter, said []ledger.Event, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	chosen, err := Select(ctx, s, f)
	if err != nil {
		return nil, err
	}
	for _, id := range f.IDs {
		if !slices.ContainsFunc(chosen, func(c ledger.Case) bool { return c.ID == id }) {
			c.refuse("", "", id, ledger.ErrNoCase)
		}
	}
	for i := range chosen {
		events, err := sayOf(&chosen[i], said, by)
		switch {
		case redline.KindOf(err) == redline.Usage: // no case could have it
			return nil, err
		case err != nil:
			c.refuse("", "", chosen[i].ID, err)
		case len(events) == 0:
			c.Same++
		default:
			c.Events = append(c.Events, events...)
		}
	}
	return c, nil
}

// sayOf returns the events by which things are said of a case.
func sayOf(c *ledger.Case, said []ledger.Event, by By) (events []ledger.Event, err error) {
	now, rules := *c, ledger.Shipped()
	for _, what := range said {
		e := by.event(c.ID, what.Kind, maps.Clone(what.Fields))
		e.Doc = what.Doc
		follow := []ledger.Event{e}
		switch e.Kind {
		case ledger.Set, ledger.Judged:
			maps.DeleteFunc(e.Fields, func(name, value string) bool { return now.Get(name) == value })
			confirms := e.Kind == ledger.Judged && now.Get(ledger.FieldToConfirm) != "" // by saying the same again
			if len(e.Fields) == 0 && !confirms {
				continue
			}
		case ledger.Evidence:
			if slices.Contains(now.Evidence, e.Doc) {
				continue
			}
		case ledger.Decided:
			e.Fields[ledger.FieldSuspect] = now.Suspicion
		}
		if e.Kind == ledger.Judged {
			e.Fields[ledger.FieldVerdict] = cmp.Or(what.Fields[ledger.FieldVerdict], verdictOf(&now))
			follow, err = rules.Judge(&now, e)
		} else {
			err = rules.Check(&now, e)
		}
		if err == nil {
			err = redline.WithKind(redline.Usage, ledger.CheckForm(e))
		}
		if err != nil {
			return nil, err
		}
		for _, e := range follow {
			if now, err = now.Apply(e); err != nil {
				return nil, err
			}
		}
		events = append(events, follow...)
	}
	return events, nil
}
