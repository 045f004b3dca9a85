package redline

import "greenshield/raster/landcover"

// Level is the kind of a unit of the survey.
type Level string

// The levels, in the order of Survey.Units. The whole grid is one unit. Every cell belongs to the one county that holds
// its centre, the first by CompareAreas where several do, or to none; a city is the sum of its counties. The outline of
// a city or province over its counties counts as a county with what is left of it, and is no unit when nothing is.
// Zones and zone types overlap: a cell belongs to every zone that holds its centre, and to every type that such a zone
// has.
const (
	LevelWhole    Level = "whole"
	LevelCity     Level = "city"
	LevelCounty   Level = "county" // the unit with Code "" and Name "" is the ground in no county
	LevelZoneType Level = "zone_type"
	LevelZone     Level = "zone"
)

var levels = map[Level]string{
	LevelWhole: "全区", LevelCity: "市", LevelCounty: "县", LevelZoneType: "管控区类型", LevelZone: "管控区",
}

// Chinese returns the level in Chinese.
func (l Level) Chinese() string { return levels[l] }

// NoCounty is shown for the name of a county where there is none.
const NoCounty = "（不在任何县内）"

// Unit is one of the areas that the survey describes.
type Unit struct {
	Level      Level
	Layer      string   // of a zone its layer, else ""
	Code, Name string   // of a zone its id and name; of a zone type its name in English and in Chinese
	ZoneType   ZoneType // of a zone or zone type
}

// Survey is what the cells of the common grid are in both epochs, unit by unit. Only cells that are valid in both
// epochs count.
//
// A centre that lies on an outline belongs to the ground east of the outline, or south of it where it runs east to
// west: so counties that share a border share no cell, and lose none.
type Survey struct {
	YearA, YearB int
	// Maps are the maps of all years, those of the epochs among them, by year; nil without maps between the epochs.
	Maps  []SurveyMap
	Units []UnitSurvey // by level; cities and counties by code, zones in the order of Inputs.Zones
}

// UnitSurvey is the survey of one unit.
type UnitSurvey struct {
	Unit
	NoDataCells int64 // cells that are NoData in either epoch
	// Cells and AreaM2 are the transition matrix by ecosystem class, [before][after]. Cells that did not change are on
	// its diagonal.
	Cells  [landcover.NumEcosystems][landcover.NumEcosystems]int64
	AreaM2 [landcover.NumEcosystems][landcover.NumEcosystems]float64
	// Pattern is the landscape pattern of each class: [0] before, [1] after.
	Pattern [2][landcover.NumEcosystems]Pattern
	// Years is what the unit is in each year, parallel to Survey.Maps.
	Years []UnitYear
}

// SurveyMap is the map of one year.
type SurveyMap struct {
	Year    int
	Legend  string            // its name
	Classes []landcover.Class // of the legend, without those that mean NoData
}

// UnitYear is what the cells of a unit are in the map of one year. As in the whole survey, only cells that are valid in
// both epochs count. A map between may have no observation of some of them: these are cells of class
// [landcover.NoData], so that all years have the same cells.
type UnitYear struct {
	Classes [landcover.NumEcosystems]Extent
	Codes   []CodeExtent // classes of the legend that occur, in its order
	// Changes is what became of the cells since the map before: the pairs of classes that occur, those that are alike
	// and NoData among them, by From, then To. The first year has none.
	Changes []ClassChange
}

// Extent is so many cells and their area.
type Extent struct {
	Cells  int64
	AreaM2 float64
}

// CodeExtent is the cells of a class of a legend.
type CodeExtent struct {
	Class int // position in SurveyMap.Classes
	Extent
}

// ClassChange is the cells that were of one class in a map and are of another, or the same, in the next one.
type ClassChange struct {
	From, To landcover.Ecosystem
	Extent
}

// Pattern is the landscape pattern of one class in one unit, as if nothing lay around the unit. A patch of a pattern is
// a maximal set of cells of one ecosystem class inside the unit, connected as the patches of the run are.
type Pattern struct {
	Patches   int64
	LargestM2 float64 // area of the largest patch
	EdgeM     float64 // length of the sides between a cell of the class and a cell of another class in the unit
}

// Overview is the change of the whole grid in coarse squares of Factor × Factor cells, for a map.
type Overview struct {
	Factor     int
	Cols, Rows int      // numbers of squares; the last ones may reach beyond the grid
	Changed    []uint32 // cells of each square whose ecosystem class differs, by row, then column
	NoData     []uint32 // cells of each square that are NoData in either epoch
}
