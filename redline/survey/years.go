package survey

import (
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// YearsNote says what the numbers of every year count.
const YearsNote = "逐年构成与逐年变化只统计前后两期均有效的像元，因此首末两年与两期统计一致；" +
	"中间年份没有数据的像元单列为“无数据”，各年合计相同。变化只统计相邻两年均有数据的像元；" +
	"动态度按相邻两年的间隔计算，公式同两期。"

// YearClasses returns the classes that a unit has in any year.
func YearClasses(u *redline.UnitSurvey) (classes []landcover.Ecosystem) {
	for _, e := range landcover.Ecosystems() {
		for k := range u.Years {
			if u.Years[k].Classes[e].Cells > 0 {
				classes = append(classes, e)
				break
			}
		}
	}
	return classes
}

// Year is what a unit is in the map of one year. Shares are in %, NaN where the unit has no observation.
type Year struct {
	*redline.UnitYear
	M2     float64 // area with an observation, of the ground that is valid in both epochs
	Cells  int64
	Shares [landcover.NumEcosystems]float64 // area in % of M2
}

// ComputeYear computes the composition of a unit in one year.
func ComputeYear(u *redline.UnitYear) Year {
	out := Year{UnitYear: u}
	for _, e := range landcover.Ecosystems() {
		out.M2 += u.Classes[e].AreaM2
		out.Cells += u.Classes[e].Cells
	}
	for _, e := range landcover.Ecosystems() {
		out.Shares[e] = percent(u.Classes[e].AreaM2, out.M2)
	}
	return out
}

// ComputeStep computes the indicators of u from map k−1 of a survey to map k, the next one, with the formulas that
// [Compute] has for the epochs. Only cells that have an observation in both maps count; those that have one in only one
// of them are NoDataCells of the unit. Patterns are not known, so what follows from them is not to be used.
func ComputeStep(u *redline.UnitSurvey, maps []redline.SurveyMap, k int, s Settings) Unit {
	pairs := &redline.UnitSurvey{Unit: u.Unit}
	for _, c := range u.Years[k].Changes {
		switch {
		case c.From != landcover.NoData && c.To != landcover.NoData:
			pairs.Cells[c.From][c.To], pairs.AreaM2[c.From][c.To] = c.Cells, c.AreaM2
		case c.From != c.To:
			pairs.NoDataCells += c.Cells
		}
	}
	return Compute(pairs, maps[k].Year-maps[k-1].Year, s)
}
