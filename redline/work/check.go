package work

import (
	"context"

	"greenshield/redline"
	"greenshield/redline/engine"
)

// Examination is the inputs of a job under examination; see gdalinput.Examination.
type Examination interface {
	// Cells and Zones read and measure the inputs. They fail only when ctx is done: all else is noted.
	Cells(ctx context.Context, workers int, p *redline.Progress) error
	Zones(ctx context.Context) error
	// Comparable tells that a run could begin.
	Comparable() bool
	// Seen notes what a run said of the zones, and Fault that it failed.
	Seen(zones []redline.ZoneTotal)
	Fault(err error)
}

// Examined is what a run takes of inputs under examination.
type Examined struct {
	Inputs       *redline.Inputs
	Options      redline.Options
	Tuning       engine.Tuning
	NewOverlayer func() engine.Overlayer
}

// Check examines the inputs of a job and writes nothing. Where they allow it, it does all that a run does, and keeps only
// how much of each zone it saw: the last proof that a run would succeed. It fails only when ctx is done.
func Check(ctx context.Context, x Examination, e Examined, p *redline.Progress) error {
	if err := x.Cells(ctx, e.Tuning.Workers, p); err != nil {
		return err
	}
	if err := x.Zones(ctx); err != nil || !x.Comparable() {
		return err
	}
	sum, err := engine.Run(ctx, e.Inputs, e.Options, e.Tuning, engine.Ports{NewOverlayer: e.NewOverlayer, Sink: nowhere{}}, p)
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

// nowhere takes candidates and keeps none.
type nowhere struct{}

func (nowhere) Put(redline.Key, *redline.Candidate, []redline.Overlap) error { return nil }
