// Package gdalvector reads polygon layers from files that people exchange (Shapefile,
// GeoPackage, file geodatabase, GeoJSON, FlatGeobuf) and writes small ones. It needs
// cgo; gdalraster.Init must have been called before.
//
// Reading is strict: a layer is either read whole or refused. The features read equal
// those that the file declares, attribute text is decoded by a declared or proven
// encoding or not at all, and only the driver that the file's extension stands for
// may open it.
package gdalvector
