package territory

import (
	"math"
	"slices"

	"greenshield/vector"
	"greenshield/vector/arrangement"
	"greenshield/vector/overlay"

	"github.com/paulmach/orb"
)

// tile is a part of a ground.
type tile struct {
	box      orb.Bound          // infinite where nothing was cut
	ranks    []int              // ascending; the number of zones stands for the exemptions
	shapes   []orb.MultiPolygon // parallel to ranks; cut by the sides of the box
	exempted bool               // the last shape is that of the exemptions
	loose    bool               // each ring of a shape is a polygon of its own, holes too
	apart    bool               // the rings of a shape could not be put together
	part     bool               // was cut from a larger tile

	// What dividing the tile has found.
	territory []orb.MultiPolygon // parallel to ranks
	union     orb.MultiPolygon   // of all zones; nil when it is to be found by an Overlayer
	shared    []sharedPart
	overlaid  bool     // by an Overlayer: each shared part is with one zone
	meeting   [][2]int // pairs of ranks: the territory of the second lacks the ground that the first covers
	touching  []touch
	bytes     int64 // about how much memory that takes, and the shapes where they were cut
}

// touch is an overlap of two zones, by rank, so small that it was left to both.
type touch struct {
	pair  [2]int
	cells float64
}

// sharedPart is ground of the territory of the i-th zone of a tile that lies in its zones with.
type sharedPart struct {
	i     int
	with  arrangement.Set
	shape orb.MultiPolygon
}

// zoneShapes returns the shapes without the exemptions.
func (t *tile) zoneShapes() []orb.MultiPolygon {
	if t.exempted {
		return t.shapes[:len(t.shapes)-1]
	}
	return t.shapes
}

// Usual limits of how many vertices a tile has: of one whose shapes are arranged, and of one that an Overlayer divides,
// as that may need time that grows with their square.
const (
	tileVertices     = 1 << 14
	overlaidVertices = 512
)

// longShape is the number of vertices from which on a shape is always worth cutting.
const longShape = 32

// heavy tells that the tile has several shapes, and more vertices than limit.
func (t *tile) heavy(limit int) bool {
	n := 0
	for _, s := range t.shapes {
		n += vector.Vertices(s)
	}
	return len(t.shapes) > 1 && n > limit
}

// filledBy tells that s is the whole tile.
func (t *tile) filledBy(s orb.MultiPolygon) bool {
	return len(s) == 1 && len(s[0]) == 1 && len(s[0][0]) == 5 && vector.Bound(s) == t.box
}

// shapeBytes returns about how much memory the shapes take.
func (t *tile) shapeBytes() (sum int64) {
	for _, s := range t.shapes {
		sum += vector.Bytes(s)
	}
	return sum
}

// halves cuts the tile at about that share of the longer side of the bound of its shapes, or else of the other side.
// It is not ok when neither lightens the work: the outlines are so short, and lie so close together, that each half
// would hold nearly all of them.
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
		if ok && (n > longShape*len(t.shapes) ||
			vertices(low)+vertices(high) <= n*5/4 ||
			max(len(low.ranks), len(high.ranks)) <= len(t.ranks)*7/10) {
			return low, high, true
		}
	}
	return nil, nil, false
}

// clearance, in cells, is the distance that vertices must keep from the line of a cut. A spike that hardly crosses the
// line could vanish beyond it when GEOS rounds, and the pieces would no longer meet.
const clearance = 1e-6

// cut cuts all shapes by the line at that coordinate of axis; the shapes of the halves are loose rings. It is not ok
// when a vertex lies too near to the line.
func (t *tile) cut(axis int, at float64) (low, high *tile, ok bool) {
	low, high = &tile{box: t.box, loose: true, part: true}, &tile{box: t.box, loose: true, part: true}
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

// add adds rings that were cut from the i-th shape of a larger tile.
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

// makePolygons makes polygons of loose rings.
func (t *tile) makePolygons() (err error) {
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
