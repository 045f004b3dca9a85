package engine

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/census"
	"greenshield/vector/overlay"
)

// scanner reads and compares bands, and finds where their runs lie. It belongs to one goroutine.
type scanner struct {
	*plan
	comparer      *change.Comparer
	before, after raster.Reader
	bufB, bufA    []uint8         // symbols of the tile that is compared
	growing       tileRuns        // of the tile that is compared
	tiles         []tileRuns      // of the row of tiles that is compared
	symbols       [2][]uint8      // of the band that is compared, see keptRow; of after only for a survey
	rims          []uint8         // symbols before of the columns for which rimCol is defined, in all rows of the band
	units         *census.Counter // nil without a survey
	tags          []int32         // of the runs that are located
	spare         compared        // the band located last, whose memory the next one that is compared takes over
	labeler       patch.Labeler
	dates         dates

	years *census.YearCounter // nil without a survey or without maps between

	changed         overlay.Cells // those of the runs that are located
	control, shared overlay.Builder
	noteBuilders    []overlay.Builder // by annotator
	covers          Covers            // of the band located last
}

// tileRuns are the runs of a tile; those of its row r are runs[rows[r]:rows[r+1]].
type tileRuns struct {
	runs    []change.Run
	byShift []int32 // parallel to runs: cells off the tile's rim that a shift explains
	rows    []int32
}

// compared is a band of rows whose runs are not located yet. Scanners may exchange it.
type compared struct {
	band, row0, row1 int
	runs             []change.Run
	byShift          []int32   // parallel to runs: cells that a shift explains; 0 in rows beside another band
	top, bottom      [][]uint8 // see Part.Top
	units            *census.Band
	unknownBetween   uint64 // see Tally.UnknownBetween
	matrix           *change.Matrix
}

// newScanner opens both epochs; the caller closes the scanner.
func (p *plan) newScanner() (*scanner, error) {
	b, err := p.in.Before.Source.Open()
	if err != nil {
		return nil, redline.WithKind(redline.Raster, err)
	}
	a, err := p.in.After.Source.Open()
	if err != nil {
		b.Close()
		return nil, redline.WithKind(redline.Raster, err)
	}
	return &scanner{plan: p, comparer: p.classifier.NewComparer(), before: b, after: a, dates: p.newDates()}, nil
}

// begin prepares what depends on the layers. Without a survey nothing does.
func (s *scanner) begin() (err error) {
	if s.options.Survey {
		s.units = s.plan.units.NewCounter()
	}
	if s.plan.years != nil {
		s.years, err = s.plan.years.NewCounter()
	}
	return err
}

func (s *scanner) close() {
	if s.years != nil {
		s.years.Close()
	}
	s.before.Close()
	s.after.Close()
	s.dates.close()
}

