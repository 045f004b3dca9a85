package sheets

import (
	"context"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// verdictTitle is the title of the column of verdicts.
const verdictTitle = "核查结论"

// listed is a column of the list of candidates, with what it shows of each.
type listed struct {
	column
	value func(c *redline.Candidate) any
}

// list returns the columns of candidates.xlsx. The last ones are empty: the reviewer and the
// bureau fill them in.
func list() []listed {
	type C = redline.Candidate
	text := func(title string, width float64, get func(c *C) string) listed {
		return listed{column{title, width, formatText}, func(c *C) any { return get(c) }}
	}
	integer := func(title string, get func(c *C) int64) listed {
		return listed{column{title, 9, formatInteger}, func(c *C) any { return get(c) }}
	}
	decimal := func(title string, format format, get func(c *C) float64) listed {
		return listed{column{title, 13, format}, func(c *C) any { return get(c) }}
	}
	empty := func(title string, width float64) listed {
		return listed{column{title, width, formatText}, func(*C) any { return nil }}
	}
	labels := map[string]map[string]string{} // by name of a coded field and code
	for _, f := range findings.Fields() {
		if f.Values != nil {
			labels[f.Name] = map[string]string{}
			for _, v := range f.Values() {
				labels[f.Name][v.Code] = v.Label
			}
		}
	}
	return []listed{
		text("图斑编号", 20, func(c *C) string { return c.ID }),
		text("严重程度", 9, func(c *C) string { return c.Severity.Chinese() }),
		integer("级别(4最重)", func(c *C) int64 { return int64(c.Severity) }),
		text("行政区代码", 11, func(c *C) string { return c.AdmCode }),
		text("行政区", 12, func(c *C) string { return c.AdmName }),
		text("管控图层", 14, func(c *C) string { return labels["layer"][c.Layer] }),
		text("管控区编号", 14, func(c *C) string { return c.ZoneID }),
		text("管控区名称", 26, func(c *C) string { return c.ZoneName }),
		text("管控区类型", 13, func(c *C) string { return labels["zone_type"][c.ZoneType] }),
		text("功能分区(原文)", 13, func(c *C) string { return c.FuncZone }),
		text("级别(原文)", 10, func(c *C) string { return c.ZoneLvl }),
		text("涉及的全部管控区", 22, func(c *C) string { return strings.Join(c.ZonesAll, ";") }),
		text("变化类型", 12, func(c *C) string { return c.ChangeZH }),
		integer("前期年份", func(c *C) int64 { return int64(c.YearA) }),
		text("前期地类", 12, func(c *C) string { return c.FromName }),
		integer("后期年份", func(c *C) int64 { return int64(c.YearB) }),
		text("后期地类", 12, func(c *C) string { return c.ToName }),
		decimal("图斑面积(公顷)", formatHa, func(c *C) float64 { return c.AreaM2 / 1e4 }),
		decimal("整个斑块面积(公顷，不可累加)", formatHa, func(c *C) float64 { return c.PatchM2 / 1e4 }),
		integer("斑块像元数", func(c *C) int64 { return c.Cells }),
		decimal("错位可解释的像元比例(%)", formatNumber, func(c *C) float64 {
			return redline.Percent(float64(c.EdgeCells), float64(c.Cells))
		}),
		decimal("经度", formatDegrees, func(c *C) float64 { return c.Lon }),
		decimal("纬度", formatDegrees, func(c *C) float64 { return c.Lat }),
		text("疑似人类活动", 18, func(c *C) string { return c.Activity }),
		text("法规依据", 40, func(c *C) string { return c.Basis }),
		decimal("已批准项目覆盖比例(%)", formatNumber, func(c *C) float64 {
			return redline.Percent(c.ExemptM2, c.AreaM2)
		}),
		text("质量标记", 16, func(c *C) string { return strings.Join(c.Flags, ";") }),
		text(verdictTitle, 11, func(*C) string { return labels["verdict"][redline.Unreviewed.String()] }),
		empty("核查人", 10), empty("核查日期", 12), empty("核查说明", 30),
		empty("问题", 30), empty("措施", 30), empty("标准", 30), empty("责任", 20),
	}
}

// CandidatesXLSX is the report that writes candidates.xlsx, the list of candidates (问题清单):
// one row for each, with a choice of verdicts and empty columns for what the bureau decides.
func CandidatesXLSX(ctx context.Context, f findings.Folder, found *findings.Findings) error {
	book, err := newWorkbook("问题清单（候选线索，非违法认定）")
	if err != nil {
		return err
	}
	list := list()
	columns := make([]column, len(list))
	for i, l := range list {
		columns[i] = l.column
	}
	s := book.sheet("问题清单", columns)
	s.finish = func(name string, rows int) error { return book.offerVerdicts(name, columns, rows) }
	values := make([]any, len(list))
	for c, err := range found.Candidates.All(ctx, false) {
		if err != nil {
			return err
		}
		for i, l := range list {
			values[i] = l.value(c)
		}
		if err := s.row(values...); err != nil {
			return err
		}
	}
	if err := s.close(); err != nil {
		return err
	}
	return f.Write("candidates.xlsx", book.write)
}

// offerVerdicts makes the cells of the column of verdicts, below the header, offer all verdicts and take no other
// text. rows counts the header.
func (b *workbook) offerVerdicts(sheet string, columns []column, rows int) error {
	if rows < 2 {
		return nil
	}
	at := slices.IndexFunc(columns, func(c column) bool { return c.title == verdictTitle })
	name, err := excelize.ColumnNumberToName(at + 1)
	if err != nil {
		return err
	}
	var choices []string
	for _, field := range findings.Fields() {
		if field.Name == "verdict" {
			for _, v := range field.Values() {
				choices = append(choices, v.Label)
			}
		}
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(name + "2:" + name + itoa(rows))
	if err := v.SetDropList(choices); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, verdictTitle, "请从列表中选择")
	return b.file.AddDataValidation(sheet, v)
}
