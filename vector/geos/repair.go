package geos

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geos"

	"greenshield/vector"
)

// MakeValid returns a valid MultiPolygon that covers what a's rings mean: every shell contributes all that it goes
// round (either way), shells are united, and every hole is taken out of its own shell; a hole wholly outside becomes
// a part of its own. This is GEOS's structure method (JTS GeometryFixer). Its other method, linework, keeps even-odd
// areas: the overlap of two parts, and a loop inside a ring, would become holes. Parts that collapse to lines are
// dropped.
func (c *Context) MakeValid(a orb.MultiPolygon) (orb.MultiPolygon, error) {
	return c.polygons("repair", []orb.MultiPolygon{a}, func(g []*geos.Geom) *geos.Geom { return makeValid(g[0]) })
}

func makeValid(g *geos.Geom) *geos.Geom {
	return g.MakeValidWithParams(geos.MakeValidStructure, geos.MakeValidDiscardCollapsed)
}

// Repair says what repairing one feature did to its planar area.
type Repair struct {
	Before float64 // nominal area, [vector.Area]: opposite loops cancel, overlapping shells count twice
	After  float64 // area of the repaired feature
	Reason string  // why it was invalid and where, as GEOS says it
}

// Change returns |After − Before| relative to the larger of the two, between 0 and 1
// (above 1 when the holes outweighed the shells). A feature that vanished has changed
// by 1.
func (r Repair) Change() float64 {
	if r.After == 0 {
		return 1
	}
	return math.Abs(r.After-r.Before) / math.Max(r.After, r.Before)
}

// Repair returns mp itself and a nil Repair when mp is valid, else what
// [Context.MakeValid] makes of it and what that changed; [vector.Prover.Mend] makes the same of most of it sooner.
// Whether a change is acceptable is for the caller to decide.
//
// Change stays near 0 when the rings were merely drawn badly (a spike, a point
// repeated, a ring that touches itself, the overlap of two parts by a sliver) and is
// large when the repair had to guess: a bow-tie, a hole outside its shell or equal to
// it, a shell inside another.
func (c *Context) Repair(mp orb.MultiPolygon) (orb.MultiPolygon, *Repair, error) {
	ok, reason := c.Valid(mp)
	if ok {
		return mp, nil, nil
	}
	before := vector.Area(mp)
	if math.IsNaN(before) || math.IsInf(before, 0) {
		return nil, nil, fmt.Errorf("GEOS cannot repair: %s", reason) // MakeValid would leave such points out
	}
	fixed, ok := c.prover.Mend(mp, func(part orb.Polygon) (orb.MultiPolygon, error) {
		return c.MakeValid(orb.MultiPolygon{part})
	})
	var err error
	if ok { // in the order of what GEOS repairs
		fixed, err = c.polygons("order", []orb.MultiPolygon{fixed}, func(g []*geos.Geom) *geos.Geom { return g[0] })
	} else {
		fixed, err = c.MakeValid(mp)
	}
	if err != nil {
		return nil, nil, err
	}
	return fixed, &Repair{Before: before, After: vector.Area(fixed), Reason: reason}, nil
}
