package vector

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// side returns 1 if c lies on the left of the line from a to b, −1 if on its right, 0 if rounding leaves that in
// doubt. The bound of the rounding is Shewchuk's (Adaptive precision floating-point arithmetic, 1997, ccwerrboundA).
// Ordinates are below maxOrdinate.
func side(a, b, c orb.Point) int {
	l := float64((a[0] - c[0]) * (b[1] - c[1]))
	r := float64((a[1] - c[1]) * (b[0] - c[0]))
	const relative, underflow = 3.3306690738754716e-16, 1e-300
	det, bound := l-r, relative*(math.Abs(l)+math.Abs(r))+underflow
	switch {
	case det > bound:
		return 1
	case det < -bound:
		return -1
	}
	return 0
}

// orientation returns what side does, but exactly: 0 means that c lies on the line.
func orientation(a, b, c orb.Point) int {
	if s := side(a, b, c); s != 0 {
		return s
	}
	const enough = 2 * 2200 // bits hold a product of two differences of any float64
	exact := func(x float64) *big.Float { return new(big.Float).SetPrec(enough).SetFloat64(x) }
	minus := func(x, y float64) *big.Float { return exact(x).Sub(exact(x), exact(y)) }
	times := func(x, y *big.Float) *big.Float { return x.Mul(x, y) }
	return times(minus(a[0], c[0]), minus(b[1], c[1])).Cmp(times(minus(a[1], c[1]), minus(b[0], c[0])))
}
