package ledgerwork

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"greenshield/redline/calibrate"
	"greenshield/redline/ledger"
	"greenshield/redline/priority"
)

// featured returns a run of one patch for each letter, each alone, in one of so many counties, with features.
func featured(n, counties int) *RunFound {
	var row strings.Builder
	for i := range n {
		fmt.Fprintf(&row, "%c.", rune('A'+i))
	}
	r := runOf(1, grid, row.String())
	for i := range r.Detections {
		d := &r.Detections[i]
		d.County, d.CountyName = fmt.Sprint(340001+i%counties), fmt.Sprint("县", i%counties)
		edge := "10.00"
		if i%2 == 1 {
			edge = "90.00"
		}
		d.Candidates = []ledger.Candidate{
			{ID: "a", Severity: 4, AreaM2: 1, Features: map[string]string{"cells": "99"}},
			{ID: "b", Severity: 2, AreaM2: 9, Features: map[string]string{"edge_pct": edge, "cells": "5", "near_m": "inf"}},
			{ID: "c", Severity: 4, AreaM2: 99, Reason: "below_min_area"}}
	}
	return r
}

func caseNo(i int) string { return ledger.CaseID("34", int64(i)) }

// TestJudged: what is real, what is left out and why, and the features of the largest kept candidate.
func TestJudged(t *testing.T) {
	r := featured(12, 4)
	r.Detections[9].Candidates = r.Detections[9].Candidates[:1]
	r.Detections[9].Candidates[0].Features = nil
	s := founded(t, r)
	told := func(i int, fields ...string) {
		f := map[string]string{}
		for k := 0; k < len(fields); k += 2 {
			f[fields[k]] = fields[k+1]
		}
		say(t, s, caseNo(i), ledger.Judged, f)
	}
	told(1, "verdict", "confirmed")
	told(2, "verdict", "partly", "reason", "lawful", "approval", "皖自然资〔2020〕1号")
	told(3, "verdict", "refuted", "reason", "misclassified")
	told(4, "verdict", "refuted", "reason", "lawful", "approval", "皖自然资〔2020〕1号")
	told(5, "verdict", "refuted", "reason", "outside")
	told(6, "verdict", "refuted", "reason", "duplicate", "duplicate_of", caseNo(1))
	told(7, "verdict", "unverifiable", "reason", "natural")
	told(10, "verdict", "confirmed") // of a run whose features nobody kept
	for target, real := range map[string]map[string]bool{
		TargetProblem: {caseNo(1): true, caseNo(2): true, caseNo(3): false, caseNo(4): false},
		TargetChange:  {caseNo(1): true, caseNo(2): true, caseNo(3): false, caseNo(4): true},
	} {
		j, err := JudgedOf(t.Context(), s, target)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, row := range j.Rows {
			got[row.Case] = row.Real
		}
		if !maps.Equal(got, real) {
			t.Errorf("%s: %v, want %v", target, got, real)
		}
		want := map[string]int{"outside": 1, "duplicate": 1, "unverifiable": 1, "no_features": 1, "unreviewed": 4}
		if !maps.Equal(j.LeftOut, want) {
			t.Errorf("left out are %v, want %v", j.LeftOut, want)
		}
		row := j.Rows[1]
		if row.County != "340002" || row.Group != "natural>built" || row.Severity != 4 || row.Sampled ||
			row.Features[priority.EdgePct] != 90 || row.Features[priority.Cells] != 5 || !math.IsInf(row.Features[priority.NearM], 1) ||
			!math.IsNaN(row.Features[priority.Width]) {
			t.Errorf("row %+v", row)
		}
	}
}

