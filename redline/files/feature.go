package files

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// feature holds the members of a GeoJSON feature at which reading back looks.
type feature struct{ kind, id, candID, areaHa, shape, coordinates gjson.Result }

// parse sets the members from the line of a feature, which is valid JSON, in one pass over each object. Of a name that
// occurs twice the first counts.
func (f *feature) parse(line string) {
	first := func(field *gjson.Result, value gjson.Result) {
		if !field.Exists() {
			*field = value
		}
	}
	var properties, geometry gjson.Result
	gjson.Parse(line).ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "type":
			first(&f.kind, value)
		case "id":
			first(&f.id, value)
		case "properties":
			first(&properties, value)
		case "geometry":
			first(&geometry, value)
		}
		return true
	})
	if properties.IsObject() {
		properties.ForEach(func(name, value gjson.Result) bool {
			switch name.Str {
			case "cand_id":
				first(&f.candID, value)
			case "area_ha":
				first(&f.areaHa, value)
			}
			return !f.candID.Exists() || !f.areaHa.Exists()
		})
	}
	if geometry.IsObject() {
		geometry.ForEach(func(name, value gjson.Result) bool {
			switch name.Str {
			case "type":
				first(&f.shape, value)
			case "coordinates":
				first(&f.coordinates, value)
			}
			return !f.shape.Exists() || !f.coordinates.Exists()
		})
	}
}

// fault says what is wrong with a feature, nil when nothing is.
func (f *feature) fault() error {
	switch {
	case f.kind.Str != "Feature":
		return fmt.Errorf("type is %q", f.kind.Str)
	case f.candID.Str == "" || f.candID.Str != f.id.Str:
		return fmt.Errorf("cand_id is %q, id is %q", f.candID.Str, f.id.Str)
	case f.areaHa.Type != gjson.Number || f.areaHa.Num < 0:
		return fmt.Errorf("candidate %s: has no area", f.id.Str)
	case f.shape.Str != "MultiPolygon" || !strings.HasPrefix(f.coordinates.Raw, "[[[["):
		return fmt.Errorf("candidate %s: has no geometry", f.id.Str)
	}
	return nil
}

// batch is some features to decode. Since each stands on a line of its own, several goroutines decode batches; these
// are then judged in their order.
type batch struct {
	lines *lines
	found []found       // the features before the first that is wrong
	err   error         // what is wrong with that one
	done  chan struct{} // closed when all are decoded
}

// found is what is read of a feature.
type found struct {
	id     string
	hash   [16]byte // of the id
	areaHa float64
}

// lines are the texts of features, one after the other.
type lines struct {
	text strings.Builder
	ends []int // where each text ends
}

// How large a batch may become; one line may be longer.
const (
	batchBytes = 128 << 10
	batchLines = 256
)

func (l *lines) add(line []byte) {
	if len(l.ends) == 0 {
		l.text.Grow(batchBytes)
	}
	l.text.Write(line)
	l.ends = append(l.ends, l.text.Len())
}

func (l *lines) full() bool { return l.text.Len() >= batchBytes*7/8 || len(l.ends) == batchLines }

// decode parses and judges the features of the batch, until one is wrong.
func (b *batch) decode() {
	defer close(b.done)
	b.found = make([]found, 0, len(b.lines.ends))
	text, start := b.lines.text.String(), 0
	for _, end := range b.lines.ends {
		line := text[start:end]
		start = end
		if !gjson.Valid(line) {
			var text json.RawMessage
			// The error of Unmarshal says what is wrong; gjson does not.
			b.err = cmp.Or(json.Unmarshal([]byte(line), &text), errors.New("it is no JSON"))
			return
		}
		var f feature
		f.parse(line)
		if b.err = f.fault(); b.err != nil {
			return
		}
		b.found = append(b.found, found{f.id.Str, hashOf(f.id.Str), f.areaHa.Num})
	}
}
