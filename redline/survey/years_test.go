package survey

import (
	"math"
	"slices"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

// TestYears: of 8 ha of forest, 2 become a town in two years, 1 is not seen then, and of 2 ha of town that were not seen
// before, 1 is seen as town.
func TestYears(t *testing.T) {
	ha := func(n int64) redline.Extent { return redline.Extent{Cells: n, AreaM2: 1e4 * float64(n)} }
	f, b, none := landcover.Forest, landcover.Built, landcover.NoData
	u := &redline.UnitSurvey{Years: make([]redline.UnitYear, 2)}
	first, last := &u.Years[0], &u.Years[1]
	first.Classes[f], first.Classes[none] = ha(8), ha(2)
	last.Classes[f], last.Classes[b], last.Classes[none] = ha(5), ha(3), ha(2)
	last.Changes = []redline.ClassChange{{From: none, To: none, Extent: ha(1)}, {From: none, To: b, Extent: ha(1)},
		{From: f, To: none, Extent: ha(1)}, {From: f, To: f, Extent: ha(5)}, {From: f, To: b, Extent: ha(2)}}
	y := ComputeYear(last)
	if y.M2 != 8e4 || y.Cells != 8 || y.Shares[f] != 62.5 || y.Shares[b] != 37.5 || y.Shares[none] != 0 {
		t.Errorf("the last year is %+v", y)
	}
	if empty := ComputeYear(new(redline.UnitYear)); !math.IsNaN(empty.Shares[f]) {
		t.Errorf("a year without observation has the share %g", empty.Shares[f])
	}
	if classes := YearClasses(u); !slices.Equal(classes, []landcover.Ecosystem{f, b}) {
		t.Errorf("the unit has the classes %v", classes)
	}
	got := ComputeStep(u, []redline.SurveyMap{{Year: 2016}, {Year: 2018}}, 1, Default())
	if got.M2 != 7e4 || got.UnitSurvey.NoDataCells != 2 || got.ChangedM2() != 2e4 {
		t.Errorf("%g m² are valid in both years, %d cells in one, %g m² changed", got.M2, got.UnitSurvey.NoDataCells, got.ChangedM2())
	}
	c, town := got.Classes[f], got.Classes[b]
	if c.BeforeM2 != 7e4 || c.LossM2 != 2e4 || c.GainM2 != 0 || town.GainM2 != 2e4 || !math.IsNaN(town.Dynamic) {
		t.Errorf("forest %+v, town %+v", c, town)
	}
	if want := -200.0 / 7 / 2; math.Abs(c.Dynamic-want) > 1e-12 || math.Abs(got.Comprehensive+want) > 1e-12 {
		t.Errorf("dynamic degrees %g and %g for a year, want %g and its opposite", c.Dynamic, got.Comprehensive, want)
	}
}
