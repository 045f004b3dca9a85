package vector

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// CertainlyValid tells that mp is valid by OGC Simple Features, and that moreover its rings touch neither themselves
// nor each other. False only means that somebody else has to look: the polygons may be invalid, or touch, which is
// valid at times.
//
// It sweeps over all edges at once (Shamos and Hoey, Geometric intersection problems, FOCS 1976), with exact
// predicates: O(n log n) whatever the shape, about 1 µs a vertex. Methods that compare edges with overlapping bounds,
// as GEOS does, need quadratic time for long thin spikes.
func CertainlyValid(mp orb.MultiPolygon) bool {
	var s sweep
	return s.load(mp) && s.run() && s.nested()
}

// sweep moves over the plane in the order of x, then y. Edge i leads from vertex i to the next one of its ring; edges
// are known by that number, and −1 is none.
type sweep struct {
	segs  []segment
	at    []orb.Point // by vertex
	ring  []int32     // by vertex
	prior []int32     // by vertex: the one before it in its ring
	rings []sweptRing

	// The edges that the sweep line meets are a list from low to high (above, below), and over it a treap.
	above, below       []int32
	left, right, under []int32
	priority           []uint32
	root               int32
}

// segment is an edge with its ends in the order of the sweep.
type segment struct {
	l, r    orb.Point
	forward bool // the ring leads from l to r
}

type sweptRing struct {
	polygon int32
	hole    bool
	seen    bool
	ccw     bool
	parent  int32 // the innermost ring around it; −1 for none
}

// maxOrdinate is the magnitude from which on products of differences might not be finite.
const maxOrdinate = 1e150

func before(p, q orb.Point) bool { return p[0] < q[0] || p[0] == q[0] && p[1] < q[1] }

func (s *sweep) load(mp orb.MultiPolygon) bool {
	n := 0
	for _, p := range mp {
		for _, r := range p {
			n += len(r)
		}
	}
	if n > math.MaxInt32 {
		return false
	}
	s.at, s.ring, s.prior, s.segs = make([]orb.Point, 0, n), make([]int32, 0, n), make([]int32, 0, n),
		make([]segment, 0, n)
	for polygon, p := range mp {
		if len(p) == 0 {
			return false
		}
		for k, r := range p {
			if len(r) < 4 || !r.Closed() {
				return false
			}
			id, first := int32(len(s.rings)), int32(len(s.at))
			s.rings = append(s.rings, sweptRing{polygon: int32(polygon), hole: k > 0, parent: -1})
			for i, p := range r[1:] {
				if !(math.Abs(p[0]) < maxOrdinate && math.Abs(p[1]) < maxOrdinate) {
					return false
				}
				if p != r[i] { // repeated points are harmless and left out
					s.at, s.ring, s.prior = append(s.at, p), append(s.ring, id), append(s.prior, int32(len(s.at))-1)
				}
			}
			end := int32(len(s.at))
			if end-first < 3 {
				return false
			}
			s.prior[first] = end - 1
			for i := first; i < end; i++ {
				a, b := s.at[i], s.at[first]
				if i+1 < end {
					b = s.at[i+1]
				}
				if before(a, b) {
					s.segs = append(s.segs, segment{a, b, true})
				} else {
					s.segs = append(s.segs, segment{b, a, false})
				}
			}
		}
	}
	return true
}

// run sweeps over all vertices. It is false when two edges meet other than as neighbours in a ring do.
func (s *sweep) run() bool {
	n := len(s.at)
	type event struct {
		p orb.Point
		i int32
	}
	events := make([]event, n)
	for i, p := range s.at {
		events[i] = event{p, int32(i)}
	}
	slices.SortFunc(events,
		func(a, b event) int { return cmp.Or(cmp.Compare(a.p[0], b.p[0]), cmp.Compare(a.p[1], b.p[1])) })
	links := make([]int32, 5*n)
	s.above, s.below, s.left, s.right, s.under = links[:n], links[n:2*n], links[2*n:3*n], links[3*n:4*n], links[4*n:]
	s.priority = make([]uint32, n)
	rng := rand.New(rand.NewPCG(1, 2)) // only for the balance of the tree
	for i := range s.priority {
		s.priority[i] = rng.Uint32()
	}
	s.root = -1
	for k, e := range events {
		if k > 0 && events[k-1].p == e.p {
			return false
		}
		if !s.event(e.p, s.prior[e.i], e.i) {
			return false
		}
	}
	return true
}

