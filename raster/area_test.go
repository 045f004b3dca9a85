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
