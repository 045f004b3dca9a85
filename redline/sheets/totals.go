package sheets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// county is the county that holds a candidate; both texts are "" in no county.
type county struct{ code, name string }

// tally counts candidates by severity; the last place counts all of them.
type tally [redline.NumSeverities + 1]struct {
	candidates int64
	areaM2     float64
}

// add counts a candidate.
func (t *tally) add(c *redline.Candidate) {
	for _, place := range []redline.Severity{c.Severity, redline.NumSeverities} {
		t[place].candidates++
		t[place].areaM2 += c.AreaM2
	}
}

// totals counts candidates by county and severity, by when they changed, and by priority.
type totals struct {
	whole    tally
	counties map[county]*tally
	years    map[string]*tally // by what [yearOf] says
	vsZone   map[redline.VsZone]*tally
	scores   map[string]*tally // by the names of [findings.ScoreBands]
	pairs    []findings.PairTotal
}

func newTotals(found *findings.Findings) *totals {
	return &totals{counties: map[county]*tally{}, years: map[string]*tally{}, vsZone: map[redline.VsZone]*tally{},
		scores: map[string]*tally{}, pairs: found.PairTotals()}
}

// addTo counts a candidate under key.
func addTo[K comparable](m map[K]*tally, key K, c *redline.Candidate) {
	if m[key] == nil {
		m[key] = &tally{}
	}
	m[key].add(c)
}

// add counts a candidate.
func (t *totals) add(c *redline.Candidate) {
	t.whole.add(c)
	addTo(t.counties, county{c.AdmCode, c.AdmName}, c)
	addTo(t.years, yearOf(c), c)
	addTo(t.vsZone, c.VsZone, c)
	if c.Priority != nil {
		addTo(t.scores, findings.ScoreBands()[findings.ScoreBandOf(c.Priority.Score)].String(), c)
	}
	findings.AddPairs(t.pairs, c)
}

// write writes one row for each county, by code, and the total.
func (t *totals) write(b *workbook) error {
	sheet := b.totals("汇总", column{"行政区代码", 12, formatText}, column{"行政区", 22, formatWrapped})
	byCode := func(a, b county) int { return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.name, b.name)) }
	for _, in := range slices.SortedFunc(maps.Keys(t.counties), byCode) {
		name := in.name
		if in == (county{}) {
			name = redline.NoCounty
		}
		if err := sheet.row(t.counties[in].values(in.code, name)...); err != nil {
			return err
		}
	}
	if err := sheet.total(t.whole.values("合计", "")...); err != nil {
		return err
	}
	return sheet.close()
}

// totals returns a sheet of totals by severity, to the right of those columns.
func (b *workbook) totals(name string, columns ...column) *sheet {
	add := func(of string) {
		columns = append(columns, column{of + "(个)", 9, formatInteger}, column{of + "(公顷)", 12, formatHaShort})
	}
	for _, s := range redline.Severities() {
		add(s.Chinese())
	}
	add("合计")
	sheet := b.sheet(name, columns)
	sheet.note, sheet.unfiltered = disclaimer, true
	return sheet
}

// values returns a row of totals, to the right of those texts.
func (t *tally) values(texts ...any) []any {
	for _, s := range append(redline.Severities(), redline.NumSeverities) {
		texts = append(texts, t[s].candidates, t[s].areaM2/redline.M2PerHa)
	}
	return texts
}

// explain writes what the file of candidates is and what its columns hold.
func (b *workbook) explain(list []listed, found *findings.Findings) error {
	s := found.Summary
	sheet := b.sheet("说明", []column{{"项目", 30, formatWrapped}, {"说明", 110, formatWrapped}})
	sheet.note, sheet.unfiltered, sheet.line = disclaimer, true, textHeight
	rows := [][2]string{
		{"本文件", fmt.Sprintf("%d 年至 %d 年自动变化检测图斑的问题清单，共 %d 个候选图斑，%.2f 公顷。",
			s.YearA, s.YearB, s.Candidates, s.CandidateM2/redline.M2PerHa)},
		{"声明", "图斑由两期土地覆盖自动比对得到，是机器生成的候选线索，不是违法认定。" +
			"两期分类误差都会表现为“变化”：会有实际未变化的图斑，也会漏掉真实的变化。每个图斑均须经人工核查。"},
		{"汇总", "各县按严重程度的图斑个数和面积。图斑归入其代表点所在的县，因此各县之和恰为合计。"},
		{"问题清单", orderOf(found.Columns())},
		{"打印", fmt.Sprintf("A4 横向，宽度为一页，表头每页重复。问题清单打印前 %d 列，其余各列供查阅。",
			printedOf(list))},
		{"面积", "椭球面上的面积，单位公顷；显示时四舍五入，单元格中为完整数值。"},
		{"地图点", fmt.Sprintf("纬度在前，经度在后，单位度。前 %d 行带 geo: 链接，"+
			"手机和装有地图软件的电脑无需联网即可打开；电脑上没有这类软件时，复制坐标到 QGIS 等软件中查找。"+
			"有些地图软件使用偏移坐标，位置会相差数百米，以 review.qgz 为准。", maxLinks)},
		{"核查", "核查结论从列表中选择，核查日期须为日期。此处填写的内容只在本文件中，不会写入 review.gpkg。"},
		{"质量标记", "可由错位解释：图斑至少八成的像元只需两期错位一个像元即可解释；裁切后窄于一个像元：多为边界误差；" +
			"与无数据相接、与数据边缘相接：可能不完整；在已批准项目内：被已批准项目覆盖。"},
	}
	rows = append(rows, explainDates(found.Columns())...)
	rows = append(rows, explainPriority(found)...)
	for _, l := range list {
		if l.note != "" {
			rows = append(rows, [2]string{"列：" + l.title, l.note})
		}
	}
	for _, r := range rows {
		if err := sheet.row(r[0], r[1]); err != nil {
			return err
		}
	}
	return sheet.close()
}
