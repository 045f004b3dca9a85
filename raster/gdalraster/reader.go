package gdalraster

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"unsafe"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/object"
)

// maxOpenFiles is how many files of a mosaic one reader keeps open.
const maxOpenFiles = 16

// reader reads an Epoch. It owns its dataset handles, which GDAL forbids to share.
type reader struct {
	e    *Epoch
	open []*handle // most recently used last

	pieceU8  []uint8 // scratch
	pieceI64 []int64
	mask     []uint8
	words    []uint64 // memory for cells of any type
	f64      []float64
	recent   [256]lookedUp

	decoders decoders
	last     reopened
	stored   piece
	decoded  int // blocks that were decoded here
}

type handle struct {
	part     *part
	ds       *godal.Dataset
	band     godal.Band
	verified []bool // by block: its checksum is right; nil until a block was looked at
	blocks   blockState
}

// Read implements [raster.Reader].
func (r *reader) Read(w raster.Window, dst []uint8) error {
	empty := func(v uint8) bool { return r.e.index[v] == raster.NoData }
	return assembleWindow(r, w, dst, cellsOf[uint8]{r.e.fill, empty, r.readSymbols, &r.pieceU8})
}

// Codes implements [raster.Reader].
func (r *reader) Codes(w raster.Window, dst []int64) error {
	empty := func(v int64) bool { return v == math.MinInt64 }
	return assembleWindow(r, w, dst, cellsOf[int64]{math.MinInt64, empty, r.readCodes, &r.pieceI64})
}

// cellsOf says how the files of a mosaic are read as cells of a type.
type cellsOf[T any] struct {
	fill    T            // what a cell is that no file covers
	empty   func(T) bool // tells that a cell has no observation
	read    func(*handle, raster.Window, []T) error
	scratch *[]T
}

// assembleWindow fills dst with the cells of each file that meets w. Files agree in the cells that they share, but for
// those that are hidden at the end.
func assembleWindow[T any](r *reader, w raster.Window, dst []T, cells cellsOf[T]) error {
	if err := checkWindow(r.e.grid, w, len(dst)); err != nil {
		return err
	}
	if len(r.e.parts) > 1 {
		for i := range dst {
			dst[i] = cells.fill
		}
	}
	for _, p := range r.e.parts {
		in := intersection(w, raster.Window{Col: p.col, Row: p.row, Cols: p.cols, Rows: p.rows})
		if in.Cols <= 0 || in.Rows <= 0 {
			continue
		}
		into := dst[(in.Row-w.Row)*w.Cols+in.Col-w.Col:]
		in.Col, in.Row = in.Col-p.col, in.Row-p.row
		h, err := r.handle(p)
		if err != nil {
			return err
		}
		if len(r.e.parts) == 1 {
			if err := cells.read(h, in, dst); err != nil {
				return err
			}
			break
		}
		piece := resize(cells.scratch, in.Cells())
		if err := cells.read(h, in, piece); err != nil {
			return err
		}
		for row := range in.Rows {
			line := into[row*w.Cols:]
			for i, v := range piece[row*in.Cols : (row+1)*in.Cols] {
				if !cells.empty(v) {
					line[i] = v
				}
			}
		}
	}
	hide(r.e, w, dst, cells.fill)
	return nil
}

func checkWindow(g raster.Grid, w raster.Window, cells int) error {
	if w.Col < 0 || w.Row < 0 || w.Cols <= 0 || w.Rows <= 0 || w.Col+w.Cols > g.Cols || w.Row+w.Rows > g.Rows ||
		int64(cells) != w.Cells() {
		return fmt.Errorf("window %+v into %d cells does not fit a grid of %d × %d", w, cells, g.Cols, g.Rows)
	}
	return nil
}

func resize[T any](s *[]T, n int64) []T {
	*s = slices.Grow((*s)[:0], int(n))[:n]
	return *s
}

// handle returns p opened. If too many files are open it closes the one that was unused for longest.
func (r *reader) handle(p *part) (*handle, error) {
	if i := slices.IndexFunc(r.open, func(h *handle) bool { return h.part == p }); i >= 0 {
		h := r.open[i]
		r.open = append(slices.Delete(r.open, i, i+1), h)
		return h, nil
	}
	if len(r.open) >= maxOpenFiles {
		oldest := r.open[0]
		r.open = slices.Delete(r.open, 0, 1)
		if err := oldest.close(); err != nil {
			return nil, err
		}
	}
	info, err := object.Stat(p.path)
	if err != nil {
		return nil, err
	}
	if !p.same(info) {
		return nil, fmt.Errorf("%s: changed while it was being read; start again when nobody writes to it", p.path)
	}
	defer p.lock()()
	ds, err := p.open(nil)
	if err != nil {
		return nil, err
	}
	h := &handle{part: p, ds: ds, band: ds.Bands()[r.e.band-1]}
	r.open = append(r.open, h)
	return h, nil
}

