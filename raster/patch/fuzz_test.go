package patch

import (
	"slices"
	"testing"

	"greenshield/raster/change"
)

// FuzzLabel: any raster, in any cutting into bands that are joined in any order, gives
// the patches of the flood fill. kinds holds a cell per byte, cuts the height of the
// bands and which two are joined next.
func FuzzLabel(f *testing.F) {
	f.Add(uint8(3), false, []byte{0, 1, 0, 1, 0, 1, 0, 1, 0}, []byte{0, 0, 0})
	f.Add(uint8(3), true, []byte{0, 4, 0, 4, 0, 4, 0, 4, 0}, []byte{0, 1, 0})
	f.Add(uint8(4), true, []byte("\x00\x01\x02\x03\x04\x00\x01\x02\x03\x04\x00\x01\x02\x03\x04\x00"), []byte{1, 1})
	f.Add(uint8(1), true, []byte{0, 0, 3, 0, 2, 2}, []byte{0})
	f.Add(uint8(5), true, []byte{0, 0, 0, 0, 0, 0, 4, 4, 4, 0, 0, 4, 0, 4, 0, 0, 4, 4, 4, 0, 0, 0, 0, 0, 0}, []byte{0, 0, 0, 0, 2, 1})
	f.Fuzz(func(t *testing.T, width uint8, eight bool, kinds, cuts []byte) {
		c := cells{cols: 1 + int(width%16)}
		if c.rows = min(len(kinds), 256) / c.cols; c.rows == 0 {
			return
		}
		for _, b := range kinds[:c.rows*c.cols] {
			c.kind = append(c.kind, []int{0, 1, change.UnruledType, change.NoDataType, -1}[b%5])
		}
		next := func(n int) int { // one of n
			if len(cuts) == 0 {
				return 0
			}
			b := cuts[0]
			cuts = cuts[1:]
			return int(b) % n
		}
		conn := Four
		if eight {
			conn = Eight
		}
		r := Raster{Rows: c.rows, Cols: c.cols, Conn: conn}
		var labeler Labeler
		var bands []Band
		for row := 0; row < c.rows; {
			end := min(c.rows, row+1+next(4))
			runs, tags := c.runs(row, end)
			bands = append(bands, labeler.Label(r, row, end, runs, tags, nil))
			row = end
		}
		for len(bands) > 1 {
			k := next(len(bands) - 1)
			bands[k] = Join(r, bands[k], bands[k+1])
			bands = slices.Delete(bands, k+1, k+2)
		}
		if len(bands[0].Open) != 0 {
			t.Fatalf("%d patches stay open", len(bands[0].Open))
		}
		if got, want := text(c, &bands[0]), c.patches(conn); !slices.Equal(got, want) {
			t.Fatalf("connectivity %d:\n got %v\nwant %v", conn, got, want)
		}
	})
}
