package gdalinput

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster"
	"greenshield/raster/parallel"
	"greenshield/vector"
	"greenshield/vector/overlay"
)

// sharedGround is what some shapes cover of the cells of a grid, by the centres of cells. Borders in common share none:
// a centre on one belongs to one side.
type sharedGround struct {
	pairs   []sharedPair  // shapes that share a cell, those with the most common ground first
	own     []raster.Area // by shape: the cells in it, if there are pairs
	covered raster.Area   // the cells in some shape, if there are pairs
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
	near, lonely := byBounds(shapes)
	all, err := l.findGround(ctx, near)
	if err != nil || len(all.pairs) == 0 {
		return all, err
	}
	rest, err := l.findGround(ctx, lonely)
	if err != nil {
		return nil, err
	}
	all.covered.Add(rest.covered)
	for i, area := range rest.own {
		all.own[i].Add(area)
	}
	return all, nil
}

// byBounds parts shapes, by position, into those whose bounds meet others and those that cannot share any ground.
func byBounds(shapes []orb.MultiPolygon) (near, lonely []orb.MultiPolygon) {
	var tree rtree.RTreeG[struct{}]
	bounds := make([]orb.Bound, len(shapes))
	for i, shape := range shapes {
		if len(shape) > 0 {
			bounds[i] = vector.Bound(shape)
			tree.Insert(bounds[i].Min, bounds[i].Max, struct{}{})
		}
	}
	near, lonely = make([]orb.MultiPolygon, len(shapes)), make([]orb.MultiPolygon, len(shapes))
	for i, shape := range shapes {
		found := 0
		if len(shape) > 0 {
			tree.Search(bounds[i].Min, bounds[i].Max, func(_, _ [2]float64, _ struct{}) bool {
				found++
				return found < 2 // the first may be the shape itself
			})
		}
		if found > 1 {
			near[i] = shape
		} else {
			lonely[i] = shape
		}
	}
	return near, lonely
}

