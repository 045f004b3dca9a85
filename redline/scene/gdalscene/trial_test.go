package gdalscene

import (
	"bytes"
	"math"
	"path/filepath"
	"testing"

	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
)

// TestWriteTrial: the files hold the maps of the trial, on their own grids, and the same bytes when written again.
func TestWriteTrial(t *testing.T) {
	trial, err := scene.NewTrial(1, 512)
	if err != nil {
		t.Fatal(err)
	}
	var dirs [2]string
	for i := range dirs {
		dirs[i] = filepath.Join(t.TempDir(), "trial")
		if err := WriteTrial(dirs[i], trial); err != nil {
			t.Fatal(err)
		}
	}
	again := files(t, dirs[1])
	for name, text := range files(t, dirs[0]) {
		if !bytes.Equal(text, again[name]) {
			t.Errorf("%s differs", name)
		}
	}
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	if err != nil {
		t.Fatal(err)
	}
	own, err := gdalraster.ParseCRS("EPSG:4527")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := gdalraster.NewTransform(crs, own)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	g := trial.Grid()
	for _, f := range scene.TrialFiles() {
		cells, cols, gt := readAll(t, filepath.Join(dirs[0], f.File))
		want := trial.Map(f.Product, f.Epoch)
		compared, inside := 0, 0
		for i, class := range want {
			x, y := g.Map(float64(i%g.Cols)+0.5, float64(i/g.Cols)+0.5)
			xs, ys := []float64{x}, []float64{y}
			if f.Product == scene.Third {
				if err := tr.XY(xs, ys); err != nil {
					t.Fatal(err)
				}
			}
			u, v := (xs[0]-gt[0])/gt[1], (ys[0]-gt[3])/gt[5]
			col, row := int(math.Floor(u)), int(math.Floor(v))
			if col < 0 || row < 0 || col >= cols || row >= len(cells)/cols {
				continue
			}
			inside++
			if math.Abs(u-float64(col)-0.5) > 0.12 || math.Abs(v-float64(row)-0.5) > 0.12 {
				continue // another cell may lie at its centre
			}
			compared++
			if got := cells[row*cols+col]; got != f.Codes[class] {
				t.Fatalf("%s: row %d, column %d is %d, want %d", f.File, row, col, got, f.Codes[class])
			}
		}
		if share := float64(inside) / float64(len(want)); compared < 5000 || share < 0.95 {
			t.Errorf("%s: %d cells compared, %.3f of the grid covered", f.File, compared, share)
		}
	}
	if err := WriteTrial(dirs[0], trial); err == nil {
		t.Error("written into a folder that is not empty")
	}
}
