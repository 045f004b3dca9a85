package register

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/collection"
)

// plain is a feature as the twin knows it.
type plain struct {
	id          string
	values      map[string]any // as JSON decodes them
	cells       []orb.Bound    // closed boxes of which the union is where it is
	from, until string         // days; "" for none
}

// plainCases returns all cases of a ledger, by what the store says alone.
func plainCases(t *testing.T, s ledger.Store) (all []plain) {
	t.Helper()
	spans := map[string][]ledger.Span{}
	for d, err := range s.Detections(t.Context(), ledger.DetectionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		spans[d.ID] = d.Spans
	}
	last := map[string]ledger.Event{}
	for e, err := range s.Events(t.Context(), ledger.EventFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		last[e.Case] = e
	}
	for c, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		p := plain{id: c.ID, values: map[string]any{}, from: string(c.OpenedOn), until: string(last[c.ID].Day())}
		for _, column := range ledgerwork.Columns() {
			p.values[column.Name] = column.Value(&c)
			if v := p.values[column.Name]; v == "" {
				p.values[column.Name] = nil
			}
		}
		p.values["prio"] = nil
		if n, err := strconv.Atoi(c.Fields["prio"]); err == nil {
			p.values["prio"] = n
		}
		p.values["near_lead"] = c.Leads > 0
		p.values["overdue"] = c.State == ledger.Filed && c.Fields["due_date"] == "2026-07-31"
		p.values["updated"], p.values["seq"] = p.until, c.Seq
		for _, id := range c.Ground {
			for _, s := range spans[id] {
				p.cells = append(p.cells, orb.Bound{
					Min: orb.Point{seven(117 + float64(s.Col0)*0.00025), seven(32 - float64(s.Row+1)*0.00025)},
					Max: orb.Point{seven(117 + float64(s.Col1)*0.00025), seven(32 - float64(s.Row)*0.00025)}})
			}
		}
		if lon, lat := c.Fields["lon"], c.Fields["lat"]; len(c.Ground) == 0 && lon != "" {
			x, _ := strconv.ParseFloat(lon, 64)
			y, _ := strconv.ParseFloat(lat, 64)
			p.cells = append(p.cells, orb.Point{x, y}.Bound())
		}
		all = append(all, decoded(t, p))
	}
	return all
}

func seven(x float64) float64 { return math.Round(x*1e7) / 1e7 }

