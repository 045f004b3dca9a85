package ledger

import "math"

// Offset returns by how many rows and columns cells of the grid have other numbers on another grid; ok tells that both
// are parts of one lattice, without which cells cannot be compared as they are.
func (g Grid) Offset(to Grid) (rows, cols int32, ok bool) {
	const off = 1e-6 // cells
	same := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }
	if g.CRS != to.CRS || !same(g.CellX, to.CellX) || !same(g.CellY, to.CellY) {
		return 0, 0, false
	}
	x, y := (g.OriginX-to.OriginX)/to.CellX, (to.OriginY-g.OriginY)/to.CellY
	ok = math.Abs(x-math.Round(x)) < off && math.Abs(y-math.Round(y)) < off
	return int32(math.Round(y)), int32(math.Round(x)), ok
}
