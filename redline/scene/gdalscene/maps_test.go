package gdalscene

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/redline/scene"
)

// TestMaps: files of maps hold what the scene says of each year, in one band or several however they are interleaved,
// with the codes of either legend, on the whole grid or a window of it; written twice they have the same bytes.
func TestMaps(t *testing.T) {
	p := params()
	s, err := scene.New(p)
	if err != nil {
		t.Fatal(err)
	}
	years := s.Years(2010, 2016, scene.RealNoise)
	window := raster.Window{Col: 13, Row: 7, Cols: 200, Rows: bandRows + 3}
	all := []scene.Map{
		{File: "one.tif", Years: []int{2011}},
		{File: "coarse.tif", Years: []int{2012}, Coarse: true},
		{File: "part.tif", Years: []int{2013}, Window: window},
		{File: "bands.tif", Years: []int{2014, 2015}},
		{File: "pixels.tif", Years: []int{2014, 2015}, Pixels: true},
	}
	var wrote [2]map[string][]byte
	var dir string
	of := write(t, p)
	for i := range wrote {
		dir = t.TempDir()
		if err := WriteMaps(dir, of, s, years, all); err != nil {
			t.Fatal(err)
		}
		wrote[i] = files(t, dir)
	}
	if len(wrote[0]) != len(all)+1 || !bytes.Equal(wrote[0][scene.CoarseLegend], scene.Coarse) {
		t.Errorf("%d files; the legend is %q", len(wrote[0]), wrote[0][scene.CoarseLegend])
	}
	for name, text := range wrote[0] {
		if !bytes.Equal(text, wrote[1][name]) {
			t.Errorf("%s differs", name)
		}
	}
	for _, m := range all {
		t.Run(m.File, func(t *testing.T) { checkMap(t, filepath.Join(dir, m.File), s, years, m) })
	}
}

// checkMap holds a file of maps against what the scene says of it.
func checkMap(t *testing.T, path string, s *scene.Scene, years *scene.Years, m scene.Map) {
	ds, err := godal.Open(path, godal.RasterOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	g, w := s.Grid(), m.Window
	if w.Cols == 0 {
		w = raster.Window{Cols: g.Cols, Rows: g.Rows}
	}
	x, y := s.Map(float64(w.Col), float64(w.Row))
	if gt, err := ds.GeoTransform(); err != nil || gt != [6]float64{x, g.CellX, 0, y, 0, -g.CellY} {
		t.Errorf("geotransform %v, %v", gt, err)
	}
	way := ds.Metadata("INTERLEAVE", godal.Domain("IMAGE_STRUCTURE"))
	if way != map[bool]string{true: "PIXEL", false: "BAND"}[m.Pixels] {
		t.Errorf("interleaved by %s", way)
	}
	text := ds.Metadata("TIFFTAG_IMAGEDESCRIPTION")
	if !strings.Contains(text, "SYNTHETIC") || !strings.Contains(text, fmt.Sprint(m.Years)) {
		t.Errorf("description %q", text)
	}
	if n := len(ds.Bands()); n != len(m.Years) {
		t.Fatalf("%d bands", n)
	}
	var epochs [2][]uint8
	for e := range epochs {
		epochs[e] = make([]uint8, g.Cols)
	}
	want, got := make([]uint8, g.Cols), make([]uint8, w.Cols)
	for i, year := range m.Years {
		if nodata, ok := ds.Bands()[i].NoData(); !ok || nodata != 0 {
			t.Errorf("NoData %v, %v", nodata, ok)
		}
		for row := range w.Rows {
			for e := range epochs {
				s.Row(e, w.Row+row, epochs[e])
			}
			years.Row(year, w.Row+row, epochs[0], epochs[1], want)
			if err := ds.Bands()[i].Read(0, row, got, w.Cols, 1); err != nil {
				t.Fatal(err)
			}
			for col, code := range got {
				class := want[w.Col+col]
				if m.Coarse {
					class = scene.CoarseCodes[class]
				}
				if code != class {
					t.Fatalf("row %d, column %d of %d is %d, want %d", row, col, year, code, class)
				}
			}
		}
	}
}

// TestMapsRefused: a file that cannot be written is named, and one that is missing.
func TestMapsRefused(t *testing.T) {
	s, err := scene.New(params())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a.tif"), 0o777); err != nil {
		t.Fatal(err)
	}
	err = WriteMaps(dir, write(t, params()), s, s.Years(2010, 2012, scene.Noise{}), []scene.Map{{File: "a.tif", Years: []int{2011}}})
	if err == nil || !strings.Contains(err.Error(), "a.tif") {
		t.Errorf("error %v", err)
	}
	err = WriteMaps(dir, dir, s, s.Years(2010, 2012, scene.Noise{}), []scene.Map{{File: "b.tif", Years: []int{2011}}})
	if err == nil || !strings.Contains(err.Error(), scene.RasterA) {
		t.Errorf("error %v", err)
	}
}
