package gdalinput

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
)

// part is a part of the grid of degrees, moved by some cells.
func part(t *testing.T, col, row float64, cols, rows int) raster.Grid {
	g := degrees(t)
	g.OriginX, g.OriginY = g.Map(col, row)
	g.Cols, g.Rows = cols, rows
	return g
}

// stack writes a raster whose band k, from 1, has the code k everywhere.
func (s *scene) stack(name string, g raster.Grid, bands int) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	ds, err := godal.Create(godal.GTiff, path, bands, godal.Byte, g.Cols, g.Rows, godal.CreationOption("PHOTOMETRIC=MINISBLACK", "INTERLEAVE=PIXEL"))
	if err != nil {
		s.t.Fatal(err)
	}
	check := func(err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	check(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}))
	check(ds.SetProjection(g.CRS.WKT))
	for k, band := range ds.Bands() {
		check(band.Fill(float64(k+1), 0))
	}
	check(ds.Close())
	return path
}

// at is one map between the epochs.
func at(year int, files ...string) job.Maps {
	return job.Maps{Epoch: job.Epoch{Year: year, Files: files}}
}

// rasters has a red line, so that nothing is missing, and these maps between.
func (s *scene) rasters(maps ...job.Maps) {
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4490, []string{"HXBM"}, box(117.1, 30.8, 117.2, 30.9, "a"))}
	s.job.Between = maps
}

// codes returns the code of each cell of the common grid in a map, -1 for no observation.
func codes(t *testing.T, grid raster.Grid, e redline.Epoch) []int {
	t.Helper()
	all := slices.Repeat([]int{-1}, int(grid.Cells()))
	r, err := e.Source.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	symbols := make([]uint8, e.Window.Cells())
	if err := r.Read(e.Window, symbols); err != nil {
		t.Fatal(err)
	}
	for i, symbol := range symbols {
		cell := (e.AtRow+i/e.Window.Cols)*grid.Cols + e.AtCol + i%e.Window.Cols
		if index := e.Source.Index()[symbol]; index < raster.Unknown {
			all[cell] = int(e.Legend.Codes()[index])
		}
	}
	return all
}

// counted says how often each code occurs.
func counted(codes []int) string {
	n := map[int]int{}
	for _, c := range codes {
		n[c]++
	}
	return strings.Trim(fmt.Sprint(n), "map[]")
}

