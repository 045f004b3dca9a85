// Package review writes what a reviewer opens in QGIS: a GeoPackage, a project that shows it, and the style of the candidates.
// README.md beside this file explains layers and columns.
package review

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"greenshield/redline"
	"greenshield/redline/report"
)

//go:embed style.xml.tmpl
var styleTemplate string

//go:embed project.xml.tmpl
var projectTemplate string

// templates are both templates; they escape what is XML by "xml".
func templates() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"xml": func(s any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, fmt.Append(nil, s))
			return b.String(), err
		},
	}).Parse(styleTemplate + projectTemplate)
}

// style is how QGIS (3.22 and later) shows a layer and its form.
type style struct {
	Points         bool   // else polygons
	Attr           string // the field that classes are told apart by
	Classes        []class
	OrderBy        string // a field: features with larger values are drawn above
	Label          string // an expression; "" for no labels
	LabelSize      int    // in points
	LabelScale     int    // labels are shown at scales larger than 1 : this
	LabelPlacement int    // as QGIS numbers them: 1 over a point, 4 horizontal
	Fields         []field
	Preview        string // an expression that names a feature
	MapTip         string // HTML with expressions
}

// class is one class of a layer's features and its symbol.
type class struct {
	Value, Type, Label  string // Type is that of the value: long, string
	RGB                 string // "213,94,0"
	FillAlpha           int
	Line                string // solid, dash
	OutlineMM, CasingMM float64
	Marker              string // of points
}

// field is one field of a layer.
type field struct {
	Name, Alias string
	Type        string // of SQLite
	Values      []report.Value
	Date        bool
	Multiline   bool
	Editable    bool
}

func rgb(c color.RGBA) string { return fmt.Sprintf("%d,%d,%d", c.R, c.G, c.B) }

// candidateFields are the fields of a candidate; those for the reviewer follow where the layer can be edited in place.
func candidateFields() (fields []field) {
	for _, f := range report.Fields() {
		of := field{Name: f.Name, Alias: f.Alias, Type: "TEXT", Editable: f.Name == "verdict"}
		if f.Values != nil {
			of.Values = f.Values()
		}
		switch {
		case f.Integer != nil:
			of.Type = "INTEGER"
		case f.Decimal != nil:
			of.Type = "REAL"
		}
		fields = append(fields, of)
	}
	return fields
}

func reviewFields() []field {
	return []field{
		{Name: "reviewer", Alias: "核查人", Type: "TEXT", Editable: true},
		{Name: "rev_date", Alias: "核查日期", Type: "DATE", Date: true, Editable: true},
		{Name: "rev_note", Alias: "核查说明", Type: "TEXT", Multiline: true, Editable: true},
	}
}

// shown is an expression for a text field in HTML.
func shown(field string) string {
	return `[% replace(replace("` + field + `", '&', '&amp;'), '<', '&lt;') %]`
}

// candidateStyle shows candidates of these severities.
func candidateStyle(fields []field, severities ...report.Severity) style {
	s := style{
		Attr: "severity", OrderBy: "severity", Fields: fields,
		Label: `"change_zh" || '\n' || format_number("area_ha", 2) || ' 公顷'`, LabelSize: 8, LabelScale: 25000, LabelPlacement: 4,
		Preview: `"change_zh" || ' ' || "zone_name" || ' ' || round("area_ha", 2) || ' ha'`,
		MapTip: `<b>[% represent_value("severity") %]</b> ` + shown("change_zh") + "<br>\n" +
			shown("from_name") + ` → ` + shown("to_name") + ` ([% "year_a" %]–[% "year_b" %])<br>` + "\n" +
			shown("zone_name") + `, [% represent_value("zone_type") %]<br>` + "\n" +
			`[% round("area_ha", 2) %] ha, [% represent_value("verdict") %]`,
	}
	for _, v := range severities {
		s.Classes = append(s.Classes, class{Value: strconv.Itoa(v.Level), Type: "long", Label: v.ZH + " " + v.Value,
			RGB: rgb(v.Color), FillAlpha: 45, Line: "solid", OutlineMM: v.OutlineMM, CasingMM: v.OutlineMM + 0.8})
	}
	return s
}

// reasons are why a change in a zone is no candidate.
func reasons() []report.Value {
	return []report.Value{
		{Code: redline.ReasonSeverity0, Label: "规则判为非候选"},
		{Code: redline.ReasonSeverity, Label: "低于最低严重程度"},
		{Code: redline.ReasonArea, Label: "斑块小于最小面积"},
		{Code: redline.ReasonPart, Label: "区内部分过小"},
		{Code: redline.ReasonShape, Label: "轮廓无法有效写出"},
	}
}

// suppressedFields are those of the suppressed changes that a map needs; suppressed.csv has all.
func suppressedFields() (fields []field) {
	for _, f := range candidateFields() {
		if slices.Contains([]string{"cand_id", "patch_id", "change_zh", "from_name", "to_name", "severity", "layer", "zone_id", "zone_name", "zone_type", "area_ha", "patch_ha", "cells", "adm_code", "adm_name", "flags"}, f.Name) {
			fields = append(fields, f)
		}
	}
	return append(fields, field{Name: "reason", Alias: "未列入原因", Type: "TEXT", Values: reasons()})
}

