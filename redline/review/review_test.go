package review

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/qgis"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/spool"
	"greenshield/redline/work"
)

func TestStyle(t *testing.T) {
	var b bytes.Buffer
	redlinetest.Must(t, qgis.WriteQML(&b, candidateStyle(candidateFields())))
	fields := findings.Columns{}.Fields()
	var style struct {
		Renderer struct {
			Attr       string `xml:"attr,attr"`
			Categories []struct {
				Value  string `xml:"value,attr"`
				Symbol string `xml:"symbol,attr"`
				Label  string `xml:"label,attr"`
			} `xml:"categories>category"`
			Symbols []struct {
				Name  string  `xml:"name,attr"`
				Alpha float64 `xml:"alpha,attr"`
			} `xml:"symbols>symbol"`
		} `xml:"renderer-v2"`
		Fields []struct {
			Name   string `xml:"name,attr"`
			Widget struct {
				Type   string `xml:"type,attr"`
				Values []struct {
					Label string `xml:"name,attr"`
					Code  string `xml:"value,attr"`
				} `xml:"config>Option>Option>Option>Option"`
			} `xml:"editWidget"`
		} `xml:"fieldConfiguration>field"`
		Aliases []struct {
			Field string `xml:"field,attr"`
			Name  string `xml:"name,attr"`
		} `xml:"aliases>alias"`
		MapTip string `xml:"mapTip"`
	}
	dec := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	redlinetest.Must(t, dec.Decode(&style))
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if style.Renderer.Attr != bySeverity || len(style.Renderer.Categories) != 8 || len(style.Renderer.Symbols) != 8 {
		t.Fatalf("renderer: %+v", style.Renderer)
	}
	for i, want := range []string{"4 严重 critical", "3 较重 serious", "2 一般 medium", "1 提示 notice",
		"-4 严重，已核查", "-3 较重，已核查", "-2 一般，已核查", "-1 提示，已核查"} {
		c := style.Renderer.Categories[i]
		if got := c.Value + " " + c.Label; got != want || c.Symbol != style.Renderer.Symbols[i].Name || style.Renderer.Symbols[i].Alpha >= 0.5 != (i < 4) {
			t.Errorf("category %d: %q with symbol %s, want %q", i, got, c.Symbol, want)
		}
	}
	hidden := style.Fields[:2] // fid of the GeoPackage and id of the GeoJSON
	style.Fields = style.Fields[2:]
	for _, w := range hidden {
		if w.Widget.Type != "Hidden" {
			t.Errorf("%s is shown", w.Name)
		}
	}
	if len(style.Aliases) != len(fields) || len(style.Fields) != len(fields) {
		t.Fatalf("%d aliases, %d fields, want %d", len(style.Aliases), len(style.Fields), len(fields))
	}
	for i, f := range fields {
		if a := style.Aliases[i]; a.Field != f.Name || a.Name != f.Alias {
			t.Errorf("alias %d: %+v, want %s %s", i, a, f.Name, f.Alias)
		}
		w := style.Fields[i]
		if w.Name != f.Name || (w.Widget.Type == "ValueMap") != (f.Values != nil || f.Name == "flags") {
			t.Errorf("field %d: %+v", i, w)
		}
		if f.Name == "verdict" && (len(w.Widget.Values) != 6 || w.Widget.Values[0].Code != "unreviewed" || w.Widget.Values[0].Label != "待核查") {
			t.Errorf("verdicts: %+v", w.Widget.Values)
		}
	}
	if !strings.Contains(style.MapTip, `[% replace(replace("zone_name", '&', '&amp;'), '<', '&lt;') %]`) {
		t.Errorf("map tip: %s", style.MapTip)
	}
}

