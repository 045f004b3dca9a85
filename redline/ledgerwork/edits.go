package ledgerwork

import (
	"cmp"
	"context"
	"slices"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerpg"
)

// TakeEdits returns the change that brings into a ledger what people wrote in its layers in QGIS, each in his own name
// and at his level, compared as [TakeWritten] does it with the case that he saw; and the edits that the change takes,
// or that say nothing new. The others are refused. The events are of the time at.
func TakeEdits(ctx context.Context, s ledger.Store, edits []ledgerpg.Edit, by By) (*Change, []ledgerpg.Edit, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	t := &taking{Change: c, store: s, by: by, cases: map[string]ledger.Case{}}
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, nil, err
		}
		t.cases[c.ID] = c
	}
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b ledgerpg.Edit) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Editor, b.Editor), cmp.Compare(a.BaseSeq, b.BaseSeq))
	})
	var done []ledgerpg.Edit
	for len(edits) > 0 {
		n := 1
		for n < len(edits) && edits[n].Case == edits[0].Case && edits[n].Editor == edits[0].Editor &&
			edits[n].BaseSeq == edits[0].BaseSeq {
			n++
		}
		refused := len(t.Refused)
		if err := t.edited(ctx, edits[:n]); err != nil {
			return nil, nil, err
		}
		if len(t.Refused) == refused {
			done = append(done, edits[:n]...)
		}
		edits = edits[n:]
	}
	return c, done, nil
}

// edited takes what one person wrote of one case.
func (t *taking) edited(ctx context.Context, edits []ledgerpg.Edit) error {
	e := edits[0]
	at := t.by.At
	t.by = By{Name: cmp.Or(e.Name, e.Editor), Level: e.Level, At: at}
	row := ledger.Row{Place: e.Name, Candidate: e.Case, Values: map[string]string{}}
	for _, e := range edits {
		row.Values[e.Field] = e.Value
	}
	unit, accepts := row.Values[ledger.FieldAcceptUnit]
	outcome, decides := row.Values[ledger.FieldOutcome]
	if !accepts && !decides {
		return t.copy(ctx, Written{Path: e.Editor, Seq: e.BaseSeq, File: ledger.File{Rows: []ledger.Row{row}}})
	}
	now := t.cases[e.Case]
	accepted := t.by.event(e.Case, ledger.Accepted,
		map[string]string{ledger.FieldAcceptUnit: unit, ledger.FieldOutcome: CodeOf(ledger.FieldOutcome, outcome)})
	if err := cmp.Or(ledger.CheckForm(accepted), ledger.Shipped().Check(&now, accepted)); err != nil {
		t.refuse(e.Editor, row.Place, e.Case, err)
		return nil
	}
	return t.apply([]ledger.Event{accepted})
}
