package territory

import (
	"context"
	"fmt"
	"math"

	"greenshield/redline"
	"greenshield/vector"
	"greenshield/vector/arrangement"

	"github.com/paulmach/orb"
)

// overlap says which ground a stricter zone takes from a weaker one in a tile.
type overlap struct {
	with int     // position of the weaker zone in the tile
	left float64 // area of the weaker zone's shape outside the territory of the stricter; −1 when not known
}

// overlaid is the state of one tile while it is divided by an Overlayer. All lists are parallel to tile.ranks.
type overlaid struct {
	*tile
	over      Overlayer
	weaker    [][]overlap     // of each zone with the weaker ones
	cut       []bool          // the territory is less than the shape
	elsewhere map[[2]int]bool // pairs of ranks that overlap in another tile
}

// divideTile finds the territories in a tile, and what they share with weaker zones. Pairs of ranks in elsewhere
// overlap in another tile: they are cut here too, however little they overlap here.
func (d *divider) divideTile(
	ctx context.Context, o Overlayer, g *ground, t *tile, elsewhere map[[2]int]bool,
) error {
	if !t.overlaid {
		if done, err := d.divideArranged(ctx, t, g.pairs, elsewhere); done || err != nil {
			return err
		}
	}
	return d.divideOverlaid(ctx, o, t, elsewhere)
}

// divideOverlaid divides a tile by overlays of two shapes at a time.
func (d *divider) divideOverlaid(ctx context.Context, o Overlayer, t *tile, elsewhere map[[2]int]bool) error {
	k := len(t.ranks)
	s := &overlaid{tile: t, over: o, weaker: make([][]overlap, k), cut: make([]bool, k), elsewhere: elsewhere}
	if err := d.begin(t); err != nil {
		return err
	}
	t.overlaid = true
	for i := range t.zoneShapes() {
		if err := d.takeStricter(ctx, s, i); err != nil {
			return err
		}
	}
	return d.shareOut(ctx, s)
}

// takeStricter finds the i-th territory: the zone without all stricter ones.
func (d *divider) takeStricter(ctx context.Context, s *overlaid, i int) error {
	t := s.tile
	rest := t.shapes[i]
	before := vector.Area(rest)
	// The zones j are stricter. Which of them really overlap with the zone i is found on the way.
	for j := 0; j < i && len(rest) > 0; j++ {
		if !vector.Bound(rest).Intersects(vector.Bound(t.shapes[j])) {
			continue
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		less, err := t.subtract(s.over, rest, t.shapes[j])
		if err != nil {
			return fmt.Errorf("zones %s and %s: %w", d.id(t.ranks[i]), d.id(t.ranks[j]), err)
		}
		after := vector.Area(less)
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
			known.left = after
		}
		rest, before, s.cut[i] = less, after, true
		s.weaker[j] = append(s.weaker[j], known)
	}
	t.territory[i] = rest
	if s.cut[i] {
		return d.charge(t, vector.Bytes(rest))
	}
	return nil
}

// shareOut finds what each territory has in common with weaker zones and with exemptions. All ground of every zone must
// then be in some territory.
func (d *divider) shareOut(ctx context.Context, s *overlaid) error {
	t := s.tile
	last := len(t.ranks) - 1
	given := make([]float64, len(t.ranks)) // area of the shape that is in some territory
	for i := range t.zoneShapes() {
		given[i] += vector.Area(t.territory[i])
		if t.exempted && len(t.territory[i]) > 0 && vector.Bound(t.shapes[i]).Intersects(vector.Bound(t.shapes[last])) {
			s.weaker[i] = append(s.weaker[i], overlap{with: last, left: -1})
		}
		for _, other := range s.weaker[i] {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			shape, err := t.split(s.over, t.territory[i], t.shapes[other.with], other.left)
			if err != nil {
				return fmt.Errorf("zone %s: %w", d.id(t.ranks[i]), err)
			}
			if len(shape) > 0 {
				t.shared = append(t.shared, sharedPart{i, arrangement.MakeSet([]int32{int32(other.with)}), shape})
				if err := d.charge(t, vector.Bytes(shape)); err != nil {
					return err
				}
				given[other.with] += vector.Area(shape)
			}
		}
	}
	for i, shape := range t.zoneShapes() {
		if all := vector.Area(shape); math.Abs(given[i]-all) > float64(len(t.ranks))*TouchCells+1e-9*all {
			return redline.Faultf(redline.Unbalanced, "zone %s: it has %.9f cells, "+
				"%.9f of them are in the territory of a zone; nothing is published, please report this",
				d.id(t.ranks[i]), all, given[i])
		}
	}
	return nil
}

// subtract returns a without b.
func (t *tile) subtract(o Overlayer, a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	if t.filledBy(b) || a.Equal(b) {
		return nil, nil
	}
	return o.Difference(a, b)
}

// split returns the ground that a has in common with b; left is the area of b outside a, −1 if it is not known. An
// Overlayer is known to lose whole parts without an error, so its answer must add up: with the area of b outside a to
// the area of b, when the former is known, or else with the area of a outside b, for which it is asked too, to the area
// of a. When neither holds, the common ground is found in a second way, as a without the ground outside b, and must add
// up with the area of b outside a.
func (t *tile) split(o Overlayer, a, b orb.MultiPolygon, left float64) (orb.MultiPolygon, error) {
	switch {
	case t.filledBy(b) || a.Equal(b):
		return a, nil
	case t.filledBy(a):
		return b, nil
	}
	shape, err := o.Intersection(a, b)
	if err != nil {
		return nil, err
	}
	if left >= 0 && adds(vector.Area(shape)+left, vector.Area(b)) {
		return shape, nil
	}
	rest, err := o.Difference(a, b)
	if err != nil || adds(vector.Area(shape)+vector.Area(rest), vector.Area(a)) {
		return shape, err
	}
	other, err := o.Difference(b, a)
	if err != nil || adds(vector.Area(shape)+vector.Area(other), vector.Area(b)) {
		return shape, err
	}
	if shape, err = o.Difference(a, rest); err == nil && !adds(vector.Area(shape)+vector.Area(other), vector.Area(b)) {
		err = redline.Faultf(redline.Unbalanced,
			"GEOS cannot split it by another zone; nothing is published, please report this")
	}
	return shape, err
}

// adds tells that two planar areas, one of them a sum of parts, agree but for rounding.
func adds(parts, whole float64) bool { return math.Abs(parts-whole) <= TouchCells+1e-9*whole }
