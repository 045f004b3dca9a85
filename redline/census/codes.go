package census

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/parallel"
	"greenshield/redline"
)

// Codes are the cells of one epoch, code by code, over its whole source.
type Codes struct {
	Cells   int64 // of the source
	NoData  int64
	Classes []ClassCount  // of the legend's classes that occur, by code
	Unknown []UnknownCode // codes that the legend lacks, by code; see maxUnknown
	// MoreUnknown counts cells whose code is not listed, because Unknown is full.
	MoreUnknown int64
}

// ClassCount is one class of the legend with its cells.
type ClassCount struct {
	landcover.Class
	Cells  int64
	AreaM2 float64 // ellipsoidal
}

// UnknownCode is a code that the legend lacks.
type UnknownCode struct {
	Code   int64
	Cells  int64
	Common int64 // of them in Epoch.Window
	Row    int   // of the first cell, row by row, in the source
	Col    int
}

// maxUnknown is how many unknown codes are listed. A raster with more of them
// holds measurements, not classes.
const maxUnknown = 1000

// CountCodes reads all cells of e's source. earth is that of the source's grid; without
// one, no areas are measured. The result does not depend on the number
// of workers, save for which codes are listed when tens of thousands are unknown. An error names the file and block.
func CountCodes(
	ctx context.Context, e *redline.Epoch, earth *raster.Earth, workers int, p *redline.Progress,
) (*Codes, error) {
	grid := e.Source.Grid()
	p.Done.Store(0)
	p.Total.Store(grid.Cells())
	p.Enter(fmt.Sprintf("count %d", e.Year))

	const tile = 4 << 20 // cells
	blockCols, blockRows := e.Source.BlockSize()
	rows := min(grid.Rows, max(1, 64/blockRows)*blockRows)
	cols := grid.Cols
	if rows*cols > tile {
		cols = min(cols, max(1, tile/rows/blockCols)*blockCols)
	}
	var windows []raster.Window
	for row := 0; row < grid.Rows; row += rows {
		for col := 0; col < grid.Cols; col += cols {
			windows = append(windows, raster.Window{
				Col: col, Row: row, Cols: min(cols, grid.Cols-col), Rows: min(rows, grid.Rows-row)})
		}
	}
	counts := make([]*counter, max(1, workers))
	for i := range counts {
		counts[i] = &counter{unknown: map[int64]*UnknownCode{}}
	}
	// Of several damaged blocks the first is named, whoever comes upon one first.
	err := parallel.Each(ctx, counts, len(windows), func(c *counter, k int) (err error) {
		if c.reader == nil {
			if c.reader, err = e.Source.Open(); err != nil {
				return err
			}
		}
		defer p.Done.Add(windows[k].Cells())
		return c.read(e, earth, windows[k])
	})
	for _, c := range counts {
		if c.reader != nil {
			c.reader.Close()
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, redline.WithKind(redline.Raster, err)
	}
	for _, c := range counts[1:] {
		counts[0].add(c)
	}
	return counts[0].codes(e), nil
}

// counter counts what one goroutine reads.
type counter struct {
	cells   [256]int64 // by position in the legend, raster.NoData, raster.Unknown
	areas   [256]raster.Area
	unknown map[int64]*UnknownCode
	more    int64
	reader  raster.Reader // opened for the first window
	symbols []uint8       // memory for the next window
}

// read counts the cells of a window.
func (c *counter) read(e *redline.Epoch, earth *raster.Earth, w raster.Window) error {
	c.symbols = slices.Grow(c.symbols[:0], int(w.Cells()))[:w.Cells()]
	if err := c.reader.Read(w, c.symbols); err != nil {
		return err
	}
	if c.count(e.Source.Index(), earth, w, c.symbols) {
		return c.name(e, w, c.symbols)
	}
	return nil
}

// count adds a window and tells whether it holds unknown codes.
func (c *counter) count(index *[256]uint8, earth *raster.Earth, w raster.Window, symbols []uint8) (unknown bool) {
	for row := range w.Rows {
		var area raster.RowArea
		if earth != nil {
			area = earth.Row(w.Row + row)
		}
		line := symbols[row*w.Cols : (row+1)*w.Cols]
		for col := 0; col < len(line); {
			start, s := col, line[col]
			for col++; col < len(line) && line[col] == s; col++ {
			}
			is := index[s]
			c.cells[is] += int64(col - start)
			switch {
			case is == raster.NoData:
			case is == raster.Unknown:
				unknown = true
			case earth != nil:
				c.areas[is].AddUnits(area.Run(w.Col+start, w.Col+col))
			}
		}
	}
	return unknown
}

// name finds the codes of the unknown symbols of a window.
func (c *counter) name(e *redline.Epoch, w raster.Window, symbols []uint8) error {
	codes := make([]int64, w.Cells())
	if err := c.reader.Codes(w, codes); err != nil {
		return err
	}
	index := e.Source.Index()
	for i, s := range symbols {
		if index[s] != raster.Unknown {
			continue
		}
		row, col := w.Row+i/w.Cols, w.Col+i%w.Cols
		u := c.unknown[codes[i]]
		if u == nil {
			if len(c.unknown) >= 64*maxUnknown {
				c.more++
				continue
			}
			u = &UnknownCode{Code: codes[i], Row: row, Col: col}
			c.unknown[codes[i]] = u
		}
		u.found(row, col)
		u.Cells++
		if in := e.Window; row >= in.Row && row < in.Row+in.Rows && col >= in.Col && col < in.Col+in.Cols {
			u.Common++
		}
	}
	return nil
}

// found notes a cell if it comes before the first so far.
func (u *UnknownCode) found(row, col int) {
	if row < u.Row || row == u.Row && col < u.Col {
		u.Row, u.Col = row, col
	}
}

func (c *counter) add(o *counter) {
	for i := range c.cells {
		c.cells[i] += o.cells[i]
		c.areas[i].Add(o.areas[i])
	}
	c.more += o.more
	for code, u := range o.unknown {
		if mine := c.unknown[code]; mine != nil {
			mine.found(u.Row, u.Col)
			mine.Cells += u.Cells
			mine.Common += u.Common
		} else {
			c.unknown[code] = u
		}
	}
}

func (c *counter) codes(e *redline.Epoch) *Codes {
	out := &Codes{NoData: c.cells[raster.NoData], MoreUnknown: c.more}
	for _, n := range c.cells {
		out.Cells += n
	}
	for i := range e.Legend.Codes() {
		if c.cells[i] > 0 {
			out.Classes = append(out.Classes, ClassCount{e.Legend.Classes[i], c.cells[i], c.areas[i].M2()})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.unknown)) {
		out.Unknown = append(out.Unknown, *c.unknown[code])
	}
	if len(out.Unknown) > maxUnknown {
		slices.SortStableFunc(out.Unknown, func(a, b UnknownCode) int { return cmp.Compare(b.Cells, a.Cells) })
		for _, u := range out.Unknown[maxUnknown:] {
			out.MoreUnknown += u.Cells
		}
		out.Unknown = out.Unknown[:maxUnknown]
		slices.SortFunc(out.Unknown, func(a, b UnknownCode) int { return cmp.Compare(a.Code, b.Code) })
	}
	return out
}
