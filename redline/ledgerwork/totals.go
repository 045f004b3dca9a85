package ledgerwork

import (
	"cmp"
	"slices"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// What is counted of the cases of a place, in the order of tables.
const (
	nFound = iota
	nJudged
	nConfirmed
	nOnTime
	nTooLate
	nOverdue
	nStruckOff
	nObjections
	nSuspectedRebound
	nSuspectedFalse
	nRebounds
	nFalsely
	nLed
	numCounts
)

// counted are their names, and what of them a case is.
var counted = [numCounts]struct {
	title string
	of    func(st *Standing, c *ledger.Case) int64
}{
	nFound: {"问题点位", func(*Standing, *ledger.Case) int64 { return 1 }},
	nJudged: {"已核查", func(_ *Standing, c *ledger.Case) int64 {
		return one(verdictOf(c) != string(ledger.Unreviewed))
	}},
	nConfirmed: {"属实", func(_ *Standing, c *ledger.Case) int64 {
		v, _ := ledger.Shipped().Verdict(verdictOf(c))
		return one(v.Outcome == ledger.Problem)
	}},
	nOnTime: {"按期整改", func(_ *Standing, c *ledger.Case) int64 {
		_, is := rectified(c)
		return one(is)
	}},
	nTooLate: {"逾期整改", func(_ *Standing, c *ledger.Case) int64 {
		done, inTime := rectified(c)
		return one(done && !inTime)
	}},
	nOverdue:    {"超期未改", func(st *Standing, c *ledger.Case) int64 { return one(c.Overdue(st.Day)) }},
	nStruckOff:  {"已销号", func(_ *Standing, c *ledger.Case) int64 { return one(c.State == ledger.StruckOff) }},
	nObjections: {"公示异议", func(st *Standing, c *ledger.Case) int64 { return st.facts[c.ID].objections }},
	nSuspectedRebound: {"疑似反弹", func(_ *Standing, c *ledger.Case) int64 {
		return one(c.Suspicion == ledger.SuspectRebound)
	}},
	nSuspectedFalse: {"疑似虚假整改", func(_ *Standing, c *ledger.Case) int64 {
		return one(c.Suspicion == ledger.SuspectFalse)
	}},
	nRebounds: {"认定反弹", func(_ *Standing, c *ledger.Case) int64 { return int64(c.Rebounds) }},
	nFalsely:  {"认定虚假整改", func(st *Standing, c *ledger.Case) int64 { return st.facts[c.ID].falsely }},
	nLed:      {"外来线索", func(_ *Standing, c *ledger.Case) int64 { return int64(c.Leads) }},
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// tally is what is counted of a place: a county, a city, or all.
type tally struct {
	city       bool
	code, name string
	n          [numCounts]int64
	stages     [NumOfStages]int64
	days       []int64 // from filing to striking off, of each case that is struck off

	onceStruck, onceSubmitted, rebounded, faked int64 // cases
}

// add counts a case.
func (t *tally) add(st *Standing, c *ledger.Case) {
	for i := range counted {
		t.n[i] += counted[i].of(st, c)
	}
	t.stages[StageOf(c)]++
	f := st.facts[c.ID]
	t.onceStruck += one(f.struckOnce)
	t.onceSubmitted += one(f.submitted)
	t.rebounded += one(c.Rebounds > 0)
	t.faked += one(f.falsely > 0)
	if days, ok := st.daysTaken(c); ok {
		t.days = append(t.days, days)
	}
}

// median returns the median of the days, of an even number the mean of the two in the middle; false when there
// are none.
func (t *tally) median() (float64, bool) {
	n := len(t.days)
	if n == 0 {
		return 0, false
	}
	slices.Sort(t.days)
	return float64(t.days[(n-1)/2]+t.days[n/2]) / 2, true
}

// tallies counts the cases by city and county: each city before its counties, by code, and all of them together. A
// county without a code that says its city stands by its name, after the others.
func (st *Standing) tallies() (places []*tally, all *tally) {
	all = &tally{name: "合计"}
	type key struct {
		city       bool
		code, name string
	}
	known := map[key]*tally{}
	place := func(k key, name string) *tally {
		t := known[k]
		if t == nil {
			t = &tally{city: k.city, code: k.code}
			known[k] = t
			places = append(places, t)
		}
		t.name = cmp.Or(t.name, name)
		return t
	}
	for i := range st.Cases {
		c := &st.Cases[i]
		if c.MergedInto != "" {
			continue
		}
		code, name := c.Get(ledger.FieldCounty), c.Get(ledger.FieldCountyName)
		k := key{code: code}
		if code == "" {
			k.name = cmp.Or(name, redline.NoCounty)
			name = k.name
		}
		county := place(k, name)
		county.add(st, c)
		all.add(st, c)
		if area := (redline.Area{Code: code}); len(code) == 6 && area.CityCode() != "" {
			city := place(key{city: true, code: area.CityCode()}, "")
			city.add(st, c)
		}
	}
	for _, t := range places {
		if t.name = cmp.Or(t.name, t.code); t.city {
			t.name = "全市（" + t.code + "）"
		}
	}
	slices.SortFunc(places, func(a, b *tally) int {
		return cmp.Or(cmp.Compare(one(a.code == ""), one(b.code == "")), cmp.Compare(a.code, b.code),
			cmp.Compare(one(b.city), one(a.city)), cmp.Compare(a.name, b.name))
	})
	return places, all
}
