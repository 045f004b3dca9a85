package overlay

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Piece is the part of a shape that lies inside a tile.
type Piece struct {
	// Box is the tile. No vertex of the uncut shape lies on the line of one of its
	// sides; a side that cuts nothing may be infinite.
	Box   orb.Bound
	Shape orb.MultiPolygon // oriented; see [Halve]
}

// seamTolerance is how far apart, in the unit of the coordinates, the two sides of a seam may see an edge cross it:
// an overlay may have moved the crossing by rounding on one side alone.
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

// link finds for each chain the one that goes on where it ends: at the same point, or otherwise at the nearest one
// within the tolerance.
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
