package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// scriptFolder is where the scripts of QGIS lie, from this folder.
var scriptFolder = func() string {
	dir, err := filepath.Abs("../../.ci")
	if err != nil {
		panic(err)
	}
	return dir
}()

// ledgerOfYears makes a ledger of the sample in which cases stand in several states, one is overdue on 2026-05-01, one
// is suspected of rebound, one of false rectification, and one began with a lead. It returns its folder and the ids of
// the areas by county, in order.
func ledgerOfYears(t *testing.T) (dir string, byCounty map[string][]string) {
	t.Helper()
	dir = newLedger(t)
	byCounty = map[string][]string{}
	for _, row := range query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT county || ' ' || id FROM case_areas ORDER BY id") {
		county, id, _ := strings.Cut(row, " ")
		byCounty[county] = append(byCounty[county], id)
	}
	ids := slices.Concat(byCounty["990201"], byCounty["990102"])
	if len(byCounty["990201"]) < 4 || len(byCounty["990102"]) < 6 {
		t.Fatalf("cases by county: %v", byCounty)
	}
	say := func(text string, args ...any) {
		t.Helper()
		here(t, dir, append(strings.Fields("ledger "+fmt.Sprintf(text, args...)), "--as", "李明", "--level", "county")...).want(t, 0)
	}
	say("set %s %s %s verdict=confirmed --at 2026-03-10", ids[0], ids[1], ids[2])
	say("set %s verdict=refuted reason=misclassified --at 2026-03-10", ids[3])
	say("advance %s %s --to filed --at 2026-03-11", ids[0], ids[1])
	say("set %s problem=毁林 measures=拆除 standard=恢复 responsible_unit=镇政府 responsible_person=赵强 due_date=2026-04-30 --at 2026-03-12", ids[0])
	say("advance %s --to rectifying --at 2026-03-13", ids[0])
	s, err := ledgergpkg.Open(filepath.Join(dir, "ledger.gpkg"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 20, 1, 0, 0, 0, time.UTC)
	event := func(id string, kind ledger.Kind, fields map[string]string) ledger.Event {
		return ledger.Event{Case: id, Kind: kind, Time: at, Actor: "greenshield", Fields: fields}
	}
	err = ledger.Commit(t.Context(), s, head, []ledger.Event{
		event(ids[1], ledger.Suspected, map[string]string{ledger.FieldSuspect: ledger.SuspectRebound}),
		event(ids[2], ledger.Suspected, map[string]string{ledger.FieldSuspect: ledger.SuspectFalse}),
		event(ledger.CaseID("341700", head.LastNo+1), ledger.LeadTold, map[string]string{ledger.FieldLeadSource: "信访", ledger.FieldLeadNo: "X1", ledger.FieldLeadText: "有人<b>采石</b>",
			ledger.FieldLon: "116.985", ledger.FieldLat: "31.015", ledger.FieldCounty: "990102", ledger.FieldCountyName: "示例县B"}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, byCounty
}

// casesBy returns what SQL counts in the table of cases by a column.
func casesBy(t *testing.T, path, column string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, value := range query(t, path, "SELECT "+column+" FROM cases WHERE merged_into = ''") {
		found[value]++
	}
	return found
}

// TestLedgerInQGIS: QGIS shows what SQL counts, and what is filled in there in a copy comes home to the ledger, once.
func TestLedgerInQGIS(t *testing.T) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import qgis.core").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("QGIS is missing: %s", out)
		}
		t.Skip("QGIS is missing: make test-qgis installs it")
	}
	dir, byCounty := ledgerOfYears(t)
	gpkg := filepath.Join(dir, "ledger.gpkg")
	judge := map[string]map[string]string{}
	theirs := byCounty["990102"]
	judge[theirs[len(theirs)-1]] = map[string]string{"verdict": "confirmed", "note": "现场核实，已推平 'x' \"y\""}
	judge[theirs[len(theirs)-2]] = map[string]string{"verdict": "refuted", "reason": "natural", "note": "水位"}
	judge[theirs[len(theirs)-3]] = map[string]string{"problem": "违建", "measures": "拆除\n复绿", "due_date": "2026-09-30", "responsible_unit": "乡政府"}
	point := query(t, gpkg, "SELECT id FROM case_points")
	history := map[string]int{theirs[len(theirs)-1]: 1}
	for id := range casesBy(t, gpkg, "id") {
		if n := len(query(t, gpkg, "SELECT seq FROM events WHERE case_id = '"+id+"'")); n > 2 {
			history[id] = n
		}
	}
	expected := map[string]any{
		"states": casesBy(t, gpkg, "state"), "severities": casesBy(t, gpkg, "severity"), "points": point, "history": history,
		"groups": map[string][]string{
			"overdue": query(t, gpkg, "SELECT id FROM cases WHERE due_date = '2026-04-30'"),
			"rebound": query(t, gpkg, "SELECT id FROM cases WHERE suspicion = 'rebound'"), "false": query(t, gpkg, "SELECT id FROM cases WHERE suspicion = 'false_rectification'")},
		"counties": query(t, gpkg, "SELECT DISTINCT county_name FROM cases WHERE county <> '' ORDER BY 1"), "county": "990102", "in_county": append(slices.Clone(theirs), point...), "judge": judge,
		"editable": []string{"verdict", "reason", "approval", "valid_until", "duplicate_of", "reviewer", "review_date", "review_basis", "note", "problem", "measures", "measure_kind",
			"standard", "responsible_unit", "responsible_person", "due_date", "due_text", "result"},
	}
	if n := len(casesBy(t, gpkg, "state")); n < 4 || len(history) < 4 || len(expected["groups"].(map[string][]string)["overdue"]) != 1 {
		t.Fatalf("the ledger tells too little: %v", expected)
	}
	if due := listed(t, dir, "--overdue", "2026-05-01"); len(due) != 1 {
		t.Errorf("overdue are %v", due)
	}
	here(t, dir, "ledger", "qgis", "--day", "2026-05-01").want(t, 0)
	here(t, dir, "ledger", "review", "copy.gpkg", "--county", "990102").has(t, fmt.Sprintf("copy.gpkg written, for copy.qgz in QGIS: %d cases", len(theirs)+1))
	text, err := json.Marshal(expected)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "expected.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	args := []string{filepath.Join(scriptFolder, "ledger.py"), dir, filepath.Join(dir, "expected.json")}
	if picture := os.Getenv("GREENSHIELD_LEDGER_PICTURE"); picture != "" {
		args = append(args, picture)
	}
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "QT_QPA_PLATFORM=offscreen", "PYTHONDONTWRITEBYTECODE=1", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), ", 0 faults") {
		t.Fatal(err)
	}
	take := strings.Fields("ledger take copy.gpkg --as 王芳 --level county")
	here(t, dir, append(take, "--dry-run")...).has(t, "it would be 4 events: 1 advanced, 2 judged, 1 set\n")
	here(t, dir, take...).has(t, "4 events written to ledger.gpkg: 1 advanced, 2 judged, 1 set\n")
	here(t, dir, take...).has(t, "nothing was written to ledger.gpkg")
	here(t, dir, "ledger", "verify").has(t, "nothing was changed: ")
	for _, want := range []string{
		theirs[len(theirs)-1] + "|unreviewed|confirmed|", theirs[len(theirs)-2] + "|archived|refuted|natural",
	} {
		id, _, _ := strings.Cut(want, "|")
		if got := query(t, gpkg, "SELECT id || '|' || state || '|' || verdict || '|' || reason FROM case_areas WHERE id = '"+id+"'"); len(got) != 1 || got[0] != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	here(t, dir, "ledger", "case", theirs[len(theirs)-3]).has(t, "拆除", "复绿", "乡政府", "王芳", "2026-09-30")
	here(t, dir, "ledger", "case", theirs[len(theirs)-1]).has(t, "现场核实，已推平 'x' \"y\"")
}