// decoded takes the values of a feature through JSON.
func decoded(t *testing.T, p plain) plain {
	t.Helper()
	text, err := json.Marshal(p.values)
	if err == nil {
		p.values = nil
		err = json.Unmarshal(text, &p.values)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// passes tells whether the twin chooses a feature.
func (p *plain) passes(q collection.Query) bool {
	for name, values := range q.Where {
		if !slices.ContainsFunc(values, func(text string) bool {
			switch v := p.values[name].(type) {
			case nil:
				return text == ""
			case float64:
				n, err := strconv.ParseFloat(text, 64)
				return err == nil && n == v
			default:
				return fmt.Sprint(v) == text
			}
		}) {
			return false
		}
	}
	for name, least := range q.AtLeast {
		if v, ok := p.values[name].(float64); !ok || v < least {
			return false
		}
	}
	if q.Box != nil && !slices.ContainsFunc(p.cells, func(c orb.Bound) bool {
		return c.Min[0] <= q.Box.Max[0] && c.Max[0] >= q.Box.Min[0] && c.Min[1] <= q.Box.Max[1] && c.Max[1] >= q.Box.Min[1]
	}) {
		return false
	}
	return q.Time == nil || p.from == "" || p.during(q.Time)
}

func (p *plain) during(i *collection.Interval) bool {
	first, _ := time.Parse(time.DateOnly, p.from)
	end, _ := time.Parse(time.DateOnly, p.until)
	end = end.AddDate(0, 0, 1)
	return (i.From.IsZero() || i.From.Before(end)) && (i.Until.IsZero() || !i.Until.Before(first))
}

// less is the order of the twin.
func less(a, b *plain, s collection.Sort) int {
	turn := 1
	if s.Down {
		turn = -1
	}
	x, y := a.values[s.Field], b.values[s.Field]
	switch {
	case s.Field == "" || reflect.DeepEqual(x, y):
		return turn * strings.Compare(a.id, b.id)
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	switch x := x.(type) {
	case float64:
		if x < y.(float64) {
			return -turn
		}
		return turn
	case bool:
		if !x {
			return -turn
		}
		return turn
	}
	return turn * strings.Compare(x.(string), y.(string))
}

// randomQuery returns a query over fields, with values that features have, and some that none has.
func randomQuery(r *rand.Rand, fields []collection.Field, all []plain) collection.Query {
	q := collection.Query{Limit: 1 + r.IntN(9), Where: map[string][]string{}, AtLeast: map[string]float64{}}
	some := func() (string, any) {
		f := fields[r.IntN(len(fields))]
		return f.Name, all[r.IntN(len(all))].values[f.Name]
	}
	for range r.IntN(3) {
		name, v := some()
		text := fmt.Sprint(v)
		switch v := v.(type) {
		case nil:
			text = ""
		case float64:
			text = strconv.FormatFloat(v, 'e', -1, 64)
			q.AtLeast[name] = v
			if r.IntN(2) == 0 {
				delete(q.AtLeast, name)
			}
		}
		q.Where[name] = append(q.Where[name], text)
		if _, again := some(); r.IntN(2) == 0 && again == nil {
			q.Where[name] = append(q.Where[name], "")
		}
	}
	if r.IntN(2) == 0 {
		cell := func() float64 { return float64(r.IntN(120)) / 2 * 0.00025 }
		x, y := 117+cell(), 32-cell()
		q.Box = &orb.Bound{Min: orb.Point{seven(x), seven(y)}, Max: orb.Point{seven(x + cell()), seven(y + cell()/3)}}
	}
	if r.IntN(3) == 0 {
		q.Time = &collection.Interval{}
		at := time.Date(2024, time.Month(1+r.IntN(30)), r.IntN(28), r.IntN(2)*23, 0, 0, 0, time.UTC)
		if r.IntN(2) == 0 {
			q.Time.From = at
		}
		if r.IntN(2) == 0 {
			q.Time.Until = at.AddDate(0, r.IntN(9), 0)
		}
	}
	if r.IntN(4) > 0 {
		q.Sort = collection.Sort{Field: fields[r.IntN(len(fields))].Name, Down: r.IntN(2) == 0}
	}
	return q
}

// pages returns the features of all pages of a query.
func pages(t *testing.T, c collection.Collection, q collection.Query) (all []collection.Feature, matched int) {
	t.Helper()
	for {
		page, err := c.Items(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		all, matched = append(all, page.Features...), page.Matched
		if len(page.Features) > q.Limit || len(page.Features) < q.Limit && page.Next != "" {
			t.Fatalf("%+v: a page of %d", q, len(page.Features))
		}
		if q.After = page.Next; q.After == "" {
			return all, matched
		}
	}
}

func collectionOf(t *testing.T, r *Register, id string) collection.Collection {
	t.Helper()
	c, err := r.Collection(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// agrees holds a collection against its twin in random queries.
func agrees(t *testing.T, r *rand.Rand, c collection.Collection, all []plain) {
	t.Helper()
	fields, several := c.Info().Fields, 0
	for range 150 {
		q := randomQuery(r, fields, all)
		var want []plain
		for _, p := range all {
			if p.passes(q) {
				want = append(want, p)
			}
		}
		slices.SortFunc(want, func(a, b plain) int { return less(&a, &b, q.Sort) })
		got, matched := pages(t, c, q)
		if matched != len(want) || len(got) != len(want) {
			t.Fatalf("%+v: %d features, %d matched, want %d", q, len(got), matched, len(want))
		}
		for i, f := range got {
			if f.ID != want[i].id {
				t.Fatalf("%+v: feature %d is %s, want %s", q, i, f.ID, want[i].id)
			}
		}
		if len(want) > 1 && len(want) < len(all) {
			several++
		}
	}
	if several < 10 {
		t.Errorf("only %d queries choose some", several)
	}
}

// TestCasesTwin: cases are chosen, sorted and paged as a search through all of them does it, whatever is asked.
func TestCasesTwin(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			randomLedger(t, s, r, 80)
			c := collectionOf(t, open(t, s), "cases")
			all := plainCases(t, s)
			for _, p := range all {
				f, err := c.Item(t.Context(), p.id)
				if err != nil {
					t.Fatal(err)
				}
				var got map[string]any
				if err := json.Unmarshal(f.Properties, &got); err != nil || !reflect.DeepEqual(got, p.values) {
					t.Fatalf("%s: %v\n%v\nwant\n%v", p.id, err, got, p.values)
				}
				if (f.Geometry == nil) != (len(p.cells) == 0) || f.Geometry != nil && !json.Valid(f.Geometry) {
					t.Fatalf("%s: geometry %s", p.id, f.Geometry)
				}
			}
			agrees(t, r, c, all)
			inOrder(t, c)
		})
	}
}

// inOrder: properties are in the order of the fields, and geometries are left out when nobody wants them.
func inOrder(t *testing.T, c collection.Collection) {
	t.Helper()
	page, err := c.Items(t.Context(), collection.Query{Limit: 1, Without: true})
	if err != nil || page.Features[0].Geometry != nil {
		t.Fatal(page, err)
	}
	at := -1
	for _, f := range c.Info().Fields {
		next := strings.Index(string(page.Features[0].Properties), `"`+f.Name+`":`)
		if next <= at {
			t.Errorf("%s is not in its place in %s", f.Name, page.Features[0].Properties)
		}
		at = next
	}
}

// TestLeadsAndFollowUps: what leads and follow-ups say, held against their events.
func TestLeadsAndFollowUps(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 6))
			randomLedger(t, s, random, 80)
			r := open(t, s)
			var leads, looks []plain
			places := map[string][]orb.Bound{}
			for _, p := range plainCases(t, s) {
				places[p.id] = p.cells
			}
			for e, err := range s.Events(t.Context(), ledger.EventFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
				switch e.Kind {
				case ledger.LeadTold:
					leads = append(leads, decoded(t, plainLead(t, s, e)))
				case ledger.FollowUp:
					look := decoded(t, plainLook(e))
					look.cells = places[e.Case]
					looks = append(looks, look)
				}
			}
			if len(leads) < 5 || len(looks) < 5 {
				t.Fatal(len(leads), len(looks))
			}
			for id, all := range map[string][]plain{"leads": leads, "followups": looks} {
				c := collectionOf(t, r, id)
				for _, p := range all {
					f, err := c.Item(t.Context(), p.id)
					var got map[string]any
					if err == nil {
						err = json.Unmarshal(f.Properties, &got)
					}
					if err != nil || !maps.EqualFunc(got, p.values, func(a, b any) bool { return a == b }) {
						t.Fatalf("%s: %v\n%v\nwant\n%v", p.id, err, got, p.values)
					}
					if (f.Geometry == nil) != (len(p.cells) == 0) {
						t.Fatalf("%s: geometry %s", p.id, f.Geometry)
					}
				}
				if box := c.Info().Box; box == nil || *box != boxOf(all) {
					t.Errorf("%s: the extent is %v, want %v", id, box, boxOf(all))
				}
				agrees(t, random, c, all)
			}
		})
	}
}

