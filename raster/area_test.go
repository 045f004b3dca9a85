package raster

import "testing"

func TestAddM2(t *testing.T) {
	for _, m2 := range []float64{0, 0.25, 900, 68719476736, 9e10, 5.1e14} {
		var a Area
		a.AddM2(m2)
		a.AddM2(m2)
		if a.M2() != 2*m2 {
			t.Errorf("twice %g m² is %g", m2, a.M2())
		}
	}
}

func TestLess(t *testing.T) {
	inOrder := []Area{{}, {0, 1}, {0, 1 << 63}, {1, 0}, {1, 5}, {2, 1}}
	for i, a := range inOrder {
		for k, b := range inOrder {
			if a.Less(b) != (i < k) {
				t.Errorf("%v < %v is %v", a, b, a.Less(b))
			}
		}
	}
}
