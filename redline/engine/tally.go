package engine

import (
	"greenshield/raster"
	"greenshield/redline"
)

// Tally counts what was cut: integers and fixed point, so that tallies add up to the same whatever the share of work.
type Tally struct {
	Patches, PatchCells []int64     // by change type, of the patches that meet a zone
	Zones               []ZoneTally // by position in Inputs.Zones
	BySeverity          [redline.NumSeverities]int64
	ByReason            map[redline.Reason]int64
}

// ZoneTally counts what was cut where one zone controls.
type ZoneTally struct {
	Candidates, Suppressed    int64
	CandidateM2, SuppressedM2 raster.Area
	TouchingM2                raster.Area // parts that are mere rounding of a border, and no candidates
}

func (p *plan) newTally() Tally {
	return Tally{Patches: make([]int64, p.types), PatchCells: make([]int64, p.types),
		Zones: make([]ZoneTally, len(p.in.Zones)), ByReason: map[redline.Reason]int64{}}
}

func (t *Tally) add(other *Tally) {
	for i := range t.Patches {
		t.Patches[i] += other.Patches[i]
		t.PatchCells[i] += other.PatchCells[i]
	}
	for i := range t.Zones {
		x, y := &t.Zones[i], &other.Zones[i]
		x.Candidates += y.Candidates
		x.Suppressed += y.Suppressed
		x.CandidateM2.Add(y.CandidateM2)
		x.SuppressedM2.Add(y.SuppressedM2)
		x.TouchingM2.Add(y.TouchingM2)
	}
	for i := range t.BySeverity {
		t.BySeverity[i] += other.BySeverity[i]
	}
	for r, n := range other.ByReason {
		t.ByReason[r] += n
	}
}

// count counts a part of a patch in the zone at that position.
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
