package match

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"greenshield/raster"
	"greenshield/vector/trace"
)

// Whatever two grids are like, a cell of the second is held exactly when its centre lies in a cell of the first.
func TestOnto(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for i := range 500 {
		from := raster.Grid{OriginX: 500_000, OriginY: 3_000_000, CellX: 30, CellY: 30}
		to := raster.Grid{OriginX: from.OriginX + rng.Float64()*300 - 150, OriginY: from.OriginY + rng.Float64()*300 - 150,
			CellX: 5 + rng.Float64()*30, CellY: 5 + rng.Float64()*30}
		var cells []trace.Run
		for range rng.IntN(10) {
			col := int32(rng.IntN(20) - 5)
			cells = append(cells, trace.Run{Row: int32(rng.IntN(12) - 3), Col0: col, Col1: col + 1 + int32(rng.IntN(6))})
		}
		held, want := setOf(cells), set{}
		for row := -90; row < 200; row++ {
			for col := -90; col < 250; col++ {
				u, v := from.Lattice(to.Map(float64(col)+0.5, float64(row)+0.5))
				if held[cell{floor(v), floor(u)}] {
					want[cell{row, col}] = true
				}
			}
		}
		got := Onto(cells, from, to)
		if !reflect.DeepEqual(setOf(got), want) || trace.Count(got) != int64(len(want)) {
			t.Fatalf("pair %d: %v on %+v became %v on %+v, want %v", i, cells, from, got, to, want.runs())
		}
	}
}

func floor(x float64) int {
	n := int(x)
	if float64(n) > x {
		n--
	}
	return n
}

// On one lattice cells stay what they are, but for their numbers; on one whose cells are a third they are nine each; back
// again they are the same.
func TestOntoOneLattice(t *testing.T) {
	from := raster.Grid{OriginX: 117.1, OriginY: 31.3, CellX: 0.00026949, CellY: 0.00026949, Cols: 30, Rows: 30}
	shifted, third := from, from
	shifted.OriginX, shifted.OriginY = from.Map(7, -4)
	third.CellX, third.CellY = from.CellX/3, from.CellY/3
	cells := []trace.Run{{Row: 0, Col0: 0, Col1: 5}, {Row: 20, Col0: 3, Col1: 4}}
	if got, want := Onto(cells, from, shifted), []trace.Run{{Row: 4, Col0: -7, Col1: -2}, {Row: 24, Col0: -4, Col1: -3}}; !reflect.DeepEqual(got, want) {
		t.Errorf("shifted: %v, want %v", got, want)
	}
	fine := Onto(cells, from, third)
	if trace.Count(fine) != 9*6 || fine[0] != (trace.Run{Row: 0, Col0: 0, Col1: 15}) || fine[5] != (trace.Run{Row: 62, Col0: 9, Col1: 12}) {
		t.Errorf("thirds: %v", fine)
	}
	if back := Onto(fine, third, from); !reflect.DeepEqual(back, cells) {
		t.Errorf("back again: %v, want %v", back, cells)
	}
	if Finer(from, third) != third || Finer(third, from) != third || Finer(from, shifted) != from {
		t.Error("another grid is the finer one")
	}
}
