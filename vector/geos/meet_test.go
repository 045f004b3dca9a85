package geos

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/overlay"
)

// plane is the box of what no tile cuts.
var plane = orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}

// blob is a ring around a centre, counter-clockwise, between two radii; it has n vertices
// at random angles, or evenly spaced ones.
func blob(rng *rand.Rand, n int, center orb.Point, least, most float64) orb.Ring {
	angles := make([]float64, n)
	for i := range angles {
		if angles[i] = float64(i) / float64(n); n < 12 || rng.IntN(4) == 0 {
			angles[i] = rng.Float64()
		}
	}
	slices.Sort(angles)
	ring := make(orb.Ring, n, n+1)
	for i, a := range angles {
		sin, cos := math.Sincos(2 * math.Pi * a)
		r := least + (most-least)*rng.Float64()
		ring[i] = orb.Point{center[0] + r*cos, center[1] + r*sin}
	}
	return append(ring, ring[0])
}

// blobs is a random multipolygon around a centre: one part or several, with holes or without.
func blobs(rng *rand.Rand, center orb.Point, size float64) orb.MultiPolygon {
	parts := 1
	if rng.IntN(3) == 0 {
		parts = 2 + rng.IntN(8)
	}
	var mp orb.MultiPolygon
	for i := range parts {
		at, r := center, size
		if parts > 1 {
			r = size / 2
			at[0] += 2.01 * r * float64(i%3-1)
			at[1] += 2.01 * r * float64(i/3-1)
		}
		n, rough := 3+rng.IntN(10), rng.Float64()
		if rng.IntN(2) == 0 {
			n = 8 + rng.IntN(300)
		}
		polygon := orb.Polygon{blob(rng, n, at, r*(1-rough*0.4), r)}
		if n >= 12 && rng.IntN(3) == 0 {
			hole := blob(rng, 3+rng.IntN(60), at, r*0.1, r*0.5)
			slices.Reverse(hole)
			polygon = append(polygon, hole)
		}
		mp = append(mp, polygon)
	}
	return mp
}

// pair is two random shapes: overlapping, one in the other, apart, or in a position that
// is not generic when degenerate.
func pair(rng *rand.Rand, degenerate bool) (a, b orb.MultiPolygon) {
	center := orb.Point{rng.Float64() * 20000, rng.Float64() * 20000}
	size := math.Exp(rng.Float64() * 6)
	a = blobs(rng, center, size)
	other := size * math.Exp(rng.NormFloat64())
	reach := (size + other) * rng.Float64()
	sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
	b = blobs(rng, orb.Point{center[0] + reach*cos, center[1] + reach*sin}, other)
	a, b = vector.Orient(a), vector.Orient(b)
	if !degenerate {
		return a, b
	}
	switch rng.IntN(4) {
	case 0: // coarse coordinates: vertices on edges and vertices, edges along edges
		for _, mp := range []orb.MultiPolygon{a, b} {
			for _, p := range mp {
				for _, r := range p {
					for i := range r {
						r[i] = orb.Point{math.Round(r[i][0]), math.Round(r[i][1])}
					}
				}
			}
		}
	case 1: // a vertex of b in one of a
		p := a[0][0][rng.IntN(len(a[0][0])-1)]
		d := orb.Point{p[0] - b[0][0][0][0], p[1] - b[0][0][0][1]}
		for _, polygon := range b {
			for _, r := range polygon {
				for i := range r {
					r[i] = orb.Point{r[i][0] + d[0], r[i][1] + d[1]}
				}
			}
		}
		b[0][0][0], b[0][0][len(b[0][0])-1] = p, p
	case 2: // the same but for a vertex
		b = a.Clone()
		r := b[0][0]
		r[1] = orb.Point{(r[0][0] + r[1][0]) / 2, (r[0][1] + r[1][1]) / 2}
	case 3: // parallel outlines within rounding
		b = a.Clone()
		for _, polygon := range b {
			for _, r := range polygon {
				for i := range r {
					r[i][0] = math.Nextafter(r[i][0], center[0])
				}
			}
		}
	}
	return vector.Orient(a), vector.Orient(b)
}

