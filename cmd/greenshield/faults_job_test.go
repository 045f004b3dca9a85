package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// ruleHead names the columns of a rule table.
const ruleHead = "change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n"

// rules makes the job use a rule table of these rows; "*" as the zone type stands for
// a row for each.
func (f folder) rules(rows ...string) {
	f.t.Helper()
	text := ruleHead
	for _, row := range rows {
		for _, zone := range []string{"core", "buffer", "unzoned", "core_protection", "experimental", "general_control", "nature_park", "redline", "periphery"} {
			text += strings.Replace(row, "*", zone, 1) + "\n"
			if !strings.Contains(row, "*") {
				break
			}
		}
	}
	f.check(os.WriteFile(f.path("mine.csv"), []byte(text), 0o666))
	f.edit("rules: green-shield", "rules: mine.csv")
}

// legend makes the job use a legend of these rows for the year 2020.
func (f folder) legend(rows ...string) {
	f.t.Helper()
	text := "code,name_en,name_zh,color,ecosystem\n" + strings.Join(rows, "\n") + "\n"
	f.check(os.WriteFile(f.path("mine.csv"), []byte(text), 0o666))
	f.edit("year: 2020, legend: clcd", "year: 2020, legend: mine.csv")
}

// TestJobFaults spoils the job file, the legend and the rules, one fault at a time.
func TestJobFaults(t *testing.T) {
	edit := func(old, new string) func(folder) { return func(f folder) { f.edit(old, new) } }
	rules := func(rows ...string) func(folder) { return func(f folder) { f.rules(rows...) } }
	legend := func(rows ...string) func(folder) { return func(f folder) { f.legend(rows...) } }
	const melting = "melting,消融,ice,bare,*,1,none,none,,"
	testFaults(t, []fault{
		{name: "C01 unknown key", spoil: edit("min_area:", "min_aera:"), status: 10,
			want: `job.yaml:10: unknown key "min_aera"; did you mean "min_area"?`},
		{name: "C01 unknown key inside", spoil: edit("encoding: GBK", "encodnig: GBK"), status: 10,
			want: `job.yaml:6: unknown key "encodnig"; did you mean "encoding"?`},
		{name: "C02 key twice", spoil: edit("out: out", "min_area: 1 ha\nout: out"), status: 10,
			want: `job.yaml:11: key "min_area" stands already in line 10; keep one of the two`},
		{name: "C02 key twice inside", spoil: edit("year: 2015,", "year: 2015, year: 2016,"), status: 10,
			want: `job.yaml:3: key "year" stands already in line 3; keep one of the two`},
		{name: "C03 two severities of one transition", spoil: rules(melting, "melting,消融,ice,bare,core,2,none,none,,"), status: 10,
			want: "mine.csv:11: contradicts line 2: ice→bare in core has two rows in the same period"},
		{name: "C03 two change types of one transition", spoil: rules(melting, "thaw,解冻,ice,bare|wetland,*,1,none,none,,"), status: 10,
			want: "mine.csv:11: contradicts line 2: ice→bare belongs to both thaw and melting in the same period"},
		{name: "C03 periods that overlap by a day", spoil: rules("melting,消融,ice,bare,*,1,none,none,,2020-12-31", "melting,消融,ice,bare,*,2,none,none,2020-12-31,"), status: 10,
			want: "mine.csv:11: contradicts line 2: ice→bare in core has two rows in the same period"},
		{name: "C04 unknown legend", spoil: edit("year: 2020, legend: clcd", "year: 2020, legend: clcdd"), status: 10,
			want: `after: unknown legend "clcdd", and no CSV file (ending in .csv); did you mean "clcd"?`},
		{name: "C04 rule of an unknown class", spoil: rules("melting,消融,icee,bare,*,1,none,none,,"), status: 10,
			want: `mine.csv:2: from: unknown ecosystem class "icee"; did you mean "ice"?`},
		{name: "C04 legend with an unknown class", spoil: legend("1,Cropland,耕地,,corpland"), status: 10,
			want: `mine.csv:2: code 1: …"corpland"…; valid are nodata, …`},
		{name: "C04 code twice in the legend", spoil: legend("1,Cropland,耕地,,cropland", "1,Forest,林地,,forest"), status: 10,
			want: "mine.csv:3: code 1 stands already in line 2; keep one of the two"},
		{name: "C04 rule for some zones only", spoil: rules("melting,消融,ice,bare,core,1,none,none,,"), status: 10,
			want: "mine.csv:2: melting has no rule on 2020-12-31 for zone type buffer, …; add rows for it or extend their periods"},
		{name: "C04 transitions without a rule", spoil: rules(melting), status: 0, check: func(f folder, _ outcome, out string) {
			if c := readManifest(f.t, out).Counts; c.ChangedCells == 0 || c.UnruledCells != c.ChangedCells || c.Candidates+c.Suppressed != 0 {
				f.t.Errorf("counts are %+v", c)
			}
		}},
		{name: "C05 row behind a wider one", spoil: rules("loss,损失,forest|wetland,built,*,4,none,none,,", "loss,损失,wetland,built,core,1,none,none,,"), status: 10,
			want: "mine.csv:11: contradicts line 2: wetland→built in core has two rows in the same period"},
		{name: "C06 no unit", spoil: edit("4 cells", "4"), status: 10, want: `job.yaml:10: min_area: "4" is not a size; write a number that is not negative and its unit, such as 4cells, 0.5ha or 5000m2`},
		{name: "C06 unknown unit", spoil: edit("4 cells", "4 mu"), status: 10, want: `job.yaml:10: min_area: "4 mu" is not a size; …`},
		{name: "C06 negative", spoil: edit("4 cells", "-0.1ha"), status: 10, want: `job.yaml:10: min_area: "-0.1ha" is not a size; …`},
		{name: "C06 NaN", spoil: edit("4 cells", ".nan"), status: 10, want: `job.yaml:10: min_area: ".nan" is not a size; …`},
		{name: "C06 NaN with a unit", spoil: edit("4 cells", "NaN ha"), status: 10, want: `job.yaml:10: min_area: "NaN ha" is not a size; …`},
		{name: "C06 1e308", spoil: edit("4 cells", "1e308ha"), status: 10, want: `job.yaml:10: min_area: "1e308ha" is not a size; …`},
		{name: "C06 309 digits", spoil: edit("4 cells", "1"+strings.Repeat("0", 308)+"ha"), status: 10, want: `job.yaml:10: min_area: "1000…000ha" is …`},
		{name: "C06 larger than the earth", spoil: edit("4 cells", "99999999999 ha"), status: 10, want: `job.yaml:10: min_area: "99999999999 ha" is larger than any raster`},
		{name: "C06 list for a number", spoil: edit("4 cells", "[4 cells]"), status: 10, want: `job.yaml:10: min_area is not a list; write it without brackets and dashes`},
		{name: "C06 text for a number", spoil: edit("year: 2015", "year: twenty"), status: 10, want: `job.yaml:3: year: "twenty" is not a whole number from 1900 to 2100`},
		{name: "C06 text for a switch", spoil: edit("out: out", "align: maybe\nout: out"), status: 10, want: `job.yaml:11: align: "maybe" is neither true nor false`},
		{name: "C06 severity of a rule", spoil: rules("melting,消融,ice,bare,*,1e308,none,none,,"), status: 10, want: `mine.csv:2: severity "1e308" is none of 0, 1, 2, 3, 4`},
		{name: "C08 missing rules", spoil: edit("rules: green-shield", "rules: mine.csv"), status: 10, want: `rule table mine.csv: no such file`},
		{name: "C08 two missing at once", spoil: func(f folder) { f.remove("lc2015.tif"); f.remove("reserves.prj") }, status: 11,
			want: "lc2015.tif: no such file\nreserves.shp: layer has no CRS…"},
		{name: "C08 line break in the name of a missing file", spoil: edit("files: [lc2020.tif]", `files: ["lc\n\e[31m.tif"]`), status: 11,
			want: `lc\n\u001b[31m.tif: no such file`},
		{name: "C09 id in two layers", spoil: edit("redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]",
			"redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM}}, {file: redline.gpkg, layer: redline, fields: {id: HXBM}}]"), status: 12,
			want: `redline.gpkg: zones of the layer redline share an id (… of the … in this file): …`},
		{name: "C10 years exchanged", spoil: edit("year: 2015", "year: 2021"), status: 10,
			want: "the year of after (2020) is not later than that of before (2021); correct --after-year or --before-year, or exchange the rasters"},
		{name: "C10 equal years", spoil: edit("year: 2015", "year: 2020"), status: 10,
			want: "the year of after (2020) is not later than that of before (2020); correct …"},
		{name: "C10 year to come", spoil: edit("year: 2020", "year: 2099"), status: 10,
			want: fmt.Sprintf("the year of after (2099) is still to come: it is %d by this machine's clock; correct --after-year, or the clock", time.Now().Year())},
		{name: "C10 no year of ours", spoil: edit("year: 2020", "year: 20200"), status: 10, want: `job.yaml:4: year: "20200" is not a whole number from 1900 to 2100`},
		{name: "C12 version of a later program", spoil: edit("before:", "version: 2\nbefore:"), status: 10, want: `job.yaml:3: unknown key "version"; …`},
	})
}

