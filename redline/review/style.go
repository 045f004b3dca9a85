package review

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// rgb returns a colour as QGIS writes it.
func rgb(c color.RGBA) string { return fmt.Sprintf("%d,%d,%d", c.R, c.G, c.B) }

// shown returns the expression for the text of a field in HTML.
func shown(field string) string {
	return `[% replace(replace("` + field + `", '&', '&amp;'), '<', '&lt;') %]`
}

// bySeverity is the severity of a candidate that waits for a verdict, and its negative of a judged one.
const bySeverity = `if("verdict" = 'unreviewed', 1, -1) * "severity"`

// candidateStyle returns how candidates of these fields are shown: those that are judged fade, below the others.
func candidateStyle(fields []field) style {
	s := style{
		Attr: bySeverity, OrderBy: bySeverity, Fields: fields,
		Form: candidateForm(fields), SortBy: sortOf(fields),
		Label:     `"change_zh" || '\n' || format_number("area_ha", 2) || ' 公顷'`,
		LabelSize: 8, LabelScale: 25000, LabelPlacement: 4,
		Preview: `"change_zh" || ' ' || "zone_name" || ' ' || round("area_ha", 2) || ' ha'`,
		MapTip: `<b>[% represent_value("severity") %]</b> ` + shown("change_zh") + "<br>\n" +
			shown("from_name") + ` → ` + shown("to_name") + ` ([% "year_a" %]–[% "year_b" %])<br>` + "\n" +
			shown("zone_name") + `, [% represent_value("zone_type") %]<br>` + "\n" +
			`[% round("area_ha", 2) %] ha, [% represent_value("verdict") %]`,
	}
	if knows(fields) {
		s.MapTip += "<br>\n" + `[% represent_value("relation") %] ` + shown("case_id")
	}
	s.MapTip += dateLines(fields) + evidenceLines(fields)
	if ranked(fields) {
		s.Preview += ` || ' 优先级 ' || "prio"`
	}
	if dated(fields) {
		s.Begins, s.Ends = changedFrom, changedTill
	}
	var judged []class
	for _, v := range findings.Severities() {
		c := class{
			Value: strconv.Itoa(int(v.Severity)), Type: "long", Label: v.Chinese() + " " + v.String(),
			RGB: rgb(v.Color), FillAlpha: 45, Line: "solid",
			OutlineMM: v.OutlineMM, CasingMM: v.OutlineMM + 0.8, Alpha: 1,
		}
		s.Classes = append(s.Classes, c)
		c.Value, c.Label, c.Alpha = "-"+c.Value, v.Chinese()+"，已核查", 0.3
		judged = append(judged, c)
	}
	s.Classes = append(s.Classes, judged...)
	return s
}

// has tells whether one of the fields has that name.
func has(fields []field, name string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.Name == name })
}

// knows tells whether the fields are those of candidates of which a ledger was asked.
func knows(fields []field) bool { return has(fields, "relation") }

// reviewStyle returns how candidates of these fields are shown where they are judged.
func reviewStyle(fields []findings.Field) style {
	s := candidateStyle(append(shownFields(fields), reviewFields()...))
	s.Actions = candidateActions(s.Fields)
	return s
}

// relationStyle returns how candidates are shown by what they are to the cases of the ledger: what is new or has grown
// above what is known. Classes that are not wanted are switched off in the list of layers.
func relationStyle(fields []findings.Field) style {
	s := candidateStyle(append(shownFields(fields), reviewFields()...))
	s.Attr, s.OrderBy = byStanding(func(i int, code string) string { return "'" + code + "'" }),
		byStanding(func(i int, _ string) string { return strconv.Itoa(-i) })
	s.Label = `represent_value("relation") || '\n' || "case_id"`
	s.Classes = nil
	for _, of := range findings.Standings() {
		s.Classes = append(s.Classes, class{Value: of.Code, Type: "string", Label: of.Label, RGB: rgb(of.Color),
			FillAlpha: 90, Line: "solid", OutlineMM: 0.6, CasingMM: 1.4, Alpha: 1})
	}
	return s
}

