package gdalinput

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/seeds"
	"greenshield/vector/gdalvector"
)

func TestMain(m *testing.M) {
	if _, err := gdalraster.Init(0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func crs(t *testing.T, code int) raster.CRS {
	t.Helper()
	c, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// degrees is a grid of 40 × 30 cells of 0.01° with its north-west corner at 117° E, 31° N.
func degrees(t *testing.T) raster.Grid {
	return raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.01, CellY: 0.01, Cols: 40, Rows: 30, CRS: crs(t, 4490)}
}

// metres is a grid of 40 × 30 cells of 1 km in UTM zone 50 N, at about the same place.
func metres(t *testing.T) raster.Grid {
	return raster.Grid{OriginX: 500_000, OriginY: 3_430_000, CellX: 1000, CellY: 1000, Cols: 40, Rows: 30, CRS: crs(t, 32650)}
}

// scene is a folder with two rasters and a job that names them.
type scene struct {
	t   *testing.T
	dir string
	job *job.Job
}

func newScene(t *testing.T, before, after raster.Grid) *scene {
	t.Helper()
	s := &scene{t, t.TempDir(), job.Default()}
	s.job.Before.Files, s.job.After.Files = []string{s.raster("a.tif", before, 2)}, []string{s.raster("b.tif", after, 8)}
	s.job.Before.Legend, s.job.After.Legend = "clcd", "clcd"
	s.job.Workers = 2
	return s
}

func (s *scene) raster(name string, g raster.Grid, code uint8) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	cells := make([]uint8, g.Cells())
	for i := range cells {
		cells[i] = code
	}
	nodata := 0.0
	if err := gdalraster.WriteByte(path, g, cells, &nodata); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *scene) layer(name string, epsg int, fields []string, rows ...gdalvector.Row) job.Source {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := gdalvector.Write(path, crs(s.t, epsg), fields, rows, gdalvector.WriteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	return job.Source{File: path}
}

func (s *scene) text(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *scene) load() (*Loaded, error) { return Load(context.Background(), s.job) }

func (s *scene) mustLoad() *Loaded {
	s.t.Helper()
	l, err := s.load()
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// refused loads the scene and wants one error of that kind with these texts.
func (s *scene) refused(kind redline.Kind, want ...string) {
	s.t.Helper()
	_, err := s.load()
	if err == nil {
		s.t.Fatal("no error")
	}
	if redline.KindOf(err) != kind {
		s.t.Errorf("kind %d, want %d", redline.KindOf(err), kind)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			s.t.Errorf("got  %v\nwant %s", err, w)
		}
	}
	if strings.Contains(err.Error(), "%!") {
		s.t.Errorf("badly formed message %v", err)
	}
}

// box is a row with a rectangle.
func box(x0, y0, x1, y1 float64, values ...string) gdalvector.Row {
	return row(orb.MultiPolygon{{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}}, values...)
}

func row(shape orb.MultiPolygon, values ...string) gdalvector.Row {
	return gdalvector.Row{Values: values, Shape: shape}
}

var zoneFields = []string{"BSM", "BHDMC", "GNFQ", "BHDJB"}

func TestLoad(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.RedLine = []job.Source{s.layer("r.gpkg", 4490, []string{"CODE"}, box(117.1, 30.8, 117.2, 30.9, "R1"), box(117.2, 30.8, 117.3, 30.9, "R2"))}
	s.job.RedLine[0].Fields = map[string]string{"id": "code"}
	s.job.Reserve = []job.Source{s.layer("n.geojson", 4326, zoneFields,
		box(117.05, 30.75, 117.15, 30.85, "N1", "甲", "核心区", "国家级"), box(117.3, 30.75, 117.35, 30.85, "N2", "乙", "", "省级"), box(117, 30, 117.01, 30.01, "N3", "丙", "1", "市级"))}
	s.job.Reserve[0].ZoneTypes = map[string]string{"1": "experimental"}
	s.job.Admin = s.layer("c.geojson", 4326, []string{"adcode", "name"}, box(116, 29, 119, 32, "340000", "安徽"))
	s.job.Exempt = []job.Source{s.layer("e.geojson", 4326, nil, box(117.1, 30.8, 117.11, 30.81))}
	s.job.MinArea = redline.Size{M2: 5000}
	l := s.mustLoad()

	var got []string
	for _, z := range l.Inputs.Zones {
		got = append(got, fmt.Sprintf("%s %s %s %v %q %s %d %s", z.Layer, z.ID, z.Name, z.Type, z.FuncZone, z.Level, z.Feature, z.Source))
	}
	want := []string{
		`redline R1  redline ""  1 r.gpkg|r`, `redline R2  redline ""  2 r.gpkg|r`,
		`reserve N1 甲 core "核心区" 国家级 1 n.geojson|n`, `reserve N2 乙 unzoned "" 省级 2 n.geojson|n`, `reserve N3 丙 experimental "1" 市级 3 n.geojson|n`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("zones are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	shape := l.Inputs.Zones[0].Shape
	for i, p := range []orb.Point{{10, 10}, {20, 10}, {20, 20}, {10, 20}} {
		if !slices.ContainsFunc(shape[0][0], func(q orb.Point) bool { return math.Hypot(p[0]-q[0], p[1]-q[1]) < 1e-9 }) {
			t.Errorf("corner %d %v is not in %v", i, p, shape)
		}
	}
	if shape[0][0].Orientation() != orb.CCW {
		t.Errorf("shell %v is not counter-clockwise in u, v", shape)
	}
	if len(l.Inputs.Admin) != 1 || l.Inputs.Admin[0].Code != "340000" || l.Inputs.Admin[0].Name != "安徽" || len(l.Inputs.Exempt) != 1 {
		t.Errorf("areas are %v, %v", l.Inputs.Admin, l.Inputs.Exempt)
	}
	if l.Inputs.Grid.Cols != 40 || l.Inputs.Before.Window != l.Inputs.After.Window || l.Inputs.Earth == nil || l.Inputs.After.Year != 2020 {
		t.Errorf("inputs are %+v", l.Inputs)
	}
	if o := l.Options; o.Rules == nil || o.Conn != 8 || o.MinArea.M2 != 5000 || o.MinPart.Cells != 1 || o.MinSeverity != 1 || l.Rules.Name != "green-shield" || l.Rules.Rules == 0 || len(l.Rules.SHA256) != 64 {
		t.Errorf("options are %+v, rules %+v", l.Options, l.Rules)
	}
	if w := l.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}

	records, err := l.Records(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, r := range records {
		roles = append(roles, r.Role)
		for _, f := range r.Files {
			if f.Name != filepath.Base(f.Name) || len(f.SHA256) != 64 || f.Bytes == 0 {
				t.Errorf("file %+v", f)
			}
		}
	}
	if strings.Join(roles, " ") != "before after redline reserve admin exempt" {
		t.Errorf("roles are %v", roles)
	}
	if r := records[3]; r.FeaturesDeclared != 3 || r.FeaturesRead != 3 || r.CRS != "WGS 84 (EPSG:4326), to the rasters' CRS by: CGCS2000 taken as WGS 84 (geographic coordinates unchanged)" {
		t.Errorf("record is %+v", r)
	}
}

func TestIDs(t *testing.T) {
	number := map[string]string{"id": "#"}
	tests := []struct {
		name   string
		fields map[string]string
		field  string
		values []string
		want   []string
		fault  string
	}{
		{"alias", nil, "HXBM", []string{"a", "b"}, []string{"a", "b"}, ""},
		{"no field", nil, "OTHER", []string{"a", "a"}, []string{"r:1", "r:2"}, ""},
		{"number asked for", number, "HXBM", []string{"", ""}, []string{"r:1", "r:2"}, ""},
		{"named", map[string]string{"id": "OTHER"}, "OTHER", []string{"x", " y "}, []string{"x", "y"}, ""},
		{"empty", nil, "HXBM", []string{"a", " "}, nil, `r.geojson: the id of the zones, field HXBM, is empty in 1 of the 2 features, feature 2; correct the field, name another one (fields: {id: NAME} in the job file), or take the features' numbers (fields: {id: "#"})`},
		{"twice", nil, "HXBM", []string{"a", "a"}, nil, `zones of the layer redline share an id (1 of the 2 in this file): "a" of feature 2 is that of feature 1 of r.geojson|r; correct the field`},
		{"no such field", map[string]string{"id": "HXBMX"}, "HXBM", []string{"a", "b"}, nil, `r.geojson: has no field "HXBMX" for id; its fields are HXBM`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			src := s.layer("r.geojson", 4490, []string{tt.field}, box(117.1, 30.8, 117.2, 30.9, tt.values[0]), box(117.2, 30.8, 117.3, 30.9, tt.values[1]))
			src.Fields = tt.fields
			s.job.RedLine = []job.Source{src}
			if tt.fault != "" {
				s.refused(redline.Vector, tt.fault)
				return
			}
			var got []string
			for _, z := range s.mustLoad().Inputs.Zones {
				got = append(got, z.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("in two files", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		r := s.layer("r.geojson", 4490, []string{"HXBM"}, box(117.1, 30.8, 117.2, 30.9, "a"))
		q := s.layer("q.geojson", 4490, []string{"HXBM"}, box(117.2, 30.8, 117.3, 30.9, "a"))
		s.job.RedLine, s.job.Reserve = []job.Source{r}, []job.Source{q}
		s.mustLoad() // another layer, another zone
		s.job.Reserve = []job.Source{r, q}
		s.refused(redline.Vector, `"a" of feature 1 is that of feature 1 of r.geojson|r`)
	})
}

// TestAreasInsideAndOutside: the area of a zone does not depend on how much of it the
// rasters cover.
func TestAreasInsideAndOutside(t *testing.T) {
	shape := orb.MultiPolygon{
		{{{117.02, 30.72}, {117.39, 30.75}, {117.35, 30.98}, {117.05, 30.95}, {117.02, 30.72}}, {{117.1, 30.8}, {117.2, 30.8}, {117.15, 30.9}, {117.1, 30.8}}},
	}
	for name, grid := range map[string]raster.Grid{"geographic": degrees(t), "projected": metres(t)} {
		t.Run(name, func(t *testing.T) {
			total := func(w raster.Window) float64 {
				s := newScene(t, grid.Sub(w), grid.Sub(w))
				s.job.RedLine = []job.Source{
					s.layer("r.geojson", 4490, []string{"HXBM"}, row(shape, "a")),
					s.layer("q.geojson", 4490, []string{"HXBM"}, box(117.01, 30.985, 117.02, 30.99, "b")), // inside each time, or there would be an error
				}
				zones := s.mustLoad().Inputs.Zones
				return zones[0].TotalM2
			}
			whole := total(raster.Window{Cols: 40, Rows: 30})
			if whole < 6e8 || whole > 9e8 {
				t.Fatalf("area is %v m²", whole)
			}
			for name, w := range map[string]raster.Window{"a part": {Cols: 20, Rows: 17}, "a strip": {Cols: 40, Rows: 6}, "a corner without it": {Cols: 3, Rows: 3}} {
				if got := total(w); math.Abs(got/whole-1) > 1e-8 {
					t.Errorf("%s of the grid: %v m², all of it: %v m²", name, got, whole)
				}
			}
		})
	}
}

func TestZoneInsideIsMeasuredLikeTheEngineDoes(t *testing.T) {
	s := newScene(t, metres(t), metres(t))
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, []string{"HXBM"}, box(117.1, 30.8, 117.2, 30.9, "a"))}
	l := s.mustLoad()
	if z := l.Inputs.Zones[0]; z.TotalM2 != l.Inputs.Earth.PolygonM2(z.Shape) || z.TotalM2 <= 0 {
		t.Errorf("got %v, want %v", z.TotalM2, l.Inputs.Earth.PolygonM2(z.Shape))
	}
}

func TestRepairs(t *testing.T) {
	bowTie := orb.MultiPolygon{{{{117.1, 30.8}, {117.2, 30.9}, {117.2, 30.8}, {117.1, 30.9}, {117.1, 30.8}}}}
	holeOutside := orb.MultiPolygon{{{{117.1, 30.8}, {117.2, 30.8}, {117.2, 30.9}, {117.1, 30.9}, {117.1, 30.8}}, {{117.3, 30.8}, {117.31, 30.8}, {117.31, 30.81}, {117.3, 30.8}}}}
	spike := orb.MultiPolygon{{{{117.1, 30.8}, {117.2, 30.8}, {117.2, 30.9}, {117.2, 30.95}, {117.2, 30.9}, {117.1, 30.9}, {117.1, 30.8}}}}
	flat := orb.MultiPolygon{{{{117.1, 30.8}, {117.2, 30.8}, {117.15, 30.8}, {117.1, 30.8}}}}
	refused := "r.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 2 (Self-intersection[117.15 30.85]): "
	tests := []struct {
		name   string
		shape  orb.MultiPolygon
		accept bool
		fault  string
	}{
		{"spike", spike, false, ""},
		{"bow-tie", bowTie, false, refused},
		{"bow-tie accepted", bowTie, true, ""},
		{"hole outside its shell", holeOutside, false, "feature 2 (Hole lies outside shell[117.3 30.8])"},
		{"hole outside its shell accepted", holeOutside, true, ""},
		{"nothing left", flat, true, "nothing is left of feature 2 when its rings are made valid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			s.job.RedLine = []job.Source{s.layer("r.geojson", 4490, []string{"HXBM"}, box(117.3, 30.8, 117.35, 30.9, "a"), row(tt.shape, "b"))}
			s.job.AcceptRepairs = tt.accept
			if tt.fault != "" {
				s.refused(redline.Vector, tt.fault)
				return
			}
			l := s.mustLoad()
			if len(l.Repairs) != 1 {
				t.Fatalf("repairs are %+v", l.Repairs)
			}
			r, z := l.Repairs[0], l.Inputs.Zones[1]
			if r.Source != "r.geojson|r" || r.Feature != 2 || r.Zone != "b" || r.Reason == "" || r.AfterM2 != z.TotalM2 || r.AfterM2 <= 0 {
				t.Errorf("repair is %+v, the zone has %v m²", r, z.TotalM2)
			}
			if tt.name == "spike" && math.Abs(r.BeforeM2/r.AfterM2-1) > 1e-9 {
				t.Errorf("a spike changed the area: %+v", r)
			}
		})
	}
	t.Run("all are named", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{s.layer("r.geojson", 4490, []string{"HXBM"}, row(bowTie, "a"), row(holeOutside, "b"))}
		s.refused(redline.Vector, "feature 1 (Self-intersection", "feature 2 (Hole lies outside shell")
	})
}

func TestFaults(t *testing.T) {
	shifted := func(cells float64) func(*testing.T, raster.Grid) raster.Grid {
		return func(_ *testing.T, g raster.Grid) raster.Grid { g.OriginX += cells * g.CellX; return g }
	}
	tests := []struct {
		name  string
		after func(*testing.T, raster.Grid) raster.Grid
		spoil func(*scene)
		kind  redline.Kind
		want  []string
	}{
		{"half a cell off", shifted(0.5), nil, redline.Incompatible,
			[]string{"the two rasters do not share one grid: before (", "off by 0.5 cells east and 0 cells south (about 478 m east, 0 m south); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"}},
		{"other cells", func(_ *testing.T, g raster.Grid) raster.Grid { g.CellX *= 2; return g }, nil, redline.Incompatible, []string{"cell size differs: 0.01 × 0.01 against 0.02 × 0.01; say --align"}},
		{"elsewhere", shifted(100), nil, redline.Incompatible,
			[]string{"the two rasters do not overlap: before (", "covers 117.0000° to 117.4000° E, 30.7000° to 31.0000° N, after (", "118.0000° to 118.4000° E"}},
		{"elsewhere, aligned", shifted(100), func(s *scene) { s.job.Align = true }, redline.Incompatible, []string{"the two rasters do not overlap"}},
		{"other CRS", func(t *testing.T, _ raster.Grid) raster.Grid { return metres(t) }, nil, redline.Incompatible,
			[]string{"their CRSs differ, China Geodetic Coordinate System 2000 (EPSG:4490) against WGS 84 / UTM zone 50N (EPSG:32650); say --align"}},
		{"missing raster", nil, func(s *scene) { s.job.After.Files = []string{"/nowhere/x.tif"} }, redline.Raster, []string{"/nowhere/x.tif: no such file"}},
		{"unknown legend", nil, func(s *scene) { s.job.After.Legend = "clcdd" }, redline.Usage, []string{`after: unknown legend "clcdd", and no CSV file (ending in .csv); did you mean "clcd"?`}},
		{"no legend file", nil, func(s *scene) { s.job.Before.Legend = "/nowhere/l.csv" }, redline.Usage, []string{"before: legend /nowhere/l.csv: no such file"}},
		{"bad legend file", nil, func(s *scene) { s.job.Before.Legend = s.text("l.csv", "code\n") }, redline.Usage, []string{"l.csv:1: the columns are"}},
		{"unknown rules", nil, func(s *scene) { s.job.Rules = "green" }, redline.Usage, []string{`unknown rule table "green"`}},
		{"rules of no time", nil, func(s *scene) { s.job.Rules = s.text("r.csv", "change\n") }, redline.Usage, []string{"r.csv:1: the columns are"}},
		{"missing layer", nil, func(s *scene) { s.job.RedLine[0].File = "/nowhere/x.shp" }, redline.Vector, []string{"/nowhere/x.shp: no such file"}},
		{"unknown functional zones", nil, func(s *scene) {
			s.job.Reserve = []job.Source{s.layer("n.geojson", 4326, zoneFields, box(117.1, 30.8, 117.2, 30.9, "a", "", "二区", ""), box(117.2, 30.8, 117.3, 30.9, "b", "", "1", ""), box(117.3, 30.8, 117.4, 30.9, "c", "", "二区", ""))}
		}, redline.Vector, []string{`n.geojson: field GNFQ holds functional zones that nobody knows, with the number of features: "1" (1), "二区" (2); say what they are in the job file, such as zone_types: {"1": core}`}},
		{"zones elsewhere", nil, func(s *scene) {
			s.job.RedLine = []job.Source{s.layer("z.geojson", 4326, nil, box(100, 30, 101, 31))}
		}, redline.Incompatible, []string{"z.geojson: no zone of it meets the rasters: the layer covers 100.0000° to 101.0000° E, 30.0000° to 31.0000° N, the rasters 117.0000° to 117.4000° E, 30.7000° to 31.0000° N; name a layer of the same area"}},
		{"swapped axes", nil, func(s *scene) {
			s.job.RedLine = []job.Source{s.layer("z.geojson", 4490, nil, box(30.8, 117.1, 30.9, 117.2))}
		}, redline.Incompatible, []string{"z.geojson: ", "are the axes swapped?"}},
		{"swapped axes of one layer of two", nil, func(s *scene) {
			s.job.RedLine = append(s.job.RedLine, s.layer("z.geojson", 4490, nil, box(30.8, 117.1, 30.9, 117.2)))
		}, redline.Incompatible, []string{"z.geojson: does not meet the rasters, but would with x and y exchanged: are the axes swapped? (feature 1: cannot be brought to the CRS of the rasters: (30.8, 117.1) is no longitude and latitude)"}},
		{"no latitude", nil, func(s *scene) {
			s.job.RedLine = append(s.job.RedLine, s.layer("z.geojson", 4490, nil, box(100, 85, 101, 95)))
		}, redline.Vector, []string{"z.geojson: feature 1: cannot be brought to the CRS of the rasters: (101, 95) is no longitude and latitude; correct or remove it"}},
		{"antimeridian", nil, func(s *scene) {
			s.job.RedLine = append(s.job.RedLine, s.layer("z.geojson", 4490, nil, box(179, 30, -179, 31)))
		}, redline.Vector, []string{"z.geojson: feature 1: an edge goes from longitude", "it seems to cross the antimeridian; make a copy that can be used by `ogr2ogr -wrapdateline "}},
		{"swapped axes, metres", nil, func(s *scene) {
			s.job.RedLine = []job.Source{s.layer("z.gpkg", 4527, nil, box(3_420_000, 39_510_000, 3_425_000, 39_520_000))}
		}, redline.Incompatible, []string{"z.gpkg: ", "are the axes swapped?"}},
		{"ballpark", nil, func(s *scene) {
			s.job.RedLine = []job.Source{s.layer("z.gpkg", 4214, nil, box(117.1, 30.8, 117.2, 30.9))}
		}, redline.Incompatible, []string{"z.gpkg: no reliable transformation from Beijing 1954 (EPSG:4214) to"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := degrees(t)
			if tt.after != nil {
				after = tt.after(t, after)
			}
			s := newScene(t, degrees(t), after)
			s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, []string{"HXBM"}, box(117.1, 30.8, 117.2, 30.9, "r"))}
			if tt.spoil != nil {
				tt.spoil(s)
			}
			s.refused(tt.kind, tt.want...)
		})
	}
}

func TestAllFaultsAreTold(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.Rules = "none"
	s.job.After.Files = []string{"/nowhere/b.tif"}
	s.job.RedLine = []job.Source{{File: "/nowhere/r.shp"}}
	s.job.Reserve = []job.Source{s.layer("n.geojson", 4326, zoneFields, box(117.1, 30.8, 117.2, 30.9, "", "", "?", ""))}
	l, err := s.load()
	for _, want := range []string{"/nowhere/b.tif", "/nowhere/r.shp", "is empty in 1 of the ", "nobody knows", `rule table "none"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
	if redline.KindOf(err) != redline.Raster {
		t.Errorf("kind %d is not that of the first input", redline.KindOf(err))
	}
	if len(l.Read) != 4 || l.Read[0].Err != nil || l.Read[0].Raster == nil || l.Read[1].Err == nil {
		t.Errorf("inputs are %+v", l.Read)
	}
}

func TestWarnings(t *testing.T) {
	t.Run("extents differ", func(t *testing.T) {
		g := degrees(t)
		s := newScene(t, g, g.Sub(raster.Window{Col: 5, Row: 2, Cols: 30, Rows: 28}))
		s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
		l := s.mustLoad()
		if w := strings.Join(l.Warnings(), "\n"); !strings.Contains(w, "differ in extent: their common 30 × 28 cells are compared; 360 cells of before and 0 of after lie outside") {
			t.Errorf("warnings are %s", w)
		}
		if l.Inputs.Before.Window != (raster.Window{Col: 5, Row: 2, Cols: 30, Rows: 28}) || l.Inputs.After.Window.Col != 0 || l.Inputs.Grid.OriginX != 117.05 {
			t.Errorf("windows are %+v, %+v", l.Inputs.Before.Window, l.Inputs.After.Window)
		}
		if u := l.Inputs.Zones[0].Shape.Bound().Min; math.Hypot(u[0]-5, u[1]-8) > 1e-9 {
			t.Errorf("the zone begins at %v of the common grid", u)
		}
	})
	t.Run("aligned", func(t *testing.T) {
		g := degrees(t)
		g.OriginX += 0.004
		s := newScene(t, degrees(t), g)
		s.job.Align = true
		s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
		l := s.mustLoad()
		if w := strings.Join(l.Warnings(), "\n"); !strings.Contains(w, "b.tif: is brought onto before's grid by nearest neighbour (same CRS), because origins are not on one lattice") {
			t.Errorf("warnings are %s", w)
		}
		if l.Inputs.Grid.Cells() != 1200 || l.Inputs.After.Source.Grid() != l.Inputs.Before.Source.Grid() {
			t.Errorf("grid is %+v", l.Inputs.Grid)
		}
	})
	t.Run("same content", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.After.Files = []string{s.raster("c.tif", degrees(t), 2)}
		s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
		if w := strings.Join(s.mustLoad().Warnings(), "\n"); !strings.Contains(w, "c.tif: has the same content as the raster of before") {
			t.Errorf("warnings are %s", w)
		}
	})
	t.Run("one of two layers elsewhere", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{
			s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9), box(100, 30, 101, 31)), // one zone elsewhere is fine
			s.layer("z.geojson", 4326, nil, box(100, 30, 101, 31)),
		}
		if w := s.mustLoad().Warnings(); len(w) != 1 || !strings.Contains(w[0], "z.geojson: no zone of it meets the rasters") {
			t.Errorf("warnings are %q", w)
		}
	})
	t.Run("areas elsewhere, without names", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
		s.job.Admin = s.layer("c.geojson", 4326, []string{"x"}, box(100, 30, 101, 31, ""))
		w := strings.Join(s.mustLoad().Warnings(), "\n")
		for _, want := range []string{"c.geojson: has no field for the code or the name of a county", "c.geojson: no polygon of it meets the rasters"} {
			if !strings.Contains(w, want) {
				t.Errorf("warnings are %s, want %s", w, want)
			}
		}
	})
}

// TestCountyCodesTwice: what counties say of themselves twice is told.
func TestCountyCodesTwice(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
	s.job.Admin = s.layer("c.geojson", 4326, []string{"adcode", "name", "city"},
		box(117, 30.7, 117.1, 31, "340102", "瑶海区", "合肥市"), box(117.1, 30.7, 117.2, 31, "340103", "庐阳区", "合肥"),
		box(117.2, 30.7, 117.3, 31, "340102", "瑶海区", "合肥市"), box(117.3, 30.7, 117.4, 31, "340103", "庐阳", "合肥市"))
	got := s.mustLoad().Warnings()
	want := []string{
		"c.geojson: features share a code but not the name, 1 in all: feature 4 (340103 庐阳) with feature 2 (340103 庐阳区); each name counts as a county of its own",
		"c.geojson: features share code and name, 1 in all, and count as parts of one county: feature 3 (340102 瑶海区) with feature 1",
		"c.geojson: a city has several names by the counties' codes, 1 in all: 合肥市 in feature 1, 合肥 in feature 2; the name of its smallest code counts",
	}
	for i := range got {
		got[i] = got[i][strings.LastIndex(got[i], "c.geojson"):]
	}
	if !slices.Equal(got, want) {
		t.Errorf("warnings are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestUnknownFields: fields that nobody knows are told with all fields of the layer; those that are known need no words.
func TestUnknownFields(t *testing.T) {
	const none = ""
	for _, c := range []struct {
		fields string
		want   string // of the zones
		admin  string // of the counties
	}{
		{"BHQ,MCZ", "no field is known to hold the ids of the zones, so they are numbered in the order of the file, and no field is known to hold the names of the zones, so they have none; name the field by fields: {id: …, name: …} in the job file (its fields are BHQ, MCZ)",
			"has no field for the code or the name of a county, so candidates will have none; name them by fields: {code: …, name: …} in the job file (its fields are BHQ, MCZ)"},
		{"编号,保护区X", "no field is known to hold the names of the zones, so they have none; name the field by fields: {name: …} in the job file (its fields are 编号, 保护区X)",
			"has no field for the code or the name of a county, so candidates will have none; name them by fields: {code: …, name: …} in the job file (its fields are 编号, 保护区X)"},
		{"编号,保护区名", none, "no field is known to hold the codes of the counties, so candidates will have none; name the field by fields: {code: …} in the job file (its fields are 编号, 保护区名)"},
		{"代码,县名", none, "no field is known to hold the codes of the counties, so candidates will have none; name the field by fields: {code: …} in the job file (its fields are 代码, 县名)"},
		{"OBJECTID,Shape_Area", none, "has no field for the code or the name of a county, so candidates will have none; name them by fields: {code: …, name: …} in the job file (its fields are OBJECTID, Shape_Area)"},
		{"PAC,NAME,x", "no field is known to hold the ids of the zones, so they are numbered in the order of the file; name the field by fields: {id: …} in the job file (its fields are PAC, NAME, x)", none},
	} {
		s := newScene(t, degrees(t), degrees(t))
		fields := strings.Split(c.fields, ",")
		source := s.layer("r.geojson", 4326, fields, box(117.1, 30.8, 117.2, 30.9, []string{"a", "b", "c"}[:len(fields)]...))
		s.job.RedLine, s.job.Admin = []job.Source{source}, source
		l := s.mustLoad()
		for i, want := range []string{c.want, c.admin} {
			if got := strings.Join(l.Read[2+i].Warnings, "\n"); got != want && !strings.HasSuffix(got, "r.geojson: "+want) || want == none && got != "" {
				t.Errorf("%s: warnings are\n%s\nwant\n%s", c.fields, got, want)
			}
		}
	}
}

// TestNumbersAsIDs: identifiers that are no whole numbers, or lost digits, are told.
func TestNumbersAsIDs(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	feature := func(properties string, x float64) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{%s},"geometry":{"type":"Polygon","coordinates":[[[%g,30.8],[%g,30.8],[%g,30.9],[%g,30.8]]]}}`, properties, x, x+0.01, x+0.01, x)
	}
	layer := func(name string, features ...string) job.Source {
		return job.Source{File: s.text(name, `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+"]}")}
	}
	s.job.RedLine = []job.Source{layer("r.geojson", feature(`"HXBM":340102.0`, 117.1), feature(`"HXBM":1.5`, 117.2), feature(`"HXBM":9007199254740994.0`, 117.3))}
	s.job.Admin = layer("c.geojson", feature(`"adcode":"3.40102E+05"`, 117.1), feature(`"adcode":"340103"`, 117.2), feature(`"adcode":"340104.0"`, 117.3), feature(`"adcode":"340105-1"`, 117.35))
	got := s.mustLoad().Warnings()
	want := []string{
		`r.geojson: field HXBM, which holds the id, has 1 of 3 values that are numbers but not whole ones: "1.5" of feature 2; keep identifiers as text`,
		`r.geojson: field HXBM, which holds the id, has floating-point numbers, and 1 of 3 are larger than those keep exactly: "9007199254740994" of feature 3; keep identifiers as text`,
		`c.geojson: field adcode, which holds the code, has 2 of 4 values that are numbers but not whole ones: "3.40102E+05" of feature 1, "340104.0" of feature 3; keep identifiers as text`,
	}
	for i := range got {
		got[i] = filepath.Base(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("warnings are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMisnamed(t *testing.T) {
	legend := landcover.Legend{Classes: []landcover.Class{{Code: 1, NameEN: "Cropland", NameZH: "农田"}, {Code: 2, NameEN: "Forest"}, {Code: 3, NameZH: "灌木"}}}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"", "cropland", "FOREST ", "灌木", "never in the legend"}, ""},
		{[]string{"", "农田", "Forest land", "灌木林"}, ""},
		{[]string{"Unclassified", "Forest", "Cropland"}, `1 is "Forest" there and "农田" in the legend, 2 is "Cropland" there and "Forest" in the legend`},
		{[]string{"", "--", "", "Shrub"}, `3 is "Shrub" there and "灌木" in the legend`},
	} {
		if got := misnamed(c.names, legend); got != c.want {
			t.Errorf("%q: got %s, want %s", c.names, got, c.want)
		}
	}
}

// TestMemoryForBlocks: large blocks cost workers, and at last the run.
func TestMemoryForBlocks(t *testing.T) {
	g := degrees(t)
	g.Cols, g.Rows, g.CellX, g.CellY = 2048, 2048, 1e-4, 1e-4
	s := newScene(t, g, g)
	cells, nodata := make([]uint8, g.Cells()), 0.0
	if err := gdalraster.WriteByte(s.job.After.Files[0], g, cells, &nodata, "TILED=YES", "BLOCKXSIZE=2048", "BLOCKYSIZE=2048"); err != nil { // one block of 4 MiB
		t.Fatal(err)
	}
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
	s.job.Workers = 8
	for _, c := range []struct {
		memory  int64
		workers int
	}{{2 << 30, 8}, {90 << 20, 2}, {41 << 20, 1}} {
		s.job.MaxMemory = c.memory
		if l := s.mustLoad(); l.Workers != c.workers {
			t.Errorf("%d bytes: %d workers, want %d", c.memory, l.Workers, c.workers)
		}
	}
	s.job.MaxMemory = 16 << 20
	s.refused(redline.Limit, "b.tif: its blocks need up to 4 MiB each, too much for a memory of 16 MiB; say --max-memory 41MiB, or make a copy that can be used by `gdal_translate -co TILED=YES ")
}

func TestUnchanged(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.RedLine = []job.Source{s.layer("r.shp", 4490, []string{"HXBM"}, box(117.1, 30.8, 117.2, 30.9, "r"))}
	legend, _ := seeds.Legend("clcd")
	rules, _ := seeds.Rules("green-shield")
	s.job.After.Legend, s.job.Rules = s.text("mine.csv", string(legend)), s.text("rules.csv", string(rules))
	l := s.mustLoad()
	if err := l.Unchanged(); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]redline.Kind{"a.tif": redline.Raster, "r.dbf": redline.Vector, "mine.csv": redline.Usage, "rules.csv": redline.Usage} {
		path := filepath.Join(s.dir, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := l.Unchanged(); err == nil || !strings.Contains(err.Error(), name+": was changed while it was read") || redline.KindOf(err) != kind {
			t.Errorf("%s: got %v", name, err)
		}
		if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	s := newScene(t, degrees(t), degrees(t))
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, s.job); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestAnhui: real county borders have rings that touch themselves; repairing them must
// need nobody's consent.
func TestAnhui(t *testing.T) {
	dir := os.Getenv("GREENSHIELD_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir = filepath.Join(dir, "anhui_admin_geomapdata", "citys")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the data of others is missing: %v", err)
		}
		t.Skipf("the data of others is not here (GREENSHIELD_DATA): %v", err)
	}
	g := degrees(t)
	g.OriginX, g.OriginY, g.CellX, g.CellY, g.Cols, g.Rows = 114, 35, 0.1, 0.1, 60, 60
	s := newScene(t, g, g)
	s.job.RedLine = []job.Source{s.layer("r.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
	s.job.Admin = job.Source{File: filepath.Join(dir, "341700.json")}
	l := s.mustLoad()
	if len(l.Repairs) == 0 || len(l.Inputs.Admin) != 4 || l.Inputs.Admin[0].Code != "341702" {
		t.Errorf("repairs %+v, counties %d", l.Repairs, len(l.Inputs.Admin))
	}
	for _, r := range l.Repairs {
		if math.Abs(r.AfterM2/r.BeforeM2-1) > 1e-9 {
			t.Errorf("repair %+v", r)
		}
	}
}

// TestDatumOfThePlace: what PROJ knows for the place counts, not for the whole area of use of a CRS.
func TestDatumOfThePlace(t *testing.T) {
	grid := raster.Grid{OriginX: -75, OriginY: 42, CellX: 0.01, CellY: 0.01, Cols: 40, Rows: 30, CRS: crs(t, 4326)}
	s := newScene(t, grid, grid)
	s.job.RedLine = []job.Source{s.layer("nad83.geojson", 4269, []string{"id"}, box(-74.9, 41.8, -74.8, 41.9, "1"))}
	l := s.mustLoad()
	in := l.Read[2]
	if want := "NAD83 (EPSG:4269), to the rasters' CRS by: NAD83 to WGS 84 (1)"; in.Record.CRS != want || *in.Layer.AccuracyM != 4 {
		t.Errorf("CRS is %q, accuracy %v m; want %q, 4 m", in.Record.CRS, *in.Layer.AccuracyM, want)
	}
	for _, p := range l.Inputs.Zones[0].Shape[0][0] { // that operation moves nothing
		if u, v := math.Round(p[0]), math.Round(p[1]); math.Hypot(p[0]-u, p[1]-v) > 1e-6 || u < 10 || u > 20 || v < 10 || v > 20 {
			t.Errorf("corner %v", p)
		}
	}
	s.job.RedLine = []job.Source{s.layer("nad27.geojson", 4267, []string{"id"}, box(117.1, 30.8, 117.2, 30.9, "1"))}
	s.refused(redline.Incompatible, "no reliable transformation from NAD27 (EPSG:4267) to WGS 84 (EPSG:4326)", "a guess")

	// Rasters in such a CRS are measured and published, too.
	grid.CRS = crs(t, 4269)
	s = newScene(t, grid, grid)
	s.job.RedLine = []job.Source{s.layer("wgs84.geojson", 4326, []string{"id"}, box(-74.9, 41.8, -74.8, 41.9, "1"))}
	s.mustLoad()
}

// TestLayerInKilometres: a layer may have any unit of length.
func TestLayerInKilometres(t *testing.T) {
	g := metres(t)
	for unit, m := range map[string]float64{"kilometre": 1000, "foot": 0.3048, "metre": 1} {
		s := newScene(t, g, g)
		west, south, east, north := g.OriginX+10*1000, g.OriginY-20*1000, g.OriginX+20*1000, g.OriginY-10*1000
		source := s.layer("zone.shp", 32650, []string{"id"}, box(west/m, south/m, east/m, north/m, "1"))
		s.text("zone.prj", utm50(fmt.Sprintf(`UNIT["%s",%g]`, unit, m), 500000/m))
		s.job.RedLine = []job.Source{source}
		z := s.mustLoad().Inputs.Zones[0]
		if b := z.Shape.Bound(); math.Abs(b.Min[0]-10) > 1e-6 || math.Abs(b.Min[1]-10) > 1e-6 || math.Abs(b.Max[0]-20) > 1e-6 || math.Abs(b.Max[1]-20) > 1e-6 {
			t.Errorf("%s: the zone lies at %v", unit, b)
		}
		if m2 := z.TotalM2; m2 < 99e6 || m2 > 101e6 {
			t.Errorf("%s: %.0f m²", unit, m2)
		}
	}
}
