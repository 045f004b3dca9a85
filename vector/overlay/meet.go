package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/trace"
)

// Shape is a valid multipolygon that is to be overlaid with others by [Meet], with shells
// counter-clockwise and holes clockwise. It keeps what many overlays ask for, and finds
// that out when it is first asked: one goroutine at a time.
type Shape struct {
	polygons orb.MultiPolygon
	bound    orb.Bound
	margin   float64
	area     float64 // NaN: not yet known

	tree  vector.BoxTree // wider than the edges by the margin
	touch state          // whether rings touch each other
}

type state uint8

const (
	unknown state = iota
	no
	yes
)

// ulps is the margin in units of the last place of the largest coordinate: what comes
// nearer to an edge of the other shape than that leaves the position in doubt. It is far
// more than the rounding of a crossing, or of the side on which a point is found.
const ulps = 1 << 10

// NewShape returns a Shape that shares the memory of mp.
func NewShape(mp orb.MultiPolygon) *Shape {
	s := &Shape{polygons: mp, bound: vector.Bound(mp), area: math.NaN()}
	largest := max(-s.bound.Min[0], s.bound.Max[0], -s.bound.Min[1], s.bound.Max[1])
	s.margin = largest * ulps * 0x1p-52
	return s
}

// Polygons returns what the shape was made of.
func (s *Shape) Polygons() orb.MultiPolygon { return s.polygons }

// Bound is [vector.Bound].
func (s *Shape) Bound() orb.Bound { return s.bound }

// Area is [vector.Area].
func (s *Shape) Area() float64 {
	if math.IsNaN(s.area) {
		s.area = vector.Area(s.polygons)
	}
	return s.area
}

// index makes the tree of boxes.
func (s *Shape) index() {
	if !s.tree.Loaded() {
		s.tree.Load(s.polygons, s.margin)
	}
}

// contains tells whether p, which is no nearer to the outline than the margin, lies inside.
func (s *Shape) contains(p orb.Point) bool {
	if !s.bound.Contains(p) {
		return false
	}
	s.index()
	inside := false
	s.tree.Beside(p, func(run int) bool {
		r := s.tree.Runs[run]
		for i := r.From; i < r.To; i++ {
			a, b := s.tree.At[i], s.tree.At[i+1]
			if (a[1] > p[1]) == (b[1] > p[1]) {
				continue
			}
			if turn := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]); (turn > 0) == (b[1] > a[1]) {
				inside = !inside
			}
		}
		return true
	})
	return inside
}

// ringsTouch tells whether two rings of the shape come nearer to each other than the margin.
func (s *Shape) ringsTouch() bool {
	if s.touch == unknown {
		s.touch = no
		everywhere := orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}
		f := finder{a: s, b: s, margin: s.margin, sides: sides{box: everywhere}}
		s.tree.OwnPairs(func(i, k int) bool {
			if s.tree.Runs[i].Ring != s.tree.Runs[k].Ring {
				f.edges(i, k)
			}
			if f.doubtful || len(f.found) > 0 {
				s.touch = yes
			}
			return s.touch == no
		})
	}
	return s.touch == yes
}

// Meeting is what Meet finds of two shapes a and b.
type Meeting struct {
	a, b         *Shape
	rest, common []orb.Ring
	commonArea   float64
	// Whether these are all of a, or all of b, and no more: then their rings are not listed.
	restIsA, commonIsA, commonIsB bool

	sides
	crossings    []node
	nextA, prevA []int32 // by crossing: its neighbours along the ring of a
	nextB, prevB []int32
	used         []bool
	whole        [2][]bool // by ring of a and of b: nothing crosses it
	inside       [2][]bool // likewise: it lies inside the other shape
	buffer       orb.Ring
}

// node is where an edge of a and one of b cross. Crossings are kept in their order
// along a.
type node struct {
	a, b   int32 // the edges
	p      orb.Point
	enters bool // a comes into b
}

// Meet overlays two shapes whose outlines cross properly or not at all. It is nil when
// the position is not clearly of that kind: when a vertex of the one comes nearer to an
// edge of the other than rounding can tell, or two crossings to each other. Else the
// results are those of exact arithmetic, but that crossings are rounded to float64.
//
// Both shapes lie in box, the sides of which may have cut them, see [Halve]; it is
// infinite where nothing was cut. Along its sides the outlines may overlap, for there b
// counts as reaching infinitesimally further.
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

// vast keeps products finite.
const vast = 1e100

// Rest returns a without b, oriented and ordered as by [trace.Polygons]; or a itself.
func (m *Meeting) Rest() (*Shape, error) {
	if m.restIsA {
		return m.a, nil
	}
	return assembled(m.rest)
}

// Common returns what a and b have in common, likewise; or a or b itself.
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

// CommonArea is the area of Common, found with the crossings: by what it is and what Rest is,
// a and b add up, but for rounding.
func (m *Meeting) CommonArea() float64 { return m.commonArea }

// sides are those of a tile.
type sides struct{ box orb.Bound }

// outward returns the direction out of the box from p, (0, 0) for what is not on a side.
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

// along returns the direction out of the box if p, q and r all lie on one side, and
// (0, 0) else.
func (s *sides) along(p, q, r orb.Point) (n orb.Point) {
	a, b, c := s.outward(p), s.outward(q), s.outward(r)
	for axis := range n {
		if a[axis] == b[axis] && b[axis] == c[axis] {
			n[axis] = a[axis]
		}
	}
	return n
}

