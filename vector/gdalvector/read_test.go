package gdalvector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector"
	"greenshield/vector/geos"
)

func TestMain(m *testing.M) {
	// Without its removal, libcurl would go past the proxy that leads nowhere.
	os.Setenv("no_proxy", "*")
	os.Setenv("NO_PROXY", "*")
	if _, err := gdalraster.Init(0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func epsg(t *testing.T, code int) raster.CRS {
	t.Helper()
	crs, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code))
	if err != nil {
		t.Fatal(err)
	}
	return crs
}

func square(x, y, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}}
}

// sample has Chinese text, an empty value, a leading zero, a hole and a self-crossing ring.
func sample() (fields []string, rows []Row) {
	holed := append(square(117, 31, 1), square(120, 31, 1)...)
	holed[0] = append(holed[0], square(117.25, 31.25, 0.5)[0][0])
	bowTie := orb.MultiPolygon{{{{118, 31}, {119, 32}, {119, 31}, {118, 32}, {118, 31}}}}
	return []string{"HXMC", "HXBM"}, []Row{
		{[]string{"大别山水源涵养", "007"}, holed},
		{[]string{"", "340100-2"}, bowTie},
	}
}

func writeSample(t *testing.T, name string, o WriteOptions) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	fields, rows := sample()
	if err := Write(path, epsg(t, 4326), fields, rows, o); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeFile(t *testing.T, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// patch changes a file's bytes.
func patch(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o666); err != nil {
		t.Fatal(err)
	}
}

func cut(bytes int) func([]byte) []byte {
	return func(b []byte) []byte { return b[:len(b)-bytes] }
}

// refused asserts that s is refused with a message that names the file and holds all of want.
func refused(t *testing.T, s Source, want ...string) {
	t.Helper()
	l, err := Read(s)
	if err == nil {
		t.Fatalf("was read: %+v", l)
	}
	for _, w := range append(want, s.File+": ") {
		if !strings.Contains(strings.Replace(err.Error(), ", layer ", ": ", 1), w) {
			t.Errorf("got %q, want it to hold %q", err, w)
		}
	}
}

