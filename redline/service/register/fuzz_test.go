package register

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/service/collection"
)

// FuzzAfter: a page begins after what a page before said, or is refused; whatever it begins after, its features follow
// each other and the next page begins after them.
func FuzzAfter(f *testing.F) {
	for _, key := range []string{`{"i":"34-000001"}`, `{"f":"area_m2","v":5,"i":"34-000002"}`,
		`{"f":"area_m2","d":true,"v":"x","i":""}`,
		`{"f":"state","v":"waiting","i":"34-000003"}`, `{"i":1}`, `{"f":"area_m2","v":[],"i":"a"}`, `{"f":"area_m2","v":1e999,"i":"a"}`, `null`, `{"x":1}`} {
		for _, sort := range []string{"", "area_m2", "state"} {
			f.Add(base64.RawURLEncoding.EncodeToString([]byte(key)), sort, true)
		}
	}
	f.Add("%%%", "", false)
	s := new(ledger.Memory)
	randomLedger(f, s, rand.New(rand.NewPCG(1, 2)), 30)
	cases, err := open(f, s).Collection(f.Context(), "cases")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, after, sort string, down bool) {
		q := collection.Query{After: after, Sort: collection.Sort{Field: sort, Down: down}, Limit: 7, Without: true}
		seen := map[string]bool{}
		for range 9 {
			page, err := cases.Items(t.Context(), q)
			var bad *collection.BadQuery
			if errors.As(err, &bad) && len(seen) == 0 {
				return
			}
			if err != nil {
				t.Fatalf("%q by %q: %v", after, sort, err)
			}
			for _, feature := range page.Features {
				if seen[feature.ID] {
					t.Fatalf("%q by %q: %s comes twice", after, sort, feature.ID)
				}
				seen[feature.ID] = true
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
		t.Fatalf("%q by %q: the pages do not end", after, sort)
	})
}
