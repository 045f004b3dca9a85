package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/gdalinput"
	"greenshield/seeds"
	"greenshield/vector/trace"
)

// epochs is the sample with what a later epoch shows.
type epochs struct {
	grid          raster.Grid
	before, after []uint8 // cells of lc2015.tif and lc2020.tif
	later         []uint8 // cells of lc2021.tif
	patches       map[string]redline.Patch
	of            map[string]string // candidate that is all of its patch, and its only one → patch
}

func cellsOf(t *testing.T, path string) (cells []uint8, s godal.DatasetStructure) {
	t.Helper()
	ds, err := godal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s = ds.Structure()
	cells = make([]uint8, s.SizeX*s.SizeY)
	if err := errors.Join(ds.Bands()[0].Read(0, 0, cells, s.SizeX, s.SizeY), ds.Close()); err != nil {
		t.Fatal(err)
	}
	return cells, s
}

// epochsOf reads the maps of the sample and the patches of its run in out.
func epochsOf(t *testing.T, dir string) *epochs {
	t.Helper()
	e := &epochs{patches: patchesIn(t, filepath.Join(dir, "out")), of: map[string]string{}}
	var s godal.DatasetStructure
	e.before, _ = cellsOf(t, filepath.Join(dir, "lc2015.tif"))
	e.after, s = cellsOf(t, filepath.Join(dir, "lc2020.tif"))
	e.later = slices.Clone(e.after)
	e.grid = raster.Grid{Cols: s.SizeX, Rows: s.SizeY}
	for _, pair := range query(t, filepath.Join(dir, "out", "review.gpkg"), "SELECT min(cand_id) || ' ' || patch_id FROM candidates GROUP BY patch_id HAVING count(*) = 1 AND min(part_pct) = 100 ORDER BY min(fid)") {
		candidate, patch, _ := strings.Cut(pair, " ")
		e.of[candidate] = patch
	}
	return e
}

func patchesIn(t *testing.T, folder string) map[string]redline.Patch {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, files.PatchesName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := files.NewPatches(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]redline.Patch{}
	for p, err := range in.All() {
		if err != nil {
			t.Fatal(err)
		}
		all[p.ID] = redline.Patch{ID: p.ID, Group: p.Group, Cells: slices.Clone(p.Cells)}
	}
	return all
}

// cells returns the positions of the cells of a patch.
func (e *epochs) cells(p redline.Patch) (at []int) {
	for _, r := range p.Cells {
		for col := r.Col0; col < r.Col1; col++ {
			at = append(at, int(r.Row)*e.grid.Cols+int(col))
		}
	}
	return at
}

// restore makes the first n cells of a patch what they were.
func (e *epochs) restore(patch string, n int) {
	for _, at := range e.cells(e.patches[patch])[:n] {
		e.later[at] = e.before[at]
	}
}

// grow adds cells around a patch that were like it and changed nowhere else near; it returns how many.
func (e *epochs) grow(patch string) (n int) {
	own := map[int]bool{}
	cells := e.cells(e.patches[patch])
	for _, at := range cells {
		own[at] = true
	}
	near := func(at, reach int, ok func(at int) bool) bool {
		for dv := -reach; dv <= reach; dv++ {
			for du := -reach; du <= reach; du++ {
				if other := at + dv*e.grid.Cols + du; other < 0 || other >= len(e.after) || !ok(other) {
					return false
				}
			}
		}
		return true
	}
	for _, at := range cells {
		near(at, 1, func(next int) bool {
			alone := near(next, 2, func(other int) bool { return own[other] || e.before[other] == e.after[other] })
			if !own[next] && alone && e.before[next] == e.before[cells[0]] && e.later[next] == e.after[next] && e.after[next] != e.after[cells[0]] {
				e.later[next] = e.after[cells[0]]
				n++
			}
			return true
		})
	}
	return n
}

