package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

const testLegend = "code,name_en,name_zh,color,ecosystem\n1,Crop,农田,,cropland\n2,Forest,森林,,forest\n" +
	"3,Grass,草地,,grassland\n4,Water,水体,,wetland\n5,Bare,裸地,,bare\n6,Built,不透水面,,built\n0,None,无,,nodata\n"

func legend(t testing.TB) landcover.Legend {
	l, err := landcover.ParseLegend("test", []byte(testLegend))
	redlinetest.Must(t, err)
	return l
}

// grid is a grid of degrees, whose rows differ in area, with its top-left corner so many cells east and south.
func grid(t testing.TB, east, south, cols, rows int) (raster.Grid, *raster.Earth) {
	t.Helper()
	const cell = 0.01
	g := raster.Grid{OriginX: 117 + cell*float64(east), OriginY: 31 - cell*float64(south), CellX: cell, CellY: cell, Cols: cols, Rows: rows,
		CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
	e, err := raster.NewEarth(g, nil, nil)
	redlinetest.Must(t, err)
	return g, e
}

// twin adds up one cell after the other, by names of classes.
func twin(r Request, symbols func(col, row int) uint8, east, south int) (all []Ground) {
	bads := map[string]string{"natural>built": "built", "natural>bare": "bare desert", "cropland>built": "built",
		"forest>scrub": "shrub grassland", "natural>natural": "forest shrub grassland ice"}
	befores := map[string]string{"natural>built": "forest grassland wetland", "natural>bare": "forest grassland wetland",
		"cropland>built": "cropland", "forest>scrub": "forest", "natural>natural": "wetland"}
	names := []string{"cropland", "forest", "grassland", "wetland", "bare", "built"} // by symbol
	has := func(list, name string) bool { return slices.Contains(strings.Fields(list), name) }
	for _, c := range r.Cases {
		g := Ground{ID: c.ID, Cells: trace.Count(c.Cells)}
		was := befores[c.Group]
		if c.Was != nil {
			was = ""
			for _, e := range c.Was {
				was += e.String() + " "
			}
		}
		for _, run := range c.Cells {
			for col := run.Col0; col < run.Col1; col++ {
				row := r.Earth.Row(int(run.Row))
				area := row.Run(int(col), int(col)+1)
				s := symbols(int(col)+east, int(run.Row)+south)
				switch {
				case s == raster.NoData:
					g.NoData.Add(area)
				case has(was, names[s]):
					g.Before.Add(area)
				case has(bads[c.Group], names[s]):
					g.Bad.Add(area)
				default:
					g.Other.Add(area)
				}
			}
		}
		all = append(all, g)
	}
	return all
}

// Random rasters, wherever they lie and however they are cut into blocks: what is measured of each case is, to the last
// unit, what a twin adds up cell by cell.
func TestMeasureAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(16, 17))
	l := legend(t)
	groups := []string{"natural>built", "natural>bare", "cropland>built", "forest>scrub", "natural>natural"}
	var sums [4]float64
	for scene := range 400 {
		cols, rows := 1+rng.IntN(400), 1+rng.IntN(40)
		east, south := rng.IntN(60)-30, rng.IntN(20)-10 // of the raster
		of, _ := grid(t, east, south, cols, rows)
		m := &raster.Memory{On: of, Classes: 6, Symbols: make([]uint8, cols*rows), Block: rng.IntN(3) * (1 + rng.IntN(200))}
		last := uint8(0)
		for i := range m.Symbols {
			if rng.IntN(3) == 0 {
				last = []uint8{0, 1, 2, 3, 4, 5, 5, 5, raster.NoData}[rng.IntN(9)]
			}
			m.Symbols[i] = last
		}
		g, earth := grid(t, 0, 0, 1+rng.IntN(400), 1+rng.IntN(40))
		r := Request{Grid: g, Earth: earth, Epoch: &redline.Epoch{Name: "x.tif", Source: m, Legend: l, Year: 2025}}
		for i := range rng.IntN(8) {
			c := Case{ID: fmt.Sprint("c", i), Group: groups[rng.IntN(len(groups))]}
			if rng.IntN(3) == 0 {
				c.Was = []landcover.Ecosystem{landcover.Forest, landcover.Wetland}[:1+rng.IntN(2)]
			}
			for row := range g.Rows {
				for col := rng.IntN(g.Cols); rng.IntN(2) == 0 && col < g.Cols; col += rng.IntN(50) {
					end := min(g.Cols, col+1+rng.IntN(300))
					c.Cells = append(c.Cells, trace.Run{Row: int32(row), Col0: int32(col), Col1: int32(end)})
					col = end
				}
			}
			rng.Shuffle(len(c.Cells), func(i, j int) { c.Cells[i], c.Cells[j] = c.Cells[j], c.Cells[i] })
			r.Cases = append(r.Cases, c)
		}
		got, err := Measure(t.Context(), r)
		redlinetest.Must(t, err)
		want := twin(r, func(col, row int) uint8 {
			if col < 0 || row < 0 || col >= cols || row >= rows {
				return raster.NoData
			}
			return m.Symbols[row*cols+col]
		}, -east, -south)
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("scene %d: got %+v, want %+v", scene, got[i], want[i])
			}
			for k, a := range []raster.Area{want[i].Bad, want[i].Before, want[i].Other, want[i].NoData} {
				sums[k] += a.M2()
			}
		}
		if len(got) != len(want) {
			t.Fatalf("scene %d: %d cases, want %d", scene, len(got), len(want))
		}
	}
	for k, m2 := range sums {
		if m2 < 1e9 {
			t.Errorf("only %g m² of kind %d are compared", m2, k)
		}
	}
}

