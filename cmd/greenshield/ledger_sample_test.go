package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
)

// drawnIDs returns the cases of a sample as the ledger lists them.
func drawnIDs(t *testing.T, dir, name string) []string {
	t.Helper()
	var ids []string
	for c := range maps.Values(listed(t, dir, "--sample", name)) {
		ids = append(ids, fmt.Sprint(c["id"]))
	}
	slices.Sort(ids)
	return ids
}

// TestLedgerSample: a sample is drawn once, by who says so; lists and copies have exactly its cases, and what their verdicts
// say of all is told, in both languages, in the report too.
func TestLedgerSample(t *testing.T) {
	dir := newLedger(t)
	sample := func(flags string) outcome {
		return here(t, dir, append([]string{"ledger", "sample"}, strings.Fields(flags)...)...)
	}
	all := len(listed(t, dir))
	who := " --as 王建国 --level city --at 2026-03-01"
	sample("--n 6 --by severity --min-each 1 --name 甲 --dry-run"+who).has(t, fmt.Sprintf("seed 1: 6 of %d cases are drawn\n", all),
		"nothing was written (--dry-run); it would be 7 events: 6 drawn, 1 sample_design\n")
	if o := here(t, dir, "ledger", "list", "--sample", "甲"); o.status != 10 || !strings.Contains(o.stderr, "the ledger has no sample; draw one") {
		t.Errorf("a dry run drew: %d %s", o.status, o.stderr)
	}
	sample("--n 6 --by severity --min-each 1 --name 甲"+who).has(t, "7 events written to ledger.gpkg: 6 drawn, 1 sample_design\n")
	ids := drawnIDs(t, dir, "甲")
	if len(ids) != 6 {
		t.Fatalf("drawn: %v", ids)
	}
	sample("--n 6 --by severity --min-each 1 --name 乙"+who).want(t, 0) // the same seed
	if again := drawnIDs(t, dir, "乙"); !slices.Equal(again, ids) {
		t.Errorf("the same seed drew %v, then %v", ids, again)
	}
	here(t, dir, "ledger", "review", "抽查.gpkg", "--sample", "甲").has(t, "6 cases")
	if got := query(t, filepath.Join(dir, "抽查.gpkg"), "SELECT id FROM case_areas ORDER BY id"); !slices.Equal(got, ids) {
		t.Errorf("the copy has %v, drawn are %v", got, ids)
	}
	for _, id := range ids[:2] {
		here(t, dir, "ledger", "set", id, "verdict=属实", "--as", "李明", "--level", "county", "--at", "2026-03-02").want(t, 0)
	}
	for _, id := range ids[2:5] {
		here(t, dir, "ledger", "set", id, "verdict=refuted", "reason=natural", "--as", "李明", "--level", "county", "--at", "2026-03-02").want(t, 0)
	}
	var e ledgerwork.Estimate
	o := sample("--estimate 甲 --json")
	if err := json.Unmarshal([]byte(o.stdout), &e); err != nil || o.status != 0 {
		t.Fatal(err, o.stderr)
	}
	if r := e.Real; r.Cases != all || r.Drawn != 6 || r.Judged != 5 || r.Found != 2 || r.AtLeast < 2 || r.AtMost > all-3 || e.Change.Found != 5 {
		t.Errorf("%+v", e)
	}
	expects := fmt.Sprintf("real: %d to %d of %d cases (95 %%)", e.Real.AtLeast, e.Real.AtMost, all)
	sample("--estimate 甲").has(t, expects, "drawn but not counted, unreviewed: 1\n", "6 of "+fmt.Sprint(all)+" cases, 5 of them judged", "nothing is said of omissions")
	zh := chinese(t, dir, "ledger", "sample", "--estimate", "甲")
	zh.has(t, fmt.Sprintf("属实：预计 %d 至 %d 个，共 %d 个问题点位（95 %% 区间）", e.Real.AtLeast, e.Real.AtMost, all), "抽中而未计入，待核查：1 个", "不含漏检")
	if left := englishIn(zh.stdout); left != "" {
		t.Errorf("%s in %s", left, zh.stdout)
	}
	here(t, dir, "ledger", "case", ids[0]).has(t, "sample              甲", "inclusion")
	here(t, dir, "ledger", "verify").want(t, 0)

	here(t, dir, "ledger", "report", "--out", "月报", "--day", "2026-03-31").want(t, 0)
	page, err := os.ReadFile(filepath.Join(dir, "月报", "ledger.html"))
	if want := fmt.Sprintf("样本“甲”（2026-03-01 抽取）：全部 %d 个点位中，预计 %d–%d 个属实（95 %% 区间；随机抽查 6 个，已核查 5 个）。", all, e.Real.AtLeast, e.Real.AtMost); err != nil ||
		!strings.Contains(string(page), want) || !strings.Contains(string(page), "不含漏检") {
		t.Errorf("the page does not say %s, %v", want, err)
	}
	rows := sheetRows(t, filepath.Join(dir, "月报", "ledger.xlsx"), "抽样估计")
	if at := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 8 && r[0] == "甲" && r[1] == "合计" }); at < 0 ||
		!slices.Equal(rows[at][2:9], []string{fmt.Sprint(all), "6", "5", "2", "5", fmt.Sprint(e.Real.AtLeast), fmt.Sprint(e.Real.AtMost)}) {
		t.Errorf("the sheet says %v", rows)
	}
	here(t, dir, "ledger", "report", "--out", "旧", "--day", "2026-02-01").want(t, 0)
	if page, err := os.ReadFile(filepath.Join(dir, "旧", "ledger.html")); err != nil || strings.Contains(string(page), "抽样估计") {
		t.Errorf("before the draw the page estimates: %v", err)
	}
}

