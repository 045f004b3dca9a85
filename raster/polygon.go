package raster

import (
	"math"

	"github.com/paulmach/orb"
)

// stripAt returns the area of the strip from v = 0 to v per unit of u, at u.
func (e *Earth) stripAt(u, v float64) float64 {
	if e.above == nil {
		return e.stripUV.at(u, v)
	}
	r := min(max(int(v), 0), len(e.above)-1)
	t := v - float64(r)
	c := e.cubicOf(r)
	return e.above[r] + t*(c[0]+t*(c[1]+t*c[2]))
}

// gaussNodes and gaussWeights are those of the Gauss-Legendre rule with three points on [0, 1], which is exact for
// polynomials of degree 5.
var (
	gaussNodes   = [3]float64{0.5 - 0.3872983346207417, 0.5, 0.5 + 0.3872983346207417}
	gaussWeights = [3]float64{5. / 18, 8. / 18, 5. / 18}
)

// longEdge is the length in cells from which an edge is integrated piecewise.
const longEdge = 256

// EdgeM2 returns the contribution −∫ S(u, v) du of the edge from a to b to the area of
// a ring: the sum over a closed ring is its area in m², positive when the ring is
// counter-clockwise with u to the right and v upwards. refV should be the same for
// all edges of a ring and near it; it only serves precision. The ring must lie
// within the grid.
func (e *Earth) EdgeM2(a, b orb.Point, refV float64) float64 {
	du, dv := b[0]-a[0], b[1]-a[1]
	if du == 0 {
		return 0
	}
	if e.above != nil && dv == 0 {
		return -du * (e.stripAt(0, a[1]) - e.stripAt(0, refV))
	}
	if e.equalArea() {
		return -du * e.stripUV.at(0, 1) * ((a[1]+b[1])/2 - refV)
	}
	pieces := 1 + int((math.Abs(du)+math.Abs(dv))/longEdge)
	sum, ref := 0.0, 0.0
	if e.strip != nil {
		ref = e.stripAt(0, refV) // on a geographic grid the strip is the same for every u
	}
	for p := range pieces {
		for k, node := range gaussNodes {
			t := (float64(p) + node) / float64(pieces)
			u := a[0] + t*du
			if e.strip == nil {
				ref = e.stripAt(u, refV)
			}
			sum += gaussWeights[k] * (e.stripAt(u, a[1]+t*dv) - ref)
		}
	}
	return -du * sum / float64(pieces)
}

// PolygonM2 returns the area of a polygon in lattice coordinates whose shells are
// counter-clockwise (u to the right, v upwards) and whose holes are clockwise.
func (e *Earth) PolygonM2(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for _, ring := range p {
			for i := 1; i < len(ring); i++ {
				sum += e.EdgeM2(ring[i-1], ring[i], ring[0][1])
			}
		}
	}
	return sum
}
