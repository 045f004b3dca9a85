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

// flat is an equal-area grid: a sphere in cylindrical equal-area projection, near the equator.
func rowArea() raster.RowArea {
	e, err := raster.NewEarth(raster.Grid{OriginX: 100, OriginY: 1, CellX: 0.001, CellY: 0.001, Cols: 500, Rows: 2, CRS: raster.CRS{Geographic: true, SemiMajorM: 6371000}}, nil, nil)
	if err != nil {
		panic(err)
	}
	return e.Row(0)
}

// Every cell is found again, one by one, in runs and matrix.
func TestRowAgainstCells(t *testing.T) {
	c := classifier(t)
	area := rowArea()
	rng := rand.New(rand.NewPCG(1, 2))
	symbols := []uint8{0, 1, 2, 255, 7}
	for range 3000 {
		n := 1 + rng.IntN(70)
		before, after := make([]uint8, n), make([]uint8, n)
		for i := range before {
			before[i], after[i] = symbols[rng.IntN(5)], symbols[rng.IntN(5)]
			if i > 0 && rng.IntN(5) > 0 {
				before[i], after[i] = before[i-1], after[i-1]
			}
		}
		m := c.NewMatrix()
		col0, cut := rng.IntN(100), rng.IntN(n+1)
		runs := c.Row(4, col0, before[:cut], after[:cut], &area, m, nil)
		runs = c.Row(4, col0+cut, before[cut:], after[cut:], &area, m, runs)

		want := c.NewMatrix()
		types := make([]int, n) // by cell, −1 for none
		pairs := make([]uint16, n)
		for i := range before {
			b, a := int(c.before[before[i]]), int(c.after[after[i]])
			pairs[i] = uint16(b*5 + a)
			want.Cells[pairs[i]]++
			want.Area[pairs[i]].AddUnits(area.Run(0, 1))
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
				t.Fatalf("pair %d: %d cells, want %d\nbefore %v\nafter %v", p, m.Cells[p], want.Cells[p], before, after)
			}
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

func BenchmarkRow(b *testing.B) {
	c := classifier(b)
	area := rowArea()
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
		runs = c.Row(0, 0, before, after, &area, m, runs[:0])
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
