package gdalraster

import (
	"errors"
	"fmt"
	"math"

	"greenshield/raster"
)

// Aligned is an epoch seen on another grid: each cell has the class of the epoch's
// cell that its centre falls into (nearest neighbour). It implements [raster.Source].
//
// Each centre is transformed exactly and by itself, so the result depends neither on
// the window read nor on who reads it. A centre on the edge between two cells, within
// [raster.AlignTolerance], belongs to the eastern or southern one. A centre outside the
// epoch, or without an image in its CRS, is NoData.
type Aligned struct {
	source Epoch
	to     raster.Grid
	direct bool // both have one CRS, so columns and rows map independently of each other
	note   string
}

// Align lays the epoch on the grid to. It fails when the two CRSs have no reliable
// transformation, see [NewTransformWithin].
func Align(epoch *Epoch, to raster.Grid) (*Aligned, error) {
	a := &Aligned{source: *epoch, to: to, direct: SameCRS(epoch.grid.CRS, to.CRS), note: "same CRS"}
	if !a.source.hasFill() {
		a.source.symbols = a.source.translated()
	}
	if !a.direct {
		t, err := NewTransformWithin(to.CRS, epoch.grid.CRS, ExtentOf(to))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", epoch.parts[0].path, err)
		}
		a.note = t.Note()
		t.Close()
	}
	return a, nil
}

// Note names the operation that takes the grid's coordinates to the epoch's, for the manifest.
func (a *Aligned) Note() string { return a.note }

// Grid implements [raster.Source].
func (a *Aligned) Grid() raster.Grid { return a.to }

// Index implements [raster.Source].
func (a *Aligned) Index() *[256]uint8 { return a.source.Index() }

// BlockSize implements [raster.Source].
func (a *Aligned) BlockSize() (cols, rows int) {
	cols, rows = a.source.BlockSize()
	return min(cols, a.to.Cols), min(rows, a.to.Rows)
}

// Torn implements [raster.Source]: it tells of the row of the epoch in which the row of the grid begins. When the CRSs
// differ, rows are bent and no row is better than others: nothing is torn.
func (a *Aligned) Torn(row int) (rows int, cells int64) {
	if !a.direct {
		return 0, 0
	}
	_, v := a.source.grid.Lattice(a.to.Map(0, float64(row)+0.5))
	return a.source.Torn(int(math.Floor(v + raster.AlignTolerance)))
}

// Open implements [raster.Source].
func (a *Aligned) Open() (raster.Reader, error) {
	r := &alignedReader{a: a, source: reader{e: &a.source}}
	if !a.direct {
		var err error
		if r.transform, err = NewTransformWithin(a.to.CRS, a.source.grid.CRS, ExtentOf(a.to)); err != nil {
			return nil, err
		}
	}
	return r, nil
}

type alignedReader struct {
	a         *Aligned
	source    reader
	transform *Transform // nil if direct
	x, y      []float64  // scratch
	cells     []place
	u8        []uint8
	i64       []int64
}

// place is a cell of the epoch; col is -1 outside it.
type place struct{ col, row int32 }

// Read implements [raster.Reader].
func (r *alignedReader) Read(w raster.Window, dst []uint8) error {
	return gather(r, w, dst, &r.u8, r.a.source.fill, r.source.Read)
}

// Codes implements [raster.Reader].
func (r *alignedReader) Codes(w raster.Window, dst []int64) error {
	return gather(r, w, dst, &r.i64, math.MinInt64, r.source.Codes)
}

// Close implements [raster.Reader].
func (r *alignedReader) Close() error {
	if r.transform != nil {
		r.transform.Close()
	}
	return r.source.Close()
}

// maxGather bounds the cells of the epoch that are read at once.
const maxGather = 1 << 24

func gather[T any](r *alignedReader, w raster.Window, dst []T, scratch *[]T, fill T,
	read func(raster.Window, []T) error) error {
	if err := checkWindow(r.a.to, w, len(dst)); err != nil {
		return err
	}
	box := r.locate(w)
	if box.Cells() > maxGather && w.Cells() > 1 {
		one, two := w, w
		if w.Rows > 1 {
			one.Rows /= 2
			two.Row, two.Rows = w.Row+one.Rows, w.Rows-one.Rows
		} else {
			one.Cols /= 2
			two.Col, two.Cols = w.Col+one.Cols, w.Cols-one.Cols
		}
		return errors.Join(gather(r, one, dst[:one.Cells()], scratch, fill, read),
			gather(r, two, dst[one.Cells():], scratch, fill, read))
	}
	if box.Cells() == 0 {
		for i := range dst {
			dst[i] = fill
		}
		return nil
	}
	from := resize(scratch, box.Cells())
	if err := read(box, from); err != nil {
		return err
	}
	for i, p := range r.cells {
		if p.col < 0 {
			dst[i] = fill
		} else {
			dst[i] = from[(int(p.row)-box.Row)*box.Cols+int(p.col)-box.Col]
		}
	}
	return nil
}

// locate fills r.cells with the epoch's cell of every cell of w, and returns the
// smallest window of the epoch that holds them.
func (r *alignedReader) locate(w raster.Window) raster.Window {
	to, from := r.a.to, r.a.source.grid
	cells := resize(&r.cells, w.Cells())
	minCol, minRow, maxCol, maxRow := from.Cols, from.Rows, -1, -1
	x, y := resize(&r.x, int64(w.Cols)), resize(&r.y, int64(w.Cols))
	for row := range w.Rows {
		for col := range w.Cols {
			x[col], y[col] = to.Map(float64(w.Col+col)+0.5, float64(w.Row+row)+0.5)
		}
		if r.transform != nil {
			r.transform.forward(x, y)
		}
		for i := range w.Cols {
			at := place{col: -1}
			u, v := from.Lattice(x[i], y[i])
			u, v = math.Floor(u+raster.AlignTolerance), math.Floor(v+raster.AlignTolerance)
			// NaN and infinity, which PROJ gives for what it cannot transform, fail these comparisons.
			if u >= 0 && v >= 0 && u < float64(from.Cols) && v < float64(from.Rows) {
				at = place{int32(u), int32(v)}
				minCol, maxCol = min(minCol, int(u)), max(maxCol, int(u))
				minRow, maxRow = min(minRow, int(v)), max(maxRow, int(v))
			}
			cells[row*w.Cols+i] = at
		}
	}
	if maxCol < 0 {
		return raster.Window{}
	}
	return raster.Window{Col: minCol, Row: minRow, Cols: maxCol - minCol + 1, Rows: maxRow - minRow + 1}
}
