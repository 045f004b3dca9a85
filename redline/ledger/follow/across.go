package follow

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/trace"
)

// part is what of the columns [col0, col1) of a row of the raster is ground: columns [u0, u1) and rows [v0, v1) of the
// grid of the cases, with fractions.
type part struct {
	col0, col1     int32
	u0, u1, v0, v1 float64
}

// across takes lines between the cells of the grid of the cases to lines between those of a raster of another lattice,
// and back. Both are in one CRS.
type across struct {
	x, y         float64 // first corner of the grid in columns and rows of the raster
	sizeX, sizeY float64 // of a cell of the grid in columns and rows of the raster
}

func newAcross(grid, of raster.Grid) *across {
	x, y := of.Lattice(grid.OriginX, grid.OriginY)
	return &across{x, y, grid.CellX / of.CellX, grid.CellY / of.CellY}
}

// snapped returns a whole number for what is one but for rounding.
func snapped(x float64) float64 {
	if whole := math.Round(x); math.Abs(x-whole) < raster.AlignTolerance {
		return whole
	}
	return x
}

// rows returns a run of a case as pieces, one for each row of the raster that it touches. Together they are the run.
func (a *across) rows(run trace.Run, owner int32) (pieces []piece) {
	first := func(x float64) int32 { return int32(math.Floor(snapped(x))) }
	end := func(x float64) int32 { return int32(math.Ceil(snapped(x))) }
	p := part{u0: float64(run.Col0), u1: float64(run.Col1), v0: float64(run.Row)}
	p.col0, p.col1 = first(a.x+p.u0*a.sizeX), end(a.x+p.u1*a.sizeX)
	below := float64(run.Row + 1)
	for row, rows := first(a.y+p.v0*a.sizeY), end(a.y+below*a.sizeY); row < rows; row++ {
		if p.v1 = below; row < rows-1 {
			p.v1 = (float64(row+1) - a.y) / a.sizeY
		}
		pieces = append(pieces, piece{Run: trace.Run{Row: row, Col0: p.col0, Col1: p.col1}, owner: owner, part: p})
		p.v0 = p.v1
	}
	return pieces
}

// m2 returns the area of what is ground in the columns [col0, col1) of the raster, which are some of those of p.
func (a *across) m2(e *raster.Earth, p part, col0, col1 int32) float64 {
	west, east := p.u0, p.u1
	if col0 > p.col0 {
		west = (float64(col0) - a.x) / a.sizeX
	}
	if col1 < p.col1 {
		east = (float64(col1) - a.x) / a.sizeX
	}
	return max(0, e.EdgeM2(orb.Point{east, p.v1}, orb.Point{west, p.v1}, p.v0))
}
