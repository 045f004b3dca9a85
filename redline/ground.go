package redline

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/overlay"
)

// ground is a cluster of zones with linked bounds: no zone outside it meets one of them.
// It is one tile, or several when its zones are many or long: GEOS may need time that
// grows with the square of what it is given.
type ground struct {
	whole    *tile
	tiles    []*tile
	limit    int // of heavy
	workers  int
	attempts int // at tiles so far
}

// divide cuts the ground into tiles: each time by other lines, and after some attempts not at all.
func (g *ground) divide() {
	if g.attempts++; g.attempts > 4 {
		g.tiles = []*tile{g.whole}
		return
	}
	g.tiles = g.divided(g.whole, 0)
}

// tile is a part of a ground. Its ranks ascend; the number of zones stands for the
// exemptions, which come last. Shapes are parallel to ranks, cut by the sides of the box.
type tile struct {
	box    orb.Bound // infinite where nothing was cut
	ranks  []int
	shapes []orb.MultiPolygon

	territory []orb.MultiPolygon // parallel to ranks
	shared    []sharedPart
	meeting   [][2]int // ranks: the territory of the second lacks what the first covers
	touching  []touch
	exempted  bool // the last shape is that of the exemptions
	loose     bool // each ring of a shape is a polygon of its own, holes too
}

// touch is an overlap of two zones, by rank, so small that it was left to both.
type touch struct {
	pair  [2]int
	cells float64
}

// sharedPart is what the territory of the i-th zone of a tile has in common with its j-th.
type sharedPart struct {
	i, j  int
	shape orb.MultiPolygon
}

// zoneShapes returns the shapes without the exemptions.
func (t *tile) zoneShapes() []orb.MultiPolygon {
	if t.exempted {
		return t.shapes[:len(t.shapes)-1]
	}
	return t.shapes
}

// newGrounds finds the grounds of all zones that meet the frame. shapes go by rank; tiles
// are cut until they are no heavier than limit.
func newGrounds(shapes []orb.MultiPolygon, exempt orb.MultiPolygon, frame orb.Bound, limit, workers int) []*ground {
	var grounds []*ground
	for _, ranks := range clusters(shapes, frame) {
		root := &tile{box: orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}, ranks: ranks}
		var box orb.Bound
		for i, rank := range ranks {
			root.shapes = append(root.shapes, shapes[rank])
			if box = box.Union(vector.Bound(shapes[rank])); i == 0 {
				box = vector.Bound(shapes[rank])
			}
		}
		var known orb.MultiPolygon
		for _, p := range exempt {
			if p.Bound().Intersects(box) {
				known = append(known, p)
			}
		}
		if known != nil {
			root.ranks, root.shapes, root.exempted = append(root.ranks, len(shapes)), append(root.shapes, known), true
		}
		g := &ground{whole: root, limit: limit, workers: workers}
		g.divide()
		grounds = append(grounds, g)
	}
	return grounds
}

// tileVertices is the usual limit of heavy.
const tileVertices = 512

// roomy is how many times the limit a quiet tile may hold, and fewPairs the pairs that
// it may have. Each halving costs as well, so quiet ground is better left in larger tiles.
const (
	roomy    = 32
	fewPairs = 32
)

// longShape is the number of vertices of a shape that is always worth cutting.
const longShape = 32

// heavy tells that GEOS would need long for the tile: the vertices of the shapes, summed
// over all pairs whose bounds meet, are more than limit, and the tile is not quiet, or they
// are more than a quiet one may hold. What fills the tile needs no overlay with a single other.
func (t *tile) heavy(limit int) bool {
	type item struct {
		bound    orb.Bound
		vertices int
	}
	items := make([]item, 0, len(t.shapes))
	length, vertices := 0.0, 0
	var box orb.Bound
	for _, s := range t.shapes {
		if len(t.shapes) > 2 || !t.filledBy(s) {
			it := item{vector.Bound(s), vector.Vertices(s)}
			if len(items) == 0 {
				box = it.bound
			}
			box = box.Union(it.bound)
			vertices += it.vertices
			length += outlineLength(s)
			items = append(items, it)
		}
	}
	// Two random curves of such a length would cross about length²/area times.
	tangled := length*length > float64(vertices)*(box.Max[0]-box.Min[0])*(box.Max[1]-box.Min[1])
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.bound.Min[0], b.bound.Min[0]) })
	sum, pairs := 0, 0
	for i, a := range items {
		for _, b := range items[i+1:] {
			if b.bound.Min[0] > a.bound.Max[0] {
				break
			}
			if a.bound.Intersects(b.bound) {
				sum += a.vertices + b.vertices
				if pairs++; sum > limit && (tangled || pairs > fewPairs || sum > roomy*limit) {
					return true
				}
			}
		}
	}
	return false
}

