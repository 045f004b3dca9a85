package sheets

import (
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// severalYears is the row of what changed in several years, none of which has half of it.
const severalYears = "分多年变化"

// dates returns the columns of when candidates changed and of the dates of their zones, as far as the fields have them.
func dates(fields []findings.Field, labels map[string]map[string]string) (columns []listed) {
	notes := map[string]string{
		"chg_year":   "A、B 级面积至少一半变化的年份；不到一半的为空",
		"chg_from":   "有年份的面积最早在这一年变化，首尾各略去至多 5 %",
		"chg_to":     "有年份的面积最晚在这一年变化，首尾各略去至多 5 %",
		"chg_years":  "A、B 级面积占图斑面积的比例，按年份",
		"date_grd":   "见上文“变化年份”",
		"zone_since": "图层或清单中的设立时间；没有的为空",
		"vs_zone":    "见上文“与设立时间的先后”",
	}
	for _, f := range fields {
		note, ok := notes[f.Name]
		if !ok {
			continue
		}
		l := listed{column{f.Alias, 12, formatText}, func(c *redline.Candidate) any { return f.Text(c) }, note}
		switch {
		case f.Integer != nil:
			l.format, l.value = formatYear, func(c *redline.Candidate) any {
				if year := f.Integer(c); year != 0 {
					return year
				}
				return nil
			}
		case f.Values != nil:
			l.width = 20
			l.value = func(c *redline.Candidate) any { return labels[f.Name][f.Text(c)] }
		}
		columns = append(columns, l)
	}
	return columns
}

// yearOf returns the row of a candidate among the totals by year: the year in which it changed, or why it has none.
func yearOf(c *redline.Candidate) string {
	switch d := c.Dated; {
	case d == nil || d.Grade == redline.GradeD || d.Grade == redline.GradeNone:
		return redline.GradeD.Chinese()
	case d.Grade == redline.GradeC:
		return redline.GradeC.Chinese()
	case d.Year == 0:
		return severalYears
	default:
		return strconv.Itoa(d.Year)
	}
}

// writeDates writes the totals by year of change and by whether that was before or after the zone was founded, each as
// far as the run has it.
func (t *totals) writeDates(b *workbook, found *findings.Findings) error {
	columns := found.Columns()
	if columns.Dated {
		var rows []string
		for _, year := range found.Years() {
			rows = append(rows, strconv.Itoa(year))
		}
		rows = append(rows, severalYears, redline.GradeC.Chinese(), redline.GradeD.Chinese())
		err := writeTotals(b.totals("变化年份", column{"变化年份", 22, formatText}), rows, t.years, &t.whole)
		if err != nil {
			return err
		}
	}
	if !columns.Since {
		return nil
	}
	var rows []string
	of := map[string]*tally{}
	for _, v := range redline.VsZones() {
		rows = append(rows, v.Chinese())
		of[v.Chinese()] = t.vsZone[v]
	}
	return writeTotals(b.totals("与设立时间的先后", column{"与设立时间的先后", 22, formatText}), rows, of, &t.whole)
}

// writeTotals writes a row of totals for each of rows, and that of the whole.
func writeTotals(s *sheet, rows []string, of map[string]*tally, whole *tally) error {
	for _, name := range rows {
		row := of[name]
		if row == nil {
			row = &tally{}
		}
		if err := s.row(row.values(name)...); err != nil {
			return err
		}
	}
	if err := s.total(whole.values("合计")...); err != nil {
		return err
	}
	return s.close()
}

// explainDates returns what the sheet of explanations says of when candidates changed.
func explainDates(columns findings.Columns) (rows [][2]string) {
	if columns.Dated {
		steady, flicker := strconv.Itoa(redline.Steady), redline.FlagChinese(redline.FlagFlicker)
		rows = append(rows, [2]string{"变化年份", "由两期之间各年的土地覆盖判读：从某年起一直为新的地类，即为该年变化，" +
			"实际变化在上一张图之后、该年图之前。A：只变化一次，前后各至少 " + steady + " 年稳定；" +
			"B：只变化一次，前或后只有一年，待下一年确认；C：反复变化，只知道区间；D：无法判定年份。" +
			"C、D 合计超过一半面积的，质量标记为“" + flicker + "”。同名的表按变化年份和严重程度汇总，" +
			"图斑全部面积计入其变化年份。"})
	}
	if columns.Since {
		rows = append(rows, [2]string{"与设立时间的先后", "按影像判读，不是认定。历史遗留：设立之前的影像已是新的地类；" +
			"新增：设立当年或以后的影像仍为原来的地类；不能判定：两者都不是；未知：没有设立时间，或无法判定变化年份。" +
			"同名的表按此和严重程度汇总。"})
	}
	return rows
}
