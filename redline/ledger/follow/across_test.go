package follow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

// rectangleM2 is the area on the ellipsoid of CGCS2000 between two meridians and two parallels, by its closed form.
func rectangleM2(west, south, east, north float64) float64 {
	const a, f = 6378137, 1 / 298.257222101
	e2 := f * (2 - f)
	e := math.Sqrt(e2)
	q := func(lat float64) float64 {
		s := math.Sin(lat * math.Pi / 180)
		return a * a * (1 - e2) / 2 * (s/(1-e2*s*s) + math.Atanh(e*s)/e)
	}
	return (east - west) * math.Pi / 180 * (q(north) - q(south))
}

// Whatever lattices the cases and the raster have, each cell of the raster counts with the part of it that is ground.
func TestMeasureAcrossLattices(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 19))
	l := legend(t)
	sums := map[string]float64{}
	for scene := range 300 {
		g, earth := grid(t, 0, 0, 12, 9)
		of, _ := grid(t, 0, 0, 5+rng.IntN(40), 5+rng.IntN(40))
		switch rng.IntN(4) { // thirds, doubles, half a cell off, and anything
		case 0:
			of.CellX, of.CellY = g.CellX/3, g.CellY/3
		case 1:
			of.CellX, of.CellY = g.CellX*2, g.CellY*2
		case 2:
			of.OriginX, of.OriginY = of.OriginX+g.CellX/2, of.OriginY-g.CellY/2
		case 3:
			of.CellX, of.CellY = g.CellX*(0.2+2*rng.Float64()), g.CellY*(0.2+2*rng.Float64())
			of.OriginX, of.OriginY = of.OriginX+0.05*(rng.Float64()-0.3), of.OriginY-0.05*(rng.Float64()-0.3)
		}
		m := &raster.Memory{On: of, Classes: 6, Symbols: make([]uint8, of.Cols*of.Rows), Block: rng.IntN(30)}
		for i := range m.Symbols {
			m.Symbols[i] = []uint8{0, 1, 5, 5, raster.NoData}[rng.IntN(5)]
		}
		r := Request{Grid: g, Earth: earth, Epoch: &redline.Epoch{Name: "x.tif", Source: m, Legend: l, Year: 2025}}
		for i := range 3 {
			c := Case{ID: fmt.Sprint("c", i), Group: "natural>built"}
			for row := range int32(g.Rows) {
				if col := int32(rng.IntN(g.Cols)); rng.IntN(2) == 0 {
					c.Cells = append(c.Cells, trace.Run{Row: row, Col0: col, Col1: col + 1 + int32(rng.IntN(g.Cols-int(col)))})
				}
			}
			r.Cases = append(r.Cases, c)
		}
		got, err := Measure(t.Context(), r)
		redlinetest.Must(t, err)
		for i, c := range r.Cases {
			want := map[string]float64{}
			all := 0.0
			for _, run := range c.Cells {
				west, north := g.Map(float64(run.Col0), float64(run.Row))
				east, south := g.Map(float64(run.Col1), float64(run.Row+1))
				whole := rectangleM2(west, south, east, north)
				all += whole
				for k, s := range m.Symbols {
					w, n := of.Map(float64(k%of.Cols), float64(k/of.Cols))
					w, n, e, s2 := max(west, w), min(north, n), min(east, w+of.CellX), max(south, n-of.CellY)
					if w < e && s2 < n {
						m2 := rectangleM2(w, s2, e, n)
						want[map[uint8]string{0: "other", 1: "before", 5: "bad", raster.NoData: "none"}[s]] += m2
						whole -= m2
					}
				}
				want["none"] += whole
			}
			for what, area := range map[string]raster.Area{"bad": got[i].Bad, "before": got[i].Before, "other": got[i].Other, "none": got[i].NoData} {
				sums[what] += area.M2()
				if math.Abs(area.M2()-want[what]) > 1e-9*all+1e-3 {
					t.Fatalf("scene %d, %v on %v: %s are %.3f m², want %.3f", scene, g, of, what, area.M2(), want[what])
				}
			}
			if total := got[i].Total(); math.Abs(total.M2()-all) > 1e-10*all+1e-6 || got[i].Cells != trace.Count(c.Cells) {
				t.Fatalf("scene %d: %.6f m² in all, want %.6f", scene, total.M2(), all)
			}
		}
	}
	for what, m2 := range sums {
		if m2 < 1e9 {
			t.Errorf("only %g m² of %s are compared", m2, what)
		}
	}
}

// Cells of a third of the size, on which the same stands, are the same ground: findings do not depend on the lattice.
func TestFinerRasterSaysTheSame(t *testing.T) {
	g, earth := grid(t, 0, 0, 4, 2)
	fine := g
	fine.CellX, fine.CellY, fine.Cols, fine.Rows = g.CellX/3, g.CellY/3, 12, 6
	coarse := &raster.Memory{On: g, Classes: 6, Symbols: []uint8{5, 5, 1, 0, 5, 1, 1, raster.NoData}}
	finer := &raster.Memory{On: fine, Classes: 6, Symbols: make([]uint8, 72)}
	for i := range finer.Symbols {
		finer.Symbols[i] = coarse.Symbols[i/12/3*4+i%12/3]
	}
	c := []Case{{ID: "c", Group: "natural>built", Cells: []trace.Run{{Row: 0, Col0: 0, Col1: 4}, {Row: 1, Col0: 1, Col1: 4}}}}
	var found [2]Ground
	for i, m := range []*raster.Memory{coarse, finer} {
		all, err := Measure(t.Context(), Request{g, earth, &redline.Epoch{Name: "x.tif", Source: m, Legend: legend(t)}, c})
		redlinetest.Must(t, err)
		found[i] = all[0]
	}
	for k, pair := range [][2]raster.Area{{found[0].Bad, found[1].Bad}, {found[0].Before, found[1].Before}, {found[0].Other, found[1].Other}, {found[0].NoData, found[1].NoData}} {
		if m2 := pair[0].M2(); math.Abs(m2-pair[1].M2()) > 1e-4 || m2 < 1e5 {
			t.Errorf("%d: %.6f m² and %.6f m²", k, m2, pair[1].M2())
		}
	}
}