// write writes lc2021.tif and a job that compares it.
func (e *epochs) write(t *testing.T, dir string) {
	t.Helper()
	copyFile(t, filepath.Join(dir, "lc2020.tif"), filepath.Join(dir, "lc2021.tif"))
	ds, err := godal.Open(filepath.Join(dir, "lc2021.tif"), godal.Update())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ds.Bands()[0].Write(0, 0, e.later, e.grid.Cols, e.grid.Rows), ds.Close()); err != nil {
		t.Fatal(err)
	}
	job, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	if err == nil {
		later := strings.Replace(string(job), "files: [lc2020.tif], year: 2020", "files: [lc2021.tif], year: 2021", 1)
		err = os.WriteFile(filepath.Join(dir, "later.yaml"), []byte(later+"ledger: ledger.gpkg\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// candidatesOf returns the properties of the candidates of a run by id.
func candidatesOf(t *testing.T, folder string) map[string]map[string]any {
	t.Helper()
	var c struct {
		Features []struct{ Properties map[string]any }
	}
	text, err := os.ReadFile(filepath.Join(folder, files.CandidatesName))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, f := range c.Features {
		all[fmt.Sprint(f.Properties["cand_id"])] = f.Properties
	}
	return all
}

func csvOf(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fieldsOf returns fields of a candidate, joined.
func fieldsOf(c map[string]any, names ...string) string {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprint(c[name]))
	}
	return strings.Join(all, " ")
}

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
	e.followUps(t, dir, cases[ids[1]]["id"], cases[ids[2]]["id"])
	addSaysTheSame(t, dir, after)
	takeKnows(t, dir, ids[3], ids[4], ids[0])
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

// followUps: followup.csv has what stands on the ground of each case, cell by cell; one of them is restored and one in
// part.
func (e *epochs) followUps(t *testing.T, dir string, restored, partly any) {
	t.Helper()
	csv, ok := seeds.Legend("clcd")
	if !ok {
		t.Fatal("no legend clcd")
	}
	legend, err := landcover.ParseLegend("clcd", csv)
	if err != nil {
		t.Fatal(err)
	}
	earth := earthOf(t, dir)
	ground := map[string]redline.Patch{} // by candidates of the case
	for _, p := range e.patches {
		ground[p.ID] = p
	}
	patchOf := map[string]string{}
	for id, c := range candidatesOf(t, filepath.Join(dir, "out")) {
		patchOf[id] = fmt.Sprint(c["patch_id"])
	}
	of := map[string]redline.Patch{}
	for candidates, c := range listed(t, dir) {
		of[fmt.Sprint(c["id"])] = ground[patchOf[strings.Fields(candidates)[0]]]
	}
	rows := csvOf(t, filepath.Join(dir, "out2", "followup.csv"))
	if len(rows) != len(of) || !slices.IsSortedFunc(rows, func(a, b map[string]string) int { return strings.Compare(a["case_id"], b["case_id"]) }) {
		t.Errorf("%d rows of %d cases, or not sorted", len(rows), len(of))
	}
	for _, row := range rows {
		p := of[row["case_id"]]
		bad, before, _ := redline.GroupClasses(p.Group)
		sums := map[string]float64{}
		for _, at := range e.cells(p) {
			v, u := at/e.grid.Cols, at%e.grid.Cols
			area := earth.Row(v)
			kind := "nodata_m2"
			if class, ok := legend.Find(int64(e.later[at])); ok && e.later[at] != 0 {
				switch eco := class.Ecosystem; {
				case slices.Contains(before, eco):
					kind = "before_m2"
				case slices.Contains(bad, eco):
					kind = "bad_m2"
				default:
					kind = "other_m2"
				}
			}
			sums[kind] += area.Run(u, u+1).M2()
		}
		for _, name := range []string{"bad_m2", "before_m2", "other_m2", "nodata_m2"} {
			var got float64
			if _, err := fmt.Sscan(row[name], &got); err != nil || math.Abs(got-sums[name]) > 1e-6 {
				t.Errorf("case %s: %s is %s, not %.9f", row["case_id"], name, row[name], sums[name])
			}
		}
		if row["group"] != p.Group || row["year"] != "2021" || row["cells"] != fmt.Sprint(len(e.cells(p))) {
			t.Errorf("case %s: %v", row["case_id"], row)
		}
		want := "still"
		switch row["case_id"] {
		case restored:
			want = "restored"
		case partly:
			want = "partly"
		}
		if row["finding"] != want {
			t.Errorf("case %s is %s, not %s", row["case_id"], row["finding"], want)
		}
	}
}

// earthOf measures the grid of the sample.
func earthOf(t *testing.T, dir string) *raster.Earth {
	t.Helper()
	var o jobOptions
	j, err := o.job([]string{filepath.Join(dir, "job.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := gdalinput.Open(j)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Inputs.Earth
}

// addSaysTheSame: what the run told of its candidates is what the ledger says when the run is added.
func addSaysTheSame(t *testing.T, dir string, candidates map[string]map[string]any) {
	t.Helper()
	findings := map[string]string{}
	for _, row := range csvOf(t, filepath.Join(dir, "out2", "followup.csv")) {
		findings[row["case_id"]] = row["finding"]
	}
	known := map[string]bool{}
	for _, c := range listed(t, dir) {
		known[fmt.Sprint(c["id"])] = true
	}
	copyFile(t, filepath.Join(dir, "ledger.gpkg"), filepath.Join(dir, "followed.gpkg"))
	here(t, dir, strings.Fields("ledger add out2 --at 2026-03-01")...).want(t, 0)
	follow := func(ledger string) outcome {
		return here(t, dir, strings.Fields("ledger follow --raster lc2021.tif --year 2021 --legend clcd --at 2026-03-01 --ledger "+ledger)...)
	}
	follow("followed.gpkg").want(t, 0)
	followUps := func(ledger string) []string {
		return query(t, filepath.Join(dir, ledger), "SELECT case_id || ' ' || kind || ' ' || json_remove(fields, '$.run') FROM events WHERE kind IN ('follow_up', 'suspected') ORDER BY case_id, seq")
	}
	if a, b := followUps("ledger.gpkg"), followUps("followed.gpkg"); !slices.Equal(a, b) || len(a) != len(known) {
		t.Errorf("of %d cases the run saw\n%s\nand ledger follow\n%s", len(known), strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	follow("ledger.gpkg").has(t, "nothing was written")
	met := 0
	for ids, c := range listed(t, dir) {
		id := fmt.Sprint(c["id"])
		if known[id] && fmt.Sprint(c["finding"]) != findings[id] {
			t.Errorf("case %s: %v, but the run said %s", id, c["finding"], findings[id])
		}
		for _, candidate := range strings.Fields(ids) {
			row := candidates[candidate]
			if row == nil { // not met again
				continue
			}
			met++
			relation := row["relation"]
			if relation == "refuted_before" && slices.Contains([]any{"persisting", "shrunk"}, c["relation"]) {
				relation = c["relation"]
			}
			wantCase := row["case_id"]
			if wantCase == "" && !known[id] {
				wantCase = id
			}
			if c["relation"] != relation || id != wantCase || told(c["to_confirm"]) != row["confirm"] {
				t.Errorf("%s: the run says %s, the ledger %s", candidate, fieldsOf(row, "case_id", "relation", "confirm"), fieldsOf(c, "id", "relation", "to_confirm"))
			}
		}
	}
	if met != len(candidates) {
		t.Errorf("%d of %d candidates are of a case", met, len(candidates))
	}
}

func told(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// takeKnows: files of the run begin with the verdicts that hold. As they are they say nothing; a verdict that was carried
// can be changed, one that has to be confirmed can be given anew, and neither is a conflict unless the ledger has changed.
func takeKnows(t *testing.T, dir, refuted, confirmed, grown string) {
	t.Helper()
	copyTo := func(name string, said map[string]string) {
		copyFile(t, filepath.Join(dir, "out2", "review.gpkg"), filepath.Join(dir, name))
		for id, set := range said {
			query(t, filepath.Join(dir, name), fmt.Sprintf("UPDATE candidates SET %s WHERE cand_id = '%s'", set, id))
		}
	}
	take := func(file string) outcome {
		return here(t, dir, "ledger", "take", file, "--as", "赵", "--level", "city", "--reason", "natural", "--at", "2026-04-01")
	}
	copyTo("as-it-is.gpkg", nil)
	take("as-it-is.gpkg").has(t, "nothing was written")
	take(filepath.Join("out2", "candidates.xlsx")).has(t, "nothing was written")
	copyTo("note.gpkg", map[string]string{refuted: "rev_note = '再看'"})
	o := take("note.gpkg")
	o.want(t, 0)
	if c := listed(t, dir)[refuted]; fieldsOf(c, "verdict", "reason", "note") != "refuted misclassified 再看" {
		t.Errorf("with a note alone: %s", fieldsOf(c, "verdict", "reason", "note"))
	}
	copyTo("again.gpkg", map[string]string{grown: "verdict = 'partly', rev_reason = 'season'", confirmed: "verdict = 'refuted'"})
	o = take("again.gpkg")
	o.want(t, 0)
	for id, want := range map[string]string{grown: "partly natural 0", confirmed: "refuted natural 0"} {
		if c := listed(t, dir)[id]; fieldsOf(c, "verdict", "reason", "conflicts") != want {
			t.Errorf("judged again: %s, want %s\n%s", fieldsOf(c, "verdict", "reason", "conflicts"), want, o.stdout+o.stderr)
		}
	}
	copyTo("late.gpkg", map[string]string{confirmed: "verdict = 'partly', rev_reason = 'season'"})
	take("late.gpkg").want(t, 0)
	if c := listed(t, dir)[confirmed]; fieldsOf(c, "conflicts") != "1" {
		t.Errorf("two who disagree: %s conflicts", fieldsOf(c, "conflicts"))
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
	for _, trigger := range query(t, filepath.Join(dir, "copy.gpkg"), "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'") {
		query(t, filepath.Join(dir, "copy.gpkg"), `DROP TRIGGER "`+trigger+`"`)
	}
	query(t, filepath.Join(dir, "copy.gpkg"), "UPDATE events SET actor = 'somebody else' WHERE seq = (SELECT max(seq) FROM events)")
	refuse("copy.gpkg", 13, "copy.gpkg: the ledger does not end with the event that its head names")
	here(t, dir, strings.Fields("ledger init --code 34 --name 空 --as 王建国 --level city --ledger empty.gpkg --at 2026-01-05")...).want(t, 0)
	here(t, dir, "run", "job.yaml", "--quiet", "--out", "out3", "--ledger", "empty.gpkg").want(t, 0)
	for _, c := range candidatesOf(t, filepath.Join(dir, "out3")) {
		if fieldsOf(c, "case_id", "relation", "verdict", "follow_up") != " new unreviewed " {
			t.Errorf("%v", c)
		}
	}
}
