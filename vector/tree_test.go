package vector

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// Against all pairs of runs, and all runs, one by one.
func TestBoxTree(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	ring := func() (r orb.Ring) {
		x, y := 20*rng.Float64(), 20*rng.Float64()
		for range 1 + rng.IntN(1+rng.IntN(400)) {
			x, y = x+float64(rng.IntN(5)-2), y+float64(rng.IntN(5)-2) // at times a repeated point
			r = append(r, orb.Point{x, y})
		}
		return append(r, r[0])
	}
	var trees [2]BoxTree
	pairs := 0
	for range 300 {
		for i := range trees {
			var mp orb.MultiPolygon
			want := []orb.Point{}
			for range rng.IntN(4) {
				var p orb.Polygon
				for range 1 + rng.IntN(3) {
					p = append(p, ring())
					want = append(want, slices.Compact(slices.Clone(p[len(p)-1]))...)
				}
				mp = append(mp, p)
			}
			trees[i].Load(mp, 0.25)
			if !slices.Equal(trees[i].At, want) {
				t.Fatal("other vertices")
			}
		}
		a, b := &trees[0], &trees[1]
		edges := 0
		for k, r := range a.Runs {
			first, last := a.Vertices(int(r.Ring))
			if r.From < first || r.To > last || r.To-r.From > Fan || r.From >= r.To || a.RingOf(r.From) != int(r.Ring) {
				t.Fatalf("run %+v of a ring from %d to %d", r, first, last)
			}
			edges += int(r.To - r.From)
			want := orb.MultiPoint(a.At[r.From : r.To+1]).Bound().Pad(0.25)
			if *a.Box(k) != want {
				t.Fatalf("box %v, want %v", *a.Box(k), want)
			}
		}
		if edges != len(a.At)-len(a.Ends) {
			t.Fatalf("%d edges in runs, of %d vertices and %d rings", edges, len(a.At), len(a.Ends))
		}
		var got, want, gotOwn, wantOwn [][2]int
		if !a.Pairs(b, func(i, k int) bool { got = append(got, [2]int{i, k}); return true }) || !a.OwnPairs(func(i, k int) bool { gotOwn = append(gotOwn, [2]int{i, k}); return true }) {
			t.Fatal("stopped")
		}
		for i := range a.Runs {
			for k := range b.Runs {
				if a.Box(i).Intersects(*b.Box(k)) {
					want = append(want, [2]int{i, k})
				}
			}
			for k := i + 1; k < len(a.Runs); k++ {
				if a.Box(i).Intersects(*a.Box(k)) {
					wantOwn = append(wantOwn, [2]int{i, k})
				}
			}
		}
		order := func(x, y [2]int) int { return slices.Compare(x[:], y[:]) }
		slices.SortFunc(got, order)
		slices.SortFunc(gotOwn, order)
		if !slices.Equal(got, want) || !slices.Equal(gotOwn, wantOwn) {
			t.Fatalf("%d and %d pairs, want %d and %d", len(got), len(gotOwn), len(want), len(wantOwn))
		}
		pairs += len(got) + len(gotOwn)
		p := orb.Point{25 * rng.Float64(), 25 * rng.Float64()}
		var beside, wantBeside []int
		a.Beside(p, func(run int) bool { beside = append(beside, run); return true })
		for k := range a.Runs {
			if box := a.Box(k); box.Min[1] <= p[1] && p[1] <= box.Max[1] && p[0] <= box.Max[0] {
				wantBeside = append(wantBeside, k)
			}
		}
		if !slices.Equal(beside, wantBeside) {
			t.Fatalf("beside %v: %v, want %v", p, beside, wantBeside)
		}
		if len(got) > 1 {
			visited := 0
			if a.Pairs(b, func(i, k int) bool { visited++; return false }) || visited != 1 {
				t.Fatalf("%d pairs after being stopped", visited)
			}
			a.Budget = 0
			if a.Pairs(b, func(i, k int) bool { return true }) {
				t.Fatal("no end of the budget")
			}
		}
	}
	if pairs < 10_000 {
		t.Errorf("%d pairs: too easy", pairs)
	}
}
