package calibrate

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"greenshield/redline/priority"
)

// Draws is how often counties are drawn for an interval, z how many standard deviations hold 95 % of a normal
// distribution.
const (
	Draws = 1000
	z     = 1.959963984540054
	bins  = 10
)

// firsts are the numbers of candidates among which the precision is told.
var firsts = []int{10, 20, 50, 100, 200, 500, 1000}

// told is what was told of each row before its verdict was known, with how often the row counts.
type told struct {
	odds, simple, severity []float64
	real                   []bool
	times                  []float64
	byOdds, bySimple       []int // rows, the highest first
	bySeverity             []int
}

func toldOf(rows []Row, odds []float64, rule *priority.Model) *told {
	t := &told{odds: odds}
	for i := range rows {
		t.simple = append(t.simple, rule.Card(rows[i].Group).LogOdds(rows[i].Features))
		t.severity = append(t.severity, float64(rows[i].Severity))
		t.real = append(t.real, rows[i].Real)
		t.times = append(t.times, 1)
	}
	t.byOdds, t.bySimple, t.bySeverity = downwards(t.odds), downwards(t.simple), downwards(t.severity)
	return t
}

// downwards returns the indices of values, the highest value first.
func downwards(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// brier returns the mean of (chance − label)².
func (t *told) brier(chance func(i int) float64) float64 {
	sum, n := 0.0, 0.0
	for i := range t.real {
		miss := chance(i)
		if t.real[i] {
			miss = 1 - miss
		}
		sum, n = sum+t.times[i]*miss*miss, n+t.times[i]
	}
	return sum / n
}

// precision returns the share of real ones among the first n of an order by values; of rows with one value that are cut
// by n, the part that is expected. With fewer than n rows it is the share of all.
func (t *told) precision(values []float64, order []int, n int) float64 {
	left, found := float64(n), 0.0
	for i := 0; i < len(order) && left > 0; {
		all, real, j := 0.0, 0.0, i
		for ; j < len(order) && values[order[j]] == values[order[i]]; j++ {
			all += t.times[order[j]]
			if t.real[order[j]] {
				real += t.times[order[j]]
			}
		}
		i = j
		if all > 0 {
			take := math.Min(all, left)
			found, left = found+real*take/all, left-take
		}
	}
	return found / (float64(n) - left)
}

// recalibrated returns intercept a and slope b that make a + b · log-odds fit the labels best; with fixed the slope is
// 1. Labels that are parted wholly have no best slope: a penalty that otherwise changes nothing in the first six
// decimals keeps it finite.
func (t *told) recalibrated(fixed bool) (a, b float64) {
	const hold = 1e-6
	a, b = 0, 1
	for range maxSteps {
		ga, gb, haa, hab, hbb := -hold*a, -hold*(b-1), hold, 0.0, hold
		for i, x := range t.odds {
			if t.times[i] == 0 {
				continue
			}
			chance := priority.Chance(a + b*x)
			miss, w := -t.times[i]*chance, t.times[i]*chance*(1-chance)
			if t.real[i] {
				miss += t.times[i]
			}
			ga, gb = ga+miss, gb+miss*x
			haa, hab, hbb = haa+w, hab+w*x, hbb+w*x*x
		}
		da, db := ga/haa, 0.0
		if !fixed {
			det := haa*hbb - hab*hab
			da, db = (hbb*ga-hab*gb)/det, (haa*gb-hab*ga)/det
		}
		// Newton's steps are too long where chances are near 0 and 1.
		scale := math.Min(1, 2/math.Max(math.Abs(da), math.Abs(db)))
		a, b = a+scale*da, b+scale*db
		if math.Max(math.Abs(da), math.Abs(db)) < 1e-9 {
			break
		}
	}
	return a, b
}

// numbers returns what has an interval: the Brier score, slope, intercept, and the precisions among the first.
func (t *told) numbers(first []int) []float64 {
	_, slope := t.recalibrated(false)
	intercept, _ := t.recalibrated(true)
	all := []float64{t.brier(func(i int) float64 { return priority.Chance(t.odds[i]) }), slope, intercept}
	for _, n := range first {
		all = append(all, t.precision(t.odds, t.byOdds, n))
	}
	return all
}

// intervals returns numbers with intervals of 95 %: counties are drawn with replacement, as many as there are, and what
// lies between 2.5 % and 97.5 % of the draws is in it.
func (t *told) intervals(rows []Row, first []int) []priority.Measure {
	place := map[string]int{}
	of := make([]int, len(rows))
	for i := range rows { // rows are in order, so that places are the same each time
		if _, ok := place[rows[i].County]; !ok {
			place[rows[i].County] = len(place)
		}
		of[i] = place[rows[i].County]
	}
	measures := []priority.Measure{}
	for _, v := range t.numbers(first) {
		measures = append(measures, priority.Measure{Value: round6(v)})
	}
	drawn := make([][]float64, len(measures))
	random := rand.New(rand.NewPCG(18, 2026))
	sample := *t
	sample.times = make([]float64, len(rows))
	for range Draws {
		times := make([]float64, len(place))
		for range place {
			times[random.IntN(len(place))]++
		}
		for i := range sample.times {
			sample.times[i] = times[of[i]]
		}
		for k, v := range sample.numbers(first) {
			drawn[k] = append(drawn[k], v)
		}
	}
	for k := range measures {
		slices.Sort(drawn[k])
		measures[k].Low = round6(drawn[k][Draws*25/1000])
		measures[k].High = round6(drawn[k][Draws*975/1000-1])
	}
	return measures
}

// measures returns how good the held-out log-odds are.
func measures(rows []Row, odds, base []float64, rule *priority.Model) priority.Measures {
	t := toldOf(rows, odds, rule)
	var first []int
	for _, n := range firsts {
		if n < len(rows) {
			first = append(first, n)
		}
	}
	with := t.intervals(rows, first)
	m := priority.Measures{
		Brier: with[0], Slope: with[1], Intercept: with[2],
		BrierBase:   round6(t.brier(func(i int) float64 { return base[i] })),
		BrierSimple: round6(t.brier(func(i int) float64 { return priority.Chance(t.simple[i]) })),
		Reliability: t.reliability(),
	}
	for k, n := range first {
		m.First = append(m.First, priority.First{N: n, Model: with[3+k],
			Simple:   round6(t.precision(t.simple, t.bySimple, n)),
			Severity: round6(t.precision(t.severity, t.bySeverity, n))})
	}
	return m
}

// reliability returns the bins that hold a row.
func (t *told) reliability() (all []priority.RelyBin) {
	var n, real [bins]int
	var sum [bins]float64
	for i, x := range t.odds {
		chance := priority.Chance(x)
		k := min(int(chance*bins), bins-1)
		n[k]++
		sum[k] += chance
		if t.real[i] {
			real[k]++
		}
	}
	for k := range bins {
		if n[k] == 0 {
			continue
		}
		low, high := Wilson(real[k], n[k])
		all = append(all, priority.RelyBin{From: float64(k) / bins, To: float64(k+1) / bins, N: n[k],
			Chance: round6(sum[k] / float64(n[k])), Share: round6(float64(real[k]) / float64(n[k])),
			Low: round6(low), High: round6(high)})
	}
	return all
}

// Wilson returns the 95 % interval of a share of which k of n > 0 were seen (Wilson 1927).
func Wilson(k, n int) (low, high float64) {
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return math.Max(0, middle-half), math.Min(1, middle+half)
}
