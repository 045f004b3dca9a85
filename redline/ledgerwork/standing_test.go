package ledgerwork

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/sheets"
	"greenshield/seeds"
)

// on returns who speaks on a day.
func on(day string) By {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return By{Name: "李明", Level: ledger.County, At: at}
}

// story returns a ledger of four cases in two counties of a city, and one whose county has no code: one that was struck
// off on 2026-03-21, twenty days after it was filed, one that takes ten days and rebounds, one that is late, and two that
// nobody has looked at.
func story(t *testing.T) *ledger.Memory {
	t.Helper()
	s := founded(t, runOf(1, grid, "aa.bb.cc.dd.ee"))
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var events []ledger.Event
	say := func(no int64, day string, kind ledger.Kind, pairs ...string) {
		fields := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			fields[pairs[i]] = pairs[i+1]
		}
		events = append(events, on(day).event(ledger.CaseID("34", no), kind, fields))
	}
	for no, county := range []string{"341702", "341702", "341721", "341721"} {
		say(int64(no+1), "2026-03-01", ledger.Set, "county", county, "county_name", "县"+county[5:])
	}
	for no := int64(1); no <= 3; no++ {
		say(no, "2026-03-01", ledger.Judged, "verdict", "confirmed")
		say(no, "2026-03-01", ledger.Advanced, "to", "filed")
		say(no, "2026-03-01", ledger.Set, "due_date", "2026-03-05")
	}
	for no := int64(1); no <= 2; no++ {
		say(no, []string{"", "2026-03-05", "2026-03-06"}[no], ledger.Advanced, "to", "submitted")
		say(no, "2026-03-07", ledger.Published, "start", "2026-03-07", "days", "1")
		say(no, "2026-03-08", ledger.Objection, "objection", "x")
		say(no, "2026-03-08", ledger.Answered, "answer", "y")
		say(no, []string{"", "2026-03-21", "2026-03-11"}[no], ledger.Advanced, "to", "struck_off")
	}
	say(2, "2026-04-01", ledger.Suspected, "suspicion", "rebound")
	say(2, "2026-04-02", ledger.Decided, "suspicion", "rebound", "decision", "confirmed")
	if err := ledger.Commit(t.Context(), s, head, events, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func standing(t *testing.T, s ledger.Store, day, since ledger.Date) *Standing {
	t.Helper()
	st, err := StandingOf(t.Context(), s, Filter{}, day, since)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestTotals: what is counted of each city and county, before and after a rebound, whatever was said later.
func TestTotals(t *testing.T) {
	s := story(t)
	score, err := ParseScore("score", seeds.Ledger("score"))
	if err != nil {
		t.Fatal(err)
	}
	// 问题点位 已核查 属实 按期 逾期 超期 已销号 异议 疑似反弹 疑似虚假 反弹 虚假 线索, days, points
	for day, want := range map[ledger.Date]string{
		"2026-03-02": `341700 全市（341700） 4 3 3 0 0 0 0 0 0 0 0 0 0 <nil> 28.1
341702 县2 2 2 2 0 0 0 0 0 0 0 0 0 0 <nil> 37.5
341721 县1 2 1 1 0 0 0 0 0 0 0 0 0 0 <nil> 18.8
 （不在任何县内） 1 0 0 0 0 0 0 0 0 0 0 0 0 <nil> 0
 合计 5 3 3 0 0 0 0 0 0 0 0 0 0 <nil> 22.5
`,
		"2026-04-01": `341700 全市（341700） 4 3 3 1 1 1 2 2 1 0 0 0 0 15 67.9
341702 县2 2 2 2 1 1 0 2 2 1 0 0 0 0 15 85
341721 县1 2 1 1 0 0 1 0 0 0 0 0 0 0 <nil> 10.7
 （不在任何县内） 1 0 0 0 0 0 0 0 0 0 0 0 0 <nil> 0
 合计 5 3 3 1 1 1 2 2 1 0 0 0 0 15 65.7
`,
		"2026-04-02": `341700 全市（341700） 4 3 3 1 0 1 1 2 0 0 1 0 0 20 57.1
341702 县2 2 2 2 1 0 0 1 2 0 0 1 0 0 20 80
341721 县1 2 1 1 0 0 1 0 0 0 0 0 0 0 <nil> 10.7
 （不在任何县内） 1 0 0 0 0 0 0 0 0 0 0 0 0 <nil> 0
 合计 5 3 3 1 0 1 1 2 0 0 1 0 0 20 54.8
`,
	} {
		var got strings.Builder
		for _, row := range totals(standing(t, s, day, ""), score).Rows {
			fmt.Fprintln(&got, row...)
		}
		if got.String() != want {
			t.Errorf("%s:\n%swant\n%s", day, got.String(), want)
		}
	}
}

// TestStandingOfADay: a case is as it was at the end of the day; what is new comes in its order, without what is of
// other cases.
func TestStandingOfADay(t *testing.T) {
	s := story(t)
	for day, want := range map[ledger.Date]string{
		"2026-02-28": "",
		"2026-03-02": "filed filed filed unreviewed unreviewed ",
		"2026-03-20": "publicity struck_off filed unreviewed unreviewed ",
		"2026-12-31": "struck_off filed filed unreviewed unreviewed ",
	} {
		got := ""
		for _, c := range standing(t, s, day, "").Cases {
			got += string(c.State) + " "
		}
		if got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
	f := Filter{}
	f.Counties = []string{"341702"}
	st, err := StandingOf(t.Context(), s, f, "2026-04-01", "2026-03-11")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, row := range news(st).Rows {
		got += fmt.Sprintln(row...)
	}
	if want := "2026-03-21 34-000001  县2 状态变更 转为：已销号 李明 县级\n2026-03-11 34-000002  县2 状态变更 转为：已销号 李明 县级\n2026-04-01 34-000002  县2 疑似问题 疑似：疑似反弹 李明 县级\n"; got != want {
		t.Errorf("news:\n%swant\n%s", got, want)
	}
}

// TestParseScore: a formula that would give no points, or others than it says, is refused.
func TestParseScore(t *testing.T) {
	for text, want := range map[string]string{
		"indicator,weight\njudged,1\n":           "",
		"indicator,weight\njudged,0\n":           "f: no indicator has a weight",
		"indicator,weight\njudged,-1\n":          `f:2: weight is "-1", but must be a number from 0 to 1000000`,
		"indicator,weight\njudged,NaN\n":         `f:2: weight is "NaN"`,
		"indicator,weight\nspeed,1\n":            `f:2: indicator is "speed", but must be one of judged, on_time,`,
		"indicator,weight\njudged,1\njudged,2\n": `f:3: indicator is "judged", but must be one of`,
		"indicator\njudged\n":                    "weight",
	} {
		_, err := ParseScore("f", []byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	only, err := ParseScore("f", []byte("indicator,weight\njudged,7\n"))
	if err != nil {
		t.Fatal(err)
	}
	st := standing(t, story(t), "2026-04-02", "")
	if _, all := st.tallies(); fmt.Sprint(only.of(all)) != "60 true" {
		t.Error(only.of(all))
	}
	if row := explained(st, only).Rows[len(definitions)+4]; fmt.Sprint(row...) != "　核查率已核查 ÷ 问题点位7" {
		t.Error(row)
	}
}

// TestEmptyReport: a ledger without cases, and one without a suspicion, have a workbook and a page.
func TestEmptyReport(t *testing.T) {
	st := standing(t, founded(t), "2026-03-02", "2026-03-01")
	var book, page bytes.Buffer
	if err := sheets.WriteTables(&book, "t", "f", Report(st, Score{weights: make([]float64, len(indicators))})); err != nil {
		t.Fatal(err)
	}
	if err := WritePage(&page, st, Score{weights: make([]float64, len(indicators))}, PageOptions{Title: "标题<b>", Issuer: "单位"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<bdi>标题&lt;b&gt;</bdi>", "<bdi>单位</bdi> 截至 2026 年 3 月 2 日", "台账共有问题点位 0 个：", "没有疑似反弹的点位。", "没有点位。", "不是官方考核结果"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