// halved is the part of a shape in a box, as tiles hold it.
func halved(t testing.TB, mp orb.MultiPolygon, box orb.Bound) orb.MultiPolygon {
	rings := slices.Concat(mp...)
	for axis := range 2 {
		var ok bool
		if _, rings, ok = overlay.Halve(rings, axis, box.Min[axis]); !ok {
			t.Fatal("not halved")
		}
		if rings, _, ok = overlay.Halve(rings, axis, box.Max[axis]); !ok {
			t.Fatal("not halved")
		}
	}
	cut, err := overlay.Polygons(rings)
	if err != nil {
		t.Fatal(err)
	}
	return cut
}

// differs tells how far a result is from that of GEOS: by the area of what only one of them
// covers, and whether the vertices are the same to the last bit.
func differs(t testing.TB, c *Context, got, want orb.MultiPolygon) (area float64, exact bool) {
	vertices := func(mp orb.MultiPolygon) (all []orb.Point) {
		for _, p := range mp {
			for _, r := range p {
				all = append(all, r[1:]...)
			}
		}
		slices.SortFunc(all, func(p, q orb.Point) int { return slices.Compare(p[:], q[:]) })
		return all
	}
	if exact = slices.Equal(vertices(got), vertices(want)); exact && math.Abs(vector.Area(got)-vector.Area(want)) <= 1e-12*vector.Area(want) {
		// The same vertices and the same area, yet they might be linked in other ways.
		if got, err := c.Union(got); err == nil && got.Equal(want) {
			return 0, true
		}
	}
	for _, pair := range [2][2]orb.MultiPolygon{{got, want}, {want, got}} {
		rest, err := c.Difference(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		area += vector.Area(rest)
	}
	return area, exact
}

// checkMeeting holds the overlay of a and b against GEOS. It returns how many results are
// equal to the last bit, of how many; none when the position is not generic.
func checkMeeting(t testing.TB, c *Context, a, b orb.MultiPolygon, box orb.Bound) (exact, all int) {
	m := overlay.Meet(overlay.NewShape(a), overlay.NewShape(b), box)
	if m == nil {
		return 0, 0
	}
	for _, k := range []struct {
		name string
		own  func() (*overlay.Shape, error)
		geos func(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	}{
		{"a without b", m.Rest, c.Difference},
		{"a and b", m.Common, c.Intersection},
	} {
		own, err := k.own()
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		got := own.Polygons()
		want, err := k.geos(a, b)
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		if ok, reason := c.Valid(got); !ok || !oriented(got) {
			t.Fatalf("%s: invalid or not oriented: %s\n%v\n%v", k.name, reason, a, b)
		}
		area, same := differs(t, c, got, want)
		if length := outline(a) + outline(b); area > 1e-10*length+rounding(a)+rounding(b) {
			t.Fatalf("%s: differs by %g, outlines of %g\na %v\nb %v", k.name, area, length, a, b)
		}
		if all++; same {
			exact++
		}
	}
	return exact, all
}

func TestDiffersSeesWrongAnswers(t *testing.T) {
	c := New()
	right := orb.MultiPolygon{{rect(0, 0, 4, 4), orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}}, {rect(5, 0, 6, 1)}}
	moved := right.Clone()
	moved[1][0][1][0] = math.Nextafter(6, 7)
	for _, k := range []struct {
		name  string
		mp    orb.MultiPolygon
		area  float64
		exact bool
	}{
		{"right", orb.MultiPolygon{{orb.Ring{{6, 1}, {5, 1}, {5, 0}, {6, 0}, {6, 1}}}, right[0]}, 0, true},
		{"a part lost", right[:1], 1, false},
		{"a hole lost", orb.MultiPolygon{{right[0][0]}, right[1]}, 1, false},
		{"nothing", nil, 16, false},
		{"a vertex moved by a bit", moved, 0, false},
		{"the same vertices, otherwise linked", orb.MultiPolygon{{orb.Ring{{0, 0}, {4, 0}, {1, 1}, {2, 1}, {4, 4}, {2, 2}, {1, 2}, {0, 4}, {0, 0}}}, right[1]}, 10.5, true},
	} {
		if area, exact := differs(t, c, k.mp, right); math.Abs(area-k.area) > 1e-9 || exact != k.exact {
			t.Errorf("%s: differs by %v, exact %v; want %v, %v", k.name, area, exact, k.area, k.exact)
		}
	}
}

func outline(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				sum += math.Hypot(r[i][0]-r[i-1][0], r[i][1]-r[i-1][1])
			}
		}
	}
	return sum
}