// outlineLength is the length of all rings, each edge taken as its longer extent.
func outlineLength(mp orb.MultiPolygon) (sum float64) {
	for _, polygon := range mp {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				sum += max(math.Abs(ring[i][0]-ring[i-1][0]), math.Abs(ring[i][1]-ring[i-1][1]))
			}
		}
	}
	return sum
}

// filledBy tells that s is the whole tile.
func (t *tile) filledBy(s orb.MultiPolygon) bool {
	return len(s) == 1 && len(s[0]) == 1 && len(s[0][0]) == 5 && vector.Bound(s) == t.box
}

// divided cuts the tile in halves as long as that helps.
func (g *ground) divided(t *tile, depth int) []*tile {
	const deepest = 48
	if depth == deepest || !t.heavy(g.limit) {
		return []*tile{t}
	}
	low, high, ok := t.halves(0.5 + 0.0017*float64(g.attempts-1))
	if !ok {
		return []*tile{t}
	}
	if 1<<depth >= g.workers {
		return append(g.divided(low, depth+1), g.divided(high, depth+1)...)
	}
	var tiles [2][]*tile
	var wg sync.WaitGroup
	for i, half := range [2]*tile{low, high} {
		wg.Go(func() { tiles[i] = g.divided(half, depth+1) })
	}
	wg.Wait()
	return slices.Concat(tiles[0], tiles[1])
}

// halves cuts the tile at about that share of the longer side of what it holds, or else of the other.
// It is false when neither lightens the work: the outlines are so short, and lie so close
// together, that each half would hold nearly all of them.
func (t *tile) halves(share float64) (low, high *tile, ok bool) {
	box := vector.Bound(t.shapes[0])
	vertices := func(t *tile) (n int) {
		for _, s := range t.shapes {
			n += vector.Vertices(s)
		}
		return n
	}
	for _, s := range t.shapes[1:] {
		box = box.Union(vector.Bound(s))
	}
	n := vertices(t)
	longer := 0
	if box.Max[1]-box.Min[1] > box.Max[0]-box.Min[0] {
		longer = 1
	}
	for _, axis := range [2]int{longer, 1 - longer} {
		for try := range 8 {
			at := box.Min[axis] + (box.Max[axis]-box.Min[axis])*(share+0.011*float64(try))
			if low, high, ok = t.cut(axis, at); ok {
				break
			}
		}
		if ok && (n > longShape*len(t.shapes) || vertices(low)+vertices(high) <= n*5/4 || max(len(low.ranks), len(high.ranks)) <= len(t.ranks)*7/10) {
			return low, high, true
		}
	}
	return nil, nil, false
}

// clearance, in cells, is what vertices keep from the line of a cut: a spike that is hardly
// over it might vanish on its side when GEOS rounds, and the pieces would no longer meet.
const clearance = 1e-6

// cut cuts all shapes by a line; the shapes of the halves are loose rings. It is false
// when a vertex lies too near to the line.
func (t *tile) cut(axis int, at float64) (low, high *tile, ok bool) {
	low, high = &tile{box: t.box, loose: true}, &tile{box: t.box, loose: true}
	low.box.Max[axis], high.box.Min[axis] = at, at
	for i, shape := range t.shapes {
		rings := slices.Concat(shape...)
		for _, r := range rings {
			for _, q := range r {
				if math.Abs(q[axis]-at) < clearance {
					return nil, nil, false
				}
			}
		}
		below, above, ok := overlay.Halve(rings, axis, at)
		if !ok {
			return nil, nil, false
		}
		low.add(t, i, below)
		high.add(t, i, above)
	}
	return low, high, true
}

