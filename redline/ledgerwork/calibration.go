package ledgerwork

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/calibrate"
	"greenshield/redline/page"
	"greenshield/redline/priority"
)

// featureTitles are the Chinese names of features.
var featureTitles = map[string]string{
	"agree_pct": "其他图同类变化比例(%)", "agree_n": "一致的图数", "against_n": "不一致的图数", "stays_pct": "最新图仍为新地类(%)",
	"edge_pct": "错位可解释的像元比例(%)", "cells": "斑块像元数", "width": "最大宽度(像元)", "compact": "紧凑度(%)",
	"confused": "两类易混程度(%)", "near_m": "距前期同类地物(米)", "lead_m": "距线索(米)", "date_grd": "年份可信等级(1=A…4=D)",
	"flicker": "反复变化(1=是)",
}

// warningTexts says what the warnings of a model mean.
var warningTexts = map[string]string{
	calibrate.WarnChosen:  "多数结论来自人为选点，不是随机抽查：人们去看的地方往往更可疑，模型给出的可能性因此可能偏高，不能用来推算全部图斑中有多少属实。",
	calibrate.WarnNoGain:  "在没有见过的县，校准后的模型不比建议权重更准，建议暂不使用。",
	calibrate.WarnSlope:   "校准斜率的区间不含 1：模型在没有见过的县给出的可能性过于极端或过于保守。",
	calibrate.WarnPooled:  "有的变化类别结论太少，没有单独的权重，用合并的权重。",
	calibrate.WarnFewAway: "有结论的县不足 5 个，检验的把握有限。",
}

// leftTexts says why cases are not used.
var leftTexts = map[string]string{
	leftUnreviewed: "待核查", leftUnverifiable: "无法核实", leftDisputed: "结论有未决分歧", leftToConfirm: "沿用的结论待确认",
	leftDuplicate: "重复", leftOutside: "不在界内", leftMerged: "已并入其他点位", leftNoDetection: "只有外来线索，没有影像图斑",
	leftNoFeatures: "台账中没有图斑的特征（由旧版程序入账）",
}

// targetTexts says what chances are of.
var targetTexts = map[string]string{TargetProblem: "属实（含部分属实）", TargetChange: "地面确有变化（不论是否合法）"}

// WriteCalibration writes the page of a model that these verdicts gave. The same model gives the same bytes.
func (j *Judged) WriteCalibration(w io.Writer, f *priority.File, rule *priority.Model) error {
	m, v := &f.Measures, f.From.Verdicts
	c := page.Calibration{
		Title:   j.Name + "：核查优先级校准",
		Promise: "模型只决定先看哪个图斑，不增加、不删除任何图斑，不改变图斑的严重程度，也不代替核查结论。",
		Summary: fmt.Sprintf("根据台账中 %d 个点位的核查结论（%s %d 个，其余 %d 个）校准；结论来自 %d 个县，随机抽查 %d 个，人为选点 %d 个。",
			v.All(), targetTexts[f.Target], v.Yes, v.No, len(f.From.Counties), f.From.Sampled, f.From.Chosen),
		Figures: []page.Figure{
			{Name: "Brier 分", Value: decimals(m.Brier.Value, 3),
				Note: fmt.Sprintf("越小越好；建议权重 %s，只按比例 %s", decimals(m.BrierSimple, 3), decimals(m.BrierBase, 3))},
			{Name: "校准斜率", Value: decimals(m.Slope.Value, 2), Note: "1 为准；95% 区间 " + interval(m.Slope, 2)},
			{Name: "校准截距", Value: decimals(m.Intercept.Value, 2), Note: "0 为准；95% 区间 " + interval(m.Intercept, 2)},
		},
		Reliability: m.Reliability,
		Sections: []page.LedgerSection{firstSection(m), binSection(m), weightSection(f, rule), j.countySection(f),
			groupSection(f), leftSection(f), methodSection(f)},
		Foot: []string{fmt.Sprintf("台账 %s 共 %d 条记录，末条校验值 %s；所用结论的校验值 %s；模型文件的校验值 %s。相同的台账得到逐字节相同的结果。",
			f.From.Ledger, f.From.Events, f.From.Head, f.From.Data, f.SHA256)},
	}
	for _, code := range f.Warnings {
		c.Warnings = append(c.Warnings, warningTexts[code])
	}
	return page.WriteCalibration(w, &c)
}

func decimals(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }

func interval(m priority.Measure, n int) string {
	return decimals(m.Low, n) + " 至 " + decimals(m.High, n)
}

func percents(share float64) string { return decimals(100*share, 1) + "%" }

