package gdalexchange

// #cgo pkg-config: gdal
// #include <ogr_core.h>
import "C"

import (
	"fmt"
	"math"
)

// format is how a file is written.
type format struct {
	ext, driver string
	geometry    C.OGRwkbGeometryType
	options     []string // of its layer
	limit       int64    // bytes of one file
	maxText     int      // bytes of a text, 0 for no limit
	encoding    string   // of texts
	aliases     bool     // fields have a second name
	grid        grid     // to which it rounds coordinates
}

// maxShapefile is how many bytes a .shp or .dbf may have for all software to read it: their offsets are signed numbers
// of 32 bits.
const maxShapefile = 1<<31 - 1

// shapefile is the format of Shapefiles. Their .dbf holds a day, for which the last of the later year stands.
func shapefile(encoding string, year int) *format {
	return &format{".shp", "ESRI Shapefile", C.wkbPolygon, []string{
		"ENCODING=" + encoding, fmt.Sprintf("DBF_DATE_LAST_UPDATE=%04d-12-31", year), "2GB_LIMIT=YES",
	}, maxShapefile, 254, encoding, false, grid{}}
}

// flatGeobuf is the format of FlatGeobufs. Their spatial index puts the features into an order of its own, that of a
// Hilbert curve. To make it, GDAL keeps a record of each feature in memory.
func flatGeobuf() *format {
	return &format{".fgb", "FlatGeobuf", C.wkbMultiPolygon, []string{"SPATIAL_INDEX=YES"}, math.MaxInt64, 0, "UTF-8", true,
		grid{}}
}
