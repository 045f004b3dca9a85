package shelf

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline/redlinetest"
	"greenshield/redline/service/collection"
)

// feature is a feature as the file of candidates has it.
type feature struct {
	ID         string
	Properties map[string]any
	Geometry   json.RawMessage
	shape      orb.MultiPolygon
}

// featuresOf reads candidates.geojson by another way than the shelf does.
func featuresOf(t *testing.T, folder string) (all []feature) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "candidates.geojson"))
	redlinetest.Must(t, err)
	var file struct{ Features []feature }
	redlinetest.Must(t, json.Unmarshal(text, &file))
	for i := range file.Features {
		file.Features[i].shape, err = shapeOf(file.Features[i].Geometry)
		redlinetest.Must(t, err)
	}
	return file.Features
}

// meets tells whether one of the two arms of an L, as publish makes them, meets a box.
func (f *feature) meets(b *orb.Bound) bool {
	ring := f.shape[0][0]
	return orb.MultiPoint{ring[0], ring[2]}.Bound().Intersects(*b) || orb.MultiPoint{ring[0], ring[4]}.Bound().Intersects(*b)
}

// twin answers a query by looking at every feature.
func twin(all []feature, q *collection.Query) (chosen []feature) {
	for _, f := range all {
		ok := q.Box == nil || f.meets(q.Box)
		for name, values := range q.Where {
			ok = ok && slices.Contains(values, fmt.Sprint(f.Properties[name]))
		}
		for name, least := range q.AtLeast {
			x, has := f.Properties[name].(float64)
			ok = ok && has && x >= least
		}
		if ok {
			chosen = append(chosen, f)
		}
	}
	way := 1
	if q.Sort.Down {
		way = -1
	}
	if q.Sort.Field == "" {
		if way < 0 {
			slices.Reverse(chosen)
		}
		return chosen
	}
	slices.SortFunc(chosen, func(f, g feature) int {
		x, y := f.Properties[q.Sort.Field], g.Properties[q.Sort.Field]
		switch {
		case (x == nil) != (y == nil):
			return map[bool]int{true: 1, false: -1}[x == nil]
		case x == nil:
			return way * strings.Compare(f.ID, g.ID)
		}
		if number, ok := x.(float64); ok {
			return way * cmp.Or(cmp.Compare(number, y.(float64)), strings.Compare(f.ID, g.ID))
		}
		return way * cmp.Or(strings.Compare(x.(string), y.(string)), strings.Compare(f.ID, g.ID))
	})
	return chosen
}

// randomQuery returns a query of candidates of publish.
func randomQuery(r *rand.Rand) *collection.Query {
	q := &collection.Query{Limit: 1 + r.IntN(60), Where: map[string][]string{}, AtLeast: map[string]float64{}}
	if r.IntN(2) == 0 {
		at := orb.Point{117 + float64(r.IntN(110))/100 - 0.003, 31 + float64(r.IntN(110))/100 - 0.003}
		side := float64(r.IntN(40)) / 100
		q.Box = &orb.Bound{Min: at, Max: orb.Point{at[0] + side, at[1] + side/2}}
	}
	if r.IntN(3) == 0 {
		q.Where["severity"] = []string{"2", "4"}[:1+r.IntN(2)]
	}
	if r.IntN(3) == 0 {
		q.Where["adm_code"] = []string{"340101", "340103"}
	}
	if r.IntN(4) == 0 {
		q.AtLeast["prio"] = float64(r.IntN(10))
	}
	q.Sort.Field = []string{"", "prio", "area_ha", "severity", "adm_code", "cand_id", "near_m"}[r.IntN(7)]
	q.Sort.Down = r.IntN(2) == 0
	return q
}

// TestQueriesTwin: pages of random queries, one after the other, are those that a look at every feature gives, with
// geometries as the file has them.
func TestQueriesTwin(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "a"), 600, 1)
	s := open(t, dir, t.TempDir())
	c, err := s.Collection(t.Context(), "a.candidates")
	redlinetest.Must(t, err)
	all := featuresOf(t, filepath.Join(dir, "a"))
	r := rand.New(rand.NewPCG(19, 3))
	found := 0
	for range 400 {
		q := randomQuery(r)
		want := twin(all, q)
		var got []collection.Feature
		for {
			page, err := c.Items(t.Context(), *q)
			redlinetest.Must(t, err)
			if page.Matched != len(want) || len(page.Features) > q.Limit {
				t.Fatalf("%+v: %d matched, want %d", q, page.Matched, len(want))
			}
			got = append(got, page.Features...)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%+v: %d features on all pages, want %d", q, len(got), len(want))
		}
		for i := range want {
			if got[i].ID != want[i].ID || !bytes.Equal(got[i].Geometry, want[i].Geometry) {
				t.Fatalf("%+v: feature %d is %s in %s, want %s in %s", q, i, got[i].ID, got[i].Geometry, want[i].ID, want[i].Geometry)
			}
		}
		found += len(got)
	}
	if found < 1000 {
		t.Errorf("only %d features were found", found)
	}
}

