package dating

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// watched is a source that knows which of its blocks were read, and how many readers are open.
type watched struct {
	raster.Memory
	cols, rows int // of a block
	read       map[[2]int]bool
	opened     atomic.Int32
	open       atomic.Int32
	fails      error
}

func (w *watched) BlockSize() (cols, rows int) { return w.cols, w.rows }

func (w *watched) Open() (raster.Reader, error) {
	w.opened.Add(1)
	w.open.Add(1)
	r, err := w.Memory.Open()
	return watchedReader{r, w}, err
}

type watchedReader struct {
	raster.Reader
	of *watched
}

func (r watchedReader) Read(w raster.Window, dst []uint8) error {
	for row := w.Row / r.of.rows; row <= (w.Row+w.Rows-1)/r.of.rows; row++ {
		for col := w.Col / r.of.cols; col <= (w.Col+w.Cols-1)/r.of.cols; col++ {
			r.of.read[[2]int{row, col}] = true
		}
	}
	if r.of.fails != nil {
		return r.of.fails
	}
	return r.Reader.Read(w, dst)
}

func (r watchedReader) Close() error {
	r.of.open.Add(-1)
	return r.Reader.Close()
}

// legendOf returns a legend whose classes have these ecosystem classes.
func legendOf(t testing.TB, ecosystems ...landcover.Ecosystem) landcover.Legend {
	t.Helper()
	csv := "code,name_en,name_zh,color,ecosystem\n"
	for i, e := range ecosystems {
		csv += fmt.Sprintf("%d,%s,%s,#111111,%s\n", i+1, e, e, e)
	}
	legend, err := landcover.ParseLegend("test", []byte(csv))
	if err != nil {
		t.Fatal(err)
	}
	return legend
}

var testChanges = []redline.ChangeType{
	{Name: "construction", Pairs: [][2]landcover.Ecosystem{{landcover.Forest, landcover.Built}, {landcover.Cropland, landcover.Built}}},
	{Name: "thinning", Pairs: [][2]landcover.Ecosystem{{landcover.Forest, landcover.Shrub}, {landcover.Shrub, landcover.Grassland}}},
}

// twinNew are the new groups of testChanges.
var twinNew = []map[landcover.Ecosystem]bool{
	{landcover.Built: true}, {landcover.Forest: true, landcover.Shrub: true, landcover.Grassland: true, landcover.Ice: true},
}

// beforeOf is the class before of a pair in these tests.
func beforeOf(pair uint16) landcover.Ecosystem {
	return []landcover.Ecosystem{landcover.Forest, landcover.Cropland, landcover.Wetland}[pair]
}

// testStack makes random maps between 2000 and a later year that cover some of a grid.
func testStack(t testing.TB, rng *rand.Rand, cols, rows, maps int) (*redline.Inputs, []*watched) {
	in := &redline.Inputs{Grid: raster.Grid{Cols: cols, Rows: rows}}
	in.Before.Year = 2000
	year := 2000
	var sources []*watched
	all := []landcover.Ecosystem{landcover.Forest, landcover.Shrub, landcover.Cropland, landcover.Built, landcover.Wetland}
	for range maps {
		year += 1 + rng.IntN(2)
		rng.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		legend := legendOf(t, all[:2+rng.IntN(4)]...)
		g := raster.Grid{Cols: 1 + rng.IntN(2*cols), Rows: 1 + rng.IntN(2*rows)}
		w := &watched{cols: 1 + rng.IntN(8), rows: 1 + rng.IntN(8), read: map[[2]int]bool{},
			Memory: raster.Memory{On: g, Classes: len(legend.Classes), Symbols: make([]uint8, g.Cells())}}
		for i := range w.Symbols {
			if w.Symbols[i] = uint8(rng.IntN(len(legend.Classes))); rng.IntN(6) == 0 {
				w.Symbols[i] = raster.NoData
			}
		}
		e := redline.Epoch{Year: year, Source: w, Legend: legend}
		offCol, offRow := rng.IntN(2*cols)-cols/2, rng.IntN(2*rows)-rows/2 // of the source in the grid
		cover := intersect(raster.Window{Cols: cols, Rows: rows}, raster.Window{Col: offCol, Row: offRow, Cols: g.Cols, Rows: g.Rows})
		if cover.Cols > 0 && cover.Rows > 0 {
			e.AtCol, e.AtRow = cover.Col, cover.Row
			e.Window = raster.Window{Col: cover.Col - offCol, Row: cover.Row - offRow, Cols: cover.Cols, Rows: cover.Rows}
		}
		in.Between, sources = append(in.Between, e), append(sources, w)
	}
	in.After.Year = year + 1
	return in, sources
}

