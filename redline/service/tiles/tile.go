package tiles

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

const (
	// MaxVectorZoom is the largest zoom of vector tiles; clients enlarge these beyond.
	MaxVectorZoom = 16
	// MaxPictureZoom is the largest zoom of pictures.
	MaxPictureZoom = 20
	// Pixels are along each side of a picture.
	Pixels = 256

	extent = 4096 // units along each side of a vector tile
	margin = 64   // units that features reach beyond
)

// maxLat is the latitude where the Web Mercator square ends.
var maxLat = math.Atan(math.Sinh(math.Pi)) * 180 / math.Pi

// Tile is a tile of the Web Mercator square: X from west, Y from north, both from 0 to 2^Z−1.
type Tile struct{ Z, X, Y int }

// parseTile reads the three parts of an address, of which the last one has an ending. ok is false for anything that is
// no tile, or one beyond maxZoom.
func parseTile(z, x, y, ending string, maxZoom int) (t Tile, ok bool) {
	y, ok = strings.CutSuffix(y, ending)
	if !ok {
		return t, false
	}
	for i, text := range []string{z, x, y} {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || strconv.FormatUint(n, 10) != text { // one tile has one address
			return t, false
		}
		*[]*int{&t.Z, &t.X, &t.Y}[i] = int(n)
	}
	return t, t.Z <= maxZoom && t.X < 1<<t.Z && t.Y < 1<<t.Z
}

// Degrees returns the box of the tile in degrees, grown by a share of its side each way.
func (t Tile) Degrees(grown float64) orb.Bound {
	n := math.Exp2(float64(t.Z))
	x, y := float64(t.X), float64(t.Y)
	lon := func(x float64) float64 { return min(max(x/n*360-180, -180), 180) }
	lat := func(y float64) float64 {
		return math.Atan(math.Sinh(math.Pi*(1-2*min(max(y/n, 0), 1)))) * 180 / math.Pi
	}
	return orb.Bound{
		Min: orb.Point{lon(x - grown), lat(y + 1 + grown)},
		Max: orb.Point{lon(x + 1 + grown), lat(y - grown)},
	}
}

// square takes a place in degrees to the Web Mercator square, whose corners are (0, 0) in the north-west and (1, 1).
// Places beyond its latitudes are on its edge.
func square(p orb.Point) orb.Point {
	lat := min(max(p[1], -maxLat), maxLat) * math.Pi / 180
	return orb.Point{p[0]/360 + 0.5, 0.5 - math.Asinh(math.Tan(lat))/(2*math.Pi)}
}

// units takes a place of the square to the units of the tile.
func (t Tile) units(p orb.Point) orb.Point {
	n := math.Exp2(float64(t.Z))
	return orb.Point{(p[0]*n - float64(t.X)) * extent, (p[1]*n - float64(t.Y)) * extent}
}
