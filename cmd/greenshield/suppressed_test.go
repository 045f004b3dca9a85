package main

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompactSuppressed: all that a full suppressed.csv tells follows from a compact one, and from the tables that
// redline/files/README.md names.
func TestCompactSuppressed(t *testing.T) {
	dir := t.TempDir()
	here(t, dir, "demo", "demo").want(t, 0)
	for _, form := range []string{"full", "compact"} {
		here(t, dir, "run", "demo/job.yaml", "--quiet", "--formats", "geojson", "--suppressed", form, "--out", form).want(t, 0)
	}
	read := func(text string) (rows []map[string]string) {
		r := csv.NewReader(strings.NewReader(text))
		r.Comment = '#'
		all, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range all[1:] {
			row := map[string]string{}
			for i, name := range all[0] {
				row[strings.TrimPrefix(name, "\uFEFF")] = line[i]
			}
			rows = append(rows, row)
		}
		return rows
	}
	file := func(name ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{dir}, name...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	printed, err := exec.Command(binary, "rules", "green-shield").Output()
	if err != nil {
		t.Fatal(err)
	}
	classes, zones, rules := map[string]map[string]string{}, map[string]map[string]string{}, map[string]map[string]string{}
	for _, row := range read(file("compact", "matrix.csv")) {
		classes["from_"+row["from_code"]], classes["to_"+row["to_code"]] = row, row
	}
	for _, row := range read(file("compact", "coverage.csv")) {
		zones[row["layer"]+"\x00"+row["zone_id"]] = row
	}
	for _, row := range read(string(printed)) {
		for _, zone := range strings.Split(row["zone_type"], "|") {
			id := row["change"] + "/" + zone
			if from := row["effective_from"]; from != "" {
				id += "@" + from
			}
			for _, class := range strings.Split(row["from"], "|") {
				rules[id+" "+class] = row
			}
		}
	}
	dated := []string{"chg_year", "chg_from", "chg_to", "chg_years", "date_grd"} // of the sample's maps between
	full, compact := read(file("full", "suppressed.csv")), read(file("compact", "suppressed.csv"))
	if len(full) < 1000 || len(full) != len(compact) || len(compact[0]) > 22+len(dated) {
		t.Fatalf("%d rows, and %d with %d columns", len(full), len(compact), len(compact[0]))
	}
	for i, row := range compact {
		for column, want := range full[i] {
			got, kept := row[column]
			switch {
			case kept || column == "part_pct": // checked below
			case column == "year_a":
				got = "2015"
			case column == "year_b":
				got = "2020"
			case strings.HasPrefix(column, "from_"):
				got = classes["from_"+row["from_code"]][column]
			case strings.HasPrefix(column, "to_"):
				got = classes["to_"+row["to_code"]][column]
			case slices.Contains([]string{"change_zh", "activity", "basis"}, column):
				got = rules[row["rule_id"]+" "+classes["from_"+row["from_code"]]["from_eco"]][column]
			case column == "verdict":
				got = "unreviewed"
			default:
				got = zones[row["layer"]+"\x00"+row["zone_id"]][column]
			}
			if got != want && column != "part_pct" {
				t.Fatalf("row %d, %s: %q, want %q", i+1, column, got, want)
			}
		}
	}
	if a, b := len(file("compact", "suppressed.csv")), len(file("full", "suppressed.csv")); 5*a > 3*b {
		t.Errorf("compact has %d bytes of %d", a, b)
	}
	for _, name := range []string{"candidates.geojson", "coverage.csv", "overlaps.csv", "patches.cells"} {
		if file("full", name) != file("compact", name) {
			t.Errorf("%s differs", name)
		}
	}
	if !strings.Contains(file("compact", "manifest.json"), `"suppressed": "compact"`) ||
		strings.Contains(file("full", "manifest.json"), `"suppressed": "full"`) {
		t.Error("the manifests do not tell the forms")
	}
}
