package change

import (
	"math/rand/v2"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// classifier with the classes 0 forest, 1 built, 2 wetland in both epochs; forest → built is type 0.
func classifier(t testing.TB) *Classifier {
	t.Helper()
	var index [256]uint8
	for s := range index {
		index[s] = raster.Unknown
	}
	index[0], index[1], index[2], index[255] = 0, 1, 2, raster.NoData
	index[100] = 100 // of a symbol that no reader yields
	classes := []landcover.Class{{Code: 10, Ecosystem: landcover.Forest}, {Code: 20, Ecosystem: landcover.Built}, {Code: 30, Ecosystem: landcover.Wetland}}
	c, err := NewClassifier(&index, &index, classes, classes, 1, func(from, to landcover.Ecosystem) int {
		if from == landcover.Forest && to == landcover.Built {
			return 0
		}
		return -1
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// areas measures a row of a grid in degrees, whose cells are alike, and one of a projected
// grid, whose cells shrink eastwards.
func areas(t testing.TB) map[string]raster.RowArea {
	t.Helper()
	const cols = 20_000
	degrees := raster.Grid{OriginX: 100, OriginY: 1, CellX: 0.001, CellY: 0.001, Cols: cols, Rows: 2, CRS: raster.CRS{Geographic: true, SemiMajorM: 6371000}}
	metres := raster.Grid{OriginX: 0, OriginY: 100, CellX: 30, CellY: 30, Cols: cols, Rows: 2, CRS: raster.CRS{SemiMajorM: 6371000}}
	all := map[string]raster.RowArea{}
	for name, grid := range map[string]raster.Grid{"alike": degrees, "shrinking": metres} {
		e, err := raster.NewEarth(grid, func(x, y []float64) error {
			for i := range x {
				x[i], y[i] = x[i]/111_000-x[i]*x[i]/3e12, y[i]/111_000
			}
			return nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = e.Row(0)
	}
	if alike := all["alike"]; alike.Run(0, 1) != alike.Run(cols-1, cols) {
		t.Fatal("cells differ")
	}
	if shrinking := all["shrinking"]; !shrinking.Run(cols-1, cols).Less(shrinking.Run(0, 1)) {
		t.Fatal("cells do not shrink")
	}
	return all
}

// Every cell is found again, one by one, in runs and matrix.
func TestRowAgainstCells(t *testing.T) {
	for name, area := range areas(t) {
		t.Run(name, func(t *testing.T) { testRowAgainstCells(t, &area) })
	}
}

func testRowAgainstCells(t *testing.T, area *raster.RowArea) {
	c := classifier(t).NewComparer()
	rng := rand.New(rand.NewPCG(1, 2))
	symbols := []uint8{0, 1, 2, 255, 7}
	for round := range 3000 {
		n := 1 + rng.IntN(70)
		known, still := 5, 5 // symbols that occur; of so many cells one is a new draw
		if round%10 == 0 {   // several segments, most of them with few changes
			n, known, still = 1+rng.IntN(3*segment), 3+2*rng.IntN(2), 40
		}
		before, after := make([]uint8, n), make([]uint8, n)
		for i := range before {
			before[i], after[i] = symbols[rng.IntN(known)], symbols[rng.IntN(known)]
			if i > 0 && rng.IntN(still) > 0 {
				before[i], after[i] = before[i-1], after[i-1]
			}
			if n > 70 && rng.IntN(10) > 0 {
				after[i] = before[i]
			}
		}
		if round%7 == 0 { // the last segments, or all, are the same in both epochs
			same := min(n-1, rng.IntN(3)*segment)
			copy(after[same:], before[same:])
		}
		m := c.NewMatrix()
		col0, cut := rng.IntN(100), rng.IntN(n+1)
		runs := c.Row(Stretch{4, col0, before[:cut], after[:cut], area}, m, nil)
		runs = c.Row(Stretch{4, col0 + cut, before[cut:], after[cut:], area}, m, runs)

		want := c.NewMatrix()
		types := make([]int, n) // by cell, −1 for none
		pairs := make([]uint16, n)
		for i := range before {
			b, a := int(c.Classifier.before[before[i]]), int(c.Classifier.after[after[i]])
			pairs[i] = uint16(b*5 + a)
			want.Cells[pairs[i]]++
			want.Area[pairs[i]].Add(area.Run(col0+i, col0+i+1))
			want.Before[before[i]]++
			want.After[after[i]]++
			switch {
			case b > 2 || a > 2:
				types[i] = NoDataType
			case b == a:
				types[i] = -1
			case b == 0 && a == 1:
				types[i] = 0
			default:
				types[i] = UnruledType
			}
		}
		for p := range want.Cells {
			if m.Cells[p] != want.Cells[p] || m.Area[p] != want.Area[p] {
				t.Fatalf("round %d, %d cells: pair %d has %d cells, want %d\nbefore %v\nafter %v", round, n, p, m.Cells[p], want.Cells[p], before[:min(n, 70)], after[:min(n, 70)])
			}
		}
		if m.Before != want.Before || m.After != want.After {
			t.Fatalf("symbols %v and %v, want %v and %v", m.Before, m.After, want.Before, want.After)
		}
		for k, r := range runs {
			if k > 0 && runs[k-1].Col1 == r.Col0 && runs[k-1].Pair == r.Pair {
				t.Fatalf("runs %v and %v are one", runs[k-1], r)
			}
			for col := r.Col0; col < r.Col1; col++ {
				i := int(col) - col0
				if types[i] != int(r.Type) || pairs[i] != r.Pair {
					t.Fatalf("run %v at cell %d", r, i)
				}
				types[i] = -1
			}
		}
		for i, k := range types {
			if k >= 0 {
				t.Fatalf("cell %d is in no run", i)
			}
		}
		b, a := c.Unknown(m)
		wantB, wantA := false, false
		for i := range before {
			wantB, wantA = wantB || before[i] == 7, wantA || after[i] == 7
		}
		if b != wantB || a != wantA {
			t.Fatalf("unknown %v %v, want %v %v", b, a, wantB, wantA)
		}
	}
}

// BenchmarkRow compares rows of land cover, where every class comes in stretches of 15 cells
// and 1 % of the cells change: as fast as it can, and run by run.
func BenchmarkRow(b *testing.B) {
	for _, name := range []string{"alike", "shrinking"} {
		b.Run("cells="+name, func(b *testing.B) { benchmarkRow(b, areas(b)[name]) })
	}
}

func benchmarkRow(b *testing.B, area raster.RowArea) {
	c := classifier(b).NewComparer()
	const n = 16384
	before, after := make([]uint8, n), make([]uint8, n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range before {
		before[i] = uint8(rng.IntN(3))
		if i > 0 && rng.IntN(15) > 0 {
			before[i] = before[i-1]
		}
		after[i] = before[i]
		if rng.IntN(100) == 0 {
			after[i] = 1
		}
	}
	changed := int64(0)
	for i := range before {
		if before[i] != after[i] {
			changed++
		}
	}
	var runs []Run
	m, rows := c.NewMatrix(), int64(0)
	b.SetBytes(2 * n)
	for b.Loop() {
		runs = c.Row(Stretch{0, 0, before, after, &area}, m, runs[:0])
		rows++
	}
	b.ReportMetric(float64(len(runs)), "runs/op")
	inRuns, inMatrix := int64(0), int64(0)
	for _, r := range runs {
		inRuns += int64(r.Col1 - r.Col0)
	}
	for _, cells := range m.Cells {
		inMatrix += cells
	}
	if inRuns != changed || inMatrix != n*rows {
		b.Fatalf("%d of %d changed cells are in runs, %d of %d in the matrix", inRuns, changed, inMatrix, n*rows)
	}
}
