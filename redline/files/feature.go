package files

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
)

// feature holds the members of a GeoJSON feature at which reading back looks.
type feature struct{ kind, id, candID, areaHa, shape, coordinates gjson.Result }

// parse sets the members from the line of a feature, in one pass, and tells whether it is JSON; if it is not, they have
// no meaning. Of a name that occurs twice the first counts.
func (f *feature) parse(line string) (valid bool) {
	t := jsonText(line)
	var properties, geometry bool // they occurred
	end := t.members(t.space(0), func(name string, i int) int {
		switch {
		case name == "type":
			return t.first(&f.kind, i)
		case name == "id":
			return t.first(&f.id, i)
		case name == "properties" && !properties:
			properties = true
			return t.members(i, f.property(t))
		case name == "geometry" && !geometry:
			geometry = true
			return t.members(i, f.ofGeometry(t))
		}
		return t.value(i)
	})
	return end >= 0 && t.space(end) == len(t)
}

func (f *feature) property(t jsonText) func(name string, i int) int {
	return func(name string, i int) int {
		switch name {
		case "cand_id":
			return t.first(&f.candID, i)
		case "area_ha":
			return t.first(&f.areaHa, i)
		}
		return t.value(i)
	}
}

func (f *feature) ofGeometry(t jsonText) func(name string, i int) int {
	return func(name string, i int) int {
		switch name {
		case "type":
			return t.first(&f.shape, i)
		case "coordinates":
			return t.first(&f.coordinates, i)
		}
		return t.value(i)
	}
}

// members goes over a value; of an object it calls member with the name of each value and where that begins.
func (t jsonText) members(i int, member func(name string, i int) int) int {
	if i >= len(t) || t[i] != '{' {
		return t.value(i)
	}
	return t.object(i, func(quoted jsonText, i int) int {
		name := string(quoted[1 : len(quoted)-1])
		if strings.IndexByte(name, '\\') >= 0 {
			name = gjson.Parse(string(quoted)).Str
		}
		return member(name, i)
	})
}

// first sets a field to the value at i, unless it is set.
func (t jsonText) first(field *gjson.Result, i int) int {
	end := t.value(i)
	if end >= 0 && !field.Exists() {
		*field = gjson.Parse(string(t[i:end]))
	}
	return end
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

// batch is some features to decode, whose memory is used again. Since each stands on a line of its own, several
// goroutines decode batches; these are then judged in their order.
type batch struct {
	text  []byte        // of the features, one after the other
	ends  []int         // where each text ends
	found []found       // the features before the first that is wrong; their ids are parts of text
	err   error         // what is wrong with that one
	done  chan struct{} // gets something when all are decoded
}

// found is what is read of a feature.
type found struct {
	id     string
	hash   [16]byte // of the id
	areaHa float64
}

// How large a batch may become; one line may be longer.
const (
	batchBytes = 128 << 10
	batchLines = 256
)

func newBatch() any { return &batch{text: make([]byte, 0, batchBytes), done: make(chan struct{}, 1)} }

func (b *batch) add(line []byte) {
	b.text = append(b.text, line...)
	b.ends = append(b.ends, len(b.text))
}

func (b *batch) full() bool { return len(b.text) >= batchBytes*7/8 || len(b.ends) == batchLines }

// clear makes the batch ready for other features, and its ids invalid.
func (b *batch) clear() { b.text, b.ends, b.found, b.err = b.text[:0], b.ends[:0], b.found[:0], nil }

// decode parses and judges the features of the batch, until one is wrong.
func (b *batch) decode() {
	defer func() { b.done <- struct{}{} }()
	text, start := unsafe.String(unsafe.SliceData(b.text), len(b.text)), 0 // nobody writes to it before clear
	for _, end := range b.ends {
		line := text[start:end]
		start = end
		var f feature
		if !f.parse(line) {
			var text json.RawMessage
			// The error of Unmarshal says what is wrong.
			b.err = cmp.Or(json.Unmarshal([]byte(line), &text), errors.New("it is no JSON"))
			return
		}
		if b.err = f.fault(); b.err != nil {
			return
		}
		b.found = append(b.found, found{f.id.Str, hashOf(f.id.Str), f.areaHa.Num})
	}
}
