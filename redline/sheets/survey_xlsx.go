package sheets

import (
	"context"
	"fmt"
	"math"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/survey"
)

// SurveyXLSX returns the report that writes survey.xlsx: the survey for people, on sheets by
// kind of number.
func SurveyXLSX(settings survey.Settings) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		book, err := newWorkbook("生态系统格局与变化调查表", survey.Unverified)
		if err != nil {
			return err
		}
		units, years := compute(found, settings)
		s := found.Summary.Survey
		for _, write := range []func() error{
			func() error { return book.writeMethod(settings, s, years) },
			func() error { return book.writeClasses("汇总", units, s, false) },
			func() error { return book.writeAllMatrices(units) },
			func() error { return book.writeIndices(units) },
			func() error { return book.writePattern(units, s) },
			func() error { return book.writeClasses("管控区", units, s, true) },
			func() error { return book.writeYears(settings, s) },
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

// writeMethod writes what the numbers are and how they are computed.
func (b *workbook) writeMethod(settings survey.Settings, s *redline.Survey, years int) error {
	sheet := b.sheet("说明", []column{
		{"项目", 18, formatWrapped}, {"公式或说明", 75, formatWrapped}, {"本次设定", 45, formatWrapped},
	})
	sheet.line = textHeight
	rows := [][3]string{
		{"声明", survey.Unverified + "；数据为两期遥感土地覆盖产品，含分类误差。", ""},
		{"时段", fmt.Sprintf("%d 年至 %d 年（%d 年）；只统计两期均有效的像元。",
			s.YearA, s.YearB, years), ""},
		{"面积", "按像元在参考椭球面上的面积累计，单位公顷。", ""},
		{"像元归属", "像元归入其中心所在的单元；" +
			"中心恰在边界上时归东侧，边界为东西向时归南侧。" +
			"县由小到大按代码取第一个包含中心的县，因此各县之和恰为全区；" +
			"管控区互相重叠，不可相加。", ""},
		{"类型", "生态系统一级类九类：裸地与冰川分列，未合并为“其他”。", ""},
	}
	if s.Maps != nil {
		rows = append(rows, [3]string{"逐年", survey.YearsNote, fmt.Sprintf("%d 期土地覆盖", len(s.Maps))})
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
	return []column{
		{"级别", 10, formatText}, {"图层", 12, formatText}, {"代码", 12, formatText}, {"名称", 24, formatWrapped},
	}
}

// unitCells returns what stands in the columns that name a unit.
func unitCells(u *redline.Unit) []any {
	layer := ""
	if u.Layer != "" {
		layer = redline.LayerChinese(u.Layer)
	}
	return []any{u.Level.Chinese(), layer, unitCode(u), unitName(u)}
}

// signed returns a number of which two decimals are shown, and 0 for one that would show as −0.00.
func signed(x float64) float64 {
	if math.Abs(x) < 0.005 {
		return 0
	}
	return x
}

// writeClasses writes one row for each class of each zone, or of each unit that is no zone.
func (b *workbook) writeClasses(name string, units []survey.Unit, s *redline.Survey, zones bool) error {
	a, z := itoa(s.YearA)+"年", itoa(s.YearB)+"年"
	sheet := b.sheet(name, append(unitColumns(), column{"生态系统类型", 10, formatText},
		column{a + "面积(公顷)", 13, formatHaShort}, column{z + "面积(公顷)", 13, formatHaShort},
		column{a + "构成比例(%)", 11, formatNumber}, column{z + "构成比例(%)", 11, formatNumber},
		column{"净变化(公顷)", 13, formatNumber}, column{"转入(公顷)", 13, formatHaShort},
		column{"转出(公顷)", 13, formatHaShort}, column{"交换变化(公顷)", 13, formatHaShort},
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
			err := sheet.row(append(unitCells(&u.Unit), e.Chinese(),
				c.BeforeM2/1e4, c.AfterM2/1e4, c.BeforeShare, c.AfterShare,
				signed(c.NetM2/1e4), c.GainM2/1e4, c.LossM2/1e4, c.SwapM2/1e4, signed(c.Rate), signed(c.Dynamic))...)
			if err != nil {
				return err
			}
		}
	}
	return sheet.close()
}

// writeAllMatrices writes the sheets of transition matrices.
func (b *workbook) writeAllMatrices(units []survey.Unit) error {
	for _, kind := range matrixKinds() {
		if err := b.writeMatrices(kind, units); err != nil {
			return err
		}
	}
	return nil
}

// writeIndices writes one row for each unit.
func (b *workbook) writeIndices(units []survey.Unit) error {
	sheet := b.sheet("动态度与指数", append(unitColumns(),
		column{"两期均有效面积(公顷)", 18, formatHaShort}, column{"像元数", 14, formatInteger},
		column{"无数据像元数", 14, formatInteger},
		column{"综合动态度(%)", 13, formatNumber}, column{"土地覆被转类指数(%)", 16, formatNumber}))
	for i := range units {
		u := &units[i]
		cells := append(unitCells(&u.Unit), u.M2/1e4, u.Cells, u.NoDataCells, u.Comprehensive, signed(u.Index))
		if err := sheet.row(cells...); err != nil {
			return err
		}
	}
	return sheet.close()
}

// writePattern writes one row for each unit, year and class that has patches.
func (b *workbook) writePattern(units []survey.Unit, s *redline.Survey) error {
	sheet := b.sheet("景观格局", append(unitColumns(),
		column{"年份", 7, formatYear}, column{"生态系统类型", 10, formatText},
		column{"斑块数", 10, formatInteger},
		column{"平均斑块面积(公顷)", 13, formatHaShort}, column{"最大斑块面积(公顷)", 13, formatHaShort},
		column{"最大斑块占比(%)", 12, formatNumber}, column{"边缘密度(米/公顷)", 14, formatNumber}))
	for i := range units {
		u := &units[i]
		for epoch, year := range [2]int{s.YearA, s.YearB} {
			for _, e := range landcover.Ecosystems() {
				p := &u.Pattern[epoch][e]
				if p.Patches == 0 {
					continue
				}
				c := &u.Classes[e]
				err := sheet.row(append(unitCells(&u.Unit), int64(year), e.Chinese(), p.Patches,
					c.MeanM2[epoch]/1e4, p.LargestM2/1e4, c.LargestShare[epoch], c.EdgeDensity[epoch])...)
				if err != nil {
					return err
				}
			}
		}
	}
	return sheet.close()
}
