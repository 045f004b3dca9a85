package overlay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Clipper cuts patches by regions. It keeps buffers, so it belongs to one goroutine. The zero value is ready.
type Clipper struct {
	covers  Stack // of the patch that is being cut
	points  []orb.Point
	pieces  []piece
	starts  []start // where the pieces begin, sorted
	ring    orb.Ring
	cuts    []float64
	edges   []edge
	touches []orb.Point // vertices of the region on the sides of the current cell
}

// piece is a directed part of the outline of patch ∩ region, which lies on its left hand: points[from..to], both
// inclusive.
type piece struct {
	from, to    int32
	start, next int64 // those of a line of the region, see there; −1 for none
	used        bool
}

// start is where a piece begins.
type start struct {
	at    orb.Point
	piece int32
}

type edge struct{ a, b orb.Point }

// Clip returns the part of a patch that lies in a region: exact, with the region's own vertices, and valid up to
// rounding, oriented and ordered as by [trace.Polygons]. It is empty where patch and region only touch. Where rings
// of the region touch each other, a ring of the result may touch itself: the ground is right, but the polygon is
// invalid until it is repaired.
//
// runs are the patch's cells, sorted row-major and not overlapping; runs may abut. covers must have all rows of the
// patch.
func (k *Clipper) Clip(covers Stack, runs []trace.Run, region int32) (orb.MultiPolygon, error) {
	k.covers, k.points, k.pieces = covers, k.points[:0], k.pieces[:0]
	above, row := []trace.Run(nil), []trace.Run(nil)
	for rest := runs; ; {
		below := leadingRow(rest)
		rest = rest[len(below):]
		if len(row) > 0 {
			if err := k.row(adjacent(above, row, -1), row, adjacent(below, row, +1), region); err != nil {
				return nil, err
			}
		}
		if len(below) == 0 {
			break
		}
		above, row = row, below
	}
	rings, err := k.stitch()
	if err != nil {
		return nil, err
	}
	return trace.Assemble(rings)
}

func leadingRow(runs []trace.Run) []trace.Run {
	n := 0
	for n < len(runs) && runs[n].Row == runs[0].Row {
		n++
	}
	return runs[:n]
}

func adjacent(other, row []trace.Run, by int32) []trace.Run {
	if len(other) > 0 && other[0].Row == row[0].Row+by {
		return other
	}
	return nil
}

// row adds the pieces of one row of the patch.
func (k *Clipper) row(above, row, below []trace.Run, region int32) error {
	var err error
	c := k.covers.At(row[0].Row)
	for _, run := range row {
		v := float64(run.Row)
		c.Spans(run.Row, run.Col0, run.Col1, func(s Span) {
			if s.Region != region || err != nil {
				return
			}
			col0, col1 := max(s.Col0, run.Col0), min(s.Col1, run.Col1)
			if s.Mixed() {
				err = k.mixed(c, s, run, exposed(above, col0), exposed(below, col0))
				return
			}
			if col0 == run.Col0 {
				k.straight(orb.Point{float64(col0), v + 1}, orb.Point{float64(col0), v})
			}
			if col1 == run.Col1 {
				k.straight(orb.Point{float64(col1), v}, orb.Point{float64(col1), v + 1})
			}
			eachExposed(above, col0, col1, func(c0, c1 int32) {
				k.straight(orb.Point{float64(c0), v}, orb.Point{float64(c1), v})
			})
			eachExposed(below, col0, col1, func(c0, c1 int32) {
				k.straight(orb.Point{float64(c1), v + 1}, orb.Point{float64(c0), v + 1})
			})
		})
	}
	return err
}

// eachExposed calls f for the maximal parts of [col0, col1) that other does not cover.
func eachExposed(other []trace.Run, col0, col1 int32, f func(col0, col1 int32)) {
	i, _ := slices.BinarySearchFunc(other, col0, func(r trace.Run, col int32) int { return cmp.Compare(r.Col1, col+1) })
	for ; i < len(other) && other[i].Col0 < col1; i++ {
		if other[i].Col0 > col0 {
			f(col0, other[i].Col0)
		}
		col0 = max(col0, other[i].Col1)
	}
	if col0 < col1 {
		f(col0, col1)
	}
}

func exposed(other []trace.Run, col int32) (yes bool) {
	eachExposed(other, col, col+1, func(_, _ int32) { yes = true })
	return yes
}

func (k *Clipper) straight(a, b orb.Point) {
	if a != b {
		n := int32(len(k.points))
		k.points = append(k.points, a, b)
		k.pieces = append(k.pieces, piece{from: n, to: n + 1, start: -1, next: -1})
	}
}

