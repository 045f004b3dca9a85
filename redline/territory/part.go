package territory

import (
	"context"
	"fmt"
	"math"
	"slices"

	"greenshield/redline"
	"greenshield/vector"
	"greenshield/vector/overlay"

	"github.com/paulmach/orb"
)

// overlap says which ground a stricter zone takes from a weaker one in a tile.
type overlap struct {
	with    int              // position of the weaker zone in the tile
	left    float64          // area of the weaker zone's shape outside the territory of the stricter; −1 when not known
	meeting *overlay.Meeting // of the whole shapes of both; nil when it cannot tell what they share
}

// dividing is the state of one tile while it is divided. All lists are parallel to tile.ranks.
type dividing struct {
	*tile
	over      Overlayer
	shapes    []*overlay.Shape
	territory []*overlay.Shape // nil for the exemptions, which control nothing
	weaker    [][]overlap      // of each zone with the weaker ones
	cut       []bool           // the territory is less than the shape
	elsewhere map[[2]int]bool  // pairs of ranks that overlap in another tile
}

// divideTile finds the territories in a tile, and what they share with weaker zones. Pairs of ranks in elsewhere
// overlap in another tile: they are cut here too, however little they overlap here.
func (d *divider) divideTile(ctx context.Context, o Overlayer, t *tile, elsewhere map[[2]int]bool) error {
	k := len(t.ranks)
	s := &dividing{
		tile:      t,
		over:      o,
		shapes:    make([]*overlay.Shape, k),
		territory: make([]*overlay.Shape, k),
		weaker:    make([][]overlap, k),
		cut:       make([]bool, k),
		elsewhere: elsewhere,
	}
	for i, shape := range t.shapes {
		s.shapes[i] = overlay.NewShape(shape)
	}
	t.territory, t.shared, t.meeting, t.touching = make([]orb.MultiPolygon, k), nil, nil, nil
	for i := range t.zoneShapes() {
		if err := d.takeStricter(ctx, s, i); err != nil {
			return err
		}
	}
	return d.shareOut(ctx, s)
}