// TestProperties: properties are those of the file, in the order of fields, and the run; suppressed changes lie at their
// points, zones and the table have outlines and the rows of the table.
func TestProperties(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "a"), 20, 1)
	s := open(t, dir, t.TempDir())
	first := map[string]collection.Feature{}
	all, err := s.Collections(t.Context())
	redlinetest.Must(t, err)
	for _, c := range all {
		page, err := c.Items(t.Context(), collection.Query{Limit: 3})
		redlinetest.Must(t, err)
		first[c.Info().ID] = page.Features[0]
		item, err := c.Item(t.Context(), page.Features[0].ID)
		redlinetest.Must(t, err)
		if !bytes.Equal(item.Properties, page.Features[0].Properties) || !bytes.Equal(item.Geometry, page.Features[0].Geometry) {
			t.Errorf("%s: the item is %s", c.Info().ID, item.Properties)
		}
		if _, err := c.Item(t.Context(), "none"); !errors.Is(err, collection.ErrNoItem) {
			t.Errorf("%s: %v", c.Info().ID, err)
		}
		for _, f := range c.Info().Fields {
			if f.Title == f.Name {
				t.Errorf("%s: %s has no title", c.Info().ID, f.Name)
			}
		}
	}
	want := featuresOf(t, filepath.Join(dir, "a"))[0]
	want.Properties["run"] = "a"
	var got map[string]any
	redlinetest.Must(t, json.Unmarshal(first["a.candidates"].Properties, &got))
	if fmt.Sprint(got) != fmt.Sprint(want.Properties) {
		t.Errorf("got %v, want %v", got, want.Properties)
	}
	redlinetest.Must(t, json.Unmarshal(first["a.suppressed"].Properties, &got))
	if point := fmt.Sprintf(`{"type":"Point","coordinates":[%v,%v]}`, got["lon"], got["lat"]); string(first["a.suppressed"].Geometry) != point ||
		got["reason"] != "below_min_area" {
		t.Errorf("%s in %s", first["a.suppressed"].Properties, first["a.suppressed"].Geometry)
	}
	zone := first["a.zones"]
	if shape, err := shapeOf(zone.Geometry); err != nil || len(shape) != 1 || !bytes.Equal(zone.Properties, first["a.coverage"].Properties) ||
		!strings.Contains(string(zone.Properties), `"area_ha":100,`) || !bytes.Equal(first["a.coverage"].Geometry, zone.Geometry) || len(first) != 4 {
		t.Errorf("%v: %s in %s", err, zone.Properties, zone.Geometry)
	}
}

// TestBadQueries: what cannot be asked is a bad query, also a page of another query.
func TestBadQueries(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "a"), 20, 1)
	c, err := open(t, dir, t.TempDir()).Collection(t.Context(), "a.candidates")
	redlinetest.Must(t, err)
	page, err := c.Items(t.Context(), collection.Query{Limit: 2, Where: map[string][]string{"severity": {"1", "2", "3"}}})
	redlinetest.Must(t, err)
	for name, q := range map[string]collection.Query{
		"no limit": {}, "limit": {Limit: collection.MaxLimit + 1}, "sort": {Limit: 1, Sort: collection.Sort{Field: "x"}},
		"injected":      {Limit: 1, Where: map[string][]string{`severity" OR 1 --`: {"1"}}},
		"no number":     {Limit: 1, Where: map[string][]string{"severity": {"1 OR 1"}}},
		"text at least": {Limit: 1, AtLeast: map[string]float64{"adm_code": 1}},
		"cursor":        {Limit: 1, After: "x"}, "other query": {Limit: 2, After: page.Next},
		"other values": {Limit: 2, After: page.Next, Where: map[string][]string{"severity": {"1", "2", "4"}}},
	} {
		var bad *collection.BadQuery
		if _, err := c.Items(t.Context(), q); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, matched := range map[string]int{"": 20, "a": 20, "b": 0, `' OR 1 --`: 0} {
		q := collection.Query{Limit: 1, Where: map[string][]string{"run": {text}}}
		if text == "" {
			q.Where = nil
		}
		if page, err := c.Items(t.Context(), q); err != nil || page.Matched != matched {
			t.Errorf("run %q: %v", text, err)
		}
	}
}

// TestIDs: ids are plain, made of the name alone, and never the same.
func TestIDs(t *testing.T) {
	for name, want := range map[string]string{
		"2021": "2021", "a/b": "a--b", "a-b": "a-b", "a.b_c": "a.b_c", ".": "out",
		"a--b": "r-", "a b": "r-", "台账2021": "r-", "-a": "r-", "a-": "r-", "a/-b": "r-", "<b>": "r-", "a'": "r-", "out": "r-",
		"r-0123456789abcdef": "r-", strings.Repeat("a", 121): "r-", "a\n": "r-", "../a": "r-",
	} {
		got := idOf(name, "out")
		if made := madeID.MatchString(got); got != want && !(want == "r-" && made) || want != "r-" && made {
			t.Errorf("%q has the id %q", name, got)
		}
	}
}
