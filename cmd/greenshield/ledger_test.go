package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/ledgergpkg"
)

// newLedger returns a folder with the sample, its run in out, and a ledger.gpkg to which the run was added.
func newLedger(t *testing.T) (dir string) {
	t.Helper()
	dir = newSample(t)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg,xlsx").want(t, 0)
	here(t, dir, strings.Fields("ledger init --code 341700 --name 台账 --as 王建国 --level city --at 2026-01-05")...).want(t, 0)
	here(t, dir, strings.Fields("ledger add out --at 2026-01-05")...).want(t, 0)
	return dir
}

// query returns what a statement finds in a GeoPackage, or executes it: values of the first column.
func query(t *testing.T, path, sql string) (found []string) {
	t.Helper()
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{"ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"} { // the triggers name them
		err := db.CreateFunction(name, &sqlite.FunctionImpl{NArgs: 1, AllowIndirect: true, Scalar: func(sqlite.Context, []sqlite.Value) (sqlite.Value, error) {
			return sqlite.IntegerValue(0), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = sqlitex.ExecuteTransient(db, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		found = append(found, stmt.ColumnText(0))
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// judge copies the review.gpkg of the run to a file, and has a reviewer set fields of candidates there.
func judge(t *testing.T, dir, name string, said map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "out", "review.gpkg"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	for id, set := range said {
		query(t, filepath.Join(dir, name), fmt.Sprintf("UPDATE candidates SET %s WHERE cand_id = '%s'", set, id))
	}
	return name
}

// candidateIDs returns the ids of the first candidates of which each is alone in its patch.
func candidateIDs(t *testing.T, dir string, n int) []string {
	t.Helper()
	ids := query(t, filepath.Join(dir, "out", "review.gpkg"), "SELECT min(cand_id) FROM candidates GROUP BY patch_id HAVING count(*) = 1 ORDER BY min(fid)")
	if len(ids) < n {
		t.Fatalf("%d candidates", len(ids))
	}
	return ids[:n]
}

// listed returns the cases that flags choose, by the id of their candidate.
func listed(t *testing.T, dir string, flags ...string) map[string]map[string]any {
	t.Helper()
	o := here(t, dir, append([]string{"ledger", "list", "--json"}, flags...)...)
	o.want(t, 0)
	var list struct{ Cases []map[string]any }
	if err := json.Unmarshal([]byte(o.stdout), &list); err != nil {
		t.Fatal(err)
	}
	byCandidate := map[string]map[string]any{}
	for _, c := range list.Cases {
		byCandidate[fmt.Sprint(c["candidates"])] = c
	}
	return byCandidate
}

// has fails when the output of a command lacks a text.
func (o outcome) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("%q is not in\n%s%s", text, o.stdout, o.stderr)
		}
	}
}

// TestLedgerAdd: a run opens a case for each patch of candidates; a second time, and by a dry run, nothing is added; a
// run of the same maps with another minimum area finds the same cases again.
func TestLedgerAdd(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg", "--min-area", "30cells").want(t, 0)
	here(t, dir, strings.Fields("ledger init --code 341700 --name 台账 --as 王建国 --level city --at 2026-01-05")...).want(t, 0)
	patches := len(query(t, filepath.Join(dir, "out", "review.gpkg"), "SELECT DISTINCT patch_id FROM candidates"))
	dry := here(t, dir, "ledger", "add", "out", "--dry-run")
	dry.want(t, 0)
	dry.has(t, fmt.Sprintf("nothing was written (--dry-run); it would be %d events: %d detected, 1 run\n", patches+1, patches))
	if n := len(listed(t, dir)); n != 0 {
		t.Errorf("%d cases after a dry run", n)
	}
	here(t, dir, "ledger", "add", "out").has(t, fmt.Sprintf("%d events written to ledger.gpkg: %d detected, 1 run\n", patches+1, patches))
	here(t, dir, "ledger", "add", "out").has(t, fmt.Sprintf("nothing new in %d rows\nnothing was written to ledger.gpkg\n", patches))
	first := listed(t, dir)
	id := candidateIDs(t, dir, 1)[0]
	here(t, dir, "ledger", "set", fmt.Sprint(first[id]["id"]), "verdict=属实", "--as", "李明", "--level", "county").want(t, 0)

	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg", "--min-area", "4cells", "--out", "more").want(t, 0)
	here(t, dir, "ledger", "add", "more").want(t, 0)
	again := listed(t, dir)
	if got, want := len(again), len(query(t, filepath.Join(dir, "more", "review.gpkg"), "SELECT DISTINCT patch_id FROM candidates")); got != want || got <= patches {
		t.Errorf("%d cases, want %d, more than %d", got, want, patches)
	}
	for candidate, c := range first {
		now := again[candidate]
		if now["id"] != c["id"] || now["relation"] != "persisting" {
			t.Errorf("case %v is now %v, %v", c["id"], now["id"], now["relation"])
		}
	}
	if c := again[id]; c["verdict"] != "confirmed" || c["to_confirm"] != nil {
		t.Errorf("the verdict is %v, to confirm: %v", c["verdict"], c["to_confirm"])
	}
	if n := len(listed(t, dir, "--relation", "new")); n != len(again)-len(first) {
		t.Errorf("%d new cases, want %d", n, len(again)-len(first))
	}
}

// TestLedgerRuns: a folder that is no run, one that was edited, and one of another lattice are refused.
func TestLedgerRuns(t *testing.T) {
	dir := newLedger(t)
	o := here(t, dir, "ledger", "add", "none")
	o.want(t, 10)
	o.has(t, "greenshield: none: not the folder of a run: ")
	if err := os.WriteFile(filepath.Join(dir, "out", "candidates.geojson"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	o = here(t, dir, "ledger", "add", "out")
	o.want(t, 13)
	o.has(t, "greenshield: out/candidates.geojson: the file is not as the run wrote it; run it again into a new folder\n")
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg,xlsx", "--out", "anew").want(t, 0)
	here(t, dir, "ledger", "add", "anew").has(t, "nothing was written to ledger.gpkg")
	o = here(t, dir, "ledger", "add", "anew", "--ledger", "none.gpkg")
	o.want(t, 10)
	o.has(t, "none.gpkg: there is no ledger; name one by --ledger, or found one by greenshield ledger init\n")
}

// TestLedgerTake: verdicts of a review.gpkg become events once; two reviewers who disagree are a conflict until somebody
// settles it; rows that cannot be are refused one by one, or all.
func TestLedgerTake(t *testing.T) {
	dir := newLedger(t)
	ids := candidateIDs(t, dir, 5)
	first := judge(t, dir, "a.gpkg", map[string]string{
		ids[0]: "verdict = 'refuted', rev_reason = 'class', rev_note = '阴影', reviewer = '李明', rev_date = '2026-03-05'",
		ids[1]: "verdict = 'refuted', rev_reason = 'imagery', reviewer = '李明'",
		ids[2]: "verdict = 'confirmed', reviewer = '李明'",
		ids[3]: "verdict = 'approved', rev_note = '皖林许〔2019〕3号'",
	})
	take := func(file string, flags ...string) outcome {
		return here(t, dir, append([]string{"ledger", "take", file, "--as", "李明", "--level", "county", "--at", "2026-03-10"}, flags...)...)
	}
	o := take(first, "--all-or-nothing")
	o.want(t, 13)
	o.has(t, "refused: a.gpkg, candidates, feature ", ids[1]+": the verdict refuted needs a reason; the reasons are misclassified, ", "nothing was written to ledger.gpkg\n")
	take(first, "--dry-run", "--reason", "natural").has(t, "it would be 7 events: 3 advanced, 4 judged\n")
	if n := len(listed(t, dir, "--verdict", "refuted,confirmed")); n != 0 {
		t.Fatalf("%d verdicts", n)
	}
	o = take(first, "--reason", "natural")
	o.want(t, 0)
	o.has(t, "7 events written to ledger.gpkg: 3 advanced, 4 judged\n")
	take(first, "--reason", "natural").has(t, "nothing was written to ledger.gpkg\n")
	judged := listed(t, dir, "--verdict", "不属实,属实")
	for id, want := range map[string]string{ids[0]: "refuted misclassified archived 2026-03-05 阴影", ids[1]: "refuted natural archived <nil> <nil>",
		ids[2]: "confirmed <nil> unreviewed <nil> <nil>", ids[3]: "refuted lawful archived <nil> 皖林许〔2019〕3号"} {
		c := judged[id]
		if got := fmt.Sprintln(c["verdict"], c["reason"], c["state"], c["review_date"], c["note"]); got != want+"\n" {
			t.Errorf("%s is %swant %s", id, got, want)
		}
	}
	second := judge(t, dir, "b.gpkg", map[string]string{ids[0]: "verdict = 'confirmed', reviewer = '赵'", ids[1]: "rev_date = '2021-02-30'",
		ids[2]: "rev_date = '2026-03-11'", ids[4]: "verdict = 'maybe'"})
	o = take(second)
	o.want(t, 13)
	o.has(t, ids[1]+`: the field review_date: "2021-02-30" is no day of the calendar`, ids[2]+": the field review_date: 2026-03-11 lies after", ids[4]+`: the verdict "maybe" is unknown`)
	disputed := listed(t, dir, "--disputed")
	if len(disputed) != 1 || disputed[ids[0]]["verdict"] != "confirmed" || disputed[ids[0]]["state"] != "unreviewed" {
		t.Errorf("disputed: %v", disputed)
	}
	id := fmt.Sprint(disputed[ids[0]]["id"])
	here(t, dir, "ledger", "set", id, "--settle", "核查结论=不属实", "--as", "王建国", "--level", "city").want(t, 0)
	if c := listed(t, dir, id)[ids[0]]; c["verdict"] != "refuted" || c["conflicts"] != 0.0 {
		t.Errorf("settled: %v", c)
	}
	story := here(t, dir, "ledger", "case", id)
	story.has(t, "阴影", "  conflict  李明 (county)", "  settled  王建国 (city)", "2026-03-10 00:00  judged  李明 (county)")
}

// TestLedgerTakeForeign: an id that was edited, and a fact that was changed, are refused; the rest is taken.
func TestLedgerTakeForeign(t *testing.T) {
	dir := newLedger(t)
	path := filepath.Join(dir, "out", "candidates.xlsx")
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows("问题清单")
	if err != nil {
		t.Fatal(err)
	}
	set := func(row int, title string, value any) {
		t.Helper()
		for i, got := range rows[1] {
			if got == title {
				at, _ := excelize.CoordinatesToCellName(i+1, row+2)
				if err := book.SetCellValue("问题清单", at, value); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	set(1, "图斑编号", "C00")
	set(2, "严重程度", "提示")
	set(3, "图斑面积(公顷)", 0.01)
	set(4, "核查结论", "属实")
	set(4, "核查日期", 46086)
	set(4, "问题", "毁林建房")
	set(4, "责任", "某镇政府")
	if err := book.SaveAs(filepath.Join(dir, "back.xlsx")); err != nil {
		t.Fatal(err)
	}
	o := here(t, dir, strings.Fields("ledger take back.xlsx --as 李明 --level county --at 2026-03-10")...)
	o.want(t, 13)
	o.has(t, "refused: back.xlsx, 问题清单, row 3, C00: no run in the ledger has this candidate: its id was changed, or the file is of a run that was not added\n",
		`问题清单, row 4, `, `: 严重程度 was changed: it is "1" in the file and "`, `: 图斑面积(公顷) was changed: it is "0.01" in the file and "`, "2 events written to ledger.gpkg: 1 judged, 1 set\n")
	c := listed(t, dir, "--verdict", "confirmed")
	if len(c) != 1 {
		t.Fatal(c)
	}
	for _, c := range c {
		if c["problem"] != "毁林建房" || c["responsible_unit"] != "某镇政府" || c["review_date"] != "2026-03-05" {
			t.Errorf("the case is %v", c)
		}
	}
	o = here(t, dir, "ledger", "take", "job.yaml", "--as", "李明", "--level", "county")
	o.want(t, 10)
	o.has(t, "job.yaml: neither a review.gpkg nor a candidates.xlsx")
}

// TestLedgerCloseOut: a case goes all the way to being struck off, and what is missing on the way is told.
func TestLedgerCloseOut(t *testing.T) {
	dir := newLedger(t)
	id := fmt.Sprint(listed(t, dir)[candidateIDs(t, dir, 1)[0]]["id"])
	if err := os.WriteFile(filepath.Join(dir, "验收.pdf"), []byte("photo"), 0o644); err != nil {
		t.Fatal(err)
	}
	state := func() string { return fmt.Sprint(listed(t, dir, id)[candidateIDs(t, dir, 1)[0]]["state"]) }
	for _, step := range []struct{ args, refused, state string }{
		{"advance ID --to filed", "only a confirmed problem is filed", "unreviewed"},
		{"set ID 核查结论=属实", "", "unreviewed"},
		{"advance ID --to 立案", "", "filed"},
		{"advance ID --to rectifying", "the four lists are not complete: problem, measures, standard, responsible_unit, responsible_person, due_date", "filed"},
		{"set ID problem=毁林 measures=拆除 measure_kind=拆除 standard=恢复林地 责任单位=镇政府 responsible_person=赵强 due_date=2026-04-30", "", "filed"},
		{"advance ID --to rectifying", "", "rectifying"},
		{"advance ID --to submitted", "there is no evidence of the rectification", "rectifying"},
		{"set ID --evidence 验收.pdf", "", "rectifying"},
		{"advance ID --to submitted", "", "submitted"},
		{"advance ID --to county_checked --accept-unit 镇政府", "nobody accepts its own work", "submitted"},
		{"advance ID --to county_checked --accept-unit 县林业局", "", "county_checked"},
		{"advance ID --to city_accepted --accept-unit 市林业局 --level city", "", "city_accepted"},
		{"advance ID --to province_accepted --accept-unit 省林业局 --level province", "", "province_accepted"},
		{"advance ID --to publicity --start 2026-03-10 --days 3", "takes from 10 to 100 working days", "province_accepted"},
		{"advance ID --to publicity --start 2026-03-10 --days 10", "", "publicity"},
		{"set ID --objection 未拆完", "", "publicity"},
		{"advance ID --to struck_off", "1 objections have no answer yet", "publicity"},
		{"set ID --answer 已复查", "", "publicity"},
		{"advance ID --to struck_off", "is over after 2026-03-23", "publicity"},
		{"advance ID --to struck_off --at 2026-03-24", "", "struck_off"},
	} {
		args := strings.Fields("ledger " + strings.Replace(step.args, "ID", id, 1) + " --as 李明")
		if !strings.Contains(step.args, "--level") {
			args = append(args, "--level", "county")
		}
		if !strings.Contains(step.args, "--at") {
			args = append(args, "--at", "2026-03-10")
		}
		o := here(t, dir, args...)
		if (o.status != 0) != (step.refused != "") || !strings.Contains(o.stdout, step.refused) {
			t.Fatalf("%s: status %d, %s%s", step.args, o.status, o.stdout, o.stderr)
		}
		if got := state(); got != step.state {
			t.Fatalf("%s: the state is %s", step.args, got)
		}
		if step.state == "publicity" && step.refused == "" && strings.HasPrefix(step.args, "advance") {
			noticeOf(t, dir, id)
		}
	}
	here(t, dir, "ledger", "case", id).has(t, "验收.pdf  SHA-256 55c64d0fcd6f9d5f")
}

// noticeOf looks at the public notice of a case.
func noticeOf(t *testing.T, dir, id string) {
	t.Helper()
	o := here(t, dir, "ledger", "notice", id)
	o.want(t, 13)
	o.has(t, "the notice lacks 目标任务、整改完成情况、受理单位、联系电话、电子邮箱")
	args := strings.Fields("goal=恢复 result=已<拆除> office=县林业局 phone=0566-1 email=a@b.cn --as 李明 --level county --at 2026-03-10")
	here(t, dir, append([]string{"ledger", "set", id}, args...)...).want(t, 0)
	here(t, dir, "ledger", "notice", id).has(t, "整改实施主体    镇政府\n", "2026-03-10 至 2026-03-23（10 个工作日）")
	o = here(t, dir, "ledger", "notice", id, "341700-999999") // of a case that there is not, nothing is left out silently
	o.want(t, 10)
	o.has(t, "341700-999999: there is no such case in the ledger")
	here(t, dir, "ledger", "notice", id, "--out", "notice.html").want(t, 0)
	text, err := os.ReadFile(filepath.Join(dir, "notice.html"))
	if err != nil || !strings.Contains(string(text), `<tr><th scope="row">整改完成情况</th><td>已&lt;拆除&gt;</td></tr>`) {
		t.Errorf("%s, %v", text, err)
	}
	o = here(t, dir, "ledger", "notice", id, "--out", "notice.html")
	o.want(t, 15)
	o.has(t, "notice.html: there is such a file already; name a new one")
}

// TestLedgerMany: what is said of many cases by a filter is said of each that the rules let.
func TestLedgerMany(t *testing.T) {
	dir := newLedger(t)
	all := len(listed(t, dir))
	mild := listed(t, dir, "--severity", "3")
	o := here(t, dir, strings.Fields("ledger set --severity 3 verdict=refuted reason=自然原因 --as 李明 --level county --at 2026-03-10")...)
	o.want(t, 0)
	o.has(t, fmt.Sprintf(": %d advanced, %d judged\n", len(mild), len(mild)))
	if n := len(listed(t, dir, "--state", "归档")); n != len(mild) || n == 0 || n == all {
		t.Errorf("%d of %d are archived, want %d", n, all, len(mild))
	}
	for _, tt := range []struct{ args, message string }{
		{"set verdict=refuted", "no case; name one, or choose many by flags such as --state"},
		{"set 341700-000001", "nothing to say; give FIELD=VALUE, or a flag such as --evidence FILE"},
		{"set 341700-000001 verdit=refuted", `unknown field "verdit"; did you mean "verdict"?`},
		{"list --state struk_off", `--state: unknown code "struk_off"; did you mean "struck_off"?`},
		{"list --overdue 2026-02-30", `--overdue: "2026-02-30" is no day of the calendar`},
		{"list --format xml", `--format: unknown code "xml"`},
		{"case 341700-999999", "341700-999999: there is no such case in the ledger"},
		{"lst", `unknown command "lst"; did you mean "list"?`},
		{"init --code x! --as a --level city", `"x!" is no administrative code; write its digits, such as 341700`},
		{"init --code 341700 --as a --level city", "ledger.gpkg: there is such a file already; a ledger is founded once"},
		{"case", "no case; name one: greenshield ledger case 341700-000012"},
		{"add", "no run; name its folder: greenshield ledger add out"},
		{"take", "no file; name one: greenshield ledger take review.gpkg"},
		{"backup", "no file; name one: greenshield ledger backup FILE"},
	} {
		o := here(t, dir, strings.Fields("ledger " + tt.args + " --as 李明 --level county")[:len(strings.Fields(tt.args))+1+4*boolInt(strings.HasPrefix(tt.args, "set"))]...)
		if o.status != 10 || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
	for _, tt := range []struct{ args, message string }{
		{"", "who speaks is not said; give the name by --as NAME"},
		{"--as a", `--level: "" is no level; write county, city or province`},
		{"--as a --level town", `--level: "town" is no level; write county, city or province`},
		{"--as a --level city --at yesterday", `--at: "yesterday" is no time; write it as 2026-03-05 or 2026-03-05T09:30:00+08:00`},
		{"--as a --level city --at 2999-01-01", "lies in the future"},
	} {
		o := here(t, dir, append(strings.Fields("ledger set 341700-000001 note=x"), strings.Fields(tt.args)...)...)
		if o.status != 10 || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestLedgerFormats: the formats of the list have every case, and none a formula.
func TestLedgerFormats(t *testing.T) {
	dir := newLedger(t)
	id := fmt.Sprint(listed(t, dir)[candidateIDs(t, dir, 1)[0]]["id"])
	here(t, dir, "ledger", "set", id, "problem==cmd|' /C calc'!A0", "--as", "a", "--level", "county").want(t, 0)
	n := len(listed(t, dir))
	csv := here(t, dir, "ledger", "list", "--format", "csv")
	csv.want(t, 0)
	if lines := strings.Count(csv.stdout, "\n"); lines != n+1 || !strings.HasPrefix(csv.stdout, "\uFEFFid,ext_no,state,") || !strings.Contains(csv.stdout, ",'=cmd|") {
		t.Errorf("%d lines of CSV, want %d: %.200s", lines, n+1, csv.stdout)
	}
	var collection struct {
		Features []struct {
			ID       string
			Geometry struct {
				Type        string
				Coordinates []float64
			}
		}
	}
	geo := here(t, dir, "ledger", "list", "--format", "geojson")
	if err := json.Unmarshal([]byte(geo.stdout), &collection); err != nil || len(collection.Features) != n || collection.Features[0].Geometry.Type != "Point" ||
		collection.Features[0].ID != "341700-000001" || len(collection.Features[0].Geometry.Coordinates) != 2 {
		t.Errorf("%d features, %v", len(collection.Features), err)
	}
	table := here(t, dir, "ledger", "list", id)
	table.has(t, "case ", "unreviewed  ", "\n1 case\n")
	if zh := chinese(t, dir, "ledger", "list", id); !strings.Contains(zh.stdout, "待核查") {
		t.Error(zh.stdout)
	}
}

// TestLedgerKept: an export makes a ledger of the same hash, a backup is a ledger, and what was edited behind the back of
// the program is found.
func TestLedgerKept(t *testing.T) {
	dir := newLedger(t)
	here(t, dir, "ledger", "export", "a.ndjson").want(t, 0)
	here(t, dir, "ledger", "import", "a.ndjson", "--ledger", "copy.gpkg", "--dry-run").want(t, 0)
	if _, err := os.Stat(filepath.Join(dir, "copy.gpkg")); err == nil {
		t.Error("a dry run made a ledger")
	}
	here(t, dir, "ledger", "import", "a.ndjson", "--ledger", "copy.gpkg").want(t, 0)
	here(t, dir, "ledger", "backup", "backup.gpkg").want(t, 0)
	for _, name := range []string{"copy.gpkg", "backup.gpkg"} {
		here(t, dir, "ledger", "export", name+".ndjson", "--ledger", name).want(t, 0)
		a, errA := os.ReadFile(filepath.Join(dir, "a.ndjson"))
		b, errB := os.ReadFile(filepath.Join(dir, name+".ndjson"))
		if errA != nil || errB != nil || len(a) < 1000 || string(a) != string(b) {
			t.Errorf("%s holds another ledger: %d bytes, %d bytes, %v, %v", name, len(a), len(b), errA, errB)
		}
		here(t, dir, "ledger", "verify", "--ledger", name).has(t, "nothing was changed: ")
	}
	text, err := os.ReadFile(filepath.Join(dir, "a.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{"cut.ndjson": string(text[:len(text)/2]), "edited.ndjson": strings.Replace(string(text), "serious", "notice", 1) + " "} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		o := here(t, dir, "ledger", "import", name, "--ledger", "no.gpkg")
		o.want(t, 13)
		if _, err := os.Stat(filepath.Join(dir, "no.gpkg")); err == nil {
			t.Errorf("%s made a ledger", name)
		}
	}
	for _, trigger := range query(t, filepath.Join(dir, "copy.gpkg"), "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'") {
		query(t, filepath.Join(dir, "copy.gpkg"), `DROP TRIGGER "`+trigger+`"`)
	}
	query(t, filepath.Join(dir, "copy.gpkg"), "UPDATE events SET actor = 'somebody else' WHERE seq = 3")
	o := here(t, dir, "ledger", "verify", "--ledger", "copy.gpkg")
	o.want(t, 14)
	o.has(t, "event 3 was changed\n")
	query(t, filepath.Join(dir, "copy.gpkg"), "UPDATE events SET time = 'noon', actor = actor || 'x' WHERE seq > 4")
	events := len(query(t, filepath.Join(dir, "copy.gpkg"), "SELECT seq FROM events WHERE seq > 4"))
	o = here(t, dir, "ledger", "verify", "--ledger", "copy.gpkg", "--limit", "2")
	o.want(t, 14)
	o.has(t, "event 3 was changed\n", "events, row 5: the column time was changed by", fmt.Sprintf("\n%d problems, 2 of them listed\n", events+1))
	if strings.Contains(o.stdout, "row 6") {
		t.Errorf("more than two problems are listed: %s", o.stdout)
	}
	o = here(t, dir, "ledger", "verify", "--ledger", "copy.gpkg", "--json")
	o.want(t, 14)
	var told struct {
		Problems []string
		Found    int
	}
	if err := json.Unmarshal([]byte(o.stdout), &told); err != nil || told.Found != events+1 || len(told.Problems) != told.Found ||
		!strings.HasPrefix(told.Problems[events], fmt.Sprintf("events, row %d: ", events+4)) {
		t.Errorf("%v: %+v", err, told)
	}
	o = here(t, dir, "ledger", "verify", "--limit", "0")
	o.want(t, 10)
	o.has(t, "--limit: 0 is no number of problems; write 1 or more")
}

// TestLedgerFiles: what is no ledger, is being written to, or is in the way of a backup is told.
func TestLedgerFiles(t *testing.T) {
	dir := newLedger(t)
	here(t, dir, "ledger", "backup", "copy.gpkg").want(t, 0)
	for _, tt := range []struct {
		args    string
		status  int
		message string
	}{
		{"backup copy.gpkg", 15, "copy.gpkg: exists; name another file"},
		{"list --ledger out/review.gpkg", 10, "out/review.gpkg: is no ledger; name the ledger.gpkg that ledger init made"},
		{"list --ledger job.yaml", 10, "job.yaml: is no ledger"},
	} {
		o := here(t, dir, strings.Fields("ledger "+tt.args)...)
		if o.status != tt.status || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
	s, err := ledgergpkg.Open(filepath.Join(dir, "ledger.gpkg"), true)
	if err != nil {
		t.Fatal(err)
	}
	o := here(t, dir, "ledger", "add", "out")
	o.want(t, 16)
	o.has(t, fmt.Sprintf("ledger.gpkg: process %d of ", os.Getpid()), " writes to this ledger; wait until it ends\n")
	here(t, dir, "ledger", "list").want(t, 0)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	here(t, dir, "ledger", "add", "out").want(t, 0)
}
