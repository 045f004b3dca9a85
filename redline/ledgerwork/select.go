package ledgerwork

import (
	"context"
	"strconv"

	"greenshield/redline/ledger"
)

// Filter chooses cases; what is empty chooses all but those that were merged into others.
type Filter struct {
	ledger.CaseFilter
	Severity int             // at least
	Due      ledger.Date     // not struck off, and its due date is before that day
	Led      bool            // a lead from outside speaks of it
	Assigned string          // to whom it is given
	Merged   bool            // those that were merged into others, too
	Sample   string          // name of a sample in which it was drawn, or one that was merged into it
	drawn    map[string]bool // ids of the cases of Sample
}

// Select returns the cases that a filter chooses, by id.
func Select(ctx context.Context, s ledger.Store, f Filter) ([]ledger.Case, error) {
	var chosen []ledger.Case
	if f.Sample != "" {
		sample, err := SampleNamed(ctx, s, f.Sample)
		if err != nil {
			return nil, err
		}
		f.of(sample)
	}
	for c, err := range s.Cases(ctx, f.CaseFilter) {
		if err != nil {
			return nil, err
		}
		if f.match(&c) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

// of chooses the cases of a sample.
func (f *Filter) of(s *DrawnSample) {
	f.drawn = map[string]bool{}
	for _, d := range s.Cases {
		f.drawn[d.Case.ID] = true
	}
}

func (f *Filter) match(c *ledger.Case) bool {
	severity, _ := strconv.Atoi(c.Get(ledger.FieldSeverity)) // 0 where there is none
	named := len(f.IDs) > 0
	return (c.MergedInto == "" || f.Merged || named) &&
		severity >= f.Severity &&
		(f.Due == "" || c.Overdue(f.Due)) &&
		(!f.Led || c.Leads > 0) &&
		(f.Assigned == "" || f.Assigned == c.Get(ledger.FieldAssigned)) &&
		(f.Sample == "" || f.drawn[c.ID])
}

// verdictOf returns the code of the verdict of a case, that of none when nobody has judged.
func verdictOf(c *ledger.Case) string {
	if v := c.Get(ledger.FieldVerdict); v != "" {
		return v
	}
	return string(ledger.Unreviewed)
}

// Verdicts returns the codes of all verdicts.
func Verdicts() (codes []string) {
	for _, v := range ledger.Shipped().Verdicts {
		codes = append(codes, v.Code)
	}
	return codes
}

// Closed tells whether nothing is left to do for a case: it is struck off, archived, merged, or of another office.
func Closed(c *ledger.Case) bool {
	return c.State == ledger.StruckOff || c.State == ledger.Archived || c.MergedInto != "" || c.HandedTo != ""
}
