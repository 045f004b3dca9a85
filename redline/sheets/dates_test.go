package sheets

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// datedRun returns the inputs and candidates of a run that has maps between the epochs, and dates of zones.
func datedRun() (*redline.Inputs, *redline.Summary, []*redline.Candidate) {
	in := &redline.Inputs{Between: []redline.Epoch{{Year: 2016}, {Year: 2018}}, Zones: []redline.Zone{{Since: redline.Date{Year: 2017, Month: 3}}}}
	var all []*redline.Candidate
	for i, d := range []struct {
		dated    redline.Dated
		vsZone   redline.VsZone
		severity redline.Severity
		ha       float64
	}{
		{redline.Dated{Year: 2018, From: 2017, To: 2018, Shares: []redline.YearShare{{Year: 2016, Pct: 12.5}, {Year: 2018, Pct: 80}}, Grade: redline.GradeA}, redline.VsStraddles, 4, 9},
		{redline.Dated{Year: 2020, From: 2019, To: 2020, Shares: []redline.YearShare{{Year: 2020, Pct: 100}}, Grade: redline.GradeB}, redline.VsAfter, 3, 8},
		{redline.Dated{From: 2016, To: 2020, Shares: []redline.YearShare{{Year: 2016, Pct: 30}, {Year: 2018, Pct: 30}, {Year: 2020, Pct: 40}}, Grade: redline.GradeB}, redline.VsStraddles, 3, 7},
		{redline.Dated{From: 2016, To: 2016, Grade: redline.GradeC}, redline.VsBefore, 1, 6},
		{redline.Dated{Grade: redline.GradeD}, redline.VsUnknown, 1, 5},
		{redline.Dated{Year: 2018, From: 2018, To: 2018, Shares: []redline.YearShare{{Year: 2018, Pct: 100}}, Grade: redline.GradeA}, redline.VsAfter, 1, 4},
	} {
		c := candidate(i, "x")
		c.Severity, c.AreaM2, c.Dated, c.VsZone, c.ZoneSince = d.severity, d.ha*1e4, &d.dated, d.vsZone, in.Zones[0].Since
		all = append(all, c)
	}
	return in, &redline.Summary{YearA: 2015, YearB: 2020}, all
}