func read(t *testing.T, s Source) *Layer {
	t.Helper()
	l, err := Read(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFormatsAgree(t *testing.T) {
	fields, rows := sample()
	for _, c := range []struct {
		name, driver string
		o            WriteOptions
		files        int
	}{
		{"红线.shp", "ESRI Shapefile", WriteOptions{}, 5},
		{"红线.gpkg", "GPKG", WriteOptions{Layer: `the "core" 'zone'`}, 1},
		{"红线.gdb", "OpenFileGDB", WriteOptions{Layer: "redline"}, -1},
		{"红线.geojson", "GeoJSON", WriteOptions{}, 1},
		{"红线.json", "GeoJSON", WriteOptions{}, 1},
		{"红线.fgb", "FlatGeobuf", WriteOptions{}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := writeSample(t, c.name, c.o)
			l := read(t, Source{File: path, Layer: c.o.Layer})
			if l.Driver != c.driver || l.Declared != 2 || len(l.Features) != 2 || !slices.Equal(l.Fields, fields) || l.Encoding != "UTF-8" {
				t.Fatalf("got %+v", l)
			}
			if l.CRS.EPSG != 4326 {
				t.Errorf("CRS %+v", l.CRS)
			}
			if c.files >= 0 && len(l.Files) != c.files || c.files < 0 && len(l.Files) < 10 {
				t.Errorf("files %q", l.Files)
			}
			for i := range l.Features {
				// FlatGeobuf sorts features in space.
				f := &l.Features[slices.IndexFunc(l.Features, func(f Feature) bool { return f.Values[1] == rows[i].Values[1] })]
				if l.Features[i].Number != i+1 || !slices.Equal(f.Values, rows[i].Values) || l.Value(f, "HXMC") != rows[i].Values[0] || l.Value(f, "nosuch") != "" {
					t.Errorf("feature %+v, want %q", f, rows[i].Values)
				}
				if c.driver == "OpenFileGDB" { // stores integers of its resolution
					if d := vector.Area(f.Shape) - vector.Area(rows[i].Shape); d > 1e-8 || d < -1e-8 {
						t.Errorf("area differs by %g", d)
					}
				} else if !sameRings(f.Shape, rows[i].Shape) {
					t.Errorf("shape %v, want %v", f.Shape, rows[i].Shape)
				}
			}
		})
	}
	other := rows[0].Shape.Clone()
	other[0][1][2][0] += 1e-9
	if sameRings(other, rows[0].Shape) {
		t.Error("sameRings overlooks a moved point")
	}
}

// sameRings compares polygons whatever their order and that of their rings' points:
// writers turn rings, and may tell parts from holes again.
func sameRings(a, b orb.MultiPolygon) bool {
	rings := func(mp orb.MultiPolygon) (all []string) {
		for _, p := range mp {
			for _, r := range p {
				points := slices.Clone(r[1:])
				slices.SortFunc(points, func(p, q orb.Point) int { return slices.Compare(p[:], q[:]) })
				all = append(all, fmt.Sprint(points))
			}
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(rings(a), rings(b))
}

func TestRefusesWhatIsNoLocalFile(t *testing.T) {
	gpkg := writeSample(t, "a.gpkg", WriteOptions{})
	fifo := filepath.Join(t.TempDir(), "pipe.geojson")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "folder.shp")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, want string }{
		{"virtual file", "/vsicurl/http://127.0.0.1/a.geojson", "not the name of a local file"},
		{"virtual zip", "/vsizip/" + gpkg, "not the name of a local file"},
		{"link", "http://127.0.0.1/a.geojson", "not the name of a local file"},
		{"database", "PG:dbname=x.gpkg", "not the name of a local file"},
		{"driver prefix", "GPKG:" + gpkg, "not the name of a local file"},
		{"inline GeoJSON", `{"type":"FeatureCollection","features":[]}.geojson`, "not the name of a local file"},
		{"inline VRT", " <OGRVRTDataSource/>.geojson", "not the name of a local file"},
		{"no such file", filepath.Join(t.TempDir(), "none.shp"), "no such file"},
		{"unknown extension", writeFile(t, "a.osm", "<osm/>"), "unknown kind"},
		{"archive", writeFile(t, "a.gdb.zip", "PK"), "unknown kind of vector file"},
		{"personal geodatabase", writeFile(t, "a.mdb", "x"), "personal geodatabases are not read"},
		{"archive named as geodatabase", writeFile(t, "a.gdb", "PK"), "unpack the archive"},
		{"folder", dir, "not a regular file"},
		{"FIFO does not hang", fifo, "not a regular file"},
		{"empty file", writeFile(t, "a.gpkg", ""), "the file is empty"},
		{"text as GeoPackage", writeFile(t, "a.gpkg", "hello, this is no database at all"), "GDAL cannot open it as GPKG"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, Source{File: c.file}, c.want) })
	}
}

func TestOnlyTheDriverOfTheExtensionOpens(t *testing.T) {
	shp := writeSample(t, "secret.shp", WriteOptions{})
	vrt := `<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>` + shp + `</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`
	for _, ext := range []string{".geojson", ".gpkg", ".shp", ".fgb"} {
		t.Run("VRT as "+ext, func(t *testing.T) { refused(t, Source{File: writeFile(t, "evil"+ext, vrt)}) })
	}
	gpkg := writeSample(t, "a.gpkg", WriteOptions{})
	b, err := os.ReadFile(gpkg)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("GeoPackage as FlatGeobuf", func(t *testing.T) { refused(t, Source{File: writeFile(t, "a.fgb", string(b))}) })
}

