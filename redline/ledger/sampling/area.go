package sampling

import "math"

// areaOf returns the area of real units by those answered, nil when a stratum says nothing of how they differ.
func areaOf(strata []Stratum) *Area {
	a := &Area{}
	total, found, refuted, variance := 0.0, 0.0, 0.0, 0.0
	real, answered := 0, 0
	for _, s := range strata {
		of := spreadOf(s, Real)
		if of.answered < 2 && of.answered < of.units {
			return nil
		}
		total, found, refuted = total+s.AreaM2, found+of.sum, refuted+of.all-of.sum
		real, answered = real+of.n, answered+int(of.answered)
		a.M2 += of.units * of.sum / of.answered
		variance += of.scale() * of.variance()
	}
	a.Error = math.Sqrt(variance)
	if 2*real <= answered {
		a.LowM2, a.HighM2 = areaLimits(strata, Real, total)
	} else { // fewer have to be counted, and what is left is the area of real ones
		low, high := areaLimits(strata, NotReal, total)
		a.LowM2, a.HighM2 = total-high, total-low
	}
	a.HighM2 = min(total-refuted, max(a.HighM2, a.M2))
	a.LowM2 = max(found, min(a.LowM2, a.M2, a.HighM2))
	return a
}

// areaLimits returns the interval of the area of the units with an answer, out of the total: that of a share with the
// effective sample size, as [effective] has it for numbers of units.
func areaLimits(strata []Stratum, answer Answer, total float64) (low, high float64) {
	var all []spread
	var tallies []tally
	estimate := 0.0
	for _, s := range strata {
		of := spreadOf(s, answer)
		all, tallies = append(all, of), append(tallies, tally{s.Units, int(of.answered), of.n})
		estimate += of.units * of.sum / of.answered
	}
	pooled, mean, variance := pooledOf(tallies), 0.0, 0.0
	for h, of := range all {
		p := tallies[h].pulled(pooled)
		each := p * of.all / of.answered
		mean += of.units * each
		variance += of.scale() * max(of.variance(), p*of.all2/of.answered-each*each)
	}
	if !(variance > 0) {
		return estimate, estimate // all is known, or has no area
	}
	const below1 = 1 - 1e-9
	share := min(mean/total, below1)
	low, high = limits(min(1, estimate/total), share*(1-share)*total*total/variance)
	return low * total, high * total
}

// spread is how the areas of the answered units of a stratum spread: of all, and of those with one answer, 0 for
// others.
type spread struct {
	units, answered float64
	n               int     // with the answer
	all, all2       float64 // sums of the areas and of their squares
	sum, sum2       float64 // likewise with the answer
}

func spreadOf(s Stratum, answer Answer) spread {
	of := spread{units: float64(s.Units)}
	for _, d := range s.Drawn {
		if d.Answer == Open {
			continue
		}
		of.answered++
		of.all, of.all2 = of.all+d.AreaM2, of.all2+d.AreaM2*d.AreaM2
		if d.Answer == answer {
			of.n, of.sum, of.sum2 = of.n+1, of.sum+d.AreaM2, of.sum2+d.AreaM2*d.AreaM2
		}
	}
	return of
}

// scale returns by what the variance of units is to be multiplied for that of the estimated area, with the finite
// population correction.
func (s spread) scale() float64 {
	return s.units * s.units * (1 - s.answered/s.units) / s.answered
}

// variance returns the variance of areas with the answer that was seen among units.
func (s spread) variance() float64 {
	if s.answered < 2 {
		return 0
	}
	return max(0, s.sum2-s.sum*s.sum/s.answered) / (s.answered - 1)
}
