package census

import (
	"math/bits"
	"slices"
	"sort"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/landscape"
	"greenshield/redline"
)

// YearCounter counts bands by unit and year. It belongs to one goroutine.
type YearCounter struct {
	*Years
	total   map[yearKey]amount // of the band
	unknown []bool             // by map: the band has codes that its legend lacks
	readers []raster.Reader    // of the maps between
	symbols [2][]uint8         // of two maps in a row, of one tile
	part    []uint8            // of a tile that a map covers in part

	// Of the tile and map that are counted: a table by unit, in the order in which units occur. A table has a row for
	// each ecosystem class of the map before, and in it the positions of the legend, with that for NoData.
	tables  []amount
	size    int     // of a table
	slots   int     // of a row of a table
	units   []int32 // those that have a table
	tableOf []int32 // by unit: the number of its table, −1 for none
	runs    []yearRun
}

// yearRun is the cells [col0, col1) of a row, all of one place in the table.
type yearRun struct{ col0, col1, place int32 }

// symbolRows are the symbols of a map in the rows of a tile.
type symbolRows struct {
	symbols []uint8
	stride  int // cells from a row to the next
}

func (s symbolRows) row(r, cols int) []uint8 { return s.symbols[r*s.stride:][:cols] }

// NewCounter opens the maps between; the caller closes the counter. The error is a fault of kind Raster.
func (y *Years) NewCounter() (*YearCounter, error) {
	c := &YearCounter{Years: y, total: map[yearKey]amount{}, unknown: make([]bool, len(y.maps)),
		tableOf: slices.Repeat([]int32{-1}, len(y.Units.typeOf))}
	for k := 1; k+1 < len(y.maps); k++ {
		r, err := y.maps[k].Source.Open()
		if err != nil {
			c.Close()
			return nil, redline.WithKind(redline.Raster, err)
		}
		c.readers = append(c.readers, r)
	}
	return c, nil
}

// Close closes the maps.
func (c *YearCounter) Close() {
	for _, r := range c.readers {
		r.Close()
	}
}

// Band reads and counts the rows [row0, row1), which counted has counted last, tile by tile: all maps of one tile after
// another. tile is the size of one, in rows and columns; symbols are those of both epochs, row by row. It returns
// [Band.Years], and in unknown a bit for each map between, the lowest for the first one, that holds codes which its
// legend lacks, on the common grid. The error is a fault of kind Raster.
func (c *YearCounter) Band(
	counted *Counter, row0, row1 int, tile [2]int, symbols [2][]uint8,
) (years map[int32][]YearCount, unknown uint64, err error) {
	tileRows, tileCols := tile[0], tile[1]
	clear(c.total)
	clear(c.unknown)
	for row := row0; row < row1; row += tileRows {
		for col := 0; col < c.Grid.Cols; col += tileCols {
			w := raster.Window{Col: col, Row: row,
				Cols: min(tileCols, c.Grid.Cols-col), Rows: min(tileRows, row1-row)}
			at := (row-row0)*c.Grid.Cols + col
			before := symbolRows{symbols[0][at:], c.Grid.Cols}
			last := before
			for k := range c.maps {
				now := before
				if k == len(c.maps)-1 {
					now = symbolRows{symbols[1][at:], c.Grid.Cols}
				} else if k > 0 {
					if err := c.read(k, w); err != nil {
						return nil, 0, redline.WithKind(redline.Raster, err)
					}
					now = symbolRows{c.symbols[k%2], w.Cols}
				}
				c.count(k, w, row0, counted, last, now)
				last = now
			}
		}
	}
	for k, is := range c.unknown[1 : len(c.maps)-1] {
		if is {
			unknown |= 1 << k
		}
	}
	return listYears(c.total), unknown, nil
}

// read reads a tile of a map between. Cells that the map does not cover have its symbol for that.
func (c *YearCounter) read(k int, w raster.Window) error {
	m, buf := &c.maps[k], &c.symbols[k%2]
	*buf = slices.Grow((*buf)[:0], int(w.Cells()))[:w.Cells()]
	col0, row0 := max(w.Col, m.AtCol), max(w.Row, m.AtRow)
	cols := min(w.Col+w.Cols, m.AtCol+m.Window.Cols) - col0
	rows := min(w.Row+w.Rows, m.AtRow+m.Window.Rows) - row0
	source := raster.Window{
		Col: m.Window.Col + col0 - m.AtCol, Row: m.Window.Row + row0 - m.AtRow, Cols: cols, Rows: rows}
	if cols == w.Cols && rows == w.Rows {
		if err := c.readers[k-1].Read(source, *buf); err != nil {
			return err
		}
		m.translated(*buf)
		return nil
	}
	for i := range *buf {
		(*buf)[i] = m.fill
	}
	if cols <= 0 || rows <= 0 {
		return nil
	}
	c.part = slices.Grow(c.part[:0], cols*rows)[:cols*rows]
	if err := c.readers[k-1].Read(source, c.part); err != nil {
		return err
	}
	m.translated(c.part)
	for r := range rows {
		copy((*buf)[(row0-w.Row+r)*w.Cols+col0-w.Col:], c.part[r*cols:][:cols])
	}
	return nil
}

