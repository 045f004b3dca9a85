package corroborate

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
)

// maxBox is how many cells the box of a region may have at most for [cutter.shares] to sum up in it.
const maxBox = 1 << 18

// strip is what the outline of a region does in a cell: how far it falls there (v becomes smaller), and the area
// between that part of it and the east side of the cell. Both are negative where it climbs, with the region on its
// west.
type strip struct{ fall, east float64 }

// shares calls f as [cutter.each] does for one region, but never with edges. It follows the outline once: where
// that falls in a cell, the region begins, and has the strip as far as the east side and all of the cells behind it;
// where it climbs, the region ends.
func (k *cutter) shares(g raster.Grid, region orb.MultiPolygon, f func(cut) error) error {
	bound, some := boundOf([]orb.MultiPolygon{region})
	if !some {
		return nil
	}
	col0, row0 := math.Floor(bound.Min[0]), math.Floor(bound.Min[1])
	cols, rows := math.Floor(bound.Max[0])-col0+1, math.Floor(bound.Max[1])-row0+1
	if !(cols*rows <= maxBox) || k.alongCells(region) {
		return k.each(g, []orb.MultiPolygon{region}, f)
	}
	if n := int(cols * rows); cap(k.strips) < n {
		k.strips = make([]strip, n)
	} else {
		k.strips = k.strips[:n]
		clear(k.strips)
	}
	for _, polygon := range region {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				k.follow(ring[i-1], ring[i], orb.Point{col0, row0}, int(cols))
			}
		}
	}
	for row := range int(rows) {
		if at := row + int(row0); at >= 0 && at < g.Rows {
			if err := k.row(g, at, int(col0), k.strips[row*int(cols):][:int(cols)], f); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow adds a side of the outline to the strips of the cells that it passes. The first of these lies at origin.
func (k *cutter) follow(a, b, origin orb.Point, cols int) {
	if a[1] == b[1] {
		return
	}
	k.points = crossings(append(k.points[:0], a), a, b)
	k.points = append(k.points, b)
	for i := 1; i < len(k.points); i++ {
		a, b := k.points[i-1], k.points[i]
		u, v := (a[0]+b[0])/2-origin[0], (a[1]+b[1])/2-origin[1]
		col := math.Floor(u)
		s := &k.strips[int(v)*cols+int(col)]
		fall := a[1] - b[1]
		s.fall += fall
		s.east += fall * (col + 1 - u)
	}
}

// row calls f for the cells of a row whose strips are given, the first of which lies in column col0.
func (k *cutter) row(g raster.Grid, row, col0 int, strips []strip, f func(cut) error) error {
	fallen := 0.0
	for i := 0; i < len(strips); {
		share := fallen + strips[i].east
		fallen += strips[i].fall
		c := cut{row: row, col0: col0 + i, share: share}
		i++
		switch {
		case share <= tiny:
			continue
		case share >= 1-tiny:
			c.share = 1
			for i < len(strips) && strips[i] == (strip{}) && fallen >= 1-tiny {
				i++
			}
		}
		c.col0, c.col1 = max(c.col0, 0), min(col0+i, g.Cols)
		if c.col0 >= c.col1 {
			continue
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}
