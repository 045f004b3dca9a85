package work

import (
	"context"

	"greenshield/redline"
	"greenshield/redline/engine"
)

// Examination is the inputs of a job under examination; see gdalinput.Examination.
type Examination interface {
	// Cells reads all cells of the rasters. It notes faults, and fails only when ctx is done.
	Cells(ctx context.Context, workers int, p *redline.Progress) error
	// Zones measures the zones. It notes faults, and fails only when ctx is done.
	Zones(ctx context.Context) error
	// Comparable tells that a run could begin.
	Comparable() bool
	// Seen notes what a run said of the zones.
	Seen(zones []redline.ZoneTotal)
	// Fault notes that a run failed.
	Fault(err error)
}

// Examined holds the inputs under examination as a run takes them.
type Examined struct {
	Inputs       *redline.Inputs
	Options      redline.Options
	Tuning       engine.Tuning
	NewOverlayer func() engine.Overlayer
	NewExaminer  func() engine.Examiner // nil for none
}

// Check examines the inputs of a job and writes nothing. Where the inputs allow it, it does all that a run does,
// which is the last proof that a run would succeed, and keeps only how much of each zone it saw. It notes all faults
// in x, and fails only when ctx is done.
func Check(ctx context.Context, x Examination, e Examined, p *redline.Progress) error {
	if err := x.Cells(ctx, e.Tuning.Workers, p); err != nil {
		return err
	}
	if err := x.Zones(ctx); err != nil || !x.Comparable() {
		return err
	}
	ports := engine.Ports{NewOverlayer: e.NewOverlayer, NewExaminer: e.NewExaminer, Sink: nowhere{}}
	sum, err := engine.Run(ctx, e.Inputs, e.Options, e.Tuning, ports, p)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		x.Fault(err)
	default:
		x.Seen(sum.Zones)
	}
	return nil
}

// nowhere is a sink that keeps no candidate.
type nowhere struct{}

// Put implements [engine.Sink].
func (nowhere) Put(redline.Key, *redline.Candidate, []redline.Overlap) error { return nil }