func TestGeoJSON(t *testing.T) {
	const polygon = `{"type":"Polygon","coordinates":[[[0,0],[4,0],[0,4],[0,0]]]}`
	feature := func(properties, geometry string) string {
		return `{"type":"Feature","properties":{` + properties + `},"geometry":` + geometry + `}`
	}
	collection := func(more string, features ...string) string {
		return `{"type":"FeatureCollection",` + more + `"features":[` + strings.Join(features, ",") + `]}`
	}
	ok := feature(`"id":1`, polygon)

	for _, c := range []struct {
		name, text string
		check      func(*Layer) bool
	}{
		{"plain", collection("", ok), func(l *Layer) bool { return l.CRS.EPSG == 4326 && len(l.Features) == 1 }},
		{"byte order mark and CRLF", "\uFEFF\r\n" + strings.ReplaceAll(collection("", ok), ",", ",\r\n"), func(l *Layer) bool { return len(l.Features) == 1 }},
		{"named CRS", collection(`"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},`, ok), func(l *Layer) bool { return l.CRS.EPSG == 4490 }},
		{"null CRS", collection(`"crs":null,`, ok), func(l *Layer) bool { return l.CRS.EPSG == 4326 }},
		{"attribute called crs", collection("", feature(`"crs":"CGCS2000"`, polygon)), func(l *Layer) bool { return l.Features[0].Values[0] == "CGCS2000" }},
		{"one feature", ok, func(l *Layer) bool { return l.Declared == 1 }},
		{"values keep their form", collection("", feature(`"a":"007","b":7,"c":0.1,"d":null,"e":"2015/01/02"`, polygon), feature(`"a":"8","b":null,"c":null,"d":"x","e":""`, polygon)), func(l *Layer) bool {
			return reflect.DeepEqual(l.Features[0].Values, []string{"007", "7", "0.1", "", "2015/01/02"}) && reflect.DeepEqual(l.Features[1].Values, []string{"8", "", "", "x", ""})
		}},
		{"numbers keep their digits", collection("", feature(`"a":1234567890123456.0,"b":9223372036854775806,"c":1e-7,"d":1.5`, polygon)), func(l *Layer) bool {
			return reflect.DeepEqual(l.Features[0].Values, []string{"1234567890123456", "9223372036854775806", "1e-07", "1.5"})
		}},
		{"escaped backslash before u0000", collection("", feature(`"a":"\\u0000"`, polygon)), func(l *Layer) bool { return l.Features[0].Values[0] == `\u0000` }},
		{"heights dropped", collection("", feature("", `{"type":"Polygon","coordinates":[[[0,0,9],[4,0,9],[0,4,9],[0,0,9]]]}`)), func(l *Layer) bool {
			return l.DroppedZM == 1 && len(l.Warnings) == 1 && strings.Contains(l.Warnings[0], "heights")
		}},
		{"empty and null skipped", collection("", ok, feature("", "null"), feature("", `{"type":"Polygon","coordinates":[]}`), ok), func(l *Layer) bool {
			return l.Declared == 4 && l.SkippedEmpty == 2 && l.Features[1].Number == 4 && strings.Contains(strings.Join(l.Warnings, "\n"), "skipped: 2, 3")
		}},
		{"collection gives its polygons", collection("", feature("", `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},`+polygon+`]}`)), func(l *Layer) bool {
			return l.NonPolygon == 1 && len(l.Features[0].Shape) == 1 && len(l.Warnings) == 1
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if l := read(t, Source{File: writeFile(t, "a.geojson", c.text)}); !c.check(l) {
				t.Errorf("got %+v", l)
			}
		})
	}

	for _, c := range []struct{ name, text, want string }{
		{"linked CRS", collection(`"crs":{"type":"link","properties":{"href":"http://127.0.0.1:1/crs"}},`, ok), `crs member is of type "link"`},
		{"linked CRS, spelled with escapes", collection(`"\u0063rs":{"type":"link","properties":{"href":"http://127.0.0.1:1/crs"}},`, ok), `crs member is of type "link"`},
		{"linked CRS, its type said twice", collection(`"crs":{"type":"link","TYPE":"name","properties":{"href":"http://127.0.0.1:1/crs"}},`, ok), `crs member is of type ""`},
		{"linked CRS in a geometry, other case", collection("", feature("", `{"type":"Polygon","CRS" : {"type":"link","properties":{"href":"x"}},"coordinates":[[[0,0],[4,0],[0,4],[0,0]]]}`)), `crs member is of type "link"`},
		{"cut", collection("", ok)[:80], "not GeoJSON: unexpected end"},
		{"text after the end", collection("", ok) + "x", "not GeoJSON: invalid character 'x' after"},
		{"comment", "{/* */" + collection("", ok)[1:], "not GeoJSON: invalid character '/'"},
		{"NaN", collection("", strings.Replace(ok, "[4,0]", "[NaN,0]", 1)), "not GeoJSON: invalid character 'N'"},
		{"infinite", collection("", ok, strings.Replace(ok, "[4,0]", "[1e400,0]", 1)), "feature 2: polygon 1, ring 1, point 2"},
		{"deep nesting", strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000), "exceeded max depth"},
		{"array", "[" + ok + "]", "does not start with {"},
		{"GBK bytes", collection("", feature("\"a\":\"\xb0\xb2\"", polygon)), "not UTF-8"},
		{"NUL", collection("", feature(`"a":"x\u0000y"`, polygon)), "NUL"},
		{"number beyond 64 bits", collection("", ok, feature(`"id":12345678901234567890`, polygon)), "feature 2 cannot be read: field id: its number does not fit into 64 bits"},
		{"no features", collection(""), "empty layer"},
		{"nothing but empty features", collection("", feature("", "null")), "empty layer: its only feature has no polygon"},
		{"topology", `{"type":"Topology","objects":{},"arcs":[]}`, "files of the format TopoJSON are not read"},
		{"point", collection("", ok, feature("", `{"type":"Point","coordinates":[1,2]}`)), "feature 2: not a polygon"},
		{"line", collection("", feature("", `{"type":"LineString","coordinates":[[1,2],[3,4]]}`)), "feature 1: not a polygon"},
		{"unclosed ring", collection("", strings.Replace(ok, ",[0,0]]]", ",[0,1]]]", 1)), "feature 1: polygon 1, ring 1 is not closed"},
		{"ring of two points", collection("", strings.Replace(ok, "[4,0],[0,4],", "", 1)), "has 2 points"},
	} {
		t.Run("refuses "+c.name, func(t *testing.T) { refused(t, Source{File: writeFile(t, "a.geojson", c.text)}, c.want) })
	}
}