// boxOf returns the box around all features.
func boxOf(all []plain) orb.Bound {
	var e extents
	for _, p := range all {
		for _, c := range p.cells {
			e.add(&c)
		}
	}
	return e.union
}

// orNil returns a text, nil for "".
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func plainLead(t *testing.T, s ledger.Store, e ledger.Event) plain {
	c, err := ledger.CaseOf(t.Context(), s, e.Case)
	if err != nil {
		t.Fatal(err)
	}
	p := plain{id: fmt.Sprintf("%010d", e.Seq), from: e.Fields["lead_date"], values: map[string]any{"case_id": e.Case,
		"state": string(c.State), "told_on": string(e.Day()), "seq": e.Seq, "lead_distance_m": nil}}
	if p.from == "" {
		p.from = string(e.Day())
	}
	p.until = p.from
	for _, name := range []string{"lead_source", "lead_no", "lead_date", "lead_text", "county", "county_name", "lead_nearest"} {
		p.values[name] = orNil(e.Fields[name])
	}
	if x, err := strconv.ParseFloat(e.Fields["lon"], 64); err == nil {
		y, _ := strconv.ParseFloat(e.Fields["lat"], 64)
		p.cells = []orb.Bound{orb.Point{x, y}.Bound()}
	}
	return p
}

