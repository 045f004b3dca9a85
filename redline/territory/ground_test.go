package territory

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/vector"
	"greenshield/vector/overlay"
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

// What cuts a zone may lie in a hole of what cuts it next, to the vertex: both together have
// no border in common with it.
func TestFunctionalZonesAreSubtractedTogether(t *testing.T) {
	rect := func(u0, v0, u1, v1 float64) orb.Ring {
		return orb.Bound{Min: orb.Point{u0, v0}, Max: orb.Point{u1, v1}}.ToRing()
	}
	turned := func(r orb.Ring) orb.Ring { r.Reverse(); return r }
	core := orb.MultiPolygon{{rect(4, 4, 6, 6), turned(rect(4.5, 4.5, 5, 5))}}
	buffer := orb.MultiPolygon{{rect(3, 3, 7, 7), turned(rect(4, 4, 6, 6))}, {rect(20, 20, 21, 21)}}
	strip := orb.MultiPolygon{{rect(4.7, 0, 5.5, 10)}}
	plane := &tile{box: orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}}
	first, _, ok := plane.subtract(overlay.NewShape(strip), overlay.NewShape(core))
	if !ok {
		t.Fatal("the core is not subtracted")
	}
	if _, _, ok := plane.subtract(first, overlay.NewShape(buffer)); ok {
		t.Fatal("the border in common is not seen")
	}
	rest, taken, ok := plane.subtractAll(overlay.NewShape(strip), []*overlay.Shape{overlay.NewShape(core)}, overlay.NewShape(buffer))
	if want := 0.8*6 + 0.3*0.5; !ok || len(taken) != 1 || math.Abs(rest.Area()-want) > 1e-12 {
		t.Fatalf("%v: %d taken, %v left; want 1, %v", ok, len(taken), rest, want)
	}
	if want := 16 - 0.25 + 1; math.Abs(taken[0].Area()-want) > 1e-12 {
		t.Errorf("%v taken, want %v", taken[0].Area(), want)
	}
	for name, zones := range map[string][]orb.MultiPolygon{"core first": {core, strip, buffer}, "core last": {buffer, strip, core}} {
		one := nested(zones)
		sum := 0.0
		for _, z := range one {
			sum += vector.Area(z)
		}
		if want := 16 - 0.25 + 1 + 8; len(one) != 2 || math.Abs(sum-want) > 1e-12 {
			t.Errorf("%s: %d zones, %v; want 2, %v", name, len(one), sum, want)
		}
	}
	island := append(orb.MultiPolygon{{rect(4.6, 4.6, 4.7, 4.7)}}, buffer...)
	for _, k := range []struct {
		name         string
		inner, outer orb.MultiPolygon
		want         bool
	}{
		{"core in buffer", core, buffer, true},
		{"buffer in core", buffer, core, false},
		{"another part in the hole", core, island, false},
		{"not to the vertex", orb.MultiPolygon{{rect(4, 4, 6, 5.9)}}, buffer, false},
	} {
		if got := fillsHoles(k.inner, k.outer); got != k.want {
			t.Errorf("%s: %v", k.name, got)
		}
	}
}

// TestHeavy: quiet ground may stay together far beyond the limit; a tangle of outlines, or
// very many zones, may not.
func TestHeavy(t *testing.T) {
	circle := func(n int, u, v, r, noise float64) orb.MultiPolygon {
		ring := make(orb.Ring, n, n+1)
		for i := range ring {
			angle := 2 * math.Pi * float64(i) / float64(n)
			d := r + noise*float64(i%2)
			ring[i] = orb.Point{u + d*math.Cos(angle), v + d*math.Sin(angle)}
		}
		return orb.MultiPolygon{{append(ring, ring[0])}}
	}
	tiny := []orb.MultiPolygon{circle(300, 0, 0, 100, 0)}
	for i := range 100 {
		tiny = append(tiny, circle(4, float64(i%10)*5-25, float64(i/10)*5-25, 1, 0))
	}
	const limit = 512
	for _, tt := range []struct {
		name   string
		shapes []orb.MultiPolygon
		want   bool
	}{
		{"below the limit", []orb.MultiPolygon{circle(200, 0, 0, 100, 90), circle(200, 50, 0, 100, 90)}, false},
		{"two quiet zones", []orb.MultiPolygon{circle(2000, 0, 0, 100, 0), circle(2000, 50, 0, 100, 0)}, false},
		{"two that are too long all the same", []orb.MultiPolygon{circle(10_000, 0, 0, 100, 0), circle(10_000, 50, 0, 100, 0)}, true},
		{"two tangled zones", []orb.MultiPolygon{circle(2000, 0, 0, 100, 30), circle(2000, 50, 0, 100, 30)}, true},
		{"a hundred tiny zones and a large one", tiny, true},
	} {
		if got := (&tile{shapes: tt.shapes}).heavy(limit); got != tt.want {
			t.Errorf("%s: heavy is %v", tt.name, got)
		}
	}
}
