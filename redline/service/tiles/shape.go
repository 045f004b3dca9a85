package tiles

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/tidwall/gjson"
)

const (
	exactZoom  = 14 // from which on nothing is simplified
	tolerance  = 4  // units by which outlines are simplified below
	smallUnits = 16 // a polygon that is smaller both ways is a point
)

// shape is a geometry on the Web Mercator square.
type shape struct {
	geometry orb.Geometry // Point, MultiPoint, LineString, MultiLineString or MultiPolygon
	bound    orb.Bound
	vertices int
}

var errGeometry = errors.New("no geometry that a tile can show")

// newShape reads a GeoJSON geometry in degrees.
func newShape(text []byte) (*shape, error) {
	r := &coordinates{text: gjson.GetBytes(text, "coordinates").Raw}
	s := &shape{}
	switch gjson.GetBytes(text, "type").Str {
	case "Point":
		s.geometry = r.point()
	case "MultiPoint":
		s.geometry = orb.MultiPoint(r.line())
	case "LineString":
		s.geometry = orb.LineString(r.line())
	case "MultiLineString":
		var all orb.MultiLineString
		r.list(func() { all = append(all, r.line()) })
		s.geometry = all
	case "Polygon":
		s.geometry = orb.MultiPolygon{r.polygon()}
	case "MultiPolygon":
		var all orb.MultiPolygon
		r.list(func() { all = append(all, r.polygon()) })
		s.geometry = all
	default:
		return nil, errGeometry
	}
	if r.bad || r.points == 0 {
		return nil, errGeometry
	}
	s.bound, s.vertices = s.geometry.Bound(), r.points
	return s, nil
}

// coordinates reads nested arrays of numbers, in one pass.
type coordinates struct {
	text   string
	points int
	bad    bool // it is no such array
}

// next returns the next character that is no blank, 0 at the end.
func (r *coordinates) next() byte {
	r.text = strings.TrimLeft(r.text, " \t\r\n")
	if r.text == "" {
		r.bad = true
		return 0
	}
	return r.text[0]
}

// list calls item for each item of an array, which has to read it.
func (r *coordinates) list(item func()) {
	for open := byte('['); !r.bad; open = ',' {
		c := r.next()
		if open == ',' && c == ']' {
			r.text = r.text[1:]
			return
		}
		if c != open {
			r.bad = true
			return
		}
		r.text = r.text[1:]
		if open == '[' && r.next() == ']' {
			r.text = r.text[1:]
			return
		}
		item()
	}
}

func (r *coordinates) point() orb.Point {
	var p orb.Point
	i := 0
	r.list(func() {
		r.next()
		end := strings.IndexAny(r.text, ",] \t\r\n")
		if end < 0 {
			r.bad = true
			return
		}
		v, err := strconv.ParseFloat(r.text[:end], 64)
		r.text, r.bad = r.text[end:], r.bad || err != nil
		if i < len(p) {
			p[i] = v
		}
		i++
	})
	r.points++
	r.bad = r.bad || i < len(p)
	return square(p)
}

func (r *coordinates) line() (points []orb.Point) {
	r.list(func() { points = append(points, r.point()) })
	return points
}

func (r *coordinates) polygon() (p orb.Polygon) {
	r.list(func() { p = append(p, r.line()) })
	return p
}

// centre is the centre of the box of the shape, on the square.
func (s *shape) centre() orb.Point { return s.bound.Center() }

// in returns the shape in whole units of a tile: clipped, simplified, valid; never nothing.
func (s *shape) in(t Tile) orb.Geometry {
	switch g := s.geometry.(type) {
	case orb.Point:
		return round(t.units(g))
	case orb.MultiPoint:
		var all orb.MultiPoint
		for _, p := range g {
			all = append(all, round(t.units(p)))
		}
		return all
	case orb.MultiPolygon:
		low, high := t.units(s.bound.Min), t.units(s.bound.Max)
		if high[0]-low[0] >= smallUnits || high[1]-low[1] >= smallUnits {
			if areas := polygonsIn(t, g); areas != nil {
				return areas
			}
		}
	case orb.LineString:
		if lines := linesIn(t, orb.MultiLineString{g}); lines != nil {
			return lines
		}
	case orb.MultiLineString:
		if lines := linesIn(t, g); lines != nil {
			return lines
		}
	}
	return round(t.units(s.centre()))
}

// linesIn returns lines in units of a tile, nil when nothing is left of them.
func linesIn(t Tile, lines orb.MultiLineString) orb.Geometry {
	var all orb.MultiLineString
	for _, l := range lines {
		own := make(orb.LineString, len(l))
		for i, p := range l {
			own[i] = t.units(p)
		}
		if t.Z < exactZoom {
			own = simplify.DouglasPeucker(tolerance).LineString(own)
		}
		if own = distinct(own); len(own) >= 2 {
			all = append(all, own)
		}
	}
	if all == nil {
		return nil
	}
	return all
}

