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
	"github.com/paulmach/orb/planar"

	"greenshield/vector"
	"greenshield/vector/arrangement"
	"greenshield/vector/overlay"
)

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

// farthest returns the largest distance of a vertex of a from the outline of b.
func farthest(a, b orb.MultiPolygon) (most float64) {
	for _, p := range a {
		for _, r := range p {
			for _, q := range r {
				least := math.Inf(1)
				for _, p := range b {
					for _, r := range p {
						for i := 1; i < len(r); i++ {
							least = min(least, planar.DistanceFromSegment(r[i-1], r[i], q))
						}
					}
				}
				most = max(most, least)
			}
		}
	}
	return most
}

// grounds returns the outlines of all kinds of ground of an arrangement but the one outside.
func grounds(t testing.TB, a *arrangement.Arrangement) []orb.MultiPolygon {
	parts, owner := make([][]int32, len(a.Sets)), make([]int32, len(a.Sets))
	for kind := 1; kind < len(parts); kind++ {
		parts[kind], owner[kind] = []int32{int32(kind)}, a.Sets[kind].First()
	}
	outlines, err := a.Outlines(parts, owner)
	if err != nil {
		t.Fatal(err)
	}
	return outlines
}

// checkArrangement holds each kind of ground of an arrangement against GEOS, and all of them together against the
// regions. It returns how many outlines are equal to the last bit, of how many; none when the position is in doubt.
func checkArrangement(t testing.TB, c *Context, regions []orb.MultiPolygon) (exact, all int) {
	a, err := arrangement.New(regions, math.MaxInt64, 0)
	if err != nil {
		t.Fatal(err)
	}
	if a == nil {
		return 0, 0
	}
	length := 0.0
	sums := make([]float64, len(regions))
	for _, r := range regions {
		length += outline(r) + rounding(r)*1e10
	}
	for kind, got := range grounds(t, a) {
		if kind == 0 {
			continue
		}
		var want, others []orb.MultiPolygon
		for i, r := range regions {
			if slices.Contains(a.Sets[kind].AppendTo(nil), int32(i)) {
				sums[i] += a.Areas[kind]
				want = append(want, r)
			} else {
				others = append(others, r)
			}
		}
		ground := want[0]
		for _, r := range want[1:] {
			if ground, err = c.Intersection(ground, r); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range others {
			if ground, err = c.Difference(ground, r); err != nil {
				t.Fatal(err)
			}
		}
		if ok, reason := c.Valid(got); !ok || !oriented(got) {
			t.Fatalf("%v: invalid or not oriented: %s\n%v\n%v", a.Sets[kind].AppendTo(nil), reason, got, regions)
		}
		area, same := differs(t, c, got, ground)
		if area > 1e-10*length && max(farthest(got, ground), farthest(ground, got)) <= 1e-8 {
			area = vector.Area(got) - vector.Area(ground) // GEOS mistakes itself when it overlays two slivers that are alike
		}
		if math.Abs(area) > 1e-10*length || math.Abs(vector.Area(got)-a.Areas[kind]) > 1e-10*length {
			t.Fatalf("%v: differs by %g, %g of %g; outlines of %g\n%v",
				a.Sets[kind].AppendTo(nil), area, vector.Area(got), a.Areas[kind], length, regions)
		}
		if all++; same {
			exact++
		}
	}
	for i, sum := range sums {
		if area := vector.Area(regions[i]); math.Abs(sum-area) > 1e-10*length {
			t.Fatalf("region %d: its grounds sum up to %g, it has %g", i, sum, area)
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

func TestArrangementAgainstGEOS(t *testing.T) {
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
				if ok, _ := c.Valid(a); !ok {
					continue
				}
				if ok, _ := c.Valid(b); !ok {
					continue
				}
				if k.tile {
					p, q := a[0][0][0], b[0][0][rng.IntN(len(b[0][0]))]
					box := orb.Bound{
						Min: orb.Point{min(p[0], q[0]) + 1e-3, min(p[1], q[1]) + 1e-3},
						Max: orb.Point{max(p[0], q[0]) + 2e-3, max(p[1], q[1]) + 2e-3},
					}
					a, b = halved(t, a, box), halved(t, b, box)
					if len(a) == 0 || len(b) == 0 {
						continue
					}
				}
				drawn++
				e, n := checkArrangement(t, c, []orb.MultiPolygon{a, b})
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

// mesh is a jittered net of n×n quadrangles that share their borders to the last bit; each side has some vertices.
type mesh struct {
	n     int
	sides map[[4]int][]orb.Point // by both ends, in the order of the smaller end first
	nodes [][]orb.Point
}

func newMesh(rng *rand.Rand, n int) *mesh {
	m := &mesh{n: n, sides: map[[4]int][]orb.Point{}}
	for i := range n + 1 {
		m.nodes = append(m.nodes, nil)
		for k := range n + 1 {
			m.nodes[i] = append(m.nodes[i], orb.Point{5000 + float64(k)*10 + 3*rng.Float64(), 3000 + float64(i)*10 + 3*rng.Float64()})
		}
	}
	return m
}

// side returns the vertices from one corner to the next, without the last.
func (m *mesh) side(rng *rand.Rand, i0, k0, i1, k1 int) []orb.Point {
	key, back := [4]int{i0, k0, i1, k1}, i1 < i0 || i1 == i0 && k1 < k0
	if back {
		key = [4]int{i1, k1, i0, k0}
	}
	a, b := m.nodes[key[0]][key[1]], m.nodes[key[2]][key[3]]
	inner, known := m.sides[key]
	if !known {
		for j := range rng.IntN(6) {
			t := (float64(j) + 1) / 7
			inner = append(inner, orb.Point{a[0] + t*(b[0]-a[0]) + 0.3*rng.Float64(), a[1] + t*(b[1]-a[1]) + 0.3*rng.Float64()})
		}
		m.sides[key] = inner
	}
	line := slices.Concat([]orb.Point{a}, inner, []orb.Point{b})
	if back {
		slices.Reverse(line)
	}
	return line[:len(line)-1]
}

// block is the outline of some quadrangles, counter-clockwise.
func (m *mesh) block(rng *rand.Rand, i0, k0, i1, k1 int) orb.MultiPolygon {
	var ring orb.Ring
	for k := k0; k < k1; k++ {
		ring = append(ring, m.side(rng, i0, k, i0, k+1)...)
	}
	for i := i0; i < i1; i++ {
		ring = append(ring, m.side(rng, i, k1, i+1, k1)...)
	}
	for k := k1; k > k0; k-- {
		ring = append(ring, m.side(rng, i1, k, i1, k-1)...)
	}
	for i := i1; i > i0; i-- {
		ring = append(ring, m.side(rng, i, k0, i-1, k0)...)
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// densified puts more vertices on edges, as near to them as rounding allows.
func densified(rng *rand.Rand, mp orb.MultiPolygon) orb.MultiPolygon {
	out := mp.Clone()
	for p := range out {
		for r, ring := range out[p] {
			dense := orb.Ring{ring[0]}
			for i := 1; i < len(ring); i++ {
				if rng.IntN(3) == 0 {
					a, b, t := ring[i-1], ring[i], 0.2+0.6*rng.Float64()
					dense = append(dense, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])})
				}
				dense = append(dense, ring[i])
			}
			out[p][r] = dense
		}
	}
	return out
}

// Layers of the field share their borders: neighbours, a red line that adopts the outline of a reserve, functional
// zones that fill each other's holes, the same line once with more vertices, once moved by a millimetre.
func TestSharedBordersAgainstGEOS(t *testing.T) {
	c := New()
	rng := rand.New(rand.NewPCG(21, 22))
	arranged, exact, all, draws := 0, 0, 0, 150
	for range draws {
		m := newMesh(rng, 4)
		var regions []orb.MultiPolygon
		for len(regions) < 5 {
			i0, k0 := rng.IntN(4), rng.IntN(4)
			region := m.block(rng, i0, k0, i0+1+rng.IntN(4-i0), k0+1+rng.IntN(4-k0))
			if i0 == 0 && k0 == 0 && rng.IntN(2) == 0 { // the outer zone of two
				ring := m.block(rng, 0, 0, 4, 4)[0]
				hole := m.block(rng, 1, 1, 3, 3)[0][0]
				slices.Reverse(hole)
				region = orb.MultiPolygon{append(ring, hole)}
			}
			switch rng.IntN(4) {
			case 0:
				region = densified(rng, region)
			case 1:
				dU, dV := rng.NormFloat64()*3e-5, rng.NormFloat64()*3e-5
				for _, r := range region[0] {
					for i := range r {
						r[i] = orb.Point{r[i][0] + dU, r[i][1] + dV}
					}
				}
			}
			if ok, _ := c.Valid(region); ok {
				regions = append(regions, region)
			}
		}
		e, n := checkArrangement(t, c, regions)
		if exact, all = exact+e, all+n; n > 0 {
			arranged++
		}
	}
	t.Logf("tally: comparisons %d", all)
	t.Logf("%d of %d arranged; %d of %d outlines equal to the last bit", arranged, draws, exact, all)
	if arranged < draws*95/100 {
		t.Error("too few are arranged")
	}
}

// BenchmarkArrangement arranges two rough outlines that cross now and then, and compares with GEOS.
func BenchmarkArrangement(b *testing.B) {
	for _, n := range []int{50, 1000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			p := orb.MultiPolygon{{blob(rng, n, orb.Point{5000, 5000}, 990, 1000)}}
			q := orb.MultiPolygon{{blob(rng, n, orb.Point{6000, 5000}, 990, 1000)}}
			for b.Loop() {
				a, err := arrangement.New([]orb.MultiPolygon{p, q}, math.MaxInt64, 0)
				if a == nil {
					b.Fatal("in doubt", err)
				}
				grounds(b, a)
			}
			own := b.Elapsed().Seconds() / float64(b.N)
			c := New()
			const rounds = 5
			start := time.Now()
			for range rounds {
				for _, overlay := range []func(a, b orb.MultiPolygon) (orb.MultiPolygon, error){c.Difference, c.Intersection} {
					if _, err := overlay(p, q); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := c.Difference(q, p); err != nil {
					b.Fatal(err)
				}
			}
			other := time.Since(start).Seconds() / rounds
			b.ReportMetric(own*1e9/float64(2*n), "ns/vertex")
			b.ReportMetric(other/own, "GEOS/own")
		})
	}
}
