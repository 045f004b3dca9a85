package ledgergpkg

import (
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/match"
	"greenshield/vector/trace"
)

// Degrees returns how map coordinates of a CRS become degrees, and what frees it.
type Degrees func(crs string) (t raster.Transform, free func(), err error)

// geographic are the CRSs whose coordinates are the degrees that are written; the two differ by less than a metre.
var geographic = []string{"EPSG:4490", "EPSG:4326"}

// ground traces outlines of cases.
type ground struct {
	degrees    Degrees                                    // nil: only the grids of geographic
	grid       func(run string) (ledger.Grid, error)      // zero where the ledger does not know the run
	detection  func(id string) (*ledger.Detection, error) // nil where there is none
	transforms map[string]raster.Transform                // by CRS; nil for one that no coordinates can be had of
	free       []func()
}

// close frees what conversions hold.
func (g *ground) close() {
	for _, free := range g.free {
		free()
	}
}

// Outlines returns the outlines of cases in degrees, north up, by case; those that have none are not in it. degrees is
// as for [WriteCopy].
func Outlines(
	ctx context.Context, s ledger.Store, cases []ledger.Case, degrees Degrees,
) (map[string]orb.MultiPolygon, error) {
	g := &ground{degrees: degrees}
	defer g.close()
	if err := g.readFrom(ctx, s, cases); err != nil {
		return nil, err
	}
	all := map[string]orb.MultiPolygon{}
	for i := range cases {
		outline, err := g.outline(&cases[i])
		if err != nil {
			return nil, err
		}
		if outline != nil {
			all[cases[i].ID] = outline
		}
	}
	return all, nil
}

// outline returns the polygons of a case in degrees, north up: the outline of all cells of its ground. Grounds of runs
// on several lattices have one outline each. It is nil where the case has no ground, or none that can be placed.
func (g *ground) outline(c *ledger.Case) (orb.MultiPolygon, error) {
	var grids []ledger.Grid
	var cells [][]trace.Run
	for _, id := range c.Ground {
		d, err := g.detection(id)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		grid, err := g.grid(d.Run)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(grids, func(other ledger.Grid) bool { _, _, ok := grid.Offset(other); return ok })
		if at < 0 {
			at = len(grids)
			grids, cells = append(grids, grid), append(cells, nil)
		}
		rows, cols, _ := grid.Offset(grids[at])
		for _, s := range d.Spans {
			cells[at] = append(cells[at], trace.Run{Row: s.Row + rows, Col0: s.Col0 + cols, Col1: s.Col1 + cols})
		}
	}
	var whole orb.MultiPolygon
	for i, grid := range grids {
		if t := g.transform(grid.CRS); t != nil && grid.CellX > 0 && grid.CellY > 0 {
			whole = append(whole, placed(trace.Polygons(match.Union(cells[i])), grid, t)...)
		}
	}
	return whole, nil
}

// transform returns how coordinates of a CRS become degrees, nil when they cannot.
func (g *ground) transform(crs string) raster.Transform {
	t, known := g.transforms[crs]
	switch {
	case known:
		return t
	case slices.Contains(geographic, crs):
		t = func(x, y []float64) error { return nil }
	case g.degrees != nil && crs != "":
		if to, free, err := g.degrees(crs); err == nil {
			t, g.free = to, append(g.free, free)
		}
	}
	if g.transforms == nil {
		g.transforms = map[string]raster.Transform{}
	}
	g.transforms[crs] = t
	return t
}

// placed takes polygons of a lattice to degrees. Rows grow south, so rings are turned round. It is nil where a point
// of them is no place.
func placed(lattice orb.MultiPolygon, grid ledger.Grid, t raster.Transform) orb.MultiPolygon {
	var x, y []float64
	out := make(orb.MultiPolygon, len(lattice))
	for i, polygon := range lattice {
		for _, ring := range polygon {
			x, y = x[:0], y[:0]
			for _, p := range slices.Backward(ring) {
				x, y = append(x, grid.OriginX+p[0]*grid.CellX), append(y, grid.OriginY-p[1]*grid.CellY)
			}
			turned := make(orb.Ring, len(ring))
			if t(x, y) != nil {
				return nil
			}
			for k := range turned {
				if turned[k] = (orb.Point{x[k], y[k]}); !(math.Abs(x[k]) <= 180 && math.Abs(y[k]) <= 90) {
					return nil
				}
			}
			out[i] = append(out[i], turned)
		}
	}
	return out
}
