package ledgerwork

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
)

// plain is the lattice of a grid in degrees.
type plain struct{ g ledger.Grid }

func (p plain) Cells(lon, lat []float64) error {
	for i := range lon {
		lon[i], lat[i] = (lon[i]-p.g.OriginX)/p.g.CellX, (p.g.OriginY-lat[i])/p.g.CellY
	}
	return nil
}

func (p plain) Degrees(col, row []float64) error {
	for i := range col {
		col[i], row[i] = p.g.OriginX+col[i]*p.g.CellX, p.g.OriginY-row[i]*p.g.CellY
	}
	return nil
}

func plainLattice(g ledger.Grid) (Placer, error) { return plain{g}, nil }

// at returns a place in columns and rows of the grid of tests, in degrees.
func at(col, row float64) orb.Point {
	return orb.Point{grid.OriginX + col*grid.CellX, grid.OriginY - row*grid.CellY}
}

// square returns a square of cells.
func square(col, row, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{at(col, row), at(col+size, row), at(col+size, row+size), at(col, row+size), at(col, row)}}}
}

// TestGeodesic: lengths on the ellipsoid that others computed.
func TestGeodesic(t *testing.T) {
	for _, tt := range []struct {
		p, q orb.Point
		want float64
	}{
		// Geoscience Australia, the line of Flinders Peak and Buninyong on GRS 80, whose axes are those of CGCS2000.
		{orb.Point{144.42486788888889, -37.95103341666667}, orb.Point{143.92649552777777, -37.65282113888889}, 54972.271},
		{orb.Point{117, 30}, orb.Point{117, 30}, 0},
		{orb.Point{0, 0}, orb.Point{1, 0}, 111319.491},    // a π / 180
		{orb.Point{0, 0}, orb.Point{0, 90}, 10001965.729}, // a quarter of the meridian
		{orb.Point{0, 0}, orb.Point{180, 0}, math.Pi * 6378137},
	} {
		if got := Geodesic(tt.p, tt.q); math.Abs(got-tt.want) > 0.001 {
			t.Errorf("%v to %v is %.4f m, want %.4f", tt.p, tt.q, got, tt.want)
		}
	}
}