// TestLedgerSampleRemedies: what cannot be drawn is refused before anything is written; with what the message says it is
// drawn.
func TestLedgerSampleRemedies(t *testing.T) {
	dir := newLedger(t)
	run := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT json_extract(fields, '$.run') FROM events WHERE kind = 'run'")[0]
	said := func(flags string) outcome {
		return here(t, dir, append(strings.Fields("ledger sample --as 王建国 --level city"), strings.Fields(flags)...)...)
	}
	said("--n 22 --name 甲").want(t, 0)
	before := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT count(*) FROM events")
	for i, tt := range [][3]string{
		{"", "give one of --n and --share to draw a sample", "--share 100"},
		{"--n 3 --share 5", "give one of --n and --share to draw a sample", "--share 5 --seed 2"},
		{"--n 0", "--n is at least 1, --share more than 0 and at most 100", "--n 1 --by none --min-each 1 --name i"},
		{"--share 101", "--n is at least 1, --share more than 0 and at most 100", "--share 0.1 --name j"},
		{"--n 9 --by zone", `--by: "zone" makes no strata; write group, severity and county`, "--n 9 --by county --name a"},
		{"--n 9 --by group,group", `--by: "group" makes no strata`, "--n 14 --by group,severity,county --min-each 1 --name b"},
		{"--n 9 --min-each 0", "--min-each is at least 1", "--n 9 --min-each 1 --name c"},
		{"--n 9 --name a/b", "--name: a name has no /", "--n 14 --name a_b"},
		{"--n 22 --name 甲 --seed 2", "there is a sample 甲 already; a sample is drawn once, name another one by --name", "--n 22 --name 丙"},
		{"--n 100000 --name d", "100000 are to be drawn, but there are only 22", "--n 22 --name d"},
		{"--n 1 --by none --run x --name e", "the ledger has no run x; name one by the beginning of its id, or latest", "--n 2 --by none --name e --run " + run[:6]},
		{"--estimate 乙", "there is no sample 乙", "--estimate 甲"},
		{"f --n 9", "sample takes no argument; name the sample by --name", "--name f --n 14"},
	} {
		if o := said(tt[0] + " --dry-run"); o.status != 10 || !strings.Contains(o.stderr, tt[1]) {
			t.Errorf("%s: %d, %swant %s", tt[0], o.status, o.stderr, tt[1])
		}
		if o := said(tt[2] + " --dry-run"); o.status != 0 {
			t.Errorf("%d: %s: %d, %s", i, tt[2], o.status, o.stderr)
		}
	}
	if o := here(t, dir, "ledger", "sample", "--n", "9"); o.status != 10 || !strings.Contains(o.stderr, "who speaks is not said") {
		t.Errorf("nobody drew: %d, %s", o.status, o.stderr)
	}
	if after := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT count(*) FROM events"); !slices.Equal(before, after) {
		t.Errorf("%v events became %v", before, after)
	}
	here(t, dir, strings.Fields("ledger init --code 1 --name 乙 --as 王建国 --level city --ledger new.gpkg")...).want(t, 0)
	if o := said("--n 9 --ledger new.gpkg"); o.status != 10 || !strings.Contains(o.stderr, "the ledger has no run; add one by greenshield ledger add") {
		t.Errorf("a ledger without runs: %d, %s", o.status, o.stderr)
	}
	here(t, dir, "ledger", "add", "out", "--ledger", "new.gpkg").want(t, 0)
	said("--n 14 --ledger new.gpkg").want(t, 0)
}

// TestRunSampleEstimate: the manifest of a run that asks a ledger says what a sample says of its candidates when the sample
// was drawn from exactly their cases; one that finds other cases, and one before any sample, says nothing.
func TestRunSampleEstimate(t *testing.T) {
	dir := newLedger(t)
	estimate := func(out string, flags ...string) *record.SampleEstimate {
		t.Helper()
		here(t, dir, append([]string{"run", "job.yaml", "--quiet", "--formats", "geojson", "--ledger", "ledger.gpkg", "--out", out}, flags...)...).want(t, 0)
		m, err := record.Read(filepath.Join(dir, out))
		if err != nil {
			t.Fatal(err)
		}
		return m.Ledger.Sample
	}
	if e := estimate("before"); e != nil {
		t.Errorf("without a sample: %+v", e)
	}
	here(t, dir, strings.Fields("ledger sample --n 10 --by none --name 甲 --as 王建国 --level city --at 2026-03-01")...).want(t, 0)
	if e := estimate("unjudged"); e != nil {
		t.Errorf("without a verdict: %+v", e)
	}
	for _, id := range drawnIDs(t, dir, "甲")[:9] {
		here(t, dir, "ledger", "set", id, "verdict=属实", "--as", "李明", "--level", "county", "--at", "2026-03-02").want(t, 0)
	}
	e := estimate("same")
	if e == nil || e.Sample != "甲" || e.Day != "2026-03-01" || e.Real.Cases != len(listed(t, dir)) || e.Real.Drawn != 10 || e.Real.Judged != 9 ||
		e.Real.Found != 9 || e.Real.AtLeast < 9 || e.Real.AtMost != e.Real.Cases || *e.Real.Share != 1 {
		t.Errorf("of the same cases: %+v", e)
	}
	if e := estimate("fewer", "--min-area", "40cells"); e != nil {
		t.Errorf("of fewer cases: %+v", e)
	}
}
