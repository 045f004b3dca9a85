package gdalinput

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector"
	"greenshield/vector/geos"
)

// placed is the shape of a feature on the lattice.
type placed struct {
	shape  orb.MultiPolygon // valid, shells counter-clockwise in u, v
	m2     float64          // ellipsoidal area; only set when the placer measures, or when repair is not nil
	repair *repair          // nil when the feature was valid
}

// repair is what making a feature valid did to it.
type repair struct {
	reason string  // what was invalid
	change float64 // relative change of the area, see [geos.Repair.Change]
	before float64 // area before the repair in m²
}

// placer takes the features of one layer to the lattice. It belongs to one goroutine.
type placer struct {
	geos    *geos.Context
	grid    raster.Grid
	earth   *raster.Earth
	toGrid  *gdalraster.Transform // nil when the layer is in the grid's CRS
	measure bool                  // the area of every shape is wanted
	outside outsideArea
	x, y    []float64 // memory that one ring leaves to the next
}

// newPlacer returns a placer of features in the CRS from, within an extent there, to a grid and its Earth. measure
// tells that the area of every shape is wanted. The caller closes the placer.
func newPlacer(c *geos.Context, grid raster.Grid, earth *raster.Earth, from raster.CRS, within gdalraster.Extent,
	measure bool) (*placer, error) {
	p := &placer{geos: c, grid: grid, earth: earth, measure: measure, outside: newOutsideArea(grid, earth)}
	if !gdalraster.SameCRS(from, grid.CRS) {
		var err error
		if p.toGrid, err = gdalraster.NewTransformWithin(from, grid.CRS, within); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// clone returns a placer of the same layer for another goroutine, which works with c.
func (p *placer) clone(c *geos.Context) (*placer, error) {
	same := &placer{geos: c, grid: p.grid, earth: p.earth, measure: p.measure, outside: newOutsideArea(p.grid, p.earth)}
	if p.toGrid != nil {
		var err error
		if same.toGrid, err = p.toGrid.Clone(); err != nil {
			return nil, err
		}
	}
	return same, nil
}

func (p *placer) close() {
	if p.toGrid != nil {
		p.toGrid.Close()
	}
	p.outside.close()
}

// note names the operation that brings the layer to the grid's CRS, "" when there is none.
func (p *placer) note() string {
	if p.toGrid == nil {
		return ""
	}
	return p.toGrid.Note()
}

// errNoImage marks a feature with points that the grid's CRS cannot show.
var errNoImage = errors.New("cannot be brought to the CRS of the rasters")

// place repairs a shape in its own CRS and takes it to the lattice, vertex by vertex.
func (p *placer) place(shape orb.MultiPolygon) (out placed, err error) {
	fixed, first, err := p.geos.Repair(shape)
	if err != nil {
		return out, err
	}
	if out.shape, err = p.toLattice(fixed); err != nil {
		return out, errors.Join(errNoImage, err)
	}
	// Rounding and bent edges can make vertices cross that were just apart.
	valid, second, err := p.geos.Repair(out.shape)
	if err != nil {
		return out, err
	}
	out.shape = vector.Orient(valid)
	if p.measure || first != nil || second != nil {
		if out.m2, err = p.areaM2(out.shape); err != nil {
			return out, err
		}
	}
	for _, r := range []*geos.Repair{first, second} {
		if r == nil {
			continue
		}
		if out.repair == nil {
			out.repair = &repair{reason: r.Reason, before: out.m2}
		}
		out.repair.change = max(out.repair.change, r.Change())
		if r.After > 0 {
			out.repair.before *= r.Before / r.After
		}
	}
	return out, nil
}

// toLattice takes a shape in the layer's CRS to lattice coordinates.
func (p *placer) toLattice(mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	out := make(orb.MultiPolygon, len(mp))
	for i, polygon := range mp {
		for _, ring := range polygon {
			x, y := slices.Grow(p.x[:0], len(ring)), slices.Grow(p.y[:0], len(ring))
			p.x, p.y = x, y
			for _, pt := range ring {
				x, y = append(x, pt[0]), append(y, pt[1])
			}
			if p.toGrid != nil {
				if err := p.toGrid.XY(x, y); err != nil {
					return nil, err
				}
			}
			moved := make(orb.Ring, len(ring))
			for k := range ring {
				if !onEarth(p.grid.CRS, x[k], y[k]) {
					return nil, fmt.Errorf("polygon %d has a vertex at (%g, %g), which is not on the earth",
						i+1, ring[k][0], ring[k][1])
				}
				moved[k][0], moved[k][1] = p.grid.Lattice(x[k], y[k])
			}
			out[i] = append(out[i], moved)
		}
	}
	return out, nil
}

// errAntimeridian marks a polygon that has to be cut there.
var errAntimeridian = errors.New("the antimeridian")

// onGlobe refuses coordinates in degrees that no transformation would notice: a latitude beyond a pole, and an edge
// that crosses the antimeridian the long way round. An edge of 360° passes: the frame of the whole world has such
// edges. It accepts all coordinates in metres.
func onGlobe(shape orb.MultiPolygon, crs raster.CRS) error {
	if !crs.Geographic {
		return nil
	}
	for _, polygon := range shape {
		for _, ring := range polygon {
			for k, pt := range ring {
				if math.Abs(pt[1]) > 90 || math.Abs(pt[0]) > 360 {
					return errors.Join(errNoImage, fmt.Errorf("(%g, %g) is no longitude and latitude", pt[0], pt[1]))
				}
				if k == 0 {
					continue
				}
				if wide := math.Abs(pt[0] - ring[k-1][0]); wide > 180 && wide < 360 {
					return fmt.Errorf("an edge goes from longitude %g to %g: it seems to cross %w", ring[k-1][0], pt[0],
						errAntimeridian)
				}
			}
		}
	}
	return nil
}

// onEarth tells whether coordinates in a grid's CRS can be right: only damage explains others. Once and a half round
// the earth is allowed, and so are all metres that a projection with a zone number in its eastings can give.
func onEarth(crs raster.CRS, x, y float64) bool {
	if crs.Geographic {
		const rounding = 1e-6
		return math.Abs(x) <= 540 && math.Abs(y) <= 90+rounding
	}
	return math.Abs(x) <= 1e9 && math.Abs(y) <= 1e9
}

// areaM2 returns the ellipsoidal area of a shape on the lattice: inside the grid measured as the engine does, so that a
// zone inside has nothing outside, and geodesically beyond it.
func (p *placer) areaM2(shape orb.MultiPolygon) (float64, error) {
	all := gridFrame(p.grid)
	box := vector.Bound(shape)
	switch {
	case len(shape) == 0:
		return 0, nil
	case all.Contains(box.Min) && all.Contains(box.Max):
		return p.earth.PolygonM2(shape), nil
	case !overlap(all, box):
		return p.outside.m2(shape)
	}
	frame := orb.MultiPolygon{all.ToPolygon()}
	inside, err := p.geos.Intersection(shape, frame)
	if err != nil {
		return 0, err
	}
	outside, err := p.geos.Difference(shape, frame)
	if err != nil {
		return 0, err
	}
	for _, polygon := range inside {
		for _, ring := range polygon {
			for k, pt := range ring { // cut points may lie off the frame by rounding
				ring[k] = orb.Point{min(max(pt[0], 0), all.Max[0]), min(max(pt[1], 0), all.Max[1])}
			}
		}
	}
	beyond, err := p.outside.m2(outside)
	return p.earth.PolygonM2(inside) + beyond, err
}

// outsideArea measures polygons that the Earth of the grid does not reach.
type outsideArea struct {
	grid      raster.Grid
	ellipsoid *geodesic.Ellipsoid
	toBase    *gdalraster.Transform // nil on a geographic grid, and until it is needed
	cellM     float64               // rough length of a cell in metres
}

// newOutsideArea returns the measure of a grid with that Earth; the caller closes it.
func newOutsideArea(grid raster.Grid, earth *raster.Earth) outsideArea {
	row := earth.Row(grid.Rows / 2)
	return outsideArea{
		grid:      grid,
		ellipsoid: geodesic.NewEllipsoid(grid.CRS.SemiMajorM, grid.CRS.Flattening),
		cellM:     math.Sqrt(row.Run(0, 1).M2()),
	}
}

// degrees takes points on the map to the longitudes and latitudes that the CRS of the grid is based on.
func (o *outsideArea) degrees(x, y []float64) error {
	if o.grid.CRS.Geographic {
		return nil
	}
	if o.toBase == nil {
		base, err := gdalraster.Base(o.grid.CRS)
		if err != nil {
			return err
		}
		if o.toBase, err = gdalraster.NewTransform(o.grid.CRS, base); err != nil {
			return err
		}
	}
	return o.toBase.XY(x, y)
}

func (o *outsideArea) close() {
	if o.toBase != nil {
		o.toBase.Close()
	}
}

// m2 returns the ellipsoidal area of an oriented shape whose edges are straight on the lattice. Geodesics follow the
// edges from point to point, so closely that they leave them by less than 1 mm at the latitudes of China.
func (o *outsideArea) m2(shape orb.MultiPolygon) (float64, error) {
	const stepM, maxSteps = 100, 10_000
	sum := 0.0
	for _, polygon := range shape {
		for _, ring := range polygon {
			var x, y []float64
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				steps := int(min(1+math.Hypot(b[0]-a[0], b[1]-a[1])*o.cellM/stepM, maxSteps))
				for k := range steps {
					t := float64(k) / float64(steps)
					mx, my := o.grid.Map(a[0]+t*(b[0]-a[0]), a[1]+t*(b[1]-a[1]))
					x, y = append(x, mx), append(y, my)
				}
			}
			if err := o.degrees(x, y); err != nil {
				return 0, err
			}
			g := o.ellipsoid.PolygonInit(false)
			for k := range x {
				g.AddPoint(y[k], x[k])
			}
			var area float64
			// v grows south, so what is counter-clockwise on the lattice is clockwise on the map.
			g.Compute(true, true, &area, nil)
			sum += area
		}
	}
	return sum, nil
}
