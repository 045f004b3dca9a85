package work

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/peterstace/simplefeatures/geom"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
	"greenshield/vector/trace"
)

// scene is what an engine would hand over.
type scene struct {
	zones   []redline.Zone
	puts    []put
	summary redline.Summary
	between []redline.Epoch
	confirm []redline.Pair
}

type put struct {
	key      redline.Key
	c        redline.Candidate
	overlaps []redline.Overlap
}

func sceneA() *scene {
	zones := []redline.Zone{
		{Layer: "redline", ID: "L1", Name: "红线,一", Type: redline.RedLine, Feature: 1, Source: "red.gpkg|z", TotalM2: 5e5},
		{Layer: "reserve", ID: "R1", Name: "测试保护区", Type: redline.Core, FuncZone: "核心区", Level: "国家级", Feature: 3, Source: "res.shp", TotalM2: 2e5},
		{Layer: "reserve", ID: "R2", Type: redline.Periphery, Feature: 4, Source: "res.shp", TotalM2: 1e5},
	}
	gone := redlinetest.Candidate("c2")
	gone.Reason, gone.Geometry, gone.AreaM2, gone.Severity, gone.Flags = redline.ReasonArea, nil, 900, 2, nil
	forest := landcover.Class{Code: 2, NameEN: "Forest", NameZH: "林地", Ecosystem: landcover.Forest}
	built := landcover.Class{Code: 8, NameEN: "Impervious", Ecosystem: landcover.Built}
	found := redlinetest.Candidate("c1")
	found.Patch = &redline.Patch{ID: "p1", Group: "natural>built", Cells: []trace.Run{
		{Row: 1, Col0: 2, Col1: 9}, {Row: 2, Col0: 0, Col1: 4}, {Row: 2, Col0: 6, Col1: 7},
	}}
	return &scene{
		zones: zones,
		puts: []put{
			{redline.Key{Row: 1, Col: 2, Zone: 0}, found, []redline.Overlap{{Zone: 1, AreaM2: 8100}, {Zone: 0, AreaM2: 2000}}},
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
			KeptPatches: 1, KeptPatchCells: 12,
			Candidates: 1, Suppressed: 1, CandidateM2: 8100, SuppressedM2: 900,
			BySeverity: [redline.NumSeverities]int64{redline.Critical: 1}, ByReason: map[redline.Reason]int64{redline.ReasonArea: 1},
			Checks: []redline.Check{{Name: redline.Words{EN: "valid + nodata = cells"}, Left: 100, Right: 100, OK: true}},
		},
	}
}

func writeScene(ctx context.Context, f *folder.Folder, sc *scene, m *record.Manifest) error {
	in := &redline.Inputs{Zones: sc.zones, Grid: sc.summary.Grid, Between: sc.between, Confirm: sc.confirm}
	s, err := spool.New(f, in, findings.ColumnsOf(in, false, false), true)
	if err != nil {
		return err
	}
	for _, p := range sc.puts {
		if err := s.Put(p.key, &p.c, p.overlaps); err != nil {
			return err
		}
	}
	return Write(ctx, f, Found{Inputs: in, Summary: &sc.summary, Spool: s}, m)
}

// begin returns a folder that the test's end removes.
func begin(t testing.TB) *folder.Folder {
	t.Helper()
	f, err := folder.Begin(filepath.Join(t.TempDir(), "out"), false)
	redlinetest.Must(t, err)
	t.Cleanup(f.Abort)
	return f
}

func read(t *testing.T, f *folder.Folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(f.Path(name))
	redlinetest.Must(t, err)
	return string(text)
}

// features has a GeoJSON parser of others read text; it refuses invalid geometries.
func features(t *testing.T, text string) []geom.GeoJSONFeature {
	t.Helper()
	var fc geom.GeoJSONFeatureCollection
	redlinetest.Must(t, json.Unmarshal([]byte(text), &fc))
	for _, f := range fc.Features {
		if !f.Geometry.IsMultiPolygon() || f.Geometry.Area() == 0 || f.ID != f.Properties["cand_id"] {
			t.Fatalf("feature %v: %v", f.ID, f.Geometry.Summary())
		}
	}
	return fc.Features
}

// names are those of the files in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	redlinetest.Must(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
