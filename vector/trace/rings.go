package trace

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/vector"
)

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
	around := shellsAround(shells)
	for _, hole := range holes {
		switch best := around(hole); {
		case best >= 0:
			out[best] = append(out[best], hole)
		case -DoubleArea(hole) > noise:
			return nil, fmt.Errorf("hole at (%g, %g) lies in no shell", hole[0][0], hole[0][1])
		}
	}
	return out, nil
}

// shellsAround returns a function that finds the smallest shell around a hole, −1 if there is none.
func shellsAround(shells []orb.Ring) func(hole orb.Ring) int {
	areas, bounds := make([]float64, len(shells)), make([]orb.Bound, len(shells))
	for k, r := range shells {
		areas[k], bounds[k] = DoubleArea(r), r.Bound()
	}
	if len(shells) == 1 {
		return func(hole orb.Ring) int {
			if -DoubleArea(hole) <= areas[0] && contains(bounds[0], hole.Bound()) {
				return 0
			}
			return -1
		}
	}
	var tree rtree.RTreeG[int]
	for k, b := range bounds {
		tree.Insert(b.Min, b.Max, k)
	}
	large := map[int]*vector.BoxTree{} // of those that were asked for
	inside := func(k int) func(p orb.Point) (in, on bool) {
		if len(shells[k]) < largeShell {
			return func(p orb.Point) (in, on bool) { return Inside(shells[k], p) }
		}
		edges := large[k]
		if edges == nil {
			edges = new(vector.BoxTree)
			edges.Load(orb.MultiPolygon{{shells[k]}}, 0)
			large[k] = edges
		}
		return func(p orb.Point) (in, on bool) {
			on = !edges.Beside(p, func(run int) bool {
				r := edges.Runs[run]
				odd, on := Inside(edges.At[r.From:r.To+1], p)
				in = in != odd
				return !on
			})
			return in && !on, on
		}
	}
	return func(hole orb.Ring) int {
		best, bound, area := -1, hole.Bound(), -DoubleArea(hole)
		tree.Search(bound.Min, bound.Max, func(_, _ [2]float64, k int) bool {
			if (best < 0 || areas[k] < areas[best]) && area <= areas[k] && contains(bounds[k], bound) &&
				around(inside(k), hole) {
				best = k
			}
			return true
		})
		return best
	}
}

// noise is the doubled area, in cells, of what rounding alone can turn inside out.
const noise = 1e-9

func contains(outer, inner orb.Bound) bool {
	return outer.Contains(inner.Min) && outer.Contains(inner.Max)
}

// largeShell is the number of points from which on a tree of its edges is made of a shell, as many holes may ask for it.
const largeShell = 1000

// around tells whether hole, which does not cross a shell, lies inside it: the first vertex or middle of an edge that
// is not on the shell decides. inside tells what [Inside] does of the shell.
func around(inside func(p orb.Point) (in, on bool), hole orb.Ring) bool {
	for i := 0; i+1 < len(hole); i++ {
		a, b := hole[i], hole[i+1]
		for _, p := range [2]orb.Point{a, {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}} {
			if in, on := inside(p); !on {
				return in
			}
		}
	}
	return false
}

// Inside tells whether a point lies inside a closed ring, and whether it lies on it. Of a part of a ring it tells
// whether the ray to the right crosses that an odd number of times.
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
	var few [3 * fewPoints]int32
	memory := few[:]
	if len(ring) > fewPoints {
		memory = make([]int32, 3*len(ring))
	}
	first, path, at := memory[:len(ring)], memory[len(ring) : 2*len(ring)][:0], memory[2*len(ring):]
	number(ring, first)
	for i, p := range ring { // path holds positions in ring, at[k] where in path the point first[k] is, from 1 on
		from := at[first[i]]
		if from == 0 {
			path = append(path, int32(i))
			at[first[i]] = int32(len(path))
			continue
		}
		loop := make(orb.Ring, 0, len(path)-int(from)+2)
		for _, k := range path[from-1:] {
			loop = append(loop, ring[k])
		}
		if loop = append(loop, p); len(loop) > 3 && DoubleArea(loop) != 0 {
			out = append(out, loop)
		}
		for _, k := range path[from:] {
			at[first[k]] = 0
		}
		path = path[:from]
	}
	return out
}

// fewPoints is how many points a ring may have that is split in memory on the stack.
const fewPoints = 128

// number sets first, which is as long as points, to the position at which each of them occurs first.
func number(points []orb.Point, first []int32) {
	var few [4 * fewPoints]int32
	size := len(few)
	table := few[:] // by hash: 1 + the position of the point that took the place
	if len(points) > fewPoints {
		size = 2 << bits.Len(uint(len(points)))
		table = make([]int32, size)
	}
	shift := 64 - bits.Len(uint(size-1))
	for i, p := range points {
		k := hash(p) >> shift
		for table[k] != 0 && points[table[k]-1] != p {
			k = (k + 1) & uint64(size-1)
		}
		if table[k] == 0 {
			table[k] = int32(i + 1)
		}
		first[i] = table[k] - 1
	}
}

// hash returns a hash of which the upper bits are to be used. Adding zero makes zeros of both signs one; products mix
// upwards, so the upper bits are brought down between.
func hash(p orb.Point) uint64 {
	h := math.Float64bits(p[0]+0) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ math.Float64bits(p[1]+0)) * 0xd6e8feb86659fd93
	return (h ^ h>>32) * 0xd6e8feb86659fd93
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
