package scene

import (
	"math"
	"testing"
)

// TestOther: the other product has the codes of the scene at the centres of its cells but where it is wrong, which it
// mostly is in both epochs alike.
func TestOther(t *testing.T) {
	s, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	o := s.Other()
	g, own := s.Grid(), o.Grid()
	lines := [2][]uint8{make([]uint8, g.Cols), make([]uint8, g.Cols)}
	others := [2][]uint8{make([]uint8, own.Cols), make([]uint8, own.Cols)}
	var known, wrong, both, changed, seen float64
	for row := 0; row < own.Rows; row += 7 {
		_, y := own.Map(0, float64(row)+0.5)
		r := max(0, int(math.Floor((g.OriginY-y)/g.CellY)))
		for e := range 2 {
			s.Row(e, r, lines[e])
			o.Row(e, row, others[e])
		}
		for col := range own.Cols {
			x, _ := own.Map(float64(col)+0.5, 0)
			c := max(0, int(math.Floor((x-g.OriginX)/g.CellX)))
			a, b := lines[0][c], lines[1][c]
			if (a == 0) != (others[0][col] == 0) || (b == 0) != (others[1][col] == 0) {
				t.Fatalf("row %d, column %d: NoData differs", row, col)
			}
			if a == 0 || b == 0 {
				continue
			}
			known++
			w0, w1 := others[0][col] != OtherCodes[a], others[1][col] != OtherCodes[b]
			if w0 {
				wrong++
			}
			if w0 && w1 {
				both++
			}
			if a != b {
				changed++
				if !w0 && !w1 {
					seen++
				}
			}
		}
	}
	if share := wrong / known; share < 0.10 || share > 0.17 || both < 0.85*wrong || seen < 0.75*changed {
		t.Errorf("wrong %.3f, in both %.3f; %.3f of the changes are seen", share, both/wrong, seen/changed)
	}
}
