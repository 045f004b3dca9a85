package gdalexchange

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector"
	"greenshield/vector/geos"
)

// published is the CRS of degrees, which the program does not tell from WGS 84.
const published = "EPSG:4490"

// chordTolerance is how far, in units of a projected CRS, the middle of an edge that is straight in degrees may lie off
// the middle of its chord before the edge gets a vertex there.
const chordTolerance = 0.01

// maxHalvings is how often an edge may be halved: far more often than any edge on earth needs.
const maxHalvings = 32

// maxMends is how often an outline is mended that rounding to the grid of a format makes invalid again.
const maxMends = 8

// projection takes polygons from degrees to the CRS of files. It belongs to one goroutine.
type projection struct {
	to        raster.CRS
	transform *gdalraster.Transform // nil where degrees stay as they are
	over      *geos.Context
}

func newProjection(crs string) (*projection, error) {
	to, err := gdalraster.ParseCRS(crs)
	if err != nil {
		return nil, err
	}
	p := &projection{to: to, over: geos.New()}
	from, err := gdalraster.ParseCRS(published)
	if err != nil || to.Geographic && gdalraster.SameDatum(from, to) {
		return p, err
	}
	p.transform, err = gdalraster.NewTransform(from, to)
	return p, err
}

func (p *projection) close() {
	if p.transform != nil {
		p.transform.Close()
	}
}

// shape returns polygons in the CRS of files on the grid of the format, valid. mended tells by how much, in square
// units of that CRS, the area changed where an outline that met itself had to be mended; it is negative where none
// had to be.
func (p *projection) shape(mp orb.MultiPolygon, on grid) (out orb.MultiPolygon, mended float64, err error) {
	out = mp
	if p.transform != nil {
		out = make(orb.MultiPolygon, len(mp))
		for i, polygon := range mp {
			for _, ring := range polygon {
				r, err := p.ring(ring)
				if err != nil {
					return nil, 0, err
				}
				out[i] = append(out[i], r)
			}
		}
	}
	valid := on.snap(out)
	if ok, _ := p.over.Valid(valid); ok {
		return valid, -1, nil
	}
	for range maxMends {
		if valid, err = p.over.MakeValid(valid); err != nil {
			return nil, 0, fmt.Errorf("the outline cannot be made valid: %w", err)
		}
		valid = vector.Orient(on.snap(valid))
		if ok, _ := p.over.Valid(valid); ok {
			return valid, math.Abs(vector.Area(valid) - vector.Area(out)), nil
		}
	}
	return nil, 0, errors.New("the outline cannot be made valid at the precision of the format")
}

// ring transforms a ring, with more vertices where its edges are no longer straight.
func (p *projection) ring(ring orb.Ring) (orb.Ring, error) {
	from := ring
	to, err := p.points(from)
	for range maxHalvings {
		if err != nil {
			return nil, err
		}
		var middles orb.Ring
		for i := 1; i < len(from); i++ {
			middles = append(middles, middle(from[i-1], from[i]))
		}
		moved, err := p.points(middles)
		if err != nil {
			return nil, err
		}
		finer, finerTo := from[:1:1], to[:1:1]
		for i, m := range moved {
			chord := middle(to[i], to[i+1])
			if !p.to.Geographic && math.Hypot(m[0]-chord[0], m[1]-chord[1]) > chordTolerance {
				finer, finerTo = append(finer, middles[i]), append(finerTo, m)
			}
			finer, finerTo = append(finer, from[i+1]), append(finerTo, to[i+1])
		}
		if len(finer) == len(from) {
			return to, nil
		}
		from, to = finer, finerTo
	}
	return nil, fmt.Errorf("an edge of the outline is torn apart in %s; choose a CRS that covers the area", p.to.Name)
}

func middle(a, b orb.Point) orb.Point { return orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2} }

// points transforms each point.
func (p *projection) points(from orb.Ring) (orb.Ring, error) {
	x, y := make([]float64, len(from)), make([]float64, len(from))
	for i, q := range from {
		x[i], y[i] = q[0], q[1]
	}
	if err := p.transform.XY(x, y); err != nil {
		return nil, err
	}
	to := make(orb.Ring, len(from))
	for i := range to {
		to[i] = orb.Point{x[i], y[i]}
	}
	return to, nil
}
