package engine

import (
	"math/rand/v2"
	"testing"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/patch"
	"greenshield/redline"
)

// TestExplainAgainstTwin: however bands are cut into tiles, of one row or column too, what a shift explains is what the
// symbols of the whole raster tell; in rows beside another band it is nothing yet.
func TestExplainAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	explained, long := 0, 0
	for range 800 {
		s := newTwinScene(t, rng)
		g := s.in.Grid
		for i := range g.Cells() { // longer runs
			if i > 0 && rng.IntN(4) > 0 {
				s.symbols[0][i], s.symbols[1][i] = s.symbols[0][i-1], s.symbols[1][i-1]
			}
		}
		p, err := newPlan(s.in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		p.tile.cols, p.tile.rows = 1+rng.IntN(min(g.Cols, 6)), 1+rng.IntN(6)
		height := p.tile.rows * (1 + rng.IntN(3))
		p.rows = []int{0}
		for row := 0; row < g.Rows; {
			row = min(g.Rows, row+height)
			p.rows = append(p.rows, row)
		}
		scan, err := p.newScanner()
		if err != nil {
			t.Fatal(err)
		}
		symbols := make([]uint8, g.Cells())
		if err := scan.before.Read(raster.Window{Cols: g.Cols, Rows: g.Rows}, symbols); err != nil {
			t.Fatal(err)
		}
		at := func(row int) []uint8 {
			if row < 0 || row >= g.Rows {
				return nil
			}
			return symbols[row*g.Cols:][:g.Cols]
		}
		for band := range len(p.rows) - 1 {
			c, err := scan.compare(band)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.byShift) != len(c.runs) {
				t.Fatalf("%d runs, %d counts", len(c.runs), len(c.byShift))
			}
			for i, run := range c.runs {
				row, want := int(run.Row), 0
				beside := row == c.row0 && row > 0 || row == c.row1-1 && c.row1 < g.Rows
				if !beside && run.Type < change.UnruledType {
					want = p.classifier.ByShift(run, at(row-1), at(row), at(row+1))
				}
				if int(c.byShift[i]) != want {
					t.Fatalf("tiles of %+v, bands of %d, %+v: %d cells, want %d", p.tile, height, run, c.byShift[i], want)
				}
				explained += want
				if int(run.Col1-run.Col0) > p.tile.cols+1 && want > 0 {
					long++
				}
			}
		}
		scan.close()
	}
	if explained < 500 || long < 10 {
		t.Errorf("%d cells, %d runs over several tiles: too few to mean anything", explained, long)
	}
}
