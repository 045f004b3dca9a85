package gdalraster

/*
#include <proj.h>
*/
import "C"

import (
	"fmt"
	"math"

	"greenshield/raster"
)

// Extent is a rectangle in the coordinates of a CRS, x east. The zero value stands for all places.
type Extent struct{ MinX, MinY, MaxX, MaxY float64 }

// ExtentOf returns the extent of a grid in its CRS.
func ExtentOf(g raster.Grid) Extent {
	minX, minY, maxX, maxY := g.Bounds()
	return Extent{minX, minY, maxX, maxY}
}

// needed returns the area that the operation of t, from src to dst, has to cover: the extent in degrees or, where that
// is unknown, the common area of use of both.
func (t *Transform) needed(src, dst *C.PJ, within Extent) *area {
	s := t.s
	whole := s.area(src, t.from.EPSG).meet(s.area(dst, t.to.EPSG))
	if within == (Extent{}) {
		return &whole
	}
	h := s.horizontal(src)
	base, err := s.base(src)
	if err != nil {
		return &whole
	}
	var meridian C.double
	prime := s.own(C.proj_get_prime_meridian(s.ctx, base))
	if prime == nil || C.proj_prime_meridian_get_parameters(s.ctx, prime, &meridian, nil, nil) == 0 || meridian != 0 {
		return &whole
	}
	down, _, _ := s.operation(h, base, nil)
	if down == nil {
		return &whole
	}
	const steps = 16 // a projection bends the edges
	var x, y []float64
	for i := range steps + 1 {
		for k := range steps + 1 {
			x = append(x, within.MinX+(within.MaxX-within.MinX)*float64(i)/steps)
			y = append(y, within.MinY+(within.MaxY-within.MinY)*float64(k)/steps)
		}
	}
	(&Transform{steps: []*C.PJ{down}}).forward(x, y)
	box := area{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for i := range x {
		box = area{min(box.west, x[i]), min(box.south, y[i]), max(box.east, x[i]), max(box.north, y[i])}
	}
	if !(box.west >= -180 && box.south >= -90 && box.east <= 180 && box.north <= 90) { // NaN, too
		return &whole
	}
	return &box
}

// area is an area of use in degrees.
type area struct{ west, south, east, north float64 }

var world = area{-180, -90, 180, 90}

// area returns the area of use of a CRS with that EPSG code, 0 for none, or of an operation. It is the world when
// neither the definition nor the database states one.
func (s *projScope) area(pj *C.PJ, code int) area {
	if t := C.proj_get_type(pj); t == C.PJ_TYPE_BOUND_CRS {
		pj = s.horizontal(pj)
	}
	var w, so, e, n C.double
	if C.proj_get_area_of_use(s.ctx, pj, &w, &so, &e, &n, nil) != 0 && w >= -180 {
		return area{float64(w), float64(so), float64(e), float64(n)}
	}
	if code != 0 {
		if known := s.database(fmt.Sprint(code)); known != nil &&
			C.proj_get_area_of_use(s.ctx, known, &w, &so, &e, &n, nil) != 0 && w >= -180 {
			return area{float64(w), float64(so), float64(e), float64(n)}
		}
	}
	return world
}

// meet returns the common part of two areas. An area across the antimeridian is taken as the whole band of its
// latitudes, which asks for more of an operation, never for less.
func (a area) meet(b area) area {
	for _, p := range []*area{&a, &b} {
		if p.west > p.east {
			p.west, p.east = -180, 180
		}
	}
	return area{max(a.west, b.west), max(a.south, b.south), min(a.east, b.east), min(a.north, b.north)}
}

// covers reports whether a, which may lie across the antimeridian, holds all of b, which does not.
func (a area) covers(b area) bool {
	const slack = 1e-6 // degrees
	east, west := a.east >= b.east-slack, a.west <= b.west+slack
	if a.west > a.east {
		return (east || west) && a.south <= b.south+slack && a.north >= b.north-slack
	}
	return east && west && a.south <= b.south+slack && a.north >= b.north-slack
}

// BeyondUse returns how many degrees a place lies beyond the area of use that the EPSG database gives a CRS, 0 inside
// and where there is none, and puts that area into words. Across the antimeridian an area has latitudes only.
func BeyondUse(c raster.CRS, lon, lat float64) (deg float64, text string) {
	s := newProjScope()
	defer s.close()
	pj, err := s.parse(c.WKT)
	if err != nil {
		return 0, ""
	}
	a := s.area(pj, c.EPSG).meet(world)
	off := func(x, low, high float64) float64 { return max(low-x, x-high, 0) }
	return max(off(lon, a.west, a.east), off(lat, a.south, a.north)),
		fmt.Sprintf("%.1f° to %.1f° E, %.1f° to %.1f° N", a.west, a.east, a.south, a.north)
}
