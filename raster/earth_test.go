package raster

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

const (
	grs80A = 6378137.0
	grs80F = 1 / 298.257222101
)

func geographic(lon, lat, cell float64, cols, rows int) Grid {
	return Grid{OriginX: lon, OriginY: lat, CellX: cell, CellY: cell, Cols: cols, Rows: rows,
		CRS: CRS{Geographic: true, SemiMajorM: grs80A, Flattening: grs80F}}
}

// planimeter measures a lattice polygon by GeographicLib's method, each edge cut into
// pieces of at most a tenth of a cell so that its geodesics follow the lattice line.
func planimeter(t testing.TB, e *Earth, ring orb.Ring) float64 {
	t.Helper()
	ell := geodesic.NewEllipsoid(e.grid.CRS.SemiMajorM, e.grid.CRS.Flattening)
	p := ell.PolygonInit(false)
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		n := 1 + int(10*(math.Abs(b[0]-a[0])+math.Abs(b[1]-a[1])))
		for k := range n {
			s := float64(k) / float64(n)
			lon, lat := e.LonLat(a[0]+s*(b[0]-a[0]), a[1]+s*(b[1]-a[1]))
			p.AddPoint(lat, lon)
		}
	}
	var area, perimeter float64
	p.Compute(false, true, &area, &perimeter)
	return math.Abs(area)
}

// sphereTM is the transverse Mercator of a sphere, which has a closed inverse.
func sphereTM(lon0 float64) Transform {
	return func(x, y []float64) error {
		for i := range x {
			u, v := x[i]/grs80A, y[i]/grs80A
			lat := math.Asin(math.Sin(v) / math.Cosh(u))
			lon := math.Atan2(math.Sinh(u), math.Cos(v))
			x[i], y[i] = lon0+lon*180/math.Pi, lat*180/math.Pi
		}
		return nil
	}
}

func TestPolygonM2AgainstPlanimeter(t *testing.T) {
	tm := Grid{OriginX: -300000, OriginY: 3.6e6, CellX: 30, CellY: 30, Cols: 20000, Rows: 18000, CRS: CRS{SemiMajorM: grs80A}}
	grids := map[string]func() (*Earth, error){
		"29N":                 func() (*Earth, error) { return NewEarth(geographic(116, 29.5, 0.00027, 3000, 3000), nil, nil) },
		"35N":                 func() (*Earth, error) { return NewEarth(geographic(116, 35.2, 0.00027, 3000, 3000), nil, nil) },
		"equator":             func() (*Earth, error) { return NewEarth(geographic(10, 0.4, 0.00027, 3000, 3000), nil, nil) },
		"60N":                 func() (*Earth, error) { return NewEarth(geographic(10, 60.4, 0.00027, 3000, 3000), nil, nil) },
		"60S, 300 m":          func() (*Earth, error) { return NewEarth(geographic(10, -59, 1.0/360, 3000, 3000), nil, nil) },
		"transverse Mercator": func() (*Earth, error) { return NewEarth(tm, sphereTM(117), nil) },
		"100 km from its edge": func() (*Earth, error) {
			g := tm
			g.OriginX = 2e5
			g.Cols = 3000
			return NewEarth(g, sphereTM(117), nil)
		},
	}
	rings := map[string]orb.Ring{
		"4 × 4 cells": {{1000, 1000}, {1004, 1000}, {1004, 1004}, {1000, 1004}, {1000, 1000}},
		"row":         {{10, 2500}, {2900, 2500}, {2900, 2501}, {10, 2501}, {10, 2500}},
		"triangle":    {{100.3, 200.7}, {2400.1, 900.2}, {800.9, 2800.4}, {100.3, 200.7}},
		"sliver":      {{100, 100}, {2000, 1500}, {2000, 1500.4}, {100, 100}},
	}
	for name, build := range grids {
		e, err := build()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for shape, ring := range rings {
			got, want := e.PolygonM2(orb.MultiPolygon{{ring}}), planimeter(t, e, ring)
			if d := math.Abs(got-want) / want; d > 1e-7 {
				t.Errorf("%s, %s: %.6f m², planimeter %.6f (relative %.2g)", name, shape, got, want, d)
			}
		}
	}
}

