package geostwin

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"greenshield/redline"
)

// Tolerances, in cells of 900 m². The twin is exact but for one rounding per piece of a
// cell (at most 4096 cells: 5·10⁻¹³ relative). The engine knows corners where edges
// meet to 64 cells · 2⁻⁵² ≈ 1.4·10⁻¹⁴ along each of its edges, and the local area scale
// to 10⁻¹⁰; it counts as mere touching what two zones have in common, or a patch with a
// territory, up to 10⁻⁷ cells.
const (
	relative = 1e-9
	rounding = 1e-6 / cellM2 // absolute, of one part
	touching = 1e-7
)

// A verdict is what a comparison found.
type verdict struct {
	problems    []string
	comparisons int // numbers and words compared
	parts       int
	skipped     bool
	close       int // parts so near a threshold that either side is right
}

func (v *verdict) bad(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

func (v *verdict) near(what string, got, want, tolerance float64) {
	v.comparisons++
	if !(math.Abs(got-want) <= tolerance) {
		v.bad("%s: %.15g, want %.15g, off by %.3g, tolerance %.3g", what, got, want, got-want, tolerance)
	}
}

func equal[T comparable](v *verdict, what string, got, want T) {
	v.comparisons++
	if got != want {
		v.bad("%s: %v, want %v", what, got, want)
	}
}

// compare holds what the engine found against the twin's answer.
func compare(s *scene, a *answer, c *collector, sum *redline.Summary) *verdict {
	v := &verdict{}
	zones := s.in.Zones
	cols := s.in.Grid.Cols
	seen := map[redline.Key]bool{}
	ids, patchIDs := map[string]bool{}, map[string]int{}
	for key, part := range a.parts {
		p := a.patches[key.patch]
		z := a.rank[key.rank]
		zone := &zones[z]
		first := p.cells[0]
		at := redline.Key{Row: int32(first / cols), Col: int32(first % cols), Zone: int32(key.rank)}
		seen[at] = true
		name := fmt.Sprintf("patch at row %d, column %d in zone %s/%s", at.Row, at.Col, zone.Layer, zone.ID)
		// What stricter zones take of this one here may stay, where it is mere touching.
		tolerance := relative*part.controlled + rounding
		for _, lost := range part.lost {
			if lost <= touching {
				tolerance += lost
			}
		}
		got, found := c.found[at]
		if !found {
			v.comparisons++
			if part.controlled > touching+tolerance {
				v.bad("%s of %.15g cells is missing", name, part.controlled)
			}
			continue
		}
		if part.controlled < touching-tolerance {
			v.bad("%s has only %.3g cells and is no candidate", name, part.controlled)
			continue
		}
		v.parts++
		v.near(name+": area", got.AreaM2/cellM2, part.controlled, tolerance)
		v.near(name+": patch area", got.PatchM2/cellM2, float64(len(p.cells)), relative*float64(len(p.cells)))
		equal(v, name+": cells", got.Cells, int64(len(p.cells)))
		equal(v, name+": change", got.Change, changeTypes[p.change].name)
		equal(v, name+": layer", got.Layer, zone.Layer)
		equal(v, name+": zone", got.ZoneID, zone.ID)
		equal(v, name+": zone type", got.ZoneType, zone.Type.String())
		equal(v, name+": years", [2]int{got.YearA, got.YearB}, [2]int{2015, 2020})
		severity := redline.Severity(changeTypes[p.change].severity[int(zone.Type)] - '0')
		equal(v, name+": severity", got.Severity, severity)
		equal(v, name+": id is new", ids[got.ID], false)
		ids[got.ID] = true
		if other, again := patchIDs[got.PatchID]; again {
			equal(v, name+": the patch with this id", other, key.patch)
		}
		patchIDs[got.PatchID] = key.patch

		reasons := s.reasons(severity, float64(len(p.cells)), part.controlled, tolerance)
		if len(reasons) > 1 {
			v.close++
		}
		if v.comparisons++; !slices.Contains(reasons, got.Reason) {
			// A part thinner than the last decimal cannot be written; it is then suppressed.
			thin := part.controlled <= s.blur()*p.outline
			if !(thin && reasons[0] == "" && got.Reason == redline.ReasonPart) {
				v.bad("%s: reason %q, want %q", name, got.Reason, reasons)
			}
		}
		equal(v, name+": has a geometry", len(got.Geometry) > 0, got.Reason == "")

		v.overlaps(s, name, z, part, &got, c.overlaps[at], tolerance)
		v.flags(name, p, part, &got, tolerance)
		v.mixture(name, part, &got, tolerance)
	}
	for _, key := range c.keys() {
		if !seen[key] {
			v.bad("%v is none", key)
		}
	}
	v.summary(s, a, c, sum)
	return v
}

// reasons lists why the part may be suppressed, "" for kept: one, or two where an area
// is within rounding of a threshold, but below it. An area equal to it reaches it.
func (s *scene) reasons(severity redline.Severity, patch, part, tolerance float64) (all []redline.Reason) {
	switch {
	case severity == 0:
		return []redline.Reason{redline.ReasonSeverity0}
	case severity < s.o.MinSeverity:
		return []redline.Reason{redline.ReasonSeverity}
	}
	limit := func(size redline.Size) float64 {
		if size.M2 > 0 {
			return size.M2 / cellM2
		}
		return size.Cells
	}
	if patch < limit(s.o.MinArea) {
		return []redline.Reason{redline.ReasonArea}
	}
	min := limit(s.o.MinPart)
	if part >= min-1e-12*min || part > min-tolerance-2e-9*min {
		all = append(all, "")
	}
	if part < min-1e-12*min || (part < min+tolerance && tolerance > relative*part+rounding) {
		all = append(all, redline.ReasonPart)
	}
	return all
}

// blur is how far a vertex moves along each axis when it is published, in cells: half of
// the last decimal, and what longitudes and latitudes may be off.
func (s *scene) blur() float64 { return 0.51 / float64(s.step) }

func (v *verdict) overlaps(s *scene, name string, z int, part *partTwin, got *redline.Candidate, overlaps []redline.Overlap, tolerance float64) {
	rank := map[int]int{}
	for r, z := range s.ranks() {
		rank[z] = r
	}
	listed := map[int]float64{}
	var ids []string
	for i, o := range overlaps {
		if _, twice := listed[o.Zone]; twice {
			v.bad("%s: overlap with zone %s listed twice", name, s.in.Zones[o.Zone].ID)
		}
		listed[o.Zone] = o.AreaM2 / cellM2
		ids = append(ids, s.in.Zones[o.Zone].ID)
		if i > 0 && rank[o.Zone] <= rank[overlaps[i-1].Zone] {
			v.bad("%s: overlaps are not in order of precedence", name)
		}
	}
	if v.comparisons++; !slices.Equal(ids, got.ZonesAll) {
		v.bad("%s: zones %v, but overlaps with %v", name, got.ZonesAll, ids)
	}
	if len(overlaps) == 0 || overlaps[0].Zone != z {
		v.bad("%s: the controlling zone does not come first", name)
	}
	for other, want := range part.inZone {
		slack := tolerance
		if other != z {
			slack += touching
		}
		if _, ok := listed[other]; ok || want > slack {
			v.near(fmt.Sprintf("%s: overlap with zone %s", name, s.in.Zones[other].ID), listed[other], want, slack)
		}
	}
}

func (v *verdict) flags(name string, p *patchTwin, part *partTwin, got *redline.Candidate, tolerance float64) {
	has := func(flag string) bool { return slices.Contains(got.Flags, flag) }
	equal(v, name+": "+redline.FlagNoData, has(redline.FlagNoData), p.nodata)
	equal(v, name+": "+redline.FlagRasterEdge, has(redline.FlagRasterEdge), p.edge)
	if part.whole > 0 || part.nearlyWhole == 0 {
		equal(v, name+": "+redline.FlagSliver, has(redline.FlagSliver), part.whole == 0)
	}
	v.near(name+": exempt area", got.ExemptM2/cellM2, part.exempt, 2*tolerance+touching)
	if left := part.controlled - part.exempt; left == 0 || left > 2*tolerance+touching {
		equal(v, name+": "+redline.FlagExempt, has(redline.FlagExempt), left == 0)
	}
}

func (v *verdict) mixture(name string, part *partTwin, got *redline.Candidate, tolerance float64) {
	code := func(text string) uint8 {
		n, err := strconv.Atoi(text)
		if err != nil {
			v.bad("%s: code %q", name, text)
		}
		return uint8(n - 1)
	}
	largest := 0.0
	for _, area := range part.mixture {
		largest = max(largest, area)
	}
	v.comparisons++
	if area := part.mixture[[2]uint8{code(got.FromCode), code(got.ToCode)}]; area < largest-2*tolerance {
		v.bad("%s: largest transition %s→%s of %g cells, but there is one of %g", name, got.FromCode, got.ToCode, area, largest)
	}
}

func (v *verdict) summary(s *scene, a *answer, c *collector, sum *redline.Summary) {
	equal(v, "cells", sum.Cells, int64(len(s.before)))
	equal(v, "valid cells", sum.ValidCells, a.valid)
	equal(v, "NoData cells", sum.NoDataCells, a.nodata)
	equal(v, "changed cells", sum.ChangedCells, a.changed)
	equal(v, "unruled cells", sum.UnruledCells, a.unruled)
	equal(v, "pairs of codes", len(sum.Codes), len(a.pairs))
	for _, t := range sum.Codes {
		pair := [2]uint8{uint8(t.From.Code - 1), uint8(t.To.Code - 1)}
		equal(v, fmt.Sprintf("cells %v", pair), t.Cells, a.pairs[pair])
		v.near(fmt.Sprintf("area %v", pair), t.AreaM2, cellM2*float64(a.pairs[pair]), relative*t.AreaM2)
	}
	for i, t := range sum.Changes {
		equal(v, "change type", t.Change, changeTypes[i].name)
		equal(v, "cells of "+t.Change, t.Cells, a.typeCells[t.Change])
		n := int64(0)
		for _, p := range a.patches {
			if changeTypes[p.change].name == t.Change {
				n++
			}
		}
		equal(v, "patches of "+t.Change, t.Patches, n)
	}
	var kept, suppressed int64
	var bySeverity [5]int64
	byReason := map[redline.Reason]int64{}
	for _, cand := range c.found {
		if cand.Reason == "" {
			kept++
			bySeverity[cand.Severity]++
		} else {
			suppressed++
			byReason[cand.Reason]++
		}
	}
	equal(v, "candidates", sum.Candidates, kept)
	equal(v, "suppressed", sum.Suppressed, suppressed)
	equal(v, "by severity", sum.BySeverity, bySeverity)
	for _, r := range []redline.Reason{redline.ReasonSeverity0, redline.ReasonSeverity, redline.ReasonArea, redline.ReasonPart} {
		equal(v, r.String(), sum.ByReason[r], byReason[r])
	}
	equal(v, "zones", len(sum.Zones), len(s.in.Zones))
	inside := make([][2]int64, len(s.in.Zones)) // candidates and suppressed changes that touch the zone
	for key, overlaps := range c.overlaps {
		at := 0
		if c.found[key].Reason != "" {
			at = 1
		}
		for _, o := range overlaps {
			inside[o.Zone][at]++
		}
	}
	for i, z := range sum.Zones {
		// Every pair of zones may keep what is mere touching.
		slack := touching * float64(len(s.in.Zones))
		total := z.TotalM2 / cellM2
		near := func(what string, m2, want float64) {
			v.near("zone "+z.Zone.ID+": "+what, m2/cellM2, want, relative*max(want, cmp.Or(want, 1))+slack)
		}
		near("controlled", z.ControlledM2, a.zones[i].controlled)
		near("changed", z.ChangedM2, a.zones[i].changed)
		near("unruled", z.UnruledM2, a.zones[i].unruled)
		near("NoData", z.NoDataM2, a.zones[i].nodata)
		near("changed inside", z.Inside.CandidateM2+z.Inside.SuppressedM2, a.zones[i].insideChanged)
		near("unruled inside", z.Inside.UnruledM2, a.zones[i].insideUnruled)
		equal(v, "zone "+z.Zone.ID+": candidates inside", z.Inside.Candidates, inside[i][0])
		equal(v, "zone "+z.Zone.ID+": suppressed inside", z.Inside.Suppressed, inside[i][1])
		v.near("zone "+z.Zone.ID+": outside the grid", z.OutsideM2/cellM2, total-a.zones[i].inGrid, 2e-9*total+slack)
	}
}