// TestDates: the list says when candidates changed, with empty cells for years that are not known, and against the date
// of the zone; the totals by both are those of the candidates, with a row for each year; and the columns are explained.
func TestDates(t *testing.T) {
	in, sum, all := datedRun()
	path := filepath.Join(writeOf(t, in, sum, all, CandidatesXLSX), "candidates.xlsx")
	f := open(t, path)
	if sheets := fmt.Sprint(f.GetSheetList()); sheets != "[说明 汇总 变化年份 与设立时间的先后 问题清单]" {
		t.Errorf("sheets %s", sheets)
	}
	rows, cell := table(t, f, "问题清单", 1)
	titles := []string{"变化年份", "变化不早于(年)", "变化不晚于(年)", "各年变化面积比例(%)", "年份可信等级", "管控区设立时间", "与设立时间的先后"}
	if at := slices.Index(rows[1], titles[0]); at != 20 || !slices.Equal(rows[1][at:at+len(titles)], titles) {
		t.Errorf("columns %s", rows[1])
	}
	for i, want := range []string{
		"2018|2017|2018|2016:12.5;2018:80|A 一次变化，前后稳定|2017-03|不能判定", "2020|2019|2020|2020:100|B 一次变化，待下一年确认|2017-03|新增",
		"|2016|2020|2016:30;2018:30;2020:40|B 一次变化，待下一年确认|2017-03|不能判定", "|2016|2016||C 反复变化，仅知区间|2017-03|历史遗留", "||||D 无法判定年份|2017-03|未知",
	} {
		var got []string
		for _, title := range titles {
			got = append(got, cell(i+1, title))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("row %d has %s, want %s", i+1, strings.Join(got, "|"), want)
		}
	}
	for sheet, want := range map[string][][]string{
		"变化年份": {
			{"变化年份", "严重(个)", "严重(公顷)", "较重(个)", "较重(公顷)", "一般(个)", "一般(公顷)", "提示(个)", "提示(公顷)", "合计(个)", "合计(公顷)"},
			{"2016", "0", "0.00", "0", "0.00", "0", "0.00", "0", "0.00", "0", "0.00"},
			{"2018", "1", "9.00", "0", "0.00", "0", "0.00", "1", "4.00", "2", "13.00"},
			{"2020", "0", "0.00", "1", "8.00", "0", "0.00", "0", "0.00", "1", "8.00"},
			{"分多年变化", "0", "0.00", "1", "7.00", "0", "0.00", "0", "0.00", "1", "7.00"},
			{"反复变化，仅知区间", "0", "0.00", "0", "0.00", "0", "0.00", "1", "6.00", "1", "6.00"},
			{"无法判定年份", "0", "0.00", "0", "0.00", "0", "0.00", "1", "5.00", "1", "5.00"},
			{"合计", "1", "9.00", "2", "15.00", "0", "0.00", "3", "15.00", "6", "39.00"},
		},
		"与设立时间的先后": {
			{"与设立时间的先后", "严重(个)", "严重(公顷)", "较重(个)", "较重(公顷)", "一般(个)", "一般(公顷)", "提示(个)", "提示(公顷)", "合计(个)", "合计(公顷)"},
			{"历史遗留", "0", "0.00", "0", "0.00", "0", "0.00", "1", "6.00", "1", "6.00"},
			{"新增", "0", "0.00", "1", "8.00", "0", "0.00", "1", "4.00", "2", "12.00"},
			{"不能判定", "1", "9.00", "1", "7.00", "0", "0.00", "0", "0.00", "2", "16.00"},
			{"未知", "0", "0.00", "0", "0.00", "0", "0.00", "1", "5.00", "1", "5.00"},
			{"合计", "1", "9.00", "2", "15.00", "0", "0.00", "3", "15.00", "6", "39.00"},
		},
	} {
		rows, _ := table(t, f, sheet, 1)
		if len(rows[0]) == 0 || rows[0][0] != disclaimer || fmt.Sprint(rows[1:]) != fmt.Sprint(want) {
			t.Errorf("%s:\n%v\nwant\n%v", sheet, rows[1:], want)
		}
	}
	rows, err := f.GetRows("说明")
	redlinetest.Must(t, err)
	for _, title := range append(titles, "列：图斑编号") {
		if !slices.ContainsFunc(rows, func(r []string) bool {
			return len(r) == 2 && r[0] == "列："+strings.TrimPrefix(title, "列：") && r[1] != ""
		}) {
			t.Errorf("column %s is not explained", title)
		}
	}
	back, err := ReadReturned(t.Context(), path)
	if err != nil || len(back) != len(all) || back[0].ID != "C0" || back[0].Said["verdict"] != "unreviewed" {
		t.Errorf("read back: %d rows, %v", len(back), err)
	}
}

// TestPartsOfDates: a run without maps between, or without dates of zones, has the columns and sheets of the other only.
func TestPartsOfDates(t *testing.T) {
	for _, since := range []bool{false, true} {
		in, sum, all := datedRun()
		want := "[说明 汇总 变化年份 问题清单]"
		if since {
			in.Between, want = nil, "[说明 汇总 与设立时间的先后 问题清单]"
			for _, c := range all {
				c.Dated = nil
			}
		} else {
			in.Zones[0].Since = redline.Date{}
			for _, c := range all {
				c.ZoneSince, c.VsZone = redline.Date{}, ""
			}
		}
		f := open(t, writeOf(t, in, sum, all, CandidatesXLSX), "candidates.xlsx")
		if got := fmt.Sprint(f.GetSheetList()); got != want {
			t.Errorf("sheets %s, want %s", got, want)
		}
		rows, _ := table(t, f, "问题清单", 1)
		if slices.Contains(rows[1], "年份可信等级") == since || slices.Contains(rows[1], "与设立时间的先后") != since {
			t.Errorf("dates of zones %v: columns %s", since, rows[1])
		}
	}
}
