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
	n := len(d.ByRank)
	whole, cut, rest := make([]orb.MultiPolygon, n), make([]orb.MultiPolygon, n), make([]orb.MultiPolygon, n)
	for rank, z := range d.ByRank {
		if zone, territory := d.Zones[z].Shape, d.Territory[rank]; zone.Equal(territory) {
			whole[rank] = zone
		} else {
			cut[rank], rest[rank] = zone, territory
		}
	}
	cols, rows := d.Grid.Cols, d.Grid.Rows
	every := max(1, rows/checkedRows)
	var of [3]*overlay.Centres
	for i, shapes := range [...][]orb.MultiPolygon{whole, cut, rest} {
		of[i] = overlay.EveryCentres(cols, rows, every, shapes)
	}
	var spans [len(of)][]overlay.CentreSpan
	var cuts, want, got []int32
	for row := 0; row < rows; row += every {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for i, c := range of {
			spans[i] = c.Spans(spans[i][:0], row, row+1)
		}
		cuts = cutsOf(cuts, spans[:]...)
		want = strictest(want, cuts, spans[0], spans[1])
		got = strictest(got, cuts, spans[0], spans[2])
		for k := range cuts {
			if got[k] == want[k] {
				continue
			}
			for col := cuts[k]; col < cuts[k+1]; col++ {
				p := orb.Point{float64(col) + 0.5, float64(row) + 0.5}
				if d.nearOutline(p, got[k]) || d.nearOutline(p, want[k]) {
					continue
				}
				return redline.Faultf(redline.Unbalanced, "the centre of the cell in row %d, column %d is not in the territory "+
					"of its strictest zone; nothing is published, please report this", row, col)
			}
		}
	}
	return nil
}

// noRank stands for no zone.
const noRank = math.MaxInt32

// cutsOf sets cuts to the columns where spans of a row begin or end, ascending.
func cutsOf(cuts []int32, spans ...[]overlay.CentreSpan) []int32 {
	cuts = cuts[:0]
	for _, list := range spans {
		for _, s := range list {
			cuts = append(cuts, s.Col0, s.Col1)
		}
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// strictest sets ranks to the lowest rank that spans of a row have from each cut to the next; noRank for none. cuts are
// at least those of the spans.
func strictest(ranks, cuts []int32, spans ...[]overlay.CentreSpan) []int32 {
	ranks = ranks[:0]
	for range cuts {
		ranks = append(ranks, noRank)
	}
	for _, list := range spans {
		for _, s := range list {
			k, _ := slices.BinarySearch(cuts, s.Col0)
			for ; cuts[k] < s.Col1; k++ {
				ranks[k] = min(ranks[k], s.Shape)
			}
		}
	}
	return ranks
}

// nearOutline tells that a point is within rounding of the outline of the zone of that rank or of its territory. It is
// near none for noRank.
func (d *divider) nearOutline(p orb.Point, rank int32) bool {
	if rank == noRank {
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
