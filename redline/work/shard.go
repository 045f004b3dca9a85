package work

import (
	"context"
	"sync"

	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/record"
	"greenshield/redline/shard"
	"greenshield/redline/spool"
	"greenshield/redline/territory"
)

// Plan reads the layers of j, divides the ground among the zones, hashes all inputs, and writes the plan of so many
// shards to a folder. It completes p, which holds program, versions, job and the record of rules and ranking. files
// returns the state of all files that were read; it is called when the inputs are hashed.
func Plan(
	ctx context.Context, j *Job, p *shard.Plan, shards int, folder string,
	files func(context.Context) ([]record.Stamp, error),
) error {
	if err := shard.Free(folder); err != nil {
		return err
	}
	said, err := j.Source.Layers(ctx)
	p.Warnings, p.Repairs = said.Warnings, said.Repairs
	if err != nil {
		return err
	}
	inputs := make(chan error, 1)
	go func() {
		var err error
		if p.Inputs, err = j.Source.Records(ctx); err == nil {
			p.Files, err = files(ctx)
		}
		inputs <- err
	}()
	in := j.Inputs
	l := &shard.Layers{Zones: in.Zones, Admin: in.Admin, Exempt: in.Exempt}
	l.Division, err = engine.Divide(ctx, in, j.Tuning, j.NewOverlayer)
	if errInputs := <-inputs; err == nil {
		err = errInputs
	}
	if err != nil {
		return err
	}
	p.Grid, p.Rows = record.GridOf(in.Grid), engine.Cuts(in, l.Division.Territory, shards)
	if err := j.Source.Unchanged(); err != nil {
		return err
	}
	return p.Write(ctx, folder, l)
}

// Planned is a plan at work: it is the [Source] of the layers that were prepared for it.
type Planned struct {
	Plan   *shard.Plan
	Inputs *redline.Inputs // the rasters; Layers adds the rest

	division *territory.Division // set by Layers
}

// Layers implements [Source]. The fault has kind Incompatible when the rasters do not have the grid of the plan.
func (p *Planned) Layers(ctx context.Context) (Said, error) {
	said := Said{p.Plan.Warnings, p.Plan.Repairs}
	if err := p.check(ctx); err != nil {
		return said, err
	}
	return said, p.layers(ctx, [2]int{0, p.Inputs.Grid.Rows}, true)
}

// check refuses inputs that are not those of the plan.
func (p *Planned) check(ctx context.Context) error {
	if g := record.GridOf(p.Inputs.Grid); g != p.Plan.Grid {
		return redline.Faultf(redline.Incompatible, "%s: the common grid of the rasters is not that of the plan; "+
			"make the plan again", p.Plan.Folder())
	}
	return p.Plan.CheckFiles(ctx)
}

// layers adds the layers to the inputs, with the shapes that some rows need; see [shard.Plan.ReadLayers].
func (p *Planned) layers(ctx context.Context, rows [2]int, zones bool) error {
	l, err := p.Plan.ReadLayers(ctx, rows, zones)
	if err != nil {
		return err
	}
	in := p.Inputs
	in.Zones, in.Admin, in.Exempt = l.Zones, l.Admin, l.Exempt
	p.division, err = l.Division.Division(in.Grid.Cols, in.Grid.Rows)
	return err
}

// Records implements [Source].
func (p *Planned) Records(context.Context) ([]record.Input, error) { return p.Plan.Inputs, nil }

// Unchanged implements [Source].
func (p *Planned) Unchanged() error { return p.Plan.CheckFiles(context.Background()) }

