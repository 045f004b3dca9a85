package features

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/paulmach/orb"
)

// positions are the coordinates of a GeoJSON geometry where they stand in its text.
type positions struct {
	text  []byte
	spans [][2]int    // of each position in text, from '[' to behind ']'
	texts [][2][]byte // its first two numbers
	rings []int       // where each array of positions begins, as an index of a position; ended by the count
	areal bool        // the arrays are rings of polygons
	dots  bool        // nothing lies between positions
}

var errGeometry = errors.New("a geometry is no GeoJSON")

// readPositions finds the coordinates of a geometry without extra members.
func readPositions(geometry []byte) (*positions, error) {
	p := &positions{text: geometry, areal: bytes.Contains(geometry, []byte(`Polygon"`)),
		dots: bytes.Contains(geometry, []byte(`Point"`))}
	apart := true // an array was opened or closed since the last position
	for i := 0; i < len(geometry); i++ {
		switch geometry[i] {
		case '"':
			n := bytes.IndexByte(geometry[i+1:], '"')
			if n < 0 {
				return nil, errGeometry
			}
			i += n + 1
		case ']':
			apart = true
		case '[':
			rest := bytes.TrimLeft(geometry[i+1:], " \t\r\n")
			if len(rest) == 0 || rest[0] != '-' && (rest[0] < '0' || rest[0] > '9') {
				apart = true
				continue
			}
			n := bytes.IndexByte(geometry[i:], ']')
			if n < 0 {
				return nil, errGeometry
			}
			numbers := bytes.Split(geometry[i+1:i+n], []byte(","))
			if len(numbers) < 2 || len(numbers) > 3 {
				return nil, errGeometry
			}
			if apart {
				p.rings = append(p.rings, len(p.spans))
			}
			apart = false
			p.spans = append(p.spans, [2]int{i, i + n + 1})
			p.texts = append(p.texts, [2][]byte{bytes.TrimSpace(numbers[0]), bytes.TrimSpace(numbers[1])})
			i += n
		}
	}
	p.rings = append(p.rings, len(p.spans))
	return p, nil
}

// degrees are the longitudes and latitudes.
func (p *positions) degrees() (x, y []float64, err error) {
	x, y = make([]float64, len(p.texts)), make([]float64, len(p.texts))
	for i, t := range p.texts {
		var errX, errY error
		x[i], errX = strconv.ParseFloat(string(t[0]), 64)
		y[i], errY = strconv.ParseFloat(string(t[1]), 64)
		if errX != nil || errY != nil {
			return nil, nil, errGeometry
		}
	}
	return x, y, nil
}

// write returns the text with other positions, of which number appends the numbers.
func (p *positions) write(number func(i int, dst []byte) []byte) []byte {
	out := make([]byte, 0, len(p.text)+8*len(p.spans))
	end := 0
	for i, s := range p.spans {
		out = append(out, p.text[end:s[0]]...)
		out = append(number(i, append(out, '[')), ']')
		end = s[1]
	}
	return append(out, p.text[end:]...)
}

// meets tells whether the geometry with these coordinates instead of its own has a point in a box, edges included.
// Holes of polygons have none; a polygon that covers the whole box meets it.
func (p *positions) meets(x, y []float64, box orb.Bound) bool {
	inside := false
	for r := 0; r+1 < len(p.rings); r++ {
		from, to := p.rings[r], p.rings[r+1]
		for i := from; i < to; i++ {
			a, b := orb.Point{x[i], y[i]}, orb.Point{x[i], y[i]}
			if i > from && !p.dots {
				a = orb.Point{x[i-1], y[i-1]}
			}
			if sideMeets(a, b, box) {
				return true
			}
			if p.areal && (a[1] > box.Min[1]) != (b[1] > box.Min[1]) && // the corner's ray to the east passes the side
				box.Min[0] < a[0]+(b[0]-a[0])*(box.Min[1]-a[1])/(b[1]-a[1]) {
				inside = !inside
			}
		}
	}
	return inside
}

// sideMeets tells whether a straight side has a point in a box, edges included.
func sideMeets(a, b orb.Point, box orb.Bound) bool {
	if max(a[0], b[0]) < box.Min[0] || min(a[0], b[0]) > box.Max[0] ||
		max(a[1], b[1]) < box.Min[1] || min(a[1], b[1]) > box.Max[1] {
		return false
	}
	if box.Contains(a) || box.Contains(b) {
		return true
	}
	// Their extents meet: the side misses the box when all corners lie on the same side of its line.
	var left, right bool
	for _, c := range box.ToRing()[:4] {
		turn := (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0])
		left, right = left || turn >= 0, right || turn <= 0
	}
	return left && right
}
