package gdalinput

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// crsFits says why the coordinates of a box are not those of a CRS, "" when they may be. certain tells that they cannot
// be; otherwise they are only far from where such data lies. cell is the longer side of a raster's cells, in units of
// the CRS; 0 for a layer.
func crsFits(crs raster.CRS, box orb.Bound, cell float64) (why string, certain bool) {
	const (
		wideDeg     = 1.0  // no cell of a land-cover map is so wide
		narrow      = 0.01 // nor so narrow, in metres
		beyondDeg   = 10.0 // so far beyond its area of use a CRS is hardly used by intent
		tmReach     = 5e6  // from its middle meridian, in metres: 45° at the equator; zone numbers count from 13
		roundingDeg = 1e-6
	)
	degrees := inDegrees(box, roundingDeg)
	switch {
	case crs.Geographic && !degrees:
		return "which counts longitudes and latitudes in degrees", true
	case crs.Geographic && cell > wideDeg:
		return fmt.Sprintf("whose unit is the degree: a cell would be %g° wide, some %.0f km", cell, cell*111), false
	case crs.Geographic:
		return "", false
	case degrees:
		return "whose unit is the metre; they look like degrees", 0 < cell && cell < narrow
	}
	if easting, ok := falseEasting(crs); ok {
		x := box.Center()[0]
		switch {
		case math.Abs(x-easting) > tmReach:
			return fmt.Sprintf("whose eastings lie around %.0f", easting), true
		case easting > 1e6 && zoneNumber(x) != zoneNumber(easting):
			return fmt.Sprintf("whose eastings begin with %d, the number of its zone", zoneNumber(easting)), false
		}
	}
	lon, lat, found, err := placeOf(crs, box)
	switch {
	case err != nil: // nothing can be said
		return "", false
	case !found:
		return "whose projection shows no place on earth there", true
	}
	if off, area := gdalraster.BeyondUse(crs, lon, lat); off > beyondDeg {
		return fmt.Sprintf("which is made for %s: they lie about %.0f° beyond", area, off), false
	}
	return "", false
}

// inDegrees tells whether a box can be of longitudes and latitudes, with some slack.
func inDegrees(box orb.Bound, slack float64) bool {
	return max(-box.Min[0], box.Max[0]) <= 360+slack && max(-box.Min[1], box.Max[1]) <= 90+slack
}

// falseEasting returns the easting of the middle meridian of a transverse Mercator projection; ok tells that crs is
// one.
func falseEasting(crs raster.CRS) (easting float64, ok bool) {
	if !strings.Contains(crs.WKT, `METHOD["Transverse Mercator"`) {
		return 0, false
	}
	return parameter(crs, "False easting")
}

// zoneNumber returns the number of the zone with which an easting begins, 0 where it has none.
func zoneNumber(easting float64) int { return int(math.Floor(easting / 1e6)) }

// parameter returns a parameter of a projection by its name in EPSG's words, in its own unit.
func parameter(crs raster.CRS, name string) (value float64, ok bool) {
	_, rest, found := strings.Cut(crs.WKT, `PARAMETER["`+name+`",`)
	end := strings.IndexAny(rest, ",]")
	if !found || end < 0 {
		return 0, false
	}
	value, err := strconv.ParseFloat(rest[:end], 64)
	return value, err == nil
}

// placeOf returns the longitude and latitude of the middle of a box, or of a corner where the middle has none. found is
// false when no such point comes back to itself from there.
func placeOf(crs raster.CRS, box orb.Bound) (lon, lat float64, found bool, err error) {
	base, err := gdalraster.Base(crs)
	if err != nil {
		return 0, 0, false, err
	}
	there, err := gdalraster.NewTransform(crs, base)
	if err != nil {
		return 0, 0, false, err
	}
	defer there.Close()
	back, err := gdalraster.NewTransform(base, crs)
	if err != nil {
		return 0, 0, false, err
	}
	defer back.Close()
	slack := 1e-3 * (1 + box.Max[0] - box.Min[0]) // a thousandth of the box
	for _, p := range append([]orb.Point{box.Center()}, box.ToRing()...) {
		x, y := []float64{p[0]}, []float64{p[1]}
		if there.XY(x, y) != nil {
			continue
		}
		lon, lat = x[0], y[0]
		if back.XY(x, y) == nil && math.Abs(x[0]-p[0]) < slack && math.Abs(y[0]-p[1]) < slack {
			return lon, lat, true, nil
		}
	}
	return 0, 0, false, nil
}

// fittingCRS proposes a CRS for the coordinates of a box, which are not those of the declared one.
func (l *Loaded) fittingCRS(declared raster.CRS, box orb.Bound) suggestion {
	base, err := gdalraster.Base(declared)
	if err == nil && !declared.Geographic && inDegrees(box, 0) {
		return suggestion{coordinates(box) + " suggest degrees, on its datum " + crsTitle(base), base.EPSG}
	}
	if easting, ok := falseEasting(declared); ok && err == nil {
		meridian, _ := parameter(declared, "Longitude of natural origin")
		number := zoneNumber(box.Center()[0])
		if code := gaussKruger(base.EPSG, meridian, number); code != 0 && number != zoneNumber(easting) {
			if crs, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code)); err == nil {
				return suggestion{coordinates(box) + " suggest " + crsTitle(crs), code}
			}
		}
	}
	return l.suggestCRS(box)
}

// gaussKruger returns the EPSG code of the Gauss-Krüger zone on a geographic CRS with that number in its eastings; with
// number 0 that around a meridian, without a number. It is 0 where EPSG has none.
func gaussKruger(base int, meridian float64, number int) int {
	series, ok := map[int]struct{ zone6, cm6, zone3, cm3 int }{ // of the first zone of each: 13 and 25, both around 75° E
		4490: {4491, 4502, 4513, 4534},   // CGCS2000
		4610: {2327, 2338, 2349, 2370},   // Xian 1980
		4214: {21413, 21453, 2401, 2422}, // Beijing 1954
	}[base]
	third, sixth := meridian/3-25, (meridian+3)/6-13
	switch {
	case !ok:
		return 0
	case number >= 25 && number <= 45:
		return series.zone3 + number - 25
	case number >= 13 && number <= 23:
		return series.zone6 + number - 13
	case number == 0 && third == math.Trunc(third) && third >= 0 && third <= 20:
		return series.cm3 + int(third)
	case number == 0 && sixth == math.Trunc(sixth) && sixth >= 0 && sixth <= 10:
		return series.cm6 + int(sixth)
	}
	return 0
}
