package scene

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// surveyed is a small scene whose zones share borders.
func surveyed() Params {
	return Params{
		Seed: 5, Cols: 900, Rows: 800, RedLines: 40, Reserves: 8, Vertices: 6000, Changed: 0.04,
		Layout: Shared, Projection: Albers,
	}
}

// segment is an edge of a ring, from a to b, in 65536ths of a cell.
type segment struct{ a, b point }

func (s segment) back() segment { return segment{s.b, s.a} }

// segments returns the edges of shapes and which of the shapes each belongs to. A shape that has an edge in both
// directions, or two shapes that lie on one side of an edge, are errors.
func segments(t *testing.T, shapes []orb.MultiPolygon) map[segment]int {
	t.Helper()
	all := map[segment]int{}
	for i, shape := range shapes {
		for _, polygon := range shape {
			for _, ring := range polygon {
				for k := range ring[1:] {
					s := segment{fixed(t, ring[k]), fixed(t, ring[k+1])}
					if j, found := all[s]; found {
						t.Errorf("shapes %d and %d lie on one side of %v", j, i, s)
					}
					if j, found := all[s.back()]; found && j == i {
						t.Errorf("shape %d has both directions of %v", i, s)
					}
					all[s] = i
				}
			}
		}
	}
	return all
}

// fixed returns a lattice point in 65536ths of a cell.
func fixed(t *testing.T, p orb.Point) point {
	t.Helper()
	q := point{int(math.Round(p[0] * one)), int(math.Round(p[1] * one))}
	if float64(q.u)/one != p[0] || float64(q.v)/one != p[1] {
		t.Fatalf("%v is no multiple of 1/65536 of a cell", p)
	}
	return q
}

// outline returns the edges that have no twin in the opposite direction.
func outline(all map[segment]int) map[segment]bool {
	out := map[segment]bool{}
	for s := range all {
		if _, found := all[s.back()]; !found {
			out[s] = true
		}
	}
	return out
}

func shapesOf(features []Feature) (all []orb.MultiPolygon) {
	for _, f := range features {
		all = append(all, f.Shape)
	}
	return all
}

// side tells on which side of the line from a to b a point lies: the sign of an exact product.
func (s segment) side(p point) int {
	return sign((s.b.u-s.a.u)*(p.v-s.a.v) - (s.b.v-s.a.v)*(p.u-s.a.u))
}

// meets reports whether two edges have a point in common that is not an end of both.
func (s segment) meets(o segment) bool {
	if s == o || s == o.back() {
		return false
	}
	within := func(s segment, p point) bool {
		return p != s.a && p != s.b && s.side(p) == 0 && min(s.a.u, s.b.u) <= p.u && p.u <= max(s.a.u, s.b.u) &&
			min(s.a.v, s.b.v) <= p.v && p.v <= max(s.a.v, s.b.v)
	}
	if within(s, o.a) || within(s, o.b) || within(o, s.a) || within(o, s.b) {
		return true
	}
	return s.side(o.a)*s.side(o.b) < 0 && o.side(s.a)*o.side(s.b) < 0
}

// crossings counts the pairs of edges that meet anywhere but at ends of both.
func crossings(edges []segment) (n int) {
	near := map[point][]segment{} // by squares of 8 cells
	for _, s := range edges {
		const square = 8 * one
		for u := min(s.a.u, s.b.u) / square; u <= max(s.a.u, s.b.u)/square; u++ {
			for v := min(s.a.v, s.b.v) / square; v <= max(s.a.v, s.b.v)/square; v++ {
				at := point{u, v}
				for _, o := range near[at] {
					if s.meets(o) {
						n++
					}
				}
				near[at] = append(near[at], s)
			}
		}
	}
	return n
}