// TestBetween: maps between come by year, each with its band, legend and record, from files of one band and of several.
func TestBetween(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	several := s.stack("s.tif", degrees(t), 4)
	s.rasters(
		job.Maps{Epoch: job.Epoch{Files: []string{several}}, Years: job.Span{First: 2018, Last: 2019}, FirstBand: 3},
		job.Maps{Epoch: job.Epoch{Files: []string{several}, Year: 2016, Band: 2}},
		at(2017, s.raster("west.tif", part(t, 0, 0, 10, 30), 7), s.raster("east.tif", part(t, 10, 0, 30, 30), 1)),
	)
	l := s.mustLoad()
	want := map[int]string{2016: "2:1200", 2017: "1:900 7:300", 2018: "3:1200", 2019: "4:1200"}
	var years []int
	for _, e := range l.Inputs.Between {
		years = append(years, e.Year)
		if got := counted(codes(t, l.Inputs.Grid, e)); got != want[e.Year] || e.Legend.Name != "clcd" || e.AtCol != 0 || e.AtRow != 0 {
			t.Errorf("%d: cells %s, %+v", e.Year, got, e)
		}
	}
	if !slices.Equal(years, []int{2016, 2017, 2018, 2019}) {
		t.Errorf("years are %v", years)
	}
	if w := l.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
	records, err := l.Records(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records[:6] {
		var files []string
		for _, f := range r.Files {
			files = append(files, f.Name)
			if sum, n, err := record.HashFile(context.Background(), filepath.Join(s.dir, f.Name)); err != nil || f.SHA256 != sum || f.Bytes != n {
				t.Errorf("%s: %+v, want %s, %d bytes, %v", r.Path, f, sum, n, err)
			}
		}
		got = append(got, fmt.Sprint(r.Role, " ", r.Year, " ", r.Band, " ", r.Legend, " ", len(r.LegendSHA256), " ", files))
	}
	wanted := []string{"before 2015 1 clcd 64 [a.tif]", "after 2020 1 clcd 64 [b.tif]", "between 2016 2 clcd 64 [s.tif]", "between 2017 1 clcd 64 [west.tif east.tif]",
		"between 2018 3 clcd 64 [s.tif]", "between 2019 4 clcd 64 [s.tif]"}
	if !slices.Equal(got, wanted) {
		t.Errorf("records are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

// TestBetweenIsPartOfTheIdentity: another content, band, year or legend of a map between makes another run, and a map
// that is changed while it is read is a fault.
func TestBetweenIsPartOfTheIdentity(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.rasters(at(2017, s.stack("s.tif", degrees(t), 4)))
	identity := func() string {
		records, err := s.mustLoad().Records(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return (&record.Manifest{Inputs: records}).Identity()
	}
	seen := map[string]string{}
	m := &s.job.Between[0]
	for _, change := range []struct {
		name string
		make func()
	}{
		{"band 1", func() { m.Band = 1 }}, {"band 2", func() { m.Band = 2 }}, {"year", func() { m.Year = 2018 }},
		{"legend", func() {
			text, err := os.ReadFile("../../seeds/legends/clcd.csv")
			if err != nil {
				t.Fatal(err)
			}
			m.Legend = s.text("own.csv", string(text)+"99,More,更多,,bare\n")
		}},
		{"content", func() { s.stack("s.tif", part(t, 0, 0, 39, 30), 4) }},
	} {
		change.make()
		id := identity()
		if other := seen[id]; other != "" || id != identity() {
			t.Errorf("%s: the same identity as %q, or not twice the same", change.name, other)
		}
		seen[id] = change.name
	}
	l := s.mustLoad()
	if err := l.Unchanged(); err != nil {
		t.Error(err)
	}
	s.text("s.tif", "other")
	if err := l.Unchanged(); err == nil || redline.KindOf(err) != redline.Raster || !strings.Contains(err.Error(), "s.tif: was changed while it was read") {
		t.Errorf("changed: %v", err)
	}
}

// TestBetweenCoversAPart: a map may cover less than the common grid, or more.
func TestBetweenCoversAPart(t *testing.T) {
	for name, tt := range map[string]struct {
		grid     raster.Grid
		window   raster.Window
		col, row int
		warning  string
	}{
		"all":         {part(t, 5, 5, 30, 20), raster.Window{Cols: 30, Rows: 20}, 0, 0, ""},
		"more":        {part(t, -2, -1, 60, 40), raster.Window{Col: 7, Row: 6, Cols: 30, Rows: 20}, 0, 0, ""},
		"in it":       {part(t, 10, 6, 12, 9), raster.Window{Cols: 12, Rows: 9}, 5, 1, "covers 18.00 % of the common grid; of the cells beyond it nothing is known in its year"},
		"over a side": {part(t, 20, 0, 60, 10), raster.Window{Row: 5, Cols: 15, Rows: 5}, 15, 0, "covers 12.50 % of the common grid; of the cells beyond it nothing is known in its year"},
		"one cell":    {part(t, 34, 24, 9, 9), raster.Window{Cols: 1, Rows: 1}, 29, 19, "covers 0.17 % of the common grid; of the cells beyond it nothing is known in its year"},
		"but a cell":  {part(t, 5, 5, 30, 19), raster.Window{Cols: 30, Rows: 19}, 0, 0, "covers 95.00 % of the common grid; of the cells beyond it nothing is known in its year"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, part(t, 0, 0, 35, 30), part(t, 5, 5, 40, 20)) // in common: 30 × 20 cells at 5, 5
			s.rasters(at(2016, s.raster("m.tif", tt.grid, 7)))
			l := s.mustLoad()
			e := l.Inputs.Between[0]
			if e.Window != tt.window || e.AtCol != tt.col || e.AtRow != tt.row {
				t.Errorf("got %+v at %d, %d", e.Window, e.AtCol, e.AtRow)
			}
			var got []string
			for _, w := range l.Warnings() {
				if text, ours := strings.CutPrefix(w, s.job.Between[0].Files[0]+": "); ours {
					got = append(got, text)
				}
			}
			if strings.Join(got, "\n") != tt.warning {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
			cells := codes(t, l.Inputs.Grid, e)
			for row := range 20 {
				for col := range 30 {
					inside := col >= tt.col && col < tt.col+tt.window.Cols && row >= tt.row && row < tt.row+tt.window.Rows
					if (cells[row*30+col] == 7) != inside {
						t.Fatalf("cell %d, %d is %d", col, row, cells[row*30+col])
					}
				}
			}
		})
	}
}

// TestBetweenIsAligned: a map on another grid needs --align, by which each cell is what it is in the epoch after of the
// same file.
func TestBetweenIsAligned(t *testing.T) {
	for name, grid := range map[string]raster.Grid{"half a cell": part(t, 0.5, 0.25, 39, 29), "finer cells": func() raster.Grid {
		g := part(t, 2, 3, 100, 90)
		g.CellX, g.CellY = 0.003, 0.003
		return g
	}(), "another CRS": metres(t)} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, degrees(t), part(t, 3, 4, 37, 26))
			file := filepath.Join(s.dir, "m.tif")
			s.stack("m.tif", grid, 1)
			s.rasters(at(2016, file))
			s.refused(redline.Incompatible, file+": does not share the grid of before ("+s.job.Before.Files[0]+"): ",
				"; say --align (align: true in a job file) to bring it onto that grid by nearest neighbour")
			s.job.Align = true
			l := s.mustLoad()
			if w := strings.Join(l.Warnings(), "\n"); !strings.Contains(w, file+": is brought onto before's grid by nearest neighbour (") ||
				!strings.Contains(w, file+": covers about ") || strings.Contains(w, "nothing was aligned") {
				t.Errorf("warnings are %s", w)
			}
			// The same file as the epoch after, on the whole grid of before.
			o := newScene(t, degrees(t), degrees(t))
			o.rasters()
			o.job.After.Files, o.job.Align = []string{file}, true
			twin := o.mustLoad()
			want := codes(t, twin.Inputs.Grid, twin.Inputs.After)
			got, same := codes(t, l.Inputs.Grid, l.Inputs.Between[0]), 0
			for row := range l.Inputs.Grid.Rows {
				for col := range l.Inputs.Grid.Cols {
					if g, w := got[row*l.Inputs.Grid.Cols+col], want[(row+4)*40+col+3]; g != w {
						t.Fatalf("cell %d, %d is %d, want %d", col, row, g, w)
					} else if g == 1 {
						same++
					}
				}
			}
			if same < 300 {
				t.Errorf("only %d cells are known", same)
			}
		})
	}
}

