package engine

import (
	"fmt"
	"math"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

// checkYears compares, in each unit and class, the composition of each year with what became of it until the next one,
// and the first and the last year with the matrix of the survey.
func checkYears(s *redline.Survey, check *balance) {
	steps := yearCheck{name: redline.Words{
		EN: "composition of each year = its rows of the change to the next year, NoData included",
		ZH: "逐年构成 = 至下一年变化的行合计（含无数据）",
	}}
	ends := yearCheck{name: redline.Words{
		EN: "first and last year by year = survey of both epochs",
		ZH: "逐年构成的首末两年 = 两期调查统计",
	}}
	for i := range s.Units {
		u := &s.Units[i]
		rows, columns := margins(u)
		for k, year := range u.Years {
			what := func() string { return fmt.Sprintf("%s %s %s, %d", u.Level, u.Code, u.Name, s.Maps[k].Year) }
			if k == 0 {
				ends.compare(what, &year.Classes, &rows)
			}
			if k == len(u.Years)-1 {
				ends.compare(what, &year.Classes, &columns)
				continue
			}
			var next [landcover.NumEcosystems]redline.Extent
			for _, c := range u.Years[k+1].Changes {
				next[c.From].Cells += c.Cells
				next[c.From].AreaM2 += c.AreaM2
			}
			steps.compare(what, &year.Classes, &next)
		}
	}
	steps.put(check)
	ends.put(check)
}

// margins returns the sums of the rows and of the columns of the matrix of a unit.
func margins(u *redline.UnitSurvey) (rows, columns [landcover.NumEcosystems]redline.Extent) {
	for b := range u.Cells {
		for a, cells := range u.Cells[b] {
			rows[b].Cells += cells
			rows[b].AreaM2 += u.AreaM2[b][a]
			columns[a].Cells += cells
			columns[a].AreaM2 += u.AreaM2[b][a]
		}
	}
	return rows, columns
}

// yearCheck compares cells and areas by class, of many units and years.
type yearCheck struct {
	name        redline.Words
	left, right redline.Extent // sums of all, or those of the first class that differs
	differs     string         // unit, year and class of that
}

func (y *yearCheck) compare(what func() string, left, right *[landcover.NumEcosystems]redline.Extent) {
	for e := range left {
		if y.differs != "" {
			return
		}
		l, r := left[e], right[e]
		if l.Cells != r.Cells || math.Abs(l.AreaM2-r.AreaM2) > areaRounding(l.AreaM2) {
			y.differs = fmt.Sprintf(", %s, %s", what(), landcover.Ecosystem(e))
			y.left, y.right = l, r
			return
		}
		y.left.Cells, y.left.AreaM2 = y.left.Cells+l.Cells, y.left.AreaM2+l.AreaM2
		y.right.Cells, y.right.AreaM2 = y.right.Cells+r.Cells, y.right.AreaM2+r.AreaM2
	}
}

// areaRounding is by how much sums of an area may differ, since each of their terms is rounded once.
func areaRounding(m2 float64) float64 { return 1e-9 + 1e-11*m2 }

// put adds the check of the cells, and that of the areas.
func (y *yearCheck) put(check *balance) {
	of := func(unit, zh string) redline.Words {
		return redline.Words{EN: y.name.EN + y.differs + " (" + unit + ")", ZH: y.name.ZH + "（" + zh + "）"}
	}
	check.equal(of("cells", "像元"), float64(y.left.Cells), float64(y.right.Cells))
	check.check(of("m²", "平方米"), y.left.AreaM2, y.right.AreaM2, areaRounding(y.left.AreaM2))
}
