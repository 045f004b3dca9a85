package gdalinput

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/job"
)

// pair is the pair "x" of 2015 and 2020.
func pair(before, after string) job.Pair {
	return job.Pair{Name: "x", Before: job.Epoch{Files: []string{before}, Year: 2015}, After: job.Epoch{Files: []string{after}, Year: 2020}}
}

// confirm has a red line, so that nothing is missing, and a pair on these grids.
func (s *scene) confirm(before, after raster.Grid) *job.Pair {
	s.rasters()
	s.job.Confirm = []job.Pair{pair(s.raster("c.tif", before, 2), s.raster("d.tif", after, 8))}
	return &s.job.Confirm[0]
}

// arrived returns where a map's lattice has points of the run's lattice.
func arrived(t *testing.T, m *redline.OtherMap, points ...orb.Point) []orb.Point {
	t.Helper()
	mover, err := m.NewMover()
	if err != nil {
		t.Fatal(err)
	}
	defer mover.Close()
	points = slices.Clone(points)
	if err := mover.Move(points); err != nil {
		t.Fatal(err)
	}
	return points
}

// TestOtherMaps: maps on grids of their own are opened whole, each with its Earth, and recorded in the order of the job.
func TestOtherMaps(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	fine := degrees(t)
	fine.OriginX, fine.OriginY, fine.CellX, fine.CellY, fine.Cols, fine.Rows = 116.99, 31.01, 0.0025, 0.005, 170, 70
	p := s.confirm(fine, degrees(t))
	p.Before.Legend, p.After.Year = "esa_worldcover", 2021
	s.raster("c.tif", fine, 10)
	s.raster("d.tif", degrees(t), 7)
	s.job.Newest = job.Epoch{Files: []string{s.raster("n.tif", part(t, 10, 0, 40, 30), 8)}, Year: 2023}
	s.job.Confirm[0].After.Legend = "clcd"
	l := s.mustLoad()
	if len(l.Inputs.Confirm) != 1 || l.Inputs.Newest == nil {
		t.Fatalf("got %+v", l.Inputs)
	}
	got := &l.Inputs.Confirm[0]
	if got.Name != "x" || got.Before.Year != 2015 || got.After.Year != 2021 || got.Before.Legend.Name != "esa_worldcover" || got.After.Legend.Name != "clcd" ||
		got.Before.Window != (raster.Window{Cols: 170, Rows: 70}) || l.Inputs.Newest.Year != 2023 || l.Inputs.Newest.Legend.Name != "clcd" {
		t.Errorf("got %+v, %+v", got, l.Inputs.Newest)
	}
	// Each Earth measures its own cells: eight of the fine map are one of the run's.
	area := func(earth *raster.Earth, row, col0, col1 int) float64 {
		of := earth.Row(row)
		return of.Run(col0, col1).M2()
	}
	own := area(l.Inputs.Earth, 3, 5, 6)
	other := area(got.Before.Earth, 8, 24, 28) + area(got.Before.Earth, 9, 24, 28)
	if math.Abs(own-other) > own*1e-9 {
		t.Errorf("a cell has %g m², of the fine map %g", own, other)
	}
	if at := arrived(t, &got.Before, orb.Point{}, orb.Point{40, 30}); math.Abs(at[0][0]-4) > 1e-9 || math.Abs(at[0][1]-2) > 1e-9 ||
		math.Abs(at[1][0]-164) > 1e-9 || math.Abs(at[1][1]-62) > 1e-9 {
		t.Errorf("the grid's corners lie at %v", at)
	}
	file := func(name string) string { return filepath.Join(s.dir, name) }
	want := []string{
		file("d.tif") + ": is of 2021, the map that it stands beside of 2020; changes in between count as disagreement",
		file("n.tif") + ": covers about 75.00 % of the common grid; of candidates beyond it nothing is known from it",
	}
	if got := l.Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings are %q", got)
	}
	records, err := l.Records(context.Background())
	if err != nil || len(records) != 6 {
		t.Fatalf("%v, %v", records, err)
	}
	for i, want := range []struct {
		role, name, file, legend string
		year                     int
	}{{"confirm_before", "x", "c.tif", "esa_worldcover", 2015}, {"confirm_after", "x", "d.tif", "clcd", 2021}, {"newest", "", "n.tif", "clcd", 2023}} {
		r := records[2+i]
		if r.Role != want.role || r.Name != want.name || r.Path != file(want.file) || r.Legend != want.legend || r.Year != want.year ||
			len(r.Files) != 1 || len(r.Files[0].SHA256) != 64 {
			t.Errorf("record %d is %+v", i, r)
		}
	}
	s.raster("d.tif", part(t, 0, 0, 39, 30), 8)
	if err := l.Unchanged(); err == nil || redline.KindOf(err) != redline.Raster || !strings.Contains(err.Error(), "d.tif: was changed while it was read") {
		t.Errorf("a map that was changed: %v", err)
	}
}

