package ledgerwork

import (
	"math"

	"github.com/paulmach/orb"
)

// The ellipsoid of CGCS2000.
const (
	majorM     = 6378137.0
	flattening = 1 / 298.257222101
	degree     = math.Pi / 180
)

// plane is a plane that touches the Earth at a place: coordinates of a lattice or degrees become metres by a matrix.
type plane struct {
	origin orb.Point
	a      [4]float64 // metres east and north of a step of the first coordinate, then of the second: a b c d by rows
}

// metresPer returns how many metres a degree of longitude and of latitude is at a place, as a matrix.
func metresPer(p orb.Point) [4]float64 {
	const e2 = flattening * (2 - flattening)
	sin, cos := math.Sincos(p[1] * degree)
	w2 := 1 - e2*sin*sin
	return [4]float64{majorM / math.Sqrt(w2) * cos * degree, 0, 0, majorM * (1 - e2) / (w2 * math.Sqrt(w2)) * degree}
}

// planeAt returns the plane at the middle of a place, for columns and rows of a lattice.
func planeAt(l Placer, place, inCells orb.Geometry) (plane, error) {
	p := plane{origin: middle(inCells)}
	x := []float64{p.origin[0] - 0.5, p.origin[0] + 0.5, p.origin[0], p.origin[0]}
	y := []float64{p.origin[1], p.origin[1], p.origin[1] - 0.5, p.origin[1] + 0.5}
	if err := l.Degrees(x, y); err != nil {
		return p, err
	}
	m := metresPer(middle(place))
	p.a = [4]float64{m[0] * (x[1] - x[0]), m[0] * (x[3] - x[2]), m[3] * (y[1] - y[0]), m[3] * (y[3] - y[2])}
	return p, nil
}

// metres takes a point to the plane.
func (p plane) metres(q orb.Point) orb.Point {
	x, y := q[0]-p.origin[0], q[1]-p.origin[1]
	return orb.Point{p.a[0]*x + p.a[1]*y, p.a[2]*x + p.a[3]*y}
}

// back takes a point of the plane back to coordinates.
func (p plane) back(m orb.Point) orb.Point {
	det := p.a[0]*p.a[3] - p.a[1]*p.a[2]
	return orb.Point{p.origin[0] + (p.a[3]*m[0]-p.a[1]*m[1])/det, p.origin[1] + (p.a[0]*m[1]-p.a[2]*m[0])/det}
}

// between returns the points of two sets of rings, which share no ground, that are the nearest to each other, in metres
// on the plane, and their distance.
func (p plane) between(a, b []orb.Ring) (from, to orb.Point, metres float64) {
	metres = math.Inf(1)
	flat := func(rings []orb.Ring) (all []orb.Ring) {
		for _, r := range rings {
			var f orb.Ring
			for _, q := range r {
				f = append(f, p.metres(q))
			}
			all = append(all, f)
		}
		return all
	}
	fa, fb := flat(a), flat(b)
	look := func(points, edges []orb.Ring, swap bool) {
		for _, r := range points {
			for _, q := range r {
				for _, e := range edges {
					for i := range e {
						on := nearestOn(q, e[max(0, i-1)], e[i])
						if d := math.Hypot(on[0]-q[0], on[1]-q[1]); d < metres {
							if from, to, metres = q, on, d; swap {
								from, to = on, q
							}
						}
					}
				}
			}
		}
	}
	look(fa, fb, false)
	look(fb, fa, true)
	return from, to, metres
}

// nearestOn returns the point of a straight line from a to b that is the nearest to q.
func nearestOn(q, a, b orb.Point) orb.Point {
	x, y := b[0]-a[0], b[1]-a[1]
	length := x*x + y*y
	if length == 0 {
		return a
	}
	t := min(1, max(0, ((q[0]-a[0])*x+(q[1]-a[1])*y)/length))
	return orb.Point{a[0] + t*x, a[1] + t*y}
}

// nearestCells returns the nearest points of a place and of the cells of a case, in metres on the plane. Cells that are
// further away than a limit are left out.
func (p plane) nearestCells(c *placed, place orb.Geometry, limit float64) (from, to orb.Point, metres float64) {
	metres = math.Inf(1)
	of := rings(place)
	if _, _, least := p.between([]orb.Ring{place.Bound().ToRing()}, []orb.Ring{c.box.ToRing()}); least >= limit &&
		!c.box.Intersects(place.Bound()) {
		return from, to, metres
	}
	for _, span := range c.spans {
		if f, t, m := p.between(of, []orb.Ring{cellsOf(span).ToRing()}); m < metres {
			from, to, metres = f, t, m
		}
	}
	return from, to, metres
}

// geodesic returns how far two points of the plane are from each other on the ellipsoid.
func (p plane) geodesic(l Placer, from, to orb.Point) (float64, error) {
	a, b := p.back(from), p.back(to)
	x, y := []float64{a[0], b[0]}, []float64{a[1], b[1]}
	if err := l.Degrees(x, y); err != nil {
		return 0, err
	}
	return Geodesic(orb.Point{x[0], y[0]}, orb.Point{x[1], y[1]}), nil
}

// Geodesic returns the length of the shortest way between two places in degrees on the ellipsoid (T. Vincenty, Direct
// and inverse solutions of geodesics, Survey Review 23, 1975), to a millimetre. For points at opposite ends of the
// Earth, where the series does not end, it is half the equator.
func Geodesic(p, q orb.Point) float64 {
	const b = majorM * (1 - flattening)
	l := (q[0] - p[0]) * degree
	s1, c1 := math.Sincos(math.Atan((1 - flattening) * math.Tan(p[1]*degree)))
	s2, c2 := math.Sincos(math.Atan((1 - flattening) * math.Tan(q[1]*degree)))
	lambda := l
	for range 200 {
		sin, cos := math.Sincos(lambda)
		sinS := math.Hypot(c2*sin, c1*s2-s1*c2*cos)
		if sinS == 0 {
			return 0
		}
		cosS := s1*s2 + c1*c2*cos
		sigma := math.Atan2(sinS, cosS)
		sinA := c1 * c2 * sin / sinS
		cos2A := 1 - sinA*sinA
		cosM := 0.0
		if cos2A > 0 {
			cosM = cosS - 2*s1*s2/cos2A
		}
		c := flattening / 16 * cos2A * (4 + flattening*(4-3*cos2A))
		last := lambda
		lambda = l + (1-c)*flattening*sinA*(sigma+c*sinS*(cosM+c*cosS*(2*cosM*cosM-1)))
		if math.Abs(lambda-last) > 1e-12 {
			continue
		}
		u2 := cos2A * (majorM*majorM - b*b) / (b * b)
		k := 1 + u2/16384*(4096+u2*(-768+u2*(320-175*u2)))
		n := u2 / 1024 * (256 + u2*(-128+u2*(74-47*u2)))
		m2 := 2*cosM*cosM - 1
		return b * k * (sigma - n*sinS*(cosM+n/4*(cosS*m2-n/6*cosM*(4*sinS*sinS-3)*(4*cosM*cosM-3))))
	}
	return math.Pi * majorM
}