func TestMeets(t *testing.T) {
	s := segment{point{0, 0}, point{4, 4}}
	for _, c := range []struct {
		other segment
		want  bool
	}{
		{s, false},
		{s.back(), false},
		{segment{point{4, 4}, point{8, 0}}, false},
		{segment{point{4, 4}, point{8, 8}}, false},
		{segment{point{0, 4}, point{4, 0}}, true},
		{segment{point{2, 2}, point{4, 0}}, true},
		{segment{point{0, 0}, point{2, 2}}, true},
		{segment{point{5, 5}, point{8, 2}}, false},
	} {
		if got := s.meets(c.other); got != c.want {
			t.Errorf("%v meets %v: %v, want %v", s, c.other, got, c.want)
		}
		if got := crossings([]segment{s, c.other}) > 0; got != c.want {
			t.Errorf("%v crosses %v: %v, want %v", s, c.other, got, c.want)
		}
	}
}

// TestSharedBordersCoincide: wherever two features of any layers have a common border, both have the same vertices
// there, and no two borders cross. So all edges of all layers are equal or have no more than ends in common.
func TestSharedBordersCoincide(t *testing.T) {
	s := newScene(t, surveyed())
	red := segments(t, shapesOf(s.RedLines().Features))
	zones := segments(t, shapesOf(s.Reserves().Features))
	counties := segments(t, shapesOf(s.Counties().Features))
	distinct := map[segment]bool{}
	for _, layer := range []map[segment]int{red, zones, counties} {
		for e := range layer {
			if !distinct[e.back()] {
				distinct[e] = true
			}
		}
	}
	edges := slices.Collect(maps.Keys(distinct))
	if n := crossings(edges); n > 0 {
		t.Errorf("%d of %d edges cross or overlap others", n, len(edges))
	}

	common := func(a, b map[segment]int) (n int) {
		for e := range a {
			_, same := b[e]
			_, opposite := b[e.back()]
			if same || opposite {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name string
		got  int
		want int
	}{
		{"red line with red line", len(red) - len(outline(red)), 300},
		{"red line with counties", common(red, counties), 200},
		{"red line with reserves", common(red, zones), 1000},
		{"reserves with counties", common(zones, counties), 50},
		{"functional zones", len(zones) - len(outline(zones)), 1000},
	} {
		if c.got < c.want {
			t.Errorf("%s: %d common edges, want at least %d", c.name, c.got, c.want)
		}
	}
}

// TestSharedZonesTile: counties cover the frame exactly, red-line zones do not overlap, and the functional zones of a
// reserve make up the ground of what it adopts.
func TestSharedZonesTile(t *testing.T) {
	s := newScene(t, surveyed())
	twiceArea := func(edges map[segment]bool) (sum int) {
		for e := range edges {
			sum += e.b.u*e.a.v - e.a.u*e.b.v
		}
		return sum
	}
	frame := outline(segments(t, shapesOf(s.Counties().Features)))
	low, high := point{math.MaxInt, math.MaxInt}, point{math.MinInt, math.MinInt}
	for e := range frame {
		low, high = point{min(low.u, e.a.u), min(low.v, e.a.v)}, point{max(high.u, e.a.u), max(high.v, e.a.v)}
	}
	// The four corners of the frame are cut like all others, by a quarter of the way to the next border or less.
	if area, box := twiceArea(frame), 2*(high.u-low.u)*(high.v-low.v); area > box || area < box-box/1000 {
		t.Errorf("the counties have %d of the frame's %d", area, box)
	}
	if low.u > -90*one || low.v > -80*one || high.u < 990*one || high.v < 880*one {
		t.Errorf("the counties reach from %v to %v: want a margin around the raster", low, high)
	}
	for i := range 4000 {
		at := orb.Point{float64(hash(1, i, 0)>>40)/(1<<24)*900 + 1e-7, float64(hash(1, i, 1)>>40)/(1<<24)*800 + 1e-7}
		holders := func(l Layer) (n int) {
			for _, f := range l.Features {
				if f.Shape.Bound().Contains(at) && planar.MultiPolygonContains(f.Shape, at) {
					n++
				}
			}
			return n
		}
		if c, r, z := holders(s.Counties()), holders(s.RedLines()), holders(s.Reserves()); c != 1 || r > 1 || z > 1 || z > r {
			t.Errorf("%v lies in %d counties, %d red-line zones, %d functional zones", at, c, r, z)
		}
	}

	red := s.RedLines().Features
	kinds := map[string]int{}
	for first := 0; first < len(s.Reserves().Features); first += 3 {
		zones := s.Reserves().Features[first : first+3]
		for i, f := range zones {
			if f.Values[1] != zones[0].Values[1] || f.Values[2] != functions[i] || len(f.Shape) == 0 {
				t.Errorf("zone %d is %v with %d parts", first+i, f.Values, len(f.Shape))
			}
		}
		whole := outline(segments(t, shapesOf(zones)))
		kinds[adopted(t, whole, red)]++
	}
	for _, kind := range []string{"one", "two", "part"} {
		if kinds[kind] == 0 {
			t.Errorf("no reserve holds %s of the red-line zones: %v", kind, kinds)
		}
	}
	if kinds["one"]+kinds["two"]+kinds["part"] != s.params.Reserves {
		t.Errorf("reserves by what they hold: %v", kinds)
	}
}

// adopted tells which ground of the red line an outline encloses: that of one zone, of two, a part of one, or other.
func adopted(t *testing.T, whole map[segment]bool, red []Feature) string {
	t.Helper()
	var parts []orb.MultiPolygon
	common := 0
	for _, f := range red {
		n := 0
		for e := range segments(t, []orb.MultiPolygon{f.Shape}) {
			if whole[e] {
				n++
			}
		}
		if n > 0 {
			common += n
			parts = append(parts, f.Shape)
		}
	}
	union := outline(segments(t, parts))
	same := len(union) == len(whole)
	for e := range whole {
		same = same && union[e]
	}
	switch {
	case same && len(parts) == 1:
		return "one"
	case same && len(parts) == 2:
		return "two"
	case !same && len(parts) == 1 && common > 20:
		return "part"
	}
	return fmt.Sprintf("%d zones, %d of %d edges", len(parts), common, len(whole))
}

func TestSharedLayers(t *testing.T) {
	s := newScene(t, surveyed())
	var holes, several, vertices int
	for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties(), s.Exemptions()} {
		if bad := faults(t, l); len(bad) > 0 {
			t.Errorf("%s: features %v are invalid", l.Name, bad)
		}
		ids := map[string]bool{}
		for i, f := range l.Features {
			if len(f.Values) != len(l.Fields) || ids[f.Values[0]] {
				t.Errorf("%s %d: values %v", l.Name, i, f.Values)
			}
			ids[f.Values[0]] = true
			for _, polygon := range f.Shape {
				for k, ring := range polygon {
					if want := map[bool]orb.Orientation{true: orb.CW, false: orb.CCW}[k == 0]; ring.Orientation() != want {
						t.Errorf("%s %d: ring %d runs the wrong way", l.Name, i, k)
					}
				}
			}
		}
	}
	for _, f := range s.RedLines().Features {
		several += min(1, len(f.Shape)-1)
		for _, polygon := range f.Shape {
			holes += len(polygon) - 1
			for _, ring := range polygon {
				vertices += len(ring) - 1
			}
		}
	}
	if n := len(s.RedLines().Features); n != 40 || holes == 0 || several == 0 {
		t.Errorf("%d red-line zones, %d holes, %d zones of several parts", n, holes, several)
	}
	if vertices < 4500 || vertices > 7500 {
		t.Errorf("%d vertices, want about 6000", vertices)
	}
	if n := len(s.Reserves().Features); n != 24 {
		t.Errorf("%d functional zones, want 24", n)
	}
	for _, f := range s.Counties().Features {
		var code, number, city int
		if _, err := fmt.Sscanf(f.Values[2], "示例市%d号", &city); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(f.Values[0], "%04d%02d", &code, &number); err != nil || code != 9900+city {
			t.Errorf("county %v: its code is not that of its city", f.Values)
		}
	}
	core := s.Reserves().Features[0].Shape
	if at := s.Exemptions().Features[0].Shape.Bound().Center(); !planar.MultiPolygonContains(core, at) {
		t.Errorf("the exemption at %v lies outside the first core", at)
	}
}

// TestSharedBordersCoincideForAnySeed: no borders cross, whatever the noise makes of them.
func TestSharedBordersCoincideForAnySeed(t *testing.T) {
	for seed := range uint64(8) {
		p := surveyed()
		p.Seed, p.RedLines, p.Reserves, p.Vertices = seed, 20, 4, int(2000+1000*seed)
		s := newScene(t, p)
		distinct := map[segment]bool{}
		for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties()} {
			for e := range segments(t, shapesOf(l.Features)) {
				if !distinct[e.back()] {
					distinct[e] = true
				}
			}
		}
		if n := crossings(slices.Collect(maps.Keys(distinct))); n > 0 {
			t.Errorf("seed %d: %d of %d edges cross or overlap others", seed, n, len(distinct))
		}
	}
}