// testRuns returns runs of some patches, one patch after the other, that do not overlap.
func testRuns(rng *rand.Rand, cols, rows int) (runs []change.Run) {
	patches := make([][]change.Run, 3)
	density := 1 + rng.IntN(4)
	for row := range rows {
		for col := 0; col < cols; {
			end := col + 1 + rng.IntN(cols-col)
			if rng.IntN(density) == 0 && rng.IntN(rows) > row/2 {
				p := rng.IntN(len(patches))
				patches[p] = append(patches[p], change.Run{Row: int32(row), Col0: int32(col), Col1: int32(end),
					Type: uint8(rng.IntN(2)), Pair: uint16(rng.IntN(3))})
			}
			col = end
		}
	}
	for _, p := range patches {
		runs = append(runs, p...)
	}
	return runs
}

// stateAt is the state of a cell of the grid in a map, for a change type.
func stateAt(e *redline.Epoch, kind uint8, row, col int) int {
	row, col = row-e.AtRow, col-e.AtCol
	if row < 0 || col < 0 || row >= e.Window.Rows || col >= e.Window.Cols {
		return redlinetest.Unseen
	}
	m := &e.Source.(*watched).Memory
	symbol := m.Symbols[(row+e.Window.Row)*m.On.Cols+col+e.Window.Col]
	switch {
	case symbol == raster.NoData:
		return redlinetest.Unseen
	case twinNew[kind][e.Legend.Classes[symbol].Ecosystem]:
		return 1
	}
	return 0
}