func TestMeetAgainstGEOS(t *testing.T) {
	c := New()
	for _, k := range []struct {
		name             string
		degenerate, tile bool
		generic          float64 // least share
	}{
		{"generic", false, false, 0.999},
		{"degenerate", true, false, 0.05},
		{"in a tile", false, true, 0.98},
	} {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 12))
			drawn, generic, exact, all, draws := 0, 0, 0, 0, 800
			if os.Getenv("GREENSHIELD_TORTURE") != "" {
				draws = 20_000
			}
			for range draws {
				a, b := pair(rng, k.degenerate)
				box := plane
				if ok, _ := c.Valid(a); !ok {
					continue
				}
				if ok, _ := c.Valid(b); !ok {
					continue
				}
				if k.tile {
					p, q := a[0][0][0], b[0][0][rng.IntN(len(b[0][0]))]
					box = orb.Bound{
						Min: orb.Point{min(p[0], q[0]) + 1e-3, min(p[1], q[1]) + 1e-3},
						Max: orb.Point{max(p[0], q[0]) + 2e-3, max(p[1], q[1]) + 2e-3},
					}
					a, b = halved(t, a, box), halved(t, b, box)
					if len(a) == 0 || len(b) == 0 {
						continue
					}
				}
				drawn++
				e, n := checkMeeting(t, c, a, b, box)
				if exact, all = exact+e, all+n; n > 0 {
					generic++
				}
			}
			t.Logf("tally: comparisons %d", all)
			t.Logf("%d of %d pairs generic; %d of %d results equal to the last bit", generic, drawn, exact, all)
			if drawn < draws*2/3 || float64(generic) < k.generic*float64(drawn) {
				t.Error("too few pairs are generic")
			}
			if !k.degenerate && float64(exact) < 0.99*float64(all) {
				t.Error("too few results are equal to the last bit")
			}
		})
	}
}

// BenchmarkMeet overlays two rough outlines that cross now and then, and compares with GEOS.
func BenchmarkMeet(b *testing.B) {
	for _, n := range []int{50, 1000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			p := orb.MultiPolygon{{blob(rng, n, orb.Point{5000, 5000}, 990, 1000)}}
			q := orb.MultiPolygon{{blob(rng, n, orb.Point{6000, 5000}, 990, 1000)}}
			var rest *overlay.Shape
			for b.Loop() {
				m := overlay.Meet(overlay.NewShape(p), overlay.NewShape(q), plane)
				if m == nil {
					b.Fatal("not generic")
				}
				var err error
				if rest, err = m.Rest(); err != nil {
					b.Fatal(err)
				}
			}
			own := b.Elapsed().Seconds() / float64(b.N)
			c := New()
			want, err := c.Difference(p, q)
			if err != nil {
				b.Fatal(err)
			}
			if area, _ := differs(b, c, rest.Polygons(), want); area > 1e-6 {
				b.Fatal("differs by ", area)
			}
			const rounds = 5
			start := time.Now()
			for range rounds {
				if _, err := c.Difference(p, q); err != nil {
					b.Fatal(err)
				}
			}
			other := time.Since(start).Seconds() / rounds
			b.ReportMetric(own*1e9/float64(2*n), "ns/vertex")
			b.ReportMetric(other/own, "GEOS/own")
		})
	}
}
