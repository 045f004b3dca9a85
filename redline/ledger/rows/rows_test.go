package rows

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
)

func TestSpans(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		var spans []ledger.Span
		for range random.IntN(20) {
			spans = append(spans, ledger.Span{Row: random.Int32() - 1<<30, Col0: random.Int32(), Col1: -random.Int32()})
		}
		if got, err := decodeSpans(encodeSpans(spans)); err != nil || !slices.Equal(got, spans) {
			t.Fatalf("%v became %v, %v", spans, got, err)
		}
	}
	if b := encodeSpans([]ledger.Span{{Row: 3, Col0: 5, Col1: 15}, {Row: 4, Col0: 5, Col1: 15}}); len(b) != 6 {
		t.Errorf("two spans take %d bytes", len(b))
	}
	for _, b := range [][]byte{{2}, {2, 2}, {0x80}, {2, 2, 2, 2}} {
		if got, err := decodeSpans(b); err == nil {
			t.Errorf("% x are taken as %v", b, got)
		}
	}
}

// TestRowsAreExact: a row is taken when it is what its thing gives, and refused, with its column, when any value differs.
func TestRowsAreExact(t *testing.T) {
	e := ledger.Event{Seq: 7, Case: "1-000001", Kind: ledger.Judged, Actor: "张", Fields: map[string]string{"note": "<&>"}}
	d := ledger.Detection{ID: "a/1", Spans: []ledger.Span{{Row: 1, Col0: 2, Col1: 3}}, AreaM2: 0.1, Cells: 1}
	c := ledger.Case{ID: "1-000001", State: ledger.Filed, Ground: []string{"a/1", "a/2"},
		Fields: map[string]string{ledger.FieldAreaM2: "12.5", ledger.FieldLists: "a\nb"}}
	same := func(name string, got any, err error, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	gotE, err := Event(OfEvent(&e))
	same("event", gotE, err, e)
	gotD, err := Detection(OfDetection(&d))
	same("detection", gotD, err, d)
	gotC, err := Case(OfCase(&c))
	same("case", gotC, err, c)
	for name, table := range map[string]struct {
		columns []Column
		row     []any
		read    func([]any) error
	}{
		"detections": {Detections(), OfDetection(&d), func(row []any) error { _, err := Detection(row); return err }},
		"cases":      {Cases(), OfCase(&c), func(row []any) error { _, err := Case(row); return err }},
	} {
		for i, column := range table.columns {
			row := slices.Clone(table.row)
			row[i] = map[Type]any{Text: "other", JSON: `{"id":"other"}`, Integer: int64(99), Real: 99.5, Bytes: []byte{1}}[column.Type]
			if err := table.read(row); err == nil || !strings.Contains(err.Error(), "was changed by somebody else than this program") {
				t.Errorf("%s.%s: %v", name, column.Name, err)
			}
			row[i] = struct{}{}
			if table.read(row) == nil {
				t.Errorf("%s.%s may be of any type", name, column.Name)
			}
		}
	}
	for i, column := range Events() {
		row := OfEvent(&e)
		row[i] = 1.5
		if _, err := Event(row); err == nil {
			t.Errorf("events.%s may be of any type", column.Name)
		}
	}
	row := OfEvent(&e)
	row[6] = `{"note": "<&>"}`
	if _, err := Event(row); err == nil || !strings.Contains(err.Error(), "the column fields was changed") {
		t.Errorf("white space in fields: %v", err)
	}
}

// TestDetectionCells: cells are read without the rest of a row, and nothing else than what was written.
func TestDetectionCells(t *testing.T) {
	d := ledger.Detection{ID: ledger.DetectionID("abc", "P1"), Run: "abc", Spans: []ledger.Span{{Row: 1, Col0: 2, Col1: 3}}}
	row := OfDetection(&d)
	row = []any{row[0], row[1], row[11]}
	if got, err := DetectionCells(row); err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("%+v, %v", got, err)
	}
	for i, values := range [][]any{{"other", 1.5}, {"other", nil}, {[]byte{1}, []byte{0x82, 0, 4, 2}, "x", nil}} {
		for _, v := range values {
			other := slices.Clone(row)
			other[i] = v
			if got, err := DetectionCells(other); err == nil || !strings.Contains(err.Error(), "was changed by somebody else") {
				t.Errorf("%v is taken as %+v, %v", other, got, err)
			}
		}
	}
}

func TestPlace(t *testing.T) {
	for lon, ok := range map[string]bool{"117.5": true, "": false, "x": false, "181": false, "NaN": false, "Inf": false, "-180": true} {
		c := ledger.Case{Fields: map[string]string{ledger.FieldLon: lon, ledger.FieldLat: "31"}}
		if p, got := Place(&c); got != ok || ok && p[1] != 31 {
			t.Errorf("%q: %v, %v", lon, p, got)
		}
	}
}
