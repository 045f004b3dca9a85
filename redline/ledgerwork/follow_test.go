package ledgerwork

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
	"greenshield/redline/record"
)

// struckOff brings a case to its strike-off on 2026-03-02, reported as cleared on 2025-10-01.
func struckOff(t *testing.T, s ledger.Store, id string) {
	t.Helper()
	c, err := begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	c.add(by, id, ledger.Set, map[string]string{ledger.FieldMeasureKind: "demolition"})
	for _, to := range []ledger.State{ledger.Submitted, ledger.StruckOff} {
		c.add(by, id, ledger.Advanced, map[string]string{ledger.FieldTo: string(to), ledger.FieldDoneDate: "2025-10-01"})
	}
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// groundOf is so many m² that are bad, from before, something else, and not seen, in 10 cells.
func groundOf(id string, bad, before, other, noData float64) follow.Ground {
	g := follow.Ground{ID: id, Cells: 10}
	g.Bad.AddM2(bad)
	g.Before.AddM2(before)
	g.Other.AddM2(other)
	g.NoData.AddM2(noData)
	return g
}

// TestFollow: what an image shows becomes an event of each case, once; what was struck off and is bad is suspected, for
// a person to confirm. An image of a year that has not come yet is refused.
func TestFollow(t *testing.T) {
	s := founded(t, runOf(1, grid, "a.b.c.d", "a.b.c.d"))
	ids := []string{"34-000001", "34-000002", "34-000003", "34-000004"}
	struckOff(t, s, ids[0])
	struckOff(t, s, ids[1])
	c, err := begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	c.add(by, ids[3], ledger.Merged, map[string]string{ledger.FieldInto: ids[2]})
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	later := by
	later.At = time.Date(2027, 3, 2, 1, 0, 0, 0, time.UTC)
	image := Image{Year: 2027, Product: "clcd", Source: "a", Legend: "clcd 00"}
	grounds := []follow.Ground{groundOf(ids[0], 400, 500, 100, 0), groundOf(ids[1], 300, 100, 0, 600), groundOf(ids[2], 1000, 0, 0, 0),
		groundOf(ids[3], 1000, 0, 0, 0), groundOf("34-000009", 1, 0, 0, 0)}
	said := func(minCells float64) (*Change, map[string]string) {
		t.Helper()
		c, err := Follow(t.Context(), s, image, grounds, DefaultJudging(minCells), later)
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for _, e := range c.Events {
			f := e.Fields
			said[e.Case] += fmt.Sprint(e.Kind, " ", f["finding"], f["suspicion"], " ", f["share_bad"], "; ")
			if f["year"] != "2027" || f["source"] != "a" || e.Actor != by.Name || !e.Time.Equal(later.At) {
				t.Errorf("%+v", e)
			}
		}
		if len(c.Refused) != 1 || c.Refused[0].ID != "34-000009" {
			t.Errorf("refused: %v", c.Refused)
		}
		return c, said
	}
	_, few := said(5) // 300 m² are 3 cells, 400 m² are 4
	want := map[string]string{ids[0]: "follow_up partly 40; ", ids[1]: "follow_up unseen 30; ", ids[2]: "follow_up still 100; "}
	if !maps.Equal(few, want) {
		t.Errorf("%v, want %v", few, want)
	}
	c, got := said(4)
	want[ids[0]] += "suspected rebound 40; "
	if !maps.Equal(got, want) || c.Same != 0 {
		t.Errorf("%v, want %v", got, want)
	}
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if c, again := said(1); len(again) != 0 || c.Same != 3 {
		t.Errorf("said again: %v, %d same", again, c.Same)
	}
	first, err := ledger.CaseOf(t.Context(), s, ids[0])
	if err != nil || first.Suspicion != ledger.SuspectRebound || first.State != ledger.StruckOff ||
		first.Get(ledger.FieldFinding) != ledger.Partly || first.Get(ledger.FieldProduct) != "clcd" {
		t.Errorf("%+v, %v", first, err)
	}
	image.Year = 2028
	c, err = Follow(t.Context(), s, image, grounds[:1], DefaultJudging(1), later)
	if err != nil || len(c.Events) != 0 || len(c.Refused) != 1 || !slices.Contains([]string{
		"case 34-000001: the year \"2028\" of the image cannot be"}, c.Refused[0].Reason) {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestSourceOf: a raster is the same wherever it lies, and another one by another legend, band or NoData value.
func TestSourceOf(t *testing.T) {
	in := record.Input{Path: "a/x.tif", Files: []record.File{{Name: "x.tif", SHA256: "11"}, {Name: "x.tfw", SHA256: "22"}}, LegendSHA256: "33"}
	moved := in
	moved.Path, moved.Files, moved.Band = "b/y.tif", []record.File{{Name: "y.tfw", SHA256: "22"}, {Name: "y.tif", SHA256: "11"}}, 1
	if SourceOf(in) != SourceOf(moved) {
		t.Error("a raster that was moved is another one")
	}
	all := map[string]bool{SourceOf(in): true}
	zero := 0.0
	for _, change := range []func(*record.Input){func(in *record.Input) { in.LegendSHA256 = "44" }, func(in *record.Input) { in.Band = 2 },
		func(in *record.Input) { in.NoData = &zero }, func(in *record.Input) { in.Files = in.Files[:1] }} {
		other := in
		change(&other)
		all[SourceOf(other)] = true
	}
	if len(all) != 5 {
		t.Errorf("%d of 5 rasters are told apart", len(all))
	}
}
