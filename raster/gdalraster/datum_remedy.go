package gdalraster

/*
#include <proj.h>
*/
import "C"

import (
	"fmt"
	"math"
	"strings"

	"greenshield/raster"
)

// noTransformation is the error for two CRSs between which no operation can be trusted, with what can be done about
// the one whose datum is the cause. why says what PROJ knows.
func (t *Transform) noTransformation(baseFrom, baseTo raster.CRS, why string) error {
	text := fmt.Sprintf("no reliable transformation from %s to %s: ", title(t.from), title(t.to))
	cause, base := t.from, baseFrom
	if isCGCS2000(base) || isWGS84(base) {
		cause, base = t.to, baseTo
	}
	if base.Flattening == 0 {
		return fmt.Errorf("%s%s is on a sphere, which no datum is; %w", text, title(cause), ErrReproject)
	}
	return fmt.Errorf("%s%s; %s", text, why, t.s.datumRemedy(cause, base))
}

// datumRemedy says what can be done about a CRS whose datum cannot be brought to others. base is its geographic CRS,
// on an ellipsoid.
func (s *projScope) datumRemedy(cause, base raster.CRS) string {
	name := title(cause)
	if unnamedDatum(base) && isGeocentric(base) {
		return fmt.Sprintf("%s names no datum, only its ellipsoid; if its data are on CGCS2000, as most Chinese maps on "+
			"this ellipsoid are, say so by crs: CGCS2000 under them in the job file; if they are on WGS 84, by crs: WGS84 "+
			"(both keep the file's own projection)", name)
	}
	text := fmt.Sprintf("state the datum shift of %s with the seven official parameters of your area, crs: \"%s"+
		" +towgs84=DX,DY,DZ,RX,RY,RZ,DS\" (metres, seconds of arc by the position vector rule, parts per million) under it "+
		"in the job file", name, s.projString(cause))
	if unnamedDatum(base) {
		text += "; it names no datum, so if you know that its numbers are of CGCS2000 in spite of its ellipsoid, say so by " +
			"crs: CGCS2000"
	}
	return text
}

// unnamedDatum reports whether a geographic CRS names no datum but only an ellipsoid, as exports of projections often
// do.
func unnamedDatum(base raster.CRS) bool {
	text := strings.ToLower(base.WKT)
	return base.EPSG == 0 && (strings.Contains(text, `datum["unknown`) || strings.Contains(text, `datum["not_specified`) ||
		strings.Contains(text, `datum["not specified`) || strings.Contains(text, `datum["d_unknown`)) ||
		strings.Contains(text, "unknown datum based upon") || strings.HasPrefix(text, `geogcrs["unspecified datum`)
}

// isGeocentric reports whether the ellipsoid of a CRS is that of a datum of satellite times (GRS 1980, WGS 84).
func isGeocentric(base raster.CRS) bool {
	return base.SemiMajorM == 6378137 && base.Flattening > 0 && math.Abs(1/base.Flattening-298.2572) < 1e-3
}

// projString writes a CRS as a PROJ string, without a shift that it may carry.
func (s *projScope) projString(c raster.CRS) string {
	pj, err := s.parse(c.WKT)
	if err != nil {
		return "…"
	}
	text := C.proj_as_proj_string(s.ctx, s.horizontal(pj), C.PJ_PROJ_4, nil)
	if text == nil {
		return "…"
	}
	return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(C.GoString(text), "+type=crs", ""), "+no_defs ", ""))
}
