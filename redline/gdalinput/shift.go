package gdalinput

import (
	"math"

	"github.com/paulmach/orb"
)

// Shift is a steady displacement of a layer's outlines against those of another layer, found where the outlines of both
// run near each other. It is a suspicion: it says which displacement would bring the outlines together, not why they
// lie apart.
type Shift struct {
	// Against is the path of the other layer, as in the job.
	Against string `json:"against"`
	// Kind is ShiftConstant, ShiftGCJ02 or ShiftToGCJ02.
	Kind string `json:"kind"`
	// EastM and NorthM say by how many metres the layer lies east and north of where the other layer would have
	// it. The offset of GCJ-02 varies from place to place: for the two kinds of GCJ-02 they are its mean.
	EastM  float64 `json:"east_m"`
	NorthM float64 `json:"north_m"`
	// Points counts the sampled points of the layer's outlines that have an outline of the other layer within 800 m.
	Points int `json:"points"`
	// Fit counts those of Points that lie on an outline of the other layer, to 30 m, when the shift is undone.
	Fit int `json:"fit"`
	// Unmoved counts those of Points that lie on an outline of the other layer, to 30 m, as they are.
	Unmoved int `json:"unmoved"`
}

// The kinds of a [Shift].
const (
	ShiftConstant = "constant" // explained by the same displacement everywhere
	ShiftGCJ02    = "gcj02"    // explained by GCJ-02 coordinates of the layer
	ShiftToGCJ02  = "to_gcj02" // explained by GCJ-02 coordinates of the other layer
)

// LengthM returns the length of the shift in metres.
func (s Shift) LengthM() float64 { return math.Hypot(s.EastM, s.NorthM) }

// The lengths, in metres, of shifts that are looked for.
const (
	shiftReachM = 800 // the longest; no GCJ-02 offset in China is longer
	shiftLeastM = 50  // the shortest; shorter ones come from drawing the same border twice
)

// shiftMinGain is how many times as many points must lie on an outline of the other layer when the shift is undone as
// lie on one as they are.
const shiftMinGain = 1.4

// findShift looks for a shift of the outlines of layer against those of other, both on the lattice, which degrees takes
// to longitude and latitude. It returns nil when there is none to suspect. Its time grows with the number of vertices.
//
// Points are spread evenly along the layer's outlines. For each of them, every place of the other's outlines within
// reach votes for a displacement. A real shift shows as one displacement that many points share and that no other
// rivals: a peak of the cross-correlation of the two sets of lines. Then the same is tried with the votes of each point
// corrected by its own GCJ-02 offset, which is not constant over a province.
func findShift(layer, other []orb.MultiPolygon, degrees mapping) (*Shift, error) {
	if len(layer) == 0 || len(other) == 0 {
		return nil, nil
	}
	points, err := samplePoints(layer, other, degrees)
	if err != nil || len(points) < shiftMinFit {
		return nil, err
	}
	gatherVotes(points, other)
	near := points[:0]
	for _, p := range points {
		if len(p.votes) > 0 && !p.crowded {
			near = append(near, p)
		}
	}
	none := func(*shiftPoint) (x, y float64) { return 0, 0 }
	constant := findPeak(near, none)
	// A layer in GCJ-02 lies the offset of GCJ-02 away from where it belongs.
	plus := func(p *shiftPoint) (x, y float64) { return p.gcj[0], p.gcj[1] }
	minus := func(p *shiftPoint) (x, y float64) { return -p.gcj[0], -p.gcj[1] }
	from, to := findPeak(near, plus), findPeak(near, minus)
	// The offset of GCJ-02 explains the shift when it leaves next to no displacement over, and hardly fewer points fit
	// than with the best constant displacement.
	explains := func(p *peak) bool {
		const slackM, share = 60, 0.85
		return math.Hypot(p.x, p.y) <= slackM && p.sound() && float64(p.fit) >= share*float64(constant.fit)
	}

	s := &Shift{Points: len(near), Unmoved: countFitting(near, none, 0, 0)}
	best, add := constant, none
	switch {
	case explains(from):
		s.Kind, best, add = ShiftGCJ02, from, plus
	case explains(to):
		s.Kind, best, add = ShiftToGCJ02, to, minus
	case constant.sound():
		s.Kind = ShiftConstant
	default:
		return nil, nil
	}
	s.Fit = countFitting(near, add, best.x, best.y)
	s.EastM, s.NorthM = -best.x, -best.y
	for i := range near {
		x, y := add(&near[i])
		s.EastM += x / float64(len(near))
		s.NorthM += y / float64(len(near))
	}
	if s.LengthM() < shiftLeastM || s.LengthM() > shiftReachM || float64(s.Unmoved)*shiftMinGain > float64(s.Fit) {
		return nil, nil
	}
	return s, nil
}