// TestBetweenIsJudged: a map between is judged as an epoch is; all faults of all maps are told.
func TestBetweenIsJudged(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.rasters(at(2016, filepath.Join(s.dir, "none.tif")), at(2017, s.raster("far.tif", part(t, 100, 0, 40, 30), 7)),
		job.Maps{Epoch: job.Epoch{Files: []string{s.stack("s.tif", degrees(t), 2)}}, Years: job.Span{First: 2018, Last: 2019}, FirstBand: 2})
	s.job.Between[1].Legend = "clcd"
	s.refused(redline.Raster, "none.tif: ", "far.tif: covers 118.0000° to 118.4000° E, 30.7000° to 31.0000° N, nothing of the common grid of before and "+
		"after (117.0000° to 117.4000° E, 30.7000° to 31.0000° N); name a map of that area for 2017, or leave that year out",
		"s.tif: no such band: 3 is asked for, its bands are 1 to 2; say which with ")
	for name, c := range map[string]struct {
		kind  redline.Kind
		spoil func(s *scene, m *job.Maps)
		want  string
	}{
		"no overlap":       {redline.Incompatible, func(s *scene, m *job.Maps) { s.raster("m.tif", part(t, 40, 0, 4, 4), 7) }, "m.tif: covers 117.4000° to 117.4400° E"},
		"no such band":     {redline.Usage, func(_ *scene, m *job.Maps) { m.Band = 2 }, "no such band: 2 is asked for"},
		"a band is needed": {redline.Raster, func(s *scene, m *job.Maps) { s.stack("m.tif", degrees(t), 5) }, "m.tif: has 5 bands; say which with"},
		"unknown legend":   {redline.Usage, func(_ *scene, m *job.Maps) { m.Legend = "clcdd" }, `between: unknown legend "clcdd"`},
		"NoData is a class": {redline.Raster, func(s *scene, m *job.Maps) {
			m.Legend = s.text("l.csv", "code,name_en,name_zh,color,ecosystem\n0,Bare,裸地,,bare\n7,Soil,土,,bare\n")
		}, "its NoData value 0 is a class of the legend"},
		"CRS that cannot be": {redline.Raster, func(s *scene, m *job.Maps) { s.raster("m.tif", metres(t), 7); m.CRS = "EPSG:4490" }, "under this raster in the job file, or |crs=CRS in --between"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			s.rasters(at(2016, s.raster("m.tif", degrees(t), 7)))
			c.spoil(s, &s.job.Between[0])
			s.refused(c.kind, c.want)
		})
	}
}

