package page

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// examinedFindings returns findings of a run with two other pairs of maps, a later map, and priorities, as far as asked
// for.
func examinedFindings(pairs, newest, ranked bool) *findings.Findings {
	in := &redline.Inputs{Zones: make([]redline.Zone, 1)}
	found := &findings.Findings{Inputs: in, Summary: &redline.Summary{YearA: 2015, YearB: 2020}, Manifest: &record.Manifest{}}
	if pairs {
		in.Confirm = []redline.Pair{{Name: "fcs"}, {Name: "esa"}}
		for i, year := range []int{2015, 2016} {
			in.Confirm[i].Before.Year, in.Confirm[i].After.Year = year, 2020
		}
	}
	if newest {
		in.Newest = &redline.OtherMap{}
		in.Newest.Year = 2023
	}
	if ranked {
		found.Manifest.Priority = &record.Ranking{Model: "simple", SHA256: "abc"}
		found.Ranking = &priority.Model{Name: "simple", Default: priority.Card{Base: -0.5, Bands: []priority.Band{
			{Feature: priority.Width, From: math.Inf(-1), To: 2, Weight: -1, Why: "太窄"}, {Feature: priority.AgreeN, From: 1, To: math.Inf(1), Weight: 1.25, Why: "其他图同类变化"}}}}
	}
	return found
}

// examinedCandidates returns a candidate that both pairs confirm, one that none does, and one of which hardly anything is
// known.
func examinedCandidates() []*redline.Candidate {
	nan, inf := math.NaN(), math.Inf(1)
	return []*redline.Candidate{
		{ID: "A", Severity: 1, Cells: 10, EdgeCells: 3, Priority: &redline.Priority{Score: 93, Why: "甲；乙"}, Evidence: &redline.Evidence{Width: 3.25, Compact: 61.4, Confused: 12, NearM: 30, LeadM: inf, StaysPct: 100,
			Agreed: []redline.Agreement{{Same: 70, Other: 10, Unchanged: 10, NoData: 10}, {Same: 100}}}},
		{ID: "B", Severity: 4, Cells: 10, Priority: &redline.Priority{Score: 79, Why: "丙"}, Evidence: &redline.Evidence{Width: 1, Compact: 20, Confused: nan, NearM: inf, LeadM: nan, StaysPct: 49.6,
			Agreed: []redline.Agreement{{Unchanged: 100}, {NoData: 100}}}},
		{ID: "C", Severity: 4, Cells: 10, Priority: &redline.Priority{Score: 0, Why: "甲；乙"}, Evidence: &redline.Evidence{Width: nan, Compact: nan, Confused: nan, NearM: nan, LeadM: nan, StaysPct: nan,
			Agreed: []redline.Agreement{{}, {NoData: 100}}}},
	}
}

// TestEvidence: candidates count once by priority and severity, for each pair of maps, and for the newest map; the
// weights are called a proposal while they are one; without evidence there is nothing of it.
func TestEvidence(t *testing.T) {
	if e := newEvidence(examinedFindings(false, false, false)); e != nil || e.summary() != "" || e.title() != "" {
		t.Errorf("without evidence: %+v", e)
	}
	e := newEvidence(examinedFindings(true, true, true))
	for _, c := range examinedCandidates() {
		e.add(c)
	}
	var data chartData
	e.chart(&data)
	if got := fmt.Sprint(e.Scores, e.Total, e.Total.Sum()); got != "[{80–100 #54278f [0 0 0 1]} {60–79 #756bb1 [1 0 0 0]} {40–59 #9e9ac8 [0 0 0 0]} {20–39 #cbc9e2 [0 0 0 0]} {0–19 #f2f0f7 [1 0 0 0]}] {合计  [2 0 0 1]} 3" ||
		len(data.Scores) != 5 {
		t.Errorf("priorities %s", got)
	}
	if got := fmt.Sprint(e.Pairs); got != "[{fcs 2015–2020（与两期同年） 1 1 1 [35.00% 5.00% 55.00% 5.00%]} {esa 2016–2020（前期晚 1 年） 1 0 2 [33.33% 0.00% 0.00% 66.67%]}]" {
		t.Errorf("pairs %s", got)
	}
	if got := fmt.Sprint(e.Newest, e.Stays, e.Turns, e.Unknown); got != "2023 1 1 1" {
		t.Errorf("newest %s", got)
	}
	if got := e.summary(); got != "核查优先级 80–100 的 1 个，60–79 的 1 个。至少一对其他地图也显示同类变化的 1 个。" {
		t.Errorf("summary %s", got)
	}
	if got := fmt.Sprint(e.Weights, e.Simple); got != "[{全部 基础分  -0.50 } {全部 最大宽度(像元) < 2 -1.00 太窄} {全部 一致的图数 ≥ 1 +1.25 其他图同类变化}] true" {
		t.Errorf("weights %s", got)
	}
	for _, part := range []struct {
		pairs, ranked bool
		title, says   string
	}{{true, false, "其他地图的佐证", "至少一对其他地图也显示同类变化的 1 个。"}, {false, true, "核查优先级与佐证", "核查优先级 80–100 的 1 个，60–79 的 1 个。"}} {
		e := newEvidence(examinedFindings(part.pairs, false, part.ranked))
		for _, c := range examinedCandidates() {
			if !part.pairs {
				c.Evidence.Agreed = nil
			}
			e.add(c)
		}
		if e.title() != part.title || e.summary() != part.says || e.Newest != 0 {
			t.Errorf("%s: %s", e.title(), e.summary())
		}
	}
}

