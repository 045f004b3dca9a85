package overlay

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Span says what a cover knows of the columns [Col0, Col1) of a row for one region.
type Span struct {
	Col0, Col1 int32
	Region     int32
	cell       int32 // −1 if all is inside the region; else the number of the mixed cell, which is the only column
}

// Mixed tells that the region's outline passes through the span's only cell.
func (s Span) Mixed() bool { return s.cell >= 0 }

// Cover is what a set of regions covers of the wanted cells of a band of rows. What it says of other cells has no
// meaning. It is safe for concurrent use.
type Cover struct {
	row0   int32
	rows   []int32 // by row: its first span; at the end, the number of spans
	spans  []Span  // by row, then column, then region
	reach  []int32 // by span: the largest Col1 of the row's spans up to it
	cells  []cell
	lines  []line
	points []orb.Point
}

// cell is a cell that a region's outline passes through.
type cell struct {
	row, col int32
	first    int32 // its lines are lines[first:last]
	last     int32
	corners  uint8 // bit s tells that corner s lies inside the region; see side
}

// line is a piece of an outline inside one cell: points[from..to], both inclusive, with
// the region on the left hand (u to the right, v upwards).
type line struct {
	from, to    int32
	start, next int64 // numbers of the steps that lead into the cell and out of it; −1 for none
	enter, exit side
}

// side is a side of a cell. They are numbered counter-clockwise; side s runs from corner s to corner s+1.
type side uint8

const (
	low    side = iota // v = row, towards larger u
	right              // u = col+1, towards larger v
	high               // v = row+1, towards smaller u
	left               // u = col, towards smaller v
	inside             // no side: a closed line neither enters nor exits
)

// Spans calls f for each span that meets the columns [col0, col1) of a row of the band, in order.
func (c *Cover) Spans(row, col0, col1 int32, f func(Span)) {
	first, end := int(c.rows[row-c.row0]), int(c.rows[row-c.row0+1])
	skip, _ := slices.BinarySearch(c.reach[first:end], col0+1)
	for i := first + skip; i < end && c.spans[i].Col0 < col1; i++ {
		if c.spans[i].Col1 > col0 {
			f(c.spans[i])
		}
	}
}

// Row returns the spans of a row of the band, sorted by first column.
func (c *Cover) Row(row int32) []Span { return c.spans[c.rows[row-c.row0]:c.rows[row-c.row0+1]] }

// Excerpt returns the spans that meet one of the runs, as a cover of its own of the same band. A run is a row of the
// band and columns [col0, col1) of it.
func (c *Cover) Excerpt(runs iter.Seq2[int32, [2]int32]) *Cover {
	wanted := make([]bool, len(c.spans))
	for row, cols := range runs {
		first, end := int(c.rows[row-c.row0]), int(c.rows[row-c.row0+1])
		skip, _ := slices.BinarySearch(c.reach[first:end], cols[0]+1)
		for i := first + skip; i < end && c.spans[i].Col0 < cols[1]; i++ {
			wanted[i] = wanted[i] || c.spans[i].Col1 > cols[0]
		}
	}
	out := &Cover{row0: c.row0, rows: make([]int32, 1, len(c.rows))}
	for row := range len(c.rows) - 1 {
		for i := c.rows[row]; i < c.rows[row+1]; i++ {
			if wanted[i] {
				out.copy(c, c.spans[i])
			}
		}
		out.closeRow()
	}
	return out
}

// copy appends a span of another cover, with its cell.
func (c *Cover) copy(from *Cover, s Span) {
	if s.cell >= 0 {
		cell := from.cells[s.cell]
		lines := from.lines[cell.first:cell.last]
		s.cell, cell.first = int32(len(c.cells)), int32(len(c.lines))
		for _, l := range lines {
			points := from.points[l.from : l.to+1]
			l.from = int32(len(c.points))
			c.points = append(c.points, points...)
			l.to = int32(len(c.points)) - 1
			c.lines = append(c.lines, l)
		}
		cell.last = int32(len(c.lines))
		c.cells = append(c.cells, cell)
	}
	c.spans = append(c.spans, s)
}

// closeRow completes the row to which the last spans belong.
func (c *Cover) closeRow() {
	reach := int32(0)
	for _, s := range c.spans[c.rows[len(c.rows)-1]:] {
		reach = max(reach, s.Col1)
		c.reach = append(c.reach, reach)
	}
	c.rows = append(c.rows, int32(len(c.spans)))
}

// Stack is the covers of one set of regions for bands one below the other.
type Stack []*Cover

// At returns the cover of the band that holds the row.
func (s Stack) At(row int32) *Cover {
	i, found := slices.BinarySearchFunc(s, row, func(c *Cover, row int32) int { return cmp.Compare(c.row0, row) })
	if !found {
		i--
	}
	return s[i]
}

