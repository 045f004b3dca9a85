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
	Cells       int64         // all cells of the source
	NoData      int64         // cells that are NoData
	Classes     []ClassCount  // classes of the legend that occur, by code
	Unknown     []UnknownCode // codes that the legend lacks, by code; at most maxUnknown, those with the most cells
	MoreUnknown int64         // cells with unknown codes that Unknown lacks
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
	Common int64 // those of Cells that lie in Epoch.Window
	Row    int   // of the first cell in the source, by row, then column; from 0
	Col    int
}

const (
	// maxUnknown is how many unknown codes are listed. A raster with more of them holds measurements, not classes.
	maxUnknown = 1000
	// maxCounted is how many unknown codes one goroutine counts each by itself.
	maxCounted = 64 * maxUnknown
)

// CountCodes reads all cells of e's source with so many goroutines, at least one. earth is the Earth of the source's
// grid; when it is nil no areas are measured. The result does not depend on the number of workers, except for which
// codes are listed when more than maxCounted are unknown. An error is that of ctx, or a fault that names the file and
// the block.
func CountCodes(
	ctx context.Context, e *redline.Epoch, earth *raster.Earth, workers int, p *redline.Progress,
) (*Codes, error) {
	grid := e.Source.Grid()
	p.Done.Store(0)
	p.Total.Store(grid.Cells())
	p.Enter(fmt.Sprintf("count %d", e.Year))

	const maxCells = 4 << 20 // of a window
	blockCols, blockRows := e.Source.BlockSize()
	rows := min(grid.Rows, max(1, 64/blockRows)*blockRows)
	cols := grid.Cols
	if rows*cols > maxCells {
		cols = min(cols, max(1, maxCells/rows/blockCols)*blockCols)
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
	// Each returns the error of the first window, so of several damaged blocks the same one is always named.
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
	cells   [256]int64       // by position in the legend, or raster.NoData, or raster.Unknown
	areas   [256]raster.Area // parallel to cells
	unknown map[int64]*UnknownCode
	more    int64         // cells with unknown codes that are not counted by themselves
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
		return c.countUnknown(e, w, c.symbols)
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
			class := index[s]
			c.cells[class] += int64(col - start)
			switch {
			case class == raster.NoData:
			case class == raster.Unknown:
				unknown = true
			case earth != nil:
				c.areas[class].Add(area.Run(w.Col+start, w.Col+col))
			}
		}
	}
	return unknown
}

// countUnknown reads the codes of the unknown symbols of a window and counts them.
func (c *counter) countUnknown(e *redline.Epoch, w raster.Window, symbols []uint8) error {
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
			if len(c.unknown) >= maxCounted {
				c.more++
				continue
			}
			u = &UnknownCode{Code: codes[i], Row: row, Col: col}
			c.unknown[codes[i]] = u
		}
		u.noteCell(row, col)
		u.Cells++
		if in := e.Window; row >= in.Row && row < in.Row+in.Rows && col >= in.Col && col < in.Col+in.Cols {
			u.Common++
		}
	}
	return nil
}

// noteCell makes a cell the first one if it comes before the first so far.
func (u *UnknownCode) noteCell(row, col int) {
	if row < u.Row || row == u.Row && col < u.Col {
		u.Row, u.Col = row, col
	}
}

// add adds what another counter has counted.
func (c *counter) add(o *counter) {
	for i := range c.cells {
		c.cells[i] += o.cells[i]
		c.areas[i].Add(o.areas[i])
	}
	c.more += o.more
	for code, u := range o.unknown {
		if mine := c.unknown[code]; mine != nil {
			mine.noteCell(u.Row, u.Col)
			mine.Cells += u.Cells
			mine.Common += u.Common
		} else {
			c.unknown[code] = u
		}
	}
}

// codes returns what was counted of e.
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
