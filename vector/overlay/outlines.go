package overlay

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Outlines is a set of regions on a lattice, prepared so that what they cover of any band of
// rows can be had without following the outlines elsewhere: see [Builder.Cover]. It is
// immutable, and safe for concurrent use.
type Outlines struct {
	cols, rows int
	chunks     []chunk // by region
}

// chunk is a stretch of an outline that can be followed by itself: it begins in a cell just
// entered, or off the lattice.
type chunk struct {
	region int32
	ring   orb.Ring
	place
	events         int   // steps and ends of edges in it
	minRow, maxRow int32 // of the lattice lines that it reaches
	closed         bool  // the whole ring lies in one cell
}

// place is where a walker is on its ring.
type place struct {
	edge     int32 // from this vertex to the next one
	row, col int32 // the cell; of no meaning off the lattice
	on       bool  // on the lattice or its margin
	enter    side
	entry    orb.Point // where it entered the cell
	entered  int64     // number of the step that led there; −1: none
	steps    int64     // the number of the step before the next one
}

// chunkEvents is about how many steps and vertices a chunk has: so many may be followed
// in vain at the edges of a band.
const chunkEvents = 64

// NewOutlines prepares regions on a lattice of that size; [Span.Region] is a position in
// regions. Each is a valid multipolygon, not clipped to the lattice, with shells
// counter-clockwise and holes clockwise (u to the right, v upwards). Regions may
// overlap.
func NewOutlines(cols, rows int, regions []orb.MultiPolygon) (*Outlines, error) {
	return newOutlines(cols, rows, regions, chunkEvents)
}

func newOutlines(cols, rows int, regions []orb.MultiPolygon, events int) (*Outlines, error) {
	o := &Outlines{cols: cols, rows: rows}
	steps := int64(0)
	for i, mp := range regions {
		if n := o.passed(mp); n+vector.Vertices(mp) > math.MaxInt32/2 {
			return nil, fmt.Errorf("the outline of a zone is too long for this raster: it passes into %d cells", n)
		}
		for _, polygon := range mp {
			for _, ring := range polygon {
				steps = o.add(int32(i), ring, steps, events)
			}
		}
	}
	return o, nil
}

// passed is about how many lattice lines the outlines pass on the lattice.
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

// add cuts a ring into chunks of at least that many events, going round it once. steps is
// the number of the last step before; it returns that of the ring's last one.
func (o *Outlines) add(region int32, ring orb.Ring, steps int64, events int) int64 {
	if len(ring) < 2 {
		return steps
	}
	w := walker{Outlines: o, ring: ring}
	w.place = place{enter: inside, entered: -1}
	w.minRow, w.maxRow = math.MaxInt32, math.MinInt32
	// The ring may begin in the middle of a cell; then its first chunk begins where it leaves that.
	lead := 0
	if w.near(ring[0]) {
		w.begin(ring[0])
		for w.entered < 0 && w.on {
			w.event()
			lead++
			if w.edge == 0 && w.entered < 0 && w.on { // round, without a step
				o.chunks = append(o.chunks, chunk{region: region, ring: ring, place: place{enter: inside, entered: -1}, events: lead, minRow: w.row, maxRow: w.row + 1, closed: true})
				return steps
			}
		}
	}
	w.steps = steps
	first := len(o.chunks)
	for left := -1; left != 0; {
		c := chunk{region: region, ring: ring, place: w.place}
		w.minRow, w.maxRow = math.MaxInt32, math.MinInt32
		if w.on {
			w.minRow, w.maxRow = w.row, w.row+1
		}
		for c.events < events || w.on && !w.stepped {
			c.events++
			w.event()
			if left > 0 {
				left--
			}
			if left < 0 && w.edge == 0 && w.edged { // vertex 0: what is left is what went before the first chunk
				left = lead
			}
			if left == 0 {
				break
			}
		}
		c.minRow, c.maxRow = w.minRow, w.maxRow
		o.chunks = append(o.chunks, c)
	}
	if len(o.chunks) > first && o.chunks[first].on {
		o.chunks[first].entered = w.steps // the ring's last step leads to its first chunk
	}
	return w.steps
}

// A walker follows a ring from cell to cell, event by event: an event is a step into the next
// cell, or the end of an edge. Where an edge reaches beyond the margin, all of it is one event.
type walker struct {
	*Outlines
	ring orb.Ring
	place
	minRow, maxRow int32 // of the lattice lines reached
	stepped, edged bool  // what the last event was

	*Builder         // nil: nothing is kept
	row0, row1 int32 // the band
	keeping    bool  // the current cell is one of the band
	from       int32 // first point of the current visit, when keeping
}

// margin is how far, in cells, an outline is followed outside the lattice.
const margin = 1

// follow follows a chunk and keeps what lies in the band.
func (w *walker) follow(c *chunk) {
	w.ring, w.place = c.ring, c.place
	if c.closed {
		w.begin(w.ring[0])
	} else if w.on {
		w.look()
	}
	for range c.events {
		w.event()
	}
	if c.closed && w.keeping {
		w.visits = append(w.visits, visit{w.row, w.col, line{w.from, int32(len(w.cover.points) - 1), -1, -1, inside, inside}})
		w.reach(w.row)
	}
	w.keeping = false
}

// reach notes a row of the lattice.
func (w *walker) reach(row int32) { w.minRow, w.maxRow = min(w.minRow, row), max(w.maxRow, row+1) }

