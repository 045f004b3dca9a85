package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"greenshield/redline"
	"greenshield/redline/census"
	"greenshield/redline/territory"
)

// Comparison is a run that has begun. Its methods are for one goroutine.
//
// Half of the workers compare bands already while the layers are read and the ground is divided; a survey makes them
// wait until the layers are read. Compared bands wait until the ground is divided. Bands are worked on in any order,
// and joined from top to bottom. The first fault ends the work of all.
type Comparison struct {
	*plan
	ports    Ports
	progress *redline.Progress
	ctx      context.Context
	cancel   context.CancelCauseFunc
	workers  sync.WaitGroup

	layers, ground chan struct{} // closed when the layers are read, and when the ground is divided

	next        chan int       // bands to compare
	ahead       chan struct{}  // holds one element for each band that is given out and not joined yet
	waiting     chan *compared // bands compared before the ground is divided
	waitingRuns atomic.Int64   // runs of all bands that ever waited
	parts       chan numbered
	locators    int   // workers that may make parts; set with ground
	rimBytes    int64 // of what the parts joined so far know of the ground of open patches
}

// numbered is the part of a band.
type numbered struct {
	band int
	part *Part
}

// What may be compared before the ground is divided.
const (
	maxWaiting     = 32      // bands
	maxWaitingRuns = 1 << 21 // runs in them, about; a run takes 16 bytes
)

// Begin begins to compare the epochs of in. The zones, counties and exemptions of in may be set until
// [Comparison.Finish] is called. Errors have the kind Usage. The caller must call [Comparison.Stop] in the end.
func Begin(
	ctx context.Context, in *redline.Inputs, o redline.Options, t Tuning, p *redline.Progress,
) (*Comparison, error) {
	return BeginRows(ctx, in, o, t, [2]int{0, in.Grid.Rows}, p)
}

// BeginRows is [Begin] for the rows [rows[0], rows[1]) of the grid alone, of which [Comparison.Part] returns the part.
// Neither may lie outside of the grid. See [Cuts] for where rows should begin.
func BeginRows(
	ctx context.Context, in *redline.Inputs, o redline.Options, t Tuning, rows [2]int, p *redline.Progress,
) (*Comparison, error) {
	plan, err := newPlan(in, o, t)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	plan.restrict(rows)
	c := &Comparison{
		plan:     plan,
		progress: p,
		layers:   make(chan struct{}),
		ground:   make(chan struct{}),
		next:     make(chan int),
		ahead:    make(chan struct{}, maxWaiting+2*t.Workers),
		waiting:  make(chan *compared, maxWaiting),
		parts:    make(chan numbered),
	}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	p.Done.Store(0) // a stage before may have counted other cells
	p.Total.Store(int64(rows[1]-rows[0]) * int64(in.Grid.Cols))
	p.Enter("zones")
	c.workers.Go(c.giveOut)
	for worker := range t.Workers {
		c.workers.Go(func() {
			if err := c.work(worker); err != nil {
				c.cancel(err)
			}
		})
	}
	return c, nil
}

// Stop ends the workers and waits for them. After Finish has returned a summary they have ended already.
func (c *Comparison) Stop() {
	c.cancel(context.Canceled)
	c.workers.Wait()
}

// Finish divides the ground among the zones, which must be set by now, and does the rest of the run; see [Run]. It may
// be called once.
func (c *Comparison) Finish(ports Ports) (*redline.Summary, error) {
	total, err := c.joined(ports)
	if err != nil {
		return nil, err
	}
	c.progress.Enter("balance")
	union, err := c.division.UnionCells(c.ctx)
	if err != nil {
		return nil, err
	}
	return c.finish(total, union)
}

// Part is Finish for a comparison of some rows, see [BeginRows]: it returns their part, nil when there are none. It may
// be called once, instead of Finish.
func (c *Comparison) Part(ports Ports) (*Part, error) {
	total, err := c.joined(ports)
	if total != nil {
		total.Rim = total.Rim.excerpt(total.Patches.Open)
	}
	return total, err
}

// joined divides the ground, and makes and joins the parts of all bands.
func (c *Comparison) joined(ports Ports) (*Part, error) {
	c.ports = ports
	if err := c.setLayers(c.ctx); err != nil {
		return nil, err
	}
	close(c.layers)
	if err := c.divide(); err != nil {
		return nil, err
	}
	var err error
	if c.locators, err = c.shareMemory(); err != nil {
		return nil, err
	}
	c.progress.Enter("compare")
	close(c.ground)
	total, unknown, err := c.join()
	if err != nil {
		return nil, err
	}
	if total == nil {
		return nil, nil
	}
	if between := total.Tally.UnknownBetween; unknown || between != 0 {
		return nil, c.unknownCodes(unknown, between)
	}
	return total, nil
}

// divide divides the ground, and finds the counties.
func (c *Comparison) divide() error {
	r, err := c.request()
	if err != nil {
		return err
	}
	type result struct {
		division *territory.Division
		notes    []Annotator
	}
	of, err := dividing(c, func() (out result, err error) {
		out = result{c.ports.Division, c.ports.Annotators}
		if out.division == nil {
			out.division, err = territory.Divide(c.ctx, r)
		}
		if err == nil && len(c.in.Admin) > 0 {
			var counties *counties
			counties, err = newCounties(c.in.Grid, c.in.Admin)
			out.notes = append([]Annotator{counties}, out.notes...)
		}
		return out, err
	})
	c.division, c.notes = of.division, of.notes
	return err
}

