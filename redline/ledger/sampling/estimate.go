package sampling

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Answer is what was found of a drawn unit.
type Answer int

// The answers.
const (
	Open Answer = iota // nobody has answered
	Real
	NotReal
)

// Drawn is a unit that was drawn.
type Drawn struct {
	AreaM2 float64 // ≥ 0
	Answer Answer
}

// Stratum is a stratum with what was drawn of it: at least one unit, at most Units.
type Stratum struct {
	Units  int     // of the stratum
	AreaM2 float64 // of all of them
	Drawn  []Drawn
}

// Share is an estimated share of real units, and their number, each with its interval of 95 %.
type Share struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Count    float64 `json:"count"` // estimated
	AtLeast  int     `json:"at_least"`
	AtMost   int     `json:"at_most"`
}

// Area is an estimated area of real units in m².
type Area struct {
	M2     float64 `json:"m2"`
	Error  float64 `json:"standard_error"` // m²
	LowM2  float64 `json:"low_m2"`         // of the interval of 95 %, at least what was found
	HighM2 float64 `json:"high_m2"`        // at most what was not refuted
}

// Result is what a sample says.
type Result struct {
	Units, Drawn, Answered, Real int
	// Interval is of all units, whatever those without an answer are.
	AtLeast, AtMost int
	Low, High       float64
	// Share and Area are of those answered alone; nil while a stratum has no answer, Area also while one with more
	// than one unit has a single one.
	Share *Share
	Area  *Area
}

// Estimate says what a sample says. No strata give the zero Result.
func Estimate(strata []Stratum) Result {
	var r Result
	var tallies []tally
	complete := len(strata) > 0
	for _, s := range strata {
		t := tallyOf(s)
		r.Units, r.Drawn, r.Answered, r.Real = r.Units+t.units, r.Drawn+len(s.Drawn), r.Answered+t.drawn, r.Real+t.real
		complete = complete && t.drawn > 0
		tallies = append(tallies, t)
	}
	if r.Units == 0 {
		return r
	}
	none, all := shareOf(assumed(strata, NotReal)), shareOf(assumed(strata, Real))
	r.AtLeast, r.Low, r.AtMost, r.High = none.AtLeast, none.Low, all.AtMost, all.High
	if complete {
		share := shareOf(tallies)
		r.Share, r.Area = &share, areaOf(strata)
	}
	return r
}

// tally counts the answers of a stratum.
type tally struct{ units, drawn, real int }

func tallyOf(s Stratum) tally {
	t := tally{units: s.Units}
	for _, d := range s.Drawn {
		if d.Answer != Open {
			t.drawn++
		}
		if d.Answer == Real {
			t.real++
		}
	}
	return t
}

// assumed counts the answers as if those who are not answered were answered so.
func assumed(strata []Stratum, answer Answer) (all []tally) {
	for _, s := range strata {
		t := tallyOf(s)
		if answer == Real {
			t.real += len(s.Drawn) - t.drawn
		}
		t.drawn = len(s.Drawn)
		all = append(all, t)
	}
	return all
}

// alpha is how often an interval may miss.
const alpha = 0.05

// shareOf returns the share of real units, of strata that all have drawn ones.
func shareOf(strata []tally) Share {
	units, drawn, real, refuted := 0, 0, 0, 0
	for _, t := range strata {
		units, drawn, real, refuted = units+t.units, drawn+t.drawn, real+t.real, refuted+t.drawn-t.real
	}
	n, estimate := float64(units), 0.0
	for _, t := range strata {
		estimate += float64(t.units) / n * float64(t.real) / float64(t.drawn)
	}
	low, high := limits(estimate, effective(strata))
	s := Share{Estimate: estimate, Count: n * estimate}
	s.AtLeast = max(real, int(math.Floor(low*n+1e-6)))
	s.AtMost = min(units-refuted, int(math.Ceil(high*n-1e-6)))
	s.Low, s.High = float64(s.AtLeast)/n, float64(s.AtMost)/n
	return s
}

// effective returns the size of a simple random sample with replacement that would say as much: +Inf when nothing is
// left to chance.
func effective(strata []tally) float64 {
	units, pooled := 0, pooledOf(strata)
	for _, t := range strata {
		units += t.units
	}
	mean, variance := 0.0, 0.0
	for _, t := range strata {
		w := float64(t.units) / float64(units)
		p := t.pulled(pooled)
		mean += w * p
		variance += w * w * (1 - float64(t.drawn)/float64(t.units)) * p * (1 - p) / float64(t.drawn)
	}
	return mean * (1 - mean) / variance
}

// pull is with how many units the rate of all strata is mixed into that of each, for the variance.
const pull = 2

// pooledOf returns the rate of all strata together, never 0 or 1.
func pooledOf(strata []tally) float64 {
	drawn, real := 0, 0
	for _, t := range strata {
		drawn, real = drawn+t.drawn, real+t.real
	}
	return (float64(real) + 0.5) / (float64(drawn) + 1)
}

// pulled returns the rate of the stratum, mixed with that of all.
func (t tally) pulled(pooled float64) float64 {
	return (float64(t.real) + pull*pooled) / (float64(t.drawn) + pull)
}

// limits returns the interval of Clopper and Pearson for a share among n units.
func limits(share, n float64) (low, high float64) {
	if math.IsInf(n, 1) {
		return share, share
	}
	x := share * n
	high = 1
	if x > 1e-9 {
		low = mathext.InvRegIncBeta(x, n-x+1, alpha/2)
	}
	if n-x > 1e-9 {
		high = mathext.InvRegIncBeta(x+1, n-x, 1-alpha/2)
	}
	return low, high
}
