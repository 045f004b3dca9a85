package redline

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/overlay"
)

// ground is a cluster of zones with linked bounds: no zone outside it meets one of them.
// It is one tile, or several when its zones are many or long: GEOS may need time that
// grows with the square of what it is given.
type ground struct {
	whole *tile
	tiles []*tile
}

// tile is a part of a ground. Its ranks ascend; the number of zones stands for the
// exemptions, which come last. Shapes are parallel to ranks, cut by the sides of the box.
type tile struct {
	box    orb.Bound // infinite where nothing was cut
	ranks  []int
	shapes []orb.MultiPolygon

	territory []orb.MultiPolygon // parallel to ranks
	shared    []sharedPart
	exempted  bool // the last shape is that of the exemptions
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

// newGrounds finds the grounds of all zones that meet the frame. shapes go by rank.
func newGrounds(shapes []orb.MultiPolygon, exempt orb.MultiPolygon, frame orb.Bound) []*ground {
	var grounds []*ground
	for _, ranks := range clusters(shapes, frame) {
		root := &tile{box: orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}, ranks: ranks}
		var box orb.Bound
		for i, rank := range ranks {
			root.shapes = append(root.shapes, shapes[rank])
			if box = box.Union(shapes[rank].Bound()); i == 0 {
				box = shapes[rank].Bound()
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
		grounds = append(grounds, &ground{root, root.divided(0)})
	}
	return grounds
}

// tileVertices is the sum, over all pairs of shapes whose bounds meet, of their vertices
// up to which a tile is not cut further.
const tileVertices = 8192

// heavy tells that the pairs of shapes which may overlap have more vertices than that.
func (t *tile) heavy() bool {
	type item struct {
		bound    orb.Bound
		vertices int
	}
	items := make([]item, len(t.shapes))
	for i, s := range t.shapes {
		items[i] = item{s.Bound(), vector.Vertices(s)}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.bound.Min[0], b.bound.Min[0]) })
	sum := 0
	for i, a := range items {
		for _, b := range items[i+1:] {
			if b.bound.Min[0] > a.bound.Max[0] {
				break
			}
			if a.bound.Intersects(b.bound) {
				if sum += a.vertices + b.vertices; sum > tileVertices {
					return true
				}
			}
		}
	}
	return false
}

// divided cuts the tile in halves as long as that helps.
func (t *tile) divided(depth int) []*tile {
	const deepest = 48
	if depth == deepest || !t.heavy() {
		return []*tile{t}
	}
	low, high, ok := t.halves()
	if !ok {
		return []*tile{t}
	}
	return append(low.divided(depth+1), high.divided(depth+1)...)
}

// halves cuts the tile across the longer side of what it holds. It is false when that
// does not lighten the work: the outlines are so short, and lie so close together, that
// each half would hold nearly all of them.
func (t *tile) halves() (low, high *tile, ok bool) {
	box := t.shapes[0].Bound()
	for _, s := range t.shapes[1:] {
		box = box.Union(s.Bound())
	}
	axis := 0
	if box.Max[1]-box.Min[1] > box.Max[0]-box.Min[0] {
		axis = 1
	}
	for try := range 8 {
		at := box.Min[axis] + (box.Max[axis]-box.Min[axis])*(0.5+0.011*float64(try))
		if low, high, ok = t.cut(axis, at); ok {
			break
		}
	}
	if !ok {
		return nil, nil, false
	}
	vertices := func(t *tile) (n int) {
		for _, s := range t.shapes {
			n += vector.Vertices(s)
		}
		return n
	}
	most := max(len(low.ranks), len(high.ranks))
	return low, high, vertices(low)+vertices(high) <= vertices(t)*5/4 || most <= len(t.ranks)*7/10
}

// cut cuts all shapes by a line. It is false when a vertex lies on the line.
func (t *tile) cut(axis int, at float64) (low, high *tile, ok bool) {
	low, high = &tile{box: t.box}, &tile{box: t.box}
	low.box.Max[axis], high.box.Min[axis] = at, at
	for i, shape := range t.shapes {
		var rings []orb.Ring
		for _, p := range shape {
			for _, r := range p {
				for _, q := range r {
					if q[axis] == at {
						return nil, nil, false
					}
				}
				rings = append(rings, r)
			}
		}
		below, above, ok := overlay.Halve(rings, axis, at)
		if !ok {
			return nil, nil, false
		}
		for _, half := range []struct {
			*tile
			rings []orb.Ring
		}{{low, below}, {high, above}} {
			if len(half.rings) == 0 {
				continue
			}
			polygons := shape
			if len(half.rings) != len(rings) || len(below) > 0 && len(above) > 0 {
				var err error
				if polygons, err = overlay.Polygons(half.rings); err != nil {
					return nil, nil, false
				}
			}
			half.ranks, half.shapes = append(half.ranks, t.ranks[i]), append(half.shapes, polygons)
			half.exempted = half.exempted || t.exempted && i == len(t.shapes)-1
		}
	}
	return low, high, true
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
	if b := shape.Bound(); frame.Contains(b.Min) && frame.Contains(b.Max) {
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
