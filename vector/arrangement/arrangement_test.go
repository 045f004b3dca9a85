package arrangement

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/trace"
)

// outlinesOf returns the outline of each kind of ground, by its regions.
func outlinesOf(t *testing.T, a *Arrangement) map[string]orb.MultiPolygon {
	t.Helper()
	parts, owner := make([][]int32, len(a.Sets)), make([]int32, len(a.Sets))
	for kind := 1; kind < len(parts); kind++ {
		parts[kind], owner[kind] = []int32{int32(kind)}, a.Sets[kind].First()
	}
	outlines, err := a.Outlines(parts, owner)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]orb.MultiPolygon{}
	for kind := 1; kind < len(parts); kind++ {
		out[fmt.Sprint(a.Sets[kind].AppendTo(nil))] = outlines[kind]
	}
	return out
}

// Regions of whole squares of a lattice have all borders in common with each other and with the lattice: a twin counts
// squares.
func TestAgainstSquares(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	const size = 12
	for draw := range 400 {
		var masks [4][size * size]bool
		var regions []orb.MultiPolygon
		for i := range masks {
			for range 1 + rng.IntN(4) {
				u0, v0 := rng.IntN(size), rng.IntN(size)
				u1, v1, value := u0+1+rng.IntN(size-u0), v0+1+rng.IntN(size-v0), rng.IntN(4) > 0
				for v := v0; v < v1; v++ {
					for u := u0; u < u1; u++ {
						masks[i][v*size+u] = value
					}
				}
			}
			var runs []trace.Run
			for k, in := range masks[i] {
				if in {
					runs = trace.Append(runs, trace.Run{Row: int32(k / size), Col0: int32(k % size), Col1: int32(k%size + 1)})
				}
			}
			regions = append(regions, trace.Polygons(runs))
		}
		a, err := New(regions, math.MaxInt64, 0)
		if a == nil {
			t.Fatalf("draw %d: in doubt: %v", draw, err)
		}
		want := map[string][]trace.Run{}
		for k := range size * size {
			var in []int32
			for i := range masks {
				if masks[i][k] {
					in = append(in, int32(i))
				}
			}
			if in != nil {
				key := fmt.Sprint(in)
				want[key] = trace.Append(want[key], trace.Run{Row: int32(k / size), Col0: int32(k % size), Col1: int32(k%size + 1)})
			}
		}
		got := outlinesOf(t, a)
		if len(got) != len(want) {
			t.Fatalf("draw %d: %d kinds of ground, want %d", draw, len(got), len(want))
		}
		for key, runs := range want {
			kind := slices.IndexFunc(a.Sets, func(s Set) bool { return fmt.Sprint(s.AppendTo(nil)) == key })
			if area := vector.Area(trace.Polygons(runs)); math.Abs(a.Areas[kind]-area) > 1e-12 ||
				math.Abs(vector.Area(got[key])-area) > 1e-12 {
				t.Fatalf("draw %d: %s has %v, outlined %v; want %v", draw, key, a.Areas[kind], vector.Area(got[key]), area)
			}
			for _, r := range trace.Polygons(runs) { // a vertex may also stand where another region has one
				for _, p := range r[0] {
					found := false
					for _, polygon := range got[key] {
						for _, ring := range polygon {
							found = found || slices.Contains(ring, p)
						}
					}
					if !found {
						t.Fatalf("draw %d: %s lacks the corner %v: %v", draw, key, p, got[key])
					}
				}
			}
		}
	}
}

