package main

import (
	"cmp"
	"context"
	"time"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
	"greenshield/redline/work"
)

// askLedger reads what a run needs of the ledger that a job names, nil when it names none. The ledger is closed again
// before the run begins, so that others can write to it meanwhile. grid is of the later epoch.
func (p *program) askLedger(ctx context.Context, j *job.Job, grid ledgerwork.Measurer) (*ledgerwork.Asked, error) {
	if j.Ledger == "" {
		return nil, nil
	}
	var at time.Time // that of the last event
	if j.ReportDate != "" {
		var err error
		if at, err = time.Parse(time.DateOnly, j.ReportDate); err != nil {
			return nil, redline.WithKind(redline.Usage, err)
		}
	}
	s, err := p.openLedger(ctx, j.Ledger, false)
	if err != nil {
		return nil, err
	}
	place := shownLedger(j)
	asked, err := ledgerwork.Ask(ctx, s, place, at, grid, work.LedgerBytes(j.MaxMemory))
	if err := cmp.Or(err, s.Close()); err != nil {
		return nil, redline.Faultf(redline.KindOf(ledgerFault(err)), "%s: %w", place, err)
	}
	return asked, nil
}

// shownLedger returns the ledger of a job as records and messages name it: a file as seen from the job, a database
// without its password.
func shownLedger(j *job.Job) string {
	if isDatabase(j.Ledger) {
		return shownPlace(j.Ledger)
	}
	return j.Relative(j.Ledger)
}

// ledgerOf returns a ledger for a run, nil for none.
func ledgerOf(asked *ledgerwork.Asked) work.Ledger {
	if asked == nil {
		return nil
	}
	return asked
}

// checkedLedger is what check tells of a ledger.
type checkedLedger struct {
	*record.Ledger
	Cases int `json:"cases"` // with ground that a run can meet
}

// checkedLedgerOf returns what check tells of a ledger, nil for none.
func checkedLedgerOf(asked *ledgerwork.Asked) *checkedLedger {
	if asked == nil {
		return nil
	}
	return &checkedLedger{asked.Record(), asked.Cases()}
}

// printLedger prints what check found of a ledger, nil for none or one that a run could not read.
func (p *program) printLedger(l *checkedLedger) {
	if l == nil {
		return
	}
	p.printf("%s  %s\n", p.words.Word("ledger"), l.Place)
	p.line("code", "%s", l.Code)
	p.line("cases", "%s", thousands(int64(l.Cases)))
	p.line("head", "event %s, SHA-256 %s", thousands(l.Events), l.Hash)
	p.printf("\n")
}