// compare reads and compares a band.
func (s *scanner) compare(band int) (*compared, error) {
	row0, row1 := s.rows[band], s.rows[band+1]
	c := &compared{band: band, row0: row0, row1: row1, matrix: s.classifier.NewMatrix(),
		runs: s.spare.runs[:0], byShift: s.spare.byShift[:0]}
	s.spare = compared{}
	for e := range s.symbols {
		if need := s.keptRows(row1-row0) * s.in.Grid.Cols; cap(s.symbols[e]) < need && (e == 0 || s.units != nil) {
			s.symbols[e] = make([]uint8, need)
		}
	}
	s.rims = slices.Grow(s.rims[:0], (row1-row0)*s.rimCols())[:(row1-row0)*s.rimCols()]
	for row := row0; row < row1; row += s.tile.rows {
		s.tiles = s.tiles[:0]
		rows := min(s.tile.rows, row1-row)
		for col := 0; col < s.in.Grid.Cols; col += s.tile.cols {
			w := raster.Window{Col: col, Row: row, Cols: min(s.tile.cols, s.in.Grid.Cols-col), Rows: rows}
			if err := s.compareTile(w, row-row0, c.matrix); err != nil {
				return nil, err
			}
		}
		s.mergeTiles(c, rows)
	}
	s.explain(c)
	if s.units != nil {
		c.units = s.units.Band(row0, row1, c.runs, s.symbols)
	}
	if s.years != nil {
		var err error
		tile := [2]int{s.tile.rows, s.tile.cols}
		c.units.Years, c.unknownBetween, err = s.years.Band(s.units, row0, row1, tile, s.symbols)
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// explain counts which cells on the rims of tiles a shift explains, and keeps the rows that the neighbouring bands need
// for the same.
func (s *scanner) explain(c *compared) {
	cols, rows := s.in.Grid.Cols, c.row1-c.row0
	at := func(row int) []uint8 { return s.symbols[0][s.keptRow(row, rows)*cols:][:cols] }
	keep := func(row int) []uint8 { return slices.Clone(at(row)) }
	c.top, c.bottom = [][]uint8{keep(0)}, [][]uint8{keep(rows - 1)}
	if rows > 1 {
		c.top, c.bottom = append(c.top, keep(1)), [][]uint8{keep(rows - 2), c.bottom[0]}
	}
	tileCols := int32(s.tile.cols)
	for i, run := range c.runs {
		row := int(run.Row) - c.row0
		if run.Type >= change.UnruledType || (row == 0 && c.row0 > 0) || (row == rows-1 && c.row1 < s.in.Grid.Rows) {
			continue
		}
		inTile := row % s.tile.rows
		wholly := inTile == 0 || inTile == s.tile.rows-1 || row == rows-1 // the run lies on the rim
		col := run.Col0 % tileCols
		if !wholly && col > 0 && run.Col1-run.Col0 < tileCols-col && int(run.Col1) < cols {
			continue
		}
		if wholly {
			var above, below []uint8
			if row > 0 {
				above = at(row - 1)
			}
			if row < rows-1 {
				below = at(row + 1)
			}
			c.byShift[i] = int32(s.classifier.ByShift(run, above, at(row), below))
			continue
		}
		for tile := run.Col0 - col; tile < run.Col1; tile += tileCols {
			last := min(tile+tileCols, int32(cols)) - 1
			c.byShift[i] += s.explainRim(run, row, tile)
			if last > tile {
				c.byShift[i] += s.explainRim(run, row, last)
			}
		}
	}
}

// explainRim counts 1 if a shift explains the cell of the run in a column at the side of a tile; row is that of the
// band, and not the first or last of the tile. It counts 0 if the run lacks the column.
func (s *scanner) explainRim(run change.Run, row int, col int32) int32 {
	if col < run.Col0 || col >= run.Col1 {
		return 0
	}
	n := s.rimCols()
	at := func(row int) []uint8 { return s.rims[row*n:][:n] }
	run.Col0 = int32(s.rimCol(int(col)))
	run.Col1 = run.Col0 + 1
	return int32(s.classifier.ByShift(run, at(row-1), at(row), at(row+1)))
}

// rimWidth is how many columns and rows at each side of a tile are kept.
const rimWidth = 2

// keptRows returns how many of the first rows of a band, as many as that, are kept: for a survey all, else those on the
// upper and the lower sides of tiles.
func (s *scanner) keptRows(rows int) int {
	if rows == 0 {
		return 0
	}
	return s.keptRow(rows-1, rows) + 1
}

// keptRow returns how many rows that are kept lie above a row that is; the band, or its part so far, has so many rows.
func (s *scanner) keptRow(row, rows int) int {
	if s.units != nil {
		return row
	}
	tile, in := row/s.tile.rows, row%s.tile.rows
	if in >= rimWidth {
		in -= max(0, min(s.tile.rows, rows-tile*s.tile.rows)-2*rimWidth)
	}
	return tile*min(2*rimWidth, s.tile.rows) + in
}

// rimCols returns how many columns of the grid lie at the sides of tiles.
func (s *scanner) rimCols() int { return s.rimCol(s.in.Grid.Cols-1) + 1 }

// rimCol returns how many columns at the sides of tiles lie west of such a column.
func (s *scanner) rimCol(col int) int {
	tile, in := col/s.tile.cols, col%s.tile.cols
	between := max(0, min(s.tile.cols, s.in.Grid.Cols-tile*s.tile.cols)-2*rimWidth)
	if in >= rimWidth {
		in -= between
	}
	return tile*min(2*rimWidth, s.tile.cols) + in
}

// explainTile counts which cells of a row of a tile, off the tile's rim, a shift explains, and appends the counts for
// its runs to byShift. w is the tile's window.
func (s *scanner) explainTile(runs []change.Run, row int, w raster.Window, byShift []int32) []int32 {
	if row == 0 || row == w.Rows-1 {
		return append(byShift, make([]int32, len(runs))...)
	}
	above, at, below := s.bufB[(row-1)*w.Cols:][:w.Cols], s.bufB[row*w.Cols:][:w.Cols], s.bufB[(row+1)*w.Cols:][:w.Cols]
	for _, run := range runs {
		run.Col0, run.Col1 = max(run.Col0-int32(w.Col), 1), min(run.Col1-int32(w.Col), int32(w.Cols)-1)
		n := 0
		if run.Type < change.UnruledType && run.Col0 < run.Col1 {
			n = s.classifier.ByShift(run, above, at, below)
		}
		byShift = append(byShift, int32(n))
	}
	return byShift
}

// compareTile compares the window w of the grid and keeps its runs. row is where w begins in its band; m counts the
// cells by pair of classes. Of the symbols it keeps what it takes to tell what a shift explains on the rim of the tile
// and of its neighbours: the first and the last two rows and columns; for a survey, all.
func (s *scanner) compareTile(w raster.Window, row int, m *change.Matrix) error {
	cells := int(w.Cells())
	if cap(s.bufB) < cells {
		s.bufB, s.bufA = make([]uint8, cells), make([]uint8, cells)
	}
	s.bufB, s.bufA = s.bufB[:cells], s.bufA[:cells]
	shifted := func(by raster.Window) raster.Window {
		return raster.Window{Col: w.Col + by.Col, Row: w.Row + by.Row, Cols: w.Cols, Rows: w.Rows}
	}
	if err := s.before.Read(shifted(s.in.Before.Window), s.bufB); err != nil {
		return redline.WithKind(redline.Raster, err)
	}
	if err := s.after.Read(shifted(s.in.After.Window), s.bufA); err != nil {
		return redline.WithKind(redline.Raster, err)
	}
	t := &s.growing
	t.runs, t.byShift, t.rows = t.runs[:0], t.byShift[:0], append(t.rows[:0], 0)
	rimCols, rimCol := s.rimCols(), s.rimCol(w.Col)
	eastRim := max(0, s.rimCol(w.Col+w.Cols-1)-rimCol-rimWidth+1)
	for r := range w.Rows {
		area := s.in.Earth.Row(w.Row + r)
		before, after := s.bufB[r*w.Cols:(r+1)*w.Cols], s.bufA[r*w.Cols:(r+1)*w.Cols]
		stretch := change.Stretch{Row: w.Row + r, Col0: w.Col, Before: before, After: after, Area: &area}
		start := len(t.runs)
		t.runs = s.comparer.Row(stretch, m, t.runs) // a run of another row is never extended
		t.byShift = s.explainTile(t.runs[start:], r, w, t.byShift)
		t.rows = append(t.rows, int32(len(t.runs)))
		if s.units != nil || r < rimWidth || r >= w.Rows-rimWidth {
			at := s.keptRow(row+r, row+w.Rows)*s.in.Grid.Cols + w.Col
			copy(s.symbols[0][at:], before)
			if s.units != nil {
				copy(s.symbols[1][at:], after)
			}
		}
		rim := s.rims[(row+r)*rimCols+rimCol:]
		copy(rim, before[:min(rimWidth, w.Cols)])
		copy(rim[eastRim:], before[max(0, w.Cols-rimWidth):])
	}
	// What is kept is as long as it must be: one list of all tiles would be copied as it grows, each time to new memory.
	n := len(s.tiles)
	s.tiles = slices.Grow(s.tiles, 1)[:n+1]
	kept := &s.tiles[n]
	kept.runs, kept.byShift = append(kept.runs[:0], t.runs...), append(kept.byShift[:0], t.byShift...)
	kept.rows = append(kept.rows[:0], t.rows...)
	return nil
}

// mergeTiles appends the runs of a row of tiles, so many rows high, to those of c: by row, then column.
func (s *scanner) mergeTiles(c *compared, rows int) {
	n := 0
	for i := range s.tiles {
		n += len(s.tiles[i].runs)
	}
	runs, byShift := slices.Grow(c.runs, n), slices.Grow(c.byShift, n)
	for r := range rows {
		for i := range s.tiles {
			t := &s.tiles[i]
			row, explained := t.runs[t.rows[r]:t.rows[r+1]], t.byShift[t.rows[r]:t.rows[r+1]]
			if len(row) == 0 {
				continue
			}
			if runs = change.Append(runs, row[0]); len(runs) == len(byShift) {
				byShift[len(byShift)-1] += explained[0]
			} else {
				byShift = append(byShift, explained[0])
			}
			runs, byShift = append(runs, row[1:]...), append(byShift, explained[1:]...)
		}
	}
	c.runs, c.byShift = runs, byShift
}
