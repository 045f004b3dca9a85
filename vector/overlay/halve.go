package overlay

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Halve cuts a region by the line on which coordinate axis (0 is u, 1 is v) equals at.
// rings are the region's closed rings in any order, with the region on the left hand
// (u to the right, v upwards), and so are the results; low holds what lies below the
// line. Vertices on the line count as lying infinitesimally above it. New vertices lie on
// the line, and only there. Rings that the line does not meet are shared, not copied.
//
// ok is false when rounding leaves the order of the cuts along the line in doubt, as it
// also does when rings cross. The cost is linear but for sorting the cuts.
func Halve(rings []orb.Ring, axis int, at float64) (low, high []orb.Ring, ok bool) {
	type chain struct {
		to     int32 // the cut at its end
		points orb.Ring
	}
	type cut struct {
		pos     float64
		up      bool
		partner int32 // the cut at the other end of the stretch inside the region
		next    chain // what begins here
		used    bool
	}
	var cuts []cut
	for _, ring := range rings {
		n := len(ring) - 1
		above := func(i int) bool { return ring[i][axis] >= at }
		first := 0
		for first < n && above(first) == above(first+1) {
			first++
		}
		if first >= n {
			if n >= 0 && above(0) {
				high = append(high, ring)
			} else {
				low = append(low, ring)
			}
			continue
		}
		base := int32(len(cuts))
		for k := range n {
			i := (first + k) % n
			a, b := ring[i], ring[i+1]
			if above(i) != above(i+1) {
				p := orb.Point{at, at}
				p[1-axis] = crossing(a, b, axis, at)
				if here := int32(len(cuts)); here > base {
					open := &cuts[here-1].next
					open.to, open.points = here, append(open.points, p)
				}
				cuts = append(cuts, cut{pos: p[1-axis], up: above(i + 1), next: chain{points: orb.Ring{p}}})
			}
			open := &cuts[len(cuts)-1].next
			open.points = append(open.points, b)
		}
		open := &cuts[len(cuts)-1].next
		open.to, open.points = base, append(open.points, cuts[base].next.points[0])
	}

	// Along the line the region begins and ends in turn: it lies on the left hand.
	order := make([]int32, len(cuts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order,
		func(a, b int32) int { return cmp.Or(cmp.Compare(cuts[a].pos, cuts[b].pos), cmp.Compare(a, b)) })
	for k := range order {
		begins := (k%2 == 0) == (axis == 0) // what goes up begins it on u = at
		j := k
		for j < len(order) && cuts[order[j]].pos == cuts[order[k]].pos && cuts[order[j]].up != begins {
			j++
		}
		if j == len(order) || cuts[order[j]].pos != cuts[order[k]].pos {
			return nil, nil, false
		}
		order[k], order[j] = order[j], order[k]
		if k%2 == 1 {
			a, b := order[k-1], order[k]
			cuts[a].partner, cuts[b].partner = b, a
		}
	}
	for start := range cuts {
		if cuts[start].used {
			continue
		}
		var ring orb.Ring
		for at := int32(start); !cuts[at].used; {
			c := &cuts[at]
			c.used = true
			for _, p := range c.next.points {
				if len(ring) == 0 || ring[len(ring)-1] != p {
					ring = append(ring, p)
				}
			}
			at = cuts[c.next.to].partner
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
		}
		if len(ring) < 4 {
			continue // narrower than rounding
		}
		if cuts[start].up {
			high = append(high, ring)
		} else {
			low = append(low, ring)
		}
	}
	return low, high, true
}

// Polygons makes polygons of rings that [Halve] left, oriented and ordered as by
// [trace.Polygons]. The rings are not changed.
func Polygons(rings []orb.Ring) (orb.MultiPolygon, error) {
	var simple []orb.Ring
	for _, r := range rings {
		simple = append(simple, trace.Simple(r)...)
	}
	return trace.Assemble(simple)
}

// Piece is the part of a shape inside a tile.
type Piece struct {
	// Box is the tile. No vertex of the uncut shape lies on the line of one of its
	// sides; a side that cuts nothing may be infinite.
	Box   orb.Bound
	Shape orb.MultiPolygon // oriented; see [Halve]
}

// seamTolerance is how far apart, in the unit of the coordinates, the two sides of a seam
// may see an edge cross it: an overlay may have moved it by rounding on one side alone.
const seamTolerance = 1e-6

// Join joins pieces of one shape that meet in the sides of their tiles. Vertices on
// these sides are taken out: the result has the vertices that the pieces have inside
// their tiles, and no others. It is oriented and ordered as by [trace.Polygons].
func Join(pieces []Piece) (orb.MultiPolygon, error) {
	var rings, chains []orb.Ring // a chain runs from side to side
	for _, piece := range pieces {
		whole, cut := chainsOf(piece)
		rings, chains = append(rings, whole...), append(chains, cut...)
	}
	next, err := link(chains)
	if err != nil {
		return nil, err
	}
	used := make([]bool, len(chains))
	for start := range chains {
		var ring orb.Ring
		for i := int32(start); !used[i]; i = next[i] {
			used[i] = true
			for _, p := range chains[i][1 : len(chains[i])-1] {
				if len(ring) == 0 || ring[len(ring)-1] != p {
					ring = append(ring, p)
				}
			}
		}
		if len(ring) < 3 {
			continue
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
		}
		rings = append(rings, trace.Simple(ring)...)
	}
	return trace.Assemble(rings)
}

// chainsOf takes the sides of the tile out of a piece's outline: what is left are whole
// rings, and chains that begin and end on a side. All are copies.
func chainsOf(piece Piece) (rings, chains []orb.Ring) {
	lines := [4]struct {
		axis int
		at   float64
	}{{0, piece.Box.Min[0]}, {0, piece.Box.Max[0]}, {1, piece.Box.Min[1]}, {1, piece.Box.Max[1]}}
	onSide := func(p orb.Point) bool {
		return p[0] == lines[0].at || p[0] == lines[1].at || p[1] == lines[2].at || p[1] == lines[3].at
	}
	along := func(a, b orb.Point) bool {
		for _, l := range lines {
			if a[l.axis] == l.at && b[l.axis] == l.at {
				return true
			}
		}
		return false
	}
	for _, polygon := range piece.Shape {
		for _, ring := range polygon {
			n := len(ring) - 1
			first := slices.IndexFunc(ring, onSide)
			if first < 0 {
				rings = append(rings, slices.Clone(ring))
				continue
			}
			var chain orb.Ring
			for k := range n {
				a, b := ring[(first+k)%n], ring[(first+k)%n+1]
				if onSide(a) {
					if along(a, b) {
						continue
					}
					chain = orb.Ring{a}
				}
				chain = append(chain, b)
				if onSide(b) {
					chains = append(chains, chain)
				}
			}
		}
	}
	return rings, chains
}

// Complement returns the tile box without a shape inside it; no vertex of the shape lies
// on a side of the box but where [Halve] cut it. The result is a [Piece]'s shape.
func Complement(box orb.Bound, shape orb.MultiPolygon) (orb.MultiPolygon, error) {
	rings, chains := chainsOf(Piece{box, shape})
	width, height := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	turn := 2 * (width + height)
	round := func(p orb.Point) float64 { // way round the box, counter-clockwise from its lowest corner
		switch {
		case p[1] == box.Min[1]:
			return p[0] - box.Min[0]
		case p[0] == box.Max[0]:
			return width + p[1] - box.Min[1]
		case p[1] == box.Max[1]:
			return width + height + box.Max[0] - p[0]
		}
		return turn - (p[1] - box.Min[1])
	}
	corners := [4]orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}}
	ways := [4]float64{0, width, width + height, 2*width + height}
	for _, r := range rings {
		r.Reverse()
	}
	order := make([]int32, len(chains)) // by where they begin, going round
	for i, c := range chains {
		c.Reverse()
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(round(chains[a][0]), round(chains[b][0])), cmp.Compare(a, b))
	})
	if len(chains) == 0 {
		rings = append(rings, box.ToRing())
	}
	used := make([]bool, len(chains))
	for _, start := range order {
		var ring orb.Ring
		for i := start; !used[i]; {
			used[i] = true
			ring = append(ring, chains[i]...)
			from := round(ring[len(ring)-1])
			at, _ := slices.BinarySearchFunc(order, from,
				func(k int32, way float64) int { return cmp.Compare(round(chains[k][0]), way) })
			past := at == len(order)
			next := order[at%len(order)]
			to := round(chains[next][0])
			if past {
				to += turn
			}
			for lap := range 2 {
				for c, way := range ways {
					if way += float64(lap) * turn; way > from && way < to {
						ring = append(ring, corners[c])
					}
				}
			}
			if used[next] && next != start {
				return nil, fmt.Errorf("internal: the outline is not closed round the tile at %v", ring[len(ring)-1])
			}
			i = next
		}
		if len(ring) == 0 {
			continue
		}
		ring = slices.Compact(append(ring, ring[0]))
		if len(ring) > 3 {
			rings = append(rings, ring)
		}
	}
	return Polygons(rings)
}

