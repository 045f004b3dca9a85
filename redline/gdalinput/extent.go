package gdalinput

import (
	"cmp"
	"fmt"
	"math"
	"slices"

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

// suggestCRS says which CRSs a layer without one may be in, by its coordinates, and in which of
// them it meets the rasters.
func (l *loader) suggestCRS(box orb.Bound) string {
	numbers := fmt.Sprintf("its coordinates (x %s to %s, y %s to %s)", plain(box.Min[0]), plain(box.Max[0]), plain(box.Min[1]), plain(box.Max[1]))
	codes := likelyCRS(box)
	if codes == nil {
		if turned := likelyCRS(orb.Bound{Min: orb.Point{box.Min[1], box.Min[0]}, Max: orb.Point{box.Max[1], box.Max[0]}}); turned != nil {
			return fmt.Sprintf("%s make sense with x and y exchanged only, such as in EPSG:%d", numbers, turned[0])
		}
		return numbers + " are those of no CRS that is usual in China"
	}
	type guess struct {
		title string
		share float64 // of the layer's box that is on the rasters, then how near its middle is
		far   float64
	}
	var all, meeting []guess
	for _, code := range codes {
		crs, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code))
		if err != nil {
			continue
		}
		g := guess{title: title(crs)}
		if l.ground.placed() {
			frame := bounds(l.Inputs.Grid)
			if there, err := project(box, crs, l.Inputs.Grid.CRS); err == nil && overlap(there, frame) {
				common := orb.Bound{Min: orb.Point{max(there.Min[0], frame.Min[0]), max(there.Min[1], frame.Min[1])}, Max: orb.Point{min(there.Max[0], frame.Max[0]), min(there.Max[1], frame.Max[1])}}
				g.share = (common.Max[0] - common.Min[0]) * (common.Max[1] - common.Min[1]) / ((there.Max[0] - there.Min[0]) * (there.Max[1] - there.Min[1]))
				g.far = math.Abs(there.Center()[0] - frame.Center()[0])
				meeting = append(meeting, g)
			}
		}
		all = append(all, g)
	}
	slices.SortStableFunc(meeting, func(a, b guess) int { return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.far, b.far)) })
	list := func(guesses []guess) string {
		var titles []string
		for _, g := range guesses {
			titles = append(titles, g.title)
		}
		return some(titles)
	}
	text := ""
	switch {
	case len(meeting) == 1:
		text = fmt.Sprintf("%s suggest %s, in which it meets the rasters", numbers, list(meeting))
	case len(meeting) > 1:
		text = fmt.Sprintf("%s suggest one of these, in which it meets the rasters, the likeliest first: %s", numbers, list(meeting))
	case len(all) == 1:
		text = fmt.Sprintf("%s suggest %s", numbers, list(all))
	default:
		text = fmt.Sprintf("%s suggest a Gauss-Krüger zone without its number, from %s to %s", numbers, all[0].title, all[len(all)-1].title)
	}
	if meeting == nil && l.ground.placed() {
		text += ", but it would not meet the rasters there"
	}
	if codes[0] != epsgCGCS2000 && codes[0] != epsgWebMercator {
		text += "; Xian 1980 and Beijing 1954 have the same zones and numbers, so ask who made the data"
		if len(codes) > 1 {
			text += ", and UTM differs by 0.04 % only"
		}
	}
	return text
}

const epsgCGCS2000, epsgWebMercator = 4490, 3857

// likelyCRS returns the EPSG codes of the CRSs usual in China in which the coordinates of
// a box make sense; nil for none. Eastings without the zone's number may be of any
// zone: those of 3 degrees where these are wide enough, which agree with those of 6 degrees
// about the same meridian.
func likelyCRS(box orb.Bound) (codes []int) {
	if box.Min[0] >= -180 && box.Max[0] <= 180 && box.Min[1] >= -90 && box.Max[1] <= 90 {
		return []int{epsgCGCS2000}
	}
	const southM, northM = 300e3, 6100e3 // 3° to 55° N
	if box.Min[1] < southM || box.Max[1] > 7500e3 {
		return nil
	}
	// Half the width of a zone, with room for layers that reach beyond it.
	const half3, half6 = 260e3, 430e3
	zone := math.Floor(box.Center()[0] / 1e6)
	reach := max(math.Abs(box.Min[0]-zone*1e6-500e3), math.Abs(box.Max[0]-zone*1e6-500e3))
	if box.Max[1] < northM {
		switch n := int(zone); {
		case n >= 25 && n <= 45 && reach < half3:
			codes = append(codes, 4513+n-25) // CGCS2000 / 3-degree Gauss-Kruger zone n
		case n >= 13 && n <= 23 && reach < half6:
			codes = append(codes, 4491+n-13) // CGCS2000 / Gauss-Kruger zone n
		case n == 0 && reach < half3:
			for code := 4534; code <= 4554; code++ { // CGCS2000 / 3-degree Gauss-Kruger CM 75E to 135E
				codes = append(codes, code)
			}
		case n == 0 && reach < half6:
			for code := 4502; code <= 4512; code++ { // CGCS2000 / Gauss-Kruger CM 75E to 135E
				codes = append(codes, code)
			}
		}
	}
	if box.Min[0] > 8.1e6 && box.Max[0] < 15.1e6 { // 73° to 135.5° E
		codes = append(codes, epsgWebMercator)
	}
	return codes
}

// plain prints a coordinate without exponent.
func plain(x float64) string {
	if math.Abs(x) < 1000 {
		return fmt.Sprintf("%.4f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
