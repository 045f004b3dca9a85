package trace

import (
	"slices"

	"github.com/paulmach/orb"

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

// Count returns how many cells runs hold that do not overlap.
func Count(runs []Run) (n int64) {
	for _, r := range runs {
		n += int64(r.Col1 - r.Col0)
	}
	return n
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
