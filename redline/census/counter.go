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
	classes [2][256]uint8 // ecosystem class of each symbol
	rows    unitRows
	pattern *landscape.Counter

	// Of the row that is counted:
	nodata []unitSpan       // the cells that are NoData in either epoch
	valid  []landscape.Pair // the other cells, by class
	runs   []landscape.Pair // the same by unit and class
	ends   []int            // where those of each family of parts end in runs
	above  []landscape.Pair // runs of the row above, which pattern still holds

	// With maps between, the NoData cells of the band: those of row r are holes[holeRows[r]:holeRows[r+1]].
	holes    []unitSpan
	holeRows []int32
}

// holesOf returns the cells of a row of the band counted last that are NoData in either epoch.
func (c *Counter) holesOf(row int) []unitSpan { return c.holes[c.holeRows[row]:c.holeRows[row+1]] }

// NewCounter returns a counter of bands.
func (g *Ground) NewCounter() *Counter {
	c := &Counter{Ground: g, pattern: landscape.NewCounter(g.classMap())}
	for e, epoch := range []*redline.Epoch{g.Before, g.After} {
		for symbol, class := range epoch.Source.Index() {
			if int(class) < len(epoch.Legend.Codes()) {
				c.classes[e][symbol] = uint8(epoch.Legend.Classes[class].Ecosystem)
			}
		}
	}
	return c
}

// Band counts the rows [row0, row1). symbols are those of both epochs, row by row; runs are the cells that differ or
// are NoData, by row, then column.
func (c *Counter) Band(row0, row1 int, runs []change.Run, symbols [2][]uint8) *Band {
	cols := c.Grid.Cols
	out := &Band{NoData: map[int32]int64{}, Pairs: map[int32]*Matrix{}, Overview: bandOverview(c.Grid, runs, row0, row1)}
	c.rows.find(c.Units, int32(cols), row0, row1)
	c.pattern.Begin(row0)
	c.holes, c.holeRows = c.holes[:0], append(c.holeRows[:0], 0)
	for row := row0; row < row1; row++ {
		area := c.Earth.Row(row)
		c.nodata = c.nodata[:0]
		for ; len(runs) > 0 && int(runs[0].Row) == row; runs = runs[1:] {
			if r := runs[0]; r.Type == change.NoDataType {
				c.nodata = append(c.nodata, unitSpan{col0: r.Col0, col1: r.Col1})
			}
		}
		if len(c.Between) > 0 {
			c.holes = append(c.holes, c.nodata...)
			c.holeRows = append(c.holeRows, int32(len(c.holes)))
		}
		spans, families := c.rows.of(row - row0)
		c.findValid(symbols[0][(row-row0)*cols:][:cols], symbols[1][(row-row0)*cols:][:cols])
		c.runs, c.above, c.ends = c.above[:0], c.runs, c.ends[:0]
		start := 0
		for _, end := range families {
			c.runs = appendUnits(c.runs, c.valid, spans[start:end])
			c.ends = append(c.ends, len(c.runs))
			start = end
		}
		c.runs = appendUnits(c.runs, c.valid, spans[start:])
		areas := c.pattern.Row(c.runs, c.ends, &area)
		c.countNoData(out.NoData, spans)
		c.countPairs(out.Pairs, areas)
	}
	out.Pattern = c.pattern.End()
	return out
}

// findValid finds the runs of a line of symbols of both epochs, without what is NoData in either.
func (c *Counter) findValid(before, after []uint8) {
	c.valid = c.valid[:0]
	col := int32(0)
	for _, hole := range c.nodata {
		c.valid = landscape.AppendPairs(c.valid, int(col), before[col:hole.col0], after[col:hole.col0], &c.classes)
		col = hole.col1
	}
	c.valid = landscape.AppendPairs(c.valid, int(col), before[col:], after[col:], &c.classes)
}

// appendUnits appends the runs of each unit: those of one class, cut at the spans of the unit.
func appendUnits(out, runs []landscape.Pair, spans []unitSpan) []landscape.Pair {
	for _, span := range spans {
		at := sort.Search(len(runs), func(i int) bool { return runs[i].Col1 > span.col0 })
		unit := landscape.PairOf(span.unit, 0, 0)
		for ; at < len(runs) && runs[at].Col0 < span.col1; at++ {
			r := runs[at]
			out = append(out, landscape.Pair{
				Col0: max(r.Col0, span.col0), Col1: min(r.Col1, span.col1), Key: unit | r.Key})
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

// countPairs adds the valid cells of a row; areas are those of its runs.
func (c *Counter) countPairs(counts map[int32]*Matrix, areas []raster.Area) {
	unit := int32(-1)
	var pairs *Matrix
	for i, r := range c.runs {
		if u := r.Key.Unit(); u != unit {
			unit = u
			if pairs = counts[unit]; pairs == nil {
				pairs = new(Matrix)
				counts[unit] = pairs
			}
		}
		before, after := r.Key.Classes()
		p := &pairs[before][after]
		p.Cells += int64(r.Col1 - r.Col0)
		p.Area.Add(areas[i])
	}
}
