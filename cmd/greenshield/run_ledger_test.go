package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/job"
	"greenshield/vector/trace"
)

// TestRunLedger: a run of a later epoch that asks the ledger tells of each candidate which case it is, what became of
// it and what was said before, in all its files; it sees what stands on the ground of every case, to the cell; and it
// says what adding it to the ledger says then.
func TestRunLedger(t *testing.T) {
	dir := newLedger(t)
	e := epochsOf(t, dir)
	ids := []string{}
	for _, id := range candidateIDs(t, dir, 5) {
		if p, ok := e.of[id]; ok && strings.HasSuffix(e.patches[p].Group, ">built") {
			ids = append(ids, id)
		}
	}
	for id, patch := range e.of { // the rest need only be large enough
		if trace.Count(e.patches[patch].Cells) >= 20 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return int(trace.Count(e.patches[e.of[b]].Cells)-trace.Count(e.patches[e.of[a]].Cells))*2 + strings.Compare(a, b)
	})
	grown := slices.IndexFunc(ids, func(id string) bool { return e.grow(e.of[id]) >= int(trace.Count(e.patches[e.of[id]].Cells))/5 })
	if grown < 0 || len(ids) < 5 {
		t.Fatalf("none of %d patches grows", len(ids))
	}
	e.later = slices.Clone(e.after)
	e.grow(e.of[ids[grown]])
	ids[0], ids[grown] = ids[grown], ids[0]
	size := func(i int) int { return len(e.cells(e.patches[e.of[ids[i]]])) }
	e.restore(e.of[ids[1]], size(1))
	e.restore(e.of[ids[2]], size(2)*2/5)
	e.write(t, dir)

	judge(t, dir, "back.gpkg", map[string]string{ids[0]: "verdict = 'confirmed'", ids[3]: "verdict = 'refuted', rev_note = '看过'", ids[4]: "verdict = 'confirmed'"})
	here(t, dir, strings.Fields("ledger take back.gpkg --as 李明 --level county --reason misclassified --at 2026-02-01")...).want(t, 0)
	head := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT max(seq) FROM events")[0]
	here(t, dir, "run", "later.yaml", "--quiet", "--out", "out2").want(t, 0)
	if now := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT max(seq) FROM events")[0]; now != head {
		t.Error("the run wrote to the ledger")
	}
	after := candidatesOf(t, filepath.Join(dir, "out2"))
	names := []string{"relation", "verdict", "case_verd", "case_why", "case_note", "confirm", "follow_up"}
	cases := listed(t, dir)
	for id, c := range after { // what grows has another first cell, so another id
		if c["case_id"] == cases[ids[0]]["id"] {
			cases[id], ids[0] = cases[ids[0]], id
			break
		}
	}
	for i, want := range map[int]string{
		0: "grown unreviewed confirmed   grown still", 3: "refuted_before refuted refuted misclassified 看过  still",
		4: "persisting confirmed confirmed    still",
	} {
		if c := after[ids[i]]; fieldsOf(c, names...) != want || c["case_id"] != cases[ids[i]]["id"] {
			t.Errorf("%d: %s %s, want %s", i, c["case_id"], fieldsOf(c, names...), want)
		}
	}
	if after[ids[1]] != nil {
		t.Error("what is restored is still a candidate")
	}
	knownEverywhere(t, dir, after)
	knownOnPage(t, filepath.Join(dir, "out2"), after)
	e.followUps(t, dir, cases[ids[1]]["id"], cases[ids[2]]["id"])
	addSaysTheSame(t, dir, after)
	takeKnows(t, dir, ids[3], ids[4], ids[0])
}

