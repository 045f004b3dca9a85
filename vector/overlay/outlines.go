package overlay

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Outlines is a set of regions on a lattice, prepared so that what they cover of any band of rows can be found
// without following the outlines elsewhere: see [Builder.Cover]. It is immutable and safe for concurrent use.
type Outlines struct {
	cols, rows int
	chunks     []chunk  // by region
	extents    []extent // by region
	weights    []weight
}

// chunk is a stretch of an outline. Whoever follows it begins in the middle of a stay in a cell, which is left to the
// chunk before, and goes on behind its end until the last stay is complete.
type chunk struct {
	ring orb.Ring
	place
	steps          int32 // if not 0, the chunk is as many steps along its first edge as this says
	edges          int32 // otherwise, it is as many edges as this says, each followed to its end
	minRow, maxRow int32 // the first and the last lattice line that it reaches
	closed         bool  // the whole ring lies in one cell
}

// extent is what the chunks of a region, chunks[first:last], reach: see chunk.
type extent struct {
	first, last    int
	minRow, maxRow int32
}

// place is where a walker is on its ring.
type place struct {
	edge     int32 // the edge is that from the vertex of this number to the next one
	first    int64 // number of the ring's first edge, counted over all outlines
	row, col int32 // the cell; it has a meaning only if on
	on       bool  // the place is on the lattice or its margin
	taken    int32 // how many steps along the edge were made
}

const (
	chunkEdges = 32  // how many edges a chunk has at most
	chunkSteps = 256 // how many steps a chunk of a longer edge has at most
)

// NewOutlines prepares regions on a lattice of that size; [Span.Region] is a position in regions. Each is a valid
// multipolygon, not clipped to the lattice, with shells counter-clockwise and holes clockwise (u to the right, v
// upwards). Regions may overlap. The cost is that of their vertices, and of the steps along edges that pass hundreds
// of cells.
func NewOutlines(cols, rows int, regions []orb.MultiPolygon) (*Outlines, error) {
	return newOutlines(cols, rows, regions, nil, chunkEdges, chunkSteps)
}

// NewSomeOutlines is [NewOutlines] for regions of which some are left out, empty: none that reaches a band of which the
// cover is to be found. vertices says how many vertices each region has when it is not left out, by [vector.Vertices].
// So the covers are the same as if none were left out, and join those of other bands.
func NewSomeOutlines(cols, rows int, regions []orb.MultiPolygon, vertices []int) (*Outlines, error) {
	return newOutlines(cols, rows, regions, vertices, chunkEdges, chunkSteps)
}

func newOutlines(
	cols, rows int, regions []orb.MultiPolygon, vertices []int, edges, steps int32,
) (*Outlines, error) {
	o := &Outlines{cols: cols, rows: rows, weights: make([]weight, rows+1)}
	first := int64(0)
	for i, mp := range regions {
		if len(mp) == 0 && vertices != nil {
			first += int64(vertices[i])
		}
		if n := o.passed(mp); n+vector.Vertices(mp) > math.MaxInt32/2 {
			return nil, fmt.Errorf("the outline of a zone is too long for this raster: it passes into %d cells", n)
		}
		for _, polygon := range mp {
			o.weighShell(polygon)
			for _, ring := range polygon {
				o.weighRing(ring)
				o.add(chunk{ring: ring, place: place{first: first}}, edges, steps)
				first += int64(len(ring))
			}
		}
		o.close()
	}
	o.sumWeights()
	return o, nil
}

// close completes the region of which the last chunks are.
func (o *Outlines) close() {
	e := extent{last: len(o.chunks), minRow: math.MaxInt32, maxRow: math.MinInt32}
	if n := len(o.extents); n > 0 {
		e.first = o.extents[n-1].last
	}
	for i := range o.chunks[e.first:] {
		c := &o.chunks[e.first+i]
		e.minRow, e.maxRow = min(e.minRow, c.minRow), max(e.maxRow, c.maxRow)
	}
	o.extents = append(o.extents, e)
}

