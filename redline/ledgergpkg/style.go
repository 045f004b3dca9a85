package ledgergpkg

import (
	"fmt"
	"slices"
	"strings"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/qgis"
)

// layer is a view with a style.
type layer struct {
	view, name string
	first      int // 1 for the style that QGIS takes by itself, else 0
	style      qgis.Style
}

// ledgerLayers returns the styles that the file keeps: of each layer of cases by state and by severity.
func ledgerLayers() (all []layer) {
	for _, of := range []struct {
		view   string
		points bool
	}{{"case_areas", false}, {"case_points", true}} {
		all = append(all, layer{of.view, "按状态", 1, byState(of.points)},
			layer{of.view, "按严重程度", 0, bySeverity(of.points)})
	}
	return append(all, layer{"case_history", "办理经过", 1, historyStyle()})
}

// stateColours are the colours of states: what waits is warm, what is being accepted is blue, what is done is green or
// grey. Those next to each other differ in lightness too.
var stateColours = map[ledger.State]string{
	ledger.Unreviewed: "230,159,0", ledger.Archived: "190,190,190", ledger.Filed: "213,94,0",
	ledger.Rectifying: "204,121,167", ledger.Submitted: "150,205,240", ledger.CountyOK: "86,160,220",
	ledger.CityOK: "40,110,190", ledger.ProvinceOK: "10,60,140", ledger.Recorded: "70,60,120",
	ledger.Publicity: "120,200,170", ledger.StruckOff: "0,140,100",
}

// byState returns how cases are shown by their state.
func byState(points bool) qgis.Style {
	s := caseStyle(points)
	s.Attr = "state"
	for _, state := range ledger.States() {
		s.Classes = append(s.Classes, symbol(string(state), "string", ledger.Shipped().Label("state", string(state)),
			stateColours[state], 0.7))
	}
	return s
}

// bySeverity returns how cases are shown by their severity, in the colours of candidates.
func bySeverity(points bool) qgis.Style {
	s := caseStyle(points)
	s.Attr, s.OrderBy = "severity", `"severity"`
	for _, v := range findings.Severities() {
		colour := fmt.Sprintf("%d,%d,%d", v.Color.R, v.Color.G, v.Color.B)
		s.Classes = append(s.Classes, symbol(fmt.Sprint(int(v.Severity)), "string", v.Chinese(), colour, v.OutlineMM))
	}
	s.Classes = append(s.Classes, symbol("", "string", "未定", "150,150,150", 0.4))
	return s
}

// verdictColours are those of verdicts, in the order of the list; later ones are grey.
var verdictColours = []string{"230,159,0", "213,94,0", "204,121,167", "0,140,100", "86,160,220"}

// byVerdict returns how cases are shown to reviewers, who edit them.
func byVerdict(points bool) qgis.Style {
	s := edited(caseStyle(points))
	s.Attr = ledger.FieldVerdict
	for i, v := range ledger.Shipped().Verdicts {
		colour := "150,150,150"
		if i < len(verdictColours) {
			colour = verdictColours[i]
		}
		s.Classes = append(s.Classes, symbol(v.Code, "string", v.Label, colour, 0.7))
	}
	return s
}

// edited returns a style whose form lets reviewers edit. QGIS fills in who judges, and when, where that is empty.
func edited(s qgis.Style) qgis.Style {
	const judged = `CASE WHEN "verdict" = 'unreviewed' OR "FIELD" <> '' THEN "FIELD" ELSE `
	s.Fields = fields(columns(), Editable())
	for i := range s.Fields {
		switch f := &s.Fields[i]; f.Name {
		case ledger.FieldReviewer:
			f.OnUpdate = strings.ReplaceAll(judged, "FIELD", f.Name) +
				`coalesce(nullif(@user_full_name, ''), @user_account_name, '') END`
		case ledger.FieldReviewed:
			f.OnUpdate = strings.ReplaceAll(judged, "FIELD", f.Name) + `format_date(now(), 'yyyy-MM-dd') END`
		}
	}
	return s
}

// symbol returns a class with its symbol, for areas and for points.
func symbol(value, kind, label, rgb string, width float64) qgis.Class {
	return qgis.Class{Value: value, Type: kind, Label: label, RGB: rgb, FillAlpha: 110, Line: "solid", OutlineMM: width,
		CasingMM: width + 0.6, Marker: "circle", Alpha: 1}
}

// caseStyle returns what all layers of cases have.
func caseStyle(points bool) qgis.Style {
	all := fields(columns(), nil)
	placement := 4
	if points {
		placement = 1
	}
	return qgis.Style{Points: points, Fields: all, Form: caseForm(all),
		SortBy: `to_real('0' || "severity") * 1e12 + coalesce("area_m2", 0)`,
		Label:  `"id" || '\n' || represent_value("state")`, LabelSize: 8, LabelScale: 25000, LabelPlacement: placement,
		Preview: `"id" || ' ' || represent_value("state")`,
		MapTip: `<b>[% "id" %]</b> [% represent_value("state") %]，[% represent_value("verdict") %]<br>` + "\n" +
			shown("county_name") + ` [% format_number("area_m2" / 10000, 2) %] 公顷<br>` + "\n" + shown("problem")}
}

// shown returns the expression for the text of a field in HTML.
func shown(field string) string {
	return `[% replace(replace("` + field + `", '&', '&amp;'), '<', '&lt;') %]`
}

// formGroups are the fields of the first two tabs of the form.
var (
	judgedFields = []string{ledger.FieldVerdict, ledger.FieldReason, ledger.FieldNote, ledger.FieldReviewer,
		ledger.FieldReviewed, ledger.FieldApproval, ledger.FieldValidUntil, ledger.FieldDuplicate}
	factFields = []string{"id", "state", "severity", ledger.FieldAreaM2, ledger.FieldCountyName, "relation",
		ledger.FieldToConfirm, ledger.FieldFinding, "suspicion", "disputes"}
	rectifiedFields = []string{ledger.FieldProblem, ledger.FieldMeasures, ledger.FieldMeasureKind, ledger.FieldStandard,
		ledger.FieldUnit, ledger.FieldPerson, ledger.FieldDueDate, ledger.FieldDueText, ledger.FieldResult}
)

// caseForm returns the form of a case: what reviewers say and the facts, what is rectified, and the rest.
func caseForm(all []qgis.Field) []qgis.FormTab {
	rest := qgis.FormTab{Name: "其他"}
	for _, f := range all {
		if !slices.Contains(slices.Concat(judgedFields, factFields, rectifiedFields), f.Name) {
			rest.Fields = append(rest.Fields, f.Name)
		}
	}
	return []qgis.FormTab{
		{Name: "核查", Groups: []qgis.FormGroup{{Name: "核查", Fields: judgedFields}, {Name: "事实", Fields: factFields}}},
		{Name: "整改", Fields: rectifiedFields}, rest,
	}
}

// historyStyle returns how what was said of cases is shown.
func historyStyle() qgis.Style {
	return qgis.Style{Table: true, Fields: fields(historyFields(), nil),
		Preview: `"time" || ' ' || represent_value("kind") || ' ' || "actor" || ' ' || coalesce("said", '')`}
}
