package redline

import "greenshield/raster/landcover"

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
