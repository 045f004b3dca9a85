package trace

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster/sets"
)

// Run is a horizontal run of cells: columns [Col0, Col1) of a row.
type Run struct{ Row, Col0, Col1 int32 }

// Append appends r to runs, or extends the last run when r continues it.
func Append(runs []Run, r Run) []Run {
	if n := len(runs); n > 0 && runs[n-1].Row == r.Row && runs[n-1].Col1 == r.Col0 {
		runs[n-1].Col1 = r.Col1
		return runs
	}
	return append(runs, r)
}

// Polygons returns the outline of the cells of runs in lattice coordinates: one
// polygon for each 4-connected part, with its holes. runs must be sorted row-major
// and must not overlap; runs that abut in a row are joined.
//
// The result is valid in the sense of OGC Simple Features: rings touch themselves or
// each other in single points at most, never cross, and no ring visits a point
// twice. Shells are counter-clockwise and holes clockwise with u to the right and v
// upwards. Parts are ordered by their first cell, holes by their first vertex; a ring
// starts at its first vertex in (v, u) order. The cost is linear in the number of runs.
func Polygons(runs []Run) orb.MultiPolygon { return new(Tracer).Polygons(runs) }

// A Tracer traces outlines, one after the other, in the same memory. It belongs to one
// goroutine; the zero value is ready.
//
// It sees the outline as vertical edges, two for each joined run, and links their ends
// along the horizontal lattice lines.
type Tracer struct {
	runs    []Run
	part    sets.Sets // of runs: those of one 4-connected part
	links   [][2]end  // by edge: what its ends of low v and of high v are linked to
	seen    []bool    // by edge
	shellOf []int32   // by part: position in the result + 1
	ring    orb.Ring
}

// Polygons is the function [Polygons]. The result does not share the tracer's memory.
func (t *Tracer) Polygons(runs []Run) orb.MultiPolygon {
	t.join(runs)
	t.link()
	out := t.polygons()
	if len(t.runs) > 1<<16 { // one huge patch must not stay in memory
		*t = Tracer{}
	}
	return out
}

// end is an end of a vertical edge. Edge 2i is the left side of run i, directed towards smaller v; edge 2i+1 is its
// right side, directed towards larger v: the run's cells are on the left hand.
type end struct {
	edge    int32
	high    bool // the end with the larger v
	touches bool // the link turns at a corner where two cells touch diagonally
}

func (t *Tracer) u(edge int32) int32 {
	r := &t.runs[edge/2]
	if edge%2 == 0 {
		return r.Col0
	}
	return r.Col1
}

func (t *Tracer) join(runs []Run) {
	t.runs = t.runs[:0]
	for _, r := range runs {
		t.runs = Append(t.runs, r)
	}
	t.part = t.part[:0]
	for range t.runs {
		t.part.Add()
	}
	t.links = zeros(t.links, 2*len(t.runs))
	t.seen = zeros(t.seen, len(t.links))
	t.shellOf = zeros(t.shellOf, len(t.runs))
}

