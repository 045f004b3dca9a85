package change

import (
	"math/rand/v2"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// TestByShiftAgainstTwin: two legends of which several classes are of one ecosystem class, NoData, symbols that
// the legend lacks, runs at both ends of the row, and rows that have none above or below.
func TestByShiftAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ecosystems := []landcover.Ecosystem{landcover.Forest, landcover.Built, landcover.Forest, landcover.Bare, landcover.Built}
	var index [256]uint8
	var classes []landcover.Class
	for i := range index {
		index[i] = raster.Unknown
	}
	for i, e := range ecosystems {
		index[i+10] = uint8(i)
		classes = append(classes, landcover.Class{Code: int64(i), Ecosystem: e})
	}
	index[0] = raster.NoData
	symbols := []uint8{0, 1, 10, 11, 12, 13, 14} // 1 is unknown
	c, err := NewClassifier(&index, &index, classes, classes, 1, func(_, _ landcover.Ecosystem) int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]int{}
	for range 20000 {
		cols := 1 + rng.IntN(12)
		var rows [3][]uint8
		for i := range rows {
			rows[i] = make([]uint8, cols)
			for k := range rows[i] {
				rows[i][k] = symbols[rng.IntN(len(symbols))]
			}
		}
		if rng.IntN(4) == 0 {
			rows[0] = nil
		}
		if rng.IntN(4) == 0 {
			rows[2] = nil
		}
		col0 := rng.IntN(cols)
		col1 := col0 + 1 + rng.IntN(cols-col0)
		after := rng.IntN(len(ecosystems))
		want := 0
		for col := col0; col < col1; col++ {
			near := false
			for _, row := range rows {
				for k := max(0, col-1); k < min(len(row), col+2); k++ {
					near = near || row[k] >= 10 && ecosystems[row[k]-10] == ecosystems[after]
				}
			}
			if near {
				want++
			}
		}
		run := Run{Col0: int32(col0), Col1: int32(col1), Pair: uint16(c.pair(10, uint8(after+10)))}
		if got := c.ByShift(run, rows[0], rows[1], rows[2]); got != want {
			t.Fatalf("columns %d to %d of %v: %d cells, want %d", col0, col1, rows, got, want)
		}
		counts[want]++
	}
	if len(counts) < 8 {
		t.Errorf("only %v were met", counts)
	}
}
