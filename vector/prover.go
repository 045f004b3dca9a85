package vector

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Prover proves multipolygons valid by a tree of boxes, with memory that it uses again. It belongs to one goroutine
// at a time. Its zero value is ready.
type Prover struct {
	tree   BoxTree
	owner  []int32 // by ring: the polygon it belongs to
	around []int32 // the rings around a point

	touched []touch           // where rings touch, once each pair is known
	meeting map[int32][]int32 // by vertex: those of other rings there; nil until it is asked for
	crossed []bool            // by ring: it meets one where it must not; nil while that ends the proof
	turning []int8            // by ring: 1 counter-clockwise, −1 clockwise, 0 not asked for yet
}

// CertainlyValid tells the same as [CertainlyValid], but is true as well where rings touch in vertices of both and the
// polygons are valid, as those traced from cells do; no ring may touch itself, nor two of a polygon in two places. It
// is false as well where rounding leaves a position in doubt, and where the bounds of very many edges overlap, as those
// of long thin spikes do. Most shapes cost 0.02 to 0.05 µs a vertex, a third to a twentieth of what GEOS takes
// (BenchmarkValid in package geos).
func (p *Prover) CertainlyValid(mp orb.MultiPolygon) bool {
	if len(mp) == 0 {
		return true
	}
	certain := p.load(gathered(mp)) && p.apart() && p.touchWell() && p.nested()
	const kept = 1 << 16 // vertices; the memory for a larger shape is given up
	if len(p.tree.At) > kept {
		*p = Prover{}
	}
	return certain
}

// gathered returns the same polygons with the same holes, in an order in which near ones follow each other: boxes
// around several of them are small then. Layers have them in any order, and GEOS sorts them from west to east.
func gathered(mp orb.MultiPolygon) orb.MultiPolygon {
	mp = banded(mp, func(p orb.Polygon) orb.Ring {
		if len(p) == 0 {
			return nil
		}
		return p[0]
	})
	cloned := false
	for i, polygon := range mp {
		if len(polygon) > few {
			if !cloned {
				mp, cloned = slices.Clone(mp), true
			}
			mp[i] = append(polygon[:1:1], banded(polygon[1:], func(r orb.Ring) orb.Ring { return r })...)
		}
	}
	return mp
}

// few shapes are left in their order.
const few = 64

// banded returns shapes in bands from south to north, and from west to east in each, by the first vertex of a ring.
// The bands are as high as Fan shapes are wide that lie evenly.
func banded[S any](shapes []S, ring func(S) orb.Ring) []S {
	if len(shapes) <= few {
		return shapes
	}
	type place struct {
		y, x float64
		i    int
	}
	places := make([]place, 0, len(shapes))
	low, high := math.Inf(1), math.Inf(-1)
	for i, s := range shapes {
		at := place{i: i}
		if r := ring(s); len(r) > 0 {
			at.x, at.y = r[0][0], r[0][1]
		}
		low, high = min(low, at.y), max(high, at.y)
		places = append(places, at)
	}
	height := (high - low) / math.Sqrt(float64(len(shapes))/Fan)
	for i := range places {
		places[i].y = math.Floor((places[i].y - low) / height)
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) })
	sorted := make([]S, len(shapes))
	for k, at := range places {
		sorted[k] = shapes[at.i]
	}
	return sorted
}

// load makes the tree of mp. It is false when mp has rings that are none.
func (p *Prover) load(mp orb.MultiPolygon) bool {
	p.owner, p.touched, p.meeting, p.turning = p.owner[:0], p.touched[:0], nil, nil
	n := 0
	for i, polygon := range mp {
		if len(polygon) == 0 {
			return false
		}
		for _, r := range polygon {
			if len(r) < 4 || !r.Closed() {
				return false
			}
			n += len(r)
			p.owner = append(p.owner, int32(i))
		}
	}
	if n > math.MaxInt32 {
		return false
	}
	p.tree.Load(mp, 0)
	for r := range p.tree.Ends {
		if first, last := p.tree.Vertices(r); last < first+3 {
			return false
		}
	}
	all := p.tree.levels[len(p.tree.levels)-1][0]
	const perVertex = 32 // pairs of edges that are looked at
	p.tree.Budget = perVertex * n
	return all.Min[0] > -maxOrdinate && all.Min[1] > -maxOrdinate && all.Max[0] < maxOrdinate && all.Max[1] < maxOrdinate
}

