package engine

import (
	"greenshield/raster"
	"greenshield/redline"
)

// Tally counts what was cut, in integers and fixed point, so that tallies add up to the same however the work is shared
// out.
type Tally struct {
	Patches, PatchCells []int64           // by change type; at first of the patches that meet a zone only, see plan.finish
	Zones               sparse[ZoneTally] // by position in Inputs.Zones
	BySeverity          [redline.NumSeverities]int64
	ByReason            map[redline.Reason]int64
	// Kept counts the patches of which a part is a kept candidate, KeptCells their cells.
	Kept, KeptCells int64
	// UnknownBetween has a bit for each map between the epochs that shows ground with a code that its legend lacks: with
	// a survey any ground, else such that is dated for a candidate; of a cell the first map is told then.
	UnknownBetween uint64
}

// ZoneTally counts what was cut where one zone controls, and what was cut inside it, whoever controls the ground.
type ZoneTally struct {
	Counts
	TouchingM2 raster.Area // area of parts that are mere rounding of a border, and no candidates
	Inside     Counts
}

// Counts are candidates and suppressed changes with their areas.
type Counts struct {
	Candidates, Suppressed    int64
	CandidateM2, SuppressedM2 raster.Area
}

func (c *Counts) add(other *Counts) {
	c.Candidates += other.Candidates
	c.Suppressed += other.Suppressed
	c.CandidateM2.Add(other.CandidateM2)
	c.SuppressedM2.Add(other.SuppressedM2)
}

// count counts so much of a candidate, kept or suppressed.
func (c *Counts) count(kept bool, m2 float64) {
	if kept {
		c.Candidates++
		c.CandidateM2.AddM2(m2)
	} else {
		c.Suppressed++
		c.SuppressedM2.AddM2(m2)
	}
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
	t.Kept += other.Kept
	t.KeptCells += other.KeptCells
	t.UnknownBetween |= other.UnknownBetween
	for i := range t.Zones {
		sum, zone := &t.Zones[i], &other.Zones[i]
		sum.Counts.add(&zone.Counts)
		sum.TouchingM2.Add(zone.TouchingM2)
		sum.Inside.add(&zone.Inside)
	}
	for i := range t.BySeverity {
		t.BySeverity[i] += other.BySeverity[i]
	}
	for r, n := range other.ByReason {
		t.ByReason[r] += n
	}
}

// count counts a candidate, kept or suppressed: in the zone that controls it, and in each that it touches. The
// controlling zone comes first in overlaps.
func (t *Tally) count(c *redline.Candidate, overlaps []redline.Overlap) {
	kept := c.Reason == ""
	if kept {
		t.BySeverity[c.Severity]++
	} else {
		t.ByReason[c.Reason]++
	}
	if c.Patch != nil {
		t.Kept++
		t.KeptCells += c.Cells
	}
	t.Zones[overlaps[0].Zone].Counts.count(kept, c.AreaM2)
	for _, o := range overlaps {
		t.Zones[o.Zone].Inside.count(kept, o.AreaM2)
	}
}