// TestJudgedOnItsDetection: a row has the features, group and severity of the detection on which the verdict was given,
// not of what later runs found there; a verdict that was given before any run is of no detection.
func TestJudgedOnItsDetection(t *testing.T) {
	first := featured(3, 3)
	s := founded(t, first)
	say(t, s, caseNo(1), ledger.Judged, map[string]string{"verdict": "refuted", "reason": "misclassified"})
	later := runOf(2, grid, "A.B.C.")
	for i := range later.Detections {
		later.Detections[i].Candidates = []ledger.Candidate{{ID: "b", Severity: 1, AreaM2: 9,
			Features: map[string]string{"edge_pct": "55.00", "stays_pct": "0.00"}}}
	}
	add(t, s, later)
	say(t, s, caseNo(2), ledger.Judged, map[string]string{"verdict": "confirmed"})
	say(t, s, caseNo(2), ledger.Set, map[string]string{"responsible_unit": "乡政府"}) // says nothing of the verdict
	j, err := JudgedOf(t.Context(), s, TargetProblem)
	if err != nil || len(j.Rows) != 2 {
		t.Fatal(j, err)
	}
	old, now := j.Rows[0], j.Rows[1]
	if old.Features[priority.EdgePct] != 10 || !math.IsNaN(old.Features[priority.StaysPct]) || old.Severity != 4 {
		t.Errorf("judged before the second run: %+v", old)
	}
	if now.Features[priority.EdgePct] != 55 || now.Features[priority.StaysPct] != 0 || now.Severity != 1 {
		t.Errorf("judged after the second run: %+v", now)
	}
}

// TestModelOfALedger: a ledger's verdicts give a model, whose page says what is in it, the same each time.
func TestModelOfALedger(t *testing.T) {
	s := founded(t, featured(48, 6))
	for i := range 48 {
		verdict := map[string]string{"verdict": "confirmed"}
		if i%2 == 1 || i%5 == 0 { // those with high shares of edge cells, and some others
			verdict = map[string]string{"verdict": "refuted", "reason": "misclassified"}
		}
		say(t, s, caseNo(i+1), ledger.Judged, verdict)
	}
	rule, least := priority.Simple(), calibrate.Minimum{Verdicts: 40, Each: 10}
	var files, pages [2]bytes.Buffer
	for k := range files {
		j, err := JudgedOf(t.Context(), s, TargetProblem)
		if err != nil {
			t.Fatal(err)
		}
		f, err := j.Model("池州<2026>", TargetProblem, rule, least)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(&files[k]); err != nil {
			t.Fatal(err)
		}
		if err := j.WriteCalibration(&pages[k], f, rule); err != nil {
			t.Fatal(err)
		}
		head, err := s.Head(t.Context())
		if err != nil || f.From.Head != head.Hash || f.From.Events != head.Seq || f.From.Ledger != "34" || f.From.Chosen != 48 {
			t.Errorf("made from %+v", f.From)
		}
		for i, b := range f.Default.Bands {
			if was := rule.Default.Bands[i].Weight; b.Feature == "edge_pct" && b.From != nil && *b.From == 80 && !(b.Weight < was) {
				t.Errorf("the weight of edges goes from %v to %v", was, b.Weight)
			}
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) || !bytes.Equal(pages[0].Bytes(), pages[1].Bytes()) {
		t.Error("a second time the bytes are others")
	}
	page := pages[0].String()
	for _, text := range []string{"不改变严重程度", "48 个点位", "多数结论来自人为选点", "可靠性图", "<desc", "县0 340001", "自然地类变城镇",
		"有自己的权重", "前 10 个", "建议权重", "沿原有同类地边缘，错动一个像元就能解释", "逐字节相同"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	for _, text := range []string{"http:", "https:", "<script", "ZgotmplZ", "NaN", "%!"} {
		if strings.Contains(page, text) {
			t.Errorf("the page holds %q", text)
		}
	}
	for _, set := range []map[string]string{warningTexts, leftTexts, featureTitles} {
		for code, text := range set {
			if text == "" {
				t.Errorf("%s has no text", code)
			}
		}
	}
	for f := range priority.NumFeatures {
		if featureTitles[f.String()] == "" {
			t.Errorf("the feature %s has no title", f)
		}
	}
}