// TestLeadsFindCases: which case a lead joins, and how far away the nearest one is. A cell is 23.65 m wide and 27.72 m
// high.
func TestLeadsFindCases(t *testing.T) {
	// The first case has a hole, in which a point is not on its ground.
	s := founded(t, runOf(1, grid, "aaa.....bb", "a.a.....bb", "aaa......."))
	for name, tt := range map[string]struct {
		shape   orb.Geometry
		id      string // "" for a case of its own
		metres  string
		nearest string
	}{
		"inside":                         {at(0.5, 1.5), "34-000001", "0", ""},
		"on the western edge of a cell":  {at(0, 0.5), "34-000001", "0", ""},
		"in the hole":                    {at(1.5, 1.5), "34-000001", "12", ""},
		"near a side":                    {at(4, 1.5), "34-000001", "24", ""},
		"between":                        {at(5.6, 0.5), "34-000002", "57", ""},
		"near a corner":                  {at(4, 4), "34-000001", "36", ""},
		"away":                           {at(8, 10), "", "222", "34-000002"},
		"polygon over both, more of one": {orb.MultiPolygon{{{at(2.5, 0), at(9, 0), at(9, 1), at(2.5, 1), at(2.5, 0)}}}, "34-000002", "0", ""},
		"polygon that shares a corner":   {square(2.9, 2.9, 2), "34-000001", "0", ""},
		"polygon that touches":           {square(3, 3, 2), "34-000001", "0", ""},
		"polygon around all":             {square(-5, -5, 30), "34-000001", "0", ""},
		"polygon in the hole":            {square(1.25, 1.25, 0.5), "34-000001", "6", ""},
		"polygon near":                   {square(4, 0, 1), "34-000001", "24", ""},
		"polygon away":                   {square(20, 0, 5), "", "236", "34-000002"},
	} {
		c, err := Leads(t.Context(), s, "督察", []Lead{{Values: map[string]string{"number": "1"}, Shape: tt.shape}}, 100, plainLattice, by)
		if err != nil || len(c.Events) != 1 {
			t.Fatal(name, err, c.Refused)
		}
		e := c.Events[0]
		id := tt.id
		if id == "" {
			id = "34-000003"
		}
		if got, want := fmt.Sprint(e.Case, " ", e.Fields[ledger.FieldLeadDistance], " ", e.Fields[ledger.FieldLeadNearest]), fmt.Sprint(id, " ", tt.metres, " ", tt.nearest); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestLeadsMeetLeads: a lead joins a case that another lead opened: at the same place, within its outline, or near it;
// those of the same file do not. What has no place is a case of its own. The order of leads changes nothing but the
// numbers of new cases.
func TestLeadsMeetLeads(t *testing.T) {
	s := founded(t)
	tell := func(source string, leads ...Lead) (joined []string) {
		t.Helper()
		for i := range leads {
			if leads[i].Values == nil {
				leads[i].Values = map[string]string{}
			}
			leads[i].Values["number"] = fmt.Sprint(i)
		}
		c, err := Leads(t.Context(), s, source, leads, 100, plainLattice, by)
		if err == nil {
			err = c.Commit(t.Context(), s)
		}
		if err != nil || len(c.Refused) > 0 {
			t.Fatal(err, c.Refused)
		}
		for _, e := range c.Events {
			joined = append(joined, strings.TrimPrefix(e.Case, "34-00000")+" "+e.Fields[ledger.FieldLeadDistance]+e.Fields[ledger.FieldLeadNearest])
		}
		return joined
	}
	if got := tell("a", Lead{Shape: square(0, 0, 10)}, Lead{Shape: at(5, 5)}, Lead{Values: map[string]string{"county": "341702"}}); !slices.Equal(got, []string{"1 ", "2 ", "3 "}) {
		t.Errorf("opened: %q", got)
	}
	if got := tell("b", Lead{Shape: at(1, 1)}, Lead{Shape: at(12, 5)}, Lead{Shape: square(4, 4, 2)}, Lead{Shape: at(50, 5)}, Lead{}); !slices.Equal(got, []string{"1 0", "1 47", "1 0", "4 94534-000001", "5 "}) {
		t.Errorf("joined: %q", got)
	}
	if c, err := Leads(t.Context(), s, "b", []Lead{{Values: map[string]string{"number": "0"}}}, 100, plainLattice, by); err != nil || c.Same != 1 || len(c.Events) > 0 {
		t.Errorf("again: %v, %d the same, %d events", err, c.Same, len(c.Events))
	}
	c, err := ledger.CaseOf(t.Context(), s, "34-000001")
	if err != nil || c.Leads != 4 || c.Get(ledger.FieldLon) != "117.00125" || c.Get(ledger.FieldLat) != "31.99875" {
		t.Errorf("%d leads at %s, %s: %v", c.Leads, c.Get(ledger.FieldLon), c.Get(ledger.FieldLat), err)
	}
	if got := string(geometry(&c)); got != `{"type":"MultiPolygon","coordinates":[[[[117,32],[117.0025,32],[117.0025,31.9975],[117,31.9975],[117,32]]]]}` {
		t.Error(got)
	}
}

// TestPersonalNumbers: numbers of telephones and identity cards are covered, other numbers are not.
func TestPersonalNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"电话13800138000，某村":            "电话〔号码已隐去〕，某村",
		"138-0013-8000 / 13900139000": "〔号码已隐去〕 / 〔号码已隐去〕",
		"34170219800101123X举报":        "〔号码已隐去〕举报",
		"341702198001011234":          "〔号码已隐去〕",
		"占地 12000 平方米，2026-03-01，S20260301001，110.5 亩": "占地 12000 平方米，2026-03-01，S20260301001，110.5 亩",
		"12345678901 1234567890123456789":              "12345678901 1234567890123456789",
	} {
		if got := withoutNumbers(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for _, title := range []string{"姓名", "信访人", "联系电话", "身份证号"} {
		_, _, err := Mapped([][]string{{"编号", title}, {"1", "x"}}, map[string]string{"number": "编号", "text": title})
		if err == nil || !strings.Contains(err.Error(), "the column "+title+" says who a petitioner is") {
			t.Errorf("%s: %v", title, err)
		}
	}
}

// TestNearLeads: a run tells which leads lie on the cells of its detections or near them, not those that have a case
// with ground.
func TestNearLeads(t *testing.T) {
	s := founded(t, runOf(1, grid, "..........................bb"))
	leads := []Lead{{Shape: at(1.5, 0.5)}, {Shape: at(5, 0.5)}, {Shape: square(0, 3, 1)}, {Shape: at(12, 0.5)}, {}, {Shape: at(27, 0.5)}}
	for i := range leads {
		leads[i].Values = map[string]string{"number": fmt.Sprint(i)}
	}
	c, err := Leads(t.Context(), s, "督察", leads, 100, plainLattice, by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	for within, want := range map[float64]string{0: "[34-000002 ]", 47: "[34-000002 ]", 48: "[34-000002 34-000003 ]", 60: "[34-000002 34-000003 34-000004 ]", 300: "[34-000002 34-000003 34-000004 34-000005 34-000005]"} {
		run := runOf(2, grid, "aaa...................cc")
		c, err := Add(t.Context(), s, run, by)
		if err == nil {
			err = c.NearLeads(t.Context(), s, run, within, plainLattice)
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range c.Events {
			if e.Kind == ledger.Detected {
				got = append(got, e.Fields[ledger.FieldNearLeads])
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("within %g m: %q, want %s", within, got, want)
		}
	}
}

// TestLeadsOfOneNumber: two leads of one number in a file that say different things are not taken for one.
func TestLeadsOfOneNumber(t *testing.T) {
	s := founded(t)
	lead := func(text string) Lead { return Lead{Values: map[string]string{"number": "7", "text": text}} }
	c, err := Leads(t.Context(), s, "信访", []Lead{lead("采石"), lead("采石"), lead("建房")}, 100, plainLattice, by)
	if err != nil || len(c.Events) != 1 || c.Same != 1 || len(c.Refused) != 1 ||
		c.Refused[0].Reason != "the number 7 stands in the file before, with something else; give each lead its own" {
		t.Errorf("%d events, %d the same, %v, %v", len(c.Events), c.Same, c.Refused, err)
	}
	other := lead("建房")
	other.Values["number"] = "8"
	c, err = Leads(t.Context(), s, "信访", []Lead{lead("采石"), other}, 100, plainLattice, by)
	if err != nil || len(c.Events) != 2 || len(c.Refused) > 0 {
		t.Errorf("each with its own: %d events, %v, %v", len(c.Events), c.Refused, err)
	}
}
