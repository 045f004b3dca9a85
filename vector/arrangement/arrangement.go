package arrangement

import (
	"errors"
	"math"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Arrangement is a division of the plane by the outlines of regions. It is immutable.
type Arrangement struct {
	// Sets holds for each kind of ground the regions that it lies in, by position. The first one is empty: the ground
	// outside all regions.
	Sets []Set
	// Areas is the planar area of each kind of ground, in squared units of the coordinates; that of the first is 0.
	Areas []float64

	graph
	left, right []int32 // by edge: the kind of ground on its left and on its right hand
}

// New arranges regions, which must be valid multipolygons with shells counter-clockwise and holes clockwise. What lies
// nearer to each other than a margin of 1024 units in the last place of the largest coordinate counts as the same
// place: such vertices become one, that of the first region, and edges lead through vertices that are so near. It is
// nil when that leaves the position in doubt, above all when a crossing comes so near to a vertex or to another
// crossing. It is [ErrRoom] when the list of kinds of ground would take more than about so many bytes: where n regions
// lie over the same ground there may be n² kinds of n regions. Where regions are stacked that is told before the ground
// is divided, as far as their crossings show it; then later is about how many bytes the caller will need for each kind.
func New(regions []orb.MultiPolygon, room, later int64) (*Arrangement, error) {
	n := noder{origin: originOf(regions)}
	if !n.load(regions) || !n.findPairs() {
		return nil, nil
	}
	if n.leastBytes(later) > room {
		return nil, ErrRoom
	}
	if !n.splitAtVertices() || !n.cross() {
		return nil, nil
	}
	a := &Arrangement{graph: n.graph()}
	if !a.makeStars() {
		return nil, nil
	}
	l := labeller{Arrangement: a, tree: &n.tree, before: n.unsplit, room: room}
	switch sure := l.label(); {
	case l.room < 0:
		return nil, ErrRoom
	case !sure:
		return nil, nil
	}
	a.measure(n.origin)
	return a, nil
}

// leastBytes returns about how many bytes the kinds of ground take at least that crossings divide where regions are
// stacked, with what is needed later for each; 0 where they are not. Each crossing of closed outlines has a face of its
// own in the plane. Two outlines that cross many times divide the same few kinds of ground again and again, so
// crossings tell something only where each edge has far more of them than there would be between neighbours, and half
// of them are counted.
func (n *noder) leastBytes(later int64) int64 {
	const stacked = 8 // crossings for each edge
	if len(n.pairs) < stacked*len(n.edges) {
		return 0
	}
	return int64(len(n.pairs)) / 2 * (KindBytes("") + later)
}

// ErrRoom tells that regions divide the ground into so many kinds that they do not have room.
var ErrRoom = errors.New("too many regions lie over the same ground")

// measure sums up the areas of all kinds of ground: what lies west of each edge belongs to its left hand where it leads
// north, and is taken from its right hand. It is summed relative to the middle of all regions.
func (a *Arrangement) measure(origin orb.Point) {
	a.Areas = make([]float64, len(a.Sets))
	for e := range a.edges {
		p, q := a.at[a.edges[e].from], a.at[a.edges[e].to]
		area := ((p[0] - origin[0]) + (q[0] - origin[0])) / 2 * (q[1] - p[1])
		a.Areas[a.left[e]] += area
		a.Areas[a.right[e]] -= area
	}
	a.Areas[0] = 0
}

// originOf returns the middle of all regions.
func originOf(regions []orb.MultiPolygon) orb.Point {
	box := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, r := range regions {
		if len(r) > 0 {
			b := vector.Bound(r)
			box.Min[0], box.Max[0] = min(box.Min[0], b.Min[0]), max(box.Max[0], b.Max[0])
			box.Min[1], box.Max[1] = min(box.Min[1], b.Min[1]), max(box.Max[1], b.Max[1])
		}
	}
	return box.Center()
}
