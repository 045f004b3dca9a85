package gdalraster

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// Writer writes a one-band Byte GeoTIFF row by row. It belongs to one goroutine.
type Writer struct {
	path string
	grid raster.Grid
	ds   *godal.Dataset
	band godal.Band
}

// Create starts a GeoTIFF on grid g, replacing what is at path. A nil nodata sets
// none; a nil palette writes none, otherwise it is red, green, blue, opacity of
// every code. Creation options are GDAL's ("COMPRESS=ZSTD"); without any the file is
// compressed in strips (DEFLATE).
func Create(path string, g raster.Grid, nodata *float64, palette *[256][4]uint8,
	creationOptions ...string) (*Writer, error) {
	if _, err := Init(0); err != nil {
		return nil, err
	}
	if len(creationOptions) == 0 {
		creationOptions = []string{"COMPRESS=DEFLATE"}
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	ds, err := godal.Create(godal.GTiff, absolute, 1, godal.Byte, g.Cols, g.Rows, godal.CreationOption(creationOptions...))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be created: %w", path, err)
	}
	w := &Writer{path: path, grid: g, ds: ds, band: ds.Bands()[0]}
	if err := w.head(nodata, palette); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), ds.Close())
	}
	return w, nil
}

func (w *Writer) head(nodata *float64, palette *[256][4]uint8) error {
	g := w.grid
	if err := w.ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}); err != nil {
		return err
	}
	if g.CRS.WKT != "" {
		if err := w.ds.SetProjection(g.CRS.WKT); err != nil {
			return err
		}
	}
	if nodata != nil {
		if err := w.band.SetNoData(*nodata); err != nil {
			return err
		}
	}
	if palette == nil {
		return nil
	}
	entries := make([][4]int16, len(palette))
	for i, c := range palette {
		entries[i] = [4]int16{int16(c[0]), int16(c[1]), int16(c[2]), int16(c[3])}
	}
	return w.band.SetColorTable(godal.ColorTable{PaletteInterp: godal.RGBPalette, Entries: entries})
}

// WriteRows writes whole rows from the given one on; len(data) is a multiple of the
// grid's columns. Each row is written once. With tiled creation options, write
// whole rows of tiles, or blocks are compressed more than once and the file grows.
func (w *Writer) WriteRows(row int, data []uint8) error {
	rows := len(data) / w.grid.Cols
	if row < 0 || len(data) == 0 || len(data)%w.grid.Cols != 0 || row+rows > w.grid.Rows {
		return fmt.Errorf("%s: %d cells from row %d do not fit %d × %d", w.path, len(data), row, w.grid.Cols, w.grid.Rows)
	}
	if err := w.band.Write(0, row, data, w.grid.Cols, rows); err != nil {
		return fmt.Errorf("%s: row %d: %w", w.path, row, err)
	}
	return nil
}

// Close finishes the file; only when it returns nil is the file complete.
func (w *Writer) Close() error {
	if err := w.ds.Close(); err != nil {
		return fmt.Errorf("%s: %w", w.path, err)
	}
	return nil
}

// WriteByte writes a whole one-band Byte GeoTIFF; the arguments are those of [Create].
func WriteByte(path string, g raster.Grid, data []uint8, nodata *float64, creationOptions ...string) error {
	w, err := Create(path, g, nodata, nil, creationOptions...)
	if err != nil {
		return err
	}
	return errors.Join(w.WriteRows(0, data), w.Close())
}
