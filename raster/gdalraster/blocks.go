package gdalraster

import (
	"bytes"
	"io"
	"os"

	"greenshield/raster"
	"greenshield/raster/object"
)

const (
	maxBlock     = 4 << 20 // bytes of the largest block that is decoded here; a reader holds one, and its stored form
	readAtOnce   = 1 << 18 // bytes of the file that are read at once when several small blocks lie together
	placesAtOnce = 512     // blocks whose places in the file are read together
)

// blockState is what a handle knows of blocks that are decoded here.
type blockState struct {
	off            bool     // from now on GDAL reads the file
	compared       bool     // a block was compared with GDAL's and is the same
	agreed         bool     // a block with several classes was
	from           int64    // number of the first block in offsets and sizes
	offsets, sizes []uint64 // places of some blocks of the band
}

// decode fills dst with the symbols of the file's window w. Blocks that lie wholly in the window are decoded here; the
// parts of others are read by GDAL. decode reports whether that worked; if not, for whatever reason, GDAL has to read
// all of it again, and what GDAL says counts.
func (r *reader) decode(h *handle, w raster.Window, dst []uint8) (ok bool) {
	p := h.part
	bw, bh := p.block[0], p.block[1]
	x0, x1 := w.Col/bw, (w.Col+w.Cols-1)/bw
	y0, y1 := w.Row/bh, (w.Row+w.Rows-1)/bh
	var file object.File
	r.stored.drop() // the file may have changed
	for by := y0; by <= y1; by++ {
		for bx := x0; bx <= x1; bx++ {
			block := raster.Window{Col: bx * bw, Row: by * bh, Cols: min(bw, p.size[0]-bx*bw), Rows: min(bh, p.size[1]-by*bh)}
			part := intersection(block, w)
			into := dst[(part.Row-w.Row)*w.Cols+part.Col-w.Col:]
			var cells []uint8
			if part == block {
				if file == nil {
					if file = r.reopen(p); file == nil {
						h.blocks.off = true
						return false
					}
				}
				var whole []uint8
				if p.layout.width == 1 && bw == w.Cols && block.Cols == bw && block.Rows == p.storedRows(by) {
					whole = into[:block.Cells()]
				}
				if cells, ok = r.decodeBlock(h, file, [2]int{bx, by}, [2]int{x1, y1}, whole); !ok {
					h.blocks.off = true
					return false
				}
			}
			across := bw // cells in a row of those at hand
			if cells == nil {
				cells, across = r.cells(p.dtype, part.Cols*part.Rows), part.Cols
				err := h.band.Read(part.Col, part.Row, typed(p.dtype, cells), part.Cols, part.Rows)
				if err != nil || h.verify(part) != nil {
					return false
				}
			}
			rows, cols := part.Rows, part.Cols
			if cols == across && cols == w.Cols {
				rows, cols = 1, cols*rows
			}
			for row := range rows {
				line := cells[row*across*p.layout.width:][:cols*p.layout.width]
				if bad, _ := r.translate(p.dtype, line, into[row*w.Cols:][:cols]); bad >= 0 {
					return false
				}
			}
		}
	}
	return true
}

// decodeBlock returns the cells of a block as they are in memory, with those beyond the raster's right edge. They are
// nil when the block is not stored. It is not ok when anything is odd. The blocks up to the last one, named as b by
// column and row, are wanted next, so those that lie close behind in the file are read along. The cells may be those of
// into, when it is not nil and has room for just these.
func (r *reader) decodeBlock(h *handle, file io.ReaderAt, b, last [2]int, into []uint8) (cells []uint8, ok bool) {
	p := h.part
	bw, rows := p.block[0], p.storedRows(b[1])
	across := (p.size[0] + bw - 1) / bw
	index := int64(b[1])*int64(across) + int64(b[0])
	at, size, ok := h.place(file, index)
	if !ok || at == 0 && size == 0 {
		return nil, ok
	}
	n := bw * rows * p.layout.width
	// libtiff does not believe sizes much beyond what compression makes of noise.
	if at <= 0 || size <= 0 || size > int64(2*n+1024) {
		return nil, false
	}
	stored := r.stored.find(at, size)
	if stored == nil {
		ahead := last[0] - b[0]
		if across == 1 {
			ahead = last[1] - b[1]
		}
		if stored = r.stored.read(file, at, size, h.together(index, ahead)); stored == nil {
			return nil, false
		}
	}
	if cells, ok = r.decoders.decode(p.layout, bw, n, stored, into); !ok || !r.agrees(h, b[0], b[1], cells) {
		return nil, false
	}
	r.decoded++
	return cells, true
}

// storedRows returns how many rows the blocks of row by have in the file, with those below the raster.
func (p *part) storedRows(by int) int {
	if p.layout.tiled {
		return p.block[1]
	}
	return min(p.block[1], p.size[1]-by*p.block[1])
}

