package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

// datedZones puts three red lines in the place of the sample's zones, each of two strips of the grid and each with a
// field of dates in another format: text in GeoJSON, dates in a Shapefile in GBK, dates with times in a GeoPackage.
func datedZones(f folder) {
	f.t.Helper()
	layer := func(name, field string, first int, dates ...any) {
		c := f.newLayer()
		for i, date := range dates {
			u := float64(50 * (first + i))
			c.add(f.rectangle(u, 0, u+50, 280), "HXBM", string(rune('A'+first+i)), field, date)
		}
		c.save(name)
	}
	into := func(from, to string, switches ...string) {
		ds, err := godal.Open(f.path(from), godal.VectorOnly())
		f.check(err)
		made, err := ds.VectorTranslate(f.path(to), switches)
		f.check(err)
		f.check(made.Close())
		f.check(ds.Close())
	}
	layer("text.geojson", "划定时间", 0, "二〇一八年六月", "1.2.1990")
	layer("day.geojson", "批准时间", 2, "1986-07-09", "2017-01-01")
	layer("time.geojson", "PZSJ", 4, "2017-12-31T16:00:00Z", nil)
	into("day.geojson", "day.shp", "-f", "ESRI Shapefile", "-lco", "ENCODING=GBK")
	into("time.geojson", "time.gpkg", "-f", "GPKG", "-nln", "time")
	f.withoutReserves()
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}",
		"{file: text.geojson}, {file: day.shp}, {file: time.gpkg, since: 2021-03}")
}

