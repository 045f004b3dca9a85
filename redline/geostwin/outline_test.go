package geostwin

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/engine"
)

// spot is a published point in 10⁻⁷ degrees, east and north of (100°, 40°): an integer,
// so that everything below is exact.
type spot [2]int64

// spots turns published outlines into integers.
func spots(mp orb.MultiPolygon) ([][][]spot, error) {
	var out [][][]spot
	for _, p := range mp {
		var rings [][]spot
		for _, r := range p {
			ring := make([]spot, len(r))
			for i, q := range r {
				for axis, origin := range [2]float64{100, 40} {
					n := math.Round(q[axis] * degree)
					if n/degree != q[axis] {
						return nil, fmt.Errorf("%v has more than 7 decimals", q)
					}
					ring[i][axis] = int64(n) - int64(origin)*degree
				}
			}
			rings = append(rings, ring)
		}
		out = append(out, rings)
	}
	return out, nil
}

func doubleArea(r []spot) (sum int64) {
	for i := 1; i < len(r); i++ {
		sum += (r[i-1][0]-r[0][0])*(r[i][1]-r[0][1]) - (r[i][0]-r[0][0])*(r[i-1][1]-r[0][1])
	}
	return sum
}

// turn is positive when a, b, c turn left.
func turn(a, b, c spot) int64 {
	return (b[0]-a[0])*(c[1]-a[1]) - (c[0]-a[0])*(b[1]-a[1])
}

func between(a, b, p spot) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1])
}

// inRing tells whether p lies in a ring, and whether on it. All coordinates of the ring
// count double.
func inRing(ring []spot, p spot) (in, on bool) {
	for i := 1; i < len(ring); i++ {
		a, b := spot{2 * ring[i-1][0], 2 * ring[i-1][1]}, spot{2 * ring[i][0], 2 * ring[i][1]}
		t := turn(a, b, p)
		if t == 0 && between(a, b, p) {
			return false, true
		}
		if (a[1] > p[1]) != (b[1] > p[1]) && (t > 0) == (b[1] > a[1]) {
			in = !in
		}
	}
	return in, false
}

// invalid says why published outlines are no valid multipolygon of RFC 7946 (and so of
// OGC Simple Features), "" when they are one.
func invalid(mp [][][]spot) string {
	type side struct {
		a, b           spot
		polygon, ring  int
		index, corners int
	}
	var sides []side
	rings := 0
	for pi, p := range mp {
		for ri, r := range p {
			if len(r) < 4 || r[0] != r[len(r)-1] {
				return fmt.Sprintf("ring %d.%d is not closed or has less than 4 points", pi, ri)
			}
			if a := doubleArea(r); (a > 0) != (ri == 0) || a == 0 {
				return fmt.Sprintf("ring %d.%d runs the wrong way round", pi, ri)
			}
			for i := 1; i < len(r); i++ {
				if r[i] == r[i-1] {
					return fmt.Sprintf("a point repeated: %v", r[i])
				}
				sides = append(sides, side{r[i-1], r[i], pi, rings, i - 1, len(r) - 1})
			}
			rings++
		}
	}
	// touches are the points at which two rings meet.
	type touch struct {
		polygon, ring int
		at            spot
	}
	touches := map[touch]bool{}
	order := make([]int, len(sides))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return int(min(sides[i].a[0], sides[i].b[0]) - min(sides[j].a[0], sides[j].b[0]))
	})
	for k, i := range order {
		e := sides[i]
		for _, j := range order[k+1:] {
			f := sides[j]
			if min(f.a[0], f.b[0]) > max(e.a[0], e.b[0]) {
				break
			}
			if max(e.a[1], e.b[1]) < min(f.a[1], f.b[1]) || max(f.a[1], f.b[1]) < min(e.a[1], e.b[1]) {
				continue
			}
			fa, fb, ea, eb := turn(e.a, e.b, f.a), turn(e.a, e.b, f.b), turn(f.a, f.b, e.a), turn(f.a, f.b, e.b)
			if (fa > 0) != (fb > 0) && fa != 0 && fb != 0 && (ea > 0) != (eb > 0) && ea != 0 && eb != 0 {
				return fmt.Sprintf("edges %v–%v and %v–%v cross", e.a, e.b, f.a, f.b)
			}
			var common []spot
			for _, p := range []spot{e.a, e.b, f.a, f.b} {
				if turn(e.a, e.b, p) == 0 && between(e.a, e.b, p) && turn(f.a, f.b, p) == 0 && between(f.a, f.b, p) && !slices.Contains(common, p) {
					common = append(common, p)
				}
			}
			switch {
			case len(common) == 0:
			case len(common) > 1:
				return fmt.Sprintf("edges %v–%v and %v–%v run along each other", e.a, e.b, f.a, f.b)
			case e.ring == f.ring:
				if d := (e.index - f.index + e.corners) % e.corners; d != 1 && d != e.corners-1 {
					return fmt.Sprintf("a ring touches itself at %v", common[0])
				}
			default:
				touches[touch{e.polygon, e.ring, common[0]}] = true
				touches[touch{f.polygon, f.ring, common[0]}] = true
			}
		}
	}
	// Rings touch in points at most, so each lies in or out of another as a whole.
	where := func(ring, other []spot) (in, out bool) {
		for i := 1; i < len(ring); i++ {
			if inside, on := inRing(other, spot{ring[i-1][0] + ring[i][0], ring[i-1][1] + ring[i][1]}); !on {
				in, out = in || inside, out || !inside
			}
		}
		return in, out
	}
	bound := func(r []spot) (b [4]int64) {
		b = [4]int64{r[0][0], r[0][1], r[0][0], r[0][1]}
		for _, p := range r {
			b = [4]int64{min(b[0], p[0]), min(b[1], p[1]), max(b[2], p[0]), max(b[3], p[1])}
		}
		return b
	}
	apart := func(a, b [4]int64) bool { return a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1] }
	for pi, p := range mp {
		for ri, hole := range p[1:] {
			if _, out := where(hole, p[0]); out {
				return fmt.Sprintf("hole %d.%d leaves its shell", pi, ri+1)
			}
			for rj, other := range p[1:] {
				if ri != rj && !apart(bound(hole), bound(other)) {
					if in, _ := where(hole, other); in {
						return fmt.Sprintf("holes %d.%d and %d.%d overlap", pi, ri+1, pi, rj+1)
					}
				}
			}
		}
		for pj, q := range mp {
			if pi == pj || apart(bound(p[0]), bound(q[0])) {
				continue
			}
			if in, _ := where(p[0], q[0]); in && !slices.ContainsFunc(q[1:], func(hole []spot) bool {
				_, out := where(p[0], hole)
				return !out
			}) {
				return fmt.Sprintf("parts %d and %d overlap", pi, pj)
			}
		}
	}
	// The inside hangs together when rings and the points at which they touch form no circle.
	parent := map[any]any{}
	var find func(x any) any
	find = func(x any) any {
		if parent[x] == nil || parent[x] == x {
			return x
		}
		parent[x] = find(parent[x])
		return parent[x]
	}
	type node struct {
		polygon int
		at      spot
	}
	for t := range touches {
		a, b := find(t.ring), find(node{t.polygon, t.at})
		if a == b {
			return fmt.Sprintf("rings that touch cut part %d in two at %v", t.polygon, t.at)
		}
		parent[a] = b
	}
	return ""
}

