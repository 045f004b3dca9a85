package shelf

import (
	"errors"
	"path/filepath"
	"testing"

	"greenshield/redline/redlinetest"
	"greenshield/redline/service/collection"
)

// FuzzQuestion: a page is that of a question and begins after one of its features, or it is refused.
func FuzzQuestion(f *testing.F) {
	dir := f.TempDir()
	publish(f, filepath.Join(dir, "a"), 12, 1)
	c, err := open(f, dir, f.TempDir()).Collection(f.Context(), "a.candidates")
	redlinetest.Must(f, err)
	first, err := c.Items(f.Context(), collection.Query{Limit: 5, Sort: collection.Sort{Field: "area_ha"}})
	redlinetest.Must(f, err)
	f.Add(first.Next, "area_ha", false, "zone_name", "甲", "severity", 1.0)
	f.Add(first.Next, "area_ha", false, "", "", "", 0.0)
	f.Add("AAAAAAAAAAAAAAAAAAAAAA", "", true, "severity", "1e3", "area_ha", -1.0)
	f.Add("", "zone_name", true, "run", "a", "p0", 2.0)
	f.Add("%", "f.no; --", true, `zone_name" OR 1`, "' OR 1 --", "zone_name", 1e308)
	f.Fuzz(func(t *testing.T, after, sort string, down bool, name, value, number string, least float64) {
		q := collection.Query{After: after, Sort: collection.Sort{Field: sort, Down: down}, Limit: 5, Without: true}
		if name != "" {
			q.Where = map[string][]string{name: {value}}
		}
		if number != "" {
			q.AtLeast = map[string]float64{number: least}
		}
		seen := map[string]bool{}
		for {
			page, err := c.Items(t.Context(), q)
			var bad *collection.BadQuery
			if errors.As(err, &bad) && len(seen) == 0 {
				return
			}
			redlinetest.Must(t, err)
			for _, feature := range page.Features {
				if seen[feature.ID] {
					t.Fatalf("%+v: %s comes twice", q, feature.ID)
				}
				seen[feature.ID] = true
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	})
}