// TestDatesOfZones: V50. Dates of zones are read from text, and from fields of dates as GDAL has them; what cannot be
// read is told; check says what was found.
func TestDatesOfZones(t *testing.T) {
	f := folder{t, newSample(t)}
	datedZones(f)
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	at := 0
	for _, want := range []string{
		"since ← 划定时间\n  since      1 of 2 zones with a date, 2018-06 to 2018-06, 1 cannot be read\n",
		"  warning    field 划定时间: 1 of the 2 dates of zones cannot be read, so these zones have none: feature 2 (\"1.2.1990\"); write them as 2018, 2018-06 or 2018-06-30\n",
		"since ← 批准时间\n  since      2 of 2 zones with a date, 1986-07-09 to 2017-01-01\n",
		"since ← PZSJ\n  since      2 of 2 zones with a date, 2018-01-01 to 2021-03, 1 of them by since in the job\n",
	} {
		i := strings.Index(o.stdout[at:], want)
		if i < 0 {
			t.Fatalf("stdout lacks %q:\n%s", want, o.stdout)
		}
		at += i
	}
	o = here(t, f.dir, "check", "job.yaml", "--quiet", "--lang", "zh")
	o.want(t, 0)
	for _, want := range []string{
		"2 个管控区中有 1 个有设立时间，2018-06 至 2018-06，1 个无法识别\n", "，其中 1 个按任务中的 since\n",
		"字段 划定时间：设立时间共 2 个，其中 1 个无法识别，相应管控区按没有设立时间处理：第 2 号要素（\"1.2.1990\"）；请写成 2018、2018-06 或 2018-06-30\n",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
}

// foundOf returns the properties of the candidates of a run, and the rows of its suppressed changes, by id.
func foundOf(f folder, out string) (found, suppressed map[string]map[string]string) {
	f.t.Helper()
	found, suppressed = map[string]map[string]string{}, map[string]map[string]string{}
	for _, feature := range f.open(out + "/candidates.geojson").Features {
		texts := map[string]string{}
		for name, value := range feature.Properties {
			texts[name] = fmt.Sprint(value)
		}
		found[texts["cand_id"]] = texts
	}
	for _, row := range table(f.t, f.path(out+"/suppressed.csv")) {
		suppressed[row["cand_id"]] = row
	}
	return found, suppressed
}

// TestRunWithDatesOfZones: V50. Candidates, suppressed changes and coverage.csv have the dates of zones, and nothing
// else changes by them.
func TestRunWithDatesOfZones(t *testing.T) {
	f := folder{t, newSample(t)}
	datedZones(f)
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv,gpkg,shp").want(t, 0)
	found, suppressed := foundOf(f, "out")
	since := map[string][2]string{ // the maps are of 2015 and 2020
		"A": {"2018-06", "straddles"}, "B": {"", "unknown"}, "C": {"1986-07-09", "after"}, "D": {"2017-01-01", "straddles"},
		"E": {"2018-01-01", "straddles"}, "F": {"2021-03", "before"},
	}
	seen := map[string]int{}
	for _, all := range []map[string]map[string]string{found, suppressed} {
		for id, c := range all {
			if got := [2]string{c["zone_since"], c["vs_zone"]}; got != since[c["zone_id"]] {
				t.Fatalf("%s in %s: %q, want %q", id, c["zone_id"], got, since[c["zone_id"]])
			}
			seen[c["zone_id"]+c["reason"]]++
		}
	}
	for zone := range since {
		if seen[zone] == 0 || seen[zone+"below_min_area"] == 0 {
			t.Errorf("zone %s has no candidate, or nothing suppressed: %v", zone, seen)
		}
	}
	zones := map[string]string{}
	for _, row := range table(t, f.path("out/coverage.csv")) {
		zones[row["zone_id"]] = row["since"]
	}
	rows := query(t, f.path("out/review.gpkg"), "SELECT zone_id || '=' || coalesce(since, '') FROM zones")
	for zone, want := range since {
		if zones[zone] != want[0] || !slices.Contains(rows, zone+"="+want[0]) {
			t.Errorf("zone %s has the date %q in coverage.csv, the zones in review.gpkg %q, want %q", zone, zones[zone], rows, want[0])
		}
	}
	if text := contents(t, f.path("out"))["exchange_fields.csv"]; !strings.Contains(text, "\ncoverage,since,") || !strings.Contains(text, "\ncandidates,vs_zone,") {
		t.Errorf("exchange_fields.csv is\n%s", text)
	}
	options := fmt.Sprint(readManifest(t, f.path("out")).Options["redline"])
	if !strings.Contains(options, "since:2021-03") {
		t.Errorf("the manifest has %s", options)
	}

	for _, name := range []string{"text.geojson", "time.gpkg, since: 2021-03"} {
		file, _, _ := strings.Cut(name, ",")
		f.edit(name, file+", fields: {since: HXBM}") // in which there is no date
	}
	f.edit("day.shp", "day.shp, fields: {since: HXBM}")
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv,gpkg", "--out", "bare").want(t, 0)
	bare, bareSuppressed := foundOf(f, "bare")
	for _, all := range []map[string]map[string]string{found, suppressed} {
		for _, c := range all {
			delete(c, "zone_since")
			delete(c, "vs_zone")
		}
	}
	if !reflect.DeepEqual(bare, found) || !reflect.DeepEqual(bareSuppressed, suppressed) {
		t.Error("dates of zones change more than the two columns")
	}
}

// TestDatesOfZonesAndMapsBetween: with maps between the epochs, candidates are before or after their zone by the year in
// which they changed, and what is too small to be dated by the years of the epochs.
func TestDatesOfZonesAndMapsBetween(t *testing.T) {
	f := folder{t, newSample(t)}
	datedZones(f)
	f.copy("lc2015.tif", "lc2016.tif")
	for _, name := range []string{"lc2017.tif", "lc2018.tif"} { // all that changed did so in 2017
		f.copy("lc2020.tif", name)
	}
	f.edit("redline:", "between:\n- {year: 2016, files: [lc2016.tif], legend: clcd}\n- {year: 2017, files: [lc2017.tif], legend: clcd}\n"+
		"- {year: 2018, files: [lc2018.tif], legend: clcd}\nredline:")
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv").want(t, 0)
	found, suppressed := foundOf(f, "out")
	dated := map[string]string{"A": "before", "B": "unknown", "C": "after", "D": "straddles", "E": "before", "F": "before"}
	undated := map[string]string{"A": "straddles", "B": "unknown", "C": "after", "D": "straddles", "E": "straddles", "F": "before"}
	count := map[string]int{}
	for id, c := range found {
		want := dated[c["zone_id"]]
		if c["date_grd"] == "D" { // the class before is itself one that the change leads to
			want = "unknown"
		} else if c["chg_from"] != "2017" || c["chg_to"] != "2017" {
			t.Fatalf("%s is dated from %s to %s", id, c["chg_from"], c["chg_to"])
		}
		if c["vs_zone"] != want {
			t.Fatalf("%s in %s, grade %s, is %s, want %s", id, c["zone_id"], c["date_grd"], c["vs_zone"], want)
		}
		count[c["vs_zone"]]++
	}
	for id, c := range suppressed {
		if c["date_grd"] == "" && c["vs_zone"] != undated[c["zone_id"]] {
			t.Fatalf("%s in %s is suppressed (%s) and %s, want %s", id, c["zone_id"], c["reason"], c["vs_zone"], undated[c["zone_id"]])
		}
		count["suppressed "+c["vs_zone"]]++
	}
	for _, v := range []string{"before", "after", "straddles", "unknown", "suppressed straddles", "suppressed after"} {
		if count[v] == 0 {
			t.Errorf("none is %s: %v", v, count)
		}
	}
}

// documentedRules makes mine.csv as the README of the job says.
func documentedRules(f folder) {
	f.t.Helper()
	text, err := os.ReadFile("../../redline/job/README.md") // before a run changes the folder
	f.check(err)
	_, section, _ := strings.Cut(string(text), "## Rules that differ by date")
	_, block, _ := strings.Cut(section, "```sh\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		f.t.Fatal("the README shows no commands")
	}
	cmd := exec.Command("sh", "-ec", block)
	cmd.Dir, cmd.Env = f.dir, []string{"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH")}
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%v: %s", err, out)
	}
}

