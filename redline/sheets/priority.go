package sheets

import (
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/priority"
)

// ranking returns the columns of the priority of candidates, none where they have no priority.
func ranking(fields []findings.Field) (columns []listed) {
	notes := map[string]string{"prio": "0–100，越高越应先查；见上文“核查优先级”", "prio_why": "影响最大的至多三条理由"}
	for _, f := range fields {
		switch f.Name {
		case "prio":
			columns = append(columns, listed{column{f.Alias, 6, formatInteger}, valueOf(&f), notes[f.Name]})
		case "prio_why":
			columns = append(columns, listed{column{f.Alias, 24, formatWrapped}, valueOf(&f), notes[f.Name]})
		}
	}
	return columns
}

// evidence returns the columns of the evidence on candidates, as far as the fields have it.
func evidence(fields []findings.Field) (columns []listed) {
	notes := map[string]string{
		"agree_pct": "其他各对地图已知的地面中，显示同类变化的比例",
		"agree_n":   "已知地面至少一半显示同类变化的成对地图",
		"agree_of":  "看到图斑至少一半地面的成对地图",
		"stays_pct": "后期之后的一张地图中，仍为变化后地类的比例",
		"width":     "斑块内最大圆的直径",
		"compact":   "斑块面积与周长相同的正方形面积之比；越小越狭长",
		"confused":  "该产品发表的精度评价中两类互相混淆的比例；没有发表的为空",
		"near_m":    "到前期已是该地类的最近像元；附近没有的为空",
		"lead_m":    "到台账线索的最近距离；附近没有的为空",
	}
	for _, f := range fields {
		note, ok := notes[f.Name]
		if !ok {
			continue
		}
		format := formatNumber
		if f.Integer != nil {
			format = formatInteger
		}
		columns = append(columns, listed{column{f.Alias, 13, format}, valueOf(&f), note})
	}
	return columns
}

// valueOf returns what a cell shows of a field without labels: nothing where the candidate has none.
func valueOf(f *findings.Field) func(c *redline.Candidate) any {
	return func(c *redline.Candidate) any {
		switch {
		case f.None(c):
			return nil
		case f.Integer != nil:
			return f.Integer(c)
		case f.Decimal != nil:
			return f.Decimal(c)
		}
		return f.Text(c)
	}
}

// writePriority writes the totals by priority, the weights, and what other pairs of maps show of all candidates, each
// as far as the run has it.
func (t *totals) writePriority(b *workbook, found *findings.Findings) error {
	if found.Columns().Ranked {
		var rows []string
		for _, band := range findings.ScoreBands() {
			rows = append(rows, band.String())
		}
		err := writeTotals(b.totals("核查优先级", column{"核查优先级", 22, formatText}), rows, t.scores, &t.whole)
		if err != nil {
			return err
		}
	}
	if found.Ranking != nil {
		if err := b.writeWeights(found); err != nil {
			return err
		}
	}
	if len(t.pairs) == 0 {
		return nil
	}
	s := b.sheet("其他地图一致", []column{{"其他地图", 20, formatWrapped}, {"年份", 34, formatWrapped},
		{"一致(个)", 10, formatInteger}, {"不一致(个)", 10, formatInteger}, {"看不到(个)", 10, formatInteger},
		{"同类变化(%)", 12, formatNumber}, {"其他变化(%)", 12, formatNumber}, {"无变化(%)", 12, formatNumber},
		{"无数据(%)", 12, formatNumber}})
	s.note, s.unfiltered = disclaimer, true
	for i := range t.pairs {
		p := &t.pairs[i]
		shares := findings.AgreementShares(p.Area)
		err := s.row(p.Name, p.Years(), p.Agree, p.Against, p.Blind, shares[0], shares[1], shares[2], shares[3])
		if err != nil {
			return err
		}
	}
	return s.close()
}

// writeWeights writes how the priority is made: a sentence, then every weight.
func (b *workbook) writeWeights(found *findings.Findings) error {
	s := b.sheet("优先级说明", []column{{"适用的变化", 18, formatWrapped}, {"依据", 26, formatWrapped},
		{"取值", 16, formatText}, {"权重", 10, formatNumber}, {"含义", 70, formatWrapped}})
	s.note, s.unfiltered, s.line = disclaimer, true, textHeight
	if err := s.row("说明", "", "", nil, modelNote(found)+"。"+findings.PriorityNote+"。"); err != nil {
		return err
	}
	for _, w := range findings.Weights(found.Ranking) {
		group := redline.GroupChinese(w.Group)
		if group == "" {
			group = "其余全部"
			if len(found.Ranking.Groups) == 0 {
				group = "全部"
			}
		}
		if err := s.row(group, w.Feature, w.Values, w.Weight, w.Why); err != nil {
			return err
		}
	}
	return s.close()
}

// modelNote says by which model candidates are ranked.
func modelNote(found *findings.Findings) string {
	of := found.Manifest.Priority
	text := "按台账结论校准的模型 " + findings.Visible(of.Model)
	if of.Model == priority.SimpleName {
		text = "简单规则，" + findings.ProposedWeights
	} else if of.Edited {
		text += "，" + findings.EditedModel
	}
	text += "（SHA-256 " + of.SHA256 + "）"
	for _, note := range findings.ApartNotes(of) {
		text += "；" + note
	}
	return text
}

// orderOf says how the list of candidates is sorted.
func orderOf(columns findings.Columns) string {
	if columns.Ranked {
		return "按核查优先级由高到低、严重程度由重到轻、面积由大到小排列，序号连续。"
	}
	return "按严重程度由重到轻、面积由大到小排列，序号连续。"
}

// explainPriority returns what the sheet of explanations says of priority and evidence.
func explainPriority(found *findings.Findings) (rows [][2]string) {
	columns := found.Columns()
	if columns.Ranked {
		rows = append(rows, [2]string{"核查优先级", "0–100，只说明先查哪些：各项依据的权重相加，再换算为 0–100。" +
			modelNote(found) + "，各项权重见“优先级说明”。" + findings.PriorityNote + "。"})
	}
	if columns.Confirmed {
		var names []string
		for _, p := range found.PairTotals() {
			names = append(names, p.Name+" "+p.Years())
		}
		rows = append(rows, [2]string{"其他地图一致", "与其他成对的地图比对：" + strings.Join(names, "；") +
			"。看到图斑至少一半地面、且已知地面至少一半显示同类变化的，为一致。不一致不等于不属实。"})
	}
	return rows
}
