package evidence

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"greenshield/vector/trace"
)

// MaxWidth is the largest width that is told, in cells. Wider patches have this one.
const MaxWidth = 64

// compact returns how compact cells are, 0 to 100: 16 × their number ÷ the square of the length of their outline, in %.
// The outline goes along sides of cells, around holes too. A square has 100.
func compact(patch []trace.Run) float64 {
	cells, sides := int64(0), int64(0)
	above := 0 // of the runs, the first that may touch the next one from above
	for _, r := range patch {
		n := int64(r.Col1 - r.Col0)
		cells, sides = cells+n, sides+2*n+2
		for patch[above].Row < r.Row-1 || patch[above].Row == r.Row-1 && patch[above].Col1 <= r.Col0 {
			above++
		}
		for i := above; patch[i].Row == r.Row-1 && patch[i].Col0 < r.Col1; i++ {
			sides -= 2 * int64(min(patch[i].Col1, r.Col1)-max(patch[i].Col0, r.Col0))
		}
	}
	return 100 * 16 * float64(cells) / (float64(sides) * float64(sides))
}

// Tiles in which the width is found, in cells. What lies further from a point than the reach does not count for it, for
// a radius of so many cells is one of MaxWidth.
const (
	tileRows = 256
	tileCols = 1024
	reach    = MaxWidth / 2
)

// widths finds widths. It belongs to one goroutine.
//
// It looks at points: centres, corners and middles of the sides of cells, in half cells from the corner of the tile.
// The point of a closed square of a cell that is nearest to a point is a point too, so all distances are whole numbers
// of half cells before the root is taken.
type widths struct {
	up []uint8 // by point, row by row: how far the nearest point outside of its column is, in half cells
}

// width returns the diameter, in cells, of the largest circle around a centre, a corner or the middle of a side of a
// cell that lies in the closed squares of the patch, at most MaxWidth.
func (w *widths) width(patch []trace.Run) float64 {
	west, east := patch[0].Col0, patch[0].Col1
	for _, r := range patch {
		west, east = min(west, r.Col0), max(east, r.Col1)
	}
	last := patch[len(patch)-1].Row
	best := int32(0)
	for row := patch[0].Row; row <= last; row += tileRows {
		for col := west; col < east; col += tileCols {
			t := tile{core: box{row, col, min(row+tileRows, last+1), min(col+tileCols, east)}}
			t.seen = box{max(t.core.row0-reach, patch[0].Row-1), max(t.core.col0-reach, west-1),
				min(t.core.row1+reach, last+2), min(t.core.col1+reach, east+1)}
			if best = w.widest(&t, patch, best); best >= MaxWidth*MaxWidth {
				return MaxWidth
			}
		}
	}
	return math.Sqrt(float64(best))
}

// box is the cells [row0, row1) × [col0, col1).
type box struct{ row0, col0, row1, col1 int32 }

// meets tells whether the box holds some of a run.
func (b box) meets(r trace.Run) bool {
	return r.Row >= b.row0 && r.Row < b.row1 && r.Col0 < b.col1 && r.Col1 > b.col0
}

// tile is a part of a patch: the circles lie around points of the core, and cells outside of what is seen do not count.
type tile struct{ core, seen box }

// widest returns the square of the largest radius of circles around points of the core, in half cells, or best when
// that is larger.
func (w *widths) widest(t *tile, patch []trace.Run, best int32) int32 {
	from := sort.Search(len(patch), func(i int) bool { return patch[i].Row >= t.seen.row0 })
	to := from + sort.Search(len(patch)-from, func(i int) bool { return patch[from+i].Row >= t.seen.row1 })
	if !slices.ContainsFunc(patch[from:to], t.core.meets) {
		return best
	}
	rows, cols := 2*int(t.seen.row1-t.seen.row0)+1, 2*int(t.seen.col1-t.seen.col0)+1
	w.mark(t, patch[from:to], rows, cols)
	w.measure(rows, cols)
	row0, row1 := 2*int(t.core.row0-t.seen.row0), 2*int(t.core.row1-t.seen.row0)
	col0, col1 := 2*int(t.core.col0-t.seen.col0), 2*int(t.core.col1-t.seen.col0)
	for y := row0; y <= row1; y++ {
		up := w.up[y*cols : (y+1)*cols]
		for x := col0; x <= col1; x++ {
			if d := int32(up[x]); d*d > best {
				best = max(best, radius(up, x, best))
			}
		}
	}
	return best
}

// inside marks points of closed squares of cells until the distances are known.
const inside = MaxWidth

// mark sets the points of the tile: inside when all cells that have the point are in the patch, else 0. Points at the
// rim of what is seen have cells beyond that are not looked at.
func (w *widths) mark(t *tile, patch []trace.Run, rows, cols int) {
	if cap(w.up) < rows*cols {
		w.up = make([]uint8, rows*cols)
	}
	w.up = w.up[:rows*cols]
	clear(w.up)
	for _, r := range patch { // first the points in the rows of centres
		line := w.up[(2*int(r.Row-t.seen.row0)+1)*cols:][:cols]
		first, end := 2*int(r.Col0-t.seen.col0)+1, 2*int(r.Col1-t.seen.col0)
		if r.Col0 <= t.seen.col0 {
			first = 0
		}
		if r.Col1 >= t.seen.col1 {
			end = cols
		}
		for x := max(first, 0); x < end; x++ {
			line[x] = inside
		}
	}
	for y := 0; y < rows; y += 2 { // then those between, which have cells of both rows
		line := w.up[y*cols:][:cols]
		above, below := w.up[max(y-1, 1)*cols:][:cols], w.up[min(y+1, rows-2)*cols:][:cols]
		for x := range line {
			line[x] = above[x] & below[x]
		}
	}
}

// measure sets up of all points.
func (w *widths) measure(rows, cols int) {
	for y := 1; y < rows; y++ {
		further(w.up[y*cols:(y+1)*cols], w.up[(y-1)*cols:y*cols])
	}
	for y := rows - 2; y >= 0; y-- {
		further(w.up[y*cols:(y+1)*cols], w.up[(y+1)*cols:(y+2)*cols])
	}
}

// further makes no point of a row further from the points outside than one more than its neighbour in the next row. It
// takes eight points at once, for this is done twice for every point.
func further(row, next []uint8) {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	next = next[:len(row)]
	x := 0
	for ; x+8 <= len(row); x += 8 {
		// All are at most inside + 1, which leaves the high bit of each byte to tell, after the difference, that the point
		// is no nearer than its neighbour and one.
		r, n := binary.LittleEndian.Uint64(row[x:]), binary.LittleEndian.Uint64(next[x:])+ones
		takes := (((r | high) - n) & high) >> 7 * 0xff
		binary.LittleEndian.PutUint64(row[x:], (r&^takes)|(n&takes))
	}
	for ; x < len(row); x++ {
		row[x] = min(row[x], next[x]+1)
	}
}

// radius returns the square of the distance from point x of a row to the nearest point outside, in half cells, or less
// when that is not above best.
func radius(up []uint8, x int, best int32) int32 {
	d := int32(up[x]) * int32(up[x])
	for k := 1; d > best && int32(k*k) < d; k++ {
		if x >= k {
			d = min(d, int32(k*k)+int32(up[x-k])*int32(up[x-k]))
		}
		if x+k < len(up) {
			d = min(d, int32(k*k)+int32(up[x+k])*int32(up[x+k]))
		}
	}
	return d
}