// TestUnits: the same size in other words is the same size.
func TestUnits(t *testing.T) {
	f := folder{t, newSample(t)}
	var want map[string]string
	for _, size := range []string{"0.5ha", "0.5 ha", "5000m2", "5000 m²", "0.005km2"} {
		out := "out " + strings.ReplaceAll(size, "/", "")
		here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--min-area", size, "--out", out}, plainly)...).want(t, 0)
		got := contents(t, f.path(out))
		if want == nil {
			want = got
		}
		sameFiles(t, got, want, tellOfInputs...)
	}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--min-area", "5ha", "--out", "other"}, plainly)...).want(t, 0)
	if contents(t, f.path("other"))["candidates.geojson"] == want["candidates.geojson"] {
		t.Error("C06: the size makes no difference")
	}
}

// TestHostileFiles: whatever a job file, legend or rule table holds, it is refused, and before it has been blown up: what
// is allocated on the way is bounded.
func TestHostileFiles(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", 'b'+i, 'b'+i, strings.Repeat(fmt.Sprintf("*%c, ", 'a'+i), 9))
	}
	for _, c := range []struct {
		name, file, text string
		size             int64 // the file is that long, by zeros at its end
		want             string
	}{
		{"C07 bomb of aliases", "job.yaml", bomb, 0, "job.yaml:1: not readable as YAML: anchors, aliases and merge keys (& * <<) are not read; …"},
		{"C07 100 MB", "job.yaml", "out: out\n", 100 << 20, "job.yaml: is larger than a job file may be (64 KiB); …"},
		{"C07 deep brackets", "job.yaml", "out: " + strings.Repeat("[", 30000), 0, "job.yaml:1: not readable as YAML: …"},
		{"C07 NUL", "job.yaml", "out: o\x00t\n", 0, "job.yaml:1: the line holds a control character; remove it"},
		{"C07 tab", "job.yaml", "before:\n\tyear: 2015\n", 0, "job.yaml:2: a tab stands at the start of the line; indent with spaces"},
		{"C07 UTF-16", "job.yaml", "\xff\xfeo\x00u\x00t\x00", 0, "job.yaml:1: the text is not UTF-8; save the file as UTF-8"},
		{"C07 GBK", "job.yaml", "out: \xca\xe4\xb3\xf6\n", 0, "job.yaml:1: the text is not UTF-8; save the file as UTF-8"},
		{"C07 empty", "job.yaml", "", 0, "job.yaml:1: the file holds no keys; see greenshield run --help for an example"},
		{"C07 rules of 100 MB", "mine.csv", ruleHead, 100 << 20, "rule table mine.csv: has 104857600 bytes, too many for a rule table"},
		{"C07 rules of 1 MiB and a byte", "mine.csv", ruleHead, 1<<20 + 1, "rule table mine.csv: has 1048577 bytes, too many for a rule table"},
		{"C07 value of a million characters in the rules", "mine.csv", ruleHead + strings.Repeat("x", 1_000_000) + ",,,,,,,,,\n", 0, "mine.csv:2: value 1 has 1000000 characters, at most 1000 are taken; shorten it"},
		{"C07 NUL in the rules", "mine.csv", ruleHead + "a\x00b,,,,,,,,,\n", 0, "mine.csv:2: the text is not UTF-8; save the file as CSV UTF-8"},
		{"C07 quote left open in the rules", "mine.csv", ruleHead + `"` + strings.Repeat("x,\n", 100000), 0, "mine.csv:2: not readable as CSV: …"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			f.edit("rules: green-shield", "rules: mine.csv")
			f.check(os.WriteFile(f.path(c.file), []byte(c.text), 0o666))
			if c.size > 0 {
				f.check(os.Truncate(f.path(c.file), c.size))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			o := here(t, f.dir, "run", "job.yaml", "--quiet")
			runtime.ReadMemStats(&after)
			o.want(t, 10)
			var got []string
			for line := range strings.Lines(o.stderr) {
				if message, ok := strings.CutPrefix(line, "greenshield: "); ok {
					got = append(got, strings.TrimSuffix(message, "\n"))
				}
			}
			if len(got) == 0 || !like(got[0], c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb >= 16 {
				t.Errorf("allocates %d MB", mb)
			}
			f.tidy()
		})
	}
	t.Run("C07 byte order mark and Windows line ends", func(t *testing.T) {
		f := folder{t, newSample(t)}
		text, err := os.ReadFile(f.path("job.yaml"))
		f.check(err)
		f.check(os.WriteFile(f.path("job.yaml"), []byte("\uFEFF"+strings.ReplaceAll(string(text), "\n", "\r\n")), 0o666))
		here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson").want(t, 0)
	})
}