// Cells are dated as a twin dates them one by one, whatever part of the grid the maps cover, and only blocks are read
// that hold one of them.
func TestDaterAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	cells, unread := 0, 0
	for range 400 {
		cols, rows := 1+rng.IntN(30), 1+rng.IntN(30)
		in, sources := testStack(t, rng, cols, rows, 1+rng.IntN(7))
		s, err := NewStack(in, testChanges)
		if err != nil {
			t.Fatal(err)
		}
		if rng.IntN(2) == 0 {
			s.unit.cols, s.unit.rows = 1+rng.IntN(20), 1+rng.IntN(20)
			s.unit.col, s.unit.row = rng.IntN(s.unit.cols), rng.IntN(s.unit.rows)
		}
		d := s.NewDater(beforeOf)
		needed := make([]bool, len(sources))
		for range 2 { // the memory of one call must not reach into the next
			for _, w := range sources {
				clear(w.read)
			}
			runs := testRuns(rng, cols, rows)
			codes, err := d.Codes(runs)
			if err != nil {
				t.Fatal(err)
			}
			wanted := make([]map[[2]int]bool, len(sources))
			for m := range wanted {
				wanted[m] = map[[2]int]bool{}
			}
			at := 0
			for _, r := range runs {
				for col := int(r.Col0); col < int(r.Col1); col++ {
					states := []int{0}
					if twinNew[r.Type][beforeOf(r.Pair)] {
						states[0] = 1
					}
					for m := range in.Between {
						e := &in.Between[m]
						states = append(states, stateAt(e, r.Type, int(r.Row), col))
						if row, col := int(r.Row)-e.AtRow, col-e.AtCol; row >= 0 && col >= 0 && row < e.Window.Rows && col < e.Window.Cols {
							wanted[m][[2]int{(row + e.Window.Row) / sources[m].rows, (col + e.Window.Col) / sources[m].cols}] = true
						}
					}
					states = append(states, 1)
					if got, want := dateOf(codes[at], s.years), redlinetest.DateCell(s.years, states); got != want {
						t.Fatalf("row %d, column %d, states %v in %v: %+v, want %+v", r.Row, col, states, s.years, got, want)
					}
					at++
				}
			}
			if at != len(codes) {
				t.Fatalf("%d codes of %d cells", len(codes), at)
			}
			cells += at
			for m, w := range sources {
				if fmt.Sprint(w.read) != fmt.Sprint(wanted[m]) {
					t.Fatalf("map %d: blocks %v are read, of %v", m, w.read, wanted[m])
				}
				across, down := (w.On.Cols+w.cols-1)/w.cols, (w.On.Rows+w.rows-1)/w.rows
				unread += across*down - len(w.read)
				needed[m] = needed[m] || len(w.read) > 0
				if n := w.opened.Load(); n > 1 || n > 0 != needed[m] {
					t.Fatalf("map %d is opened %d times; needed: %t", m, n, needed[m])
				}
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		for m, w := range sources {
			if w.open.Load() != 0 {
				t.Fatalf("map %d stays open", m)
			}
		}
	}
	if cells < 20000 || unread < 5000 {
		t.Errorf("%d cells, %d blocks not read: too few to mean anything", cells, unread)
	}
}

// translated is a map whose symbols are positions in its legend, of which there are fewer than symbols.
type translated struct{ raster.Memory }

func (*translated) Index() *[256]uint8 {
	var index [256]uint8
	for i := range index {
		index[i] = uint8(i)
	}
	return &index
}

// Symbols that stand for nothing do no harm: rasters of other types than bytes have them.
func TestSymbolsThatStandForNothing(t *testing.T) {
	legend := legendOf(t, landcover.Forest, landcover.Built)
	m := &translated{raster.Memory{On: raster.Grid{Cols: 3, Rows: 1}, Symbols: []uint8{0, 1, raster.NoData}}}
	in := &redline.Inputs{Grid: m.On, Between: []redline.Epoch{
		{Year: 2016, Source: m, Legend: legend, Window: raster.Window{Cols: 3, Rows: 1}}}}
	in.Before.Year, in.After.Year = 2015, 2017
	s, err := NewStack(in, testChanges)
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDater(beforeOf)
	defer d.Close()
	codes, err := d.Codes([]change.Run{{Row: 0, Col0: 0, Col1: 3}})
	if err != nil || len(codes) != 3 {
		t.Fatal(codes, err)
	}
	for i, want := range [3][2]int{{2016, 2017}, {2015, 2016}, {2015, 2017}} { // the last old year, the first new one
		if c := codes[i]; c.Grade() != redline.GradeB || s.years[c.old()] != want[0] || s.years[c.year()] != want[1] {
			t.Errorf("cell %d: grade %v, %d to %d, want %v", i, c.Grade(), s.years[c.old()], s.years[c.year()], want)
		}
	}
}

// Blocks that are too large are not read whole.
func TestLargeBlocks(t *testing.T) {
	const side = 2100
	legend := legendOf(t, landcover.Forest, landcover.Built)
	w := &watched{cols: side, rows: side, read: map[[2]int]bool{},
		Memory: raster.Memory{On: raster.Grid{Cols: side, Rows: side}, Classes: 2, Symbols: make([]uint8, side*side)}}
	w.Symbols[2000*side+2050] = 1
	window := raster.Window{Cols: side, Rows: side}
	in := &redline.Inputs{Grid: w.On, Between: []redline.Epoch{{Year: 2016, Source: w, Legend: legend, Window: window}}}
	in.Before.Year, in.After.Year = 2015, 2017
	s, err := NewStack(in, testChanges)
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDater(beforeOf)
	defer d.Close()
	codes, err := d.Codes([]change.Run{{Row: 1990, Col0: 2040, Col1: 2041}, {Row: 2000, Col0: 2049, Col1: 2052}})
	want := []redline.Grade{redline.GradeB, redline.GradeB, redline.GradeB, redline.GradeB}
	years := []int{2017, 2017, 2016, 2017}
	if err != nil || len(codes) != len(want) {
		t.Fatal(codes, err)
	}
	for i, c := range codes {
		if c.Grade() != want[i] || s.years[c.year()] != years[i] {
			t.Errorf("cell %d: grade %s, year %d", i, c.Grade(), s.years[c.year()])
		}
	}
	if len(d.symbols) != 11*12 {
		t.Errorf("%d cells are read, want those around the runs", len(d.symbols))
	}
}

// However many cells of a unit are to be dated, and however its blocks lie, memory holds so many of them at a time.
func TestMemoryOfDater(t *testing.T) {
	const cols, rows = 4000, 1500
	legend := legendOf(t, landcover.Forest, landcover.Built)
	in := &redline.Inputs{Grid: raster.Grid{Cols: cols, Rows: rows}}
	in.Before.Year, in.After.Year = 2015, 2018
	for i, block := range [][2]int{{cols, 1}, {64, rows}} { // strips, and columns as high as the map
		w := &watched{cols: block[0], rows: block[1], read: map[[2]int]bool{},
			Memory: raster.Memory{On: in.Grid, Classes: 2, Symbols: make([]uint8, in.Grid.Cells())}}
		for cell := range w.Symbols {
			w.Symbols[cell] = uint8((cell/cols + i) % 2)
		}
		in.Between = append(in.Between, redline.Epoch{
			Year: 2016 + i, Source: w, Legend: legend, Window: raster.Window{Cols: cols, Rows: rows}})
	}
	s, err := NewStack(in, testChanges)
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDater(beforeOf)
	defer d.Close()
	runs := make([]change.Run, rows)
	for row := range runs {
		runs[row] = change.Run{Row: int32(row), Col1: cols}
	}
	codes, err := d.Codes(runs)
	if err != nil || len(codes) != cols*rows {
		t.Fatal(len(codes), err)
	}
	for cell, c := range codes {
		want := codeOf(redline.GradeA, 1, 2)
		if cell/cols%2 == 1 {
			want = codeOf(redline.GradeD, 0, 0)
		}
		if c != want {
			t.Fatalf("row %d, column %d: code %x, want %x", cell/cols, cell%cols, c, want)
		}
	}
	if most := maxCells + cols; cap(d.words) > most*5/4 || cap(d.symbols) > most*5/4 {
		t.Errorf("%d cells are dated and %d read at a time, want about %d at most", cap(d.words), cap(d.symbols), most)
	}
}

// A code that the legend lacks matters at dated cells only.
func TestUnknownCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	in, sources := testStack(t, rng, 20, 20, 3)
	for i := range in.Between { // all of the grid
		e, w := &in.Between[i], sources[i]
		w.On, w.Symbols = raster.Grid{Cols: 20, Rows: 20}, make([]uint8, 400)
		e.Window, e.AtCol, e.AtRow = raster.Window{Cols: 20, Rows: 20}, 0, 0
	}
	sources[1].Symbols[5*20+7] = 100
	s, err := NewStack(in, testChanges)
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDater(beforeOf)
	defer d.Close()
	sources[2].Symbols[5*20+7] = 100
	codes, err := d.Codes([]change.Run{{Row: 5, Col0: 6, Col1: 9}})
	if err != nil || len(codes) != 3 {
		t.Fatal(codes, err)
	}
	for i, want := range []uint64{0, 2, 0} {
		if unknown := codes[i].Unknown(); unknown != want {
			t.Errorf("cell %d: maps %b, want %b", i, unknown, want)
		}
	}
	sources[2].fails = errors.New("lc2004.tif: block x 0, y 0 cannot be read")
	_, err = d.Codes([]change.Run{{Row: 5, Col0: 1, Col1: 2}})
	redlinetest.WantFault(t, err, redline.Raster, "lc2004.tif: block x 0, y 0")
}

