package gdalscene

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/redline/scene"
)

// readAll returns the cells of a raster, its columns, and its geotransform.
func readAll(t *testing.T, path string) (cells []uint8, cols int, gt [6]float64) {
	t.Helper()
	ds, err := godal.Open(path, godal.RasterOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	s := ds.Structure()
	cells = make([]uint8, s.SizeX*s.SizeY)
	if err := ds.Bands()[0].Read(0, 0, cells, s.SizeX, s.SizeY); err != nil {
		t.Fatal(err)
	}
	if gt, err = ds.GeoTransform(); err != nil {
		t.Fatal(err)
	}
	return cells, s.SizeX, gt
}

// TestWriteOther: both maps of the other product have its rows, on its grid.
func TestWriteOther(t *testing.T) {
	s, err := scene.New(params())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := WriteOther(dir, s); err != nil {
		t.Fatal(err)
	}
	o := s.Other()
	g := o.Grid()
	want := make([]uint8, g.Cols)
	for epoch, year := range []int{scene.YearA, scene.YearB} {
		cells, cols, gt := readAll(t, filepath.Join(dir, scene.OtherFile(year)))
		if cols != g.Cols || len(cells) != g.Cols*g.Rows || gt != [6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY} {
			t.Fatalf("%d columns, %d cells, %v", cols, len(cells), gt)
		}
		for row := range g.Rows {
			o.Row(epoch, row, want)
			if !bytes.Equal(cells[row*cols:][:cols], want) {
				t.Fatalf("epoch %d: row %d differs", epoch, row)
			}
		}
	}
}
