package gdalinput

import (
	"math"

	"github.com/paulmach/orb"
)

// shiftPoints is about how many points are taken from the outlines of a layer.
const shiftPoints = 3000

// shiftPoint is a point of the layer's outlines.
type shiftPoint struct {
	u, v     float64       // on the lattice
	lon, lat float64       // degrees
	metres   [2][2]float64 // the matrix that takes lattice steps to metres east and north
	gcj      [2]float64    // GCJ-02 offset at the point, metres east and north
	tangent  [2]float64    // direction of the outline: a vector of length 1, east and north
	votes    [][2]float32  // where the other layer's outlines are, metres east and north of the point
	crowded  bool          // more than shiftCrowded outline places are within reach, so votes is empty
}

// toMetres takes a step from the point, given on the lattice, to metres east and north.
func (p *shiftPoint) toMetres(du, dv float64) (east, north float64) {
	return p.metres[0][0]*du + p.metres[0][1]*dv, p.metres[1][0]*du + p.metres[1][1]*dv
}

// samplePoints spreads points evenly along those outlines of layer that come near the box of other. It returns nil when
// none does.
func samplePoints(layer, other []orb.MultiPolygon, degrees mapping) ([]shiftPoint, error) {
	box := other[0].Bound()
	for _, mp := range other[1:] {
		box = box.Union(mp.Bound())
	}
	// For the box the length of a cell in the middle does; for the votes it is measured at each point.
	middle := []shiftPoint{{u: box.Center()[0], v: box.Center()[1]}}
	if err := measurePoints(middle, degrees); err != nil {
		return nil, err
	}
	east, _ := middle[0].toMetres(1, 0)
	_, north := middle[0].toMetres(0, 1)
	cell := math.Max(math.Abs(east), math.Abs(north))
	box = box.Pad(2 * shiftReachM / cell)

	edges := func(do func(a, b orb.Point, length float64)) {
		for _, mp := range layer {
			if !mp.Bound().Intersects(box) {
				continue
			}
			for _, polygon := range mp {
				for _, ring := range polygon {
					for i := 1; i < len(ring); i++ {
						a, b := ring[i-1], ring[i]
						if box.Contains(a) || box.Contains(b) {
							do(a, b, math.Hypot(b[0]-a[0], b[1]-a[1]))
						}
					}
				}
			}
		}
	}
	total := 0.0
	edges(func(_, _ orb.Point, length float64) { total += length })
	step := total / shiftPoints
	if !(step > 0) {
		return nil, nil
	}
	var points []shiftPoint
	next, done := step/2, 0.0
	edges(func(a, b orb.Point, length float64) {
		for ; next < done+length; next += step {
			t := (next - done) / length
			points = append(points, shiftPoint{
				u: a[0] + t*(b[0]-a[0]), v: a[1] + t*(b[1]-a[1]), tangent: [2]float64{b[0] - a[0], b[1] - a[1]},
			})
		}
		done += length
	})
	return points, measurePoints(points, degrees)
}

// measurePoints sets lon, lat, metres and gcj of points by their u and v, and turns their tangents from steps on the
// lattice into vectors of length 1.
func measurePoints(points []shiftPoint, degrees mapping) error {
	u, v := make([]float64, 0, 3*len(points)), make([]float64, 0, 3*len(points))
	for _, p := range points {
		u, v = append(u, p.u, p.u+1, p.u), append(v, p.v, p.v, p.v+1)
	}
	if err := degrees(u, v); err != nil {
		return err
	}
	const a, f = 6378137, 1 / 298.257223563 // WGS 84
	const e2 = f * (2 - f)
	for i := range points {
		p := &points[i]
		lon, lat := u[3*i:3*i+3], v[3*i:3*i+3]
		p.lon, p.lat = lon[0], lat[0]
		s, c := math.Sincos(lat[0] * math.Pi / 180)
		w := math.Sqrt(1 - e2*s*s)
		perLon, perLat := a*c/w*math.Pi/180, a*(1-e2)/(w*w*w)*math.Pi/180
		for k := range 2 {
			p.metres[0][k], p.metres[1][k] = (lon[k+1]-lon[0])*perLon, (lat[k+1]-lat[0])*perLat
		}
		p.gcj[0], p.gcj[1] = gcj02Offset(p.lon, p.lat)
		x, y := p.toMetres(p.tangent[0], p.tangent[1])
		if l := math.Hypot(x, y); l > 0 {
			p.tangent = [2]float64{x / l, y / l}
		}
	}
	return nil
}
