package sheets

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/redlinetest"
)

// rankedRun returns a run with another pair of maps and a later map, a model, and its candidates.
func rankedRun() (*redline.Inputs, *priority.Model, []*redline.Candidate) {
	pair := redline.Pair{Name: "glc_fcs30d"}
	pair.Before.Year, pair.After.Year = 2015, 2021
	in := &redline.Inputs{Confirm: []redline.Pair{pair}, Newest: &redline.OtherMap{}, Zones: make([]redline.Zone, 1)}
	var all []*redline.Candidate
	for i, of := range []struct {
		score    int
		severity redline.Severity
		agreed   redline.Agreement
		near     float64
	}{
		{12, 4, redline.Agreement{Unchanged: 100}, 30}, {91, 1, redline.Agreement{Same: 80, Other: 20}, math.Inf(1)},
		{0, 3, redline.Agreement{NoData: 100}, math.NaN()}, {91, 2, redline.Agreement{Same: 100}, 1234.6},
	} {
		c := candidate(i, "x")
		c.Severity, c.AreaM2 = of.severity, 10000
		c.Evidence = &redline.Evidence{Width: 2.5, Compact: 61.234, Confused: math.NaN(), NearM: of.near, LeadM: math.NaN(), StaysPct: 75, Agreed: []redline.Agreement{of.agreed}}
		c.Priority = &redline.Priority{Score: of.score, Why: fmt.Sprint("理由", i)}
		all = append(all, c)
	}
	return in, &priority.Model{Name: "simple", SHA256: "abc", Default: priority.Card{Base: -1, Bands: []priority.Band{
		{Feature: priority.AgreePct, From: 50, To: math.Inf(1), Weight: 2, Why: "其他图也显示同类变化"}}}}, all
}

// TestPriority: the list begins with the highest priority, of equal ones with the most severe, and says why; what is not
// known is an empty cell, and 0 a number. The totals by priority, the weights and what the other maps show have sheets,
// and every column is explained. What comes back is taken by its ids.
func TestPriority(t *testing.T) {
	in, model, all := rankedRun()
	path := filepath.Join(writeRanked(t, in, &redline.Summary{YearA: 2015, YearB: 2020}, model, all, CandidatesXLSX), "candidates.xlsx")
	f := open(t, path)
	if sheets := fmt.Sprint(f.GetSheetList()); sheets != "[说明 汇总 核查优先级 优先级说明 其他地图一致 问题清单]" {
		t.Errorf("sheets %s", sheets)
	}
	rows, cell := table(t, f, "问题清单", 1)
	titles := []string{"图斑编号", "核查优先级", "优先理由", "其他图同类变化比例(%)", "一致的图数", "看得到的图数", "最新图仍为新地类(%)", "最大宽度(像元)", "紧凑度(%)", "两类易混程度(%)", "距前期同类地物(米)"}
	for i, want := range []string{
		"C3|91|理由3|100.00|1|1|75.00|2.50|61.23||1,234.60", "C1|91|理由1|80.00|1|1|75.00|2.50|61.23||", "C0|12|理由0|0.00|0|1|75.00|2.50|61.23||30.00", "C2|0|理由2||0|0|75.00|2.50|61.23||",
	} {
		var got []string
		for _, title := range titles {
			got = append(got, cell(i+1, title))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("row %d has %s, want %s", i+1, strings.Join(got, "|"), want)
		}
	}
	if at := slices.Index(rows[1], "核查优先级"); at != 3 || rows[1][at+1] != "优先理由" || slices.Index(rows[1], "责任") != 21 {
		t.Errorf("columns %s", rows[1])
	}
	for _, name := range f.GetDefinedName() {
		if name.Scope == "问题清单" && name.Name == "_xlnm.Print_Area" && name.RefersTo != "'问题清单'!$A$1:$V$6" {
			t.Errorf("printed are %s", name.RefersTo)
		}
	}
	for sheet, want := range map[string]string{
		"优先级说明":  "[[适用的变化 依据 取值 权重 含义] [说明    简单规则，建议权重，非官方标准（SHA-256 abc）。优先级不改变严重程度，也不隐藏任何图斑。] [全部 基础分  -1.00] [全部 其他图同类变化比例(%) ≥ 50 2.00 其他图也显示同类变化]]",
		"其他地图一致": "[[其他地图 年份 一致(个) 不一致(个) 看不到(个) 同类变化(%) 其他变化(%) 无变化(%) 无数据(%)] [glc_fcs30d 2015–2021（后期晚 1 年） 2 1 1 45.00 5.00 25.00 25.00]]",
	} {
		if rows, _ := table(t, f, sheet, 1); rows[0][0] != disclaimer || fmt.Sprint(rows[1:]) != want {
			t.Errorf("%s:\n%v\nwant\n%s", sheet, rows[1:], want)
		}
	}
	totals, of := table(t, f, "核查优先级", 1)
	if got := of(1, "合计(个)") + of(5, "合计(个)") + of(1, "一般(个)") + of(5, "严重(个)") + of(6, "合计(个)"); got != "22114" || totals[2][0] != "80–100" {
		t.Errorf("totals %s: %v", got, totals)
	}
	explained, err := f.GetRows("说明")
	redlinetest.Must(t, err)
	for _, title := range titles {
		if !slices.ContainsFunc(explained, func(r []string) bool { return len(r) == 2 && r[0] == "列："+title && r[1] != "" }) {
			t.Errorf("column %s is not explained", title)
		}
	}
	back, err := ReadReturned(t.Context(), path)
	if err != nil || len(back) != 4 || back[0].ID != "C3" || back[3].ID != "C2" || back[0].Said["verdict"] != "unreviewed" {
		t.Errorf("read back: %v, %v", back, err)
	}
}

// TestPartsOfPriority: another pair of maps without priorities has its columns and sheet alone, in the order of severity;
// a calibrated model is not called a proposal, and its groups have weights of their own.
func TestPartsOfPriority(t *testing.T) {
	in, model, all := rankedRun()
	for _, c := range all {
		c.Priority = nil
	}
	f := open(t, writeRanked(t, in, &redline.Summary{}, nil, all, CandidatesXLSX), "candidates.xlsx")
	if got := fmt.Sprint(f.GetSheetList()); got != "[说明 汇总 其他地图一致 问题清单]" {
		t.Errorf("sheets %s", got)
	}
	rows, cell := table(t, f, "问题清单", 1)
	if slices.Contains(rows[1], "核查优先级") || slices.Contains(rows[1], "最大宽度(像元)") || cell(1, "图斑编号") != "C0" || cell(1, "一致的图数") != "0" {
		t.Errorf("columns %s, first %s", rows[1], cell(1, "图斑编号"))
	}
	in, _, all = rankedRun()
	in.Confirm = nil
	for _, c := range all {
		c.Evidence.Agreed = nil
	}
	model.Name, model.Groups = "models/ah.json", map[string]*priority.Card{"natural>built": {Base: 0.5}}
	f = open(t, writeRanked(t, in, &redline.Summary{}, model, all, CandidatesXLSX), "candidates.xlsx")
	if rows, _ := table(t, f, "优先级说明", 1); fmt.Sprint(rows[2:]) != "[[说明    按台账结论校准的模型 models/ah.json（SHA-256 abc）。优先级不改变严重程度，也不隐藏任何图斑。] [其余全部 基础分  -1.00] [其余全部 其他图同类变化比例(%) ≥ 50 2.00 其他图也显示同类变化] [自然地类变城镇 基础分  0.50]]" {
		t.Errorf("weights %v", rows[2:])
	}
}
