package gdalinput

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// bounds returns the map extent of a grid.
func bounds(g raster.Grid) orb.Bound {
	minX, minY, maxX, maxY := g.Bounds()
	return orb.Bound{Min: orb.Point{minX, minY}, Max: orb.Point{maxX, maxY}}
}

// overlap reports whether two boxes share an area.
func overlap(a, b orb.Bound) bool {
	return a.Min[0] < b.Max[0] && b.Min[0] < a.Max[0] && a.Min[1] < b.Max[1] && b.Min[1] < a.Max[1]
}

// project returns the box around b, whose corners are in CRS from, as seen in CRS to.
// Its edges are followed, since a projection bends them.
func project(b orb.Bound, from, to raster.CRS) (orb.Bound, error) {
	if gdalraster.SameCRS(from, to) {
		return b, nil
	}
	t, err := gdalraster.NewTransform(from, to)
	if err != nil {
		return orb.Bound{}, err
	}
	defer t.Close()
	const steps = 16
	var x, y []float64
	for i := range steps + 1 {
		for k := range steps + 1 {
			x = append(x, b.Min[0]+(b.Max[0]-b.Min[0])*float64(i)/steps)
			y = append(y, b.Min[1]+(b.Max[1]-b.Min[1])*float64(k)/steps)
		}
	}
	if err := t.XY(x, y); err != nil {
		return orb.Bound{}, err
	}
	box := orb.Bound{Min: orb.Point{x[0], y[0]}, Max: orb.Point{x[0], y[0]}}
	for i := range x {
		box = box.Extend(orb.Point{x[i], y[i]})
	}
	return box, nil
}

// lonLat prints a box in longitude and latitude of its own datum, or in its own
// coordinates where that fails.
func lonLat(b orb.Bound, crs raster.CRS) string {
	geographic, err := gdalraster.Base(crs)
	box := b
	if err == nil {
		box, err = project(b, crs, geographic)
	}
	if err != nil || math.Abs(box.Min[1]) > 90 || math.Abs(box.Max[1]) > 90 {
		return fmt.Sprintf("x %.6g to %.6g, y %.6g to %.6g of %s", b.Min[0], b.Max[0], b.Min[1], b.Max[1], title(crs))
	}
	return fmt.Sprintf("%.4f° to %.4f° E, %.4f° to %.4f° N", box.Min[0], box.Max[0], box.Min[1], box.Max[1])
}
