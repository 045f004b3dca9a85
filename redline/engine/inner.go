package engine

import (
	"slices"

	"greenshield/vector/trace"

	"github.com/paulmach/orb"
)

// innerPoint returns a point inside the part, in lattice coordinates.
func (c *cutter) innerPoint(t *piece) orb.Point {
	if t.shape == nil {
		best := c.cells[0]
		for _, r := range c.cells {
			if r.Col1-r.Col0 > best.Col1-best.Col0 {
				best = r
			}
		}
		return orb.Point{float64(best.Col0+best.Col1) / 2, float64(best.Row) + 0.5}
	}
	return c.finder.innerPoint(t.shape)
}

// finder finds points inside polygons. It keeps memory for the next one, and belongs to one goroutine.
type finder struct {
	vs, us []float64
	gaps   [8]gap
}

// gap is a range of v, from v to v + height, in which no vertex lies.
type gap struct{ height, v float64 }

// innerPoint returns a point inside a shape. It looks at horizontal lines in the middle of the tallest gaps between
// vertices of the largest polygon, and returns the middle of the stretch inside with most room, in width and height:
// the tallest gap alone may lie in a spike.
func (f *finder) innerPoint(mp orb.MultiPolygon) orb.Point {
	best, most := mp[0], 0.0
	for _, p := range mp {
		if a := trace.DoubleArea(p[0]); a > most {
			best, most = p, a
		}
	}
	point, room := best[0][0], -1.0
	for _, gap := range f.tallestGaps(best) {
		if gap.height <= room { // no stretch in this gap has more
			break
		}
		v := gap.v + gap.height/2
		us := f.us[:0]
		for _, ring := range best {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > v) != (b[1] > v) {
					us = append(us, a[0]+(v-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(us)
		for i := 1; i < len(us); i += 2 {
			if d := us[i] - us[i-1]; min(d, gap.height) > room {
				point, room = orb.Point{us[i-1] + d/2, v}, min(d, gap.height)
			}
		}
		f.us = us
	}
	return point
}

// tallestGaps returns the tallest gaps between the vertices of a polygon, the tallest first, and of equal ones the one
// with the smaller v.
func (f *finder) tallestGaps(p orb.Polygon) []gap {
	f.vs = f.vs[:0]
	for _, ring := range p {
		for _, q := range ring {
			f.vs = append(f.vs, q[1])
		}
	}
	slices.Sort(f.vs)
	n := 0
	for i := 1; i < len(f.vs); i++ {
		g := gap{f.vs[i] - f.vs[i-1], f.vs[i-1]}
		at := n
		for at > 0 && f.gaps[at-1].height < g.height {
			at--
		}
		if at == len(f.gaps) {
			continue
		}
		n = min(n+1, len(f.gaps))
		copy(f.gaps[at+1:n], f.gaps[at:])
		f.gaps[at] = g
	}
	return f.gaps[:n]
}
