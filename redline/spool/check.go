package spool

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// check refuses a candidate that cannot be written.
func check(c *redline.Candidate) error {
	for _, x := range [...]float64{c.AreaM2, c.PatchM2, c.AreaM2 / c.PatchM2} {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
			return redline.Faultf(redline.Internal, "candidate %s: areas %v m² of %v m² cannot be written", c.ID, c.AreaM2, c.PatchM2)
		}
	}
	if c.Cells <= 0 || c.EdgeCells < 0 || c.EdgeCells > c.Cells {
		return redline.Faultf(redline.Internal, "candidate %s: %d of %d cells at an edge cannot be written", c.ID, c.EdgeCells, c.Cells)
	}
	if !onEarth(orb.Point{c.Lon, c.Lat}) {
		return redline.Faultf(redline.Internal, "candidate %s: its point (%v, %v) is not on the earth", c.ID, c.Lon, c.Lat)
	}
	if c.Reason != "" {
		return nil
	}
	if len(c.Geometry) == 0 {
		return redline.Faultf(redline.Internal, "candidate %s: has no geometry", c.ID)
	}
	for _, polygon := range c.Geometry {
		if len(polygon) == 0 {
			return redline.Faultf(redline.Internal, "candidate %s: has a polygon without rings", c.ID)
		}
		for _, ring := range polygon {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return redline.Faultf(redline.Internal, "candidate %s: has a ring of %d points that is too short or not closed", c.ID, len(ring))
			}
			for _, p := range ring {
				if !onEarth(p) {
					return redline.Faultf(redline.Internal, "candidate %s: its corner (%v, %v) is not on the earth", c.ID, p[0], p[1])
				}
			}
		}
	}
	return nil
}

// onEarth is false for NaN.
func onEarth(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}