// TestBetweenWarnsOfOneContent: one map for two years is hardly what is meant; two bands of one file are two maps.
func TestBetweenWarnsOfOneContent(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	copied := func(name string) string { return s.raster(name, degrees(t), 7) }
	s.rasters(at(2016, copied("c.tif")), at(2017, copied("d.tif")), at(2018, s.raster("e.tif", degrees(t), 8)), at(2019, copied("f.tif")))
	text := func(file string, year, other int) string {
		return fmt.Sprintf("%s: the map of %d has the same content as that of %d; is it the right file?", filepath.Join(s.dir, file), year, other)
	}
	if got, want := s.mustLoad().Warnings(), []string{text("d.tif", 2017, 2016), text("e.tif", 2018, 2020), text("f.tif", 2019, 2016)}; !slices.Equal(got, want) {
		t.Errorf("warnings are %q, want %q", got, want)
	}
}

// TestBetweenIsExamined: check counts the cells of each map and lists it with its warnings and problems.
func TestBetweenIsExamined(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.rasters(job.Maps{Epoch: job.Epoch{Files: []string{s.stack("s.tif", part(t, 10, 0, 40, 30), 8)}}, Years: job.Span{First: 2016, Last: 2017}, FirstBand: 7})
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
	covers := 0
	for _, w := range d.Warnings {
		if strings.Contains(w.Text, "s.tif: covers 75.00 % of the common grid") && *w.Input == 2 {
			covers++
		}
	}
	if covers != 1 {
		t.Errorf("warnings are %+v", d.Warnings)
	}
	for i, in := range d.Inputs[2:4] {
		if in.Role != "between" || in.Year != 2016+i || in.Legend != "clcd" || !in.Usable || in.Raster.Band != 7+i || in.Raster.Bands != 8 ||
			in.Raster.CensusFacts == nil || len(in.Raster.Codes) != 1 || in.Raster.Codes[0].Code != int64(7+i) || in.Raster.Codes[0].Cells != 1200 ||
			*in.Raster.OutsideCells != 300 {
			t.Errorf("input %d is %+v, %+v", i, in, in.Raster)
		}
	}
	s.job.Between[0].FirstBand, s.job.Between[0].Legend = 6, s.text("l.csv", "code,name_en,name_zh,color,ecosystem\n7,Soil,土,,bare\n")
	d, comparable, err = examine()
	if err == nil || comparable || redline.KindOf(err) != redline.Raster || len(d.Problems) != 1 || *d.Problems[0].Input != 2 || d.Inputs[2].Usable || !d.Inputs[3].Usable {
		t.Errorf("unknown codes: comparable %v, %v, %+v", comparable, err, d.Problems)
	}
}