// An outline has the vertices of its owner, and corners; what merely crosses or touches it leaves none.
func TestVerticesOfOutlines(t *testing.T) {
	rect := func(u0, v0, u1, v1 float64) orb.MultiPolygon {
		return orb.MultiPolygon{orb.Bound{Min: orb.Point{u0, v0}, Max: orb.Point{u1, v1}}.ToPolygon()}
	}
	reserve := rect(0, 0, 10, 10)
	// A neighbour with a vertex in the middle of the common border, one that is a bit beside it, and a strip across.
	neighbour := orb.MultiPolygon{{{{10, 0}, {20, 0}, {20, 10}, {10, 10}, {10 + 1e-13, 4}, {10, 0}}}}
	strip := rect(-5, 6, 30, 7)
	a, err := New([]orb.MultiPolygon{reserve, neighbour, strip}, math.MaxInt64, 0)
	if a == nil {
		t.Fatal("in doubt", err)
	}
	parts := make([][]int32, len(a.Sets))
	for kind, in := range a.Sets { // part 0 is the reserve, part 1 the neighbour, part 2 the strip without both
		for i := range in.All() {
			if i < 2 || len(in.AppendTo(nil)) == 1 {
				parts[kind] = append(parts[kind], i)
			}
		}
	}
	outlines, err := a.Outlines(parts, []int32{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if !outlines[0].Equal(reserve) {
		t.Errorf("the reserve became %v", outlines[0])
	}
	if n := len(outlines[1][0][0]); n != 6 || !slices.Contains(outlines[1][0][0], orb.Point{10 + 1e-13, 4}) {
		t.Errorf("the neighbour became %v", outlines[1])
	}
	if got := vector.Area(outlines[2]); len(outlines[2]) != 2 || math.Abs(got-15) > 1e-9 {
		t.Errorf("the rest of the strip is %v", outlines[2])
	}
	if err := checkCorners(outlines[2]); err != nil {
		t.Error(err)
	}
}

// checkCorners tells which ring has more than four corners.
func checkCorners(mp orb.MultiPolygon) error {
	for _, p := range mp {
		if len(p) != 1 || len(p[0]) != 5 {
			return fmt.Errorf("no rectangle: %v", p)
		}
	}
	return nil
}

func TestDoubt(t *testing.T) {
	needle := func(du, dv float64) orb.MultiPolygon { // an edge of each goes through (0.3, 0.3)
		a, b := orb.Point{0.3 - du, 0.3 - dv}, orb.Point{0.3 + du, 0.3 + dv}
		return orb.MultiPolygon{{{a, b, {b[0] - dv, b[1] + du}, a}}}
	}
	for _, k := range []struct {
		name    string
		regions []orb.MultiPolygon
		sure    bool
	}{
		{"nothing", nil, true},
		{"an empty region", []orb.MultiPolygon{nil, needle(1, 2)}, true},
		{"two edges in a point", []orb.MultiPolygon{needle(1, 2), needle(2, 1)}, true},
		{"three edges in a point", []orb.MultiPolygon{needle(1, 2), needle(2, 1), needle(3, 1.1)}, false},
		{"an outline inside out", []orb.MultiPolygon{{{{{0, 0}, {0, 1}, {1, 1}, {0, 0}}}}}, false},
		{"a region that overlaps itself", []orb.MultiPolygon{{needle(1, 2)[0], needle(1, 2)[0]}}, false},
		{"vast", []orb.MultiPolygon{{{{{0, 0}, {1e200, 0}, {0, 1e200}, {0, 0}}}}}, false},
	} {
		if a, err := New(k.regions, math.MaxInt64, 0); (a != nil) != k.sure || err != nil {
			t.Errorf("%s: arranged is %v, %v", k.name, a != nil, err)
		}
	}
}

// TestLeastBytes: of stacked regions it is known before they are divided that there is no room, never too much is said,
// and nothing of neighbours whose borders cross at every edge.
func TestLeastBytes(t *testing.T) {
	const later = 600
	for _, n := range []int{20, 100, 200} {
		var stack []orb.MultiPolygon
		for i := range n {
			at := float64(i) / 16
			stack = append(stack, orb.MultiPolygon{orb.Bound{Min: orb.Point{at, at}, Max: orb.Point{at + 20, at + 20}}.ToPolygon()})
		}
		a, err := New(stack, math.MaxInt64, later)
		if err != nil || a == nil {
			t.Fatalf("%v, %v", a != nil, err)
		}
		took := int64(0)
		for _, set := range a.Sets {
			took += KindBytes(set) + later
		}
		nodes := noder{origin: originOf(stack)}
		if !nodes.load(stack) || !nodes.findPairs() {
			t.Fatal("squares are in doubt")
		}
		least := nodes.leastBytes(later)
		if least > took || n > 20 && least < took/4 {
			t.Errorf("%d squares take %d bytes, at least %d are said", n, took, least)
		}
		if n == 20 {
			continue
		}
		if a, err := New(stack, least-1, later); a != nil || !errors.Is(err, ErrRoom) {
			t.Errorf("%d squares: there is no room: %v, %v", n, a != nil, err)
		}
	}
	saw := func(high float64) orb.MultiPolygon { // teeth on the upper side
		ring := orb.Ring{{0, 0}, {200, 0}}
		for x := 200; x >= 0; x-- {
			ring = append(ring, orb.Point{float64(x), high + float64(x%2)})
		}
		return orb.MultiPolygon{{append(ring, ring[0])}}
	}
	twice := []orb.MultiPolygon{saw(5), {{{{0, 5.5}, {200, 5.5}, {200, 9}, {0, 9}, {0, 5.5}}}}}
	nodes := noder{origin: originOf(twice)}
	if !nodes.load(twice) || !nodes.findPairs() || len(nodes.pairs) < 190 || nodes.leastBytes(later) != 0 {
		t.Errorf("neighbours with %d crossings take %d bytes", len(nodes.pairs), nodes.leastBytes(later))
	}
}

// Squares that are each moved a little make a kind of ground for each two of them.
func TestRoom(t *testing.T) {
	const n = 60
	var stack []orb.MultiPolygon
	for i := range n {
		at := float64(i) / 10
		stack = append(stack, orb.MultiPolygon{orb.Bound{Min: orb.Point{at, at}, Max: orb.Point{at + 20, at + 20}}.ToPolygon()})
	}
	a, err := New(stack, math.MaxInt64, 0)
	if err != nil || a == nil || len(a.Sets) < n*n/2 {
		t.Fatalf("%v, %v", a != nil, err)
	}
	took := int64(0)
	for _, set := range a.Sets {
		took += KindBytes(set)
	}
	if a, err := New(stack, took, 0); a == nil || err != nil {
		t.Errorf("there is just room: %v, %v", a != nil, err)
	}
	if a, err := New(stack, took-1, 0); a != nil || !errors.Is(err, ErrRoom) {
		t.Errorf("there is no room: %v, %v", a != nil, err)
	}
}
