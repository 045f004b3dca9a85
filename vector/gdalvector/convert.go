package gdalvector

import (
	"encoding/json"
	"fmt"

	"strings"

	"greenshield/raster/gdalraster"
)

// convertible names, by the ending of a file's name, formats that are not read here but that GDAL's tools convert.
var convertible = map[string]string{
	".tab": "MapInfo", ".mif": "MapInfo", ".topojson": "TopoJSON", ".geojsonl": "GeoJSON text sequences",
	".geojsons": "GeoJSON text sequences", ".ndjson": "GeoJSON text sequences", ".gml": "GML",
}

// convert says that a format is not read, and gives the command that turns the file into one that is.
func convert(path, format string) error {
	command, condition := "ogr2ogr -f GPKG", ""
	if format == "TopoJSON" { // which cannot name a CRS
		command, condition = command+" -a_srs EPSG:4326", " (right for longitudes and latitudes of WGS 84)"
	}
	return fmt.Errorf("files of the format %s are not read; %s%s", format, gdalraster.Mend(".gpkg", path, command),
		condition)
}

// otherJSON returns the format of a JSON text that is no GeoJSON, "" for none that is known.
func otherJSON(b []byte) string {
	var top struct {
		Type         string
		GeometryType string
	}
	decoder := json.NewDecoder(strings.NewReader(string(b)))
	if decoder.Decode(&top) != nil {
		return ""
	}
	switch {
	case top.Type == "Feature" && decoder.More():
		return "GeoJSON text sequences"
	case top.Type == "Topology":
		return "TopoJSON"
	case top.Type == "" && strings.HasPrefix(top.GeometryType, "esriGeometry"):
		return "Esri JSON"
	}
	return ""
}
