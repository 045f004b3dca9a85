package vector

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// star returns a ring around a place with corners on a lattice, not always convex.
func star(r *rand.Rand, x, y, size int) orb.Ring {
	var ring orb.Ring
	for _, d := range [][2]int{{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}} {
		k := 1 + r.IntN(size)
		ring = append(ring, orb.Point{float64(x + k*d[0]), float64(y + k*d[1])})
	}
	return append(ring, ring[0])
}

// TestMeetsBoxTwin compares with every point of a lattice four times as fine as that of the corners, in which polygon
// and box either have a point in common or are looked at edge by edge, in whole numbers.
func TestMeetsBoxTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 1))
	met, boxesOnly := 0, 0
	for range 20_000 {
		ring := star(r, 0, 0, 8)
		polygon := orb.Polygon{ring}
		if r.IntN(2) == 0 { // a hole of half the size
			hole := make(orb.Ring, len(ring))
			for i, p := range ring {
				hole[len(ring)-1-i] = orb.Point{p[0] / 2, p[1] / 2}
			}
			polygon = append(polygon, hole)
		}
		min := orb.Point{float64(r.IntN(36)-18) / 2, float64(r.IntN(36)-18) / 2}
		box := orb.Bound{Min: min, Max: orb.Point{min[0] + float64(r.IntN(8))/2, min[1] + float64(r.IntN(8))/2}}
		want := meetsTwin(polygon, box)
		if got := MeetsBox(orb.MultiPolygon{polygon}, box); got != want {
			t.Fatalf("%v and %v: %v, want %v", polygon, box, got, want)
		}
		if want {
			met++
		} else if polygon.Bound().Intersects(box) {
			boxesOnly++
		}
	}
	if met < 1000 || boxesOnly < 1000 {
		t.Errorf("%d meet, of %d only the boxes do", met, boxesOnly)
	}
}

// meetsTwin clips each edge by the four sides in whole numbers of 1/2, and asks for the centre of the box by winding.
func meetsTwin(polygon orb.Polygon, box orb.Bound) bool {
	whole := func(x float64) int64 { return int64(2 * x) }
	x0, y0, x1, y1 := whole(box.Min[0]), whole(box.Min[1]), whole(box.Max[0]), whole(box.Max[1])
	winding := 0
	for k, ring := range polygon {
		around := 0
		for i := 1; i < len(ring); i++ {
			ax, ay, bx, by := whole(ring[i-1][0]), whole(ring[i-1][1]), whole(ring[i][0]), whole(ring[i][1])
			// Liang and Barsky: the part from n0/d0 to n1/d1 of the edge.
			n0, d0, n1, d1, out := int64(0), int64(1), int64(1), int64(1), false
			for _, c := range [4][2]int64{{ax - bx, ax - x0}, {bx - ax, x1 - ax}, {ay - by, ay - y0}, {by - ay, y1 - ay}} {
				p, q := c[0], c[1]
				switch {
				case p == 0:
					out = out || q < 0
				case p < 0:
					if -q*d0 > n0*-p {
						n0, d0 = -q, -p
					}
				default:
					if q*d1 < n1*p {
						n1, d1 = q, p
					}
				}
			}
			if !out && n0*d1 <= n1*d0 {
				return true
			}
			cross := (bx-ax)*(y0-ay) - (x0-ax)*(by-ay)
			if ay <= y0 && by > y0 && cross > 0 {
				around++
			} else if ay > y0 && by <= y0 && cross < 0 {
				around--
			}
		}
		if k == 0 {
			winding = around
		} else if around != 0 {
			winding = 0
		}
	}
	return winding != 0
}

// TestMeetsBoxExactly: where rounding would tell otherwise, the test does not round.
func TestMeetsBoxExactly(t *testing.T) {
	// The hypotenuse passes the corner (1/3, 1/3) of a box; the triangle lies below it.
	third := 1.0 / 3
	triangle := func(by float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{0, 0}, {2 * third, 0}, {0, by}, {0, 0}}}}
	}
	box := orb.Bound{Min: orb.Point{third, third}, Max: orb.Point{1, 1}}
	for by, want := range map[float64]bool{2 * third: true, 2*third - 0x1p-53: false, 2*third + 0x1p-52: true} {
		if got := MeetsBox(triangle(by), box); got != want {
			t.Errorf("%b: %v, want %v", by, got, want)
		}
	}
}