// byStanding returns an expression that has a value for each way in which a relation is shown, by its position.
func byStanding(value func(i int, code string) string) string {
	text, rest := "CASE", ""
	for i, s := range findings.Standings() {
		if findings.StandingOf(s.Code) == s.Code && s.Code != "known" {
			text += ` WHEN "relation" = '` + s.Code + `' THEN ` + value(i, s.Code)
		} else {
			rest = value(i, s.Code)
		}
	}
	return text + " ELSE " + rest + " END"
}

// overlapStyle returns how the zones that a candidate touches are shown.
func overlapStyle() style {
	return style{Table: true, Fields: overlapFields(), SortBy: `to_real("area_ha")`,
		Preview: `"zone_name" || '，' || represent_value("zone_type") || ' ' || format_number(to_real("area_ha"), 2) || ' 公顷'`}
}

// suppressedStyle returns how suppressed changes are shown, by the reason.
func suppressedStyle() style {
	s := style{
		Points: true, Attr: "reason", Fields: suppressedFields(), Preview: `"change_zh" || ' ' || "zone_name"`,
		MapTip: `[% represent_value("reason") %]<br>` + "\n" +
			shown("change_zh") + `, [% round("area_ha", 2) %] ha<br>` + "\n" + shown("zone_name"),
	}
	symbols := []struct{ rgb, marker string }{
		{"153,153,153", "circle"}, {"0,114,178", "diamond"}, {"86,180,233", "circle"},
		{"204,121,167", "triangle"}, {"0,0,0", "cross2"},
	}
	for i, v := range findings.Values(redline.Reasons()) {
		s.Classes = append(s.Classes, class{
			Value: v.Code, Type: "string", Label: v.Label, RGB: symbols[i].rgb, Marker: symbols[i].marker, Alpha: 1,
		})
	}
	return s
}

// zoneStyle returns how zones are shown, by type; dated tells that some zone has a date.
func zoneStyle(dated bool) style {
	s := style{
		Attr: "zone_type", Fields: datedZoneFields(dated), Preview: `"zone_name"`,
		Label: `"zone_name"`, LabelSize: 9, LabelScale: 250000, LabelPlacement: 1,
		MapTip: shown("zone_name") + `, [% represent_value("zone_type") %]<br>` + "\n" + `[% round("area_ha", 1) %] ha`,
	}
	for _, t := range redline.ZoneTypes() {
		line := "solid"
		if t == redline.RedLine || t == redline.Periphery {
			line = "dash"
		}
		s.Classes = append(s.Classes, class{
			Value: t.String(), Type: "string", Label: t.Chinese(),
			RGB: rgb(findings.ZoneColor(t)), FillAlpha: 18, Line: line, OutlineMM: 0.5, Alpha: 1,
		})
	}
	return s
}

// coverageStyle returns how the ground that each zone controls is shown, by what was seen of it.
func coverageStyle() style {
	s := style{
		Attr: "status", Fields: coverageFields(), Preview: `"zone_name"`,
		MapTip: shown("zone_name") + `: [% represent_value("status") %]<br>` + "\n" +
			`[% "cands" %] / [% round("cand_ha", 2) %] ha；区内共 [% "in_cands" %] / [% round("in_ha", 2) %] ha`,
	}
	colors := []string{"230,159,0", "240,201,110", "213,94,0", "86,180,233", "153,153,153", "0,158,115"}
	for i, v := range findings.Values(redline.Statuses()) {
		s.Classes = append(s.Classes, class{
			Value: v.Code, Type: "string", Label: v.Label,
			RGB: colors[i], FillAlpha: 90, Line: "solid", OutlineMM: 0.3, Alpha: 1,
		})
	}
	return s
}
