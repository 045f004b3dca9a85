package ledgerwork

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
)

// farM returns the distance of a point from an edge by search along it, on the ellipsoid alone.
func farM(p orb.Point, e edge) float64 {
	on := func(t float64) float64 {
		return Geodesic(p, orb.Point{e[0][0] + t*(e[1][0]-e[0][0]), e[0][1] + t*(e[1][1]-e[0][1])})
	}
	from, to := 0.0, 1.0
	for range 40 {
		if a, b := from+(to-from)/3, to-(to-from)/3; on(a) < on(b) {
			to = b
		} else {
			from = a
		}
	}
	return min(on(0), on(1), on((from+to)/2))
}

// slowly is LeadPlaces.Metres for rectangles and points without an index and without planes.
func slowly(ground orb.MultiPolygon, leads []orb.Geometry) float64 {
	best := math.Inf(1)
	for _, lead := range leads {
		for _, p := range ground {
			if p.Bound().Intersects(lead.Bound()) {
				return 0
			}
		}
		if Geodesic(middle(ground), middle(lead)) > 5_000 {
			continue // none is as large
		}
		for a := range edgesOf(rings(ground)) {
			for b := range edgesOf(rings(lead)) {
				best = min(best, farM(a[0], b), farM(a[1], b), farM(b[0], a), farM(b[1], a))
			}
		}
	}
	if best > LeadLimitM {
		return math.Inf(1)
	}
	return best
}

// TestLeadPlacesAreExact: the distance is that of a search through all leads, from the south to the north of China.
func TestLeadPlacesAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rect := func(p orb.Point, size float64) orb.MultiPolygon {
		b := orb.Bound{Min: p, Max: orb.Point{p[0] + size*(0.1+r.Float64()), p[1] + size*(0.1+r.Float64())}}
		return orb.MultiPolygon{b.ToPolygon()}
	}
	inside, away, near := 0, 0, 0
	for _, lat := range []float64{3.9, 30.5, 53.5} {
		somewhere := func() orb.Point { return orb.Point{117 + 0.3*r.Float64(), lat + 0.3*r.Float64()} }
		var leads []orb.Geometry
		places := &LeadPlaces{}
		for i := range 150 {
			var lead orb.Geometry = somewhere()
			if i%3 == 0 {
				lead = rect(somewhere(), 0.02)
			}
			leads = append(leads, lead)
			places.add(lead)
		}
		for range 60 {
			ground := rect(somewhere(), 0.01)
			ground = append(ground, rect(orb.Point{ground[0][0][0][0] + 0.02, ground[0][0][0][1]}, 0.002)...)
			got, want := places.Metres(ground), slowly(ground, leads)
			if got != want && !(math.Abs(got-want) < 0.002) {
				t.Fatalf("at %v: %v m, want %v", ground, got, want)
			}
			switch {
			case want == 0:
				inside++
			case math.IsInf(want, 1):
				away++
			default:
				near++
			}
		}
	}
	if inside < 10 || away < 10 || near < 30 {
		t.Errorf("%d inside, %d away, %d near: too few of one kind are tried", inside, away, near)
	}
}

// TestLeadPlacesInOutlines: holes, edges that cross without a corner inside, and the limit.
func TestLeadPlacesInOutlines(t *testing.T) {
	ring := orb.MultiPolygon{{square(0, 0, 30)[0][0], square(10, 10, 10)[0][0]}}
	cross := func(col, row, width, height float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{at(col, row), at(col+width, row), at(col+width, row+height), at(col, row+height), at(col, row)}}}
	}
	north := func(metres float64) float64 { return metres / metresPer(at(0, 0))[3] / grid.CellY }
	for name, tt := range map[string]struct {
		ground orb.MultiPolygon
		lead   orb.Geometry
		want   float64
	}{
		"point on the ground":       {ring, at(5, 5), 0},
		"point in the hole":         {ring, at(12, 15), 2 * 23.66},
		"ground in the lead's hole": {square(12, 14, 2), ring, 2 * 23.66},
		"lead around all":           {square(12, 12, 2), square(0, 0, 30), 0},
		"lead within":               {square(0, 0, 30), square(12, 12, 2), 0},
		"crossing bars":             {cross(0, 10, 30, 1), cross(10, 0, 1, 30), 0},
		"touching":                  {square(0, 0, 5), square(5, 2, 5), 0},
		"second polygon":            {append(square(0, 0, 1), square(40, 0, 1)...), at(42, 0.5), 23.66},
		"within the limit":          {square(0, 0, 1), at(0.5, -north(999)), 999},
		"beyond it":                 {square(0, 0, 1), at(0.5, -north(1001)), math.Inf(1)},
		"no lead":                   {square(0, 0, 1), nil, math.NaN()},
		"no ground":                 {nil, at(0, 0), math.NaN()},
	} {
		places := &LeadPlaces{}
		places.add(tt.lead)
		if got := places.Metres(tt.ground); !sameMetres(got, tt.want) {
			t.Errorf("%s: %v m, want %v", name, got, tt.want)
		}
	}
}

