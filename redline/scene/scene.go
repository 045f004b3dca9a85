// Package scene makes a synthetic land-cover scene of any size: two epochs of
// class codes in the CLCD legend, red-line and reserve zones, counties and an
// approved project. It serves the built-in demo, tests and benchmarks.
//
// Nothing in a scene is an observation of a real place. It lies near 117° E, 31° N
// and has the proportions of the land between the Huai and the Yangtze, but every
// patch, border, name and code is invented. It is as awkward as real data: NoData
// that differs between the epochs, speckle, patches with holes, a chain of cells
// that only meet at corners, a patch on the raster's edge, zones that overlap,
// reach out of the raster, hold no change at all, or have a ring that crosses itself.
//
// Zones are stars, each of its own, as in the demo, or lie to each other as surveys draw
// them: see [Layout]. The grid is geographic or projected: see [Projection].
//
// All decisions are integer arithmetic on hashes of the seed and the cell, so one
// Params value gives the same bytes on every 64-bit machine, in any order of rows.
package scene

import (
	"fmt"
	"math"

	"greenshield/raster"
)

// The years of the two epochs: epoch 0 and epoch 1.
const (
	YearA = 2015
	YearB = 2020
)

// CellDeg is the cell size in degrees: 30 m along the meridian, as CLCD has it.
const CellDeg = 0.000269494585235856

// CellM is the cell size of projected grids in metres.
const CellM = 30

// Limits of [Params].
const (
	MinSize     = 256     // columns, rows
	MaxSize     = 1 << 18 // columns, rows
	MinRedLines = 5
	MinReserves = 2
)

// Params is the size of a scene and its seed.
type Params struct {
	Seed       uint64
	Cols, Rows int        // number of columns and rows of cells, MinSize to MaxSize each
	RedLines   int        // number of red-line zones, at least MinRedLines
	Reserves   int        // number of nature reserves, each of one or three functional zones, at least MinReserves
	Vertices   int        // number of vertices of all red-line zones together, roughly; a star has at least 24
	Changed    float64    // share of the cells whose class differs between the epochs, roughly, 0 to 0.2
	Layout     Layout     // how zones lie to each other
	Projection Projection // the kind of grid
}

// Layout is how the zones of a scene lie to each other.
type Layout int

const (
	// Stars are zones each of its own. Red-line zones do not touch each other, and reserves overlap them.
	Stars Layout = iota
	// Shared are zones as surveys draw them: red-line zones that share borders with each other and with counties,
	// reserves that hold the ground of red-line zones, functional zones that tile a reserve. What two features share
	// has the same vertices in both.
	Shared
	// Slivers are shared zones whose borders were digitised twice: the vertices of two features differ by 1 mm to
	// some metres. One outline is a coast with three tenths of the red line's vertices or more.
	Slivers
	// Stacked are zones over the same ground, each shifted a little.
	Stacked
)

// Projection is the kind of grid that a scene lies on. Cells and zones are the same on all.
type Projection int

const (
	Geographic  Projection = iota // degrees of CGCS2000
	GaussKruger                   // metres, the 3-degree zone of 117° E
	Albers                        // metres, as maps of the whole country have them
)

// Default returns the parameters of the demo: about 54 × 60 km.
func Default() Params {
	return Params{Seed: 20152020, Cols: 2000, Rows: 2000, RedLines: 24, Reserves: 6, Vertices: 6000, Changed: 0.04}
}

// Bench returns a scene as large as Anhui at 30 m: 336 million cells, about
// 1.5 million patches of change.
func Bench() Params {
	return Params{
		Seed: 20152020, Cols: 16384, Rows: 20480,
		RedLines: 1000, Reserves: 100, Vertices: 300_000, Changed: 0.04,
	}
}

// BenchShared returns a scene as large as [Bench] whose zones share borders.
func BenchShared() Params {
	return Params{
		Seed: 20152020, Cols: 16384, Rows: 20480,
		RedLines: 1244, Reserves: 283, Vertices: 338_544, Changed: 0.042, Layout: Shared, Projection: Albers,
	}
}

// Scene is a synthetic scene. It is immutable: any number of goroutines may use it.
type Scene struct {
	params Params
	grid   raster.Grid
	land   landscape
	clean  raster.Window // a window without change, stamps excepted, around the zone that holds none
	stamps []stamp

	redLines, reserves, counties, exemptions Layer
}

