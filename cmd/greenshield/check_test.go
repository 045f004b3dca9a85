package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/record"
	"greenshield/vector/gdalvector"
)

// checked is check's JSON.
type checked struct {
	Format  int
	Program string
	gdalinput.Diagnosis
	Priority *record.Ranking
}

// checkJSON runs check --json on a job, in this process, and wants that status.
func checkJSON(t *testing.T, dir string, status int, args ...string) (c checked) {
	t.Helper()
	o := here(t, dir, append([]string{"check", "--json", "--quiet"}, args...)...)
	o.want(t, status)
	if o.stderr != "" {
		t.Errorf("stderr is %s", o.stderr)
	}
	d := json.NewDecoder(strings.NewReader(o.stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatalf("%v in\n%s", err, o.stdout)
	}
	return c
}

// listing is what a folder holds, with times and modes.
func listing(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all = append(all, fmt.Sprint(path, info.Mode(), info.Size(), info.ModTime()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCheck(t *testing.T) {
	dir := newSample(t)
	temp := t.TempDir()
	before, bytesBefore := listing(t, dir), contents(t, dir)
	cmd := command(dir, "check", "job.yaml", "--quiet")
	cmd.Env = append(cmd.Env, "TMPDIR="+temp, "HOME="+temp)
	o := finish(t, cmd)
	o.want(t, 0)
	for _, want := range []string{
		"before  lc2015.tif  2015\n", "  grid       300 × 280 cells from ", " m east × ", "x east, y north (EPSG's own order: north, east)", "EPSG:4490",
		"  NoData     0 (file), 0 (legend); ", "1  Cropland 农田", "forest 森林",
		"reserve  reserves.shp\n", "  text       GBK (", "id ← BSM, name ← BHDMC, func_zone ← GNFQ", "核心区 → core (", "unzoned 未分区",
		"  to rasters Inverse of 3-degree Gauss-Kruger zone 39; exact\n", "  repaired   feature ",
		"overlaps of zones\n", " pairs of zones", "coverage of zones\n", " exempt.geojson\n", ": 1 feature\n", "  grid       the whole of both rasters\n",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
	if !strings.HasSuffix(o.stdout, "\nno problems, no warnings\n") || o.stderr != "" {
		t.Errorf("stdout ends %q, stderr is %q", o.stdout[max(0, len(o.stdout)-60):], o.stderr)
	}
	if after := listing(t, dir); !slices.Equal(after, before) {
		t.Errorf("check changed the folder:\n%v\n%v", before, after)
	}
	sameFiles(t, contents(t, dir), bytesBefore)
	if left := listing(t, temp); len(left) != 1 {
		t.Errorf("check left %v in the temporary folder", left)
	}
}

// The numbers of check are those of a run and of GDAL.
func TestCheckAgreesWithRun(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "geojson").want(t, 0)
	c := checkJSON(t, dir, 0, "job.yaml")
	if c.Format != checkFormat || c.Program != "greenshield "+release || c.Priority.Model != "simple" || len(c.Priority.SHA256) != 64 ||
		len(c.Inputs) != 6 || len(c.Problems) != 0 || c.Grid.Cols != 300 {
		t.Errorf("got %+v", c)
	}
	rows := table(t, filepath.Join(dir, "out", "coverage.csv"))
	if len(rows) != len(c.Zones) {
		t.Fatalf("%d zones, coverage.csv has %d", len(c.Zones), len(rows))
	}
	byID := map[string]map[string]string{}
	for _, r := range rows {
		byID[r["layer"]+" "+r["zone_id"]] = r
	}
	sum := 0.0
	for _, z := range c.Zones {
		r := byID[z.Layer+" "+z.ID]
		for column, got := range map[string]float64{"area_ha": z.AreaHa, "outside_ha": *z.OutsideHa, "nodata_ha": *z.NoDataHa} {
			want, err := strconv.ParseFloat(r[column], 64)
			if err != nil || math.Abs(got-want) > 1.01e-4 {
				t.Errorf("zone %s: %s %v, coverage.csv has %q", z.ID, column, got, r[column])
			}
		}
		sum += z.AreaHa
	}
	if math.Abs(sum-c.Overlaps.ZonesHa) > 1e-3*float64(len(c.Zones)) || c.Overlaps.CoveredHa >= sum || len(c.Overlaps.Pairs) == 0 {
		t.Errorf("sum %f, overlaps %+v", sum, c.Overlaps)
	}
	for _, in := range c.Inputs[:2] {
		countsAreGDALs(t, in, filepath.Join(dir, in.Path))
		for _, f := range in.Files {
			if info, err := os.Stat(filepath.Join(dir, f.Name)); err != nil || f.Bytes != info.Size() {
				t.Errorf("file %+v, %v", f, err)
			}
		}
	}
	text := here(t, dir, "check", "job.yaml", "--json", "--quiet")
	again := here(t, dir, "check", "job.yaml", "--json", "--quiet", "--workers", "1", "--tile", "37")
	if text.stdout != again.stdout {
		t.Error("another number of workers gives another text")
	}
	if strings.Count(text.stdout, "sha256") != 1 {
		t.Error("another hash is told than that of the rule of priorities, but check makes none of inputs")
	}
}

// countsAreGDALs compares the counts of codes with those that gdalinfo finds.
func countsAreGDALs(t *testing.T, in gdalinput.InputFacts, path string) {
	t.Helper()
	out, err := exec.Command("gdalinfo", "-json", "-hist", path).Output()
	defer os.Remove(path + ".aux.xml") // gdalinfo's own
	if err != nil {
		if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
			t.Skip("gdalinfo is not here")
		}
		t.Fatal(err)
	}
	var info struct {
		Bands []struct {
			Histogram struct {
				Min, Max float64
				Buckets  []int64
			}
		}
	}
	if err := json.Unmarshal(out, &info); err != nil {
		t.Fatal(err)
	}
	h := info.Bands[in.Raster.Band-1].Histogram
	if len(h.Buckets) != 256 || h.Min != -0.5 || h.Max != 255.5 {
		t.Fatalf("histogram of %d buckets from %v to %v", len(h.Buckets), h.Min, h.Max)
	}
	seen := map[int64]int64{}
	total := in.Raster.NoDataCells
	for _, k := range in.Raster.Codes {
		seen[k.Code] = k.Cells
		total += k.Cells
	}
	for _, u := range in.Raster.Unknown {
		seen[u.Code] = u.Cells
		total += u.Cells
	}
	if total != in.Raster.Cells || total != int64(in.Raster.Grid.Cols)*int64(in.Raster.Grid.Rows) {
		t.Errorf("%s: %d cells in all, want %d", in.Path, total, in.Raster.Cells)
	}
	nodata := func(code int64) bool {
		return in.Raster.NoData == fmt.Sprint(code) || slices.Contains(in.Raster.NoDataLegend, code)
	}
	for code, n := range h.Buckets {
		if !nodata(int64(code)) && seen[int64(code)] != n {
			t.Errorf("%s: code %d: %d cells, gdalinfo counts %d", in.Path, code, seen[int64(code)], n)
		}
	}
	t.Logf("tally: comparisons %d", len(h.Buckets))
}

// TestCheckTellsAll spoils several inputs at once; every fault is told, once, and what
// is sound is judged as before.
func TestCheckTellsAll(t *testing.T) {
	e, err := gdalraster.Open([]string{filepath.Join(smallScene, "lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	grid := e.Grid()
	at := func(u, v float64) orb.Point { x, y := grid.Map(u, v); return orb.Point{x, y} }
	bowTie := orb.MultiPolygon{{ring(at(20, 20), at(60, 60), at(60, 20), at(20, 60))}}
	unknown := func(f folder) {
		f.raster(func(g *raster.Grid, cells []uint8) { cells[2*g.Cols+7], cells[3*g.Cols], cells[4*g.Cols] = 77, 77, 10 })
	}
	const codes = `lc2020.tif (2020): 2 codes are not in legend "clcd": 10 (1 cell, first at row 4, column 0), 77 (2 cells, first at row 2, column 7); name the right legend, or add the code to a legend CSV…`
	type facts = func(t *testing.T, c checked)
	both := func(t *testing.T, c checked) {
		if c.Inputs[0].Raster == nil || c.Inputs[0].Raster.CensusFacts == nil {
			t.Error("the cells of before were not read")
		}
	}
	for _, tt := range []struct {
		name   string
		spoil  func(f folder)
		status int
		want   []string // the problems, in this order
		facts  facts
	}{
		{"a raster and a layer", func(f folder) { f.remove("lc2020.tif", "reserves.dbf") }, 11,
			[]string{"lc2020.tif: no such file", "reserves.shp: the .dbf is missing…"}, func(t *testing.T, c checked) {
				both(t, c)
				if c.Grid != nil || len(c.Zones) != 6 || c.Zones[0].OutsideHa != nil || c.Inputs[2].Layer.ZonesHa == 0 {
					t.Errorf("layers were not judged: %+v", c.Zones)
				}
			}},
		{"a layer: cells are read all the same", func(f folder) { f.remove("reserves.dbf"); unknown(f) }, 11,
			[]string{codes, "reserves.shp: the .dbf is missing…"}, func(t *testing.T, c checked) {
				both(t, c)
				if u := c.Inputs[1].Raster.Unknown; len(u) != 2 || u[1] != (gdalinput.UnknownCode{Code: 77, Cells: 2, Common: 2, FirstRow: 2, FirstCol: 7}) {
					t.Errorf("unknown codes are %+v", u)
				}
			}},
		{"a layer: the others are compared", func(f folder) { f.remove("reserves.dbf") }, 12,
			[]string{"reserves.shp: the .dbf is missing…"}, func(t *testing.T, c checked) {
				if len(c.Zones) != 6 || c.Zones[0].SeenPct == nil {
					t.Errorf("zones are %+v", c.Zones)
				}
			}},
		{"both rasters: layers by themselves", func(f folder) {
			f.remove("lc2015.tif", "lc2020.tif")
			f.redline(bowTie)
		}, 11, []string{"lc2015.tif: no such file", "lc2020.tif: no such file", "zones.geojson: polygons are invalid…feature 1 (Self-intersection[…"}, func(t *testing.T, c checked) {
			if len(c.Warnings) > 0 || len(c.Zones) == 0 || c.Zones[0].AreaHa == 0 {
				t.Errorf("%+v, %+v", c.Warnings, c.Zones)
			}
		}},
		{"one bad file for both epochs", func(f folder) { f.cut("lc2015.tif", 0); f.edit("lc2020.tif", "lc2015.tif") }, 11,
			[]string{"lc2015.tif: empty file (0 bytes); copy it again"}, func(t *testing.T, c checked) {
				if c.Inputs[0].Usable || c.Inputs[1].Usable {
					t.Error("usable")
				}
			}},
		{"one good file with unknown codes for both epochs", func(f folder) { unknown(f); f.edit("lc2015.tif", "lc2020.tif") }, 11,
			[]string{`lc2020.tif (2015): 2 codes…`, codes}, nil},
		{"rules, grids, geometry and words", func(f folder) {
			f.edit("rules: green-shield", "rules: green")
			f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += g.CellX / 4 })
			f.redline(bowTie)
			f.edit("func_zone: GNFQ", "func_zone: BHDJB")
		}, 12, []string{"zones.geojson: polygons are invalid…", "reserves.shp: field BHDJB holds functional zones that nobody knows…",
			`unknown rule table "green", and no CSV file (ending in .csv); valid here are green-shield`, "the two rasters do not share one grid…"}, both},
		{"rasters apart: layers are not blamed", func(f folder) {
			f.raster(func(g *raster.Grid, cells []uint8) { g.OriginX += 1000 * g.CellX; cells[0] = 8 })
		}, 13,
			[]string{"the two rasters do not overlap…"}, func(t *testing.T, c checked) {
				if len(c.Warnings) > 0 || c.Inputs[1].Raster.CensusFacts == nil {
					t.Errorf("warnings %v", c.Warnings)
				}
			}},
		{"a damaged block", func(f folder) {
			f.raster(func(_ *raster.Grid, cells []uint8) {
				for i := range cells {
					cells[i] = 1 + uint8(i*i>>3)%9
				}
			})
			f.cut("lc2020.tif", 0.5)
			f.remove("counties.geojson")
		}, 11, []string{"lc2020.tif: …block…", "counties.geojson: …"}, both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			tt.spoil(f)
			// One worker: what libtiff says of a damaged block depends on what the handle read before.
			c := checkJSON(t, f.dir, tt.status, "job.yaml", "--workers", "1")
			var got []string
			for _, p := range c.Problems {
				got = append(got, p.Text)
			}
			ok := len(got) == len(tt.want)
			for i := 0; ok && i < len(got); i++ {
				ok = like(got[i], tt.want[i])
			}
			if !ok {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if len(c.Problems) > 0 && c.Problems[0].Code != tt.status {
				t.Errorf("code %d first, status %d", c.Problems[0].Code, tt.status)
			}
			if tt.facts != nil {
				tt.facts(t, c)
			}
			text := here(t, f.dir, "check", "job.yaml", "--quiet", "--workers", "1")
			text.want(t, tt.status)
			for _, p := range c.Problems {
				if n := strings.Count(text.stdout, p.Text); n != 1 {
					t.Errorf("%q is told %d times in\n%s", p.Text, n, text.stdout)
				}
			}
			english := new(program)
			if !strings.HasSuffix(text.stdout, english.count(len(c.Problems), "problem")+", "+english.count(len(c.Warnings), "warning")+"\n") {
				t.Errorf("stdout ends otherwise:\n%s", text.stdout)
			}
		})
	}
}

// Zones that overlap by known amounts.
func TestCheckOverlaps(t *testing.T) {
	f := folder{t, newSample(t)}
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	g := e.Grid()
	box := func(u0, v0, u1, v1 float64) orb.MultiPolygon {
		x0, y0 := g.Map(u0, v0)
		x1, y1 := g.Map(u1, v1)
		return orb.MultiPolygon{{{{x0, y1}, {x1, y1}, {x1, y0}, {x0, y0}, {x0, y1}}}}
	}
	rows := []gdalvector.Row{
		{Values: []string{"a"}, Shape: box(10, 10, 30, 20)}, {Values: []string{"b"}, Shape: box(20, 10, 40, 20)}, {Values: []string{"c"}, Shape: box(25, 10, 28, 20)},
		{Values: []string{"d"}, Shape: box(100, 10, 110, 20)}, {Values: []string{"e"}, Shape: box(100, 10, 110, 20)}, // identical
		{Values: []string{"f"}, Shape: box(110, 10, 120, 20)},   // only touches
		{Values: []string{"g"}, Shape: box(290, 10, 310, 20)},   // half outside
		{Values: []string{"h"}, Shape: box(1000, 10, 1010, 20)}} // outside
	f.check(gdalvector.Write(f.path("zones.geojson"), g.CRS, []string{"HXBM"}, rows, gdalvector.WriteOptions{}))
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: zones.geojson}")
	f.withoutReserves()
	c := checkJSON(t, f.dir, 0, "job.yaml")
	cell := c.Zones[0].AreaHa / 200 // all zones lie in the same rows
	near := func(what string, ha, cells float64) {
		if math.Abs(ha-cell*cells) > 1e-3*cell*cells+1e-3 {
			t.Errorf("%s: %f ha, want %f", what, ha, cell*cells)
		}
	}
	near("sum", c.Overlaps.ZonesHa, 200+200+30+100+100+100+200+100)
	near("covered", c.Overlaps.CoveredHa, 300+100+100+200+100)
	near("covered by the layer", c.Inputs[2].Layer.CoveredHa, 800)
	var pairs []string
	for _, o := range c.Overlaps.Pairs {
		pairs = append(pairs, fmt.Sprintf("%s%s %.0f %.0f %.0f %v", o.A.ID, o.B.ID, o.AreaHa/cell, o.PctA, o.PctB, o.Identical))
	}
	slices.Sort(pairs)
	if got, want := strings.Join(pairs, "; "), "ab 100 50 50 false; ac 30 15 100 false; bc 30 15 100 false; de 100 100 100 true"; got != want {
		t.Errorf("pairs are %s, want %s", got, want)
	}
	near("outside", *c.Zones[6].OutsideHa, 100)
	near("wholly outside", *c.Zones[7].OutsideHa, 100)
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	for _, want := range []string{"4 pairs of zones, 1 of them identical\n", ": 1 feature\n", "8 zones: ", "its zones overlap: they cover "} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
}

// The CRS of a Shapefile of ESRI has no authority; the code is found by its definition.
func TestCheckIdentifiesESRI(t *testing.T) {
	f := folder{t, newSample(t)}
	f.check(os.WriteFile(f.path("reserves.prj"), []byte(`GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`), 0o666))
	// The demo's red line in the plane that ESRI calls so, at another place: only its description counts.
	crs, err := gdalraster.ParseCRS("EPSG:4527")
	f.check(err)
	square := orb.MultiPolygon{{{{39495000, 3440000}, {39496000, 3440000}, {39496000, 3441000}, {39495000, 3441000}, {39495000, 3440000}}}}
	f.check(gdalvector.Write(f.path("gk.shp"), crs, []string{"HXBM"}, []gdalvector.Row{{Values: []string{"1"}, Shape: square}}, gdalvector.WriteOptions{}))
	f.check(os.WriteFile(f.path("gk.prj"), []byte(`PROJCS["CGCS2000_3_Degree_GK_Zone_39",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",39500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`), 0o666))
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: gk.shp}")
	c := checkJSON(t, f.dir, 0, "job.yaml")
	for i, code := range map[int]int{2: 4527, 3: 4490} {
		if got := c.Inputs[i].Layer.CRS; got.EPSG != code || got.Axes != "east, north" || got.AuthorityAxes != "north, east" {
			t.Errorf("CRS is %+v, want EPSG:%d", got, code)
		}
	}
	if l := c.Inputs[2].Layer; l.AccuracyM == nil || *l.AccuracyM != 0 || !strings.Contains(l.Operation, "Gauss-Kruger zone 39") {
		t.Errorf("operation %q, %v", l.Operation, l.AccuracyM)
	}
}

// check needs no right to write anywhere.
func TestCheckInReadOnlyFolder(t *testing.T) {
	dir := newSample(t)
	for _, path := range []string{"lc2015.tif", "lc2020.tif", "redline.gpkg", "reserves.shp", "job.yaml", "."} {
		mode := os.FileMode(0o444)
		if path == "." {
			mode = 0o555
		}
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(dir, 0o755)
	before := listing(t, dir)
	run(t, dir, "check", "job.yaml", "--quiet").want(t, 0)
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("the folder is\n%v, was\n%v", after, before)
	}
}

// Counties that lie 520 m off, by GCJ-02, against prefectures: a warning, never an error.
func TestCheckSuspectsShift(t *testing.T) {
	data := realData(t, "anhui_admin_geomapdata")
	dir := newSample(t)
	if err := os.Remove(filepath.Join(dir, "counties.geojson")); err != nil {
		t.Fatal(err)
	}
	g := raster.Grid{OriginX: 115, OriginY: 34, CellX: 0.01, CellY: 0.01, Cols: 400, Rows: 400}
	var err error
	if g.CRS, err = gdalraster.ParseCRS("EPSG:4490"); err != nil {
		t.Fatal(err)
	}
	cells := bytes.Repeat([]byte{1}, int(g.Cells()))
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
		if err := gdalraster.WriteByte(filepath.Join(dir, name), g, cells, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name        string
		east, north float64 // degrees
		want        string
	}{
		{"as they are", 0, 0, ""},
		{"moved", 0.004, -0.002, "suspected shift: its outlines lie about 440 m south-east (+380 m east, -220 m north) of those of " + filepath.Join(data, "province", "340000.json")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer os.Remove(filepath.Join(dir, "counties.geojson"))
			l, err := gdalvector.Read(gdalvector.Source{File: filepath.Join(data, "citys", "340100.json")})
			if err != nil {
				t.Fatal(err)
			}
			var rows []gdalvector.Row
			for _, f := range l.Features {
				for _, polygon := range f.Shape {
					for _, r := range polygon {
						for i := range r {
							r[i][0] += tt.east
							r[i][1] += tt.north
						}
					}
				}
				rows = append(rows, gdalvector.Row{Values: []string{l.Value(&f, "name")}, Shape: f.Shape})
			}
			if err := gdalvector.Write(filepath.Join(dir, "counties.geojson"), l.CRS, []string{"name"}, rows, gdalvector.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			job := fmt.Sprintf("before: {files: [lc2015.tif], year: 2015, legend: clcd}\nafter: {files: [lc2020.tif], year: 2020, legend: clcd}\nredline: [{file: %q, fields: {id: adcode}}]\nadmin: {file: counties.geojson}\n",
				filepath.Join(data, "province", "340000.json"))
			if err := os.WriteFile(filepath.Join(dir, "job.yaml"), []byte(job), 0o666); err != nil {
				t.Fatal(err)
			}
			c := checkJSON(t, dir, 0, "job.yaml")
			var got []string
			for _, w := range c.Warnings {
				if strings.Contains(w.Text, "suspected shift") {
					got = append(got, w.Text)
				}
			}
			switch {
			case tt.want == "" && (len(got) > 0 || c.Inputs[3].Layer == nil):
				t.Errorf("got %q", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Real rasters: counts by code equal those of gdalinfo.
func TestCheckRealRasters(t *testing.T) {
	for _, tt := range []struct{ data, before, after, legend, zone string }{
		{"molusce_init_final", "init.tif", "final.tif", "code,name_en,name_zh,color,ecosystem\n1,a,甲,,cropland\n2,b,乙,,forest\n3,c,丙,,built\n4,d,丁,,bare\n", "[[48.7,56.1],[48.9,56.1],[48.9,56.25],[48.7,56.25],[48.7,56.1]]"},
		{"motif_newguinea_cci", "landcover2001.tif", "landcover2015.tif", newGuineaLegend, "[[140,-5],[141,-5],[141,-4],[140,-4],[140,-5]]"},
	} {
		t.Run(tt.data, func(t *testing.T) {
			data := realData(t, tt.data)
			dir := t.TempDir()
			for name, text := range map[string]string{
				"legend.csv":   tt.legend,
				"zone.geojson": `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[` + tt.zone + `]}}]}`,
				"job.yaml":     "before: {files: [before.tif], year: 2001, legend: legend.csv}\nafter: {files: [after.tif], year: 2015, legend: legend.csv}\nredline: [{file: zone.geojson}]\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for name, source := range map[string]string{"before.tif": tt.before, "after.tif": tt.after} { // gdalinfo writes beside the file
				if err := os.Symlink(filepath.Join(data, source), filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			c := checkJSON(t, dir, 0, "job.yaml")
			for _, w := range c.Warnings {
				if strings.Contains(w.Text, "another product") {
					t.Errorf("its own legend is doubted: %s", w.Text)
				}
			}
			for _, in := range c.Inputs[:2] {
				countsAreGDALs(t, in, filepath.Join(dir, in.Path))
				area := 0.0
				for _, k := range in.Raster.Codes {
					area += k.AreaHa
				}
				t.Logf("%s: %d codes, %.1f km²", in.Path, len(in.Raster.Codes), area/100)
			}
		})
	}
}

// Long lists: the text has the worst ten, with counts.
func TestCheckLongLists(t *testing.T) {
	d := &gdalinput.Diagnosis{Overlaps: &gdalinput.Overlaps{}}
	zero := 0.0
	for i := range 1298 {
		outside, seen := float64(i%100), 100-float64(i%100)
		ref := gdalinput.ZoneRef{Layer: "redline", ID: fmt.Sprintf("Z%04d", i)}
		d.Zones = append(d.Zones, gdalinput.ZoneFacts{ZoneRef: ref, AreaHa: 100, OutsideHa: &outside, NoDataHa: &zero, SeenPct: &seen,
			Seen: redline.SeenOf(100e4, outside*1e4)})
		d.Overlaps.Pairs = append(d.Overlaps.Pairs, gdalinput.Overlap{A: ref, B: ref, AreaHa: 1298 - float64(i)})
	}
	var out bytes.Buffer
	p := &program{stdout: &results{w: &out}}
	p.printDiagnosis(d)
	for _, want := range []string{"1,298 pairs of zones; the largest:", "1,298 zones: 13 seen whole, 1,285 in part, 0 not at all", "redline Z0099", "1,275 more zones", "1,298.00", "1,289.00"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, out.String())
		}
	}
	if lines := strings.Count(out.String(), "\n"); lines > 35 {
		t.Errorf("%d lines:\n%s", lines, out.String())
	}
}

// Every key of the JSON is documented.
func TestCheckIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "redline", "gdalinput", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{"outside_common_cells": true}
	var walk func(v reflect.Type)
	walk = func(v reflect.Type) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Field(i)
				if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
					keys[name] = true
				}
				if f.IsExported() {
					walk(f.Type)
				}
			}
		}
	}
	walk(reflect.TypeFor[gdalinput.Diagnosis]())
	if len(keys) < 60 {
		t.Fatalf("only %d keys were found", len(keys))
	}
	for key := range keys {
		if !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("README.md does not document %q", key)
		}
	}
}

func TestDisplayWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "农田": 4, "a 荒地(裸地)": 12, "m²×°": 4, "（）": 4} {
		if got := columns.StringWidth(text); got != want {
			t.Errorf("%q is %d wide, want %d", text, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	if got := hectares(12345.678); got != "12,345.68" {
		t.Error(got)
	}
}
