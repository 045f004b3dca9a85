package redline

import (
	"fmt"
	"strconv"
	"strings"
)

// Grade says how well the maps of the years between the epochs tell when ground changed. A cell has a grade, and so has
// a candidate.
//
// The rule follows the temporal rules of MapBiomas (https://mapbiomas.org): a change must stand for some years before
// and after it to be believed. It reads a year as one of two states only: the ground is in the new transition group or
// it is not. Errors of one map that last for two years are taken for changes.
type Grade uint8

// The grades. GradeNone is that of ground that was not dated.
const (
	GradeNone Grade = iota
	GradeA          // one change, with at least [Steady] years before and after it
	GradeB          // one change, with fewer years before or after it: to be confirmed by the next year
	GradeC          // several changes, and the new group for at least [Steady] years at the end: an interval
	GradeD          // it cannot be told
	numGrades
)

// Steady is for how many years a state must stand to be believed.
const Steady = 2

var grades = [numGrades]struct{ name, zh string }{
	{"", ""}, {"A", "一次变化，前后稳定"}, {"B", "一次变化，待下一年确认"}, {"C", "反复变化，仅知区间"}, {"D", "无法判定年份"},
}

// Grades lists the grades that a dated candidate can have, the surest first.
func Grades() []Grade { return []Grade{GradeA, GradeB, GradeC, GradeD} }

// String returns the grade as files have it.
func (g Grade) String() string { return grades[g].name }

// Chinese returns what the grade means, in Chinese.
func (g Grade) Chinese() string { return grades[g].zh }

// Dated is when the ground of a candidate changed, by the maps between the epochs. A year is that of the first map that
// shows the new group and goes on showing it, so the change happened after the map before that one.
type Dated struct {
	Year int // in which at least half of the ground of grades A and B changed; 0 for none
	// From and To are the years between which the ground of grades A, B and C changed, but for 5 % of its area at each
	// end; 0 without such ground.
	From, To int
	Shares   []YearShare // of the ground of grades A and B; years ascend
	Grade    Grade
}

// YearShare is how much of a candidate's area changed in a year, in %.
type YearShare struct {
	Year int
	Pct  float64
}

// PctText returns the share in % with at most one decimal, such as "12.5" and "80".
func (s YearShare) PctText() string {
	return strings.TrimSuffix(strconv.FormatFloat(s.Pct, 'f', 1, 64), ".0")
}

// SharesText returns the shares as files have them, such as "2016:12.5;2018:80.1".
func (d *Dated) SharesText() string {
	var b []byte
	for i, s := range d.Shares {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(strconv.AppendInt(b, int64(s.Year), 10), ':')
		b = append(b, s.PctText()...)
	}
	return string(b)
}

// VsZone says whether the maps show a change before or after its zone was founded. It never says more of a candidate
// than that.
type VsZone string

// What can be said. VsZone is "" where no zone of the run has a date.
const (
	VsBefore    VsZone = "before"    // a map of a year before that of the zone shows the new group already
	VsAfter     VsZone = "after"     // the map of the year of the zone, or a later one, shows the old ground still
	VsStraddles VsZone = "straddles" // neither
	VsUnknown   VsZone = "unknown"   // the zone has no date, or the change has none
)

var vsZones = map[VsZone]string{VsBefore: "历史遗留", VsAfter: "新增", VsStraddles: "不能判定", VsUnknown: "未知"}

// VsZones lists all that can be said.
func VsZones() []VsZone { return []VsZone{VsBefore, VsAfter, VsStraddles, VsUnknown} }

// String returns what is said as files have it.
func (v VsZone) String() string { return string(v) }

// Chinese returns what is said in Chinese.
func (v VsZone) Chinese() string { return vsZones[v] }

// Compare says whether a change came before or after its zone was founded, by years alone. d is when the ground
// changed, nil when it was not dated: then the maps before and after, of yearA and yearB, are all that shows it.
//
// It is VsBefore when a map of a year before that of the zone shows the new ground already, VsAfter when the map of the
// zone's year or of a later one shows the old ground still, both but for what [Dated.From] and [Dated.To] leave out.
func (d *Dated) Compare(since Date, yearA, yearB int) VsZone {
	from, to := yearA+1, yearB
	if d != nil {
		from, to = d.From, d.To
	}
	switch {
	case since == Date{} || d != nil && d.Grade == GradeD:
		return VsUnknown
	case to < since.Year:
		return VsBefore
	case from > since.Year:
		return VsAfter
	}
	return VsStraddles
}

// Date is a day, or a month or year of which the rest is not known: Month or Day is 0 then. The zero value is no date.
type Date struct{ Year, Month, Day int }

// String returns the date in the form of ISO 8601, as far as it is known, and "" for none.
func (d Date) String() string {
	switch {
	case d.Year == 0:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}