// Shard makes the part of shard i of the plan that j.Parts is, with the inputs, options, tuning, overlayers, annotators
// and examiners of j. When the part is there already, whole and right, nothing is done, and done is false; a wrong one
// is replaced.
func Shard(ctx context.Context, j *Job, i int, p *redline.Progress) (done bool, err error) {
	plan := j.Parts.Plan
	if err := plan.Check(ctx, i); err == nil || ctx.Err() != nil {
		return false, ctx.Err()
	}
	w, err := plan.Create(i)
	if err != nil {
		return false, err
	}
	defer w.Abort()
	if j.Fault != nil {
		return false, j.Fault
	}
	if err := j.Parts.check(ctx); err != nil {
		return false, err
	}
	rows := plan.RowsOf(i)
	if rows[0] == rows[1] {
		return true, w.Publish(nil, nil)
	}
	if err := j.Parts.layers(ctx, rows, j.Options.Survey); err != nil {
		return false, err
	}
	c, err := engine.BeginRows(ctx, j.Inputs, j.Options, j.Tuning, rows, p)
	if err != nil {
		return false, err
	}
	defer c.Stop()
	s := spool.NewPart(w, j.Inputs, j.columns(plan.Ledger != nil), j.Records)
	if j.Compact {
		s.CompactSuppressed()
	}
	var sink engine.Sink = s
	patches := &collector{Sink: s, limit: LedgerBytes(j.Tuning.MaxMemory)}
	if plan.Ledger != nil {
		sink = patches
	}
	part, err := c.Part(engine.Ports{NewOverlayer: j.NewOverlayer, Sink: sink, Annotators: j.Annotators,
		NewExaminer: j.NewExaminer, Division: j.Parts.division})
	if err == nil {
		err = plan.CheckFiles(ctx)
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return false, err
	}
	rest := &shard.Rest{Part: part}
	for _, patch := range patches.all {
		rest.Patches, rest.AreasM2 = append(rest.Patches, patch.Patch), append(rest.AreasM2, patch.AreaM2)
	}
	return true, w.Publish(s, rest)
}

// sum returns what was found: by a comparison, or in the parts that shards have made, whose candidates the spool
// adopts, and whose patches the collector keeps when a ledger is asked.
func (r *run) sum(
	ctx context.Context, ports engine.Ports, s *spool.Spool, patches *collector,
) (*redline.Summary, error) {
	if r.Parts == nil {
		return r.comparison.Finish(ports)
	}
	ports.Division = r.Parts.division
	j, err := engine.NewJoin(ctx, r.Inputs, r.Options, r.Tuning, ports)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	r.progress.Enter("join")
	r.progress.Done.Store(0)
	r.progress.Total.Store(r.Inputs.Grid.Cells())
	if err := r.join(ctx, j, s, patches); err != nil {
		return nil, err
	}
	return j.Finish()
}

// join reads the parts, some at once, and joins them from top to bottom.
func (r *run) join(ctx context.Context, j *engine.Join, s *spool.Spool, patches *collector) error {
	type read struct {
		part *shard.Rest
		err  error
	}
	plan := r.Parts.Plan
	parts := make([]chan read, plan.Shards())
	for i := range parts {
		parts[i] = make(chan read, 1)
	}
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	turns := make(chan struct{}, max(1, r.Tuning.Workers)) // one for each part that is read or waits to be joined
	readers.Go(func() {
		for i := range parts {
			select {
			case turns <- struct{}{}:
			case <-ctx.Done():
				return
			}
			readers.Go(func() {
				part, err := r.parts.Read(ctx, i, s)
				parts[i] <- read{part, err}
			})
		}
	})
	for i := range parts {
		select {
		case next := <-parts[i]:
			if next.err != nil {
				return next.err
			}
			if next.part != nil {
				if err := add(j, next.part, patches); err != nil {
					return err
				}
			}
			rows := plan.RowsOf(i)
			r.progress.Done.Add(int64(rows[1]-rows[0]) * int64(r.Inputs.Grid.Cols))
			<-turns
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// add joins a part.
func add(j *engine.Join, part *shard.Rest, patches *collector) error {
	for i, p := range part.Patches {
		if err := patches.keep(Patch{p, part.AreasM2[i]}); err != nil {
			return err
		}
	}
	return j.Add(part.Part)
}
