package engine

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/territory"
	"greenshield/vector"
)

// Divide divides the ground among the zones of in, which must be set, as a run would, and waits until all adds up. See
// [Ports].Division for what it is good for.
func Divide(
	ctx context.Context, in *redline.Inputs, t Tuning, newOverlayer func() Overlayer,
) (*territory.Prepared, error) {
	c := &Comparison{plan: &plan{in: in, tuning: t}, ctx: ctx, ports: Ports{NewOverlayer: newOverlayer}}
	r, err := c.request()
	if err != nil {
		return nil, err
	}
	return dividing(c, func() (*territory.Prepared, error) { return territory.Prepare(ctx, r) })
}

// zoneCost is how much longer it takes to compare, label and cut a cell in a zone than one that lies outside.
const zoneCost = 2

// tornCost is how much worse it is when two shards decode a cell than when one shard has a cell more than others.
const tornCost = 16

// Cuts returns the rows in which each of n shards of the grid begins, and the number of its rows. territories are those
// among which the ground is divided. Shards take about equally long: rows with much ground in zones are heavier than
// others. Each cut is moved to where it tears the fewest cells from the blocks of both epochs, by up to half a shard
// or the height of a block; so there may be more shards than blocks one below the other, and some without rows.
func Cuts(in *redline.Inputs, territories []orb.MultiPolygon, n int) []int {
	g := in.Grid
	weights := rowWeights(in, territories)
	tornRows, tornCells := make([]int, g.Rows+1), make([]int64, g.Rows+1)
	for row := range tornRows {
		tornRows[row], tornCells[row] = torn(in, row)
	}
	each := weights[g.Rows] / float64(n)
	cuts := []int{0}
	for shard := 1; shard < n; shard++ {
		want := each * float64(shard)
		off := func(row int) float64 { return math.Abs(weights[row] - want) }
		ideal, _ := slices.BinarySearch(weights, want)
		near := func(row int) bool {
			return off(row) <= each/2 || max(row-ideal, ideal-row) <= tornRows[ideal]
		}
		best, least := cuts[len(cuts)-1], math.Inf(1)
		try := func(row int) bool {
			if row < cuts[len(cuts)-1] || row > g.Rows || !near(row) {
				return false
			}
			if cost := off(row) + tornCost*float64(tornCells[row]); cost < least {
				best, least = row, cost
			}
			return true
		}
		for row := ideal; try(row); row++ {
		}
		for row := ideal - 1; try(row); row-- {
		}
		cuts = append(cuts, best)
	}
	return append(cuts, g.Rows)
}

// rowWeights returns how heavy all rows above each row are, for all rows of the grid and the one below it: in cells
// outside of zones. The ground of a polygon counts as spread evenly over its rows.
func rowWeights(in *redline.Inputs, territories []orb.MultiPolygon) []float64 {
	g := in.Grid
	change := make([]float64, g.Rows+1) // of the ground in a row, from the row above
	for _, shape := range territories {
		for _, p := range shape {
			b := vector.Bound(orb.MultiPolygon{p})
			top, bottom := int(max(0, b.Min[1])), int(min(float64(g.Rows), b.Max[1]+1))
			if top >= bottom {
				continue
			}
			cells := 0.0
			for _, ring := range p {
				cells += vector.SignedArea(ring)
			}
			each := min(cells/max(1, b.Max[1]-b.Min[1]), float64(g.Cols))
			change[top] += each
			change[bottom] -= each
		}
	}
	weights := make([]float64, g.Rows+1)
	ground := 0.0
	for row := range g.Rows {
		ground += change[row]
		weights[row+1] = weights[row] + float64(g.Cols) + zoneCost*max(0, ground)
	}
	return weights
}

// Join joins the parts of shards. Its methods are for one goroutine.
type Join struct {
	c     *Comparison
	cut   *cutter
	total *Part
}

// NewJoin begins to join the parts of a run with these inputs, zones included, and options. ports must have a division.
// Errors have the kind Usage. The caller must call [Join.Close] in the end.
func NewJoin(ctx context.Context, in *redline.Inputs, o redline.Options, t Tuning, ports Ports) (*Join, error) {
	p, err := newPlan(in, o, t)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	c := &Comparison{plan: p, ports: ports, progress: new(redline.Progress), ctx: ctx}
	if err := c.setLayers(ctx); err != nil {
		return nil, err
	}
	if err := c.divide(); err != nil {
		return nil, err
	}
	return &Join{c: c, cut: c.newCutter(ports.NewOverlayer())}, nil
}

// Add joins the part of the rows directly below those joined so far, and cuts the patches that this closes. The part
// belongs to the Join. Only what touches the lower edge of the part stays in memory of it, besides sums.
func (j *Join) Add(part *Part) error {
	j.c.rimBytes += part.Rim.bytes()
	if j.total == nil {
		j.total = part
	} else {
		j.c.plan.join(j.total, part)
	}
	if err := j.cut.closed(j.c.ctx, j.total); err != nil {
		return err
	}
	j.total.Rim = j.total.Rim.excerpt(j.total.Patches.Open)
	j.c.rimBytes = j.total.Rim.bytes()
	return j.c.checkOpen(&j.total.Patches)
}

// Finish returns the summary of all parts, which must be those of all rows; see [Comparison.Finish].
func (j *Join) Finish() (*redline.Summary, error) {
	if j.total == nil || j.total.Patches.Row0 != 0 || j.total.Patches.Row1 != j.c.in.Grid.Rows {
		return nil, redline.Faultf(redline.Internal, "the parts are not those of all rows")
	}
	if between := j.total.Tally.UnknownBetween; between != 0 {
		return nil, j.c.unknownCodes(false, between)
	}
	union, err := j.c.division.UnionCells(j.c.ctx)
	if err != nil {
		return nil, err
	}
	return j.c.finish(j.total, union)
}

// Close closes what was opened to cut patches.
func (j *Join) Close() error { return j.cut.close() }