// Runs of cells, polygons, and sums of single cells measure the same ground.
func TestRunsAndPolygonsAgree(t *testing.T) {
	tm := Grid{OriginX: -300000, OriginY: 3.6e6, CellX: 30, CellY: 30, Cols: 4000, Rows: 3000, CRS: CRS{SemiMajorM: grs80A}}
	for name, g := range map[string]Grid{"geographic": geographic(117, 31, 0.00027, 4000, 3000), "projected": tm} {
		e, err := NewEarth(g, sphereTM(117), nil)
		if err != nil {
			t.Fatal(err)
		}
		var sum Area
		row := e.Row(1234)
		for col := 17; col < 3017; col++ {
			sum.Add(row.Run(col, col+1))
		}
		var whole Area
		whole.Add(row.Run(17, 3017))
		if sum != whole {
			t.Errorf("%s: cells sum to %v, their run is %v", name, sum, whole)
		}
		ring := orb.Ring{{17, 1234}, {3017, 1234}, {3017, 1235}, {17, 1235}, {17, 1234}}
		if got := e.PolygonM2(orb.MultiPolygon{{ring}}); math.Abs(got-whole.M2()) > 1e-11*got+3000*AreaUnitM2 {
			t.Errorf("%s: polygon %.9f, run %.9f", name, got, whole.M2())
		}
		ring2 := orb.Ring{{17, 1000}, {900, 1000.5}, {700, 2000}, {17, 1000}}
		split := orb.Ring{{17, 1000}, {458.5, 1000.25}, {700, 2000}, {17, 1000}}
		rest := orb.Ring{{458.5, 1000.25}, {900, 1000.5}, {700, 2000}, {458.5, 1000.25}}
		whole2, parts := e.PolygonM2(orb.MultiPolygon{{ring2}}), e.PolygonM2(orb.MultiPolygon{{split}, {rest}})
		if math.Abs(whole2-parts) > 1e-12*whole2 {
			t.Errorf("%s: %.6f cut in two is %.6f", name, whole2, parts)
		}
	}
}

