package overlay

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// walk makes the rings of the results. It is false when the areas of the results do not add up to those of a and of
// b.
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

// rings finds the outline and the area of what lies in a and in b, of a without b, or of b without a. It is not ok
// when a ring might touch itself.
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
		// The outline of what a and b have in common begins with a stretch of a inside b, from where a enters. That of a
		// without b begins with a stretch outside b, from where a leaves; that of b without a with a stretch inside b,
		// which is followed backward from where a leaves.
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

// forward adds the crossing x and the vertices from there to the crossing y, along the ring of s. x is on the edge of
// that number, y on the edge to.
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

// backward does the same against the direction of the ring.
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
