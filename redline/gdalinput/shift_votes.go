package gdalinput

import (
	"math"

	"github.com/paulmach/orb"
)

const (
	shiftStepM   = 20   // the other layer's outlines are taken as points at this distance, in metres
	shiftCrowded = 3000 // with more of them around one point nothing tells which belongs to it
)

// gatherVotes sets the votes of points: where the outlines of other lie around each of them.
func gatherVotes(points []shiftPoint, other []orb.MultiPolygon) {
	// The lattice is divided into squares, each with a list of the points that reach into it.
	finest, coarsest := math.Inf(1), 0.0
	for i := range points {
		for _, d := range [][2]float64{{1, 0}, {0, 1}} {
			x, y := points[i].toMetres(d[0], d[1])
			finest, coarsest = math.Min(finest, math.Hypot(x, y)), math.Max(coarsest, math.Hypot(x, y))
		}
	}
	reach, step := shiftReachM/finest, shiftStepM/coarsest
	type square [2]int
	at := func(u, v float64) square { return square{int(math.Floor(u / reach)), int(math.Floor(v / reach))} }
	squares := map[square][]*shiftPoint{}
	for i := range points {
		s := at(points[i].u, points[i].v)
		for du := -1; du <= 1; du++ {
			for dv := -1; dv <= 1; dv++ {
				near := square{s[0] + du, s[1] + dv}
				squares[near] = append(squares[near], &points[i])
			}
		}
	}
	for _, mp := range other {
		for _, polygon := range mp {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					a, b := ring[i-1], ring[i]
					length := math.Hypot(b[0]-a[0], b[1]-a[1])
					for s := 0.0; s < length; {
						u, v := a[0]+s/length*(b[0]-a[0]), a[1]+s/length*(b[1]-a[1])
						list := squares[at(u, v)]
						for _, p := range list {
							p.vote(u, v)
						}
						if s += step; list == nil { // no point reaches into this square: go faster
							s += reach / 4
						}
					}
				}
			}
		}
	}
}

// vote adds the place (u, v) of the other layer's outlines to the votes of p when it is within reach.
func (p *shiftPoint) vote(u, v float64) {
	x, y := p.toMetres(u-p.u, v-p.v)
	if p.crowded || x*x+y*y > shiftReachM*shiftReachM {
		return
	}
	if len(p.votes) == shiftCrowded {
		p.crowded, p.votes = true, nil
		return
	}
	p.votes = append(p.votes, [2]float32{float32(x), float32(y)})
}
