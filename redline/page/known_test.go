package page

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/record"
)

// TestMarked: without a ledger and dates the scripts have no line of these; with all of them, all lines without their
// marks.
func TestMarked(t *testing.T) {
	none, all := &page{}, &page{Known: &known{}, Dates: &dates{Dated: true, Since: true}, Years: &years{}, Evidence: &evidence{Ranked: true, Pairs: make([]pairRow, 1)}}
	for name, code := range map[string]string{"list": listScript, "page": script} {
		without, with, want := none.marked(code), all.marked(code), code
		for _, word := range []string{"relation", "standing", "vsZone", "changeYears", "lists.years", "// ledger", "// date", "// since", "evidence", "prio"} {
			if strings.Contains(without, word) {
				t.Errorf("the script of the %s has %q without it", name, word)
			}
		}
		for mark := range marks {
			want = strings.ReplaceAll(want, mark+"\n", "\n")
		}
		if with != want || want == code || strings.Contains(with, "// dates") || strings.Contains(with, "// ranked") {
			t.Errorf("with all, the script of the %s is another one", name)
		}
	}
	for words, p := range map[string]*page{
		"ledger": {Known: &known{}}, "dated dates": {Dates: &dates{Dated: true}}, "since dates": {Dates: &dates{Since: true}},
	} {
		got := p.marked("a // ledger\nb // dated\nc // since\nd // dates\ne\n")
		want := map[string]string{"ledger": "a\ne\n", "dated dates": "b\nd\ne\n", "since dates": "c\nd\ne\n"}[words]
		if got != want {
			t.Errorf("%s: %q, want %q", words, got, want)
		}
	}
}

func followUp(n int, state, finding, suspicion string) redline.FollowUp {
	return redline.FollowUp{Case: fmt.Sprintf("341700-%06d", n), State: state, Bad: 3e4, Before: 1e4, Finding: finding, Suspicion: suspicion}
}

// TestKnown: candidates count by what they are to the ledger, cases by state and by what stands there, and suspicions are
// told as what a person has to look into, the first of them one by one.
func TestKnown(t *testing.T) {
	if k := newKnown(&findings.Findings{Manifest: &record.Manifest{}}); k != nil || k.figures() != nil || k.summary() != "" {
		t.Errorf("without a ledger: %+v", k)
	}
	found := &findings.Findings{Manifest: &record.Manifest{Ledger: &record.Ledger{Day: "2026-03-05", Hash: "abc", Events: 9}}, FollowUps: []redline.FollowUp{
		followUp(1, "struck_off", "restored", ""), followUp(2, "struck_off", "partly", "rebound"), followUp(3, "unreviewed", "still", ""), followUp(4, "submitted", "still", "false_rectification"),
		followUp(5, "unreviewed", "unseen", ""), followUp(6, "unreviewed", "still", ""),
	}}
	k := newKnown(found)
	for relation, n := range map[string]int{"new": 3, "grown": 1, "persisting": 2, "merged": 2, "refuted_before": 5} {
		for range n {
			k.add(&redline.Candidate{AreaM2: 20000, Known: &redline.Known{Relation: relation}})
		}
	}
	if got, want := k.summary(), "与台账比对：新增 3 个，规模扩大 1 个，台账已有 4 个，曾核查不属实 5 个。台账的 6 个问题点位中仍存在 3 个，部分恢复 1 个，已恢复 1 个，未覆盖 1 个；疑似反弹 1 个，须人工核实；疑似虚假整改 1 个，须人工核实。"; got != want {
		t.Errorf("summary\n%s\nwant\n%s", got, want)
	}
	if got, want := fmt.Sprint(k.figures()), "[{新增候选图斑 3 个 规模扩大 1 个，台账已有 4 个，曾核查不属实 5 个} {台账问题点位仍存在 3 个 共 6 个：部分恢复 1 个，已恢复 1 个，未覆盖 1 个} {疑似问题，须人工核实 2 个 疑似反弹 1 个，疑似虚假整改 1 个}]"; got != want {
		t.Errorf("figures\n%s\nwant\n%s", got, want)
	}
	if got, want := fmt.Sprint(k.States, k.Total), "[{待核查 [2 0 0 1] 3 9.00} {待验收 [1 0 0 0] 1 3.00} {已销号 [0 1 1 0] 2 6.00}] {合计 [3 1 1 1] 6 18.00}"; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(k.Suspects, k.More), "[{341700-000002 疑似反弹 已销号 3.00 75.00%} {341700-000004 疑似虚假整改 待验收 3.00 75.00%}] 0"; got != want {
		t.Errorf("suspects %s, want %s", got, want)
	}
	for n := range mostSuspects + 5 {
		found.FollowUps = append(found.FollowUps, followUp(10+n, "struck_off", "still", "rebound"))
	}
	if k = newKnown(found); len(k.Suspects) != mostSuspects || k.More != 7 || k.Suspected[0].Count != mostSuspects+6 {
		t.Errorf("%d suspects, and %d more", len(k.Suspects), k.More)
	}
}

// TestKnownIndex: the list has what is new before what has grown, and that before what is known; every relation has a
// place, and one that is known has the colour that QGIS gives it.
func TestKnownIndex(t *testing.T) {
	x := newKnownIndex()
	if len(x.relations) != len(findings.Relations()) || x.relations[0].Name != "新增" || x.relations[1].Name != "规模扩大" || x.relations[len(x.relations)-1].Name != "曾核查不属实" {
		t.Errorf("%v", x.relations)
	}
	row, err := x.appendTo([]byte("[1"), &redline.Known{Relation: "grown", Case: "341700-000001", State: "rectifying", Verdict: "confirmed", Confirm: "grown", FollowUp: "still"})
	if err == nil {
		row, err = x.appendTo(append(row, ",[2"...), &redline.Known{Relation: "new"})
	}
	if err != nil || string(row) != `[1,1,"341700-000001",0,0,0],[2,0,"",1,1,1]` || !json.Valid([]byte("["+string(row)+"]")) {
		t.Errorf("%s %v", row, err)
	}
	lists := map[string]any{}
	x.addTo(lists)
	if got := fmt.Sprint(lists["states"], lists["verdicts"], lists["findings"]); got != "[整改中 —] [属实（待确认：规模扩大） —] [仍存在 —]" {
		t.Errorf("lists %s", got)
	}
	for _, r := range x.relations {
		if !slices.ContainsFunc(findings.Standings(), func(s findings.Standing) bool { return s.Label == r.Standing && hexColor(s.Color) == r.Color }) {
			t.Errorf("%v", r)
		}
	}
	all := newKnownRow(&redline.Candidate{Known: &redline.Known{Relation: "split", Linked: "341700-000001;341700-000002", Verdict: "refuted", Reason: "natural", Note: "看\u202e过", Confirm: "split"}})
	if got := fmt.Sprint(*all); got != "{拆分 #0072b2   不属实（自然原因） 看\uFFFD过 由拆分而来  341700-000001、341700-000002 }" {
		t.Errorf("card %s", got)
	}
}
