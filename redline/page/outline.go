package page

import (
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/simplify"

	"greenshield/raster"
)

// outline collects rings as the path of an SVG.
type outline struct{ path []byte }

// add adds the rings of polygons on the lattice to an outline of the overview, drawn no finer than
// can be seen. They are cut where they cannot be seen, some units outside the view box.
func (o *outline) add(mp orb.MultiPolygon, f frame) {
	const beyond = 5
	view := orb.Bound{Min: orb.Point{-beyond, -beyond}, Max: orb.Point{f.width + beyond, f.height + beyond}}
	for _, polygon := range mp {
		for _, ring := range polygon {
			placed := make(orb.Ring, len(ring))
			for i, p := range ring {
				placed[i] = f.place(p)
			}
			if !view.Intersects(placed.Bound()) {
				continue
			}
			line := simplify.DouglasPeucker(0.4).LineString(orb.LineString(clip.Ring(view, placed)))
			o.ring(line, 1)
		}
	}
}

// ring adds one ring. A closing point is left out.
func (o *outline) ring(line orb.LineString, decimals int) {
	for i, p := range line {
		if i == len(line)-1 && p == line[0] {
			break
		}
		command := byte('L')
		if i == 0 {
			command = 'M'
		}
		o.path = append(o.path, command)
		o.path = strconv.AppendFloat(o.path, p[0], 'f', decimals, 64)
		o.path = append(o.path, ' ')
		o.path = strconv.AppendFloat(o.path, p[1], 'f', decimals, 64)
	}
	if len(line) > 0 {
		o.path = append(o.path, 'Z')
	}
}

// path returns the rings of polygons on the lattice that meet a window, as the path of an SVG in
// cells of the window. What lies far outside is moved nearer.
func path(mp orb.MultiPolygon, w raster.Window) string {
	var o outline
	const far = 4000
	for _, polygon := range mp {
		for _, ring := range polygon {
			line := make(orb.LineString, len(ring))
			for i, p := range ring {
				u, v := p[0]-float64(w.Col), p[1]-float64(w.Row)
				line[i] = orb.Point{min(max(u, -far), far), min(max(v, -far), far)}
			}
			if line.Bound().Intersects(orb.Bound{Max: orb.Point{float64(w.Cols), float64(w.Rows)}}) {
				o.ring(visible(line, w), 2)
			}
		}
	}
	return string(o.path)
}

// visible leaves out vertices of a ring that are not needed to see what is inside the window:
// those that lie beyond one of its sides together with both neighbours.
func visible(line orb.LineString, w raster.Window) orb.LineString {
	side := func(p orb.Point) int {
		s := 0
		if p[0] < -1 {
			s |= 1
		}
		if p[0] > float64(w.Cols)+1 {
			s |= 2
		}
		if p[1] < -1 {
			s |= 4
		}
		if p[1] > float64(w.Rows)+1 {
			s |= 8
		}
		return s
	}
	var out orb.LineString
	for i, p := range line {
		if i > 0 && i+1 < len(line) && side(p)&side(line[i+1])&side(out[len(out)-1]) != 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}