// zeros returns n zeros, in the memory of s if there is room.
func zeros[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// link walks over the horizontal lattice lines and links the ends of edges that meet each. The runs above and below a
// line are the intervals [a0, a1) and [b0, b1) of t.runs.
func (t *Tracer) link() {
	n := len(t.runs)
	rowEnd := func(i int) int {
		j := i
		for j < n && t.runs[j].Row == t.runs[i].Row {
			j++
		}
		return j
	}
	for a0, a1 := 0, 0; a1 < n || a0 < n; {
		// This is the line below the runs a0 to a1, or above the next row if that is not adjacent.
		b0, b1 := a1, a1
		if a1 < n && (a0 == a1 || t.runs[a1].Row == t.runs[a0].Row+1) {
			b1 = rowEnd(a1)
		}
		t.connect(a0, a1, b0, b1)
		t.linkLine(a0, a1, b0, b1)
		if b0 == b1 { // the next row is not adjacent
			a0 = a1
			if a1 == n {
				return
			}
			continue
		}
		a0, a1 = b0, b1
	}
}

// connect unites runs of adjacent rows that share an edge.
func (t *Tracer) connect(a0, a1, b0, b1 int) {
	for a, b := a0, b0; a < a1 && b < b1; {
		if t.runs[a].Col0 < t.runs[b].Col1 && t.runs[b].Col0 < t.runs[a].Col1 {
			t.part.Union(int32(a), int32(b))
		}
		if t.runs[a].Col1 < t.runs[b].Col1 {
			a++
		} else {
			b++
		}
	}
}

// linkLine links the ends of vertical edges that meet a lattice line. The horizontal
// outline runs where exactly one of the rows above and below is inside, so the ends,
// taken from left to right, open and close its segments in turn.
func (t *Tracer) linkLine(a0, a1, b0, b1 int) {
	a, aEnd := int32(2*a0), int32(2*a1)
	b, bEnd := int32(2*b0), int32(2*b1)
	var open end
	isOpen := false
	join := func(x, y end) {
		t.set(x, y)
		t.set(y, x)
	}
	for a < aEnd || b < bEnd {
		switch {
		case b == bEnd || (a < aEnd && t.u(a) < t.u(b)):
			if e := (end{edge: a, high: true}); isOpen {
				join(open, e)
			} else {
				open = e
			}
			isOpen = !isOpen
			a++
		case a == aEnd || t.u(b) < t.u(a):
			if e := (end{edge: b}); isOpen {
				join(open, e)
			} else {
				open = e
			}
			isOpen = !isOpen
			b++
		default: // an edge above meets an edge below
			above, below := end{edge: a, high: true}, end{edge: b}
			if !isOpen {
				join(above, below)
			} else {
				// Two cells touch at this corner only. Each keeps to its own side: the
				// segment from the left ends at the edge of the run on the left.
				above.touches, below.touches = true, true
				if a%2 == 1 { // this is the right side of the run above, which lies to the left
					join(open, above)
					open = below
				} else {
					join(open, below)
					open = above
				}
			}
			a++
			b++
		}
	}
}

func (t *Tracer) set(at, to end) {
	side := 0
	if at.high {
		side = 1
	}
	to.touches = to.touches || at.touches
	t.links[at.edge][side] = to
}

// polygons walks the rings and sorts them into parts.
func (t *Tracer) polygons() orb.MultiPolygon {
	var out orb.MultiPolygon
	var holes [][]orb.Ring
	add := func(part int32, ring orb.Ring) {
		k := t.shellOf[part]
		if k == 0 {
			out = append(out, orb.Polygon{nil})
			holes = append(holes, nil)
			k = int32(len(out))
			t.shellOf[part] = k
		}
		canonical(ring)
		if DoubleArea(ring) > 0 {
			out[k-1][0] = ring
		} else {
			holes[k-1] = append(holes[k-1], ring)
		}
	}
	for start := range t.links {
		if t.seen[start] {
			continue
		}
		ring := t.ring[:0]
		touches := false
		for e := int32(start); !t.seen[e]; {
			t.seen[e] = true
			run := t.runs[e/2]
			v, next := float64(run.Row), t.links[e][0]
			if e%2 == 1 {
				v, next = v+1, t.links[e][1]
			}
			if from, to := t.u(e), t.u(next.edge); from != to {
				ring = append(ring, orb.Point{float64(from), v}, orb.Point{float64(to), v})
			}
			touches = touches || next.touches
			e = next.edge
		}
		ring = append(ring, ring[0])
		t.ring = ring
		part := t.part.Find(int32(start / 2))
		if !touches {
			add(part, slices.Clone(ring))
			continue
		}
		for _, simple := range Simple(ring) {
			add(part, simple)
		}
	}
	for k := range out {
		slices.SortFunc(holes[k], func(a, b orb.Ring) int { return ComparePoints(a[0], b[0]) })
		out[k] = append(out[k], holes[k]...)
	}
	return out
}

// Assemble makes polygons of rings that touch themselves nowhere and each other in points at most: counter-clockwise
// rings are shells, and each clockwise one is a hole of the smallest shell around it. Rings are rotated in place; the
// order is that of [Polygons]. A hole without a shell is an error, unless it is so small that rounding may have
// turned a sliver clockwise; then it is dropped.
func Assemble(rings []orb.Ring) (orb.MultiPolygon, error) {
	var shells, holes []orb.Ring
	for _, r := range rings {
		canonical(r)
		if DoubleArea(r) > 0 {
			shells = append(shells, r)
		} else {
			holes = append(holes, r)
		}
	}
	slices.SortFunc(shells, func(a, b orb.Ring) int { return ComparePoints(a[0], b[0]) })
	slices.SortFunc(holes, func(a, b orb.Ring) int { return ComparePoints(a[0], b[0]) })
	out := make(orb.MultiPolygon, len(shells))
	for k := range shells {
		out[k] = shells[k : k+1 : k+1] // appending a hole copies the polygon, so that shells stays as it is
	}
	if len(holes) == 0 {
		return out, nil
	}
	areas := make([]float64, len(shells))
	var tree rtree.RTreeG[int]
	for k, r := range shells {
		areas[k] = DoubleArea(r)
		bound := r.Bound()
		tree.Insert(bound.Min, bound.Max, k)
	}
	for _, hole := range holes {
		best := -1
		bound, area := hole.Bound(), -DoubleArea(hole)
		tree.Search(bound.Min, bound.Max, func(lo, hi [2]float64, k int) bool {
			if (best < 0 || areas[k] < areas[best]) && area <= areas[k] && contains(orb.Bound{Min: lo, Max: hi}, bound) &&
				(len(shells) == 1 || around(shells[k], hole)) {
				best = k
			}
			return true
		})
		switch {
		case best >= 0:
			out[best] = append(out[best], hole)
		case area > noise:
			return nil, fmt.Errorf("hole at (%g, %g) lies in no shell", hole[0][0], hole[0][1])
		}
	}
	return out, nil
}

// noise is the doubled area, in cells, of what rounding alone can turn inside out.
const noise = 1e-9

func contains(outer, inner orb.Bound) bool {
	return outer.Contains(inner.Min) && outer.Contains(inner.Max)
}

// around tells whether hole, which does not cross shell, lies inside it: the first vertex or middle of an edge that
// is not on the shell decides.
func around(shell, hole orb.Ring) bool {
	for i := 0; i+1 < len(hole); i++ {
		a, b := hole[i], hole[i+1]
		for _, p := range [2]orb.Point{a, {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}} {
			if in, on := Inside(shell, p); !on {
				return in
			}
		}
	}
	return false
}

// Inside tells whether a point lies inside a closed ring, and whether it lies on it.
func Inside(ring orb.Ring, p orb.Point) (in, on bool) {
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		if (a[1] > p[1]) == (b[1] > p[1]) && !(a[1] == p[1] && b[1] == p[1]) && a != p && b != p {
			continue
		}
		turn := (b[0]-a[0])*(p[1]-a[1]) - (p[0]-a[0])*(b[1]-a[1])
		if turn == 0 && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] &&
			p[1] <= max(a[1], b[1]) {
			return false, true
		}
		if (a[1] > p[1]) != (b[1] > p[1]) && (turn > 0) == (b[1] > a[1]) {
			in = !in
		}
	}
	return in, false
}

