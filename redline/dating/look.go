package dating

import (
	"slices"

	"greenshield/raster"
)

// maxCells is about how many cells are read at a time, and dated. Blocks of up to as many are read whole, which decodes
// them fastest; of larger ones only the part around the cells to date is read.
const maxCells = 4 << 20

// look adds what map m shows of the segments of a unit to their words. It reads the blocks that hold them, and in a
// column of blocks those that follow each other at once, as far as memory allows.
func (d *Dater) look(m int, segments []segment) error {
	l := &d.maps[m]
	blocks := d.find(l, segments)
	for col := range blocks.Cols {
		wanted := d.wanted[col*blocks.Rows:][:blocks.Rows]
		for first := 0; first < blocks.Rows; {
			if !wanted[first] {
				first++
				continue
			}
			end := first + 1
			for end < blocks.Rows && wanted[end] && (end+1-first)*l.cols*l.rows <= maxCells {
				end++
			}
			w := raster.Window{Col: blocks.Col + col, Row: blocks.Row + first, Cols: 1, Rows: end - first}
			if err := d.read(m, l.cells(w), segments); err != nil {
				return err
			}
			first = end
		}
	}
	return nil
}

// find sets wanted for the blocks of the map that hold cells of the segments, and returns the window, in blocks of the
// source, that it is about.
func (d *Dater) find(l *layer, segments []segment) (blocks raster.Window) {
	col0, col1 := segments[0].col0, segments[0].col1
	for i := range segments {
		col0, col1 = min(col0, segments[i].col0), max(col1, segments[i].col1)
	}
	row0, row1 := int(segments[0].row), int(segments[len(segments)-1].row)+1
	all := intersect(l.cover, raster.Window{Col: int(col0), Row: row0, Cols: int(col1 - col0), Rows: row1 - row0})
	if all.Cols <= 0 || all.Rows <= 0 {
		return raster.Window{}
	}
	blocks.Col, blocks.Row = (all.Col+l.col)/l.cols, (all.Row+l.row)/l.rows
	blocks.Cols = (all.Col+all.Cols-1+l.col)/l.cols + 1 - blocks.Col
	blocks.Rows = (all.Row+all.Rows-1+l.row)/l.rows + 1 - blocks.Row
	d.wanted = slices.Grow(d.wanted[:0], blocks.Cols*blocks.Rows)[:blocks.Cols*blocks.Rows]
	clear(d.wanted)
	for i := range segments {
		s := &segments[i]
		from, to := max(int(s.col0), all.Col), min(int(s.col1), all.Col+all.Cols)
		if row := int(s.row); row < all.Row || row >= all.Row+all.Rows || from >= to {
			continue
		}
		row := (int(s.row)+l.row)/l.rows - blocks.Row
		for col := (from + l.col) / l.cols; col <= (to-1+l.col)/l.cols; col++ {
			d.wanted[(col-blocks.Col)*blocks.Rows+row] = true
		}
	}
	return blocks
}

// cells returns the window of the source's cells that blocks are.
func (l *layer) cells(blocks raster.Window) raster.Window {
	g := l.epoch.Source.Grid()
	return intersect(raster.Window{Cols: g.Cols, Rows: g.Rows}, raster.Window{
		Col: blocks.Col * l.cols, Row: blocks.Row * l.rows, Cols: blocks.Cols * l.cols, Rows: blocks.Rows * l.rows})
}

// intersect returns what two windows have in common; without anything it has no columns or no rows, or fewer.
func intersect(a, b raster.Window) raster.Window {
	col, row := max(a.Col, b.Col), max(a.Row, b.Row)
	return raster.Window{Col: col, Row: row,
		Cols: min(a.Col+a.Cols, b.Col+b.Cols) - col, Rows: min(a.Row+a.Rows, b.Row+b.Rows) - row}
}

// read reads window w of the source of map m, and adds what it shows of the segments to their words.
func (d *Dater) read(m int, w raster.Window, segments []segment) (err error) {
	l := &d.maps[m]
	inGrid := func(w raster.Window) raster.Window {
		w.Col, w.Row = w.Col-l.col, w.Row-l.row
		return w
	}
	seen := intersect(inGrid(w), l.cover)
	first, _ := slices.BinarySearchFunc(segments, int32(seen.Row), byRow)
	end, _ := slices.BinarySearchFunc(segments, int32(seen.Row+seen.Rows), byRow)
	segments = segments[first:end]
	if w.Cells() > maxCells {
		w = around(segments, seen)
		w.Col, w.Row = w.Col+l.col, w.Row+l.row
	}
	if d.readers[m] == nil {
		if d.readers[m], err = l.epoch.Source.Open(); err != nil {
			return err
		}
	}
	d.symbols = slices.Grow(d.symbols[:0], int(w.Cells()))[:w.Cells()]
	if err := d.readers[m].Read(w, d.symbols); err != nil {
		return err
	}
	w = inGrid(w)
	bit := uint(m+1) & 63
	for i := range segments {
		s := &segments[i]
		from, to := max(int(s.col0), seen.Col), min(int(s.col1), seen.Col+seen.Cols)
		if from >= to {
			continue
		}
		symbols := d.symbols[(int(s.row)-w.Row)*w.Cols+from-w.Col:][:to-from]
		words := d.words[s.word+from-int(s.col0):][:len(symbols)]
		table := &l.states[s.kind]
		for k, symbol := range symbols {
			state := table[symbol]
			words[k].isNew |= uint64(state&stateNew) << bit
			words[k].valid |= uint64(state&stateValid) >> 1 << bit
		}
	}
	return nil
}

func byRow(s segment, row int32) int { return int(s.row) - int(row) }

// around returns the part of w that holds all cells of the segments in it, of which there is one.
func around(segments []segment, w raster.Window) raster.Window {
	col0, col1 := w.Col+w.Cols, w.Col
	row0, row1 := w.Row+w.Rows, w.Row
	for i := range segments {
		s := &segments[i]
		from, to := max(int(s.col0), w.Col), min(int(s.col1), w.Col+w.Cols)
		if from < to {
			col0, col1 = min(col0, from), max(col1, to)
			row0, row1 = min(row0, int(s.row)), max(row1, int(s.row)+1)
		}
	}
	return raster.Window{Col: col0, Row: row0, Cols: col1 - col0, Rows: row1 - row0}
}
