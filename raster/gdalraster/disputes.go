package gdalraster

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"greenshield/raster"
)

// maxDisputed is how many cells the files of one mosaic may show differently: a margin of 30 km along 1,000 km at 30 m.
// Files that disagree in more are no tiles of one map.
const maxDisputed = 1_000_000

// layer is one of several rasters that lie in one frame of cells.
type layer struct {
	from *part
	at   raster.Window // in the frame
	down int           // how many rows lower what it shows lies in its file
	// read fills dst with the codes of a window of the frame that lies in at; NaN where the layer has no observation.
	read func(w raster.Window, dst []float64) error
}

// disputes are the cells of which files that overlap say different things.
type disputes struct {
	cells map[int64]struct{} // row · columns + column, in the grid of the epoch
	first int64              // the least of them
	text  string             // what is said of that one
}

// findDisputes compares the files of the epoch, and the sources of each VRT among them, where they overlap. It reads
// these cells only. Since those that are found become NoData, the order of the files has no influence on any cell.
func (e *Epoch) findDisputes() error {
	found := disputes{cells: map[int64]struct{}{}}
	for _, p := range e.parts {
		err := found.compare(p.layers, func(col, row int) int64 {
			if p.southUp {
				row = p.rows - 1 - row
			}
			return int64(p.row+row)*int64(e.grid.Cols) + int64(p.col+col)
		})
		if err != nil {
			return err
		}
	}
	r := &reader{e: e}
	defer r.Close()
	var layers []layer
	for _, p := range e.parts {
		layers = append(layers, r.layer(p))
	}
	err := found.compare(layers, func(col, row int) int64 { return int64(row)*int64(e.grid.Cols) + int64(col) })
	if err != nil || len(found.cells) == 0 {
		return err
	}
	e.disputed = slices.Sorted(maps.Keys(found.cells))
	noun := "cells"
	if len(e.disputed) == 1 {
		noun = "cell"
	}
	e.parts[0].warn("its files overlap and disagree in %d %s, first at row %d, column %d (%s); what they disagree in "+
		"counts as NoData, in whatever order they are named: correct or leave out the wrong file", len(e.disputed), noun,
		found.first/int64(e.grid.Cols), found.first%int64(e.grid.Cols), found.text)
	return nil
}

// layer returns a file of the epoch as a layer in the epoch's grid.
func (r *reader) layer(p *part) layer {
	at := raster.Window{Col: p.col, Row: p.row, Cols: p.cols, Rows: p.rows}
	return layer{p, at, -p.row, func(w raster.Window, dst []float64) error {
		h, err := r.handle(p)
		if err != nil {
			return err
		}
		w.Col, w.Row = w.Col-p.col, w.Row-p.row
		codes := resize(&r.pieceI64, w.Cells())
		if err := r.readCodes(h, w, codes); err != nil {
			return err
		}
		for i, code := range codes {
			if dst[i] = float64(code); code == math.MinInt64 {
				dst[i] = math.NaN()
			}
		}
		return nil
	}}
}

// compare adds the cells in which layers of one frame disagree. It sorts the layers. cell returns the number of a cell
// of the frame.
func (d *disputes) compare(layers []layer, cell func(col, row int) int64) error {
	slices.SortStableFunc(layers, func(a, b layer) int {
		return cmp.Or(cmp.Compare(a.at.Row, b.at.Row), cmp.Compare(a.at.Col, b.at.Col), cmp.Compare(a.from.path, b.from.path))
	})
	for i, a := range layers {
		for _, b := range layers[i+1:] {
			if b.at.Row >= a.at.Row+a.at.Rows {
				break
			}
			if both := intersection(a.at, b.at); both.Cols > 0 && both.Rows > 0 {
				if err := d.compareTwo(a, b, both, cell); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compareTwo compares two layers in a window that both cover.
func (d *disputes) compareTwo(a, b layer, both raster.Window, cell func(col, row int) int64) error {
	const maxCells = 1 << 20 // of what is read at once
	strip := both
	strip.Rows = max(1, maxCells/both.Cols)
	inA, inB := make([]float64, strip.Cells()), make([]float64, strip.Cells())
	for ; strip.Row < both.Row+both.Rows; strip.Row += strip.Rows {
		strip.Rows = min(strip.Rows, both.Row+both.Rows-strip.Row)
		inA, inB = inA[:strip.Cells()], inB[:strip.Cells()]
		if err := a.read(strip, inA); err != nil {
			return err
		}
		if err := b.read(strip, inB); err != nil {
			return err
		}
		for i, x := range inA {
			y := inB[i]
			if x == y || math.IsNaN(x) || math.IsNaN(y) {
				continue
			}
			at := cell(strip.Col+i%strip.Cols, strip.Row+i/strip.Cols)
			if d.cells[at] = struct{}{}; len(d.cells) > maxDisputed {
				return fmt.Errorf("%s and %s overlap and disagree in more than %d cells, so they are no tiles of one map; "+
					"name the right one alone", a.from.path, b.from.path, maxDisputed)
			}
			if d.text == "" || at < d.first {
				d.first, d.text = at, fmt.Sprintf("%s in %s, %s in %s", code(x), a.from.path, code(y), b.from.path)
			}
		}
	}
	return nil
}

// code writes a code; noCode stands for the NoData of a source that covers what lies below.
func code(v float64) string {
	if v == noCode {
		return "NoData"
	}
	return raster.Number(v)
}

// noCode is less than every code.
var noCode = math.Inf(-1)

// hide sets the cells of window w that are in dispute.
func hide[T any](e *Epoch, w raster.Window, dst []T, fill T) {
	cols := int64(e.grid.Cols)
	from, _ := slices.BinarySearch(e.disputed, int64(w.Row)*cols)
	for _, at := range e.disputed[from:] {
		row, col := int(at/cols)-w.Row, int(at%cols)-w.Col
		if row >= w.Rows {
			break
		}
		if col >= 0 && col < w.Cols {
			dst[row*w.Cols+col] = fill
		}
	}
}
