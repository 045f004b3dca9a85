package page

import (
	"strings"
	"testing"

	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// TestMadeFrom: a calibrated model is said to be made from these verdicts, with its measures; chosen cases are named as
// such; the simple rule has nothing of it.
func TestMadeFrom(t *testing.T) {
	if lines := madeFrom(nil); lines != nil {
		t.Errorf("without a calibrated model: %q", lines)
	}
	f := &priority.File{Name: "安徽", Target: "problem", Warnings: []string{"few"}, From: priority.Origin{Ledger: "34", Events: 1200, Data: "d0d0",
		Verdicts: priority.Count{Yes: 40, No: 160}, Counties: map[string]priority.Count{"a": {}, "b": {}}, Sampled: 50, Chosen: 150}}
	f.Measures = priority.Measures{Folds: 5, Brier: priority.Measure{Value: 0.1, Low: 0.08, High: 0.12}, BrierBase: 0.16, BrierSimple: 0.14,
		Slope: priority.Measure{Value: 1.02, Low: 0.8, High: 1.2}, First: []priority.First{{N: 50, Model: priority.Measure{Value: 0.6, Low: 0.5, High: 0.7}, Simple: 0.4, Severity: 0.2}}}
	want := "模型“安徽”：台账 34 截至第 1,200 条记录的 200 个核查结论（属实（含部分属实） 40 个，其余 160 个），2 个县；其中随机抽查 50 个，人为选点 150 个。数据的 SHA-256 d0d0。\n" +
		"按县交叉验证（5 份，都以没有见过的县检验）：Brier 分 0.100（95% 区间 0.080–0.120），越小越好，一律取平均比例为 0.160，建议权重为 0.140；校准斜率 1.020（95% 区间 0.800–1.200），1 为正好。\n" +
		"最先的 50 个中属实（含部分属实）的：按模型 60%（95% 区间 50–70%），按建议权重 40%，按严重程度 20%。\n人为选点不能代表全部图斑；以上只说明在已核查的点位上如何。\n校准时有 1 条警告，见校准报告。"
	if got := strings.Join(madeFrom(f), "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	f.Target, f.From.Chosen = "change", 0
	if got := strings.Join(madeFrom(f), "\n"); !strings.Contains(got, "地面确有变化 40 个") || strings.Contains(got, "不能代表") {
		t.Error(got)
	}
	found := examinedFindings(false, false, true)
	found.Manifest.Priority.Model, found.Manifest.Priority.Edited, found.Ranking.Made = "m.json", true, f
	if e := newEvidence(found); e.Simple || e.Edited != "文件在校准之后被人修改过" || len(e.Made) != 4 {
		t.Errorf("an edited model: %+v", e)
	}
}

// TestEstimate: how many candidates are real is said only where a random sample, of which something was judged, stands
// behind it.
func TestEstimate(t *testing.T) {
	e := &record.SampleEstimate{Sample: "2026", Day: "2026-03-05", Real: record.SampleResult{Cases: 1352, Drawn: 60, AtLeast: 40, AtMost: 70, Found: 3}}
	found := examinedFindings(false, true, false)
	for _, l := range []*record.Ledger{nil, {}, {Sample: e}} {
		found.Manifest.Ledger = l
		if got := newEvidence(found).Estimate; got != "" {
			t.Errorf("without a verdict on a sample: %s", got)
		}
	}
	e.Real.Judged = 58
	const want = "本次候选图斑对应的 1,352 个问题点位中，预计 40–70 个属实（95% 区间）。依据样本“2026”：2026-03-05 随机抽取 60 个，已核查 58 个，其中属实 3 个；只用随机抽取的点位，不用人为选点；没有被列为候选的变化不在其内。"
	if got := newEvidence(found).Estimate; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