// request returns the ground that is to be divided.
func (c *Comparison) request() (territory.Request, error) {
	r := territory.Request{
		Grid:     c.in.Grid,
		Earth:    c.in.Earth,
		Zones:    c.in.Zones,
		Exempt:   c.in.Exempt,
		Vertices: c.tuning.Vertices,
	}
	if limit := c.zoneLimit(); limit > 0 {
		if r.MaxBytes = limit - c.zoneBytes(); r.MaxBytes <= 0 {
			return r, c.tooManyZones()
		}
	}
	for range c.tuning.Workers {
		r.Overlayers = append(r.Overlayers, c.ports.NewOverlayer())
	}
	return r, nil
}

// dividing returns what divide returns, as soon as the run is stopped the cause of that. A call of a C library cannot
// be stopped, so it is then left to come to its end by itself.
func dividing[T any](c *Comparison, divide func() (T, error)) (T, error) {
	type result struct {
		of  T
		err error
	}
	done := make(chan result, 1)
	go func() {
		of, err := divide()
		done <- result{of, err}
	}()
	var none T
	select {
	case r := <-done:
		if err := context.Cause(c.ctx); err != nil {
			return none, err // a fault of the rasters came first
		}
		if errors.Is(r.err, territory.ErrMemory) {
			return none, c.tooManyZones()
		}
		return r.of, r.err
	case <-c.ctx.Done():
		return none, context.Cause(c.ctx)
	}
}

// giveOut gives out the bands, but not too far ahead of those that are joined.
func (c *Comparison) giveOut() {
	defer close(c.next)
	for band := range len(c.rows) - 1 {
		select {
		case c.ahead <- struct{}{}:
		case <-c.ctx.Done():
			return
		}
		select {
		case c.next <- band:
		case <-c.ctx.Done():
			return
		}
	}
}

// work compares bands, and makes parts of them once the ground is divided. The first half of the workers begins before
// that; of all only so many go on as memory has room for.
func (c *Comparison) work(worker int) error {
	s, err := c.newScanner()
	if err != nil {
		return err
	}
	defer s.close()
	if c.options.Survey && !c.await(c.layers) {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	if worker < c.tuning.Workers/2 {
		if err := c.compareAhead(s); err != nil {
			return err
		}
	}
	if !c.await(c.ground) || worker >= c.locators {
		return nil
	}
	cut := c.newCutter(c.ports.NewOverlayer())
	defer cut.close()
	for {
		b, err := c.nextCompared(s)
		if b == nil || err != nil {
			return err
		}
		part, err := s.part(c.ctx, b, cut)
		if err != nil {
			return err
		}
		c.progress.Done.Add(int64(b.row1-b.row0) * int64(c.in.Grid.Cols))
		select {
		case c.parts <- numbered{b.band, part}:
		case <-c.ctx.Done():
			return nil
		}
	}
}

// await waits until a channel is closed; it is false when the run was stopped before.
func (c *Comparison) await(closed <-chan struct{}) bool {
	select {
	case <-closed:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// compareAhead compares bands until the ground is divided or as many wait as may.
func (c *Comparison) compareAhead(s *scanner) error {
	for {
		select {
		case band, ok := <-c.next:
			if !ok {
				return nil
			}
			b, err := s.compare(band)
			if err != nil {
				return err
			}
			c.waiting <- b
			full := len(c.waiting) >= cap(c.waiting)-c.tuning.Workers // the others may each add the band that they compare
			if c.waitingRuns.Add(int64(len(b.runs))) >= maxWaitingRuns || full {
				return nil
			}
		case <-c.ground:
			return nil
		case <-c.ctx.Done():
			return nil
		}
	}
}

// nextCompared returns a band that waits, or else compares another one. It returns nil when no band is left.
func (c *Comparison) nextCompared(s *scanner) (*compared, error) {
	select {
	case b := <-c.waiting:
		return b, nil
	default:
	}
	band, ok := <-c.next
	if !ok {
		return nil, nil
	}
	return s.compare(band)
}

// join joins the parts of all bands from top to bottom, and cuts the patches that this closes. It also tells whether an
// epoch holds codes that its legend lacks.
func (c *Comparison) join() (total *Part, unknown bool, err error) {
	cut := c.newCutter(c.ports.NewOverlayer())
	defer cut.close()
	done := map[int]*Part{}
	for joined := 0; joined < len(c.rows)-1; {
		select {
		case p := <-c.parts:
			done[p.band] = p.part
		case <-c.ctx.Done():
			return nil, false, context.Cause(c.ctx)
		}
		for part := done[joined]; part != nil; part = done[joined] {
			delete(done, joined)
			joined++
			<-c.ahead
			before, after := c.classifier.Unknown(&part.Matrix)
			unknown = unknown || before || after
			c.rimBytes += part.Rim.bytes()
			if total == nil {
				total = part
			} else {
				c.plan.join(total, part)
			}
			err := cut.closed(c.ctx, total)
			if err == nil {
				err = c.checkOpen(&total.Patches)
			}
			if err != nil {
				c.cancel(err)
				return nil, false, context.Cause(c.ctx)
			}
		}
	}
	return total, unknown, nil
}

// unknownCodes reads maps again, slowly, to say which codes a legend lacks: both epochs, or those between that have a
// bit.
func (c *Comparison) unknownCodes(epochs bool, between uint64) error {
	var maps []*redline.Epoch
	if epochs {
		maps = append(maps, &c.in.Before, &c.in.After)
	}
	for i := range c.in.Between {
		if between>>i&1 != 0 {
			maps = append(maps, &c.in.Between[i])
		}
	}
	for _, e := range maps {
		codes, err := census.CountCodes(c.ctx, e, nil, c.tuning.Workers, c.progress)
		if err == nil {
			err = codes.Judge(e, census.LegendRemedy)
		}
		if err != nil {
			return err
		}
	}
	return redline.Faultf(redline.Internal, "unknown codes were counted but not found again")
}
