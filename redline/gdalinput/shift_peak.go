package gdalinput

import (
	"math"
	"slices"
)

// Displacements are counted in square bins.
const (
	shiftBinM   = 25 // side of a bin in metres
	shiftBins   = 2*shiftReachM/shiftBinM + 1
	shiftWiden  = 1   // bins to each side in which a vote counts too, so that lines drawn differently share a bin
	shiftAloneM = 150 // displacements at least this far from the best one, in metres, are its rivals
	shiftOnM    = 30  // a point that is no farther from an outline, in metres, lies on it
)

// The tests that a peak must pass. Chance makes the best of a few hundred independent displacements fit somewhat better
// than the others, but not twice as well.
const (
	shiftMinFit   = 40   // points that share the displacement
	shiftMinShare = 0.1  // their share of all points with an outline near
	shiftMinRatio = 1.8  // their number for each point that shares the best rival
	shiftMinTurn  = 0.08 // the least peak.turn
)

// peak is the displacement that most points vote for.
type peak struct {
	x, y   float64 // the displacement, metres east and north
	fit    int     // points with a vote for it
	rival  int     // points with a vote for the best rival of the displacement
	points int     // all points
	// turn says how well outlines of all directions take part: 0 when all run one way, up to 0.5. Where all run one
	// way, a displacement along them cannot be seen, so the peak is one of many that would do.
	turn   float64
	counts [shiftBins][shiftBins]int32 // points with a vote in each bin, [row from south][column from west]
}

// standsOut reports whether the peak is more than chance makes.
func (p *peak) standsOut() bool {
	fit := float64(p.fit)
	return p.fit >= shiftMinFit && fit >= shiftMinShare*float64(p.points) && fit >= shiftMinRatio*float64(p.rival)
}

// sound reports whether the peak stands out, and by more than outlines of one direction.
func (p *peak) sound() bool { return p.standsOut() && p.turn >= shiftMinTurn }

// bin returns the number of the bin that holds a displacement of m metres along one axis. It may be outside the bins.
func bin(m float64) int { return int(math.Round(m/shiftBinM)) + shiftBins/2 }

// countFitting returns the number of points that lie on an outline of the other layer when they are displaced by x, y
// metres. add returns what is added to all votes of a point.
func countFitting(points []shiftPoint, add func(*shiftPoint) (x, y float64), x, y float64) (n int) {
	for i := range points {
		ax, ay := add(&points[i])
		if slices.ContainsFunc(points[i].votes, func(vote [2]float32) bool {
			return math.Hypot(float64(vote[0])+ax-x, float64(vote[1])+ay-y) <= shiftOnM
		}) {
			n++
		}
	}
	return n
}

// findPeak finds the displacement that most points vote for. add returns what is added to all votes of a point.
func findPeak(points []shiftPoint, add func(*shiftPoint) (x, y float64)) *peak {
	p := &peak{points: len(points)}
	for i := range points {
		var mine [shiftBins][shiftBins]bool // a point counts once in each bin
		ax, ay := add(&points[i])
		for _, vote := range points[i].votes {
			col, row := bin(float64(vote[0])+ax), bin(float64(vote[1])+ay)
			for r := max(0, row-shiftWiden); r <= min(shiftBins-1, row+shiftWiden); r++ {
				for c := max(0, col-shiftWiden); c <= min(shiftBins-1, col+shiftWiden); c++ {
					mine[r][c] = true
				}
			}
		}
		for r := range mine {
			for c, hit := range mine[r] {
				if hit {
					p.counts[r][c]++
				}
			}
		}
	}
	centre := func(c int) float64 { return float64(c-shiftBins/2) * shiftBinM }
	for r := range p.counts {
		for c, n := range p.counts[r] {
			if int(n) > p.fit {
				p.fit, p.x, p.y = int(n), centre(c), centre(r)
			}
		}
	}
	for r := range p.counts {
		for c, n := range p.counts[r] {
			if math.Hypot(centre(c)-p.x, centre(r)-p.y) >= shiftAloneM {
				p.rival = max(p.rival, int(n))
			}
		}
	}
	if p.standsOut() {
		p.refine(points, add)
	}
	return p
}

// refine moves the peak to the mean of the votes near it, and measures the directions of the outlines that take part.
func (p *peak) refine(points []shiftPoint, add func(*shiftPoint) (x, y float64)) {
	for range 4 {
		var sx, sy, n, xx, xy, yy float64
		for i := range points {
			ax, ay := add(&points[i])
			best, bx, by := math.Inf(1), 0.0, 0.0
			for _, vote := range points[i].votes {
				x, y := float64(vote[0])+ax-p.x, float64(vote[1])+ay-p.y
				if d := math.Hypot(x, y); d < best {
					best, bx, by = d, x, y
				}
			}
			if best <= shiftBinM*(shiftWiden+1) {
				t := points[i].tangent
				sx, sy, n = sx+bx, sy+by, n+1
				xx, xy, yy = xx+t[0]*t[0], xy+t[0]*t[1], yy+t[1]*t[1]
			}
		}
		if n == 0 {
			return
		}
		p.x, p.y = p.x+sx/n, p.y+sy/n
		// The smaller eigenvalue of the mean of tangent·tangentᵀ, whose trace is 1.
		p.turn = 0.5 - math.Hypot((xx-yy)/2, xy)/n
	}
}
