package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// featuresOf returns how many features each layer of a file has, as GDAL opens it.
func featuresOf(t *testing.T, path string) map[string]int {
	t.Helper()
	out, err := exec.Command("ogrinfo", "-ro", "-so", "-al", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n, layer := map[string]int{}, ""
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(line, "Layer name: "); ok {
			layer = strings.TrimSpace(name)
		} else if count, ok := strings.CutPrefix(line, "Feature Count: "); ok {
			n[layer], _ = strconv.Atoi(strings.TrimSpace(count))
		}
	}
	return n
}

// TestPlanVisits: the plan has the most severe cases first, GDAL opens its files, the verdicts come back by its copy, and
// a judged case is planned no more. The same ledger and flags give the same bytes.
func TestPlanVisits(t *testing.T) {
	dir := newLedger(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	plan := func(args ...string) outcome {
		t.Helper()
		return here(t, dir, append([]string{"ledger", "plan-visits", "--days", "2", "--per-day", "3", "--priority", "off"}, args...)...)
	}
	type told struct {
		Status string
		Days   []struct {
			Cases []string
			Worth float64
		}
		Waiting int
		Left    []struct {
			Code  string
			Cases int
		} `json:"left_out"`
	}
	var dry, first, next told
	parse := func(o outcome, to *told) {
		t.Helper()
		o.want(t, 0)
		if err := json.Unmarshal([]byte(o.stdout), to); err != nil {
			t.Fatal(err)
		}
	}
	parse(plan("--out", "a", "--dry-run", "--json"), &dry)
	if _, err := os.Lstat(at("a")); err == nil || dry.Status != "dry_run" {
		t.Errorf("a dry run writes, or says %q", dry.Status)
	}
	parse(plan("--out", "a", "--json"), &first)
	waiting := len(query(t, at("ledger.gpkg"), "SELECT id FROM cases WHERE merged_into = ''"))
	if len(first.Days) != 2 || len(first.Days[0].Cases) != 3 || first.Waiting != waiting || !slices.Equal(first.Days[0].Cases, dry.Days[0].Cases) {
		t.Errorf("the plan is %+v of %d cases", first, waiting)
	}
	highest := query(t, at("ledger.gpkg"), "SELECT id FROM cases ORDER BY severity DESC, id LIMIT 1")[0]
	if !slices.Contains(first.Days[0].Cases, highest) {
		t.Errorf("the first day %v lacks case %s", first.Days[0].Cases, highest)
	}
	plan("--out", "b").has(t, "no case has a priority", "results: b")
	for _, name := range []string{"visits.gpx", "visits.kml", "visits.gpkg", "visits.csv", "visits.html", "review.gpkg", "review.qgz"} {
		a, errA := os.ReadFile(filepath.Join(dir, "a", name))
		b, errB := os.ReadFile(filepath.Join(dir, "b", name))
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s is not there, or other bytes come of the same ledger", name)
		}
	}
	if n := featuresOf(t, at("a/visits.gpx")); n["waypoints"] != 6 || n["routes"] != 2 {
		t.Errorf("GPX has %v", n)
	}
	if n := featuresOf(t, at("a/visits.gpkg")); n["visit_points"] != 6 || n["visit_areas"] != 6 || n["visit_routes"] != 2 {
		t.Errorf("the GeoPackage has %v", n)
	}
	all := 0
	for _, n := range featuresOf(t, at("a/visits.kml")) {
		all += n
	}
	if all != 6+2 {
		t.Errorf("KML has %d features", all)
	}
	plan("--out", "a").want(t, 15)
	plan("--out", "e", "--dry-run", "--lang", "en", "--county", "990102").has(t, "not planned: in other counties: ", "not planned: no room in these days: ")
	plan("--out", "e", "--dry-run", "--lang", "zh", "--county", "990102").has(t, "未列入：不在所选县区：", "未列入：本次排不下，留待以后：")
	var ranked struct{ Waiting, Ranked int }
	o := plan("--out", "r", "--dry-run", "--json", "--priority", "simple")
	o.want(t, 0)
	if err := json.Unmarshal([]byte(o.stdout), &ranked); err != nil || ranked.Ranked != waiting {
		t.Errorf("%d of %d cases have a priority: %v", ranked.Ranked, waiting, err)
	}
	id := first.Days[0].Cases[0]
	edit(t, at("a/review.gpkg"), id, "verdict = 'confirmed'")
	here(t, dir, "ledger", "take", "a/review.gpkg", "--as", "李明", "--level", "county", "--at", "2026-03-01").has(t, "1 judged")
	parse(plan("--out", "c", "--json"), &next)
	for _, d := range next.Days {
		if slices.Contains(d.Cases, id) {
			t.Errorf("case %s is judged, and planned again", id)
		}
	}
	if len(next.Left) == 0 || next.Left[0].Code != "judged" || next.Left[0].Cases != 1 {
		t.Errorf("left out are %+v", next.Left)
	}
}

// TestPlanVisitsRefuses: settings with which no plan can be made are told.
func TestPlanVisitsRefuses(t *testing.T) {
	dir := newLedger(t)
	for _, tt := range []struct {
		args []string
		text string
	}{
		{[]string{"--days", "1"}, "the folder of the plan is not said"},
		{[]string{"--out", "x"}, "--days: write how many days"},
		{[]string{"--out", "x", "--days", "1", "--per-day", "61"}, "--per-day: write a number from 1 to 60"},
		{[]string{"--out", "x", "--days", "1", "--hours", "-1"}, "--hours and --speed: write numbers above 0"},
		{[]string{"--out", "x", "--days", "1", "--hours", "2", "--stay", "180"}, "no case fits into a day, not even alone"},
		{[]string{"--out", "x", "--days", "1", "--from", "30.5"}, `--from: "30.5" is no place`},
		{[]string{"--out", "x", "--days", "1", "--begin", "2026-02-30"}, "2026-02-30"},
		{[]string{"--out", "x", "--days", "1", "--county", "110000"}, "no case waits for a visit"},
		{[]string{"--out", "x", "--days", "1", "--priority", "nothing.json"}, "nothing.json"},
	} {
		o := here(t, dir, append([]string{"ledger", "plan-visits"}, tt.args...)...)
		o.want(t, 10)
		o.has(t, tt.text)
		if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
			t.Fatalf("%v left a folder", tt.args)
		}
	}
}

// TestPlanVisitsHours: a day has as many cases as its hours allow, from the starting place and back; the dates go over
// working days.
func TestPlanVisitsHours(t *testing.T) {
	dir := newLedger(t)
	o := here(t, dir, "ledger", "plan-visits", "--out", "x", "--days", "2", "--hours", "2", "--stay", "60", "--speed", "100000",
		"--from", "117.49,30.66", "--begin", "2026-03-06", "--json")
	o.want(t, 0)
	var told struct {
		Days []struct {
			Date  string
			Cases []string
		}
	}
	if err := json.Unmarshal([]byte(o.stdout), &told); err != nil {
		t.Fatal(err)
	}
	// Friday, and the Monday after: two stays of an hour would leave nothing for the way.
	if d := told.Days; len(d) != 2 || d[0].Date != "2026-03-06" || d[1].Date != "2026-03-09" || len(d[0].Cases) != 1 || len(d[1].Cases) != 1 {
		t.Errorf("the days are %+v", told.Days)
	}
}
