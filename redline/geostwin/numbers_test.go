package geostwin

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/engine"
)

// area is what candidates and suppressed parts of a zone measure, in cells; "" is all zones.
func (c *collector) area(zone string) (cells float64) {
	for _, cand := range c.found {
		if zone == "" || cand.ZoneID == zone {
			cells += cand.AreaM2 / cellM2
		}
	}
	return cells
}

func (s *scene) paintAll(changed func(row, col int) bool) {
	cols := s.in.Grid.Cols
	for i := range s.after {
		if changed(i/cols, i%cols) {
			s.after[i] = 2
		}
	}
}

func everywhere(int, int) bool { return true }

// TestNumbers holds what is known in closed form, or may not matter, of numbers that
// are hard to compute with.
func TestNumbers(t *testing.T) {
	m := newMaker(t)
	near := func(t *testing.T, what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s: %.15g, want %.15g, tolerance %g", what, got, want, tolerance)
		}
	}
	found := func(t *testing.T, s *scene) (*collector, *redline.Summary) {
		t.Helper()
		c, sum, err := run(s, engine.Tuning{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if s.in.Grid.Cells() <= 5000 { // every scene here has a twin, too
			a := solve(s)
			for _, p := range append(compare(s, a, c, sum).problems, outlines(s, a, c).problems...) {
				t.Error(p)
			}
		}
		return c, sum
	}
	valid := func(t *testing.T, c *collector) (parts, holes int) {
		t.Helper()
		for _, cand := range c.found {
			points, err := spots(cand.Geometry)
			if err != nil {
				t.Error(err)
			}
			if why := invalid(points); why != "" {
				t.Errorf("%s: %s", cand.ID, why)
			}
			for _, p := range points {
				parts++
				holes += len(p) - 1
			}
		}
		return parts, holes
	}
	zone := func(s *scene, id string, shape ...orb.Ring) {
		m.zone(s, redline.LayerRedLine, id, redline.RedLine, orb.MultiPolygon{shape})
	}

	for name, at := range map[string][2]float64{
		"N01 zone edge on a cell edge":                  {4, 5},
		"N01 zone edge on a centre row":                 {4, 5.5},
		"N01 zone edge on a centre column":              {4.5, 5},
		"N01 zone edge on a centre row and column":      {4.5, 5.5},
		"N01 zone edge 1e-9 beside a cell edge":         {4 + 1e-9, 5 - 1e-9},
		"N01 zone edge 1e-12 beside a cell edge":        {4 - 1e-12, 5 + 1e-12},
		"N01 zone edge 1e-12 beside a centre":           {4.5 - 1e-12, 5.5 + 1e-12},
		"N01 zone edge on the edge of the raster":       {9, 5},
		"N01 zone edge one rounding beside a cell edge": {math.Nextafter(4, 0), math.Nextafter(5, 6)},
	} {
		t.Run(name, func(t *testing.T) {
			s := m.blank(9, 10, degree)
			s.paintAll(everywhere)
			u, v := at[0], at[1]
			zone(s, "a", rectangle(-1, -1, u, v))
			zone(s, "b", rectangle(u, -1, 12, v))
			zone(s, "c", rectangle(-1, v, u, 13))
			zone(s, "d", rectangle(u, v, 12, 13))
			c, sum := found(t, s)
			near(t, "all", c.area(""), 90, 1e-9*90)
			near(t, "a", c.area("a"), min(u, 9)*v, 1e-9*90)
			near(t, "b", c.area("b"), max(0, 9-u)*v, 1e-9*90)
			near(t, "c", c.area("c"), min(u, 9)*(10-v), 1e-9*90)
			near(t, "d", c.area("d"), max(0, 9-u)*(10-v), 1e-9*90)
			near(t, "changed", sum.Zones[0].ChangedM2/cellM2, min(u, 9)*v, 1e-9*90)
		})
	}

	for name, shape := range map[string]orb.Ring{
		"N03 patch touches a zone in a line":                          rectangle(5, 0, 9, 9),
		"N03 patch touches a zone in part of a line":                  rectangle(5, 3.5, 9, 9),
		"N03 patch touches a zone in a point":                         rectangle(5, 5, 9, 9),
		"N03 patch touches the tip of a zone":                         {{5, 3.5}, {9, 3}, {9, 4}, {5, 3.5}},
		"N03 patch touches a slanting edge with its corner":           {{4, 6}, {6, 4}, {9, 9}, {4, 6}},
		"N03 patch touches a zone in a line but for 1e-12":            rectangle(5-1e-12, 0, 9, 9),
		"N03 patch touches a zone in a line but for rounding":         rectangle(math.Nextafter(5, 0), 0, 9, 9),
		"N03 patch touches the tip of a zone that passes by rounding": {{5 - 1e-10, 3.5}, {9, 3}, {9, 4}, {5 - 1e-10, 3.5}},
	} {
		t.Run(name, func(t *testing.T) {
			s := m.blank(10, 10, degree)
			s.o.MinArea, s.o.MinPart, s.o.MinSeverity = redline.Size{}, redline.Size{}, 0
			s.paintAll(func(r, c int) bool { return r >= 2 && r < 5 && c >= 1 && c < 5 })
			zone(s, "a", shape)
			if c, sum := found(t, s); len(c.found) > 0 || sum.Candidates+sum.Suppressed != 0 {
				t.Errorf("%d parts: %s", len(c.found), s.text(c))
			}
		})
	}

	diagonals := map[string]struct {
		changed     func(r, c int) bool
		eight, four int // patches
		parts       int // of the outlines together
	}{
		"two cells":     {func(r, c int) bool { return r == c && r < 2 || false }, 1, 2, 2},
		"a chess board": {func(r, c int) bool { return (r+c)%2 == 0 }, 1, 32, 32},
		"a diamond": {func(r, c int) bool {
			return math.Abs(float64(r)-3)+math.Abs(float64(c)-3) == 3
		}, 1, 12, 12},
		"steps": {func(r, c int) bool { return c == r || c == r+1 }, 1, 1, 1},
	}
	for name, d := range diagonals {
		for conn, want := range map[patch.Connectivity]int{patch.Eight: d.eight, patch.Four: d.four} {
			t.Run(fmt.Sprintf("N04 diagonal patches, %s, %d neighbours", name, conn), func(t *testing.T) {
				s := m.blank(8, 8, degree)
				s.o.Conn, s.o.MinArea = conn, redline.Size{}
				s.paintAll(d.changed)
				zone(s, "a", rectangle(-1, -1, 9, 9))
				c, _ := found(t, s)
				if len(c.found) != want {
					t.Errorf("%d patches, want %d", len(c.found), want)
				}
				if parts, _ := valid(t, c); parts != d.parts {
					t.Errorf("%d parts of outlines, want %d", parts, d.parts)
				}
			})
		}
	}

	for name, changed := range map[string]func(r, c int) bool{
		"N05 patch over a tile border": func(r, c int) bool { return r == 3 && c > 1 && c < 14 },
		"N05 patch over a tile corner": func(r, c int) bool {
			return (r == 3 && c == 3) || (r == 4 && c == 4) || (r == 7 && c == 8) || (r == 8 && c == 7)
		},
		"N05 spiral over many tiles":           func(r, c int) bool { k := min(r, c, 15-r, 15-c); return k%2 == 0 && !(c == k && r == k+1) },
		"N05 comb that joins in the last row":  func(r, c int) bool { return c%2 == 0 || r == 15 },
		"N05 comb that joins in the first row": func(r, c int) bool { return c%2 == 0 || r == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := m.blank(16, 16, 3000)
			s.paintAll(changed)
			zone(s, "a", orb.Ring{{1.2, 0.4}, {15.1, 6.6}, {7.5, 16.2}, {0.3, 9.8}, {1.2, 0.4}})
			zone(s, "b", rectangle(8, 4, 20, 12))
			c, _ := found(t, s)
			for tile := 1; tile <= 16; tile++ {
				again, _, err := run(s, engine.Tuning{Workers: 1 + tile%8, Tile: tile})
				if err != nil {
					t.Fatal(err)
				}
				if s.text(again) != s.text(c) {
					t.Errorf("tiles of %d cells give another result", tile)
				}
			}
		})
	}

	island := func(r, c int) bool { k := min(r, c, 69-r, 69-c); return k < 3 || (k >= 9 && k < 14) || k >= 20 }
	for name, want := range map[string]struct {
		changed             func(r, c int) bool
		cells, parts, holes int
	}{
		"N06 patch with 1000 holes": {func(r, c int) bool { return r%2 == 0 || c%2 == 0 || c == 69 || r/2*34+c/2 >= 1000 }, 4900 - 1000, 1, 1000},
		"N06 ring":                  {func(r, c int) bool { return min(r, c, 69-r, 69-c) < 5 }, 4900 - 3600, 1, 1},
		"N06 island in a lake":      {island, 70*70 - 64*64 + 52*52 - 42*42 + 30*30, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := m.blank(70, 70, 3000)
			s.o.MinArea, s.o.MinPart = redline.Size{}, redline.Size{}
			s.paintAll(want.changed)
			zone(s, "a", rectangle(-1, -1, 70, 71))
			c, sum, err := run(s, engine.Tuning{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "area", c.area(""), float64(want.cells), 1e-9*float64(want.cells))
			near(t, "changed", sum.Zones[0].ChangedM2/cellM2, float64(want.cells), 1e-9*float64(want.cells))
			if parts, holes := valid(t, c); parts != want.parts || holes != want.holes {
				t.Errorf("%d parts and %d holes, want %d and %d", parts, holes, want.parts, want.holes)
			}
			// and the same cut through by a slanting zone and what it leaves
			cut := m.clone(s)
			cut.in.Zones = nil
			zone(cut, "a", rectangle(-1, -1, 70, 71))
			m.zone(cut, redline.LayerReserve, "b", redline.Core, orb.MultiPolygon{{{{10.3, -2}, {71, 33.3}, {30, 72}, {10.3, -2}}}})
			c, _, err = run(cut, engine.Tuning{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "area of both", c.area(""), float64(want.cells), 1e-9*float64(want.cells))
			valid(t, c)
		})
	}

	t.Run("N09 very many cells of one class", func(t *testing.T) {
		cols, rows := 10_000, 5000 // 5·10⁷
		if torture() {
			cols, rows = 40_000, 25_000 // 10⁹
		}
		s := m.blank(1, 1, 1)
		g := s.in.Grid
		g.Cols, g.Rows = cols, rows
		m.place(s, g)
		s.in.Before.Source, s.in.After.Source = uniform{g, 1}, uniform{g, 2}
		zone(s, "a", rectangle(-1, -1, float64(cols)+1, float64(rows)+1))
		c, sum, err := run(s, engine.Tuning{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		n := int64(cols) * int64(rows)
		if len(sum.Codes) != 1 || sum.Codes[0].Cells != n || sum.ChangedCells != n || sum.Changes[0].Cells != n {
			t.Errorf("matrix %+v, %d changed", sum.Codes, sum.ChangedCells)
		}
		var exact raster.Area
		for r := range rows {
			row := s.in.Earth.Row(r)
			exact.Add(row.Run(0, cols))
		}
		if sum.Codes[0].AreaM2 != exact.M2() || sum.Zones[0].ChangedM2 != exact.M2() {
			t.Errorf("areas %.9f and %.9f, want %.9f", sum.Codes[0].AreaM2, sum.Zones[0].ChangedM2, exact.M2())
		}
		near(t, "area", exact.M2(), cellM2*float64(n), 1e-9*cellM2*float64(n))
		if len(c.found) != 1 {
			t.Fatalf("%d candidates", len(c.found))
		}
		for _, cand := range c.found {
			if cand.Cells != n || cand.PatchM2 != exact.M2() || cand.AreaM2 != exact.M2() {
				t.Errorf("candidate of %d cells and %.9f m²", cand.Cells, cand.AreaM2)
			}
		}
	})

	t.Run("N10 order of sums", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(10, 10))
		areas := make([]float64, 5000)
		for i := range areas {
			areas[i] = math.Pow(10, -8+20*rng.Float64())
		}
		sum := func() (a raster.Area) {
			for _, m2 := range areas {
				a.AddM2(m2)
			}
			return a
		}
		want := sum()
		for range 20 {
			rng.Shuffle(len(areas), func(i, j int) { areas[i], areas[j] = areas[j], areas[i] })
			if sum() != want {
				t.Error("another order, another sum")
			}
		}
		s := m.random(4711)
		all := func(tune engine.Tuning) string {
			c, sum, err := run(s, tune)
			if err != nil {
				t.Fatal(err)
			}
			text := s.text(c) + fmt.Sprintf("%+v %+v %+v %v %v", sum.Codes, sum.Changes, sum.Checks, sum.CandidateM2, sum.SuppressedM2)
			for _, z := range sum.Zones {
				z.Zone = nil
				text += fmt.Sprintf(" %+v", z)
			}
			return text
		}
		one := all(engine.Tuning{Workers: 1})
		for workers := 2; workers <= 8; workers++ {
			for _, tile := range []int{0, 1, 3} {
				if all(engine.Tuning{Workers: workers, Tile: tile}) != one {
					t.Errorf("%d workers with tiles of %d give another result", workers, tile)
				}
			}
		}
	})

	blob := orb.Ring{{1.3, 0.7}, {9.1, 2.2}, {11.4, 9.9}, {5.2, 7.1}, {0.6, 10.3}, {1.3, 0.7}}
	t.Run("N13 a zone twice", func(t *testing.T) {
		s := m.blank(12, 11, degree)
		s.paintAll(everywhere)
		zone(s, "a", blob)
		zone(s, "b", blob)
		c, _ := found(t, s)
		if len(c.found) != 1 || c.area("b") != 0 {
			t.Errorf("%s", s.text(c))
		}
		for k := range c.found {
			if o := c.overlaps[k]; len(o) != 2 || math.Abs(o[0].AreaM2-o[1].AreaM2) > 1e-6 {
				t.Errorf("overlaps %v", o)
			}
		}
	})
	for _, by := range []orb.Point{{1e-9, 0}, {0, -1e-9}, {1e-9, 1e-9}, {-1e-12, 1e-12}} {
		t.Run(fmt.Sprintf("N13 a zone and its copy moved by %g, %g", by[0], by[1]), func(t *testing.T) {
			for conn, changed := range map[patch.Connectivity]func(r, c int) bool{patch.Eight: everywhere, patch.Four: func(r, c int) bool { return (r+c)%2 == 0 }} {
				s := m.blank(12, 11, degree)
				s.o.Conn, s.o.MinArea = conn, redline.Size{}
				s.paintAll(changed)
				zone(s, "a", blob)
				copied := slices.Clone(blob)
				for i := range copied {
					copied[i] = orb.Point{copied[i][0] + by[0], copied[i][1] + by[1]}
				}
				zone(s, "b", copied)
				c, _ := found(t, s)
				for _, cand := range c.found {
					if cand.ZoneID == "b" {
						t.Errorf("a sliver of %g m² is called %q", cand.AreaM2, cand.Reason)
					}
				}
			}
		})
	}

	t.Run("N14 random rectangles", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(14, 14))
		n := 100
		if torture() {
			n = 3000
		}
		for i := range n {
			s := m.blank(1+rng.IntN(40), 1+rng.IntN(40), degree)
			w, h := float64(s.in.Grid.Cols), float64(s.in.Grid.Rows)
			c0, r0 := rng.IntN(s.in.Grid.Cols), rng.IntN(s.in.Grid.Rows)
			c1, r1 := c0+1+rng.IntN(s.in.Grid.Cols-c0), r0+1+rng.IntN(s.in.Grid.Rows-r0)
			s.paintAll(func(r, c int) bool { return r >= r0 && r < r1 && c >= c0 && c < c1 })
			draw := func(limit float64) (lo, hi float64) {
				lo, hi = ordinate(rng, int(limit)), ordinate(rng, int(limit))
				lo, hi = min(lo, hi), max(lo, hi)
				return lo - rng.Float64(), hi + rng.Float64()
			}
			u0, u1 := draw(w)
			v0, v1 := draw(h)
			zone(s, "weak", rectangle(u0, v0, u1, v1))
			x0, x1 := draw(w)
			y0, y1 := draw(h)
			m.zone(s, redline.LayerReserve, "strict", redline.Core, orb.MultiPolygon{{rectangle(x0, y0, x1, y1)}})
			c, _, err := run(s, engine.Tuning{Workers: 1})
			if err != nil {
				t.Fatalf("rectangle %d: %v\n%s", i, err, s)
			}
			common := func(lo, hi, a, b float64) float64 { return max(0, min(hi, b)-max(lo, a)) }
			cells := func(u0, v0, u1, v1 float64) float64 {
				return common(u0, u1, float64(c0), float64(c1)) * common(v0, v1, float64(r0), float64(r1))
			}
			strict := cells(x0, y0, x1, y1)
			both := cells(max(u0, x0), max(v0, y0), max(min(u1, x1), u0, x0), max(min(v1, y1), v0, y0))
			near(t, fmt.Sprintf("rectangle %d: strict zone", i), c.area("strict"), strict, 1e-9*strict+1e-9+touchIf(strict))
			weak := cells(u0, v0, u1, v1) - both
			near(t, fmt.Sprintf("rectangle %d: weak zone", i), c.area("weak"), weak, 1e-9*weak+1e-9+touchIf(weak))
		}
		t.Logf("tally: scenes %d", n)
		t.Logf("tally: comparisons %d", 2*n)
	})

	for name, l := range map[string]struct {
		area, part redline.Size
		reason     redline.Reason
	}{
		"N15 min_area equal to the limit, cells":        {area: redline.Size{Cells: 6}},
		"N15 min_area equal to the limit, m²":           {area: redline.Size{M2: 5400}},
		"N15 min_area above by 1e-6":                    {area: redline.Size{Cells: 6 * (1 + 1e-6)}, reason: redline.ReasonArea},
		"N15 min_area above by 1e-6, m²":                {area: redline.Size{M2: 5400 * (1 + 1e-6)}, reason: redline.ReasonArea},
		"N15 min_area below by 1e-6":                    {area: redline.Size{Cells: 6 * (1 - 1e-6)}},
		"N15 min_part equal to the limit, cells":        {part: redline.Size{Cells: 3}},
		"N15 min_part equal to the limit, m²":           {part: redline.Size{M2: 2700}},
		"N15 min_part above by 1e-6":                    {part: redline.Size{Cells: 3 * (1 + 1e-6)}, reason: redline.ReasonPart},
		"N15 min_part above by 1e-6, m²":                {part: redline.Size{M2: 2700 * (1 + 1e-6)}, reason: redline.ReasonPart},
		"N15 both equal to the limit":                   {area: redline.Size{Cells: 6}, part: redline.Size{Cells: 3}},
		"N15 min_area comes before min_part":            {area: redline.Size{Cells: 7}, part: redline.Size{Cells: 4}, reason: redline.ReasonArea},
		"N15 min_area counts the patch, not the part":   {area: redline.Size{Cells: 4}},
		"N15 min_part counts the part, not whole cells": {part: redline.Size{Cells: 2.5}},
	} {
		t.Run(name, func(t *testing.T) {
			s := m.blank(8, 8, degree)
			s.o.MinArea, s.o.MinPart = l.area, l.part
			s.paintAll(func(r, c int) bool { return r >= 2 && r < 4 && c >= 1 && c < 4 })
			zone(s, "a", rectangle(-1, -1, 2.5, 9)) // 3 of the 6 cells
			c, _ := found(t, s)
			if len(c.found) != 1 {
				t.Fatalf("%d parts", len(c.found))
			}
			for _, cand := range c.found {
				if cand.Reason != l.reason {
					t.Errorf("reason %q, want %q", cand.Reason, l.reason)
				}
			}
		})
	}

	t.Run("V30 a zone of very many vertices", func(t *testing.T) {
		n, vertices := 1, 20_000
		if torture() {
			n, vertices = 2, 100_000
		}
		for i := range n {
			s := m.long(uint64(i), vertices)
			c, sum, err := run(s, engine.Tuning{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			v := compare(s, solve(s), c, sum)
			if len(v.problems) > 0 || v.parts == 0 {
				t.Errorf("scene %d, %d parts: %v", i, v.parts, v.problems)
			}
			t.Logf("tally: comparisons %d", v.comparisons)
		}
		t.Logf("tally: scenes %d", n)
	})

	t.Run("V31 very many tiny zones and one of the whole country", func(t *testing.T) {
		side := 40
		if torture() {
			side = 100
		}
		s := m.blank(64, 64, 3000)
		s.paintAll(everywhere)
		step := 64 / float64(side)
		for i := range side * side {
			u, v := step*float64(i%side)+step/7, step*float64(i/side)+step/9
			zone(s, strconv.Itoa(i), rectangle(u, v, u+step/2, v+step/3))
		}
		m.zone(s, redline.LayerReserve, "country", redline.Periphery, orb.MultiPolygon{{rectangle(-1e5, -1e5, 1e5, 1e5)}})
		c, sum, err := run(s, engine.Tuning{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if want := side*side + 1; len(c.found) != want || len(sum.Zones) != want {
			t.Fatalf("%d parts in %d zones, want %d", len(c.found), len(sum.Zones), want)
		}
		tiny := step / 2 * step / 3
		for _, cand := range c.found {
			want := tiny
			if cand.ZoneID == "country" {
				want = 64*64 - float64(side*side)*tiny
			}
			near(t, "zone "+cand.ZoneID, cand.AreaM2/cellM2, want, 1e-6)
		}
		t.Logf("tally: comparisons %d", len(c.found))
	})

	t.Run("V32 slivers narrower than a cell", func(t *testing.T) {
		s := m.blank(40, 40, degree)
		s.o.MinPart = redline.Size{Cells: 0.2}
		s.paintAll(everywhere)
		zone(s, "upright", rectangle(7.4, 2, 7.41, 38))                                             // 0.36 cells
		zone(s, "oblique", orb.Ring{{10, 2.5}, {38.5, 30.5}, {38.5, 30.52}, {10, 2.52}, {10, 2.5}}) // 0.57 cells
		zone(s, "short", rectangle(20.3, 33.1, 28.3, 33.11))                                        // 0.08 cells
		zone(s, "double", rectangle(2.995, 1, 3, 39))                                               // 0.19 cells, along a cell edge
		c, sum := found(t, s)
		for id, want := range map[string]struct {
			cells  float64
			reason redline.Reason
		}{"upright": {0.36, ""}, "oblique": {0.57, ""}, "short": {0.08, redline.ReasonPart}, "double": {0.19, redline.ReasonPart}} {
			near(t, id, c.area(id), want.cells, 1e-9)
			for _, cand := range c.found {
				if cand.ZoneID == id && cand.Reason != want.reason {
					t.Errorf("%s: reason %q, want %q", id, cand.Reason, want.reason)
				}
			}
		}
		if sum.ByReason[redline.ReasonPart] != 2 {
			t.Errorf("%d counted as below min_part", sum.ByReason[redline.ReasonPart])
		}
	})
}

// touchIf is what a part may lose: it is no candidate when it is as small as that.
func touchIf(cells float64) float64 {
	if cells <= touching*(1+1e-6) {
		return cells
	}
	return 0
}

// uniform is a raster of one class.
type uniform struct {
	on    raster.Grid
	class uint8
}

func (u uniform) Grid() raster.Grid            { return u.on }
func (u uniform) Index() *[256]uint8           { return (&raster.Memory{Classes: 5}).Index() }
func (u uniform) BlockSize() (cols, rows int)  { return u.on.Cols, 1 }
func (u uniform) Torn(int) (int, int64)        { return 0, 0 }
func (u uniform) Open() (raster.Reader, error) { return u, nil }
func (u uniform) Close() error                 { return nil }
func (u uniform) Read(_ raster.Window, dst []uint8) error {
	for i := range dst {
		dst[i] = u.class
	}
	return nil
}
func (u uniform) Codes(_ raster.Window, dst []int64) error {
	for i := range dst {
		dst[i] = int64(u.class)
	}
	return nil
}
