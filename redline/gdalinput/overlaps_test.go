package gdalinput

import (
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// An examination lists all pairs of zones that overlap; more than memory has room for are refused by name.
func TestStackedZonesAreExamined(t *testing.T) {
	square := orb.MultiPolygon{orb.Bound{Max: orb.Point{1, 1}}.ToPolygon()}
	s := &surface{}
	for i := range 100 {
		s.zones = append(s.zones, redline.Zone{ID: "Z", Source: "zones.shp|zones", Feature: i + 1, Shape: square})
	}
	_, err := s.findOverlaps(t.Context(), 1<<20)
	const want = "more than 606 pairs of zones lie one over the other, as many as --max-memory (1 MiB) has room for; most lie one over " +
		"the other at zone Z of zones.shp|zones (feature 1), where 99 others are; take copies and old versions of zones out of the " +
		"layers, or raise --max-memory"
	if redline.KindOf(err) != redline.Limit || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if _, err := s.findOverlaps(t.Context(), 1<<40); err != nil {
		t.Error(err)
	}
}
