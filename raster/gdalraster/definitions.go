package gdalraster

/*
#include <proj.h>
#include <stdlib.h>
*/
import "C"

import (
	"sync"
	"unsafe"

	"greenshield/raster"
)

// Definitions understands the CRSs of files, and remembers them: PROJ takes some milliseconds to open its database, and
// 50 ms to find that it lacks a projection, and the files of a job mostly have one CRS. The zero value is ready for use,
// a nil one remembers nothing. Its methods may be called concurrently.
type Definitions struct {
	mu     sync.Mutex
	parsed map[string]raster.CRS // by the text that defines it
	codes  map[string]int        // by definition, as PROJ writes it: its EPSG code, 0 for none
}

// ParseCRS reads a CRS from "EPSG:4527" or from WKT of any dialect (WKT 1 of GDAL or ESRI, WKT 2). Compound and
// three-dimensional CRSs yield their horizontal part. A definition that equals one of the EPSG database in all but
// names and axis order gets that code and, unless it carries a datum shift (TOWGS84), the text of the database; a
// code that is claimed by a differing definition is dropped. A CRS that is neither geographic in degrees nor
// projected is an error.
func (d *Definitions) ParseCRS(userInput string) (raster.CRS, error) {
	if d != nil {
		d.mu.Lock()
		crs, ok := d.parsed[userInput]
		d.mu.Unlock()
		if ok {
			return crs, nil
		}
	}
	s := newProjScope()
	defer s.close()
	s.definitions = d
	pj, err := s.parse(userInput)
	if err != nil {
		return raster.CRS{}, err
	}
	crs, err := s.describe(pj)
	if err == nil && d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.parsed == nil {
			d.parsed = map[string]raster.CRS{}
		}
		d.parsed[userInput] = crs
	}
	return crs, err
}

// ParseCRS is [Definitions.ParseCRS] for a definition that occurs once.
func ParseCRS(userInput string) (raster.CRS, error) { return (*Definitions)(nil).ParseCRS(userInput) }

// codeOf returns the EPSG code of a CRS, 0 when it has none, and searches for that once for each definition.
func (s *projScope) codeOf(pj *C.PJ) int {
	d := s.definitions
	if d == nil {
		return s.identify(pj)
	}
	definition := s.wkt(pj)
	if definition == "" {
		return s.identify(pj)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	code, ok := d.codes[definition]
	if !ok {
		if d.codes == nil {
			d.codes = map[string]int{}
		}
		code = s.identify(pj)
		d.codes[definition] = code
	}
	return code
}

// wkt writes a CRS, or whatever else PROJ has, as WKT in one line; "" when it cannot be written.
func (s *projScope) wkt(pj *C.PJ) string {
	option := C.CString("MULTILINE=NO")
	defer C.free(unsafe.Pointer(option))
	options := [2]*C.char{option, nil}
	return C.GoString(C.proj_as_wkt(s.ctx, pj, C.PJ_WKT2_2019, &options[0]))
}