// TestFlagValues: every text that the field can hold has a label, in the order in which candidates have flags.
func TestFlagValues(t *testing.T) {
	labels := map[string]string{}
	for _, v := range flagValues(true) {
		labels[v.Code] = v.Label
	}
	if len(labels) != 64 || len(flagValues(true)) != 64 || len(flagValues(false)) != 32 {
		t.Errorf("%d texts, %d of them different, %d without dates", len(flagValues(true)), len(labels), len(flagValues(false)))
	}
	for code, want := range map[string]string{
		"": "无", "SLIVER": "裁切后窄于一个像元", "EDGE;EXEMPT": "可由错位解释，在已批准项目内", strings.Join(redline.Flags(), ";"): "可由错位解释，裁切后窄于一个像元，与无数据相接，与数据边缘相接，在已批准项目内，年际反复",
	} {
		if labels[code] != want {
			t.Errorf("%q reads %q, want %q", code, labels[code], want)
		}
	}
}

// TestForm: every field stands in the form once, and what the reviewer fills in comes first.
func TestForm(t *testing.T) {
	fields := append(candidateFields(), reviewFields()...)
	tabs := candidateForm(fields)
	if len(tabs) != 2 || len(tabs[0].Groups) != 2 {
		t.Fatalf("tabs: %+v", tabs)
	}
	first, facts := tabs[0].Groups[0], tabs[0].Groups[1]
	if got := strings.Join(first.Fields, " "); got != "verdict rev_reason rev_note reviewer rev_date" {
		t.Errorf("the form begins with %s", got)
	}
	count := map[string]int{}
	for _, name := range slices.Concat(first.Fields, facts.Fields, tabs[1].Fields) {
		count[name]++
	}
	for _, f := range fields {
		if count[f.Name] != 1 || f.Editable != slices.Contains(first.Fields, f.Name) {
			t.Errorf("%s stands in the form %d times; editable: %v", f.Name, count[f.Name], f.Editable)
		}
	}
	if len(count) != len(fields) {
		t.Errorf("%d fields in the form, want %d", len(count), len(fields))
	}
}

// TestActions: each action has an id of its own and its own Python; only verdicts that say something can be clicked.
func TestActions(t *testing.T) {
	seen := map[string]bool{}
	verdicts := 0
	for _, a := range candidateActions(nil) {
		if seen[a.ID] || seen[a.Does] {
			t.Errorf("%s has the id %s and does\n%s", a.Name, a.ID, a.Does)
		}
		seen[a.ID], seen[a.Does] = true, true
		for _, v := range redline.Verdicts() {
			if v.Chinese() == a.Name {
				verdicts++
				if !strings.Contains(a.Does, `judge.verdict("`+v.String()+`", "`+a.Name+`", "[% $id %]")`) {
					t.Errorf("%s does\n%s", a.Name, a.Does)
				}
			}
		}
	}
	if verdicts != 3 || candidateStyle(candidateFields()).Actions != nil {
		t.Errorf("%d verdicts; a style of candidates.geojson with actions, which nobody would read back", verdicts)
	}
}

// TestMapServiceAction: the address is asked with the place of the candidate, and only when there is an address.
func TestMapServiceAction(t *testing.T) {
	with, without := tableGroups(findings.Columns{}.Fields(), "https://m.example/?p={lon},{lat}&z=1")[0].Layers[0].Style.Actions, tableGroups(findings.Columns{}.Fields(), "")[0].Layers[0].Style.Actions
	if len(with) != len(without)+1 {
		t.Fatalf("%d and %d actions", len(with), len(without))
	}
	last := with[len(with)-1]
	const want = `https://m.example/?p=[% format_number("lon", 6, 'en') %],[% format_number("lat", 6, 'en') %]&z=1`
	if last.Name != "地图服务" || last.Type != qgis.URLAction || last.Does != want || last.ID == without[len(without)-1].ID {
		t.Errorf("got %+v", last)
	}
}

// hostile are texts that must do no harm.
var hostile = []string{`<img src=x onerror=alert(1)>`, `=cmd|' /C calc'!A0`, "\u202Efdp.exe", `a "quoted" 'name'`, strings.Repeat("绿盾保护区", 40), "a\x00b\x01", "\xff", `'); DROP TABLE candidates; --`, "|layername=x"}