func plainLook(e ledger.Event) plain {
	share, _ := strconv.Atoi(e.Fields["share_bad"])
	year, _ := strconv.Atoi(e.Fields["year"])
	return plain{id: fmt.Sprintf("%010d", e.Seq), from: e.Fields["year"] + "-01-01", until: e.Fields["year"] + "-12-31",
		values: map[string]any{"case_id": e.Case, "year": year, "finding": e.Fields["finding"], "run": e.Fields["run"],
			"source": e.Fields["source"], "told_on": string(e.Day()), "seq": e.Seq, "share_bad": share, "share_before": nil,
			"share_other": nil, "share_nodata": nil, "bad_m2": nil}}
}

// TestBadQueries: what cannot be asked for is told, and never guessed.
func TestBadQueries(t *testing.T) {
	s := new(ledger.Memory)
	randomLedger(t, s, rand.New(rand.NewPCG(1, 1)), 20)
	r := open(t, s)
	c := collectionOf(t, r, "cases")
	page, err := c.Items(t.Context(), collection.Query{Limit: 3, Sort: collection.Sort{Field: "state"}})
	if err != nil || page.Next == "" {
		t.Fatal(err)
	}
	for name, q := range map[string]collection.Query{
		"no limit": {}, "limit": {Limit: collection.MaxLimit + 1},
		"field":    {Limit: 1, Where: map[string][]string{"nosuch": {"1"}}},
		"number":   {Limit: 1, Where: map[string][]string{"severity": {"x"}}},
		"endless":  {Limit: 1, Where: map[string][]string{"severity": {"inf"}}},
		"boolean":  {Limit: 1, Where: map[string][]string{"overdue": {"yes"}}},
		"at least": {Limit: 1, AtLeast: map[string]float64{"state": 1}}, "NaN": {Limit: 1, AtLeast: map[string]float64{"severity": math.NaN()}},
		"sort":        {Limit: 1, Sort: collection.Sort{Field: "nosuch"}},
		"after":       {Limit: 1, After: "x!"},
		"other sort":  {Limit: 1, After: page.Next},
		"other way":   {Limit: 1, After: page.Next, Sort: collection.Sort{Field: "state", Down: true}},
		"wrong value": {Limit: 1, After: (&key{Field: "state", Value: 1, ID: "x"}).String(), Sort: collection.Sort{Field: "state"}},
		"box":         {Limit: 1, Box: &orb.Bound{Min: orb.Point{1, 1}}},
		"NaN box":     {Limit: 1, Box: &orb.Bound{Min: orb.Point{math.NaN(), 1}, Max: orb.Point{2, 2}}},
	} {
		var bad *collection.BadQuery
		if _, err := c.Items(t.Context(), q); !errors.As(err, &bad) || bad.Detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Item(t.Context(), "nosuch"); !errors.Is(err, collection.ErrNoItem) {
		t.Error(err)
	}
	if _, err := r.Collection(t.Context(), "nosuch"); !errors.Is(err, collection.ErrNoCollection) {
		t.Error(err)
	}
}
