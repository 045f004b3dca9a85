// Package overlay cuts patches of cells by polygons, exactly.
//
// A [Cover] holds a set of polygons, its regions, as rows of spans: cells wholly inside
// a region cost nothing to answer for, and only the cells that an edge passes, the
// mixed cells, keep a piece of the outline. [Cover.Clip] joins those pieces with the
// outline of a patch.
//
// All coordinates are lattice coordinates. Polygon vertices that lie on a lattice line
// u = k or v = k count as lying infinitesimally right of, or below, that line; so no
// vertex is ever on the border of a cell, and the answers for two cells never
// contradict each other.
package overlay

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Span says what a cover knows of the columns [Col0, Col1) of a row for one region.
type Span struct {
	Col0, Col1 int32
	Region     int32
	cell       int32 // −1: wholly inside; else the mixed cell, of one column
}

// Mixed tells that the region's outline passes through the span's only cell.
func (s Span) Mixed() bool { return s.cell >= 0 }

// Cover is a set of regions on a lattice. It is immutable once built, and safe for
// concurrent use.
type Cover struct {
	rows   []int32 // first span of each row; one more at the end
	spans  []Span  // by row, then column, then region
	reach  []int32 // largest Col1 of the row's spans up to here
	cells  []cell
	lines  []line
	points []orb.Point
}

// cell is a cell that a region's outline passes through.
type cell struct {
	row, col int32
	first    int32 // its lines are lines[first:last]
	last     int32
	corners  uint8 // bit s: corner s lies inside the region; see sides
}

// line is a piece of an outline inside one cell: points[from..to], both inclusive, with
// the region on the left hand (u to the right, v upwards).
type line struct {
	from, to    int32
	next        int32 // the point from which the outline's next line starts
	enter, exit side
}

// side of a cell, numbered counter-clockwise; side s runs from corner s to corner s+1.
type side uint8

const (
	low    side = iota // v = row, towards larger u
	right              // u = col+1, towards larger v
	high               // v = row+1, towards smaller u
	left               // u = col, towards smaller v
	inside             // of a closed line: it neither enters nor exits
)

