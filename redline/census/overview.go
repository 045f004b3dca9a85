package census

import (
	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/redline"
)

// overviewSquares is the largest number of squares along a side of an overview.
const overviewSquares = 1024

// bandOverview returns those rows of an overview of the grid that the rows [row0, row1) touch. runs are the cells of
// these rows that differ or are NoData.
func bandOverview(g raster.Grid, runs []change.Run, row0, row1 int) *redline.Overview {
	f := max(1, (max(g.Cols, g.Rows)+overviewSquares-1)/overviewSquares)
	first := row0 / f
	o := &redline.Overview{Factor: f, Cols: (g.Cols + f - 1) / f, Rows: (row1-1)/f + 1 - first}
	o.Changed, o.NoData = make([]uint32, o.Cols*o.Rows), make([]uint32, o.Cols*o.Rows)
	for _, r := range runs {
		counts := o.Changed
		if r.Type == change.NoDataType {
			counts = o.NoData
		}
		counts = counts[(int(r.Row)/f-first)*o.Cols:]
		for col := r.Col0; col < r.Col1; {
			end := min(r.Col1, (col/int32(f)+1)*int32(f))
			counts[col/int32(f)] += uint32(end - col)
			col = end
		}
	}
	return o
}

// joinOverview adds the rows of squares of below. Its first one is the last one of o when same is true, else the next.
func joinOverview(o, below *redline.Overview, same bool) {
	add := func(to *[]uint32, from []uint32) {
		if same {
			last := (*to)[len(*to)-o.Cols:]
			for i := range last {
				last[i] += from[i]
			}
			from = from[o.Cols:]
		}
		*to = append(*to, from...)
	}
	add(&o.Changed, below.Changed)
	add(&o.NoData, below.NoData)
	o.Rows = len(o.Changed) / o.Cols
}
