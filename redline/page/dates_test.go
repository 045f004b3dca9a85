package page

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/record"
)

// datedFindings returns findings of a run with maps of two years between, dates of zones, or both.
func datedFindings(dated, since bool) *findings.Findings {
	in := &redline.Inputs{Zones: []redline.Zone{{}}}
	if dated {
		in.Between = []redline.Epoch{{Year: 2016}, {Year: 2018}}
	}
	if since {
		in.Zones[0].Since = redline.Date{Year: 2017}
	}
	return &findings.Findings{Inputs: in, Summary: &redline.Summary{YearA: 2015, YearB: 2020}, Manifest: &record.Manifest{}}
}

// datedCandidates returns candidates of all grades, of 1, 2, 4, 8, 16 and 32 ha.
func datedCandidates() []*redline.Candidate {
	flicker := []string{redline.FlagFlicker}
	all := []*redline.Candidate{
		{VsZone: redline.VsBefore, Dated: &redline.Dated{Year: 2016, From: 2016, To: 2016, Shares: []redline.YearShare{{Year: 2016, Pct: 100}}, Grade: redline.GradeA}},
		{VsZone: redline.VsStraddles, Dated: &redline.Dated{Year: 2018, From: 2017, To: 2018, Shares: []redline.YearShare{{Year: 2016, Pct: 12.5}, {Year: 2018, Pct: 79.96012970177965}}, Grade: redline.GradeA}},
		{VsZone: redline.VsAfter, Dated: &redline.Dated{Year: 2020, From: 2019, To: 2020, Grade: redline.GradeB}},
		{VsZone: redline.VsStraddles, Dated: &redline.Dated{From: 2016, To: 2020, Grade: redline.GradeB}},
		{VsZone: redline.VsStraddles, Dated: &redline.Dated{From: 2016, To: 2020, Grade: redline.GradeC}, Flags: flicker},
		{VsZone: redline.VsUnknown, Dated: &redline.Dated{Grade: redline.GradeD}, Flags: flicker},
	}
	for i, c := range all {
		c.AreaM2, c.ZoneSince = float64(int(1)<<i)*1e4, redline.Date{Year: 2017, Month: 3}
	}
	return all
}

// TestDates: candidates count once, by year and grade and by what is said of the date of their zone; the chart has the
// numbers of the table, and the summary says how sure the years are. Without either there is nothing of it.
func TestDates(t *testing.T) {
	if d := newDates(datedFindings(false, false)); d != nil || d.summary() != "" {
		t.Errorf("without dates: %+v", d)
	}
	d := newDates(datedFindings(true, true))
	for _, c := range datedCandidates() {
		d.add(c)
	}
	const years = "[{2016 1 [1.00 0.00 0.00 0.00]} {2018 1 [2.00 0.00 0.00 0.00]} {2020 1 [0.00 4.00 0.00 0.00]} {分多年变化 1 [0.00 8.00 0.00 0.00]} " +
		"{反复变化 1 [0.00 0.00 16.00 0.00]} {年份不明 1 [0.00 0.00 0.00 32.00]}] {合计 6 [3.00 12.00 16.00 32.00]} 63.00"
	if got := fmt.Sprint(d.Years, d.Total, d.Total.Sum()); got != years {
		t.Errorf("years\n%s\nwant\n%s", got, years)
	}
	if got := fmt.Sprint(d.Zones); got != "[{历史遗留 1 1.00 #0072b2} {新增 1 4.00 #d55e00} {不能判定 3 26.00 #f0e442} {未知 1 32.00 #999999}]" {
		t.Errorf("zones %s", got)
	}
	if got, want := d.summary(), "按逐年影像判读，2 个图斑的变化年份较确定（A 级），2 个待下一年确认（B 级），2 个年际反复。"+
		"与管控区设立时间相比（按影像判读的候选，非认定）：历史遗留 1 个，新增 1 个，不能判定 3 个，未知 1 个。"; got != want {
		t.Errorf("summary\n%s\nwant\n%s", got, want)
	}
	var data chartData
	d.chart(&data)
	if len(data.ChangeYears) != len(d.Years) || len(data.Grades) != 4 || data.ChangeYears[1].Ha != d.Years[1].Ha || data.Grades[0].Name != "A 级" {
		t.Errorf("chart of %+v, %+v", data.ChangeYears, data.Grades)
	}
	text, err := json.Marshal(chartData{})
	if err != nil || strings.Contains(string(text), "changeYears") || strings.Contains(string(text), "grades") {
		t.Errorf("without dates the data of charts are %s, %v", text, err)
	}
}

// TestPartsOfDates: with maps between alone the summary says nothing of zones, and with dates of zones alone nothing of
// years.
func TestPartsOfDates(t *testing.T) {
	for dated, want := range map[bool]string{
		true:  "按逐年影像判读，2 个图斑的变化年份较确定（A 级），2 个待下一年确认（B 级），2 个年际反复。",
		false: "与管控区设立时间相比（按影像判读的候选，非认定）：历史遗留 1 个，新增 1 个，不能判定 3 个，未知 1 个。",
	} {
		d := newDates(datedFindings(dated, !dated))
		for _, c := range datedCandidates() {
			if dated {
				c.VsZone = ""
			} else {
				c.Dated = nil
			}
			d.add(c)
		}
		if got := d.summary(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if d.Dated != dated || d.Since == dated {
			t.Errorf("%+v", d)
		}
	}
}

// TestDatesOfCandidates: cards and rows of the list say when a candidate changed, and with what share of its area.
func TestDatesOfCandidates(t *testing.T) {
	x := &datesIndex{}
	row := []byte("[1")
	for i, want := range []string{
		"2016年，A级|一次变化，前后稳定|2016 年 100%|2017-03|历史遗留", "2018年（2017–2018），A级|一次变化，前后稳定|2016 年 12.5%，2018 年 80%|2017-03|不能判定",
		"2020年（2019–2020），B级|一次变化，待下一年确认||2017-03|新增", "年份不定（2016–2020），B级|一次变化，待下一年确认||2017-03|不能判定",
		"年份不定（2016–2020），C级|反复变化，仅知区间||2017-03|不能判定", "年份不明，D级|无法判定年份||2017-03|未知",
	} {
		c := datedCandidates()[i]
		r := newDatesRow(c)
		if got := strings.Join([]string{r.When, r.Meaning, r.Shares, r.Since, r.VsZone}, "|"); got != want {
			t.Errorf("card %d: %s, want %s", i, got, want)
		}
		row = x.appendTo(row, c)
		row[len(row)-1] = ';'
	}
	if got := string(row); got != "[1,0,0,0;,1,1,1;,2,2,2;,3,3,1;,4,4,1;,5,5,3;" {
		t.Errorf("rows %s", got)
	}
	lists := map[string]any{}
	x.addTo(lists)
	if got := fmt.Sprint(lists["years"], lists["vsZones"]); got != "[2016 2018 2020 分多年变化 反复变化 年份不明] [历史遗留 不能判定 新增 未知]" {
		t.Errorf("lists %s", got)
	}
	if r := newDatesRow(&redline.Candidate{}); r != (datesRow{}) {
		t.Errorf("without dates a card says %+v", r)
	}
}