// passed returns about how many lattice lines the outlines pass on the lattice.
func (o *Outlines) passed(mp orb.MultiPolygon) int {
	sum := 0.0
	for _, polygon := range mp {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				for axis, end := range [2]float64{float64(o.cols), float64(o.rows)} {
					from, to := min(max(ring[i-1][axis], 0), end), min(max(ring[i][axis], 0), end)
					sum += math.Abs(math.Floor(to) - math.Floor(from))
				}
			}
		}
	}
	return int(sum)
}

// add cuts a ring into chunks of at most that many edges or steps; c is the beginning of the ring.
func (o *Outlines) add(c chunk, edges, steps int32) {
	last := int32(len(c.ring) - 1)
	if last < 1 {
		return
	}
	row, col := cellOf(c.ring[0])
	c.closed = o.near(c.ring[0])
	for _, p := range c.ring {
		r, k := cellOf(p)
		c.closed = c.closed && r == row && k == col
	}
	if c.closed {
		c.row, c.col, c.on, c.edges, c.minRow, c.maxRow = row, col, true, last, row, row+1
		o.chunks = append(o.chunks, c)
		return
	}
	open := o.at(c, 0)
	cut := func(to int32) { // ends the chunk at a vertex
		if open.edges = to - open.edge; open.edges > 0 {
			o.chunks = append(o.chunks, open)
		}
		open = o.at(c, to%last)
	}
	for i := range last {
		a, b := c.ring[i], c.ring[i+1]
		if i-open.edge >= edges {
			cut(i)
		}
		if o.near(a) && o.near(b) && stepsOf(a, b) > steps {
			cut(i)
			o.parts(&open, steps)
		}
		open.extend(b, o.rows)
	}
	cut(last)
}

// at returns the chunk that begins at a vertex, without any edges.
func (o *Outlines) at(c chunk, vertex int32) chunk {
	p := c.ring[vertex]
	c.edge, c.on = vertex, o.near(p)
	c.row, c.col = cellOf(p)
	c.minRow, c.maxRow = math.MaxInt32, math.MinInt32
	c.extend(p, o.rows)
	return c
}

// extend notes that the chunk reaches to p.
func (c *chunk) extend(p orb.Point, rows int) {
	row := int32(min(max(math.Floor(p[1]), -2), float64(rows+1)))
	c.minRow, c.maxRow = min(c.minRow, row), max(c.maxRow, row+1)
}

// parts cuts a long edge, at the beginning of which c is, into chunks of that many steps; c becomes the last one,
// which goes on to the end of the edge.
func (o *Outlines) parts(c *chunk, steps int32) {
	a, b := c.ring[c.edge], c.ring[c.edge+1]
	w := walker{Outlines: o, ring: c.ring, place: c.place}
	w.take(a, b)
	for n := stepsOf(a, b); n > steps; n -= steps {
		part := *c
		part.steps = steps
		for range steps {
			w.step()
		}
		part.minRow, part.maxRow = min(part.row, w.row), max(part.row, w.row)+1
		o.chunks = append(o.chunks, part)
		c.place = w.place
		c.minRow, c.maxRow = c.row, c.row+1
	}
}

// cellOf returns the cell of a point. For points far away it is some cell off the lattice, the same for many of them.
func cellOf(p orb.Point) (row, col int32) {
	const far = 1 << 30
	return int32(min(max(math.Floor(p[1]), -far), far)), int32(min(max(math.Floor(p[0]), -far), far))
}

// stepsOf returns how many steps an edge on the lattice or its margin has.
func stepsOf(a, b orb.Point) int32 {
	rowA, colA := cellOf(a)
	rowB, colB := cellOf(b)
	return max(rowA-rowB, rowB-rowA) + max(colA-colB, colB-colA)
}

// A walker follows a ring from cell to cell.
type walker struct {
	*Outlines
	ring orb.Ring
	place
	a, b           orb.Point // the ends of the edge, or the piece of one, that is being followed
	endRow, endCol int32     // the cell where it ends
	aheadU, aheadV float64   // v at which the edge meets the next line u = aheadU; aheadU is NaN if that is not known

	*Builder             // nil if nothing is to be kept
	row0, row1     int32 // the band
	minRow, maxRow int32 // the first and the last lattice line reached in the band
	over           bool  // the chunk is at its end, but the last stay is not

	// The current stay is kept if it began in this chunk, in a cell of the band.
	keeping bool
	from    int32 // its first point
	enter   side  // the side where it began
	entered int64 // number of the step that led there
}

