package gdalvector

/*
#cgo pkg-config: gdal
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <ogr_recordbatch.h>
#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <stdlib.h>
#include <string.h>

// What GDAL said since the handler was pushed: the first failure, and the first
// warnings, one per line.
typedef struct { char failure[1024]; char warnings[4096]; } gv_log;

static void CPL_STDCALL gv_note(CPLErr class, CPLErrorNum no, const char *msg) {
	(void)no;
	gv_log *log = (gv_log *)CPLGetErrorHandlerUserData();
	if (class >= CE_Failure && log->failure[0] == 0) {
		strncpy(log->failure, msg, sizeof log->failure - 1);
	} else if (class == CE_Warning) {
		size_t n = strlen(log->warnings), m = strlen(msg);
		if (n + m + 2 <= sizeof log->warnings && strstr(log->warnings, msg) == NULL) {
			memcpy(log->warnings + n, msg, m);
			log->warnings[n + m] = '\n';
		}
	}
}

static void gv_push(gv_log *log) { CPLPushErrorHandlerEx(gv_note, log); }
static void gv_pop(void) { CPLPopErrorHandler(); }

// An open ring is found, and named with its feature, when it is decoded; OGR would
// refuse the file without saying where.
static int gv_unclosed_accepted(void) {
	return CPLGetThreadLocalConfigOption("OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", NULL) != NULL;
}
static void gv_accept_unclosed(int yes) {
	CPLSetThreadLocalConfigOption("OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", yes ? "YES" : NULL);
}

// gv_open opens an absolute path, or GeoJSON text itself, which has nothing beside it.
static GDALDatasetH gv_open(const char *path, const char *driver, const char *option) {
	const char *drivers[] = {driver, NULL}, *options[] = {option, NULL};
	char **beside = path[0] == '/' ? VSIReadDir(CPLGetPath(path)) : NULL;
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR, drivers, options,
		(const char *const *)beside);
	CSLDestroy(beside);
	return ds;
}

// gv_wkb exports the geometry of f, with arcs replaced by chords of at most step degrees. It returns NULL for a
// feature without geometry.
static unsigned char *gv_wkb(OGRFeatureH f, double step, int *size, int *curved) {
	OGRGeometryH g = OGR_F_GetGeometryRef(f), flat = NULL;
	*size = 0;
	if (g == NULL) return NULL;
	*curved = OGR_G_HasCurveGeometry(g, TRUE);
	if (OGR_G_HasCurveGeometry(g, FALSE)) g = flat = OGR_G_GetLinearGeometry(g, step, NULL);
	unsigned char *b = NULL;
	if (g != NULL) {
		*size = OGR_G_WkbSize(g);
		b = malloc(*size);
		if (b != NULL && OGR_G_ExportToIsoWkb(g, wkbNDR, b) != OGRERR_NONE) {
			free(b);
			b = NULL;
			CPLError(CE_Failure, CPLE_AppDefined, "geometry cannot be exported as WKB");
		}
	}
	OGR_G_DestroyGeometry(flat);
	return b;
}
// gv_find_nul looks for text that holds a NUL, at which OGR would cut it: as a record batch,
// text comes with its length. It returns the feature (from 1) and the field, or 0.
static long gv_find_nul(OGRLayerH layer, char *field, size_t size) {
	const char *ignored[] = {"OGR_GEOMETRY", NULL};
	struct ArrowArrayStream stream;
	struct ArrowSchema schema;
	long first = 0, found = 0;
	OGR_L_SetIgnoredFields(layer, ignored);
	if (OGR_L_GetArrowStream(layer, &stream, NULL)) {
		if (stream.get_schema(&stream, &schema) == 0) {
			while (!found) {
				struct ArrowArray batch;
				if (stream.get_next(&stream, &batch) != 0 || batch.release == NULL) break;
				for (int64_t c = 0; c < batch.n_children && !found; c++) {
					struct ArrowArray *a = batch.children[c];
					if (strcmp(schema.children[c]->format, "u") != 0) continue;
					const int32_t *offset = (const int32_t *)a->buffers[1] + a->offset;
					const char *text = (const char *)a->buffers[2];
					for (int64_t i = 0; i < a->length && !found; i++) {
						if (offset[i + 1] > offset[i] && memchr(text + offset[i], 0, offset[i + 1] - offset[i]) != NULL) {
							found = first + i + 1;
							strncpy(field, schema.children[c]->name, size - 1);
						}
					}
				}
				first += batch.length;
				batch.release(&batch);
			}
			schema.release(&schema);
		}
		stream.release(&stream);
	}
	OGR_L_SetIgnoredFields(layer, NULL);
	OGR_L_ResetReading(layer);
	return found;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// arcStepDeg is the largest angle, in degrees, of the chords that replace an arc. They deviate from it by at most
// 4e-5 of its radius.
const arcStepDeg = 1

// dataset is an open vector file of OGR. GDAL keeps its error handlers per thread, so
// the goroutine is bound to its thread from open to close.
//
// It talks to OGR directly, not through godal, because that can tell neither a missing
// number from 0 nor the order of fields, and lets errors of reading features pass.
type dataset struct {
	h     C.GDALDatasetH
	log   *C.gv_log
	outer C.int // another dataset of this thread accepts open rings, and was opened before
}

func open(path, driver string) (*dataset, error) {
	runtime.LockOSThread()
	d := &dataset{log: (*C.gv_log)(C.calloc(1, C.sizeof_gv_log))}
	C.gv_push(d.log)
	d.outer = C.gv_unclosed_accepted()
	C.gv_accept_unclosed(1)
	option := map[string]string{
		"ESRI Shapefile": "ENCODING=",     // the .dbf is read by package gdalvector itself
		"GPKG":           "IMMUTABLE=YES", // no lock, -wal or -shm files beside an input
		"GeoJSON":        "DATE_AS_STRING=YES",
	}[driver]
	if driver == "OpenFileGDB" {
		// GDAL before 3.7.2 takes a folder such as abcdefghijklmn.gdb for a table (a00000001.gdbtable): it begins with a
		// and hexadecimal digits and is as long. A slash at the end makes it a folder for all versions.
		path += "/"
	}
	p, dr, o := C.CString(path), C.CString(driver), C.CString(option)
	defer C.free(unsafe.Pointer(p))
	defer C.free(unsafe.Pointer(dr))
	defer C.free(unsafe.Pointer(o))
	if option == "" {
		d.h = C.gv_open(p, dr, nil)
	} else {
		d.h = C.gv_open(p, dr, o)
	}
	err := d.failure()
	switch {
	case err == nil && d.h == nil:
		err = errors.New("not recognised")
	case err != nil && strings.Contains(err.Error(), "OGR_GEOJSON_MAX_OBJ_SIZE"):
		// The message names a setting, which the user cannot change.
		d.close()
		return nil, fmt.Errorf("%w: GDAL would need more than 1500 MB for a feature; split it, or %s", raster.ErrLimit,
			toGeoPackage(path))
	}
	if err == nil {
		if got := C.GoString(C.GDALGetDriverShortName(C.GDALGetDatasetDriver(d.h))); got != driver {
			err = fmt.Errorf("opened as %s", got)
		}
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("GDAL cannot open it as %s: %w", driver, err)
	}
	return d, nil
}

func (d *dataset) close() {
	if d.h != nil {
		C.GDALClose(d.h)
	}
	C.gv_accept_unclosed(d.outer)
	C.gv_pop()
	C.free(unsafe.Pointer(d.log))
	runtime.UnlockOSThread()
}

// failure returns the first failure that GDAL reported since the last call.
func (d *dataset) failure() error {
	msg := C.GoString(&d.log.failure[0])
	d.log.failure[0] = 0
	if msg == "" {
		return nil
	}
	return errors.New(strings.ToValidUTF8(msg, "?"))
}

func (d *dataset) warnings() []string {
	return strings.FieldsFunc(strings.ToValidUTF8(C.GoString(&d.log.warnings[0]), "?"),
		func(r rune) bool { return r == '\n' })
}

// layer is a layer that has geometry.
type layer struct {
	d    *dataset
	h    C.OGRLayerH
	name string
}

func (d *dataset) layers() []layer {
	var all []layer
	for i := range C.GDALDatasetGetLayerCount(d.h) {
		h := C.GDALDatasetGetLayer(d.h, i)
		if h != nil && C.OGR_L_GetGeomType(h) != C.wkbNone {
			all = append(all, layer{d, h, C.GoString(C.OGR_L_GetName(h))})
		}
	}
	return all
}

// crs returns the layer's CRS, which is the zero value if the file has none.
func (l layer) crs(d *gdalraster.Definitions) (raster.CRS, error) {
	sr := C.OGR_L_GetSpatialRef(l.h)
	if sr == nil || strings.HasPrefix(C.GoString(C.OSRGetName(sr)), "Undefined ") {
		// Its name is such for srs_id 0 and -1 of a GeoPackage.
		return raster.CRS{}, nil
	}
	var wkt *C.char
	defer func() { C.CPLFree(unsafe.Pointer(wkt)) }()
	option := C.CString("FORMAT=WKT2_2019")
	defer C.free(unsafe.Pointer(option))
	options := [2]*C.char{option, nil}
	if C.OSRExportToWktEx(sr, &wkt, &options[0]) != C.OGRERR_NONE {
		return raster.CRS{}, fmt.Errorf("the layer's CRS cannot be read: %v", l.d.failure())
	}
	return d.ParseCRS(C.GoString(wkt))
}

// declared returns the number of features that the file says it has.
func (l layer) declared() (int, error) {
	n := C.OGR_L_GetFeatureCount(l.h, 1)
	return int(n), l.d.failure()
}

// fields returns the names of the fields, and of each how many bits its floating-point numbers have, 0 for other types.
func (l layer) fields() (names []string, floats []int) {
	definition := C.OGR_L_GetLayerDefn(l.h)
	for i := range C.OGR_FD_GetFieldCount(definition) {
		field := C.OGR_FD_GetFieldDefn(definition, i)
		names = append(names, C.GoString(C.OGR_Fld_GetNameRef(field)))
		floats = append(floats, floatBits(field))
	}
	return names, floats
}

// floatBits returns how many bits the floating-point numbers of a field have, 0 for other types.
func floatBits(field C.OGRFieldDefnH) int {
	switch {
	case C.OGR_Fld_GetType(field) != C.OFTReal:
		return 0
	case C.OGR_Fld_GetSubType(field) == C.OFSTFloat32:
		return 32
	}
	return 64
}

// checkNUL refuses text that holds a NUL, at which OGR cuts it in silence. It can do so in the formats in which the
// text can be seen in another way, which a file geodatabase is not.
func (l layer) checkNUL(driver string) error {
	at, field := "", ""
	switch driver {
	case "FlatGeobuf":
		var name [256]C.char
		if n := C.gv_find_nul(l.h, &name[0], C.size_t(len(name))); n > 0 {
			at, field = fmt.Sprintf("feature %d", int(n)), C.GoString(&name[0])
		}
	case "GPKG":
		quote := func(mark, s string) string { return mark + strings.ReplaceAll(s, mark, mark+mark) + mark }
		cases := ""
		definition := C.OGR_L_GetLayerDefn(l.h)
		names, _ := l.fields()
		for i, name := range names {
			if C.OGR_Fld_GetType(C.OGR_FD_GetFieldDefn(definition, C.int(i))) == C.OFTString {
				cases += fmt.Sprintf(" WHEN instr(CAST(%s AS BLOB), x'00') > 0 THEN %s", quote(`"`, name), quote("'", name))
			}
		}
		id := C.GoString(C.OGR_L_GetFIDColumn(l.h))
		if cases == "" || id == "" {
			return nil
		}
		sql := C.CString(fmt.Sprintf("SELECT * FROM (SELECT CAST(%s AS TEXT) AS id, CASE%s END AS field FROM %s) "+
			"WHERE field IS NOT NULL LIMIT 1", quote(`"`, id), cases, quote(`"`, l.name)))
		defer C.free(unsafe.Pointer(sql))
		if answer := C.GDALDatasetExecuteSQL(l.d.h, sql, nil, nil); answer != nil {
			if f := C.OGR_L_GetNextFeature(answer); f != nil {
				at, field = "feature of id "+C.GoString(C.OGR_F_GetFieldAsString(f, 0)), C.GoString(C.OGR_F_GetFieldAsString(f, 1))
				C.OGR_F_Destroy(f)
			}
			C.GDALDatasetReleaseResultSet(l.d.h, answer)
		}
	}
	if err := l.d.failure(); err != nil {
		return err
	}
	if at != "" {
		return fmt.Errorf("%s, field %s: the text holds a NUL character; correct the attribute", at, field)
	}
	return nil
}

// record is one feature as OGR gives it.
type record struct {
	values []string // of the first n fields, "" for no value
	wkb    []byte   // nil without geometry
	curved bool     // arcs were replaced by chords
}

// next returns the next feature with its first n fields, or nil at the end.
func (l layer) next(n int) (r *record, err error) {
	f := C.OGR_L_GetNextFeature(l.h)
	if err := l.d.failure(); err != nil || f == nil {
		return nil, err
	}
	defer C.OGR_F_Destroy(f)
	r = &record{values: make([]string, n)}
	for i := range r.values {
		if C.OGR_F_IsFieldSetAndNotNull(f, C.int(i)) != 0 {
			if r.values[i], err = value(f, C.int(i)); err != nil {
				return nil, err
			}
		}
	}
	var size, curved C.int
	b := C.gv_wkb(f, arcStepDeg, &size, &curved)
	if b != nil {
		r.wkb, r.curved = C.GoBytes(unsafe.Pointer(b), size), curved != 0
		C.free(unsafe.Pointer(b))
	}
	return r, l.d.failure()
}

// value returns the text of a field that is set. OGR would write 15 digits of a real number; all are written here,
// since a code may be stored as one.
func value(f C.OGRFeatureH, i C.int) (string, error) {
	definition := C.OGR_F_GetFieldDefnRef(f, i)
	switch C.OGR_Fld_GetType(definition) {
	case C.OFTInteger64:
		if n := int64(C.OGR_F_GetFieldAsInteger64(f, i)); n == math.MaxInt64 || n == math.MinInt64 {
			// OGR makes these of numbers that are too large.
			return "", fmt.Errorf("field %s: its number does not fit into 64 bits and cannot be read exactly; store it as text",
				C.GoString(C.OGR_Fld_GetNameRef(definition)))
		}
	case C.OFTReal:
		x, bits := float64(C.OGR_F_GetFieldAsDouble(f, i)), floatBits(definition)
		if size := math.Abs(x); size < 1e-5 || size >= 1e21 {
			return strconv.FormatFloat(x, 'g', -1, bits), nil
		}
		return strconv.FormatFloat(x, 'f', -1, bits), nil
	}
	return C.GoString(C.OGR_F_GetFieldAsString(f, i)), nil
}
