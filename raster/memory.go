package raster

import (
	"fmt"
	"math"
)

// Memory is a [Source] over symbols in memory, row-major, for tests and small maps. A symbol s < Classes stands for
// position s in the legend, NoData for itself, and any other symbol for an unknown code.
type Memory struct {
	On      Grid
	Classes int
	Symbols []uint8
	Block   int // side of a block in cells; 0 means that blocks are whole rows
}

// Grid implements [Source].
func (m *Memory) Grid() Grid { return m.On }

// Index implements [Source].
func (m *Memory) Index() *[256]uint8 {
	var index [256]uint8
	for s := range index {
		switch {
		case s < m.Classes:
			index[s] = uint8(s)
		case s == NoData:
			index[s] = NoData
		default:
			index[s] = Unknown
		}
	}
	return &index
}

// BlockSize implements [Source].
func (m *Memory) BlockSize() (cols, rows int) {
	if m.Block == 0 {
		return m.On.Cols, 1
	}
	return m.Block, m.Block
}

// Torn implements [Source].
func (m *Memory) Torn(row int) (rows int, cells int64) {
	_, height := m.BlockSize()
	rows = TornRows(row, m.On.Rows, height)
	return rows, int64(rows) * int64(m.On.Cols)
}

// Open implements [Source].
func (m *Memory) Open() (Reader, error) { return memoryReader{m}, nil }

type memoryReader struct{ *Memory }

func (r memoryReader) Read(w Window, dst []uint8) error {
	if w.Col < 0 || w.Row < 0 || w.Col+w.Cols > r.On.Cols || w.Row+w.Rows > r.On.Rows || int64(len(dst)) != w.Cells() {
		return fmt.Errorf("window %+v does not fit a raster of %d × %d cells", w, r.On.Cols, r.On.Rows)
	}
	for row := range w.Rows {
		start := (w.Row+row)*r.On.Cols + w.Col
		copy(dst[row*w.Cols:(row+1)*w.Cols], r.Symbols[start:start+w.Cols])
	}
	return nil
}

func (r memoryReader) Codes(w Window, dst []int64) error {
	symbols := make([]uint8, len(dst))
	if err := r.Read(w, symbols); err != nil {
		return err
	}
	for i, s := range symbols {
		dst[i] = int64(s)
		if s == NoData {
			dst[i] = math.MinInt64
		}
	}
	return nil
}

func (memoryReader) Close() error { return nil }
