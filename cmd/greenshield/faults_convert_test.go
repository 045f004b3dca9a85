package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// printed runs the command that a message of the program prints, as a user would, and fails when there is none.
func (f folder) printed(o outcome) {
	f.t.Helper()
	command := printedCommand.FindStringSubmatch(o.stderr)
	if command == nil {
		f.t.Fatalf("there is no command in %s", o.stderr)
	}
	f.script(command[1])
}

// TestConvertedLayers runs the command that the message of a format that is not read gives, and then gets the zones.
func TestConvertedLayers(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	want := f.coverage(f.path("out"))
	ogr := func(format string, switches ...string) func(f folder, name string) {
		return func(f folder, name string) {
			f.tool("ogr2ogr", append(append([]string{"-f", format}, switches...), name, "redline.gpkg", "redline")...)
		}
	}
	for _, c := range []struct {
		name, format string
		make         func(f folder, name string)
		exact        float64 // relative error of areas: the formats round coordinates
	}{
		{"zones.tab", "MapInfo", ogr("MapInfo File"), 1e-3},
		{"zones.mif", "MapInfo", ogr("MapInfo File"), 1e-6},
		{"zones.geojsonl", "GeoJSON text sequences", ogr("GeoJSONSeq", "-lco", "COORDINATE_PRECISION=15"), 1e-9},
		{"zones.ndjson", "GeoJSON text sequences", ogr("GeoJSONSeq", "-lco", "COORDINATE_PRECISION=15"), 1e-9},
		{"zones.json", "GeoJSON text sequences", ogr("GeoJSONSeq", "-lco", "COORDINATE_PRECISION=15"), 1e-9},
		{"it's red 红.gml", "GML", ogr("GML"), 1e-9},
		{"esri.json", "Esri JSON", func(f folder, name string) { f.text(name, esriJSON) }, 0},
		{"topo.json", "TopoJSON", func(f folder, name string) { f.text(name, topoJSON) }, 0},
		{"zones.topojson", "TopoJSON", func(f folder, name string) { f.text(name, topoJSON) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			c.make(f, c.name)
			f.edit("redline.gpkg, layer: redline", `"`+c.name+`"`)
			if c.exact == 0 { // it has one square as its zone
				f.edit(", name: HXMC", "")
			}
			run := func() outcome { return here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...) }
			o := run()
			o.want(t, 12)
			if !strings.Contains(o.stderr, ": files of the format "+c.format+" are not read; make a copy that can be used by `ogr2ogr -f GPKG") {
				t.Errorf("stderr is %s", o.stderr)
			}
			f.printed(o)
			f.edit(c.name, strings.TrimSuffix(c.name, filepath.Ext(c.name))+"-mended.gpkg")
			run().want(t, 0)
			got := f.coverage(f.path("out"))
			if c.exact == 0 { // 0.02° × 0.02° at 31° N
				if got[0].id != "Z1" || got[0].areaHa < 423 || got[0].areaHa > 425 {
					t.Errorf("the zone is %+v", got[0])
				}
				return
			}
			if len(got) != len(want) {
				t.Fatalf("%d zones, want %d", len(got), len(want))
			}
			for i, z := range got {
				if z.id != want[i].id || math.Abs(z.areaHa/want[i].areaHa-1) > c.exact {
					t.Errorf("zone %+v, want %+v", z, want[i])
				}
			}
		})
	}
}

const esriJSON = `{"geometryType":"esriGeometryPolygon","spatialReference":{"wkid":4490},"fields":[{"name":"HXBM","type":"esriFieldTypeString","alias":"HXBM","length":20}],
"features":[{"attributes":{"HXBM":"Z1"},"geometry":{"rings":[[[116.99,30.99],[116.99,31.01],[117.01,31.01],[117.01,30.99],[116.99,30.99]]]}}]}`

const topoJSON = `{"type":"Topology","transform":{"scale":[0.01,0.01],"translate":[116.99,30.99]},"arcs":[[[0,0],[2,0],[0,2],[-2,0],[0,-2]]],
"objects":{"zones":{"type":"GeometryCollection","geometries":[{"type":"Polygon","arcs":[[0]],"properties":{"HXBM":"Z1"}}]}}}`

// TestConvertedRaster does the same for a raster.
func TestConvertedRaster(t *testing.T) {
	want := clean(t)
	f := folder{t, newSample(t)}
	f.tool("gdal_translate", "-q", "-of", "ENVI", "lc2020.tif", "旧 map.dat")
	f.check(os.Remove(f.path("lc2020.tif")))
	f.edit("lc2020.tif", `"旧 map.dat"`)
	run := func() outcome { return here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...) }
	o := run()
	o.want(t, 11)
	f.printed(o)
	f.edit("旧 map.dat", "旧 map-mended.tif")
	o = run()
	o.want(t, 0)
	warned(f, o, "")
	sameFiles(t, contents(t, f.path("out")), want, tellOfInputs...)
}
