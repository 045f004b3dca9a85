package ledgerwork

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"

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
		if _, err := w.Write(r); err != nil {
			return err
		}
		r = r[:0]
	}
	_, err := w.Write(r)
	return err
}

// Row returns the columns of a case by name, without those that have nothing to say.
func Row(c *ledger.Case) map[string]any {
	row := map[string]any{}
	for _, column := range columns {
		if v := column.Value(c); v != nil && v != "" {
			row[column.Name] = v
		}
	}
	return row
}

// WriteGeoJSON writes cases as a FeatureCollection in longitude and latitude, one feature per line: at the place of the
// lead where a case began with one, else at the point of its last detection. A case of which only the county is known
// has no geometry.
func WriteGeoJSON(w io.Writer, cases []ledger.Case) error {
	b := []byte(`{"type":"FeatureCollection","name":"cases","features":[` + "\n")
	for i := range cases {
		feature := struct {
			Type       string          `json:"type"`
			ID         string          `json:"id"`
			Properties map[string]any  `json:"properties"`
			Geometry   json.RawMessage `json:"geometry"`
		}{"Feature", cases[i].ID, Row(&cases[i]), geometry(&cases[i])}
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(feature); err != nil {
			return err
		}
		b = append(b, bytes.TrimSuffix(line.Bytes(), []byte("\n"))...)
		if i < len(cases)-1 {
			b = append(b, ',')
		}
		b = append(b, '\n')
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
