package raster

import (
	"math/rand/v2"
	"testing"
)

func TestCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		symbols := make([]uint8, rng.IntN(40000))
		for i := range symbols {
			if symbols[i] = uint8(rng.IntN(3 + i/5000)); i > 0 && rng.IntN(4) > 0 {
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

func BenchmarkCount(b *testing.B) {
	symbols := make([]uint8, 1<<22)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range symbols {
		if symbols[i] = uint8(rng.IntN(8)); i > 0 && rng.IntN(12) > 0 {
			symbols[i] = symbols[i-1]
		}
	}
	b.SetBytes(int64(len(symbols)))
	var counts [256]int64
	for b.Loop() {
		Count(symbols, &counts)
	}
	if counts[3] == 0 {
		b.Fatal("nothing counted")
	}
}
