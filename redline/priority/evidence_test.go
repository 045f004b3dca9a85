package priority

import (
	"math"
	"reflect"
	"testing"
)

// TestApart: what most verdicts came with and a run does not have is missed, what few came with and a run has is fresh;
// features without a weight, and models that do not say what was known, give none.
func TestApart(t *testing.T) {
	bands := func(weight float64, all ...Feature) (b []Band) {
		for _, f := range all {
			b = append(b, Band{Feature: f, From: 0, To: math.Inf(1), Weight: weight, Why: "有"})
		}
		return b
	}
	m := &Model{Default: Card{Bands: append(bands(1, AgreeN, StaysPct, Cells), bands(0, LeadM)...)},
		Groups: map[string]*Card{"natural>built": {Bands: bands(1, DateGrade)}},
		Made: &File{From: Origin{Verdicts: Count{30, 31}, Known: map[string]int{
			"agree_n": 31, "stays_pct": 30, "lead_m": 61, "cells": 61}}}}
	for _, c := range []struct {
		known         []Feature
		missed, fresh []string
	}{
		{nil, []string{"agree_n"}, nil},
		{[]Feature{AgreeN}, nil, nil},
		{[]Feature{AgreeN, StaysPct, DateGrade, Flicker}, nil, []string{"stays_pct", "date_grd"}},
		{[]Feature{StaysPct}, []string{"agree_n"}, []string{"stays_pct"}},
	} {
		known := func(f Feature) bool {
			for _, k := range c.known {
				if k == f {
					return true
				}
			}
			return false
		}
		missed, fresh := m.Apart(known)
		if !reflect.DeepEqual(missed, c.missed) || !reflect.DeepEqual(fresh, c.fresh) {
			t.Errorf("%v: missed %v, fresh %v", c.known, missed, fresh)
		}
	}
	none := func(Feature) bool { return false }
	silent := *m
	silent.Made = &File{From: Origin{Verdicts: Count{30, 31}}}
	for name, m := range map[string]*Model{"simple": Simple(), "silent": &silent} {
		if missed, fresh := m.Apart(none); missed != nil || fresh != nil {
			t.Errorf("%s: %v, %v", name, missed, fresh)
		}
	}
}
