package ledgerwork

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/priority"
)

// kept writes a candidate as a run does, with these columns, and returns what a ledger keeps of its features.
func kept(t *testing.T, columns findings.Columns, c *redline.Candidate, looked lookedFor) map[string]string {
	t.Helper()
	return patchOf(t, columns, c, looked).candidates[0].Features
}

// patchOf writes a candidate as a run does, with these columns, and returns what a ledger reads.
func patchOf(t *testing.T, columns findings.Columns, c *redline.Candidate, looked lookedFor) *ofPatch {
	t.Helper()
	line := files.AppendFeature([]byte(files.FeaturesHead), c, func(b []byte) []byte {
		groups := columns.Groups()
		for i := range groups {
			if i > 0 {
				b = append(b, ',')
			}
			b = files.AppendGroup(b, files.GeoJSON, &groups[i], c)
		}
		return b
	})
	line = append(line, files.FeaturesTail...)
	if !json.Valid(line) {
		t.Fatalf("%s", line)
	}
	path := filepath.Join(t.TempDir(), files.CandidatesName)
	if err := os.WriteFile(path, line, 0o600); err != nil {
		t.Fatal(err)
	}
	patches, err := candidatesIn(path, looked)
	if err != nil || len(patches) != 1 {
		t.Fatal(patches, err)
	}
	return patches["P1"]
}

func examinedCandidate() *redline.Candidate {
	return &redline.Candidate{ID: "C1", PatchID: "P1", Cells: 12, EdgeCells: 4, AreaM2: 9000, PatchM2: 9000,
		Flags: []string{redline.FlagEdge, redline.FlagFlicker}, Dated: &redline.Dated{Year: 2018, Grade: redline.GradeB},
		Geometry: orb.MultiPolygon{{{{117, 32}, {117.1, 32}, {117.1, 32.1}, {117, 32}}}},
		Evidence: &redline.Evidence{Width: 2.8284, Compact: 61.236, Confused: 7.5, NearM: 424.26, LeadM: 0, StaysPct: 88.888,
			Agreed: []redline.Agreement{{Same: 6, Unchanged: 3}, {Other: 9}, {NoData: 9}}}}
}

// TestFeaturesOfARun: the features that a ledger keeps are those by which a run ranks its candidates, to the decimals
// that are printed.
func TestFeaturesOfARun(t *testing.T) {
	c := examinedCandidate()
	got := kept(t, findings.AllColumns, c, lookedFor{true, true})
	want := map[string]string{"agree_pct": "33.33", "agree_n": "1", "against_n": "1", "stays_pct": "88.89", "edge_pct": "33.33",
		"cells": "12", "width": "2.8", "compact": "61.24", "confused": "7.50", "near_m": "424", "lead_m": "0", "date_grd": "2", "flicker": "1"}
	if !maps.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	unit := priority.Features{priority.NearM: 1, priority.LeadM: 1, priority.Width: 0.1}
	for name, spoil := range map[string]func(e *redline.Evidence){
		"as it is": func(*redline.Evidence) {},
		"nothing known": func(e *redline.Evidence) {
			e.Confused, e.StaysPct, e.Agreed = math.NaN(), math.NaN(), nil
		},
		"nothing near":   func(e *redline.Evidence) { e.NearM, e.LeadM = math.Inf(1), math.Inf(1) },
		"not looked for": func(e *redline.Evidence) { e.NearM, e.LeadM = math.NaN(), math.NaN() },
		"no leads":       func(e *redline.Evidence) { e.NearM, e.LeadM = math.Inf(1), math.NaN() },
		"unseen":         func(e *redline.Evidence) { e.Agreed = e.Agreed[2:] },
	} {
		c := examinedCandidate()
		spoil(c.Evidence)
		looked := lookedFor{near: name != "not looked for", leads: name != "not looked for" && name != "no leads"}
		f, err := priority.ParseFeatures(kept(t, findings.AllColumns, c, looked))
		if err != nil {
			t.Fatal(err)
		}
		of := priority.Of(c)
		for i := range f {
			step := 0.01
			if unit[i] > 0 {
				step = unit[i]
			}
			same := f[i] == of[i] || math.IsNaN(f[i]) && math.IsNaN(of[i]) || math.Abs(f[i]-of[i]) <= step/2+1e-9
			if !same {
				t.Errorf("%s: %s is %v in the ledger, %v in the run", name, priority.Feature(i), f[i], of[i])
			}
		}
	}
}

// TestFeaturesOfAPlainRun: a run without evidence has the features that every candidate has, and no others.
func TestFeaturesOfAPlainRun(t *testing.T) {
	c := examinedCandidate()
	c.Evidence, c.Dated = nil, nil
	if got, want := kept(t, findings.Columns{}, c, lookedFor{true, true}), (map[string]string{"edge_pct": "33.33", "cells": "12"}); !maps.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

func TestFeaturesThatAreNoNumbers(t *testing.T) {
	for _, text := range []string{"", "NaN", "Inf", "1e999", "far", "1,5"} {
		if f, err := priority.ParseFeatures(map[string]string{"near_m": text}); err == nil {
			t.Errorf("%q is %v", text, f[priority.NearM])
		}
	}
	f, err := priority.ParseFeatures(map[string]string{"moon": "full", "cells": "3"})
	if err != nil || f[priority.Cells] != 3 || !math.IsNaN(f[priority.Width]) {
		t.Error(f, err)
	}
}

// TestPriorityOfARun: a ledger reads the priority of a candidate as its run printed it, and none of a run without.
func TestPriorityOfARun(t *testing.T) {
	c := examinedCandidate()
	c.Priority = &redline.Priority{Score: 63}
	ranked := patchOf(t, findings.AllColumns, c, lookedFor{})
	c.Priority = nil
	null, plain := patchOf(t, findings.AllColumns, c, lookedFor{}), patchOf(t, findings.Columns{}, c, lookedFor{})
	for want, p := range map[string]*ofPatch{"63": ranked, "": null, " ": plain} {
		r := &RunFound{Run: ledger.Run{ID: "r"}}
		d := r.detection(&redline.Patch{ID: "P1"}, p)
		if got := r.Prio[d.ID]; got != strings.TrimSpace(want) {
			t.Errorf("the priority is %q, want %q", got, want)
		}
	}
}
