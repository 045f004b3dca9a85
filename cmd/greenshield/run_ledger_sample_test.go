package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/files"
)

// epochs is the sample with what a later epoch shows.
type epochs struct {
	grid          raster.Grid
	before, after []uint8 // cells of lc2015.tif and lc2020.tif
	later         []uint8 // cells of lc2021.tif
	patches       map[string]redline.Patch
	of            map[string]string // candidate that is all of its patch, and its only one → patch
}

func cellsOf(t *testing.T, path string) (cells []uint8, s godal.DatasetStructure) {
	t.Helper()
	ds, err := godal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s = ds.Structure()
	cells = make([]uint8, s.SizeX*s.SizeY)
	if err := errors.Join(ds.Bands()[0].Read(0, 0, cells, s.SizeX, s.SizeY), ds.Close()); err != nil {
		t.Fatal(err)
	}
	return cells, s
}

// epochsOf reads the maps of the sample and the patches of its run in out.
func epochsOf(t *testing.T, dir string) *epochs {
	t.Helper()
	e := &epochs{patches: patchesIn(t, filepath.Join(dir, "out")), of: map[string]string{}}
	var s godal.DatasetStructure
	e.before, _ = cellsOf(t, filepath.Join(dir, "lc2015.tif"))
	e.after, s = cellsOf(t, filepath.Join(dir, "lc2020.tif"))
	e.later = slices.Clone(e.after)
	e.grid = raster.Grid{Cols: s.SizeX, Rows: s.SizeY}
	for _, pair := range query(t, filepath.Join(dir, "out", "review.gpkg"), "SELECT min(cand_id) || ' ' || patch_id FROM candidates GROUP BY patch_id HAVING count(*) = 1 AND min(part_pct) = 100 ORDER BY min(fid)") {
		candidate, patch, _ := strings.Cut(pair, " ")
		e.of[candidate] = patch
	}
	return e
}

func patchesIn(t *testing.T, folder string) map[string]redline.Patch {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, files.PatchesName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := files.NewPatches(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]redline.Patch{}
	for p, err := range in.All() {
		if err != nil {
			t.Fatal(err)
		}
		all[p.ID] = redline.Patch{ID: p.ID, Group: p.Group, Cells: slices.Clone(p.Cells)}
	}
	return all
}

// cells returns the positions of the cells of a patch.
func (e *epochs) cells(p redline.Patch) (at []int) {
	for _, r := range p.Cells {
		for col := r.Col0; col < r.Col1; col++ {
			at = append(at, int(r.Row)*e.grid.Cols+int(col))
		}
	}
	return at
}

// restore makes the first n cells of a patch what they were.
func (e *epochs) restore(patch string, n int) {
	for _, at := range e.cells(e.patches[patch])[:n] {
		e.later[at] = e.before[at]
	}
}

// grow adds cells around a patch that were like it and changed nowhere else near; it returns how many.
func (e *epochs) grow(patch string) (n int) {
	own := map[int]bool{}
	cells := e.cells(e.patches[patch])
	for _, at := range cells {
		own[at] = true
	}
	near := func(at, reach int, ok func(at int) bool) bool {
		for dv := -reach; dv <= reach; dv++ {
			for du := -reach; du <= reach; du++ {
				if other := at + dv*e.grid.Cols + du; other < 0 || other >= len(e.after) || !ok(other) {
					return false
				}
			}
		}
		return true
	}
	for _, at := range cells {
		near(at, 1, func(next int) bool {
			alone := near(next, 2, func(other int) bool { return own[other] || e.before[other] == e.after[other] })
			if !own[next] && alone && e.before[next] == e.before[cells[0]] && e.later[next] == e.after[next] && e.after[next] != e.after[cells[0]] {
				e.later[next] = e.after[cells[0]]
				n++
			}
			return true
		})
	}
	return n
}

// write writes lc2021.tif and a job that compares it.
func (e *epochs) write(t *testing.T, dir string) {
	t.Helper()
	copyFile(t, filepath.Join(dir, "lc2020.tif"), filepath.Join(dir, "lc2021.tif"))
	ds, err := godal.Open(filepath.Join(dir, "lc2021.tif"), godal.Update())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ds.Bands()[0].Write(0, 0, e.later, e.grid.Cols, e.grid.Rows), ds.Close()); err != nil {
		t.Fatal(err)
	}
	job, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	if err == nil {
		later := strings.Replace(string(job), "files: [lc2020.tif], year: 2020", "files: [lc2021.tif], year: 2021", 1)
		err = os.WriteFile(filepath.Join(dir, "later.yaml"), []byte(later+"ledger: ledger.gpkg\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// candidatesOf returns the properties of the candidates of a run by id.
func candidatesOf(t *testing.T, folder string) map[string]map[string]any {
	t.Helper()
	var c struct {
		Features []struct{ Properties map[string]any }
	}
	text, err := os.ReadFile(filepath.Join(folder, files.CandidatesName))
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, f := range c.Features {
		all[fmt.Sprint(f.Properties["cand_id"])] = f.Properties
	}
	return all
}

func csvOf(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fieldsOf returns fields of a candidate, joined.
func fieldsOf(c map[string]any, names ...string) string {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprint(c[name]))
	}
	return strings.Join(all, " ")
}
