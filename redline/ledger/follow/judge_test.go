package follow

import (
	"fmt"
	"testing"

	"greenshield/raster"
)

// ground is so many m² of each kind: bad, before, other, not seen.
func ground(bad, before, other, noData float64) *Ground {
	g := new(Ground)
	g.Bad.AddM2(bad)
	g.Before.AddM2(before)
	g.Other.AddM2(other)
	g.NoData.AddM2(noData)
	return g
}

func TestFinding(t *testing.T) {
	s := Defaults(0)
	for _, test := range []struct {
		g    *Ground
		want Finding
	}{
		{ground(70, 20, 10, 0), Still}, // an equal share reaches it
		{ground(69.9, 20.1, 10, 0), Partly},
		{ground(0, 70, 30, 0), Restored},
		{ground(0, 69.9, 30.1, 0), Partly},
		{ground(29.9, 70.1, 0, 0), Restored},
		{ground(30, 70, 0, 0), Partly}, // as much as would be a rebound
		{ground(0, 0, 100, 0), Partly},
		{ground(35, 15, 0, 50), Still}, // of what is seen; half is seen
		{ground(35, 14.9, 0, 50.1), Unseen},
		{ground(0, 0, 0, 100), Unseen},
		{new(Ground), Unseen},
	} {
		if got := s.Finding(test.g); got != test.want {
			t.Errorf("%+v: %s, want %s", test.g, got, test.want)
		}
	}
	cell := raster.Area{Lo: 241592053897} // about 900 m²: 7 of 10 cells are 70 % in spite of rounding
	var g Ground
	g.Bad.AddTimes(7, cell)
	g.Other.AddTimes(3, cell)
	if got := s.Finding(&g); got != Still {
		t.Errorf("7 of 10 cells: %s", got)
	}
	if total := ground(1, 2, 3, 4).Total(); total.M2() != 10 {
		t.Errorf("all ground is %g m²", total.M2())
	}
}

// A raster of a later year than the claim may say something; one of the same year or an older one never does.
func TestSuspect(t *testing.T) {
	s := Defaults(3600)
	struck := Claims{StruckOff: "2024-12-31", Clearing: true}
	reported := Claims{Reported: "2024-01-01", Clearing: true}
	for _, test := range []struct {
		name string
		g    *Ground
		year int
		c    Claims
		want string
	}{
		{"nobody said anything", ground(1e4, 0, 0, 0), 2025, Claims{}, "[]"},
		{"struck off, little of it bad", ground(2999, 7001, 0, 0), 2025, struck, "[]"},
		{"struck off, bad again", ground(3600, 8400, 0, 0), 2025, struck, "[rebound]"},
		{"less than the minimum area", ground(3599, 0, 1000, 0), 2025, Claims{StruckOff: "2024-12-31", Gone: true}, "[]"},
		{"the raster is of the same year", ground(1e4, 0, 0, 0), 2024, struck, "[]"},
		{"the raster is older", ground(1e4, 0, 0, 0), 2020, struck, "[]"},
		{"nothing was cleared, nothing is bad", ground(0, 1e4, 0, 0), 2025, struck, "[]"},
		{"all is bad, never seen otherwise", ground(1e4, 0, 0, 0), 2025, struck, "[rebound false_rectification]"},
		{"all is bad, was seen to be gone", ground(1e4, 0, 0, 0), 2025,
			Claims{StruckOff: "2024-12-31", Clearing: true, Gone: true}, "[rebound]"},
		{"struck off as lawful: it may stand", ground(1e4, 0, 0, 0), 2025, Claims{StruckOff: "2024-12-31"}, "[]"},
		{"struck off as lawful, gone, built again", ground(1e4, 0, 0, 0), 2025,
			Claims{StruckOff: "2024-12-31", Gone: true}, "[rebound]"},
		{"reported as cleared, and stands", ground(7000, 3000, 0, 0), 2025, reported, "[false_rectification]"},
		{"reported as cleared, much of it stands", ground(6999, 3001, 0, 0), 2025, reported, "[]"},
		{"reported as cleared, hardly seen", ground(6999, 0, 0, 3001), 2025, reported, "[]"},
		{"reported as cleared in the year of the raster", ground(1e4, 0, 0, 0), 2024, reported, "[]"},
		{"reported as cleared, gone, built again", ground(1e4, 0, 0, 0), 2025,
			Claims{Reported: "2024-01-01", Clearing: true, Gone: true}, "[]"},
		{"another measure was reported", ground(1e4, 0, 0, 0), 2025, Claims{Reported: "2024-01-01"}, "[]"},
		{"reported before, struck off after the raster", ground(1e4, 0, 0, 0), 2025,
			Claims{Reported: "2024-11-01", StruckOff: "2025-03-01", Clearing: true}, "[false_rectification]"},
		{"no day", ground(1e4, 0, 0, 0), 2025, Claims{Reported: "soon", StruckOff: "20240101", Clearing: true}, "[]"},
		{"no ground", new(Ground), 2025, struck, "[]"},
	} {
		if got := fmt.Sprint(s.Suspect(test.g, test.year, test.c)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	own := Settings{ReboundPct: 50, ReboundM2: 100, FalsePct: 90}
	if got := fmt.Sprint(own.Suspect(ground(60, 40, 0, 0), 2025, struck)); got != "[]" {
		t.Errorf("less than the set area: %s", got)
	}
	if got := fmt.Sprint(own.Suspect(ground(120, 80, 0, 0), 2025, struck)); got != "[rebound]" {
		t.Errorf("by other settings: %s", got)
	}
}
