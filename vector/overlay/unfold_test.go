package overlay

import (
	"testing"

	"github.com/paulmach/orb"
)

func ringOf(points ...float64) orb.Ring {
	var r orb.Ring
	for i := 0; i < len(points); i += 2 {
		r = append(r, orb.Point{points[i], points[i+1]})
	}
	return append(r, r[0])
}

func TestUnfold(t *testing.T) {
	square := ringOf(0, 0, 10, 0, 10, 10, 0, 10)
	many := orb.Ring{}
	for i := range 200 {
		many = append(many, orb.Point{float64(i), 0})
	}
	for _, k := range []struct {
		name string
		mp   orb.MultiPolygon
		want orb.MultiPolygon // nil: not ok
	}{
		{"a spike outwards", orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 25, 10, 0, 10)}},
			orb.MultiPolygon{{square}}},
		{"a spike inwards, and a corner of it", orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 5, 10, 5, 5, 5, 10, 0, 10)}},
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 5, 10, 0, 10)}}},
		{"a spike that ends on the outline", orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 20, 10, 5, 10, 10, 0, 10)}},
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 5, 10, 10, 0, 10)}}},
		{"a spike from another polygon leaves no vertex", orb.MultiPolygon{{square},
			{ringOf(20, 20, 40, 20, 40, 40, 20, 40, 20, 20, 5, 20, 5, 10, 5, 20)}},
			orb.MultiPolygon{{ringOf(20, 20, 40, 20, 40, 40, 20, 40)}, {square}}},
		{"a bridge becomes two polygons",
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 20, 10, 20, 5, 30, 15, 20, 15, 20, 10, 0, 10)}},
			orb.MultiPolygon{{ringOf(20, 5, 30, 15, 20, 15, 20, 10)}, {square}}},
		{"a common side of two polygons", orb.MultiPolygon{{square}, {ringOf(10, 0, 20, 0, 20, 10, 10, 10)}},
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 20, 0, 20, 10, 10, 10, 0, 10)}}},
		{"a hole at the side", orb.MultiPolygon{{square, ringOf(0, 4, 0, 6, 3, 5)}},
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 0, 10, 0, 6, 3, 5, 0, 4)}}},
		{"a spike, and a hole that touches", orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 25, 10, 0, 10),
			ringOf(0, 0, 3, 5, 5, 3)}}, orb.MultiPolygon{{square, ringOf(0, 0, 3, 5, 5, 3)}}},
		{"a notch", orb.MultiPolygon{{ringOf(0, 0, 100, 0, 100, 100, 150, 100, 50, 100, 50, 5, 40, 100, 0, 100)}},
			orb.MultiPolygon{{ringOf(0, 0, 100, 0, 100, 100, 50, 100, 50, 5, 40, 100, 0, 100)}}},

		{"no folds", orb.MultiPolygon{{square}}, nil},
		{"polygons that touch", orb.MultiPolygon{{square}, {ringOf(10, 10, 20, 10, 20, 20)}}, nil},
		{"nothing is left", orb.MultiPolygon{{ringOf(0, 0, 10, 0, 5, 0)}}, nil},
		{"a crossing", orb.MultiPolygon{{ringOf(0, 0, 10, 10, 10, 0, 0, 10)}}, nil},
		{"a vertex on an oblique edge", orb.MultiPolygon{{ringOf(0, 0, 10, 10, 30, 10, 0, 10, 5, 5, 0, 9)}}, nil},
		{"a vertex too near to an edge",
			orb.MultiPolygon{{ringOf(0, 0, 100, 0, 100, 100, 150, 100, 50, 100, 50, 0.1, 40, 100, 0, 100)}}, nil},
		{"a vertex too near behind an edge",
			orb.MultiPolygon{{ringOf(0, 0, 10, 0, 10, 10, 25, 10, 0, 10)}, {ringOf(10.1, 0, 20, -9, 20, 0)}}, nil},
		{"ground that is covered twice", orb.MultiPolygon{{square}, {square}}, nil},
		{"too long", orb.MultiPolygon{{ringOf(0, 0, 2e8, 0, 2e8, 10, 0, 10, 0, 20, 0, 10)}}, nil},
		{"too many vertices", orb.MultiPolygon{{append(ringOf(0, 0, 10, 0, 10, 10, 25, 10, 0, 10), many...)}, {many}}, nil},
	} {
		var u Unfolder
		for range 2 { // in new memory and in that of before
			got, ok := u.Unfold(k.mp, 10)
			if ok != (k.want != nil) || ok && !got.Equal(k.want) {
				t.Errorf("%s: %v became %v, %v; want %v", k.name, k.mp, got, ok, k.want)
			}
		}
	}
}
