package files

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestParseAgainstTwin: from features with anything in any order, one pass takes the same
// as one search for each value.
func TestParseAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 17))
	values := []string{"1", "-0.5", "null", "true", `"Feature"`, `"c1"`, `"a\"b"`, `"{\"cand_id\":1}"`, "[]", "[[[[1,2]]]]", "{}", `[{"cand_id":2,"type":"x"}]`, `{"type":"x"}`}
	var object func(depth int) string
	object = func(depth int) string {
		names := []string{"type", "id", "cand_id", "area_ha", "properties", "geometry", "coordinates", "x", `\u0069d`, "a.b"}
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		seenID := false // the same name, escaped
		var b strings.Builder
		for _, name := range names[:random.IntN(len(names))] {
			if id := name == "id" || name == `\u0069d`; id && seenID {
				continue
			} else if id {
				seenID = true
			}
			if b.Len() > 0 {
				b.WriteString([]string{",", " , "}[random.IntN(2)])
			}
			value := values[random.IntN(len(values))]
			if depth < 2 && random.IntN(3) > 0 {
				value = object(depth + 1)
			}
			fmt.Fprintf(&b, `"%s":%s%s`, name, []string{"", " "}[random.IntN(2)], value)
		}
		return "{" + b.String() + "}"
	}
	found := [6]int{}
	for range 10_000 {
		line := object(0)
		if !json.Valid([]byte(line)) {
			t.Fatal(line)
		}
		var f feature
		f.parse(line)
		want := gjson.GetMany(line, "type", "id", "properties.cand_id", "properties.area_ha", "geometry.type", "geometry.coordinates")
		for i, got := range []gjson.Result{f.kind, f.id, f.candID, f.areaHa, f.shape, f.coordinates} {
			if got.Raw != want[i].Raw || got.Str != want[i].Str || got.Num != want[i].Num || got.Type != want[i].Type {
				t.Fatalf("value %d of %s is %+v, want %+v", i, line, got, want[i])
			}
			if got.Exists() {
				found[i]++
			}
		}
	}
	if slices.Min(found[:]) < 100 {
		t.Errorf("values were found %v times", found)
	}
}

// TestValidAgainstTwin: what is JSON, and what is not, is what package json says; texts are right ones, most of them
// with some bytes changed, taken out or added.
func TestValidAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 19))
	whole := []string{
		`{"type":"Feature","id":"c1","properties":{"cand_id":"c1","area_ha":0.81,"x":null},"geometry":{"type":"MultiPolygon",` +
			`"coordinates":[[[[117,30],[-117.5e-3,30.25]]]]}}`,
		` { "a" : [ true , false , null , -0 , 0.5 , 10E+2 ] , "\u00e9\"\\\/\b\f\n\r\t" : "红线" , "o" : { } , "l" : [ ] } `,
		`[1,[2,{"a":"b"}],"\ud800"]`, `"x"`, `-1.25e-7`, `null`, ``,
	}
	const bytes = "{}[]\",:\\/ \t\n\r\v\x00\x1f\x7f\xff-+.eE0123456789abfnrtuAFgGxtrue红"
	found := [2]int{}
	for range 200_000 {
		text := []byte(whole[random.IntN(len(whole))])
		for range random.IntN(4) {
			at, b := random.IntN(len(text)+1), bytes[random.IntN(len(bytes))]
			switch kind := random.IntN(4); {
			case kind == 0:
				text = slices.Insert(text, at, b)
			case at == len(text):
			case kind == 1:
				text[at] = b
			case kind == 2:
				text = slices.Delete(text, at, at+1)
			default:
				text = text[:at]
			}
		}
		want := json.Valid(text)
		if got := new(feature).parse(string(text)); got != want {
			t.Fatalf("%q: valid is %v, want %v", text, got, want)
		}
		if want {
			found[1]++
		} else {
			found[0]++
		}
	}
	if slices.Min(found[:]) < 20_000 {
		t.Errorf("%d texts were wrong, %d right", found[0], found[1])
	}
}
