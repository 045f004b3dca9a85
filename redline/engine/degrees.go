package engine

import (
	"math"
	"slices"

	"greenshield/redline"

	"github.com/paulmach/orb"
)

// degreeGrid is the last decimal of published degrees: about a centimetre.
const degreeGrid = 1e-7

// roundDegrees rounds to multiples of degreeGrid.
func roundDegrees(x float64) float64 { return math.Round(x*1e7) / 1e7 }

// wideM is a side of a cell, in metres, that is far larger than what rounding and chordM move a point by.
const wideM = 1

// geometry returns the shape of a part in degrees: with seven decimals, oriented as RFC 7946 asks, and valid. Where no
// such shape is left, it returns the reason for which the candidate is suppressed. The shape is valid until the next
// call.
func (c *cutter) geometry(t *piece) (shape orb.MultiPolygon, reason redline.Reason) {
	if t.shape == nil {
		t.shape = c.tracer.Polygons(c.cells)
	}
	shape = t.shape
	out := c.toDegrees(shape, true)
	if t.whole && c.wide {
		return out, "" // sides of cells meet in corners alone, and nothing moves by more than a fraction of a cell
	}
	if ok, _ := c.over.Valid(out); !ok {
		// Where an outline runs beside lines of cells, rounding folds it: between there and back no ground is left.
		if unfolded, ok := c.unfolder.Unfold(out, 1/degreeGrid); ok {
			if ok, _ := c.over.Valid(unfolded); ok {
				return unfolded, ""
			}
		}
		// Rounding made the shape touch itself in some other way, so the exact one is snapped instead.
		var err error
		if out, err = c.over.Snap(c.toDegrees(shape, false), degreeGrid); err != nil {
			return nil, redline.ReasonShape
		}
		for _, p := range out {
			for _, r := range p {
				for i := range r {
					r[i] = orb.Point{roundDegrees(r[i][0]), roundDegrees(r[i][1])}
				}
			}
		}
		if ok, _ := c.over.Valid(out); !ok {
			return nil, redline.ReasonShape // no fault: one odd outline must not stop a whole province
		}
	}
	if len(out) == 0 { // the part is so small that rounding left nothing of it
		return nil, redline.ReasonPart
	}
	return out, ""
}

// chordM is the longest edge in metres, straight on a projected grid, that is published as one straight line in
// degrees: at 35° such a line lies 1 cm off the edge (length²·tan φ / 8R).
const chordM = 850

// between calls add with the points between a and b that keep the edge from a to b on its course in degrees.
func (c *cutter) between(a, b orb.Point, add func(orb.Point)) {
	g := c.in.Grid
	if g.CRS.Geographic {
		return
	}
	n := math.Ceil(math.Hypot((b[0]-a[0])*g.CellX, (b[1]-a[1])*g.CellY) * g.CRS.MetresPerUnit() / chordM)
	for k := 1.0; k < n; k++ {
		add(orb.Point{a[0] + (b[0]-a[0])*k/n, a[1] + (b[1]-a[1])*k/n})
	}
}

// degrees is the memory of a shape in degrees, which the next one has again.
type degrees struct {
	shape  orb.MultiPolygon
	rings  []orb.Ring
	points []orb.Point
}

// reuse makes d empty. One huge shape does not stay in memory.
func (d *degrees) reuse() {
	if cap(d.points) > 1<<16 || cap(d.rings) > 1<<12 || cap(d.shape) > 1<<12 {
		*d = degrees{}
	}
	d.shape, d.rings, d.points = d.shape[:0], d.rings[:0], d.points[:0]
}

// toDegrees brings a shape from the lattice to degrees, rounded or not. It drops points that repeat the one before, and
// rings of which less than a triangle is left. The result is valid until the next call.
func (c *cutter) toDegrees(shape orb.MultiPolygon, round bool) orb.MultiPolygon {
	d := &c.degrees
	d.reuse()
	for _, p := range shape {
		firstRing := len(d.rings)
		for _, ring := range p {
			first := len(d.points)
			add := func(p orb.Point) {
				lon, lat := c.lonlats.At(p[0], p[1])
				if round {
					lon, lat = roundDegrees(lon), roundDegrees(lat)
				}
				if q := (orb.Point{lon, lat}); len(d.points) == first || d.points[len(d.points)-1] != q {
					d.points = append(d.points, q)
				}
			}
			// On the lattice v grows south, so rings are turned round to keep shells counter-clockwise.
			for i, v := range slices.Backward(ring) {
				if i+1 < len(ring) {
					c.between(ring[i+1], v, add)
				}
				add(v)
			}
			if end := len(d.points); end-first >= 4 {
				d.rings = append(d.rings, d.points[first:end:end])
			} else if len(d.rings) == firstRing {
				break
			}
		}
		if end := len(d.rings); end > firstRing {
			d.shape = append(d.shape, d.rings[firstRing:end:end])
		}
	}
	return d.shape
}
