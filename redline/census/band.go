package census

import (
	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/landscape"
	"greenshield/raster/patch"
	"greenshield/redline"
)

// Ground is what is counted: the common grid of two epochs, and the units on it. It does not change, so it may be used
// concurrently.
type Ground struct {
	Grid          raster.Grid
	Earth         *raster.Earth
	Before, After *redline.Epoch     // each with symbols of its own
	Between       []redline.Epoch    // the maps of years between
	Conn          patch.Connectivity // of the landscape pattern
	Units         *Units
}

// Band is what the units have in a band of rows: a value that can be encoded, sent, and joined with the band below it.
// It leaves out what follows from parts: zone types, and where there are counties also the whole and the cities.
type Band struct {
	NoData   map[int32]int64       // NoData cells by unit
	Pairs    map[int32]*Matrix     // valid cells by unit
	Years    map[int32][]YearCount // valid cells by unit in the maps of all years; none without maps between
	Pattern  [2]landscape.Band     // before, after
	Overview *redline.Overview     // only the rows of squares that the band touches
}

// Matrix is the cells and the area of a unit by pair of ecosystem classes, [before][after].
type Matrix [landcover.NumEcosystems][landcover.NumEcosystems]struct {
	Cells int64
	Area  raster.Area
}

func (m *Matrix) add(other *Matrix) {
	for b := range m {
		for a := range m[b] {
			m[b][a].Cells += other[b][a].Cells
			m[b][a].Area.Add(other[b][a].Area)
		}
	}
}

// Join adds to a what is in the band directly below it, which begins at row0. It may keep memory of below.
func (g *Ground) Join(a, below *Band, row0 int) {
	for unit, cells := range below.NoData {
		a.NoData[unit] += cells
	}
	for unit, pairs := range below.Pairs {
		if known := a.Pairs[unit]; known != nil {
			known.add(pairs)
		} else {
			a.Pairs[unit] = pairs
		}
	}
	for unit, counts := range below.Years {
		a.Years[unit] = addYears(a.Years[unit], counts)
	}
	for e := range a.Pattern {
		a.Pattern[e] = landscape.Join(g.classMap(), a.Pattern[e], below.Pattern[e])
	}
	joinOverview(a.Overview, below.Overview, row0%a.Overview.Factor != 0)
}

func (g *Ground) classMap() landscape.Map {
	return landscape.Map{Rows: g.Grid.Rows, Conn: g.Conn, Earth: g.Earth}
}
