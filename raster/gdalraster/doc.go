// Package gdalraster is the edge to GDAL and PROJ: it opens land-cover files as
// [raster.Source], understands coordinate reference systems, and writes GeoTIFFs.
//
// Call [Init] once before anything else. GDAL's dataset handles and PROJ's contexts
// never leave the goroutine that works with them: a [raster.Reader] and a
// [Transform] own theirs.
package gdalraster
