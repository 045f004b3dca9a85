package review

import (
	"fmt"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// Expressions of the time in which a candidate changed: from the first on, before the second. Where the years cannot be
// told, it may have been any between the epochs. Both have a time of day, since QGIS takes a date for less than the
// first instant of that day.
const (
	changedFrom = `make_datetime(coalesce("chg_from", "year_a" + 1), 1, 1, 0, 0, 0)`
	changedTill = `make_datetime(coalesce("chg_to", "year_b") + 1, 1, 1, 0, 0, 0)`
)

// changedSpan is an expression for the years between which a candidate changed, NULL where nothing is known of these.
const changedSpan = `"chg_from" || if("chg_from" = "chg_to", '', '–' || "chg_to")`

// whenChanged is an expression for when a candidate changed, in the words of [findings.When].
const whenChanged = `CASE WHEN "date_grd" = 'D' ` +
	`THEN '年份不明' || coalesce('（仅小部分可判：' || ` + changedSpan + ` || '）', '') ` +
	`WHEN "date_grd" = 'C' OR "chg_year" IS NULL THEN '年份不定（' || ` + changedSpan + ` || '）' ` +
	`ELSE "chg_year" || '年' || if("chg_from" = "chg_year" AND "chg_to" = "chg_year", '', ` +
	`'（' || ` + changedSpan + ` || '）') END || '，' || "date_grd" || '级'`

// againstZone is an expression for whether a candidate changed before or after its zone was founded.
const againstZone = `represent_value("vs_zone") || if("zone_since" = '', '', ` +
	`'，' || "zone_since" || if(length("zone_since") = 4, '年', '') || '设立')`

// dated tells whether the fields are those of candidates that say when they changed.
func dated(fields []field) bool { return has(fields, "date_grd") }

// since tells whether the fields are those of candidates in zones of which some have a date.
func since(fields []field) bool { return has(fields, "vs_zone") }

// dateLines are the lines of a map tip that say when a candidate changed.
func dateLines(fields []field) (lines string) {
	if dated(fields) {
		lines += "<br>\n[% " + whenChanged + " %]"
	}
	if since(fields) {
		lines += "<br>\n[% " + againstZone + " %]"
	}
	return lines
}

// yearStyle returns how candidates of these fields are shown by the year in which they changed, one of these. Where the
// maps contradict each other they are hatched, where nothing can be told they are grey.
func yearStyle(fields []findings.Field, years []int) style {
	s := candidateStyle(append(shownFields(fields), reviewFields()...))
	s.Attr = `CASE WHEN "date_grd" IN ('A', 'B') THEN coalesce(to_string("chg_year"), 'several') ` +
		`WHEN "date_grd" = 'C' THEN 'C' ELSE 'D' END`
	s.Label = whenChanged
	s.Classes = nil
	add := func(value, label string, c class) {
		c.Value, c.Type, c.Label, c.FillAlpha = value, "string", label, 220
		c.Line, c.OutlineMM, c.CasingMM, c.Alpha = "solid", 0.6, 1.4, 1
		s.Classes = append(s.Classes, c)
	}
	for i, year := range years {
		add(strconv.Itoa(year), fmt.Sprint(year, " 年"), class{RGB: rgb(findings.YearColor(i, len(years)))})
	}
	add("several", "分多年变化", class{RGB: rgb(findings.SeveralYearsColor())})
	add("C", "C "+redline.GradeC.Chinese(), class{RGB: "64,64,64", Hatched: true})
	add("D", "D "+redline.GradeD.Chinese(), class{RGB: rgb(findings.GradeColor(redline.GradeD))})
	return s
}

// againstZoneStyle returns how candidates of these fields are shown by whether they changed before or after their zones
// were founded.
func againstZoneStyle(fields []findings.Field) style {
	s := candidateStyle(append(shownFields(fields), reviewFields()...))
	s.Attr, s.Label, s.Classes = "vs_zone", againstZone, nil
	for _, v := range redline.VsZones() {
		s.Classes = append(s.Classes, class{Value: v.String(), Type: "string", Label: v.Chinese(),
			RGB: rgb(findings.VsZoneColor(v)), FillAlpha: 200, Line: "solid", OutlineMM: 0.6, CasingMM: 1.4, Alpha: 1})
	}
	return s
}

// dateGroups returns the groups, hidden at first, that show candidates by the year in which they changed and against
// the dates of their zones, as far as the run has these.
func dateGroups(found *findings.Findings) (groups []group) {
	add := func(id, name string, style style) {
		layer := layerOf("candidates", name, style)
		layer.ID += id
		groups = append(groups, group{Name: name, Hidden: true, Layers: []mapLayer{layer}})
	}
	columns, fields := found.Columns(), found.Fields()
	if columns.Dated {
		add("_year", "变化年份", yearStyle(fields, found.Years()))
	}
	if columns.Since {
		add("_since", "与设立时间的先后", againstZoneStyle(fields))
	}
	return groups
}
