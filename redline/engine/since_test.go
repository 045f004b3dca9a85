package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/redline"
)

// addDates gives most zones of a scene a date, and returns it without them.
func (s *twinScene) addDates(rng *rand.Rand) (bare *redline.Inputs) {
	without := *s.in
	without.Zones = slices.Clone(s.in.Zones)
	for i := range s.in.Zones {
		if rng.IntN(5) > 0 {
			s.in.Zones[i].Since = redline.Date{Year: 2012 + rng.IntN(11), Month: rng.IntN(13)}
		}
	}
	return &without
}

// differInTiming says how a candidate does not have the date of its zone, or is said to be before or after it otherwise
// than all years in which its ground may have changed.
func differInTiming(s *twinScene, c *redline.Candidate) string {
	zone := s.in.Zones[slices.IndexFunc(s.in.Zones, func(z redline.Zone) bool { return z.ID == c.ZoneID })]
	from, to := s.in.Before.Year+1, s.in.After.Year
	if c.Dated != nil {
		from, to = c.Dated.From, c.Dated.To
	}
	earlier, later, all := 0, 0, 0
	for year := from; year <= to; year++ {
		if all++; year < zone.Since.Year {
			earlier++
		} else if year > zone.Since.Year {
			later++
		}
	}
	want := redline.VsStraddles
	switch {
	case zone.Since.Year == 0 || c.Dated != nil && c.Dated.Grade == redline.GradeD:
		want = redline.VsUnknown
	case earlier == all:
		want = redline.VsBefore
	case later == all:
		want = redline.VsAfter
	}
	if c.ZoneSince != zone.Since || c.VsZone != want {
		return fmt.Sprintf("%s has the date %v and is %s, want %v, %s", c.ID, c.ZoneSince, c.VsZone, zone.Since, want)
	}
	return ""
}

// TestVsZoneAgainstTwin: candidates, kept and suppressed, with and without maps between, know the date of their zone and
// whether they came before it, whatever the tiles; without dates nothing is said, and nothing else changes.
func TestVsZoneAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 2))
	said := map[redline.VsZone]int{}
	for i := range 300 {
		s := newTwinScene(t, rng)
		if i%2 == 0 {
			s.addMaps(t, rng)
		}
		bare := s.addDates(rng)
		o := mostKept(t)
		if rng.IntN(3) == 0 {
			o.MinArea.Cells = float64(rng.IntN(5))
		}
		found, _, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := run(t, s.in, o, Tuning{Workers: 2, Tile: 1 + rng.IntN(15)})
		if err != nil {
			t.Fatal(err)
		}
		if textOf(again) != textOf(found) {
			t.Fatalf("scene %d: another tile gives another result", i)
		}
		for k, c := range found.found {
			if s.in.ZonesDated() {
				if d := differInTiming(s, &c); d != "" {
					t.Fatalf("scene %d, years %v: %s", i, s.years(), d)
				}
				said[c.VsZone]++
			}
			c.ZoneSince, c.VsZone = redline.Date{}, ""
			found.found[k] = c
		}
		plain, _, err := run(t, bare, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if textOf(plain) != textOf(found) {
			t.Fatalf("scene %d: dates of zones change more than what is said of them", i)
		}
	}
	for _, v := range redline.VsZones() {
		if said[v] < 50 {
			t.Errorf("%v: too few to mean anything", said)
		}
	}
}