// TestWaysOfOneLattice: between lattices of cells of one size whole numbers stay whole, also where CGCS2000 counts as
// WGS 84.
func TestWaysOfOneLattice(t *testing.T) {
	for _, code := range []int{4490, 4326} {
		s := newScene(t, part(t, 3, 4, 30, 20), part(t, 3, 4, 30, 20))
		other := part(t, 1, 9, 39, 20)
		other.CRS = crs(t, code)
		s.confirm(other, other)
		l := s.mustLoad()
		var points, want []orb.Point
		for i := range 21 {
			points, want = append(points, orb.Point{float64(i), float64(20 - i)}), append(want, orb.Point{float64(i) + 2, float64(20-i) - 5})
		}
		for _, m := range []*redline.OtherMap{&l.Inputs.Confirm[0].Before, &l.Inputs.Confirm[0].After} {
			if got := arrived(t, m, points...); !slices.Equal(got, want) {
				t.Errorf("EPSG:%d: got %v", code, got)
			}
		}
		if w := l.Warnings(); len(w) != 2 || !strings.Contains(w[0], "c.tif: covers about 75.00 % of the common grid") {
			t.Errorf("EPSG:%d: warnings are %q", code, w)
		}
	}
}

// TestWaysBetweenCRSs: points are moved by PROJ, by each goroutine for itself.
func TestWaysBetweenCRSs(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	other := metres(t)
	other.OriginX, other.OriginY, other.Cols, other.Rows = 480_000, 3_450_000, 80, 70
	s.confirm(other, other)
	l := s.mustLoad()
	if w := l.Warnings(); len(w) != 0 {
		t.Errorf("warnings are %q", w)
	}
	way, err := gdalraster.NewTransform(crs(t, 4490), crs(t, 32650))
	if err != nil {
		t.Fatal(err)
	}
	defer way.Close()
	x, y := []float64{117.125}, []float64{30.8375}
	if err := way.XY(x, y); err != nil {
		t.Fatal(err)
	}
	want := orb.Point{(x[0] - 480_000) / 1000, (3_450_000 - y[0]) / 1000}
	done := make(chan orb.Point)
	for range 4 {
		go func() {
			mover, err := l.Inputs.Confirm[0].After.NewMover()
			var at []orb.Point
			for range 20 {
				if at = slices.Repeat([]orb.Point{{12.5, 16.25}}, 1000); err == nil {
					err = mover.Move(at)
				}
			}
			if err != nil {
				t.Error(err)
			} else {
				mover.Close()
			}
			done <- at[999]
		}()
	}
	for range 4 {
		if got := <-done; math.Hypot(got[0]-want[0], got[1]-want[1]) > 1e-6 {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	half := metres(t)
	half.OriginX, half.OriginY, half.Cols, half.Rows = 480_000, 3_450_000, 40, 70 // to about 117.209° E, of 117° to 117.4°
	s.raster("d.tif", half, 8)
	s.job.Confirm[0].After.Files[0] = filepath.Join(s.dir, "d.tif")
	l = s.mustLoad()
	if w := l.Warnings(); len(w) != 1 || !strings.Contains(w[0], "d.tif: covers about 52.") {
		t.Errorf("warnings are %q", w)
	}
}

// TestOtherMapsAreJudged: a map on a grid of its own is judged as an epoch is.
func TestOtherMapsAreJudged(t *testing.T) {
	for name, c := range map[string]struct {
		kind  redline.Kind
		spoil func(s *scene, p *job.Pair)
		want  string
	}{
		"no overlap": {redline.Incompatible, func(s *scene, p *job.Pair) { s.raster("d.tif", part(t, 40, 0, 4, 4), 7) },
			"d.tif: covers 117.4000° to 117.4400° E, 30.9600° to 31.0000° N, nothing of the common grid of before and after (117.0000° to 117.4000° E, " +
				"30.7000° to 31.0000° N); name a map of that area, or leave out what it belongs to"},
		"no overlap, other CRS": {redline.Incompatible, func(s *scene, p *job.Pair) {
			g := metres(t)
			g.OriginX = 600_000
			s.raster("d.tif", g, 7)
		}, "nothing of the common grid of before and after"},
		"missing": {redline.Raster, func(s *scene, p *job.Pair) { p.After.Files[0] = filepath.Join(s.dir, "none.tif") }, "none.tif: no such file"},
		"no such band": {redline.Usage, func(_ *scene, p *job.Pair) { p.Before.Band = 2 },
			"c.tif: no such band: 2 is asked for, its bands are 1 to 1; say which with --before-band, --after-band or |band=N in --between, " +
				"--confirm or --newest"},
		"a band is needed": {redline.Raster, func(s *scene, _ *job.Pair) { s.stack("d.tif", degrees(t), 5) },
			"d.tif: has 5 bands; say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band)"},
		"no CRS": {redline.Raster, func(s *scene, _ *job.Pair) {
			g := degrees(t)
			g.CRS = raster.CRS{}
			s.raster("d.tif", g, 8)
		}, "d.tif: has no coordinate reference system; state the right one by crs: EPSG:… under this raster in the job file, or " +
			"--before-crs, --after-crs, |crs=CRS in --between, --confirm or --newest"},
		"unknown legend": {redline.Usage, func(_ *scene, p *job.Pair) { p.Before.Legend = "clcdd" }, `confirm, x, before: unknown legend "clcdd"`},
		"newest, unknown legend": {redline.Usage, func(s *scene, p *job.Pair) {
			s.job.Newest = job.Epoch{Files: p.After.Files, Year: 2023, Legend: "clcdd"}
		}, `newest: unknown legend "clcdd"`},
		"newest, no overlap": {redline.Incompatible, func(s *scene, _ *job.Pair) {
			s.job.Newest = job.Epoch{Files: []string{s.raster("n.tif", part(t, 40, 0, 4, 4), 7)}, Year: 2023}
		}, "n.tif: covers 117.4000° to 117.4400° E"},
		"NoData is a class": {redline.Raster, func(s *scene, p *job.Pair) {
			p.After.Legend = s.text("l.csv", "code,name_en,name_zh,color,ecosystem\n0,Bare,裸地,,bare\n8,Soil,土,,bare\n")
		}, "its NoData value 0 is a class of the legend"},
		"CRS that cannot be": {redline.Raster, func(s *scene, p *job.Pair) { s.raster("c.tif", metres(t), 7); p.Before.CRS = "EPSG:4490" },
			"under this raster in the job file, or |crs=CRS in --confirm"},
		"ballpark": {redline.Incompatible, func(s *scene, p *job.Pair) {
			g := degrees(t)
			g.CRS = crs(t, 4214)
			s.raster("d.tif", g, 8)
		}, "d.tif: no reliable transformation from China Geodetic Coordinate System 2000 (EPSG:4490) to Beijing 1954 (EPSG:4214): "},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			c.spoil(s, s.confirm(degrees(t), degrees(t)))
			s.refused(c.kind, c.want)
		})
	}
}

