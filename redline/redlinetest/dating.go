package redlinetest

import (
	"cmp"
	"slices"

	"greenshield/redline"
)

// Unseen is the state of a cell in a year without an observation, beside 0 for the old ground and 1 for the new.
const Unseen = -1

// CellDate is when a cell changed: what a candidate is dated by. From and Year are 0 for grade D.
type CellDate struct {
	Grade      redline.Grade
	From, Year int
}

// DateCell dates a cell by its states in ascending years, step by step as the rule is told. It is slow.
func DateCell(years, states []int) CellDate {
	type seen struct {
		year  int
		isNew bool
	}
	var all []seen
	for i, state := range states {
		if state != Unseen {
			all = append(all, seen{years[i], state == 1})
		}
	}
	if all[0].isNew {
		return CellDate{Grade: redline.GradeD}
	}
	changes := 0
	for i := 1; i < len(all); i++ {
		if all[i].isNew != all[i-1].isNew {
			changes++
		}
	}
	at := len(all) - 1
	for all[at-1].isNew {
		at--
	}
	pre := 0
	for i := at - 1; i >= 0 && !all[i].isNew; i-- {
		pre++
	}
	hold := len(all) - at
	first := slices.IndexFunc(all, func(s seen) bool { return s.isNew })
	d := CellDate{redline.GradeD, all[first-1].year + 1, all[at].year}
	switch {
	case changes == 1 && pre >= 2 && hold >= 2:
		d.Grade = redline.GradeA
	case changes == 1:
		d.Grade = redline.GradeB
	case hold >= 2:
		d.Grade = redline.GradeC
	default:
		return CellDate{Grade: redline.GradeD}
	}
	return d
}

// DateGround dates ground by the dates of small pieces of one size; 1/10000 of them are not enough to miss a limit,
// or to go beyond it. It is slow.
func DateGround(pieces []CellDate) (d *redline.Dated, flickers bool) {
	d = &redline.Dated{Grade: redline.GradeD}
	count := func(is func(p CellDate) bool) (n int) {
		for _, p := range pieces {
			if is(p) {
				n++
			}
		}
		return n
	}
	upTo := func(g redline.Grade) int { return count(func(p CellDate) bool { return p.Grade <= g }) }
	for _, g := range []redline.Grade{redline.GradeC, redline.GradeB, redline.GradeA} {
		if reachesHalf(upTo(g), len(pieces)) {
			d.Grade = g
		}
	}
	var froms, tos []int
	perYear := map[int]int{}
	for _, p := range pieces {
		if p.Grade <= redline.GradeB {
			perYear[p.Year]++
		}
		if p.Grade <= redline.GradeC {
			froms, tos = append(froms, p.From), append(tos, p.Year)
		}
	}
	for year, n := range perYear {
		d.Shares = append(d.Shares, redline.YearShare{Year: year, Pct: 100 * float64(n) / float64(len(pieces))})
		if reachesHalf(n, upTo(redline.GradeB)) && (d.Year == 0 || year < d.Year) {
			d.Year = year
		}
	}
	slices.SortFunc(d.Shares, func(a, b redline.YearShare) int { return cmp.Compare(a.Year, b.Year) })
	if n := len(froms); n > 0 {
		slices.Sort(froms)
		slices.Sort(tos)
		most := 501 * n / 10000 // that may be left out at an end
		d.From, d.To = froms[most], tos[n-1-most]
	}
	return d, !reachesHalf(upTo(redline.GradeB), len(pieces))
}

// reachesHalf tells whether n pieces are half of all.
func reachesHalf(n, all int) bool { return 10000*n >= 4999*all }
