package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/dating"
	"greenshield/redline/findings"
)

// dates is what the page shows of when candidates changed, and of whether that was before their zones were founded.
type dates struct {
	Dated, Since bool // there are maps between the epochs; some zone has a date
	Years        []changeRow
	Total        changeRow
	Grades       []legendEntry
	Zones        []counted // by what is said of a change and the date of its zone
	Maps         string    // the years of the maps between
	// The settings of the rule: years, and shares in %.
	Steady, Majority, Tail int

	grades  [4]int64 // how many candidates have each of [redline.Grades]
	flicker int64    // how many have the flag
}

// changeRow is the candidates that changed in a year, or in none: how many, and their area by grade.
type changeRow struct {
	Name  string
	Count int64
	Ha    [4]hectares // of each of [redline.Grades]
}

// Sum returns the area of all grades.
func (r changeRow) Sum() (sum hectares) {
	for _, ha := range r.Ha {
		sum += ha
	}
	return sum
}

// yearBar is a row of the chart of years.
type yearBar struct {
	Name string      `json:"name"`
	Ha   [4]hectares `json:"ha"`
}

// What the rows of candidates are called that have no year.
const (
	severalYears = "分多年变化"
	noSureYear   = "反复变化"
	noYear       = "年份不明"
)

// newDates returns what is shown of dates, nil when the run has none. Candidates are not counted yet.
func newDates(found *findings.Findings) *dates {
	columns := found.Columns()
	if !columns.Dated && !columns.Since {
		return nil
	}
	d := &dates{Dated: columns.Dated, Since: columns.Since, Total: changeRow{Name: "合计"},
		Steady: redline.Steady, Majority: dating.MajorityPct, Tail: dating.TailPct}
	years := found.Years()
	var maps []string
	for _, year := range years {
		d.Years = append(d.Years, changeRow{Name: strconv.Itoa(year)})
		maps = append(maps, strconv.Itoa(year))
	}
	d.Maps = strings.Join(maps[:len(maps)-1], "、")
	d.Years = append(d.Years, changeRow{Name: severalYears}, changeRow{Name: noSureYear}, changeRow{Name: noYear})
	for _, g := range redline.Grades() {
		d.Grades = append(d.Grades, legendEntry{g.String() + " 级", hexColor(findings.GradeColor(g))})
	}
	for _, v := range redline.VsZones() {
		d.Zones = append(d.Zones, counted{Name: v.Chinese(), Color: hexColor(findings.VsZoneColor(v))})
	}
	return d
}

// yearName returns the row of a candidate: its year, or why it has none.
func yearName(of *redline.Dated) string {
	switch {
	case of == nil || of.Grade == redline.GradeD:
		return noYear
	case of.Grade == redline.GradeC:
		return noSureYear
	case of.Year == 0:
		return severalYears
	}
	return strconv.Itoa(of.Year)
}

// add counts a candidate.
func (d *dates) add(c *redline.Candidate) {
	if d == nil {
		return
	}
	ha := c.AreaM2 / redline.M2PerHa
	if d.Since {
		if at := slices.Index(redline.VsZones(), c.VsZone); at >= 0 {
			d.Zones[at].add(ha)
		}
	}
	if c.Dated == nil {
		return
	}
	name := yearName(c.Dated)
	at := slices.IndexFunc(d.Years, func(r changeRow) bool { return r.Name == name })
	grade := slices.Index(redline.Grades(), c.Dated.Grade)
	for _, r := range []*changeRow{&d.Years[at], &d.Total} {
		r.Count++
		r.Ha[grade] += hectares(ha)
	}
	d.grades[grade]++
	if slices.Contains(c.Flags, redline.FlagFlicker) {
		d.flicker++
	}
}

// chart fills in what the chart of years is drawn from.
func (d *dates) chart(data *chartData) {
	if d == nil || !d.Dated {
		return
	}
	for _, r := range d.Years {
		data.ChangeYears = append(data.ChangeYears, yearBar{r.Name, r.Ha})
	}
	for _, g := range d.Grades {
		data.Grades = append(data.Grades, counted{Name: g.Name, Color: g.Color})
	}
}

// summary says in a sentence or two what is known of the time of the changes.
func (d *dates) summary() string {
	if d == nil {
		return ""
	}
	var b strings.Builder
	if d.Dated {
		fmt.Fprintf(&b, "按逐年影像判读，%s 个图斑的变化年份较确定（A 级），%s 个待下一年确认（B 级），%s 个年际反复。",
			whole(d.grades[0]), whole(d.grades[1]), whole(d.flicker))
	}
	if d.Since {
		var parts []string
		for _, z := range d.Zones {
			parts = append(parts, z.Name+" "+whole(z.Count)+" 个")
		}
		b.WriteString("与管控区设立时间相比（按影像判读的候选，非认定）：" + strings.Join(parts, "，") + "。")
	}
	return b.String()
}

// datesRow is what the card of a candidate says of its dates. Texts are "" where there is nothing to say.
type datesRow struct{ When, Meaning, Shares, Since, VsZone string }

// newDatesRow returns what the card of a candidate says of its dates.
func newDatesRow(c *redline.Candidate) (r datesRow) {
	if of := c.Dated; of != nil {
		r.When, r.Meaning = findings.When(of), of.Grade.Chinese()
		for i, s := range of.Shares {
			if i > 0 {
				r.Shares += "，"
			}
			r.Shares += fmt.Sprintf("%d 年 %s%%", s.Year, s.PctText())
		}
	}
	r.Since, r.VsZone = c.ZoneSince.String(), c.VsZone.Chinese()
	return r
}

// datesIndex is what the list says of the dates of candidates.
type datesIndex struct{ years, when, vsZones names[string] }

// appendTo appends the dates of a candidate to its row, and ends that.
func (x *datesIndex) appendTo(b []byte, c *redline.Candidate) []byte {
	for _, n := range []int{x.years.number(yearName(c.Dated)), x.when.number(findings.When(c.Dated)),
		x.vsZones.number(orDash(c.VsZone.Chinese()))} {
		b = strconv.AppendInt(append(b, ','), int64(n), 10)
	}
	return append(b, ']')
}

// addTo adds the texts that rows have numbers for.
func (x *datesIndex) addTo(lists map[string]any) {
	lists["years"], lists["when"], lists["vsZones"] = x.years.list, x.when.list, x.vsZones.list
}