// apart tells that no edges meet but neighbours in a ring and edges of two rings with a vertex in common, and those in
// that point only.
func (p *Prover) apart() bool {
	for _, r := range p.tree.Runs {
		if !p.within(r) {
			return false
		}
	}
	if !p.tree.OwnPairs(p.between) {
		return false
	}
	slices.SortFunc(p.touched, func(a, b touch) int { return cmp.Or(cmp.Compare(a.v, b.v), cmp.Compare(a.w, b.w)) })
	p.touched = slices.Compact(p.touched) // each was noted for up to four pairs of edges
	return true
}

// within tells, as apart does, that no edges of one run meet.
func (p *Prover) within(r Run) bool {
	at := p.tree.At[r.From : r.To+1]
	if monotone(at, 0) || monotone(at, 1) {
		return true
	}
	var boxes [Fan]orb.Bound
	for k := range at[1:] {
		a, b := at[k], at[k+1]
		box := &boxes[k%Fan]
		box.Min, box.Max = orb.Point{min(a[0], b[0]), min(a[1], b[1])}, orb.Point{max(a[0], b[0]), max(a[1], b[1])}
		if k > 0 && !turns(at[k-1], a, b) && !p.met(r.From+int32(k)-1, r.From+int32(k)) {
			return false
		}
		for i := range k - 1 {
			e, f := r.From+int32(i), r.From+int32(k)
			if meets(&boxes[i], box) && !p.pair(e, f, r.Ring) && !p.met(e, f) {
				return false
			}
		}
	}
	return true
}

// monotone tells that all edges of a line lead the same way along an axis.
func monotone(line []orb.Point, axis int) bool {
	forward := line[1][axis] > line[0][axis]
	for i := 1; i < len(line); i++ {
		if (line[i][axis] > line[i-1][axis]) != forward || line[i][axis] == line[i-1][axis] {
			return false
		}
	}
	return true
}

// between tells, as apart does, that no edge of one run meets an edge of another. Run i comes before run k.
func (p *Prover) between(i, k int) bool {
	t := &p.tree
	var listA, listB [Fan]int32
	nearA := t.Near(i, t.Box(k), &listA)
	if len(nearA) == 0 {
		return true
	}
	nearB := t.Near(k, t.Box(i), &listB)
	if t.Budget -= len(nearA) * len(nearB); t.Budget < 0 {
		return false
	}
	ring := int32(-1) // stays −1 if the runs are of two rings
	if t.Runs[i].Ring == t.Runs[k].Ring {
		ring = t.Runs[i].Ring
	}
	for _, i := range nearA {
		a, b := t.At[i], t.At[i+1]
		loX, hiX, loY, hiY := min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1])
		for _, k := range nearB {
			c, d := t.At[k], t.At[k+1]
			if min(c[0], d[0]) > hiX || max(c[0], d[0]) < loX || min(c[1], d[1]) > hiY || max(c[1], d[1]) < loY {
				continue
			}
			if !p.pair(i, k, ring) && !p.met(i, k) {
				return false
			}
		}
	}
	return true
}

// pair tells, as apart does, that two edges i < k do not meet. ring is the ring of both, or −1 if they are of two
// rings.
func (p *Prover) pair(i, k, ring int32) bool {
	at := p.tree.At
	a, b, c, d := at[i], at[i+1], at[k], at[k+1]
	if ring >= 0 {
		if k == i+1 {
			return turns(a, b, d)
		}
		if first, last := p.tree.Vertices(int(ring)); i == first && k == last-1 {
			return turns(c, d, b)
		}
	}
	return side(a, b, c)*side(a, b, d) > 0 || side(c, d, a)*side(c, d, b) > 0 || ring < 0 && p.touches(i, k)
}

// met notes that two edges meet where they must not. It tells whether the proof goes on.
func (p *Prover) met(i, k int32) bool {
	if p.crossed == nil {
		return false
	}
	p.crossed[p.ringOf(i)], p.crossed[p.ringOf(k)] = true, true
	return true
}

