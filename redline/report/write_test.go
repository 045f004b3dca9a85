package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/tidwall/gjson"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// scene is what an engine would hand over.
type scene struct {
	zones   []redline.Zone
	puts    []put
	summary redline.Summary
}

type put struct {
	key      redline.Key
	c        redline.Candidate
	overlaps []redline.Overlap
}

// candidate returns a kept candidate: a square with a hole and a square that meets
// it in a corner, 8100 m².
func candidate(id string) redline.Candidate {
	ring := func(x, y, size float64) orb.Ring {
		return orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
	}
	hole := orb.Ring{{117.0001, 30.0001}, {117.0001, 30.0002}, {117.0002, 30.0002}, {117.0002, 30.0001}, {117.0001, 30.0001}}
	return redline.Candidate{
		ID: id, PatchID: "p1", YearA: 2015, YearB: 2020, Change: "construction", ChangeZH: "新增建设",
		FromEco: "forest", FromCode: "2", FromName: "林地", ToEco: "built", ToCode: "8", ToName: "不透水面", FromMix: "forest:62;cropland:38",
		Severity: 4, RuleID: "construction/core", Activity: "采矿", Basis: "条例",
		Layer: "reserve", ZoneID: "R1", ZoneName: "测试保护区", ZoneType: "core", FuncZone: "核心区", ZoneLvl: "国家级",
		ZonesAll: []string{"R1", "L1"}, AreaM2: 8100, PatchM2: 10800, Cells: 12, AdmCode: "340100", AdmName: "合肥市",
		Lon: 117.00005, Lat: 30.00005, Flags: []string{"EDGE", redline.FlagNoData},
		Geometry: orb.MultiPolygon{{ring(117, 30, 0.0005), hole}, {ring(117.0005, 30.0005, 0.00025)}},
	}
}

func sceneA() *scene {
	zones := []redline.Zone{
		{Layer: "redline", ID: "L1", Name: "红线,一", Type: redline.RedLine, Feature: 1, Source: "red.gpkg|z", TotalM2: 5e5},
		{Layer: "reserve", ID: "R1", Name: "测试保护区", Type: redline.Core, FuncZone: "核心区", Level: "国家级", Feature: 3, Source: "res.shp", TotalM2: 2e5},
		{Layer: "reserve", ID: "R2", Type: redline.Periphery, Feature: 4, Source: "res.shp", TotalM2: 1e5},
	}
	gone := candidate("c2")
	gone.Reason, gone.Geometry, gone.AreaM2, gone.Severity, gone.Flags = redline.ReasonArea, nil, 900, 2, nil
	forest := landcover.Class{Code: 2, NameEN: "Forest", NameZH: "林地", Ecosystem: landcover.Forest}
	built := landcover.Class{Code: 8, NameEN: "Impervious", Ecosystem: landcover.Built}
	return &scene{
		zones: zones,
		puts: []put{
			{redline.Key{Row: 1, Col: 2, Zone: 0}, candidate("c1"), []redline.Overlap{{Zone: 1, AreaM2: 8100}, {Zone: 0, AreaM2: 2000}}},
			{redline.Key{Row: 1, Col: 2, Zone: 1}, gone, nil},
		},
		summary: redline.Summary{
			Grid:  raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.25, CellY: 0.25, Cols: 10, Rows: 10, CRS: raster.CRS{Name: "CGCS2000", EPSG: 4490, WKT: "GEOGCRS[…]"}},
			Cells: 100, ValidCells: 99, NoDataCells: 1, ChangedCells: 12,
			Codes: []redline.Transition{
				{From: forest, To: forest, Cells: 87, AreaM2: 78300},
				{From: forest, To: built, Cells: 12, AreaM2: 10800, Change: "construction"},
			},
			Ecosystems: []redline.Transition{{From: landcover.Class{Ecosystem: landcover.Forest}, To: landcover.Class{Ecosystem: landcover.Built}, Cells: 12, AreaM2: 10800, Change: "construction"}},
			Changes:    []redline.ChangeTotal{{Change: "construction", ChangeZH: "新增建设", Cells: 12, Patches: 1, AreaM2: 10800}},
			Zones: []redline.ZoneTotal{
				{Zone: &zones[0], TotalM2: 5e5, ControlledM2: 4.9e5},
				{Zone: &zones[1], TotalM2: 2e5, OutsideM2: 5e4, NoDataM2: 900, ControlledM2: 1.5e5, ChangedM2: 9000, CandidateM2: 8100, SuppressedM2: 900, Candidates: 1, Suppressed: 1},
				{Zone: &zones[2], TotalM2: 1e5, OutsideM2: 1e5},
			},
			Candidates: 1, Suppressed: 1, CandidateM2: 8100, SuppressedM2: 900,
			BySeverity: [5]int64{4: 1}, ByReason: map[string]int64{redline.ReasonArea: 1},
			Checks: []redline.Check{{Name: "valid + nodata = cells", Left: 100, Right: 100, OK: true}},
		},
	}
}

