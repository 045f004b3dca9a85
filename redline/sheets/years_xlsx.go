package sheets

import (
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// writeYears writes the sheets of every year; none without maps between the epochs.
func (b *workbook) writeYears(settings survey.Settings, s *redline.Survey) error {
	if s.Maps == nil {
		return nil
	}
	for _, write := range []func() error{
		func() error { return b.writeCompositions(s) },
		func() error { return b.writeSteps(settings, s) },
		func() error { return b.writeStepIndices(settings, s) },
		func() error { return b.writeStepPairs(s) },
		func() error { return b.writeYearCodes(s) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// stepColumns are the columns that name a unit and two years.
func stepColumns() []column {
	return append(unitColumns(), column{"起始年", 7, formatYear}, column{"终止年", 7, formatYear})
}

// stepCells returns what stands in the columns that name a unit and the years of the map k and the one before.
func stepCells(u *redline.Unit, s *redline.Survey, k int) []any {
	return append(unitCells(u), int64(s.Maps[k-1].Year), int64(s.Maps[k].Year))
}

// writeCompositions writes one row for each unit, year and class that the unit has in any year, and one for cells
// without observation where there are any.
func (b *workbook) writeCompositions(s *redline.Survey) error {
	sheet := b.sheet("逐年构成", append(unitColumns(), column{"年份", 7, formatYear},
		column{"生态系统类型", 12, formatText}, column{"面积(公顷)", 15, formatHaShort},
		column{"构成比例(%)", 11, formatNumber}, column{"像元数", 14, formatInteger}))
	for i := range s.Units {
		u := &s.Units[i]
		for k := range u.Years {
			y := survey.ComputeYear(&u.Years[k])
			classes := survey.YearClasses(u)
			if y.Classes[landcover.NoData].Cells > 0 {
				classes = append(classes, landcover.NoData)
			}
			for _, e := range classes {
				c, share := &y.Classes[e], any(y.Shares[e])
				if e == landcover.NoData {
					share = nil
				}
				err := sheet.row(append(unitCells(&u.Unit), int64(s.Maps[k].Year), e.Chinese(),
					c.AreaM2/redline.M2PerHa, share, c.Cells)...)
				if err != nil {
					return err
				}
			}
		}
	}
	return sheet.close()
}

// writeSteps writes one row for each unit, pair of years and class.
func (b *workbook) writeSteps(settings survey.Settings, s *redline.Survey) error {
	sheet := b.sheet("逐年变化", append(stepColumns(), column{"生态系统类型", 12, formatText},
		column{"净变化(公顷)", 13, formatNumber}, column{"转入(公顷)", 13, formatHaShort},
		column{"转出(公顷)", 13, formatHaShort}, column{"类型变化率(%)", 11, formatNumber},
		column{"单一动态度(%)", 11, formatNumber}))
	return eachStep(settings, s, func(of *redline.UnitSurvey, u *survey.Unit, k int) error {
		for _, e := range survey.YearClasses(of) {
			c := &u.Classes[e]
			err := sheet.row(append(stepCells(&u.Unit, s, k), e.Chinese(), signed(c.NetM2/redline.M2PerHa),
				c.GainM2/redline.M2PerHa, c.LossM2/redline.M2PerHa, signed(c.Rate), signed(c.Dynamic))...)
			if err != nil {
				return err
			}
		}
		return nil
	}, sheet.close)
}

// writeStepIndices writes one row for each unit and pair of years.
func (b *workbook) writeStepIndices(settings survey.Settings, s *redline.Survey) error {
	sheet := b.sheet("逐年动态度", append(stepColumns(),
		column{"两年均有效面积(公顷)", 18, formatHaShort}, column{"像元数", 14, formatInteger},
		column{"仅一年有数据的像元数", 14, formatInteger}, column{"变化总面积(公顷)", 15, formatHaShort},
		column{"综合动态度(%)", 13, formatNumber}, column{"土地覆被转类指数(%)", 16, formatNumber}))
	return eachStep(settings, s, func(_ *redline.UnitSurvey, u *survey.Unit, k int) error {
		return sheet.row(append(stepCells(&u.Unit, s, k), u.M2/redline.M2PerHa, u.Cells, u.NoDataCells,
			u.ChangedM2()/redline.M2PerHa, u.Comprehensive, signed(u.Index))...)
	}, sheet.close)
}

// eachStep computes the indicators of each unit from each map to the next, map k, and passes them on, then calls end.
func eachStep(
	settings survey.Settings, s *redline.Survey,
	put func(of *redline.UnitSurvey, u *survey.Unit, k int) error, end func() error,
) error {
	for i := range s.Units {
		for k := 1; k < len(s.Maps); k++ {
			u := survey.ComputeStep(&s.Units[i], s.Maps, k, settings)
			if err := put(&s.Units[i], &u, k); err != nil {
				return err
			}
		}
	}
	return end()
}

// writeStepPairs writes one row for each pair of classes that occurs from one year to the next in a unit that is no
// zone.
func (b *workbook) writeStepPairs(s *redline.Survey) error {
	sheet := b.sheet("逐年转移", append(stepColumns(), column{"前类型", 12, formatText},
		column{"后类型", 12, formatText}, column{"面积(公顷)", 15, formatHaShort}, column{"像元数", 14, formatInteger}))
	for i := range s.Units {
		u := &s.Units[i]
		if u.Level == redline.LevelZone {
			continue
		}
		for k := range u.Years {
			for _, c := range u.Years[k].Changes {
				err := sheet.row(append(stepCells(&u.Unit, s, k), c.From.Chinese(), c.To.Chinese(),
					c.AreaM2/redline.M2PerHa, c.Cells)...)
				if err != nil {
					return err
				}
			}
		}
	}
	return sheet.close()
}

// writeYearCodes writes one row for each class of the legends that occurs in a year in a unit that is no zone.
func (b *workbook) writeYearCodes(s *redline.Survey) error {
	sheet := b.sheet("逐年地类", append(unitColumns(), column{"年份", 7, formatYear},
		column{"图例", 16, formatWrapped}, column{"地类代码", 10, formatText}, column{"地类", 20, formatWrapped},
		column{"生态系统类型", 12, formatText}, column{"面积(公顷)", 15, formatHaShort},
		column{"像元数", 14, formatInteger}))
	for i := range s.Units {
		u := &s.Units[i]
		if u.Level == redline.LevelZone {
			continue
		}
		for k := range u.Years {
			for _, c := range u.Years[k].Codes {
				m := &s.Maps[k]
				class := &m.Classes[c.Class]
				err := sheet.row(append(unitCells(&u.Unit), int64(m.Year), m.Legend, itoa(int(class.Code)), class.Name(),
					class.Ecosystem.Chinese(), c.AreaM2/redline.M2PerHa, c.Cells)...)
				if err != nil {
					return err
				}
			}
		}
	}
	return sheet.close()
}
