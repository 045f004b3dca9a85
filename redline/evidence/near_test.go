package evidence

import (
	"math"
	"math/rand/v2"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/corroborate"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

// legend has the codes 0 forest, 1 built, 2 cropland.
var legend = landcover.Legend{Name: "test", Classes: []landcover.Class{{Code: 0, Ecosystem: landcover.Forest},
	{Code: 1, Ecosystem: landcover.Built}, {Code: 2, Ecosystem: landcover.Cropland}}}

// mapped is a map before on a geographic grid at latitude 31, with cells of about cellM metres from south to north, in a
// source that has a margin of built cells around.
func mapped(t testing.TB, symbols []uint8, cols int, cellM float64) *redline.Inputs {
	const margin = 3
	rows := len(symbols) / cols
	cell := cellM / 110_870 // a degree of the meridian there
	grid := raster.Grid{OriginX: 117, OriginY: 31, CellX: cell, CellY: cell, Cols: cols, Rows: rows,
		CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
	earth, err := raster.NewEarth(grid, nil, nil)
	redlinetest.Must(t, err)
	whole := grid
	whole.OriginX, whole.OriginY = grid.Map(-margin, -margin)
	whole.Cols, whole.Rows = cols+2*margin, rows+2*margin
	all := make([]uint8, whole.Cols*whole.Rows)
	for i := range all {
		all[i] = 1
	}
	for r := range rows {
		copy(all[(r+margin)*whole.Cols+margin:], symbols[r*cols:(r+1)*cols])
	}
	return &redline.Inputs{Grid: grid, Earth: earth, Before: redline.Epoch{Legend: legend, Year: 2015,
		Source: &raster.Memory{On: whole, Classes: 3, Symbols: all, Block: 16},
		Window: raster.Window{Col: margin, Row: margin, Cols: cols, Rows: rows}}}
}

// nearbyOf looks in the map before of inputs.
func nearbyOf(in *redline.Inputs) *nearby {
	return &nearby{grid: in.Grid, before: &in.Before, lonlats: in.Earth.NewLonLats(),
		view: corroborate.NewCache(1000, 1<<20).Blocks(in.Before.Source).View()}
}

// twinMetres measures from every cell of a patch to every cell of the grid.
func twinMetres(in *redline.Inputs, patch []trace.Run, class uint8, symbols []uint8) float64 {
	n, best := nearbyOf(in), math.Inf(1)
	first := map[int32]int32{}
	for _, r := range patch {
		if _, ok := first[r.Row]; !ok {
			first[r.Row] = r.Col0
		}
		width, height := n.cellSize(int(r.Row), int(first[r.Row]))
		for c := r.Col0; c < r.Col1; c++ {
			for i, s := range symbols {
				dr, dc := math.Abs(float64(i/in.Grid.Cols)-float64(r.Row)), math.Abs(float64(i%in.Grid.Cols)-float64(c))
				if s != class {
					continue
				}
				if dr <= 1 && dc <= 1 {
					return 0
				}
				best = min(best, math.Hypot(dc*width, dr*height))
			}
		}
	}
	if best > NearLimitM {
		return math.Inf(1)
	}
	return best
}

func TestNearTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	finite, far, touch := 0, 0, 0
	for i := range 300 {
		rows, cols := 20+rng.IntN(40), 20+rng.IntN(40)
		symbols := make([]uint8, rows*cols)
		for range rng.IntN(4) {
			symbols[rng.IntN(len(symbols))] = 1
		}
		symbols[rng.IntN(len(symbols))] = 2
		in := mapped(t, symbols, cols, []float64{30, 100, 450, 1500}[i%4])
		patch := moved(grown(rng, 1+rng.Int32N(5), 1+rng.Int32N(5), 0.7), rng.Int32N(int32(rows)-5), rng.Int32N(int32(cols)-5))
		got, err := nearbyOf(in).metres(patch, landcover.Built)
		if err != nil {
			t.Fatal(err)
		}
		want := twinMetres(in, patch, 1, symbols)
		switch {
		case got != want:
			t.Fatalf("case %d: %v m, want %v m", i, got, want)
		case want == 0:
			touch++
		case math.IsInf(want, 1):
			far++
		default:
			finite++
		}
	}
	if finite < 30 || far < 30 || touch < 5 {
		t.Errorf("%d near, %d far, %d touching cases are too few to compare", finite, far, touch)
	}
}

// TestNearMetres compares with lengths of degrees at latitude 31 from tables: 110,870 m along the meridian, 95,505 m
// along the parallel.
func TestNearMetres(t *testing.T) {
	symbols := make([]uint8, 40*40)
	symbols[5*40+9], symbols[20*40+3] = 1, 2
	in := mapped(t, symbols, 40, 30)
	patch := []trace.Run{{Row: 5, Col0: 2, Col1: 4}}
	for class, want := range map[landcover.Ecosystem]float64{
		landcover.Built: 6 * 30 * 95_505. / 110_870, landcover.Cropland: 15 * 30, landcover.Forest: 0, landcover.Ice: math.Inf(1),
	} {
		got, err := nearbyOf(in).metres(patch, class)
		if err != nil || got != want && math.Abs(got-want) > 0.001*want {
			t.Errorf("%v: %v m, want %v m; %v", class, got, want, err)
		}
	}
}

func TestNearEndsAtTheLimit(t *testing.T) {
	for _, c := range []struct {
		rows int
		near bool
	}{{33, true}, {34, false}} {
		symbols := make([]uint8, 60*60)
		symbols[(10+c.rows)*60+10] = 1
		in := mapped(t, symbols, 60, 30) // 33 cells are 990 m
		got, err := nearbyOf(in).metres([]trace.Run{{Row: 10, Col0: 10, Col1: 11}}, landcover.Built)
		if err != nil || math.IsInf(got, 1) == c.near {
			t.Errorf("%d rows: %v m, %v", c.rows, got, err)
		}
	}
}
