package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
)

// says fails unless stderr has a line like want.
func (f folder) says(o outcome, want string) {
	f.t.Helper()
	for line := range strings.Lines(o.stderr) {
		if like(strings.TrimSuffix(line, "\n"), want) {
			return
		}
	}
	f.t.Errorf("stderr is\n%swant\n%s", o.stderr, want)
}

// TestVectorFaults spoils the layers of a job, one fault at a time.
func TestVectorFaults(t *testing.T) {
	// The scene begins near 117° E, 31° N; its cells are 30 m.
	e, err := gdalraster.Open([]string{filepath.Join(smallScene, "lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	grid := e.Grid()
	at := func(u, v float64) orb.Point { x, y := grid.Map(u, v); return orb.Point{x, y} }
	square := ring(at(20, 20), at(20, 60), at(60, 60), at(60, 20))

	unspoiled := newSample(t)
	run(t, unspoiled, "run", "job.yaml").want(t, 0)
	good := contents(t, filepath.Join(unspoiled, "out")) // what an input that means the same must give

	testFaults(t, []fault{
		{name: "V01 zones without CRS", spoil: func(f folder) { f.remove("reserves.prj") }, status: 12,
			want: "reserves.shp: layer has no CRS (its .prj is missing); find out which one it is in and assign it (in QGIS: set the layer's CRS, then export; or ogr2ogr -a_srs EPSG:… NEW OLD); its coordinates (x 117.… to 117.…, y 30.… to 30.…) suggest China Geodetic Coordinate System 2000 (EPSG:4490), in which it meets the rasters"},
		{name: "V02 zones elsewhere", spoil: func(f folder) {
			f.withoutReserves()
			f.redline(orb.MultiPolygon{{ring(orb.Point{100, 30}, orb.Point{100, 31}, orb.Point{101, 31}, orb.Point{101, 30})}})
		}, status: 13,
			want: "zones.geojson: no zone of it meets the rasters: the layer covers 100.0000° to 101.0000° E, 30.0000° to 31.0000° N, the rasters …° E, …° N; name a layer of the same area, or correct its CRS"},
		{name: "V03 swapped axes", spoil: func(f folder) {
			swapped := orb.Ring{}
			for _, p := range square {
				swapped = append(swapped, orb.Point{p[1], p[0]})
			}
			f.withoutReserves()
			f.redline(orb.MultiPolygon{{swapped}})
		}, status: 13,
			want: "zones.geojson: …with x and y exchanged…are the axes swapped?…"},
		{name: "V05 GBK undeclared", spoil: func(f folder) { f.edit("encoding: GBK, ", "") },
			check: func(f folder, o outcome, out string) {
				if in := readManifest(t, out).Inputs[3]; in.Encoding != "GB18030" || in.EncodingFrom != "guessed" {
					f.t.Errorf("input is %+v", in)
				}
				f.says(o, `warning: reserves.shp: the encoding of attribute text is declared nowhere (no .cpg, language byte 0x00) and guessed: all of it is valid GB18030, such as "示例1号自然保护区" in field BHDMC, feature 1; if that reads wrong, say --encoding NAME`)
				sameFiles(f.t, contents(f.t, out), good, "manifest.json")
			}},
		{name: "V05 unknown encoding", spoil: func(f folder) { f.edit("encoding: GBK", "encoding: GBQ") }, status: 12,
			want: "reserves.shp: …GBQ…"},
		{name: "V38 empty layer", spoil: func(f folder) {
			f.redline(nil)
			f.check(os.WriteFile(f.path("zones.geojson"), []byte(`{"type":"FeatureCollection","features":[]}`), 0o666))
		}, status: 12,
			want: "zones.geojson: empty layer: it has no features"},
		{name: "V16 bow-tie", spoil: func(f folder) {
			f.redline(orb.MultiPolygon{{ring(at(20, 20), at(60, 60), at(60, 20), at(20, 60))}})
		}, status: 12,
			want: "zones.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 1 (Self-intersection[…]): 0.0000 ha before, …; correct them, or say --accept-repairs (accept_repairs: true in a job file) after looking at them"},
		{name: "V18 hole outside its shell", spoil: func(f folder) {
			f.redline(orb.MultiPolygon{{square, ring(at(80, 80), at(100, 80), at(100, 100), at(80, 100))}})
		}, status: 12,
			want: "zones.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 1 (Hole lies outside shell[…]): …"},
		{name: "V07 layer cut short", spoil: func(f folder) { f.cut("reserves.shp", 0.5) }, status: 12,
			want: "reserves.shp: …"},
		{name: "V15 unknown layer", spoil: func(f folder) { f.edit("layer: redline", "layer: redlin") }, status: 12,
			want: "redline.gpkg: it has no layer \"redlin\"; its layers: redline"},
		{name: "V15 unknown field", spoil: func(f folder) { f.edit("id: HXBM", "id: HXBN") }, status: 12,
			want: `redline.gpkg: has no field "HXBN" for id; its fields are HXBM, …`},
		{name: "V15 unknown functional zones", spoil: func(f folder) { f.edit("func_zone: GNFQ", "func_zone: BHDJB") }, status: 12,
			want: `reserves.shp: field BHDJB holds functional zones that nobody knows, with the number of features: …; say what they are in the job file, such as zone_types: {…: core} under this layer (zone types: core, buffer, …)`},
	})
}
