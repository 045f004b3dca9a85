package gdalinput

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/geos"
)

// TestSharedGroundAgainstCells: what shapes have in common is what is counted cell by cell, for pairs that are near in
// number and for pairs that are far.
func TestSharedGroundAgainstCells(t *testing.T) {
	const crowded, cols, rows, lonely = 70, 120, 2*rowsAtOnce + 5, 10
	grid := raster.Grid{OriginX: 110, OriginY: 32, CellX: 0.01, CellY: 0.01, Cols: cols, Rows: rows,
		CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
	earth, err := raster.NewEarth(grid, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &Loaded{geos: []*geos.Context{geos.New(), geos.New()}}
	l.Inputs.Grid, l.Inputs.Earth = grid, earth
	rng := rand.New(rand.NewPCG(15, 1))
	const shapes = lineLength + 40
	var all []orb.MultiPolygon
	holders := make([][]int, cols*rows)
	for i := range shapes { // each has two rectangles, one over the other in some rows of the grid or beside it
		col, row, wide, high := rng.IntN(crowded), rng.IntN(rows), 1+rng.IntN(9), 1+rng.IntN(9)
		if i < lonely { // no bounds meet those of it
			col, row, high = 100, 11*i, 10
		}
		var shape orb.MultiPolygon
		for range 2 {
			low, top := orb.Point{float64(col), float64(row)}, orb.Point{float64(col + wide), float64(row + high)}
			shape = append(shape, orb.Bound{Min: low, Max: top}.ToPolygon())
			for v := row; v < min(row+high, rows); v++ {
				for u := col; u < min(col+wide, cols); u++ {
					holders[v*cols+u] = append(holders[v*cols+u], i)
				}
			}
			col += wide + rng.IntN(3)
		}
		all = append(all, shape)
	}
	own, pairs := make([]raster.Area, shapes), map[[2]int]raster.Area{}
	var covered, twice raster.Area
	for at, in := range holders {
		row := earth.Row(at / cols)
		cell := row.Run(at%cols, at%cols+1)
		for k, a := range in {
			own[a].Add(cell)
			for _, b := range in[k+1:] {
				sum := pairs[[2]int{a, b}]
				sum.Add(cell)
				pairs[[2]int{a, b}] = sum
			}
		}
		if len(in) > 0 {
			covered.Add(cell)
		}
		if len(in) > 1 {
			twice.Add(cell)
		}
	}
	if _, alone := byBounds(all); alone[0] == nil || alone[lonely-1] == nil {
		t.Error("bounds meet those of the shapes that should be lonely")
	}
	got, err := l.findSharedGround(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	far := 0
	for i, p := range got.pairs {
		if want := pairs[[2]int{p.a, p.b}]; p.area != want {
			t.Errorf("%d and %d share %v, want %v", p.a, p.b, p.area, want)
		}
		if i > 0 && got.pairs[i-1].area.Less(p.area) {
			t.Errorf("pair %d has less ground than the one after it", i-1)
		}
		if p.b-p.a >= lineLength {
			far++
		}
	}
	if len(got.pairs) != len(pairs) || far == 0 {
		t.Errorf("%d pairs, %d of them far; want %d", len(got.pairs), far, len(pairs))
	}
	if fmt.Sprint(got.own) != fmt.Sprint(own) || got.covered != covered || got.twice != twice {
		t.Errorf("covered %v, want %v; twice %v, want %v; or the ground of a shape differs",
			got.covered, covered, got.twice, twice)
	}
}
