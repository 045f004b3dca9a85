package territory

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
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