// add adds rings of the i-th shape of a larger tile.
func (t *tile) add(from *tile, i int, rings []orb.Ring) {
	if len(rings) == 0 {
		return
	}
	shape := make(orb.MultiPolygon, len(rings))
	for k, r := range rings {
		shape[k] = orb.Polygon{r}
	}
	t.ranks, t.shapes = append(t.ranks, from.ranks[i]), append(t.shapes, shape)
	t.exempted = t.exempted || from.exempted && i == len(from.shapes)-1
}

// assemble makes polygons of loose rings.
func (t *tile) assemble() (err error) {
	for i := range t.shapes {
		if t.loose {
			if t.shapes[i], err = overlay.Polygons(slices.Concat(t.shapes[i]...)); err != nil {
				return err
			}
		}
	}
	t.loose = false
	return nil
}

// subtract is a without b, and the meeting of both if that has told it. It is false when
// GEOS has to tell.
func (t *tile) subtract(a, b *overlay.Shape) (rest *overlay.Shape, m *overlay.Meeting, ok bool) {
	if t.filledBy(b.Polygons()) || a.Polygons().Equal(b.Polygons()) {
		return overlay.NewShape(nil), nil, true
	}
	if t.filledBy(a.Polygons()) {
		if rest, err := overlay.Complement(t.box, b.Polygons()); err == nil {
			return overlay.NewShape(rest), nil, true
		}
	}
	if m = overlay.Meet(a, b, t.box); m != nil {
		if rest, err := m.Rest(); err == nil && adds(rest.Area()+m.CommonArea(), a.Area()) {
			return rest, m, true
		}
	}
	return nil, nil, false
}

// subtractAll is a without what was taken from it before, and without b, and the list of
// both. What is left of a has borders in common with b when something taken fills a hole of
// b, as functional zones of a reserve do; a has none with both together. It is false when
// that does not help.
func (t *tile) subtractAll(a *overlay.Shape, taken []*overlay.Shape, b *overlay.Shape) (*overlay.Shape, []*overlay.Shape, bool) {
	k := slices.IndexFunc(taken, func(s *overlay.Shape) bool { return fillsHoles(s.Polygons(), b.Polygons()) })
	if k < 0 {
		return nil, nil, false
	}
	taken = slices.Clone(taken)
	taken[k] = overlay.NewShape(filled(taken[k].Polygons(), b.Polygons()))
	for _, s := range taken {
		var ok bool
		if a, _, ok = t.subtract(a, s); !ok {
			return nil, nil, false
		}
	}
	return a, taken, true
}

// split returns what a has in common with b; their meeting may be known. GEOS, which is asked
// where that does not tell, is known to lose whole parts without an error: so the result
// must add up to b with the area that a leaves of b, if known, or else to a
// with what b leaves of a, which GEOS is asked for, too. When neither holds, what a leaves
// of b judges between the two ways to get it.
func (t *tile) split(o Overlayer, shapeA, shapeB *overlay.Shape, left float64, m *overlay.Meeting) (orb.MultiPolygon, error) {
	a, b := shapeA.Polygons(), shapeB.Polygons()
	if t.filledBy(b) || a.Equal(b) {
		return a, nil
	}
	if t.filledBy(a) {
		return b, nil
	}
	if m == nil {
		m = overlay.Meet(shapeA, shapeB, t.box)
	}
	if m != nil {
		shape, err := m.Common()
		if err == nil && adds(shape.Area(), m.CommonArea()) && (left < 0 || adds(shape.Area()+left, shapeB.Area())) {
			return shape.Polygons(), nil
		}
	}
	shape, err := o.Intersection(a, b)
	if err != nil {
		return nil, err
	}
	if left >= 0 && adds(vector.Area(shape)+left, shapeB.Area()) {
		return shape, nil
	}
	rest, err := o.Difference(a, b)
	if err != nil || adds(vector.Area(shape)+vector.Area(rest), shapeA.Area()) {
		return shape, err
	}
	other, err := o.Difference(b, a)
	if err != nil || adds(vector.Area(shape)+vector.Area(other), shapeB.Area()) {
		return shape, err
	}
	if shape, err = o.Difference(a, rest); err == nil && !adds(vector.Area(shape)+vector.Area(other), shapeB.Area()) {
		err = Faultf(Unbalanced, "GEOS cannot split it by another zone; nothing is published, please report this")
	}
	return shape, err
}

