package ledgerwork

import (
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// Column is one thing that lists tell of every case.
type Column struct {
	Name  string // in CSV, JSON and GeoJSON
	Title string // in Chinese
	// Value returns what a case has in the column, codes as such: string, int64, float64, or nil for nothing.
	Value func(c *ledger.Case) any
	// Codes is the set of codes that the value is of, see [Label]; "" for none.
	Codes string
}

// columns is the only list of columns, in the order of tables.
var columns = []Column{
	{Name: "id", Title: "问题编号", Value: func(c *ledger.Case) any { return c.ID }},
	{Name: ledger.FieldExtNo, Title: "点位编号", Value: text(ledger.FieldExtNo)},
	{Name: "state", Title: "状态", Codes: "state", Value: func(c *ledger.Case) any { return string(c.State) }},
	{Name: "since", Title: "状态起始日", Value: func(c *ledger.Case) any { return string(c.Since) }},
	{Name: ledger.FieldVerdict, Title: "核查结论", Codes: "verdict",
		Value: func(c *ledger.Case) any { return verdictOf(c) }},
	{Name: ledger.FieldReason, Title: "核查依据", Codes: "reason", Value: text(ledger.FieldReason)},
	{Name: ledger.FieldAssigned, Title: "核查分派", Value: text(ledger.FieldAssigned)},
	{Name: ledger.FieldReviewer, Title: "核查人", Value: text(ledger.FieldReviewer)},
	{Name: ledger.FieldReviewed, Title: "核查日期", Value: text(ledger.FieldReviewed)},
	{Name: ledger.FieldNote, Title: "核查说明", Value: text(ledger.FieldNote)},
	{Name: ledger.FieldSeverity, Title: "严重程度", Value: number(ledger.FieldSeverity)},
	{Name: ledger.FieldCounty, Title: "行政区代码", Value: text(ledger.FieldCounty)},
	{Name: ledger.FieldCountyName, Title: "行政区", Value: text(ledger.FieldCountyName)},
	{Name: "area_ha", Title: "面积(公顷)", Value: func(c *ledger.Case) any {
		m2, err := strconv.ParseFloat(c.Get(ledger.FieldAreaM2), 64)
		if err != nil {
			return nil
		}
		return m2 / redline.M2PerHa
	}},
	{Name: "relation", Title: "与上次的关系", Codes: "relation",
		Value: func(c *ledger.Case) any { return string(c.Relation) }},
	{Name: ledger.FieldToConfirm, Title: "待确认事项", Codes: "confirm", Value: text(ledger.FieldToConfirm)},
	{Name: ledger.FieldFinding, Title: "现状", Codes: "finding", Value: text(ledger.FieldFinding)},
	{Name: "suspicion", Title: "疑似", Codes: "suspicion", Value: func(c *ledger.Case) any { return c.Suspicion }},
	{Name: "conflicts", Title: "未决分歧", Value: func(c *ledger.Case) any { return int64(len(c.Disputes)) }},
	{Name: "leads", Title: "外来线索", Value: func(c *ledger.Case) any { return int64(c.Leads) }},
	{Name: ledger.FieldNearLeads, Title: "附近的线索", Value: text(ledger.FieldNearLeads)},
	{Name: "rebounds", Title: "反弹次数", Value: func(c *ledger.Case) any { return int64(c.Rebounds) }},
	{Name: ledger.FieldProblem, Title: "问题", Value: text(ledger.FieldProblem)},
	{Name: ledger.FieldMeasures, Title: "措施", Value: text(ledger.FieldMeasures)},
	{Name: ledger.FieldStandard, Title: "标准", Value: text(ledger.FieldStandard)},
	{Name: ledger.FieldUnit, Title: "责任单位", Value: text(ledger.FieldUnit)},
	{Name: ledger.FieldPerson, Title: "责任人", Value: text(ledger.FieldPerson)},
	{Name: ledger.FieldDueDate, Title: "完成时限", Value: text(ledger.FieldDueDate)},
	{Name: ledger.FieldDueText, Title: "完成时限说明", Value: text(ledger.FieldDueText)},
	{Name: ledger.FieldDoneDate, Title: "整改完成日", Value: text(ledger.FieldDoneDate)},
	{Name: "lists", Title: "所在清单", Value: func(c *ledger.Case) any { return strings.Join(c.Lists(), "；") }},
	{Name: "samples", Title: "抽查", Value: func(c *ledger.Case) any {
		var names []string
		for _, d := range c.Draws {
			names = append(names, d.Sample)
		}
		return strings.Join(names, "；")
	}},
	{Name: ledger.FieldLeadSource, Title: "线索来源", Value: text(ledger.FieldLeadSource)},
	{Name: ledger.FieldLeadNo, Title: "线索编号", Value: text(ledger.FieldLeadNo)},
	{Name: ledger.FieldCandidates, Title: "图斑编号", Value: text(ledger.FieldCandidates)},
	{Name: ledger.FieldLon, Title: "经度", Value: number(ledger.FieldLon)},
	{Name: ledger.FieldLat, Title: "纬度", Value: number(ledger.FieldLat)},
	{Name: "merged_into", Title: "并入", Value: func(c *ledger.Case) any { return c.MergedInto }},
	{Name: ledger.FieldSplitFrom, Title: "拆自", Value: text(ledger.FieldSplitFrom)},
	{Name: "handed_to", Title: "移交", Value: func(c *ledger.Case) any { return c.HandedTo }},
	{Name: "opened_on", Title: "建立日期", Value: func(c *ledger.Case) any { return string(c.OpenedOn) }},
}

// Columns returns what lists tell of a case, in the order of tables. Callers must not change it.
func Columns() []Column { return columns }

func text(field string) func(*ledger.Case) any {
	return func(c *ledger.Case) any { return c.Get(field) }
}

func number(field string) func(*ledger.Case) any {
	return func(c *ledger.Case) any {
		v, err := strconv.ParseFloat(c.Get(field), 64)
		switch {
		case err != nil:
			return nil
		case v == float64(int64(v)):
			return int64(v)
		}
		return v
	}
}
