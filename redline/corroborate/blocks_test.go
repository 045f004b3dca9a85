package corroborate

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"greenshield/raster"
	"greenshield/redline"
)

// watched is a raster in memory that knows what was read of it, and how many readers are open.
type watched struct {
	raster.Memory
	cols, rows int // of a block

	mu    sync.Mutex
	read  map[raster.Window]int
	open  atomic.Int32
	fails error
	wait  chan struct{} // reading waits until it is closed; nil for no waiting
}

func (w *watched) BlockSize() (cols, rows int) { return w.cols, w.rows }

func (w *watched) Open() (raster.Reader, error) {
	w.open.Add(1)
	r, err := w.Memory.Open()
	return watchedReader{r, w}, err
}

type watchedReader struct {
	raster.Reader
	of *watched
}

func (r watchedReader) Read(w raster.Window, dst []uint8) error {
	r.of.mu.Lock()
	r.of.read[w]++
	fails := r.of.fails
	r.of.mu.Unlock()
	if r.of.wait != nil {
		<-r.of.wait
	}
	if fails != nil {
		return fails
	}
	return r.Reader.Read(w, dst)
}

func (r watchedReader) Close() error {
	r.of.open.Add(-1)
	return r.Reader.Close()
}

// newWatched returns a raster of random symbols below classes.
func newWatched(rng *rand.Rand, g raster.Grid, blockCols, blockRows, classes int) *watched {
	w := &watched{cols: blockCols, rows: blockRows, read: map[raster.Window]int{},
		Memory: raster.Memory{On: g, Classes: classes, Symbols: make([]uint8, g.Cells())}}
	for i := range w.Symbols {
		w.Symbols[i] = uint8(rng.IntN(classes))
	}
	return w
}

// Views yield the symbols of the raster, whatever the size of the cache, and read each block once while it is large
// enough, and only blocks that hold cells that are looked at.
func TestViewsYieldTheRaster(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	again := 0
	for range 300 {
		w := newWatched(rng, raster.Grid{Cols: 1 + rng.IntN(40), Rows: 1 + rng.IntN(40)}, 1+rng.IntN(20), 1+rng.IntN(20), 200)
		small := rng.IntN(2) == 0
		cache := NewCache(1000, 1<<20)
		if small {
			cache = NewCache(1000, int64(rng.IntN(300)))
		}
		blocks := cache.Blocks(w)
		view := blocks.View()
		touched := map[[2]int]bool{}
		look := func(row, col int, got uint8) {
			t.Helper()
			if want := w.Symbols[row*w.On.Cols+col]; got != want {
				t.Fatalf("row %d, column %d: %d, want %d", row, col, got, want)
			}
			touched[[2]int{row / w.rows, col / w.cols}] = true
		}
		for range 6 {
			in := raster.Window{Col: rng.IntN(50) - 5, Row: rng.IntN(50) - 5, Cols: rng.IntN(20), Rows: rng.IntN(20)}
			cols := max(0, min(in.Col+in.Cols, w.On.Cols)-max(0, in.Col))
			for row := in.Row; row < in.Row+in.Rows; row++ {
				next := max(0, in.Col)
				err := view.Row(row, in.Col, in.Col+in.Cols, func(col int, symbols []uint8) error {
					if col != next {
						t.Fatalf("column %d after %d", col, next)
					}
					for i, s := range symbols {
						look(row, col+i, s)
					}
					next += len(symbols)
					return nil
				})
				if onGrid := row >= 0 && row < w.On.Rows; err != nil || onGrid && next-max(0, in.Col) != cols {
					t.Fatalf("%v, columns up to %d of row %d of %+v", err, next, row, in)
				}
			}
		}
		distinct, reads := blocks.Counts()
		all := 0
		for _, n := range w.read {
			all += n
		}
		if distinct != len(touched) || len(w.read) != len(touched) || reads != all || !small && reads != distinct {
			t.Fatalf("%d blocks, %d reads; %d blocks of %d reads hold what was looked at", distinct, reads, len(touched), all)
		}
		if small && cache.bytes > cache.maxBytes && cache.recent.Len() > 1 {
			t.Fatalf("%d bytes in %d blocks, where there may be %d", cache.bytes, cache.recent.Len(), cache.maxBytes)
		}
		again += reads - distinct
		if err := cache.Close(); err != nil || w.open.Load() != 0 {
			t.Fatalf("%v; %d readers stay open", err, w.open.Load())
		}
	}
	if again < 100 {
		t.Errorf("%d blocks were read again: the small caches are too large to mean anything", again)
	}
}

// at returns the symbol of a cell.
func at(v *View, row, col int) (s uint8, err error) {
	err = v.Row(row, col, col+1, func(_ int, symbols []uint8) error {
		s = symbols[0]
		return nil
	})
	return s, err
}

