package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
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
	here(t, unspoiled, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	good := contents(t, filepath.Join(unspoiled, "out")) // what an input that means the same must give

	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	polygon := func(rings ...orb.Ring) string {
		return `{"type":"Polygon","coordinates":` + text(rings) + `}`
	}
	feature := func(properties, geometry string) string {
		return `{"type":"Feature","properties":{` + properties + `},"geometry":` + geometry + `}`
	}
	collection := func(features ...string) string {
		return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + `]}`
	}
	hole := ring(at(30, 30), at(30, 50), at(50, 50), at(50, 30))
	big := ring(at(20, 20), at(20, 260), at(280, 260), at(280, 20))
	plain := feature(`"HXBM":"Z1"`, polygon(big))
	// geojson puts a text in the red line's place.
	geojson := func(text string) func(folder) { return func(f folder) { f.layer("zones.geojson", text) } }
	// like a twin: the results must be those of another text.
	twin := func(text string) func(folder, outcome, string) {
		return func(f folder, _ outcome, out string) {
			f.check(os.WriteFile(f.path("zones.geojson"), []byte(text), 0o666))
			here(f.t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "twin"}, plainly)...).want(f.t, 0)
			got := contents(f.t, out)
			if strings.Count(got["candidates.geojson"], "Z1") == 0 {
				f.t.Error("the zone has no candidate")
			}
			sameFiles(f.t, got, contents(f.t, f.path("twin")), tellOfInputs...)
		}
	}
	// says is a twin with a line on stderr.
	says := func(want string, then func(folder, outcome, string)) func(folder, outcome, string) {
		return func(f folder, o outcome, out string) {
			f.says(o, want)
			then(f, o, out)
		}
	}
	// area wants the first red-line zone to have the area of the square less some cells.
	area := func(less float64) func(folder, outcome, string) {
		return func(f folder, o outcome, out string) {
			whole := f.cellHa() * (1600 - less)
			if got := f.coverage(out)[0].areaHa; math.Abs(got/whole-1) > 0.001 {
				f.t.Errorf("the zone has %v ha, want about %v", got, whole)
			}
		}
	}
	const tooMuch = "zones.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 1 (…"
	wkt := func(ring orb.Ring, more string) string {
		var points []string
		for _, p := range ring {
			points = append(points, fmt.Sprintf("%.9f %.9f%s", p[0], p[1], more))
		}
		return "((" + strings.Join(points, ", ") + "))"
	}
	middle, radius := at(40, 40), 20*grid.CellX
	var circle []string
	for _, d := range []orb.Point{{-1, 0}, {0, 1}, {1, 0}, {0, -1}, {-1, 0}} {
		circle = append(circle, fmt.Sprintf("%.12f %.12f", middle[0]+d[0]*radius, middle[1]+d[1]*radius))
	}
	arcs := "CURVEPOLYGON (CIRCULARSTRING (" + strings.Join(circle, ", ") + "))"
	notLocal := func(what, name string) fault {
		return fault{name: "V37 " + what, spoil: func(f folder) { f.edit("file: redline.gpkg, layer: redline", "file: '"+name+"'") }, status: 12,
			want: "…: not the name of a local file; virtual files, links and database connections are not opened"}
	}

	testFaults(t, []fault{
		{name: "V01 zones without CRS", spoil: func(f folder) { f.remove("reserves.prj") }, status: 12,
			want: "reserves.shp: layer has no CRS (its .prj is missing); find out which one it is in and state it: crs: EPSG:4490 under this layer in the job file, or FILE|crs=EPSG:4490; its coordinates (x … to …, y … to …) suggest China Geodetic Coordinate System 2000 (EPSG:4490), in which it meets the rasters"},
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
				sameFiles(f.t, contents(f.t, out), good, tellOfInputs...)
			}},
		{name: "V05 unknown encoding", spoil: func(f folder) { f.edit("encoding: GBK", "encoding: GBQ") }, status: 12,
			want: `reserves.shp: unknown encoding "GBQ"; known are UTF-8, GBK, …`},
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
		{name: "V05 GBK in a GeoPackage", spoil: func(f folder) {
			f.redlineAs("zones.gpkg", []string{"HXBM", "HXMC"}, gdalvector.Row{Values: []string{"Z1", "ABCDEF"}, Shape: orb.MultiPolygon{{square}}})
			f.patch("zones.gpkg", func(b []byte) []byte {
				return bytes.Replace(b, []byte("ABCDEF"), []byte("\xb0\xb2\xbb\xd5\xca\xa1"), 1)
			})
		}, status: 12, want: `zones.gpkg, layer zones: feature 1, field HXMC: bytes 1 to 4 (b0 b2 bb d5) are not valid UTF-8, as the format asks for; it reads as GB18030 "安徽省": write the layer again as UTF-8`},
		{name: "V05 GBK in GeoJSON", spoil: geojson(collection(plain, feature("\"HXBM\":\"Z2\",\"HXMC\":\"\xb0\xb2\xbb\xd5\"", polygon(hole)))), status: 12,
			want: `zones.geojson: not GeoJSON: its text is not UTF-8: line 2, in a text of 4 bytes: bytes 1 to 4 (b0 b2 bb d5) are not valid UTF-8; it reads as GB18030 "安徽": write the layer again as UTF-8`},
		{name: "V07 layer cut short", spoil: func(f folder) { f.cut("reserves.shp", 0.5) }, status: 12,
			want: "reserves.shp: the .shp is cut: it declares … bytes and has …; get a complete copy"},
		{name: "V15 unknown layer", spoil: func(f folder) { f.edit("layer: redline", "layer: redlin") }, status: 12,
			want: "redline.gpkg: it has no layer \"redlin\"; its layers: redline"},
		{name: "V15 unknown field", spoil: func(f folder) { f.edit("id: HXBM", "id: HXBN") }, status: 12,
			want: `redline.gpkg: has no field "HXBN" for id; its fields are HXBM, …`},
		{name: "V15 unknown functional zones", spoil: func(f folder) { f.edit("func_zone: GNFQ", "func_zone: BHDJB") }, status: 12,
			want: `reserves.shp: field BHDJB holds functional zones that nobody knows, with the number of features: …; say what they are in the job file, such as zone_types: {…: core} under this layer (zone types: core, buffer, …)`},

		{name: "V04 order of axes", spoil: geojson(strings.Replace(collection(plain), `"features"`, `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4326"}},"features"`, 1)), check: twin(collection(plain))},
		{name: "V05 wrong .cpg", spoil: func(f folder) {
			f.edit("encoding: GBK, ", "")
			f.check(os.WriteFile(f.path("reserves.cpg"), []byte("UTF-8"), 0o666))
		}, status: 12,
			want: `reserves.shp: field BHDMC, feature 1: bytes … are not valid UTF-8; it reads as GB18030 "示例1号自然保护区"; say encoding: GB18030 under this layer in the job file, or write GB18030 into its .cpg`},
		{name: "V05 wrong .cpg, the job says better", spoil: func(f folder) { f.check(os.WriteFile(f.path("reserves.cpg"), []byte("UTF-8"), 0o666)) },
			check: func(f folder, o outcome, out string) {
				f.says(o, "warning: reserves.shp: text is read as GBK as the job says, although it is declared in .cpg as UTF-8")
				sameFiles(f.t, contents(f.t, out), good, tellOfInputs...)
			}},
		{name: "V05 unknown .cpg", spoil: func(f folder) {
			f.edit("encoding: GBK, ", "")
			f.check(os.WriteFile(f.path("reserves.cpg"), []byte("EBCDIC"), 0o666))
		}, status: 12, want: `reserves.shp: .cpg: unknown encoding "EBCDIC"; …; it reads as GB18030 "示例1号自然保护区"; say encoding: GB18030 under this layer in the job file, or write GB18030 into its .cpg`},
		{name: "V06 one row in another encoding", spoil: func(f folder) {
			f.patch("reserves.dbf", func(b []byte) []byte {
				const name = "\xca\xbe\xc0\xfd" // 示例
				i := bytes.LastIndex(b, []byte(name))
				return append(append(b[:i:i], "安 "...), b[i+4:]...)
			})
		}, status: 12, want: `reserves.shp: field BHDMC, feature 7: byte … (89) is not valid GBK; …`},
		{name: "V08 .dbf cut", spoil: func(f folder) { f.cut("reserves.dbf", 0.6) }, status: 12,
			want: "reserves.shp: the .dbf is cut: … records declared, … present; get a complete copy"},
		{name: "V09 .shx cut", spoil: func(f folder) { f.cut("reserves.shx", 0.9) }, status: 12, want: "reserves.shp: the .shx is cut or damaged; get a complete copy"},
		{name: "V09 .shx missing", spoil: func(f folder) { f.remove("reserves.shx") }, status: 12, want: "reserves.shp: the .shx is missing; copy it from where the .shp came from"},
		{name: "V09 .shx stale", spoil: func(f folder) {
			f.patch("reserves.shx", func(b []byte) []byte { b[111] += 4; return b })
		}, status: 12, want: "reserves.shp: record 2 of the .shp is not where the .shx says: …; get a complete copy"},
		{name: "V10 .dbf missing", spoil: func(f folder) { f.remove("reserves.dbf") }, status: 12, want: "reserves.shp: the .dbf is missing; copy it from where the .shp came from"},
		{name: "V11 GeoJSON cut", spoil: func(f folder) { geojson(collection(plain))(f); f.cut("zones.geojson", 0.8) }, status: 12, want: "zones.geojson: not GeoJSON: unexpected end of JSON input"},
		{name: "V11 deep nesting", spoil: geojson(strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)), status: 12, want: "zones.geojson: not GeoJSON: …exceeded max depth"},
		{name: "V12 byte order mark and CRLF", spoil: geojson("\uFEFF" + strings.ReplaceAll(collection(plain), ",\n", ",\r\n") + "\r\n"), check: twin(collection(plain))},
		{name: "V12 comment", spoil: geojson("// zones\n" + collection(plain)), status: 12, want: "zones.geojson: not GeoJSON: it does not start with {"},
		{name: "V12 NaN", spoil: geojson(collection(feature("", `{"type":"Polygon","coordinates":[[[NaN,1]]]}`))), status: 12, want: "zones.geojson: not GeoJSON: invalid character 'N' …"},
		{name: "V12 text after the end", spoil: geojson(collection(plain) + "x"), status: 12, want: "zones.geojson: not GeoJSON: invalid character 'x' after top-level value"},
		{name: "V12 unknown CRS", spoil: geojson(strings.Replace(collection(plain), `"features"`, `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::999999"}},"features"`, 1)), status: 12, want: "zones.geojson: GDAL cannot open it as GeoJSON: …crs not found"},
		{name: "V13 write-ahead log", spoil: func(f folder) { f.check(os.WriteFile(f.path("redline.gpkg-wal"), []byte("x"), 0o666)) }, status: 12,
			want: "redline.gpkg: redline.gpkg-wal lies beside it: another program has the file open or was stopped while writing; close that program (in QGIS remove the layer), or open the file once in QGIS and export it, copying redline.gpkg-wal along with it"},
		{name: "V13 hot journal", spoil: func(f folder) { f.check(os.WriteFile(f.path("redline.gpkg-journal"), []byte("x"), 0o666)) }, status: 12,
			want: "redline.gpkg: redline.gpkg-journal lies beside it: …"},
		{name: "V14 file geodatabase with a lock", spoil: func(f folder) {
			f.redlineAs("zones.gdb", []string{"HXBM"}, gdalvector.Row{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{square}}})
			f.check(os.WriteFile(f.path("zones.gdb/PC1.1234.5678.sr.lock"), nil, 0o666))
		}, check: area(0)},
		{name: "V14 packed file geodatabase", spoil: func(f folder) { f.layer("zones.gdb.zip", "PK") }, status: 12,
			want: "zones.gdb.zip: not a readable zip archive: zip: not a valid zip file; copy it again"},
		{name: "V14 file geodatabase without a table", spoil: func(f folder) {
			f.redlineAs("zones.gdb", []string{"HXBM"}, gdalvector.Row{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{square}}})
			tables, err := filepath.Glob(f.path("zones.gdb/*.gdbtable"))
			f.check(err)
			f.check(os.Remove(tables[len(tables)-1]))
		}, status: 12, want: "zones.gdb: it has no layer with geometry (of a file geodatabase: is the copy complete?)"},
		{name: "V14 compressed file geodatabase", spoil: func(f folder) {
			f.redlineAs("zones.gdb", []string{"HXBM"}, gdalvector.Row{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{square}}})
			tables, err := filepath.Glob(f.path("zones.gdb/*.gdbtable"))
			f.check(err)
			last := tables[len(tables)-1]
			f.check(os.Rename(last, strings.TrimSuffix(last, ".gdbtable")+".cdf"))
		}, status: 12, want: "zones.gdb: the file geodatabase is compressed (….cdf), which cannot be read; uncompress it in ArcGIS, or export the layer to a .gpkg"},
		{name: "V15 several layers", spoil: func(f folder) {
			f.wkt(4490, []string{"核心", `a "b" 'c'`}, "POLYGON "+wkt(square, ""))
		}, status: 12, want: `zones.gpkg: it has 2 layers, say which one by |layername=NAME (layer: NAME in a job file); its layers: 核心, a "b" 'c'`},
		{name: "V15 quotes in a layer's name", spoil: func(f folder) {
			f.wkt(4490, []string{"核心", `a "b" 'c'`}, "POLYGON "+wkt(square, ""))
			f.edit("{file: zones.gpkg}", `{file: zones.gpkg, layer: "a \"b\" 'c'"}`)
		}, check: area(0)},
		{name: "V17 spike", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(append(orb.Ring{at(20, 20), at(20, 60), at(20, 70), at(20, 60)}, square[2:]...))))), check: says("repaired: zones.geojson|zones, feature 1: …", area(0))},
		{name: "V17 duplicate points", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(append(orb.Ring{square[0], square[0], square[1], square[1]}, square[2:]...))))), check: area(0)},
		{name: "V17 repeated closing", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(append(slices.Clone(square), square[0], square[0]))))), check: area(0)},
		{name: "V18 nested shells", spoil: geojson(collection(feature(`"HXBM":"Z1"`, `{"type":"MultiPolygon","coordinates":`+text([][]orb.Ring{{square}, {hole}})+`}`))), status: 12, want: tooMuch},
		{name: "V18 hole as large as its shell", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(square, square)))), status: 12, want: "zones.geojson: nothing is left of feature 1 when its rings are made valid; correct or remove it"},
		{name: "V19 open ring", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(append(slices.Clone(square[:4]), at(21, 21)))))), status: 12, want: "zones.geojson: feature 1: polygon 1, ring 1 is not closed: it starts at … and ends at …"},
		{name: "V19 ring of two points", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(orb.Ring{square[0], square[1]})))), status: 12, want: "zones.geojson: feature 1: polygon 1, ring 1 has 2 points, a closed ring has at least 4"},
		{name: "V20 ring that touches itself", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(ring(at(20, 20), at(20, 60), at(60, 60), at(60, 20), at(40, 20), at(50, 40), at(30, 40), at(40, 20)))))), check: area(200)},
		{name: "V20 hole along the shell", spoil: geojson(collection(feature(`"HXBM":"Z1"`, polygon(square, ring(at(20, 30), at(20, 50), at(40, 50), at(40, 30)))))), check: area(400)},
		{name: "V21 orientation of rings", spoil: func(f folder) {
			turned, turnedHole := big.Clone(), hole.Clone()
			turned.Reverse()
			turnedHole.Reverse()
			geojson(collection(feature(`"HXBM":"Z1"`, polygon(turned, turnedHole)), feature(`"HXBM":"Z2"`, polygon(ring(at(100, 20), at(100, 60), at(140, 60), at(140, 20))))))(f)
		}, check: twin(collection(feature(`"HXBM":"Z1"`, polygon(big, hole)), feature(`"HXBM":"Z2"`, polygon(ring(at(100, 20), at(140, 20), at(140, 60), at(100, 60))))))},
		{name: "V22 heights", spoil: func(f folder) { f.wkt(4490, []string{"zones"}, "POLYGON Z "+wkt(square, " 7")) }, check: says("warning: zones.gpkg: heights or measures (Z, M) of 1 feature are dropped", area(0))},
		{name: "V22 measures", spoil: func(f folder) { f.wkt(4490, []string{"zones"}, "POLYGON M "+wkt(square, " 7")) }, check: says("warning: zones.gpkg: heights or measures (Z, M) of 1 feature are dropped", area(0))},
		{name: "V22 heights and measures", spoil: func(f folder) { f.wkt(4490, []string{"zones"}, "POLYGON ZM "+wkt(square, " 7 8")) }, check: says("warning: zones.gpkg: heights or measures (Z, M) of 1 feature are dropped", area(0))},
		{name: "V23 arcs", spoil: func(f folder) {
			f.wkt(4490, []string{"zones"}, arcs)
		}, check: says("warning: zones.gpkg: arcs of 1 feature became chords of at most 1 degree", area(1600-math.Pi*400*grid.CellX/grid.CellY))},
		{name: "V23 TIN", spoil: func(f folder) {
			f.wkt(4490, []string{"zones"}, "TIN ("+wkt(ring(at(20, 20), at(20, 60), at(60, 60)), "")+")")
		}, status: 12,
			want: "zones.gpkg, layer zones: feature 1: geometry type TIN is not supported: only Polygon, MultiPolygon and collections of them are"},
		{name: "V23 polyhedral surface", spoil: func(f folder) { f.wkt(4490, []string{"zones"}, "POLYHEDRALSURFACE ("+wkt(square, "")+")") }, status: 12,
			want: "zones.gpkg, layer zones: feature 1: geometry type PolyhedralSurface is not supported: only Polygon, MultiPolygon and collections of them are"},
		{name: "V24 features without geometry", spoil: geojson(collection(plain, feature(`"HXBM":"Z2"`, "null"), feature(`"HXBM":"Z3"`, `{"type":"Polygon","coordinates":[]}`), feature(`"HXBM":"Z4"`, `{"type":"Point","coordinates":[]}`))),
			check: says("warning: zones.geojson: 3 features without geometry are skipped: 2, 3, 4", twin(collection(plain)))},
		{name: "V25 line", spoil: geojson(collection(plain, feature(`"HXBM":"Z2"`, `{"type":"LineString","coordinates":`+text(square)+`}`))), status: 12, want: "zones.geojson: feature 2: not a polygon but points or lines; remove it or give a polygon layer"},
		{name: "V25 collection", spoil: geojson(collection(feature(`"HXBM":"Z1"`, `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},`+polygon(big)+`]}`))),
			check: says("warning: zones.geojson: 1 point or line in a collection is left out", twin(collection(plain)))},
		{name: "V26 infinite coordinate", spoil: geojson(strings.Replace(collection(plain), text(big[0][0]), "1e400", 1)), status: 12, want: "zones.geojson: feature 1: polygon 1, ring 1, point 1 has the coordinates (+Inf, …)"},
		{name: "V27 identical zones", spoil: geojson(collection(plain, feature(`"HXBM":"Z2"`, polygon(big)))), check: func(f folder, _ outcome, out string) {
			// The first controls all; the second has its area and no candidate; nothing counts twice.
			z := f.coverage(out)
			if z[0].id != "Z1" || z[1].id != "Z2" || z[0].areaHa != z[1].areaHa || z[0].controlledHa == 0 || z[1].controlledHa != 0 {
				f.t.Errorf("coverage is %+v", z)
			}
		}},
		{name: "V28 id twice", spoil: geojson(collection(plain, feature(`"HXBM":"Z1"`, polygon(hole)))), status: 12,
			want: `zones.geojson: zones of the layer redline share an id (1 of the 2 in this file): "Z1" of feature 2 is that of feature 1 of zones.geojson|zones; correct the field, name another one (fields: {id: NAME} in the job file), or take the features' numbers (fields: {id: "#"})`},
		{name: "V28 id missing", spoil: geojson(collection(plain, feature("", polygon(hole)))), status: 12,
			want: `zones.geojson: the id of the zones, field HXBM, is empty in 1 of the 2 features, feature 2; …`},
		{name: "V28 ids as text and as numbers", spoil: geojson(collection(feature(`"HXBM":"007"`, polygon(square)), feature(`"HXBM":7`, polygon(hole)))), check: func(f folder, _ outcome, out string) {
			if z := f.coverage(out); z[0].id != "007" || z[1].id != "7" {
				f.t.Errorf("coverage is %+v", z)
			}
		}},
		{name: "V29 across the antimeridian", spoil: geojson(collection(plain, feature(`"HXBM":"Z2"`, polygon(ring(orb.Point{179, 30}, orb.Point{-179, 30}, orb.Point{-179, 31}, orb.Point{179, 31}))))), status: 12,
			want: "zones.geojson: feature 2: an edge goes from longitude 179 to -179: it seems to cross the antimeridian; make a copy that can be used by `ogr2ogr -wrapdateline zones-mended.gpkg zones.geojson zones`, and name that one"},
		{name: "V29 at the pole", spoil: geojson(collection(plain, feature(`"HXBM":"Z2"`, polygon(ring(orb.Point{0, 80}, orb.Point{120, 80}, orb.Point{120, 91}, orb.Point{0, 91}))))), status: 12,
			want: "zones.geojson: feature 2: cannot be brought to the CRS of the rasters: (120, 91) is no longitude and latitude; correct or remove it"},
		{name: "V31 stacked zones", spoil: func(f folder) {
			f.withoutReserves()
			var features []string
			for i := range 250 {
				d := 20 + 0.003*float64(i)
				features = append(features, feature(fmt.Sprintf(`"HXBM":"Z%03d"`, i), polygon(ring(at(d, d), at(d, d+200), at(d+200, d+200), at(d+200, d)))))
			}
			geojson(collection(features...))(f)
		}, args: []string{"--max-memory", "256MiB"}, status: 17,
			want: "the zones, and the ground that they share, need more than 192 MiB, three quarters of --max-memory; most lie one over the other at zone Z000 of zones.geojson|zones (feature 1), where 249 others are; take copies and old versions of zones out of the layers, or raise --max-memory"},
		{name: "V33 zones outside and smaller than a cell", spoil: geojson(collection(plain,
			feature(`"HXBM":"Z2"`, polygon(ring(orb.Point{100, 30}, orb.Point{101, 30}, orb.Point{101, 31}))),
			feature(`"HXBM":"Z3"`, polygon(ring(at(100.2, 100.2), at(100.2, 100.4), at(100.4, 100.4), at(100.4, 100.2)))))), check: func(f folder, _ outcome, out string) {
			z := f.coverage(out)
			if len(z) < 3 || z[1].id != "Z2" || z[1].inRasterHa != 0 || z[2].id != "Z3" || math.Abs(z[2].areaHa/f.cellHa()-0.04) > 1e-3 {
				f.t.Errorf("coverage is %+v", z)
			}
		}},
		{name: "V34 NUL in text", spoil: func(f folder) {
			f.redlineAs("zones.gpkg", []string{"HXBM"}, gdalvector.Row{Values: []string{"ZONE-1"}, Shape: orb.MultiPolygon{{square}}})
			f.patch("zones.gpkg", func(b []byte) []byte { return bytes.Replace(b, []byte("ZONE-1"), []byte("ZON\x00-1"), 1) })
		}, status: 12, want: "zones.gpkg, layer zones: feature of id 1, field HXBM: the text holds a NUL character; correct the attribute"},
		{name: "V34 number beyond 64 bits", spoil: geojson(collection(feature(`"HXBM":12345678901234567890`, polygon(square)))), status: 12,
			want: "zones.geojson: feature 1 cannot be read: field HXBM: its number does not fit into 64 bits and cannot be read exactly; store it as text"},
		{name: "V34 name of a million characters", spoil: geojson(collection(
			feature(`"HXBM":"Z1","HXMC":"`+strings.Repeat("长", 1000)+`"`, polygon(square)),
			feature(`"HXBM":"Z2","HXMC":" `+strings.Repeat("长", 1_000_000)+`"`, polygon(ring(at(100, 20), at(100, 60), at(140, 60), at(140, 20)))))),
			check: func(f folder, o outcome, out string) {
				f.says(o, "warning: zones.geojson: field HXMC has more than 1000 characters in feature 2; what is beyond them is left out")
				name := "," + strings.Repeat("长", 1000) + ","
				if text := contents(f.t, out)["coverage.csv"]; !strings.Contains(text, "Z1"+name) || !strings.Contains(text, "Z2"+name) {
					f.t.Errorf("coverage has %d bytes", len(text))
				}
			}},
		{name: "V34 id of 1001 characters", spoil: geojson(collection(plain, feature(`"HXBM":"`+strings.Repeat("长", 1001)+`"`, polygon(square)))), status: 12,
			want: "zones.geojson: field HXBM, by which features are told apart, has more than 1000 characters in feature 2; correct it, or name another field (fields: in the job file)"},
		{name: "V34 id with a semicolon", spoil: geojson(collection(plain, feature(`"HXBM":"a;b"`, polygon(square)))), status: 12,
			want: `zones.geojson: the id of the zones, field HXBM, holds ";" in feature 2 ("a;b"): that stands between the ids of several zones in the results; correct the field, name another one (fields: {id: NAME} in the job file), or take the features' numbers (fields: {id: "#"})`},
		{name: "V34 layer with a semicolon", spoil: func(f folder) {
			f.wkt(4490, []string{"a;b"}, "POLYGON "+wkt(square, ""))
		}, status: 12, want: `zones.gpkg: the ids of the zones begin with the name of the layer, which holds ";": that stands between the ids of several zones in the results; give the layer another name, or name a field with ids (fields: {id: NAME} in the job file)`},
		{name: "V34 layer with a name of 1001 characters", spoil: func(f folder) {
			f.wkt(4490, []string{strings.Repeat("长", 1001)}, "POLYGON "+wkt(square, ""))
		}, status: 12, want: "zones.gpkg: the name of its layer has more than 1000 characters; give it another one"},
		{name: "V34 county's name and code of 1001 characters", spoil: func(f folder) {
			f.check(os.WriteFile(f.path("counties.geojson"), []byte(collection(feature(`"adcode":"`+strings.Repeat("1", 1001)+`","name":"`+strings.Repeat("长", 1001)+`","city":"c"`, polygon(big)))), 0o666))
		}, status: 12, want: "counties.geojson: field adcode, by which features are told apart, has more than 1000 characters in feature 1; correct it, or name another field (fields: in the job file)"},
		{name: "V34 long text and number", spoil: geojson(collection(feature(`"HXBM":9007199254740993,"HXMC":"`+strings.Repeat("长", 300)+`"`, polygon(square)))), check: func(f folder, _ outcome, out string) {
			if text := contents(f.t, out)["coverage.csv"]; !strings.Contains(text, "9007199254740993,"+strings.Repeat("长", 300)+",") {
				f.t.Errorf("coverage is %s", text)
			}
		}},
		{name: "V36 Beijing 1954", spoil: func(f folder) { f.wkt(4214, []string{"zones"}, "POLYGON "+wkt(square, "")) }, status: 13,
			want: "zones.gpkg: no reliable transformation from Beijing 1954 (EPSG:4214) to China Geodetic Coordinate System 2000 (EPSG:4490): …; state the datum shift of Beijing 1954 (EPSG:4214) with the seven official parameters of your area, crs: \"+proj=longlat +ellps=krass +towgs84=DX,DY,DZ,RX,RY,RZ,DS\" (metres, seconds of arc by the position vector rule, parts per million) under it in the job file"},
		{name: "V36 Xian 1980", spoil: func(f folder) { f.wkt(4610, []string{"zones"}, "POLYGON "+wkt(square, "")) }, status: 13,
			want: "zones.gpkg: no reliable transformation from Xian 1980 (EPSG:4610) to China Geodetic Coordinate System 2000 (EPSG:4490): …"},
		{name: "V36 NAD27", spoil: func(f folder) { f.wkt(4267, []string{"zones"}, "POLYGON "+wkt(square, "")) }, status: 13,
			want: "zones.gpkg: no reliable transformation from NAD27 (EPSG:4267) to …"},
		{name: "V37 linked CRS", spoil: geojson(strings.Replace(collection(plain), `"features"`, `"crs":{"type":"link","properties":{"href":"http://127.0.0.1:1/"}},"features"`, 1)), status: 12,
			want: `zones.geojson: its crs member is of type "link"; only a named CRS or none (WGS 84) is read`},
		{name: "V37 VRT as GeoJSON", spoil: geojson(`<OGRVRTDataSource><OGRVRTLayer name="redline"><SrcDataSource>redline.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`), status: 12, want: "zones.geojson: not GeoJSON: it does not start with {"},
		{name: "V37 VRT as GeoPackage", spoil: func(f folder) {
			f.layer("zones.gpkg", `<OGRVRTDataSource><OGRVRTLayer name="redline"><SrcDataSource>redline.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`)
		}, status: 12, want: "zones.gpkg: GDAL cannot open it as GPKG: …"},
		{name: "V45 number of the zone missing", spoil: func(f folder) {
			f.withoutReserves()
			f.wkt(4527, []string{"zones"}, "POLYGON ((510000 3409000, 519000 3409000, 519000 3419000, 510000 3409000))")
		}, status: 13,
			want: "zones.gpkg: its coordinates are not those of CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), whose eastings lie around 39500000; its coordinates (x 510000 to 519000, y 3409000 to 3419000) suggest CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548); state the right one by crs: EPSG:4548 under this layer in the job file, or FILE|crs=EPSG:4548"},
		notLocal("link", "http://127.0.0.1:1/a.geojson"), notLocal("database", "PG:dbname=x.gpkg"), notLocal("service", "WFS:http://127.0.0.1:1/a.json"),
		notLocal("virtual file", "/vsicurl/http://127.0.0.1:1/a.geojson"), notLocal("inline JSON", `{"type":"FeatureCollection","features":[]}.geojson`),
		{name: "V38 dates of survey", spoil: geojson(collection(feature(`"HXBM":"Z1","TJSJ":"2019/08/01","D":"2020-02-30"`, polygon(big)))), check: twin(collection(plain))},
	})
}

