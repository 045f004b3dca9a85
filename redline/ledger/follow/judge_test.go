package follow

import (
	"maps"
	"testing"

	"greenshield/raster"
	"greenshield/redline/ledger"
)

// ground is so many m² of each kind: bad, before, other, not seen.
func ground(bad, before, other, noData float64) *Ground {
	g := new(Ground)
	g.Bad.AddM2(bad)
	g.Before.AddM2(before)
	g.Other.AddM2(other)
	g.NoData.AddM2(noData)
	return g
}

func TestFinding(t *testing.T) {
	s := Defaults()
	for _, test := range []struct {
		g    *Ground
		want string
	}{
		{ground(70, 20, 10, 0), ledger.Still}, // an equal share reaches it
		{ground(69.9, 20.1, 10, 0), ledger.Partly},
		{ground(0, 70, 30, 0), ledger.Restored},
		{ground(0, 69.9, 30.1, 0), ledger.Partly},
		{ground(29.9, 70.1, 0, 0), ledger.Restored},
		{ground(30, 70, 0, 0), ledger.Partly}, // as much as would be a rebound
		{ground(0, 0, 100, 0), ledger.Partly},
		{ground(35, 15, 0, 50), ledger.Still}, // of what is seen; half is seen
		{ground(35, 14.9, 0, 50.1), ledger.Unseen},
		{ground(0, 0, 0, 100), ledger.Unseen},
		{new(Ground), ledger.Unseen},
	} {
		if got := s.Finding(test.g); got != test.want {
			t.Errorf("%+v: %s, want %s", test.g, got, test.want)
		}
	}
	cell := raster.Area{Lo: 241592053897} // about 900 m²: 7 of 10 cells are 70 % in spite of rounding
	var g Ground
	g.Bad.AddTimes(7, cell)
	g.Other.AddTimes(3, cell)
	if got := s.Finding(&g); got != ledger.Still {
		t.Errorf("7 of 10 cells: %s", got)
	}
	if total := ground(1, 2, 3, 4).Total(); total.M2() != 10 {
		t.Errorf("all ground is %g m²", total.M2())
	}
}

// Shares are texts that never say more than is so, and 7 of 10 cells are 70 %.
func TestFields(t *testing.T) {
	fields := Defaults().Fields(ground(69.99999, 20, 10.00001, 0))
	want := map[string]string{ledger.FieldFinding: ledger.Partly, ledger.FieldShareBad: "69.9999", ledger.FieldShareOld: "20",
		ledger.FieldShareOth: "10", ledger.FieldShareNo: "0", ledger.FieldBadM2: "70"}
	if !maps.Equal(fields, want) {
		t.Errorf("%v, want %v", fields, want)
	}
	var part, whole raster.Area
	cell := raster.Area{Lo: 241592053897}
	part.AddTimes(7, cell)
	whole.AddTimes(10, cell)
	if got := Percent(part, whole); got != "70" {
		t.Errorf("7 of 10 cells are %s %%", got)
	}
	if got := Percent(part, raster.Area{}); got != "0" {
		t.Errorf("of no ground %s %%", got)
	}
}
