package spool

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// check refuses a candidate that cannot be written. The fault has the kind Internal: no input leads to such a one.
func check(c *redline.Candidate) error {
	refuse := func(format string, args ...any) error {
		return redline.Faultf(redline.Internal, "candidate %s: "+format, append([]any{c.ID}, args...)...)
	}
	for _, x := range [...]float64{c.AreaM2, c.PatchM2, c.AreaM2 / c.PatchM2, c.ExemptM2} {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
			return refuse("areas %v m² of %v m² cannot be written", c.AreaM2, c.PatchM2)
		}
	}
	if c.Cells <= 0 || c.EdgeCells < 0 || c.EdgeCells > c.Cells {
		return refuse("%d of %d cells at an edge cannot be written", c.EdgeCells, c.Cells)
	}
	if !onEarth(orb.Point{c.Lon, c.Lat}) {
		return refuse("its point (%v, %v) is not on the earth", c.Lon, c.Lat)
	}
	if c.Reason != "" {
		return nil
	}
	if len(c.Geometry) == 0 {
		return refuse("has no geometry")
	}
	for _, polygon := range c.Geometry {
		if len(polygon) == 0 {
			return refuse("has a polygon without rings")
		}
		for _, ring := range polygon {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return refuse("has a ring of %d points that is too short or not closed", len(ring))
			}
			for _, p := range ring {
				if !onEarth(p) {
					return refuse("its corner (%v, %v) is not on the earth", p[0], p[1])
				}
			}
		}
	}
	return nil
}

// checkAgreed refuses a kept candidate that has not an agreement for each of so many pairs of maps, or one that is no
// areas, as check does.
func checkAgreed(c *redline.Candidate, pairs int) error {
	if c.Reason != "" || pairs == 0 {
		return nil
	}
	if c.Evidence == nil || len(c.Evidence.Agreed) != pairs {
		return redline.Faultf(redline.Internal, "candidate %s: not each of %d pairs of maps was looked at", c.ID, pairs)
	}
	for _, a := range c.Evidence.Agreed {
		if sum := a.Known() + a.NoData; !(min(a.Same, a.Other, a.Unchanged, a.NoData) >= 0 && sum < math.Inf(1)) {
			return redline.Faultf(redline.Internal, "candidate %s: an agreement %+v cannot be written", c.ID, a)
		}
	}
	return nil
}

// onEarth tells that a point is a longitude and a latitude; it is false for NaN.
func onEarth(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}