func TestNewEarthRefuses(t *testing.T) {
	wild := Grid{OriginX: -1e7, OriginY: 1e7, CellX: 1e4, CellY: 1e4, Cols: 2000, Rows: 2000, CRS: CRS{SemiMajorM: grs80A}}
	for name, build := range map[string]func() (*Earth, error){
		"latitudes beyond the pole": func() (*Earth, error) { return NewEarth(geographic(31, 117, 0.01, 10, 10), nil, nil) },
		"longitudes beyond 180":     func() (*Earth, error) { return NewEarth(geographic(179.9, 31, 0.01, 20, 10), nil, nil) },
		"longitudes before -180":    func() (*Earth, error) { return NewEarth(geographic(-180.1, 31, 0.01, 20, 10), nil, nil) },
		"no transform":              func() (*Earth, error) { return NewEarth(wild, nil, nil) },
		"a wild projection":         func() (*Earth, error) { return NewEarth(wild, sphereTM(0), nil) },
	} {
		if _, err := build(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCommon(t *testing.T) {
	a := geographic(117, 31, 0.00027, 100, 80)
	shift := func(u, v float64) Grid { b := a; b.OriginX, b.OriginY = a.Map(u, v); return b }
	for name, c := range map[string]struct {
		b          Grid
		inA, inB   Window
		mismatched bool
	}{
		"same":              {b: a, inA: Window{0, 0, 100, 80}, inB: Window{0, 0, 100, 80}},
		"whole cells":       {b: shift(3, -2), inA: Window{3, 0, 97, 78}, inB: Window{0, 2, 97, 78}},
		"1e-9 of a cell":    {b: shift(1e-9, 0), inA: Window{0, 0, 100, 80}, inB: Window{0, 0, 100, 80}},
		"half a cell":       {b: shift(0.5, 0), mismatched: true},
		"apart":             {b: shift(100, 0), mismatched: true},
		"another cell size": {b: geographic(117, 31, 0.00028, 100, 80), mismatched: true},
	} {
		inA, inB, err := Common(a, c.b)
		if (err != nil) != c.mismatched || inA != c.inA || inB != c.inB {
			t.Errorf("%s: %v %v %v", name, inA, inB, err)
		}
	}
	for _, to := range [][2]float64{{0, 0}, {3, -2}, {-1000, 5000}, {7 + 1e-9, 0}} { // they need not overlap
		cols, rows, err := Offset(a, shift(to[0], to[1]))
		if err != nil || cols != int(to[0]) || rows != int(to[1]) {
			t.Errorf("%v: %d columns, %d rows, %v", to, cols, rows, err)
		}
	}
	if _, _, err := Offset(a, shift(0, 1000.5)); err == nil {
		t.Error("half a row is one lattice")
	}
}

// earths are a geographic grid and a projected one.
func earths(b testing.TB) map[string]*Earth {
	b.Helper()
	tm := Grid{OriginX: -300000, OriginY: 3.6e6, CellX: 30, CellY: 30, Cols: 4000, Rows: 3000, CRS: CRS{SemiMajorM: grs80A}}
	on := map[string]*Earth{}
	for name, g := range map[string]Grid{"geographic": geographic(117, 31, 0.00027, 4000, 3000), "projected": tm} {
		e, err := NewEarth(g, sphereTM(117), nil)
		if err != nil {
			b.Fatal(err)
		}
		on[name] = e
	}
	return on
}

// The runs of 4 cells that a row consists of add up to the row.
func BenchmarkRunArea(b *testing.B) {
	on := earths(b)
	for _, name := range []string{"geographic", "projected"} {
		b.Run(name, func(b *testing.B) {
			e := on[name]
			for b.Loop() {
				row := e.Row(1234)
				var sum Area
				for col := 0; col < e.grid.Cols; col += 4 {
					sum.Add(row.Run(col, col+4))
				}
				if sum != row.Run(0, e.grid.Cols) {
					b.Fatal("the runs do not add up")
				}
			}
			b.ReportMetric(float64(e.grid.Cols/4), "runs/op")
		})
	}
}

// A ring of many slanting edges, against the planimeter.
func BenchmarkPolygonM2(b *testing.B) {
	const edges = 1000
	ring := make(orb.Ring, edges+1)
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i%edges) / edges)
		ring[i] = orb.Point{1500 + 400*cos, 1500 + 400*sin}
	}
	on := earths(b)
	for _, name := range []string{"geographic", "projected"} {
		b.Run(name, func(b *testing.B) {
			e := on[name]
			want := planimeter(b, e, ring)
			for b.Loop() {
				if got := e.PolygonM2(orb.MultiPolygon{{ring}}); math.Abs(got-want) > 1e-7*want {
					b.Fatalf("%.6f m², planimeter %.6f", got, want)
				}
			}
			b.ReportMetric(edges, "edges/op")
		})
	}
}

// On the projected grid the series must give what the projection gives.
// TestLattice: a place's lattice coordinates are those of which it is the place.
func TestLattice(t *testing.T) {
	for name, e := range earths(t) {
		for _, p := range []orb.Point{{0, 0}, {1, 1}, {17.25, 300.5}, {float64(e.grid.Cols), float64(e.grid.Rows)}, {-3, 2.5}} {
			lon, lat := e.LonLat(p[0], p[1])
			if u, v := e.Lattice(lon, lat); math.Abs(u-p[0]) > 1e-6 || math.Abs(v-p[1]) > 1e-6 {
				t.Errorf("%s: %v is at %.9f, %.9f, which is %.9f, %.9f", name, p, lon, lat, u, v)
			}
		}
	}
}

// TestLonLats: places are those of [Earth.LonLat], to the bit, in any order of rows.
func TestLonLats(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, e := range earths(t) {
		l := e.NewLonLats()
		for range 5000 {
			u, v := rng.Float64()*float64(e.grid.Cols), rng.Float64()*float64(e.grid.Rows)
			if rng.IntN(4) > 0 {
				v = math.Floor(v*2) / 2
			}
			lon, lat := l.At(u, v)
			if wantLon, wantLat := e.LonLat(u, v); lon != wantLon || lat != wantLat {
				t.Fatalf("%s: %v, %v is at %v, %v, want %v, %v", name, u, v, lon, lat, wantLon, wantLat)
			}
		}
	}
}

