package work

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
)

const wantHeader = "cand_id,patch_id,year_a,year_b,change,change_zh,from_eco,from_code,from_name,to_eco,to_code,to_name,from_mix," +
	"severity,rule_id,activity,basis,layer,zone_id,zone_name,zone_type,func_zone,zone_lvl,zones_all," +
	"area_ha,patch_ha,part_pct,cells,edge_pct,adm_code,adm_name,lon,lat,flags,verdict,exempt_pct"

func TestWriteGolden(t *testing.T) {
	f := begin(t)
	m := &record.Manifest{Program: "greenshield 1", Options: map[string]any{"connectivity": 8}}
	redlinetest.Must(t, writeScene(context.Background(), f, sceneA(), m))
	for name, want := range map[string]string{
		"candidates.geojson": `{"type":"FeatureCollection","name":"candidates","features":[
{"type":"Feature","id":"c1","properties":{"cand_id":"c1","patch_id":"p1","year_a":2015,"year_b":2020,"change":"construction","change_zh":"新增建设",` +
			`"from_eco":"forest","from_code":"2","from_name":"林地","to_eco":"built","to_code":"8","to_name":"不透水面","from_mix":"forest:62;cropland:38",` +
			`"severity":4,"rule_id":"construction/core","activity":"采矿","basis":"条例","layer":"reserve","zone_id":"R1","zone_name":"测试保护区","zone_type":"core",` +
			`"func_zone":"核心区","zone_lvl":"国家级","zones_all":"R1;L1","area_ha":0.810000,"patch_ha":1.080000,"part_pct":75.00,"cells":12,"edge_pct":0.00,` +
			`"adm_code":"340100","adm_name":"合肥市","lon":117.0000500,"lat":30.0000500,"flags":"EDGE;TOUCHES_NODATA","verdict":"unreviewed","exempt_pct":0.00},` +
			`"geometry":{"type":"MultiPolygon","coordinates":[[[[117,30],[117.0005,30],[117.0005,30.0005],[117,30.0005],[117,30]],` +
			`[[117.0001,30.0001],[117.0001,30.0002],[117.0002,30.0002],[117.0002,30.0001],[117.0001,30.0001]]],` +
			`[[[117.0005,30.0005],[117.00075,30.0005],[117.00075,30.00075],[117.0005,30.00075],[117.0005,30.0005]]]]}}
]}
`,
		"suppressed.csv": wantHeader + ",reason\n" +
			"c2,p1,2015,2020,construction,新增建设,forest,2,林地,built,8,不透水面,forest:62;cropland:38,2,construction/core,采矿,条例," +
			"reserve,R1,测试保护区,core,核心区,国家级,R1;L1,0.090000,1.080000,8.33,12,0.00,340100,合肥市,117.0000500,30.0000500,,unreviewed,0.00,below_min_area\n",
		"overlaps.csv": `cand_id,layer,zone_id,zone_name,zone_type,controls,area_ha
c1,redline,L1,"红线,一",redline,0,0.200000
c1,reserve,R1,测试保护区,core,1,0.810000
`,
		"coverage.csv": `layer,zone_id,zone_name,zone_type,func_zone,zone_lvl,source,feature,area_ha,in_raster_ha,outside_ha,outside_pct,nodata_ha,nodata_pct,controlled_ha,changed_ha,unruled_ha,candidates,candidate_ha,suppressed,suppressed_ha,status,inside_candidates,inside_candidate_ha,inside_suppressed,inside_suppressed_ha,inside_unruled_ha
redline,L1,"红线,一",redline,,,red.gpkg|z,1,50.000000,50.000000,0.000000,0.00,0.000000,0.00,49.000000,0.000000,0.000000,0,0.000000,0,0.000000,clean,0,0.000000,0,0.000000,0.000000
reserve,R1,测试保护区,core,核心区,国家级,res.shp,3,20.000000,15.000000,5.000000,25.00,0.090000,0.45,15.000000,0.900000,0.000000,1,0.810000,1,0.090000,changed,0,0.000000,0,0.000000,0.000000
reserve,R2,,periphery,,,res.shp,4,10.000000,0.000000,10.000000,100.00,0.000000,0.00,0.000000,0.000000,0.000000,0,0.000000,0,0.000000,not_covered,0,0.000000,0,0.000000,0.000000
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

	z, err := gzip.NewReader(strings.NewReader(read(t, f, files.PatchesName)))
	redlinetest.Must(t, err)
	text, err := io.ReadAll(z)
	redlinetest.Must(t, err)
	const wantPatches = "green-shield-patches 1\n" +
		`{"crs":"CGCS2000","epsg":4490,"wkt":"GEOGCRS[…]","origin_x":117,"origin_y":31,"cell_x":0.25,"cell_y":0.25,"cols":10,"rows":10}` + "\n" +
		"\x02p1\x0dnatural>built\x03" + // id, group, three runs
		"\x01\x04\x07" + // a row below row 0; 2 columns east, with a sign; 7 cells
		"\x01\x03\x04" + // a row below; 2 columns west; 4 cells
		"\x00\x02\x01" + // in that row; after 2 cells; 1 cell
		"\x00"
	if string(text) != wantPatches {
		t.Errorf("%s is\n%q\nwant\n%q", files.PatchesName, text, wantPatches)
	}

	var back record.Manifest
	redlinetest.Must(t, json.Unmarshal([]byte(read(t, f, record.Name)), &back))
	if back.Fingerprint != m.Identity() || back.Grid.EPSG != 4490 || back.Counts.CandidateHa != 0.81 || back.Counts.BySeverity["critical"] != 1 || len(back.Checks) != 7 {
		t.Errorf("manifest: %+v", back)
	}
	if len(back.Outputs) != 7 {
		t.Errorf("manifest lists %d outputs: %v", len(back.Outputs), back.Outputs)
	}
	for _, o := range back.Outputs {
		sum, n, err := record.HashFile(context.Background(), f.Path(o.Name))
		redlinetest.Must(t, err)
		if o != (record.File{Name: o.Name, Bytes: n, SHA256: sum}) {
			t.Errorf("%s: manifest says %v", o.Name, o)
		}
	}
}

// TestConfirmIsAnOutput: with pairs of maps there is a confirm.csv, which the manifest lists.
func TestConfirmIsAnOutput(t *testing.T) {
	f, sc, m := begin(t), sceneA(), new(record.Manifest)
	sc.confirm = []redline.Pair{{Name: "glc"}}
	sc.puts[0].c.Evidence = &redline.Evidence{Agreed: []redline.Agreement{{Same: 6000, Other: 2100}}}
	redlinetest.Must(t, writeScene(context.Background(), f, sc, m))
	const row = "c1,glc,0,0,74.07,25.93,0.00,0.00,1\n" // of c2, which is suppressed, there is none
	if got := read(t, f, files.ConfirmName); got != files.ConfirmHeader()+row {
		t.Errorf("%s is\n%s", files.ConfirmName, got)
	}
	sum, n, err := record.HashFile(context.Background(), f.Path(files.ConfirmName))
	redlinetest.Must(t, err)
	if !slices.Contains(m.Outputs, record.File{Name: files.ConfirmName, Bytes: n, SHA256: sum}) || len(m.Outputs) != 8 {
		t.Errorf("the manifest lists %v", m.Outputs)
	}
}

func TestWriteWithoutCandidates(t *testing.T) {
	f := begin(t)
	redlinetest.Must(t, writeScene(context.Background(), f, &scene{summary: redline.Summary{Grid: sceneA().summary.Grid}}, &record.Manifest{}))
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
		"patch lost":       {func(s *scene) { s.puts[0].c.Patch = nil }, "patches read back = patches with candidates: 0 against 1"},
		"cell lost":        {func(s *scene) { s.puts[0].c.Patch.Cells[0].Col1-- }, "cells of patches read back = cells of patches with candidates: 11 against 12"},
		"cell outside":     {func(s *scene) { s.puts[0].c.Patch.Cells[0].Col1 = 11 }, "patches.cells: what was written cannot be read back: patch 1: columns 2 to 11 of row 1 are no cells of the grid"},
		"one key twice":    {func(s *scene) { s.puts[1].key = s.puts[0].key }, "row 1, column 2, zone rank 0"},
		"one id twice":     {func(s *scene) { s.puts[1].c.ID = s.puts[0].c.ID }, "same id"},
	} {
		t.Run(name, func(t *testing.T) {
			f, sc := begin(t), sceneA()
			c.change(sc)
			redlinetest.WantFault(t, writeScene(context.Background(), f, sc, &record.Manifest{}), redline.Unbalanced, c.want)
			if _, err := os.Stat(f.Path(record.Name)); err == nil {
				t.Error("a manifest was written")
			}
		})
	}
}

func TestWriteInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := writeScene(ctx, begin(t), sceneA(), &record.Manifest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestHostileTexts(t *testing.T) {
	for name, text := range redlinetest.Hostile {
		t.Run(name, func(t *testing.T) {
			f, sc := begin(t), sceneA()
			valid := strings.ToValidUTF8(text, "")
			sc.zones[1].Name = text
			for i := range sc.puts {
				sc.puts[i].c.ZoneName = text
			}
			sc.puts[0].c.ID = "c1" + text
			redlinetest.Must(t, writeScene(context.Background(), f, sc, &record.Manifest{}))

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
				redlinetest.Must(t, err)
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

// What is wrong with the candidates that were written, and what the disk refuses, are told by the name that the user gave.
func TestReadBackFaults(t *testing.T) {
	f := begin(t)
	redlinetest.Must(t, os.WriteFile(f.Path(files.CandidatesName), []byte("{}"), 0o644))
	_, err := readBack(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Unbalanced, f.Shown(files.CandidatesName)+": feature 1: what was written cannot be read back")
	redlinetest.Must(t, os.Remove(f.Path(files.CandidatesName)))
	_, err = readBack(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Output, f.Shown(files.CandidatesName)+": cannot be read back: no such file")
	redlinetest.Must(t, os.Mkdir(f.Path(files.CandidatesName), 0o755)) // can be opened, not read
	_, err = readBack(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Output, f.Shown(files.CandidatesName)+": cannot be read back: is a directory")

	_, err = readPatches(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Output, f.Shown(files.PatchesName)+": cannot be read back: no such file")
	redlinetest.Must(t, os.WriteFile(f.Path(files.PatchesName), []byte("{}"), 0o644))
	_, err = readPatches(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Unbalanced, f.Shown(files.PatchesName)+": what was written cannot be read back")
	redlinetest.Must(t, os.Remove(f.Path(files.PatchesName)))
	redlinetest.Must(t, os.Mkdir(f.Path(files.PatchesName), 0o755))
	_, err = readPatches(t.Context(), f)
	redlinetest.WantFault(t, err, redline.Output, f.Shown(files.PatchesName)+": cannot be read back: is a directory")
}

// With maps between the epochs a candidate says when it changed, and the manifest by which rule that is known.
func TestWriteDated(t *testing.T) {
	f, sc := begin(t), dated()
	redlinetest.Must(t, writeScene(context.Background(), f, sc, &record.Manifest{}))
	if got, want := read(t, f, "candidates.geojson"), `,"flags":"EDGE;TOUCHES_NODATA","verdict":"unreviewed","exempt_pct":0.00,`+
		`"chg_year":2018,"chg_from":2016,"chg_to":2018,"chg_years":"2016:12.5;2018:80","date_grd":"A"}`; !strings.Contains(got, want) {
		t.Errorf("candidates.geojson is\n%s\nand lacks\n%s", got, want)
	}
	if got, want := read(t, f, "suppressed.csv"), ",unreviewed,0.00,,,,,,below_min_area\n"; !strings.Contains(got, want) {
		t.Errorf("suppressed.csv is\n%s\nand lacks\n%s", got, want)
	}
	m, err := record.Read(f.Path(""))
	redlinetest.Must(t, err)
	if d := m.Dating; d == nil || d.Steady != 2 || d.MajorityPct != 50 || d.TailPct != 5 || !strings.Contains(d.Rule, "MapBiomas") {
		t.Errorf("the manifest has the dating %+v", d)
	}
	f = begin(t)
	redlinetest.Must(t, writeScene(context.Background(), f, sceneA(), &record.Manifest{}))
	if got := read(t, f, record.Name); strings.Contains(got, "dating") {
		t.Errorf("without maps between the manifest is %s", got)
	}
}

// dated is sceneA with a map between the epochs.
func dated() *scene {
	sc := sceneA()
	sc.between = make([]redline.Epoch, 1)
	sc.puts[0].c.Dated = &redline.Dated{Year: 2018, From: 2016, To: 2018, Grade: redline.GradeA,
		Shares: []redline.YearShare{{Year: 2016, Pct: 12.5}, {Year: 2018, Pct: 80}}}
	return sc
}

// TestDocumented: README.md has every file, every column and every key.
func TestDocumented(t *testing.T) {
	readme, err := os.ReadFile("../files/README.md")
	redlinetest.Must(t, err)
	f := begin(t)
	redlinetest.Must(t, writeScene(context.Background(), f, dated(), &record.Manifest{}))
	var words []string
	for _, name := range names(t, f.Path("")) {
		words = append(words, name)
		if strings.HasSuffix(name, ".csv") {
			header, _, _ := strings.Cut(read(t, f, name), "\n")
			words = append(words, strings.Split(header, ",")...)
		}
	}
	var keys map[string]any
	redlinetest.Must(t, json.Unmarshal([]byte(read(t, f, record.Name)), &keys))
	for key := range keys {
		words = append(words, key)
	}
	for _, v := range redline.Verdicts() {
		words = append(words, v.String())
	}
	for _, s := range redline.Statuses() {
		words = append(words, s.String())
	}
	for _, w := range words {
		if !bytes.Contains(readme, []byte("`"+w+"`")) {
			t.Errorf("README.md does not explain `%s`", w)
		}
	}
}
