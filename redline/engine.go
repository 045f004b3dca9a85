package redline

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
)

// Run compares the epochs and gives every part of a changed patch that a zone controls
// to sink. newOverlayer is called once per goroutine. When a balance does not hold the
// error is a Fault of kind Unbalanced, and the summary says which.
//
// Memory holds the zones, one band of rows per worker, the runs of bands that wait for the
// zones, and the patches that are still open at the lower edge of the last band; it does
// not grow with the raster.
func Run(ctx context.Context, in *Inputs, o Options, t Tuning, newOverlayer func() Overlayer, sink Sink, p *Progress) (*Summary, error) {
	p.Total.Store(in.Grid.Cells())
	s, err := newSurvey(in, o)
	if err != nil {
		return nil, WithKind(Usage, err)
	}
	stopped := ctx.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.enter("zones")
	layers, zones := make(chan struct{}), make(chan struct{})
	go func() {
		err := s.divide(ctx, t, newOverlayer, layers)
		if err != nil {
			cancel(err)
			return
		}
		p.enter("compare")
		close(zones)
	}()
	total, tally, unknown, err := s.scanAll(ctx, cancel, layers, zones, t, newOverlayer, sink, p)
	if err != nil {
		select { // after a fault nothing of the caller's is used any more
		case <-layers:
		case <-stopped:
		}
		return nil, err
	}
	if len(unknown) > 0 {
		return nil, s.unknownCodes(unknown)
	}
	p.enter("balance")
	union, err := unless(ctx, func() (unionResult, error) { return <-s.parts.union, nil })
	if err != nil {
		return nil, err
	}
	if union.err != nil {
		return nil, union.err
	}
	sum := s.summarize(total, tally, union.cells)
	for _, c := range sum.Checks {
		if !c.OK {
			return sum, Faultf(Unbalanced, "it does not add up: %s: %.6f against %.6f; nothing is published, please report this", c.Name, c.Left, c.Right)
		}
	}
	return sum, nil
}

// divide reads the layers, closes layers, and divides the zones.
func (s *survey) divide(ctx context.Context, t Tuning, newOverlayer func() Overlayer, layers chan struct{}) (err error) {
	if s.in.Layers != nil {
		err = s.in.Layers(ctx)
	}
	if s.options.Survey && err == nil {
		s.units = newUnits(s.in)
	}
	close(layers)
	if err != nil {
		return err
	}
	if s.parts, err = divide(ctx, s.in, t, newOverlayer); err != nil {
		return err
	}
	s.admin, err = newLocator(s.in.Grid, s.in.Admin)
	return err
}