// Simple splits a closed ring at the points that it visits more than once, so that no
// result does. Orientation is kept; pieces without area are dropped.
func Simple(ring orb.Ring) []orb.Ring {
	var out []orb.Ring
	at := make(map[orb.Point]int, len(ring))
	path := make(orb.Ring, 0, len(ring))
	for _, p := range ring {
		if from, again := at[p]; again {
			loop := append(append(orb.Ring(nil), path[from:]...), p)
			if len(loop) > 3 && DoubleArea(loop) != 0 {
				out = append(out, loop)
			}
			for _, q := range path[from+1:] {
				delete(at, q)
			}
			path = path[:from+1]
			continue
		}
		at[p] = len(path)
		path = append(path, p)
	}
	return out
}

// canonical rotates a closed ring in place so that it starts at its first vertex in
// (v, u) order.
func canonical(ring orb.Ring) {
	n := len(ring) - 1
	first := 0
	for i := 1; i < n; i++ {
		if Before(ring[i], ring[first]) {
			first = i
		}
	}
	if first == 0 {
		return
	}
	slices.Reverse(ring[:first])
	slices.Reverse(ring[first:n])
	slices.Reverse(ring[:n])
	ring[n] = ring[0]
}

// ComparePoints orders points by v, then by u.
func ComparePoints(a, b orb.Point) int {
	return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0]))
}

// Before tells that a comes before b in the order of ComparePoints. It is faster.
func Before(a, b orb.Point) bool { return a[1] < b[1] || (a[1] == b[1] && a[0] < b[0]) }

// DoubleArea returns twice the signed area of a closed ring. It is summed relative to the first point.
func DoubleArea(ring orb.Ring) float64 {
	sum := 0.0
	o := ring[0]
	for i := 1; i < len(ring); i++ {
		sum += (ring[i-1][0]-o[0])*(ring[i][1]-o[1]) - (ring[i][0]-o[0])*(ring[i-1][1]-o[1])
	}
	return sum
}
