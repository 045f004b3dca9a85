// Package raster holds the lattice that everything is measured on: the [Grid],
// windows of it, the area of its cells on the ellipsoid, and the [Source] of class
// codes. It is pure Go; gdalraster beside it opens files.
package raster