// TestEvidenceOfCandidates: cards and rows of the list have the priority, why, and each piece of evidence that is known;
// reasons are numbers in rows.
func TestEvidenceOfCandidates(t *testing.T) {
	found := examinedFindings(true, true, true)
	found.Manifest.Ledger = &record.Ledger{}
	x, row := newEvidenceIndex(found), []byte("[1")
	for i, want := range []string{
		"93 #54278f #ffffff 甲；乙 [{fcs（2015–2020） 一致：同类变化 70%，其他变化 10%，无变化 10%，无数据 10%} {esa（2016–2020） 一致：同类变化 100%，其他变化 0%，无变化 0%，无数据 0%}] " +
			"最新图（2023 年）100% 仍为新地类；最大宽度 3.2 个像元；紧凑度 61%；错位可解释 30%；两类易混程度 12%；距前期同类地物 30 米；附近没有线索",
		"79 #756bb1 #ffffff 丙 [{fcs（2015–2020） 不一致：同类变化 0%，其他变化 0%，无变化 100%，无数据 0%} {esa（2016–2020） 看不到：同类变化 0%，其他变化 0%，无变化 0%，无数据 100%}] " +
			"最新图（2023 年）50% 仍为新地类；最大宽度 1.0 个像元；紧凑度 20%；错位可解释 0%；附近没有前期同类地物",
		"0 #f2f0f7 #000000 甲；乙 [{fcs（2015–2020） 看不到：同类变化 0%，其他变化 0%，无变化 0%，无数据 0%} {esa（2016–2020） 看不到：同类变化 0%，其他变化 0%，无变化 0%，无数据 100%}] 错位可解释 0%",
	} {
		c := examinedCandidates()[i]
		r := newEvidenceRow(found, c)
		if got := fmt.Sprint(r.Score, " ", r.Color, " ", r.Ink, " ", r.Why, " ", r.Pairs, " ", r.Facts); got != want {
			t.Errorf("card %d:\n%s\nwant\n%s", i, got, want)
		}
		row = x.appendTo(row, c)
		row[len(row)-1] = ';'
	}
	if got := string(row); got != "[1,[93,0,100,3.2,61,30,12,30,-1,[70,10,10,10,2],[100,0,0,0,2]];,[79,1,50,1.0,20,0,null,-1,null,[0,0,100,0,1],[0,0,0,100,0]];,"+
		"[0,0,null,null,null,0,null,null,null,[0,0,0,0,0],[0,0,0,100,0]];" {
		t.Errorf("rows %s", got)
	}
	if got := string(x.appendTo(nil, &redline.Candidate{Cells: 1})); got != ",[null,null,null,null,null,0,null,null,null,[0,0,0,0,0],[0,0,0,0,0]]]" {
		t.Errorf("a row without evidence is %s", got)
	}
	lists := map[string]any{}
	x.addTo(lists)
	if got := fmt.Sprint(lists); got != "map[evidence:{[甲；乙 丙] [{fcs 2015–2020} {esa 2016–2020}] 2023 true [80–100 60–79 40–59 20–39 0–19]}]" {
		t.Errorf("lists %s", got)
	}
	if newEvidenceRow(found, &redline.Candidate{}) != nil {
		t.Error("a card without evidence says something of it")
	}
}

// TestFirstCandidates: with priorities the cards, the list and the numbers on the map begin with the highest, with equal
// ones by severity.
func TestFirstCandidates(t *testing.T) {
	tally := newTally(Options{}, nil)
	for i := range 50 {
		tally.add(&redline.Candidate{ID: fmt.Sprint(i), Severity: redline.Severity(1 + i%4), AreaM2: float64(i), Priority: &redline.Priority{Score: i % 10}})
	}
	slices.SortFunc(tally.dots, func(a, b dot) int { return a.rank.Compare(b.rank) })
	slices.SortFunc(tally.ranks, findings.Rank.Compare)
	var cards, marks, list []string
	for i := range worst {
		cards, marks, list = append(cards, tally.worst[i].ID), append(marks, fmt.Sprint(tally.dots[i].rank.Position)), append(list, fmt.Sprint(tally.ranks[i].Position))
	}
	const want = "39 19 49 29 9 38 18 48 28 8 47 27 7 37 17 "
	if got := strings.Join(cards, " "); !strings.HasPrefix(got, want) || got != strings.Join(marks, " ") || got != strings.Join(list, " ") {
		t.Errorf("cards %s\nmap %s\nlist %s\nwant %s", got, marks, list, want)
	}
}

// TestScriptOfEvidence: the script of the evidence stands before that of the list, which calls it, and ends no element.
func TestScriptOfEvidence(t *testing.T) {
	p := &page{Evidence: &evidence{}}
	p.scripts()
	if len(p.Scripts) != 4 || string(p.Scripts[2]) != evidenceScript || !strings.Contains(string(p.Scripts[1]), "globalThis.report = {") {
		t.Errorf("%d scripts", len(p.Scripts))
	}
	if lower := strings.ToLower(evidenceScript); strings.Contains(lower, "</script") || strings.Contains(lower, "<!--") {
		t.Error("the code would end its element")
	}
}
