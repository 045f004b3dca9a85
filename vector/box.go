package vector

import "github.com/paulmach/orb"

// MeetsBox tells whether polygons, which are valid, have a point in a box, edges of both included. It does not round.
// Ordinates are finite and below 1e150.
func MeetsBox(mp orb.MultiPolygon, box orb.Bound) bool {
	for _, polygon := range mp {
		inside := false // the corner of the box: an odd number of rings is around it
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if edgeMeets(a, b, &box) {
					return true
				}
				if a[1] > b[1] {
					a, b = b, a
				}
				if a[1] <= box.Min[1] && box.Min[1] < b[1] && orientation(a, b, box.Min) > 0 {
					inside = !inside
				}
			}
		}
		if inside { // and no edge meets the box, so all of it is
			return true
		}
	}
	return false
}

// edgeMeets tells whether an edge has a point in a box: none of the lines along the sides of the box, and not that
// along the edge, parts the two.
func edgeMeets(a, b orb.Point, box *orb.Bound) bool {
	if max(a[0], b[0]) < box.Min[0] || min(a[0], b[0]) > box.Max[0] ||
		max(a[1], b[1]) < box.Min[1] || min(a[1], b[1]) > box.Max[1] {
		return false
	}
	if box.Contains(a) || box.Contains(b) {
		return true
	}
	left, right := false, false
	for _, corner := range [...]orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}} {
		turn := orientation(a, b, corner)
		left, right = left || turn >= 0, right || turn <= 0
	}
	return left && right
}