func suppressedStyle() style {
	s := style{
		Points: true, Attr: "reason", Fields: suppressedFields(), Preview: `"change_zh" || ' ' || "zone_name"`,
		MapTip: `[% represent_value("reason") %]<br>` + "\n" + shown("change_zh") + `, [% round("area_ha", 2) %] ha<br>` + "\n" + shown("zone_name"),
	}
	colors := []string{"153,153,153", "0,114,178", "86,180,233", "204,121,167", "0,0,0"}
	for i, v := range reasons() {
		s.Classes = append(s.Classes, class{Value: v.Code, Type: "string", Label: v.Label, RGB: colors[i], Marker: []string{"circle", "diamond", "circle", "triangle", "cross2"}[i]})
	}
	return s
}

// zoneFields are the fields of a zone that both of its layers have.
func zoneFields() []field {
	fields := []field{}
	for _, f := range candidateFields() {
		if slices.Contains([]string{"layer", "zone_id", "zone_name", "zone_type", "func_zone", "zone_lvl"}, f.Name) {
			fields = append(fields, f)
		}
	}
	return append(fields,
		field{Name: "area_ha", Alias: "总面积(公顷)", Type: "REAL"},
		field{Name: "ctrl_ha", Alias: "本区管控面积(公顷)", Type: "REAL"})
}

func zoneStyle() style {
	s := style{
		Attr: "zone_type", Fields: zoneFields(), Label: `"zone_name"`, LabelSize: 9, LabelScale: 250000, LabelPlacement: 1, Preview: `"zone_name"`,
		MapTip: shown("zone_name") + `, [% represent_value("zone_type") %]<br>` + "\n" + `[% round("area_ha", 1) %] ha`,
	}
	for _, t := range redline.ZoneTypes() {
		line := "solid"
		if t == redline.RedLine || t == redline.Periphery {
			line = "dash"
		}
		s.Classes = append(s.Classes, class{Value: t.String(), Type: "string", Label: t.Chinese(), RGB: rgb(report.ZoneColor(t)), FillAlpha: 18, Line: line, OutlineMM: 0.5})
	}
	return s
}

func coverageFields() []field {
	return append(zoneFields(),
		field{Name: "outs_ha", Alias: "影像外面积(公顷)", Type: "REAL"}, field{Name: "nodata_ha", Alias: "无数据面积(公顷)", Type: "REAL"},
		field{Name: "change_ha", Alias: "变化面积(公顷)", Type: "REAL"}, field{Name: "unrule_ha", Alias: "无规则变化面积(公顷)", Type: "REAL"},
		field{Name: "cands", Alias: "候选图斑数", Type: "INTEGER"}, field{Name: "cand_ha", Alias: "候选面积(公顷)", Type: "REAL"},
		field{Name: "suppr", Alias: "未列入数", Type: "INTEGER"}, field{Name: "suppr_ha", Alias: "未列入面积(公顷)", Type: "REAL"},
		field{Name: "status", Alias: "覆盖状态", Type: "TEXT", Values: report.Statuses()})
}

func coverageStyle() style {
	s := style{
		Attr: "status", Fields: coverageFields(), Preview: `"zone_name"`,
		MapTip: shown("zone_name") + `: [% represent_value("status") %]<br>` + "\n" + `[% "cands" %] / [% round("cand_ha", 2) %] ha`,
	}
	colors := []string{"230,159,0", "213,94,0", "86,180,233", "153,153,153", "0,158,115"}
	for i, v := range report.Statuses() {
		s.Classes = append(s.Classes, class{Value: v.Code, Type: "string", Label: v.Label, RGB: colors[i], FillAlpha: 90, Line: "solid", OutlineMM: 0.3})
	}
	return s
}

// qml writes a style as a QML file.
func qml(w io.Writer, s style) error {
	t, err := templates()
	if err != nil {
		return err
	}
	geometry := 2
	if s.Points {
		geometry = 0
	}
	labels := 0
	if s.Label != "" {
		labels = 1
	}
	if _, err := fmt.Fprintf(w, "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22.0\" styleCategories=\"Symbology|Labeling|Fields|Forms|MapTips\" labelsEnabled=\"%d\">\n  ", labels); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(w, "style", s); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n  <layerGeometryType>%d</layerGeometryType>\n</qgis>\n", geometry)
	return err
}

func qmlText(s style) (string, error) {
	var b bytes.Buffer
	err := qml(&b, s)
	return b.String(), err
}

// CandidatesStyle writes candidates.qml, which QGIS applies by itself to the candidates.geojson beside it.
func CandidatesStyle(_ context.Context, f *report.Folder, _ *report.Findings) error {
	return f.Write("candidates.qml", func(w io.Writer) error { return qml(w, candidateStyle(candidateFields(), report.Severities[:]...)) })
}