// TestLayoutsGolden is TestGolden for the zones of the other layouts.
func TestLayoutsGolden(t *testing.T) {
	for layout, want := range map[Layout]string{Shared: "9f77a2670f3dac45", Slivers: "06825555a5a1caf6", Stacked: "0f03aedae8a4c8dc"} {
		p := surveyed()
		p.Layout = layout
		s := newScene(t, p)
		sum := sha256.New()
		for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties(), s.Exemptions()} {
			for _, f := range l.Features {
				fmt.Fprintln(sum, f.Values, f.Shape)
			}
		}
		if got := hex.EncodeToString(sum.Sum(nil)[:8]); got != want {
			t.Errorf("layout %d: hash %s, want %s", layout, got, want)
		}
	}
}

func TestSharedNeedsRoom(t *testing.T) {
	for name, edit := range map[string]func(*Params){
		"red lines": func(p *Params) { p.RedLines = 5000 },
		"reserves":  func(p *Params) { p.Reserves = 41 },
	} {
		p := surveyed()
		edit(&p)
		if _, err := New(p); err == nil || !strings.Contains(err.Error(), "no room") {
			t.Errorf("%s: error %v, want no room", name, err)
		}
	}
}

func TestBenchSharedHasItsSize(t *testing.T) {
	s := newScene(t, BenchShared())
	vertices := 0
	for _, f := range s.RedLines().Features {
		for _, polygon := range f.Shape {
			for _, ring := range polygon {
				vertices += len(ring) - 1
			}
		}
	}
	if n := len(s.RedLines().Features); n != 1244 || math.Abs(float64(vertices)-338_544) > 10_000 {
		t.Errorf("%d red-line zones with %d vertices", n, vertices)
	}
	if n := len(s.Reserves().Features); n != 849 {
		t.Errorf("%d functional zones, want 849", n)
	}
}

