package scene

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

func slivered() Params {
	p := surveyed()
	p.Layout = Slivers
	return p
}

// TestSliversAreSharedBordersDrawnTwice: every vertex of the shared scene is found again within some metres, hardly one
// in its place; what one hand draws still fits together.
func TestSliversAreSharedBordersDrawnTwice(t *testing.T) {
	shared, s := newScene(t, surveyed()), newScene(t, slivered())
	var moves []float64 // in metres, of the vertices of all red-line zones
	for i, f := range shared.RedLines().Features {
		for k, polygon := range f.Shape {
			for j, ring := range polygon {
				drawn := s.RedLines().Features[i].Shape[k][j]
				for _, p := range ring {
					nearest := math.MaxFloat64
					for _, q := range drawn {
						nearest = min(nearest, math.Hypot(p[0]-q[0], p[1]-q[1])*CellM)
					}
					moves = append(moves, nearest)
				}
			}
		}
	}
	slices.Sort(moves)
	if n := len(moves); moves[n/10] > 0.05 || moves[n/2] < 0.005 || moves[n*9/10] < 0.2 || moves[n-1] > 5.4 {
		t.Errorf("vertices moved by %.4f, %.4f, %.4f and at most %.4f m: want millimetres to metres",
			moves[n/10], moves[n/2], moves[n*9/10], moves[n-1])
	}

	red, zones := segments(t, shapesOf(s.RedLines().Features)), segments(t, shapesOf(s.Reserves().Features))
	counties := segments(t, shapesOf(s.Counties().Features))
	same := 0
	for e := range red {
		_, twin := red[e.back()]
		_, zone := zones[e]
		_, county := counties[e]
		if twin || zone || county {
			same++
		}
	}
	if same > len(red)/1000 {
		t.Errorf("%d of %d edges of the red line are another feature's too", same, len(red))
	}
	before := segments(t, shapesOf(shared.Counties().Features))
	if n, want := len(counties)-len(outline(counties)), len(before)-len(outline(before)); n < want {
		t.Errorf("%d edges of counties have a neighbour, %d before", n, want)
	}
	for reserve := range s.params.Reserves {
		three := segments(t, shapesOf(s.Reserves().Features[3*reserve:3*reserve+3]))
		if fit := len(three) > len(outline(three))+50; fit != (reserve%3 != 0) {
			t.Errorf("reserve %d: its functional zones fit together: %v", reserve, fit)
		}
	}
}

func TestSliversAreValid(t *testing.T) {
	for seed := range uint64(4) {
		p := slivered()
		p.Seed, p.RedLines, p.Reserves = seed, 25, 5
		s := newScene(t, p)
		for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties()} {
			if bad := faults(t, l); len(bad) > 0 {
				t.Errorf("seed %d: %s: features %v are invalid", seed, l.Name, bad)
			}
		}
	}
}

// TestCoast: one outline has a coast's vertices, and whoever shares it has them too.
func TestCoast(t *testing.T) {
	s := newScene(t, slivered())
	most := func(l Layer) (n int) {
		for _, f := range l.Features {
			n = max(n, countVertices(f.Shape))
		}
		return n
	}
	if red, zones := most(s.RedLines()), most(s.Reserves()); red < 6000*3/10 || zones < 300 {
		t.Errorf("%d vertices in the longest outline, %d of a functional zone", red, zones)
	}

	a, b := point{10 * one, 20 * one}, point{10*one + 3*one, 20*one + one}
	p := newPen(7, orb.MultiPolygon{{loop{a, b, {a.u, b.v}}.orb()}}, 3*64, 4*one)
	there, back := p.shore(a, b), p.shore(b, a)
	slices.Reverse(back)
	if len(there) != 63 || !slices.Equal(there, back) {
		t.Errorf("%d points there, %d back: want the same 63", len(there), len(back))
	}
	far := 0.0
	for _, q := range there {
		far = max(far, math.Abs(float64((q.u-a.u)*(b.v-a.v)-(q.v-a.v)*(b.u-a.u)))/math.Hypot(3, 1)/one/one)
	}
	if far < 0.02 || far > 0.094*math.Hypot(3, 1) {
		t.Errorf("the coast sways by %.3f cells", far)
	}
}

func TestStacked(t *testing.T) {
	p := surveyed()
	p.Layout, p.RedLines, p.Reserves = Stacked, 100, 5
	s := newScene(t, p)
	red, zones := s.RedLines().Features, s.Reserves().Features
	if len(red) != 100 || len(zones) != 15 {
		t.Fatalf("%d red-line zones, %d functional zones", len(red), len(zones))
	}
	seen := map[orb.Point]bool{}
	middle, radius := orb.Point{450, 400}, 320.0
	for i, f := range slices.Concat(red, zones) {
		c := f.Shape.Bound().Center()
		if i < len(red) && seen[c] {
			t.Errorf("zone %d lies where another one does", i)
		}
		seen[c] = true
		if b := f.Shape.Bound(); b.Min[0] < 0 || b.Min[1] < 0 || b.Max[0] > 900 || b.Max[1] > 800 {
			t.Errorf("zone %d reaches out of the raster: %v", i, b)
		}
		if d := math.Hypot(c[0]-middle[0], c[1]-middle[1]); d > radius/2 {
			t.Errorf("zone %d lies %v cells from the middle", i, d)
		}
	}
	for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties()} {
		if bad := faults(t, l); len(bad) > 0 {
			t.Errorf("%s: features %v are invalid", l.Name, bad)
		}
	}
}
