package gdalinput

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/vector"
)

// sortFeatures puts zones, counties and exemptions into an order that follows from what they are, not from the order of
// files and features: zones by layer, then id; counties by precedence; what is alike by its shape.
func (l *Loaded) sortFeatures() {
	order := make([]int, len(l.Inputs.Zones))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int {
		a, b := &l.Inputs.Zones[i], &l.Inputs.Zones[k]
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.ID, b.ID))
	})
	zones, zoneIn := make([]redline.Zone, len(order)), make([]*Input, len(order))
	for at, i := range order {
		zones[at], zoneIn[at] = l.Inputs.Zones[i], l.zoneIn[i]
	}
	l.Inputs.Zones, l.zoneIn = zones, zoneIn
	for _, areas := range [][]redline.Area{l.Inputs.Admin, l.Inputs.Exempt} {
		slices.SortStableFunc(areas, func(a, b redline.Area) int {
			return cmp.Or(redline.CompareAreas(&a, &b), cmp.Compare(a.City, b.City), compareShapes(a.Shape, b.Shape))
		})
	}
}

// compareShapes orders shapes by their boxes, then by their vertices.
func compareShapes(a, b orb.MultiPolygon) int {
	boxA, boxB := vector.Bound(a), vector.Bound(b)
	if c := cmp.Or(comparePoints(boxA.Min, boxB.Min), comparePoints(boxA.Max, boxB.Max)); c != 0 {
		return c
	}
	return slices.CompareFunc(a, b, func(p, q orb.Polygon) int {
		return slices.CompareFunc(p, q, func(r, s orb.Ring) int { return slices.CompareFunc(r, s, comparePoints) })
	})
}

func comparePoints(p, q orb.Point) int {
	return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1]))
}
