package raster

import (
	"math/rand/v2"
	"testing"
)

func TestCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		symbols := make([]uint8, rng.IntN(60))
		for i := range symbols {
			if symbols[i] = uint8(rng.IntN(3)); i > 0 && rng.IntN(4) > 0 {
				symbols[i] = symbols[i-1]
			}
		}
		var got, want [256]int64
		Count(symbols, &got)
		for _, s := range symbols {
			want[s]++
		}
		if got != want {
			t.Fatalf("%v: got %v", symbols, got[:4])
		}
	}
}
