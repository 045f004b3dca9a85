package features

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"testing"

	"greenshield/redline/service/collection"
)

// FuzzWant: whatever the query of an address is, it is refused or chooses by what the collection has, within its limits.
func FuzzWant(f *testing.F) {
	for _, query := range []string{"limit=10&sortby=-area_ha", "bbox=117,30,118,31&datetime=2021-01-01/..",
		"datetime=2021-01-01/P1M2DT3H",
		"bbox=170,-10,-170,10", "bbox=3.4e6,3.9e5,3.5e6,4e5&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4548", "severity=1&severity=2",
		"severity_min=1e3", "bbox=1,2,3,4,5,6", "limit=000&after=%00", "sortby=+id", "crs=[http://www.opengis.net/def/crs/EPSG/0/4490]"} {
		f.Add(query)
	}
	m := sample()
	part := New([]collection.Source{source{m}}, sphere{})
	info := m.Info()
	named := func(name string, allows func(collection.Field) bool) bool {
		return slices.ContainsFunc(info.Fields, func(f collection.Field) bool { return f.Name == name && allows(f) })
	}
	queryable := func(f collection.Field) bool { return f.Queryable }
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return // as the gate refuses it
		}
		w, err := part.want(values, info)
		var refused refusal
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("%q fails: %v", query, err)
			}
			return
		}
		q := w.query
		if q.Limit < 1 || q.Limit > collection.MaxLimit {
			t.Fatalf("%q: the limit is %d", query, q.Limit)
		}
		if q.Time != nil && !q.Time.From.IsZero() && !q.Time.Until.IsZero() && q.Time.Until.Before(q.Time.From) {
			t.Fatalf("%q: the time is %v", query, q.Time)
		}
		if b := q.Box; b != nil && !w.area.none {
			for _, side := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
				if math.IsNaN(side) || b.Min[0] > b.Max[0] || b.Min[1] > b.Max[1] {
					t.Fatalf("%q: the box is %v", query, b)
				}
			}
		}
		for name := range q.Where {
			if !named(name, queryable) {
				t.Fatalf("%q asks for %q", query, name)
			}
		}
		for name, least := range q.AtLeast {
			if !named(name, queryable) || math.IsNaN(least) || math.IsInf(least, 0) {
				t.Fatalf("%q asks for %q from %v on", query, name, least)
			}
		}
		if s := q.Sort.Field; s != "" && !named(s, func(f collection.Field) bool { return f.Sortable }) {
			t.Fatalf("%q sorts by %q", query, s)
		}
	})
}
