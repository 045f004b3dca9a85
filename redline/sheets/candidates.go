package sheets

import (
	"context"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/report"
)

const utf8BOM = "\uFEFF" // by which Excel knows UTF-8

// flushBytes is how much of a table is kept before it is written.
const flushBytes = 256 << 10

// CandidatesCSV writes candidates.csv: the properties of candidates.geojson as a table.
func CandidatesCSV(ctx context.Context, f *report.Folder, found *report.Findings) error {
	return f.Write("candidates.csv", func(w io.Writer) error {
		r := report.Row(utf8BOM)
		for _, field := range report.Fields() {
			r.Text(field.Name)
		}
		r.End()
		for c, err := range found.Candidates(ctx, false) {
			if err != nil {
				return err
			}
			for _, field := range report.Fields() {
				switch {
				case field.Integer != nil:
					r.Integer(field.Integer(c))
				case field.Decimal != nil:
					r.Fixed(field.Decimal(c), field.Decimals)
				default:
					r.Text(field.Text(c))
				}
			}
			r.End()
			if len(r) > flushBytes {
				if _, err := w.Write(r); err != nil {
					return err
				}
				r = r[:0]
			}
		}
		_, err := w.Write(r)
		return err
	})
}

// listed is a column of the list of candidates.
type listed struct {
	column
	value func(c *redline.Candidate) any
}

// list are the columns of candidates.xlsx. The last ones are for the reviewer and the bureau.
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
	labels := map[string]map[string]string{} // of coded fields
	for _, f := range report.Fields() {
		if f.Values != nil {
			labels[f.Name] = map[string]string{}
			for _, v := range f.Values() {
				labels[f.Name][v.Code] = v.Label
			}
		}
	}
	severities := map[int]string{}
	for _, s := range report.Severities {
		severities[s.Level] = s.ZH
	}
	return []listed{
		text("图斑编号", 20, func(c *C) string { return c.ID }),
		text("严重程度", 9, func(c *C) string { return severities[c.Severity] }),
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
		decimal("错位可解释的像元比例(%)", formatNumber, func(c *C) float64 { return 100 * float64(c.EdgeCells) / float64(c.Cells) }),
		decimal("经度", formatDegrees, func(c *C) float64 { return c.Lon }),
		decimal("纬度", formatDegrees, func(c *C) float64 { return c.Lat }),
		text("疑似人类活动", 18, func(c *C) string { return c.Activity }),
		text("法规依据", 40, func(c *C) string { return c.Basis }),
		text("质量标记", 16, func(c *C) string { return strings.Join(c.Flags, ";") }),
		text(verdictTitle, 11, func(*C) string { return labels["verdict"][redline.VerdictInitial] }),
		empty("核查人", 10), empty("核查日期", 12), empty("核查说明", 30),
		empty("问题", 30), empty("措施", 30), empty("标准", 30), empty("责任", 20),
	}
}

const verdictTitle = "核查结论"

// CandidatesXLSX writes candidates.xlsx, the list of candidates (问题清单): one row for each, with a choice of verdicts and empty
// columns for what the bureau decides.
func CandidatesXLSX(ctx context.Context, f *report.Folder, found *report.Findings) error {
	book, err := newWorkbook("问题清单（候选线索，非违法认定）")
	if err != nil {
		return err
	}
	list := list()
	columns := make([]column, len(list))
	verdict := ""
	for i, l := range list {
		columns[i] = l.column
		if l.title == verdictTitle {
			if verdict, err = excelize.ColumnNumberToName(i + 1); err != nil {
				return err
			}
		}
	}
	var choices []string
	for _, field := range report.Fields() {
		if field.Name == "verdict" {
			for _, v := range field.Values() {
				choices = append(choices, v.Label)
			}
		}
	}
	s := book.sheet("问题清单", columns)
	s.finish = func(name string, rows int) error {
		if rows < 2 {
			return nil
		}
		v := excelize.NewDataValidation(true)
		v.SetSqref(verdict + "2:" + verdict + itoa(rows))
		if err := v.SetDropList(choices); err != nil {
			return err
		}
		v.SetError(excelize.DataValidationErrorStyleStop, verdictTitle, "请从列表中选择")
		return book.file.AddDataValidation(name, v)
	}
	values := make([]any, len(list))
	for c, err := range found.Candidates(ctx, false) {
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
