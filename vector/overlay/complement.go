package overlay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// Complement returns the tile box without a shape that lies inside it. No vertex of the shape lies on a side of the
// box except where [Halve] cut it. The result is of the kind of [Piece.Shape].
func Complement(box orb.Bound, shape orb.MultiPolygon) (orb.MultiPolygon, error) {
	rings, chains := chainsOf(Piece{box, shape})
	width, height := box.Max[0]-box.Min[0], box.Max[1]-box.Min[1]
	turn := 2 * (width + height)
	round := func(p orb.Point) float64 { // how far p is on the way round the box, counter-clockwise from its lowest corner
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
	order := make([]int32, len(chains)) // sorted by where they begin on the way round
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
