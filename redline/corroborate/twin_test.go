package corroborate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/seeds"
	"greenshield/vector"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// degrees is a grid in degrees whose first cell lies so many cells of 0.001° from 100° E, 30° N.
func degrees(wkt string, east, south, cell float64, cols, rows int) raster.Grid {
	return raster.Grid{OriginX: 100 + east*0.001, OriginY: 30 - south*0.001, CellX: cell * 0.001, CellY: cell * 0.001,
		Cols: cols, Rows: rows,
		CRS: raster.CRS{WKT: wkt, Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
}

// bent is a smooth mover that is not linear: v and u bend each other.
type bent struct{ to, turn, bend float64 }

func (b bent) Move(points []orb.Point) error {
	for i, p := range points {
		points[i] = orb.Point{
			b.to + p[0] + b.turn*p[1] + b.bend*math.Sin(p[1]/9), 2*b.to + 1.3*p[1] - b.turn*p[0] + b.bend*math.Cos(p[0]/7)}
	}
	return nil
}

func (bent) Close() {}

// testRules are the shipped rules.
func testRules(t testing.TB) *redline.RuleTable {
	t.Helper()
	csv, _ := seeds.Rules("green-shield")
	rules, err := redline.ParseRules("green-shield", csv, time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &rules
}

// classes are the ecosystem classes of test maps, by symbol.
var classes = []landcover.Ecosystem{landcover.Forest, landcover.Built, landcover.Cropland, landcover.Grassland}

func legendOf(t testing.TB, ecosystems ...landcover.Ecosystem) landcover.Legend {
	t.Helper()
	csv := "code,name_en,name_zh,color,ecosystem\n"
	for i, e := range ecosystems {
		csv += fmt.Sprintf("%d,%s,%s,#111111,%s\n", i+1, e, e, e)
	}
	legend, err := landcover.ParseLegend("test", []byte(csv))
	if err != nil {
		t.Fatal(err)
	}
	return legend
}

// earthOf measures a grid in degrees.
func earthOf(t testing.TB, g raster.Grid) *raster.Earth {
	t.Helper()
	e, err := raster.NewEarth(g, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// testMap is a map on which most cells have one class and the others clumps of random ones, or NoData.
func testMap(t testing.TB, rng *rand.Rand, g raster.Grid, mover redline.Mover, most uint8) redline.OtherMap {
	w := newWatched(rng, g, 1+rng.IntN(12), 1+rng.IntN(12), len(classes))
	for i := range w.Symbols {
		switch rng.IntN(6) {
		case 0:
			w.Symbols[i] = raster.NoData
		case 1:
		case 2, 3:
			w.Symbols[i] = most
		default:
			if i > 0 {
				w.Symbols[i] = w.Symbols[i-1]
			}
		}
	}
	m := redline.OtherMap{Epoch: redline.Epoch{Name: "other.tif", Year: 2019, Source: w, Legend: legendOf(t, classes...)},
		Earth: earthOf(t, g)}
	if mover != nil {
		m.NewMover = func() (redline.Mover, error) { return mover, nil }
	}
	return m
}

// randomRuns are the cells of a patch, which may have holes and several parts.
func randomRuns(rng *rand.Rand, cols, rows int) (runs []trace.Run) {
	density := 0.2 + 0.8*rng.Float64()
	for row := range rows {
		for col := range cols {
			if rng.Float64() < density {
				runs = trace.Append(runs, trace.Run{Row: int32(row), Col0: int32(col), Col1: int32(col + 1)})
			}
		}
	}
	return runs
}

// star is a polygon around a point, sometimes with a hole.
func star(rng *rand.Rand, u, v, size float64) orb.MultiPolygon {
	n := 3 + rng.IntN(10)
	whole := rng.IntN(3) == 0
	ring := func(scale float64) (ring orb.Ring) {
		for i := range n {
			r := scale * (0.5 + 0.5*rng.Float64())
			a := 2 * math.Pi * (float64(i) + 0.3*rng.Float64()) / float64(n)
			p := orb.Point{u + r*math.Cos(a), v + r*math.Sin(a)}
			if whole {
				p = orb.Point{math.Round(2*p[0]) / 2, math.Round(2*p[1]) / 2}
			}
			ring = append(ring, p)
		}
		return append(ring, ring[0])
	}
	polygon := orb.Polygon{ring(size)}
	if n > 4 && !whole && rng.IntN(2) == 0 {
		hole := ring(size * 0.2)
		slices.Reverse(hole)
		polygon = append(polygon, hole)
	}
	return orb.MultiPolygon{polygon}
}

// randomShape is the ground of a candidate on a lattice: whole cells, cells cut by a zone, a sliver; nil for none.
func randomShape(t testing.TB, rng *rand.Rand, cols, rows int) orb.MultiPolygon {
	at := orb.Point{rng.Float64() * float64(cols), rng.Float64() * float64(rows)}
	switch rng.IntN(4) {
	case 0:
		return trace.Polygons(randomRuns(rng, cols, rows))
	case 1:
		return orb.MultiPolygon{{{at, {at[0] + 5, at[1] + 4*rng.Float64()}, {at[0] + 2, at[1] + 2.5 + 1e-4}, at}}}
	}
	zone := star(rng, at[0], at[1], 0.5+float64(cols)*rng.Float64())
	if trace.DoubleArea(zone[0][0]) <= 0 {
		return nil
	}
	if rng.IntN(3) == 0 {
		return zone
	}
	outlines, err := overlay.NewOutlines(cols, rows, []orb.MultiPolygon{zone})
	if err != nil {
		t.Fatal(err)
	}
	cover, err := new(overlay.Builder).Cover(outlines, 0, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	shape, err := new(overlay.Clipper).Clip(overlay.Stack{cover}, randomRuns(rng, cols, rows), 0)
	if err != nil {
		t.Fatal(err)
	}
	return shape
}

// half returns what a ring has of the half plane where sign × (ordinate − at) ≥ 0 (Sutherland and Hodgman 1974).
func half(ring orb.Ring, axis int, at, sign float64) (out orb.Ring) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		in, next := sign*(p[axis]-at) >= 0, sign*(q[axis]-at) >= 0
		if in {
			out = append(out, p)
		}
		if in != next {
			c := orb.Point{at, at}
			c[1-axis] = p[1-axis] + (at-p[axis])/(q[axis]-p[axis])*(q[1-axis]-p[1-axis])
			out = append(out, c)
		}
	}
	return out
}

// inCell returns what rings have of a cell. They may run there and back along its sides.
func inCell(rings []orb.Ring, row, col int) (out []orb.Ring) {
	u, v := float64(col), float64(row)
	for _, r := range rings {
		r = half(half(half(half(r, 0, u, 1), 0, u+1, -1), 1, v, 1), 1, v+1, -1)
		if len(r) > 2 {
			out = append(out, append(r, r[0]))
		}
	}
	return out
}

func areaOf(rings []orb.Ring) (sum float64) {
	for _, r := range rings {
		sum += trace.DoubleArea(r) / 2
	}
	return sum
}

// cells calls f for each cell of a grid of which rings have some.
func cells(g raster.Grid, rings []orb.Ring, f func(row, col int, in []orb.Ring)) {
	for row := range g.Rows {
		v := float64(row)
		var strip []orb.Ring
		for _, r := range rings {
			strip = append(strip, half(half(r, 1, v, 1), 1, v+1, -1))
		}
		for col := range g.Cols {
			if in := inCell(strip, row, col); areaOf(in) > 1e-9 {
				f(row, col, in)
			}
		}
	}
}

// moved returns rings whose sides were cut where they cross lines of their lattice, and then moved.
func moved(t testing.TB, rings []orb.Ring, m redline.Mover) (out []orb.Ring) {
	for _, ring := range rings {
		var long orb.Ring
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			at := []float64{0}
			for axis := range 2 {
				for line := -100.; line < 200; line++ {
					if s := (line - a[axis]) / (b[axis] - a[axis]); s > 0 && s < 1 {
						at = append(at, s)
					}
				}
			}
			slices.Sort(at)
			for _, s := range at {
				long = append(long, orb.Point{a[0] + s*(b[0]-a[0]), a[1] + s*(b[1]-a[1])})
			}
		}
		long = append(long, ring[len(ring)-1])
		if err := m.Move(long); err != nil {
			t.Fatal(err)
		}
		out = append(out, long)
	}
	return out
}

// classAt is the ecosystem class of a cell of a test map.
func classAt(m *redline.OtherMap, row, col int) landcover.Ecosystem {
	w := m.Source.(*watched)
	if s := w.Symbols[row*w.On.Cols+col]; s != raster.NoData {
		return classes[s]
	}
	return landcover.NoData
}

// twin is a scene, with the way from the run to each map, and from before to after.
type twin struct {
	rules       *redline.RuleTable
	change      redline.ChangeType
	pair        *redline.Pair
	toBefore    redline.Mover
	toAfter     redline.Mover
	beforeAfter redline.Mover
}

// show adds ground of known classes to an agreement.
func (w *twin) show(a *redline.Agreement, from, to landcover.Ecosystem, m2 float64) {
	change := w.rules.Change(from, to)
	switch {
	case from == landcover.NoData || to == landcover.NoData:
		a.NoData += m2
	case from == to:
		a.Unchanged += m2
	case change >= 0 && w.rules.Changes[change].Group() == w.change.Group():
		a.Same += m2
	default:
		a.Other += m2
	}
}

// agreement finds by polygons, cell by cell, what the pair shows of a candidate of so many square metres.
func (w *twin) agreement(t testing.TB, shape []orb.Ring, m2 float64) (a redline.Agreement) {
	before, after := &w.pair.Before, &w.pair.After
	all := func(g raster.Grid, r []orb.Ring) bool {
		for _, ring := range r {
			for _, p := range ring {
				if p[0] < -1e-6 || p[1] < -1e-6 || p[0] > float64(g.Cols)+1e-6 || p[1] > float64(g.Rows)+1e-6 {
					return false
				}
			}
		}
		return true
	}
	onBefore := moved(t, shape, w.toBefore)
	inside := all(before.Source.Grid(), onBefore) && all(after.Source.Grid(), moved(t, shape, w.toAfter))
	cells(before.Source.Grid(), onBefore, func(row, col int, in []orb.Ring) {
		from := classAt(before, row, col)
		cells(after.Source.Grid(), moved(t, in, w.beforeAfter), func(row, col int, in []orb.Ring) {
			area := after.Earth.Row(row)
			cell := area.Run(col, col+1)
			w.show(&a, from, classAt(after, row, col), areaOf(in)*cell.M2())
		})
	})
	measured := a.Known() + a.NoData
	if measured > m2 || inside {
		s := m2 / measured
		return redline.Agreement{Same: a.Same * s, Other: a.Other * s, Unchanged: a.Unchanged * s, NoData: a.NoData * s}
	}
	a.NoData += m2 - measured
	return a
}

// stays finds the same of the newest map.
func (w *twin) stays(t testing.TB, m *redline.OtherMap, shape []orb.Ring, mover redline.Mover) float64 {
	led, _, _ := redline.GroupClasses(w.change.Group())
	bad, known := 0.0, 0.0
	cells(m.Source.Grid(), moved(t, shape, mover), func(row, col int, in []orb.Ring) {
		area := m.Earth.Row(row)
		cell := area.Run(col, col+1)
		if class := classAt(m, row, col); class != landcover.NoData {
			known += areaOf(in) * cell.M2()
			if slices.Contains(led, class) {
				bad += areaOf(in) * cell.M2()
			}
		}
	})
	if known == 0 {
		return math.NaN()
	}
	return 100 * bad / known
}

func ringsOf(mp orb.MultiPolygon) (all []orb.Ring) {
	for _, p := range mp {
		all = append(all, p...)
	}
	return all
}

// testScene is a run with a pair of maps and a newest one.
type testScene struct {
	in     *redline.Inputs
	twin   twin
	newest redline.Mover
	kind   string
}

// newScene makes a scene whose maps lie in one of several ways to each other.
func newScene(t testing.TB, rng *rand.Rand, rules *redline.RuleTable) testScene {
	const a, b, c = "A", "B", "C"
	run := degrees(a, 0, 0, 1, 8+rng.IntN(8), 8+rng.IntN(8))
	grid := func(wkt string, whole bool, cell float64) raster.Grid {
		east, south := 6*rng.Float64()-4, 6*rng.Float64()-4
		if whole {
			east, south = math.Round(east), math.Round(south)
		}
		return degrees(wkt, east, south, cell, 8+rng.IntN(int(12/cell)), 8+rng.IntN(int(12/cell)))
	}
	var s testScene
	var before, after raster.Grid
	var mover, moverAfter redline.Mover // nil for maps of the run's CRS
	switch rng.IntN(7) {
	case 0:
		s.kind, before, after = "cells of the run", grid(a, true, 1), grid(a, true, 1)
	case 1:
		s.kind, before = "one lattice, shifted", grid(a, false, 1)
		after = before.Sub(raster.Window{Col: 2, Row: 1, Cols: before.Cols - 3, Rows: before.Rows - 3})
	case 2:
		s.kind, before, after = "finer and coarser", grid(a, false, 0.4), grid(a, false, 1.7)
	case 3:
		s.kind, before, after = "coarser and finer", grid(a, true, 2), grid(a, false, 0.7)
	case 4:
		s.kind, mover = "another CRS, one lattice", bent{1, 0.2, 0.3}
		before = degrees(b, 0, 0, 1, 10+rng.IntN(10), 10+rng.IntN(10))
		after, moverAfter = before, mover
	case 5:
		s.kind, mover = "another CRS, two grids", bent{2, -0.1, 0.3}
		before = degrees(b, 0, 0, 1, 10+rng.IntN(10), 10+rng.IntN(10))
		after = degrees(b, 0.3, -0.6, 0.8, 12+rng.IntN(10), 12+rng.IntN(10))
		moverAfter = chain{mover, planar{before, after}}
	case 6:
		s.kind, mover, moverAfter = "two other CRSs", bent{1, 0.15, 0.02}, bent{2, -0.2, 0.02}
		before = degrees(b, 0, 0, 1, 10+rng.IntN(10), 10+rng.IntN(10))
		after = degrees(c, 0, 0, 1, 10+rng.IntN(10), 10+rng.IntN(10))
	}
	newest := grid(a, rng.IntN(2) == 0, []float64{1, 0.6, 1.5}[rng.IntN(3)])
	onNewest := testMap(t, rng, newest, nil, 1)
	pair := redline.Pair{Name: "p", Before: testMap(t, rng, before, mover, 0),
		After: testMap(t, rng, after, moverAfter, 1)}
	s.in = &redline.Inputs{Grid: run, Earth: earthOf(t, run), Confirm: []redline.Pair{pair}, Newest: &onNewest}
	s.newest = planar{run, newest}
	s.twin = twin{rules: rules, pair: &s.in.Confirm[0], toBefore: planar{run, before}, toAfter: planar{run, after},
		beforeAfter: planar{before, after}}
	if mover != nil {
		s.twin.toBefore, s.twin.toAfter = mover, moverAfter
	}
	if s.kind == "two other CRSs" {
		s.twin.beforeAfter = chain{unbent{mover.(bent)}, moverAfter}
	}
	return s
}

// unbent is the inverse of bent: a fixed point of its formula.
type unbent struct{ bent }

func (b unbent) Move(points []orb.Point) error {
	for i, p := range points {
		u, v := 0., 0.
		for range 200 {
			u = p[0] - b.to - b.turn*v - b.bend*math.Sin(v/9)
			v = (p[1] - 2*b.to + b.turn*u - b.bend*math.Cos(u/7)) / 1.3
		}
		points[i] = orb.Point{u, v}
	}
	return nil
}

// What maps show of candidates is what a twin finds by cutting polygons cell by cell, whatever grids and reference
// systems they have, and whatever part of the ground they cover.
func TestAgreementsAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	rules := testRules(t)
	tested, partly, nothing, agreeing := map[string]int{}, 0, 0, 0
	for range 600 {
		s := newScene(t, rng, rules)
		cache := NewCache(1000, int64(rng.IntN(400)))
		l := New(s.in, rules, cache).Looker()
		for range 3 {
			shape := randomShape(t, rng, s.in.Grid.Cols, s.in.Grid.Rows)
			if vector.Area(shape) < 1e-6 {
				continue
			}
			s.twin.change = rules.Changes[rng.IntN(len(rules.Changes))]
			if k := rules.Change(landcover.Forest, landcover.Built); rng.IntN(2) == 0 {
				s.twin.change = rules.Changes[k]
			}
			c := redline.Candidate{Change: s.twin.change.Name, AreaM2: s.in.Earth.PolygonM2(shape)}
			var got redline.Evidence
			if err := l.Agree(&c, shape, &got); err != nil {
				t.Fatalf("%s: %v\n%v", s.kind, err, shape)
			}
			want := s.twin.agreement(t, ringsOf(shape), c.AreaM2)
			a := got.Agreed[0]
			slack := 1e-6 * (1 + c.AreaM2) // of some 10,000 m² to a cell
			if s.kind == "two other CRSs" {
				slack = 3e-5 * (1 + c.AreaM2) // sides of cells are straight on both maps, so pieces differ by their bends
			}
			for _, d := range []float64{a.Same - want.Same, a.Other - want.Other, a.Unchanged - want.Unchanged,
				a.NoData - want.NoData} {
				if !(math.Abs(d) <= slack) {
					t.Fatalf("%s: %+v, want %+v, of %g m²\n%v", s.kind, a, want, c.AreaM2, shape)
				}
			}
			if sum := a.Known() + a.NoData; math.Abs(sum-c.AreaM2) > 1e-12*c.AreaM2 {
				t.Fatalf("%s: %+v sum to %.12g, not to %.12g", s.kind, a, sum, c.AreaM2)
			}
			stays := s.twin.stays(t, s.in.Newest, ringsOf(shape), s.newest)
			if math.IsNaN(stays) != math.IsNaN(got.StaysPct) || math.Abs(stays-got.StaysPct) > 0.0100001 {
				t.Fatalf("stays %g, want %g\n%v", got.StaysPct, stays, shape)
			}
			tested[s.kind]++
			if a.NoData > 0.1*c.AreaM2 {
				partly++
			}
			if a.NoData == c.AreaM2 {
				nothing++
			}
			if a.Agrees() {
				agreeing++
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := cache.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for kind, n := range tested {
		if n < 60 {
			t.Errorf("%d of %s", n, kind)
		}
	}
	if len(tested) != 7 || partly < 100 || nothing < 5 || agreeing < 20 {
		t.Errorf("%v; %d lack ground, %d all of it, %d agree: too few to mean anything", tested, partly, nothing, agreeing)
	}
}
