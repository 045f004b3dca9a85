package vector

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// Against rational numbers, for points within a few units in the last place of a line.
func TestSideIsCertain(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	exact := func(a, b, c orb.Point) int {
		minus := func(x, y float64) *big.Rat {
			return new(big.Rat).Sub(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
		}
		l, r := minus(a[0], c[0]), minus(a[1], c[1])
		return l.Mul(l, minus(b[1], c[1])).Cmp(r.Mul(r, minus(b[0], c[0])))
	}
	const n = 100_000
	var certain, naive int
	for range n {
		scale, offset := math.Exp2(float64(rng.IntN(40)-20)), []float64{0, 0.5, 117, 2e4}[rng.IntN(4)]
		point := func() orb.Point { return orb.Point{offset + scale*rng.Float64(), offset + scale*rng.Float64()} }
		a, b := point(), point()
		f := 3*rng.Float64() - 1
		c := orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}
		for axis := range c {
			for range rng.IntN(5) {
				c[axis] = math.Nextafter(c[axis], math.Inf(1-2*rng.IntN(2)))
			}
		}
		want := exact(a, b, c)
		if got := side(a, b, c); got != 0 {
			certain++
			if got != want {
				t.Fatalf("%v, %v, %v: %d, want %d", a, b, c, got, want)
			}
		}
		if got := orientation(a, b, c); got != want {
			t.Fatalf("%v, %v, %v: %d, want %d", a, b, c, got, want)
		}
		det := float64((a[0]-c[0])*(b[1]-c[1])) - float64((a[1]-c[1])*(b[0]-c[0]))
		if det > 0 && want <= 0 || det < 0 && want >= 0 {
			naive++
		}
	}
	t.Logf("certain of %d: %d; without a bound of rounding %d are wrong", n, certain, naive)
	if certain < n/10 || naive < n/1000 {
		t.Error("too easy or too hard")
	}
}