func BenchmarkLonLat(b *testing.B) {
	e := earths(b)["projected"]
	const n = 1000
	points := make([]orb.Point, n)
	x, y := make([]float64, n), make([]float64, n)
	for i := range points {
		points[i] = orb.Point{float64(i * 4), float64(i * 3)}
		x[i], y[i] = e.grid.Map(points[i][0], points[i][1])
	}
	if err := sphereTM(117)(x, y); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for i, p := range points {
			if lon, lat := e.LonLat(p[0], p[1]); math.Abs(lon-x[i]) > lonlatTolerance || math.Abs(lat-y[i]) > lonlatTolerance {
				b.Fatalf("point %v is at %.12f, %.12f, want %.12f, %.12f", p, lon, lat, x[i], y[i])
			}
		}
	}
	b.ReportMetric(n, "points/op")
}

// TestSides: lengths of cell sides against geodesics, which are so short that they differ from arcs of parallels by less than
// the tolerance: half a unit for rounding, and 1e-9.
func TestSides(t *testing.T) {
	ellipsoid := geodesic.NewEllipsoid(grs80A, grs80F)
	for _, lat := range []float64{0.001, 31, 60, -45, 89.999} {
		for _, cell := range []float64{0.0003, 0.003} {
			e, err := NewEarth(geographic(117, lat, cell, 4, 3), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, row int, got int64, lat1, lon1, lat2, lon2 float64) {
				t.Helper()
				var want float64
				ellipsoid.Inverse(lat1, lon1, lat2, lon2, &want, nil, nil)
				if gotM := float64(got) * SideUnitM; math.Abs(gotM-want) > SideUnitM/2+1e-9*want {
					t.Errorf("%g°, cells of %g°, row %d: side of %.9f m %s, want %.9f", lat, cell, row, gotM, what, want)
				}
			}
			for row := range 4 {
				_, at := e.grid.Map(0, float64(row))
				check("east to west", row, e.SideEW(row), at, 117, at, 117+cell)
				check("north to south", row, e.SideNS(row), at, 117, at-cell, 117)
			}
		}
	}
}

// TestSidesProjected: the sides are those of cells on the map, in metres.
func TestSidesProjected(t *testing.T) {
	for name, unitM := range map[string]float64{"metres": 0, "metres by name": 1, "feet": 0.3048} {
		e := &Earth{grid: Grid{CellX: 30, CellY: 20, Cols: 4, Rows: 3, CRS: CRS{SemiMajorM: grs80A, UnitM: unitM}}}
		if unitM == 0 {
			unitM = 1
		}
		for row := range 3 {
			if ew, ns := float64(e.SideEW(row))*SideUnitM, float64(e.SideNS(row))*SideUnitM; math.Abs(ew-30*unitM) > SideUnitM/2 || math.Abs(ns-20*unitM) > SideUnitM/2 {
				t.Errorf("%s: cells of %.9f × %.9f m", name, ew, ns)
			}
		}
	}
}

// TestCoarseGrids: cells of 0.05° and more over the whole earth, against the planimeter and the surface of the ellipsoid.
func TestCoarseGrids(t *testing.T) {
	const surfaceM2 = 510065621724088.4 // of WGS 84, by Karney's closed form (GeographicLib, Ellipsoid::Area)
	for _, cell := range []float64{0.05, 0.25, 1, 2.5} {
		g := geographic(-180, 90, cell, int(math.Round(360/cell)), int(math.Round(180/cell)))
		g.CRS.Flattening = 1 / 298.257223563
		e, err := NewEarth(g, nil, nil)
		if err != nil {
			t.Fatalf("%g°: %v", cell, err)
		}
		var whole Area
		for r := range g.Rows {
			row := e.Row(r)
			whole.Add(row.Run(0, g.Cols))
			one, even := row.Cell()
			var sum Area
			sum.AddTimes(uint64(g.Cols), one)
			if !even || sum != row.Run(0, g.Cols) || row.Run(0, 3) == row.Run(0, 2) {
				t.Fatalf("%g°, row %d: %d cells of %v are %v", cell, r, g.Cols, one, row.Run(0, g.Cols))
			}
		}
		if off := math.Abs(whole.M2()/surfaceM2 - 1); off > 1e-12 {
			t.Errorf("%g°: the earth has %.1f m², want %.1f", cell, whole.M2(), surfaceM2)
		}
		mid := float64(g.Rows / 3)
		for name, ring := range map[string]orb.Ring{
			"cells":    {{3, mid}, {7, mid}, {7, mid + 2}, {3, mid + 2}, {3, mid}},
			"triangle": {{3.3, mid + 0.2}, {9.1, mid + 1.7}, {4.4, mid + 3.9}, {3.3, mid + 0.2}},
		} {
			dense := orb.Ring{ring[0]} // so that geodesics follow the lattice lines
			for i := 1; i < len(ring); i++ {
				for k := range 1000 {
					s := float64(k+1) / 1000
					dense = append(dense, orb.Point{ring[i-1][0] + s*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + s*(ring[i][1]-ring[i-1][1])})
				}
			}
			got, want := e.PolygonM2(orb.MultiPolygon{{ring}}), planimeter(t, e, dense)
			if d := math.Abs(got-want) / want; d > 1e-6 {
				t.Errorf("%g°, %s: %.3f m², planimeter %.3f (relative %.2g)", cell, name, got, want, d)
			}
		}
	}
}