// union returns the planar area that the zones of the tile cover inside the frame.
func (t *tile) union(o Overlayer, frame orb.Bound) (cells float64, err error) {
	zones := t.zoneShapes()
	if i := slices.IndexFunc(zones, t.filledBy); i >= 0 {
		zones = zones[i : i+1]
	}
	zones = nested(zones)
	for _, members := range clusters(zones, t.box) {
		all := zones[members[0]]
		if len(members) > 1 {
			shapes := make([]orb.MultiPolygon, len(members))
			for k, i := range members {
				shapes[k] = zones[i]
			}
			if all, err = o.Union(shapes...); err != nil {
				return 0, err
			}
		}
		if all, err = within(o, all, frame); err != nil {
			return 0, err
		}
		cells += ringArea(all)
	}
	return cells, nil
}

// nested puts zones into the holes that they fill to the vertex: what was three functional
// zones is one shape of a third of the vertices.
func nested(zones []orb.MultiPolygon) []orb.MultiPolygon {
	holes := func(s orb.MultiPolygon) bool {
		return slices.ContainsFunc(s, func(p orb.Polygon) bool { return len(p) > 1 })
	}
	zones = slices.Clone(zones)
	for i := 0; i < len(zones); i++ {
		for j := 0; j < len(zones) && holes(zones[i]); j++ {
			if j != i && fillsHoles(zones[j], zones[i]) {
				zones[i] = filled(zones[j], zones[i])
				zones = slices.Delete(zones, j, j+1)
				if j < i {
					i--
				}
				j = -1
			}
		}
	}
	return zones
}

// joined is what pieces of tiles are together. They must not lose area.
func joined(pieces []overlay.Piece) (orb.MultiPolygon, error) {
	if len(pieces) == 1 && math.IsInf(pieces[0].Box.Max[0]-pieces[0].Box.Min[0], 1) && math.IsInf(pieces[0].Box.Max[1]-pieces[0].Box.Min[1], 1) {
		return pieces[0].Shape, nil
	}
	whole, err := overlay.Join(pieces)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, p := range pieces {
		sum += vector.Area(p.Shape)
	}
	if !adds(sum, vector.Area(whole)) {
		return nil, Faultf(Unbalanced, "the pieces of a zone measure %.9f cells, and %.9f put together; nothing is published, please report this", sum, vector.Area(whole))
	}
	return whole, nil
}

// within returns the rings of the part of a valid shape that lies in the frame, as one
// polygon: it serves for measuring only, by [ringArea] and [raster.Earth.PolygonM2].
func within(o Overlayer, shape orb.MultiPolygon, frame orb.Bound) (orb.MultiPolygon, error) {
	if b := vector.Bound(shape); frame.Contains(b.Min) && frame.Contains(b.Max) {
		return shape, nil
	}
	rings := slices.Concat(shape...)
	for axis := range 2 {
		_, high, ok := overlay.Halve(rings, axis, frame.Min[axis])
		if ok {
			rings, _, ok = overlay.Halve(high, axis, frame.Max[axis])
		}
		if !ok {
			return o.Intersection(shape, orb.MultiPolygon{frame.ToPolygon()})
		}
	}
	return orb.MultiPolygon{rings}, nil
}

// ringArea is the planar area of oriented rings, whatever polygons they belong to.
func ringArea(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for _, r := range p {
			sum += vector.SignedArea(r)
		}
	}
	return sum
}