// layer puts a file of that name and text in the red line's place.
func (f folder) layer(name, text string) {
	f.t.Helper()
	f.check(os.WriteFile(f.path(name), []byte(text), 0o666))
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: "+name+"}")
}

// redlineAs puts a layer in the red line's place, in the format of its name.
func (f folder) redlineAs(name string, fields []string, rows ...gdalvector.Row) {
	f.t.Helper()
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	f.layer(name, "")
	f.remove(name)
	f.check(gdalvector.Write(f.path(name), crs, fields, rows, gdalvector.WriteOptions{}))
}

// wkt puts a GeoPackage in the red line's place, with layers of one geometry each.
func (f folder) wkt(epsg int, layers []string, wkt string) {
	f.t.Helper()
	f.layer("zones.gpkg", "")
	f.remove("zones.gpkg")
	ds, err := godal.CreateVector(godal.GeoPackage, f.path("zones.gpkg"))
	f.check(err)
	crs, err := godal.NewSpatialRefFromEPSG(epsg)
	f.check(err)
	defer crs.Close()
	for _, name := range layers {
		ly, err := ds.CreateLayer(name, crs, godal.GTUnknown)
		f.check(err)
		g, err := godal.NewGeometryFromWKT(wkt, crs)
		f.check(err)
		_, err = ly.NewFeature(g, godal.ErrLogger(func(ec godal.ErrorCategory, _ int, msg string) error {
			if ec <= godal.CE_Warning { // a TIN is an extension of the format
				return nil
			}
			return errors.New(msg)
		}))
		f.check(err)
		g.Close()
	}
	f.check(ds.Close())
}