// writeWKT makes a GeoPackage through godal with one layer per name; crs 0 means none.
func writeWKT(t *testing.T, crs int, layers []string, wkts ...string) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "a.gpkg")
	ds, err := godal.CreateVector(godal.GeoPackage, path)
	must(err)
	var sr *godal.SpatialRef
	if crs != 0 {
		sr, err = godal.NewSpatialRefFromEPSG(crs)
		must(err)
		defer sr.Close()
	}
	for _, name := range layers {
		ly, err := ds.CreateLayer(name, sr, godal.GTUnknown)
		must(err)
		for _, wkt := range wkts {
			g, err := godal.NewGeometryFromWKT(wkt, sr)
			must(err)
			f, err := ly.NewFeature(g, godal.ErrLogger(func(ec godal.ErrorCategory, code int, msg string) error {
				if ec <= godal.CE_Warning { // a TIN is an extension of the format
					return nil
				}
				return errors.New(msg)
			}))
			must(err)
			f.Close()
			g.Close()
		}
	}
	must(ds.Close())
	return path
}

func TestGeoPackage(t *testing.T) {
	const polygon = "POLYGON ((0 0, 4 0, 0 4, 0 0))"
	t.Run("arcs become chords", func(t *testing.T) {
		l := read(t, Source{File: writeWKT(t, 4326, []string{"a"}, "CURVEPOLYGON (CIRCULARSTRING (1 0, 0 1, -1 0, 0 -1, 1 0))")})
		// The polygon of 360 chords has the area 180·sin(1°).
		if a := vector.Area(l.Features[0].Shape); l.Linearised != 1 || len(l.Warnings) != 1 || a < 3.1414 || a > 3.1416 {
			t.Errorf("area %v: %+v", a, l)
		}
	})
	t.Run("curve types without arcs", func(t *testing.T) {
		for _, wkt := range []string{"CURVEPOLYGON (COMPOUNDCURVE ((0 0, 4 0, 0 4, 0 0)))", "MULTISURFACE (((0 0, 4 0, 0 4, 0 0)))"} {
			if l := read(t, Source{File: writeWKT(t, 4326, []string{"a"}, wkt)}); l.Linearised != 0 || vector.Area(l.Features[0].Shape) != 8 {
				t.Errorf("%s: %+v", wkt, l)
			}
		}
	})
	t.Run("TIN", func(t *testing.T) {
		refused(t, Source{File: writeWKT(t, 4326, []string{"a"}, polygon, "TIN (((0 0, 0 1, 1 1, 0 0)))")}, "feature 2: geometry type TIN is not supported")
	})
	t.Run("no CRS", func(t *testing.T) {
		refused(t, Source{File: writeWKT(t, 0, []string{"a"}, polygon)}, "layer has no CRS")
	})
	t.Run("empty layer", func(t *testing.T) {
		refused(t, Source{File: writeWKT(t, 4326, []string{"a"})}, "empty layer")
	})
	two := writeWKT(t, 4326, []string{"红线", `a "b"`}, polygon)
	t.Run("several layers", func(t *testing.T) {
		refused(t, Source{File: two}, "2 layers", `红线, a "b"`, "|layername=NAME")
	})
	t.Run("unknown layer", func(t *testing.T) {
		refused(t, Source{File: two, Layer: "Redline"}, `no layer "Redline"`, `红线, a "b"`)
	})
	t.Run("one of several", func(t *testing.T) {
		if l := read(t, Source{File: two, Layer: `a "b"`}); l.Name != `a "b"` {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("write-ahead log", func(t *testing.T) {
		path := writeSample(t, "a.gpkg", WriteOptions{})
		if err := os.WriteFile(path+"-wal", []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
		refused(t, Source{File: path}, "a.gpkg-wal")
	})
	t.Run("nothing is left beside it", func(t *testing.T) {
		path := writeSample(t, "a.gpkg", WriteOptions{})
		// WAL mode, as QGIS leaves files: SQLite would make -wal and -shm even for reading.
		patch(t, path, func(b []byte) []byte { b[18], b[19] = 2, 2; return b })
		read(t, Source{File: path})
		if left, _ := filepath.Glob(filepath.Dir(path) + "/*"); len(left) != 1 {
			t.Errorf("files %q", left)
		}
	})
	for _, size := range []int{100, 50000} {
		t.Run(fmt.Sprintf("cut to %d bytes", size), func(t *testing.T) {
			path := writeSample(t, "a.gpkg", WriteOptions{})
			patch(t, path, func(b []byte) []byte { return b[:size] })
			refused(t, Source{File: path})
		})
	}
}

// TestNULInText: OGR ends text at a NUL. The file must be refused instead, whatever the
// field is called.
func TestNULInText(t *testing.T) {
	for _, name := range []string{"a.gpkg", "a.fgb"} {
		for _, field := range []string{"HXBM", `编"码'`} {
			t.Run(name+" "+field, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), name)
				_, rows := sample()
				if err := Write(path, epsg(t, 4326), []string{"HXMC", field}, rows, WriteOptions{Layer: `a "b" 'c'`}); err != nil {
					t.Fatal(err)
				}
				read(t, Source{File: path})
				patch(t, path, func(b []byte) []byte { return bytes.Replace(b, []byte("340100-2"), []byte("34\x00100-2"), 1) })
				refused(t, Source{File: path}, "field "+field+": the text holds a NUL character")
			})
		}
	}
}

// Every length to which a file is cut must be refused: nothing may be lost silently.
func TestCutFiles(t *testing.T) {
	crs := epsg(t, 4326)
	var rows []Row
	for i := range 40 {
		rows = append(rows, Row{[]string{fmt.Sprint("保护区", i)}, square(float64(i), 0, 0.5)})
	}
	for _, name := range []string{"a.fgb", "a.geojson", "a.gpkg", "a.shp", "a.shx", "a.dbf"} {
		t.Run(name, func(t *testing.T) {
			main := strings.NewReplacer("shx", "shp", "dbf", "shp").Replace(name)
			path := filepath.Join(t.TempDir(), main)
			if err := Write(path, crs, []string{"MC"}, rows, WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			victim := filepath.Join(filepath.Dir(path), name)
			whole, err := os.ReadFile(victim)
			if err != nil {
				t.Fatal(err)
			}
			if l := read(t, Source{File: path}); len(l.Features) != 40 {
				t.Fatalf("%d features", len(l.Features))
			}
			for part := 1; part <= 20; part++ {
				size := len(whole) * part / 21
				if err := os.WriteFile(victim, whole[:size], 0o666); err != nil {
					t.Fatal(err)
				}
				if _, err := Read(Source{File: path}); err == nil {
					t.Errorf("cut to %d of %d bytes, it was read", size, len(whole))
				}
			}
		})
	}
	t.Run("a.gdb", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.gdb")
		if err := Write(path, crs, []string{"MC"}, rows, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		tables, err := filepath.Glob(path + "/*.gdbtable")
		if err != nil || len(tables) == 0 {
			t.Fatal(tables, err)
		}
		features := tables[len(tables)-1] // the others are the catalogue
		whole, err := os.ReadFile(features)
		if err != nil {
			t.Fatal(err)
		}
		for part := 1; part <= 20; part++ {
			if err := os.WriteFile(features, whole[:len(whole)*part/21], 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(Source{File: path}); err == nil {
				t.Errorf("cut to %d of %d bytes, it was read", len(whole)*part/21, len(whole))
			}
		}
	})
}

func TestShapefile(t *testing.T) {
	sibling := func(path, ext string) string { return strings.TrimSuffix(path, ".shp") + ext }
	for _, c := range []struct {
		name  string
		harm  func(t *testing.T, path string)
		wants []string
	}{
		{"no .prj", func(t *testing.T, p string) { os.Remove(sibling(p, ".prj")) }, []string{"layer has no CRS (its .prj is missing)"}},
		{".prj that is none", func(t *testing.T, p string) {
			patch(t, sibling(p, ".prj"), func([]byte) []byte { return []byte("http://127.0.0.1:1/4490.wkt") })
		}, []string{"layer has no CRS (its .prj cannot be understood)"}},
		{"no .shx", func(t *testing.T, p string) { os.Remove(sibling(p, ".shx")) }, []string{"the .shx is missing"}},
		{"no .dbf", func(t *testing.T, p string) { os.Remove(sibling(p, ".dbf")) }, []string{"the .dbf is missing"}},
		{".shp cut", func(t *testing.T, p string) { patch(t, p, cut(20)) }, []string{"the .shp is cut"}},
		{".shp cut with its header mended", func(t *testing.T, p string) {
			patch(t, p, func(b []byte) []byte {
				b = b[:len(b)-20]
				binary.BigEndian.PutUint32(b[24:], uint32(len(b)/2))
				return b
			})
		}, []string{"record 2 of the .shp"}},
		{".shx cut by a record", func(t *testing.T, p string) {
			patch(t, sibling(p, ".shx"), func(b []byte) []byte {
				b = b[:len(b)-8]
				binary.BigEndian.PutUint32(b[24:], uint32(len(b)/2))
				return b
			})
		}, []string{"the .shx has 1 shapes, the .dbf 2 records"}},
		{".shx of another version", func(t *testing.T, p string) {
			patch(t, sibling(p, ".shx"), func(b []byte) []byte { b[103] += 4; return b })
		}, []string{"record 1 of the .shp is not where the .shx says"}},
		{"shape type lost", func(t *testing.T, p string) {
			patch(t, p, func(b []byte) []byte { b[108] = 0; return b })
		}, []string{"record 1 of the .shp is damaged: it is of shape type 0 in a file of type 5"}},
		{"shape type of another kind", func(t *testing.T, p string) {
			patch(t, p, func(b []byte) []byte { b[108] = 3; return b })
		}, []string{"record 1 of the .shp is damaged: it is of shape type 3 in a file of type 5"}},
		{".shx with one place for two records", func(t *testing.T, p string) {
			patch(t, p, func(b []byte) []byte {
				first := binary.BigEndian.Uint32(b[104:])
				at := 100 + 8 + 2*int(first)
				b = append(b[:at], append(bytes.Clone(b[100:at]), b[at:]...)...) // the first record twice, so that the second fits
				binary.BigEndian.PutUint32(b[24:], uint32(len(b)/2))
				return b
			})
			patch(t, sibling(p, ".shx"), func(b []byte) []byte { copy(b[108:], b[100:108]); return b })
		}, []string{"the .shx gives one place of the .shp (byte 100) to two records"}},
		{".dbf cut", func(t *testing.T, p string) { patch(t, sibling(p, ".dbf"), cut(40)) }, []string{"2 records declared, 1 present"}},
		{".dbf without its last record", func(t *testing.T, p string) {
			patch(t, sibling(p, ".dbf"), func(b []byte) []byte { b[4] = 1; return b })
		}, []string{"the .shx has 2 shapes, the .dbf 1 records"}},
		{"NUL inside text", func(t *testing.T, p string) {
			patch(t, sibling(p, ".dbf"), func(b []byte) []byte { return bytes.Replace(b, []byte("340100"), []byte("34\x00100"), 1) })
		}, []string{"field HXBM, feature 2", "NUL"}},
		{"infinite coordinate", func(t *testing.T, p string) {
			patch(t, p, func(b []byte) []byte { copy(b[100+8+44+12+16:], "\x00\x00\x00\x00\x00\x00\xf0\x7f"); return b })
		}, []string{"feature 1: polygon 1, ring 1"}},
	} {
		t.Run("refuses "+c.name, func(t *testing.T) {
			path := writeSample(t, "a.shp", WriteOptions{})
			c.harm(t, path)
			refused(t, Source{File: path}, c.wants...)
		})
	}

	t.Run("null shape is skipped and told apart from a lost one", func(t *testing.T) {
		path := writeSample(t, "a.shp", WriteOptions{})
		null := func(lengthAt int) func(b []byte) []byte {
			return func(b []byte) []byte { binary.BigEndian.PutUint32(b[lengthAt:], 2); return b }
		}
		patch(t, path, null(104))
		patch(t, sibling(path, ".shx"), null(104))
		patch(t, path, func(b []byte) []byte { b[108] = 0; return b })
		if l := read(t, Source{File: path}); l.SkippedEmpty != 1 || len(l.Features) != 1 || l.Features[0].Number != 2 || l.Features[0].Values[1] != "340100-2" {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("deleted record", func(t *testing.T) {
		path := writeSample(t, "a.shp", WriteOptions{})
		patch(t, sibling(path, ".dbf"), func(b []byte) []byte { b[binary.LittleEndian.Uint16(b[8:])] = '*'; return b })
		if l := read(t, Source{File: path}); l.Declared != 1 || l.Features[0].Values[1] != "340100-2" || !sameRings(l.Features[0].Shape, second(t)) {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("extensions in capitals", func(t *testing.T) {
		path := writeSample(t, "a.shp", WriteOptions{})
		for _, ext := range []string{".shp", ".shx", ".dbf", ".prj", ".cpg"} {
			if err := os.Rename(sibling(path, ext), sibling(path, strings.ToUpper(ext))); err != nil {
				t.Fatal(err)
			}
		}
		if l := read(t, Source{File: sibling(path, ".SHP")}); len(l.Features) != 2 || len(l.Files) != 5 {
			t.Errorf("got %+v", l)
		}
	})
	t.Run("layer name", func(t *testing.T) {
		path := writeSample(t, "a.shp", WriteOptions{})
		read(t, Source{File: path, Layer: "a"})
		refused(t, Source{File: path, Layer: "b"}, "its layers: a")
	})
	t.Run("numbers", func(t *testing.T) {
		path := writeSample(t, "a.shp", WriteOptions{})
		// A code of 20 digits in a numeric field, which OGR would round.
		patch(t, sibling(path, ".dbf"), func(b []byte) []byte {
			b[32+32+11] = 'N'
			return bytes.Replace(b, []byte("007"+strings.Repeat(" ", 17)), []byte("12345678901234567890"), 1)
		})
		if l := read(t, Source{File: path}); l.Features[0].Values[1] != "12345678901234567890" {
			t.Errorf("got %q", l.Features[0].Values)
		}
	})
}

func second(t *testing.T) orb.MultiPolygon {
	t.Helper()
	_, rows := sample()
	return rows[1].Shape
}

func TestReadConcurrently(t *testing.T) {
	path := writeSample(t, "a.gpkg", WriteOptions{})
	bad := writeFile(t, "b.gpkg", "hello, this is no database at all")
	errs := make(chan error)
	for i := range 8 {
		go func() {
			for range 20 {
				if i%2 == 0 {
					if _, err := Read(Source{File: path}); err != nil {
						errs <- err
						return
					}
				} else if _, err := Read(Source{File: bad}); err == nil {
					errs <- errors.New("a text file was read")
					return
				}
			}
			errs <- nil
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// dataDir returns a folder of public data beside the repository, which it does not hold.
func dataDir(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("test data are missing: %v", err)
		}
		t.Skipf("no test data: %v; set GREENSHIELD_DATA", err)
	}
	return dir
}

func TestAnhuiIsReadAndRepaired(t *testing.T) {
	dir := dataDir(t, "anhui_admin_geomapdata")
	ctx := geos.New()
	for _, c := range []struct {
		glob            string
		features, wrong int
	}{
		{"county/*.json", 105, 7},
		{"province/340000.json", 16, 4},
	} {
		t.Run(c.glob, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(dir, c.glob))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			features, wrong := 0, 0
			for _, file := range files {
				l := read(t, Source{File: file})
				for i := range l.Features {
					f := &l.Features[i]
					features++
					if l.Value(f, "name") == "" || len(l.Value(f, "adcode")) != 6 {
						t.Errorf("%s: attributes %q", file, f.Values)
					}
					fixed, r, err := ctx.Repair(f.Shape)
					if err != nil {
						t.Errorf("%s: %v", file, err)
						continue
					}
					if r == nil {
						continue
					}
					wrong++
					t.Logf("%s: %s, area changed by %.2g", l.Value(f, "name"), r.Reason, r.Change())
					if ok, reason := ctx.Valid(fixed); !ok || r.Change() > 0.001 {
						t.Errorf("%s: %+v: %s", file, r, reason)
					}
				}
			}
			if features != c.features || wrong != c.wrong {
				t.Errorf("%d features, %d invalid; want %d, %d", features, wrong, c.features, c.wrong)
			}
		})
	}
}
