package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/seeds"
)

// followUps: followup.csv has what stands on the ground of each case, cell by cell; one of them is restored and one in
// part.
func (e *epochs) followUps(t *testing.T, dir string, restored, partly any) {
	t.Helper()
	csv, ok := seeds.Legend("clcd")
	if !ok {
		t.Fatal("no legend clcd")
	}
	legend, err := landcover.ParseLegend("clcd", csv)
	if err != nil {
		t.Fatal(err)
	}
	earth := earthOf(t, dir)
	ground := map[string]redline.Patch{} // by candidates of the case
	for _, p := range e.patches {
		ground[p.ID] = p
	}
	patchOf := map[string]string{}
	for id, c := range candidatesOf(t, filepath.Join(dir, "out")) {
		patchOf[id] = fmt.Sprint(c["patch_id"])
	}
	of := map[string]redline.Patch{}
	for candidates, c := range listed(t, dir) {
		of[fmt.Sprint(c["id"])] = ground[patchOf[strings.Fields(candidates)[0]]]
	}
	rows := csvOf(t, filepath.Join(dir, "out2", "followup.csv"))
	if len(rows) != len(of) || !slices.IsSortedFunc(rows, func(a, b map[string]string) int { return strings.Compare(a["case_id"], b["case_id"]) }) {
		t.Errorf("%d rows of %d cases, or not sorted", len(rows), len(of))
	}
	for _, row := range rows {
		p := of[row["case_id"]]
		bad, before, _ := redline.GroupClasses(p.Group)
		sums := map[string]float64{}
		for _, at := range e.cells(p) {
			v, u := at/e.grid.Cols, at%e.grid.Cols
			area := earth.Row(v)
			kind := "nodata_m2"
			if class, ok := legend.Find(int64(e.later[at])); ok && e.later[at] != 0 {
				switch eco := class.Ecosystem; {
				case slices.Contains(before, eco):
					kind = "before_m2"
				case slices.Contains(bad, eco):
					kind = "bad_m2"
				default:
					kind = "other_m2"
				}
			}
			sums[kind] += area.Run(u, u+1).M2()
		}
		for _, name := range []string{"bad_m2", "before_m2", "other_m2", "nodata_m2"} {
			var got float64
			if _, err := fmt.Sscan(row[name], &got); err != nil || math.Abs(got-sums[name]) > 1e-6 {
				t.Errorf("case %s: %s is %s, not %.9f", row["case_id"], name, row[name], sums[name])
			}
		}
		if row["group"] != p.Group || row["year"] != "2021" || row["cells"] != fmt.Sprint(len(e.cells(p))) {
			t.Errorf("case %s: %v", row["case_id"], row)
		}
		want := "still"
		switch row["case_id"] {
		case restored:
			want = "restored"
		case partly:
			want = "partly"
		}
		if row["finding"] != want {
			t.Errorf("case %s is %s, not %s", row["case_id"], row["finding"], want)
		}
	}
}

// earthOf measures the grid of the sample.
func earthOf(t *testing.T, dir string) *raster.Earth {
	t.Helper()
	var o jobOptions
	j, err := o.job([]string{filepath.Join(dir, "job.yaml")}, (*job.Job).Validate)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := gdalinput.Open(j)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Inputs.Earth
}
