package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
)

// fieldJob writes a job with two rasters of cells × cells cells of a CRS, whose middle lies at 117.2° E, 31.5° N, and one
// layer of red-line zones. In the second raster the cells for which changed holds are built, in the first all are forest.
func fieldJob(t *testing.T, crs string, cells int, cell float64, zones []gdalvector.Row, changed func(col, row int) bool) folder {
	t.Helper()
	f := folder{t, t.TempDir()}
	grid := raster.Grid{Cols: cells, Rows: cells, CellX: cell, CellY: cell}
	var err error
	grid.CRS, err = gdalraster.ParseCRS(crs)
	f.check(err)
	degrees, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	x, y := []float64{117.2}, []float64{31.5}
	if !grid.CRS.Geographic {
		to, err := gdalraster.NewTransform(degrees, grid.CRS)
		f.check(err)
		defer to.Close()
		f.check(to.XY(x, y))
	}
	grid.OriginX, grid.OriginY = x[0]-cell*float64(cells)/2, y[0]+cell*float64(cells)/2
	before := bytes.Repeat([]byte{2}, cells*cells)
	after := bytes.Clone(before)
	for i := range after {
		if changed(i%cells, i/cells) {
			after[i] = 8
		}
	}
	f.check(gdalraster.WriteByte(f.path("a.tif"), grid, before, nil))
	f.check(gdalraster.WriteByte(f.path("b.tif"), grid, after, nil))
	f.check(gdalvector.Write(f.path("zones.geojson"), degrees, []string{"HXBM"}, zones, gdalvector.WriteOptions{}))
	f.check(os.WriteFile(f.path("job.yaml"), []byte(`before: {files: [a.tif], year: 2015, legend: clcd}
after: {files: [b.tif], year: 2020, legend: clcd}
redline: [{file: zones.geojson, fields: {id: HXBM}}]
out: out
`), 0o666))
	return f
}

// TestZonesFarBeyondTheRaster: what review.gpkg shows of a zone is what its file says, on every kind of grid, also
// thousands of kilometres from the raster.
func TestZonesFarBeyondTheRaster(t *testing.T) {
	ring := orb.Ring{{117.19, 31.49}, {100.25, 22.5}, {122, 21.75}, {128.5, 30}, {127, 40.5}, {117, 45.25}, {99.75, 41}, {117.19, 31.49}}
	near := orb.Ring{{117.195, 31.495}, {117.205, 31.495}, {117.205, 31.505}, {117.195, 31.505}, {117.195, 31.495}}
	zones := []gdalvector.Row{{Values: []string{"far"}, Shape: orb.MultiPolygon{{ring}}}, {Values: []string{"near"}, Shape: orb.MultiPolygon{{near}}}}
	for name, grid := range map[string]struct {
		crs  string
		cell float64
	}{
		"Albers": {`PROJCS["Albers",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],` +
			`PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["standard_parallel_1",25],` +
			`PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",105],` +
			`PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["Meter",1]]`, 150},
		"Gauss-Kruger": {"EPSG:4548", 30}, "UTM": {"EPSG:32650", 30}, "degrees": {"EPSG:4490", 0.0003},
	} {
		t.Run(name, func(t *testing.T) {
			f := fieldJob(t, grid.crs, 100, grid.cell, zones, func(col, row int) bool { return col/10 == 5 && row/10 == 5 })
			here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "gpkg").want(t, 0)
			for layer, want := range map[string]int{"zones": 2, "coverage": 1} { // near controls nothing: far is stricter by its id
				read, err := gdalvector.Read(gdalvector.Source{File: f.path("out/review.gpkg"), Layer: layer})
				f.check(err)
				if len(read.Features) != want {
					t.Fatalf("%s has %d features", layer, len(read.Features))
				}
				worst := 0.0
				for _, feature := range read.Features {
					for _, p := range feature.Shape[0][0] {
						nearest := math.Inf(1)
						for _, q := range append(ring[:len(ring):len(ring)], near...) {
							nearest = min(nearest, math.Hypot(p[0]-q[0], p[1]-q[1]))
						}
						worst = max(worst, nearest)
					}
				}
				if worst > 2e-8 { // 2 mm
					t.Errorf("%s: a vertex is %g° from all those of the file", layer, worst)
				}
			}
		})
	}
}

// TestCleanIsSaidOfTheGround: a red line with a candidate inside is not clean because a reserve controls the ground; its
// row has both numbers.
func TestCleanIsSaidOfTheGround(t *testing.T) {
	square := func(west, south, east, north float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}}}
	}
	zones := []gdalvector.Row{{Values: []string{"A1"}, Shape: square(117.19, 31.49, 117.21, 31.51)}, {Values: []string{"B1"}, Shape: square(117.191, 31.491, 117.209, 31.509)}}
	f := fieldJob(t, "EPSG:4490", 100, 0.0003, zones, func(col, row int) bool { return col/10 == 5 && row/10 == 5 })
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv").want(t, 0)
	text, err := os.ReadFile(filepath.Join(f.dir, "out", "coverage.csv"))
	f.check(err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	f.check(err)
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	var got []string
	for _, r := range rows[1:] {
		got = append(got, fmt.Sprintln(r[at["zone_id"]], r[at["status"]], r[at["candidates"]], r[at["inside_candidates"]], r[at["inside_candidate_ha"]] == rows[1][at["candidate_ha"]]))
	}
	if want := "A1 changed 1 1 true\nB1 controlled_elsewhere 0 1 true\n"; strings.Join(got, "") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), want)
	}
}

