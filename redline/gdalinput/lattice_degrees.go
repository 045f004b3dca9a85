package gdalinput

import (
	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// mapping replaces points (u, v) of the lattice by their longitudes and latitudes in degrees.
type mapping func(u, v []float64) error

// latticeDegrees returns the mapping of a grid: to WGS 84 where PROJ knows a way, else to the longitude and latitude
// that the grid's own CRS is based on. The mapping may be used by one goroutine at a time, until close frees it.
func latticeDegrees(grid raster.Grid) (m mapping, close func(), err error) {
	to, err := gdalraster.ParseCRS("EPSG:4326")
	if err != nil {
		return nil, nil, err
	}
	t, err := gdalraster.NewTransformWithin(grid.CRS, to, gdalraster.ExtentOf(grid))
	// The mapping serves for a few digits and for the GCJ-02 offset, which varies slowly: another datum will do.
	if err != nil {
		if to, err = gdalraster.Base(grid.CRS); err == nil {
			t, err = gdalraster.NewTransform(grid.CRS, to)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return func(u, v []float64) error {
		for i := range u {
			u[i], v[i] = grid.Map(u[i], v[i])
		}
		return t.XY(u, v)
	}, t.Close, nil
}
