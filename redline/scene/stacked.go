package scene

import "github.com/paulmach/orb"

// drawStacked draws all zones over the same ground, each shifted a little: stars of one form whose centres lie within
// an eighth of their radius, and reserves of three functional zones among them.
func (s *Scene) drawStacked() {
	p := s.params
	radius := min(p.Cols, p.Rows) * one * 2 / 5
	n := max(24, p.Vertices/p.RedLines)
	centre := func(i, name int) point {
		h := hash(p.Seed, i, name)
		shift := func(bits uint64) int { return (int(bits&0xffff) - 1<<15) * (radius / 8 >> 3) >> 12 }
		return point{p.Cols*one/2 + shift(h), p.Rows*one/2 + shift(h>>16)}
	}
	s.redLines = Layer{Name: "redline", Fields: redLineFields}
	for i := range p.RedLines {
		shape := orb.MultiPolygon{{star(centre(i, 501), radius, n, p.Seed).orb()}}
		s.redLines.Features = append(s.redLines.Features, Feature{redLineValues(i, i%3), shape})
	}
	s.reserves = Layer{Name: "reserves", Fields: reserveFields}
	for i := range p.Reserves {
		at := centre(i, 502)
		outer, buffer, core := star(at, radius, n, p.Seed), star(at, radius*2/3, n, p.Seed), star(at, radius/3, n, p.Seed)
		for k, shape := range []orb.MultiPolygon{
			{{core.orb()}}, {{buffer.orb(), core.hole()}}, {{outer.orb(), buffer.hole()}},
		} {
			s.reserves.Features = append(s.reserves.Features, Feature{reserveValues(3*i+k, i, functions[k]), shape})
		}
	}
	s.drawCounties()
	known := project().centred(p.Cols/2, p.Rows/2)
	s.stamps = append(s.stamps, known)
	s.drawExemption(known.changed())
}
