package territory

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// Where an outline passes the corner of a tile, two zones may share less there than counts
// as overlapping; their pieces must meet all the same.
func TestPiecesMeetAtACorner(t *testing.T) {
	wedge := orb.MultiPolygon{{{{30, 30}, {55, 45.0002}, {45, 55.0002}, {30, 30}}}} // 2e-8 cells of it lie beyond (50, 50)
	box := orb.MultiPolygon{orb.Bound{Min: orb.Point{10, 10}, Max: orb.Point{90, 90}}.ToPolygon()}
	grounds := newGrounds([]orb.MultiPolygon{wedge, box}, nil, orb.Bound{Max: orb.Point{100, 100}}, groundLimits{math.MaxInt, 1})
	if len(grounds) != 1 || len(grounds[0].tiles) != 1 {
		t.Fatal("not one ground and tile")
	}
	g := grounds[0]
	left, right, ok := g.whole.cut(0, 50)
	if !ok {
		t.Fatal("not cut")
	}
	g.tiles = nil
	for _, half := range []*tile{left, right} {
		low, high, ok := half.cut(1, 50)
		if !ok {
			t.Fatal("not cut")
		}
		g.tiles = append(g.tiles, low, high)
	}
	d := &divider{Request: Request{Zones: make([]redline.Zone, 2), Overlayers: []Overlayer{redlinetest.Overlayer{}}},
		Division: &Division{ByRank: []int{0, 1}, Territory: make([]orb.MultiPolygon, 2)}, grounds: grounds}
	if _, err := d.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(g.tiles) != 4 {
		t.Error("the pieces did not meet")
	}
}
