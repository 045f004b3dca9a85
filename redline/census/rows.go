package census

import (
	"cmp"
	"slices"

	"greenshield/vector/overlay"
)

// unitSpan is the cells [col0, col1) of a row that belong to a unit.
type unitSpan struct{ col0, col1, unit int32 }

// unitRows are the spans of the units of a band of rows. The spans of row r are spans[rows[r]:rows[r+1]]. The first
// parts[r] of them divide the whole row, by column: among the counties, or as one span where there are none. The others
// are those of zone types and zones, by unit, then column.
type unitRows struct {
	spans []unitSpan
	rows  []int32
	parts []int32

	// Memory that one band leaves to the next.
	passes []overlay.CentreSpan
	row    []unitSpan
}

// of returns the spans of a row.
func (r *unitRows) of(row int) []unitSpan { return r.spans[r.rows[row]:r.rows[row+1]] }

// find sets the spans to those of the rows [row0, row1) of a grid with so many columns.
func (r *unitRows) find(u *Units, cols int32, row0, row1 int) {
	r.spans, r.rows, r.parts = r.spans[:0], append(r.rows[:0], 0), r.parts[:0]
	var counties []overlay.CentreSpan
	r.passes = u.zoneCells.Spans(r.passes[:0], row0, row1)
	zones := r.passes
	if u.counties != nil {
		n := len(r.passes)
		r.passes = u.counties.Spans(r.passes, row0, row1)
		zones, counties = r.passes[:n], r.passes[n:]
	}
	for row := int32(row0); row < int32(row1); row++ {
		first := len(r.spans)
		if u.counties != nil {
			var here []overlay.CentreSpan
			here, counties = ofRow(counties, row)
			r.addCounties(u, here, cols)
		} else {
			r.spans = append(r.spans, unitSpan{0, cols, 0})
		}
		r.parts = append(r.parts, int32(len(r.spans)-first))
		r.row = r.row[:0]
		var here []overlay.CentreSpan
		here, zones = ofRow(zones, row)
		for _, s := range here {
			unit := int32(u.zones) + s.Shape
			r.row = append(r.row, unitSpan{s.Col0, s.Col1, unit}, unitSpan{s.Col0, s.Col1, u.typeOf[unit]})
		}
		slices.SortFunc(r.row, func(a, b unitSpan) int {
			return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.col0, b.col0))
		})
		first = len(r.spans)
		for _, s := range r.row { // zones of one type overlap, or lie side by side
			if n := len(r.spans); n > first && r.spans[n-1].unit == s.unit && r.spans[n-1].col1 >= s.col0 {
				r.spans[n-1].col1 = max(r.spans[n-1].col1, s.col1)
				continue
			}
			r.spans = append(r.spans, s)
		}
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
