package redline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// Census counts the cells of one epoch, code by code, over its whole source.
type Census struct {
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

// maxUnknown is how many unknown codes a census lists. A raster with more of them
// holds measurements, not classes.
const maxUnknown = 1000

// TakeCensus reads all cells of e's source. earth is that of the source's grid. The
// result does not depend on the number of workers (save for which codes are listed when
// tens of thousands are unknown). An error names the file and block.
func TakeCensus(ctx context.Context, e *Epoch, earth *raster.Earth, workers int, p *Progress) (*Census, error) {
	grid := e.Source.Grid()
	p.Done.Store(0)
	p.Total.Store(grid.Cells())
	p.enter(fmt.Sprintf("count %d", e.Year))

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
			windows = append(windows, raster.Window{Col: col, Row: row, Cols: min(cols, grid.Cols-col), Rows: min(rows, grid.Rows-row)})
		}
	}

	// Windows are given out in order and each one is worked to its end, so that of several
	// damaged blocks the first is named, whoever comes upon one first.
	faults := make([]error, len(windows))
	next := make(chan int)
	failed := make(chan struct{})
	var once sync.Once
	counts := make([]counter, max(1, workers))
	var wg sync.WaitGroup
	for i := range counts {
		wg.Go(func() {
			c := &counts[i]
			c.unknown = map[int64]*UnknownCode{}
			r, err := e.Source.Open()
			if err == nil {
				defer r.Close()
			}
			for k := range next {
				faults[k] = err
				if err == nil {
					faults[k] = c.read(e, earth, r, windows[k])
				}
				if faults[k] != nil {
					once.Do(func() { close(failed) })
				}
				p.Done.Add(windows[k].Cells())
			}
		})
	}
	for k := 0; k < len(windows) && ctx.Err() == nil; k++ {
		select {
		case next <- k:
			continue
		case <-failed:
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, err := range faults {
		if err != nil {
			return nil, WithKind(Raster, err)
		}
	}
	total := &counts[0]
	for i := range counts[1:] {
		total.add(&counts[1+i])
	}
	return total.census(e), nil
}

// counter counts what one goroutine reads.
type counter struct {
	cells   [256]int64 // by position in the legend, raster.NoData, raster.Unknown
	areas   [256]raster.Area
	unknown map[int64]*UnknownCode
	more    int64
	symbols []uint8 // scratch
}

// read counts the cells of a window.
func (c *counter) read(e *Epoch, earth *raster.Earth, r raster.Reader, w raster.Window) error {
	c.symbols = slices.Grow(c.symbols[:0], int(w.Cells()))[:w.Cells()]
	if err := r.Read(w, c.symbols); err != nil {
		return err
	}
	if c.count(e.Source.Index(), earth, w, c.symbols) {
		return c.name(e, r, w, c.symbols)
	}
	return nil
}

// count adds a window and tells whether it holds unknown codes.
func (c *counter) count(index *[256]uint8, earth *raster.Earth, w raster.Window, symbols []uint8) (unknown bool) {
	for row := range w.Rows {
		area := earth.Row(w.Row + row)
		line := symbols[row*w.Cols : (row+1)*w.Cols]
		for col := 0; col < len(line); {
			start, s := col, line[col]
			for col++; col < len(line) && line[col] == s; col++ {
			}
			is := index[s]
			c.cells[is] += int64(col - start)
			switch is {
			case raster.NoData:
			case raster.Unknown:
				unknown = true
			default:
				c.areas[is].AddUnits(area.Run(w.Col+start, w.Col+col))
			}
		}
	}
	return unknown
}

// name finds the codes of the unknown symbols of a window.
func (c *counter) name(e *Epoch, r raster.Reader, w raster.Window, symbols []uint8) error {
	codes := make([]int64, w.Cells())
	if err := r.Codes(w, codes); err != nil {
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

func (c *counter) census(e *Epoch) *Census {
	out := &Census{NoData: c.cells[raster.NoData], MoreUnknown: c.more}
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

// Judge returns what is wrong with the codes of e, nil when nothing is: codes that the
// legend lacks on the common grid. Those elsewhere do not matter. remedy is added to
// the message.
func (c *Census) Judge(e *Epoch, remedy string) error {
	var list []string
	var first *UnknownCode
	for i := range c.Unknown {
		if u := &c.Unknown[i]; u.Common > 0 {
			list = append(list, fmt.Sprintf("%d (%s, first at row %d, column %d)", u.Code, cells(u.Cells), u.Row, u.Col))
			first = u
		}
	}
	const enough = 10
	switch {
	case len(list) == 0:
		return nil
	case len(list) == 1:
		return Faultf(Raster, "%s (%d): code %d is not in legend %q: %s, first at row %d, column %d%s",
			e.Name, e.Year, first.Code, e.Legend.Name, cells(first.Cells), first.Row, first.Col, remedy)
	}
	codes, more := fmt.Sprint(len(list)), ""
	if n := len(list) - enough; n > 0 {
		list, more = list[:enough], fmt.Sprintf(", and %d more", n)
	}
	if c.MoreUnknown > 0 {
		codes, more = "more than "+codes, " and others, so it may hold measurements rather than classes"
	}
	return Faultf(Raster, "%s (%d): %s codes are not in legend %q: %s%s%s", e.Name, e.Year, codes, e.Legend.Name, strings.Join(list, ", "), more, remedy)
}

func cells(n int64) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}
