package vector

import (
	"github.com/paulmach/orb"
)

// Meets tells whether polygons and a box have at least one point in common, edges of both included. It is exact for the
// coordinates as they are.
func Meets(mp orb.MultiPolygon, box orb.Bound) bool {
	for _, polygon := range mp {
		if len(polygon) == 0 {
			continue
		}
		for _, ring := range polygon {
			for i := range max(0, len(ring)-1) {
				if meetsEdge(ring[i], ring[i+1], box) {
					return true
				}
			}
		}
		// No edge meets the box: all of the box is inside, or all of it outside.
		if covers(polygon, box.Min) {
			return true
		}
	}
	return false
}

// meetsEdge tells whether an edge and a box have a point in common.
func meetsEdge(a, b orb.Point, box orb.Bound) bool {
	for k := range 2 {
		if max(a[k], b[k]) < box.Min[k] || min(a[k], b[k]) > box.Max[k] {
			return false
		}
	}
	if box.Contains(a) || box.Contains(b) {
		return true
	}
	// The boxes of both meet, so they are apart only if all corners are on one side of the line.
	seen := [3]bool{}
	for _, corner := range []orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}} {
		seen[orientation(a, b, corner)+1] = true
	}
	return seen[1] || seen[0] && seen[2]
}

// covers tells whether a point that is on no edge is inside a polygon.
func covers(polygon orb.Polygon, p orb.Point) bool {
	inside := false
	for _, ring := range polygon {
		for i := range max(0, len(ring)-1) {
			a, b := ring[i], ring[i+1]
			if (a[1] > p[1]) == (b[1] > p[1]) {
				continue
			}
			if a[1] > b[1] {
				a, b = b, a
			}
			if orientation(a, b, p) > 0 {
				inside = !inside
			}
		}
	}
	return inside
}
