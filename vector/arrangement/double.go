package arrangement

import (
	"math"

	"github.com/paulmach/orb"
)

// double is the unevaluated sum of two float64, the second no more than half a unit in
// the last place of the first: about 106 bits (Dekker, A floating-point technique for
// extending the available precision, 1971).
type double struct{ hi, lo float64 }

// difference is x − y, exactly.
func difference(x, y float64) double {
	d := x - y
	v := x - d
	return double{d, (x - (d + v)) + (v - y)}
}

// normal returns hi + lo, of which hi must be the larger in magnitude.
func normal(hi, lo float64) double {
	s := hi + lo
	return double{s, lo - (s - hi)}
}

func (x double) plus(y double) double {
	s := difference(x.hi, -y.hi)
	t := difference(x.lo, -y.lo)
	s = normal(s.hi, s.lo+t.hi)
	return normal(s.hi, s.lo+t.lo)
}

func (x double) minus(y double) double { return x.plus(double{-y.hi, -y.lo}) }

func (x double) times(y double) double {
	p := x.hi * y.hi
	e := math.FMA(x.hi, y.hi, -p)
	return normal(p, e+(float64(x.hi*y.lo)+float64(x.lo*y.hi)))
}

func (x double) over(y double) double {
	q := x.hi / y.hi
	r := x.minus(y.times(double{q, 0}))
	q2 := r.hi / y.hi
	r = r.minus(y.times(double{q2, 0}))
	s := normal(q, q2)
	return s.plus(double{r.hi / y.hi, 0})
}

// crossingPoint returns where the edges p–q and r–s cross: the exact point rounded to float64, save for one in very
// many cases. It does not depend on the order of its arguments.
func crossingPoint(p, q, r, s orb.Point) orb.Point {
	if less(q, p) {
		p, q = q, p
	}
	if less(s, r) {
		r, s = s, r
	}
	if less(r, p) {
		p, q, r, s = r, s, p, q
	}
	du, dv := difference(q[0], p[0]), difference(q[1], p[1])
	eu, ev := difference(s[0], r[0]), difference(s[1], r[1])
	above, below := difference(r[0], p[0]).times(ev), difference(r[1], p[1]).times(eu)
	share := above.minus(below).over(du.times(ev).minus(dv.times(eu)))
	u, v := share.times(du).plus(double{p[0], 0}), share.times(dv).plus(double{p[1], 0})
	return orb.Point{u.hi, v.hi}
}

func less(p, q orb.Point) bool { return p[0] < q[0] || p[0] == q[0] && p[1] < q[1] }