// polygonsIn returns polygons in units of a tile, nil when nothing valid is left of them.
func polygonsIn(t Tile, polygons orb.MultiPolygon) orb.Geometry {
	attempts := []float64{0}
	if t.Z < exactZoom {
		attempts = []float64{tolerance, 0}
	}
	for _, within := range attempts {
		var all orb.MultiPolygon
		for _, p := range polygons {
			if rings := ringsIn(t, p, within); len(rings) > 0 {
				all = append(all, rings)
			}
		}
		if areas, err := clipped(all); err == nil && len(areas) > 0 {
			return areas
		}
	}
	return nil
}

// ringsIn returns a polygon in whole units of a tile, simplified. Rings that have no area left are left out, all when
// that is the outer one.
func ringsIn(t Tile, p orb.Polygon, within float64) (rings orb.Polygon) {
	for i, ring := range p {
		own := make(orb.LineString, len(ring))
		for k, at := range ring {
			own[k] = t.units(at)
		}
		if within > 0 {
			own = simplify.DouglasPeucker(within).LineString(own)
		}
		if own = distinct(own); len(own) < 4 || doubleArea(orb.Ring(own)) == 0 {
			if i == 0 {
				return nil
			}
			continue
		}
		rings = append(rings, orb.Ring(own))
	}
	return rings
}

func round(p orb.Point) orb.Point { return orb.Point{math.Round(p[0]), math.Round(p[1])} }

// distinct rounds the points of a line to whole units, and leaves out those that are where the last one was.
func distinct(line orb.LineString) orb.LineString {
	kept := line[:0]
	for _, p := range line {
		if p = round(p); len(kept) == 0 || kept[len(kept)-1] != p {
			kept = append(kept, p)
		}
	}
	return kept
}

// doubleArea is twice the area of a ring by the surveyor's formula in units of a tile, whose second axis points down:
// positive for rings that turn clockwise as one sees them.
func doubleArea(r orb.Ring) (sum float64) {
	for i := 1; i < len(r); i++ {
		sum += (r[i-1][0]-r[0][0])*(r[i][1]-r[0][1]) - (r[i][0]-r[0][0])*(r[i-1][1]-r[0][1])
	}
	return sum
}

// clipped returns the part of polygons in the box of a tile and its margin, in whole units, with outer rings of
// positive doubleArea and inner ones of negative. It is an error when they, or what is left of them, is not valid.
func clipped(polygons orb.MultiPolygon) (orb.MultiPolygon, error) {
	g, err := valid(polygons)
	if err != nil {
		return nil, err
	}
	box := orb.Bound{Min: orb.Point{-margin, -margin}, Max: orb.Point{extent + margin, extent + margin}}
	own := polygons.Bound()
	if len(polygons) > 0 && !(box.Contains(own.Min) && box.Contains(own.Max)) {
		cut, err := geom.Intersection(g.AsGeometry(), geom.NewEnvelope(
			geom.XY{X: box.Min[0], Y: box.Min[1]}, geom.XY{X: box.Max[0], Y: box.Max[1]}).AsGeometry())
		if err != nil {
			return nil, err
		}
		polygons = wholeUnits(cut)
		if _, err := valid(polygons); err != nil {
			return nil, err
		}
	}
	for _, p := range polygons {
		for i, ring := range p {
			if (doubleArea(ring) > 0) != (i == 0) {
				ring.Reverse()
			}
		}
	}
	return polygons, nil
}

// valid returns polygons as simplefeatures has them, or an error when they are not valid.
func valid(polygons orb.MultiPolygon) (geom.MultiPolygon, error) {
	all := make([]geom.Polygon, len(polygons))
	for i, p := range polygons {
		rings := make([]geom.LineString, len(p))
		for k, ring := range p {
			flat := make([]float64, 0, 2*len(ring))
			for _, at := range ring {
				flat = append(flat, at[0], at[1])
			}
			rings[k] = geom.NewLineString(geom.NewSequence(flat, geom.DimXY))
		}
		all[i] = geom.NewPolygon(rings)
	}
	g := geom.NewMultiPolygon(all)
	return g, g.Validate()
}

// wholeUnits returns the polygons of a geometry in whole units. Rings that have no area left are left out.
func wholeUnits(g geom.Geometry) (all orb.MultiPolygon) {
	for _, part := range g.Dump() {
		p, ok := part.AsPolygon()
		if !ok {
			continue
		}
		var rings orb.Polygon
		for i, ring := range p.DumpRings() {
			line := make(orb.LineString, ring.Coordinates().Length())
			for k := range line {
				at := ring.Coordinates().GetXY(k)
				line[k] = orb.Point{at.X, at.Y}
			}
			if line = distinct(line); len(line) >= 4 && doubleArea(orb.Ring(line)) != 0 {
				rings = append(rings, orb.Ring(line))
			} else if i == 0 {
				break
			}
		}
		if len(rings) > 0 {
			all = append(all, rings)
		}
	}
	return all
}
