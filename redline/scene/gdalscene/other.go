package gdalscene

import (
	"errors"
	"fmt"
	"path/filepath"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
)

// WriteOther writes the maps of the other product of a scene, of the years of epoch 0 and 1, to the folder dir. The
// grid of the scene must be in degrees. tiffOptions are those of [Write].
func WriteOther(dir string, s *scene.Scene, tiffOptions ...string) error {
	crs, err := gdalraster.ParseCRS(gridCRS(s.Params()))
	if err != nil {
		return err
	}
	o := s.Other()
	grid := o.Grid()
	grid.CRS = crs
	for epoch, year := range []int{scene.YearA, scene.YearB} {
		path := filepath.Join(dir, scene.OtherFile(year))
		err := writeRows(path, grid, tiled(tiffOptions), func(row int, dst []uint8) { o.Row(epoch, row, dst) })
		if err == nil {
			err = describe(path, fmt.Sprintf("%s Land cover %d of another product, GLC_FCS30D codes.", scene.Synthetic, year))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeRows writes a raster without palette, whose rows are made on all processors.
func writeRows(path string, grid raster.Grid, options []string, rowOf func(row int, dst []uint8)) error {
	noData := 0.0
	w, err := gdalraster.Create(path, grid, &noData, nil, options...)
	if err != nil {
		return err
	}
	band := make([]uint8, min(bandRows, grid.Rows)*grid.Cols)
	for row := 0; row < grid.Rows && err == nil; row += bandRows {
		band = band[:min(bandRows, grid.Rows-row)*grid.Cols]
		eachRow(len(band)/grid.Cols, func(i int) { rowOf(row+i, band[i*grid.Cols:(i+1)*grid.Cols]) })
		err = w.WriteRows(row, band)
	}
	return errors.Join(err, w.Close())
}
