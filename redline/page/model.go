package page

import (
	"fmt"
	"strings"

	"greenshield/redline/findings"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// madeFrom says what a model was calibrated from, and how good it is on counties that it had not seen; nothing of the
// simple rule.
func madeFrom(f *priority.File) (lines []string) {
	if f == nil {
		return nil
	}
	target := "属实（含部分属实）"
	if f.Target == "change" {
		target = "地面确有变化"
	}
	from, v := f.From, f.From.Verdicts
	lines = append(lines, fmt.Sprintf("模型“%s”：台账 %s 截至第 %s 条记录的 %s 个核查结论"+
		"（%s %s 个，其余 %s 个），%s 个县；其中随机抽查 %s 个，人为选点 %s 个。"+
		"数据的 SHA-256 %s。", findings.Visible(f.Name), findings.Visible(from.Ledger),
		whole(from.Events), whole(int64(v.All())), target, whole(int64(v.Yes)), whole(int64(v.No)),
		whole(int64(len(from.Counties))), whole(int64(from.Sampled)), whole(int64(from.Chosen)), from.Data))
	number := func(m priority.Measure) string {
		return fmt.Sprintf("%.3f（95%% 区间 %.3f–%.3f）", m.Value, m.Low, m.High)
	}
	m := f.Measures
	lines = append(lines, fmt.Sprintf("按县交叉验证（%d 份，都以没有见过的县检验）：Brier 分 %s，"+
		"越小越好，一律取平均比例为 %.3f，建议权重为 %.3f；校准斜率 %s，1 为正好。",
		m.Folds, number(m.Brier), m.BrierBase, m.BrierSimple, number(m.Slope)))
	for _, n := range m.First {
		lines = append(lines, fmt.Sprintf("最先的 %d 个中%s的：按模型 %.0f%%（95%% 区间 %.0f–%.0f%%），"+
			"按建议权重 %.0f%%，按严重程度 %.0f%%。", n.N, target,
			100*n.Model.Value, 100*n.Model.Low, 100*n.Model.High, 100*n.Simple, 100*n.Severity))
	}
	if from.Chosen > 0 {
		lines = append(lines, "人为选点不能代表全部图斑；以上只说明在已核查的点位上如何。")
	}
	if n := len(f.Warnings); n > 0 {
		lines = append(lines, fmt.Sprintf("校准时有 %d 条警告，见校准报告。", n))
	}
	return lines
}

// estimate says what a random sample says of all candidates of the run, "" without a sample, or while nothing of it was
// judged.
func estimate(e *record.SampleEstimate) string {
	if e == nil || e.Real.Judged == 0 {
		return ""
	}
	r := e.Real
	count := func(n int) string { return whole(int64(n)) }
	var b strings.Builder
	fmt.Fprintf(&b, "本次候选图斑对应的 %s 个问题点位中，预计 %s–%s 个属实（95%% 区间）。", count(r.Cases),
		count(r.AtLeast), count(r.AtMost))
	fmt.Fprintf(&b, "依据样本“%s”：%s 随机抽取 %s 个，已核查 %s 个，其中属实 %s 个；",
		findings.Visible(e.Sample), e.Day, count(r.Drawn), count(r.Judged), count(r.Found))
	b.WriteString("只用随机抽取的点位，不用人为选点；没有被列为候选的变化不在其内。")
	return b.String()
}
