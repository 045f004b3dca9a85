package gdalraster

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// Images is a mosaic of pictures of the ground, to look at: a GeoTIFF or VRT with a byte for each of red, green and
// blue, and perhaps alpha.
type Images struct {
	part  *part
	bands [3]int // red, green, blue, from 0
}

// OpenImages opens a mosaic and closes it again: [Images.Chip] opens it anew. Bands without a colour are red, green
// and blue in their order.
func OpenImages(path string) (m *Images, err error) {
	if _, err := Init(0); err != nil {
		return nil, err
	}
	p, err := find(path, 1)
	if err != nil {
		return nil, err
	}
	if err := p.checkPicture(); err != nil {
		return nil, err
	}
	ds, err := p.open(nil)
	if err != nil {
		return nil, err
	}
	defer p.close(ds, &err)
	m = &Images{part: p, bands: [3]int{0, 1, 2}}
	bands := ds.Bands()
	if len(bands) < 3 {
		return nil, fmt.Errorf("%s: is no picture in red, green and blue; it has %d band(s)", path, len(bands))
	}
	for i, b := range bands {
		s := b.Structure()
		if s.DataType != godal.Byte {
			return nil, fmt.Errorf("%s: is no picture of 8 bits a colour but of type %s; %s", path, s.DataType,
				m.part.translate("-ot Byte -scale"))
		}
		p.size = [2]int{s.SizeX, s.SizeY}
		if c := b.ColorInterp(); c >= godal.CIRed && c <= godal.CIBlue {
			m.bands[c-godal.CIRed] = i
		}
	}
	if err := p.readGrid(ds, &crsReader{known: map[string]raster.CRS{}}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Files lists every file whose content the pictures depend on.
func (m *Images) Files() []string { return m.part.files() }

// CRS returns the mosaic's CRS.
func (m *Images) CRS() raster.CRS { return m.part.grid.CRS }

// Chip returns the window w of g in width × height pixels, bilinear. What the mosaic does not cover is transparent.
func (m *Images) Chip(g raster.Grid, w raster.Window, width, height int) (chip *image.NRGBA, err error) {
	ds, err := m.part.open(nil)
	if err != nil {
		return nil, err
	}
	defer m.part.close(ds, &err)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 17, 64) }
	west, north := g.OriginX+float64(w.Col)*g.CellX, g.OriginY-float64(w.Row)*g.CellY
	warped, err := ds.Warp("", []string{"-of", "MEM", "-t_srs", g.CRS.WKT, "-r", "bilinear", "-dstalpha",
		"-ts", strconv.Itoa(width), strconv.Itoa(height),
		"-te", number(west), number(north - float64(w.Rows)*g.CellY), number(west + float64(w.Cols)*g.CellX), number(north)},
		godal.ErrLogger(func(category godal.ErrorCategory, _ int, message string) error {
			if category <= godal.CE_Warning {
				return nil
			}
			return errors.New(message)
		}))
	if err != nil {
		return nil, fmt.Errorf("%s: %s", m.part.path, oneLine(err))
	}
	defer m.part.close(warped, &err)
	bands := warped.Bands()
	chip = image.NewNRGBA(image.Rect(0, 0, width, height))
	plane := make([]byte, width*height)
	// The last band is alpha: the mosaic's, or the one that -dstalpha makes.
	for i, b := range append(slices.Clone(m.bands[:]), len(bands)-1) {
		if err := bands[b].Read(0, 0, plane, width, height); err != nil {
			return nil, fmt.Errorf("%s: %s", m.part.path, oneLine(err))
		}
		for k, v := range plane {
			chip.Pix[4*k+i] = v
		}
	}
	return chip, nil
}