// A code that the legend lacks is refused; by a copy of the legend that has it, the cells are measured.
func TestUnknownCodeRemedied(t *testing.T) {
	g, earth := grid(t, 0, 0, 4, 1)
	m := &raster.Memory{On: g, Classes: 6, Symbols: []uint8{5, 6, 6, 1}}
	e := &redline.Epoch{Name: "x.tif", Source: m, Legend: legend(t), Year: 2025}
	r := Request{g, earth, e, []Case{{ID: "c", Group: "natural>built", Cells: []trace.Run{{Row: 0, Col0: 0, Col1: 4}}}}}
	_, err := Measure(t.Context(), r)
	redlinetest.WantFault(t, err, redline.Raster, "code 6 is not in legend", "add the code to a copy of it")
	m.Classes++
	e.Legend, err = landcover.ParseLegend("copy", []byte(testLegend+"7,Ice,冰,,ice\n"))
	redlinetest.Must(t, err)
	got, err := Measure(t.Context(), r)
	redlinetest.Must(t, err)
	row := earth.Row(0)
	if want := (Ground{ID: "c", Cells: 4, Bad: row.Run(0, 1), Before: row.Run(1, 4)}); got[0] != want {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
}

// wide is a raster whose symbols are all positions, more than the legend has, as those of cells of two and more bytes.
type wide struct{ *raster.Memory }

func (wide) Index() *[256]uint8 {
	var index [256]uint8
	for s := range index {
		index[s] = uint8(s)
	}
	return &index
}

// Symbols that stand for nothing change nothing; where one is read all the same, it is a fault.
func TestMoreSymbolsThanClasses(t *testing.T) {
	g, earth := grid(t, 0, 0, 3, 1)
	m := &raster.Memory{On: g, Classes: 7, Symbols: []uint8{5, raster.NoData, 1}}
	r := Request{g, earth, &redline.Epoch{Name: "x.tif", Source: wide{m}, Legend: legend(t), Year: 2025},
		[]Case{{ID: "c", Group: "natural>built", Cells: []trace.Run{{Row: 0, Col0: 0, Col1: 3}}}}}
	got, err := Measure(t.Context(), r)
	redlinetest.Must(t, err)
	row := earth.Row(0)
	if want := (Ground{ID: "c", Cells: 3, Bad: row.Run(0, 1), NoData: row.Run(1, 2), Before: row.Run(2, 3)}); got[0] != want {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
	m.Symbols[2] = 7
	_, err = Measure(t.Context(), r)
	redlinetest.WantFault(t, err, redline.Raster, "code 7 is not in legend", "name the legend")
}

// failing is a raster that cannot be opened, read or closed.
type failing struct {
	*raster.Memory
	open, read, codes, close error
}

func (f failing) Open() (raster.Reader, error) { return f, f.open }

func (f failing) Read(w raster.Window, dst []uint8) error {
	r, _ := f.Memory.Open()
	return cmp.Or(f.read, r.Read(w, dst))
}

func (f failing) Codes(w raster.Window, dst []int64) error {
	r, _ := f.Memory.Open()
	return cmp.Or(f.codes, r.Codes(w, dst))
}

func (f failing) Close() error { return f.close }

func TestMeasureFaults(t *testing.T) {
	g, earth := grid(t, 0, 0, 10, 10)
	broken := errors.New("x.tif: block 3 is broken")
	cells := []trace.Run{{Row: 2, Col0: 3, Col1: 6}}
	symbols := make([]uint8, 100)
	symbols[24] = 99 // row 2, column 4
	clean := make([]uint8, 100)
	for name, test := range map[string]struct {
		source raster.Source
		c      Case
		kind   redline.Kind
		want   string
	}{
		"unknown code": {&raster.Memory{On: g, Classes: 6, Symbols: symbols}, Case{Group: "natural>built", Cells: cells},
			redline.Raster, `x.tif (2025): code 99 is not in legend "test": row 2, column 4; name the legend`},
		"no group": {&raster.Memory{On: g, Classes: 6, Symbols: clean}, Case{ID: "c1", Group: "x", Cells: cells},
			redline.Usage, `case c1: there is no transition group "x"`},
		"outside": {&raster.Memory{On: g, Classes: 6, Symbols: clean},
			Case{ID: "c1", Group: "natural>built", Cells: []trace.Run{{Row: 2, Col0: 8, Col1: 11}}},
			redline.Usage, "case c1: columns 8 to 11 of row 2 are no cells of the grid"},
		"above": {&raster.Memory{On: g, Classes: 6, Symbols: clean},
			Case{ID: "c1", Group: "natural>built", Cells: []trace.Run{{Row: -1, Col0: 8, Col1: 9}}},
			redline.Usage, "case c1: columns 8 to 9 of row -1 are no cells of the grid"},
		"cannot be opened": {failing{&raster.Memory{On: g, Classes: 6, Symbols: clean}, broken, nil, nil, nil},
			Case{Group: "natural>built", Cells: cells}, redline.Raster, broken.Error()},
		"cannot be read": {failing{&raster.Memory{On: g, Classes: 6, Symbols: clean}, nil, broken, nil, nil},
			Case{Group: "natural>built", Cells: cells}, redline.Raster, broken.Error()},
		"code cannot be read": {failing{&raster.Memory{On: g, Classes: 6, Symbols: symbols}, nil, nil, broken, nil},
			Case{Group: "natural>built", Cells: cells}, redline.Raster, broken.Error()},
		"cannot be closed": {failing{&raster.Memory{On: g, Classes: 6, Symbols: clean}, nil, nil, nil, broken},
			Case{Group: "natural>built", Cells: cells}, redline.Raster, broken.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			e := &redline.Epoch{Name: "x.tif", Source: test.source, Legend: legend(t), Year: 2025}
			_, err := Measure(t.Context(), Request{g, earth, e, []Case{test.c}})
			redlinetest.WantFault(t, err, test.kind, test.want)
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	e := &redline.Epoch{Source: &raster.Memory{On: g, Classes: 6, Symbols: clean}, Legend: legend(t)}
	if _, err := Measure(ctx, Request{g, earth, e, []Case{{Group: "natural>built", Cells: cells}}}); !errors.Is(err, broken) {
		t.Errorf("stopped: %v", err)
	}
	e.Source = failing{&raster.Memory{On: g, Classes: 6, Symbols: clean}, broken, nil, nil, nil} // is not opened for nothing
	if got, err := Measure(t.Context(), Request{g, earth, e, []Case{{ID: "c", Group: "natural>built"}}}); err != nil || got[0] != (Ground{ID: "c"}) {
		t.Errorf("a case without cells: %v, %v", got, err)
	}
}
