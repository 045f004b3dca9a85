package gdalexchange

import (
	"archive/zip"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
	"greenshield/redline/work"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

func TestMain(m *testing.M) {
	if _, err := gdalraster.Init(0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// inputs are those of a grid in degrees of 100 × 100 cells with one zone, the triangle of its first three corners.
func inputs(t *testing.T) *redline.Inputs {
	t.Helper()
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	redlinetest.Must(t, err)
	g := raster.Grid{CRS: crs, OriginX: 117, OriginY: 31, CellX: 0.001, CellY: 0.001, Cols: 100, Rows: 100}
	earth, err := raster.NewEarth(g, nil, nil)
	redlinetest.Must(t, err)
	zone := redline.Zone{Layer: redline.LayerReserve, ID: "R1", Name: "扬子鳄保护区", Type: redline.Core, FuncZone: "核心区",
		Level: "国家级", Feature: 7, Source: "r.shp", Shape: orb.MultiPolygon{{{{0, 0}, {100, 0}, {100, 100}, {0, 0}}}}}
	return &redline.Inputs{Grid: g, Earth: earth, Zones: []redline.Zone{zone}}
}

// write writes a run with those candidates, and returns its folder and its warnings.
func write(t *testing.T, o Options, candidates ...redline.Candidate) (out string, warnings []string, err error) {
	t.Helper()
	return writeOf(t, inputs(t), o, candidates...)
}

// writeOf writes a run of those inputs, which have one zone.
func writeOf(
	t *testing.T, in *redline.Inputs, o Options, candidates ...redline.Candidate,
) (out string, warnings []string, err error) {
	t.Helper()
	report, err := Report(o)
	redlinetest.Must(t, err)
	out = filepath.Join(t.TempDir(), "out")
	f, err := folder.Begin(out, false)
	redlinetest.Must(t, err)
	defer f.Abort()
	s, err := spool.New(f, in, findings.ColumnsOf(in, false, false), true)
	redlinetest.Must(t, err)
	sum := &redline.Summary{YearA: 2015, YearB: 2020}
	for i := range candidates {
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(i)}, &candidates[i], []redline.Overlap{{AreaM2: candidates[i].AreaM2}}))
		sum.Candidates++
		sum.CandidateM2 += candidates[i].AreaM2
	}
	sum.Zones = []redline.ZoneTotal{{Zone: &in.Zones[0], TotalM2: 5e7, OutsideM2: 1e7, NoDataM2: 5e6, ControlledM2: 3e7,
		ChangedM2: 2e4, UnruledM2: 1e4, CandidateM2: sum.CandidateM2, Candidates: sum.Candidates, Suppressed: 3}}
	m := &record.Manifest{}
	if err := work.Write(t.Context(), f, work.Found{Inputs: in, Summary: sum, Spool: s}, m, report); err != nil {
		return out, nil, err
	}
	return out, m.Warnings, f.Publish(t.Context())
}

// several returns candidates with texts made to do harm, in an order that no sorting gives.
func several() (all []redline.Candidate) {
	names := []string{"合肥市·巢湖—国家级", "", "a,\"b\"", "镕堃喆 生僻字", "ends with spaces  ", "line\nbreak"}
	for i, name := range names {
		c := redlinetest.Candidate(fmt.Sprint("C", (i*7)%len(names), "-", i))
		c.ZoneName, c.AreaM2 = name, 8100.123456+float64(i)
		all = append(all, c)
	}
	return all
}

// unpack unpacks the archives of a folder in it.
func unpack(t *testing.T, dir string) {
	t.Helper()
	archives, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	redlinetest.Must(t, err)
	for _, path := range archives {
		z, err := zip.OpenReader(path)
		redlinetest.Must(t, err)
		redlinetest.Must(t, os.CopyFS(dir, z))
		redlinetest.Must(t, z.Close())
	}
}

func read(t *testing.T, path string) *gdalvector.Layer {
	t.Helper()
	l, err := gdalvector.Read(gdalvector.Source{File: path})
	redlinetest.Must(t, err)
	return l
}

