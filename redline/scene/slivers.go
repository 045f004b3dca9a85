package scene

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// pen draws shapes of a survey anew, as who digitises a border a second time: each vertex comes to lie a little
// elsewhere, some are added. One outline is a coast, of which far more is drawn.
type pen struct {
	seed    uint64
	coast   map[[2]point]bool // edges of the coast, in both directions
	ashore  map[point]bool    // their ends
	side    int               // of the survey's blocks
	halving int               // how often an edge of the coast is halved
	reach   int               // how far a vertex moves at most, east and south
	closely int               // the same for vertices of the coast
}

// newPen makes the outline of a shape the coast, with at least so many vertices. side is that of the survey's blocks.
// No edge is shorter than 0.35 of it before it is halved, and no vertex moves by more than an eighth of an edge.
func newPen(seed uint64, coast orb.MultiPolygon, vertices, side int) *pen {
	p := &pen{seed: seed, coast: map[[2]point]bool{}, ashore: map[point]bool{}}
	p.side, p.reach = side, min(side/32, one/8)
	for _, polygon := range coast {
		for _, ring := range polygon {
			for i := range ring[1:] {
				a, b := fixedPoint(ring[i]), fixedPoint(ring[i+1])
				p.coast[[2]point{a, b}], p.coast[[2]point{b, a}] = true, true
				p.ashore[a] = true
			}
		}
	}
	for len(p.ashore)<<p.halving < vertices {
		p.halving++
	}
	p.closely = side * 35 / 100 / 8 >> p.halving
	return p
}

func fixedPoint(p orb.Point) point {
	return point{int(math.Round(p[0] * one)), int(math.Round(p[1] * one))}
}

// draw returns the shape as one hand draws it. The same hand draws a vertex the same way in all shapes.
func (p *pen) draw(shape orb.MultiPolygon, hand int) orb.MultiPolygon {
	seed := hash(p.seed, hand, 401)
	out := make(orb.MultiPolygon, len(shape))
	for i, polygon := range shape {
		for _, ring := range polygon {
			var line loop
			for k := range ring[1:] {
				a, b := fixedPoint(ring[k]), fixedPoint(ring[k+1])
				if p.ashore[a] {
					line = append(line, moved(a, p.closely, seed))
				} else {
					line = append(line, moved(a, p.reach, seed))
				}
				middle := point{(a.u + b.u) / 2, (a.v + b.v) / 2}
				switch {
				case p.coast[[2]point{a, b}]:
					for _, q := range p.shore(a, b) {
						line = append(line, moved(q, p.closely, seed))
					}
				case hash(seed, middle.u, middle.v)%8 == 0 && !p.ashore[a] && !p.ashore[b]:
					line = append(line, moved(middle, p.reach, seed+1))
				}
			}
			out[i] = append(out[i], line.orb())
		}
	}
	return out
}

// moved returns a point near p, at most reach away to the east and to the south. Distances of millimetres are as
// frequent as those of metres.
func moved(p point, reach int, seed uint64) point {
	h := hash(seed, p.u, p.v)
	far := min(reach, 2<<(h>>60))
	along := func(bits uint64) int { return (int(bits&0xffff) - 1<<15) * far >> 15 }
	return point{p.u + along(h), p.v + along(h>>16)}
}

// shore returns the points between two ends of an edge of the coast, in the same places for both directions.
func (p *pen) shore(a, b point) loop {
	back := b.v < a.v || b.v == a.v && b.u < a.u
	if back {
		a, b = b, a
	}
	length := max(abs(b.u-a.u), abs(b.v-a.v))
	line := p.halve(loop{a}, b, p.halving, min(one/16, one*p.side/10/length))[1:]
	if back {
		slices.Reverse(line)
	}
	return line
}

// halve appends the points after the last one of line and before b. The middle of an edge moves sideways by up to so
// many 65536ths of its length, that of a half by two thirds of this. So edges that are a sixteenth at first lean over
// by 3/8 at most, and neighbours, which meet at right angles or wider ones, keep apart.
func (p *pen) halve(line loop, b point, times, sway int) loop {
	if times == 0 {
		return line
	}
	a := line[len(line)-1]
	h := int(hash(hash(p.seed, a.u, a.v), b.u, b.v)>>48) - 1<<15
	off := h * sway >> 15
	m := point{(a.u+b.u)/2 - (b.v-a.v)*off>>16, (a.v+b.v)/2 + (b.u-a.u)*off>>16}
	line = p.halve(line, m, times-1, sway*2/3)
	return p.halve(append(line, m), b, times-1, sway*2/3)
}

// digitiseAgain has the zones of a survey drawn by other hands: each red-line zone, each reserve, of every third one
// each functional zone, and all counties. The coast is the outline of the red-line zone with the most vertices of those
// that a reserve holds; it has three tenths of the red line's vertices or more.
func (s *Scene) digitiseAgain(g *survey) {
	held := make([]bool, len(s.redLines.Features))
	for i, r := range g.red {
		if r != nowhere && g.zone[i] != nowhere {
			held[r] = true
		}
	}
	var coast orb.MultiPolygon
	most := 0
	for i, f := range s.redLines.Features {
		if n := countVertices(f.Shape); held[i] && n > most {
			coast, most = f.Shape, n
		}
	}
	p := newPen(hash(s.params.Seed, 400, 0), coast, s.params.Vertices*3/10, g.side)
	for i := range s.redLines.Features {
		f := &s.redLines.Features[i]
		f.Shape = p.draw(f.Shape, i)
	}
	for i := range s.reserves.Features {
		f := &s.reserves.Features[i]
		hand := len(s.redLines.Features) + i
		if i/3%3 != 0 {
			hand -= i % 3
		}
		f.Shape = p.draw(f.Shape, hand)
	}
	for i := range s.counties.Features {
		f := &s.counties.Features[i]
		f.Shape = p.draw(f.Shape, nowhere)
	}
}

func countVertices(shape orb.MultiPolygon) (n int) {
	for _, polygon := range shape {
		for _, ring := range polygon {
			n += len(ring) - 1
		}
	}
	return n
}
