package job

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/redline/scene"
	"greenshield/redline/survey"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func parse(t *testing.T, text string) *Job {
	t.Helper()
	j, err := Parse(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestParseTakesEveryKey(t *testing.T) {
	path := write(t, "\uFEFF# everything\r\n"+`
before: {files: [a.tif, "sub/b 2.tif"], year: 2010, band: 3, legend: my/l.csv}
after:
  files:
    - /abs/c.tif   # absolute
  year: 2012
  legend: clcd
between:
  - {year: 2011, files: [m.tif, n.tif], band: 2, crs: CGCS2000, legend: l.csv}
confirm:
  - {name: 另一产品, before: {year: 2009, files: [p.tif, q.tif], band: 4, crs: WGS84, legend: o.csv}, after: {year: 2013, files: [r.tif]}}
  - other:2011=s.tif|legend=t.csv
  - other:2012=u.tif
confirm_tolerance: 1
newest: {year: 2014, files: [v.tif], band: 2, crs: CGCS2000, legend: l.csv}
priority: model.json
priority_edited: true
priority_near: true
redline:
  - {file: r.gpkg, layer: 红线, fields: {id: "#", name: HXMC}}
  - file: r2.shp
    encoding: GBK
reserve:
  - file: n.shp
    fields: {id: BSM, name: 名称, func_zone: GNFQ, level: 1}
    zone_types:
      1: core
      "": nature_park
      '2': buffer
admin: {file: c.geojson, fields: {code: adcode, name: name}}
exempt: [e.geojson, {file: f.gpkg, layer: x}]
encoding: GB18030
rules: rules.csv
connectivity: 4
min_area: 0.5ha
min_part: 2 cells
min_severity: 2
align: true
accept_repairs: true
workers: 3
max_memory: 600MB
out: out
replace: true
formats: geojson, html, shp
suppressed: compact
shp_encoding: GBK
out_crs: EPSG:4549
survey: {dynamic_degree_divisor: 2, annualise: false, lcci_denominator: total, ranks: {ice: 3}}
image_before: a.vrt
image_after: b.vrt
map_service: 'https://map.example/?c={lon},{lat}'
basemap: https://tiles.example/{z}/{x}/{-y}.png?tk=1
region: 示例市
issuer: 示例市生态环境局
report_date: 2026-03-15
`)
	got, err := Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
	settings := survey.Default()
	settings.Divisor, settings.Annualise, settings.Denominator, settings.Ranks[landcover.Ice] = 2, false, survey.Total, 3
	want := &Job{
		Before:  Epoch{Files: []string{in("a.tif"), in("sub/b 2.tif")}, Year: 2010, Band: 3, Legend: in("my/l.csv")},
		After:   Epoch{Files: []string{"/abs/c.tif"}, Year: 2012, Legend: "clcd"},
		Between: []Maps{{Epoch: Epoch{Files: []string{in("m.tif"), in("n.tif")}, Year: 2011, Band: 2, CRS: "CGCS2000", Legend: in("l.csv")}}},
		Confirm: []Pair{
			{"另一产品", Epoch{Files: []string{in("p.tif"), in("q.tif")}, Year: 2009, Band: 4, CRS: "WGS84", Legend: in("o.csv")}, Epoch{Files: []string{in("r.tif")}, Year: 2013}},
			{"other", Epoch{Files: []string{in("s.tif")}, Year: 2011, Legend: in("t.csv")}, Epoch{Files: []string{in("u.tif")}, Year: 2012}}},
		ConfirmTolerance: 1, Newest: Epoch{Files: []string{in("v.tif")}, Year: 2014, Band: 2, CRS: "CGCS2000", Legend: in("l.csv")},
		Priority: in("model.json"), PriorityEdited: true, PriorityNear: true,
		RedLine: []Source{{File: in("r.gpkg"), Layer: "红线", Fields: map[string]string{"id": "#", "name": "HXMC"}}, {File: in("r2.shp"), Encoding: "GBK"}},
		Reserve: []Source{{File: in("n.shp"), Fields: map[string]string{"id": "BSM", "name": "名称", "func_zone": "GNFQ", "level": "1"},
			ZoneTypes: map[string]string{"1": "core", "": "nature_park", "2": "buffer"}}},
		Admin:    Source{File: in("c.geojson"), Fields: map[string]string{"code": "adcode", "name": "name"}},
		Exempt:   []Source{{File: in("e.geojson")}, {File: in("f.gpkg"), Layer: "x"}},
		Encoding: "GB18030", Rules: in("rules.csv"), Connectivity: 4,
		MinArea: redline.Size{M2: 5000}, MinPart: redline.Size{Cells: 2}, MinSeverity: 2,
		Align: true, AcceptRepairs: true, Workers: 3, MaxMemory: 600e6, Out: in("out"), Replace: true, Formats: GeoJSON | HTML | SHP, Suppressed: Compact, ShpEncoding: "GBK", OutCRS: "EPSG:4549", Survey: settings, ImageBefore: in("a.vrt"), ImageAfter: in("b.vrt"),
		MapService: "https://map.example/?c={lon},{lat}", Basemap: "https://tiles.example/{z}/{x}/{-y}.png?tk=1",
		Region: "示例市", Issuer: "示例市生态环境局", ReportDate: "2026-03-15", Path: path,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDefaults(t *testing.T) {
	j := parse(t, "before: {files: [a.tif], legend: clcd}\nafter: {files: b.tif, legend: clcd}\nredline: {file: r.gpkg}\n")
	want := Default()
	want.Before.Files, want.After.Files, want.RedLine, want.Path = j.Before.Files, j.After.Files, j.RedLine, j.Path
	want.Before.Legend, want.After.Legend = "clcd", "clcd"
	if !reflect.DeepEqual(j, want) || len(j.RedLine) != 1 || filepath.Base(j.After.Files[0]) != "b.tif" {
		t.Errorf("got  %+v\nwant %+v", j, want)
	}
	if want.Before.Year != 2015 || want.After.Year != 2020 || want.Rules != "green-shield" || want.Connectivity != 8 ||
		want.MinArea != (redline.Size{Cells: 4}) || want.MinPart != (redline.Size{Cells: 1}) || want.MinSeverity != 1 ||
		want.Workers != runtime.NumCPU() || want.MaxMemory != 2<<30 || want.Formats != AllFormats || want.Formats.Has(Exchange) ||
		want.ShpEncoding != "UTF-8" || want.OutCRS != "EPSG:4490" {
		t.Errorf("defaults are %+v", want)
	}
}

func TestDemoJobIsRead(t *testing.T) {
	j := parse(t, scene.Job(scene.Default()))
	if err := j.Validate(); err != nil {
		t.Error(err)
	}
	if j.Reserve[0].Encoding != "GBK" || j.Reserve[0].Fields["func_zone"] != "GNFQ" {
		t.Errorf("got %+v", j.Reserve)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown key", "rules: x\n\nmin_aera: 4cells\n", `:3: unknown key "min_aera"; did you mean "min_area"?`},
		{"swapped letters", "ruels: x\n", `:1: unknown key "ruels"; did you mean "rules"?`},
		{"nothing near", "qqqqqqqqqq: x\n", `:1: unknown key "qqqqqqqqqq"; valid here are before, after, between, confirm, confirm_tolerance, newest, redline, reserve, admin`},
		{"key of another place", "before: {out: x}\n", `:1: unknown key "out"; valid here are files, year, band, crs, legend`},
		{"in a list", "reserve:\n  - file: a.shp\n    feilds: {id: X}\n", `:3: unknown key "feilds"; did you mean "fields"?`},
		{"role", "redline:\n- file: a.shp\n  fields: {nam: X}\n", `:3: unknown key "nam"; did you mean "name"?`},
		{"zone types of a red line", "redline: [{file: a.shp, zone_types: {1: core}}]\n", `:1: unknown key "zone_types"; valid here are file, layer, encoding, crs, where, fields`},
		{"fields of exemptions", "exempt: [{file: a.shp, fields: {id: X}}]\n", `:1: unknown key "fields"`},
		{"merge key", "<<: {out: x}\n", ":1: not readable as YAML: anchors, aliases and merge keys"},
		{"twice", "out: a\nrules: b\nout: c\n", `:3: key "out" stands already in line 1; keep one of the two`},
		{"twice inside", "before: {year: 2015, year: 2016}\n", `:1: key "year" stands already in line 1`},
		{"zone type twice", "reserve:\n- file: a\n  zone_types:\n    1: core\n    '1': buffer\n", `:5: key "1" stands already in zone_types`},
		{"source without file", "rules: x\nredline: {layer: a}\n", `:2: redline names no file; write file: FILE`},
		{"item without file", "exempt:\n- file: a\n- encoding: GBK\n", `:3: an item of exempt names no file; write file: FILE`},
		{"counties without file", "admin: {fields: {name: x}}\n", `:1: admin names no file; write file: FILE`},
		{"zone type in two spellings", "reserve:\n- file: a\n  zone_types:\n    HXQ: core\n    ' hxq': buffer\n", `:5: key " hxq" stands already in zone_types, as "HXQ"; keep one of the two`},
		{"zone type unknown", "reserve:\n- file: a\n  zone_types:\n    1: cor\n", `:4: zone_types: "cor" is none of the zone types; did you mean "core"?`},
		{"zone type empty", "reserve:\n- file: a\n  zone_types:\n    1:\n", `:4: zone_types: "1" needs one of the zone types; valid here are core, `},
		{"year is text", "before: {year: twenty}\n", `:1: year: "twenty" is not a whole number from 1900 to 2100`},
		{"year in hex", "before: {year: 0x7df}\n", `:1: year: "0x7df" is not a whole number`},
		{"year with decimals", "before:\n  year: 2015.0\n", `:2: year: "2015.0" is not a whole number`},
		{"year implausible", "before: {year: 20150}\n", `:1: year: "20150" is not a whole number from 1900 to 2100`},
		{"band 0", "before: {band: 0}\n", `:1: band: "0" is not a whole number from 1 to 65535`},
		{"connectivity", "connectivity: 6\n", `:1: connectivity: "6" is neither 8 (edge and corner neighbours) nor 4 (edge neighbours)`},
		{"severity", "min_severity: 5\n", `:1: min_severity: "5" is not a whole number from 0 to 4`},
		{"toggle", "align: yes\n", `:1: align: "yes" is neither true nor false`},
		{"size without unit", "min_area: 4\n", `:1: min_area: "4" is not a size; write a number that is not negative and its unit, such as 4cells, 0.5ha or 5000m2`},
		{"size negative", "min_area: -1ha\n", `:1: min_area: "-1ha" is not a size`},
		{"size NaN", "min_area: .nan\n", `:1: min_area: ".nan" is not a size`},
		{"size absurd", "min_area: 1e308ha\n", `:1: min_area: "1e308ha" is not a size`},
		{"size larger than the earth", "min_area: 999999999999ha\n", `"999999999999ha" is larger than any raster`},
		{"size of other unit", "min_area: 4 acres\n", `"4 acres" is not a size`},
		{"memory", "max_memory: 2G\n", `:1: max_memory: "2G" is not an amount of memory`},
		{"memory too small", "max_memory: 1MB\n", `:1: max_memory: "1MB" is not between 64MiB and 1024TiB`},
		{"workers", "workers: 0\n", `:1: workers: "0" is not a whole number from 1`},
		{"map service without a place", "map_service: 'https://map.example/?c={lon}'\n",
			`:1: map_service: "https://map.example/?c={lon}" has no {lat}; write an address such as https://map.example/?center={lon},{lat}`},
		{"tiles without rows", "basemap: 'https://t.example/{z}/{x}.png'\n",
			`:1: basemap: "https://t.example/{z}/{x}.png" has no {y}; write an address such as https://tiles.example/{z}/{x}/{y}.png`},
		{"tiles of another word", "basemap: 'https://t.example/{s}/{z}/{x}/{y}.png'\n", `.png" is no address of a service; write an address such as https://`},
		{"tiles in a folder", "basemap: tiles/{z}/{x}/{y}.png\n", `:1: basemap: "tiles/{z}/{x}/{y}.png" is no address of a service`},
		{"expression in an address", "map_service: 'https://m.example/[%x%]{lon}{lat}'\n", `is no address of a service`},
		{"number field of name", "admin: {file: a, fields: {code: '#'}}\n", `:1: code: "#", the number of the feature, serves only as an id`},
		{"a list for one value", "out: [a, b]\n", `:1: out is not a list`},
		{"keys for one value", "out: {a: b}\n", `:1: out is one value, not keys with values`},
		{"one value for keys", "before: lc2015.tif\n", `:1: before needs keys with values, not "lc2015.tif"`},
		{"keys for a list of texts", "before:\n  files: {a: b}\n", `:2: files is a list of texts, not of keys`},
		{"no value", "rules: x\nout:\n", `:2: out has no value; write one, or remove the line`},
		{"null", "out: ~\n", `:1: out has no value`},
		{"empty text", "out: ''\n", `:1: out: the text is empty`},
		{"empty item", "before:\n  files:\n    - a.tif\n    -\n", `an item of files has no value`},
		{"bare list", "- a\n- b\n", `:1: keys with values (key: value) belong here`},
		{"bare text", "hello\n", `:1: keys with values (key: value) belong here`},
		{"nothing", "", `:1: the file holds no keys`},
		{"comments only", "# nothing\n", `:1: the file holds no keys`},
		{"second document", "out: a\n---\nout: b\n", `:3: a second document begins`},
		{"tab", "before:\n\tyear: 2015\n", `:2: a tab stands at the start of the line; indent with spaces`},
		{"NUL", "out: a\x00b\n", `:1: the line holds a control character`},
		{"line separator", "rules: x\nout: a\u2028b\n", `:2: the line holds a control character`},
		{"zone type as a list", "reserve:\n- file: a\n  zone_types:\n    1: [core]\n", `:4: zone_types: "1" needs one of the zone types; valid here are core, `},
		{"no space behind a colon", "before: {year:2015}\n", `:1: unknown key "year:2015"; did you mean "year"?`},
		{"two commas", "before: {files: [a,, b]}\n", `:1: not readable as YAML: did not find expected node content`},
		{"reserved character", "rules: x\nout: @a\n", `:2: not readable as YAML: found character that cannot start any token while scanning for the next token; write the value in quotes if it begins so`},
		{"GBK", "rules: x\nout: \xca\xe4\xb3\xf6\n", `:2: the text is not UTF-8`},
		{"UTF-16", "\xff\xfeo\x00", `:1: the text is not UTF-8`},
		{"anchor", "out: &a x\nrules: *a\n", `:1: not readable as YAML: anchors, aliases and merge keys (& * <<) are not read`},
		{"tag", "out: !!binary aGk=\n", `:1: not readable as YAML: tags (!) are not read`},
		{"bracket left open", "# job\nbefore: {files: [a.tif\nout: x\n", `:3: not readable as YAML: did not find expected ',' or ']' while parsing a flow sequence that begins in line 2`},
		{"bracket at the end", "rules: x\nout: [\n\n", `:2: not readable as YAML: did not find expected node content`},
		{"quote left open", "rules: x\nout: \"abc\n", `:2: not readable as YAML`},
		{"indent", "before:\n  year: 2015\n   band: 1\n", `:3: not readable as YAML: mapping values are not allowed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			j, err := Parse(path)
			if err == nil {
				t.Fatalf("no error, but %+v", j)
			}
			if !strings.HasPrefix(err.Error(), path+":") || !strings.Contains(err.Error(), tt.want) || redline.KindOf(err) != redline.Usage {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAllFaultsAreTold(t *testing.T) {
	_, err := Parse(write(t, "min_aera: 1ha\nbefore: {year: x}\nout: a\n"))
	if err == nil || !strings.Contains(err.Error(), ":1: unknown key") || !strings.Contains(err.Error(), ":2: year") {
		t.Errorf("got %v", err)
	}
}

// TestHostileFilesEnd: whatever a file holds, it is read to an end. That takes less than a second; only torture, which has
// the machine for itself, looks at the clock.
func TestHostileFilesEnd(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, maxBytes/len(s)) }
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	var keys strings.Builder
	for i := 0; keys.Len() < maxBytes-12; i++ {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	tests := map[string]string{
		"alias bomb": laughs, "100 MB": strings.Repeat("# comment\n", 1e7), "keys": keys.String(),
		"open brackets": fill("["), "closed brackets": fill("]"), "open braces": fill("{a: "), "dashes": fill("- "),
		"dashes by line": fill("- - - -\n"), "colons": fill(": "), "questions": fill("? "), "commas": "[" + fill(",")[1:],
		"percent": fill("%"), "anchors": fill("&a "), "quotes": fill("'"), "pairs": fill("a: "), "quoted": fill(`"a" `),
		"documents": fill("---\n"), "same key": fill("a:\n"), "items": "redline:\n" + fill("- a\n")[9:], "flow": "exempt: [" + fill("b,")[10:] + "]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, text)
			start := time.Now()
			_, err := Parse(path)
			if took := time.Since(start); took > 10*time.Second && os.Getenv("GREENSHIELD_TORTURE") != "" {
				t.Errorf("took %v", took)
			}
			if err == nil && name != "items" && name != "flow" { // which are merely long
				t.Error("no error")
			}
		})
	}
}

func TestParseOfNoFile(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{filepath.Join(dir, "none.yaml"): ": no such file", dir: ": is not a regular file"} {
		if _, err := Parse(path); err == nil || !strings.HasPrefix(err.Error(), path+want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("got %v", err)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]redline.Size{
		"0.5ha": {M2: 5000}, "4cells": {Cells: 4}, "4 cells": {Cells: 4}, "1cell": {Cells: 1}, "5000m2": {M2: 5000},
		"2.5 m²": {M2: 2.5}, "1km2": {M2: 1e6}, "0cells": {}, "0 ha": {}, "007cells": {Cells: 7},
	} {
		var s redline.Size
		if err := (size{&s}).Set(text); err != nil || s != want {
			t.Errorf("%q is %+v, %v, want %+v", text, s, err, want)
		}
		var again redline.Size
		if err := (size{&again}).Set(FormatSize(s)); err != nil || again != s {
			t.Errorf("%q is printed as %q", text, FormatSize(s))
		}
	}
	for _, text := range []string{"", "4", "ha", "-4cells", "+4cells", "NaNha", "Infha", "1e3ha", "1,5ha", "4  cells", "0x4cells", "4cells\n", ".5ha"} {
		if err := (size{new(redline.Size)}).Set(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestMemory(t *testing.T) {
	for text, want := range map[string]int64{"2GiB": 2 << 30, "600MB": 600e6, "1.5 GiB": 3 << 29, "64MiB": 64 << 20, "1TB": 1e12} {
		var n int64
		if err := (memory{&n}).Set(text); err != nil || n != want {
			t.Errorf("%q is %d, %v", text, n, err)
		}
		var again int64
		if err := (memory{&again}).Set((memory{&n}).String()); err != nil || again != n {
			t.Errorf("%q is printed as %q", text, (memory{&n}).String())
		}
	}
}

func TestSetOverridesTheFile(t *testing.T) {
	j := parse(t, "before: {files: [a.tif, b.tif], legend: clcd, year: 2001}\nredline: [{file: r.gpkg, fields: {id: X}}]\nmin_area: 9cells\nmin_part: 3cells\n")
	err := j.Set(map[string][]string{
		"before": {"x.tif"}, "legend": {"cnlucc"}, "after-legend": {"esa_cci"}, "redline": {"r.shp", "q.gpkg|layername=红 线"},
		"min-area": {"1ha"}, "align": {"true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(j.Before, Epoch{Files: []string{"x.tif"}, Year: 2001, Legend: "cnlucc"}) || j.After.Legend != "esa_cci" {
		t.Errorf("epochs are %+v, %+v", j.Before, j.After)
	}
	if len(j.RedLine) != 2 || j.RedLine[0].File != "r.shp" || j.RedLine[0].Fields != nil || j.RedLine[1].String() != "q.gpkg|layername=红 线" {
		t.Errorf("red line is %+v", j.RedLine)
	}
	if j.MinArea != (redline.Size{M2: 1e4}) || j.MinPart != (redline.Size{Cells: 3}) || !j.Align {
		t.Errorf("got %+v", j)
	}
}

func TestSetRefuses(t *testing.T) {
	for flag, c := range map[string]struct{ text, want string }{
		"before-year": {"abc", `--before-year: "abc" is not a whole number from 1900 to 2100`},
		"redline":     {"a.gpkg|layerid=1", `--redline: "a.gpkg|layerid=1" has parts besides the layer's name`},
		"reserve":     {"|layername=x", `--reserve: "|layername=x" names no file`},
		"admin":       {"a.gpkg|layername=", `--admin: "a.gpkg|layername=" names no layer`},
		"min-area":    {"NaN", `--min-area: "NaN" is not a size`},
		"report-date": {"2026-02-30", `--report-date: "2026-02-30" is not a date of the form 2026-03-15`},
		"region":      {" ", `--region: the text is empty`},
	} {
		if err := Default().Set(map[string][]string{flag: {c.text}}); err == nil || !strings.HasPrefix(err.Error(), c.want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	for text, want := range map[string]struct {
		set    Formats
		string string
	}{
		"all":            {AllFormats, "all"},
		"shp":            {GeoJSON | SHP, "geojson,shp"},
		"fgb":            {GeoJSON | FGB, "geojson,fgb"},
		"fgb,shp,all":    {AllFormats | SHP | FGB, "all,shp,fgb"},
		"shp, all":       {AllFormats | SHP, "all,shp"},
		"csv,html":       {GeoJSON | CSV | HTML, "geojson,csv,html"},
		"csv,all,csv":    {AllFormats, "all"},
		"html,xlsx,gpkg": {GeoJSON | GPKG | XLSX | HTML, "geojson,gpkg,xlsx,html"},
	} {
		var got, again Formats
		if err := got.Set(text); err != nil || got != want.set || got.String() != want.string {
			t.Errorf("%s: %v (%b), %v", text, got.String(), got, err)
		}
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%s: read again: %b, %v", text, again, err)
		}
	}
	if err := new(Formats).Set("all,pdf"); err == nil || !strings.HasPrefix(err.Error(), `"pdf" is no format; write all, or some of geojson, csv`) {
		t.Error(err)
	}
}

// The addresses of services belong to the identity of runs that write a project.
func TestChoicesOfServices(t *testing.T) {
	j := Default()
	if c := j.Choices(); c["map_service"] != nil || c["basemap"] != nil {
		t.Errorf("got %v", c)
	}
	j.MapService, j.Basemap = "https://m", "https://b"
	if c := j.Choices(); c["map_service"] != "https://m" || c["basemap"] != "https://b" {
		t.Errorf("got %v", c)
	}
	j.Formats = CSV
	if c := j.Choices(); c["map_service"] != nil || c["basemap"] != nil {
		t.Errorf("got %v", c)
	}
}

// The choices of files for exchange belong to the identity of runs that write them, and of no others.
func TestChoicesOfExchange(t *testing.T) {
	j := Default()
	if c := j.Choices(); c["out_crs"] != nil || c["shp_encoding"] != nil {
		t.Errorf("got %v", c)
	}
	j.Formats = FGB
	if c := j.Choices(); c["out_crs"] != "EPSG:4490" || c["shp_encoding"] != nil {
		t.Errorf("got %v", c)
	}
	j.Formats |= SHP
	if c := j.Choices(); c["out_crs"] != "EPSG:4490" || c["shp_encoding"] != "UTF-8" {
		t.Errorf("got %v", c)
	}
}

// What the head of the report says belongs to the identity of runs that write it, and of no others.
func TestChoicesOfReport(t *testing.T) {
	j := Default()
	j.Region, j.ReportDate = "示例市", "2026-03-15"
	c := j.Choices()
	if _, has := c["issuer"]; has || c["region"] != "示例市" || c["report_date"] != "2026-03-15" {
		t.Errorf("got %v", c)
	}
	j.Formats = CSV
	if c := j.Choices(); c["region"] != nil || c["report_date"] != nil {
		t.Errorf("got %v", c)
	}
}

func TestEveryFlagIsTaken(t *testing.T) {
	for _, f := range Flags() {
		if f.Usage == "" || f.Arg == "" && !f.Switch {
			t.Errorf("flag %+v is not described", f)
		}
		// A text that no value but a name takes: the flag must reach something.
		err := Default().Set(map[string][]string{f.Name: {""}})
		if err == nil {
			t.Errorf("--%s takes nothing", f.Name)
		}
	}
}

// TestSources: what may stand behind the name of a file.
func TestSources(t *testing.T) {
	for text, want := range map[string]Source{
		"a.gpkg":             {File: "a.gpkg"},
		"a.gpkg|layername=x": {File: "a.gpkg", Layer: "x"},
		"a.gpkg|crs=EPSG:1":  {File: "a.gpkg", CRS: "EPSG:1"},
		"a.gpkg|layername=x|zone_type=periphery|crs=+proj=aea +lat_1=25|where=a = '|' || b": {
			File: "a.gpkg", Layer: "x", ZoneType: "periphery", CRS: "+proj=aea +lat_1=25", Where: "a = '|' || b"},
		"a.shp|where=GNFQ <> '外围保护地带'": {File: "a.shp", Where: "GNFQ <> '外围保护地带'"},
		"a.shp|since=2018":             {File: "a.shp", Since: redline.Date{Year: 2018}},
		"a.shp|crs=WGS84|since=2018-06-30|where=b|since=1": {
			File: "a.shp", CRS: "WGS84", Since: redline.Date{Year: 2018, Month: 6, Day: 30}, Where: "b|since=1"},
	} {
		var got Source
		if err := got.Set(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"a|zone_type=cor":         `zone_type: "cor" is none of core, buffer, `,
		"a|zone_type=":            `"a|zone_type=" names no zone type; write FILE`,
		"a|since=":                `"a|since=" states no date; write FILE`,
		"a|since=0":               `since: "0" is not a date of the form 2018, 2018-06 or 2018-06-30`,
		"a|since=3/4/2018":        `since: "3/4/2018" is not a date`,
		"a|since=2018|since=2019": `"a|since=2018|since=2019" says since twice`,
		"a|crs=":                  `"a|crs=" states no CRS; write FILE`,
		"a|crs=EPSG:1|crs=EPSG:2": `"a|crs=EPSG:1|crs=EPSG:2" says crs twice`,
		"a|where= ":               `"a|where= " has no expression after where`,
		"a|x=1":                   `"a|x=1" has parts besides the layer's name`,
		"|where=a=1":              `"|where=a=1" names no file`,
	} {
		var got Source
		if err := got.Set(text); err == nil || !strings.HasPrefix(err.Error(), want) || !reflect.DeepEqual(got, Source{}) {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

func TestValidate(t *testing.T) {
	full := func() *Job {
		j := Default()
		j.Before = Epoch{Files: []string{"a.tif"}, Year: 2015, Legend: "clcd"}
		j.After = Epoch{Files: []string{"b.tif"}, Year: 2020, Legend: "clcd"}
		j.Reserve = []Source{{File: "n.shp"}}
		return j
	}
	if err := full().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*Job)
		want  string
	}{
		"no raster":         {func(j *Job) { j.After.Files = nil }, "no raster for after; name its files by --after FILE"},
		"no legend":         {func(j *Job) { j.Before.Legend = "" }, "no legend for before; name one by --legend"},
		"same year":         {func(j *Job) { j.After.Year = 2015 }, "the year of after (2015) is not later than that of before (2015)"},
		"year order":        {func(j *Job) { j.Before.Year = 2021 }, "the year of after (2020) is not later than that of before (2021)"},
		"zone type":         {func(j *Job) { j.RedLine = []Source{{File: "r.shp", ZoneType: "core"}} }, "r.shp: zone_type is for layers of reserves; leave it out"},
		"zone types":        {func(j *Job) { j.Reserve[0].ZoneType, j.Reserve[0].Fields = "core", map[string]string{"func_zone": "x"} }, "n.shp: zone_type says what all its features are, and zone_types or fields: {func_zone: …} what each one is; keep one of them"},
		"since":             {func(j *Job) { j.Exempt = []Source{{File: "e.shp", Since: redline.Date{Year: 2018}}} }, "e.shp: since is for layers of zones; leave it out"},
		"since of counties": {func(j *Job) { j.Admin = Source{File: "c.shp", Since: redline.Date{Year: 2018}} }, "c.shp: since is for layers of zones; leave it out"},
		"no zones":          {func(j *Job) { j.Reserve = nil }, "no zones; name a layer by --redline SRC or --reserve SRC"},
	} {
		j := full()
		c.spoil(j)
		if err := j.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := Default().Validate(); err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("not all that is missing is told: %v", err)
	}
}

func TestRelative(t *testing.T) {
	j := &Job{Path: "data/demo/job.yaml"}
	for path, want := range map[string]string{"data/demo/a.tif": "a.tif", "data/demo/s/b.tif": "s/b.tif", "data/c.tif": "data/c.tif", "/abs/d.tif": "/abs/d.tif"} {
		if got := j.Relative(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// TestReadmeNamesEveryOption holds the page for users against the list of options.
func TestReadmeNamesEveryOption(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Flags() {
		if !strings.Contains(string(text), "`--"+f.Name) {
			t.Errorf("--%s is not in README.md", f.Name)
		}
		if f.Default != "" && f.Name != "workers" && !strings.Contains(string(text), "| "+f.Default+" |") && !strings.Contains(string(text), "`"+f.Default+"`") && !strings.HasSuffix(f.Name, "-year") {
			t.Errorf("the default of --%s, %s, is not in README.md", f.Name, f.Default)
		}
	}
	var keys func([]option)
	keys = func(options []option) {
		for _, o := range options {
			if o.key != "" && !strings.Contains(string(text), "`"+o.key+"`") {
				t.Errorf("key %s is not in README.md", o.key)
			}
			keys(o.keys)
		}
	}
	j := Default()
	keys(j.options())
	keys((&Maps{}).options())
	keys((&Pair{}).options())
	keys((&Source{}).options([]string{"id", "name", "func_zone", "level"}, true))
}

// TestLedgerPath: a ledger is a file beside the job file, or the address of a database, which stays as it is.
func TestLedgerPath(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"ledger.gpkg": filepath.Join(dir, "ledger.gpkg"), "postgres://somebody@db/台账": "postgres://somebody@db/台账", "/data/l.gpkg": "/data/l.gpkg",
	} {
		path := filepath.Join(dir, "job.yaml")
		if err := os.WriteFile(path, []byte("ledger: "+text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if j, err := Parse(path); err != nil || j.Ledger != want {
			t.Errorf("%s: %q, %v", text, j.Ledger, err)
		}
	}
}

func TestAbsolute(t *testing.T) {
	folder := t.TempDir()
	write := filepath.Join(folder, "job.yaml")
	redlinetest.Must(t, os.WriteFile(write, []byte("before: {files: [a.tif, /maps/b.tif], legend: clcd}\n"+
		"redline: [{file: sub/zones.gpkg, layer: a, where: x > 1}]\nout: out\nledger: postgres://host/db\n"), 0o600))
	j, err := Parse(write)
	redlinetest.Must(t, err)
	j.After.Files = []string{"flag/c.tif"}
	before, choices := j, fmt.Sprint(j.Choices())
	files := slices.Concat(j.Before.Files, j.After.Files, []string{j.RedLine[0].File, j.Out})
	j = j.Absolute("/desk")
	if got := fmt.Sprint(j.Choices()); got != choices || fmt.Sprint(before.Choices()) != choices {
		t.Errorf("the choices %s become %s", choices, got)
	}
	if !slices.Equal(before.After.Files, []string{"flag/c.tif"}) {
		t.Error("the job itself is changed")
	}
	for i, path := range slices.Concat(j.Before.Files, j.After.Files, []string{j.RedLine[0].File, j.Out}) {
		if !filepath.IsAbs(path) || j.Relative(path) != before.Relative(files[i]) {
			t.Errorf("%s is %s, shown as %s", files[i], path, j.Relative(path))
		}
	}
	if got := j.After.Files[0]; got != "/desk/flag/c.tif" || j.Relative(got) != "flag/c.tif" || j.AsGiven(got) != "flag/c.tif" {
		t.Errorf("%s, shown as %s", got, j.Relative(got))
	}
	if j.Ledger != "postgres://host/db" || j.Before.Legend != "clcd" {
		t.Errorf("%s, %s are no paths", j.Ledger, j.Before.Legend)
	}
}
