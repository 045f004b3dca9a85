package vector

import (
	"math"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
)

func TestSignedArea(t *testing.T) {
	const far = 4e7 // metres, a zone-prefixed Gauss-Krüger easting
	for _, c := range []struct {
		name string
		ring orb.Ring
		want float64
	}{
		{"counter-clockwise", rect(0, 0, 3, 2), 6},
		{"clockwise", reversed(rect(0, 0, 3, 2)), -6},
		{"not closed", rect(0, 0, 3, 2)[:4], 6},
		{"far from the origin", rect(far, far, far+0.25, far+0.5), 0.125},
		{"even bow-tie cancels", orb.Ring{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}, 0},
		{"two points", orb.Ring{{0, 0}, {1, 1}}, 0},
		{"none", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := SignedArea(c.ring); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestArea(t *testing.T) {
	hole := rect(1, 1, 3, 3)
	for _, c := range []struct {
		name string
		mp   orb.MultiPolygon
		want float64
	}{
		{"hole of either direction is taken off", orb.MultiPolygon{{rect(0, 0, 10, 10), hole}, {reversed(rect(20, 0, 30, 10)), reversed(hole)}}, 192},
		{"overlap counts twice", orb.MultiPolygon{{rect(0, 0, 10, 10)}, {rect(4, 4, 6, 6)}}, 104},
		{"hole larger than its shell", orb.MultiPolygon{{hole, rect(0, 0, 10, 10)}}, -96},
		{"empty", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Area(c.mp); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestBound(t *testing.T) {
	mp := orb.MultiPolygon{{rect(0, 5, 10, 10), rect(1, 6, 2, 7)}, {}, {rect(-3, 6, -2, 20)}}
	if got, want := Bound(mp), (orb.Bound{Min: orb.Point{-3, 5}, Max: orb.Point{10, 20}}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Bound(nil); !got.IsEmpty() || got.Intersects(Bound(mp)) || got.Intersects(got) {
		t.Errorf("bounds of nothing: %v", got)
	}
}

func TestOrient(t *testing.T) {
	shell, hole := rect(0, 0, 10, 10), rect(1, 1, 2, 2)
	flat := orb.Ring{{0, 0}, {5, 5}, {0, 0}, {0, 0}}
	in := orb.MultiPolygon{{reversed(shell), hole}, {shell, reversed(hole)}, {flat}, {}}
	before := in.Clone()
	got := Orient(in)
	want := orb.MultiPolygon{{shell, reversed(hole)}, {shell, reversed(hole)}, {flat}, {}}
	if !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !reflect.DeepEqual(in, before) {
		t.Errorf("the input was changed to %v", in)
	}
	if got.Equal(in) {
		t.Error("the comparison cannot tell orientations apart")
	}
}
