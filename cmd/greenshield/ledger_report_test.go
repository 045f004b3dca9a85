package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// telling is an event of a story: of the case with that number, on that day.
type telling struct {
	no     int
	day    string
	kind   ledger.Kind
	fields map[string]string
}

// tell adds events to a ledger.gpkg.
func tell(t *testing.T, path string, events []telling) {
	t.Helper()
	s, err := ledgergpkg.Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	var all []ledger.Event
	for _, e := range events {
		at, err := time.Parse(time.DateOnly, e.day)
		if err != nil {
			t.Fatal(err)
		}
		event := ledger.Event{Case: ledger.CaseID("341700", int64(e.no)), Kind: e.kind, Time: at, Actor: "李明", Level: ledger.County, Fields: e.fields}
		if e.kind == ledger.Evidence {
			event.Doc = ledger.Document{Name: "验收照片.pdf", SHA256: strings.Repeat("0f", 32)}
		}
		all = append(all, event)
	}
	head, err := s.Head(t.Context())
	if err == nil {
		err = ledger.Commit(t.Context(), s, head, all, nil)
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// way returns the events by which a case goes from its verdict to a state: filed on 2026-02-01, to be rectified by
// 2026-04-30, reported as rectified on a day, struck off on 2026-06-15.
func way(no int, to ledger.State, done string) (events []telling) {
	add := func(day string, kind ledger.Kind, pairs ...string) {
		fields := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			fields[pairs[i]] = pairs[i+1]
		}
		events = append(events, telling{no, day, kind, fields})
	}
	add("2026-01-20", ledger.Judged, "verdict", "confirmed", "reviewer", "李明", "review_date", "2026-01-20")
	add("2026-02-01", ledger.Advanced, "to", "filed")
	add("2026-02-02", ledger.Set, "problem", "核心区内毁林开垦，新建管理用房与道路，占用生态公益林约三亩", "measures", "拆除违建、清运垃圾、覆土复绿，三年内保持管护", "measure_kind", "demolition",
		"standard", "恢复林地，成活率 85% 以上", "responsible_unit", "东至县某某镇人民政府", "responsible_person", "赵强", "due_date", "2026-04-30",
		"ext_no", fmt.Sprintf("202403-341702-N1-%03d-ED-0002", no), "lists", "29+90+N\n23+N")
	for _, step := range []struct {
		day string
		to  ledger.State
	}{{"2026-02-10", ledger.Rectifying}, {done, ledger.Submitted}} {
		if slices.Index(ledger.States(), to) >= slices.Index(ledger.States(), step.to) {
			if step.to == ledger.Submitted {
				add(done, ledger.Evidence)
			}
			add(step.day, ledger.Advanced, "to", string(step.to))
		}
	}
	if slices.Index(ledger.States(), to) > slices.Index(ledger.States(), ledger.Submitted) {
		add("2026-05-20", ledger.Published, "start", "2026-05-20", "days", "10")
		add("2026-05-21", ledger.Objection, "objection", "未拆完")
		add("2026-05-25", ledger.Answered, "answer", "已复查")
	}
	if to == ledger.StruckOff {
		add("2026-06-15", ledger.Advanced, "to", "struck_off")
	}
	return events
}

// reported returns a folder with a ledger in which cases stand everywhere on the way, one with texts that are made to do
// harm. The last events are of 2026-09-01.
func reported(t *testing.T) (dir string) {
	dir = newLedger(t)
	var events []telling
	for no, to := range map[int]ledger.State{1: ledger.StruckOff, 2: ledger.StruckOff, 3: ledger.StruckOff, 4: ledger.Publicity, 5: ledger.Submitted, 6: ledger.Submitted, 7: ledger.Rectifying, 8: ledger.Filed} {
		events = append(events, way(no, to, map[bool]string{true: "2026-05-10", false: "2026-04-20"}[no == 2 || no == 6])...)
	}
	slices.SortStableFunc(events, func(a, b telling) int { return a.no - b.no })
	suspect := func(no int, what string) []telling {
		return []telling{{no, "2026-09-01", ledger.FollowUp, map[string]string{"finding": "still", "year": "2026", "share_bad": "0.9", "bad_m2": "5000"}},
			{no, "2026-09-01", ledger.Suspected, map[string]string{"suspicion": what, "year": "2026", "share_bad": "0.9"}}}
	}
	events = append(events, suspect(3, ledger.SuspectRebound)...)
	events = append(events, suspect(5, ledger.SuspectFalse)...)
	events = append(events, telling{9, "2026-03-01", ledger.Judged, map[string]string{"verdict": "refuted", "reason": "natural"}},
		telling{9, "2026-03-01", ledger.Advanced, map[string]string{"to": "archived"}},
		telling{10, "2026-03-01", ledger.Judged, map[string]string{"verdict": "confirmed"}},
		telling{10, "2026-03-02", ledger.Conflict, map[string]string{"field": "verdict", "ledger": "confirmed", "file": "refuted", "value": "confirmed"}},
		telling{11, "2026-03-01", ledger.Set, map[string]string{"problem": "=1+1</td><script>alert(1)</script>", "responsible_unit": "\u202e\"><img src=x onerror=alert(1)>\x01", "ext_no": "</script>"}},
		telling{11, "2026-03-02", ledger.Judged, map[string]string{"verdict": "confirmed", "note": "<b>"}},
		telling{11, "2026-03-03", ledger.Advanced, map[string]string{"to": "filed"}})
	tell(t, filepath.Join(dir, "ledger.gpkg"), events)
	return dir
}

// sheetRows returns the rows of a sheet of a workbook.
func sheetRows(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestLedgerReport: the workbook has the four lists and the totals as of a day, the page says the same, hostile texts are
// texts, and the same ledger gives the same bytes. The folder goes to GREENSHIELD_LEDGER, if that is set, for a browser.
func TestLedgerReport(t *testing.T) {
	dir := reported(t)
	report := func(out string, flags ...string) {
		t.Helper()
		o := here(t, dir, append([]string{"ledger", "report", "--out", out, "--day", "2026-09-30", "--since", "2026-06-01", "--issuer", "池州市专班"}, flags...)...)
		o.want(t, 0)
		o.has(t, out+" written: ")
	}
	report("a")
	report("b")
	for _, name := range []string{"ledger.xlsx", "ledger.html"} {
		a, errA := os.ReadFile(filepath.Join(dir, "a", name))
		b, errB := os.ReadFile(filepath.Join(dir, "b", name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
	book := filepath.Join(dir, "a", "ledger.xlsx")
	cases := len(listed(t, dir))
	for sheet, want := range map[string]int{"问题清单": 6, "措施清单": 6, "标准清单": 6, "责任清单": 6, "超期": 2, "疑似反弹": 1, "疑似虚假整改": 1, "未决分歧": 1, "登记册": cases} {
		rows := sheetRows(t, book, sheet)
		if len(rows) != want+2 || !strings.HasPrefix(rows[0][0], fmt.Sprintf("%s：%d 个问题点位", sheet, want)) {
			t.Errorf("%s has %d rows, want %d: %v", sheet, len(rows), want+2, rows[0])
		}
	}
	if row := sheetRows(t, book, "超期")[2]; row[0] != "341700-000007" || row[1] != "202403-341702-N1-007-ED-0002" || row[len(row)-1] != "153" {
		t.Errorf("overdue: %v", row)
	}
	if row := sheetRows(t, book, "未决分歧")[2]; row[4] != "核查结论：属实 / 不属实" {
		t.Errorf("disputed: %q", row)
	}
	var news []string
	for _, row := range sheetRows(t, book, "新近变化")[2:] {
		news = append(news, row[0]+" "+row[1][9:]+" "+row[4]+" "+row[5])
	}
	if got, want := fmt.Sprint(news), "[2026-06-15 0001 状态变更 转为：已销号 2026-06-15 0002 状态变更 转为：已销号 2026-06-15 0003 状态变更 转为：已销号"; !strings.HasPrefix(got, want) || len(news) != 5 {
		t.Errorf("news %v", news)
	}
	totals := sheetRows(t, book, "汇总")
	last := totals[len(totals)-1]
	// Points: judged 11 of all, in time 4 of 8, struck off 3 of 10, no rebound, nothing false.
	points := 15*11/float64(cases) + 30*4/8. + 25*3/10. + 15 + 15
	if want := fmt.Sprintf("[ 合计 %d 11 10 4 2 2 3 4 1 1 0 0 0 134.00 %.1f0]", cases, points); fmt.Sprint(last) != want {
		t.Errorf("the totals are %v, want %s", last, want)
	}
	text, err := os.ReadFile(filepath.Join(dir, "a", "ledger.html"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img") {
			scripts++
		}
	}
	if scripts != 2 {
		t.Errorf("the page has %d scripts or images, not its list and one script", scripts)
	}
	if to := os.Getenv("GREENSHIELD_LEDGER"); to != "" {
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(filepath.Join(dir, "a")))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLedgerReportRefuses: what the report cannot do is told, and then no file is written.
func TestLedgerReportRefuses(t *testing.T) {
	dir := newLedger(t)
	for name, text := range map[string]string{"score.csv": "indicator,weight\nspeed,1\n", "there/ledger.html": "x"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args    string
		status  int
		message string
	}{
		{"", 10, "the folder of the report is not said; name one by --out"},
		{"台账.xlsx", 10, "report takes no argument; name the folder by --out"},
		{"--out a --day 2026-02-30", 10, `"2026-02-30" is no day of the calendar`},
		{"--out a --since now", 10, `"now" is no day of the calendar`},
		{"--out a --score score.csv", 10, `score.csv:2: indicator is "speed", but must be one of judged, on_time, struck_off, no_rebound, no_false, each once`},
		{"--out a --score none.csv", 10, "none.csv"},
		{"--out there", 15, "there/ledger.html: there is such a file already; name a new one"},
		{"--out score.csv", 15, "score.csv"},
	} {
		o := here(t, dir, append([]string{"ledger", "report"}, strings.Fields(tt.args)...)...)
		if o.status != tt.status || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
	for _, name := range []string{"a", "there/ledger.xlsx"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

// TestLedgerLists: official numbers and lists, any number for each case, choose cases in lists, reports and notices.
func TestLedgerLists(t *testing.T) {
	dir := reported(t)
	person := []string{"--as", "李明", "--level", "county", "--at", "2026-09-02"}
	set := func(args ...string) {
		t.Helper()
		here(t, dir, slices.Concat([]string{"ledger", "set"}, args, person)...).want(t, 0)
	}
	set("341700-000008", "所在清单=23+N；1+1+N;省级警示片", "点位编号= 甲-1 ")
	set("341700-000007", "lists=")
	set("341700-000006", "核查分派=li")
	set("341700-000005", "assigned_to=li ming")
	ids := func(flags ...string) (found []string) {
		for _, c := range listed(t, dir, flags...) {
			found = append(found, strings.TrimPrefix(fmt.Sprint(c["id"]), "341700-00000"))
		}
		slices.Sort(found)
		return found
	}
	for flags, want := range map[string]string{
		"--list 29+90+N": "[1 2 3 4 5 6]", "--list 23+N": "[1 2 3 4 5 6 8]", "--list 1+1+N": "[8]", "--list 省级警示片": "[8]", "--list 23": "[]",
		"--list 23+N --state filed": "[8]", "--ext-no 甲-1": "[8]", "--assigned li": "[6]", "--assigned nobody": "[]", "--ext-no 202403-341702-N1-007-ED-0002": "[7]",
	} {
		if got := fmt.Sprint(ids(strings.Fields(flags)...)); got != want {
			t.Errorf("%s: %s, want %s", flags, got, want)
		}
	}
	here(t, dir, strings.Fields("ledger report --out r --list 1+1+N --day 2026-09-30")...).want(t, 0)
	rows := sheetRows(t, filepath.Join(dir, "r", "ledger.xlsx"), "问题清单")
	if len(rows) != 3 || rows[2][0] != "341700-000008" || rows[2][1] != "甲-1" || rows[2][3] != "23+N；1+1+N；省级警示片" {
		t.Errorf("the list of problems: %q", rows)
	}

	o := here(t, dir, strings.Fields("ledger notice --list 29+90+N --out 公示.html")...)
	o.want(t, 13)
	for _, id := range []string{"1", "2", "3", "4"} {
		o.has(t, "case 341700-00000"+id+": the notice lacks 目标任务、整改完成情况、受理单位、联系电话、电子邮箱\n")
	}
	o.has(t, "case 341700-000005: the notice lacks 目标任务、整改完成情况、公示期、受理单位、联系电话、电子邮箱\n")
	if _, err := os.Stat(filepath.Join(dir, "公示.html")); err == nil {
		t.Error("a notice that lacks something was written")
	}
	set("--state", "publicity", "goal=恢复林地", "result=已拆除\n已复绿<b>", "office=池州市林业局", "phone=0566-1", "email=a@b.cn")
	here(t, dir, strings.Fields("ledger notice --list 29+90+N --state publicity --out 公示.html")...).want(t, 0)
	text, err := os.ReadFile(filepath.Join(dir, "公示.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<p>点位编号：202403-341702-N1-004-ED-0002　问题编号：341700-000004　所在清单：29&#43;90&#43;N、23&#43;N</p>", "已复绿&lt;b&gt;",
		"<th scope=\"row\">公示期</th><td>2026-05-20 至 2026-06-02（10 个工作日）</td>"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the notice lacks %s:\n%s", want, text)
		}
	}
	if n := strings.Count(string(text), "<section>"); n != 1 {
		t.Errorf("%d notices", n)
	}
	if to := os.Getenv("GREENSHIELD_LEDGER"); to != "" {
		if err := errors.Join(os.MkdirAll(to, 0o755), os.WriteFile(filepath.Join(to, "notice.html"), text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}
