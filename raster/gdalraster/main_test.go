package gdalraster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// The environment of the tests is hostile: Init must see to it that nothing of it counts.
var hostile = []string{"GTIFF_IGNORE_READ_ERRORS", "PROJ_LIB", "GDAL_PAM_ENABLED"}

var ignoredEnv []string

func TestMain(m *testing.M) {
	os.Setenv("GTIFF_IGNORE_READ_ERRORS", "YES")
	os.Setenv("PROJ_LIB", "/nowhere")
	os.Setenv("GDAL_PAM_ENABLED", "YES")
	var err error
	if ignoredEnv, err = Init(8 << 20); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestInit(t *testing.T) {
	for _, name := range hostile {
		if !slices.Contains(ignoredEnv, name) {
			t.Errorf("%s is not reported", name)
		}
		if v, ok := os.LookupEnv(name); ok {
			t.Errorf("%s is still %q", name, v)
		}
	}
	again, err := Init(1)
	if err != nil || !slices.Equal(again, ignoredEnv) {
		t.Errorf("second Init: %v, %v", again, err)
	}
	gdal, proj := Versions()
	if gdal == "" || proj == "" {
		t.Errorf("versions %q, %q", gdal, proj)
	}
}

func data(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing and CI is set", path)
		}
		t.Skipf("%s is missing; set GREENSHIELD_DATA to the folder of real data", path)
	}
	return path
}

func crs(t testing.TB, text string) raster.CRS {
	t.Helper()
	c, err := ParseCRS(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// utm is a grid of 30 m cells in Anhui.
func utm(t testing.TB, cols, rows int) raster.Grid {
	return raster.Grid{OriginX: 500000, OriginY: 3500000, CellX: 30, CellY: 30, Cols: cols, Rows: rows, CRS: crs(t, "EPSG:32650")}
}

// file is a GeoTIFF to be made; zero fields are left out.
type file struct {
	grid      raster.Grid
	transform *[6]float64 // instead of the grid's
	noCRS     bool
	dtype     godal.DataType
	bands     int // 1 when 0; all get the same cells
	nodata    *float64
	cells     any // slice of the buffer's type
	options   []string
	edit      func(*godal.Dataset) error
}

func (f file) write(t testing.TB, name string) string {
	t.Helper()
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(t.TempDir(), name)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	g := f.grid
	ds, err := godal.Create(godal.GTiff, path, max(f.bands, 1), f.dtype, g.Cols, g.Rows, godal.CreationOption(f.options...))
	must(err)
	if f.transform == nil {
		f.transform = &[6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}
	}
	if *f.transform != [6]float64{} {
		must(ds.SetGeoTransform(*f.transform))
	}
	if !f.noCRS {
		must(ds.SetProjection(g.CRS.WKT))
	}
	if f.nodata != nil {
		must(ds.SetNoData(*f.nodata))
	}
	if f.edit != nil {
		must(f.edit(ds))
	}
	if f.cells != nil {
		for _, b := range ds.Bands() {
			must(b.Write(0, 0, f.cells, g.Cols, g.Rows))
		}
	}
	must(ds.Close())
	return path
}

func num(v float64) *float64 { return &v }

// classes reads a window and translates it to index values.
func classes(t testing.TB, s raster.Source, w raster.Window) []uint8 {
	t.Helper()
	got, err := tryClasses(s, w)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryClasses(s raster.Source, w raster.Window) ([]uint8, error) {
	r, err := s.Open()
	if err != nil {
		return nil, err
	}
	dst := make([]uint8, w.Cells())
	if err := r.Read(w, dst); err != nil {
		r.Close()
		return nil, err
	}
	for i, v := range dst {
		dst[i] = s.Index()[v]
	}
	return dst, r.Close()
}

func whole(s raster.Source) raster.Window {
	return raster.Window{Cols: s.Grid().Cols, Rows: s.Grid().Rows}
}
