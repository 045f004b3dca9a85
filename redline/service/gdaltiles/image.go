package gdaltiles

import (
	"bytes"
	"image/jpeg"
	"image/png"
	"math"
	"time"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/service/tiles"
)

// radius is that of the sphere of Web Mercator, in metres.
const radius = 6378137

// drawImage draws a tile of images: JPEG where all of it is covered, else PNG.
func (o *opened) drawImage(t tiles.Tile) ([]byte, error) {
	from := o.images
	if o.cellsPerPixel/math.Exp2(float64(t.Z)) > 2 {
		o.mu.Lock()
		from = o.smaller
		o.mu.Unlock()
		if from == nil {
			return nil, &tiles.NotYet{After: 2 * time.Second}
		}
	}
	crs, err := gdalraster.ParseCRS("EPSG:3857")
	if err != nil {
		return nil, err
	}
	side := 2 * math.Pi * radius / math.Exp2(float64(t.Z))
	grid := raster.Grid{
		OriginX: -math.Pi*radius + float64(t.X)*side, OriginY: math.Pi*radius - float64(t.Y)*side,
		CellX: side / tiles.Pixels, CellY: side / tiles.Pixels, Cols: tiles.Pixels, Rows: tiles.Pixels, CRS: crs,
	}
	picture, err := from.Chip(grid, raster.Window{Cols: tiles.Pixels, Rows: tiles.Pixels}, tiles.Pixels, tiles.Pixels)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if picture.Opaque() {
		const quality = 85
		err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: quality})
	} else {
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		err = encoder.Encode(&b, picture)
	}
	return b.Bytes(), err
}
