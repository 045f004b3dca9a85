package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/trace"
)

// Unfolder takes folds out of polygons on a grid: where outlines run along each other in opposite directions, on a line
// of the grid or vertex by vertex, so that no ground lies between. It keeps memory, so it belongs to one goroutine. The
// zero value is ready.
type Unfolder struct {
	rings []step // the edges of rings without their own folds
	steps []step // the edges at hand, and behind them the steps of which they consist
	boxes []box  // of the edges
	on    []spot // the vertices on one edge
	used  []bool // by step: it is in a ring
	ring  orb.Ring
}

// spot is a point of the grid, in its units.
type spot [2]int64

// step leads from one point to another, with the ground on its left hand.
type step struct{ from, to spot }

// box is around an edge, with a margin.
type box struct{ low, high spot }

const (
	clearUnits    = 2       // how far vertices keep clear of edges, so that rounding cannot have moved them across
	longestUnits  = 1 << 30 // the longest edge whose products are exact
	mostUnfolding = 256     // the most vertices of which all pairs are looked at
)

// Unfold returns the ground of polygons that have folds, as GEOS normalizes it but with shells counter-clockwise; all
// vertices that bound the ground are kept. Coordinates are multiples of 1/perOne, but for rounding. It is not ok when
// there are no folds, when nothing is left, and when more is to be done than to leave out folds: an edge passes too
// near to a vertex, or crosses another one, or ground is covered twice. Nor is it when there are too many vertices.
func (u *Unfolder) Unfold(mp orb.MultiPolygon, perOne float64) (out orb.MultiPolygon, ok bool) {
	if vector.Vertices(mp) > mostUnfolding {
		return nil, false
	}
	u.rings = u.rings[:0]
	folded := false
	for _, p := range mp {
		for _, ring := range p { // by itself at first, as what it leaves out is no vertex on another ring
			u.load(ring, perOne)
			folds, ok := u.leaveOut()
			if !ok {
				return nil, false
			}
			u.rings, folded = append(u.rings, u.steps...), folded || folds
		}
	}
	u.steps = append(u.steps[:0], u.rings...)
	folds, ok := u.leaveOut()
	if !ok || !folded && !folds {
		return nil, false
	}
	return u.polygons(perOne)
}

// load takes the edges of a ring.
func (u *Unfolder) load(ring orb.Ring, perOne float64) {
	u.steps = u.steps[:0]
	var before spot
	for i, q := range ring {
		here := spot{int64(math.Round(q[0] * perOne)), int64(math.Round(q[1] * perOne))}
		if i > 0 && here != before {
			u.steps = append(u.steps, step{before, here})
		}
		before = here
	}
}

// leaveOut cuts the edges at the vertices that lie on them and leaves out folds. It is not ok when the edges must be
// changed in other ways.
func (u *Unfolder) leaveOut() (folds, ok bool) {
	edges := len(u.steps)
	u.boxes = u.boxes[:0]
	for _, s := range u.steps {
		b := box{s.from, s.from}
		for axis := range 2 {
			b.low[axis] = min(s.from[axis], s.to[axis]) - clearUnits
			b.high[axis] = max(s.from[axis], s.to[axis]) + clearUnits
			if b.high[axis]-b.low[axis] > longestUnits {
				return false, false
			}
		}
		u.boxes = append(u.boxes, b)
	}
	for i := range edges {
		if !u.lead(i) {
			return false, false
		}
	}
	u.steps = append(u.steps[:0], u.steps[edges:]...)
	return u.cancel()
}

// lead appends the steps of which an edge consists: it is cut at the vertices that lie on it. It is false when a vertex
// lies near it otherwise, or a later edge crosses it.
func (u *Unfolder) lead(i int) bool {
	s, b := u.steps[i], &u.boxes[i]
	u.on = u.on[:0]
	for k := range u.boxes {
		p := u.steps[k].from
		if p[0] < b.low[0] || p[0] > b.high[0] || p[1] < b.low[1] || p[1] > b.high[1] || p == s.from || p == s.to {
			continue
		}
		d, side := spot{s.to[0] - s.from[0], s.to[1] - s.from[1]}, s.side(p)
		switch ahead := d[0]*(p[0]-s.from[0]) + d[1]*(p[1]-s.from[1]); {
		case side == 0 && (d[0] == 0 || d[1] == 0) && 0 < ahead && ahead < d[0]*d[0]+d[1]*d[1]:
			u.on = append(u.on, p)
		case max(side, -side) <= clearUnits*(max(d[0], -d[0])+max(d[1], -d[1])):
			return false
		}
	}
	for k := i + 1; k < len(u.boxes); k++ {
		c, t := &u.boxes[k], u.steps[k]
		if b.low[0] <= c.high[0] && c.low[0] <= b.high[0] && b.low[1] <= c.high[1] && c.low[1] <= b.high[1] &&
			s.parts(t) && t.parts(s) {
			return false
		}
	}
	slices.SortFunc(u.on, spot.compare)
	if s.to.compare(s.from) < 0 {
		slices.Reverse(u.on)
	}
	for _, p := range slices.Compact(u.on) {
		u.steps = append(u.steps, step{s.from, p})
		s.from = p
	}
	u.steps = append(u.steps, s)
	return true
}

