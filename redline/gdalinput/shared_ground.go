package gdalinput

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/parallel"
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

// rowsAtOnce is how many rows are looked at together.
const rowsAtOnce = 64

// findSharedGround finds what shapes, in lattice coordinates of the grid, have in common. It returns an error only when
// ctx ends.
func (l *Loaded) findSharedGround(ctx context.Context, shapes []orb.MultiPolygon) (*sharedGround, error) {
	grid := l.Inputs.Grid
	centres := overlay.NewCentres(grid.Cols, grid.Rows, shapes)
	finders := make([]*sharedFinder, len(l.geos))
	for i := range finders {
		finders[i] = &sharedFinder{
			sharedGround: sharedGround{own: make([]raster.Area, len(shapes))},
			centres:      centres,
			area:         map[[2]int32]*raster.Area{},
		}
	}
	bands := (grid.Rows + rowsAtOnce - 1) / rowsAtOnce
	err := parallel.Each(ctx, finders, bands, func(f *sharedFinder, band int) error {
		f.addRows(l.Inputs.Earth, band*rowsAtOnce, min(grid.Rows, (band+1)*rowsAtOnce))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return joinShared(finders), nil
}

// sharedFinder finds the shared ground of some rows. It belongs to one goroutine.
type sharedFinder struct {
	sharedGround
	centres *overlay.Centres
	spans   []overlay.CentreSpan
	area    map[[2]int32]*raster.Area // of the pairs found so far
}

// addRows adds the rows [row0, row1).
func (f *sharedFinder) addRows(earth *raster.Earth, row0, row1 int) {
	f.spans = f.centres.Spans(f.spans[:0], row0, row1)
	for spans := f.spans; len(spans) > 0; {
		n := 1
		for n < len(spans) && spans[n].Row == spans[0].Row {
			n++
		}
		slices.SortFunc(spans[:n], func(a, b overlay.CentreSpan) int { // none of these is negative
			if a.Col0 != b.Col0 {
				return int(a.Col0 - b.Col0)
			}
			return int(a.Shape - b.Shape)
		})
		f.addRow(spans[:n], earth.Row(int(spans[0].Row)))
		spans = spans[n:]
	}
}

// joinShared adds up what finders have found. Sums of areas do not depend on their order.
func joinShared(finders []*sharedFinder) *sharedGround {
	all := finders[0]
	for _, f := range finders[1:] {
		all.covered.Add(f.covered)
		all.twice.Add(f.twice)
		for i, area := range f.own {
			all.own[i].Add(area)
		}
		for pair, area := range f.area {
			if all.area[pair] == nil {
				all.area[pair] = &raster.Area{}
			}
			all.area[pair].Add(*area)
		}
	}
	for pair, area := range all.area {
		all.pairs = append(all.pairs, sharedPair{int(pair[0]), int(pair[1]), *area})
	}
	slices.SortFunc(all.pairs, func(x, y sharedPair) int {
		return cmp.Or(cmp.Compare(y.area.M2(), x.area.M2()), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return &all.sharedGround
}

// addRow adds the spans of one row, which are sorted by their first column.
func (f *sharedFinder) addRow(spans []overlay.CentreSpan, row raster.RowArea) {
	run := func(col0, col1 int32) raster.Area { return row.Run(int(col0), int(col1)) }
	once, twice := int32(0), int32(0) // the cells before them that are covered once and twice are counted
	for i, a := range spans {
		f.own[a.Shape].Add(run(a.Col0, a.Col1))
		if both := min(once, a.Col1); max(twice, a.Col0) < both {
			f.twice.Add(run(max(twice, a.Col0), both))
			twice = both
		}
		if once = max(once, a.Col0); once < a.Col1 {
			f.covered.Add(run(once, a.Col1))
			once = a.Col1
		}
		for _, b := range spans[i+1:] {
			if b.Col0 >= a.Col1 {
				break
			}
			if b.Shape == a.Shape {
				continue
			}
			key := [2]int32{min(a.Shape, b.Shape), max(a.Shape, b.Shape)}
			area := f.area[key]
			if area == nil {
				area = &raster.Area{}
				f.area[key] = area
			}
			area.Add(run(b.Col0, min(a.Col1, b.Col1)))
		}
	}
}
