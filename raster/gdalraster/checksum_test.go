package gdalraster

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/raster"
)

// TestChecksum: bytes of compressed blocks that are changed are found, where libtiff
// decodes them to other cells without a word; good files of every layout are read.
func TestChecksum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.001, CellY: 0.001, Cols: 300, Rows: 200}
	g.CRS, _ = ParseCRS("EPSG:4490")
	cells := make([]uint8, g.Cells())
	for i := range cells {
		cells[i] = 1 + uint8(rng.IntN(9))
	}
	read := func(path string) ([]int64, error) {
		e, err := Open([]string{path}, Options{Codes: []int64{1}})
		if err != nil {
			return nil, err
		}
		r, err := e.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		got := make([]int64, g.Cells())
		for row := range g.Rows { // windows that are no blocks
			if err := r.Codes(raster.Window{Row: row, Cols: g.Cols, Rows: 1}, got[row*g.Cols:(row+1)*g.Cols]); err != nil {
				return nil, err
			}
		}
		return got, nil
	}
	for name, options := range map[string][]string{
		"strips":    {"COMPRESS=DEFLATE", "BLOCKYSIZE=64"},
		"tiles":     {"COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"},
		"predictor": {"COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=128", "PREDICTOR=2"},
		"4 bits":    {"COMPRESS=DEFLATE", "NBITS=4"},
		"BigTIFF":   {"COMPRESS=DEFLATE", "BIGTIFF=YES", "ENDIANNESS=BIG"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.tif")
			if err := WriteByte(path, g, cells, nil, options...); err != nil {
				t.Fatal(err)
			}
			got, err := read(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, c := range got {
				if c != int64(cells[i]) {
					t.Fatalf("cell %d is %d, want %d", i, c, cells[i])
				}
			}
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			byChecksum := 0
			for range 40 {
				at := len(good)/3 + rng.IntN(len(good)/3) // in the blocks
				bad := append([]byte(nil), good...)
				bad[at] ^= 1 << rng.IntN(8)
				if err := os.WriteFile(path, bad, 0o666); err != nil {
					t.Fatal(err)
				}
				_, err := read(path)
				if err == nil {
					t.Errorf("byte %d from %#02x to %#02x is not seen", at, good[at], bad[at])
				} else if strings.Contains(err.Error(), "does not have the checksum") && strings.HasPrefix(err.Error(), fmt.Sprintf("%s: block x ", path)) {
					byChecksum++
				}
			}
			if t.Logf("%d of 40 by the checksum", byChecksum); byChecksum == 0 {
				t.Error("no damage is left for the checksum")
			}
		})
	}
}
