package evidence

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/redlinetest"
	"greenshield/seeds"
	"greenshield/vector/trace"
)

// leadsAt are leads that are as far from everything.
type leadsAt float64

func (l leadsAt) Metres(orb.MultiPolygon) float64 { return float64(l) }

// table has a change type with one class after, and one with two.
var table = redline.RuleTable{Changes: []redline.ChangeType{
	{Name: "construction", Pairs: [][2]landcover.Ecosystem{{landcover.Forest, landcover.Built}}},
	{Name: "stripping", Pairs: [][2]landcover.Ecosystem{{landcover.Forest, landcover.Desert}, {landcover.Forest, landcover.Bare}}},
}}

// cell is a patch of one cell.
var cell = []trace.Run{{Row: 5, Col0: 5, Col1: 6}}

// candidate is a candidate of a change from forest to a class.
func candidate(change string, to landcover.Ecosystem) redline.Candidate {
	return redline.Candidate{Change: change, FromEco: "forest", ToEco: to.String(), Cells: 1}
}

func TestCardOfTheGroupRanks(t *testing.T) {
	in := mapped(t, make([]uint8, 400), 20, 30)
	model := &priority.Model{Default: priority.Card{Base: -10},
		Groups: map[string]*priority.Card{table.Changes[0].Group(): {Base: 0, Bands: []priority.Band{
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
		got := candidate("construction", landcover.Built)
		redlinetest.Must(t, New(in, &table, model, c.leads, 1, 1<<20).NewExaminer().Examine(&got, cell, nil))
		if !same(got.Evidence.LeadM, c.metre) {
			t.Errorf("lead at %v m, want %v", got.Evidence.LeadM, c.metre)
		}
		if *got.Priority != (redline.Priority{Score: c.score, Why: c.why}) {
			t.Errorf("%+v, want %d, %q", *got.Priority, c.score, c.why)
		}
	}
}

// same tells whether numbers are equal, or both not known.
func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestNoModelRanksNothing(t *testing.T) {
	in := mapped(t, make([]uint8, 400), 20, 30)
	x := New(in, &table, nil, leadsAt(1), 1, 1<<20).NewExaminer()
	c := candidate("construction", landcover.Built)
	redlinetest.Must(t, x.Examine(&c, cell, nil))
	e := c.Evidence
	for _, v := range []float64{e.Width, e.Compact, e.Confused, e.NearM, e.LeadM, e.StaysPct} {
		if !math.IsNaN(v) || c.Priority != nil {
			t.Errorf("%+v, %v", e, c.Priority)
		}
	}
}

// broken is a source that cannot be read.
type broken struct{ raster.Source }

func (broken) Open() (raster.Reader, error) { return nil, errors.New("gone") }

// TestMapIsReadOnlyWhereNeeded: a patch whose cells touch the only class after needs no look at the map before.
func TestMapIsReadOnlyWhereNeeded(t *testing.T) {
	in := mapped(t, make([]uint8, 400), 20, 30)
	in.Before.Source = broken{in.Before.Source}
	for _, c := range []struct {
		near   bool
		change string
		to     landcover.Ecosystem
		edge   int64
		read   bool
		want   float64
	}{
		{true, "construction", landcover.Built, 1, false, 0},
		{true, "construction", landcover.Built, 0, true, 0},
		{true, "stripping", landcover.Bare, 1, true, 0},
		{false, "construction", landcover.Built, 1, false, 0},
		{false, "construction", landcover.Built, 0, false, math.NaN()},
		{false, "stripping", landcover.Bare, 1, false, math.NaN()},
	} {
		got := candidate(c.change, c.to)
		got.EdgeCells = c.edge
		f := New(in, &table, priority.Simple(), nil, 1, 1<<20)
		f.Near = c.near
		err := f.NewExaminer().Examine(&got, cell, nil)
		switch {
		case c.read:
			redlinetest.WantFault(t, err, redline.Raster, "gone")
		case err != nil || !same(got.Evidence.NearM, c.want):
			t.Errorf("%+v: %v m, %v", c, got.Evidence.NearM, err)
		}
	}
}

func TestUnknownClassIsRefused(t *testing.T) {
	in := mapped(t, make([]uint8, 400), 20, 30)
	for _, c := range []redline.Candidate{{Change: "construction", FromEco: "moon", ToEco: "built"},
		{Change: "construction", FromEco: "forest"}} {
		if err := New(in, &table, priority.Simple(), nil, 1, 1<<20).NewExaminer().Examine(&c, cell, nil); err == nil {
			t.Errorf("%s → %s is examined", c.FromEco, c.ToEco)
		}
	}
}

// scene is a map before and patches in it, several candidates of each patch.
func scene(t *testing.T) (in *redline.Inputs, patches [][]trace.Run, candidates []redline.Candidate, of []int) {
	rng := rand.New(rand.NewPCG(5, 6))
	symbols := make([]uint8, 200*200)
	for range 60 {
		symbols[rng.IntN(len(symbols))] = uint8(1 + rng.IntN(2))
	}
	in = mapped(t, symbols, 200, 30)
	for i := range 64 {
		patch := moved(grown(rng, 6, 6, 0.8), int32(i/8*24), int32(i%8*24))
		patches = append(patches, patch)
		for part := range 1 + rng.IntN(3) {
			c := candidate("construction", []landcover.Ecosystem{landcover.Built, landcover.Cropland}[part%2])
			if part%2 == 1 {
				c.Change = "stripping"
			}
			c.Cells = trace.Count(patch)
			candidates, of = append(candidates, c), append(of, i)
		}
	}
	return in, patches, candidates, of
}

// told is the evidence and priority of a candidate in words.
func told(c *redline.Candidate) string { return fmt.Sprintf("%+v %+v", *c.Evidence, *c.Priority) }

// TestEvidenceDoesNotDependOnOrder: an examiner of its own for each candidate, one for all in any order, and several
// that work at once through a cache too small for them tell the same.
func TestEvidenceDoesNotDependOnOrder(t *testing.T) {
	in, patches, candidates, of := scene(t)
	examine := func(x *Examiner, i int) string {
		c := candidates[i]
		if err := x.Examine(&c, patches[of[i]], nil); err != nil {
			t.Error(err)
			return ""
		}
		return told(&c)
	}
	looking := func(maxBytes int64) *Finder {
		f := New(in, &table, priority.Simple(), leadsAt(7), 4, maxBytes)
		f.Near = true
		return f
	}
	want := make([]string, len(candidates))
	distinct := map[string]bool{}
	for i := range candidates {
		want[i] = examine(looking(1<<20).NewExaminer(), i)
		distinct[want[i]] = true
	}
	if len(distinct) < len(want)/3 {
		t.Fatalf("only %d of %d candidates differ", len(distinct), len(want))
	}
	f := looking(300)
	var group sync.WaitGroup
	for worker := range 8 {
		order := rand.New(rand.NewPCG(7, uint64(worker))).Perm(len(candidates))
		if worker == 0 {
			slices.Sort(order) // as a run does
		}
		group.Go(func() {
			x := f.NewExaminer()
			for _, i := range order {
				if got := examine(x, i); got != want[i] {
					t.Errorf("worker %d, candidate %d: %s, want %s", worker, i, got, want[i])
				}
			}
			redlinetest.Must(t, x.Close())
		})
	}
	group.Wait()
	redlinetest.Must(t, f.Close())
}

// TestPatchIsMeasuredOnce: parts of one patch that follow each other share what is known of it.
func TestPatchIsMeasuredOnce(t *testing.T) {
	in, patches, candidates, _ := scene(t)
	x := New(in, &table, priority.Simple(), nil, 1, 1<<20).NewExaminer()
	c := candidates[0]
	redlinetest.Must(t, x.Examine(&c, patches[0], nil))
	x.last.width = 99
	redlinetest.Must(t, x.Examine(&c, patches[0], nil))
	if c.Evidence.Width != 99 {
		t.Error("a part of the same patch is measured again")
	}
	redlinetest.Must(t, x.Examine(&c, patches[1], nil))
	if c.Evidence.Width == 99 {
		t.Error("another patch is not measured")
	}
}

// TestOtherMapsCount: what other maps show is found with and without a model, and ranks with one. An agreement of the
// candidate before is not left behind.
func TestOtherMapsCount(t *testing.T) {
	text, _ := seeds.Rules("green-shield")
	rules, err := redline.ParseRules("green-shield", text, time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	redlinetest.Must(t, err)
	in := mapped(t, make([]uint8, 400), 20, 30)
	all := func(symbol uint8, year int) redline.OtherMap {
		return redline.OtherMap{Earth: in.Earth, Epoch: redline.Epoch{Legend: legend, Year: year,
			Source: &raster.Memory{On: in.Grid, Classes: 3, Symbols: slices.Repeat([]uint8{symbol}, 400)}}}
	}
	newest := all(2, 2023)
	in.Confirm = []redline.Pair{{Name: "yes", Before: all(0, 2015), After: all(1, 2020)},
		{Name: "no", Before: all(0, 2015), After: all(0, 2020)}}
	in.Newest = &newest
	shape := orb.MultiPolygon{{{{5, 5}, {6, 5}, {6, 6}, {5, 6}, {5, 5}}}}
	want := []redline.Agreement{{Same: 900}, {Unchanged: 900}}
	for _, model := range []*priority.Model{nil, priority.Simple()} {
		x := New(in, &rules, model, nil, 1, 1<<20).NewExaminer()
		for range 2 {
			c := candidate("construction", landcover.Built)
			c.AreaM2 = 900
			redlinetest.Must(t, x.Examine(&c, cell, shape))
			if e := c.Evidence; !slices.Equal(e.Agreed, want) || e.StaysPct != 0 {
				t.Errorf("%+v", e)
			}
			const why = "有一种其他地图也显示同类变化；最新地图上已看不到这一变化；图斑很小，不足4个像元"
			if model != nil && c.Priority.Why != why {
				t.Error(c.Priority.Why)
			}
		}
		redlinetest.Must(t, x.Close())
	}
}
