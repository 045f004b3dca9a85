package census

import (
	"cmp"
	"slices"

	"greenshield/vector/overlay"
)

// unitSpan is the cells [col0, col1) of a row that belong to a unit.
type unitSpan struct{ col0, col1, unit int32 }

// unitRows are the spans of the units of a band of rows. The spans of row r are spans[rows[r]:rows[r+1]]. First come
// families of parts, in each of which a cell is in one span at most, by column: the counties, or one span for the whole
// row where there are none, then the parts of each type. After them come zones that are no part, by unit, then column.
type unitRows struct {
	spans    []unitSpan
	rows     []int32
	families []int // by row: where each family ends in its spans

	// Memory that one band leaves to the next.
	passes []overlay.CentreSpan
}

// of returns the spans of a row, and where each family of parts ends in them.
func (r *unitRows) of(row int) (spans []unitSpan, families []int) {
	n := len(r.families) / (len(r.rows) - 1)
	return r.spans[r.rows[row]:r.rows[row+1]], r.families[n*row:][:n]
}

// find sets the spans to those of the rows [row0, row1) of a grid with so many columns.
func (r *unitRows) find(u *Units, cols int32, row0, row1 int) {
	r.spans, r.rows, r.families = r.spans[:0], append(r.rows[:0], 0), r.families[:0]
	var counties []overlay.CentreSpan
	var alone []unitSpan
	r.passes = u.zoneCells.Spans(r.passes[:0], row0, row1)
	zones := r.passes
	if u.counties != nil {
		n := len(r.passes)
		r.passes = u.counties.Spans(r.passes, row0, row1)
		zones, counties = r.passes[:n], r.passes[n:]
	}
	for row := int32(row0); row < int32(row1); row++ {
		first := len(r.spans)
		end := func() { r.families = append(r.families, len(r.spans)-first) }
		if u.counties != nil {
			var here []overlay.CentreSpan
			here, counties = ofRow(counties, row)
			r.addCounties(u, here, cols)
		} else {
			r.spans = append(r.spans, unitSpan{0, cols, 0})
		}
		end()
		var here []overlay.CentreSpan
		here, zones = ofRow(zones, row)
		alone = alone[:0]
		for _, s := range here {
			if zone := int32(u.zones) + s.Shape; u.partOf[s.Shape] != zone {
				alone = append(alone, unitSpan{s.Col0, s.Col1, zone})
			}
		}
		u.sortByType(here)
		for t := u.types; t < u.zones; t++ {
			at := int32(0) // so far the type has parts
			for ; len(here) > 0 && u.typeOfZone(here[0].Shape) == int32(t); here = here[1:] {
				if s := here[0]; at < s.Col1 {
					r.spans = append(r.spans, unitSpan{max(at, s.Col0), s.Col1, u.partOf[s.Shape]})
					at = s.Col1
				}
			}
			end()
		}
		r.spans = append(r.spans, alone...)
		r.rows = append(r.rows, int32(len(r.spans)))
	}
}

// ofRow divides spans, which begin with those of the row if it has any, into those of the row and the rest.
func ofRow(spans []overlay.CentreSpan, row int32) (here, rest []overlay.CentreSpan) {
	n := 0
	for n < len(spans) && spans[n].Row == row {
		n++
	}
	return spans[:n], spans[n:]
}

// addCounties gives every cell of a row to one county: the first one in the order of units where several hold its
// centre, and noCounty where none does. here are the spans of the counties in that row.
func (r *unitRows) addCounties(u *Units, here []overlay.CentreSpan, cols int32) {
	slices.SortFunc(here, func(a, b overlay.CentreSpan) int { return cmp.Compare(a.Col0, b.Col0) })
	add := func(col0, col1, unit int32) {
		if col0 < col1 {
			r.spans = append(r.spans, unitSpan{col0, col1, unit})
		}
	}
	at := int32(0)
	for i := 0; i < len(here); {
		add(at, here[i].Col0, u.noCounty)
		// A group of spans that overlap is divided at all their ends; nearly always it is one span.
		group, end := i, here[i].Col1
		for i++; i < len(here) && here[i].Col0 < end; i++ {
			end = max(end, here[i].Col1)
		}
		if i == group+1 {
			add(here[group].Col0, end, u.county[here[group].Shape])
			at = end
			continue
		}
		var cuts []int32
		for _, s := range here[group:i] {
			cuts = append(cuts, s.Col0, s.Col1)
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for k := 1; k < len(cuts); k++ {
			best := u.noCounty
			for _, s := range here[group:i] {
				if s.Col0 <= cuts[k-1] && s.Col1 >= cuts[k] {
					best = min(best, u.county[s.Shape])
				}
			}
			add(cuts[k-1], cuts[k], best)
		}
		at = end
	}
	add(at, cols, u.noCounty)
}
