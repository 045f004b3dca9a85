package redline

import (
	"fmt"
	"slices"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
)

// Epoch is one land-cover map.
type Epoch struct {
	Name   string // its files, for messages
	Source raster.Source
	Legend landcover.Legend
	Year   int
	Window raster.Window // the part of the source that lies on the common grid
	NoData string        // the NoData value that its files declare, "" for none
	// AtCol and AtRow are the cell of the common grid on which Window begins. They are 0 for the two epochs, whose
	// windows cover the whole grid. A map between may cover a part of it, or none: then its window has no cells. It has
	// no observation of the other cells.
	AtCol, AtRow int
}

// Inputs is all that a run reads, opened and brought to one lattice. Zones, Admin and Exempt may be set after a run has
// begun, since layers take longer to read than rasters to open; see engine.Begin.
type Inputs struct {
	Grid          raster.Grid // the common cells of both epochs
	Earth         *raster.Earth
	Before, After Epoch
	Between       []Epoch   // the maps of years between them, which date changes; by year, may be empty
	Confirm       []Pair    // other pairs of maps, which may confirm changes; may be empty
	Newest        *OtherMap // a map of a year after both, nil for none
	Zones         []Zone    // in lattice coordinates of Grid; ids are unique within a layer
	Admin         []Area    // counties; may be empty
	Exempt        []Area    // approved projects; may be empty
}

// ZonesDated tells whether some zone has a date. Zones must be set.
func (in *Inputs) ZonesDated() bool {
	return slices.ContainsFunc(in.Zones, func(z Zone) bool { return z.Since != Date{} })
}

// Size is a threshold on an area: M2 square metres when that is positive, else Cells cells. An area of exactly that
// size reaches it.
type Size struct {
	Cells float64
	M2    float64
}

// Options are the choices of a run. They belong to its identity: the same inputs and options give the same bytes,
// whatever the memory and the number of workers.
type Options struct {
	Rules       *RuleTable
	Conn        patch.Connectivity // which cells of one change type are neighbours
	MinArea     Size               // of a patch
	MinPart     Size               // of a candidate
	MinSeverity Severity           // of a candidate
	Survey      bool               // also fill Summary.Survey and Summary.Overview, which takes time
}

// UnlikelyLegend is the warning of a legend by which a map hardly shows a landscape; why is what
// [landcover.Legend.Unlikely] says of it.
func UnlikelyLegend(legend, why string) string {
	return fmt.Sprintf("all its codes stand in legend %q, but %s: are they those of another product? If so, name its "+
		"legend, or write one (a CSV as greenshield legends NAME prints it)", legend, why)
}