// Several rasters share a cache. The block that was not used for longest makes room.
func TestLeastRecentlyUsedMakesRoom(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a := newWatched(rng, raster.Grid{Cols: 30, Rows: 10}, 10, 10, 9)
	b := newWatched(rng, raster.Grid{Cols: 10, Rows: 10}, 10, 10, 9)
	cache := NewCache(1000, 300)
	inA, inB := cache.Blocks(a), cache.Blocks(b)
	look := func(of *Blocks, col int) {
		if _, err := at(of.View(), 0, col); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		of         *Blocks
		col        int
		readA, inB int
	}{
		{inA, 0, 1, 0}, {inA, 10, 2, 0}, {inB, 0, 2, 1}, // full
		{inA, 0, 2, 1},                 // used again
		{inA, 20, 3, 1},                // displaces columns 10 to 19
		{inA, 0, 3, 1}, {inB, 0, 3, 1}, // still there
		{inA, 10, 4, 1}, // displaces columns 20 to 29
		{inB, 0, 4, 1}, {inA, 20, 5, 1},
	} {
		look(step.of, step.col)
		_, readA := inA.Counts()
		if _, readB := inB.Counts(); readA != step.readA || readB != step.inB {
			t.Fatalf("%+v: %d and %d reads", step, readA, readB)
		}
	}
	if distinct, _ := inA.Counts(); distinct != 3 {
		t.Errorf("%d distinct blocks", distinct)
	}
}

// Goroutines that need one block at the same time wait for the one that decodes it.
func TestOneDecodesForAll(t *testing.T) {
	w := newWatched(rand.New(rand.NewPCG(5, 6)), raster.Grid{Cols: 8, Rows: 8}, 8, 8, 9)
	w.wait = make(chan struct{})
	cache := NewCache(1000, 1) // too small for it, but it is being used
	blocks := cache.Blocks(w)
	var started, done sync.WaitGroup
	for i := range 8 {
		started.Add(1)
		done.Go(func() {
			started.Done()
			if s, err := at(blocks.View(), i, i); err != nil || s != w.Symbols[9*i] {
				t.Error(s, err)
			}
		})
	}
	started.Wait()
	close(w.wait)
	done.Wait()
	if distinct, reads := blocks.Counts(); distinct != 1 || reads != 1 || w.open.Load() != 1 {
		t.Errorf("%d blocks, %d reads, %d readers", distinct, reads, w.open.Load())
	}
}

// What cannot be read is a fault of kind Raster, and is tried again when it is asked for again.
func TestUnreadableBlock(t *testing.T) {
	w := newWatched(rand.New(rand.NewPCG(7, 8)), raster.Grid{Cols: 8, Rows: 8}, 4, 4, 9)
	w.fails = errors.New("map.tif: block 0 is damaged")
	cache := NewCache(1000, 1000)
	view := cache.Blocks(w).View()
	for range 2 {
		if _, err := at(view, 1, 1); !errors.Is(err, w.fails) || redline.KindOf(err) != redline.Raster {
			t.Errorf("%v", err)
		}
	}
	if cache.bytes != 0 || len(cache.blocks) != 0 || w.read[raster.Window{Cols: 4, Rows: 4}] != 2 {
		t.Errorf("%d bytes stay, %v", cache.bytes, w.read)
	}
	w.fails = nil
	if s, err := at(view, 1, 1); err != nil || s != w.Symbols[9] {
		t.Error(s, err)
	}
	if err := cache.Close(); err != nil || w.open.Load() != 0 {
		t.Error(err, w.open.Load())
	}
}

// Blocks that are too large are cut, whatever their form.
func TestLargeBlocksAreCut(t *testing.T) {
	for _, c := range []struct{ gridCols, gridRows, blockCols, blockRows, cols, rows int }{
		{40000, 30000, 40000, 1, 40000, 1},       // rows stay
		{40000, 30000, 512, 512, 512, 512},       // tiles stay
		{40000, 30000, 40000, 30000, 1024, 1024}, // a file that is one block
		{40000, 30000, 40000, 64, 16384, 64},     // high strips
		{300, 30000, 300, 30000, 300, 3495},      // a narrow file
		{100, 80, 256, 256, 100, 80},             // a block that is larger than the file
		{3000000, 2, 3000000, 1, 1 << 20, 1},     // rows that are too long
	} {
		grid := raster.Grid{Cols: c.gridCols, Rows: c.gridRows}
		m := &watched{Memory: raster.Memory{On: grid}, cols: c.blockCols, rows: c.blockRows}
		b := NewCache(1000, 0).Blocks(m)
		if b.cols != c.cols || b.rows != c.rows {
			t.Errorf("%+v: blocks of %d × %d", c, b.cols, b.rows)
		}
	}
}
