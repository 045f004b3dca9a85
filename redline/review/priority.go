package review

import (
	"fmt"
	"strings"

	"greenshield/redline/findings"
)

// ranked tells whether the fields are those of candidates that have a priority.
func ranked(fields []field) bool { return has(fields, "prio") }

// evidenceNames are the fields of the evidence on a candidate, and of its priority.
var evidenceNames = []string{"prio", "prio_why", "agree_pct", "agree_n", "agree_of", "stays_pct", "width", "compact",
	"confused", "near_m", "lead_m"}

// sortOf returns the expression by which tables and sheets are sorted, the largest first: by priority where candidates
// of these fields have one, by severity, then by area.
func sortOf(fields []field) string {
	if ranked(fields) {
		return `"prio" * 1e8 + "severity" * 1e7 + "area_ha"`
	}
	return `"severity" * 1e9 + "area_ha"`
}

// judgeOf returns the Python of actions for candidates of these fields, of which the next one is that of the table.
func judgeOf(fields []field) string {
	if !ranked(fields) {
		return judgePython
	}
	return strings.NewReplacer(
		"the worst first, among these the largest, as in the table",
		"the highest priority first, then the worst, then the largest, as in the table",
		`["severity", "area_ha", "verdict"]`, `["prio", "severity", "area_ha", "verdict"]`,
		`sorted((-f["severity"], `, `sorted((-10 * f["prio"] - f["severity"], `,
	).Replace(judgePython)
}

// Expressions of what other maps show of a candidate, in words.
const (
	agreement = `if("agree_of" > 0, "agree_n" || ' / ' || "agree_of" || ' 对一致，同类变化 ' || ` +
		`round("agree_pct") || '%', '看不到')`
	staying = `coalesce(round("stays_pct") || '% 仍为新地类', '没有数据')`
)

// evidenceLines are the lines of a map tip that say what priority a candidate has, and what other maps show.
func evidenceLines(fields []field) (lines string) {
	if ranked(fields) {
		lines += "<br>\n" + `核查优先级 [% "prio" %]：` + shown("prio_why")
	}
	if has(fields, "agree_n") {
		lines += "<br>\n其他地图 [% " + agreement + " %]"
	}
	if has(fields, "stays_pct") {
		lines += "<br>\n最新图 [% " + staying + " %]"
	}
	return lines
}

// evidenceRows are the rows of a sheet of the same.
func evidenceRows(fields []field) (rows []sheetRow) {
	if ranked(fields) {
		rows = append(rows, sheetRow{13, []string{"核查优先级", `[% "prio" %]　[% "prio_why" %]`}})
	}
	var maps []string
	if has(fields, "agree_n") {
		maps = append(maps, "其他地图", "[% "+agreement+" %]")
	}
	if has(fields, "stays_pct") {
		maps = append(maps, "最新图", "[% "+staying+" %]")
	}
	if maps != nil {
		rows = append(rows, sheetRow{9, maps})
	}
	return rows
}

// byBand is an expression that has the name of the band in which the priority of a candidate lies.
func byBand() string {
	text := "CASE"
	for _, b := range findings.ScoreBands() {
		text += fmt.Sprintf(` WHEN "prio" >= %d THEN '%s'`, b.From, b)
	}
	return text + " END"
}

// priorityStyle returns how candidates of these fields are shown by priority, in bands: higher ones above, and darker.
func priorityStyle(fields []findings.Field) style {
	s := candidateStyle(append(shownFields(fields), reviewFields()...))
	s.Attr, s.OrderBy, s.Label, s.Classes = byBand(), `"prio"`, `to_string("prio")`, nil
	for _, b := range findings.ScoreBands() {
		s.Classes = append(s.Classes, class{Value: b.String(), Type: "string", Label: b.String(), RGB: rgb(b.Color),
			FillAlpha: 220, Line: "solid", OutlineMM: 0.6, CasingMM: 1.4, Alpha: 1})
	}
	return s
}

// priorityGroups returns the group, hidden at first, that shows candidates by priority, where they have one.
func priorityGroups(found *findings.Findings) []group {
	if !found.Columns().Ranked {
		return nil
	}
	layer := layerOf("candidates", "核查优先级", priorityStyle(found.Fields()))
	layer.ID += "_priority"
	return []group{{Name: layer.Name, Hidden: true, Layers: []mapLayer{layer}}}
}
