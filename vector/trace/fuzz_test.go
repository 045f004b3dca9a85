package trace

import "testing"

// FuzzPolygons: the outline of any set of cells is valid, has the cells inside, the
// others outside, their number as its area, and no more corners than they have. A bit
// of in is a cell.
func FuzzPolygons(f *testing.F) {
	f.Add(uint8(2), []byte{0b1111_0101, 0b1111})
	f.Add(uint8(3), []byte{0b1010_0101, 0b1010_0101})                     // chess board
	f.Add(uint8(4), []byte{0b0011_1111, 0b0100_0110, 0b0110_1111})        // holes at corners
	f.Add(uint8(6), []byte{0x3e, 0x51, 0x14, 0xe5, 0x3e, 0x00, 0x7f})     // island in a hole
	f.Add(uint8(1), []byte{0b0110_0110, 0b1001_1001, 0x00, 0b0100_0010})  // gaps between rows
	f.Add(uint8(15), []byte("an outline of whatever these letters make")) // anything
	f.Fuzz(func(t *testing.T, width uint8, in []byte) {
		m := mask{cols: 1 + int(width%16)}
		if m.rows = min(8*len(in), 256) / m.cols; m.rows == 0 {
			return
		}
		for i := range m.rows * m.cols {
			m.in = append(m.in, in[i/8]>>(i%8)&1 == 1)
		}
		mp := Polygons(m.runs())
		if p := problem(m, mp); p != "" {
			t.Fatalf("%s: %v", p, mp)
		}
		// A cell outside lies in no polygon.
		for r := range m.rows {
			for c := range m.cols {
				if m.at(r, c) {
					continue
				}
				for _, p := range mp {
					depth := 0
					for _, ring := range p {
						if in, on := Inside(ring, [2]float64{float64(c) + 0.5, float64(r) + 0.5}); in || on {
							depth++
						}
					}
					if depth%2 == 1 {
						t.Fatalf("cell %d, %d lies inside: %v", r, c, mp)
					}
				}
			}
		}
	})
}
