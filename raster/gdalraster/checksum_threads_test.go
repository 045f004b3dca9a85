package gdalraster

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"greenshield/raster"
)

// GDAL hands out the place and the size of a block in a buffer that belongs to the thread. When
// goroutines change threads it must not be another goroutine's answer that is read.
func TestChecksumsWithManyReaders(t *testing.T) {
	g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.001, CellY: 0.001, Cols: 300, Rows: 3000, CRS: crs(t, "EPSG:4490")}
	const seed = 4
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "strips.tif")
	w, err := Create(path, g, nil, nil, "COMPRESS=DEFLATE", "BLOCKYSIZE=1", "PREDICTOR=2") // the predictor asks for decoding every block
	if err != nil {
		t.Fatal(err)
	}
	row := make([]uint8, g.Cols)
	for at := range g.Rows {
		varied := rng.IntN(g.Cols)
		for i := range row {
			row[i] = 1
			if i < varied {
				row[i] = uint8(1 + rng.IntN(9))
			}
		}
		if err := w.WriteRows(at, row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := Open([]string{path}, Options{Codes: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	go func() { // stopping the world is when goroutines change threads
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		}
	}()
	defer close(stop)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2 {
				r, err := e.Open()
				if err != nil {
					t.Error(err)
					return
				}
				cells := make([]uint8, g.Cols)
				for row := range g.Rows {
					if err := r.Read(raster.Window{Row: row, Cols: g.Cols, Rows: 1}, cells); err != nil {
						t.Error(err)
						break
					}
				}
				r.Close()
			}
		})
	}
	wg.Wait()
}
