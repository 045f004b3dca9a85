package engine

import (
	"crypto/sha256"
	"encoding/base32"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/redline"
)

// TestIdentifyAgainstTwin: ids are the first 80 bits of the SHA-256 of what they stand for.
func TestIdentifyAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	for _, geographic := range []bool{true, false} {
		g := raster.Grid{OriginX: -0.01, OriginY: 0.02, CellX: 0.00025, CellY: 0.00025, CRS: raster.CRS{Geographic: geographic}}
		decimals := 8
		if !geographic {
			g.OriginX, g.OriginY, g.CellX, g.CellY, decimals = -3000.0005, 4.1e6, 30, 29.98, 3
		}
		c := &cutter{plan: &plan{in: &redline.Inputs{Grid: g}}}
		for range 2000 {
			out := redline.Candidate{Change: "deforestation"[:random.IntN(13)], Layer: redline.LayerRedLine, ZoneID: strings.Repeat("区", random.IntN(200))}
			row, col := random.Int32N(200), random.Int32N(200)
			c.identify(&out, row, col)
			u, v := g.Map(float64(col)+0.5, float64(row)+0.5)
			place := "\x00" + strconv.FormatFloat(u, 'f', decimals, 64) + "\x00" + strconv.FormatFloat(v, 'f', decimals, 64)
			id := func(text string) string {
				sum := sha256.Sum256([]byte(text))
				return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:10]))
			}
			if want := "P" + id(out.Change+place); out.PatchID != want {
				t.Fatalf("the patch at %q has id %s, want %s", place, out.PatchID, want)
			}
			if want := "C" + id(out.Change+"\x00"+out.Layer+"\x00"+out.ZoneID+place); out.ID != want {
				t.Fatalf("the candidate at %q in %s has id %s, want %s", place, out.ZoneID, out.ID, want)
			}
		}
	}
}