// TestUnitsOfLength: a grid has the same areas whatever the unit of its coordinates.
func TestUnitsOfLength(t *testing.T) {
	metres := Grid{OriginX: -300000, OriginY: 3.6e6, CellX: 30, CellY: 30, Cols: 4000, Rows: 3000, CRS: CRS{SemiMajorM: grs80A}}
	want, err := NewEarth(metres, sphereTM(117), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, unit := range map[string]float64{"kilometres": 1000, "US survey feet": 1200. / 3937, "miles": 1609.344, "millimetres": 0.001} {
		g := metres
		g.OriginX, g.OriginY, g.CellX, g.CellY, g.CRS.UnitM = g.OriginX/unit, g.OriginY/unit, g.CellX/unit, g.CellY/unit, unit
		e, err := NewEarth(g, func(x, y []float64) error {
			for i := range x {
				x[i], y[i] = x[i]*unit, y[i]*unit
			}
			return sphereTM(117)(x, y)
		}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range []int{0, 1234, 2999} {
			a, b := e.Row(r), want.Row(r)
			if got, wanted := a.Run(17, 3017).M2(), b.Run(17, 3017).M2(); math.Abs(got/wanted-1) > 1e-9 {
				t.Errorf("%s, row %d: %.6f m², want %.6f", name, r, got, wanted)
			}
		}
	}
}

// TestStripAgainstTwin: whatever row is asked for first, and by whom, rows and strips are to the last bit those that
// are measured from top to bottom, all at once.
func TestStripAgainstTwin(t *testing.T) {
	g := geographic(115, 34.7, 0.00025, 40, 3*stripRows+5)
	for _, g.Rows = range []int{1, stripRows - 1, stripRows, g.Rows} {
		e, err := NewEarth(g, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		total, lost := 0.0, 0.0
		want := make([][4]float64, g.Rows+1)
		cells := make([]Area, g.Rows)
		at := func(v float64) float64 {
			_, lat := g.Map(0, v)
			return -(g.CellX * math.Pi / 180) * authalic(grs80A, grs80F, lat*math.Pi/180)
		}
		for r := range g.Rows {
			v := float64(r)
			y0, y1, y2, y3 := at(v), at(v+1.0/3), at(v+2.0/3), at(v+1)
			row, d1, d2 := y3-y0, y1-y0, y2-y0
			c1, c2 := 9*d1-4.5*d2+row, -22.5*d1+18*d2-4.5*row
			want[r] = [4]float64{total, c1, c2, row - c1 - c2}
			cells[r].AddM2(row)
			sum := row - lost
			next := total + sum
			total, lost = next, (next-total)-sum
		}
		want[g.Rows] = [4]float64{total, want[g.Rows-1][1]}
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(7, uint64(worker)))
				for range 500 {
					v := rng.Float64() * float64(g.Rows)
					if rng.IntN(9) == 0 {
						v = float64(rng.IntN(g.Rows + 1))
					}
					c, x := want[int(v)], v-math.Floor(v)
					if got, want := e.stripAt(3, v), c[0]+x*(c[1]+x*(c[2]+x*c[3])); got != want {
						t.Errorf("of %d rows the strip to %v is %v, want %v", g.Rows, v, got, want)
					}
				}
			})
		}
		all.Wait()
		for r := range cells {
			if area := e.Row(r); area.Run(0, 1) != cells[r] {
				t.Errorf("row %d has another area", r)
			}
		}
	}
}
