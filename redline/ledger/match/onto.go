package match

import (
	"math"

	"greenshield/raster"
	"greenshield/vector/trace"
)

// Finer returns the grid with the smaller cells of two, a when they are alike: that on which cells of both are
// compared.
func Finer(a, b raster.Grid) raster.Grid {
	if b.CellX*b.CellY < a.CellX*a.CellY*(1-1e-9) {
		return b
	}
	return a
}

// Onto returns the cells of one grid as cells of another one in the same CRS, which may lie outside its extent, so
// also in rows and columns below 0: those whose centres the given cells hold. Cells that share no ground on the first
// grid share none on the second. Nothing is lost when both are on one lattice, and when to is the finer of two
// lattices whose cells are multiples of each other; cells smaller than those of to can vanish. The result is as
// [Union] returns sets.
func Onto(cells []trace.Run, from, to raster.Grid) []trace.Run {
	// line returns the first cell of to whose centre lies at or beyond a line between cells of from, in one axis.
	line := func(i int32, origin, size, originTo, sizeTo float64) int32 {
		at := (origin+float64(i)*size-originTo)/sizeTo - 0.5
		if whole := math.Round(at); math.Abs(at-whole) < raster.AlignTolerance {
			return int32(whole)
		}
		return int32(math.Ceil(at))
	}
	col := func(i int32) int32 { return line(i, from.OriginX, from.CellX, to.OriginX, to.CellX) }
	row := func(i int32) int32 { return line(i, -from.OriginY, from.CellY, -to.OriginY, to.CellY) }
	var all []trace.Run
	for _, r := range cells {
		for v := row(r.Row); v < row(r.Row+1); v++ {
			all = append(all, trace.Run{Row: v, Col0: col(r.Col0), Col1: col(r.Col1)})
		}
	}
	return Union(all)
}
