package sampling

import "math"

// Points are places drawn at random in ground where nothing was detected, each as likely as another by area.
type Points struct {
	AreaM2  float64 // of the ground
	Drawn   int     // ≥ 0
	Real    int     // of them: real
	NotReal int     // of them; the rest has no answer
}

// Between is an estimate with its interval of 95 %.
type Between struct{ Estimate, Low, High float64 }

// Whole is what units that were detected, and points where nothing was, say together of what is real.
type Whole struct {
	Missed Area // real, not detected
	// Total is all that is real, Found the share of it that was detected. Both are nil without an estimate of what was
	// detected, Found also while nothing real was seen at all.
	Total *Area
	Found *Between
}

// Estimates says what points say of what was missed, and with the strata of detected units of all. It is nil while less
// than two points are answered.
func (p Points) Estimates(detected []Stratum) *Whole {
	n := float64(p.Real + p.NotReal)
	if n < 2 {
		return nil
	}
	share := float64(p.Real) / n
	w := &Whole{Missed: Area{M2: p.AreaM2 * share, Error: p.AreaM2 * math.Sqrt(share*(1-share)/(n-1))}}
	drawn := float64(p.Drawn)
	low, _ := limits(float64(p.Real)/drawn, drawn)
	_, high := limits(float64(p.Drawn-p.NotReal)/drawn, drawn)
	w.Missed.LowM2, w.Missed.HighM2 = p.AreaM2*low, p.AreaM2*high
	if found := detectedArea(detected); found != nil {
		total := sumOf(*found, w.Missed)
		w.Total, w.Found = &total, shareFound(*found, w.Missed)
	}
	return w
}

// detectedArea returns the area of what was detected and is real, by those answered; its limits have room for whatever
// the others are. No strata are no area; nil when a stratum says nothing of how its units differ.
func detectedArea(strata []Stratum) *Area {
	answered := func(as Answer) []Stratum {
		var all []Stratum
		for _, s := range strata {
			given := make([]Drawn, len(s.Drawn))
			copy(given, s.Drawn)
			for i := range given {
				if given[i].Answer == Open {
					given[i].Answer = as
				}
			}
			all = append(all, Stratum{s.Units, s.AreaM2, given})
		}
		return all
	}
	for _, s := range strata {
		if tallyOf(s).drawn == 0 {
			return nil
		}
	}
	a, none, all := areaOf(strata), areaOf(answered(NotReal)), areaOf(answered(Real))
	if a == nil || none == nil || all == nil {
		return nil
	}
	a.LowM2, a.HighM2 = min(a.LowM2, none.LowM2), max(a.HighM2, all.HighM2)
	return a
}

// sumOf returns the sum of two areas that were estimated independently, with the limits of Zou and Donner (2008), which
// keep that neither of them is symmetric.
func sumOf(a, b Area) Area {
	sum := a.M2 + b.M2
	return Area{M2: sum, Error: math.Hypot(a.Error, b.Error), LowM2: max(0, sum-math.Hypot(a.M2-a.LowM2, b.M2-b.LowM2)),
		HighM2: sum + math.Hypot(a.HighM2-a.M2, b.HighM2-b.M2)}
}

// shareFound returns the share that was found of what was found and missed. A share c lies in the interval when 0 lies
// in that of (1−c)·found − c·missed by [sumOf].
func shareFound(found, missed Area) *Between {
	if found.M2+missed.M2 == 0 {
		return nil
	}
	edge := func(inside func(c float64) bool) float64 { // inside holds from 0 up to the edge
		low, high := 0.0, 1.0
		for range 60 {
			if c := (low + high) / 2; inside(c) {
				low = c
			} else {
				high = c
			}
		}
		return low
	}
	at := func(c float64) float64 { return (1-c)*found.M2 - c*missed.M2 }
	return &Between{Estimate: found.M2 / (found.M2 + missed.M2),
		Low: edge(func(c float64) bool {
			return at(c) >= math.Hypot((1-c)*(found.M2-found.LowM2), c*(missed.HighM2-missed.M2))
		}),
		High: edge(func(c float64) bool {
			return at(c)+math.Hypot((1-c)*(found.HighM2-found.M2), c*(missed.M2-missed.LowM2)) >= 0
		})}
}
