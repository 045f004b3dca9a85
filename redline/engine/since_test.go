package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

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

// timedRules differ by what the maps show: ground that was built on before its zone was founded is no candidate, and
// what was built since is worse than the rest.
func timedRules(t testing.TB) *redline.RuleTable {
	t.Helper()
	var b strings.Builder
	b.WriteString("change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to,timing\n")
	for _, z := range redline.ZoneTypes() {
		fmt.Fprintf(&b, "construction,新增建设,forest|wetland,built,%s,0,a,b,,,before\n", z)
		fmt.Fprintf(&b, "construction,新增建设,forest|wetland,built,%s,4,a,b,,,after\n", z)
		fmt.Fprintf(&b, "construction,新增建设,forest|wetland,built,%s,1,a,b,,,\n", z)
		fmt.Fprintf(&b, "stripping,裸露,forest|wetland,bare,%s,2,a,b,,,\n", z)
		fmt.Fprintf(&b, "restoration,恢复,built|bare,forest|wetland,%s,0,a,b,,,\n", z)
	}
	rules, err := redline.ParseRules("test", []byte(b.String()), time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &rules
}

// TestTimedRulesAgainstTwin: each candidate has the rule for what the maps show of it, and is kept or suppressed by that
// rule; what a rule of another timing would keep is dated all the same.
func TestTimedRulesAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 3))
	rules := timedRules(t)
	seen := map[string]int{}
	for i := range 300 {
		s := newTwinScene(t, rng)
		if i%3 > 0 {
			s.addMaps(t, rng)
		}
		s.addDates(rng)
		o := mostKept(t)
		o.Rules, o.MinSeverity = rules, redline.Severity(1+rng.IntN(4))
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
		twin := s.twin(o)
		for k, c := range found.found {
			if d := differInTiming(s, &c); s.in.ZonesDated() && d != "" {
				t.Fatalf("scene %d: %s", i, d)
			}
			severity, id, most := redline.Severity(0), c.Change+"/"+c.ZoneType, redline.Severity(0)
			switch twin[k].kind {
			case 0:
				severity, most = 1, 4
				switch c.VsZone {
				case redline.VsBefore:
					severity, id = 0, id+"+before"
				case redline.VsAfter:
					severity, id = 4, id+"+after"
				}
			case 1:
				severity, most = 2, 2
			}
			small := c.AreaM2 < 0.1*900*(1-1e-9)
			kept := severity > 0 && severity >= o.MinSeverity && !small
			if c.RuleID != id || c.Severity != severity || (c.Reason == "" || c.Reason == redline.ReasonShape) != kept {
				t.Fatalf("scene %d: %s of %s is %s, has the rule %s, severity %d, reason %q", i, c.Change, c.ZoneType, c.VsZone, c.RuleID,
					c.Severity, c.Reason)
			}
			if dated := most >= o.MinSeverity && !small && len(s.in.Between) > 0; dated != (c.Dated != nil) {
				t.Fatalf("scene %d: %s of severity %d, at most %d, is dated: %t", i, c.VsZone, severity, most, !dated)
			}
			seen[fmt.Sprint(c.VsZone, " kept: ", kept)]++
		}
	}
	for _, what := range []string{"before kept: true", "before kept: false", "after kept: true", "unknown kept: true", "straddles kept: true"} {
		if seen[what] < 15 {
			t.Errorf("%v: too few to mean anything", seen)
		}
	}
}
