package gdalscene

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
)

// WriteMaps writes files of maps of the years between the epochs of s to the folder dir, and the coarse legend when a
// map has its codes. The rasters of the epochs are in the folder of, where [Write] put them. tiffOptions are those of
// [Write]; how the bands of a file are interleaved follows from the map.
func WriteMaps(dir, of string, s *scene.Scene, years *scene.Years, maps []scene.Map, tiffOptions ...string) error {
	if _, err := gdalraster.Init(0); err != nil {
		return err
	}
	var epochs [2]godal.Band
	for e, name := range []string{scene.RasterA, scene.RasterB} {
		path, err := filepath.Abs(filepath.Join(of, name))
		if err != nil {
			return err
		}
		ds, err := godal.Open(path, godal.RasterOnly(), godal.Drivers("GTiff"))
		if err != nil {
			return err
		}
		defer ds.Close()
		epochs[e] = ds.Bands()[0]
	}
	p := s.Params()
	crs, err := gdalraster.ParseCRS(gridCRS(p))
	if err != nil {
		return err
	}
	for _, m := range maps {
		f := mapFile{m, filepath.Join(dir, m.File), s, epochs, years}
		if m.Window.Cols == 0 {
			f.Window = raster.Window{Cols: p.Cols, Rows: p.Rows}
		}
		if err := f.create(crs, tiled(tiffOptions)); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		if m.Coarse {
			if err := os.WriteFile(filepath.Join(dir, scene.CoarseLegend), scene.Coarse, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// mapFile is a file of maps that is written.
type mapFile struct {
	scene.Map
	path   string
	scene  *scene.Scene
	epochs [2]godal.Band
	years  *scene.Years
}

func (f *mapFile) create(crs raster.CRS, options []string) error {
	options = append(options[:len(options):len(options)], "INTERLEAVE=BAND")
	if f.Pixels {
		options[len(options)-1] = "INTERLEAVE=PIXEL"
	}
	absolute, err := filepath.Abs(f.path)
	if err != nil {
		return err
	}
	ds, err := godal.Create(godal.GTiff, absolute, len(f.Years), godal.Byte, f.Window.Cols, f.Window.Rows,
		godal.CreationOption(options...))
	if err != nil {
		return err
	}
	if err := errors.Join(f.fill(ds, crs), ds.Close()); err != nil {
		return err
	}
	legend := "CLCD codes"
	if f.Coarse {
		legend = "codes of " + scene.CoarseLegend
	}
	return describe(f.path, fmt.Sprintf("%s Land cover %v, %s.", scene.Synthetic, f.Years, legend))
}

// fill writes the head and the cells, in bands of rows.
func (f *mapFile) fill(ds *godal.Dataset, crs raster.CRS) error {
	grid := f.scene.Grid()
	x, y := f.scene.Map(float64(f.Window.Col), float64(f.Window.Row))
	if err := ds.SetGeoTransform([6]float64{x, grid.CellX, 0, y, 0, -grid.CellY}); err != nil {
		return err
	}
	if err := errors.Join(ds.SetProjection(crs.WKT), ds.SetNoData(0)); err != nil {
		return err
	}
	var epochs [2][]uint8
	for row := 0; row < f.Window.Rows; row += bandRows {
		rows := min(bandRows, f.Window.Rows-row)
		for e := range epochs {
			epochs[e] = make([]uint8, rows*grid.Cols)
			if err := f.epochs[e].Read(0, f.Window.Row+row, epochs[e], grid.Cols, rows); err != nil {
				return err
			}
		}
		cells := make([]uint8, len(f.Years)*rows*f.Window.Cols)
		for i, year := range f.Years {
			f.cells(year, row, epochs, cells[i*rows*f.Window.Cols:(i+1)*rows*f.Window.Cols])
		}
		if err := ds.Write(0, row, cells, f.Window.Cols, rows, godal.BandInterleaved()); err != nil {
			return err
		}
	}
	return nil
}

// cells fills dst with rows of the map of a year, from a row of the window on. epochs are the same rows of the grid.
func (f *mapFile) cells(year, firstRow int, epochs [2][]uint8, dst []uint8) {
	cols := f.scene.Grid().Cols
	eachRow(len(dst)/f.Window.Cols, func(i int) {
		row := make([]uint8, cols)
		f.years.Row(year, f.Window.Row+firstRow+i, epochs[0][i*cols:(i+1)*cols], epochs[1][i*cols:(i+1)*cols], row)
		out := dst[i*f.Window.Cols : (i+1)*f.Window.Cols]
		copy(out, row[f.Window.Col:])
		if f.Coarse {
			for k, class := range out {
				out[k] = scene.CoarseCodes[class]
			}
		}
	})
}
