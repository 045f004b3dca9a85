package territory

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/vector/overlay"
)

// A territory that lost a part, gained one, or went to a weaker zone, is seen at the centres of cells.
func TestCentresSeeWrongTerritories(t *testing.T) {
	rect := func(u0, v0, u1, v1 float64) orb.MultiPolygon {
		return orb.MultiPolygon{orb.Bound{Min: orb.Point{u0, v0}, Max: orb.Point{u1, v1}}.ToPolygon()}
	}
	core, outer := rect(2, 2, 6, 6), rect(1, 1, 8, 8)
	rest := orb.MultiPolygon{{outer[0][0], {{2, 2}, {2, 6}, {6, 6}, {6, 2}, {2, 2}}}}
	for _, k := range []struct {
		name      string
		territory []orb.MultiPolygon
		want      string // "" if it is right
	}{
		{"right", []orb.MultiPolygon{core, rest}, ""},
		{"the core lost a row", []orb.MultiPolygon{rect(2, 2, 6, 5), rest}, "row 5, column 2"},
		{"the core reaches too far", []orb.MultiPolygon{rect(2, 2, 9, 6), rest}, "row 2, column 6"},
		{"the outer zone took all", []orb.MultiPolygon{nil, outer}, "row 2, column 2"},
		{"a border within rounding", []orb.MultiPolygon{rect(2, 2, 6+1e-9, 6), rest}, ""},
	} {
		d := &divider{
			Request: Request{
				Grid:  raster.Grid{Cols: 10, Rows: 10},
				Zones: []redline.Zone{{ID: "core", Shape: core}, {ID: "outer", Shape: outer}},
			},
			Division: &Division{ByRank: []int{0, 1}, Territory: k.territory},
		}
		err := d.checkCentres(t.Context())
		if k.want == "" && err != nil || k.want != "" && (err == nil || !strings.Contains(err.Error(), k.want)) {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}

// The strictest zone from cut to cut is the one that is found by painting cell by cell, the strictest last.
func TestStrictest(t *testing.T) {
	const cols, ranks = 40, 9
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var lists [2][]overlay.CentreSpan
		var painted [cols]int32
		for col := range painted {
			painted[col] = noRank
		}
		for rank := int32(ranks); rank >= 0; rank-- {
			for range rng.IntN(3) {
				a, b := rng.Int32N(cols), rng.Int32N(cols)
				s := overlay.CentreSpan{Col0: min(a, b), Col1: max(a, b) + 1, Shape: rank}
				list := &lists[rng.IntN(2)]
				*list = append(*list, s)
				for col := s.Col0; col < s.Col1; col++ {
					painted[col] = rank
				}
			}
		}
		cuts := cutsOf(nil, lists[:]...)
		found := strictest(nil, cuts, lists[:]...)
		for col, want := range painted {
			got := int32(noRank)
			if k, at := slices.BinarySearch(cuts, int32(col)); at {
				got = found[k]
			} else if k > 0 {
				got = found[k-1]
			}
			if got != want {
				t.Fatalf("column %d: rank %d, painted %d; spans %v", col, got, want, lists)
			}
		}
	}
}
