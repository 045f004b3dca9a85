package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// BenchmarkRun measures whole runs on the large scene against the floor: reading every
// block of both rasters through GDAL, with as many workers, and nothing else. Floor and
// run take turns; reported are medians. The scene is made once in the folder
// GREENSHIELD_BENCH, or anew in a temporary one. See make bench.
func BenchmarkRun(b *testing.B) {
	dir := os.Getenv("GREENSHIELD_BENCH")
	if dir == "" {
		dir = filepath.Join(b.TempDir(), "anhui-30m")
	}
	if _, err := os.Stat(filepath.Join(dir, scene.JobFile)); err != nil {
		if err := gdalscene.Write(dir, scene.Bench(), "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=LZW"); err != nil {
			b.Fatal(err)
		}
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			var floors, runs, ratios, peaks []float64
			for b.Loop() {
				start := time.Now()
				readAll(b, dir, workers)
				floor := time.Since(start).Seconds()

				out := filepath.Join(b.TempDir(), "out")
				if err := os.RemoveAll(out); err != nil {
					b.Fatal(err)
				}
				cmd := exec.Command(binary, "run", filepath.Join(dir, scene.JobFile), "--quiet", "--workers", fmt.Sprint(workers), "--out", out)
				start = time.Now()
				if text, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, text)
				}
				run := time.Since(start).Seconds()
				floors, runs, ratios = append(floors, floor), append(runs, run), append(ratios, run/floor)
				peaks = append(peaks, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
			}
			median := func(x []float64) float64 { slices.Sort(x); return x[len(x)/2] }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(floors), "floor-s")
			b.ReportMetric(median(runs), "run-s")
			b.ReportMetric(median(ratios), "run/floor")
			b.ReportMetric(slices.Max(peaks), "peak-MB")
		})
	}
}

// readAll reads every block of both rasters, row of blocks by row of blocks.
func readAll(b *testing.B, dir string, workers int) {
	b.Helper()
	if _, err := gdalraster.Init(0); err != nil {
		b.Fatal(err)
	}
	var rasters []*gdalraster.Epoch
	for _, name := range []string{scene.RasterA, scene.RasterB} {
		e, err := gdalraster.Open([]string{filepath.Join(dir, name)}, gdalraster.Options{Codes: []int64{1}})
		if err != nil {
			b.Fatal(err)
		}
		rasters = append(rasters, e)
	}
	g := rasters[0].Grid()
	_, height := rasters[0].BlockSize()
	var next atomic.Int64
	errs := make(chan error, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			errs <- func() error {
				var readers []raster.Reader
				for _, e := range rasters {
					r, err := e.Open()
					if err != nil {
						return err
					}
					defer r.Close()
					readers = append(readers, r)
				}
				buf := make([]uint8, height*g.Cols)
				for {
					row := int(next.Add(int64(height))) - height
					if row >= g.Rows {
						return nil
					}
					w := raster.Window{Row: row, Cols: g.Cols, Rows: min(height, g.Rows-row)}
					for _, r := range readers {
						if err := r.Read(w, buf[:w.Cells()]); err != nil {
							return err
						}
					}
				}
			}()
		})
	}
	wg.Wait()
	for range workers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}
