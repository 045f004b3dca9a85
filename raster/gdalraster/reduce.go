package gdalraster

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// Grid returns the lattice of the pixels of the mosaic.
func (m *Images) Grid() raster.Grid { return m.part.grid }

// Reduce writes the mosaic at half its size, in red, green, blue and alpha, with overviews of half of that and so on. It
// reads in strips, and stops between two of them when ctx is done. told is given how many per cent are done. What it
// leaves behind after an error is no picture.
func (m *Images) Reduce(ctx context.Context, path string, told func(percent int)) (err error) {
	from, err := m.part.open(nil)
	if err != nil {
		return err
	}
	defer m.part.close(from, &err)
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	g := m.part.grid
	whole := g.Cols
	g.Cols, g.Rows = (g.Cols+1)/2, (g.Rows+1)/2
	g.CellX, g.CellY = g.CellX*float64(whole)/float64(g.Cols), 2*g.CellY
	to, err := godal.Create(godal.GTiff, path, 4, godal.Byte, g.Cols, g.Rows, godal.CreationOption(
		"TILED=YES", "COMPRESS=DEFLATE", "ZLEVEL=1", "PHOTOMETRIC=RGB", "ALPHA=YES", "BIGTIFF=IF_SAFER"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := to.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}); err != nil {
		return err
	}
	if err := to.SetProjection(g.CRS.WKT); err != nil {
		return err
	}
	if err := m.halve(ctx, from, to, func(percent int) { told(percent * 7 / 10) }); err != nil {
		return err
	}
	const least = 256 // pixels along the longer side of the last overview, at most
	for factor := 2; max(g.Cols, g.Rows)*2 > least*factor; factor *= 2 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := to.BuildOverviews(godal.Resampling(godal.Average), godal.Levels(factor)); err != nil {
			return err
		}
	}
	told(100)
	return nil
}

// halve writes each two by two pixels of one data set as their mean into another.
func (m *Images) halve(ctx context.Context, from, to *godal.Dataset, told func(percent int)) error {
	source, target := from.Bands(), to.Bands()
	size := target[0].Structure()
	const strip = 256 // rows
	pixels := make([]uint8, strip*size.SizeX)
	for row := 0; row < size.SizeY; row += strip {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rows := min(strip, size.SizeY-row)
		top := 2 * row
		height := min(2*rows, m.part.size[1]-top)
		if m.part.southUp {
			top = m.part.size[1] - top - height
		}
		for i := range target {
			band, how := source[0].MaskBand(), godal.Nearest
			if i < len(m.bands) {
				band, how = source[m.bands[i]], godal.Average
			}
			own := pixels[:rows*size.SizeX]
			if err := band.Read(0, top, own, size.SizeX, rows, godal.Window(m.part.size[0], height), godal.Resampling(how),
				godal.ErrLogger(judge(nil))); err != nil {
				return errors.New(m.part.path + ": " + oneLine(err))
			}
			if m.part.southUp {
				flip(own, size.SizeX)
			}
			if err := target[i].Write(0, row, own, size.SizeX, rows); err != nil {
				return err
			}
		}
		told(100 * (row + rows) / size.SizeY)
	}
	return nil
}
