package gdalinput

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
)

// crsGuess is a CRS in which the coordinates of a layer make sense.
type crsGuess struct {
	code  int
	title string
	share float64 // how much of the layer's box lies on the rasters, 0 to 1
	far   float64 // between the middles of the two from west to east, in the rasters' CRS
}

// suggestion says which CRS coordinates may be in. code is that of the only one that is likely; 0 where there is none
// or several.
type suggestion struct {
	text string
	code int
}

// crs writes a CRS as a user states it, the suggested one if there is one.
func (s suggestion) crs() string {
	if s.code == 0 {
		return "EPSG:…"
	}
	return fmt.Sprintf("EPSG:%d", s.code)
}

// forLayer says how a user states the CRS of a layer.
func (s suggestion) forLayer() string {
	return fmt.Sprintf("crs: %[1]s under this layer in the job file, or FILE|crs=%[1]s", s.crs())
}

// suggestCRS says which CRSs a layer that declares none may be in, by its coordinates, and in which of them it meets
// the rasters. box is the extent of the layer.
func (l *Loaded) suggestCRS(box orb.Bound) suggestion {
	numbers := coordinates(box)
	codes := likelyCRS(box)
	if codes == nil {
		if swapped := likelyCRS(swapAxes(box)); swapped != nil {
			text := fmt.Sprintf("%s make sense with x and y exchanged only, such as in EPSG:%d", numbers, swapped[0])
			return suggestion{text: text}
		}
		return suggestion{text: numbers + " are those of no CRS that is usual in China"}
	}
	all, meeting := l.guessCRS(box, codes)
	text, code := "", 0
	switch {
	case len(meeting) == 1:
		code = meeting[0].code
		text = fmt.Sprintf("%s suggest %s, in which it meets the rasters", numbers, meeting[0].title)
	case len(meeting) > 1:
		var titles []string
		for _, g := range meeting {
			titles = append(titles, g.title)
		}
		text = fmt.Sprintf("%s suggest one of these, in which it meets the rasters, the likeliest first: %s",
			numbers, firstTen(titles))
	case len(all) == 1:
		code = all[0].code
		text = fmt.Sprintf("%s suggest %s", numbers, all[0].title)
	default:
		text = fmt.Sprintf("%s suggest a Gauss-Krüger zone without its number, from %s to %s",
			numbers, all[0].title, all[len(all)-1].title)
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
	return suggestion{text, code}
}

// coordinates names the coordinates of a box.
func coordinates(box orb.Bound) string {
	return fmt.Sprintf("its coordinates (x %s to %s, y %s to %s)",
		plain(box.Min[0]), plain(box.Max[0]), plain(box.Min[1]), plain(box.Max[1]))
}

// guessCRS looks at a box in each CRS of codes. It returns all of them, and those in which the box meets the rasters,
// the likeliest first: those of which most lies on the rasters, then those whose middle is nearest.
func (l *Loaded) guessCRS(box orb.Bound, codes []int) (all, meeting []crsGuess) {
	for _, code := range codes {
		crs, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code))
		if err != nil {
			continue
		}
		g := crsGuess{code: code, title: crsTitle(crs)}
		if l.ground.placed() {
			frame := bounds(l.Inputs.Grid)
			if there, err := project(box, crs, l.Inputs.Grid.CRS); err == nil && overlap(there, frame) {
				width := min(there.Max[0], frame.Max[0]) - max(there.Min[0], frame.Min[0])
				height := min(there.Max[1], frame.Max[1]) - max(there.Min[1], frame.Min[1])
				g.share = width * height / ((there.Max[0] - there.Min[0]) * (there.Max[1] - there.Min[1]))
				g.far = math.Abs(there.Center()[0] - frame.Center()[0])
				meeting = append(meeting, g)
			}
		}
		all = append(all, g)
	}
	slices.SortStableFunc(meeting, func(a, b crsGuess) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.far, b.far))
	})
	return all, meeting
}

// EPSG codes of two CRSs whose coordinates can be told from those of Gauss-Krüger zones.
const (
	epsgCGCS2000    = 4490 // longitude and latitude in degrees
	epsgWebMercator = 3857
)

// likelyCRS returns the EPSG codes of the CRSs usual in China in which the coordinates of a box make sense, nil when
// there are none. Eastings without the number of a zone may be of any zone: the codes are then those of the zones of 3
// degrees where these are wide enough for the box, else of 6 degrees. Both agree about the same meridian.
func likelyCRS(box orb.Bound) (codes []int) {
	if box.Min[0] >= -180 && box.Max[0] <= 180 && box.Min[1] >= -90 && box.Max[1] <= 90 {
		return []int{epsgCGCS2000}
	}
	const southM, northM = 300e3, 6100e3 // northings of 3° and 55° N
	const mercatorNorthM = 7500e3        // more than the northing of 55° N in Web Mercator
	if box.Min[1] < southM || box.Max[1] > mercatorNorthM {
		return nil
	}
	// Half the width of a zone, with room for layers that reach beyond it.
	const half3M, half6M = 260e3, 430e3
	// An easting is the number of the zone in millions, then the distance from its middle meridian plus 500 km.
	zone := math.Floor(box.Center()[0] / 1e6)
	middle := zone*1e6 + 500e3
	reach := max(math.Abs(box.Min[0]-middle), math.Abs(box.Max[0]-middle))
	if box.Max[1] < northM {
		switch n := int(zone); {
		case n >= 25 && n <= 45 && reach < half3M:
			codes = append(codes, 4513+n-25) // CGCS2000 / 3-degree Gauss-Kruger zone n
		case n >= 13 && n <= 23 && reach < half6M:
			codes = append(codes, 4491+n-13) // CGCS2000 / Gauss-Kruger zone n
		case n == 0 && reach < half3M:
			for code := 4534; code <= 4554; code++ { // CGCS2000 / 3-degree Gauss-Kruger CM 75E to 135E
				codes = append(codes, code)
			}
		case n == 0 && reach < half6M:
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

// plain writes a coordinate without an exponent.
func plain(x float64) string {
	if math.Abs(x) < 1000 {
		return fmt.Sprintf("%.4f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
