package sheets

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/redline/survey"
)

func itoa(n int) string { return strconv.Itoa(n) }

// levels are the levels of units in Chinese.
var levels = map[redline.Level]string{
	redline.LevelWhole: "全区", redline.LevelCity: "市", redline.LevelCounty: "县", redline.LevelZoneType: "管控区类型", redline.LevelZone: "管控区",
}

// unitName is what tables call a unit.
func unitName(u *redline.Unit) string {
	switch {
	case u.Level == redline.LevelWhole:
		return "全区"
	case u.Level == redline.LevelCounty && u.Code == "" && u.Name == "":
		return "（不在任何县内）"
	}
	return u.Name
}

func compute(found *report.Findings, settings survey.Settings) (units []survey.Unit, years int) {
	s := found.Summary.Survey
	years = s.YearB - s.YearA
	for i := range s.Units {
		units = append(units, survey.Compute(&s.Units[i], years, settings))
	}
	return units, years
}

// SurveyCSV returns the report that writes survey.csv: every number of the survey on a row of its own. Numbers that are not defined, and in
// classes that a unit has in neither epoch, have no row; nor have transitions that do not occur.
func SurveyCSV(settings survey.Settings) report.Report {
	return func(ctx context.Context, f *report.Folder, found *report.Findings) error {
		units, _ := compute(found, settings)
		return f.Write("survey.csv", func(w io.Writer) error {
			r := report.Row(utf8BOM)
			r.Texts("level", "layer", "code", "name", "indicator", "indicator_zh", "class", "to_class", "year", "value", "unit", "cells")
			r.End()
			for i := range units {
				if err := ctx.Err(); err != nil {
					return err
				}
				r = appendUnit(r, &units[i], found.Summary.Survey)
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
}

// appendUnit appends all rows of a unit.
func appendUnit(r report.Row, u *survey.Unit, s *redline.Survey) report.Row {
	var head report.Row
	head.Texts(string(u.Level), u.Layer, u.Code, unitName(&u.Unit))
	period := fmt.Sprintf("%d-%d", s.YearA, s.YearB)
	years := [2]string{itoa(s.YearA), itoa(s.YearB)}
	const none = math.MinInt64 // of cells
	put := func(indicator, zh, class, to, year string, value float64, decimals int, unit string, cells int64) {
		if math.IsNaN(value) {
			return
		}
		r = append(r, head...)
		r.Texts(indicator, zh, class, to, year)
		r.Fixed(value, decimals)
		r.Text(unit)
		if cells == none {
			r.Text("")
		} else {
			r.Integer(cells)
		}
		r.End()
	}
	const ha, pct = 6, 4 // decimals
	put("valid_area", "两期均有效面积", "", "", period, u.M2/1e4, ha, "ha", u.Cells)
	put("nodata_cells", "无数据像元数", "", "", period, float64(u.NoDataCells), 0, "cells", u.NoDataCells)
	put("comprehensive_dynamic_degree", "综合动态度", "", "", period, u.Comprehensive, pct, "%", none)
	put("transition_index", "土地覆被转类指数", "", "", period, u.Index, pct, "%", none)
	for _, e := range landcover.Ecosystems() {
		c := &u.Classes[e]
		if c.BeforeCells+c.AfterCells == 0 {
			continue
		}
		name := e.String()
		put("area", "面积", name, "", years[0], c.BeforeM2/1e4, ha, "ha", c.BeforeCells)
		put("area", "面积", name, "", years[1], c.AfterM2/1e4, ha, "ha", c.AfterCells)
		put("share", "构成比例", name, "", years[0], c.BeforeShare, pct, "%", none)
		put("share", "构成比例", name, "", years[1], c.AfterShare, pct, "%", none)
		put("net_change", "净变化", name, "", period, c.NetM2/1e4, ha, "ha", c.AfterCells-c.BeforeCells)
		put("gain", "转入", name, "", period, c.GainM2/1e4, ha, "ha", none)
		put("loss", "转出", name, "", period, c.LossM2/1e4, ha, "ha", none)
		put("swap", "交换变化", name, "", period, c.SwapM2/1e4, ha, "ha", none)
		put("change_rate", "类型变化率", name, "", period, c.Rate, pct, "%", none)
		put("dynamic_degree", "单一动态度", name, "", period, c.Dynamic, pct, "%", none)
		for epoch, year := range years {
			p := &u.Pattern[epoch][e]
			if p.Patches == 0 {
				continue
			}
			put("patches", "斑块数", name, "", year, float64(p.Patches), 0, "", none)
			put("mean_patch_area", "平均斑块面积", name, "", year, c.MeanM2[epoch]/1e4, ha, "ha", none)
			put("largest_patch_area", "最大斑块面积", name, "", year, p.LargestM2/1e4, ha, "ha", none)
			put("largest_patch_share", "最大斑块占比", name, "", year, c.LargestShare[epoch], pct, "%", none)
			put("edge_length", "边缘长度", name, "", year, p.EdgeM, 1, "m", none)
			put("edge_density", "边缘密度", name, "", year, c.EdgeDensity[epoch], pct, "m/ha", none)
		}
	}
	for _, from := range landcover.Ecosystems() {
		for _, to := range landcover.Ecosystems() {
			cells := u.UnitSurvey.Cells[from][to]
			if cells == 0 {
				continue
			}
			put("transition", "转移面积", from.String(), to.String(), period, u.AreaM2[from][to]/1e4, ha, "ha", cells)
			put("transition_row_share", "转移行比例（去向）", from.String(), to.String(), period, u.RowShare(from, to), pct, "%", none)
			put("transition_column_share", "转移列比例（来源）", from.String(), to.String(), period, u.ColumnShare(from, to), pct, "%", none)
		}
	}
	return r
}

// SurveyXLSX returns the report that writes survey.xlsx.
func SurveyXLSX(settings survey.Settings) report.Report {
	return func(ctx context.Context, f *report.Folder, found *report.Findings) error {
		book, err := newWorkbook("生态系统格局与变化调查表")
		if err != nil {
			return err
		}
		units, years := compute(found, settings)
		s := found.Summary.Survey
		for _, write := range []func() error{
			func() error { return book.writeMethod(settings, s, years) },
			func() error { return book.writeClasses("汇总", units, s, false) },
			func() error { return book.writeMatrices(units) },
			func() error { return book.writeIndices(units) },
			func() error { return book.writePattern(units, s) },
			func() error { return book.writeClasses("管控区", units, s, true) },
		} {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := write(); err != nil {
				return err
			}
		}
		return f.Write("survey.xlsx", book.write)
	}
}

func (b *workbook) writeMethod(settings survey.Settings, s *redline.Survey, years int) error {
	sheet := b.sheet("说明", []column{{"项目", 24, formatText}, {"公式或说明", 90, formatText}, {"本次设定", 60, formatText}})
	rows := [][3]string{
		{"声明", survey.Unverified + "；数据为两期遥感土地覆盖产品，含分类误差。", ""},
		{"时段", fmt.Sprintf("%d 年至 %d 年（%d 年）；只统计两期均有效的像元。", s.YearA, s.YearB, years), ""},
		{"面积", "按像元在参考椭球面上的面积累计，单位公顷。", ""},
		{"像元归属", "像元归入其中心所在的单元；中心恰在边界上时归东侧，边界为东西向时归南侧。县由小到大按代码取第一个包含中心的县，因此各县之和恰为全区；管控区互相重叠，不可相加。", ""},
		{"类型", "生态系统一级类九类：裸地与冰川分列，未合并为“其他”。", ""},
	}
	for _, f := range settings.Formulas(years) {
		rows = append(rows, [3]string{f.Name, f.Text, f.Setting})
	}
	for _, r := range rows {
		if err := sheet.row(r[0], r[1], r[2]); err != nil {
			return err
		}
	}
	return sheet.close()
}

// unitColumns are the columns that name a unit.
func unitColumns() []column {
	return []column{{"级别", 11, formatText}, {"图层", 9, formatText}, {"代码", 16, formatText}, {"名称", 26, formatText}}
}

func unitCells(u *redline.Unit) []any {
	return []any{levels[u.Level], u.Layer, u.Code, unitName(u)}
}

// classLabel is a class in Chinese with its name in the other files beside it.
func classLabel(e landcover.Ecosystem) string { return e.Chinese() + " " + e.String() }

// writeClasses writes one row for each class of each zone, or of each other unit.
func (b *workbook) writeClasses(name string, units []survey.Unit, s *redline.Survey, zones bool) error {
	a, z := itoa(s.YearA)+"年", itoa(s.YearB)+"年"
	sheet := b.sheet(name, append(unitColumns(), column{"生态系统类型", 18, formatText},
		column{a + "面积(公顷)", 15, formatHa}, column{z + "面积(公顷)", 15, formatHa},
		column{a + "构成比例(%)", 11, formatNumber}, column{z + "构成比例(%)", 11, formatNumber},
		column{"净变化(公顷)", 15, formatHa}, column{"转入(公顷)", 15, formatHa}, column{"转出(公顷)", 15, formatHa}, column{"交换变化(公顷)", 15, formatHa},
		column{"类型变化率(%)", 11, formatNumber}, column{"单一动态度(%)", 11, formatNumber}))
	for i := range units {
		u := &units[i]
		if (u.Level == redline.LevelZone) != zones {
			continue
		}
		for _, e := range landcover.Ecosystems() {
			c := &u.Classes[e]
			if c.BeforeCells+c.AfterCells == 0 && u.Level != redline.LevelWhole {
				continue
			}
			if err := sheet.row(append(unitCells(&u.Unit), classLabel(e), c.BeforeM2/1e4, c.AfterM2/1e4, c.BeforeShare, c.AfterShare,
				c.NetM2/1e4, c.GainM2/1e4, c.LossM2/1e4, c.SwapM2/1e4, c.Rate, c.Dynamic)...); err != nil {
				return err
			}
		}
	}
	return sheet.close()
}

// writeMatrices writes the transition matrices of all units but zones: areas, then row shares, then column shares.
func (b *workbook) writeMatrices(units []survey.Unit) error {
	columns := append(unitColumns(), column{"前期类型 ↓ 后期类型 →", 20, formatText})
	for _, part := range []struct {
		title  string
		format format
	}{{"面积(公顷)", formatHa}, {"行比例(%)", formatNumber}, {"列比例(%)", formatNumber}} {
		for _, e := range landcover.Ecosystems() {
			columns = append(columns, column{e.Chinese() + " " + part.title, 14, part.format})
		}
	}
	sheet := b.sheet("转移矩阵", columns)
	for i := range units {
		u := &units[i]
		if u.Level == redline.LevelZone {
			continue
		}
		for _, from := range landcover.Ecosystems() {
			if u.Classes[from].BeforeCells == 0 {
				continue
			}
			cells := append(unitCells(&u.Unit), classLabel(from))
			for _, share := range []func(b, a landcover.Ecosystem) float64{func(b, a landcover.Ecosystem) float64 { return u.AreaM2[b][a] / 1e4 }, u.RowShare, u.ColumnShare} {
				for _, to := range landcover.Ecosystems() {
					cells = append(cells, share(from, to))
				}
			}
			if err := sheet.row(cells...); err != nil {
				return err
			}
		}
	}
	return sheet.close()
}

func (b *workbook) writeIndices(units []survey.Unit) error {
	sheet := b.sheet("动态度与指数", append(unitColumns(), column{"两期均有效面积(公顷)", 18, formatHa}, column{"像元数", 14, formatInteger}, column{"无数据像元数", 14, formatInteger},
		column{"综合动态度(%)", 13, formatNumber}, column{"土地覆被转类指数(%)", 16, formatNumber}))
	for i := range units {
		u := &units[i]
		if err := sheet.row(append(unitCells(&u.Unit), u.M2/1e4, u.Cells, u.NoDataCells, u.Comprehensive, u.Index)...); err != nil {
			return err
		}
	}
	return sheet.close()
}

func (b *workbook) writePattern(units []survey.Unit, s *redline.Survey) error {
	sheet := b.sheet("景观格局", append(unitColumns(), column{"年份", 8, formatInteger}, column{"生态系统类型", 18, formatText}, column{"斑块数", 10, formatInteger},
		column{"平均斑块面积(公顷)", 15, formatHa}, column{"最大斑块面积(公顷)", 15, formatHa}, column{"最大斑块占比(%)", 12, formatNumber}, column{"边缘密度(米/公顷)", 14, formatNumber}))
	for i := range units {
		u := &units[i]
		for epoch, year := range [2]int{s.YearA, s.YearB} {
			for _, e := range landcover.Ecosystems() {
				p := &u.Pattern[epoch][e]
				if p.Patches == 0 {
					continue
				}
				c := &u.Classes[e]
				if err := sheet.row(append(unitCells(&u.Unit), int64(year), classLabel(e), p.Patches, c.MeanM2[epoch]/1e4, p.LargestM2/1e4, c.LargestShare[epoch], c.EdgeDensity[epoch])...); err != nil {
					return err
				}
			}
		}
	}
	return sheet.close()
}
