package report

import (
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/template"
)

//go:embed candidates.qml.tmpl
var styleTemplate string

// writeStyle writes candidates.qml, which QGIS (3.22 and later) applies by itself to
// the candidates.geojson beside it. Its fields are those of the candidates.
func writeStyle(w io.Writer) error {
	t, err := template.New("candidates.qml").Funcs(template.FuncMap{
		"xml": func(s any) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, fmt.Append(nil, s))
			return b.String(), err
		},
	}).Parse(styleTemplate)
	if err != nil {
		return err
	}
	type styleField struct {
		Name, Alias string
		Values      []Value
	}
	type styleClass struct {
		Level     int
		Label     string
		RGB       string
		OutlineMM float64
		CasingMM  float64
	}
	var data struct {
		Fields  []styleField
		Classes []styleClass
	}
	for _, f := range fields {
		sf := styleField{Name: f.Name, Alias: f.Alias}
		if f.Values != nil {
			sf.Values = f.Values()
		}
		data.Fields = append(data.Fields, sf)
	}
	for _, s := range Severities {
		data.Classes = append(data.Classes, styleClass{s.Level, s.ZH + " " + s.Value,
			fmt.Sprintf("%d,%d,%d", s.Red, s.Green, s.Blue), s.OutlineMM, s.OutlineMM + 0.8})
	}
	return t.Execute(w, data)
}