// TestCheckLedger: check tells the head of the ledger and its cases, in both forms; what a run refuses is a problem, which
// stands beside those of the inputs.
func TestCheckLedger(t *testing.T) {
	dir := newLedger(t)
	head := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT seq || ' ' || hash FROM events ORDER BY seq DESC LIMIT 1")[0]
	seq, hash, _ := strings.Cut(head, " ")
	cases := len(query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT DISTINCT case_id FROM events WHERE case_id <> ''"))
	here(t, dir, "check", "job.yaml", "--quiet", "--ledger", "ledger.gpkg").has(t, "ledger  ledger.gpkg", fmt.Sprint("cases      ", cases), "head       event "+seq+", SHA-256 "+hash, "no problems")
	var said struct {
		Ledger struct {
			Place, Hash string
			Events      json.Number
			Cases       int
		}
	}
	o := here(t, dir, "check", "job.yaml", "--quiet", "--json", "--ledger", "ledger.gpkg")
	o.want(t, 0)
	if err := json.Unmarshal([]byte(o.stdout), &said); err != nil || said.Ledger.Place != "ledger.gpkg" || said.Ledger.Hash != hash || string(said.Ledger.Events) != seq || said.Ledger.Cases != cases {
		t.Errorf("%v %+v", err, said)
	}
	if o := here(t, dir, "check", "job.yaml", "--quiet", "--json"); strings.Contains(o.stdout, `"ledger"`) {
		t.Error("without a ledger something is said of one")
	}
	o = here(t, dir, "check", "job.yaml", "--quiet", "--ledger", "none.gpkg")
	o.want(t, 10)
	o.has(t, "problem: none.gpkg: there is no ledger", "1 problem,", "before  lc2015.tif")
	copyFile(t, filepath.Join(dir, "ledger.gpkg"), filepath.Join(dir, "copy.gpkg"))
	cutLedger(t, filepath.Join(dir, "copy.gpkg"))
	o = here(t, dir, "check", "job.yaml", "--quiet", "--ledger", "copy.gpkg")
	o.want(t, 13)
	o.has(t, "problem: copy.gpkg: the ledger does not end with the event that its head names")
}

// cutLedger changes the last event of a ledger behind the program's back.
func cutLedger(t *testing.T, path string) {
	t.Helper()
	for _, trigger := range query(t, path, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'") {
		query(t, path, `DROP TRIGGER "`+trigger+`"`)
	}
	query(t, path, "UPDATE events SET actor = 'somebody else' WHERE seq = (SELECT max(seq) FROM events)")
}

// knownEverywhere: candidates.csv, review.gpkg and candidates.xlsx tell the same as candidates.geojson.
func knownEverywhere(t *testing.T, dir string, want map[string]map[string]any) {
	t.Helper()
	names := []string{"case_id", "relation", "case_state", "case_link", "case_near", "case_verd", "case_why", "case_note", "confirm", "follow_up", "verdict"}
	for _, row := range csvOf(t, filepath.Join(dir, "out2", "candidates.csv")) {
		for _, name := range names {
			if c := want[row["cand_id"]]; row[name] != c[name] {
				t.Errorf("candidates.csv: %s of %s is %q, not %q", name, row["cand_id"], row[name], c[name])
			}
		}
	}
	for _, line := range query(t, filepath.Join(dir, "out2", "review.gpkg"), "SELECT cand_id || '|' || "+strings.Join(names, " || '|' || ")+" FROM candidates") {
		id, text, _ := strings.Cut(line, "|")
		if got := strings.Join(strings.Split(text, "|"), " "); got != fieldsOf(want[id], names...) {
			t.Errorf("review.gpkg: %s, not %s", got, fieldsOf(want[id], names...))
		}
	}
	rows, err := readReturned(t.Context(), filepath.Join(dir, "out2", "candidates.xlsx"))
	if err != nil || len(rows) != len(want) {
		t.Fatal(err, len(rows))
	}
	for _, r := range rows {
		if r.Said["verdict"] != want[r.ID]["verdict"] {
			t.Errorf("candidates.xlsx: verdict of %s is %q", r.ID, r.Said["verdict"])
		}
		for _, f := range r.Facts {
			if slices.Contains(names, f.Field) && f.Value != want[r.ID][f.Field] {
				t.Errorf("candidates.xlsx: %s of %s is %q, not %q", f.Field, r.ID, f.Value, want[r.ID][f.Field])
			}
		}
	}
}

// TestRunWithoutLedger: what is no ledger, or does not end as its head says, is refused before the run begins; an empty
// one tells that all is new.
func TestRunWithoutLedger(t *testing.T) {
	dir := newLedger(t)
	refuse := func(ledger string, status int, texts ...string) {
		t.Helper()
		o := here(t, dir, "run", "job.yaml", "--quiet", "--out", "out2", "--ledger", ledger)
		o.want(t, status)
		o.has(t, texts...)
		if _, err := os.Stat(filepath.Join(dir, "out2")); err == nil {
			t.Error("a folder was written")
		}
	}
	refuse("none.gpkg", 10, "none.gpkg: there is no ledger")
	refuse(filepath.Join("out", "review.gpkg"), 10, "review.gpkg")
	copyFile(t, filepath.Join(dir, "ledger.gpkg"), filepath.Join(dir, "copy.gpkg"))
	cutLedger(t, filepath.Join(dir, "copy.gpkg"))
	refuse("copy.gpkg", 13, "copy.gpkg: the ledger does not end with the event that its head names")
	here(t, dir, strings.Fields("ledger init --code 34 --name 空 --as 王建国 --level city --ledger empty.gpkg --at 2026-01-05")...).want(t, 0)
	here(t, dir, "run", "job.yaml", "--quiet", "--out", "out3", "--ledger", "empty.gpkg").want(t, 0)
	for _, c := range candidatesOf(t, filepath.Join(dir, "out3")) {
		if fieldsOf(c, "case_id", "relation", "verdict", "follow_up") != " new unreviewed " {
			t.Errorf("%v", c)
		}
	}
}

// TestShownLedger: records name a file as seen from the job, and a database without its password, wherever the job is.
func TestShownLedger(t *testing.T) {
	for place, want := range map[string]string{
		"jobs/ledger.gpkg": "ledger.gpkg", "/else/ledger.gpkg": "/else/ledger.gpkg",
		"postgres://zhao:secret@host/asked": "postgres://zhao:xxxxx@host/asked", "postgresql:///asked?host=/tmp&password=secret": "postgresql:///asked?host=%2Ftmp&password=xxxxx",
	} {
		if got := shownLedger(&job.Job{Path: "jobs/job.yaml", Ledger: place}); got != want {
			t.Errorf("%s is named %s, want %s", place, got, want)
		}
	}
}
