package main

import (
	"cmp"
	"context"
	"time"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/work"
)

// askLedger reads what a run needs of the ledger that a job names, nil when it names none. The ledger is closed again
// before the run begins, so that others can write to it meanwhile. grid is of the later epoch.
func (p *program) askLedger(ctx context.Context, j *job.Job, grid ledgerwork.Measurer) (work.Ledger, error) {
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
	place := shownPlace(j.Relative(j.Ledger))
	asked, err := ledgerwork.Ask(ctx, s, place, at, grid)
	if err := cmp.Or(err, s.Close()); err != nil {
		return nil, redline.Faultf(redline.KindOf(ledgerFault(err)), "%s: %w", place, err)
	}
	return asked, nil
}