// sameMetres compares distances, of which NaN is one that is not known.
func sameMetres(got, want float64) bool {
	return got == want || math.IsNaN(got) && math.IsNaN(want) || math.Abs(got-want) < 0.1
}

// TestLeadsThatCount: which leads of a ledger candidates are near to: not those that were judged to be nothing, nor
// those without a place.
func TestLeadsThatCount(t *testing.T) {
	for name, tt := range map[string]struct {
		fields map[string]string // of a verdict
		moves  []ledger.Event
		want   bool
	}{
		"unreviewed":   {nil, nil, true},
		"confirmed":    {map[string]string{"verdict": "confirmed"}, nil, true},
		"unverifiable": {map[string]string{"verdict": "unverifiable", "reason": "misclassified"}, nil, true},
		"refuted":      {map[string]string{"verdict": "refuted", "reason": "misclassified"}, nil, false},
		"handed over": {nil, []ledger.Event{{Kind: ledger.Handed, Fields: map[string]string{
			ledger.FieldHandedTo: "市自然资源局", ledger.FieldNote: "属其职责"}}}, true},
		"filed": {map[string]string{"verdict": "confirmed"}, []ledger.Event{{Kind: ledger.Advanced,
			Fields: map[string]string{ledger.FieldTo: string(ledger.Filed)}}}, true},
	} {
		s := founded(t, runOf(1, grid, "aa........"))
		leads := []Lead{
			{Values: map[string]string{"number": "1"}, Shape: at(1, 1.5)}, // joins the case of the run
			{Values: map[string]string{"number": "2"}, Shape: at(30, 30)}, // a case of its own
			{Values: map[string]string{"number": "3", "county": "340102"}},
		}
		c, err := Leads(t.Context(), s, "信访", leads, 100, plainLattice, by)
		if err == nil {
			err = c.Commit(t.Context(), s)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"34-000001", "34-000002"} {
			if tt.fields != nil {
				say(t, s, id, ledger.Judged, tt.fields)
			}
			for _, e := range tt.moves {
				say(t, s, id, e.Kind, e.Fields)
			}
		}
		a, err := Ask(t.Context(), s, "ledger.gpkg", by.At, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		// The lead's own point counts, not the ground of the case that it joined, which is a cell to the north.
		for _, near := range []struct {
			ground orb.MultiPolygon
			want   float64
		}{{square(3, 1, 1), 2 * 23.66}, {square(30, 31, 1), 27.72}, {square(90, 90, 1), math.Inf(1)}} {
			want := near.want
			if !tt.want {
				want = math.NaN()
			}
			if got := a.Leads().Metres(near.ground); !sameMetres(got, want) {
				t.Errorf("%s: %v m, want %v", name, got, want)
			}
		}
		if n := a.Leads().Len(); tt.want != (n == 2) || n != a.Record().Leads {
			t.Errorf("%s: %d places", name, n)
		}
	}
}

// TestLeadsOfMergedCases: a lead of a case that was merged counts as the case does that it was merged into.
func TestLeadsOfMergedCases(t *testing.T) {
	s := founded(t)
	c, err := Leads(t.Context(), s, "信访", []Lead{{Values: map[string]string{"number": "1"}, Shape: at(1, 5)}}, 100,
		plainLattice, by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	led, _ := ledger.CaseOf(t.Context(), s, "34-000001")
	led.MergedInto = "34-000002"
	cases := map[string]*ledger.Case{"34-000001": &led, "34-000002": {ID: "34-000002", State: ledger.Unreviewed}}
	if !stands(cases, &led) {
		t.Error("a lead is lost by the merge")
	}
	cases["34-000002"].Fields = map[string]string{ledger.FieldVerdict: "refuted"}
	if stands(cases, &led) {
		t.Error("a lead counts although its case is no problem")
	}
}

func BenchmarkLeadPlaces(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	places := &LeadPlaces{}
	for range 10_000 {
		places.add(orb.Point{114 + 5*r.Float64(), 29 + 5*r.Float64()})
	}
	for b.Loop() {
		p := orb.Point{114 + 5*r.Float64(), 29 + 5*r.Float64()}
		places.Metres(orb.MultiPolygon{orb.Bound{Min: p, Max: orb.Point{p[0] + 0.002, p[1] + 0.002}}.ToPolygon()})
	}
}
