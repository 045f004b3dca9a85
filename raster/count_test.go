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
	var want [256]int64
	for _, s := range symbols {
		want[s]++
	}
	b.SetBytes(int64(len(symbols)))
	for b.Loop() {
		var got [256]int64
		if Count(symbols, &got); got != want {
			b.Fatalf("got %v, want %v", got[:8], want[:8])
		}
	}
}
