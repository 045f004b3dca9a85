package engine

import (
	"context"
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
	if err := c.divide(); err != nil {
		return nil, err
	}
	return c.division.Prepared(ctx)
}

// zoneCost is how much longer it takes to compare, label and cut a cell in a zone than one that lies outside.
const zoneCost = 2

// Cuts returns the rows in which each of n shards of the grid begins, and the number of its rows. A shard begins where
// blocks of the rasters do, or with the grid; so there may be more shards than blocks one below the other, and some
// without rows. territories are those among which the ground is divided. Shards take about equally long: rows with much
// ground in zones are heavier than others.
func Cuts(in *redline.Inputs, territories []orb.MultiPolygon, n int) []int {
	g := in.Grid
	height, offset := blockRows(in), in.Before.Window.Row
	weights := rowWeights(in, territories)
	var starts []int // of blocks, but for the first
	for row := height - offset%height; row < g.Rows; row += height {
		starts = append(starts, row)
	}
	starts = append(starts, g.Rows)
	cuts := []int{0}
	for shard := 1; shard < n; shard++ {
		want := weights[g.Rows] * float64(shard) / float64(n)
		i, _ := slices.BinarySearchFunc(starts, want, func(row int, want float64) int {
			if weights[row] < want {
				return -1
			}
			return 1
		})
		cut := starts[min(i, len(starts)-1)]
		if below := max(cuts[len(cuts)-1], previous(starts, i)); want-weights[below] < weights[cut]-want {
			cut = below // nearer
		}
		cuts = append(cuts, cut)
	}
	return append(cuts, g.Rows)
}

// previous returns the start before number i, 0 for the first.
func previous(starts []int, i int) int {
	if i == 0 {
		return 0
	}
	return starts[i-1]
}

// rowWeights returns how heavy all rows above each row are, for all rows of the grid and the one below it: in cells
// outside of zones. The ground of a polygon counts as spread evenly over its rows.
func rowWeights(in *redline.Inputs, territories []orb.MultiPolygon) []float64 {
	g := in.Grid
	change := make([]float64, g.Rows+1) // of the ground in a row, from the row above
	for _, shape := range territories {
		for _, p := range shape {
			b := p.Bound()
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
	c.setLayers()
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
