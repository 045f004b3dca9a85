package review

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/template"

	"greenshield/redline/findings"
)

//go:embed style.xml.tmpl
var styleTemplate string

//go:embed project.xml.tmpl
var projectTemplate string

//go:embed layout.xml.tmpl
var layoutTemplate string

// templates returns the templates of a style and of a project. Texts in them go through their
// function xml, which escapes them.
func templates() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"xml": func(s any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, fmt.Append(nil, s))
			return b.String(), err
		},
	}).Parse(styleTemplate + projectTemplate + layoutTemplate)
}

// qml writes a style as a QML file, the format in which QGIS keeps the style of one layer.
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
	const head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" +
		`<qgis version="3.22.0" styleCategories="Symbology|Labeling|Fields|Forms|Actions|MapTips|AttributeTable" ` +
		`labelsEnabled="%d">` + "\n  "
	if _, err := fmt.Fprintf(w, head, labels); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(w, "style", s); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n  <layerGeometryType>%d</layerGeometryType>\n</qgis>\n", geometry)
	return err
}

// qmlText returns a style as qml writes it.
func qmlText(s style) (string, error) {
	var b bytes.Buffer
	err := qml(&b, s)
	return b.String(), err
}

// CandidatesStyle is the report that writes candidates.qml, which QGIS applies by itself to the
// candidates.geojson beside it.
func CandidatesStyle(_ context.Context, f findings.Folder, _ *findings.Findings) error {
	return f.Write("candidates.qml", func(w io.Writer) error {
		return qml(w, candidateStyle(candidateFields()))
	})
}