func writeScene(ctx context.Context, f *Folder, sc *scene, m *Manifest) error {
	s, err := NewSpool(f, &redline.Inputs{Zones: sc.zones}, true)
	if err != nil {
		return err
	}
	for _, p := range sc.puts {
		if err := s.Put(p.key, &p.c, p.overlaps); err != nil {
			return err
		}
	}
	return Write(ctx, f, s, &sc.summary, m)
}

// begin returns a folder that the test's end removes.
func begin(t testing.TB) *Folder {
	t.Helper()
	f, err := Begin(filepath.Join(t.TempDir(), "out"), false)
	must(t, err)
	t.Cleanup(f.Abort)
	return f
}

func read(t *testing.T, f *Folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(f.Path(name))
	must(t, err)
	return string(text)
}

// features has a GeoJSON parser of others read text; it refuses invalid geometries.
func features(t *testing.T, text string) []geom.GeoJSONFeature {
	t.Helper()
	var fc geom.GeoJSONFeatureCollection
	must(t, json.Unmarshal([]byte(text), &fc))
	for _, f := range fc.Features {
		if !f.Geometry.IsMultiPolygon() || f.Geometry.Area() == 0 || f.ID != f.Properties["cand_id"] {
			t.Fatalf("feature %v: %v", f.ID, f.Geometry.Summary())
		}
	}
	return fc.Features
}

const wantHeader = "cand_id,patch_id,year_a,year_b,change,change_zh,from_eco,from_code,from_name,to_eco,to_code,to_name,from_mix," +
	"severity,rule_id,activity,basis,layer,zone_id,zone_name,zone_type,func_zone,zone_lvl,zones_all," +
	"area_ha,patch_ha,part_pct,cells,edge_pct,adm_code,adm_name,lon,lat,flags,verdict"

