package gdalraster

/*
#include <proj.h>
#include <proj_experimental.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unsafe"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// These are the EPSG codes of the two geographic CRSs that count as one datum.
const (
	epsgCGCS2000 = 4490
	epsgWGS84    = 4326
)

// ErrReproject marks (by errors.Is) a CRS that cannot be used as it is, so that the data have to be brought to another.
// Its text is the last part of a message, to which who knows the file adds the command.
var ErrReproject = errors.New("bring the data to another CRS first")

// CRSOf is [ParseCRS] of a GDAL spatial reference.
func CRSOf(sr *godal.SpatialRef) (raster.CRS, error) {
	if sr == nil {
		return raster.CRS{}, errors.New("no coordinate reference system")
	}
	wkt, err := sr.WKT()
	if err != nil {
		return raster.CRS{}, err
	}
	return ParseCRS(wkt)
}

// Base returns the geographic CRS that c is built on, c itself when it is geographic.
func Base(c raster.CRS) (raster.CRS, error) {
	s := newProjScope()
	defer s.close()
	return s.baseOf(c)
}

func (s *projScope) baseOf(c raster.CRS) (raster.CRS, error) {
	if c.Geographic && strings.HasPrefix(c.WKT, "GEOGCRS[") { // describe writes it so unless it carries a datum shift
		return c, nil
	}
	pj, err := s.parse(c.WKT)
	if err != nil {
		return raster.CRS{}, err
	}
	base, err := s.base(pj)
	if err != nil {
		return raster.CRS{}, err
	}
	return s.describe(base)
}

// Unit returns the unit of c's coordinates as PROJ names it, such as "metre" or
// "degree"; "" when c is not understood.
func Unit(c raster.CRS) string {
	s := newProjScope()
	defer s.close()
	pj, err := s.parse(c.WKT)
	if err != nil {
		return ""
	}
	cs := s.own(C.proj_crs_get_coordinate_system(s.ctx, s.horizontal(pj)))
	var unit *C.char
	if cs == nil || C.proj_cs_get_axis_info(s.ctx, cs, 0, nil, nil, nil, nil, &unit, nil, nil) == 0 {
		return ""
	}
	return C.GoString(unit)
}

// SameCRS reports whether a and b are one CRS, however they are spelled (EPSG code, ESRI or GDAL WKT) and whatever
// order their definitions give the axes. A datum shift that a definition carries (TOWGS84) is no part of the CRS. A
// CRS that cannot be understood is only the same as its own text.
func SameCRS(a, b raster.CRS) bool {
	if a.WKT == b.WKT {
		return a.WKT != ""
	}
	// EPSG is only set when the definition was found equal to the code's.
	if a.EPSG != 0 && b.EPSG != 0 {
		return a.EPSG == b.EPSG
	}
	s := newProjScope()
	defer s.close()
	pa, errA := s.parse(a.WKT)
	pb, errB := s.parse(b.WKT)
	return errA == nil && errB == nil && s.same(pa, pb)
}

// SameDatum reports whether coordinates of a and b refer to one datum, so that going
// from one to the other is pure map projection. CGCS2000 and WGS 84 count as one:
// their difference is below a decimetre, and the EPSG database has no shift for them.
func SameDatum(a, b raster.CRS) bool {
	baseA, errA := Base(a)
	baseB, errB := Base(b)
	return errA == nil && errB == nil && (SameCRS(baseA, baseB) || nullShift(baseA, baseB))
}

// nullShift reports whether each of two geographic CRSs is CGCS2000 or WGS 84.
func nullShift(a, b raster.CRS) bool {
	known := func(c raster.CRS) bool { return isCGCS2000(c) || isWGS84(c) }
	return known(a) && known(b)
}

// isCGCS2000 reports whether a geographic CRS is CGCS2000, also by names that are in use but not in the EPSG
// database, such as "CGCS_2000", provided that the ellipsoid is the right one.
func isCGCS2000(c raster.CRS) bool {
	const inverseFlattening = 298.257222101 // GB 22021-2008; files round it differently
	return c.EPSG == epsgCGCS2000 || named(c, "CGCS2000", inverseFlattening)
}

// isWGS84 reports whether a geographic CRS is WGS 84, also by definitions that name it without an EPSG code, and
// often with the datum "unknown", as GeoTIFF drivers write them for custom projections.
func isWGS84(c raster.CRS) bool {
	const inverseFlattening = 298.257223563 // NIMA TR8350.2
	return c.EPSG == epsgWGS84 || c.EPSG == 0 && named(c, "WGS84", inverseFlattening)
}

// named reports whether a CRS has a name in its own one, spaces, hyphens and underscores aside, and an ellipsoid.
func named(c raster.CRS, name string, inverseFlattening float64) bool {
	letters := strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(c.Name))
	return strings.Contains(letters, name) && c.SemiMajorM == 6378137 && math.Abs(1/c.Flattening-inverseFlattening) < 1e-6
}

// projScope is one PROJ context and what was made in it. PROJ keeps errors in the context, so a goroutine may move to
// another thread between two calls.
type projScope struct {
	ctx         *C.PJ_CONTEXT
	pjs         []*C.PJ
	definitions *Definitions // nil to remember nothing
}

func newProjScope() *projScope {
	s := &projScope{ctx: C.proj_context_create()}
	C.proj_log_level(s.ctx, C.PJ_LOG_NONE)
	C.proj_context_set_enable_network(s.ctx, 0)
	return s
}

func (s *projScope) own(pj *C.PJ) *C.PJ {
	if pj != nil {
		s.pjs = append(s.pjs, pj)
	}
	return pj
}

func (s *projScope) close() {
	for _, pj := range s.pjs {
		C.proj_destroy(pj)
	}
	s.pjs = nil
	C.proj_context_destroy(s.ctx)
}

func (s *projScope) reason() string {
	if code := C.proj_context_errno(s.ctx); code != 0 {
		return C.GoString(C.proj_context_errno_string(s.ctx, code))
	}
	return "no reason given"
}

// parse returns the CRS that a text defines; a vertical part is dropped, TOWGS84 is kept.
func (s *projScope) parse(text string) (*C.PJ, error) {
	text = strings.TrimSpace(text)
	var pj *C.PJ
	if len(text) > 5 && strings.EqualFold(text[:5], "EPSG:") {
		if _, err := strconv.ParseUint(text[5:], 10, 31); err != nil {
			return nil, fmt.Errorf("%q is no EPSG code; write EPSG: and a number", text)
		}
		if pj = s.database(text[5:]); pj == nil {
			return nil, fmt.Errorf("%s is no coordinate reference system of the EPSG database of PROJ %s", text, projVersion())
		}
	} else {
		c := C.CString(text)
		defer C.free(unsafe.Pointer(c))
		var warnings, problems C.PROJ_STRING_LIST
		pj = s.own(C.proj_create_from_wkt(s.ctx, c, nil, &warnings, &problems))
		C.proj_string_list_destroy(warnings)
		why := ""
		if problems != nil && *problems != nil {
			why = ": " + strings.Join(strings.Fields(C.GoString(*problems)), " ")
		}
		C.proj_string_list_destroy(problems)
		if pj == nil {
			return nil, fmt.Errorf("coordinate reference system %q is neither EPSG:number nor readable WKT%s", short(text), why)
		}
	}
	if C.proj_is_crs(pj) == 0 {
		return nil, fmt.Errorf("%q is not a coordinate reference system", short(text))
	}
	if C.proj_get_type(pj) == C.PJ_TYPE_COMPOUND_CRS {
		pj = s.own(C.proj_crs_get_sub_crs(s.ctx, pj, 0))
	}
	return pj, nil
}

func short(text string) string {
	if r := []rune(text); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return text
}

func (s *projScope) database(code string) *C.PJ {
	epsg, c := C.CString("EPSG"), C.CString(code)
	defer C.free(unsafe.Pointer(epsg))
	defer C.free(unsafe.Pointer(c))
	return s.own(C.proj_create_from_database(s.ctx, epsg, c, C.PJ_CATEGORY_CRS, 0, nil))
}

// horizontal strips what does not change the meaning of x and y: TOWGS84 and heights.
func (s *projScope) horizontal(pj *C.PJ) *C.PJ {
	for pj != nil {
		switch C.proj_get_type(pj) {
		case C.PJ_TYPE_BOUND_CRS:
			pj = s.own(C.proj_get_source_crs(s.ctx, pj))
		case C.PJ_TYPE_COMPOUND_CRS:
			pj = s.own(C.proj_crs_get_sub_crs(s.ctx, pj, 0))
		case C.PJ_TYPE_GEOGRAPHIC_3D_CRS:
			pj = s.own(C.proj_crs_demote_to_2D(s.ctx, nil, pj))
		default:
			return pj
		}
	}
	return nil
}

func (s *projScope) base(pj *C.PJ) (*C.PJ, error) {
	if h := s.horizontal(pj); h != nil {
		if base := s.horizontal(s.own(C.proj_crs_get_geodetic_crs(s.ctx, h))); base != nil {
			return base, nil
		}
	}
	return nil, fmt.Errorf("coordinate reference system %q has no geographic base", C.GoString(C.proj_get_name(pj)))
}

func (s *projScope) describe(pj *C.PJ) (raster.CRS, error) {
	var c raster.CRS
	h := s.horizontal(pj)
	if h == nil {
		return c, fmt.Errorf("coordinate reference system %q has no horizontal part", C.GoString(C.proj_get_name(pj)))
	}
	c.Name = C.GoString(C.proj_get_name(h))
	var unit C.double // in metres or radians
	if cs := s.own(C.proj_crs_get_coordinate_system(s.ctx, h)); cs != nil {
		C.proj_cs_get_axis_info(s.ctx, cs, 0, nil, nil, nil, &unit, nil, nil, nil)
	}
	switch C.proj_get_type(h) {
	case C.PJ_TYPE_PROJECTED_CRS:
		if c.UnitM = float64(unit); !(c.UnitM > 0) {
			return c, fmt.Errorf("coordinate reference system %q has no unit of length", c.Name)
		}
	case C.PJ_TYPE_GEOGRAPHIC_2D_CRS:
		c.Geographic = true
		if math.Abs(float64(unit)*180/math.Pi-1) > 1e-9 {
			return c, fmt.Errorf("geographic coordinate reference system %q is not in degrees; %w", c.Name,
				ErrReproject)
		}
	default:
		return c, fmt.Errorf("coordinate reference system %q is neither geographic nor projected; state the right one "+
			"by crs: EPSG:… under it in the job file", c.Name)
	}

	c.EPSG = s.codeOf(h)
	if C.proj_get_type(pj) != C.PJ_TYPE_BOUND_CRS {
		pj = h
		if c.EPSG != 0 { // so that one CRS has one spelling
			pj = s.database(strconv.Itoa(c.EPSG))
			c.Name = C.GoString(C.proj_get_name(pj))
		}
	}
	if c.WKT = s.wkt(pj); c.WKT == "" {
		return c, fmt.Errorf("coordinate reference system %q cannot be written as WKT: %s", c.Name, s.reason())
	}

	ellipsoid := s.own(C.proj_get_ellipsoid(s.ctx, h))
	var a, inverse C.double
	if ellipsoid == nil || C.proj_ellipsoid_get_parameters(s.ctx, ellipsoid, &a, nil, nil, &inverse) == 0 || !(a > 0) {
		return c, fmt.Errorf("coordinate reference system %q has no ellipsoid", c.Name)
	}
	c.SemiMajorM = float64(a)
	if inverse != 0 {
		c.Flattening = 1 / float64(inverse)
	}
	return c, nil
}

// identify returns the EPSG code whose definition equals h in all but names and axis order, 0 if there is none. A
// code that h merely claims is not believed.
func (s *projScope) identify(h *C.PJ) int {
	epsg := C.CString("EPSG")
	defer C.free(unsafe.Pointer(epsg))
	if C.proj_get_type(h) == C.PJ_TYPE_GEOGRAPHIC_2D_CRS {
		// PROJ searches with the axes in EPSG's own order; with longitude first it finds a CRS by its name at best.
		datum := s.own(C.proj_crs_get_datum_forced(s.ctx, h))
		latLon := s.own(C.proj_create_ellipsoidal_2D_cs(s.ctx, C.PJ_ELLPS2D_LATITUDE_LONGITUDE, nil, 0))
		rebuilt := s.own(C.proj_create_geographic_crs_from_datum(s.ctx, C.proj_get_name(h), datum, latLon))
		if rebuilt != nil {
			h = rebuilt
		}
	}
	list := C.proj_identify(s.ctx, h, epsg, nil, nil)
	if list == nil {
		return 0
	}
	defer C.proj_list_destroy(list)
	for i := range C.proj_list_get_count(list) {
		candidate := s.own(C.proj_list_get(s.ctx, list, i))
		code, err := strconv.Atoi(C.GoString(C.proj_get_id_code(candidate, 0)))
		if err == nil && s.same(h, candidate) {
			return code
		}
	}
	return 0
}

func (s *projScope) same(a, b *C.PJ) bool {
	a, b = s.horizontal(a), s.horizontal(b)
	if a == nil || b == nil {
		return false
	}
	eastNorth := func(pj *C.PJ) *C.PJ {
		if n := s.own(C.proj_normalize_for_visualization(s.ctx, pj)); n != nil {
			return n
		}
		return pj
	}
	return C.proj_is_equivalent_to_with_ctx(s.ctx, eastNorth(a), eastNorth(b),
		C.PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS) != 0
}