// finder finds crossings.
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
	// The sides of the edge of a on which the ends of that of b lie, and vice versa.
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

// side is positive when r lies on the left of the line from p to q, negative when on its
// right, 0 when in doubt. Sign tells whose is r: 1 if b's, which reaches further along
// the sides, −1 if a's.
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

// order sorts the crossings along a and along b. It is false when they are too near to
// each other, or do not enter and leave in turn.
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

// classify finds for each ring that nothing crosses whether it lies inside the other
// shape. It is false when that is not clear.
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

// inner returns a point of a ring, or within rounding of it, that is not on a side.
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

// walk makes the rings of the results. It is false when these do not add up to a and to b.
func (m *Meeting) walk() bool {
	if len(m.crossings) == 0 {
		allA, noneA := !slices.Contains(m.inside[0], false), !slices.Contains(m.inside[0], true)
		allB, noneB := !slices.Contains(m.inside[1], false), !slices.Contains(m.inside[1], true)
		m.restIsA, m.commonIsA, m.commonIsB = noneA && noneB, allA && noneB, allB && noneA
		if m.commonIsA {
			m.commonArea = m.a.Area()
		}
		if m.restIsA || m.commonIsA {
			return true
		}
	}
	rest, ok1 := m.rings(true, false, &m.rest)
	common, ok2 := m.rings(true, true, &m.common)
	other, ok3 := m.rings(false, true, nil)
	m.commonArea = common
	equal := func(parts, whole float64) bool { return math.Abs(parts-whole) <= 1e-9*math.Abs(whole)+1e-9 }
	return ok1 && ok2 && ok3 && equal(rest+common, m.a.Area()) && equal(other+common, m.b.Area())
}

// rings finds the outline and the area of what lies in a and in b, of a without b, or of b
// without a. It is false when a ring might touch itself.
func (m *Meeting) rings(inA, inB bool, out *[]orb.Ring) (area float64, ok bool) {
	in := [2]bool{inA, inB}
	for side, s := range [2]*Shape{m.a, m.b} {
		for r, whole := range m.whole[side] {
			if !whole || m.inside[side][r] != in[1-side] {
				continue
			}
			first, last := s.tree.Vertices(r)
			ring := orb.Ring(s.tree.At[first : last+1])
			double := trace.DoubleArea(ring)
			if !in[side] {
				double = -double
			}
			area += double / 2
			if out != nil {
				ring = slices.Compact(slices.Clone(ring))
				if !in[side] {
					slices.Reverse(ring)
				}
				*out = append(*out, ring)
			}
		}
	}
	clear(m.used)
	for start := range m.crossings {
		// Here a stretch of a begins: one inside b where a enters, unless it is followed backward.
		if m.used[start] || m.crossings[start].enters != (inA && inB) {
			continue
		}
		m.buffer = m.buffer[:0]
		c := &m.crossings[start]
		ringA, ringB := m.a.tree.RingOf(c.a), m.b.tree.RingOf(c.b)
		for at := int32(start); !m.used[at]; {
			m.used[at] = true
			var turn int32
			if inA {
				turn = m.nextA[at]
				m.forward(m.a, &m.crossings[at], &m.crossings[turn], m.crossings[at].a, m.crossings[turn].a)
			} else {
				turn = m.prevA[at]
				m.backward(m.a, &m.crossings[at], &m.crossings[turn], m.crossings[at].a, m.crossings[turn].a)
			}
			if inB {
				at = m.nextB[turn]
				m.forward(m.b, &m.crossings[turn], &m.crossings[at], m.crossings[turn].b, m.crossings[at].b)
			} else {
				at = m.prevB[turn]
				m.backward(m.b, &m.crossings[turn], &m.crossings[at], m.crossings[turn].b, m.crossings[at].b)
			}
			if m.a.tree.RingOf(m.crossings[at].a) != ringA && m.a.ringsTouch() ||
				m.b.tree.RingOf(m.crossings[turn].b) != ringB && m.b.ringsTouch() {
				return 0, false
			}
		}
		m.buffer = append(m.buffer, m.buffer[0])
		if len(m.buffer) < 4 {
			return 0, false
		}
		area += trace.DoubleArea(m.buffer) / 2
		if out != nil {
			*out = append(*out, slices.Clone(m.buffer))
		}
	}
	return area, true
}

// add adds a vertex, unless it repeats the last one.
func (m *Meeting) add(p orb.Point) {
	if n := len(m.buffer); n == 0 || m.buffer[n-1] != p {
		m.buffer = append(m.buffer, p)
	}
}

// forward adds the crossing x and the vertices from there to y, which lie on those edges.
func (m *Meeting) forward(s *Shape, x, y *node, edge, to int32) {
	m.add(x.p)
	if edge == to && distance(s.tree.At[edge], x.p) < distance(s.tree.At[edge], y.p) {
		return
	}
	first, last := s.tree.Vertices(s.tree.RingOf(edge))
	for {
		if edge++; edge == last {
			edge = first
		}
		m.add(s.tree.At[edge])
		if edge == to {
			return
		}
	}
}

// backward is forward the other way.
func (m *Meeting) backward(s *Shape, x, y *node, edge, to int32) {
	m.add(x.p)
	if edge == to && distance(s.tree.At[edge], x.p) > distance(s.tree.At[edge], y.p) {
		return
	}
	first, last := s.tree.Vertices(s.tree.RingOf(edge))
	for {
		m.add(s.tree.At[edge])
		if edge--; edge < first {
			edge = last - 1
		}
		if edge == to {
			return
		}
	}
}
