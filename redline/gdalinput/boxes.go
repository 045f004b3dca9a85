package gdalinput

import (
	"fmt"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// bounds returns the extent of a grid in its CRS.
func bounds(g raster.Grid) orb.Bound {
	minX, minY, maxX, maxY := g.Bounds()
	return orb.Bound{Min: orb.Point{minX, minY}, Max: orb.Point{maxX, maxY}}
}

// extent returns a box as that of places in a CRS.
func extent(b orb.Bound) gdalraster.Extent {
	return gdalraster.Extent{MinX: b.Min[0], MinY: b.Min[1], MaxX: b.Max[0], MaxY: b.Max[1]}
}

// gridFrame returns the extent of a grid in lattice coordinates.
func gridFrame(g raster.Grid) orb.Bound {
	return orb.Bound{Max: orb.Point{float64(g.Cols), float64(g.Rows)}}
}

// overlap reports whether two boxes share an area; boxes that only touch do not.
func overlap(a, b orb.Bound) bool {
	return a.Min[0] < b.Max[0] && b.Min[0] < a.Max[0] && a.Min[1] < b.Max[1] && b.Min[1] < a.Max[1]
}

// share returns which share of the area of whole box covers.
func share(box, whole orb.Bound) float64 {
	part := 1.0
	for axis := range 2 {
		common := min(box.Max[axis], whole.Max[axis]) - max(box.Min[axis], whole.Min[axis])
		part *= max(0, common) / (whole.Max[axis] - whole.Min[axis])
	}
	return part
}

// swapAxes returns a box with x and y exchanged.
func swapAxes(b orb.Bound) orb.Bound {
	return orb.Bound{Min: orb.Point{b.Min[1], b.Min[0]}, Max: orb.Point{b.Max[1], b.Max[0]}}
}

// project returns the box in CRS to around the places of a box in CRS from. It follows the whole box on a net of
// points, not the corners alone, since a projection bends the edges.
func project(b orb.Bound, from, to raster.CRS) (orb.Bound, error) {
	if gdalraster.SameCRS(from, to) {
		return b, nil
	}
	t, err := gdalraster.NewTransformWithin(from, to, extent(b))
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

// lonLat puts a box into words: in longitude and latitude of its own datum, or in its own coordinates where that
// fails.
func lonLat(b orb.Bound, crs raster.CRS) string {
	geographic, err := gdalraster.Base(crs)
	box := b
	if err == nil {
		box, err = project(b, crs, geographic)
	}
	if err != nil || !inDegrees(box, 1e-6) {
		return fmt.Sprintf("x %.6g to %.6g, y %.6g to %.6g of %s", b.Min[0], b.Max[0], b.Min[1], b.Max[1], crsTitle(crs))
	}
	return fmt.Sprintf("%.4f° to %.4f° E, %.4f° to %.4f° N", box.Min[0], box.Max[0], box.Min[1], box.Max[1])
}