// translated translates symbols that were read, where that has to be.
func (m *yearMap) translated(symbols []uint8) {
	if m.translate == nil {
		return
	}
	for i, s := range symbols {
		symbols[i] = m.translate[s]
	}
}

// count counts a tile of map k; last and now are the symbols of the map before, and of map k.
func (c *YearCounter) count(k int, w raster.Window, band int, counted *Counter, last, now symbolRows) {
	c.slots = len(c.maps[k].Legend.Codes()) + 1
	c.size = int(landcover.NumEcosystems) * c.slots
	for r := range w.Rows {
		row := w.Row + r
		spans, _ := counted.rows.of(row - band)
		holes := counted.holesOf(row - band)
		c.findRuns(k, w, last.row(r, w.Cols), now.row(r, w.Cols), holes)
		area := c.Earth.Row(row)
		for _, span := range spans {
			at := sort.Search(len(c.runs), func(i int) bool { return c.runs[i].col1 > span.col0 })
			if at == len(c.runs) || c.runs[at].col0 >= span.col1 {
				continue
			}
			table := c.table(span.unit)
			for ; at < len(c.runs) && c.runs[at].col0 < span.col1; at++ {
				col0, col1 := max(c.runs[at].col0, span.col0), min(c.runs[at].col1, span.col1)
				n := &table[c.runs[at].place]
				n.cells += int64(col1 - col0)
				n.area.Add(area.Run(int(col0), int(col1)))
			}
		}
	}
	c.keep(k)
}

// table returns the table of a unit.
func (c *YearCounter) table(unit int32) []amount {
	number := c.tableOf[unit]
	if number < 0 {
		number = int32(len(c.units))
		c.tableOf[unit] = number
		c.units = append(c.units, unit)
		if need := len(c.units) * c.size; need > len(c.tables) {
			c.tables = append(c.tables, make([]amount, need-len(c.tables))...)
		}
	}
	return c.tables[int(number)*c.size:][:c.size]
}

// keep adds the tables to the total, and empties them.
func (c *YearCounter) keep(k int) {
	for number, unit := range c.units {
		table := c.tables[number*c.size:][:c.size]
		for place, n := range table {
			if n.cells == 0 {
				continue
			}
			key := yearKey{unit, uint16(k), uint8(place / c.slots), uint8(place % c.slots)}
			n.add(c.total[key])
			c.total[key] = n
			table[place] = amount{}
		}
		c.tableOf[unit] = -1
	}
	c.units = c.units[:0]
}

// findRuns finds the runs of a row of a tile, without the holes of the whole row, and looks for unknown codes
// everywhere.
func (c *YearCounter) findRuns(k int, w raster.Window, last, now []uint8, holes []unitSpan) {
	m, from := &c.maps[k], &c.maps[max(0, k-1)].classes
	if k == 0 {
		from = new([256]uint8)
	}
	c.runs = c.runs[:0]
	end, at := int32(w.Col+w.Cols), int32(w.Col)
	for _, hole := range holes {
		if hole.col1 <= at {
			continue
		}
		if hole.col0 >= end {
			break
		}
		if hole.col0 > at {
			c.appendRuns(k, at, last[at-int32(w.Col):hole.col0-int32(w.Col)], now[at-int32(w.Col):], from)
		}
		next := min(hole.col1, end)
		for _, s := range now[max(hole.col0, at)-int32(w.Col) : next-int32(w.Col)] {
			if m.unknown[s] {
				c.unknown[k] = true
				break
			}
		}
		at = next
	}
	if at < end {
		c.appendRuns(k, at, last[at-int32(w.Col):], now[at-int32(w.Col):], from)
	}
}

// appendRuns appends the runs of a stretch of a row that begins in column col0 of the grid and is as long as last. from
// are the classes of the symbols of last.
func (c *YearCounter) appendRuns(k int, col0 int32, last, now []uint8, from *[256]uint8) {
	m := &c.maps[k]
	now = now[:len(last)]
	start := 0
	add := func(end int) {
		s := now[start]
		c.unknown[k] = c.unknown[k] || m.unknown[s]
		place := int32(from[last[start]])*int32(c.slots) + int32(m.slots[s])
		c.runs = append(c.runs, yearRun{col0 + int32(start), col0 + int32(end), place})
		start = end
	}
	i := 0
	for ; i+9 <= len(last); i += 8 { // 8 cells at a time: which of them differ from the next one?
		for d := landscape.Differing(last[i:i+9], now[i:i+9]); d != 0; d &= d - 1 {
			add(i + bits.TrailingZeros64(d) + 1)
		}
	}
	for ; i < len(last); i++ {
		if i+1 == len(last) || last[i] != last[i+1] || now[i] != now[i+1] {
			add(i + 1)
		}
	}
}
