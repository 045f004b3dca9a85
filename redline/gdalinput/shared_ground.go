package gdalinput

import (
	"cmp"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/overlay"
)

// sharedGround is what some shapes cover of the cells of a grid, by the centres of cells. Borders in common share none:
// a centre on one belongs to one side.
type sharedGround struct {
	pairs   []sharedPair  // shapes that share a cell, those with the most common ground first
	own     []raster.Area // by shape: the cells in it
	covered raster.Area   // the cells in some shape
	twice   raster.Area   // the cells in two or more shapes
}

// sharedPair is the ground that the shapes a < b have in common.
type sharedPair struct {
	a, b int
	area raster.Area
}

// findSharedGround finds what shapes, in lattice coordinates of a grid with that Earth, have in common.
func findSharedGround(g raster.Grid, earth *raster.Earth, shapes []orb.MultiPolygon) *sharedGround {
	s := &sharedGround{own: make([]raster.Area, len(shapes))}
	pairs := map[[2]int]*raster.Area{}
	centres := overlay.NewCentres(g.Cols, g.Rows, shapes)
	const rowsAtOnce = 64
	var spans []overlay.CentreSpan
	for row0 := 0; row0 < g.Rows; row0 += rowsAtOnce {
		spans = centres.Spans(spans[:0], row0, min(g.Rows, row0+rowsAtOnce))
		slices.SortFunc(spans, func(a, b overlay.CentreSpan) int {
			return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0), cmp.Compare(a.Shape, b.Shape))
		})
		for len(spans) > 0 {
			n := 1
			for n < len(spans) && spans[n].Row == spans[0].Row {
				n++
			}
			s.addRow(spans[:n], earth.Row(int(spans[0].Row)), pairs)
			spans = spans[n:]
		}
	}
	for pair, area := range maps.All(pairs) {
		s.pairs = append(s.pairs, sharedPair{pair[0], pair[1], *area})
	}
	slices.SortFunc(s.pairs, func(x, y sharedPair) int {
		return cmp.Or(cmp.Compare(y.area.M2(), x.area.M2()), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return s
}

// addRow adds the spans of one row, which are sorted by their first column.
func (s *sharedGround) addRow(spans []overlay.CentreSpan, row raster.RowArea, pairs map[[2]int]*raster.Area) {
	run := func(col0, col1 int32) raster.Area { return row.Run(int(col0), int(col1)) }
	once, twice := int32(0), int32(0) // the cells before them that are covered once and twice are counted
	for i, a := range spans {
		s.own[a.Shape].Add(run(a.Col0, a.Col1))
		if both := min(once, a.Col1); max(twice, a.Col0) < both {
			s.twice.Add(run(max(twice, a.Col0), both))
			twice = both
		}
		if once = max(once, a.Col0); once < a.Col1 {
			s.covered.Add(run(once, a.Col1))
			once = a.Col1
		}
		for _, b := range spans[i+1:] {
			if b.Col0 >= a.Col1 {
				break
			}
			if b.Shape == a.Shape {
				continue
			}
			key := [2]int{int(min(a.Shape, b.Shape)), int(max(a.Shape, b.Shape))}
			if pairs[key] == nil {
				pairs[key] = &raster.Area{}
			}
			pairs[key].Add(run(b.Col0, min(a.Col1, b.Col1)))
		}
	}
}