// TestNames: files and folders may be called anything.
func TestNames(t *testing.T) {
	home := newSample(t)
	here(t, home, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	want := contents(t, filepath.Join(home, "out"))
	names, err := filepath.Glob(filepath.Join(home, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, folder string }{
		{"C08 Chinese", "红线 图层 2020年"}, {"C08 spaces", "  two  spaces "}, {"C08 line break", "line\nbreak"}, {"C08 tilde", "~"}, {"C08 dollar", "$HOME"},
		{"C08 quotes", `it's "quoted"`}, {"C08 dash", "-x"}, {"C08 not UTF-8", "\xca\xe4"}, {"C08 percent and question mark", "50%?#&.zip"}, {"C08 dots above", "a/../b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := folder{t, t.TempDir()}
			f.check(os.MkdirAll(f.path("a"), 0o777))
			f.check(os.MkdirAll(f.path(c.folder), 0o777))
			text := ""
			for _, name := range names {
				if filepath.Base(name) == "job.yaml" {
					b, err := os.ReadFile(name)
					f.check(err)
					text = string(b)
				} else {
					f.check(os.Link(name, filepath.Join(f.path(c.folder), filepath.Base(name))))
				}
			}
			// The job stands beside the folder, when YAML can name that; else inside.
			if quoted, err := json.Marshal(c.folder); strings.ToValidUTF8(c.folder, "") == c.folder && err == nil {
				for _, name := range []string{"lc2015.tif", "lc2020.tif", "redline.gpkg", "reserves.shp", "counties.geojson", "exempt.geojson"} {
					text = strings.Replace(text, name, string(quoted[:len(quoted)-1])+"/"+name+`"`, 1)
				}
				text = strings.Replace(text, "out: out", "out: "+string(quoted[:len(quoted)-1])+`/out"`, 1)
				f.check(os.WriteFile(f.path("job.yaml"), []byte(text), 0o666))
				here(t, "/", slices.Concat([]string{"run", f.path("job.yaml")}, plainly)...).want(t, 0) // from elsewhere: paths are the file's
			} else {
				f.check(os.WriteFile(filepath.Join(f.path(c.folder), "job.yaml"), []byte(text), 0o666))
				here(t, f.dir, slices.Concat([]string{"run", filepath.Join(f.path(c.folder), "job.yaml")}, plainly)...).want(t, 0)
			}
			sameFiles(t, contents(t, filepath.Join(f.path(c.folder), "out")), want, tellOfInputs...)
		})
	}
	t.Run("C08 percent sign before digits", func(t *testing.T) {
		f := folder{t, t.TempDir()}
		for _, name := range []string{"a%41", "aA"} { // which SQLite takes for the same
			f.check(os.CopyFS(f.path(name), os.DirFS(smallScene)))
		}
		o := here(t, f.dir, "run", "a%41/job.yaml")
		o.want(t, 12)
		if lines := strings.Split(strings.TrimSpace(o.stderr), "\n"); !like(lines[len(lines)-1], "greenshield: a%41/redline.gpkg: its path holds a percent sign …; rename the file or folder") {
			t.Errorf("stderr is %s", o.stderr)
		}
	})
	t.Run("C08 symbolic links", func(t *testing.T) {
		f := folder{t, t.TempDir()}
		f.check(os.Symlink(home, f.path("link")))
		f.check(os.Symlink("link/job.yaml", f.path("job.yaml")))
		for _, name := range names {
			if filepath.Base(name) != "job.yaml" {
				f.check(os.Symlink(name, f.path(filepath.Base(name))))
			}
		}
		here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "out"}, plainly)...).want(t, 0) // paths are relative to the link
		sameFiles(t, contents(t, f.path("out")), want, tellOfInputs...)
		here(t, f.dir, slices.Concat([]string{"run", "link/job.yaml", "--out", "link/out2"}, plainly)...).want(t, 0)
		sameFiles(t, contents(t, filepath.Join(home, "out2")), want, tellOfInputs...)
	})
}
