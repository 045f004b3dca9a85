package vector

import (
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

func rectangle(x0, y0, x1, y1 float64) orb.Ring {
	return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
}

func TestMeets(t *testing.T) {
	square := orb.MultiPolygon{{rectangle(0, 0, 10, 10), rectangle(2, 2, 8, 8)}}
	diamond := orb.MultiPolygon{{{{0, 5}, {5, 0}, {10, 5}, {5, 10}, {0, 5}}}}
	for name, c := range map[string]struct {
		mp   orb.MultiPolygon
		box  orb.Bound
		want bool
	}{
		"in the hole":            {square, orb.Bound{Min: orb.Point{3, 3}, Max: orb.Point{7, 7}}, false},
		"edge of the hole":       {square, orb.Bound{Min: orb.Point{2, 3}, Max: orb.Point{7, 7}}, true},
		"around all":             {square, orb.Bound{Min: orb.Point{-1, -1}, Max: orb.Point{11, 11}}, true},
		"inside the ground":      {square, orb.Bound{Min: orb.Point{0.5, 0.5}, Max: orb.Point{1, 1}}, true},
		"a corner touches":       {square, orb.Bound{Min: orb.Point{10, 10}, Max: orb.Point{12, 12}}, true},
		"beside":                 {square, orb.Bound{Min: orb.Point{10.000001, 0}, Max: orb.Point{12, 12}}, false},
		"a cut corner, outside":  {diamond, orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{2.4, 2.4}}, false},
		"a cut corner, touching": {diamond, orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{2.5, 2.5}}, true},
		"an edge goes through":   {diamond, orb.Bound{Min: orb.Point{2, 2}, Max: orb.Point{3, 3}}, true},
		"a point":                {diamond, orb.Bound{Min: orb.Point{5, 5}, Max: orb.Point{5, 5}}, true},
		"a point on an edge":     {diamond, orb.Bound{Min: orb.Point{2.5, 2.5}, Max: orb.Point{2.5, 2.5}}, true},
		"a point beside it":      {diamond, orb.Bound{Min: orb.Point{2.5, 2.4999999999999996}, Max: orb.Point{2.5, 2.4999999999999996}}, false},
		"nothing":                {nil, orb.Bound{Max: orb.Point{1, 1}}, false},
	} {
		if got := Meets(c.mp, c.box); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestMeetsCells: polygons and boxes of whole numbers meet exactly where a lattice of half numbers says so.
func TestMeetsCells(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	met := 0
	for range 3000 {
		n := func() float64 { return float64(random.IntN(8)) }
		x, y := n(), n()
		mp := orb.MultiPolygon{{rectangle(x, y, x+1+n(), y+1+n())}}
		if outer := mp[0][0].Bound(); outer.Max[0]-outer.Min[0] > 2 && outer.Max[1]-outer.Min[1] > 2 {
			mp[0] = append(mp[0], rectangle(x+1, y+1, outer.Max[0]-1, outer.Max[1]-1))
		}
		a, b := n()-1, n()-1
		box := orb.Bound{Min: orb.Point{a, b}, Max: orb.Point{a + n()/2, b + n()/2}}
		want := false
		for i := range 81 {
			for k := range 81 {
				p := orb.Point{float64(i)/4 - 2, float64(k)/4 - 2}
				hole := len(mp[0]) > 1 && p[0] > mp[0][1].Bound().Min[0] && p[0] < mp[0][1].Bound().Max[0] &&
					p[1] > mp[0][1].Bound().Min[1] && p[1] < mp[0][1].Bound().Max[1]
				want = want || box.Contains(p) && mp[0][0].Bound().Contains(p) && !hole
			}
		}
		if got := Meets(mp, box); got != want {
			t.Fatalf("%v and %v: %v", mp, box, got)
		}
		if want {
			met++
		}
	}
	if met < 500 || met > 2800 {
		t.Errorf("%d of 3000 meet", met)
	}
}