// albers is an Albers grid on a datum that its file does not name, as most maps of China are exported.
const albers = `PROJCS["Albers",GEOGCS["Unknown datum based upon the %s ellipsoid",DATUM["Not_specified_based_on_%s",` +
	`SPHEROID["%s",%s]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],` +
	`PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_origin",0],` +
	`PARAMETER["central_meridian",105],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["Meter",1]]`

// TestStatedCRS: what a file lacks or says wrongly can be stated, as the message says; the numbers of the file stay, and
// areas are those of the CRS that is stated.
func TestStatedCRS(t *testing.T) {
	square := orb.MultiPolygon{{{{117.15, 31.45}, {117.25, 31.45}, {117.25, 31.55}, {117.15, 31.55}, {117.15, 31.45}}}}
	zones := []gdalvector.Row{{Values: []string{"A1"}, Shape: square}}
	built := func(col, row int) bool { return col/10 == 5 && row/10 == 5 }
	const known = `PROJCS["Albers",GEOGCS["CGCS2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],` +
		`PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["standard_parallel_1",25],` +
		`PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",105],` +
		`PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["Meter",1]]`
	sound := fieldJob(t, known, 100, 30, zones, built)
	here(t, sound.dir, "run", "job.yaml", "--quiet", "--formats", "csv").want(t, 0)
	want := contents(t, sound.path("out"))
	for name, ellipsoid := range map[string][3]string{
		"GRS 1980":    {"GRS 1980", "GRS_1980", "6378137,298.257222101"},
		"Krasovsky":   {"Krasovsky 1940", "Krassowsky_1940", "6378245,298.3"},
		"no CRS":      {},
		"a wrong one": {},
	} {
		t.Run(name, func(t *testing.T) {
			f := fieldJob(t, known, 100, 30, zones, built)
			state := "CGCS2000"
			for _, file := range []string{"a.tif", "b.tif"} {
				e, err := gdalraster.Open([]string{f.path(file)}, gdalraster.Options{Codes: []int64{2, 8}})
				f.check(err)
				grid, cells := e.Grid(), bytes.Repeat([]byte{2}, 100*100)
				for i := range cells {
					if file == "b.tif" && built(i%100, i/100) {
						cells[i] = 8
					}
				}
				switch {
				case ellipsoid[0] != "":
					grid.CRS, err = gdalraster.ParseCRS(fmt.Sprintf(albers, ellipsoid[0], ellipsoid[1], ellipsoid[1], ellipsoid[2]))
				case name == "no CRS":
					grid.CRS, state = raster.CRS{}, "'"+known+"'"
				default:
					grid.CRS, err = gdalraster.ParseCRS("EPSG:32650")
					state = "'" + known + "'"
				}
				f.check(err)
				f.check(os.Remove(f.path(file)))
				f.check(gdalraster.WriteByte(f.path(file), grid, cells, nil))
			}
			refused := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
			if refused.status == 0 {
				t.Fatal("the run believes the file")
			}
			if name != "a wrong one" && !strings.Contains(refused.stderr, "crs: ") {
				t.Errorf("the message does not say what to state: %s", refused.stderr)
			}
			for _, epoch := range []string{"before", "after"} {
				f.edit(epoch+": {", epoch+": {crs: "+state+", ")
			}
			o := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
			o.want(t, 0)
			if !strings.Contains(o.stderr, "as stated") {
				t.Errorf("nothing is said of it: %s", o.stderr)
			}
			got := contents(t, f.path("out"))
			for file, text := range want {
				// Both name the CRS of the grid as the file or the job states it.
				if file != "manifest.json" && file != "patches.cells" && got[file] != text {
					t.Errorf("%s differs", file)
				}
			}
			if m := readManifest(t, f.path("out")); m.Inputs[0].CRSStated != strings.Trim(state, "'") {
				t.Errorf("the manifest has %q", m.Inputs[0].CRSStated)
			}
		})
	}
}

// TestStatedCRSOfALayer: a layer without a CRS is taken to be in the one that its source states, on the command line too.
func TestStatedCRSOfALayer(t *testing.T) {
	f := folder{t, newSample(t)}
	f.withoutReserves()
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--redline", "redline.gpkg|layername=redline", "--out", "want").want(t, 0)
	from, err := gdalvector.Read(gdalvector.Source{File: f.path("redline.gpkg"), Layer: "redline"})
	f.check(err)
	var rows []gdalvector.Row
	for i := range from.Features {
		var values []string
		for _, field := range from.Fields {
			values = append(values, from.Value(&from.Features[i], field))
		}
		rows = append(rows, gdalvector.Row{Values: values, Shape: from.Features[i].Shape})
	}
	f.check(gdalvector.Write(f.path("redline.shp"), from.CRS, from.Fields, rows, gdalvector.WriteOptions{}))
	f.remove("redline.prj")
	o := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--redline", "redline.shp", "--out", "got")
	if o.status != 12 || !strings.Contains(o.stderr, "redline.shp: layer has no CRS") || !strings.Contains(o.stderr, fmt.Sprintf("|crs=EPSG:%d", from.CRS.EPSG)) {
		t.Fatalf("status %d: %s", o.status, o.stderr)
	}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--redline", "redline.shp|crs="+fmt.Sprintf("EPSG:%d", from.CRS.EPSG), "--out", "got").want(t, 0)
	if want, got := contents(t, f.path("want"))["candidates.csv"], contents(t, f.path("got"))["candidates.csv"]; want != got || len(got) < 1000 {
		t.Errorf("candidates.csv differs: %d and %d bytes", len(want), len(got))
	}
}
