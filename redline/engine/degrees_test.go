package engine

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/patch"
	"greenshield/redline"
)

// degreesTwin is toDegrees with memory of its own.
func degreesTwin(c *cutter, shape orb.MultiPolygon, round bool) (out orb.MultiPolygon) {
	for _, p := range shape {
		var q orb.Polygon
		for _, ring := range p {
			var r orb.Ring
			for i, v := range slices.Backward(ring) {
				points := orb.Ring{v}
				if i+1 < len(ring) {
					points = points[:0]
					c.between(ring[i+1], v, func(p orb.Point) { points = append(points, p) })
					points = append(points, v)
				}
				for _, p := range points {
					lon, lat := c.lonlats.At(p[0], p[1])
					if round {
						lon, lat = roundDegrees(lon), roundDegrees(lat)
					}
					r = append(r, orb.Point{lon, lat})
				}
			}
			if r = slices.Compact(r); len(r) >= 4 {
				q = append(q, r)
			} else if len(q) == 0 {
				break
			}
		}
		if len(q) > 0 {
			out = append(out, q)
		}
	}
	return out
}

// TestDegreesAgainstTwin: shapes of several polygons and rings, some of which rounding leaves too little of, small ones
// and such as are too large for their memory to be kept, one after the other in the same memory.
func TestDegreesAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	s := newTwinScene(t, rng)
	p, err := newPlan(s.in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := (&Comparison{plan: p, ports: Ports{NewOverlayer: newOverlayer}}).newCutter(nil)
	polygons, rings := 0, 0
	for k := range 500 {
		most := 6
		if k%100 == 50 {
			most = 1 << 16
		}
		var shape orb.MultiPolygon
		for range rng.IntN(4) {
			var polygon orb.Polygon
			for range 1 + rng.IntN(3) {
				size := 1.0
				if rng.IntN(3) == 0 {
					size = 1e-9
				}
				var ring orb.Ring
				for range 3 + rng.IntN(most) {
					ring = append(ring, orb.Point{rng.Float64() * size, rng.Float64() * size})
				}
				polygon = append(polygon, append(ring, ring[0]))
			}
			shape = append(shape, polygon)
		}
		round := rng.IntN(4) > 0
		got, want := c.toDegrees(shape, round), degreesTwin(c, shape, round)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("shape %d of %d polygons differs from that of the twin, which has %d", k, len(got), len(want))
		}
		polygons += len(shape) - len(want)
		for i := range want {
			rings += len(want[i])
		}
	}
	if polygons < 50 || rings < 500 {
		t.Errorf("%d polygons left out, %d rings kept: too few to mean anything", polygons, rings)
	}
}