// Excerpt returns the excerpts of all covers, see [Cover.Excerpt]. Each run must lie in one of their bands.
func (s Stack) Excerpt(runs iter.Seq2[int32, [2]int32]) Stack {
	out := make(Stack, len(s))
	for i, c := range s {
		row0, row1 := c.row0, c.row0+int32(len(c.rows))-1
		out[i] = c.Excerpt(func(yield func(int32, [2]int32) bool) {
			for row, cols := range runs {
				if row0 <= row && row < row1 && !yield(row, cols) {
					return
				}
			}
		})
	}
	return out
}

// A Builder makes covers, one after the other, in the same memory. It belongs to one
// goroutine; the zero value is ready.
type Builder struct {
	cover     Cover
	wanted    *Cells  // nil for all
	visits    []visit // of the region at hand
	lines     []line  // of the visits, by visit.line
	sorted    []visit // memory for sorting visits
	spans     []bandSpan
	spans2    []bandSpan // memory for sorting spans
	starts    []int32    // memory for counting
	crossings [][]int32  // by lattice line v = row0 + i: the columns where it is crossed; empty between uses
}

// visit is one stay of an outline in a cell. It is small, since it is sorted.
type visit struct{ row, col, line int32 }

type bandSpan struct {
	Span
	row int32
}

// Cover returns what the regions of o cover of the wanted cells of the rows [row0, row1); nil wants all of them. The
// result is valid until the builder makes another one. The cost is that of the outlines in these rows, and little
// where they pass cells that are not wanted.
func (b *Builder) Cover(o *Outlines, row0, row1 int, wanted *Cells) (*Cover, error) {
	c := &b.cover
	b.wanted = wanted
	*c = Cover{row0: int32(row0), rows: c.rows[:0], spans: c.spans[:0], reach: c.reach[:0], cells: c.cells[:0],
		lines: c.lines[:0], points: c.points[:0]}
	b.spans = b.spans[:0]
	for len(b.crossings) <= row1-row0 {
		b.crossings = append(b.crossings, nil)
	}
	w := walker{Outlines: o, Builder: b, row0: int32(row0), row1: int32(row1)}
	for region, e := range o.extents {
		if e.minRow > w.row1 || e.maxRow < w.row0 {
			continue
		}
		b.visits, b.lines = b.visits[:0], b.lines[:0]
		w.minRow, w.maxRow = w.row1, w.row0
		for i := range o.chunks[e.first:e.last] {
			if c := &o.chunks[e.first+i]; c.minRow <= w.row1 && c.maxRow >= w.row0 {
				w.follow(c)
			}
		}
		if w.maxRow <= w.minRow {
			continue
		}
		if len(c.points) > math.MaxInt32/2 {
			return nil, fmt.Errorf("zone outlines are too long for this raster: more than %d points in the rows %d to %d",
				len(c.points), row0, row1)
		}
		b.sortVisits(w.maxRow - w.minRow)
		if err := b.fill(int32(region), o.cols, max(w.minRow, w.row0), min(w.maxRow, w.row1)); err != nil {
			return nil, err
		}
	}
	b.spans, b.spans2 = countingSort(b.spans, b.spans2, &b.starts, func(s *bandSpan) int32 { return s.Col0 })
	b.layRows(row1 - row0)
	return c, nil
}

// layRows puts the spans, which are sorted by first column, into the rows of the cover, so many.
func (b *Builder) layRows(rows int) {
	c := &b.cover
	// at[r+2] counts the spans of row r; then at[r+1] is where the next one of row r goes, and at the end where it ends.
	at := slices.Grow(c.rows, rows+2)[:rows+2]
	clear(at)
	for i := range b.spans {
		at[b.spans[i].row-c.row0+2]++
	}
	for r := range rows {
		at[r+2] += at[r+1]
	}
	c.spans = slices.Grow(c.spans, len(b.spans))[:len(b.spans)]
	for i := range b.spans {
		s := &b.spans[i]
		k := &at[s.row-c.row0+1]
		c.spans[*k] = s.Span
		*k++
	}
	c.rows = at[:rows+1]
	c.reach = slices.Grow(c.reach, len(c.spans))[:len(c.spans)]
	for r := range rows {
		reach := int32(0)
		for i := c.rows[r]; i < c.rows[r+1]; i++ {
			reach = max(reach, c.spans[i].Col1)
			c.reach[i] = reach
		}
	}
}

// sortVisits sorts the visits, which lie in that many rows, by row and column. An outline mostly has few visits in a
// row; where it has many, those are sorted by counting too.
func (b *Builder) sortVisits(rows int32) {
	few := len(b.visits) <= 8*int(rows)
	if !few {
		b.visits, b.sorted = countingSort(b.visits, b.sorted, &b.starts, func(v *visit) int32 { return v.col })
	}
	b.visits, b.sorted = countingSort(b.visits, b.sorted, &b.starts, func(v *visit) int32 { return v.row })
	for i := 1; few && i < len(b.visits); i++ {
		for k := i; k > 0 && b.visits[k].row == b.visits[k-1].row && b.visits[k].col < b.visits[k-1].col; k-- {
			b.visits[k], b.visits[k-1] = b.visits[k-1], b.visits[k]
		}
	}
}

