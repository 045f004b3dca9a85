package gdalvector

/*
#include <cpl_conv.h>
#include <stdlib.h>
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
)

// Row is one feature to write. Shape is written as it is, valid or not.
type Row struct {
	Values []string // parallel to the fields
	Shape  orb.MultiPolygon
}

// WriteOptions are the choices of [Write]; the zero value chooses defaults.
type WriteOptions struct {
	Layer string // "" names the layer after the file
	// Encoding is that of a Shapefile's text, "" for UTF-8. Any other one is not declared in the files (no .cpg,
	// language byte 0), as much software leaves them.
	Encoding string
}

// Write writes a small polygon layer whose fields are all text to a new file, in the
// format of path's extension: .shp, .gpkg, .gdb, .geojson, .json or .fgb. GeoJSON is
// always in the CRS it is given in, named when that is not WGS 84, and which must have an EPSG code. The same input
// gives the same bytes, except in a .gdb. The folder must exist, the file must not.
func Write(path string, crs raster.CRS, fields []string, rows []Row, o WriteOptions) error {
	if err := write(path, crs, fields, rows, o); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

func write(path string, crs raster.CRS, fields []string, rows []Row, o WriteOptions) error {
	driver, err := driverOf(path)
	if err != nil {
		return err
	}
	if driver == "LIBKML" {
		return errors.New("KML is read, but not written")
	}
	if _, err := os.Lstat(path); err == nil {
		return errors.New("it exists already")
	}
	if driver == "GeoJSON" && crs.EPSG == 0 {
		return fmt.Errorf("the CRS %q has no EPSG code", crs.Name)
	}
	text, err := featureCollection(crs, fields, rows)
	if err != nil {
		return err
	}
	if driver == "GeoJSON" {
		return os.WriteFile(path, text, 0o666)
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	if o.Layer == "" {
		o.Layer = filepath.Base(stem)
	}
	args := []string{"-f", driver, "-nln", o.Layer, "-a_srs", crs.WKT, "-nlt", "MULTIPOLYGON"}
	if driver == "ESRI Shapefile" {
		encoding := o.Encoding
		if encoding == "" {
			encoding = "UTF-8"
		}
		args = append(args, "-lco", "ENCODING="+encoding, "-lco", "DBF_DATE_LAST_UPDATE="+writtenOn)
	}
	if err := translate(path, text, args); err != nil {
		return err
	}
	if driver == "ESRI Shapefile" && o.Encoding != "" {
		return undeclare(stem)
	}
	return nil
}

// writtenOn stands for the time of writing in formats that record it.
const writtenOn = "2020-01-01"

// featureCollection returns the GeoJSON that a layer is written as, or made from.
func featureCollection(crs raster.CRS, fields []string, rows []Row) ([]byte, error) {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection",`)
	if crs.EPSG != 4326 && crs.EPSG != 0 {
		fmt.Fprintf(&b, `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::%d"}},`, crs.EPSG)
	}
	b.WriteString(`"features":[`)
	for i, row := range rows {
		if len(row.Values) != len(fields) {
			return nil, fmt.Errorf("row %d has %d values for %d fields", i+1, len(row.Values), len(fields))
		}
		shape, err := json.Marshal(row.Shape)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + `{"type":"Feature","properties":{`)
		for k, field := range fields {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%s:%s", quote(field), quote(row.Values[k]))
		}
		fmt.Fprintf(&b, `},"geometry":{"type":"MultiPolygon","coordinates":%s}}`, shape)
	}
	b.WriteString("\n]}\n")
	return []byte(b.String()), nil
}

func quote(s string) string {
	b, _ := json.Marshal(s) // cannot fail for a string
	return string(b)
}

// translate lets GDAL make a file from GeoJSON text.
func translate(path string, text []byte, args []string) (err error) {
	// The time stamps of a GeoPackage come from this option, whose effect is on the
	// thread and has to last until the file is closed.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	name, value := C.CString("OGR_CURRENT_DATE"), C.CString(writtenOn+"T00:00:00.000Z")
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(value))
	C.CPLSetThreadLocalConfigOption(name, value)
	defer C.CPLSetThreadLocalConfigOption(name, nil)

	src, err := godal.Open(string(text), godal.VectorOnly(), godal.Drivers("GeoJSON"),
		godal.DriverOpenOption("DATE_AS_STRING=YES"))
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := src.VectorTranslate(path, args)
	if err != nil {
		return err
	}
	return dst.Close()
}

// undeclare removes what says how a Shapefile's text is coded.
func undeclare(stem string) error {
	if err := os.Remove(stem + ".cpg"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(stem+".dbf", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{0}, 29)
	return errors.Join(err, f.Close())
}
