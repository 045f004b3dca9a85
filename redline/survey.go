package redline

import (
	"greenshield/raster/change"
	"greenshield/raster/landcover"
)

// Level is the kind of a unit of the survey.
type Level string

// The levels, in the order of Survey.Units. The whole grid is one unit. Every cell is of one county,
// the one that holds its centre, or of none; a city is its counties. Zones and zone types overlap: a cell is of every
// zone that holds its centre, and of every type that such a zone has.
const (
	LevelWhole    Level = "whole"     // 全区
	LevelCity     Level = "city"      // 市
	LevelCounty   Level = "county"    // 县; Code "" is what lies in no county
	LevelZoneType Level = "zone_type" // 管控区类型
	LevelZone     Level = "zone"      // 管控区
)

// Unit is one of the areas that the survey describes.
type Unit struct {
	Level      Level
	Layer      string // of a zone
	Code, Name string // of a zone type its name, and that in Chinese
	ZoneType   ZoneType
}

// Survey is what the cells of the common grid are in both epochs, unit by unit. Only cells valid in both
// epochs count.
//
// A centre that lies on an outline is of what lies east of it, or south where the outline runs east to west: so
// counties that share a border share no cell, and lose none.
type Survey struct {
	YearA, YearB int
	Units        []UnitSurvey // by level; cities and counties by code, zones in the order of Inputs.Zones
}

// UnitSurvey is the survey of one unit.
type UnitSurvey struct {
	Unit
	NoDataCells int64 // NoData in either epoch
	// Cells and AreaM2 are the transition matrix by ecosystem class: [before][after], with what did not change.
	Cells  [landcover.NumEcosystems][landcover.NumEcosystems]int64
	AreaM2 [landcover.NumEcosystems][landcover.NumEcosystems]float64
	// Pattern is the landscape pattern of each class: [0] before, [1] after.
	Pattern [2][landcover.NumEcosystems]Pattern
}

// Pattern is the landscape pattern of one class in one unit, as if nothing lay around the unit. A patch here is a maximal set
// of cells of one ecosystem class inside the unit, connected as the run's patches are.
type Pattern struct {
	Patches   int64
	LargestM2 float64 // of its patches
	EdgeM     float64 // length of cell sides between a cell of the class and one of another class in the unit
}

// Overview is the change of the whole grid in coarse squares of Factor × Factor cells, for a map.
type Overview struct {
	Factor     int
	Cols, Rows int      // of squares; the last ones may reach beyond the grid
	Changed    []uint32 // changed cells of each square, row-major: those whose ecosystem class differs
	NoData     []uint32 // cells that are NoData in either epoch
}

// overviewSquares is the largest number of squares along a side of an overview.
const overviewSquares = 1024

func newOverview(cols, rows int) *Overview {
	f := max(1, (max(cols, rows)+overviewSquares-1)/overviewSquares)
	return &Overview{Factor: f, Cols: (cols + f - 1) / f, Rows: (rows + f - 1) / f}
}

// band returns what runs, those of the rows [row0, row1), add to an overview: only the rows of squares that they touch.
func (o *Overview) band(runs []change.Run, row0, row1 int) *Overview {
	first := row0 / o.Factor
	part := &Overview{Factor: o.Factor, Cols: o.Cols, Rows: (row1-1)/o.Factor + 1 - first}
	part.Changed, part.NoData = make([]uint32, part.Cols*part.Rows), make([]uint32, part.Cols*part.Rows)
	f := int32(o.Factor)
	for _, r := range runs {
		counts := part.Changed
		if r.Type == change.NoDataType {
			counts = part.NoData
		}
		counts = counts[(int(r.Row)/o.Factor-first)*o.Cols:]
		for col := r.Col0; col < r.Col1; {
			end := min(r.Col1, (col/f+1)*f)
			counts[col/f] += uint32(end - col)
			col = end
		}
	}
	return part
}

// below adds the rows of b, whose first row of squares is the last one of o, if same, or the next one.
func (o *Overview) below(b *Overview, same bool) {
	add := func(to *[]uint32, from []uint32) {
		if same {
			last := (*to)[len(*to)-o.Cols:]
			for i := range last {
				last[i] += from[i]
			}
			from = from[o.Cols:]
		}
		*to = append(*to, from...)
	}
	add(&o.Changed, b.Changed)
	add(&o.NoData, b.NoData)
	o.Rows = len(o.Changed) / o.Cols
}