// countingSort sorts all by key, stably, with the memory of spare. It returns both slices, the sorted one first.
func countingSort[T any](all, spare []T, starts *[]int32, key func(*T) int32) (sorted, other []T) {
	lo, hi := int32(math.MaxInt32), int32(-1)
	for i := range all {
		k := key(&all[i])
		lo, hi = min(lo, k), max(hi, k)
	}
	if hi <= lo {
		return all, spare
	}
	*starts = slices.Grow((*starts)[:0], int(hi-lo)+2)[:hi-lo+2]
	at := *starts
	clear(at)
	for i := range all {
		at[key(&all[i])-lo+1]++
	}
	for k := range at[1:] {
		at[k+1] += at[k]
	}
	spare = slices.Grow(spare[:0], len(all))[:len(all)]
	for i := range all {
		k := key(&all[i]) - lo
		spare[at[k]] = all[i]
		at[k]++
	}
	return spare, all
}

// fill turns the visits of one region into spans for the rows [row0, row1).
func (b *Builder) fill(region int32, cols int, row0, row1 int32) error {
	c, visits := &b.cover, b.visits
	for row := row0; row <= row1; row++ {
		slices.Sort(b.crossings[row-c.row0])
	}
	for row := row0; row < row1; row++ {
		lowLine, highLine := counter{cols: b.crossings[row-c.row0]}, counter{cols: b.crossings[row-c.row0+1]}
		for col := 0; ; {
			next := cols
			if len(visits) > 0 && visits[0].row == row {
				next = int(visits[0].col)
			}
			if next > col && b.wants(row, int32(col)) && lowLine.insideAt(col) != highLine.insideAt(col) {
				return fmt.Errorf("internal: region %d: the outline is not closed at row %d, column %d", region, row, col)
			}
			b.between(&lowLine, row, region, col, next)
			if next == cols {
				break
			}
			cell := cell{row: row, col: int32(next), first: int32(len(c.lines))}
			for len(visits) > 0 && visits[0].row == row && visits[0].col == int32(next) {
				c.lines = append(c.lines, b.lines[visits[0].line])
				visits = visits[1:]
			}
			cell.last = int32(len(c.lines))
			for corner, in := range [4]bool{
				lowLine.insideAt(next), lowLine.insideAt(next + 1), highLine.insideAt(next + 1), highLine.insideAt(next),
			} {
				if in {
					cell.corners |= 1 << corner
				}
			}
			b.spans = append(b.spans, bandSpan{Span{int32(next), int32(next + 1), region, int32(len(c.cells))}, row})
			c.cells = append(c.cells, cell)
			col = next + 1
		}
	}
	for row := row0; row <= row1; row++ {
		b.crossings[row-c.row0] = b.crossings[row-c.row0][:0]
	}
	return nil
}

// wants tells whether a cell of the band is wanted.
func (b *Builder) wants(row, col int32) bool { return b.wanted == nil || b.wanted.has(row, col) }

// between adds the spans of one region in the columns [col, end) of a row, none of which is both wanted and passed by
// the region's outline. The line north of the row tells which cells lie inside.
func (b *Builder) between(line *counter, row, region int32, col, end int) {
	for col < end {
		in, from := line.insideAt(col), col
		for col = line.next(col, end); col < end && line.insideAt(col) == in; {
			col = line.next(col, end)
		}
		if in {
			b.spans = append(b.spans, bandSpan{Span{int32(from), int32(col), region, -1}, row})
		}
	}
}

// counter tells whether corners of the lattice lie inside, by the parity of the crossings to the left of each.
type counter struct {
	cols []int32
	seen int
}

func (c *counter) insideAt(col int) bool {
	// Corners are asked about from left to right, but now and then again one column further left.
	for c.seen < len(c.cols) && c.cols[c.seen] < int32(col) {
		c.seen++
	}
	for c.seen > 0 && c.cols[c.seen-1] >= int32(col) {
		c.seen--
	}
	return c.seen%2 == 1
}

// next returns the first corner right of col before which there is another crossing, or end if that comes first. It
// is for the corner asked about last.
func (c *counter) next(col, end int) int {
	if c.seen < len(c.cols) {
		return min(int(c.cols[c.seen])+1, end)
	}
	return end
}

// crossing returns the other coordinate of the point at which the edge a–b meets the
// line axis = at. It is the same for a–b and b–a, and lies between the ends.
func crossing(a, b orb.Point, axis int, at float64) float64 {
	if axis == 0 {
		return meets(a[0], a[1], b[0], b[1], at)
	}
	return meets(a[1], a[0], b[1], b[0], at)
}

// meets returns the other coordinate, y, where the edge from (a, ya) to (b, yb) has the coordinate at.
func meets(a, ya, b, yb, at float64) float64 {
	if b < a {
		a, ya, b, yb = b, yb, a, ya
	}
	switch {
	case at <= a:
		return ya
	case at >= b:
		return yb
	}
	// It is computed from the nearer end, so that a line very near to an end is met very near to it.
	if at-a > b-at {
		a, ya, b, yb = b, yb, a, ya
	}
	return ya + (at-a)/(b-a)*(yb-ya)
}