// margin is how far, in cells, an outline is followed outside the lattice.
const margin = 1

// follow follows a chunk and keeps what lies in the band.
func (w *walker) follow(c *chunk) {
	w.ring, w.place, w.over, w.keeping = c.ring, c.place, false, false
	if c.closed {
		w.enter, w.entered = inside, -1
		w.look(c.ring[0])
	}
	if c.steps > 0 {
		w.take(w.ring[w.edge], w.ring[w.edge+1])
		for range c.steps {
			w.step()
		}
	} else {
		for range c.edges {
			w.follow1()
		}
	}
	if c.closed {
		if w.keeping {
			w.visit(-1, inside)
		}
		return
	}
	for w.over = true; w.keeping; {
		w.follow1()
	}
}

// follow1 follows the edge to its end, or, if only the last stay is to be completed, to the end of that stay.
func (w *walker) follow1() {
	a, b := w.ring[w.edge], w.ring[w.edge+1]
	if w.near(a) && w.near(b) {
		w.take(a, b)
		if !w.on {
			w.begin(a)
		}
		for w.row != w.endRow || w.col != w.endCol {
			if w.step(); w.over {
				return
			}
		}
		if w.keeping {
			w.cover.points = append(w.cover.points, b)
		}
	} else {
		w.far(a, b)
	}
	w.taken = 0
	if w.edge++; int(w.edge) == len(w.ring)-1 {
		w.edge = 0
	}
}

// take makes an edge, or a piece of one, the one that is followed.
func (w *walker) take(a, b orb.Point) {
	w.a, w.b, w.aheadU = a, b, math.NaN()
	w.endRow, w.endCol = cellOf(b)
}

// reach notes that a row of the lattice is reached.
func (w *walker) reach(row int32) { w.minRow, w.maxRow = min(w.minRow, row), max(w.maxRow, row+1) }

// begin begins a stay on the lattice or its margin where the outline comes from far away. That is in the margin,
// where no stay is kept.
func (w *walker) begin(p orb.Point) {
	w.row, w.col = cellOf(p)
	w.on = true
}

// keeps tells whether a stay that begins in that cell is kept: the cell is a wanted one of the band.
func (w *walker) keeps(row, col int32) bool {
	return w.Builder != nil && !w.over && row >= w.row0 && row < w.row1 && col >= 0 && col < int32(w.cols) &&
		w.wants(row, col)
}

// look begins to keep a stay that begins at p, if it is to be kept.
func (w *walker) look(p orb.Point) {
	if w.keeping = w.keeps(w.row, w.col); w.keeping {
		w.begins(p)
	}
}

// begins notes that a stay that is kept begins at p.
func (w *walker) begins(p orb.Point) {
	w.from = int32(len(w.cover.points))
	w.cover.points = append(w.cover.points, p)
}

// visit keeps the stay that ends at the last point, where the step of that number leads out.
func (w *walker) visit(step int64, exit side) {
	w.visits = append(w.visits, visit{w.row, w.col, int32(len(w.lines))})
	w.lines = append(w.lines, line{w.from, int32(len(w.cover.points) - 1), w.entered, step, w.enter, exit})
	w.reach(w.row)
}

// near tells whether a point lies on the lattice or its margin.
func (o *Outlines) near(p orb.Point) bool {
	return p[0] >= -margin && p[0] < float64(o.cols+margin) && p[1] >= -margin && p[1] < float64(o.rows+margin)
}