// takeStricter finds the i-th territory: the zone without all stricter ones.
func (d *divider) takeStricter(ctx context.Context, s *dividing, i int) error {
	t := s.tile
	rest := s.shapes[i]
	var taken []*overlay.Shape // what was taken from the shape to get rest
	// The zones j are stricter. Which of them really overlap with the zone i is found on the way.
	for j := 0; j < i && len(rest.Polygons()) > 0; j++ {
		if !s.shapes[i].Bound().Intersects(s.shapes[j].Bound()) || fillsHoles(t.shapes[j], t.shapes[i]) {
			continue
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		less, meeting, ok := t.subtract(rest, s.shapes[j])
		var merged []*overlay.Shape // not nil when what was taken is another list now
		if !ok {
			if again, all, found := t.subtractAll(s.shapes[i], taken, s.shapes[j]); found {
				less, merged = again, all
			} else if polygons, err := s.over.Difference(rest.Polygons(), t.shapes[j]); err == nil {
				less = overlay.NewShape(polygons)
			} else {
				return fmt.Errorf("zones %s and %s: %w", d.id(t.ranks[i]), d.id(t.ranks[j]), err)
			}
		}
		before, after := rest.Area(), less.Area()
		pair := [2]int{t.ranks[j], t.ranks[i]}
		if before-after <= TouchCells+1e-12*before && !s.elsewhere[pair] {
			if before != after {
				t.touching = append(t.touching, touch{pair, before - after})
			}
			continue // so the outline stays free of the neighbour's vertices
		}
		t.meeting = append(t.meeting, pair)
		if err := d.charge(t, pairBytes); err != nil {
			return err
		}
		known := overlap{with: i, left: -1}
		if !s.cut[i] && !s.cut[j] {
			known.left, known.meeting = after, meeting
		}
		rest, s.cut[i] = less, true
		if taken = append(taken, s.shapes[j]); merged != nil {
			taken = merged
		}
		s.weaker[j] = append(s.weaker[j], known)
	}
	t.territory[i], s.territory[i] = rest.Polygons(), rest
	if s.cut[i] {
		return d.charge(t, vector.Bytes(t.territory[i]))
	}
	return nil
}

// shareOut finds what each territory has in common with weaker zones and with exemptions. All ground of every zone must
// then be in some territory.
func (d *divider) shareOut(ctx context.Context, s *dividing) error {
	t := s.tile
	last := len(t.ranks) - 1
	given := make([]float64, len(t.ranks)) // area of the shape that is in some territory
	for i := range t.zoneShapes() {
		given[i] += s.territory[i].Area()
		if t.exempted && len(t.territory[i]) > 0 && s.shapes[i].Bound().Intersects(s.shapes[last].Bound()) {
			s.weaker[i] = append(s.weaker[i], overlap{with: last, left: -1})
		}
		for _, other := range s.weaker[i] {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			shape, err := t.split(s.over, s.territory[i], s.shapes[other.with], other)
			if err != nil {
				return fmt.Errorf("zone %s: %w", d.id(t.ranks[i]), err)
			}
			if len(shape) > 0 {
				t.shared = append(t.shared, sharedPart{i, other.with, shape})
				if err := d.charge(t, vector.Bytes(shape)); err != nil {
					return err
				}
				given[other.with] += vector.Area(shape)
			}
		}
	}
	for i := range t.zoneShapes() {
		if all := s.shapes[i].Area(); math.Abs(given[i]-all) > float64(len(t.ranks))*TouchCells+1e-9*all {
			return redline.Faultf(redline.Unbalanced, "zone %s: it has %.9f cells, "+
				"%.9f of them are in the territory of a zone; nothing is published, please report this",
				d.id(t.ranks[i]), all, given[i])
		}
	}
	return nil
}

// subtract returns a without b, and the meeting of both if that told it. It is not ok when GEOS must be asked.
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

// subtractAll returns a without taken, which was taken from it before, and without b, and the list of all that is
// then taken. It serves when something taken fills a hole of b, as functional zones of a reserve do: what is left of
// a then has borders in common with b, but a has none with both together. It is not ok when GEOS must be asked.
func (t *tile) subtractAll(
	a *overlay.Shape, taken []*overlay.Shape, b *overlay.Shape,
) (rest *overlay.Shape, all []*overlay.Shape, ok bool) {
	k := slices.IndexFunc(taken, func(s *overlay.Shape) bool { return fillsHoles(s.Polygons(), b.Polygons()) })
	if k < 0 {
		return nil, nil, false
	}
	taken = slices.Clone(taken)
	taken[k] = overlay.NewShape(fill(taken[k].Polygons(), b.Polygons()))
	for _, s := range taken {
		var ok bool
		if a, _, ok = t.subtract(a, s); !ok {
			return nil, nil, false
		}
	}
	return a, taken, true
}

// split returns the ground that a has in common with b; known is what is known of their overlap. GEOS is asked only
// when that does not tell. It is known to lose whole parts without an error, so its answer must add up: with the area
// of b outside a to the area of b, when the former is known, or else with the area of a outside b, for which GEOS is
// asked too, to the area of a. When neither holds, the common ground is found in a second way, as a without the
// ground outside b, and must add up with the area of b outside a.
func (t *tile) split(o Overlayer, shapeA, shapeB *overlay.Shape, known overlap) (orb.MultiPolygon, error) {
	a, b := shapeA.Polygons(), shapeB.Polygons()
	left, m := known.left, known.meeting
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
		err = redline.Faultf(redline.Unbalanced,
			"GEOS cannot split it by another zone; nothing is published, please report this")
	}
	return shape, err
}

// adds tells that two planar areas, one of them a sum of parts, agree but for rounding.
func adds(parts, whole float64) bool { return math.Abs(parts-whole) <= TouchCells+1e-9*whole }