func TestWriteGolden(t *testing.T) {
	f := begin(t)
	m := &Manifest{Program: "greenshield 1", Options: map[string]any{"connectivity": 8}}
	must(t, writeScene(context.Background(), f, sceneA(), m))
	for name, want := range map[string]string{
		"candidates.geojson": `{"type":"FeatureCollection","name":"candidates","features":[
{"type":"Feature","id":"c1","properties":{"cand_id":"c1","patch_id":"p1","year_a":2015,"year_b":2020,"change":"construction","change_zh":"新增建设",` +
			`"from_eco":"forest","from_code":"2","from_name":"林地","to_eco":"built","to_code":"8","to_name":"不透水面","from_mix":"forest:62;cropland:38",` +
			`"severity":4,"rule_id":"construction/core","activity":"采矿","basis":"条例","layer":"reserve","zone_id":"R1","zone_name":"测试保护区","zone_type":"core",` +
			`"func_zone":"核心区","zone_lvl":"国家级","zones_all":"R1;L1","area_ha":0.810000,"patch_ha":1.080000,"part_pct":75.00,"cells":12,"edge_pct":0.00,` +
			`"adm_code":"340100","adm_name":"合肥市","lon":117.0000500,"lat":30.0000500,"flags":"EDGE;TOUCHES_NODATA","verdict":"unreviewed"},` +
			`"geometry":{"type":"MultiPolygon","coordinates":[[[[117,30],[117.0005,30],[117.0005,30.0005],[117,30.0005],[117,30]],` +
			`[[117.0001,30.0001],[117.0001,30.0002],[117.0002,30.0002],[117.0002,30.0001],[117.0001,30.0001]]],` +
			`[[[117.0005,30.0005],[117.00075,30.0005],[117.00075,30.00075],[117.0005,30.00075],[117.0005,30.0005]]]]}}
]}
`,
		"suppressed.csv": wantHeader + ",reason\n" +
			"c2,p1,2015,2020,construction,新增建设,forest,2,林地,built,8,不透水面,forest:62;cropland:38,2,construction/core,采矿,条例," +
			"reserve,R1,测试保护区,core,核心区,国家级,R1;L1,0.090000,1.080000,8.33,12,0.00,340100,合肥市,117.0000500,30.0000500,,unreviewed,below_min_area\n",
		"overlaps.csv": `cand_id,layer,zone_id,zone_name,zone_type,controls,area_ha
c1,redline,L1,"红线,一",redline,0,0.200000
c1,reserve,R1,测试保护区,core,1,0.810000
`,
		"coverage.csv": `layer,zone_id,zone_name,zone_type,func_zone,zone_lvl,source,feature,area_ha,in_raster_ha,outside_ha,outside_pct,nodata_ha,nodata_pct,controlled_ha,changed_ha,unruled_ha,candidates,candidate_ha,suppressed,suppressed_ha,status
redline,L1,"红线,一",redline,,,red.gpkg|z,1,50.000000,50.000000,0.000000,0.00,0.000000,0.00,49.000000,0.000000,0.000000,0,0.000000,0,0.000000,clean
reserve,R1,测试保护区,core,核心区,国家级,res.shp,3,20.000000,15.000000,5.000000,25.00,0.090000,0.45,15.000000,0.900000,0.000000,1,0.810000,1,0.090000,changed
reserve,R2,,periphery,,,res.shp,4,10.000000,0.000000,10.000000,100.00,0.000000,0.00,0.000000,0.000000,0.000000,0,0.000000,0,0.000000,not_covered
`,
		"matrix.csv": `from_code,from_name,from_eco,to_code,to_name,to_eco,change,cells,area_ha
2,林地,forest,2,林地,forest,,87,7.830000
2,林地,forest,8,Impervious,built,construction,12,1.080000
`,
		"matrix_ecosystem.csv": `from_eco,from_name,to_eco,to_name,change,cells,area_ha
forest,森林,built,城镇,construction,12,1.080000
`,
	} {
		if got := read(t, f, name); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}

	var back Manifest
	must(t, json.Unmarshal([]byte(read(t, f, manifestName)), &back))
	if back.Fingerprint != m.Identity() || back.Grid.EPSG != 4490 || back.Counts.CandidateHa != 0.81 || back.Counts.BySeverity["critical"] != 1 || len(back.Checks) != 5 {
		t.Errorf("manifest: %+v", back)
	}
	if len(back.Outputs) != 6 {
		t.Errorf("manifest lists %d outputs: %v", len(back.Outputs), back.Outputs)
	}
	for _, o := range back.Outputs {
		sum, n, err := HashFile(context.Background(), f.Path(o.Name))
		must(t, err)
		if o != (File{o.Name, n, sum}) {
			t.Errorf("%s: manifest says %v", o.Name, o)
		}
	}
}

func TestWriteWithoutCandidates(t *testing.T) {
	f := begin(t)
	must(t, writeScene(context.Background(), f, &scene{}, &Manifest{}))
	if fs := features(t, read(t, f, "candidates.geojson")); len(fs) != 0 {
		t.Errorf("%d features", len(fs))
	}
	if got := read(t, f, "suppressed.csv"); got != wantHeader+",reason\n" {
		t.Errorf("suppressed.csv: %q", got)
	}
}

func TestWriteRefusesWhatDoesNotAddUp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		want   string
	}{
		"failed check":     {func(s *scene) { s.summary.Checks[0].OK = false }, "valid + nodata = cells: 100 against 100"},
		"candidate lost":   {func(s *scene) { s.summary.Candidates = 2 }, "candidates written = candidates found: 1 against 2"},
		"suppressed lost":  {func(s *scene) { s.summary.Suppressed = 0 }, "suppressed written"},
		"area off by 1 m²": {func(s *scene) { s.summary.CandidateM2++ }, "candidate area read back"},
		"one key twice":    {func(s *scene) { s.puts[1].key = s.puts[0].key }, "row 1, column 2, zone rank 0"},
		"one id twice":     {func(s *scene) { s.puts[1].c.ID = s.puts[0].c.ID }, "same id"},
	} {
		t.Run(name, func(t *testing.T) {
			f, sc := begin(t), sceneA()
			c.change(sc)
			wantFault(t, writeScene(context.Background(), f, sc, &Manifest{}), redline.Unbalanced, c.want)
			if _, err := os.Stat(f.Path(manifestName)); err == nil {
				t.Error("a manifest was written")
			}
		})
	}
}

func TestWriteInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := writeScene(ctx, begin(t), sceneA(), &Manifest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPutRefuses(t *testing.T) {
	for name, change := range map[string]func(c *redline.Candidate){
		"NaN area":         func(c *redline.Candidate) { c.AreaM2 = math.NaN() },
		"no patch area":    func(c *redline.Candidate) { c.PatchM2 = 0 },
		"negative area":    func(c *redline.Candidate) { c.AreaM2 = -1 },
		"NaN point":        func(c *redline.Candidate) { c.Lon = math.NaN() },
		"metres, not deg":  func(c *redline.Candidate) { c.Geometry[0][0][2] = orb.Point{500000, 3300000} },
		"NaN corner":       func(c *redline.Candidate) { c.Geometry[1][0][1][1] = math.NaN() },
		"no geometry":      func(c *redline.Candidate) { c.Geometry = nil },
		"empty polygon":    func(c *redline.Candidate) { c.Geometry[1] = nil },
		"open ring":        func(c *redline.Candidate) { c.Geometry[0][0] = c.Geometry[0][0][:4] },
		"ring of 3 points": func(c *redline.Candidate) { r := c.Geometry[0][0]; c.Geometry[0][0] = orb.Ring{r[0], r[1], r[0]} },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSpool(begin(t), &redline.Inputs{}, true)
			must(t, err)
			c := candidate("c9")
			must(t, s.Put(redline.Key{}, &c, nil))
			change(&c)
			wantFault(t, s.Put(redline.Key{Row: 1}, &c, nil), redline.Internal, "candidate c9")
		})
	}
}

// TestOrderDoesNotMatter: any order of Put, from any number of goroutines, gives the same
// bytes, whether memory holds them or the file.
func TestOrderDoesNotMatter(t *testing.T) {
	const n = 600
	random := rand.New(rand.NewPCG(1, 2))
	var sc scene
	sc.zones = sceneA().zones
	for i := range n {
		c := candidate(fmt.Sprint("c", i))
		c.ZoneName = strings.Repeat("长", random.IntN(200))
		p := put{redline.Key{Row: int32(i / 20), Col: int32(i / 2 % 10), Zone: int32(i % 2)}, c, []redline.Overlap{{Zone: 2, AreaM2: 1}, {Zone: 0, AreaM2: 2}}}
		if i%3 == 0 {
			p.c.Reason, p.c.Geometry = redline.ReasonPart, nil
			sc.summary.Suppressed++
		} else {
			sc.summary.Candidates++
			sc.summary.CandidateM2 += p.c.AreaM2
		}
		sc.puts = append(sc.puts, p)
	}
	var want map[string]string
	for _, workers := range []int{1, 2, 8, 3} {
		f := begin(t)
		s, err := NewSpool(f, &redline.Inputs{Zones: sc.zones}, true)
		must(t, err)
		if workers%2 == 1 {
			s.room = 0
		}
		if workers > 1 {
			random.Shuffle(n, func(i, j int) { sc.puts[i], sc.puts[j] = sc.puts[j], sc.puts[i] })
		}
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for i := w; i < n; i += workers {
					c := sc.puts[i].c
					overlaps := append([]redline.Overlap(nil), sc.puts[i].overlaps...)
					if err := s.Put(sc.puts[i].key, &c, overlaps); err != nil {
						t.Error(err)
					}
					c.ZoneName, c.Geometry = "used again", nil // all belongs to the caller again
					clear(overlaps)
				}
			})
		}
		group.Wait()
		must(t, Write(context.Background(), f, s, &sc.summary, &Manifest{}))
		got := map[string]string{}
		for _, name := range []string{"candidates.geojson", "suppressed.csv", "overlaps.csv"} {
			got[name] = read(t, f, name)
			if want != nil && got[name] != want[name] {
				t.Errorf("%d workers: %s differs", workers, name)
			}
		}
		want = got
	}
	last := -1
	for _, feature := range features(t, want["candidates.geojson"]) {
		i, err := strconv.Atoi(strings.TrimPrefix(feature.ID.(string), "c"))
		must(t, err)
		if i <= last {
			t.Fatalf("c%d after c%d", i, last)
		}
		last = i
	}
}

var hostile = map[string]string{
	"html":              `<img src=x onerror="alert(1)">&amp;`,
	"formula":           "=cmd|' /C calc'!A0",
	"full-width":        "＝1+1",
	"at":                "@SUM(1)",
	"tab":               "\t=1",
	"quotes":            `a "quoted", \back\slash`,
	"line ends":         "one\r\ntwo\nthree\u2028four\u2029",
	"bidi":              "abc\u202Edef",
	"controls":          "\x00\x01\x1f\x7f",
	"200 characters":    strings.Repeat("绿", 200),
	"not UTF-8 (GBK)":   "\xba\xcf\xb7\xca",
	"cut UTF-8":         "合\xe8\x82",
	"spaces":            "  x ",
	"beyond the BMP":    "𠀀🌲",
	"template":          "{{.}}[% @x %]",
	"ends with a comma": "a,",
}

