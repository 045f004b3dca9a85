package corroborate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline/redlinetest"
)

// TestSharesAreThoseOfCuts: summing up along the outline finds the shares that cutting finds, of shapes with holes, in
// several parts, at the edge of the grid and beyond, and of one that is cut because its box is large.
func TestSharesAreThoseOfCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	var k cutter
	whole, parts := 0, 0
	for i := range 600 {
		scale, u, v := math.Exp(3*rng.Float64()-1.5), 8*rng.Float64()-4, 8*rng.Float64()-4
		if i == 0 {
			scale = 400
		}
		shape := randomShape(t, rng, 12, 12)
		if len(shape) == 0 {
			continue
		}
		for _, polygon := range shape {
			for _, ring := range polygon {
				for j, p := range ring {
					ring[j] = orb.Point{scale*p[0] + u, scale*p[1] + v}
				}
			}
		}
		g := raster.Grid{Cols: 1 + rng.IntN(40), Rows: 1 + rng.IntN(40)}
		type cell [2]int
		list := func(find func(f func(cut) error) error) map[cell]float64 {
			all := map[cell]float64{}
			redlinetest.Must(t, find(func(c cut) error {
				for col := c.col0; col < c.col1; col++ {
					all[cell{c.row, col}] += c.share
				}
				return nil
			}))
			return all
		}
		want := list(func(f func(cut) error) error { return k.each(g, []orb.MultiPolygon{shape}, f) })
		got := list(func(f func(cut) error) error { return k.shares(g, shape, f) })
		for at, share := range want {
			if share == 1 {
				whole++
			} else {
				parts++
			}
			if d := math.Abs(got[at] - share); d > 1e-9 {
				t.Fatalf("cell %v: %v, want %v, of %v", at, got[at], share, shape)
			}
		}
		for at, share := range got {
			if d := math.Abs(want[at] - share); d > 2*tiny {
				t.Fatalf("cell %v: %v, want %v, of %v", at, share, want[at], shape)
			}
		}
	}
	if whole < 2000 || parts < 2000 {
		t.Errorf("%d whole cells, %d parts: too few to mean anything", whole, parts)
	}
}