// NewCover builds a cover of a lattice of that size; span regions are positions in
// regions. Each is a valid multipolygon, not clipped to the lattice, with shells
// counter-clockwise and holes clockwise (u to the right, v upwards). Regions may
// overlap. The work is shared by that many goroutines; the result does not depend on
// their number.
func NewCover(cols, rows int, regions []orb.MultiPolygon, workers int) (*Cover, error) {
	fragments := make([]fragment, len(regions))
	errs := make([]error, len(regions))
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(workers, len(regions)) {
		wg.Go(func() {
			b := builder{cols: cols, rows: rows, crossings: make([][]int32, rows+1)}
			for i := int(next.Add(1)) - 1; i < len(regions); i = int(next.Add(1)) - 1 {
				fragments[i], errs[i] = b.add(int32(i), regions[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return assemble(rows, fragments)
}

// fragment is what one region adds to a cover; its numbers count from its own parts.
type fragment struct {
	spans    []Span
	spanRows []int32 // row of each span
	cells    []cell
	lines    []line
	points   []orb.Point
}

// assemble joins fragments to a cover.
func assemble(rows int, fragments []fragment) (*Cover, error) {
	c := &Cover{rows: make([]int32, rows+1)}
	var spans, cells, lines, points int
	for i := range fragments {
		f := &fragments[i]
		spans, cells, lines, points = spans+len(f.spans), cells+len(f.cells), lines+len(f.lines), points+len(f.points)
		for _, row := range f.spanRows {
			c.rows[row+1]++
		}
	}
	if max(spans, points) > math.MaxInt32 {
		return nil, fmt.Errorf("zone outlines are too long for this raster: %d points", points)
	}
	for row := range rows {
		c.rows[row+1] += c.rows[row]
	}
	c.spans, c.reach = make([]Span, spans), make([]int32, spans)
	c.cells, c.lines, c.points = make([]cell, 0, cells), make([]line, 0, lines), make([]orb.Point, 0, points)
	at := slices.Clone(c.rows)
	for i := range fragments {
		f := &fragments[i]
		firstCell, firstLine, firstPoint := int32(len(c.cells)), int32(len(c.lines)), int32(len(c.points))
		for k, s := range f.spans {
			if s.cell >= 0 {
				s.cell += firstCell
			}
			c.spans[at[f.spanRows[k]]] = s
			at[f.spanRows[k]]++
		}
		for _, cell := range f.cells {
			cell.first, cell.last = cell.first+firstLine, cell.last+firstLine
			c.cells = append(c.cells, cell)
		}
		for _, l := range f.lines {
			l.from, l.to = l.from+firstPoint, l.to+firstPoint
			if l.next >= 0 {
				l.next += firstPoint
			}
			c.lines = append(c.lines, l)
		}
		c.points = append(c.points, f.points...)
		*f = fragment{}
	}
	for row := range rows {
		first, end := c.rows[row], c.rows[row+1]
		slices.SortStableFunc(c.spans[first:end], func(x, y Span) int { return cmp.Compare(x.Col0, y.Col0) })
		reach := int32(0)
		for i := first; i < end; i++ {
			reach = max(reach, c.spans[i].Col1)
			c.reach[i] = reach
		}
	}
	return c, nil
}

// builder turns regions into fragments, one after the other.
type builder struct {
	cols, rows int
	fragment
	visits    []visit
	sorted    []visit   // memory for the next sorting
	starts    []int32   // likewise
	crossings [][]int32 // by lattice line v = row: columns of the crossings; empty between uses
}

// visit is one stay of an outline in a cell.
type visit struct {
	row, col int32
	line
}

func (b *builder) add(region int32, mp orb.MultiPolygon) (fragment, error) {
	b.fragment = fragment{}
	// Growing bit by bit costs more than the work itself when an outline passes millions of cells.
	passed := b.passed(mp)
	if passed+vector.Vertices(mp) > math.MaxInt32/2 {
		return fragment{}, fmt.Errorf("the outline of a zone is too long for this raster: it passes into %d cells", passed)
	}
	b.visits = slices.Grow(b.visits[:0], passed+passed/16)
	b.points = make([]orb.Point, 0, (passed+vector.Vertices(mp))*17/16)
	minRow, maxRow := b.rows, 0
	for _, polygon := range mp {
		for _, ring := range polygon {
			w := walker{builder: b}
			w.ring(ring)
			minRow, maxRow = min(minRow, w.minRow), max(maxRow, w.maxRow)
		}
	}
	b.sortVisits()
	err := b.fill(region, max(0, minRow), min(b.rows, maxRow))
	return b.fragment, err
}

// passed is about how many lattice lines the outlines pass on the lattice.
func (b *builder) passed(mp orb.MultiPolygon) int {
	sum := 0.0
	for _, polygon := range mp {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				for axis, end := range [2]float64{float64(b.cols), float64(b.rows)} {
					from, to := min(max(ring[i-1][axis], 0), end), min(max(ring[i][axis], 0), end)
					sum += math.Abs(math.Floor(to) - math.Floor(from))
				}
			}
		}
	}
	return int(sum)
}

// sortVisits orders the visits by row and column, and drops those outside the lattice.
// It sorts by counting, by column first: a long outline has many visits in each row.
func (b *builder) sortVisits() {
	b.visits = slices.DeleteFunc(b.visits, func(v visit) bool { return v.row < 0 })
	b.countingSort(func(v *visit) int32 { return v.col })
	b.countingSort(func(v *visit) int32 { return v.row })
}

// countingSort sorts the visits by key, stably.
func (b *builder) countingSort(key func(v *visit) int32) {
	lo, hi := int32(math.MaxInt32), int32(-1)
	for i := range b.visits {
		k := key(&b.visits[i])
		lo, hi = min(lo, k), max(hi, k)
	}
	if hi <= lo {
		return
	}
	b.starts = slices.Grow(b.starts[:0], int(hi-lo)+2)[:hi-lo+2]
	clear(b.starts)
	for i := range b.visits {
		b.starts[key(&b.visits[i])-lo+1]++
	}
	for k := range b.starts[1:] {
		b.starts[k+1] += b.starts[k]
	}
	b.sorted = slices.Grow(b.sorted[:0], len(b.visits))[:len(b.visits)]
	for _, v := range b.visits {
		at := &b.starts[key(&v)-lo]
		b.sorted[*at] = v
		*at++
	}
	b.visits, b.sorted = b.sorted, b.visits
}

// fill turns the visits of one region into spans for the rows [row0, row1).
func (b *builder) fill(region int32, row0, row1 int) error {
	visits := b.visits
	mixed := 0
	for i := range visits {
		if i == 0 || visits[i].row != visits[i-1].row || visits[i].col != visits[i-1].col {
			mixed++
		}
	}
	b.lines, b.cells = make([]line, 0, len(visits)), make([]cell, 0, mixed)
	b.spans, b.spanRows = make([]Span, 0, 2*mixed+max(0, row1-row0)), make([]int32, 0, 2*mixed+max(0, row1-row0))
	for line := row0; line <= row1; line++ {
		slices.Sort(b.crossings[line])
	}
	for row := row0; row < row1; row++ {
		lowLine, highLine := counter{cols: b.crossings[row]}, counter{cols: b.crossings[row+1]}
		for col := 0; ; {
			next := b.cols
			if len(visits) > 0 && visits[0].row == int32(row) {
				next = int(visits[0].col)
			}
			if next > col && lowLine.insideAt(col) != highLine.insideAt(col) {
				return fmt.Errorf("internal: region %d: the outline is not closed at row %d, column %d", region, row, col)
			}
			if next > col && lowLine.insideAt(col) {
				b.span(row, Span{int32(col), int32(next), region, -1})
			}
			if next == b.cols {
				break
			}
			cell := cell{row: int32(row), col: int32(next), first: int32(len(b.lines))}
			for len(visits) > 0 && visits[0].row == int32(row) && visits[0].col == int32(next) {
				b.lines = append(b.lines, visits[0].line)
				visits = visits[1:]
			}
			cell.last = int32(len(b.lines))
			for corner, in := range [4]bool{lowLine.insideAt(next), lowLine.insideAt(next + 1), highLine.insideAt(next + 1), highLine.insideAt(next)} {
				if in {
					cell.corners |= 1 << corner
				}
			}
			b.span(row, Span{int32(next), int32(next + 1), region, int32(len(b.cells))})
			b.cells = append(b.cells, cell)
			col = next + 1
		}
	}
	for line := row0; line <= row1; line++ {
		b.crossings[line] = b.crossings[line][:0]
	}
	return nil
}

func (b *builder) span(row int, s Span) {
	b.spans = append(b.spans, s)
	b.spanRows = append(b.spanRows, int32(row))
}

// counter answers whether a lattice corner is inside, by the parity of the crossings
// to its left.
type counter struct {
	cols []int32
	seen int
}

func (c *counter) insideAt(col int) bool {
	// Corners are asked from left to right, but may step back by one.
	for c.seen < len(c.cols) && c.cols[c.seen] < int32(col) {
		c.seen++
	}
	for c.seen > 0 && c.cols[c.seen-1] >= int32(col) {
		c.seen--
	}
	return c.seen%2 == 1
}

// Spans calls f for each span that meets the columns [col0, col1) of a row, in order.
func (c *Cover) Spans(row, col0, col1 int32, f func(Span)) {
	first, end := int(c.rows[row]), int(c.rows[row+1])
	skip, _ := slices.BinarySearch(c.reach[first:end], col0+1)
	for i := first + skip; i < end && c.spans[i].Col0 < col1; i++ {
		if c.spans[i].Col1 > col0 {
			f(c.spans[i])
		}
	}
}

// Row returns the spans of a row, sorted by first column.
func (c *Cover) Row(row int) []Span { return c.spans[c.rows[row]:c.rows[row+1]] }

// A walker follows one ring from cell to cell.
type walker struct {
	*builder
	row, col       int32
	from           int32 // first point of the current visit; −1 outside the lattice
	enter          side
	minRow, maxRow int
}

// margin is how far, in cells, an outline is followed outside the lattice.
const margin = 1

func (w *walker) ring(ring orb.Ring) {
	w.minRow, w.maxRow = w.rows, 0
	first := len(w.visits)
	w.from = -1
	w.enter = inside
	for i := 0; i+1 < len(ring); i++ {
		w.edge(ring[i], ring[i+1])
	}
	switch {
	case w.from < 0: // it ends outside
	case w.enter == inside: // it never left its cell
		if w.inLattice() {
			w.visits = append(w.visits, visit{w.row, w.col, line{w.from, int32(len(w.points) - 1), -1, inside, inside}})
			w.minRow, w.maxRow = min(w.minRow, int(w.row)), max(w.maxRow, int(w.row)+1)
		}
	case len(w.visits) > first && w.visits[first].enter == inside:
		// The ring began in the middle of a cell: its last piece goes on with the first.
		v := &w.visits[first]
		w.points = append(w.points, w.points[v.from+1:v.to+1]...)
		v.from, v.to, v.enter = w.from, int32(len(w.points)-1), w.enter
	}
}

// inLattice tells whether the current cell is one of the lattice.
func (w *walker) inLattice() bool {
	return w.row >= 0 && w.row < int32(w.rows) && w.col >= 0 && w.col < int32(w.cols)
}

// edge follows the edge from a to b.
func (w *walker) edge(a, b orb.Point) {
	lo, hi := orb.Point{-margin, -margin}, orb.Point{float64(w.cols + margin), float64(w.rows + margin)}
	if a[0] >= lo[0] && a[0] < hi[0] && b[0] >= lo[0] && b[0] < hi[0] && a[1] >= lo[1] && a[1] < hi[1] && b[1] >= lo[1] && b[1] < hi[1] {
		w.near(a, b)
		return
	}
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
			w.leave()
		case mid[0] < lo[0]: // far to the left: it still turns corners inside out
			w.leave()
			w.passLeft(p[1], q[1])
		default:
			w.near(p, q)
		}
	}
}

// leave ends the visit of a cell outside the lattice.
func (w *walker) leave() {
	w.from = -1
	w.enter = low // the ring is not whole: no first visit to complete
}

func (w *walker) passLeft(v0, v1 float64) {
	lower, upper := math.Floor(min(v0, v1)), math.Floor(max(v0, v1))
	for m := max(lower+1, 0); m <= min(upper, float64(w.rows)); m++ {
		w.cross(int(m), -margin-1)
	}
}

func (w *walker) cross(line int, col int32) {
	if line >= 0 && line <= w.rows {
		w.crossings[line] = append(w.crossings[line], col)
		w.minRow, w.maxRow = min(w.minRow, line-1), max(w.maxRow, line+1)
	}
}

// near follows an edge inside the lattice and its margin.
func (w *walker) near(a, b orb.Point) {
	if w.from < 0 {
		w.row, w.col = int32(math.Floor(a[1])), int32(math.Floor(a[0]))
		w.from = int32(len(w.points))
		w.points = append(w.points, a)
	}
	endRow, endCol := int32(math.Floor(b[1])), int32(math.Floor(b[0]))
	for w.row != endRow || w.col != endCol {
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
				w.step(orb.Point{lineU, v}, right, left, 0, 1)
			} else {
				w.step(orb.Point{lineU, v}, left, right, 0, -1)
			}
		} else {
			u := min(max(crossing(a, b, 1, lineV), float64(w.col)), float64(w.col+1))
			w.cross(int(lineV), w.col)
			if stepRow > 0 {
				w.step(orb.Point{u, lineV}, high, low, 1, 0)
			} else {
				w.step(orb.Point{u, lineV}, low, high, -1, 0)
			}
		}
	}
	w.points = append(w.points, b)
}