// link finds for each chain the one that goes on where it ends: at the same point, or
// else at the nearest within the tolerance.
func link(chains []orb.Ring) ([]int32, error) {
	first := func(i int32) orb.Point { return chains[i][0] }
	next, taken := make([]int32, len(chains)), make([]bool, len(chains))
	starts := make([]int32, len(chains))
	for i := range starts {
		starts[i], next[i] = int32(i), -1
	}
	slices.SortFunc(starts, func(a, b int32) int {
		return cmp.Or(trace.ComparePoints(first(a), first(b)), cmp.Compare(a, b))
	})
	var loose []int32
	for i, chain := range chains {
		prior, end := chain[len(chain)-2], chain[len(chain)-1]
		at, _ := slices.BinarySearchFunc(starts, end,
			func(k int32, p orb.Point) int { return trace.ComparePoints(first(k), p) })
		best := int32(-1)
		for ; at < len(starts) && first(starts[at]) == end; at++ {
			k := starts[at]
			if !taken[k] && (best < 0 || leftOf(prior, end, chains[k][1], chains[best][1])) {
				best = k
			}
		}
		if next[i] = best; best < 0 {
			loose = append(loose, int32(i))
		} else {
			taken[best] = true
		}
	}
	if len(loose) == 0 {
		return next, nil
	}
	starts = slices.DeleteFunc(starts, func(k int32) bool { return taken[k] })
	for _, i := range loose {
		end := chains[i][len(chains[i])-1]
		at, _ := slices.BinarySearchFunc(starts, end[1]-seamTolerance,
			func(k int32, v float64) int { return cmp.Compare(first(k)[1], v) })
		best, nearest := int32(-1), seamTolerance
		for ; at < len(starts) && first(starts[at])[1] <= end[1]+seamTolerance; at++ {
			if d := math.Hypot(first(starts[at])[0]-end[0], first(starts[at])[1]-end[1]); d <= nearest && !taken[starts[at]] {
				best, nearest = starts[at], d
			}
		}
		if best < 0 {
			return nil, fmt.Errorf("internal: the pieces do not meet at (%v, %v)", end[0], end[1])
		}
		next[i], taken[best] = best, true
	}
	return next, nil
}
