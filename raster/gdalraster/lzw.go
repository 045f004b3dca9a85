package gdalraster

import (
	"bytes"
	"io"
	"os"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

const (
	maxLZWBlock  = 4 << 20 // bytes of a block that is decoded here; a reader holds one, and what it is stored as
	readAtOnce   = 1 << 18 // bytes of the file; of several blocks, when they are smaller and lie together
	placesAtOnce = 512     // blocks whose places are read together
)

// lzwState is what a handle knows of blocks that are decoded here.
type lzwState struct {
	off            bool // GDAL reads the rest of the file
	compared       bool // a block was the same as GDAL's
	agreed         bool // one with several classes was
	from           int64
	offsets, sizes []uint64 // of some blocks of the band, from the from-th on
}

// readBytes fills dst with window w of a Byte file, as h.read does, and mostly faster.
func (r *reader) readBytes(h *handle, w raster.Window, dst []uint8) error {
	if h.part.layout != nil && !h.lzw.off && r.decode(h, h.part.window(w), dst) {
		return nil
	}
	return h.read(w, dst)
}

// decode fills dst with the file's window w: blocks that lie in it as a whole are decoded
// here, what others have in it GDAL reads. It reports whether that worked; if not, for
// whatever reason, GDAL reads all again, and what it says counts.
func (r *reader) decode(h *handle, w raster.Window, dst []uint8) (ok bool) {
	p := h.part
	bw, bh := p.block[0], p.block[1]
	x0, x1 := w.Col/bw, (w.Col+w.Cols-1)/bw
	y0, y1 := w.Row/bh, (w.Row+w.Rows-1)/bh
	var file *os.File // not kept: a reader of a mosaic has many files open as it is
	r.stored.drop()   // the file may have changed
	for by := y0; by <= y1; by++ {
		for bx := x0; bx <= x1; bx++ {
			block := raster.Window{Col: bx * bw, Row: by * bh, Cols: min(bw, p.size[0]-bx*bw), Rows: min(bh, p.size[1]-by*bh)}
			part := intersection(block, w)
			into := dst[(part.Row-w.Row)*w.Cols+part.Col-w.Col:]
			var cells []uint8
			if part == block {
				if file == nil {
					if file = p.reopen(); file == nil {
						h.lzw.off = true
						return false
					}
					defer file.Close()
				}
				if cells, ok = r.decodeBlock(h, file, bx, by, x1, y1); !ok {
					h.lzw.off = true
					return false
				}
			}
			if cells == nil {
				if err := h.band.Read(part.Col, part.Row, into, part.Cols, part.Rows, godal.LineStride(w.Cols)); err != nil {
					return false
				}
				continue
			}
			if block.Cols == bw && bw == w.Cols {
				copy(into, cells[:block.Cells()])
				continue
			}
			for row := range block.Rows {
				copy(into[row*w.Cols:][:block.Cols], cells[row*bw:])
			}
		}
	}
	return true
}

// decodeBlock returns the cells of a block, with those beyond the raster's right edge. They
// are nil when the block is not stored. It is not ok when anything is odd. Blocks as far as
// that in column x1 and row y1 are wanted next.
func (r *reader) decodeBlock(h *handle, file io.ReaderAt, bx, by, x1, y1 int) (cells []uint8, ok bool) {
	p := h.part
	bw, bh := p.block[0], p.block[1]
	across := (p.size[0] + bw - 1) / bw
	index := int64(by)*int64(across) + int64(bx)
	at, size, ok := h.place(file, index)
	if !ok || at == 0 && size == 0 {
		return nil, ok
	}
	rows := bh
	if !p.layout.tiled {
		rows = min(bh, p.size[1]-by*bh)
	}
	n := bw * rows
	// libtiff does not believe sizes much beyond what LZW makes of noise.
	if at <= 0 || size <= 0 || size > int64(2*n+1024) {
		return nil, false
	}
	stored := r.stored.find(at, size)
	if stored == nil {
		ahead := x1 - bx
		if across == 1 {
			ahead = y1 - by
		}
		if stored = r.stored.read(file, at, size, h.together(index, ahead)); stored == nil {
			return nil, false
		}
	}
	cells, err := r.lzw.Decode(n, stored)
	if err != nil || !h.agrees(bx, by, cells) {
		return nil, false
	}
	r.decoded++
	return cells, true
}

// agrees compares a block with what GDAL makes of it, if it is the first or the first with several classes.
func (h *handle) agrees(bx, by int, cells []uint8) bool {
	if h.lzw.agreed {
		return true
	}
	plain := bytes.Count(cells, cells[:1]) == len(cells)
	if plain && h.lzw.compared {
		return true
	}
	bw, bh := h.part.block[0], h.part.block[1]
	cols, rows := min(bw, h.part.size[0]-bx*bw), min(bh, h.part.size[1]-by*bh)
	want := make([]uint8, cols*rows)
	if err := h.band.Read(bx*bw, by*bh, want, cols, rows); err != nil {
		return false
	}
	for row := range rows {
		if !bytes.Equal(want[row*cols:(row+1)*cols], cells[row*bw:][:cols]) {
			return false
		}
	}
	h.lzw.compared, h.lzw.agreed = true, !plain
	return true
}

// place returns where the i-th block of the band is in the file, and its size there.
func (h *handle) place(file io.ReaderAt, i int64) (at, size int64, ok bool) {
	l, s := h.part.layout, &h.lzw
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

// together returns how many bytes of the file, from the i-th block on, hold it and those of
// the next ahead blocks that follow closely. The place of the i-th was the last to be asked for.
func (h *handle) together(i int64, ahead int) (total int64) {
	const gap = 64 // a cloud-optimized GeoTIFF has 8 bytes between blocks
	s := &h.lzw
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

// piece is a piece of a file, which holds one block as it is stored, or several.
type piece struct {
	at    int64 // where it begins
	bytes []byte
}

func (p *piece) drop() { p.bytes = p.bytes[:0] }

// find returns the size bytes of the file from at on, nil when the piece does not have them all.
func (p *piece) find(at, size int64) []byte {
	from := at - p.at
	if from < 0 || from > int64(len(p.bytes)) || size > int64(len(p.bytes))-from {
		return nil
	}
	return p.bytes[from : from+size]
}

// read makes the piece that of the total bytes from at on, and returns the first size of
// them; nil when they cannot be read.
func (p *piece) read(file io.ReaderAt, at, size, total int64) []byte {
	p.at = at
	n, _ := file.ReadAt(resize(&p.bytes, total), at)
	p.bytes = p.bytes[:n] // those behind the end of the file are found missing when they are wanted
	return p.find(at, size)
}

// reopen opens the file that GDAL reads, nil when it cannot be had or has changed.
func (p *part) reopen() *os.File {
	// Looked at before as well, since opening a pipe in its place would wait for ever.
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
