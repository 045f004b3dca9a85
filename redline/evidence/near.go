package evidence

import (
	"math"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/corroborate"
	"greenshield/vector/trace"
)

// NearLimitM is how far around a patch its class after is looked for in the map before, in metres.
const NearLimitM = 1000

// nearby looks for classes in the map before. It belongs to one goroutine.
type nearby struct {
	grid    raster.Grid
	before  *redline.Epoch
	lonlats *raster.LonLats
	view    *corroborate.View
	is      [landcover.NumEcosystems]*[256]bool // by symbol: the cell has the class; nil until it is needed
}

// hasClass returns which symbols of the map before have a class.
func (n *nearby) hasClass(e landcover.Ecosystem) *[256]bool {
	if n.is[e] == nil {
		is := new([256]bool)
		for symbol, at := range n.before.Source.Index() {
			is[symbol] = int(at) < len(n.before.Legend.Classes) && n.before.Legend.Classes[at].Ecosystem == e
		}
		n.is[e] = is
	}
	return n.is[e]
}

// metres returns how far a patch is from the nearest cell of the grid that had the class before: 0 when one of its
// cells has such a cell among its 8 neighbours, else the shortest distance between centres of two such cells, and +Inf
// when that is above NearLimitM. Between two cells it is measured as in the plane, with the width and height on the
// ellipsoid of the cells in the row of the one in the patch, at the first column of the patch in that row. Errors are
// faults of kind Raster.
func (n *nearby) metres(patch []trace.Run, class landcover.Ecosystem) (float64, error) {
	s := search{nearby: n, is: n.hasClass(class), best: math.Inf(1)}
	for first := 0; first < len(patch); {
		end := first + 1
		for end < len(patch) && patch[end].Row == patch[first].Row {
			end++
		}
		if err := s.row(patch[first:end]); err != nil || s.best == 0 {
			return s.best, err
		}
		first = end
	}
	return s.best, nil
}

// search looks for the nearest cell with a class.
type search struct {
	*nearby
	is            *[256]bool
	best          float64 // metres
	width, height float64 // of cells, in metres
}

// row looks around the runs of a row.
func (s *search) row(runs []trace.Run) error {
	row := int(runs[0].Row)
	s.width, s.height = s.cellSize(row, int(runs[0].Col0))
	for away := 0; away <= 1 || float64(away)*s.height <= min(s.best, NearLimitM); away++ {
		if err := s.across(runs, -away); err != nil {
			return err
		}
		if away > 0 {
			if err := s.across(runs, away); err != nil {
				return err
			}
		}
	}
	return nil
}

// across looks from runs of a row at the row so many rows away, if the grid has it.
func (s *search) across(runs []trace.Run, rows int) error {
	if row := int(runs[0].Row) + rows; row < 0 || row >= s.grid.Rows {
		return nil
	}
	for _, r := range runs {
		if s.best == 0 {
			return nil
		}
		if err := s.look(r, rows); err != nil {
			return err
		}
	}
	return nil
}

// look looks from a run of cells at those so many rows away. Neighbours count, however large the cells are.
func (s *search) look(r trace.Run, rows int) error {
	dy := float64(rows) * s.height
	limit := min(s.best, NearLimitM)
	reach := 1 + int(math.Sqrt(max(0, limit*limit-dy*dy))/s.width)
	first, last := int(r.Col0), int(r.Col1)-1
	west, east := max(first-reach, 0), min(last+1+reach, s.grid.Cols)
	w := &s.before.Window
	return s.view.Row(int(r.Row)+rows+w.Row, west+w.Col, east+w.Col, func(col int, symbols []uint8) error {
		for i, symbol := range symbols {
			if !s.is[symbol] {
				continue
			}
			columns := max(0, first-(col-w.Col+i), col-w.Col+i-last)
			if columns <= 1 && rows >= -1 && rows <= 1 {
				s.best = 0
				return nil
			}
			if d := math.Hypot(float64(columns)*s.width, dy); d <= NearLimitM {
				s.best = min(s.best, d)
			}
		}
		return nil
	})
}

// cellSize returns the width and height of a cell in metres: the lengths of the lines through its centre.
func (n *nearby) cellSize(row, col int) (width, height float64) {
	u, v := float64(col), float64(row)
	return n.length(u, v+0.5, u+1, v+0.5), n.length(u+0.5, v, u+0.5, v+1)
}

// length returns the length of a short line between two lattice points, in metres: the arcs of the parallel and of the
// meridian at its middle, taken as the sides of a right angle.
func (n *nearby) length(u0, v0, u1, v1 float64) float64 {
	lon0, lat0 := n.lonlats.At(u0, v0)
	lon1, lat1 := n.lonlats.At(u1, v1)
	const rad = math.Pi / 180
	a, f := n.grid.CRS.SemiMajorM, n.grid.CRS.Flattening
	sin, cos := math.Sincos((lat0 + lat1) / 2 * rad)
	e2 := f * (2 - f)
	w2 := 1 - e2*sin*sin
	across := a / math.Sqrt(w2) // radius of curvature of the prime vertical
	along := across * (1 - e2) / w2
	return math.Hypot((lon1-lon0)*rad*across*cos, (lat1-lat0)*rad*along)
}