// same reports whether info is that of the file that was first found, and unchanged.
func (p *part) same(info os.FileInfo) bool {
	return object.Same(info, p.info)
}

// Close implements [raster.Reader].
func (r *reader) Close() error {
	var errs []error
	for _, h := range r.open {
		errs = append(errs, h.close())
	}
	r.open = nil
	r.last.close()
	r.decoders.free()
	return errors.Join(errs...)
}

func (h *handle) close() (err error) {
	defer h.part.lock()()
	h.part.close(h.ds, &err)
	return err
}

// readSymbols fills dst with the symbols of window w of one file.
func (r *reader) readSymbols(h *handle, w raster.Window, dst []uint8) error {
	if h.part.layout == nil || h.blocks.off || !r.decode(h, h.part.window(w), dst) {
		if err := r.readByGDAL(h, w, dst); err != nil {
			return err
		}
	}
	if err := r.applyMask(h, w, func(i int) { dst[i] = r.e.symbols.fill }); err != nil {
		return err
	}
	if h.part.southUp {
		flip(dst, w.Cols)
	}
	return nil
}

// readByGDAL fills dst with the symbols of window w, in the file's own row order.
func (r *reader) readByGDAL(h *handle, w raster.Window, dst []uint8) error {
	t := h.part.dtype
	cells := dst
	if t != godal.Byte {
		cells = r.cells(t, len(dst))
	}
	if err := h.read(w, typed(t, cells)); err != nil {
		return err
	}
	if bad, v := r.translate(t, cells, dst); bad >= 0 {
		return h.part.noCode(w, bad, v)
	}
	return nil
}

// cells returns memory for n cells of a type, valid until the next call.
func (r *reader) cells(t godal.DataType, n int) []uint8 {
	bytes := n * t.Size()
	return view[uint8](resize(&r.words, int64(bytes+7)/8))[:bytes]
}

// translate fills dst with the symbols of cells, which are of type t and in the order of bytes of this machine; for
// bytes the two may be the same memory. It returns the position of a cell that cannot be a code, and its number; -1
// when there is none.
func (r *reader) translate(t godal.DataType, cells, dst []uint8) (bad int, v float64) {
	s := &r.e.symbols
	switch t {
	case godal.Byte:
		switch {
		case !s.raw:
			table := (*[1 << 8]uint8)(s.table)
			for i, v := range cells {
				dst[i] = table[v]
			}
		case &dst[0] != &cells[0]:
			copy(dst, cells)
		}
	case godal.UInt16, godal.Int16:
		table := (*[1 << 16]uint8)(s.table)
		for i, v := range view[uint16](cells) {
			dst[i] = table[v]
		}
	case godal.Int32:
		return lookUp(r, view[int32](cells), dst)
	case godal.UInt32:
		return lookUp(r, view[uint32](cells), dst)
	case godal.Float32:
		return lookUp(r, view[float32](cells), dst)
	case godal.Float64:
		return lookUp(r, view[float64](cells), dst)
	}
	return -1, 0
}

// lookedUp is what is remembered of the symbol of a cell whose type is too wide for a table.
type lookedUp struct {
	bits   uint64 // of its number
	symbol uint8
	known  bool
}

// lookUp does what translate does, for types that are too wide for a table; float64 holds all their numbers exactly.
func lookUp[T int32 | uint32 | float32 | float64](r *reader, cells []T, dst []uint8) (bad int, v float64) {
	const spread = 0x9e3779b97f4a7c15 // an odd number with bits everywhere, so that a product has too
	for i, cell := range cells {
		bits := math.Float64bits(float64(cell))
		at := &r.recent[bits*spread>>56]
		if at.bits != bits || !at.known {
			symbol, ok := r.e.classify(float64(cell))
			if !ok {
				return i, float64(cell)
			}
			*at = lookedUp{bits, symbol, true}
		}
		dst[i] = at.symbol
	}
	return -1, 0
}

// typed returns cells as a slice of the type that GDAL is to read them as.
func typed(t godal.DataType, cells []uint8) any {
	switch t {
	case godal.UInt16:
		return view[uint16](cells)
	case godal.Int16:
		return view[int16](cells)
	case godal.UInt32:
		return view[uint32](cells)
	case godal.Int32:
		return view[int32](cells)
	case godal.Float32:
		return view[float32](cells)
	case godal.Float64:
		return view[float64](cells)
	}
	return cells
}

// view returns the memory of a slice, which is aligned for T, as a slice of T.
func view[T, U any](s []U) []T {
	var from U
	var to T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(from))/int(unsafe.Sizeof(to)))
}

// classify returns the position of a number in the legend; ok is false when no code can be such a number.
func (s *symbols) classify(v float64) (at uint8, ok bool) {
	switch {
	case math.IsNaN(v) || v == s.nodata:
		return raster.NoData, true
	case v != math.Trunc(v) || math.Abs(v) > maxExact:
		return 0, false
	}
	return s.of(int64(v)), true
}

