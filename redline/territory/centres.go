package territory

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"greenshield/redline"
	"greenshield/vector/overlay"
)

// checkedRows is about how many rows of the grid checkCentres looks at.
const checkedRows = 1024

// checkCentres holds the territories against the zones: at the centre of each cell of some rows, evenly spaced, the
// strictest zone must be the one whose territory it is. A centre that an outline passes within rounding tells nothing.
func (d *divider) checkCentres(ctx context.Context) error {
	zones := make([]orb.MultiPolygon, len(d.ByRank))
	for rank, z := range d.ByRank {
		zones[rank] = d.Zones[z].Shape
	}
	cols, rows := d.Grid.Cols, d.Grid.Rows
	every := max(1, rows/checkedRows)
	of := [2]*overlay.Centres{
		overlay.EveryCentres(cols, rows, every, zones), overlay.EveryCentres(cols, rows, every, d.Territory),
	}
	var strictest [2][]int32 // by column; 1 + the rank of the zone, 0 where there is none
	for i := range strictest {
		strictest[i] = make([]int32, cols)
	}
	var spans []overlay.CentreSpan
	for row := 0; row < rows; row += every {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for i, c := range of {
			clear(strictest[i])
			spans = c.Spans(spans[:0], row, row+1)
			for k := len(spans) - 1; k >= 0; k-- { // the strictest come first, and are painted last
				for col := spans[k].Col0; col < spans[k].Col1; col++ {
					strictest[i][col] = spans[k].Shape + 1
				}
			}
		}
		if slices.Equal(strictest[0], strictest[1]) {
			continue
		}
		for col, want := range strictest[0] {
			got := strictest[1][col]
			if got == want {
				continue
			}
			p := orb.Point{float64(col) + 0.5, float64(row) + 0.5}
			if d.nearOutline(p, got-1) || d.nearOutline(p, want-1) {
				continue
			}
			return redline.Faultf(redline.Unbalanced, "the centre of the cell in row %d, column %d is not in the territory "+
				"of its strictest zone; nothing is published, please report this", row, col)
		}
	}
	return nil
}

// nearOutline tells that a point is within rounding of the outline of the zone of that rank or of its territory. It is
// near none for rank −1, which stands for no zone.
func (d *divider) nearOutline(p orb.Point, rank int32) bool {
	if rank < 0 {
		return false
	}
	near := math.Inf(1)
	for _, shape := range [2]orb.MultiPolygon{d.Zones[d.ByRank[rank]].Shape, d.Territory[rank]} {
		for _, polygon := range shape {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					near = min(near, planar.DistanceFromSegment(ring[i-1], ring[i], p))
				}
			}
		}
	}
	return near < 1e-6
}