// patch changes a file's bytes.
func (f folder) patch(name string, change func([]byte) []byte) {
	f.t.Helper()
	b, err := os.ReadFile(f.path(name))
	f.check(err)
	f.check(os.WriteFile(f.path(name), change(b), 0o666))
}

// cellHa is the area of a cell of the scene near its north edge.
func (f folder) cellHa() float64 {
	f.t.Helper()
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	earth, err := raster.NewEarth(e.Grid(), nil, nil)
	f.check(err)
	row := earth.Row(40)
	return row.Run(0, 1).M2() / 1e4
}

// covered is a row of coverage.csv.
type covered struct {
	id                               string
	areaHa, inRasterHa, controlledHa float64
}

// coverage reads coverage.csv of a run, the red line's zones first.
func (f folder) coverage(out string) (all []covered) {
	f.t.Helper()
	file, err := os.Open(filepath.Join(out, "coverage.csv"))
	f.check(err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	f.check(err)
	number := func(row []string, column string) float64 {
		x, err := strconv.ParseFloat(row[slices.Index(rows[0], column)], 64)
		f.check(err)
		return x
	}
	rows[0][0] = strings.TrimPrefix(rows[0][0], "\uFEFF")
	for _, row := range rows[1:] {
		all = append(all, covered{row[slices.Index(rows[0], "zone_id")], number(row, "area_ha"), number(row, "in_raster_ha"), number(row, "controlled_ha")})
	}
	return all
}

// TestReadOnlyLayers: V13. A GeoPackage in write-ahead mode, where SQLite would make files beside
// it, is read from a folder in which nobody may write.
func TestReadOnlyLayers(t *testing.T) {
	f := folder{t, newSample(t)}
	f.patch("redline.gpkg", func(b []byte) []byte { b[18], b[19] = 2, 2; return b })
	results := filepath.Join(filepath.Dir(f.dir), "results")
	f.check(os.Mkdir(results, 0o777))
	f.check(os.Chmod(results, 0o777))
	cmd := command(f.dir, "run", "job.yaml", "--out", filepath.Join(results, "out"))
	if os.Getuid() == 0 { // whom permissions do not stop
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		f.check(os.Chmod(filepath.Dir(filepath.Dir(f.dir)), 0o755))
		f.check(os.Chmod(filepath.Dir(f.dir), 0o755))
	}
	before := contents(t, f.dir)
	f.check(os.Chmod(f.dir, 0o555))
	defer os.Chmod(f.dir, 0o755)
	finish(t, cmd).want(t, 0)
	sameFiles(t, contents(t, f.dir), before)
}
