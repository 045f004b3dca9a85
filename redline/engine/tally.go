package engine

import (
	"greenshield/raster"
	"greenshield/redline"
)

// Tally counts what was cut, in integers and fixed point, so that tallies add up to the same however the work is shared
// out.
type Tally struct {
	Patches, PatchCells []int64     // by change type; at first of the patches that meet a zone only, see plan.finish
	Zones               []ZoneTally // by position in Inputs.Zones
	BySeverity          [redline.NumSeverities]int64
	ByReason            map[redline.Reason]int64
}

// ZoneTally counts what was cut where one zone controls.
type ZoneTally struct {
	Candidates, Suppressed    int64
	CandidateM2, SuppressedM2 raster.Area
	TouchingM2                raster.Area // area of parts that are mere rounding of a border, and no candidates
}

func (p *plan) newTally() Tally {
	return Tally{
		Patches:    make([]int64, p.types),
		PatchCells: make([]int64, p.types),
		Zones:      make([]ZoneTally, len(p.in.Zones)),
		ByReason:   map[redline.Reason]int64{},
	}
}

// add adds what another tally has counted.
func (t *Tally) add(other *Tally) {
	for i := range t.Patches {
		t.Patches[i] += other.Patches[i]
		t.PatchCells[i] += other.PatchCells[i]
	}
	for i := range t.Zones {
		sum, zone := &t.Zones[i], &other.Zones[i]
		sum.Candidates += zone.Candidates
		sum.Suppressed += zone.Suppressed
		sum.CandidateM2.Add(zone.CandidateM2)
		sum.SuppressedM2.Add(zone.SuppressedM2)
		sum.TouchingM2.Add(zone.TouchingM2)
	}
	for i := range t.BySeverity {
		t.BySeverity[i] += other.BySeverity[i]
	}
	for r, n := range other.ByReason {
		t.ByReason[r] += n
	}
}

// count counts a candidate, kept or suppressed, in the zone at that position of Inputs.Zones.
func (t *Tally) count(zone int, c *redline.Candidate) {
	z := &t.Zones[zone]
	if c.Reason == "" {
		t.BySeverity[c.Severity]++
		z.Candidates++
		z.CandidateM2.AddM2(c.AreaM2)
	} else {
		t.ByReason[c.Reason]++
		z.Suppressed++
		z.SuppressedM2.AddM2(c.AreaM2)
	}
}
