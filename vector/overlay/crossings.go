package overlay

import (
	"cmp"
	"math"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// node is where an edge of a and one of b cross. Crossings are kept in their order
// along a.
type node struct {
	a, b   int32 // the edges
	p      orb.Point
	enters bool // a comes into b
}

// finder finds where the edges of two shapes cross, until one pair of edges is doubtful.
type finder struct {
	sides
	a, b     *Shape
	margin   float64
	found    []node
	doubtful bool
}

// edges looks at the pairs of edges of two runs.
func (f *finder) edges(i, k int) {
	var listA, listB [vector.Fan]int32
	nearA := f.a.tree.Near(i, f.b.tree.Box(k), &listA)
	if len(nearA) == 0 {
		return
	}
	nearB := f.b.tree.Near(k, f.a.tree.Box(i), &listB)
	for _, i := range nearA {
		p, q := f.a.tree.At[i], f.a.tree.At[i+1]
		loU, hiU := min(p[0], q[0])-f.margin, max(p[0], q[0])+f.margin
		loV, hiV := min(p[1], q[1])-f.margin, max(p[1], q[1])+f.margin
		for _, k := range nearB {
			r, s := f.b.tree.At[k], f.b.tree.At[k+1]
			if min(r[0], s[0]) > hiU || max(r[0], s[0]) < loU || min(r[1], s[1]) > hiV || max(r[1], s[1]) < loV {
				continue
			}
			if f.pair(i, k); f.doubtful {
				return
			}
		}
	}
}

// pair looks at edge i of a and edge k of b.
func (f *finder) pair(i, k int32) {
	p, q, r, s := f.a.tree.At[i], f.a.tree.At[i+1], f.b.tree.At[k], f.b.tree.At[k+1]
	// These are the sides of the edge of a on which the ends of the edge of b lie, and then the other way round.
	sideR, sideS := f.side(p, q, r, 1), f.side(p, q, s, 1)
	if sideR*sideS > 0 {
		return
	}
	sideP, sideQ := f.side(r, s, p, -1), f.side(r, s, q, -1)
	switch {
	case sideP*sideQ > 0:
	case sideR == 0 || sideS == 0 || sideP == 0 || sideQ == 0:
		f.doubtful = true
	default:
		c := node{a: i, b: k, enters: sideP < 0}
		switch none := (orb.Point{}); {
		case f.along(p, q, r) != none: // at a side, beyond which b's edge goes on
			c.p = r
		case f.along(p, q, s) != none:
			c.p = s
		default:
			c.p = crossingPoint(p, q, r, s)
		}
		f.doubtful = f.doubtful || !between(p, q, c.p) || !between(r, s, c.p)
		f.found = append(f.found, c)
	}
}

// side is positive if r lies on the left of the line from p to q, negative if on its right, 0 if that is in doubt.
// sign is 1 if r is of b, which counts as reaching further along the sides of the tile, −1 if it is of a.
func (f *finder) side(p, q, r orb.Point, sign float64) int {
	// Relative to an end of the edge, all errors are within a few units in the last place
	// of the coordinates times the length of the edge.
	d, e := orb.Point{q[0] - p[0], q[1] - p[1]}, orb.Point{r[0] - p[0], r[1] - p[1]}
	det, doubt := d[0]*e[1]-d[1]*e[0], f.margin*(math.Abs(d[0])+math.Abs(d[1]))
	if math.Abs(det) > doubt {
		return cmp.Compare(det, 0)
	}
	n := f.along(p, q, r)
	return cmp.Compare(sign*(d[0]*n[1]-d[1]*n[0]), 0)
}

func between(p, q, x orb.Point) bool {
	return min(p[0], q[0]) <= x[0] && x[0] <= max(p[0], q[0]) && min(p[1], q[1]) <= x[1] && x[1] <= max(p[1], q[1])
}

// sides are the sides of a tile.
type sides struct{ box orb.Bound }

// outward returns the direction out of the box from p, and (0, 0) if p is on no side.
func (s *sides) outward(p orb.Point) (n orb.Point) {
	for axis := range p {
		switch p[axis] {
		case s.box.Min[axis]:
			n[axis] = -1
		case s.box.Max[axis]:
			n[axis] = 1
		}
	}
	return n
}

// along returns the direction out of the box if p, q and r all lie on one side, and (0, 0) otherwise.
func (s *sides) along(p, q, r orb.Point) (n orb.Point) {
	a, b, c := s.outward(p), s.outward(q), s.outward(r)
	for axis := range n {
		if a[axis] == b[axis] && b[axis] == c[axis] {
			n[axis] = a[axis]
		}
	}
	return n
}