// event passes a vertex, where along the ring the edge in ends and the edge out begins. It is false when it finds
// that edges meet.
func (s *sweep) event(p orb.Point, in, out int32) bool {
	inStarts, outStarts := s.segs[in].l == p, s.segs[out].l == p
	switch {
	case inStarts && outStarts:
		turn := orientation(p, s.segs[in].r, s.segs[out].r)
		low, high, on := s.locate(p)
		if turn == 0 || on {
			return false
		}
		lower, upper := in, out
		if turn < 0 {
			lower, upper = out, in
		}
		s.enter(s.ring[out], lower == out, low)
		s.insert(lower, low, high)
		s.insert(upper, lower, high)
		return s.apart(low, lower) && s.apart(upper, high)
	case !inStarts && !outStarts:
		lower, upper := in, out
		if s.above[lower] != upper {
			lower, upper = out, in
			if s.above[lower] != upper {
				return false
			}
		}
		low, high := s.below[lower], s.above[upper]
		s.remove(lower)
		s.remove(upper)
		return s.apart(low, high)
	case inStarts:
		in, out = out, in
	}
	s.replace(in, out)
	return s.apart(s.below[out], out) && s.apart(out, s.above[out])
}

// enter notes which ring lies around a ring, at its first vertex; low is the edge below it.
func (s *sweep) enter(ring int32, ccw bool, low int32) {
	r := &s.rings[ring]
	if r.seen {
		return
	}
	r.seen, r.ccw = true, ccw
	if low < 0 {
		return
	}
	r.parent = s.ring[low]
	if around := &s.rings[r.parent]; s.segs[low].forward != around.ccw { // above low it is outside of that ring
		r.parent = around.parent
	}
}

// nested tells that every hole lies directly in its shell and no shell in another one.
func (s *sweep) nested() bool {
	for _, r := range s.rings {
		switch {
		case r.hole:
			if r.parent < 0 || s.rings[r.parent].hole || s.rings[r.parent].polygon != r.polygon {
				return false
			}
		case r.parent >= 0 && !s.rings[r.parent].hole:
			return false
		}
	}
	return true
}

// apart tells that two edges do not meet, except at a vertex that they share.
func (s *sweep) apart(i, j int32) bool {
	if i < 0 || j < 0 || s.prior[i] == j || s.prior[j] == i {
		return true // if they run along one line, that is found at the vertex where the shorter one ends
	}
	a, b := &s.segs[i], &s.segs[j]
	return orientation(a.l, a.r, b.l)*orientation(a.l, a.r, b.r) > 0 ||
		orientation(b.l, b.r, a.l)*orientation(b.l, b.r, a.r) > 0
}

// locate finds the edges below and above p, and whether p lies on one of them.
func (s *sweep) locate(p orb.Point) (low, high int32, on bool) {
	low, high = -1, -1
	for at := s.root; at >= 0; {
		switch orientation(s.segs[at].l, s.segs[at].r, p) {
		case 1:
			low, at = at, s.right[at]
		case -1:
			high, at = at, s.left[at]
		default:
			return low, high, true
		}
	}
	return low, high, false
}

func (s *sweep) insert(e, low, high int32) {
	s.below[e], s.above[e] = low, high
	if low >= 0 {
		s.above[low] = e
	}
	if high >= 0 {
		s.below[high] = e
	}
	s.left[e], s.right[e], s.under[e] = -1, -1, -1
	switch {
	case low >= 0 && s.right[low] < 0:
		s.right[low], s.under[e] = e, low
	case high >= 0:
		s.left[high], s.under[e] = e, high
	default:
		s.root = e
	}
	for s.under[e] >= 0 && s.priority[s.under[e]] < s.priority[e] {
		s.lift(e)
	}
}

func (s *sweep) remove(e int32) {
	if low := s.below[e]; low >= 0 {
		s.above[low] = s.above[e]
	}
	if high := s.above[e]; high >= 0 {
		s.below[high] = s.below[e]
	}
	for {
		l, r := s.left[e], s.right[e]
		if l < 0 && r < 0 {
			break
		}
		if l < 0 || r >= 0 && s.priority[r] > s.priority[l] {
			l = r
		}
		s.lift(l)
	}
	s.hang(s.under[e], e, -1)
}

// replace puts the edge e in the place of the edge old.
func (s *sweep) replace(old, e int32) {
	for _, links := range [][]int32{s.above, s.below, s.left, s.right, s.under} {
		links[e] = links[old]
	}
	s.priority[e] = s.priority[old]
	if low := s.below[e]; low >= 0 {
		s.above[low] = e
	}
	if high := s.above[e]; high >= 0 {
		s.below[high] = e
	}
	for _, child := range [2]int32{s.left[e], s.right[e]} {
		if child >= 0 {
			s.under[child] = e
		}
	}
	s.hang(s.under[e], old, e)
}

// hang puts e in the place that old has as a child of parent, or as the root.
func (s *sweep) hang(parent, old, e int32) {
	switch {
	case parent < 0:
		s.root = e
	case s.left[parent] == old:
		s.left[parent] = e
	default:
		s.right[parent] = e
	}
}

// lift rotates e into the place of its parent.
func (s *sweep) lift(e int32) {
	p := s.under[e]
	s.hang(s.under[p], p, e)
	s.under[e] = s.under[p]
	var moved int32
	if s.left[p] == e {
		moved = s.right[e]
		s.left[p], s.right[e] = moved, p
	} else {
		moved = s.left[e]
		s.right[p], s.left[e] = moved, p
	}
	s.under[p] = e
	if moved >= 0 {
		s.under[moved] = p
	}
}