// noCode returns the error about the i-th cell of w, whose number v cannot be a code.
func (p *part) noCode(w raster.Window, i int, v float64) error {
	why := "is this the right raster? If it is, and its numbers may be rounded, " + p.toInteger()
	if of := raster.FillOf(v); of != "" {
		to := raster.Number(v)
		if p.hasNoData {
			to = p.nodataText()
		}
		why = fmt.Sprintf("but it looks like the fill value of %s, and %s; if so, %s", of,
			raster.DeclaredNoData(p.nodataText()), p.warp(fmt.Sprintf("-srcnodata %s -dstnodata %s", raster.Number(v), to)))
	}
	x, y := p.cell(w, i)
	return fmt.Errorf("%s: cell at column %d, row %d (from 0) is %s, not a whole number, so not a class code; %s", p.path,
		x, y, raster.Number(v), why)
}

// readCodes fills dst with the file's own numbers.
func (r *reader) readCodes(h *handle, w raster.Window, dst []int64) error {
	cells := resize(&r.f64, w.Cells())
	if err := h.read(w, cells); err != nil {
		return err
	}
	for i, v := range cells {
		if h.part.signed {
			v = float64(int8(uint8(v)))
		}
		is, ok := r.e.classify(v)
		switch {
		case !ok:
			return h.part.noCode(w, i, v)
		case is == raster.NoData:
			dst[i] = math.MinInt64
		default:
			dst[i] = int64(v)
		}
	}
	if err := r.applyMask(h, w, func(i int) { dst[i] = math.MinInt64 }); err != nil {
		return err
	}
	if h.part.southUp {
		flip(dst, w.Cols)
	}
	return nil
}

// applyMask calls hide for every cell that the file's internal mask hides.
func (r *reader) applyMask(h *handle, w raster.Window, hide func(i int)) error {
	if !h.part.mask {
		return nil
	}
	defer h.part.lock()()
	mask := resize(&r.mask, w.Cells())
	fw := h.part.window(w)
	if err := h.band.MaskBand().Read(fw.Col, fw.Row, mask, fw.Cols, fw.Rows); err != nil {
		return fmt.Errorf("%s: its mask cannot be read: %s; the file is damaged: copy it again", h.part.path, oneLine(err))
	}
	for i, v := range mask {
		if v == 0 {
			hide(i)
		}
	}
	return nil
}

// flip reverses the order of the rows.
func flip[T any](cells []T, cols int) {
	for top, bottom := 0, len(cells)-cols; top < bottom; top, bottom = top+cols, bottom-cols {
		for i := range cols {
			cells[top+i], cells[bottom+i] = cells[bottom+i], cells[top+i]
		}
	}
}

// window turns a north-up window of p into the file's own.
func (p *part) window(w raster.Window) raster.Window {
	if p.southUp {
		w.Row = p.rows - w.Row - w.Rows
	}
	return w
}

// cell returns the file's column and row of the i-th cell read for the north-up window w.
func (p *part) cell(w raster.Window, i int) (col, row int) {
	fw := p.window(w)
	return fw.Col + i%fw.Cols, fw.Row + i/fw.Cols
}

// read fills cells, a slice of a number type, with the window in the file's own row
// order. The buffer has the window's size, so GDAL neither resamples nor uses overviews.
func (h *handle) read(w raster.Window, cells any) error {
	defer h.part.lock()()
	fw := h.part.window(w)
	err := h.band.Read(fw.Col, fw.Row, cells, fw.Cols, fw.Rows, godal.ErrLogger(judge(nil)))
	if err == nil {
		return h.verify(fw)
	}
	if fault := object.Fault(h.part.path); fault != nil {
		return fault
	}
	// The message lacks the place; find the block by reading them singly.
	bw, bh := h.part.block[0], h.part.block[1]
	block := make([]uint8, bw*bh) // narrower than the cells may be: only whether it can be read matters
	for by := fw.Row / bh; by <= (fw.Row+fw.Rows-1)/bh; by++ {
		for bx := fw.Col / bw; bx <= (fw.Col+fw.Cols-1)/bw; bx++ {
			cols, rows := min(bw, h.part.size[0]-bx*bw), min(bh, h.part.size[1]-by*bh)
			if one := h.band.Read(bx*bw, by*bh, block, cols, rows, godal.ErrLogger(judge(nil))); one != nil {
				return fmt.Errorf("%s: block x %d, y %d (cells from column %d, row %d) cannot be read: %s; the file is damaged or "+
					"cut short: copy it again", h.part.path, bx, by, bx*bw, by*bh, oneLine(one))
			}
		}
	}
	return fmt.Errorf("%s: columns %d–%d, rows %d–%d cannot be read: %s; the file is damaged or cut short: copy it again",
		h.part.path, fw.Col, fw.Col+fw.Cols-1, fw.Row, fw.Row+fw.Rows-1, oneLine(err))
}