func TestHostileTexts(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			f, sc := begin(t), sceneA()
			valid := strings.ToValidUTF8(text, "")
			sc.zones[1].Name = text
			for i := range sc.puts {
				sc.puts[i].c.ZoneName = text
			}
			sc.puts[0].c.ID = "c1" + text
			must(t, writeScene(context.Background(), f, sc, &Manifest{}))

			geo := read(t, f, "candidates.geojson")
			if strings.Count(geo, "\n") != 3 {
				t.Errorf("%d line ends", strings.Count(geo, "\n"))
			}
			if i := strings.IndexFunc(geo, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u2028' || r == '\u2029' }); i >= 0 {
				t.Errorf("a control character stands at %d", i)
			}
			got := features(t, geo)[0].Properties["zone_name"].(string)
			if strings.ReplaceAll(got, "\uFFFD", "") != valid {
				t.Errorf("geojson: %q became %q", text, got)
			}

			for file, column := range map[string]int{"suppressed.csv": 19, "overlaps.csv": 3, "coverage.csv": 2} {
				records, err := csv.NewReader(strings.NewReader(read(t, f, file))).ReadAll()
				must(t, err)
				cell := records[len(records)-1][column]
				if file == "coverage.csv" {
					cell = records[2][column]
				}
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") {
					t.Errorf("%s: a spreadsheet would run %q", file, cell)
				}
				// encoding/csv reads CR LF in a cell as LF.
				want := strings.ReplaceAll(valid, "\r\n", "\n")
				if strings.ReplaceAll(strings.TrimPrefix(cell, "'"), "\uFFFD", "") != want {
					t.Errorf("%s: %q became %q", file, text, cell)
				}
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		x              float64
		decimals       int
		fixed, trimmed string
	}{
		{0, 6, "0.000000", "0"},
		{math.Copysign(0, -1), 6, "0.000000", "0"},
		{-1e-12, 6, "0.000000", "0"},
		{-0.0000006, 6, "-0.000001", "-0.0000006"},
		{100, 2, "100.00", "100"},
		{-100, 0, "-100", "-100"},
		{117.1234567, 7, "117.1234567", "117.1234567"},
		{0.125, 2, "0.12", "0.125"}, // a tie goes to the even digit
		{1e15 + 0.5, 2, "1000000000000000.50", "1000000000000000.5"},
	} {
		if got := string(appendFixed([]byte("-0,"), c.x, c.decimals)); got != "-0,"+c.fixed {
			t.Errorf("%v with %d decimals is %q, want %q", c.x, c.decimals, got, c.fixed)
		}
		if got := string(appendDegrees(nil, c.x)); got != c.trimmed {
			t.Errorf("%v degrees is %q, want %q", c.x, got, c.trimmed)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 20000 { // a rounded coordinate survives the text
		x := math.Round((random.Float64()*360-180)*1e7) / 1e7
		text := string(appendDegrees(nil, x))
		if back, err := strconv.ParseFloat(text, 64); err != nil || back != x || text != strconv.FormatFloat(x, 'f', -1, 64) {
			t.Fatalf("%v is written %q", x, text)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name string
		z    redline.ZoneTotal
		want string
	}{
		{"all seen, nothing changed", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100}, "clean"},
		{"rounding is no change", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, ChangedM2: 1e-9, OutsideM2: 1e-9, UnruledM2: -1e-9}, "clean"},
		{"changed", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, ChangedM2: 1}, "changed"},
		{"changed without a rule", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, UnruledM2: 1}, "changed"},
		{"changed and partly outside", redline.ZoneTotal{TotalM2: 100, OutsideM2: 50, ControlledM2: 50, ChangedM2: 1}, "changed"},
		{"outside in part", redline.ZoneTotal{TotalM2: 100, OutsideM2: 50, ControlledM2: 50}, "partly_covered"},
		{"NoData in part", redline.ZoneTotal{TotalM2: 100, NoDataM2: 1, ControlledM2: 100}, "partly_covered"},
		{"outside", redline.ZoneTotal{TotalM2: 100, OutsideM2: 100}, "not_covered"},
		{"outside and NoData", redline.ZoneTotal{TotalM2: 100, OutsideM2: 60, NoDataM2: 40, ControlledM2: 40}, "not_covered"},
		{"controlled by others", redline.ZoneTotal{TotalM2: 100}, "overruled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Status(&c.z); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestReadBack(t *testing.T) {
	f, sc := begin(t), sceneA()
	second := sc.puts[0]
	second.key.Row, second.c.ID = 9, "c3"
	sc.puts = append(sc.puts, second)
	sc.summary.Candidates, sc.summary.CandidateM2 = 2, 16200
	must(t, writeScene(context.Background(), f, sc, &Manifest{}))
	good := read(t, f, "candidates.geojson")
	lines := strings.SplitAfter(good, "\n")

	for _, c := range []struct {
		name, text string
		n          int64
		words      []string
	}{
		{"good", good, 2, nil},
		{"a line longer than the buffer", strings.ReplaceAll(good, "测试保护区", strings.Repeat("长", 1<<20)), 2, nil},
		{"a feature is missing", lines[0] + lines[2] + lines[3], 1, nil}, // seen by the count
		{"same feature twice", lines[0] + lines[1] + lines[1][:len(lines[1])-2] + "\n" + lines[3], 0, []string{"feature 2", "c1: occurs twice"}},
		{"end cut off", strings.TrimSuffix(good, "]}\n"), 0, []string{"feature 3", "unexpected EOF"}},
		{"last brace cut off", strings.TrimSuffix(good, "}\n"), 0, []string{"unexpected EOF"}},
		{"cut in a feature", good[:len(good)-40], 0, []string{"feature 2", "unexpected EOF"}},
		{"cut between features", lines[0] + lines[1], 0, []string{"unexpected EOF"}},
		{"empty", "", 0, []string{"unexpected EOF"}},
		{"zeros", strings.Replace(good, "[117,30]", "\x00\x00\x00\x00\x00\x00\x00\x00", 1), 0, []string{"feature 1", "invalid character"}},
		{"text after the end", good + "{}", 0, []string{"after the end"}},
		{"null geometry", strings.Replace(good, `{"type":"MultiPolygon"`, `null,"x":{"type":"MultiPolygon"`, 1), 0, []string{"c1: has no geometry"}},
		{"empty geometry", strings.Replace(good, `"coordinates":[`, `"coordinates":[],"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"flat geometry", strings.Replace(good, `"coordinates":[`, `"coordinates":[[[1,2]],`, 1), 0, []string{"c1: has no geometry"}},
		{"numbers for a point", strings.Replace(good, `"coordinates":[`, `"coordinates":[[[[1]]],`, 1), 2, nil},
		{"object for coordinates", strings.Replace(good, `"coordinates":[`, `"coordinates":{"0":{"0":{"0":[[[[1,2]]]]}}},"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"object for a polygon", strings.Replace(good, `"coordinates":[`, `"coordinates":[{"0":[[117,30]]},`, 1), 0, []string{"c1: has no geometry"}},
		{"null for coordinates", strings.Replace(good, `"coordinates":[`, `"coordinates":null,"x":[`, 1), 0, []string{"c1: has no geometry"}},
		{"the first coordinates count", strings.Replace(good, `"geometry":{`, `"geometry":{"coordinates":[],`, 1), 0, []string{"c1: has no geometry"}},
		{"no area", strings.Replace(good, `"area_ha":`, `"area":`, 1), 0, []string{"c1: has no area"}},
		{"id is not cand_id", strings.Replace(good, `"cand_id":"c1"`, `"cand_id":"c7"`, 1), 0, []string{`cand_id is "c7", id is "c1"`}},
		{"another type", strings.Replace(good, "FeatureCollection", "GeometryCollection", 1), 0, []string{"GeometryCollection"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &Folder{given: "out", tmp: t.TempDir()}
			must(t, os.WriteFile(f.Path(candidatesName), []byte(c.text), 0o644))
			back, err := f.readBack(context.Background())
			if c.words != nil {
				wantFault(t, err, redline.Unbalanced, append(c.words, "out/candidates.geojson: ")...)
				return
			}
			if err != nil || back.features != c.n || back.areaHa != 0.81*float64(c.n) {
				t.Errorf("got %d features, %v ha, %v; want %d", back.features, back.areaHa, err, c.n)
			}
			sum, size, err := HashFile(context.Background(), f.Path(candidatesName))
			if want := (File{candidatesName, size, sum}); err != nil || back.file != want {
				t.Errorf("it is hashed as %v, want %v, %v", back.file, want, err)
			}
		})
	}
	none := &Folder{given: "out", tmp: t.TempDir()}
	_, err := none.readBack(context.Background())
	wantFault(t, err, redline.Output, "out/candidates.geojson: cannot be read back: no such file")
	must(t, os.Mkdir(none.Path(candidatesName), 0o755)) // can be opened, not read
	_, err = none.readBack(context.Background())
	wantFault(t, err, redline.Output, "out/candidates.geojson: cannot be read back: is a directory")
}

// TestParseAgainstTwin: from features with anything in any order, one pass takes the same
// as one search for each value.
func TestParseAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 17))
	values := []string{"1", "-0.5", "null", "true", `"Feature"`, `"c1"`, `"a\"b"`, `"{\"cand_id\":1}"`, "[]", "[[[[1,2]]]]", "{}", `[{"cand_id":2,"type":"x"}]`, `{"type":"x"}`}
	var object func(depth int) string
	object = func(depth int) string {
		names := []string{"type", "id", "cand_id", "area_ha", "properties", "geometry", "coordinates", "x", `\u0069d`, "a.b"}
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		seenID := false // the same name, escaped
		var b strings.Builder
		for _, name := range names[:random.IntN(len(names))] {
			if id := name == "id" || name == `\u0069d`; id && seenID {
				continue
			} else if id {
				seenID = true
			}
			if b.Len() > 0 {
				b.WriteString([]string{",", " , "}[random.IntN(2)])
			}
			value := values[random.IntN(len(values))]
			if depth < 2 && random.IntN(3) > 0 {
				value = object(depth + 1)
			}
			fmt.Fprintf(&b, `"%s":%s%s`, name, []string{"", " "}[random.IntN(2)], value)
		}
		return "{" + b.String() + "}"
	}
	found := [6]int{}
	for range 10_000 {
		line := object(0)
		if !json.Valid([]byte(line)) {
			t.Fatal(line)
		}
		var f feature
		f.parse(line)
		want := gjson.GetMany(line, "type", "id", "properties.cand_id", "properties.area_ha", "geometry.type", "geometry.coordinates")
		for i, got := range []gjson.Result{f.kind, f.id, f.candID, f.areaHa, f.shape, f.coordinates} {
			if got.Raw != want[i].Raw || got.Str != want[i].Str || got.Num != want[i].Num || got.Type != want[i].Type {
				t.Fatalf("value %d of %s is %+v, want %+v", i, line, got, want[i])
			}
			if got.Exists() {
				found[i]++
			}
		}
	}
	if slices.Min(found[:]) < 100 {
		t.Errorf("values were found %v times", found)
	}
}

func TestFields(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range fields {
		if len(f.Name) > 10 || strings.ContainsFunc(f.Name, func(r rune) bool { return r > '~' }) {
			t.Errorf("%q does not survive a Shapefile", f.Name)
		}
		if seen[f.Name] || seen[f.Alias] || f.Alias == "" {
			t.Errorf("%s (%s): name or alias is missing or stands twice", f.Name, f.Alias)
		}
		if kinds := fmt.Sprint(f.Text != nil, f.Integer != nil, f.Decimal != nil); strings.Count(kinds, "true") != 1 {
			t.Errorf("%s is not one of text, integer and decimal", f.Name)
		}
		seen[f.Name], seen[f.Alias] = true, true
	}
}

// TestDocumented: README.md has every file, every column and every key.
func TestDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	f := begin(t)
	must(t, writeScene(context.Background(), f, sceneA(), &Manifest{}))
	var words []string
	for _, name := range strings.Fields(names(t, f.tmp)) {
		words = append(words, name)
		if strings.HasSuffix(name, ".csv") {
			header, _, _ := strings.Cut(read(t, f, name), "\n")
			words = append(words, strings.Split(header, ",")...)
		}
	}
	var keys map[string]any
	must(t, json.Unmarshal([]byte(read(t, f, manifestName)), &keys))
	for key := range keys {
		words = append(words, key)
	}
	for _, v := range verdictValues() {
		words = append(words, v.Code)
	}
	words = append(words, statusClean, statusChanged, statusOverruled, statusPartly, statusNot)
	for _, w := range words {
		if !bytes.Contains(readme, []byte("`"+w+"`")) {
			t.Errorf("README.md does not explain `%s`", w)
		}
	}
}

// TestManyCandidates: memory holds an index of the candidates, not their texts.
func TestManyCandidates(t *testing.T) {
	n := 50_000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		n = 1_000_000
	}
	f := begin(t)
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	s, err := NewSpool(f, &redline.Inputs{Zones: sceneA().zones}, true)
	must(t, err)
	for i := range n {
		c := candidate(fmt.Sprint("c", i))
		must(t, s.Put(redline.Key{Row: int32(n - i)}, &c, nil))
	}
	bound := uint64(n)*48*5/4 + 4<<20 + spoolChunks*chunkBytes // slices grow by a quarter
	if grown := live() - before; grown > bound {
		t.Errorf("%d candidates hold %d bytes, more than %d", n, grown, bound)
	}
	kept, _, err := s.Finish(context.Background(), func(string) error { return nil })
	must(t, err)
	bound -= spoolChunks * chunkBytes
	if info, err := os.Stat(f.Path(candidatesName)); err != nil || uint64(info.Size()) < 20*uint64(n)*48 {
		t.Errorf("texts show nothing: %v, %v", info, err)
	}
	if grown := live() - before; grown > bound {
		t.Errorf("%d candidates hold %d bytes after writing, more than %d", n, grown, bound)
	}
	back, err := f.readBack(context.Background())
	must(t, err)
	if kept != int64(n) || back.features != int64(n) {
		t.Errorf("%d kept, %d read back, want %d", kept, back.features, n)
	}
	runtime.KeepAlive(s)
	t.Logf("tally: streamed candidates %d", n)
}

// spooled puts n candidates, every third of which is suppressed, in the reverse order of
// their keys, and fits the summary to them.
func spooled(b *testing.B, f *Folder, n int) (*Spool, *redline.Summary) {
	b.Helper()
	sc := sceneA()
	s, err := NewSpool(f, &redline.Inputs{Zones: sc.zones}, true)
	must(b, err)
	sum := &sc.summary
	sum.Candidates, sum.Suppressed, sum.CandidateM2 = 0, 0, 0
	for i := range n {
		c := candidate(fmt.Sprint("c", i))
		key := redline.Key{Row: int32(n - i)}
		if i%3 == 0 {
			c.Reason, c.Geometry = redline.ReasonArea, nil
			sum.Suppressed++
			must(b, s.Put(key, &c, nil))
			continue
		}
		sum.Candidates++
		sum.CandidateM2 += c.AreaM2
		must(b, s.Put(key, &c, sc.puts[0].overlaps))
	}
	return s, sum
}

// lastKept returns the texts of the candidate that was put last.
func lastKept(b *testing.B, s *Spool) []byte {
	b.Helper()
	must(b, s.file.flush())
	e := s.index.at(uint32(s.index.n - 1))
	text, err := s.kept(e, &window{file: s.file, size: s.size})
	must(b, err)
	return s.common.expand(nil, text[:e.lengths[partFeature]], partFeature)
}

func BenchmarkPut(b *testing.B) {
	f, sc := begin(b), sceneA()
	s, err := NewSpool(f, &redline.Inputs{Zones: sc.zones}, true)
	must(b, err)
	p, n := sc.puts[0], int64(0)
	for b.Loop() {
		must(b, s.Put(p.key, &p.c, p.overlaps))
		n++
	}
	var e encoder
	want := e.appendOverlaps(e.appendFeature(nil, &p.c), &p.c, p.overlaps, sc.zones)
	b.SetBytes(int64(len(want)))
	if last := lastKept(b, s); n != int64(s.index.n) || !bytes.Equal(last, want) {
		b.Fatalf("after %d candidates the last of %d is %q, want %q", n, s.index.n, last, want)
	}
}

func BenchmarkPutSuppressed(b *testing.B) {
	f, sc := begin(b), sceneA()
	s, err := NewSpool(f, &redline.Inputs{Zones: sc.zones}, true)
	must(b, err)
	p := sc.puts[1]
	for b.Loop() {
		must(b, s.Put(p.key, &p.c, nil))
	}
	want := new(encoder).appendCandidateRow(nil, &p.c)
	b.SetBytes(int64(len(want)))
	if last := lastKept(b, s); !bytes.Equal(last, want) {
		b.Fatalf("the last is %q, want %q", last, want)
	}
}

// Write itself compares what it reads back with the summary.
func BenchmarkWrite(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		f := begin(b)
		s, sum := spooled(b, f, n)
		m := &Manifest{Program: "greenshield 1"}
		b.StartTimer()
		must(b, Write(context.Background(), f, s, sum, m))
		b.StopTimer()
		if len(m.Outputs) != 7 || m.Counts.Candidates != sum.Candidates || sum.Candidates+sum.Suppressed != n {
			b.Fatalf("%d outputs, %+v", len(m.Outputs), m.Counts)
		}
		bytes := int64(0)
		for _, o := range m.Outputs {
			bytes += o.Bytes
		}
		b.SetBytes(bytes)
		f.Abort()
		b.StartTimer()
	}
	b.ReportMetric(n, "candidates/op")
}