func TestTooManyMaps(t *testing.T) {
	in, _ := testStack(t, rand.New(rand.NewPCG(9, 10)), 4, 4, MaxMaps)
	if _, err := NewStack(in, testChanges); err != nil {
		t.Error(err)
	}
	in.Between = append(in.Between, in.Between[0])
	if _, err := NewStack(in, testChanges); err == nil || err.Error() != fmt.Sprintf(
		"63 maps between 2000 and %d; at most 62 can date changes, so leave some out", in.After.Year) {
		t.Error(err)
	}
}

func BenchmarkCodes(b *testing.B) {
	const side = 1024
	for _, maps := range []int{4, 25} {
		b.Run(fmt.Sprintf("maps=%d", maps), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(11, 12))
			in := &redline.Inputs{Grid: raster.Grid{Cols: side, Rows: side}}
			in.Before.Year, in.After.Year = 1990, 1991+maps
			legend := legendOf(b, landcover.Forest, landcover.Built)
			for m := range maps {
				symbols := make([]uint8, side*side)
				for i := range symbols {
					symbols[i] = uint8(rng.IntN(2))
				}
				in.Between = append(in.Between, redline.Epoch{Year: 1991 + m, Legend: legend,
					Window: raster.Window{Cols: side, Rows: side},
					Source: &raster.Memory{On: in.Grid, Classes: 2, Symbols: symbols, Block: 256}})
			}
			s, err := NewStack(in, testChanges)
			if err != nil {
				b.Fatal(err)
			}
			d := s.NewDater(beforeOf)
			var runs []change.Run
			cells := 0
			for row := int32(0); row < side; row++ {
				for col := int32(rng.IntN(200)); col < side-6; col += int32(50 + rng.IntN(100)) {
					runs = append(runs, change.Run{Row: row, Col0: col, Col1: col + 6})
					cells += 6
				}
			}
			for b.Loop() {
				if _, err := d.Codes(runs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(cells), "ns/cell")
		})
	}
}
