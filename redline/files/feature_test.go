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
