package corroborate

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/vector/trace"
)

// blob is the outline of a patch of about so many cells, as changes have it.
func blob(rng *rand.Rand, col, row, cells int) orb.MultiPolygon {
	in := map[[2]int]bool{{row, col}: true}
	all := [][2]int{{row, col}}
	for len(all) < cells {
		at := all[rng.IntN(len(all))]
		next := [][2]int{{at[0] + 1, at[1]}, {at[0] - 1, at[1]}, {at[0], at[1] + 1}, {at[0], at[1] - 1}}[rng.IntN(4)]
		if !in[next] {
			in[next] = true
			all = append(all, next)
		}
	}
	var runs []trace.Run
	for r := row - cells; r <= row+cells; r++ {
		for c := col - cells; c <= col+cells; c++ {
			if in[[2]int{r, c}] {
				runs = trace.Append(runs, trace.Run{Row: int32(r), Col0: int32(c), Col1: int32(c + 1)})
			}
		}
	}
	return trace.Polygons(runs)
}

// largeMap is a map whose rows repeat those of a small one.
func largeMap(b *testing.B, rng *rand.Rand, g raster.Grid, most uint8) redline.OtherMap {
	const rows = 50
	small := g
	small.Rows = rows
	m := testMap(b, rng, small, nil, most)
	symbols := m.Source.(*watched).Symbols
	large := &raster.Memory{On: g, Classes: len(classes), Symbols: make([]uint8, g.Cells()), Block: 256}
	for rest := large.Symbols; len(rest) > 0; {
		rest = rest[copy(rest, symbols):]
	}
	m.Source, m.Earth = large, earthOf(b, g)
	return m
}

// BenchmarkAgree looks at one pair of maps of 8000 × 8000 cells for patches of 5 to 60 cells, one after the other.
func BenchmarkAgree(b *testing.B) {
	const side = 8000
	rules := testRules(b)
	run := degrees("A", 0, 0, 0.3, side, side)
	for name, grids := range map[string][2]raster.Grid{
		"cells of the run": {run, run},
		"one lattice":      {degrees("A", -2.3, 1.7, 0.3, side, side), degrees("A", -2.3, 1.7, 0.3, side, side)},
		"two grids":        {degrees("A", -2.3, 1.7, 0.3, side, side), degrees("A", 0, 0, 0.4, side, side)},
	} {
		b.Run(name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(51, 52))
			in := &redline.Inputs{Grid: run, Earth: earthOf(b, run), Confirm: []redline.Pair{
				{Before: largeMap(b, rng, grids[0], 0), After: largeMap(b, rng, grids[1], 1)}}}
			var shapes []orb.MultiPolygon
			for range 2000 {
				shapes = append(shapes, blob(rng, 100+rng.IntN(5000), 100+rng.IntN(5000), 5+rng.IntN(56)))
			}
			cache := NewCache(1000, 256<<20)
			l := New(in, rules, cache).Looker()
			var e redline.Evidence
			c := redline.Candidate{Change: built(rules), AreaM2: 1000}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Agree(&c, shapes[n%len(shapes)], &e); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if a := e.Agreed[0]; a.Known()+a.NoData < 999.999 {
				b.Fatalf("%+v", a)
			}
		})
	}
}
