package engine

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/territory"
)

// runInShards runs in n shards, each with inputs and ground of its own as on another machine, in any order and with
// any number of workers; the parts are sent, and joined.
func runInShards(
	t *testing.T, in *redline.Inputs, o redline.Options, n int, rng *rand.Rand,
) (found *collector, sum *redline.Summary, busy int) {
	t.Helper()
	found = newCollector()
	prepared, err := Divide(t.Context(), in, Tuning{Workers: 2}, newOverlayer)
	if err != nil {
		t.Fatal(err)
	}
	division := func() *territory.Division {
		d, err := prepared.Division(in.Grid.Cols, in.Grid.Rows)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	ports := func() Ports { return Ports{NewOverlayer: newOverlayer, Sink: found, Division: division()} }
	cuts := Cuts(in, division().Territory, n)
	if len(cuts) != n+1 || cuts[0] != 0 || cuts[n] != in.Grid.Rows || !slices.IsSorted(cuts) {
		t.Fatalf("cuts %v", cuts)
	}
	parts := make([]*Part, n)
	for _, i := range rng.Perm(n) {
		tune := Tuning{Workers: 1 + rng.IntN(3), Tile: rng.IntN(5)}
		c, err := BeginRows(t.Context(), in, o, tune, [2]int{cuts[i], cuts[i+1]}, &redline.Progress{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := c.Part(ports())
		c.Stop()
		if err != nil {
			t.Fatal(err)
		}
		if part != nil {
			parts[i] = sent(t, part)
			busy++
		}
	}
	j, err := NewJoin(t.Context(), in, o, Tuning{Workers: 1}, ports())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, part := range parts {
		if part == nil {
			continue
		}
		if err := j.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	if sum, err = j.Finish(); err != nil {
		t.Fatal(err)
	}
	return found, sum, busy
}

func TestShardsAreARun(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	candidates, busy, surveys, dated := 0, 0, 0, 0
	for scene := range 120 {
		s := newTwinScene(t, rng)
		var inCounty [][]bool
		for range rng.IntN(4) {
			s.addCounty(rng, &inCounty)
		}
		if rng.IntN(2) == 0 {
			s.addMaps(t, rng)
			dated++
		}
		o := redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: float64(rng.IntN(3))},
			MinSeverity: 1, Survey: rng.IntN(3) > 0}
		wantFound, want, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		n := []int{1, 2, 3, 7, 64}[scene%5]
		found, sum, made := runInShards(t, s.in, o, n, rng)
		if textOf(found) != textOf(wantFound) {
			t.Fatalf("%d shards have the candidates\n%s\nwant\n%s", n, textOf(found), textOf(wantFound))
		}
		if !reflect.DeepEqual(sum, want) {
			t.Fatalf("%d shards have the summary\n%+v\nwant\n%+v", n, sum, want)
		}
		candidates, busy = candidates+len(found.found), busy+made
		if sum.Survey != nil {
			surveys++
		}
	}
	if candidates < 300 || busy < 400 || surveys < 40 || dated < 30 {
		t.Errorf("%d candidates, %d shards with rows, %d surveys, %d with maps between: too few to mean anything",
			candidates, busy, surveys, dated)
	}
}

// file is a file of a mosaic: where it lies, and the sides of its blocks.
type file struct {
	at     raster.Window
	blocks [2]int // columns, rows
}

// mosaic counts the blocks that are read of files: each once for each call that reads a cell of it.
type mosaic struct {
	*raster.Memory
	files []file
	read  atomic.Int64
}

func (m *mosaic) BlockSize() (cols, rows int) { return m.files[0].blocks[0], m.files[0].blocks[1] }

func (m *mosaic) Torn(row int) (rows int, cells int64) {
	for _, f := range m.files {
		high := raster.TornRows(row-f.at.Row, f.at.Rows, f.blocks[1])
		rows, cells = max(rows, high), cells+int64(high*f.at.Cols)
	}
	return rows, cells
}

// blocks returns how many blocks have a cell of a window.
func (m *mosaic) blocks(w raster.Window) (n int64) {
	along := func(from, to, first, end, block int) int {
		if from, to = max(from, first)-first, min(to, end)-first; from >= to {
			return 0
		}
		return (to-1)/block - from/block + 1
	}
	for _, f := range m.files {
		n += int64(along(w.Col, w.Col+w.Cols, f.at.Col, f.at.Col+f.at.Cols, f.blocks[0]) *
			along(w.Row, w.Row+w.Rows, f.at.Row, f.at.Row+f.at.Rows, f.blocks[1]))
	}
	return n
}

func (m *mosaic) Open() (raster.Reader, error) {
	r, err := m.Memory.Open()
	return mosaicReader{r, m}, err
}

type mosaicReader struct {
	raster.Reader
	of *mosaic
}

func (r mosaicReader) Read(w raster.Window, dst []uint8) error {
	r.of.read.Add(r.of.blocks(w))
	return r.Reader.Read(w, dst)
}

// A shard reads each block of its rows once, and no other, where the files of both epochs have rows on which blocks of
// all end. Shards with much ground in zones have fewer rows.
func TestWhatAShardReads(t *testing.T) {
	const cols, rows = 300, 700
	whole := func(side int) []file { return []file{{raster.Window{Cols: cols, Rows: rows}, [2]int{side, side}}} }
	// tiers are files one below the other; each begins where the one above ends, and off its block rows.
	tiers := func(ends []int, blocks ...int) (all []file) {
		top := 0
		for i, end := range ends {
			for _, col := range []int{0, 170} {
				w := raster.Window{Col: col, Row: top, Cols: min(170, cols-col), Rows: end - top}
				all = append(all, file{w, [2]int{cols, blocks[i%len(blocks)]}})
			}
			top = end
		}
		return all
	}
	// beside are two files one beside the other, the second of which begins lower.
	beside := []file{{raster.Window{Cols: 200, Rows: rows}, [2]int{16, 16}},
		{raster.Window{Col: 200, Row: 6, Cols: 100, Rows: rows - 6}, [2]int{16, 16}}}
	for name, c := range map[string]struct {
		before, after []file
		row           int     // from which on the after epoch is read
		most          float64 // how often blocks are read
	}{
		"blocks of one size":        {whole(16), whole(16), 0, 1},
		"of two":                    {whole(16), whole(12), 0, 1},
		"odd ones":                  {whole(7), whole(5), 0, 1},
		"strips and blocks":         {whole(10), whole(45), 0, 1},
		"one block":                 {whole(rows), whole(16), 0, 1},
		"one begins higher":         {whole(16), whole(16), 5, 1.14},
		"one begins higher, strips": {whole(16), whole(1), 5, 1},
		"tiers":                     {tiers([]int{333, rows}, 32), tiers([]int{333, rows}, 32), 0, 1},
		"tiers of other blocks":     {tiers([]int{205, 410, rows}, 32, 5, 24), whole(1), 0, 1},
		"tiers, each its own":       {tiers([]int{333, rows}, 8), tiers([]int{450, rows}, 8), 0, 1.05},
		"beside":                    {beside, beside, 0, 1.05},
	} {
		t.Run(name, func(t *testing.T) { shardsRead(t, c.before, c.after, c.row, c.most) })
	}
}

// shardsRead checks what shards read of epochs in these files.
func shardsRead(t *testing.T, before, after []file, row int, most float64) {
	t.Helper()
	const rows, cols, n = 690, 300, 5 // of the 700 rows of the files
	zone := orb.MultiPolygon{{{{0, 400}, {cols, 400}, {cols, rows}, {0, rows}, {0, 400}}}}
	in := flatInputs(t, cols, 700, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine,
		Shape: zone, TotalM2: 900 * 300 * cols}}, func(row, col int) bool { return row*col%7 == 0 })
	in.Grid.Rows = rows
	sources := [2]*mosaic{{files: before}, {files: after}}
	for i, e := range []*redline.Epoch{&in.Before, &in.After} {
		sources[i].Memory = e.Source.(*raster.Memory)
		e.Source, e.Window = sources[i], raster.Window{Row: i * row, Cols: cols, Rows: rows}
	}
	o := redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: 1}, MinSeverity: 1}
	prepared, err := Divide(t.Context(), in, Tuning{Workers: 1}, newOverlayer)
	if err != nil {
		t.Fatal(err)
	}
	d, err := prepared.Division(cols, rows)
	if err != nil {
		t.Fatal(err)
	}
	cuts := Cuts(in, d.Territory, n)
	if all := sources[0].read.Load() + sources[1].read.Load(); all != 0 {
		t.Errorf("the plan reads %d blocks", all)
	}
	for i := range n {
		c, err := BeginRows(t.Context(), in, o, Tuning{Workers: 2}, [2]int{cuts[i], cuts[i+1]}, &redline.Progress{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Part(Ports{NewOverlayer: newOverlayer, Sink: newCollector(), Division: d})
		c.Stop()
		if err != nil {
			t.Fatal(err)
		}
	}
	for e, s := range sources {
		all := s.blocks(raster.Window{Row: e * row, Cols: cols, Rows: rows})
		if got := s.read.Load(); got < all || float64(got) > most*float64(all) {
			t.Errorf("cuts %v, epoch %d: %d blocks are read, of %d", cuts, e, got, all)
		}
	}
	if first, last := cuts[1], rows-cuts[n-1]; first < 2*last && last < 690 {
		t.Errorf("%d rows outside of zones are as heavy as %d inside", first, last)
	}
}
