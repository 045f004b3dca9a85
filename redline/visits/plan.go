package visits

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// Settings are how a plan is made.
type Settings struct {
	Days    int
	PerDay  int         // cases of a day at most, up to [MaxPerDay]
	Hours   float64     // of a day; 0 for no limit
	StayMin float64     // minutes at a case; counts only with Hours
	SpeedKM float64     // km of straight line in an hour; counts only with Hours
	From    *orb.Point  // where each day begins and ends, in degrees; nil for none
	Begin   ledger.Date // of the first day; "" for days without dates
}

// MaxPerDay is how many cases a day may have.
const MaxPerDay = 60

// misfits is how many cases one after the other that do not fit into the hours of a day end it.
const misfits = 10

// Day is the cases of one day in their order.
type Day struct {
	Date  ledger.Date // "" for none
	Stops []*Stop
	Start float64   // metres from the starting place to the first case; 0 without one
	Legs  []float64 // by case: metres to the next one, after the last one back to the starting place; 0 without one
}

// Metres returns the length of the way of the day.
func (d *Day) Metres() float64 {
	sum := d.Start
	for _, m := range d.Legs {
		sum += m
	}
	return sum
}

// Worth returns the worth of the cases of the day.
func (d *Day) Worth() (sum float64) {
	for _, s := range d.Stops {
		sum += s.Worth
	}
	return sum
}

// Make divides cases, which are by id, among days. far are those that do not fit into a day even alone, later the rest.
func Make(stops []*Stop, o *Settings) (days []Day, far, later []*Stop) {
	for _, s := range stops {
		if o.fits(newWay(o, []*Stop{s})) {
			later = append(later, s)
		} else {
			far = append(far, s)
		}
	}
	for len(days) < o.Days && len(later) > 0 {
		chosen := o.choose(later)
		days = append(days, o.day(chosen))
		later = slices.DeleteFunc(later, func(s *Stop) bool { return slices.Contains(chosen, s) })
	}
	return days, far, later
}

// choose returns the cases of one day, of some that each fit into one, in an order of which the way fits into it.
func (o *Settings) choose(rest []*Stop) []*Stop {
	km := make([]float64, len(rest)) // from the nearest case of the day
	taken := make([]bool, len(rest))
	var day []*Stop
	for missed := 0; len(day) < o.PerDay && missed < misfits; {
		best, most := -1, 0.0
		for i, s := range rest {
			if gain := s.Worth / (1 + km[i]); !taken[i] && (best < 0 || gain > most) {
				best, most = i, gain
			}
		}
		if best < 0 {
			break
		}
		taken[best] = true
		longer := o.inserted(day, rest[best])
		if longer == nil {
			missed++
			continue
		}
		missed = 0
		for i, s := range rest {
			if d := ledgerwork.Geodesic(s.At, rest[best].At) / 1000; len(day) == 0 || d < km[i] {
				km[i] = d
			}
		}
		day = longer
	}
	return day
}

// inserted returns the cases of a day with one more where the way grows least by it, nil when no day is as long.
func (o *Settings) inserted(day []*Stop, s *Stop) (best []*Stop) {
	all := append(slices.Clone(day), s)
	w := newWay(o, all)
	given, least := w.order[:len(day)], math.Inf(1)
	for i := range len(all) {
		w.order = slices.Insert(slices.Clone(given), i, len(day))
		if m := w.metres(); m < least && o.fits(w) {
			best, least = slices.Insert(slices.Clone(day), i, s), m
		}
	}
	return best
}

// fits tells whether a way with its stays fits into the hours of a day.
func (o *Settings) fits(w *way) bool {
	return o.Hours == 0 || float64(len(w.order))*o.StayMin/60+w.metres()/1000/o.SpeedKM <= o.Hours
}

// day returns the day of some cases.
func (o *Settings) day(stops []*Stop) Day {
	w := newWay(o, stops)
	w.shorten()
	var d Day
	for _, i := range w.order {
		d.Stops = append(d.Stops, stops[i])
	}
	d.Legs = make([]float64, len(stops))
	for i := range d.Legs {
		d.Legs[i] = w.leg(i)
	}
	d.Start = w.leg(-1)
	return d
}

// way is an order of cases.
type way struct {
	m     [][]float64 // metres between them; the last one is the starting place, if there is one
	order []int
	start bool
}

// newWay returns the way through cases as they are given.
func newWay(o *Settings, stops []*Stop) *way {
	w := &way{start: o.From != nil}
	var at []orb.Point
	for i, s := range stops {
		at, w.order = append(at, s.At), append(w.order, i)
	}
	if w.start {
		at = append(at, *o.From)
	}
	w.m = make([][]float64, len(at))
	for i := range at {
		w.m[i] = make([]float64, len(at))
		for k := range i {
			w.m[i][k] = ledgerwork.Geodesic(at[i], at[k])
			w.m[k][i] = w.m[i][k]
		}
	}
	return w
}

// leg returns how far it is from the case at a place of the order to the next: from the starting place at −1, and back
// to it from the last one; 0 when there is none.
func (w *way) leg(i int) float64 {
	from, to := len(w.m)-1, len(w.m)-1 // the starting place
	if i >= 0 {
		from = w.order[i]
	}
	if i+1 < len(w.order) {
		to = w.order[i+1]
	}
	if (i < 0 || i+1 == len(w.order)) && !w.start {
		return 0
	}
	return w.m[from][to]
}

// metres returns the length of the way.
func (w *way) metres() (sum float64) {
	for i := -1; i < len(w.order); i++ {
		sum += w.leg(i)
	}
	return sum
}

// shorten makes the way a short one: the shortest of those that begin as it is or by nearest neighbours, and that 2-opt
// cannot make shorter. Of a way and the same backwards it is the one that begins at the earlier case.
func (w *way) shorten() {
	n := len(w.order)
	begins := [][]int{w.order}
	if w.start {
		begins = append(begins, w.neighbours(n)[1:])
	} else {
		for first := range n {
			begins = append(begins, w.neighbours(first))
		}
	}
	best, least := w.order, math.Inf(1)
	for _, order := range begins {
		w.order = slices.Clone(order)
		w.twoOpt()
		if length := w.metres(); length < least-same {
			best, least = w.order, length
		}
	}
	if best[0] > best[n-1] {
		slices.Reverse(best)
	}
	w.order = best
}

// same is the difference in metres of ways that count as equally long.
const same = 1e-6

// neighbours returns the order that begins at a place and goes to the nearest case each time.
func (w *way) neighbours(first int) []int {
	order, been := []int{first}, map[int]bool{first: true}
	for at := first; ; {
		next := -1
		for i := range w.order {
			if !been[i] && (next < 0 || w.m[at][i] < w.m[at][next]) {
				next = i
			}
		}
		if next < 0 {
			return order
		}
		order, been[next], at = append(order, next), true, next
	}
}

// twoOpt turns parts of the way round as long as that makes it shorter.
func (w *way) twoOpt() {
	for length, better := w.metres(), true; better; {
		better = false
		for i := range w.order {
			for k := i + 1; k < len(w.order); k++ {
				slices.Reverse(w.order[i : k+1])
				if l := w.metres(); l < length-same {
					length, better = l, true
				} else {
					slices.Reverse(w.order[i : k+1])
				}
			}
		}
	}
}
