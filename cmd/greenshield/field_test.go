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