// unless returns what f returns, or the cause of ctx as soon as that is done: a call of
// a C library cannot be stopped, so f is then left to come to its end by itself.
func unless[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// newSurvey returns a survey that lacks its zones.
func newSurvey(in *Inputs, o Options) (*survey, error) {
	s := &survey{in: in, options: o, types: len(o.Rules.Changes)}
	classes := func(e *Epoch) []landcover.Class { return e.Legend.Classes[:len(e.Legend.Codes())] }
	var err error
	s.classifier, err = change.NewClassifier(in.Before.Source.Index(), in.After.Source.Index(), classes(&in.Before), classes(&in.After), s.types, o.Rules.Change)
	return s, err
}

// tileCells is about how many cells of each epoch a worker holds, when memory allows: the
// two tiles stay in the second-level cache while they are read, counted and compared.
const tileCells = 512 << 10

// tiling sets the size of tiles, and returns the rows at which bands begin, plus the last
// row. Bands begin where blocks of the before raster do, and are whole tiles high.
func (s *survey) tiling(t Tuning) (rows []int) {
	g := s.in.Grid
	bc, br := s.in.Before.Source.BlockSize()
	ac, ar := s.in.After.Source.BlockSize()
	blockCols, blockRows := max(bc, ac), max(br, ar)
	cells := tileCells
	if t.MaxMemory > 0 { // both epochs, as bytes, in at most a quarter of the memory
		cells = min(cells, int(t.MaxMemory/8/int64(max(1, t.Workers))))
	}
	roundUp := func(n, block int) int { return (n + block - 1) / block * block }
	offset := s.in.Before.Window.Row
	height := t.Tile // of a band
	s.tileCols, s.tileRows = t.Tile, t.Tile
	if t.Tile == 0 {
		s.tileRows = blockRows
		s.tileCols = min(g.Cols, max(blockCols, cells/blockRows/blockCols*blockCols))
		for 2*s.tileRows*s.tileCols <= cells && s.tileRows < 512 {
			s.tileRows *= 2
		}
		// A worker holds the symbols before of a band.
		fits := func(height int) bool {
			return t.MaxMemory <= 0 || int64(height)*int64(g.Cols) <= t.MaxMemory/16/int64(max(1, t.Workers))
		}
		for height = s.tileRows; height < 512 && fits(2*height); {
			height *= 2
		}
	} else {
		offset = 0
	}
	s.tileCols = min(s.tileCols, g.Cols)
	for row := 0; row < g.Rows; {
		rows = append(rows, row)
		row = min(g.Rows, roundUp(row+offset+1, height)-offset)
	}
	return append(rows, g.Rows)
}

// scanAll works through all bands. Half of the workers begin to compare before zones is closed
// since the zones are divided, but for a survey not before layers is: what they find waits. Bands are scanned in any order and
// joined from top to bottom. The first fault cancels ctx.
func (s *survey) scanAll(ctx context.Context, cancel context.CancelCauseFunc, layers, zones <-chan struct{}, t Tuning, newOverlayer func() Overlayer, sink Sink, p *Progress) (*Partial, *tally, [][2]int, error) {
	rows := s.tiling(t)
	bands := len(rows) - 1
	type result struct {
		band int
		part *Partial
		rim  covers // of the ground of the patches that are open
	}
	results := make(chan result)
	// A worker may run ahead of the joining, but not by more than this.
	ahead := make(chan struct{}, maxWaiting+2*t.Workers)
	next := make(chan int)
	waiting := make(chan *compared, maxWaiting)
	var waitingRuns atomic.Int64
	tallies := make(chan tally, t.Workers)
	var wg sync.WaitGroup
	for worker := range t.Workers {
		wg.Go(func() {
			err := func() error {
				sc, err := s.newScanner()
				if err != nil {
					return err
				}
				defer sc.close()
				if s.options.Survey {
					select {
					case <-layers:
						if s.units == nil { // they could not be read
							<-ctx.Done()
							return nil
						}
					case <-ctx.Done():
						return nil
					}
				}
				compare := func(band int) (*compared, error) { return sc.compare(band, rows[band], rows[band+1]) }
				for early := worker < t.Workers/2; early; {
					select {
					case band, ok := <-next:
						if !ok {
							early = false
							break
						}
						b, err := compare(band)
						if err != nil {
							return err
						}
						waiting <- b
						early = waitingRuns.Add(int64(len(b.runs))) < maxWaitingRuns && len(waiting) < cap(waiting)-t.Workers
					case <-zones:
						early = false
					case <-ctx.Done():
						return nil
					}
				}
				select {
				case <-zones:
				case <-ctx.Done():
					return nil
				}
				c := s.newCutter(sink, newOverlayer(), &sc.covers)
				for {
					var b *compared
					select {
					case b = <-waiting:
					default:
						band, ok := <-next
						if !ok {
							tallies <- c.tally
							return nil
						}
						if b, err = compare(band); err != nil {
							return err
						}
					}
					part, err := sc.locate(b)
					if err != nil {
						return err
					}
					for i := range part.Patches.Closed {
						if ctx.Err() != nil {
							return nil
						}
						if err := c.cut(&part.Patches.Closed[i]); err != nil {
							return err
						}
					}
					part.Patches.Closed = nil
					p.Done.Add(int64(b.row1-b.row0) * int64(s.in.Grid.Cols))
					select {
					case results <- result{b.band, part, sc.covers.excerpt(part.Patches.Open)}:
					case <-ctx.Done():
						return nil
					}
				}
			}()
			if err != nil {
				cancel(err)
			}
		})
	}
	go func() {
		defer close(next)
		for band := range bands {
			select {
			case ahead <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- band:
			case <-ctx.Done():
				return
			}
		}
	}()

	var seams *cutter
	var rims covers
	var total *Partial
	var unknown [][2]int
	done := map[int]result{}
	joined := 0
	for joined < bands && ctx.Err() == nil {
		select {
		case r := <-results:
			done[r.band] = r
		case <-ctx.Done():
		}
		for r := done[joined]; r.part != nil; r = done[joined] {
			delete(done, joined)
			part := r.part
			rims.below(r.rim)
			if b, a := s.classifier.Unknown(&part.Matrix); b || a {
				unknown = append(unknown, [2]int{rows[joined], rows[joined+1]})
			}
			joined++
			<-ahead
			if total == nil {
				total, seams = part, s.newCutter(sink, newOverlayer(), &rims)
			} else {
				s.join(total, part)
			}
			if err := s.finish(&total.Patches, seams, t.MaxMemory); err != nil {
				cancel(err)
				break
			}
		}
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, nil, nil, err
	}
	sum := &seams.tally
	for range t.Workers {
		other := <-tallies
		sum.add(&other)
	}
	for t, n := range total.Patches.Outside {
		sum.patches[t] += n.Patches
		sum.patchCells[t] += n.Cells
	}
	return total, sum, unknown, nil
}

// finish cuts the patches that joining closed, and watches the memory of those that
// stay open.
func (s *survey) finish(b *patch.Band, c *cutter, maxMemory int64) error {
	for i := range b.Closed {
		if err := c.cut(&b.Closed[i]); err != nil {
			return err
		}
	}
	b.Closed = nil
	runs := 0
	for i := range b.Open {
		runs += len(b.Open[i].Runs)
	}
	const runBytes = 20
	if maxMemory > 0 && int64(runs)*runBytes > maxMemory/2 {
		return Faultf(Limit, "patches that are still open at row %d hold %d runs, more than half of --max-memory; raise it", b.Row1, runs)
	}
	return nil
}

// summarize adds up and checks the balances of product rules: nothing lost, nothing twice.
func (s *survey) summarize(total *Partial, tally *tally, unionCells float64) *Summary {
	in := s.in
	sum := &Summary{
		Grid: in.Grid, YearA: in.Before.Year, YearB: in.After.Year, Cells: in.Grid.Cells(),
		BySeverity: tally.bySeverity, ByReason: tally.byReason,
	}
	check := func(name string, left, right, tolerance float64) {
		sum.Checks = append(sum.Checks, Check{name, left, right, tolerance, math.Abs(left-right) <= tolerance})
	}
	matrixCells, byType := s.matrices(sum, total)
	check("cells of the matrix = cells of the grid", float64(matrixCells), float64(sum.Cells), 0)
	check("valid + NoData = cells of the grid", float64(sum.ValidCells+sum.NoDataCells), float64(sum.Cells), 0)
	s.checkMargins(total, check)

	for t, c := range s.options.Rules.Changes {
		sum.Changes = append(sum.Changes, ChangeTotal{c.Name, c.NameZH, byType[t].Cells, tally.patches[t], byType[t].AreaM2})
		check("cells in patches of "+c.Name+" = cells of its transitions", float64(tally.patchCells[t]), float64(byType[t].Cells), 0)
	}
	s.zoneTotals(sum, total, tally, check)
	if s.options.Survey {
		sum.Survey, sum.Overview = s.finishSurvey(total.Survey), total.Survey.Overview
		s.checkSurvey(sum, check)
	}
	check("territories = union of all zones (cells)", s.parts.territoryCells, unionCells, 1e-9*unionCells+touchCells*float64(len(in.Zones)+1))
	return sum
}

// matrices fills the transition tables and the cell counts.
func (s *survey) matrices(sum *Summary, total *Partial) (matrixCells int64, byType []ChangeTotal) {
	byType = make([]ChangeTotal, s.types)
	type ecoPair = [2]landcover.Ecosystem
	ecosystems := map[ecoPair]*Transition{}
	areas := map[ecoPair]*raster.Area{}
	typeAreas := make([]raster.Area, s.types)
	before, after := s.in.Before.Legend, s.in.After.Legend
	nB, nA := len(before.Codes()), len(after.Codes())
	for pair, n := range total.Matrix.Cells {
		matrixCells += n
		b, a := s.classifier.Classes(uint16(pair))
		if n == 0 {
			continue
		}
		if b >= nB || a >= nA {
			sum.NoDataCells += n
			continue
		}
		sum.ValidCells += n
		area := total.Matrix.Area[pair]
		t := Transition{From: before.Classes[b], To: after.Classes[a], Cells: n, AreaM2: area.M2()}
		k, changed := s.classifier.TypeOf(uint16(pair))
		if changed {
			sum.ChangedCells += n
		}
		if changed && k == change.UnruledType {
			sum.UnruledCells += n
		} else if changed {
			t.Change = s.options.Rules.Changes[k].Name
			byType[k].Cells += n
			typeAreas[k].Add(area)
		}
		sum.Codes = append(sum.Codes, t)
		e := ecoPair{t.From.Ecosystem, t.To.Ecosystem}
		if ecosystems[e] == nil {
			ecosystems[e] = &Transition{From: landcover.Class{Ecosystem: e[0]}, To: landcover.Class{Ecosystem: e[1]}, Change: t.Change}
			areas[e] = &raster.Area{}
		}
		ecosystems[e].Cells += n
		areas[e].Add(area)
	}
	for _, from := range landcover.Ecosystems() {
		for _, to := range landcover.Ecosystems() {
			if t := ecosystems[ecoPair{from, to}]; t != nil {
				t.AreaM2 = areas[ecoPair{from, to}].M2()
				sum.Ecosystems = append(sum.Ecosystems, *t)
			}
		}
	}
	for t := range byType {
		byType[t].AreaM2 = typeAreas[t].M2()
	}
	return matrixCells, byType
}

// checkMargins compares row and column sums of the matrix with the classes counted
// from the symbols of each epoch.
func (s *survey) checkMargins(total *Partial, check func(string, float64, float64, float64)) {
	for _, e := range []struct {
		name    string
		epoch   *Epoch
		symbols *[256]int64
		class   func(pair uint16) int
	}{
		{"before", &s.in.Before, &total.Matrix.Before, func(p uint16) int { b, _ := s.classifier.Classes(p); return b }},
		{"after", &s.in.After, &total.Matrix.After, func(p uint16) int { _, a := s.classifier.Classes(p); return a }},
	} {
		n := len(e.epoch.Legend.Codes())
		counted, margin := make([]int64, n+2), make([]int64, n+2)
		for symbol, cells := range e.symbols {
			if cells == 0 {
				continue // also symbols that stand for nothing
			}
			switch i := e.epoch.Source.Index()[symbol]; i {
			case raster.NoData:
				counted[n] += cells
			case raster.Unknown:
				counted[n+1] += cells
			default:
				counted[i] += cells
			}
		}
		for pair, cells := range total.Matrix.Cells {
			margin[e.class(uint16(pair))] += cells
		}
		name := "classes of " + e.name + " = margin of the matrix"
		left, right := int64(0), int64(0)
		for i := range counted {
			if counted[i] != margin[i] {
				left, right = counted[i], margin[i]
				name += fmt.Sprintf(", class %d", i)
				break
			}
			left, right = left+counted[i], right+margin[i]
		}
		check(name, float64(left), float64(right), 0)
	}
}

// zoneTotals fills one row per zone and checks candidates + suppressed = changed.
func (s *survey) zoneTotals(sum *Summary, total *Partial, tally *tally, check func(string, float64, float64, float64)) {
	n := len(s.in.Zones)
	nodata := make([]raster.Area, n) // of the whole zone: of its territory and of what stricter zones took
	sum.Zones = make([]ZoneTotal, n)
	for rank, z := range s.parts.byRank {
		nodata[z].Add(total.Covered[s.slot(int32(rank), change.NoDataType)])
	}
	for region, sh := range s.parts.sharing {
		if sh.zone >= 0 {
			nodata[sh.zone].Add(total.SharedNoData[region])
		}
	}
	worst := Check{Tolerance: 1}
	var candidates, suppressed, touching, changedAll raster.Area
	for rank, z := range s.parts.byRank {
		zone := &s.in.Zones[z]
		var changed raster.Area
		for t := range s.types {
			changed.Add(total.Covered[s.slot(int32(rank), uint8(t))])
		}
		zt := &tally.zones[z]
		row := ZoneTotal{
			Zone: zone, TotalM2: zone.TotalM2, OutsideM2: max(0, zone.TotalM2-s.parts.inGridM2[z]),
			NoDataM2: nodata[z].M2(), ControlledM2: s.parts.ownM2[rank], ChangedM2: changed.M2(),
			UnruledM2:   total.Covered[s.slot(int32(rank), change.UnruledType)].M2(),
			CandidateM2: zt.candidateM2.M2(), SuppressedM2: zt.suppressedM2.M2(),
			Candidates: zt.candidates, Suppressed: zt.suppressed, Controlled: s.parts.territory[rank],
		}
		if row.OutsideM2 < 1e-9*row.TotalM2 { // rounding of the clip at the grid's edge
			row.OutsideM2 = 0
		}
		sum.Zones[z] = row
		sum.Candidates += row.Candidates
		sum.Suppressed += row.Suppressed
		candidates.Add(zt.candidateM2)
		suppressed.Add(zt.suppressedM2)
		changedAll.Add(changed)
		touching.Add(zt.touchingM2)
		left := row.CandidateM2 + row.SuppressedM2 + zt.touchingM2.M2()
		tolerance := 1e-9*row.ChangedM2 + roundingM2*float64(1+row.Candidates+row.Suppressed)*10 + s.touchM2()*float64(1+len(s.parts.sharing))
		if d := math.Abs(left-row.ChangedM2) / tolerance; d > math.Abs(worst.Left-worst.Right)/worst.Tolerance || worst.Name == "" {
			worst = Check{Name: "zone " + zone.ID + ": candidates + suppressed = changed area (m²)", Left: left, Right: row.ChangedM2, Tolerance: tolerance}
		}
	}
	sum.CandidateM2, sum.SuppressedM2 = candidates.M2(), suppressed.M2()
	if n > 0 {
		check("worst "+worst.Name, worst.Left, worst.Right, worst.Tolerance)
		all := changedAll.M2()
		check("all candidates + suppressed = changed area in zones (m²)", sum.CandidateM2+sum.SuppressedM2+touching.M2(), all, 1e-9*all+roundingM2*10*float64(1+sum.Candidates+sum.Suppressed)+s.touchM2())
	}
}

// touchM2 is touchCells in square metres.
func (s *survey) touchM2() float64 {
	area := s.in.Earth.Row(s.in.Grid.Rows / 2)
	return touchCells * float64(area.Run(0, s.in.Grid.Cols)) / float64(s.in.Grid.Cols) * raster.AreaUnitM2
}
