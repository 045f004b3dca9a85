package findings

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"greenshield/redline"
	"greenshield/redline/priority"
)

// TestRank: the highest priority comes first, then the most severe, then the largest, then the order of files; without
// priorities the order is that of severity, area and files.
func TestRank(t *testing.T) {
	var ranks []Rank
	for i, c := range []redline.Candidate{
		{Severity: 4, AreaM2: 9, Priority: &redline.Priority{Score: 20}}, {Severity: 1, AreaM2: 1, Priority: &redline.Priority{Score: 90}},
		{Severity: 2, AreaM2: 5, Priority: &redline.Priority{Score: 20}}, {Severity: 2, AreaM2: 7, Priority: &redline.Priority{Score: 20}},
		{Severity: 2, AreaM2: 7, Priority: &redline.Priority{Score: 20}}, {Severity: 3, AreaM2: 2},
	} {
		ranks = append(ranks, RankOf(&c, i))
	}
	order := func() (at []uint32) {
		slices.SortFunc(ranks, Rank.Compare)
		for i := range ranks {
			at = append(at, ranks[i].Position)
			ranks[i].Score = 0
		}
		return at
	}
	if got := fmt.Sprint(order()); got != "[1 0 3 4 2 5]" {
		t.Errorf("by priority %s", got)
	}
	if got := fmt.Sprint(order()); got != "[0 5 3 4 2 1]" {
		t.Errorf("without priority %s", got)
	}
}

// TestScoreBands: every priority is in the band that names it.
func TestScoreBands(t *testing.T) {
	bands := ScoreBands()
	for score := range 101 {
		if b := bands[ScoreBandOf(score)]; score < b.From || score > b.To {
			t.Errorf("%d is in %s", score, b)
		}
	}
	if bands[0].String() != "80–100" || bands[0].To != 100 || bands[len(bands)-1].From != 0 {
		t.Error(bands)
	}
}

// TestWeights: the table names each feature and says which values it is about, card by card; every feature has a name.
func TestWeights(t *testing.T) {
	inf := math.Inf(1)
	m := &priority.Model{
		Default: priority.Card{Base: -1, Bands: []priority.Band{
			{Feature: priority.AgreePct, From: 50, To: inf, Weight: 1.5, Why: "同"}, {Feature: priority.Width, From: -inf, To: 1.5, Weight: -2, Why: "窄"},
			{Feature: priority.Cells, From: 4, To: 12, Weight: 0.1}, {Feature: priority.DateGrade, From: 1, To: 3, Weight: 1},
			{Feature: priority.Flicker, From: 1, To: 2, Weight: -1}, {Feature: priority.NearM, From: -inf, To: inf},
		}},
		Groups: map[string]*priority.Card{"natural>built": {Base: 2}, "forest>bare": {Base: 1}},
	}
	want := "[{ 基础分  -1 } { 其他图同类变化比例(%) ≥ 50 1.5 同} { 最大宽度(像元) < 1.5 -2 窄} { 斑块像元数 ≥ 4，< 12 0.1 } { 年份可信等级 AB 1 } " +
		"{ 年际反复 是 -1 } { 距前期同类地物(米) 任何值 0 } {forest>bare 基础分  1 } {natural>built 基础分  2 }]"
	if got := fmt.Sprint(Weights(m)); got != want {
		t.Errorf("weights\n%s\nwant\n%s", got, want)
	}
	for f := range priority.NumFeatures {
		if FeatureName(f) == "" {
			t.Errorf("%s has no name", f)
		}
	}
}

// TestPairTotals: a candidate counts once for each pair, and what differs in years is told.
func TestPairTotals(t *testing.T) {
	in := &redline.Inputs{Confirm: make([]redline.Pair, 2)}
	for i, p := range []redline.Pair{{Name: "fcs"}, {Name: "esa"}} {
		p.Before.Year, p.After.Year = 2015+i, 2020-2*i
		in.Confirm[i] = p
	}
	f := &Findings{Inputs: in, Summary: &redline.Summary{YearA: 2015, YearB: 2020}}
	totals := f.PairTotals()
	for _, agreed := range [][]redline.Agreement{
		{{Same: 6, Unchanged: 4}, {NoData: 10}}, {{Other: 10}, {Same: 4, Unchanged: 4, NoData: 2}},
	} {
		AddPairs(totals, &redline.Candidate{Evidence: &redline.Evidence{Agreed: agreed}})
	}
	AddPairs(totals, &redline.Candidate{})
	if got := fmt.Sprint(totals); got != "[{fcs 2015 2020 0 0 1 1 0 {6 10 4 0}} {esa 2016 2018 1 -2 1 0 1 {4 0 4 12}}]" {
		t.Errorf("totals %s", got)
	}
	if a, b := totals[0].Years(), totals[1].Years(); a != "2015–2020（与两期同年）" || b != "2016–2018（前期晚 1 年，后期早 2 年）" {
		t.Errorf("years %s, %s", a, b)
	}
	if got := fmt.Sprint(AgreementShares(totals[1].Area), AgreementShares(redline.Agreement{})); got != "[20 0 20 60] [0 0 0 0]" {
		t.Errorf("shares %s", got)
	}
}

// TestUnknownEvidence: a priority of 0 and no pair that agrees are numbers; of a candidate without, they are none.
func TestUnknownEvidence(t *testing.T) {
	zero := &redline.Candidate{Priority: &redline.Priority{}, Evidence: &redline.Evidence{Width: math.NaN(), NearM: math.Inf(1), Agreed: make([]redline.Agreement, 2)}}
	for name, none := range map[string]bool{"prio": false, "agree_n": false, "agree_of": false, "agree_pct": true, "width": true, "near_m": true, "compact": false} {
		for _, f := range AllColumns.Fields() {
			if f.Name == name && (f.None(zero) != none || !f.None(&redline.Candidate{})) {
				t.Errorf("%s: %v, and %v without", name, f.None(zero), f.None(&redline.Candidate{}))
			}
		}
	}
}
