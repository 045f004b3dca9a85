package arrangement

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Outlines returns the outlines of parts that are made of kinds of ground: parts[kind] lists the parts that a kind of
// ground belongs to, ascending, and owner the region of each part whose vertices count. A node where an edge of a
// region was led through a vertex or crossing is left out of an outline that follows that edge on both sides of it:
// the edge of the owner, if it is one, and else that of the first region.
//
// Polygons are oriented and ordered as by [trace.Polygons].
func (a *Arrangement) Outlines(parts [][]int32, owner []int32) ([]orb.MultiPolygon, error) {
	t := tracer{Arrangement: a, next: make([]int32, len(a.at))}
	for i := range t.next {
		t.next[i] = -1
	}
	halves := a.halves(parts, len(owner))
	out := make([]orb.MultiPolygon, len(owner))
	for part, outline := range halves {
		t.owner = owner[part]
		var err error
		if out[part], err = t.trace(outline); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// halves lists the half-edges that have a part on their left hand and not on their right hand, by part.
func (a *Arrangement) halves(parts [][]int32, n int) [][]int32 {
	type sides struct{ left, right int32 }
	type change struct{ begin, end []int32 } // the parts that are on the left hand only, and on the right hand only
	changes := map[sides]*change{}
	counts := make([]int32, n)
	of := make([]*change, len(a.edges))
	for e := range a.edges {
		key := sides{a.left[e], a.right[e]}
		c := changes[key]
		if c == nil {
			c = &change{without(parts[key.left], parts[key.right]), without(parts[key.right], parts[key.left])}
			changes[key] = c
		}
		for _, part := range c.begin {
			counts[part]++
		}
		for _, part := range c.end {
			counts[part]++
		}
		of[e] = c
	}
	halves := make([][]int32, n)
	for part, count := range counts {
		halves[part] = make([]int32, 0, count)
	}
	for e, c := range of {
		for _, part := range c.begin {
			halves[part] = append(halves[part], int32(2*e))
		}
		for _, part := range c.end {
			halves[part] = append(halves[part], int32(2*e+1))
		}
	}
	return halves
}

// without returns what of the sorted list a is not in the sorted list b.
func without(a, b []int32) (rest []int32) {
	for _, x := range a {
		if _, in := slices.BinarySearch(b, x); !in {
			rest = append(rest, x)
		}
	}
	return rest
}

// tracer makes rings of half-edges.
type tracer struct {
	*Arrangement
	owner int32
	next  []int32 // by node: position of a half-edge that leaves it, −1 if there is none
}

// trace returns the polygons whose outlines are those half-edges.
func (t *tracer) trace(halves []int32) (orb.MultiPolygon, error) {
	// Half-edges that leave one node are chained: t.next has the last one, also the one before.
	also := make([]int32, len(halves))
	for i, h := range halves {
		node := t.start(h)
		also[i], t.next[node] = t.next[node], int32(i)
	}
	defer func() {
		for _, h := range halves {
			t.next[t.start(h)] = -1
		}
	}()
	var rings []orb.Ring
	used := make([]bool, len(halves))
	var walk []int32
	for first := range halves {
		if used[first] {
			continue
		}
		walk = walk[:0]
		branched := false
		for i := int32(first); ; {
			used[i] = true
			walk = append(walk, halves[i])
			node := t.end(halves[i])
			next := t.next[node]
			if next >= 0 && also[next] >= 0 {
				branched = true
				next = t.sharpest(halves[i], next, halves, also)
			}
			if next == int32(first) {
				break
			}
			if next < 0 || used[next] {
				return nil, fmt.Errorf("internal: an outline is not closed at (%v, %v)", t.at[node][0], t.at[node][1])
			}
			i = next
		}
		ring := t.ring(walk)
		switch {
		case len(ring) < 4:
		case branched:
			rings = append(rings, trace.Simple(ring)...)
		default:
			rings = append(rings, ring)
		}
	}
	return trace.Assemble(rings)
}

// sharpest returns the half-edge, by its position in halves, that goes on most sharply to the left where in ends, so
// that parts which only touch stay apart. The choice is chained from one on.
func (t *tracer) sharpest(in, one int32, halves, also []int32) int32 {
	star := t.leaving(t.end(in))
	back := slices.Index(star, in^1)
	for k := 1; k <= len(star); k++ {
		h := star[(back-k+len(star))%len(star)]
		for i := one; i >= 0; i = also[i] {
			if halves[i] == h {
				return i
			}
		}
	}
	return -1
}

// ring makes a closed ring of half-edges that follow each other, without the nodes that are no vertices of it.
func (t *tracer) ring(walk []int32) orb.Ring {
	ring := make(orb.Ring, 0, len(walk)+1)
	before := walk[len(walk)-1]
	for _, h := range walk {
		if node := t.start(h); !t.split[node] || !t.straight(before, h) {
			ring = append(ring, t.at[node])
		}
		before = h
	}
	if len(ring) > 0 {
		ring = append(ring, ring[0])
	}
	return ring
}

// straight tells that two half-edges are parts of one edge: of the owner, if both bound it, and else of the first
// region that both bound.
func (t *tracer) straight(g, h int32) bool {
	same, found := false, false
	other := t.borders[t.edges[h>>1].border]
	for _, u := range t.borders[t.edges[g>>1].border] {
		for _, v := range other {
			if u.region == v.region && (!found || u.region == t.owner) {
				same, found = u.line == v.line, true
			}
		}
	}
	return same
}