func (p spot) compare(q spot) int { return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1])) }

// side is positive if p lies left of the line of s, negative if it lies right of it.
func (s step) side(p spot) int64 {
	return (s.to[0]-s.from[0])*(p[1]-s.from[1]) - (s.to[1]-s.from[1])*(p[0]-s.from[0])
}

// parts tells that the ends of t lie on different sides of the line of s.
func (s step) parts(t step) bool {
	a, b := s.side(t.from), s.side(t.to)
	return a > 0 && b < 0 || a < 0 && b > 0
}

// cancel leaves out the steps that lead along another one back, and tells whether there are any. It is not ok when two
// lead the same way.
func (u *Unfolder) cancel() (folds, ok bool) {
	slices.SortFunc(u.steps, func(s, t step) int { return s.eastward().compare(t.eastward()) })
	left := u.steps[:0]
	for rest := u.steps; len(rest) > 0; {
		line, n, ways := rest[0].eastward(), 0, 0
		for ; n < len(rest) && rest[n].eastward() == line; n++ {
			if rest[n] == line {
				ways++
			} else {
				ways--
			}
		}
		switch {
		case ways == 1:
			left = append(left, line)
		case ways == -1:
			left = append(left, step{line.to, line.from})
		case ways != 0:
			return false, false
		}
		rest = rest[n:]
	}
	folds = len(left) < len(u.steps)
	u.steps = left
	return folds, true
}

// eastward returns the step, or the one back if that leads further east, or else further north.
func (s step) eastward() step {
	if s.to.compare(s.from) < 0 {
		return step{s.to, s.from}
	}
	return s
}

func (s step) compare(t step) int { return cmp.Or(s.from.compare(t.from), s.to.compare(t.to)) }

// polygons makes polygons of the steps that are no folds. It is false when there are none.
func (u *Unfolder) polygons(perOne float64) (orb.MultiPolygon, bool) {
	slices.SortFunc(u.steps, step.compare)
	u.used = append(u.used[:0], make([]bool, len(u.steps))...)
	var rings []orb.Ring
	for i := range u.steps {
		if u.used[i] {
			continue
		}
		branched, closed := u.follow(i, perOne)
		switch {
		case !closed:
			return nil, false
		case branched:
			rings = append(rings, trace.Simple(u.ring)...)
		default:
			rings = append(rings, slices.Clone(u.ring))
		}
	}
	out, err := trace.Assemble(rings)
	normalize(out)
	return out, err == nil && len(out) > 0
}

// follow sets ring to the one that begins with a step. Where several steps go on, it turns left as sharply as it can.
func (u *Unfolder) follow(first int, perOne float64) (branched, closed bool) {
	point := func(p spot) orb.Point { return orb.Point{float64(p[0]) / perOne, float64(p[1]) / perOne} }
	exact := func(p spot) orb.Point { return orb.Point{float64(p[0]), float64(p[1])} }
	u.ring = append(u.ring[:0], point(u.steps[first].from))
	for at := first; ; {
		s, next, options := u.steps[at], -1, 0
		u.used[at] = true
		u.ring = append(u.ring, point(s.to))
		i, _ := slices.BinarySearchFunc(u.steps, s.to, func(s step, p spot) int { return s.from.compare(p) })
		for ; i < len(u.steps) && u.steps[i].from == s.to; i++ {
			options++
			if (!u.used[i] || i == first) && (next < 0 ||
				leftOf(exact(s.from), exact(s.to), exact(u.steps[i].to), exact(u.steps[next].to))) {
				next = i
			}
		}
		branched = branched || options > 1
		if next < 0 || next == first {
			return branched, next == first
		}
		at = next
	}
}

// normalize brings valid polygons, with shells counter-clockwise and holes clockwise, into the order of GEOS: each ring
// begins with its westernmost point, the southernmost if several are; the rings with most vertices come first.
func normalize(mp orb.MultiPolygon) {
	for _, p := range mp {
		for _, ring := range p {
			open := ring[:len(ring)-1]
			first := 0
			for i, q := range open {
				if q[0] < open[first][0] || q[0] == open[first][0] && q[1] < open[first][1] {
					first = i
				}
			}
			copy(open, slices.Concat(open[first:], open[:first]))
			ring[len(open)] = ring[0]
		}
		slices.SortFunc(p[1:], inOrder)
	}
	slices.SortFunc(mp, func(a, b orb.Polygon) int { return inOrder(a[0], b[0]) })
}

// inOrder compares rings: those with more vertices come first, and of others the one whose vertices, seen the other way
// round, lie further east, or else further north.
func inOrder(a, b orb.Ring) int {
	order := cmp.Compare(len(b), len(a))
	for i := len(a) - 1; i >= 0 && order == 0; i-- {
		order = cmp.Or(cmp.Compare(b[i][0], a[i][0]), cmp.Compare(b[i][1], a[i][1]))
	}
	return order
}