// agrees reports whether GDAL decodes a block to the same cells. It asks GDAL for the first block, and for the first
// with several classes; after that the answer is yes.
func (r *reader) agrees(h *handle, bx, by int, cells []uint8) bool {
	if h.blocks.agreed {
		return true
	}
	width := h.part.layout.width
	plain := bytes.Equal(cells[width:], cells[:len(cells)-width])
	if plain && h.blocks.compared {
		return true
	}
	bw, bh := h.part.block[0], h.part.block[1]
	cols, rows := min(bw, h.part.size[0]-bx*bw), min(bh, h.part.size[1]-by*bh)
	want := r.cells(h.part.dtype, cols*rows)
	if err := h.band.Read(bx*bw, by*bh, typed(h.part.dtype, want), cols, rows); err != nil {
		return false
	}
	for row := range rows {
		if !bytes.Equal(want[row*cols*width:(row+1)*cols*width], cells[row*bw*width:][:cols*width]) {
			return false
		}
	}
	h.blocks.compared, h.blocks.agreed = true, !plain
	return true
}

// place returns where the i-th block of the band is in the file, and its size there.
func (h *handle) place(file io.ReaderAt, i int64) (at, size int64, ok bool) {
	l, s := h.part.layout, &h.blocks
	if i < s.from || i >= s.from+int64(len(s.offsets)) {
		from := i - i%placesAtOnce
		n := min(placesAtOnce, l.blocks-from)
		list := func(c column) ([]uint64, bool) {
			c.at += (l.first + from) * int64(c.bytes)
			return readNumbers(file, l.order, c, n)
		}
		offsets, okOffsets := list(l.offsets)
		sizes, okSizes := list(l.sizes)
		if !okOffsets || !okSizes {
			return 0, 0, false
		}
		s.from, s.offsets, s.sizes = from, offsets, sizes
	}
	return int64(s.offsets[i-s.from]), int64(s.sizes[i-s.from]), true
}

// together returns how many bytes of the file, from the beginning of the i-th block on, hold that block and those of
// the next ahead blocks that follow closely. The place of the i-th block was the last one asked for.
func (h *handle) together(i int64, ahead int) (total int64) {
	const gap = 64 // a cloud-optimized GeoTIFF has 8 bytes between blocks
	s := &h.blocks
	offsets, sizes := s.offsets[i-s.from:], s.sizes[i-s.from:]
	start, end := offsets[0], offsets[0]+sizes[0]
	for k := 1; k <= ahead && k < len(offsets); k++ {
		at, size := offsets[k], sizes[k]
		if at < end || at-end > gap || size > readAtOnce || at-start+size > readAtOnce {
			break
		}
		end = at + size
	}
	return int64(end - start)
}

// piece is a piece of a file. It holds one or several blocks as they are stored.
type piece struct {
	at    int64 // where it begins
	bytes []byte
}

func (p *piece) drop() { p.bytes = p.bytes[:0] }

// find returns the size bytes of the file from at on, or nil if the piece does not hold all of them.
func (p *piece) find(at, size int64) []byte {
	from := at - p.at
	if from < 0 || from > int64(len(p.bytes)) || size > int64(len(p.bytes))-from {
		return nil
	}
	return p.bytes[from : from+size]
}

// read makes the piece hold the total bytes of the file from at on, and returns the first size of them; nil when they
// cannot be read.
func (p *piece) read(file io.ReaderAt, at, size, total int64) []byte {
	p.at = at
	n, _ := file.ReadAt(resize(&p.bytes, total), at)
	p.bytes = p.bytes[:n] // bytes behind the end of the file are found missing when they are wanted
	return p.find(at, size)
}

// reopened is the file whose blocks were decoded last. A reader keeps one of them open, since a run reads a file tile
// by tile; it keeps no more, as a reader of a mosaic has many files open as it is.
type reopened struct {
	part *part
	file object.File
}

// reopen returns the file that GDAL reads, open until the next call. It is nil when the file cannot be opened or has
// changed.
func (r *reader) reopen(p *part) object.File {
	if r.last.part == p && !object.Named(p.path) {
		if info, err := os.Stat(p.path); err == nil && p.same(info) {
			return r.last.file
		}
	}
	r.last.close()
	if file := p.reopen(); file != nil {
		r.last = reopened{p, file}
	}
	return r.last.file
}

func (o *reopened) close() {
	if o.file != nil {
		o.file.Close()
	}
	*o = reopened{}
}

// reopen opens the file that GDAL reads. It is nil when the file cannot be opened or has changed.
func (p *part) reopen() object.File {
	if object.Named(p.path) { // whose reads are all of one state
		f, err := object.Open(p.path)
		if err != nil {
			return nil
		}
		return f
	}
	// It is looked at before it is opened, too: opening a pipe in its place would wait for ever.
	if info, err := os.Stat(p.path); err != nil || !p.same(info) {
		return nil
	}
	f, err := os.Open(p.path)
	if err != nil {
		return nil
	}
	if info, err := f.Stat(); err != nil || !p.same(info) {
		f.Close()
		return nil
	}
	return f
}

func intersection(a, b raster.Window) raster.Window {
	col, row := max(a.Col, b.Col), max(a.Row, b.Row)
	return raster.Window{Col: col, Row: row, Cols: min(a.Col+a.Cols, b.Col+b.Cols) - col,
		Rows: min(a.Row+a.Rows, b.Row+b.Rows) - row}
}
