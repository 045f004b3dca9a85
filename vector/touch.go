package vector

import (
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster/sets"
)

// touch is a place where two rings have a vertex each: v and w, v < w, in the order of the tree.
type touch struct{ v, w int32 }

// touches tells that the edges i and k, of two rings, have one vertex in common and nothing else, and notes where.
func (p *Prover) touches(i, k int32) bool {
	at := p.tree.At
	for _, v := range [2]int32{i, i + 1} {
		for _, w := range [2]int32{k, k + 1} {
			if at[v] == at[w] {
				a, b := p.first(v), p.first(w)
				p.touched = append(p.touched, touch{min(a, b), max(a, b)})
				return apartFrom(at[v], at[2*i+1-v], at[2*k+1-w]) // the other ends
			}
		}
	}
	return false
}

// ringOf returns the ring of a vertex.
func (p *Prover) ringOf(v int32) int {
	ring, _ := slices.BinarySearchFunc(p.tree.Ends, v, func(end, v int32) int {
		if end > v {
			return 1
		}
		return -1
	})
	return ring
}

// first returns the first vertex of a ring for its last one, which repeats it, and any other as it is.
func (p *Prover) first(v int32) int32 {
	if first, last := p.tree.Vertices(p.ringOf(v)); v == last {
		return first
	}
	return v
}

// apartFrom tells that the directions from o to p and to q differ.
func apartFrom(o, p, q orb.Point) bool { return turns(p, o, q) || orientation(o, p, q) != 0 }

// touchWell tells that rings which touch do not cross there, and that each two rings of a polygon are linked in one way
// at most, over whichever rings: so that its interior is not parted.
func (p *Prover) touchWell() bool {
	if len(p.touched) == 0 {
		return true
	}
	linked := sets.New(len(p.owner))
	for _, t := range p.touched {
		r, s := p.ringOf(t.v), p.ringOf(t.w)
		a, b := p.beside(t.v, r)
		c, d := p.beside(t.w, s)
		o := p.tree.At[t.v]
		if between(o, a, b, c) != between(o, a, b, d) {
			return false
		}
		if p.owner[r] == p.owner[s] {
			if linked.Find(int32(r)) == linked.Find(int32(s)) {
				return false
			}
			linked.Union(int32(r), int32(s))
		}
	}
	return true
}

// beside returns the points before and after a vertex of a ring.
func (p *Prover) beside(v int32, ring int) (before, after orb.Point) {
	first, last := p.tree.Vertices(ring)
	if before = p.tree.At[last-1]; v > first {
		before = p.tree.At[v-1]
	}
	return before, p.tree.At[v+1]
}

// between tells that who turns about o counter-clockwise from the direction of a to that of b passes that of c, which
// is neither of them.
func between(o, a, b, c orb.Point) bool {
	switch ab := orientation(o, a, b); {
	case ab > 0:
		return orientation(o, a, c) > 0 && orientation(o, c, b) > 0
	case ab < 0:
		return !(orientation(o, b, c) > 0 && orientation(o, c, a) > 0)
	}
	return orientation(o, a, c) > 0
}

// loneliest returns a vertex of a ring that touches no other ring, or its first one when there is none.
func (p *Prover) loneliest(ring int) int32 {
	first, last := p.tree.Vertices(ring)
	if len(p.touched) == 0 {
		return first
	}
	if p.meeting == nil {
		p.meeting = map[int32][]int32{}
		for _, t := range p.touched {
			p.meeting[t.v], p.meeting[t.w] = append(p.meeting[t.v], t.w), append(p.meeting[t.w], t.v)
		}
	}
	for v := first; v < last; v++ {
		if len(p.meeting[v]) == 0 {
			return v
		}
	}
	return first
}

// winding tells which way a ring that does not meet itself turns: 1 counter-clockwise, −1 clockwise.
func (p *Prover) winding(ring int) int8 {
	if p.turning == nil {
		p.turning = make([]int8, len(p.owner))
	}
	if p.turning[ring] == 0 {
		lowest, last := p.tree.Vertices(ring)
		for v := lowest + 1; v < last; v++ {
			if before(p.tree.At[v], p.tree.At[lowest]) {
				lowest = v
			}
		}
		from, to := p.beside(lowest, ring)
		p.turning[ring] = int8(orientation(from, p.tree.At[lowest], to))
	}
	return p.turning[ring]
}
