// Package gdalexchange writes the files by which offices exchange data: the candidates, and the zones with what was
// found in them, as Shapefiles, FlatGeobufs and file geodatabases in a CRS of the user's choice, with a table of what
// the fields mean.
//
// The candidates are walked over three times, so that memory does not grow with their number: to find the widths of
// fields and the texts that do not fit, to write, and to compare what OGR reads back with what was to be written. Of a
// FlatGeobuf, whose index has another order, a record and a hash of each feature are kept.
//
// The package needs cgo, and gdalraster.Init must have been called before anything of it is used.
package gdalexchange
