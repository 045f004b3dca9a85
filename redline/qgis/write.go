package qgis

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/template"
)

//go:embed style.xml.tmpl
var styleTemplate string

//go:embed project.xml.tmpl
var projectTemplate string

//go:embed layout.xml.tmpl
var layoutTemplate string

// templates returns the templates of a style and of a project. Texts in them go through their function xml, which
// escapes them; after returns the year after another.
func templates() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"xml": func(s any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, fmt.Append(nil, s))
			return b.String(), err
		},
		"after": func(year int) int { return year + 1 },
	}).Parse(styleTemplate + projectTemplate + layoutTemplate)
}

// WriteQML writes a style as a QML file, the format in which QGIS keeps the style of one layer.
func WriteQML(w io.Writer, s Style) error {
	t, err := templates()
	if err != nil {
		return err
	}
	geometry := 2
	switch {
	case s.Points:
		geometry = 0
	case s.Lines:
		geometry = 1
	}
	labels := 0
	if s.Label != "" {
		labels = 1
	}
	temporal := ""
	if s.Begins != "" {
		temporal = "|Temporal"
	}
	const head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" +
		`<qgis version="3.22.0" styleCategories="Symbology|Labeling|Fields|Forms|Actions|MapTips|AttributeTable%s" ` +
		`labelsEnabled="%d">` + "\n  "
	if _, err := fmt.Fprintf(w, head, temporal, labels); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(w, "style", s); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n  <layerGeometryType>%d</layerGeometryType>\n</qgis>\n", geometry)
	return err
}

// qmlText returns a style as WriteQML writes it.
func QML(s Style) (string, error) {
	var b bytes.Buffer
	err := WriteQML(&b, s)
	return b.String(), err
}

// WriteProject writes a project as a QGZ file, in which it has the given name without an ending.
func WriteProject(w io.Writer, name string, p Project) error {
	t, err := templates()
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	out, err := z.Create(name + ".qgs") // without a time, which would make other bytes each time
	if err != nil {
		return err
	}
	if err := t.ExecuteTemplate(out, "project", p); err != nil {
		return err
	}
	return z.Close()
}
