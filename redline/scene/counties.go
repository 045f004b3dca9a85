package scene

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// drawCounties tiles the raster, and a margin of an eighth around it, with three by two
// counties. Each row of them is a city.
func (s *Scene) drawCounties() {
	const nx, ny, steps = 3, 2, 48
	p := s.params
	u0, v0 := -p.Cols/8, -p.Rows/8
	width, height := (p.Cols-2*u0)*one/nx, (p.Rows-2*v0)*one/ny
	node := func(i, j int) point {
		q := point{u0*one + i*width, v0*one + j*height}
		if i > 0 && i < nx {
			q.u += (int(hash(p.Seed, i, 200+j)>>48) - 1<<15) * (width / 5 >> 15)
		}
		if j > 0 && j < ny {
			q.v += (int(hash(p.Seed, i, 210+j)>>48) - 1<<15) * (height / 5 >> 15)
		}
		return q
	}
	// A border belongs to two counties, which must walk the same points.
	walk := func(i, j, toI, toJ int) loop {
		if toI < i || toJ < j {
			back := border(node(toI, toJ), node(i, j), steps, hash(p.Seed, toI*8+toJ, 220+i-toI))
			back = append(back[1:], node(i, j))
			slices.Reverse(back)
			return back
		}
		return border(node(i, j), node(toI, toJ), steps, hash(p.Seed, i*8+j, 220+toI-i))
	}
	s.counties = Layer{Name: "counties", Fields: countyFields}
	for j := range ny {
		for i := range nx {
			k := j*nx + i
			ring := slices.Concat(walk(i, j, i, j+1), walk(i, j+1, i+1, j+1), walk(i+1, j+1, i+1, j), walk(i+1, j, i, j))
			s.counties.Features = append(s.counties.Features, Feature{
				Values: []string{
					fmt.Sprint(990101 + 100*j + i), "示例县" + string(rune('A'+k)),
					"示例市" + string(rune('甲'+j*('乙'-'甲'))),
				},
				Shape: orb.MultiPolygon{{ring.orb()}},
			})
		}
	}
}
