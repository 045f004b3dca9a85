package gdalscene

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
)

// WriteTrial writes the maps, zones and counties of a trial to the new folder dir, with the job file that runs it: the
// first product as the epochs and, for [scene.TrialYear], as the newest map; the second and the third one as pairs that
// confirm, each on its own grid: GLC_FCS30D's codes on finer cells in degrees, GlobeLand30's on cells of 100 m in
// EPSG:4527. A cell of theirs is what lies at its centre. The truth is not written.
func WriteTrial(dir string, t *scene.Trial) error {
	if err := emptyFolder(dir); err != nil {
		return err
	}
	grid := t.Grid()
	crs, err := gdalraster.ParseCRS(gridCRS(t.Params()))
	if err != nil {
		return err
	}
	grid.CRS = crs
	own, err := gdalraster.ParseCRS(redLineCRS)
	if err != nil {
		return err
	}
	fine := t.Other().Grid()
	fine.CRS = crs
	wide, err := coarse(grid, own)
	if err != nil {
		return err
	}
	for _, f := range scene.TrialFiles() {
		g := [...]raster.Grid{scene.First: grid, scene.Second: fine, scene.Third: wide}[f.Product]
		if err := writeCentres(filepath.Join(dir, f.File), g, grid, t.Map(f.Product, f.Epoch), f.Codes); err != nil {
			return fmt.Errorf("%s: %w", f.File, err)
		}
	}
	for _, l := range layerFiles(t.Scene, t.Params())[:3] {
		if err := writeLayer(filepath.Join(dir, l.file), t.Scene, crs, l); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, scene.JobFile), []byte(scene.TrialJob(t.Params())), 0o666)
}

// coarse returns the grid of cells of 100 m in a CRS around the middle of a grid in degrees. It covers nearly all.
func coarse(grid raster.Grid, crs raster.CRS) (raster.Grid, error) {
	t, err := gdalraster.NewTransform(grid.CRS, crs)
	if err != nil {
		return raster.Grid{}, err
	}
	defer t.Close()
	x, y := grid.Map(float64(grid.Cols)/2, float64(grid.Rows)/2)
	xs, ys := []float64{x}, []float64{y}
	if err := t.XY(xs, ys); err != nil {
		return raster.Grid{}, err
	}
	const side = 100
	cols, rows := grid.Cols*scene.CellM/side*86/100, grid.Rows*scene.CellM/side
	return raster.Grid{
		CRS: crs, Cols: cols, Rows: rows, CellX: side, CellY: side,
		OriginX: math.Floor(xs[0]) - float64(cols/2*side), OriginY: math.Floor(ys[0]) + float64(rows/2*side),
	}, nil
}

// writeCentres writes a raster on the grid to whose cells have the codes of the classes that cells, on the grid from,
// have at their centres; 0 where that is outside.
func writeCentres(path string, to, from raster.Grid, cells []uint8, codes *[10]uint8) error {
	t, err := gdalraster.NewTransform(to.CRS, from.CRS)
	if err != nil {
		return err
	}
	defer t.Close()
	all := make([]uint8, to.Cols*to.Rows)
	x, y := make([]float64, to.Cols), make([]float64, to.Cols)
	for row := range to.Rows {
		for col := range to.Cols {
			x[col], y[col] = to.Map(float64(col)+0.5, float64(row)+0.5)
		}
		if err := t.XY(x, y); err != nil {
			return err
		}
		for col := range to.Cols {
			u, v := math.Floor((x[col]-from.OriginX)/from.CellX), math.Floor((from.OriginY-y[col])/from.CellY)
			if u >= 0 && v >= 0 && u < float64(from.Cols) && v < float64(from.Rows) {
				all[row*to.Cols+col] = codes[cells[int(v)*from.Cols+int(u)]]
			}
		}
	}
	noData := 0.0
	w, err := gdalraster.Create(path, to, &noData, nil, tiled(nil)...)
	if err != nil {
		return err
	}
	return errors.Join(w.WriteRows(0, all), w.Close())
}