// TestOtherMapsOfOneContent: who confirms a map by itself is told that it proves nothing.
func TestOtherMapsOfOneContent(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	p := s.confirm(degrees(t), degrees(t)) // the same content as the epochs
	s.job.Newest = job.Epoch{Files: p.After.Files, Year: 2023}
	file := func(name string) string { return filepath.Join(s.dir, name) }
	want := []string{
		file("c.tif") + ": has the same content as the raster of before, so it proves nothing; is it the right file?",
		file("d.tif") + ": has the same content as the raster of after, so it proves nothing; is it the right file?",
		file("d.tif") + ": has the same content as the raster of after, so that all changes stay; is it the right file?",
	}
	if got := s.mustLoad().Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings are %q", got)
	}
	s.job.Newest = job.Epoch{}
	s.raster("c.tif", degrees(t), 7)
	s.raster("d.tif", degrees(t), 7)
	want = []string{file("d.tif") + ": has the same content as the other map of its pair, so that shows no change; is it the right file?"}
	if got := s.mustLoad().Warnings(); !slices.Equal(got, want) {
		t.Errorf("warnings are %q", got)
	}
}

// TestOtherMapsAreExamined: check reads the cells of each map and tells its name, cover and years.
func TestOtherMapsAreExamined(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	p := s.confirm(degrees(t), part(t, 10, 0, 40, 30))
	p.Before.Year = 2013
	examine := func() (*Diagnosis, bool, error) {
		x, err := Examine(context.Background(), s.job)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Cells(context.Background(), 2, &redline.Progress{}); err != nil {
			t.Fatal(err)
		}
		comparable := x.Comparable()
		d, err := x.Conclude()
		return d, comparable, err
	}
	d, comparable, err := examine()
	if err != nil || !comparable {
		t.Fatalf("comparable %v, %v", comparable, err)
	}
	b, a := d.Inputs[2], d.Inputs[3]
	if b.Role != "confirm_before" || b.Name != "x" || b.Year != 2013 || *b.YearsApart != -2 || *b.CoversPct != 100 || b.Legend != "clcd" || !b.Usable ||
		b.Raster.Cells != 1200 || b.Raster.OutsideCells != nil || b.Raster.Codes[0].Code != 2 {
		t.Errorf("got %+v, %+v", b, b.Raster)
	}
	if a.Role != "confirm_after" || *a.YearsApart != 0 || *a.CoversPct != 75 || a.Raster.Grid.Cols != 40 || d.Inputs[0].CoversPct != nil || d.Inputs[0].YearsApart != nil {
		t.Errorf("got %+v, %+v", a, a.Raster)
	}
	p.After.Legend = s.text("l.csv", "code,name_en,name_zh,color,ecosystem\n7,Soil,土,,bare\n")
	d, comparable, err = examine()
	text := p.After.Files[0] + `: 1200 of its cells have codes that legend "` + p.After.Legend + `" lacks; the run fails if it meets one near a candidate`
	if err != nil || !comparable || !slices.ContainsFunc(d.Warnings, func(w Message) bool { return w.Text == text && *w.Input == 3 }) {
		t.Errorf("unknown codes: comparable %v, %v, %+v", comparable, err, d.Warnings)
	}
}