// outlines holds the published outlines against the twin: valid, 7 decimals, and every
// place of the raster in the outline of the candidate that it belongs to, and no other,
// but for rounding along the borders.
func outlines(s *scene, a *answer, c *collector) (v *verdict) {
	v = &verdict{}
	type outline struct {
		name  string
		part  partKey
		rings [][][2]*big.Rat
		area  float64 // exact, rounded once
		slack float64
	}
	cols := s.in.Grid.Cols
	var all []outline
	for _, k := range c.keys() {
		got := c.found[k]
		if got.Reason != "" {
			continue
		}
		o := outline{name: "outline of " + got.ID, part: partKey{a.patchOf[int(k.Row)*cols+int(k.Col)], int(k.Zone)}}
		points, err := spots(got.Geometry)
		if err != nil {
			v.bad("%s: %v", o.name, err)
			continue
		}
		equal(v, o.name+" is invalid", invalid(points), "")
		n := 0
		for _, p := range points {
			for _, r := range p {
				ring := make([][2]*big.Rat, len(r))
				for i, q := range r {
					ring[i] = [2]*big.Rat{big.NewRat(q[0], s.step), big.NewRat(-q[1], s.step)}
				}
				o.rings = append(o.rings, ring)
				o.area += float64(doubleArea(r)) / 2 / float64(s.step) / float64(s.step)
				n += len(r)
			}
		}
		// A border of length L (per axis and added) whose ends move by δ along each axis
		// sweeps at most δ·L + δ² per edge; snapping may move it once more.
		δ := s.blur()
		o.slack = 2*δ*a.patches[o.part.patch].outline + 4*δ*δ*float64(n) + touching*float64(len(s.in.Zones)) + relative*o.area
		v.near(o.name+": area", o.area, got.AreaM2/cellM2, o.slack)
		all = append(all, o)
	}
	batch := 64 - len(s.in.Zones)
	for len(all) > 0 {
		now := all[:min(batch, len(all))]
		all = all[len(now):]
		plane := newPlane(cols)
		for _, z := range s.in.Zones {
			plane.add(rational(z.Shape))
		}
		of := map[partKey]int{}
		for i, o := range now {
			plane.add(o.rings)
			of[o.part] = i
		}
		wrong, covered := make([]float64, len(now)), make([]float64, len(now))
		for cell, patch := range a.patchOf {
			plane.cell(cell/cols, cell%cols, func(area float64, in uint64) {
				owner := -1
				for rank, z := range a.rank {
					if patch >= 0 && in>>z&1 == 1 {
						if i, ok := of[partKey{patch, rank}]; ok {
							owner = i
						}
						break
					}
				}
				for i := range now {
					has := in>>(len(s.in.Zones)+i)&1 == 1
					if has {
						covered[i] += area
					}
					if has != (i == owner) {
						wrong[i] += area
					}
				}
			})
		}
		for i, o := range now {
			v.near(o.name+": cells that lie in it wrongly, or wrongly not", wrong[i], 0, o.slack)
			v.near(o.name+": area inside the raster", covered[i], o.area, 1e-9*(1+o.area))
		}
	}
	return v
}

func TestOutlinesAgainstTwin(t *testing.T) {
	m := newMaker(t)
	scenes, failed, comparisons := 0, 0, 0
	for _, seed := range seeds(t, 40, 1000) {
		s := m.random(seed)
		s.o.MinArea, s.o.MinPart = redline.Size{}, redline.Size{} // also the smallest parts
		scenes++
		c, _, err := run(s, engine.Tuning{Workers: 1})
		v := &verdict{}
		if err != nil {
			v.bad("the run failed: %v", err)
		} else {
			v = outlines(s, solve(s), c)
		}
		if len(v.problems) > 0 {
			failed++
			report(t, s, v)
		}
		comparisons += v.comparisons
	}
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: skipped %d", 0)
	t.Logf("tally: failed %d", failed)
	t.Logf("tally: comparisons %d", comparisons)
}
