package vector

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// BoxTree holds the rings of a multipolygon one after the other, without repeated points, and a tree of boxes over
// their edges, which finds the edges that come near something.
type BoxTree struct {
	// Ring r has the vertices from Ends[r-1] up to, not including, Ends[r]; the last one repeats the first. Edge i leads
	// from vertex i to the next one.
	At   []orb.Point
	Ends []int32
	Runs []Run
	// Budget is how many boxes may still be looked at before Pairs, OwnPairs and Beside stop and return false. Load
	// makes it as good as infinite.
	Budget int

	// levels are boxes around one run each, then around Fan boxes of the level before, up to a single box.
	levels [][]orb.Bound
}

// Run is the edges From ≤ i < To of a ring: Fan of them, or those that are left at its end.
type Run struct{ From, To, Ring int32 }

// Fan is the number of edges of a run.
const Fan = 8

// Load makes t the tree of mp, with boxes that are wider than the edges by margin on each side. It does not share the
// memory of mp, and uses its own again.
func (t *BoxTree) Load(mp orb.MultiPolygon, margin float64) {
	t.At, t.Ends, t.Runs = slices.Grow(t.At[:0], Vertices(mp)), t.Ends[:0], t.Runs[:0]
	for _, p := range mp {
		for _, r := range p {
			from := len(t.At)
			for i, q := range r {
				if i == 0 || q != r[i-1] {
					t.At = append(t.At, q)
				}
			}
			for last := len(t.At) - 1; from < last; from += Fan {
				t.Runs = append(t.Runs, Run{int32(from), int32(min(from+Fan, last)), int32(len(t.Ends))})
			}
			t.Ends = append(t.Ends, int32(len(t.At)))
		}
	}
	boxes := t.level(0, len(t.Runs))
	for k, r := range t.Runs {
		b := boundOf(t.At[r.From : r.To+1])
		b.Min[0], b.Min[1] = b.Min[0]-margin, b.Min[1]-margin
		b.Max[0], b.Max[1] = b.Max[0]+margin, b.Max[1]+margin
		boxes[k] = b
	}
	t.Budget = math.MaxInt
	level := 1
	for ; len(boxes) > 1; level++ {
		above := t.level(level, (len(boxes)+Fan-1)/Fan)
		for k := range above {
			above[k] = boxes[k*Fan]
			for _, b := range boxes[k*Fan+1 : min(k*Fan+Fan, len(boxes))] {
				above[k] = hull(above[k], b)
			}
		}
		boxes = above
	}
	t.levels = t.levels[:level]
}

// level returns room for n boxes of a level.
func (t *BoxTree) level(level, n int) []orb.Bound {
	if level == cap(t.levels) {
		t.levels = append(t.levels[:level], nil)
	}
	t.levels = t.levels[:level+1]
	t.levels[level] = slices.Grow(t.levels[level][:0], n)[:n]
	return t.levels[level]
}

func boundOf(points []orb.Point) orb.Bound {
	b := orb.Bound{Min: points[0], Max: points[0]}
	for _, p := range points[1:] {
		b.Min[0], b.Max[0] = min(b.Min[0], p[0]), max(b.Max[0], p[0])
		b.Min[1], b.Max[1] = min(b.Min[1], p[1]), max(b.Max[1], p[1])
	}
	return b
}

func hull(a, b orb.Bound) orb.Bound {
	return orb.Bound{
		Min: orb.Point{min(a.Min[0], b.Min[0]), min(a.Min[1], b.Min[1])},
		Max: orb.Point{max(a.Max[0], b.Max[0]), max(a.Max[1], b.Max[1])},
	}
}

func meets(a, b *orb.Bound) bool {
	return a.Min[0] <= b.Max[0] && b.Min[0] <= a.Max[0] && a.Min[1] <= b.Max[1] && b.Min[1] <= a.Max[1]
}

// Loaded tells whether Load has been called.
func (t *BoxTree) Loaded() bool { return t.levels != nil }

// Box returns the box around a run.
func (t *BoxTree) Box(run int) *orb.Bound { return &t.levels[0][run] }

