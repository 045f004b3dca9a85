package ledgerwork

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/ledger"
	"greenshield/redline/qgis"
)

// pointColumns are the columns of points.csv and the properties of points.geojson, in their order.
var pointColumns = []struct{ name, title string }{{"sample", "样本"}, {"point", "点号"}, {"lon", "经度"}, {"lat", "纬度"},
	{"layer", "图层"}, {"zone_id", "管控区编号"}, {"zone_name", "管控区"}, {"zone_type", "管控区类型"},
	{"question", "问题"}, {"answer", "答复"}, {"note", "说明"}, {"reviewer", "核查人"}, {"rev_date", "核查日期"}}

// AnswerTitle returns an answer in Chinese.
func AnswerTitle(a ledger.Answer) string {
	return map[ledger.Answer]string{ledger.PointChanged: "是", ledger.PointUnchanged: "否",
		ledger.PointUnknown: "无法判断"}[a]
}

// question returns what is asked of each point.
func (l *PointList) question() string {
	return fmt.Sprintf("%d年至%d年间，此处是否由林、草、湿地等自然地类变为建设用地、裸地或耕地等？（是/否/无法判断）",
		l.YearA, l.YearB)
}

// values returns the values of pointColumns of the point of index i; numbers have their decimals.
func (l *PointList) values(i int) []any {
	p := &l.Places[i]
	kind := p.Zone.Type
	if t, err := redline.ParseZoneType(kind); err == nil {
		kind = t.Chinese()
	}
	decimals := func(x float64) json.Number { return json.Number(fmt.Sprintf("%.*f", findings.DegDecimals, x)) }
	return []any{l.Sample, json.Number(fmt.Sprint(i + 1)), decimals(p.At[0]), decimals(p.At[1]),
		redline.LayerChinese(p.Zone.Layer), p.Zone.ID, p.Zone.Name, kind, l.question(), "", "", "", ""}
}

// Write writes the list into a folder: points.csv for spreadsheets, and points.geojson with points.qml for QGIS.
// Whoever answers fills in one of them.
func (l *PointList) Write(f *folder.Folder) error {
	for _, file := range []struct {
		name string
		fill func(w io.Writer) error
	}{
		{"points.csv", l.writeCSV}, {"points.geojson", l.writeGeoJSON},
		{"points.qml", func(w io.Writer) error { return qgis.WriteQML(w, pointStyle()) }},
	} {
		if err := f.Write(file.name, file.fill); err != nil {
			return err
		}
	}
	return nil
}

// sum returns the SHA-256 of points.csv.
func (l *PointList) sum() [sha256.Size]byte {
	var b bytes.Buffer
	_ = l.writeCSV(&b) // a buffer takes all
	return sha256.Sum256(b.Bytes())
}

// writeCSV writes points.csv: UTF-8 with a byte order mark, without which Excel reads it in the encoding of the
// machine.
func (l *PointList) writeCSV(w io.Writer) error {
	r := files.Row("\uFEFF")
	for _, c := range pointColumns {
		r.Text(c.title)
	}
	r.End()
	for i := range l.Places {
		for _, v := range l.values(i) {
			r.Text(fmt.Sprint(v))
		}
		r.End()
	}
	_, err := w.Write(r)
	return err
}

// writeGeoJSON writes points.geojson, one feature a line.
func (l *PointList) writeGeoJSON(w io.Writer) error {
	var b bytes.Buffer
	text := func(v any) string {
		var t bytes.Buffer
		enc := json.NewEncoder(&t)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v) // texts and numbers can be written
		return string(bytes.TrimSpace(t.Bytes()))
	}
	b.WriteString("{\"type\":\"FeatureCollection\",\"name\":\"points\",\"features\":[\n")
	for i := range l.Places {
		values := l.values(i)
		fmt.Fprintf(&b, `{"type":"Feature","id":%d,"properties":{`, i+1)
		for k, c := range pointColumns {
			fmt.Fprintf(&b, "%q:%s,", c.name, text(values[k]))
		}
		b.Truncate(b.Len() - 1)
		fmt.Fprintf(&b, `},"geometry":{"type":"Point","coordinates":[%v,%v]}}`, values[2], values[3])
		if i+1 < len(l.Places) {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// pointStyle returns how QGIS shows the points: by what was answered, and the answer as a choice in the form.
func pointStyle() qgis.Style {
	s := qgis.Style{Points: true, Attr: "answer", Label: `"point"`, LabelSize: 9, LabelScale: 5_000_000, LabelPlacement: 1,
		Preview: `"point"`}
	values := []findings.Value{{Code: "", Label: "未答复"}}
	for _, a := range ledger.Answers() {
		values = append(values, findings.Value{Code: AnswerTitle(a), Label: AnswerTitle(a)})
	}
	for i, rgb := range []string{"255,200,0", "215,25,28", "26,150,65", "130,130,130"} {
		s.Classes = append(s.Classes, qgis.Class{Value: values[i].Code, Type: "string", Label: values[i].Label, RGB: rgb,
			FillAlpha: 255, Line: "solid", OutlineMM: 0.4, CasingMM: 0.8, Marker: "circle", Alpha: 1})
	}
	for _, c := range pointColumns {
		f := qgis.Field{Name: c.name, Alias: c.title, Type: "TEXT"}
		switch c.name {
		case "answer":
			f.Editable, f.Values = true, values
		case "note", "reviewer":
			f.Editable = true
		case "rev_date":
			f.Editable = true
		case "point":
			f.Type = "INTEGER"
		case "lon", "lat":
			f.Type, f.Rounded, f.Decimals = "REAL", true, findings.DegDecimals
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}
