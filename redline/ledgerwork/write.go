package ledgerwork

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// WriteCSV writes cases as a table of all columns, with a mark for Excel, codes as such.
func WriteCSV(w io.Writer, cases []ledger.Case) error {
	r := files.Row("\uFEFF")
	for _, c := range columns {
		r.Text(c.Name)
	}
	r.End()
	for i := range cases {
		for _, c := range columns {
			switch v := c.Value(&cases[i]).(type) {
			case string:
				r.Text(v)
			case int64:
				r.Integer(v)
			case float64:
				r.Fixed(v, findings.DegDecimals)
			default:
				r.Text("")
			}
		}
		r.End()
		if len(r) > 1<<20 {
			if _, err := w.Write(r); err != nil {
				return err
			}
			r = r[:0]
		}
	}
	_, err := w.Write(r)
	return err
}

// byName are the columns in the order of their names.
var byName = slices.SortedFunc(slices.Values(columns), func(a, b Column) int { return strings.Compare(a.Name, b.Name) })

// appendRow appends an object of the columns of a case by name, without those that have nothing to say. colon stands
// after names; begin, between and end stand around members.
func appendRow(b []byte, c *ledger.Case, colon, begin, between, end string) []byte {
	b = append(b, '{')
	next := begin
	for _, column := range byName {
		v := column.Value(c)
		if v == nil || v == "" {
			continue
		}
		b = files.AppendJSON(append(b, next...), column.Name)
		b, next = append(b, colon...), between
		switch v := v.(type) {
		case string:
			b = files.AppendJSON(b, v)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		default:
			number, _ := json.Marshal(v) // it is finite, for it was parsed from a text that says a number
			b = append(b, number...)
		}
	}
	return append(append(b, end...), '}')
}

// JSON returns cases as JSON for people and programs: an object with the list "cases", one member a line.
func JSON(cases []ledger.Case) []byte {
	b := []byte("{\n  \"cases\": [")
	for i := range cases {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, "\n    "...)
		b = appendRow(b, &cases[i], ": ", "\n      ", ",\n      ", "\n    ")
	}
	if len(cases) > 0 {
		b = append(b, "\n  "...)
	}
	return append(b, "]\n}\n"...)
}

// WriteGeoJSON writes cases as a FeatureCollection in longitude and latitude, one feature per line: at the place of the
// lead where a case began with one, else at the point of its last detection. A case of which only the county is known
// has no geometry.
func WriteGeoJSON(w io.Writer, cases []ledger.Case) error {
	b := []byte(`{"type":"FeatureCollection","name":"cases","features":[` + "\n")
	for i := range cases {
		b = files.AppendJSON(append(b, `{"type":"Feature","id":`...), cases[i].ID)
		b = appendRow(append(b, `,"properties":`...), &cases[i], ":", "", ",", "")
		b = append(append(append(b, `,"geometry":`...), geometry(&cases[i])...), '}')
		if i < len(cases)-1 {
			b = append(b, ',')
		}
		b = append(b, '\n')
		if len(b) > 1<<20 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := w.Write(append(b, "]}\n"...))
	return err
}

// geometry returns where a case is as GeoJSON.
func geometry(c *ledger.Case) json.RawMessage {
	lon, errLon := strconv.ParseFloat(c.Get(ledger.FieldLon), 64)
	lat, errLat := strconv.ParseFloat(c.Get(ledger.FieldLat), 64)
	switch place := c.Get(ledger.FieldLeadPlace); {
	case c.Detection == "" && json.Valid([]byte(place)):
		return json.RawMessage(place)
	case errLon == nil && errLat == nil:
		point, _ := json.Marshal(map[string]any{"type": "Point", "coordinates": []float64{lon, lat}})
		return point // numbers that were parsed can be written
	}
	return json.RawMessage("null")
}