func TestProjectionsDifferInTheGridAlone(t *testing.T) {
	p := surveyed()
	albers := newScene(t, p)
	for projection, want := range map[Projection][4]float64{
		Geographic:  {117 - 450*CellDeg, 31 + 400*CellDeg, CellDeg, 4490},
		GaussKruger: {39_500_010 - 450*30, 3_430_980 + 400*30, 30, 4527},
		Albers:      {1_127_670 - 450*30, 3_352_170 + 400*30, 30, 0},
	} {
		p.Projection = projection
		s := newScene(t, p)
		g := s.Grid()
		if got := [4]float64{g.OriginX, g.OriginY, g.CellX, float64(g.CRS.EPSG)}; got != want || g.CellX != g.CellY {
			t.Errorf("projection %d: grid %v, want %v", projection, got, want)
		}
		if g.CRS.Geographic != (projection == Geographic) {
			t.Errorf("projection %d: geographic %v", projection, g.CRS.Geographic)
		}
		for i, f := range s.RedLines().Features {
			if !slices.EqualFunc(f.Shape, albers.RedLines().Features[i].Shape, func(a, b orb.Polygon) bool { return a.Equal(b) }) {
				t.Fatalf("projection %d: red-line zone %d lies elsewhere", projection, i)
			}
		}
		a, b := make([]uint8, p.Cols), make([]uint8, p.Cols)
		s.Row(1, 300, a)
		albers.Row(1, 300, b)
		if !slices.Equal(a, b) {
			t.Errorf("projection %d: other cells", projection)
		}
	}
}
