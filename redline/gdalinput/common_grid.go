package gdalinput

import (
	"fmt"
	"slices"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
)

// findCommonGrid brings the two epochs to their common grid, which becomes the lattice of the run, and measures it. It
// finds the places of the maps between on that grid. Of others, on grids of their own, it only regards the blocks.
func (l *Loaded) findCommonGrid(before, after *epoch, between, others []*epoch) error {
	if sameCells(before, after) {
		after.in.warn("has the same content as the raster of before, so nothing will have changed; is it the right file?")
	}
	warnOfSameMaps(before, after, between)
	if err := l.shareMemory(before, after, slices.Concat(between, others)); err != nil {
		return err
	}
	gridB, gridA := before.Grid(), after.Grid()
	if box, err := project(bounds(gridA), gridA.CRS, gridB.CRS); err == nil && !overlap(box, bounds(gridB)) {
		l.ground = groundApart
		return redline.Faultf(redline.Incompatible,
			"the two rasters do not overlap: before (%s) covers %s, after (%s) %s; name rasters of one area",
			before.in.Record.Path, lonLat(bounds(gridB), gridB.CRS), after.in.Record.Path, lonLat(bounds(gridA), gridA.CRS))
	}
	source, aligned, err := l.alignAfter(before, after)
	if err != nil {
		return err
	}
	windowB, windowA, err := raster.Common(gridB, source.Grid())
	if err != nil {
		return redline.WithKind(redline.Incompatible, err)
	}
	grid := gridB.Sub(windowB)
	if !aligned && (grid.Cells() < gridB.Cells() || grid.Cells() < gridA.Cells()) {
		after.in.warn("and before differ in extent: their common %d × %d cells are compared; "+
			"%d cells of before and %d of after lie outside",
			grid.Cols, grid.Rows, gridB.Cells()-grid.Cells(), gridA.Cells()-grid.Cells())
	}
	l.Inputs.Before, l.Inputs.After = *before.in.epoch, *after.in.epoch
	l.Inputs.Before.Window, l.Inputs.After.Window = windowB, windowA
	l.Inputs.After.Source = source
	l.Inputs.Grid = grid
	before.in.epoch.Window, after.in.epoch.Window = windowB, windowA
	if aligned { // which of its cells the grid shows is only known when they are read
		after.in.epoch.Window = raster.Window{}
	}
	if err := l.measureGrid(before.in.Record.Path); err != nil {
		return err
	}
	l.ground = groundCommon
	aligned = l.placeBetween(before, between) || aligned
	if l.job.Align && !aligned {
		after.in.warn("lies on before's grid already: nothing was aligned")
	}
	return nil
}

// alignAfter returns the cells of after on the grid of before: those of the raster itself when the two lie on one
// lattice, else, where the job allows it, those of the raster aligned to that grid.
func (l *Loaded) alignAfter(before, after *epoch) (source raster.Source, aligned bool, err error) {
	reason := latticesDiffer(before.Grid(), after.Grid())
	switch {
	case reason == nil:
		return after.Epoch, false, nil
	case !l.job.Align:
		return nil, false, redline.Faultf(redline.Incompatible,
			"the two rasters do not share one grid: before (%s) and after (%s): %w; "+
				"say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour",
			before.in.Record.Path, after.in.Record.Path, reason)
	}
	moved, err := gdalraster.Align(after.Epoch, before.Grid())
	if err != nil {
		return nil, false, redline.WithKind(redline.Incompatible, err)
	}
	after.in.warnOfAlignment(moved, reason)
	return moved, true, nil
}

// latticesDiffer says why two grids do not lie on one lattice, nil when they do.
func latticesDiffer(before, after raster.Grid) error {
	if !gdalraster.SameCRS(before.CRS, after.CRS) {
		return fmt.Errorf("their CRSs differ, %s against %s", crsTitle(before.CRS), crsTitle(after.CRS))
	}
	_, _, err := raster.Offset(before, after)
	return err
}

// shareMemory sets Workers to as many as the memory suffices for: their blocks may take half of it. The rest is for
// the program itself, the libraries, and what the collector of garbage has not found yet.
func (l *Loaded) shareMemory(before, after *epoch, more []*epoch) error {
	// A block is read whole, so each worker holds one of each epoch, in five forms: decoded, in GDAL's cache, as symbols
	// of a tile and of a band, and as runs.
	const forms = 5
	larger := before
	if after.Describe().BlockBytes > before.Describe().BlockBytes {
		larger = after
	}
	each := forms * (before.Describe().BlockBytes + after.Describe().BlockBytes)
	// Of all other maps, one after the other, in three: decoded, in GDAL's cache, and as symbols.
	most := int64(0)
	for _, m := range more {
		bytes := m.Describe().BlockBytes
		if most = max(most, 3*bytes); bytes > larger.Describe().BlockBytes {
			larger = m
		}
	}
	each += most
	room := l.job.MaxMemory / 2
	if each > room {
		return redline.Faultf(redline.Limit, "%s: its blocks need up to %d MiB each, too much for a memory of %d MiB; "+
			"say --max-memory %dMiB, or %s", larger.in.Record.Path, larger.Describe().BlockBytes>>20, l.job.MaxMemory>>20,
			(2*each+1<<20-1)>>20, larger.Smaller())
	}
	l.Workers = int(min(int64(l.job.Workers), room/max(1, each)))
	return nil
}

// measureGrid makes the Earth of the lattice; path is for the error.
func (l *Loaded) measureGrid(path string) (err error) {
	l.Inputs.Earth, err = newEarth(path, l.Inputs.Grid)
	return err
}

// newEarth measures a grid; path is for the error, a [redline.Fault].
func newEarth(path string, grid raster.Grid) (*raster.Earth, error) {
	fail := func(kind redline.Kind, err error) (*raster.Earth, error) {
		return nil, redline.Faultf(kind, "%s: %w", path, err)
	}
	var base, lonlat raster.Transform
	var published *gdalraster.Transform // the Earth keeps it for places beyond the grid
	if !grid.CRS.Geographic {
		geographic, err := gdalraster.Base(grid.CRS)
		if err != nil {
			return fail(redline.Raster, err)
		}
		t, err := gdalraster.NewTransform(grid.CRS, geographic)
		if err != nil {
			return fail(redline.Raster, err)
		}
		base, published = t.XY, t
	}
	wgs84, err := gdalraster.ParseCRS("EPSG:4326")
	if err != nil {
		return nil, err
	}
	if !gdalraster.SameDatum(grid.CRS, wgs84) { // else the longitudes and latitudes published are those of base
		t, err := gdalraster.NewTransformWithin(grid.CRS, wgs84, gdalraster.ExtentOf(grid))
		if err != nil {
			return fail(redline.Incompatible, err)
		}
		if published != nil {
			defer published.Close()
		}
		lonlat, published = t.XY, t
	}
	earth, err := raster.NewEarth(grid, base, lonlat)
	if err != nil {
		if published != nil {
			published.Close()
		}
		return fail(faultKind(redline.Raster, err), err)
	}
	return earth, nil
}