// RingOf returns the ring of a vertex.
func (t *BoxTree) RingOf(vertex int32) int {
	r, _ := slices.BinarySearch(t.Ends, vertex+1)
	return r
}

// Vertices returns the first vertex of a ring, and the last one, which repeats it.
func (t *BoxTree) Vertices(ring int) (first, last int32) {
	if ring > 0 {
		first = t.Ends[ring-1]
	}
	return first, t.Ends[ring] - 1
}

// Pairs visits all runs i of t and k of another tree whose boxes meet, until visit
// returns false. It tells whether all were visited.
func (t *BoxTree) Pairs(other *BoxTree, visit func(i, k int) bool) bool {
	return len(t.Runs) == 0 || len(other.Runs) == 0 || t.pairs(len(t.levels)-1, 0, other, len(other.levels)-1, 0, visit)
}

// pairs does what Pairs does, below two boxes.
func (t *BoxTree) pairs(level, i int, other *BoxTree, levelOther, k int, visit func(i, k int) bool) bool {
	a, b := &t.levels[level][i], &other.levels[levelOther][k]
	if t.Budget -= Fan; t.Budget < 0 {
		return false
	}
	switch {
	case !meets(a, b):
	case level == 0 && levelOther == 0:
		return visit(i, k)
	case level >= levelOther:
		below := t.levels[level-1]
		for child := i * Fan; child < min(i*Fan+Fan, len(below)); child++ {
			if meets(&below[child], b) && !t.pairs(level-1, child, other, levelOther, k, visit) {
				return false
			}
		}
	default:
		below := other.levels[levelOther-1]
		for child := k * Fan; child < min(k*Fan+Fan, len(below)); child++ {
			if meets(&below[child], a) && !t.pairs(level, i, other, levelOther-1, child, visit) {
				return false
			}
		}
	}
	return true
}

// OwnPairs visits the runs i < k of one tree whose boxes meet, as Pairs does.
func (t *BoxTree) OwnPairs(visit func(i, k int) bool) bool {
	for level := len(t.levels) - 1; level > 0; level-- {
		below := t.levels[level-1]
		for from := 0; from < len(below); from += Fan {
			if t.Budget -= Fan * Fan / 2; t.Budget < 0 {
				return false
			}
			to := min(from+Fan, len(below))
			for i := from; i < to; i++ {
				for k := i + 1; k < to; k++ {
					if meets(&below[i], &below[k]) && !t.pairs(level-1, i, t, level-1, k, visit) {
						return false
					}
				}
			}
		}
	}
	return true
}

// Beside visits the runs with edges that the ray from p to the right may cross, in ascending order, until visit
// returns false. It tells whether all were visited.
func (t *BoxTree) Beside(p orb.Point, visit func(run int) bool) bool {
	return len(t.Runs) == 0 || t.beside(len(t.levels)-1, 0, p, visit)
}

// beside does what Beside does, below a box.
func (t *BoxTree) beside(level, k int, p orb.Point, visit func(run int) bool) bool {
	b := &t.levels[level][k]
	switch {
	case p[1] < b.Min[1] || p[1] > b.Max[1] || p[0] > b.Max[0]:
		return true
	case level == 0:
		return visit(k)
	}
	if t.Budget -= Fan; t.Budget < 0 {
		return false
	}
	for child := k * Fan; child < min(k*Fan+Fan, len(t.levels[level-1])); child++ {
		if !t.beside(level-1, child, p, visit) {
			return false
		}
	}
	return true
}

// Near lists the edges of a run whose bounds meet a box.
func (t *BoxTree) Near(run int, box *orb.Bound, list *[Fan]int32) []int32 {
	n := 0
	r := t.Runs[run]
	for i := r.From; i < r.To; i++ {
		p, q := t.At[i], t.At[i+1]
		if min(p[0], q[0]) <= box.Max[0] && max(p[0], q[0]) >= box.Min[0] && min(p[1], q[1]) <= box.Max[1] &&
			max(p[1], q[1]) >= box.Min[1] {
			list[n] = i
			n++
		}
	}
	return list[:n]
}