// TestRulesThatDifferByDate: by the table of the README, what the maps show before its zone is one severity lower, but
// for the lowest, and nothing else is changed.
func TestRulesThatDifferByDate(t *testing.T) {
	f := folder{t, newSample(t)}
	datedZones(f)
	documentedRules(f)
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--out", "shipped").want(t, 0)
	f.edit("rules: green-shield", "rules: mine.csv")
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv,html", "--out", "mine").want(t, 0)
	shipped, _ := foundOf(f, "shipped")
	mine, _ := foundOf(f, "mine")
	lower := 0
	for id, want := range shipped {
		if want["vs_zone"] == "before" && want["severity"] > "1" {
			want["severity"] = string(want["severity"][0] - 1)
			want["rule_id"] += "+before"
			lower++
		}
		if !reflect.DeepEqual(mine[id], want) {
			t.Fatalf("%s is %v, want %v", id, mine[id], want)
		}
	}
	if lower == 0 || len(mine) != len(shipped) {
		t.Errorf("%d are lower, of %d and %d", lower, len(mine), len(shipped))
	}
	a, b := readManifest(t, f.path("shipped")).Rules.Rules, readManifest(t, f.path("mine")).Rules.Rules
	if a != 72 || b <= a || b > 2*a {
		t.Errorf("%d and %d rules", a, b)
	}
	if page := contents(t, f.path("mine"))["report.html"]; !strings.Contains(page, "新增建设（按影像：历史遗留）") {
		t.Error("the report does not show severities by timing")
	}
}

// TestDateRemedies: what messages say of dates of zones helps when it is done.
func TestDateRemedies(t *testing.T) {
	for _, tt := range []struct {
		name        string
		spoil, mend [2]string // of the job file, or of text.geojson
		file        string
		status      int
		says, want  string
	}{
		{name: "written anew", file: "text.geojson", mend: [2]string{"1.2.1990", "1990-02"},
			says: "write them as 2018, 2018-06 or 2018-06-30", want: "2 of 2 zones with a date, 1990-02 to 2018-06"},
		{name: "field named", file: "job.yaml", spoil: [2]string{"text.geojson}", "text.geojson, where: HXBM = 'B'}"}, mend: [2]string{"text.geojson,", "text.geojson, fields: {since: HXBM},"},
			says: "name the field by fields: {since: …} in the job file", want: "since ← HXBM\n  since      0 of 1 zone with a date, 1 cannot be read"},
		{name: "date stated", file: "job.yaml", spoil: [2]string{"text.geojson}", "text.geojson, where: HXBM = 'B'}"}, mend: [2]string{"text.geojson,", "text.geojson, since: 2018,"},
			says: "or state the date of the layer by since: 2018", want: "1 of 1 zone with a date, 2018 to 2018, 1 of them by since in the job"},
		{name: "exempt", file: "job.yaml", spoil: [2]string{"{file: exempt.geojson}", "'exempt.geojson|since=2018'"}, mend: [2]string{"|since=2018", ""}, status: 10,
			says: "since is for layers of zones; leave it out", want: "2018-01-01 to 2021-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			datedZones(f)
			replace := func(pair [2]string) {
				text := contents(t, f.dir)[tt.file]
				if !strings.Contains(text, pair[0]) {
					t.Fatalf("%s lacks %q:\n%s", tt.file, pair[0], text)
				}
				f.text(tt.file, strings.Replace(text, pair[0], pair[1], 1))
			}
			replace(tt.spoil)
			args := []string{"check", "job.yaml", "--quiet"}
			o := here(t, f.dir, args...)
			o.want(t, tt.status)
			if all := o.stdout + o.stderr; !strings.Contains(all, tt.says) {
				t.Fatalf("it does not say %q:\n%s", tt.says, all)
			}
			replace(tt.mend)
			o = here(t, f.dir, args...)
			o.want(t, 0)
			if !strings.Contains(o.stdout, tt.want) || slices.Contains([]string{"written anew", "date stated"}, tt.name) && strings.Contains(o.stdout, "cannot be read") {
				t.Errorf("stdout lacks %q:\n%s", tt.want, o.stdout)
			}
		})
	}
}