// wellHoles tells of each ring of a polygon whether it is a hole that lies in the shell, in no other hole, and meets no
// ring but in vertices of both, and not in all of its own: a ring that it meets there may cross itself, and then has no
// inside to go by. It is not ok when rings are no rings, when the bounds of too many edges overlap, and when a position
// is in doubt.
func (p *Prover) wellHoles(polygon orb.Polygon) (well []bool, ok bool) {
	if !p.load(orb.MultiPolygon{polygon}) {
		return nil, false
	}
	p.crossed = make([]bool, len(polygon))
	ok = p.apart()
	crossed := p.crossed
	p.crossed = nil
	p.allowRays()
	well = make([]bool, len(polygon))
	for r := 1; r < len(polygon) && ok; r++ {
		if !crossed[r] {
			ok = p.surround(int32(r))
			well[r] = slices.Equal(p.around, []int32{0}) && len(p.meeting[p.loneliest(r)]) == 0
		}
	}
	return well, ok
}

// turns tells that the edge from b to c does not lead back along that from a to b.
func turns(a, b, c orb.Point) bool {
	return a[0] < b[0] && b[0] < c[0] || a[0] > b[0] && b[0] > c[0] ||
		a[1] < b[1] && b[1] < c[1] || a[1] > b[1] && b[1] > c[1] || side(a, b, c) != 0
}

// nested tells that every hole lies in its shell and in no other hole of it, and every shell outside the other
// polygons. No ring crosses another one, so one point of each is enough.
func (p *Prover) nested() bool {
	if len(p.owner) == 1 {
		return true
	}
	p.allowRays()
	for r, owner := range p.owner {
		if !p.surround(int32(r)) {
			return false
		}
		hole := r > 0 && p.owner[r-1] == owner
		own := 0 // how many rings of its own polygon are around it
		for i := 0; i < len(p.around); {
			polygon, from := p.owner[p.around[i]], i
			for i < len(p.around) && p.owner[p.around[i]] == polygon {
				i++
			}
			switch {
			case polygon == owner:
				own = i - from // if it is one, that is the shell, or a hole, which then is found to lie in no ring
			case !hole && (i-from)%2 == 1:
				return false // the shell lies in another shell, and in none of its holes
			}
		}
		if hole != (own == 1) || own > 1 {
			return false
		}
	}
	return true
}

// allowRays adds to what may be looked at what surround needs for all rings. GEOS looks at each edge of a shell for
// each of its holes, and at one takes much longer.
func (p *Prover) allowRays() { p.tree.Budget += len(p.tree.At) * len(p.owner) / 16 }

// surround finds the rings around a ring, in ascending order. It is false when that is in doubt.
func (p *Prover) surround(ring int32) bool {
	t := &p.tree
	vertex := p.loneliest(int(ring))
	meeting := p.meeting[vertex]
	q := t.At[vertex]
	p.around = p.around[:0]
	if !t.Beside(q, func(run int) bool {
		r := t.Runs[run]
		if r.Ring == ring || slices.ContainsFunc(meeting, func(w int32) bool { return p.ringOf(w) == int(r.Ring) }) {
			return true
		}
		if t.Budget -= Fan; t.Budget < 0 {
			return false
		}
		for i := r.From; i < r.To; i++ {
			a, b := t.At[i], t.At[i+1]
			if (a[1] > q[1]) == (b[1] > q[1]) || max(a[0], b[0]) < q[0] {
				continue
			}
			turn := side(a, b, q)
			if turn == 0 {
				return false
			}
			if (turn > 0) != (b[1] > a[1]) {
				continue
			}
			if n := len(p.around); n > 0 && p.around[n-1] == r.Ring {
				p.around = p.around[:n-1] // the ring was crossed an even number of times
			} else {
				p.around = append(p.around, r.Ring)
			}
		}
		return true
	}) {
		return false
	}
	for _, w := range meeting { // where the ring leads from there tells whether that one is around it
		other := p.ringOf(w)
		before, after := p.beside(w, other)
		if p.winding(other) > 0 {
			before, after = after, before
		}
		if between(q, before, after, t.At[vertex+1]) {
			p.around = append(p.around, int32(other))
		}
	}
	slices.Sort(p.around)
	return true
}