// far follows an edge that reaches beyond the margin.
func (w *walker) far(a, b orb.Point) {
	lo, hi := orb.Point{-margin, -margin}, orb.Point{float64(w.cols + margin), float64(w.rows + margin)}
	// The edge is cut where it passes the margin, so that each piece is wholly near or wholly far.
	cuts := make([]orb.Point, 1, 6)
	cuts[0] = a
	for axis, limits := range [2][2]float64{{lo[0], hi[0]}, {lo[1], hi[1]}} {
		for _, at := range limits {
			if (a[axis] < at) != (b[axis] < at) {
				p := orb.Point{at, at}
				p[1-axis] = crossing(a, b, axis, at)
				cuts = append(cuts, p)
			}
		}
	}
	slices.SortFunc(cuts[1:], func(p, q orb.Point) int {
		d := func(p orb.Point) float64 { return math.Abs(p[0]-a[0]) + math.Abs(p[1]-a[1]) }
		return cmp.Compare(d(p), d(q))
	})
	cuts = append(cuts, b)
	for i := 0; i+1 < len(cuts); i++ {
		p, q := cuts[i], cuts[i+1]
		mid := orb.Point{(p[0] + q[0]) / 2, (p[1] + q[1]) / 2}
		switch {
		case mid[1] < lo[1] || mid[1] >= hi[1] || mid[0] >= hi[0]:
			w.on, w.keeping = false, false
		case mid[0] < lo[0]: // far to the left it still decides which corners lie inside
			w.on, w.keeping = false, false
			w.passLeft(p[1], q[1])
		default:
			if !w.on {
				w.begin(p)
			}
			for w.take(p, q); w.row != w.endRow || w.col != w.endCol; {
				w.step()
			}
			if w.keeping {
				w.cover.points = append(w.cover.points, q)
			}
		}
	}
}

func (w *walker) passLeft(v0, v1 float64) {
	lower, upper := math.Floor(min(v0, v1)), math.Floor(max(v0, v1))
	for m := max(lower+1, float64(w.row0)); m <= min(upper, float64(w.row1)); m++ {
		w.cross(int32(m), -margin-1)
	}
}

// cross notes that the outline passes the lattice line v = line in that column.
func (w *walker) cross(line, col int32) {
	if w.Builder != nil && !w.over && line >= w.row0 && line <= w.row1 {
		at := &w.crossings[line-w.row0]
		*at = append(*at, col)
		w.reach(line - 1)
		w.reach(line)
	}
}

// step goes on to the next cell along the edge, which does not end in the current one. Most cells are not wanted: where
// the edge passes from one of these to another one is not computed.
func (w *walker) step() {
	stepCol, stepRow := int32(cmp.Compare(w.endCol, w.col)), int32(cmp.Compare(w.endRow, w.row))
	lineU, lineV := float64(w.col+max(stepCol, 0)), float64(w.row+max(stepRow, 0))
	if stepCol != 0 && stepRow != 0 {
		// Both lines lie ahead: take the one that the edge meets first.
		v := w.ahead(lineU)
		if (stepRow > 0) == (v < lineV) && v != lineV || v == lineV && stepRow > 0 == (stepCol > 0) {
			stepRow = 0
		} else {
			stepCol = 0
		}
	}
	if stepRow != 0 {
		w.cross(int32(lineV), w.col)
	}
	w.taken++
	keeps := w.keeps(w.row+stepRow, w.col+stepCol)
	if !w.keeping && !keeps {
		w.row, w.col = w.row+stepRow, w.col+stepCol
		return
	}
	var p orb.Point
	var exit, enter side
	if stepCol != 0 {
		p = orb.Point{lineU, min(max(w.ahead(lineU), float64(w.row)), float64(w.row+1))}
		if exit, enter = right, left; stepCol < 0 {
			exit, enter = left, right
		}
	} else {
		p = orb.Point{min(max(crossing(w.a, w.b, 1, lineV), float64(w.col)), float64(w.col+1)), lineV}
		if exit, enter = high, low; stepRow < 0 {
			exit, enter = low, high
		}
	}
	step := (w.first+int64(w.edge))<<32 | int64(w.taken)
	if w.keeping {
		w.cover.points = append(w.cover.points, p)
		w.visit(step, exit)
	}
	w.row, w.col = w.row+stepRow, w.col+stepCol
	if w.keeping = keeps; keeps {
		w.enter, w.entered = enter, step
		w.begins(p)
	}
}

// ahead returns v at which the edge meets the next line u = at.
func (w *walker) ahead(at float64) float64 {
	if at != w.aheadU {
		w.aheadU, w.aheadV = at, crossing(w.a, w.b, 0, at)
	}
	return w.aheadV
}
