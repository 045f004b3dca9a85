// Package gdalvector reads polygon layers from files that people exchange (Shapefile, GeoPackage, file geodatabase,
// GeoJSON, FlatGeobuf, KML; also in a zip archive) and writes small ones. It needs cgo; gdalraster.Init must have been
// called before.
//
// Reading is strict: a layer is either read whole or refused. The number of features that are read must be the one
// that the file declares, attribute text is decoded by a declared or proven encoding or not at all, and only the
// driver that the file's extension stands for may open it.
//
// GDAL leaves out checks that would show damage, so they are made here: lengths in a .shp against its .shx, records
// in a DBF, placemarks and coordinates of a KML file. Text that is declared in no way is read as UTF-8 only if all of
// the file is; otherwise it is GB18030, with a sample shown.
package gdalvector
