// Package raster holds the lattice that everything is measured on: the [Grid], windows of it, the area of its cells
// on the ellipsoid, and the [Source] of class codes. It is pure Go; gdalraster beside it opens files.
//
// Lattice coordinates (u, v) count cells from the grid's top-left corner, u east, v south. Everything between reading
// and writing happens in them: one set of edge rules serves every CRS.
//
// Areas are sums of whole units of 2⁻²⁸ m² in 128 bits (see [Area]): neither the order of work nor the tiling can
// change a digit. On geographic grids a cell's area follows from its row by the authalic closed form. On projected
// grids the local area scale is a Chebyshev series fitted to the Jacobian of PROJ's inverse to 1e-10, so a run's area
// is a difference of one function, and runs add up exactly. Polygons are integrated along their edges. Against
// GeographicLib's planimeter (edges densified to lattice lines) the largest relative difference in the tests stays
// below 1e-7, at 0°, 29–35° and 60° and on transverse Mercator.
//
// PROJ is out of the hot path. Longitude and latitude of lattice points on projected grids are the same kind of
// series, to 1e-9 degrees (0.1 mm). Grids whose projection varies too much for 40 terms per axis are refused rather
// than measured badly.
package raster