// mixed adds the lines of the region through a cell. If sides of the cell are on the patch's outline, it also adds
// what of these sides lies inside the region.
func (k *Clipper) mixed(c *Cover, s Span, run trace.Run, lowSide, highSide bool) error {
	cell := &c.cells[s.cell]
	outer := [4]bool{low: lowSide, right: s.Col1 == run.Col1, high: highSide, left: s.Col0 == run.Col0}
	exposed := outer != [4]bool{}
	firstLine := len(k.pieces)
	k.touches = k.touches[:0]
	for _, l := range c.lines[cell.first:cell.last] {
		n := int32(len(k.points))
		k.points = append(k.points, c.points[l.from:l.to+1]...)
		last := int32(len(k.points) - 1)
		p := piece{from: n, to: last, start: l.start, next: l.next}
		if exposed { // vertices on a side become nodes, so that the outline can branch there
			for i := n + 1; i < last; i++ {
				if q := k.points[i]; cell.onSide(q) {
					k.touches = append(k.touches, q)
					k.pieces = append(k.pieces, piece{from: p.from, to: i, start: p.start, next: -1})
					p.from, p.start = i, -1
				}
			}
		}
		k.pieces = append(k.pieces, p)
	}
	firstSide := len(k.pieces)
	for i, on := range outer {
		if !on {
			continue
		}
		var err error
		if k.cuts, k.edges, err = c.sideEdges(cell, side(i), k.cuts[:0], k.edges[:0]); err != nil {
			return err
		}
		for _, e := range k.edges {
			k.noded(e)
		}
	}
	k.cancel(firstLine, firstSide)
	return nil
}

func (c *cell) onSide(p orb.Point) bool {
	u, v := float64(c.col), float64(c.row)
	return p[0] == u || p[0] == u+1 || p[1] == v || p[1] == v+1
}

// noded adds a side's edge, cut where the region's outline touches it.
func (k *Clipper) noded(e edge) {
	axis := 0
	if e.a[0] == e.b[0] {
		axis = 1
	}
	k.cuts = k.cuts[:0]
	for _, p := range k.touches {
		if p[1-axis] == e.a[1-axis] && (p[axis] > e.a[axis]) != (p[axis] >= e.b[axis]) && p[axis] != e.a[axis] {
			k.cuts = append(k.cuts, p[axis])
		}
	}
	slices.Sort(k.cuts)
	if e.a[axis] > e.b[axis] {
		slices.Reverse(k.cuts)
	}
	for _, cut := range k.cuts {
		p := e.a
		p[axis] = cut
		k.straight(e.a, p)
		e.a = p
	}
	k.straight(e.a, e.b)
}

// cancel removes pairs of a line of the region and an edge of a side that run along each other in opposite
// directions, since nothing lies between them.
func (k *Clipper) cancel(firstLine, firstSide int) {
	gone := func(p *piece) bool { return p.from == p.to }
	for i := firstLine; i < firstSide; i++ {
		l := &k.pieces[i]
		if l.to != l.from+1 {
			continue
		}
		for j := firstSide; j < len(k.pieces); j++ {
			s := &k.pieces[j]
			if !gone(s) && k.points[s.from] == k.points[l.to] && k.points[s.to] == k.points[l.from] {
				s.to, l.to = s.from, l.from
				break
			}
		}
	}
	kept := k.pieces[:firstLine]
	for _, p := range k.pieces[firstLine:] {
		if !gone(&p) {
			kept = append(kept, p)
		}
	}
	k.pieces = kept
}

// sideEdges appends to edges the parts of a side that lie inside the region, directed
// along the side.
func (c *Cover) sideEdges(cell *cell, s side, cuts []float64, edges []edge) ([]float64, []edge, error) {
	axis := 0 // that of the coordinate that varies along the side
	if s == right || s == left {
		axis = 1
	}
	for _, l := range c.lines[cell.first:cell.last] {
		if l.enter == s {
			cuts = append(cuts, c.points[l.from][axis])
		}
		if l.exit == s {
			cuts = append(cuts, c.points[l.to][axis])
		}
	}
	u, v := float64(cell.col), float64(cell.row)
	corner := [4]orb.Point{{u, v}, {u + 1, v}, {u + 1, v + 1}, {u, v + 1}}
	from, to := corner[s], corner[(s+1)%4]
	slices.Sort(cuts)
	if from[axis] > to[axis] {
		slices.Reverse(cuts)
	}
	in := cell.corners>>s&1 == 1
	at := from
	for _, cut := range append(cuts, to[axis]) {
		p := from
		p[axis] = cut
		if in && p != at {
			edges = append(edges, edge{at, p})
		}
		at, in = p, !in
	}
	if in = !in; in != (cell.corners>>((s+1)%4)&1 == 1) {
		return cuts, edges, fmt.Errorf("internal: the outline is not closed in cell row %d, column %d", cell.row, cell.col)
	}
	return cuts, edges, nil
}

// Piece calls f for each directed edge of the closed outline of region ∩ cell of a
// mixed span; the region lies on the left hand.
func (c *Cover) Piece(s Span, f func(a, b orb.Point)) error {
	cell := &c.cells[s.cell]
	for _, l := range c.lines[cell.first:cell.last] {
		for i := l.from; i < l.to; i++ {
			f(c.points[i], c.points[i+1])
		}
	}
	var cutsBuf [8]float64
	var edgesBuf [4]edge
	for side := low; side <= left; side++ {
		_, edges, err := c.sideEdges(cell, side, cutsBuf[:0], edgesBuf[:0])
		if err != nil {
			return err
		}
		for _, e := range edges {
			f(e.a, e.b)
		}
	}
	return nil
}
