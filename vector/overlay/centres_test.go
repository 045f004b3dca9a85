package overlay

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// holders lists the shapes that have the centre of each cell, row-major, as Spans of random bands tell.
func holders(c *Centres, rng *rand.Rand, cols, rows int) [][]int32 {
	all := make([][]int32, cols*rows)
	for row := 0; row < rows; {
		end := row + 1 + rng.IntN(rows-row)
		for _, s := range c.Spans(nil, row, end) {
			for col := s.Col0; col < s.Col1; col++ {
				at := &all[int(s.Row)*cols+int(col)]
				*at = append(*at, s.Shape)
			}
		}
		row = end
	}
	return all
}

// TestCentresAgainstMasks: shapes made of quarters of cells, so that outlines run over centres. A centre belongs to the quarter south-east of it.
func TestCentresAgainstMasks(t *testing.T) {
	const sub = 4
	rng := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range 500 {
		cols, rows := 1+rng.IntN(9), 1+rng.IntN(9)
		const margin = 2 // cells around the lattice: shapes reach beyond it
		w, h := (cols+2*margin)*sub, (rows+2*margin)*sub
		var shapes []orb.MultiPolygon
		want := make([][]int32, cols*rows)
		for i := range 1 + rng.IntN(4) {
			mask := make([]bool, w*h)
			for range 1 + rng.IntN(4) {
				u0, v0 := rng.IntN(w), rng.IntN(h)
				u1, v1 := u0+1+rng.IntN(w-u0), v0+1+rng.IntN(h-v0)
				value := rng.IntN(4) > 0
				for v := v0; v < v1; v++ {
					for u := u0; u < u1; u++ {
						mask[v*w+u] = value
					}
				}
			}
			var runs []trace.Run
			for k, in := range mask {
				if in {
					runs = append(runs, trace.Run{Row: int32(k / w), Col0: int32(k % w), Col1: int32(k%w + 1)})
				}
			}
			shape := trace.Polygons(runs)
			for _, polygon := range shape {
				for _, ring := range polygon {
					for k := range ring {
						ring[k] = orb.Point{ring[k][0]/sub - margin, ring[k][1]/sub - margin}
					}
				}
			}
			shapes = append(shapes, shape)
			for k := range want {
				if mask[((k/cols+margin)*sub+sub/2)*w+(k%cols+margin)*sub+sub/2] {
					want[k] = append(want[k], int32(i))
					held++
				}
			}
		}
		got := holders(NewCentres(cols, rows, shapes), rng, cols, rows)
		for k := range got {
			slices.Sort(got[k])
			if !slices.Equal(got[k], want[k]) {
				t.Fatalf("row %d, column %d: in %v, want %v", k/cols, k%cols, got[k], want[k])
			}
		}
		every := 1 + rng.IntN(4)
		some, all := EveryCentres(cols, rows, every, shapes), NewCentres(cols, rows, shapes)
		for row := 0; row < rows; row += every {
			if got, want := some.Spans(nil, row, row+1), all.Spans(nil, row, row+1); !slices.Equal(got, want) {
				t.Fatalf("row %d of every %d: %v, want %v", row, every, got, want)
			}
		}
	}
	if held < 4000 {
		t.Errorf("only %d centres lay in a shape", held)
	}
}

// TestCentresOfNeighbours: triangles that cover the lattice, with corners on centres and anywhere, have each centre once.
func TestCentresOfNeighbours(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		cols, rows := 12+rng.IntN(30), 12+rng.IntN(30)
		// Corners of a lattice of quads, those inside moved a little, each quad cut in two.
		const n = 4
		at := func(i, j int) orb.Point {
			return orb.Point{float64(i) * float64(cols) / n, float64(j) * float64(rows) / n}
		}
		var nodes [n + 1][n + 1]orb.Point
		for i := range nodes {
			for j := range nodes[i] {
				p := at(i, j)
				if i > 0 && i < n && j > 0 && j < n {
					p[0] += (rng.Float64() - 0.5) * float64(cols) / n / 3
					p[1] += (rng.Float64() - 0.5) * float64(rows) / n / 3
					if rng.IntN(2) == 0 {
						p = orb.Point{float64(int(p[0])) + 0.5, float64(int(p[1])) + 0.5}
					}
				}
				nodes[i][j] = p
			}
		}
		var shapes []orb.MultiPolygon
		triangle := func(a, b, c orb.Point) {
			shapes = append(shapes, orb.MultiPolygon{{{a, b, c, a}}})
		}
		for i := range n {
			for j := range n {
				a, b, c, d := nodes[i][j], nodes[i+1][j], nodes[i+1][j+1], nodes[i][j+1]
				triangle(a, b, c)
				triangle(a, c, d)
			}
		}
		for k, in := range holders(NewCentres(cols, rows, shapes), rng, cols, rows) {
			if len(in) != 1 {
				t.Fatalf("%d × %d: row %d, column %d lies in %v", cols, rows, k/cols, k%cols, in)
			}
		}
	}
}