// run writes a run of hostile zones, each with one candidate and one suppressed change, and returns its folder.
func run(t *testing.T) string {
	t.Helper()
	grid := raster.Grid{OriginX: 117, OriginY: 32, CellX: 0.001, CellY: 0.001, Cols: 1000, Rows: 1000, CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
	earth, err := raster.NewEarth(grid, nil, nil)
	redlinetest.Must(t, err)
	in := &redline.Inputs{Grid: grid, Earth: earth, Before: redline.Epoch{Year: 2015}, After: redline.Epoch{Year: 2020}}
	for i, name := range hostile {
		u := float64(10 * i)
		in.Zones = append(in.Zones, redline.Zone{Layer: redline.LayerReserve, ID: fmt.Sprint("Z", i), Name: name, Type: redline.Core, TotalM2: 1e6,
			Shape: orb.MultiPolygon{{{{u, 0}, {u + 9, 0}, {u + 9, 9}, {u, 9}, {u, 0}}}}})
	}
	target := filepath.Join(t.TempDir(), "out")
	f, err := folder.Begin(target, false)
	redlinetest.Must(t, err)
	defer f.Abort()
	s, err := spool.New(f, in, findings.Columns{}, true)
	redlinetest.Must(t, err)
	sum := &redline.Summary{Grid: grid, YearA: 2015, YearB: 2020}
	for i, name := range hostile {
		z := &in.Zones[i]
		x := 117 + 0.01*float64(i)
		c := redline.Candidate{ID: fmt.Sprint("C", i), YearA: 2015, YearB: 2020, ChangeZH: name, Severity: redline.Severity(1 + i%4), Layer: z.Layer, ZoneID: z.ID, ZoneName: name, ZoneType: "core",
			AreaM2: 900, PatchM2: 900, Cells: 1, Lon: x + 0.0001, Lat: 31.9999,
			Geometry: orb.MultiPolygon{{{{x, 31.999}, {x + 0.001, 31.999}, {x + 0.001, 32}, {x, 32}, {x, 31.999}}}}}
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(2 * i)}, &c, nil))
		c.ID, c.Reason, c.Geometry = fmt.Sprint("S", i), redline.ReasonArea, nil
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(2*i + 1)}, &c, nil))
		controlled := z.Shape
		if i == 0 {
			controlled = nil // other zones control all of it
		}
		sum.Zones = append(sum.Zones, redline.ZoneTotal{Zone: z, TotalM2: 1e6, ControlledM2: 5e5, Candidates: 1, CandidateM2: 900, Suppressed: 1, SuppressedM2: 900, Controlled: controlled})
		sum.Candidates, sum.CandidateM2, sum.Suppressed = sum.Candidates+1, sum.CandidateM2+900, sum.Suppressed+1
	}
	rasters := Rasters{Before: []Raster{{Path: filepath.Join(filepath.Dir(target), "a<b>&.tif"), Band: 1}}, After: []Raster{{Path: "/elsewhere/c.tif", Band: 2}},
		ImageAfter: Raster{Path: filepath.Join(filepath.Dir(target), "image.tif")}}
	redlinetest.Must(t, work.Write(context.Background(), f, work.Found{Inputs: in, Summary: sum, Spool: s}, &record.Manifest{}, CandidatesStyle, GPKG, Project(rasters, Services{"https://m.example/?p={lon},{lat}&a", "https://t.example/{z}/{x}/{y}?a=1&b"})))
	redlinetest.Must(t, f.Publish(t.Context()))
	return target
}