func TestRoundTrip(t *testing.T) {
	for _, o := range []Options{{true, false, false, "EPSG:4490", "UTF-8"}, {true, false, false, "EPSG:4490", "GBK"}, {true, false, false, "EPSG:4549", "UTF-8"}, {true, false, false, "EPSG:4549", "GBK"},
		{false, true, false, "EPSG:4490", ""}, {false, true, false, "EPSG:4549", ""}, {false, false, true, "EPSG:4490", ""}, {false, false, true, "EPSG:4549", ""}} {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			ext, encoding, from := ".shp", o.ShpEncoding, "declared in .cpg"
			if o.FlatGeobuf {
				ext, encoding, from = ".fgb", "UTF-8", "fixed by the format"
			}
			if o.Geodatabase {
				ext, encoding, from = ".gdb", "UTF-8", "fixed by the format"
			}
			given := several()
			out, warnings, err := write(t, o, given...)
			redlinetest.Must(t, err)
			if len(warnings) > 0 {
				t.Errorf("warnings: %q", warnings)
			}
			unpack(t, out)
			l := read(t, filepath.Join(out, "candidates"+ext))
			if fmt.Sprint("EPSG:", l.CRS.EPSG) != o.CRS || l.Encoding != encoding || l.EncodingFrom != from {
				t.Errorf("CRS %d, encoding %s, %s", l.CRS.EPSG, l.Encoding, l.EncodingFrom)
			}
			if len(l.Features) != len(given) {
				t.Fatalf("%d features", len(l.Features))
			}
			for i := range given {
				compareFeature(t, l, &l.Features[i], &given[i], o.CRS)
			}
			coverage := read(t, filepath.Join(out, "coverage"+ext))
			z := &coverage.Features[0]
			got := []string{coverage.Value(z, "zone_name"), coverage.Value(z, "area_ha"), coverage.Value(z, "outs_pct"), coverage.Value(z, "feature"),
				coverage.Value(z, "control_ha"), coverage.Value(z, "candidates"), coverage.Value(z, "status")}
			want := []string{"扬子鳄保护区", "5000", "20", "7", "3000", "6", "changed"}
			if !slices.Equal(got, want) || len(coverage.Features) != 1 {
				t.Errorf("coverage: got %q, want %q", got, want)
			}
			if o.CRS == "EPSG:4490" && math.Abs(vector.Area(z.Shape)-0.005) > 1e-12 {
				t.Errorf("the zone has %v square degrees", vector.Area(z.Shape))
			}
		})
	}
}

// compareFeature compares a feature with the candidate: all fields as candidates.geojson has them, and its outline as
// GDAL, not the program, transforms it.
func compareFeature(t *testing.T, l *gdalvector.Layer, f *gdalvector.Feature, c *redline.Candidate, crs string) {
	t.Helper()
	for i, field := range (findings.Columns{}).Fields() {
		want := ""
		switch {
		case field.Integer != nil:
			want = strconv.FormatInt(field.Integer(c), 10)
		case field.Decimal != nil:
			want = strconv.FormatFloat(field.Decimal(c), 'f', field.Decimals, 64)
		default:
			if want = findings.Visible(field.Text(c)); l.Driver == "ESRI Shapefile" {
				want = strings.Trim(want, " ")
			}
		}
		got := f.Values[i]
		if x, err := strconv.ParseFloat(got, 64); err == nil && field.Decimal != nil {
			got = strconv.FormatFloat(x, 'f', field.Decimals, 64)
		}
		if l.Fields[i] != field.Name || got != want {
			t.Errorf("%s: %s is %q, want %s %q", c.ID, l.Fields[i], f.Values[i], field.Name, want)
		}
	}
	want := oracle(t, c.Geometry, crs)
	if got := vector.Vertices(f.Shape); got != vector.Vertices(want) {
		t.Errorf("%s: %d vertices, want %d", c.ID, got, vector.Vertices(want))
	}
	if got, area := vector.Area(vector.Orient(f.Shape)), vector.Area(want); math.Abs(got-area) > 1e-6*area {
		t.Errorf("%s: area %v, want %v", c.ID, got, area)
	}
	got, box := vector.Bound(f.Shape), vector.Bound(want)
	for k := range 2 {
		if math.Abs(got.Min[k]-box.Min[k]) > 1e-4 || math.Abs(got.Max[k]-box.Max[k]) > 1e-4 {
			t.Errorf("%s: bounds %v, want %v", c.ID, got, box)
		}
	}
	if ok, why := geos.New().Valid(f.Shape); !ok {
		t.Errorf("%s: %s", c.ID, why)
	}
}

