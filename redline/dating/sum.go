package dating

import (
	"greenshield/raster"
	"greenshield/redline"
)

// Shares of area, in %, by which a candidate is dated. Cells of one grid differ in area by a hair, by where they lie,
// and half of the cells of a candidate must be half of it all the same. So 1/10000 of a share up or down makes no
// difference.
const (
	MajorityPct = 50 // of the ground that a year or a grade stands for
	TailPct     = 5  // of the ground that is left out at each end of the years between which it changed
)

// Rule is the rule in short, for the record of a run.
const Rule = "by the temporal rules of MapBiomas: the year of a change is the first from which on every map shows " +
	"the new transition group; A: one change, steady years or more before and after; B: one change, fewer years " +
	"before or after; C: several changes, steady years or more after the last: only between which years is " +
	"known; D: cannot be told; shares of area are compared to a hundredth of a per cent"

// Share is the area of the cells of a candidate that have one code.
type Share struct {
	Code Code
	Area raster.Area
}

// reaches tells whether part is at least pct % of all, to a hundredth of a per cent.
func reaches(part raster.Area, pct uint64, all raster.Area) bool {
	var a, b raster.Area
	a.AddTimes(10000, part)
	b.AddTimes(100*pct-1, all)
	return !a.Less(b)
}

// exceeds tells whether part is more than pct % of all, to a hundredth of a per cent. Of two parts that are all
// together, one exceeds half when the other does not reach it.
func exceeds(part raster.Area, pct uint64, all raster.Area) bool {
	var a, b raster.Area
	a.AddTimes(10000, part)
	b.AddTimes(100*pct+1, all)
	return b.Less(a)
}

// Sum dates a candidate that is made of shares, whose areas are its whole ground. It also tells whether more than half
// of the ground has the grades C and D. The order of the shares, and how often a code occurs, make no difference.
func (s *Stack) Sum(shares []Share) (d *redline.Dated, flickers bool) {
	var byGrade [redline.GradeD + 1]raster.Area
	var sure, from, to [MaxMaps + 2]raster.Area // of grades A and B by year; of A, B and C by both years
	var total raster.Area
	for _, share := range shares {
		grade, area := share.Code.Grade(), share.Area
		total.Add(area)
		byGrade[grade].Add(area)
		if grade <= redline.GradeB {
			sure[share.Code.year()].Add(area)
		}
		if grade <= redline.GradeC {
			from[share.Code.old()].Add(area)
			to[share.Code.year()].Add(area)
		}
	}
	d = &redline.Dated{Grade: redline.GradeD}
	var upTo raster.Area // of the grades from A to g
	for g := redline.GradeA; g <= redline.GradeC; g++ {
		upTo.Add(byGrade[g])
		if d.Grade == redline.GradeD && reaches(upTo, MajorityPct, total) {
			d.Grade = g
		}
	}
	certain := byGrade[redline.GradeA]
	certain.Add(byGrade[redline.GradeB])
	for i, year := range s.years {
		if sure[i] == (raster.Area{}) {
			continue
		}
		d.Shares = append(d.Shares, redline.YearShare{Year: year, Pct: 100 * sure[i].M2() / total.M2()})
		if d.Year == 0 && reaches(sure[i], MajorityPct, certain) {
			d.Year = year
		}
	}
	var early, late raster.Area
	for i := range s.years {
		if early.Add(from[i]); d.From == 0 && exceeds(early, TailPct, upTo) {
			d.From = s.years[i] + 1
		}
		last := len(s.years) - 1 - i
		if late.Add(to[last]); d.To == 0 && exceeds(late, TailPct, upTo) {
			d.To = s.years[last]
		}
	}
	return d, exceeds(total.Minus(certain), MajorityPct, total)
}
