package redline

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
)

// Evidence is what else is known of a kept candidate that bears on whether its change is real. It never decides what is
// a candidate, nor how serious one is. A number that is not known is NaN. What is said of the patch is said of the
// whole patch, for a zone's outline does not make a change less real.
type Evidence struct {
	// Width is the diameter in cells of the largest circle around a centre, a corner or the middle of a side of a cell
	// that lies in the patch, at most 64: that of a strip is how many cells it is wide.
	Width    float64
	Compact  float64 // 0 to 100: area of the patch ÷ that of the square with as long an outline, in %
	Confused float64 // 0 to 100: how often maps of the product confuse the two classes, in %; see seeds/confusion
	// NearM is how far the patch is from the nearest cell that had before the class that the candidate has after: 0 when
	// they touch, else in metres between centres of cells; +Inf when there is none within the distance that is looked at.
	NearM float64
	// LeadM is how far the candidate is from the nearest place that a lead of the ledger names, in metres, 0 inside; +Inf
	// when there is none within the distance that is looked at, NaN when no ledger was asked, or its leads name no place.
	LeadM float64
	// StaysPct is, of the candidate's ground that the newest map knows, the share that still is in the new group, in %.
	StaysPct float64
	Agreed   []Agreement // by Inputs.Confirm
}

// Agreement is what another pair of maps shows on the ground of a candidate, in square metres.
type Agreement struct {
	Same      float64 // a change of the candidate's transition group
	Other     float64 // another change of the ecosystem class
	Unchanged float64 // the same ecosystem class in both years
	NoData    float64 // not known in one of the years, or outside the maps
}

// AgreePct is how much of the ground, of which anything is known, must show the same change for a pair to agree, in %.
const AgreePct = 50

// Known returns the area of which anything is known.
func (a Agreement) Known() float64 { return a.Same + a.Other + a.Unchanged }

// Sees tells whether the pair knows at least half of the ground.
func (a Agreement) Sees() bool { return a.Known() > 0 && a.Known() >= a.NoData }

// Agrees tells whether the pair sees the ground, and a change of the same group on at least [AgreePct] of what it
// knows.
func (a Agreement) Agrees() bool { return a.Sees() && a.Same*100 >= a.Known()*AgreePct }

// Agreeing returns how many of the pairs agree, and how many see the ground.
func (e *Evidence) Agreeing() (agree, see int) {
	for _, a := range e.Agreed {
		if a.Agrees() {
			agree++
		}
		if a.Sees() {
			see++
		}
	}
	return agree, see
}

// AgreedPct returns of all ground of which the pairs know anything, counted once for each pair, the share on which they
// show the same change, in %; NaN when they know nothing.
func (e *Evidence) AgreedPct() float64 {
	same, known := 0.0, 0.0
	for _, a := range e.Agreed {
		same, known = same+a.Same, known+a.Known()
	}
	if known == 0 {
		return math.NaN()
	}
	return Percent(same, known)
}

// Priority is which candidates are worth a visit first. It hides none.
type Priority struct {
	Score int    // 0 to 100
	Why   string // the reasons that count most, in Chinese, joined by ；
}

// OtherMap is a land-cover map on a grid of its own: Source.Grid(). Window is the whole of it.
type OtherMap struct {
	Epoch
	Earth *raster.Earth // of that grid
	// NewMover returns what moves points from the lattice of the run's grid to that of this map, for the use of one
	// goroutine. It may be nil for a map in the CRS of the run.
	NewMover func() (Mover, error)
}

// Mover moves points between lattices.
type Mover interface {
	// Move moves points in place. A point that has no place there is an error.
	Move(points []orb.Point) error
	Close()
}

// Pair is another pair of maps that may show the same changes.
type Pair struct {
	Name          string // as the user calls it; no two pairs of a run have the same
	Before, After OtherMap
}