// begin comes onto the lattice, or its margin, at the beginning of an edge.
func (w *walker) begin(p orb.Point) {
	w.row, w.col = int32(math.Floor(p[1])), int32(math.Floor(p[0]))
	w.on, w.enter, w.entry, w.entered = true, inside, p, -1
	w.look()
}

// look begins to keep the current cell if it is one of the band.
func (w *walker) look() {
	if w.Builder == nil {
		return
	}
	w.keeping = w.row >= w.row0 && w.row < w.row1 && w.col >= 0 && w.col < int32(w.cols)
	if w.keeping {
		w.from = int32(len(w.cover.points))
		w.cover.points = append(w.cover.points, w.entry)
	}
}

// near tells whether a point lies on the lattice or its margin.
func (o *Outlines) near(p orb.Point) bool {
	return p[0] >= -margin && p[0] < float64(o.cols+margin) && p[1] >= -margin && p[1] < float64(o.rows+margin)
}

// event does one event.
func (w *walker) event() {
	a, b := w.ring[w.edge], w.ring[w.edge+1]
	w.stepped, w.edged = false, false
	if w.near(a) && w.near(b) {
		if !w.on {
			w.begin(a)
		}
		if w.step(a, b) {
			w.stepped = true
			return
		}
		if w.keeping {
			w.cover.points = append(w.cover.points, b)
		}
	} else {
		w.far(a, b)
	}
	w.edged = true
	if w.edge++; int(w.edge) == len(w.ring)-1 {
		w.edge = 0
	}
}

// far follows an edge that reaches beyond the margin.
func (w *walker) far(a, b orb.Point) {
	lo, hi := orb.Point{-margin, -margin}, orb.Point{float64(w.cols + margin), float64(w.rows + margin)}
	// Cut the edge where it passes the margin; each piece is wholly near or wholly far.
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
		case mid[0] < lo[0]: // far to the left: it still turns corners inside out
			w.on, w.keeping = false, false
			w.passLeft(p[1], q[1])
		default:
			if !w.on {
				w.begin(p)
			}
			for w.step(p, q) {
			}
			if w.keeping {
				w.cover.points = append(w.cover.points, q)
			}
		}
	}
}

func (w *walker) passLeft(v0, v1 float64) {
	lower, upper := math.Floor(min(v0, v1)), math.Floor(max(v0, v1))
	first, last := max(lower+1, 0), min(upper, float64(w.rows))
	if w.Builder != nil {
		first, last = max(first, float64(w.row0)), min(last, float64(w.row1))
	} else if first <= last {
		w.reach(int32(first) - 1)
		w.reach(int32(last))
		return
	}
	for m := first; m <= last; m++ {
		w.cross(int32(m), -margin-1)
	}
}

// cross notes that the outline passes the lattice line v = line in that column.
func (w *walker) cross(line, col int32) {
	if w.Builder != nil && line >= w.row0 && line <= w.row1 {
		at := &w.crossings[line-w.row0]
		*at = append(*at, col)
		w.reach(line - 1)
		w.reach(line)
	}
}

// step goes on to the next cell on the edge from a to b; it is false in the cell where the edge ends.
func (w *walker) step(a, b orb.Point) bool {
	endRow, endCol := int32(math.Floor(b[1])), int32(math.Floor(b[0]))
	if w.row == endRow && w.col == endCol {
		return false
	}
	stepCol, stepRow := cmp.Compare(endCol, w.col), cmp.Compare(endRow, w.row)
	lineU, lineV := float64(w.col+int32(max(stepCol, 0))), float64(w.row+int32(max(stepRow, 0)))
	if stepCol != 0 && stepRow != 0 {
		// Both lines lie ahead: the one that the edge meets first.
		if v := crossing(a, b, 0, lineU); (stepRow > 0) == (v < lineV) && v != lineV {
			stepRow = 0
		} else if v == lineV && stepRow > 0 == (stepCol > 0) {
			stepRow = 0
		} else {
			stepCol = 0
		}
	}
	if stepCol != 0 {
		v := min(max(crossing(a, b, 0, lineU), float64(w.row)), float64(w.row+1))
		if stepCol > 0 {
			w.move(orb.Point{lineU, v}, right, left, 0, 1)
		} else {
			w.move(orb.Point{lineU, v}, left, right, 0, -1)
		}
	} else {
		u := min(max(crossing(a, b, 1, lineV), float64(w.col)), float64(w.col+1))
		w.cross(int32(lineV), w.col)
		if stepRow > 0 {
			w.move(orb.Point{u, lineV}, high, low, 1, 0)
		} else {
			w.move(orb.Point{u, lineV}, low, high, -1, 0)
		}
	}
	return true
}

// move ends the visit of the current cell at p and begins one in the next cell.
func (w *walker) move(p orb.Point, exit, enter side, dRow, dCol int32) {
	w.steps++
	if w.keeping {
		w.cover.points = append(w.cover.points, p)
		w.visits = append(w.visits, visit{w.row, w.col, line{w.from, int32(len(w.cover.points) - 1), w.entered, w.steps, w.enter, exit}})
		w.reach(w.row)
	}
	w.row, w.col = w.row+dRow, w.col+dCol
	w.enter, w.entry, w.entered = enter, p, w.steps
	if w.Builder == nil {
		w.reach(w.row)
	}
	w.look()
}
