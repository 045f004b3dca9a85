package gdalraster

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

var _ raster.Source = (*Aligned)(nil)

func open(t *testing.T, o Options, files ...string) *Epoch {
	t.Helper()
	e, err := Open(files, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func align(t *testing.T, e *Epoch, to raster.Grid) *Aligned {
	t.Helper()
	a, err := Align(e, to)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAlignSameCRS(t *testing.T) {
	g := utm(t, 4, 3)
	path := file{grid: g, dtype: godal.Byte, cells: []uint8{
		10, 20, 30, 0,
		20, 30, 10, 77,
		30, 10, 20, 10,
	}}.write(t, "a.tif")
	const nd, un = raster.NoData, raster.Unknown
	moved := func(du, dv, cell float64, cols, rows int) raster.Grid {
		to := g
		to.OriginX, to.OriginY = g.Map(du, dv)
		to.CellX, to.CellY, to.Cols, to.Rows = cell, cell, cols, rows
		return to
	}
	for _, c := range []struct {
		name string
		to   raster.Grid
		want []uint8
	}{
		{"same grid", g, []uint8{0, 1, 2, nd, 1, 2, 0, un, 2, 0, 1, 0}},
		{"a third of a cell", moved(1.0/3, 1.0/3, 30, 2, 2), []uint8{0, 1, 1, 2}},
		{"half a cell: ties go east and south", moved(0.5, 0.5, 30, 2, 2), []uint8{2, 0, 0, 1}},
		{"half a cell the other way", moved(-0.5, -0.5, 30, 2, 2), []uint8{0, 1, 1, 2}},
		{"finer", moved(0, 0, 15, 4, 2), []uint8{0, 0, 1, 1, 0, 0, 1, 1}},
		{"coarser", moved(0, 0, 90, 1, 1), []uint8{2}},
		{"beyond every side", moved(-1, -1, 30, 3, 3), []uint8{nd, nd, nd, nd, 0, 1, nd, 1, 2}},
		{"beyond the far corner", moved(3, 2, 30, 2, 2), []uint8{0, nd, nd, nd}},
		{"elsewhere", moved(1e6, 0, 30, 1, 1), []uint8{nd}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, o := range map[string]Options{"raw": fourCodes, "every code a class": {Codes: []int64{10, 20, 30, 0}}} {
				a := align(t, open(t, o, path), c.to)
				want := slices.Clone(c.want)
				if name != "raw" && c.name == "same grid" {
					want[3] = 3
				}
				if got := classes(t, a, whole(a)); !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", name, got, want)
				}
				if a.Grid() != c.to {
					t.Errorf("grid %+v", a.Grid())
				}
			}
		})
	}
	a := align(t, open(t, fourCodes, path), moved(3, 1, 30, 2, 1))
	r, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	codes := make([]int64, 2)
	if err := r.Codes(whole(a), codes); err != nil || !slices.Equal(codes, []int64{77, math.MinInt64}) {
		t.Errorf("codes %v, %v", codes, err)
	}
	if err := r.Read(raster.Window{Cols: 3, Rows: 1}, make([]uint8, 3)); err == nil {
		t.Error("a window outside the grid is accepted")
	}
}

// The twin transforms every cell's centre alone, through the public API only.
func TestAlignOtherCRS(t *testing.T) {
	from := utm(t, 120, 100)
	cells := pattern(from)
	path := file{grid: from, dtype: godal.Byte, cells: cells}.write(t, "a.tif")
	e := open(t, fourCodes, path)
	to := raster.Grid{OriginX: 117 - 0.002, OriginY: 31.63, CellX: 0.0003, CellY: 0.0003, Cols: 140, Rows: 110, CRS: crs(t, "EPSG:4490")}
	tr, err := NewTransform(to.CRS, from.CRS)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	want := make([]uint8, 0, to.Cells())
	for row := range to.Rows {
		for col := range to.Cols {
			x, y := to.Map(float64(col)+0.5, float64(row)+0.5)
			xs, ys := []float64{x}, []float64{y}
			if err := tr.XY(xs, ys); err != nil {
				t.Fatal(err)
			}
			u, v := from.Lattice(xs[0], ys[0])
			if u < 0 || v < 0 || u >= 120 || v >= 100 {
				want = append(want, raster.NoData)
				continue
			}
			want = append(want, cut(from, cells, raster.Window{Col: int(u), Row: int(v), Cols: 1, Rows: 1})...)
		}
	}
	if n := count(want, raster.NoData); n < 1000 || n > 14000 {
		t.Fatalf("the two grids should overlap in part; %d cells of NoData", n)
	}
	a := align(t, e, to)
	if !strings.Contains(a.Note(), "CGCS2000 taken as WGS 84") {
		t.Errorf("note %q", a.Note())
	}
	if got := classes(t, a, whole(a)); !slices.Equal(got, want) {
		t.Error("differs from the twin")
	}
	// Any division into windows gives the same cells.
	got := make([]uint8, to.Cells())
	for row := 0; row < to.Rows; row += 37 {
		for col := 0; col < to.Cols; col += 23 {
			w := raster.Window{Col: col, Row: row, Cols: min(23, to.Cols-col), Rows: min(37, to.Rows-row)}
			for i, v := range classes(t, a, w) {
				got[(row+i/w.Cols)*to.Cols+col+i%w.Cols] = v
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Error("windows differ from the whole")
	}
}

// A grid so coarse that its cells' places in the epoch exceed one reading.
func TestAlignSplitsLargeReadings(t *testing.T) {
	from := utm(t, 9000, 4000)
	path := file{grid: from, dtype: godal.Byte, options: []string{"TILED=YES", "SPARSE_OK=YES", "COMPRESS=DEFLATE"}, edit: func(ds *godal.Dataset) error {
		return ds.Bands()[0].Write(8000, 3000, []uint8{10, 20, 30, 30}, 2, 2)
	}}.write(t, "a.tif")
	to := utm(t, 9, 4)
	to.CellX, to.CellY = 30000, 30000
	to.OriginX, to.OriginY = from.Map(-499.5, -499.5) // the centre of cell (3, 8) falls on (3000, 8000)
	a := align(t, open(t, fourCodes, path), to)
	got := classes(t, a, whole(a))
	if got[3*9+8] != 0 || count(got, raster.NoData) != 35 {
		t.Errorf("got %v", got)
	}
}

func TestAlignRefusesAGuess(t *testing.T) {
	g := utm(t, 2, 2)
	path := file{grid: g, dtype: godal.Byte}.write(t, "a.tif")
	to := g
	to.CRS = crs(t, "EPSG:2361")
	if _, err := Align(open(t, fourCodes, path), to); err == nil || !strings.Contains(err.Error(), "guess") || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestWriter(t *testing.T) {
	g := utm(t, 70, 50)
	g.CRS = crs(t, albers)
	cells := pattern(g)
	path := filepath.Join(t.TempDir(), "a.tif")
	var palette [256][4]uint8
	palette[10] = [4]uint8{0, 100, 0, 255}
	w, err := Create(path, g, num(0), &palette)
	if err != nil {
		t.Fatal(err)
	}
	for row := 0; row < g.Rows; row += 8 {
		end := min(row+8, g.Rows)
		if err := w.WriteRows(row, cells[row*g.Cols:end*g.Cols]); err != nil {
			t.Fatal(err)
		}
	}
	for name, try := range map[string]struct {
		row  int
		data []uint8
	}{"before": {-1, cells[:70]}, "behind": {50, cells[:70]}, "part of a row": {0, cells[:69]}, "nothing": {0, nil}} {
		if err := w.WriteRows(try.row, try.data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	e := open(t, fourCodes, path)
	if got := classes(t, e, whole(e)); !slices.Equal(got, cut(g, cells, whole(e))) {
		t.Error("cells differ")
	}
	if d := e.Describe(); !d.Palette || d.NoData != "0" || d.Compression != "DEFLATE" || len(d.Warnings) != 0 {
		t.Errorf("description %+v", d)
	}
	got, want := e.Grid(), g
	if !SameCRS(got.CRS, want.CRS) {
		t.Errorf("CRS %s", got.CRS.WKT)
	}
	if got.CRS = want.CRS; got != want {
		t.Errorf("grid %+v, want %+v", got, want)
	}
	if err := WriteByte(filepath.Join(t.TempDir(), "no", "a.tif"), g, cells, nil); err == nil {
		t.Error("a missing folder is accepted")
	}
	if err := WriteByte(path, g, cells, nil, "COMPRESS=NONSENSE"); err == nil {
		t.Error("an unknown creation option is accepted")
	}
}
