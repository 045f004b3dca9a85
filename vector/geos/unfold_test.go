package geos

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

const perDegree = 1e7

// folded returns random ground of cells in degrees whose outlines have oblique corners and spikes along lines of cells.
func folded(rng *rand.Rand) orb.MultiPolygon {
	const size, cell = 8, 0.0002695
	var cells []trace.Run
	for k := range int32(size * size) {
		if rng.IntN(5) < 3 {
			cells = trace.Append(cells, trace.Run{Row: k / size, Col0: k % size, Col1: k%size + 1})
		}
	}
	mp := trace.Polygons(cells)
	for _, p := range mp {
		for k, ring := range p {
			var out orb.Ring
			for _, q := range ring[:len(ring)-1] {
				switch rng.IntN(12) {
				case 0, 1: // a spike, straight or with a corner
					tip := orb.Point{q[0] + float64(rng.IntN(13)-6)/4, q[1]}
					if out = append(out, q, tip); rng.IntN(2) == 0 {
						out = append(out, orb.Point{tip[0], tip[1] + float64(rng.IntN(5)-2)}, tip)
					}
				case 2: // another course, mostly oblique
					q = orb.Point{q[0] + float64(rng.IntN(3)-1)/4, q[1] + float64(rng.IntN(3)-1)/4}
				}
				out = append(out, q)
			}
			for i := range out {
				out[i] = orb.Point{116 + out[i][0]*cell, 33 + out[i][1]*cell}
			}
			p[k] = append(out, out[0])
		}
	}
	return mp
}

// rounded returns polygons with coordinates of seven decimals, without points that repeat the one before.
func rounded(mp orb.MultiPolygon) orb.MultiPolygon {
	round := func(x float64) float64 { return math.Round(x*perDegree) / perDegree }
	out := make(orb.MultiPolygon, len(mp))
	for i, p := range mp {
		for _, ring := range p {
			var r orb.Ring
			for _, q := range ring {
				if q = (orb.Point{round(q[0]), round(q[1])}); len(r) == 0 || r[len(r)-1] != q {
					r = append(r, q)
				}
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}

// TestUnfoldAgainstSnap: what an Unfolder makes of folded outlines is what GEOS makes of them by rounding to a grid, to
// the last bit and in its order.
func TestUnfoldAgainstSnap(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	c := New()
	var u overlay.Unfolder
	unfolded, several, holes := 0, 0, 0
	for draw := range 1000 {
		exact := folded(rng)
		got, ok := u.Unfold(rounded(exact), perDegree)
		if !ok {
			continue
		}
		want, err := c.Snap(exact, 1/perDegree)
		if err != nil {
			t.Fatal(err)
		}
		if want = rounded(want); !got.Equal(want) {
			t.Fatalf("draw %d: %v\nbecame %v,\nGEOS makes %v", draw, rounded(exact), got, want)
		}
		if valid, why := c.judge(got); !valid {
			t.Fatalf("draw %d: %v: %s", draw, got, why)
		}
		unfolded++
		if len(got) > 1 {
			several++
		}
		if len(got[0]) > 1 {
			holes++
		}
	}
	if unfolded < 300 || several < 300 || holes < 200 {
		t.Errorf("%d unfolded, %d of several polygons, %d with holes: too few to mean anything", unfolded, several, holes)
	}
}
