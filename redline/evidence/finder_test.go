package evidence

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/priority"
)

// leadsAt are leads that are as far from everything.
type leadsAt float64

func (l leadsAt) Metres(orb.MultiPolygon) float64 { return float64(l) }

// construction is a table of one change type, natural land to built.
var construction = redline.RuleTable{Changes: []redline.ChangeType{{Name: "construction",
	Pairs: [][2]landcover.Ecosystem{{landcover.Forest, landcover.Built}}}}}

func TestCardOfTheGroupRanks(t *testing.T) {
	model := &priority.Model{Default: priority.Card{Base: -10},
		Groups: map[string]*priority.Card{construction.Changes[0].Group(): {Base: 0, Bands: []priority.Band{
			{Feature: priority.LeadM, From: 0, To: 10, Weight: 10, Why: "近"}}}}}
	for _, c := range []struct {
		leads Leads
		metre float64
		score int
		why   string
	}{
		{nil, math.NaN(), 50, ""},
		{leadsAt(3), 3, 100, "近"},
		{leadsAt(math.Inf(1)), math.Inf(1), 50, ""},
	} {
		x := New(&redline.Inputs{}, &construction, model, c.leads, 0).NewExaminer()
		got := redline.Candidate{Change: "construction", Cells: 1, EdgeCells: 1}
		if err := x.Examine(&got, nil, nil); err != nil {
			t.Fatal(err)
		}
		if m := got.Evidence.LeadM; m != c.metre && !(math.IsNaN(m) && math.IsNaN(c.metre)) {
			t.Errorf("lead at %v m, want %v", m, c.metre)
		}
		if *got.Priority != (redline.Priority{Score: c.score, Why: c.why}) {
			t.Errorf("%+v, want %d, %q", *got.Priority, c.score, c.why)
		}
	}
}

func TestNoModelRanksNothing(t *testing.T) {
	x := New(&redline.Inputs{}, &construction, nil, leadsAt(1), 0).NewExaminer()
	c := redline.Candidate{Change: "construction", Cells: 1}
	if err := x.Examine(&c, nil, nil); err != nil || c.Priority != nil || !math.IsNaN(c.Evidence.LeadM) {
		t.Error(err, c.Priority, c.Evidence.LeadM)
	}
}