// findGround finds the ground of shapes, and what they have in common.
func (l *Loaded) findGround(ctx context.Context, shapes []orb.MultiPolygon) (*sharedGround, error) {
	grid := l.Inputs.Grid
	centres := overlay.NewCentres(grid.Cols, grid.Rows, shapes)
	finders := make([]*sharedFinder, len(l.geos))
	for i := range finders {
		finders[i] = &sharedFinder{
			sharedGround: sharedGround{own: make([]raster.Area, len(shapes))},
			centres:      centres,
			lines:        make([][]raster.Area, len(shapes)),
			far:          map[[2]int32]*raster.Area{},
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
	keys    []uint64
	row     []measuredSpan

	// The ground of the pairs found so far: of shapes a < b that are near in number it is lines[a][b-a], which is so
	// much faster than a map that hundreds of shapes over the same ground do not slow a run.
	lines [][]raster.Area
	far   map[[2]int32]*raster.Area
}

// lineLength is how many shapes may be from one to the other so that they count as near.
const lineLength = 1024

// pair returns the ground that is known to be of two shapes.
func (f *sharedFinder) pair(a, b int32) *raster.Area {
	a, b = min(a, b), max(a, b)
	if b-a < lineLength {
		if f.lines[a] == nil {
			f.lines[a] = make([]raster.Area, min(lineLength, len(f.lines)-int(a)))
		}
		return &f.lines[a][b-a]
	}
	area := f.far[[2]int32{a, b}]
	if area == nil {
		area = &raster.Area{}
		f.far[[2]int32{a, b}] = area
	}
	return area
}

// addRows adds the rows [row0, row1).
func (f *sharedFinder) addRows(earth *raster.Earth, row0, row1 int) {
	f.spans = f.centres.Spans(f.spans[:0], row0, row1)
	for spans := f.spans; len(spans) > 0; {
		n := 1
		for n < len(spans) && spans[n].Row == spans[0].Row {
			n++
		}
		f.measure(spans[:n], earth.Row(int(spans[0].Row)))
		f.addRow()
		spans = spans[n:]
	}
}

// place is a line between two columns of a row.
type place struct {
	col  int32
	west raster.Area // of the cells of the row before it
}

// measuredSpan is the cells of a row from one place to another, whose centres lie in a shape.
type measuredSpan struct {
	from, to place
	shape    int32
}

// measure sets f.row to the spans of one row, sorted by their first column, then by shape.
func (f *sharedFinder) measure(spans []overlay.CentreSpan, row raster.RowArea) {
	f.keys, f.row = f.keys[:0], f.row[:0]
	for i, s := range spans { // those of one column stand in the order of shapes
		f.keys = append(f.keys, uint64(s.Col0)<<32|uint64(i))
	}
	slices.Sort(f.keys)
	for _, key := range f.keys {
		s := spans[key&math.MaxUint32]
		from := place{s.Col0, row.Run(0, int(s.Col0))}
		to := place{s.Col1, from.west}
		to.west.Add(row.Run(int(s.Col0), int(s.Col1)))
		f.row = append(f.row, measuredSpan{from, to, s.Shape})
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
		for a, line := range f.lines {
			for i, area := range line {
				if area != (raster.Area{}) {
					all.pair(int32(a), int32(a+i)).Add(area)
				}
			}
		}
		for pair, area := range f.far {
			all.pair(pair[0], pair[1]).Add(*area)
		}
	}
	for a, line := range all.lines {
		for i, area := range line {
			if area != (raster.Area{}) {
				all.pairs = append(all.pairs, sharedPair{a, a + i, area})
			}
		}
	}
	for pair, area := range all.far {
		all.pairs = append(all.pairs, sharedPair{int(pair[0]), int(pair[1]), *area})
	}
	slices.SortFunc(all.pairs, func(x, y sharedPair) int {
		return cmp.Or(cmp.Compare(y.area.M2(), x.area.M2()), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return &all.sharedGround
}

// addRow adds the spans of f.row.
func (f *sharedFinder) addRow() {
	var once, twice place // the cells before them that are covered once and twice are counted
	for i := range f.row {
		a := &f.row[i]
		f.own[a.shape].Add(a.to.west.Minus(a.from.west))
		if from, to := east(twice, a.from), west(once, a.to); from.col < to.col {
			f.twice.Add(to.west.Minus(from.west))
			twice = to
		}
		if once = east(once, a.from); once.col < a.to.col {
			f.covered.Add(a.to.west.Minus(once.west))
			once = a.to
		}
	}
	f.addPairs()
}

// addPairs adds what spans of f.row have in common, in groups of spans of which each begins before an earlier one ends.
func (f *sharedFinder) addPairs() {
	for i := 0; i < len(f.row); {
		first, end, pairs := i, f.row[i].to.col, 0
		for i++; i < len(f.row) && f.row[i].from.col < end; i++ {
			end = max(end, f.row[i].to.col)
		}
		group := f.row[first:i]
		for k := range group { // how many begin before this one ends
			n, _ := slices.BinarySearchFunc(group[k+1:], group[k].to.col, func(s measuredSpan, col int32) int {
				return cmp.Compare(s.from.col, col)
			})
			pairs += n
		}
		if n := len(group); n > 8 && pairs > n*n/8 {
			f.addStack(group)
			continue
		}
		for k := range group {
			a := &group[k]
			for m := k + 1; m < len(group) && group[m].from.col < a.to.col; m++ {
				if b := &group[m]; b.shape != a.shape {
					f.pair(a.shape, b.shape).Add(west(a.to, b.to).west.Minus(b.from.west))
				}
			}
		}
	}
}

// addStack adds what spans have in common that nearly all lie one over the other. It sorts them by shape, so that what is
// known of pairs is found in the order in which memory holds it: of hundreds of shapes that takes a fraction of the time.
func (f *sharedFinder) addStack(spans []measuredSpan) {
	slices.SortFunc(spans, func(a, b measuredSpan) int { return cmp.Compare(a.shape, b.shape) })
	for i := range spans {
		a := &spans[i]
		for k := i + 1; k < len(spans); k++ {
			b := &spans[k]
			from, to := &a.from, &a.to
			if b.from.col > from.col {
				from = &b.from
			}
			if b.to.col < to.col {
				to = &b.to
			}
			if from.col < to.col && a.shape != b.shape {
				f.pair(a.shape, b.shape).Add(to.west.Minus(from.west))
			}
		}
	}
}

// west returns the place that is further west, and east the other.
func west(p, q place) place {
	if q.col < p.col {
		return q
	}
	return p
}

func east(p, q place) place {
	if q.col > p.col {
		return q
	}
	return p
}
