package census

import (
	"sort"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landscape"
	"greenshield/redline"
)

// Counter counts bands by unit. It belongs to one goroutine.
type Counter struct {
	*Ground
	classes  [2][256]uint8 // ecosystem class of each symbol
	rows     unitRows
	counters [2]*landscape.Counter

	// Of the row that is counted:
	nodata []unitSpan         // the cells that are NoData in either epoch
	valid  [2][]landscape.Run // the other cells, by class
	runs   [2][]landscape.Run // the same by unit and class
	above  [2][]landscape.Run // runs of the row above, which the counters still hold
}

// NewCounter returns a counter of bands.
func (g *Ground) NewCounter() *Counter {
	c := &Counter{Ground: g}
	for e, epoch := range []*redline.Epoch{g.Before, g.After} {
		for symbol, class := range epoch.Source.Index() {
			if int(class) < len(epoch.Legend.Codes()) {
				c.classes[e][symbol] = uint8(epoch.Legend.Classes[class].Ecosystem)
			}
		}
		c.counters[e] = landscape.NewCounter(g.classMap())
	}
	return c
}

// Band counts the rows [row0, row1). symbols are those of both epochs, row by row; runs are the cells that differ or
// are NoData, by row, then column.
func (c *Counter) Band(row0, row1 int, runs []change.Run, symbols [2][]uint8) *Band {
	cols := c.Grid.Cols
	out := &Band{NoData: map[int32]int64{}, Pairs: map[int32]*Matrix{}, Overview: bandOverview(c.Grid, runs, row0, row1)}
	c.rows.find(c.Units, int32(cols), row0, row1)
	for _, counter := range c.counters {
		counter.Begin(row0)
	}
	for row := row0; row < row1; row++ {
		area := c.Earth.Row(row)
		c.nodata = c.nodata[:0]
		for ; len(runs) > 0 && int(runs[0].Row) == row; runs = runs[1:] {
			if r := runs[0]; r.Type == change.NoDataType {
				c.nodata = append(c.nodata, unitSpan{col0: r.Col0, col1: r.Col1})
			}
		}
		spans := c.rows.spans[c.rows.rows[row-row0]:c.rows.rows[row-row0+1]]
		for e := range symbols {
			line := symbols[e][(row-row0)*cols:][:cols]
			c.valid[e] = c.appendValid(c.valid[e][:0], line, &c.classes[e])
			parts := c.rows.parts[row-row0]
			c.runs[e], c.above[e] = c.above[e][:0], c.runs[e]
			c.runs[e] = appendUnits(c.runs[e], c.valid[e], spans[:parts])
			ofParts := len(c.runs[e])
			c.runs[e] = appendUnits(c.runs[e], c.valid[e], spans[parts:])
			c.counters[e].Row(c.runs[e], ofParts, &area)
		}
		c.countNoData(out.NoData, spans)
		c.countPairs(out.Pairs, &area)
	}
	for e, counter := range c.counters {
		out.Pattern[e] = counter.End()
	}
	return out
}

// appendValid appends the runs of one class of a line of symbols, without what is NoData in either epoch.
func (c *Counter) appendValid(runs []landscape.Run, line []uint8, classes *[256]uint8) []landscape.Run {
	col := int32(0)
	for _, hole := range c.nodata {
		runs = landscape.AppendRuns(runs, int(col), line[col:hole.col0], classes)
		col = hole.col1
	}
	return landscape.AppendRuns(runs, int(col), line[col:], classes)
}

// appendUnits appends the runs of each unit: those of one class, cut at the spans of the unit.
func appendUnits(out, runs []landscape.Run, spans []unitSpan) []landscape.Run {
	for _, span := range spans {
		at := sort.Search(len(runs), func(i int) bool { return runs[i].Col1 > span.col0 })
		for ; at < len(runs) && runs[at].Col0 < span.col1; at++ {
			r := runs[at]
			key := landscape.KeyOf(span.unit, r.Key.Class())
			out = append(out, landscape.Run{Col0: max(r.Col0, span.col0), Col1: min(r.Col1, span.col1), Key: key})
		}
	}
	return out
}

// countNoData adds the NoData cells of a row, whose units are spans.
func (c *Counter) countNoData(counts map[int32]int64, spans []unitSpan) {
	if len(c.nodata) == 0 {
		return
	}
	for _, span := range spans {
		for _, hole := range c.nodata {
			if n := min(span.col1, hole.col1) - max(span.col0, hole.col0); n > 0 {
				counts[span.unit] += int64(n)
			}
		}
	}
}

// countPairs adds the valid cells of a row. Both epochs have the same cells in each unit, so their runs can be walked
// together.
func (c *Counter) countPairs(counts map[int32]*Matrix, area *raster.RowArea) {
	before, after := c.runs[0], c.runs[1]
	unit, col := int32(-1), int32(0) // the cells of unit before col are counted
	var pairs *Matrix
	for len(before) > 0 {
		b, a := &before[0], &after[0]
		if u := b.Key.Unit(); u != unit {
			unit, col = u, 0
			if pairs = counts[unit]; pairs == nil {
				pairs = new(Matrix)
				counts[unit] = pairs
			}
		}
		start, end := max(col, b.Col0), min(b.Col1, a.Col1)
		p := &pairs[b.Key.Class()][a.Key.Class()]
		p.Cells += int64(end - start)
		p.Area.Add(area.Run(int(start), int(end)))
		col = end
		if b.Col1 == end {
			before = before[1:]
		}
		if a.Col1 == end {
			after = after[1:]
		}
	}
}
