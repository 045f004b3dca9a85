package geostwin

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/engine"
)

// plain is a scene with a kept candidate, suppressed ones of several reasons, and overlaps.
func plain(m *maker) *scene {
	s := m.blank(12, 10, degree)
	for i := range s.after {
		r, c := i/12, i%12
		switch {
		case r >= 1 && r < 5 && c >= 1 && c < 8, r == 8 && c == 1:
			s.after[i] = 2
		case r == 8 && c == 5:
			s.after[i] = 255
		}
	}
	m.zone(s, redline.LayerRedLine, "a", redline.RedLine, orb.MultiPolygon{{rectangle(0.25, 0.5, 11, 9)}})
	m.zone(s, redline.LayerReserve, "b", redline.Core, orb.MultiPolygon{{{{3.3, 1}, {6.5, 2.5}, {3, 4.2}, {3.3, 1}}}})
	m.zone(s, redline.LayerReserve, "c", redline.RedLine, orb.MultiPolygon{{rectangle(7.9, 4.5, 9, 6)}})
	return s
}

// Each wrong answer must be seen, and named.
func TestComparatorSeesWrongAnswers(t *testing.T) {
	m := newMaker(t)
	s := plain(m)
	a := solve(s)
	right := func() (*collector, *redline.Summary) {
		c, sum, err := run(s, engine.Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		return c, sum
	}
	c, sum := right()
	if v := compare(s, a, c, sum); len(v.problems) > 0 || v.parts < 3 {
		t.Fatalf("the right answer is refused: %v, %d parts", v.problems, v.parts)
	}
	var kept, suppressed, overlapped redline.Key
	for _, k := range c.keys() {
		if len(c.overlaps[k]) > 1 {
			overlapped = k
		}
		if c.found[k].Reason == "" {
			kept = k
		} else {
			suppressed = k
		}
	}
	change := func(k redline.Key, f func(*redline.Candidate)) func(*collector, *redline.Summary) {
		return func(c *collector, _ *redline.Summary) {
			cand := c.found[k]
			f(&cand)
			c.found[k] = cand
		}
	}
	cases := []struct {
		name, says string
		spoil      func(*collector, *redline.Summary)
	}{
		{"an area off by 1e-6", "area:", change(kept, func(c *redline.Candidate) { c.AreaM2 *= 1 + 1e-6 })},
		{"an area off by 3e-9", "area:", change(kept, func(c *redline.Candidate) { c.AreaM2 *= 1 + 3e-9 })},
		{"an area that is not a number", "area:", change(kept, func(c *redline.Candidate) { c.AreaM2 = math.NaN() })},
		{"a patch area", "patch area", change(kept, func(c *redline.Candidate) { c.PatchM2 += 1 })},
		{"a number of cells", "cells", change(kept, func(c *redline.Candidate) { c.Cells++ })},
		{"a lost candidate", "missing", func(c *collector, _ *redline.Summary) { delete(c.found, kept) }},
		{"a lost suppressed part", "missing", func(c *collector, _ *redline.Summary) { delete(c.found, suppressed) }},
		{"an invented candidate", "is none", func(c *collector, _ *redline.Summary) { c.found[redline.Key{Row: 9, Col: 9}] = c.found[kept] }},
		{"an exchanged zone", "zone:", change(kept, func(c *redline.Candidate) { c.ZoneID = "c" })},
		{"another change type", "change", change(kept, func(c *redline.Candidate) { c.Change = "stripping" })},
		{"a wrong severity", "severity", change(kept, func(c *redline.Candidate) { c.Severity-- })},
		{"a reason to keep", "reason", change(suppressed, func(c *redline.Candidate) { c.Reason = "" })},
		{"a reason to suppress", "reason", change(kept, func(c *redline.Candidate) { c.Reason = redline.ReasonArea })},
		{"a wrong reason", "reason", change(suppressed, func(c *redline.Candidate) { c.Reason = redline.ReasonSeverity })},
		{"no geometry", "geometry", change(kept, func(c *redline.Candidate) { c.Geometry = nil })},
		{"the same id twice", "id is new", change(kept, func(x *redline.Candidate) { x.ID = c.found[suppressed].ID })},
		{"the same patch id twice", "this id", change(kept, func(x *redline.Candidate) { x.PatchID = "P" })},
		{"a flag too many", "SLIVER", change(kept, func(c *redline.Candidate) { c.Flags = append(c.Flags, redline.FlagSliver) })},
		{"a transition", "largest transition", change(kept, func(c *redline.Candidate) { c.FromCode = "4" })},
		{"an overlap", "overlap with", func(c *collector, _ *redline.Summary) { c.overlaps[overlapped][1].AreaM2 += 1 }},
		{"a lost overlap", "overlap", func(c *collector, _ *redline.Summary) { c.overlaps[overlapped] = c.overlaps[overlapped][:1] }},
		{"a zone too many in the list", "but overlaps", change(overlapped, func(c *redline.Candidate) { c.ZonesAll = append(slices.Clone(c.ZonesAll), "c") })},
		{"a total", "changed", func(_ *collector, s *redline.Summary) { s.Zones[0].ChangedM2 += 1 }},
		{"a controlled area", "controlled", func(_ *collector, s *redline.Summary) { s.Zones[1].ControlledM2 += 1 }},
		{"a cell of the matrix", "cells [", func(_ *collector, s *redline.Summary) { s.Codes[0].Cells++ }},
		{"a count of reasons", "below_min_area", func(_ *collector, s *redline.Summary) { s.ByReason[redline.ReasonArea]++ }},
		{"a count of patches", "patches of", func(_ *collector, s *redline.Summary) { s.Changes[0].Patches++ }},
	}
	for _, w := range cases {
		t.Run(w.name, func(t *testing.T) {
			c, sum := right()
			if w.name == "the same patch id twice" {
				for k, x := range c.found {
					x.PatchID = "P"
					c.found[k] = x
				}
			}
			w.spoil(c, sum)
			if v := compare(s, a, c, sum); !strings.Contains(strings.Join(v.problems, "\n"), w.says) {
				t.Errorf("not seen, or not called %q: %q", w.says, v.problems)
			}
		})
	}
	t.Logf("tally: mutations %d", len(cases))
}

func TestOutlineCheckSeesWrongOutlines(t *testing.T) {
	m := newMaker(t)
	s := plain(m)
	a := solve(s)
	right := func() (*collector, redline.Key) {
		c, _, err := run(s, engine.Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range c.keys() {
			if x := c.found[k]; x.Reason == "" && x.ZoneID == "b" {
				return c, k
			}
		}
		t.Fatal("no candidate in zone b")
		return nil, redline.Key{}
	}
	c, _ := right()
	if v := outlines(s, a, c); len(v.problems) > 0 || v.comparisons == 0 {
		t.Fatalf("the right answer is refused: %v", v.problems)
	}
	cases := []struct {
		name, says string
		spoil      func(mp orb.MultiPolygon) orb.MultiPolygon
	}{
		{"a vertex moved by 1e-4 cells", "area", func(mp orb.MultiPolygon) orb.MultiPolygon {
			mp[0][0][1][0] = math.Round((mp[0][0][1][0]-1e-4)*degree) / degree
			return mp
		}},
		{"8 decimals", "decimals", func(mp orb.MultiPolygon) orb.MultiPolygon { mp[0][0][1][0] += 3e-8; return mp }},
		{"the other way round", "wrong way", func(mp orb.MultiPolygon) orb.MultiPolygon { slices.Reverse(mp[0][0]); return mp }},
		{"moved by a cell", "wrongly", func(mp orb.MultiPolygon) orb.MultiPolygon {
			for i := range mp[0][0] {
				mp[0][0][i][0]++
			}
			return mp
		}},
		{"twice", "run along", func(mp orb.MultiPolygon) orb.MultiPolygon { return append(mp, mp[0]) }},
	}
	for _, w := range cases {
		t.Run(w.name, func(t *testing.T) {
			c, k := right()
			x := c.found[k]
			x.Geometry = w.spoil(x.Geometry)
			c.found[k] = x
			if v := outlines(s, a, c); !strings.Contains(strings.Join(v.problems, "\n"), w.says) {
				t.Errorf("not seen, or not called %q: %q", w.says, v.problems)
			}
		})
	}
	t.Logf("tally: mutations %d", len(cases))
}

func TestInvalidOutlines(t *testing.T) {
	box := func(x0, y0, x1, y1 int64) []spot { return []spot{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}} }
	hole := func(x0, y0, x1, y1 int64) []spot { r := box(x0, y0, x1, y1); slices.Reverse(r); return r }
	diamond := func(x, y, d int64) []spot {
		return []spot{{x - d, y}, {x, y + d}, {x + d, y}, {x, y - d}, {x - d, y}}
	}
	for _, c := range []struct {
		name string
		mp   [][][]spot
		says string
	}{
		{"a box", [][][]spot{{box(0, 0, 9, 9)}}, ""},
		{"with two holes that touch", [][][]spot{{box(0, 0, 9, 9), hole(1, 1, 3, 3), hole(3, 3, 5, 5)}}, ""},
		{"with a hole that touches the shell", [][][]spot{{box(0, 0, 9, 9), diamond(3, 4, 3)}}, ""},
		{"an island in a hole", [][][]spot{{box(0, 0, 9, 9), hole(1, 1, 8, 8)}, {box(2, 2, 5, 5)}}, ""},
		{"an island that touches the hole", [][][]spot{{box(0, 0, 9, 9), hole(1, 1, 8, 8)}, {{{1, 1}, {5, 2}, {2, 5}, {1, 1}}}}, ""},
		{"parts that touch", [][][]spot{{box(0, 0, 2, 2)}, {box(2, 2, 3, 3)}}, ""},
		{"not closed", [][][]spot{{box(0, 0, 9, 9)[:4]}}, "not closed"},
		{"clockwise", [][][]spot{{hole(0, 0, 9, 9)}}, "wrong way"},
		{"a bow tie", [][][]spot{{{{0, 0}, {9, 0}, {2, 6}, {8, 6}, {0, 0}}}}, "cross"},
		{"a repeated point", [][][]spot{{{{0, 0}, {9, 0}, {9, 0}, {0, 9}, {0, 0}}}}, "repeated"},
		{"a spike", [][][]spot{{{{0, 0}, {9, 0}, {12, 0}, {9, 0}, {9, 9}, {0, 0}}}}, "touches itself"},
		{"a ring through a point twice", [][][]spot{{{{0, 0}, {4, 4}, {8, 0}, {8, 8}, {4, 4}, {0, 8}, {0, 0}}}}, "touches itself"},
		{"a vertex on an edge of its ring", [][][]spot{{{{0, 0}, {8, 0}, {8, 8}, {4, 0}, {0, 8}, {0, 0}}}}, "touches itself"},
		{"parts with a border in common", [][][]spot{{box(0, 0, 2, 2)}, {box(2, 1, 3, 3)}}, "along"},
		{"parts that cross", [][][]spot{{box(0, 0, 4, 4)}, {box(2, 2, 6, 6)}}, "cross"},
		{"a part in a part", [][][]spot{{box(0, 0, 9, 9)}, {box(2, 2, 5, 5)}}, "overlap"},
		{"a hole outside", [][][]spot{{box(0, 0, 2, 2), hole(4, 4, 5, 5)}}, "leaves"},
		{"a hole in a hole", [][][]spot{{box(0, 0, 9, 9), hole(1, 1, 8, 8), hole(2, 2, 3, 3)}}, "overlap"},
		{"holes that cut the part in two", [][][]spot{{box(0, 0, 8, 8), diamond(2, 4, 2), diamond(6, 4, 2)}}, "cut part"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := invalid(c.mp); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("%q, want %q", got, c.says)
			}
		})
	}
}
