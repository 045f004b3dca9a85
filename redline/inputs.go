package redline

import (
	"context"
	"sync/atomic"

	"github.com/paulmach/orb"

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
	// Window is the part of the source that the common grid covers.
	Window raster.Window
}

// Inputs is all that a run reads, opened and brought to one lattice.
type Inputs struct {
	Grid          raster.Grid // the common cells of both epochs
	Earth         *raster.Earth
	Before, After Epoch
	Zones         []Zone // lattice coordinates of Grid, ids unique per layer
	Admin         []Area // counties; may be empty
	Exempt        []Area // approved projects; may be empty
	// Layers, if not nil, fills in the last three. [Run] calls it once, and begins to compare
	// the epochs meanwhile. After a fault Run waits for it, but not when its context is done.
	Layers func(context.Context) error
}

// Size is a threshold on an area: in cells, or in square metres when M2 > 0.
type Size struct {
	Cells float64
	M2    float64
}

// Options are the choices of a run. They belong to its identity: the same inputs and
// options give the same bytes, whatever the Tuning.
type Options struct {
	Rules       *RuleTable
	Conn        patch.Connectivity
	MinArea     Size // of a patch
	MinPart     Size // of a candidate
	MinSeverity int
	Survey      bool // also fill Summary.Survey and Summary.Overview, which takes time
}

// Tuning changes how fast a run is and how much memory it takes, never its result;
// but Vertices may move the crossings of zones by rounding errors.
type Tuning struct {
	Workers   int   // goroutines that read and compare; at least 1
	Tile      int   // edge of a tile in cells; 0 follows the files' blocks
	MaxMemory int64 // bytes that the run may hold; 0 is no limit
	Vertices  int   // about how many of them an Overlayer gets at a time; 0 is 512
}

// Overlayer overlays valid multipolygons in the plane. An Overlayer belongs to one
// goroutine. Results have counter-clockwise shells and clockwise holes.
type Overlayer interface {
	Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error)
	Valid(a orb.MultiPolygon) (ok bool, reason string)
	// Snap moves all vertices to multiples of gridSize; the result is valid even if a is not.
	Snap(a orb.MultiPolygon, gridSize float64) (orb.MultiPolygon, error)
}

// Progress is what a run counts while it works. Others may read it at any time.
type Progress struct {
	stage atomic.Pointer[string]
	Done  atomic.Int64 // cells compared
	Total atomic.Int64 // cells to compare
}

// Stage returns what the run is doing now.
func (p *Progress) Stage() string {
	if s := p.stage.Load(); s != nil {
		return *s
	}
	return ""
}

func (p *Progress) enter(stage string) { p.stage.Store(&stage) }
