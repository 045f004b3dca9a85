package digits

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// TestAppendFixedAgainstTwin: numbers of all sizes, and those next to a tie or to an integer in
// units of the last decimal, are written as by strconv.
func TestAppendFixedAgainstTwin(t *testing.T) {
	fast := 0 // numbers that need no package strconv
	compare := func(x float64, decimals int) {
		t.Helper()
		if _, ok := scaled(math.Abs(x), decimals); ok {
			fast++
		}
		if got, want := string(AppendFixed([]byte("a"), x, decimals)), "a"+strconv.FormatFloat(x, 'f', decimals, 64); got != want {
			t.Fatalf("%b with %d decimals is %q, want %q", x, decimals, got, want)
		}
	}
	around := func(x float64, decimals int) {
		for _, x := range [...]float64{x, math.Nextafter(x, 0), math.Nextafter(x, math.Inf(1)), math.Nextafter(math.Nextafter(x, math.Inf(1)), math.Inf(1))} {
			compare(x, decimals)
			compare(-x, decimals)
		}
	}
	for decimals := range 10 {
		unit := math.Pow10(decimals)
		for _, x := range []float64{0, math.SmallestNonzeroFloat64, math.MaxFloat64, 1 << 50, 1 << 51, 1 << 52, 1 << 53, 1 << 63, 1 << 64, math.Inf(1), 0.5, 0.25, 0.125, 1e15 + 0.5, 1e22} {
			around(x, decimals)
			around(x/unit, decimals)
		}
	}
	n := 20_000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		n = 2_000_000
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range n {
		decimals := [...]int{0, 1, 2, 3, 6, 7, 8}[random.IntN(7)]
		unit := math.Pow10(decimals)
		compare(math.Float64frombits(random.Uint64()&^(1<<62)), decimals) // below 2
		compare(math.Float64frombits(random.Uint64()>>1%0x7ff0000000000000), decimals)
		compare((random.Float64()-0.5)*math.Pow10(random.IntN(20)), decimals)
		whole := float64(random.Int64N(1 << (1 + random.IntN(54))))
		around(whole/unit, decimals)
		around((whole+0.5)/unit, decimals)
		around((2*whole+1)/float64(uint64(1)<<random.IntN(12)), decimals) // ties, some of them
	}
	if fast < 10*n {
		t.Errorf("only %d numbers were written the fast way", fast)
	}
}

func BenchmarkAppendFixed(b *testing.B) {
	random := rand.New(rand.NewPCG(7, 8))
	numbers := make([]float64, 1024)
	for i := range numbers {
		numbers[i] = 115 + 3*random.Float64()
	}
	append7 := func(b *testing.B, f func(text []byte, x float64) []byte) {
		var text []byte
		for i := 0; b.Loop(); i++ {
			text = f(text[:0], numbers[i%len(numbers)])
		}
	}
	b.Run("digits", func(b *testing.B) {
		append7(b, func(text []byte, x float64) []byte { return AppendFixed(text, x, 7) })
	})
	b.Run("strconv", func(b *testing.B) {
		append7(b, func(text []byte, x float64) []byte { return strconv.AppendFloat(text, x, 'f', 7, 64) })
	})
}
