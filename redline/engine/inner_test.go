package engine

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// slowInnerPoint is what a finder must agree with: it sorts all gaps and looks into eight.
func slowInnerPoint(mp orb.MultiPolygon) orb.Point {
	best, most := mp[0], 0.0
	for _, p := range mp {
		if a := trace.DoubleArea(p[0]); a > most {
			best, most = p, a
		}
	}
	var vs []float64
	for _, ring := range best {
		for _, q := range ring {
			vs = append(vs, q[1])
		}
	}
	slices.Sort(vs)
	var gaps [][2]float64 // height, lower end
	for i := 1; i < len(vs); i++ {
		gaps = append(gaps, [2]float64{vs[i] - vs[i-1], vs[i-1]})
	}
	slices.SortFunc(gaps, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(b[0], a[0]), cmp.Compare(a[1], b[1])) })
	point, room := best[0][0], -1.0
	for _, gap := range gaps[:min(8, len(gaps))] {
		v := gap[1] + gap[0]/2
		var us []float64
		for _, ring := range best {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > v) != (b[1] > v) {
					us = append(us, a[0]+(v-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(us)
		for i := 1; i < len(us); i += 2 {
			if d := us[i] - us[i-1]; min(d, gap[0]) > room {
				point, room = orb.Point{us[i-1] + d/2, v}, min(d, gap[0])
			}
		}
	}
	return point
}

// TestInnerPointAgainstTwin: polygons with many equal gaps, with none, and with few.
func TestInnerPointAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	var f finder
	for range 5000 {
		var mp orb.MultiPolygon
		for range 1 + random.IntN(3) {
			var p orb.Polygon
			for range 1 + random.IntN(2) {
				var ring orb.Ring
				n, lattice := 3+random.IntN(30), random.IntN(2) == 0
				for i := range n { // around a centre
					turn, r := 2*math.Pi*float64(i)/float64(n), 1+9*random.Float64()
					q := orb.Point{10 + r*math.Cos(turn), 10 + r*math.Sin(turn)}
					if lattice {
						q = orb.Point{math.Round(q[0]), math.Round(q[1])}
					}
					ring = append(ring, q)
				}
				p = append(p, append(ring, ring[0]))
			}
			mp = append(mp, p)
		}
		if got, want := f.innerPoint(mp), slowInnerPoint(mp); got != want {
			t.Fatalf("%v is found in %v, want %v", got, mp, want)
		}
	}
}

// The tallest gap between vertices may lie in a spike; the point must not.
func TestInnerPointAvoidsSpikes(t *testing.T) {
	spiked := orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0.5, 1}, {0.5 - 1e-9, 9}, {0.5 - 2e-9, 1}, {0, 1}, {0, 0}}}}
	if p := new(finder).innerPoint(spiked); p[1] > 1 {
		t.Errorf("%v lies in the spike", p)
	}
}