// New lays out a scene. It fails when p is outside its limits, or when the zones have no
// room. The cost is that of the zones; cells are made by [Scene.Row].
func New(p Params) (*Scene, error) {
	switch {
	case p.Cols < MinSize || p.Cols > MaxSize || p.Rows < MinSize || p.Rows > MaxSize:
		return nil, fmt.Errorf("scene of %d × %d cells: columns and rows must lie between %d and %d",
			p.Cols, p.Rows, MinSize, MaxSize)
	case p.RedLines < MinRedLines:
		return nil, fmt.Errorf("scene with %d red-line zones: needs at least %d", p.RedLines, MinRedLines)
	case p.Reserves < MinReserves:
		return nil, fmt.Errorf("scene with %d reserves: needs at least %d", p.Reserves, MinReserves)
	case p.Vertices < 0:
		return nil, fmt.Errorf("scene with %d red-line vertices: must not be negative", p.Vertices)
	case !(p.Changed >= 0 && p.Changed <= 0.2):
		return nil, fmt.Errorf("scene with a changed share of %g: must lie between 0 and 0.2", p.Changed)
	}
	s := &Scene{params: p, grid: grid(p)}
	if nx, ny := p.siteGrid(); p.Layout == Stars && (p.Cols/nx < minSite || p.Rows/ny < minSite) {
		return nil, fmt.Errorf("scene of %d × %d cells with %d red-line zones: no room, take fewer zones or more cells",
			p.Cols, p.Rows, p.RedLines)
	}
	s.land = newLandscape(p)
	switch p.Layout {
	case Shared, Slivers:
		if err := s.drawShared(); err != nil {
			return nil, err
		}
	case Stacked:
		s.drawStacked()
	default:
		s.layOut()
	}
	return s, nil
}

// grid returns the grid of a raster around 117° E, 31° N. The conversions keep a compiler
// from fusing the product and the difference, which would change the last bit.
func grid(p Params) raster.Grid {
	g := raster.Grid{
		OriginX: 117 - float64(float64(p.Cols/2)*CellDeg),
		OriginY: 31 + float64(float64(p.Rows/2)*CellDeg),
		CellX:   CellDeg,
		CellY:   CellDeg,
		Cols:    p.Cols,
		Rows:    p.Rows,
		CRS:     raster.CRS{SemiMajorM: 6378137, Flattening: 1 / 298.257222101},
	}
	metres := func(name string, epsg, x, y int) {
		g.OriginX, g.OriginY = float64(x-p.Cols/2*CellM), float64(y+p.Rows/2*CellM)
		g.CellX, g.CellY = CellM, CellM
		g.CRS.Name, g.CRS.EPSG = name, epsg
	}
	switch p.Projection {
	case GaussKruger:
		metres("CGCS2000 / 3-degree Gauss-Kruger zone 39", 4527, 39_500_010, 3_430_980)
	case Albers:
		metres("CGCS2000 / Albers of China", 0, 1_127_670, 3_352_170)
	default:
		g.CRS.Name, g.CRS.EPSG, g.CRS.Geographic = "China Geodetic Coordinate System 2000", 4490, true
	}
	return g
}

// Params returns the parameters that the scene was made of.
func (s *Scene) Params() Params { return s.params }

// Grid returns the grid of both epochs. Its CRS has no WKT.
func (s *Scene) Grid() raster.Grid { return s.grid }

// Map returns the map coordinates of the lattice point (u, v), degrees or metres. It is
// [raster.Grid.Map], with the same last bit on every machine.
func (s *Scene) Map(u, v float64) (x, y float64) {
	return s.grid.OriginX + float64(u*s.grid.CellX), s.grid.OriginY - float64(v*s.grid.CellY)
}

// Row fills dst, one byte a cell, with the class codes of one row: CLCD's 1 to 9,
// or 0 for NoData. Epoch 0 is [YearA], 1 is [YearB], and 2, of a scene that has it,
// [YearC]; dst has as many bytes as the
// grid has columns. Rows may be asked for in any order and by several goroutines.
func (s *Scene) Row(epoch, row int, dst []uint8) {
	for col := 0; col < len(dst); col += chunk {
		s.land.cover(row, col, dst[col:min(col+chunk, len(dst))])
	}
	if epoch > 0 {
		left, right := len(dst), len(dst)
		if row >= s.clean.Row && row < s.clean.Row+s.clean.Rows {
			left, right = s.clean.Col, s.clean.Col+s.clean.Cols
		}
		for col := 0; col < left; col += chunk {
			s.land.change(row, col, dst[col:min(col+chunk, left)])
		}
		for col := right; col < len(dst); col += chunk {
			s.land.change(row, col, dst[col:min(col+chunk, len(dst))])
		}
	}
	for i := range s.stamps {
		s.stamps[i].print(epoch, row, dst)
	}
	west, east := s.params.swath(epoch, row)
	clear(dst[:west])
	clear(dst[east:])
	if epoch == 2 {
		s.later(row, dst)
	}
}

// swath returns the columns [west, east) of a row that the satellite saw. It missed a corner
// in the north-east, cut at another angle in epoch 0, and in later ones a strip along part of
// the western edge.
func (p Params) swath(epoch, row int) (west, east int) {
	width, height := p.Cols/10, p.Rows/5
	if epoch > 0 {
		width, height = p.Cols/6, p.Rows/9
		if row >= p.Rows/3 && row < p.Rows/2 {
			west = p.Cols/200 + 1
		}
	}
	return west, p.Cols - max(0, width*(height-row)/height)
}

// blankAt reports whether the satellite missed a cell.
func (p Params) blankAt(epoch, row, col int) bool {
	west, east := p.swath(epoch, row)
	return col < west || col >= east
}

// changedPPM returns Changed in millionths.
func (p Params) changedPPM() int { return int(math.Round(p.Changed * 1e6)) }
