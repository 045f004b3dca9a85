package priority

import (
	"math"
	"testing"

	"greenshield/redline"
)

func TestScore(t *testing.T) {
	inf := math.Inf(1)
	card := Card{Base: 1, Bands: []Band{
		{Cells, 4, 9, -0.5, "小"}, {Cells, 9, inf, 0.5, "大"}, {Width, 1, 2, 0.5, "窄"}, {NearM, 100, inf, 0.5, "远"},
		{EdgePct, 0, 50, 2, "内"}, {Flicker, 0, 1, 0, "稳"},
	}}
	for name, c := range map[string]struct {
		set   map[Feature]float64
		score int
		why   string
	}{
		"nothing known":                  {nil, 73, ""}, // 1/(1+e^-1) = 0.731
		"lower end":                      {map[Feature]float64{Cells: 4}, 62, "小"},
		"upper end":                      {map[Feature]float64{Cells: 9}, 82, "大"},
		"below all bands":                {map[Feature]float64{Cells: 3}, 73, ""},
		"infinity":                       {map[Feature]float64{NearM: inf}, 82, "远"},
		"no weight is no reason":         {map[Feature]float64{Flicker: 0}, 73, ""},
		"the largest first":              {map[Feature]float64{Cells: 5, EdgePct: 0}, 92, "内；小"},
		"of equals the earlier, and 3":   {map[Feature]float64{Cells: 5, Width: 1, NearM: 200, EdgePct: 0}, 97, "内；小；窄"},
		"the sign does not decide which": {map[Feature]float64{Cells: 4, Width: 1.5}, 73, "小；窄"},
	} {
		f := unknown()
		for feature, v := range c.set {
			f[feature] = v
		}
		if got := *card.Score(f); got != (redline.Priority{Score: c.score, Why: c.why}) {
			t.Errorf("%s: %+v, want %d %q", name, got, c.score, c.why)
		}
	}
	if got := (&Card{Base: 20}).Score(unknown()).Score; got != 100 {
		t.Errorf("the largest score is %d", got)
	}
	if got := (&Card{Base: -20}).Score(unknown()).Score; got != 0 {
		t.Errorf("the smallest score is %d", got)
	}
}

func TestFeaturesOfACandidate(t *testing.T) {
	nan := math.NaN()
	sees, blind := redline.Agreement{Same: 9, Other: 1}, redline.Agreement{NoData: 1}
	c := redline.Candidate{Cells: 8, EdgeCells: 2, Dated: &redline.Dated{Grade: redline.GradeC}, Flags: []string{redline.FlagFlicker},
		Evidence: &redline.Evidence{Width: 2, Compact: 50, Confused: nan, NearM: 90, LeadM: math.Inf(1), StaysPct: 10,
			Agreed: []redline.Agreement{sees, {Unchanged: 10}, blind}}}
	want := Features{AgreePct: 45, AgreeN: 1, AgainstN: 1, StaysPct: 10, EdgePct: 25, Cells: 8, Width: 2, Compact: 50,
		Confused: nan, NearM: 90, LeadM: math.Inf(1), DateGrade: 3, Flicker: 1}
	same := func(a, b Features) bool {
		for i := range a {
			if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
				return false
			}
		}
		return true
	}
	if got := Of(&c); !same(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	c.Evidence.Agreed = []redline.Agreement{blind}
	want[AgreePct], want[AgreeN], want[AgainstN] = nan, nan, nan
	c.Dated, c.Flags = nil, nil
	want[DateGrade], want[Flicker] = nan, nan
	if got := Of(&c); !same(got, want) {
		t.Errorf("where no pair sees the ground: %v, want %v", got, want)
	}
	c.Evidence = nil
	want = unknown()
	want[Cells], want[EdgePct] = 8, 25
	if got := Of(&c); !same(got, want) {
		t.Errorf("without evidence: %v, want %v", got, want)
	}
}
