package ledgerwork

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"greenshield/redline/ledger"
)

// plainly returns the columns of a case by name, without those that have nothing to say.
func plainly(c *ledger.Case) map[string]any {
	row := map[string]any{}
	for _, column := range columns {
		if v := column.Value(c); v != nil && v != "" {
			row[column.Name] = v
		}
	}
	return row
}

// TestJSON: lists are written as encoding/json writes them, with its own escapes for what steers a terminal.
func TestJSON(t *testing.T) {
	cases := []ledger.Case{{ID: "34-000001", State: ledger.Filed, Leads: 2, Fields: map[string]string{
		ledger.FieldAreaM2: "12345.678", ledger.FieldLon: "117", ledger.FieldLat: "-0.0000001", ledger.FieldNote: "<引号>\" \\ \n\t\r\u2028😀"}},
		{ID: "34-000002"}, {ID: "34-000003", Fields: map[string]string{ledger.FieldLeadPlace: `{"type":"Point","coordinates":[1,2]}`}}}
	for n := range cases {
		rows := []map[string]any{}
		for i := range cases[:n] {
			rows = append(rows, plainly(&cases[i]))
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(map[string]any{"cases": rows}); err != nil {
			t.Fatal(err)
		}
		if got := JSON(cases[:n]); string(got) != want.String() {
			t.Errorf("%d cases are\n%s, by encoding/json\n%s", n, got, &want)
		}
	}
	var got bytes.Buffer
	if err := WriteGeoJSON(&got, cases); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(got.String(), "\n")
	for i, place := range []string{`{"coordinates":[117,-1e-7],"type":"Point"}`, "null", `{"type":"Point","coordinates":[1,2]}`} {
		properties := &bytes.Buffer{}
		enc := json.NewEncoder(properties)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(plainly(&cases[i])); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"type":"Feature","id":"%s","properties":%s,"geometry":%s}`, cases[i].ID, strings.TrimSpace(properties.String()), place)
		if line := strings.TrimSuffix(lines[i+1], ","); line != want {
			t.Errorf("the feature is\n%s, by encoding/json\n%s", line, want)
		}
	}
}

// TestLongLists: what is written in several pieces is whole.
func TestLongLists(t *testing.T) {
	cases := make([]ledger.Case, 3)
	for i := range cases {
		cases[i] = ledger.Case{ID: fmt.Sprint(i), Fields: map[string]string{ledger.FieldNote: strings.Repeat("长", 1<<19)}}
	}
	var csv, geo bytes.Buffer
	if err := WriteCSV(&csv, cases); err != nil {
		t.Fatal(err)
	}
	if err := WriteGeoJSON(&geo, cases); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Features []struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(geo.Bytes(), &read); err != nil || len(read.Features) != 3 || read.Features[2].Properties["note"] != cases[2].Get(ledger.FieldNote) {
		t.Errorf("%d features, %v", len(read.Features), err)
	}
	if n := strings.Count(csv.String(), "\n"); n != 4 || strings.Count(csv.String(), "长") != 3<<19 {
		t.Errorf("%d lines of CSV", n)
	}
}
