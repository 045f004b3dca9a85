// Package rows says what a table of a store holds for each event, detection and case of a ledger, so that all stores
// hold the same: one row each, whose values follow from the thing and from nothing else.
//
// A row that is read must be exactly what its thing gives. So a value that somebody changed by SQL is found whatever
// column it stands in: [Event], [Detection] and [Case] refuse the row, or the thing that it says is another one, which
// the hashes of the ledger tell.
package rows

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"greenshield/redline/ledger"
)

// Type says what values a column has.
type Type int

// The types of columns.
const (
	Text    Type = iota // string; "" for none
	JSON                // string
	Integer             // int64
	Real                // float64, or nil for none
	Bytes               // []byte, empty for none
)

// Column is one of a table.
type Column struct {
	Name  string
	Title string // in Chinese
	Type  Type
}

// Columns of the tables. The first one of each is its key.
var (
	events = []Column{
		{"seq", "序号", Integer}, {"case_id", "问题编号", Text}, {"kind", "事项", Text}, {"time", "时间", Text},
		{"actor", "人员", Text}, {"level", "层级", Text}, {"fields", "内容", JSON}, {"doc_name", "文件", Text},
		{"doc_sha256", "文件校验值", Text}, {"origin_ledger", "来源台账", Text}, {"origin_seq", "来源序号", Integer},
		{"origin_hash", "来源校验值", Text}, {"prev", "前一校验值", Text}, {"hash", "校验值", Text},
	}
	detections = []Column{
		{"id", "图斑编号", Text}, {"run", "运行", Text}, {"year_a", "前期年份", Integer}, {"year_b", "后期年份", Integer},
		{"transition", "变化组", Text}, {"county", "县代码", Text}, {"county_name", "县", Text}, {"area_m2", "面积", Real},
		{"lon", "经度", Real}, {"lat", "纬度", Real}, {"body", "全文", JSON}, {"cells", "像元", Bytes},
	}
)

// Cells returns the columns of the table of detections that [DetectionCells] reads.
func Cells() []Column { return []Column{detections[0], detections[1], detections[11]} }

// Events returns the columns of the table of events.
func Events() []Column { return events }

// Detections returns the columns of the table of detections.
func Detections() []Column { return detections }

// timeForm is how times stand in the table of events; all are UTC.
const timeForm = "2006-01-02T15:04:05Z"

// OfEvent returns the row of an event.
func OfEvent(e *ledger.Event) []any {
	return rowOfEvent(e, ledger.FieldsJSON(e.Fields))
}

// rowOfEvent returns the row of an event with the JSON of its fields.
func rowOfEvent(e *ledger.Event, fields string) []any {
	return []any{e.Seq, e.Case, string(e.Kind), e.Time.UTC().Format(timeForm), e.Actor, string(e.Level), fields,
		e.Doc.Name, e.Doc.SHA256, e.Origin.Ledger, e.Origin.Seq, e.Origin.Hash, e.Prev, e.Hash}
}

// Event returns the event of a row.
func Event(row []any) (e ledger.Event, err error) {
	var kind, at, level, fields string
	if err := scan(row, &e.Seq, &e.Case, &kind, &at, &e.Actor, &level, &fields, &e.Doc.Name, &e.Doc.SHA256,
		&e.Origin.Ledger, &e.Origin.Seq, &e.Origin.Hash, &e.Prev, &e.Hash); err != nil {
		return e, &ledger.RowError{Key: fmt.Sprint(row[0]), Err: fmt.Errorf("events, row %v was changed: %w", row[0], err)}
	}
	e.Kind, e.Level = ledger.Kind(kind), ledger.Level(level)
	if e.Time, err = time.Parse(timeForm, at); err != nil {
		return e, changed("events", row[0], "time")
	}
	if e.Fields, err = ledger.ParseFields(fields); err != nil {
		return e, changed("events", row[0], "fields")
	}
	return e, compare("events", events, row, rowOfEvent(&e, fields))
}

// OfDetection returns the row of a detection.
func OfDetection(d *ledger.Detection) []any {
	body := *d
	if len(body.Spans) > 0 {
		body.Spans = nil // they are in the last column, a tenth as long
	}
	return rowOfDetection(d, body.JSON())
}

// rowOfDetection returns the row of a detection with its JSON.
func rowOfDetection(d *ledger.Detection, body string) []any {
	return []any{d.ID, d.Run, int64(d.YearA), int64(d.YearB), d.Group, d.County, d.CountyName, d.AreaM2, d.Lon, d.Lat,
		body, encodeSpans(d.Spans)}
}

// Detection returns the detection of a row.
func Detection(row []any) (d ledger.Detection, err error) {
	body := str(row[10])
	if d, err = ledger.ParseDetection(body); err != nil {
		return d, changed("detections", row[0], "body")
	}
	if cells, _ := row[11].([]byte); len(cells) > 0 {
		if d.Spans, err = decodeSpans(cells); err != nil {
			return d, changed("detections", row[0], "cells")
		}
	}
	return d, compare("detections", detections, row, rowOfDetection(&d, body))
}

// DetectionCells returns ID, Run and Spans of a detection, of a row that has the columns of [Cells] alone.
func DetectionCells(row []any) (d ledger.Detection, err error) {
	d.ID, d.Run = str(row[0]), str(row[1])
	if !strings.HasPrefix(d.ID, ledger.DetectionID(d.Run, "")) {
		return d, changed("detections", row[0], "run")
	}
	cells, ok := row[2].([]byte)
	if d.Spans, err = decodeSpans(cells); err != nil || !ok || !bytes.Equal(encodeSpans(d.Spans), cells) {
		return d, changed("detections", row[0], "cells")
	}
	return d, nil
}

// scan copies the values of a row.
func scan(row []any, to ...any) error {
	for i, p := range to {
		ok := false
		switch p := p.(type) {
		case *string:
			*p, ok = row[i].(string)
		case *int64:
			*p, ok = row[i].(int64)
		}
		if !ok {
			return fmt.Errorf("%v stands where a value of another type belongs", row[i])
		}
	}
	return nil
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// compare refuses a row that is not what its thing gives.
func compare(table string, columns []Column, got, want []any) error {
	for i, c := range columns {
		if b, ok := want[i].([]byte); ok {
			if g, ok := got[i].([]byte); !ok && got[i] != nil || !bytes.Equal(b, g) {
				return changed(table, got[0], c.Name)
			}
		} else if got[i] != want[i] {
			return changed(table, got[0], c.Name)
		}
	}
	return nil
}

func changed(table string, key any, column string) error {
	return &ledger.RowError{Key: fmt.Sprint(key), Err: fmt.Errorf("%s, row %v: the column %s was changed by somebody else "+
		"than this program; restore the ledger from a backup", table, key, column)}
}
