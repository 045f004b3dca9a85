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
	if _, south := own.Map(0, float64(own.Rows)); south > g.OriginY-float64(g.Rows)*g.CellY || own.OriginY < g.OriginY {
		t.Error("the grid does not hold that of the scene")
	}
	if east, _ := own.Map(float64(own.Cols), 0); east < g.OriginX+float64(g.Cols)*g.CellX || own.OriginX > g.OriginX {
		t.Error("the grid does not hold that of the scene")
	}
	lines := [2][]uint8{make([]uint8, g.Cols), make([]uint8, g.Cols)}
	others := [2][]uint8{make([]uint8, own.Cols), make([]uint8, own.Cols)}
	var known, wrong, both, changed, seen float64
	for row := 0; row < own.Rows; row += 7 {
		_, y := own.Map(0, float64(row)+0.5)
		r := max(0, int(math.Floor((g.OriginY-y)/g.CellY)))
		if r >= g.Rows {
			continue
		}
		for e := range 2 {
			s.Row(e, r, lines[e])
			o.Row(e, row, others[e])
		}
		for col := range own.Cols {
			x, _ := own.Map(float64(col)+0.5, 0)
			c := max(0, int(math.Floor((x-g.OriginX)/g.CellX)))
			if c >= g.Cols {
				if others[0][col] != 0 {
					t.Fatalf("column %d is beyond the scene and has a class", col)
				}
				continue
			}
			a, b := lines[0][c], lines[1][c]
			if (a == 0) != (others[0][col] == 0) || (b == 0) != (others[1][col] == 0) {
				t.Fatalf("row %d, column %d: NoData differs", row, col)
			}
			if a == 0 || b == 0 {
				continue
			}
			known++
			w0, w1 := others[0][col] != OtherCodes[a], others[1][col] != OtherCodes[b]
			if a != b {
				changed++
				if !w0 && !w1 {
					seen++
				}
				continue
			}
			if w0 {
				wrong++
			}
			if w0 && w1 {
				both++
			}
		}
	}
	share, confirmed := wrong/known, seen/changed
	if share < 0.10 || share > 0.17 || both < 0.85*wrong || confirmed < 0.4 || confirmed > 0.6 {
		t.Errorf("wrong %.3f, in both %.3f; %.3f of the changes are seen", share, both/wrong, confirmed)
	}
}