// TestGPKG reads every layer with GDAL.
func TestGPKG(t *testing.T) {
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no ogr2ogr: install gdal-bin")
	}
	folder := run(t)
	for layer, prefix := range map[string]string{"candidates": "C", "suppressed": "S", "zones": "", "coverage": ""} {
		text, err := exec.Command("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", filepath.Join(folder, gpkgName), layer).Output()
		redlinetest.Must(t, err)
		var read struct {
			Features []struct {
				Properties map[string]any
				Geometry   *struct {
					Type        string
					Coordinates json.RawMessage
				}
			}
		}
		redlinetest.Must(t, json.Unmarshal(text, &read))
		if len(read.Features) != len(hostile) {
			t.Errorf("%s: %d features", layer, len(read.Features))
		}
		for i, f := range read.Features {
			want := strings.ToValidUTF8(strings.ReplaceAll(hostile[i], "\x00", "\uFFFD"), "\uFFFD")
			if got := f.Properties["zone_name"]; got != want {
				t.Errorf("%s: the zone %q is called %q", layer, want, got)
			}
			if prefix != "" && f.Properties["cand_id"] != fmt.Sprint(prefix, i) {
				t.Errorf("%s: feature %d is %v", layer, i, f.Properties["cand_id"])
			}
			wantType := "MultiPolygon"
			if layer == "suppressed" {
				wantType = "Point"
			}
			if none := layer == "coverage" && i == 0; none != (f.Geometry == nil) || !none && f.Geometry.Type != wantType {
				t.Errorf("%s: feature %d lies in %+v", layer, i, f.Geometry)
			}
		}
	}
	// Through the spatial index, one zone's ground and nothing else.
	text, err := exec.Command("ogrinfo", "-ro", "-so", "-spat", "117.0105", "31.9921", "117.0106", "31.9922", filepath.Join(folder, gpkgName), "zones").Output()
	redlinetest.Must(t, err)
	if !strings.Contains(string(text), "Feature Count: 1\n") {
		t.Errorf("found in a small box: %s", text)
	}
	for _, name := range []string{"-journal", "-wal", "-shm"} {
		if _, err := os.Stat(filepath.Join(folder, gpkgName+name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}

func TestSameBytes(t *testing.T) {
	var first [2][]byte
	for i := range 3 {
		folder := run(t)
		for k, name := range []string{gpkgName, "review.qgz"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			redlinetest.Must(t, err)
			if i == 0 {
				first[k] = text
			} else if !bytes.Equal(text, first[k]) {
				t.Errorf("%s differs", name)
			}
		}
	}
}

// TestProject: the project is XML that names every layer, with paths relative to the folder.
func TestProject(t *testing.T) {
	z, err := zip.OpenReader(filepath.Join(run(t), "review.qgz"))
	redlinetest.Must(t, err)
	defer z.Close()
	in, err := z.Open("review.qgs")
	redlinetest.Must(t, err)
	text, err := io.ReadAll(in)
	redlinetest.Must(t, err)
	var read struct {
		Layers []struct {
			ID     string `xml:"id"`
			Source string `xml:"datasource"`
		} `xml:"projectlayers>maplayer"`
	}
	redlinetest.Must(t, xml.Unmarshal(text, &read))
	if !utf8.Valid(text) {
		t.Error("no UTF-8")
	}
	sources := map[string]string{}
	for _, l := range read.Layers {
		sources[strings.TrimPrefix(l.ID, qgis.IDPrefix)] = l.Source
	}
	for id, want := range map[string]string{
		"candidates": "./review.gpkg|layername=candidates",
		"zones":      "./review.gpkg|layername=zones", "coverage": "./review.gpkg|layername=coverage", "suppressed": "./review.gpkg|layername=suppressed", "before_1": "../a<b>&.tif", "overlaps": "./overlaps.csv", "basemap": "type=xyz&zmin=0&zmax=18&url=https://t.example/%7Bz%7D/%7Bx%7D/%7By%7D?a%3D1%26b", "image_after": "../image.tif",
	} {
		if sources[id] != want {
			t.Errorf("%s is at %q, want %q", id, sources[id], want)
		}
	}
	if len(sources) != 9 || !strings.HasSuffix(sources["after_1"], "/elsewhere/c.tif") {
		t.Errorf("layers: %v", sources)
	}
}