// step ends the visit of the current cell at p and begins one in the next cell.
func (w *walker) step(p orb.Point, exit, enter side, dRow, dCol int32) {
	w.points = append(w.points, p)
	at := int32(len(w.points) - 1)
	if w.inLattice() {
		w.visits = append(w.visits, visit{w.row, w.col, line{w.from, at, at, w.enter, exit}})
		w.minRow, w.maxRow = min(w.minRow, int(w.row)), max(w.maxRow, int(w.row)+1)
	} else if w.enter == inside { // only to be completed when the ring closes
		w.visits = append(w.visits, visit{-1, -1, line{w.from, at, at, w.enter, exit}})
	}
	w.row, w.col = w.row+dRow, w.col+dCol
	w.from, w.enter = at, enter
}

// crossing returns the other coordinate of the point at which the edge a–b meets the
// line axis = at. It is the same for a–b and b–a, and lies between the ends.
func crossing(a, b orb.Point, axis int, at float64) float64 {
	if b[axis] < a[axis] {
		a, b = b, a
	}
	other := 1 - axis
	switch {
	case at <= a[axis]:
		return a[other]
	case at >= b[axis]:
		return b[other]
	}
	// From the nearer end, so that a line very near to it is met very near to it.
	if at-a[axis] > b[axis]-at {
		a, b = b, a
	}
	return a[other] + (at-a[axis])/(b[axis]-a[axis])*(b[other]-a[other])
}
