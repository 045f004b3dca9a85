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
	"strings"
	"unsafe"

	"greenshield/raster"
)

// StateCRS returns the CRS that a user states of a file: a whole one ("EPSG:4547", WKT of any dialect, or a PROJ string
// such as "+proj=aea …"), or only the datum, "CGCS2000" or "WGS84", which keeps own, the projection of the file itself.
// own may be the zero value where a whole CRS is stated. Nothing is moved: the numbers of the file stay.
func (d *Definitions) StateCRS(stated string, own raster.CRS) (raster.CRS, error) {
	s := newProjScope()
	defer s.close()
	s.definitions = d
	datums := map[string]string{"CGCS2000": "4490", "WGS84": "4326"}
	code, datumOnly := datums[strings.ToUpper(strings.TrimSpace(stated))]
	if !datumOnly {
		pj, err := s.parseStated(stated)
		if err != nil {
			return raster.CRS{}, err
		}
		return s.describe(pj)
	}
	if own.WKT == "" {
		return raster.CRS{}, fmt.Errorf("crs: %s states a datum, but the file has no projection to go with it; "+
			"state a whole CRS, such as crs: EPSG:4547", stated)
	}
	pj, err := s.parse(own.WKT)
	if err != nil {
		return raster.CRS{}, err
	}
	if own.Flattening == 0 {
		return raster.CRS{}, fmt.Errorf("crs: %s cannot be right for a file whose CRS %s is on a sphere; %w", stated,
			title(own), ErrReproject)
	}
	base := s.database(code)
	h := s.horizontal(pj)
	if h == nil || base == nil {
		return raster.CRS{}, errors.New("the datum of its CRS cannot be replaced")
	}
	if own.Geographic {
		return s.describe(base)
	}
	lonLat := s.own(C.proj_crs_alter_geodetic_crs(s.ctx, h, base))
	if lonLat == nil {
		return raster.CRS{}, fmt.Errorf("the datum of its CRS cannot be replaced: %s", s.reason())
	}
	return s.describe(lonLat)
}

// parseStated is parse, for PROJ strings too.
func (s *projScope) parseStated(text string) (*C.PJ, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "+") {
		return s.parse(text)
	}
	if !strings.Contains(text, "+type=crs") {
		text += " +type=crs"
	}
	c := C.CString(text)
	defer C.free(unsafe.Pointer(c))
	pj := s.own(C.proj_create(s.ctx, c))
	if pj == nil || C.proj_is_crs(pj) == 0 {
		return nil, fmt.Errorf("coordinate reference system %q is not understood by PROJ: %s", short(text), s.reason())
	}
	return pj, nil
}

// StatedShiftM returns how far a place lies, in metres, from where it would lie if its coordinates were taken for
// those of own instead of stated, each datum for itself: what a wrong statement costs at most through the ellipsoid.
// x and y are in the units of both.
func StatedShiftM(own, stated raster.CRS, x, y float64) (float64, error) {
	lonLat := func(c raster.CRS) (lon, lat float64, err error) {
		base, err := Base(c)
		if err != nil {
			return 0, 0, err
		}
		t, err := NewTransform(c, base)
		if err != nil {
			return 0, 0, err
		}
		defer t.Close()
		px, py := []float64{x}, []float64{y}
		err = t.XY(px, py)
		return px[0], py[0], err
	}
	lon1, lat1, err := lonLat(own)
	if err != nil {
		return 0, err
	}
	lon2, lat2, err := lonLat(stated)
	if err != nil {
		return 0, err
	}
	const degreeM = 6371e3 * math.Pi / 180
	return degreeM * math.Hypot((lon2-lon1)*math.Cos(lat1*math.Pi/180), lat2-lat1), nil
}