// oracle transforms by GDAL.
func oracle(t *testing.T, mp orb.MultiPolygon, crs string) orb.MultiPolygon {
	t.Helper()
	code, err := strconv.Atoi(strings.TrimPrefix(crs, "EPSG:"))
	redlinetest.Must(t, err)
	from, err := godal.NewSpatialRefFromEPSG(4490)
	redlinetest.Must(t, err)
	to, err := godal.NewSpatialRefFromEPSG(code)
	redlinetest.Must(t, err)
	transform, err := godal.NewTransform(from, to)
	redlinetest.Must(t, err)
	defer transform.Close()
	out := make(orb.MultiPolygon, len(mp))
	for i, polygon := range mp {
		for _, ring := range polygon {
			var r orb.Ring
			for _, p := range ring {
				x, y := []float64{p[0]}, []float64{p[1]}
				redlinetest.Must(t, transform.TransformEx(x, y, nil, nil))
				r = append(r, orb.Point{x[0], y[0]})
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}

// The outer rings of a Shapefile go clockwise, holes the other way; ogrinfo opens it; the .dbf holds no time of writing.
func TestShapefileItself(t *testing.T) {
	out, _, err := write(t, Options{true, false, false, "EPSG:4490", "UTF-8"}, redlinetest.Candidate("C1"))
	redlinetest.Must(t, err)
	shp, err := os.ReadFile(filepath.Join(out, "candidates.shp"))
	redlinetest.Must(t, err)
	number := func(at int) int { return int(binary.LittleEndian.Uint32(shp[at:])) }
	const record = 108 // behind the headers of the file and of the first record
	parts, points := number(record+36), number(record+40)
	var turns []orb.Orientation
	for k := range parts {
		first, last := number(record+44+4*k), points
		if k+1 < parts {
			last = number(record + 44 + 4*(k+1))
		}
		var ring orb.Ring
		for i := first; i < last; i++ {
			at := record + 44 + 4*parts + 16*i
			ring = append(ring, orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(shp[at:])), math.Float64frombits(binary.LittleEndian.Uint64(shp[at+8:]))})
		}
		turns = append(turns, orb.Orientation(math.Copysign(1, planar.Area(ring))))
	}
	if want := []orb.Orientation{orb.CW, orb.CCW, orb.CW}; !slices.Equal(turns, want) {
		t.Errorf("rings turn %v, want %v", turns, want)
	}
	dbf, err := os.ReadFile(filepath.Join(out, "candidates.dbf"))
	redlinetest.Must(t, err)
	if !slices.Equal(dbf[1:4], []byte{120, 12, 31}) {
		t.Errorf("the .dbf is of %v", dbf[1:4])
	}
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no ogrinfo: install gdal-bin")
	}
	text, err := exec.Command("ogrinfo", "-ro", filepath.Join(out, "candidates.shp"), "candidates").Output()
	redlinetest.Must(t, err)
	for _, want := range []string{"Feature Count: 1\n", "zone_name (String) = 测试保护区\n", "area_ha (Real) = 0.810000\n", `ID["EPSG",4490]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("ogrinfo does not say %q:\n%s", want, text)
		}
	}
}

func TestSameBytes(t *testing.T) {
	o := Options{true, true, true, "EPSG:4549", "GBK"}
	one, _, err := write(t, o, several()...)
	redlinetest.Must(t, err)
	two, _, err := write(t, o, several()...)
	redlinetest.Must(t, err)
	names, err := os.ReadDir(one)
	redlinetest.Must(t, err)
	compared := 0
	for _, e := range names {
		a, errA := os.ReadFile(filepath.Join(one, e.Name()))
		b, errB := os.ReadFile(filepath.Join(two, e.Name()))
		if errA != nil || errB != nil || string(a) != string(b) && e.Name() != record.Name {
			t.Errorf("%s differs: %v, %v", e.Name(), errA, errB)
		}
		if ext := filepath.Ext(e.Name()); slices.Contains([]string{".shp", ".shx", ".dbf", ".prj", ".cpg", ".fgb", ".zip"}, ext) || e.Name() == fieldsName {
			compared++
		}
	}
	if compared != 15 {
		t.Errorf("%d files of exchange, want 15", compared)
	}
}

func TestLongTexts(t *testing.T) {
	one, two, three := redlinetest.Candidate("C1"), redlinetest.Candidate("C2"), redlinetest.Candidate("C3")
	two.Basis, three.Basis = strings.Repeat("绿", 85), "x"+strings.Repeat("绿", 127) // 255 bytes in each encoding
	two.ZoneName, three.ZoneName = "ก 1", "🌲🌲"
	utf8, gbk := Options{true, false, false, "EPSG:4490", "UTF-8"}, Options{true, false, false, "EPSG:4490", "GBK"}
	for _, c := range []struct {
		o        Options
		basis    [2]string // of two and three
		names    [2]string
		warnings []string
	}{
		{utf8, [2]string{strings.Repeat("绿", 84), "x" + strings.Repeat("绿", 84)}, [2]string{"ก 1", "🌲🌲"}, []string{
			"candidates.shp: 2 texts of field basis cut, since a field of a Shapefile holds 254 bytes; the first is that of C2; " +
				"candidates.geojson has them whole"}},
		{gbk, [2]string{strings.Repeat("绿", 85), "x" + strings.Repeat("绿", 126)}, [2]string{"? 1", "??"}, []string{
			"candidates.shp: 1 text of field basis cut, since a field of a Shapefile holds 254 bytes; the first is that of C3; " +
				"candidates.geojson has them whole",
			"candidates.shp: 2 texts of field zone_name written with ? for characters that GBK lacks; the first is that of C2; " +
				"choose shp_encoding UTF-8 to keep them"}},
	} {
		out, warnings, err := write(t, c.o, one, two, three)
		redlinetest.Must(t, err)
		if !slices.Equal(warnings, c.warnings) {
			t.Errorf("%s: warnings %q, want %q", c.o.ShpEncoding, warnings, c.warnings)
		}
		l := read(t, filepath.Join(out, "candidates.shp"))
		for i := range 2 {
			f := &l.Features[i+1]
			if basis, name := l.Value(f, "basis"), l.Value(f, "zone_name"); basis != c.basis[i] || name != c.names[i] {
				t.Errorf("%s: got %q, %q, want %q, %q", c.o.ShpEncoding, basis, name, c.basis[i], c.names[i])
			}
		}
	}
}

// ready returns a writer of candidates in a folder of the test.
func ready(t *testing.T, dir string, limit int64, candidates ...redline.Candidate) *writer {
	t.Helper()
	p, err := newProjection("EPSG:4490")
	redlinetest.Must(t, err)
	t.Cleanup(p.close)
	f := shapefile("UTF-8", 2020)
	f.limit = limit
	rows := func(_ context.Context, add func(*row) error) error {
		for i := range candidates {
			c := &candidates[i]
			if err := add(&row{c.ID, []string{c.ID, c.ZoneName, fixed(c.AreaM2, 2)}, c.Geometry}); err != nil {
				return err
			}
		}
		return nil
	}
	l := &layer{"candidates", []column{{name: "cand_id"}, {name: "zone_name"}, {name: "area", kind: decimal, decimals: 2}}, rows}
	return &writer{folder: plain(dir), warn: func(string) {}, layer: l, format: f, projection: p, texts: &texts{"UTF-8", 254, nil}}
}

// plain is a folder without a target.
type plain string

func (p plain) Path(name string) string              { return filepath.Join(string(p), name) }
func (p plain) Relative(path string) (string, error) { return path, nil }
func (p plain) Fault(name string, err error) error {
	if err == nil {
		return nil
	}
	return redline.Faultf(redline.Output, "%s: cannot be written: %w", name, err)
}
func (p plain) Write(name string, fill func(io.Writer) error) error {
	f, err := os.Create(p.Path(name))
	if err == nil {
		err = cmp.Or(fill(f), f.Close())
	}
	if err != nil {
		return p.Fault(name, err)
	}
	return nil
}

// Nothing found is a whole file too.
func TestNoCandidates(t *testing.T) {
	out, _, err := write(t, Options{true, true, true, "EPSG:4549", "GBK"})
	redlinetest.Must(t, err)
	for name, f := range map[string]*format{"candidates.shp": shapefile("GBK", 2020), "candidates.fgb": flatGeobuf(), "candidates.gdb.zip": geodatabase(false)} {
		d, err := open(f.opened(filepath.Join(out, name)), f)
		redlinetest.Must(t, err)
		if _, _, more, err := d.next(candidateColumns(findings.Columns{}.Fields())); more || err != nil {
			t.Errorf("%s: a feature, or %v", name, err)
		}
		redlinetest.Must(t, d.close())
	}
}

// An edge that is straight in degrees keeps to its course on a map to 1 cm, and both polygons beside it have the same
// vertices there.
func TestLongEdges(t *testing.T) {
	p, err := newProjection("EPSG:4549")
	redlinetest.Must(t, err)
	defer p.close()
	ring := orb.Ring{{117, 31}, {117.5, 31}, {117.5, 31.1}, {117, 31}}
	got, err := p.ring(ring)
	redlinetest.Must(t, err)
	if len(got) < 30 {
		t.Fatalf("only %d vertices", len(got))
	}
	far := 0.0
	for i := range 1001 { // the first edge
		q := oracle(t, orb.MultiPolygon{{{{117 + 0.0005*float64(i), 31}}}}, "EPSG:4549")[0][0][0]
		far = max(far, planar.DistanceFrom(orb.LineString(got), q))
	}
	if far > 1.01*chordTolerance || far < chordTolerance/20 {
		t.Errorf("the outline is %v m off", far)
	}
	slices.Reverse(ring)
	back, err := p.ring(ring)
	redlinetest.Must(t, err)
	slices.Reverse(back)
	if !slices.Equal(got, back) {
		t.Error("the other way round it has other vertices")
	}
}

// Outlines that a projection makes meet themselves are mended.
func TestMended(t *testing.T) {
	p, err := newProjection("EPSG:4490")
	redlinetest.Must(t, err)
	bow := orb.MultiPolygon{{{{0, 0}, {2, 0}, {1, 0}, {1, 1}, {0, 0}}}}
	out, mended, err := p.shape(bow, grid{})
	redlinetest.Must(t, err)
	if ok, why := p.over.Valid(out); !ok || mended != 0 || vector.Area(out) != 0.5 {
		t.Errorf("%v: %s, changed by %v", out, why, mended)
	}
}

// The names of fields are short, told apart and explained.
func TestFields(t *testing.T) {
	for _, l := range layers(&findings.Findings{Inputs: &redline.Inputs{Between: make([]redline.Epoch, 1), Zones: []redline.Zone{{Since: redline.Date{Year: 2018}}}}}) {
		names, aliases := map[string]bool{}, map[string]bool{}
		for _, c := range l.columns {
			if len(c.name) > 10 || names[c.name] || aliases[c.alias] || c.alias == "" {
				t.Errorf("%s: %+v", l.name, c)
			}
			names[c.name], aliases[c.alias] = true, true
		}
	}
	var b strings.Builder
	redlinetest.Must(t, writeFields(&b, layers(&findings.Findings{Inputs: &redline.Inputs{}})))
	for _, want := range []string{"layer,field,alias,type,source\n", "\ncandidates,area_ha,图斑面积(公顷),decimal,area_ha\n", "\ncoverage,control_ha,本区管控面积(公顷),decimal,controlled_ha\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no line %q", want)
		}
	}
}
