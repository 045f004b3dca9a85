package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Meeting is what Meet finds of two shapes a and b.
type Meeting struct {
	a, b         *Shape
	rest, common []orb.Ring
	commonArea   float64
	// These tell that a part is exactly a or b: then its rings are not listed.
	restIsA, commonIsA, commonIsB bool

	sides
	crossings    []node
	nextA, prevA []int32 // by crossing: the next and the previous one along the ring of a
	nextB, prevB []int32
	used         []bool
	whole        [2][]bool // by ring of a, and of b: nothing crosses it
	inside       [2][]bool // by ring of a, and of b: it lies inside the other shape
	buffer       orb.Ring
}

// Meet overlays two shapes whose outlines cross properly or not at all. It is nil when the position is not clearly of
// that kind: when a vertex of one shape comes nearer to an edge of the other than rounding can tell, or two crossings
// come that near to each other. Otherwise the results are those of exact arithmetic, except that crossings are
// rounded to float64.
//
// Both shapes lie in box, whose sides may have cut them, see [Halve]; it is infinite where nothing was cut. Along its
// sides the outlines may overlap: there b counts as reaching infinitesimally further.
//
// The cost is linear for shapes whose outlines are near each other in few places.
func Meet(a, b *Shape, box orb.Bound) *Meeting {
	m := &Meeting{a: a, b: b, sides: sides{box: box}}
	if len(a.polygons) == 0 || len(b.polygons) == 0 || !a.bound.Pad(a.margin).Intersects(b.bound.Pad(b.margin)) {
		m.restIsA = true
		return m
	}
	a.index()
	b.index()
	f := finder{a: a, b: b, margin: max(a.margin, b.margin), sides: m.sides}
	a.tree.Pairs(&b.tree, func(i, k int) bool {
		f.edges(i, k)
		return !f.doubtful
	})
	if f.doubtful || !(f.margin < vast) {
		return nil
	}
	m.crossings = f.found
	m.used = make([]bool, len(f.found))
	if !m.order(f.margin) || !m.classify() || !m.walk() {
		return nil
	}
	return m
}

// vast is the margin from which on products might not be finite.
const vast = 1e100

// Rest returns a without b, oriented and ordered as by [trace.Polygons]. It may be a itself.
func (m *Meeting) Rest() (*Shape, error) {
	if m.restIsA {
		return m.a, nil
	}
	return assembled(m.rest)
}

// Common returns what a and b have in common, oriented and ordered as by [trace.Polygons]. It may be a or b itself.
func (m *Meeting) Common() (*Shape, error) {
	switch {
	case m.commonIsA:
		return m.a, nil
	case m.commonIsB:
		return m.b, nil
	}
	return assembled(m.common)
}

func assembled(rings []orb.Ring) (*Shape, error) {
	mp, err := trace.Assemble(rings)
	return NewShape(mp), err
}

// CommonArea returns the area of Common, which is found with the crossings. It was checked that the areas of the
// parts add up to those of a and of b, but for rounding.
func (m *Meeting) CommonArea() float64 { return m.commonArea }

// order sorts the crossings along a and along b. It is false when two are too near to each other, or when a ring does
// not enter and leave the other shape in turn.
func (m *Meeting) order(margin float64) bool {
	n := len(m.crossings)
	if n == 0 {
		return true
	}
	slices.SortFunc(m.crossings, func(x, y node) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(distance(m.a.tree.At[x.a], x.p), distance(m.a.tree.At[y.a], y.p)))
	})
	links := make([]int32, 5*n)
	order := links[:n]
	m.nextA, m.prevA, m.nextB, m.prevB = links[n:2*n], links[2*n:3*n], links[3*n:4*n], links[4*n:]
	for i := range order {
		order[i] = int32(i)
	}
	if !m.link(m.a, func(c *node) int32 { return c.a }, order, m.nextA, m.prevA, margin) {
		return false
	}
	slices.SortFunc(order, func(i, k int32) int {
		x, y := &m.crossings[i], &m.crossings[k]
		return cmp.Or(cmp.Compare(x.b, y.b), cmp.Compare(distance(m.b.tree.At[x.b], x.p), distance(m.b.tree.At[y.b], y.p)))
	})
	return m.link(m.b, func(c *node) int32 { return c.b }, order, m.nextB, m.prevB, margin)
}

func distance(p, q orb.Point) float64 { return math.Abs(q[0]-p[0]) + math.Abs(q[1]-p[1]) }

// link links the crossings of each ring of s in their order.
func (m *Meeting) link(s *Shape, edge func(*node) int32, order, next, prev []int32, margin float64) bool {
	for len(order) > 0 {
		_, last := s.tree.Vertices(s.tree.RingOf(edge(&m.crossings[order[0]])))
		n := 1
		for n < len(order) && edge(&m.crossings[order[n]]) < last {
			n++
		}
		for i, k := range order[:n] {
			follower := order[(i+1)%n]
			x, y := &m.crossings[k], &m.crossings[follower]
			if x.enters == y.enters || i+1 < n && edge(x) == edge(y) && distance(x.p, y.p) <= margin {
				return false
			}
			next[k], prev[follower] = follower, k
		}
		order = order[n:]
	}
	return true
}

// classify finds out of each ring that nothing crosses whether it lies inside the other shape. It is false when that
// is not clear.
func (m *Meeting) classify() bool {
	for side, s := range [2]*Shape{m.a, m.b} {
		other := [2]*Shape{m.b, m.a}[side]
		n := len(s.tree.Ends)
		flags := make([]bool, 2*n)
		m.whole[side], m.inside[side] = flags[:n], flags[n:]
		for r := range n {
			m.whole[side][r] = true
		}
		for i := range m.crossings {
			m.whole[side][s.tree.RingOf([2]int32{m.crossings[i].a, m.crossings[i].b}[side])] = false
		}
		for r := range n {
			if !m.whole[side][r] {
				continue
			}
			first, last := s.tree.Vertices(r)
			if last < first+3 {
				return false
			}
			p, ok := m.inner(s.tree.At[first : last+1])
			if !ok && side == 0 {
				return false
			}
			// A ring of b that is the outline of the box counts as lying beyond it.
			m.inside[side][r] = ok && other.contains(p)
		}
	}
	return true
}

// inner returns a point of a ring, exact or within rounding, that is on no side of the tile; it is not ok if there is
// none.
func (m *Meeting) inner(ring []orb.Point) (p orb.Point, ok bool) {
	for _, q := range ring {
		if m.outward(q) == (orb.Point{}) {
			return q, true
		}
	}
	for i := 1; i < len(ring); i++ {
		p = orb.Point{(ring[i-1][0] + ring[i][0]) / 2, (ring[i-1][1] + ring[i][1]) / 2}
		if m.outward(p) == (orb.Point{}) {
			return p, true
		}
	}
	return p, false
}
