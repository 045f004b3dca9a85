package ledgerwork

import (
	"errors"
	"math"

	"greenshield/raster"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/match"
	"greenshield/vector/trace"
)

// Why two lattices cannot be compared.
var (
	errOtherCRS    = errors.New("their CRSs differ")
	errNoMultiples = errors.New(
		"neither cells are whole multiples of the other's, or their origins differ by an odd part of a cell")
)

// maxParts is into how many parts a cell is cut at most, in each direction, so that cells of both lattices are whole
// numbers of them.
const maxParts = 12

// refined returns the grid with the largest cells of which those of both grids consist. Its origin is that of a.
func refined(a, b ledger.Grid) (ledger.Grid, error) {
	if a.CRS != b.CRS {
		return a, errOtherCRS
	}
	x, okX := common(a.OriginX, a.CellX, b.OriginX, b.CellX, max(a.Cols, b.Cols))
	y, okY := common(a.OriginY, a.CellY, b.OriginY, b.CellY, max(a.Rows, b.Rows))
	if !okX || !okY {
		return a, errNoMultiples
	}
	return ledger.Grid{CRS: a.CRS, OriginX: a.OriginX, OriginY: a.OriginY, CellX: x, CellY: y}, nil
}

// common returns the largest size of cells of which those of two lattices consist, in one direction; n is how many
// cells they have at most.
func common(originA, sizeA, originB, sizeB float64, n int) (size float64, ok bool) {
	small, large := min(sizeA, sizeB), max(sizeA, sizeB)
	if ratio := large / small; math.Abs(ratio-math.Round(ratio))*float64(max(n, 1)) > raster.DriftTolerance {
		return 0, false
	}
	for parts := 1; parts <= maxParts; parts++ {
		apart := (originB - originA) / small * float64(parts)
		if math.Abs(apart-math.Round(apart)) < raster.AlignTolerance*float64(parts) {
			return small / float64(parts), true
		}
	}
	return 0, false
}

// moved returns spans of one grid as cells of another one of the same lattice, or of one whose cells they consist of.
func moved(spans []ledger.Span, from, to ledger.Grid) []trace.Run {
	rows, cols, same := from.Offset(to)
	if !same {
		rows, cols = 0, 0
	}
	cells := make([]trace.Run, 0, len(spans))
	for _, s := range spans {
		cells = append(cells, trace.Run{Row: s.Row + rows, Col0: s.Col0 + cols, Col1: s.Col1 + cols})
	}
	if same {
		return cells
	}
	return match.Onto(cells, lattice(from), lattice(to))
}

// lattice returns a grid without its CRS.
func lattice(g ledger.Grid) raster.Grid {
	return raster.Grid{OriginX: g.OriginX, OriginY: g.OriginY, CellX: g.CellX, CellY: g.CellY, Cols: g.Cols, Rows: g.Rows}
}