// tableOf returns a section with a table. The first texts columns are of texts, the others of numbers.
func tableOf(id, title string, texts int, head []string, rows [][]string) page.LedgerSection {
	s := page.LedgerSection{ID: id, Title: title, Empty: "没有。"}
	for k, h := range head {
		s.Head = append(s.Head, page.LedgerColumn{Title: h, Number: k >= texts})
	}
	for _, row := range rows {
		var r page.LedgerRow
		for k, text := range row {
			r.Cells = append(r.Cells, page.LedgerCell{Text: text, Number: k >= texts})
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

func firstSection(m *priority.Measures) page.LedgerSection {
	var rows [][]string
	for _, f := range m.First {
		rows = append(rows, []string{fmt.Sprintf("前 %d 个", f.N), percents(f.Model.Value),
			percents(f.Model.Low) + " 至 " + percents(f.Model.High), percents(f.Simple), percents(f.Severity)})
	}
	s := tableOf("s-first", "先看的图斑中有多少属实", 1,
		[]string{"先看", "按校准模型", "95% 区间", "按建议权重", "按严重程度"}, rows)
	s.Notes = []string{"每个点位的可能性由没有见过其所在县的模型给出；严重程度相同的点位取平均。"}
	return s
}

func binSection(m *priority.Measures) page.LedgerSection {
	var rows [][]string
	for _, b := range m.Reliability {
		rows = append(rows, []string{percents(b.From) + " 至 " + percents(b.To), strconv.Itoa(b.N), percents(b.Chance),
			percents(b.Share), percents(b.Low) + " 至 " + percents(b.High)})
	}
	return tableOf("s-bins", "可靠性图的数字", 1, []string{"可能性", "点位", "平均可能性", "实际属实", "95% 区间"}, rows)
}

// weightSection shows the weights of the simple rule and of the model side by side.
func weightSection(f *priority.File, rule *priority.Model) page.LedgerSection {
	groups := slices.Sorted(maps.Keys(f.Groups))
	head := []string{"特征", "范围", "理由", "建议权重", "校准后"}
	base := []string{"（起点）", "", "", decimals(rule.Default.Base, 2), decimals(f.Default.Base, 3)}
	for _, g := range groups {
		head, base = append(head, redline.GroupChinese(g)), append(base, decimals(f.Groups[g].Base, 3))
	}
	rows := [][]string{base}
	for k, b := range f.Default.Bands {
		row := []string{featureTitles[b.Feature], boundsOf(b), b.Why, decimals(rule.Default.Bands[k].Weight, 2),
			decimals(b.Weight, 3)}
		for _, g := range groups {
			row = append(row, decimals(f.Groups[g].Bands[k].Weight, 3))
		}
		rows = append(rows, row)
	}
	s := tableOf("s-weights", "权重：建议与校准后", 3, head, rows)
	s.Notes = []string{"权重是对数几率：+0.7 约使几率加倍，−0.7 约减半。“校准后”是各变化类别合并的权重，其右是结论足够多的变化类别自己的权重。" +
		"建议权重是本项目的建议，非官方标准。"}
	return s
}

// boundsOf says which values a band holds.
func boundsOf(b priority.BandFile) string {
	number := func(v *float64) string { return strconv.FormatFloat(*v, 'f', -1, 64) }
	switch {
	case b.From == nil && b.To == nil:
		return "已知"
	case b.From == nil:
		return "小于 " + number(b.To)
	case b.To == nil:
		return "不小于 " + number(b.From)
	}
	return "不小于 " + number(b.From) + "，小于 " + number(b.To)
}

func (j *Judged) countySection(f *priority.File) page.LedgerSection {
	var rows [][]string
	for _, code := range slices.Sorted(maps.Keys(f.From.Counties)) {
		name := j.Counties[code]
		if code == "none" {
			name = "不在任何县内"
		}
		rows = append(rows, append([]string{name + " " + code}, counts(f.From.Counties[code])...))
	}
	return tableOf("s-counties", "各县的结论", 1, []string{"县", "属实", "不属实", "合计", "属实比例"}, rows)
}

func groupSection(f *priority.File) page.LedgerSection {
	var rows [][]string
	for _, g := range slices.Sorted(maps.Keys(f.From.Groups)) {
		own := "用合并的权重"
		if _, ok := f.Groups[g]; ok {
			own = "有自己的权重"
		}
		rows = append(rows, append([]string{redline.GroupChinese(g), own}, counts(f.From.Groups[g])...))
	}
	return tableOf("s-groups", "各变化类别的结论", 2, []string{"变化类别", "权重", "属实", "不属实", "合计", "属实比例"}, rows)
}

func counts(c priority.Count) []string {
	return []string{strconv.Itoa(c.Yes), strconv.Itoa(c.No), strconv.Itoa(c.All()),
		percents(float64(c.Yes) / math.Max(1, float64(c.All())))}
}

func leftSection(f *priority.File) page.LedgerSection {
	var rows [][]string
	for _, why := range slices.Sorted(maps.Keys(f.From.LeftOut)) {
		rows = append(rows, []string{leftTexts[why], strconv.Itoa(f.From.LeftOut[why])})
	}
	return tableOf("s-left", "没有采用的点位", 1, []string{"原因", "点位"}, rows)
}

func methodSection(f *priority.File) page.LedgerSection {
	var tried []string
	for _, p := range calibrate.Penalties {
		tried = append(tried, strconv.FormatFloat(p, 'f', -1, 64))
	}
	rows := [][]string{
		{"目标", targetTexts[f.Target]},
		{"方法", "以建议权重的各分段为自变量的逻辑回归；合并的权重向建议权重收缩，各变化类别的权重向合并的权重收缩，结论少时改变也少。"},
		{"收缩强度", fmt.Sprintf("%g；由按县交叉检验从 %s 中选出", f.Penalty, fmt.Sprint(tried))},
		{"检验", fmt.Sprintf("按县分为 %d 份，一个县只在一份中；每份的可能性由其余各份校准的模型（连同其收缩强度）给出。", f.Measures.Folds)},
		{"区间", fmt.Sprintf("按县有放回地抽取 %d 次，种子固定。", calibrate.Draws)},
	}
	return tableOf("s-method", "方法", 2, []string{"项目", "说明"}, rows)
}
