package census

import (
	"maps"

	"greenshield/raster"
	"greenshield/raster/landscape"
	"greenshield/redline"
)

// Survey returns the survey of all units; found is all bands of the grid joined, and years is nil without maps between.
func (g *Ground) Survey(found *Band, years *Years) *redline.Survey {
	n := len(g.Units.all)
	out := &redline.Survey{YearA: g.Before.Year, YearB: g.After.Year, Units: make([]redline.UnitSurvey, n)}
	totals, nodata := make([]Matrix, len(g.Units.typeOf)), make([]int64, len(g.Units.typeOf))
	var patterns [2]map[landscape.Key]landscape.Total // of units that are groups of parts
	for unit, pairs := range found.Pairs {
		totals[unit].add(pairs)
	}
	for unit, cells := range found.NoData {
		nodata[unit] += cells
	}
	for _, of := range g.Units.groups() {
		for unit, pairs := range found.Pairs {
			if group := of(unit); group >= 0 {
				totals[group].add(pairs)
			}
		}
		for unit, cells := range found.NoData {
			if group := of(unit); group >= 0 {
				nodata[group] += cells
			}
		}
		for e := range patterns {
			groups := found.Pattern[e].Groups(of)
			maps.Copy(groups, patterns[e])
			patterns[e] = groups
		}
	}
	for i := range out.Units {
		u := &out.Units[i]
		u.Unit, u.NoDataCells = g.Units.all[i], nodata[i]
		for b := range u.Cells {
			for a := range u.Cells[b] {
				u.Cells[b][a], u.AreaM2[b][a] = totals[i][b][a].Cells, totals[i][b][a].Area.M2()
			}
		}
		for e := range u.Pattern {
			for class := range u.Pattern[e] {
				key := landscape.KeyOf(int32(i), uint8(class))
				t, ok := patterns[e][key]
				if !ok {
					t = found.Pattern[e].Total(key)
				}
				u.Pattern[e][class] = redline.Pattern{
					Patches: t.Patches, LargestM2: t.Largest.M2(), EdgeM: float64(t.Edge) * raster.SideUnitM}
			}
		}
	}
	years.fill(out, found.Years)
	g.dropOutlines(out)
	return out
}

// dropOutlines takes out of a survey the outlines of cities and provinces that have no cell of their own: every place
// in them belongs to a county. It also drops cities that have no county then.
func (g *Ground) dropOutlines(s *redline.Survey) {
	empty := func(unit int32) bool {
		return g.Units.outer[unit] && s.Units[unit].NoDataCells == 0 && s.Units[unit].Cells == redline.UnitSurvey{}.Cells
	}
	counties := map[int32]int{} // left, by city
	for unit, city := range g.Units.cityOf {
		if city >= 0 && !empty(int32(unit)) {
			counties[city]++
		}
	}
	kept := s.Units[:0:0]
	for unit := range s.Units {
		u := &s.Units[unit]
		if empty(int32(unit)) || u.Level == redline.LevelCity && counties[int32(unit)] == 0 {
			continue
		}
		kept = append(kept, *u)
	}
	s.Units = kept
}
