package gdalexchange

/*
#cgo pkg-config: gdal
#include <gdal.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The first failure that GDAL told since the handler was pushed, and what the system had said by then, or later of a
// disk.
typedef struct { char failure[1024]; int system; } gx_log;

static int gx_of_disk(int system) { return system == ENOSPC || system == EDQUOT || system == EIO || system == EFBIG; }

static void CPL_STDCALL gx_note(CPLErr class, CPLErrorNum no, const char *msg) {
	int system = errno;
	(void)no;
	gx_log *log = (gx_log *)CPLGetErrorHandlerUserData();
	if (class < CE_Warning) return;
	if (log->failure[0] == 0 || (gx_of_disk(system) && !gx_of_disk(log->system))) log->system = system;
	if (log->failure[0] == 0) strncpy(log->failure, msg, sizeof log->failure - 1);
}

static void gx_push(gx_log *log) {
	errno = 0;
	CPLPushErrorHandlerEx(gx_note, log);
	// GUIDs that GDAL makes by the time can be the same for two items; those by a counter are not.
	CPLSetThreadLocalConfigOption("OPENFILEGDB_REPRODUCIBLE_UUID", "YES");
}

// gx_disk tells what the system said since errno was 0, when that is what a disk says: not all drivers look whether
// their file was written.
static int gx_disk(void) {
	int system = errno;
	if (!gx_of_disk(system)) return 1;
	CPLErrorReset();
	errno = system;
	CPLError(CE_Failure, CPLE_FileIO, "%s", strerror(system));
	return 0;
}
static void gx_pop(void) {
	CPLPopErrorHandler();
	CPLSetThreadLocalConfigOption("OPENFILEGDB_REPRODUCIBLE_UUID", NULL);
}

static GDALDatasetH gx_create(const char *driver, const char *path) {
	GDALDriverH d = GDALGetDriverByName(driver);
	if (d == NULL) {
		CPLError(CE_Failure, CPLE_AppDefined, "GDAL lacks the driver %s", driver);
		return NULL;
	}
	return GDALCreate(d, path, 0, 0, 0, GDT_Unknown, NULL);
}

static OGRLayerH gx_layer(GDALDatasetH ds, const char *name, const char *wkt, OGRwkbGeometryType type, char **options) {
	OGRSpatialReferenceH srs = OSRNewSpatialReference(wkt);
	if (srs == NULL) return NULL;
	OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
	OGRLayerH l = GDALDatasetCreateLayer(ds, name, srs, type, options);
	OSRRelease(srs);
	return l;
}

static int gx_field(OGRLayerH l, const char *name, const char *alias, OGRFieldType type, int width, int decimals) {
	OGRFieldDefnH f = OGR_Fld_Create(name, type);
	if (alias != NULL) OGR_Fld_SetAlternativeName(f, alias);
	OGR_Fld_SetWidth(f, width);
	OGR_Fld_SetPrecision(f, decimals);
	int ok = OGR_L_CreateField(l, f, FALSE) == OGRERR_NONE;
	OGR_Fld_Destroy(f);
	return ok;
}

// gx_add writes f with the polygons of wkb, none when size is 0, as a new feature.
static int gx_add(OGRLayerH l, OGRFeatureH f, const void *wkb, int size) {
	OGRGeometryH g = NULL;
	if (size > 0 && OGR_G_CreateFromWkb(wkb, NULL, &g, size) != OGRERR_NONE) {
		CPLError(CE_Failure, CPLE_AppDefined, "OGR does not take the outline");
		return 0;
	}
	OGR_F_SetGeometryDirectly(f, g);
	OGR_F_SetFID(f, OGRNullFID);
	errno = 0;
	int ok = OGR_L_CreateFeature(l, f) == OGRERR_NONE;
	return gx_disk() && ok;
}

static void gx_close(GDALDatasetH ds) {
	errno = 0;
	GDALClose(ds);
	gx_disk();
}

static GDALDatasetH gx_open(const char *path, const char *driver) {
	const char *drivers[] = {driver, NULL};
	return GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR, drivers, NULL, NULL);
}

// gx_wkb exports the geometry of f; NULL stands for none.
static unsigned char *gx_wkb(OGRFeatureH f, int *size) {
	OGRGeometryH g = OGR_F_GetGeometryRef(f);
	*size = 0;
	if (g == NULL) return NULL;
	*size = OGR_G_WkbSize(g);
	unsigned char *b = malloc(*size);
	if (b != NULL) OGR_G_ExportToIsoWkb(g, wkbNDR, b);
	return b;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"greenshield/vector"
)

// dataset is a file of OGR with one layer. GDAL keeps its error handlers per thread, so the goroutine is bound to its
// thread until close. OGR is called directly, since godal lets errors of features pass.
type dataset struct {
	h     C.GDALDatasetH
	layer C.OGRLayerH
	f     C.OGRFeatureH // of writing, used again for each row
	log   *C.gx_log

	aliases bool // fields have a second name
}

func newDataset() *dataset {
	runtime.LockOSThread()
	d := &dataset{log: (*C.gx_log)(C.calloc(1, C.sizeof_gx_log))}
	C.gx_push(d.log)
	return d
}

// err returns what GDAL said first, as the system's error where that is one of a disk, nil when it said nothing. A
// warning counts: all that GDAL can warn of here is text or numbers that it changed.
func (d *dataset) err() error {
	if d.log.failure[0] == 0 {
		return nil
	}
	disk := []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EIO, unix.EFBIG, unix.EMFILE, unix.ENFILE, unix.EACCES, unix.EROFS}
	if system := unix.Errno(d.log.system); slices.Contains(disk, system) {
		return system
	}
	return errors.New(C.GoString(&d.log.failure[0]))
}

// failed returns what GDAL said, otherwise if it said nothing.
func (d *dataset) failed(otherwise string) error {
	if err := d.err(); err != nil {
		return err
	}
	return errors.New(otherwise)
}

// close closes the file and returns the first error since it was opened. It may be called twice.
func (d *dataset) close() error {
	if d.log == nil {
		return nil
	}
	if d.f != nil {
		C.OGR_F_Destroy(d.f)
	}
	if d.h != nil {
		C.gx_close(d.h)
	}
	err := d.err()
	C.gx_pop()
	C.free(unsafe.Pointer(d.log))
	d.log = nil
	runtime.UnlockOSThread()
	return err
}

// create creates a file with a layer and its fields. widths has the bytes of each field.
func create(path string, l *layer, f *format, wkt string, widths []int) (*dataset, error) {
	d := newDataset()
	driver, file := C.CString(f.driver), C.CString(path)
	defer C.free(unsafe.Pointer(driver))
	defer C.free(unsafe.Pointer(file))
	if d.h = C.gx_create(driver, file); d.h == nil {
		return nil, closed(d, "GDAL cannot create it")
	}
	name, crs := C.CString(l.name), C.CString(wkt)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(crs))
	var options **C.char
	for _, o := range f.options {
		text := C.CString(o)
		options = C.CSLAddString(options, text)
		C.free(unsafe.Pointer(text))
	}
	defer C.CSLDestroy(options)
	if d.layer = C.gx_layer(d.h, name, crs, f.geometry, options); d.layer == nil {
		return nil, closed(d, "GDAL cannot create its layer")
	}
	for i, c := range l.columns {
		types := [...]C.OGRFieldType{text: C.OFTString, integer: C.OFTInteger64, decimal: C.OFTReal}
		if f.grid.scale != 0 && widths[i] < 10 { // a geodatabase has whole numbers of 32 bits, and real ones
			types[integer] = C.OFTInteger
		}
		field, alias := C.CString(c.name), (*C.char)(nil)
		if f.aliases {
			alias = C.CString(c.alias)
		}
		width, decimals := widths[i], c.decimals
		if f.maxText == 0 { // its numbers are binary, its texts of any length
			width, decimals = 0, 0
		}
		ok := C.gx_field(d.layer, field, alias, types[c.kind], C.int(width), C.int(decimals))
		C.free(unsafe.Pointer(field))
		C.free(unsafe.Pointer(alias))
		if ok == 0 {
			return nil, closed(d, "GDAL cannot create the field "+c.name)
		}
	}
	d.f = C.OGR_F_Create(C.OGR_L_GetLayerDefn(d.layer))
	return d, nil
}

// closed closes d and returns what GDAL said, closing included, otherwise if it said nothing.
func closed(d *dataset, otherwise string) error {
	if err := d.close(); err != nil {
		return err
	}
	return errors.New(otherwise)
}

// add writes a row whose shape is in the CRS of the file.
func (d *dataset) add(values []string, shape orb.MultiPolygon) error {
	for i, v := range values {
		if v == "" && C.OGR_Fld_GetType(C.OGR_F_GetFieldDefnRef(d.f, C.int(i))) != C.OFTString {
			C.OGR_F_SetFieldNull(d.f, C.int(i))
			continue
		}
		text := C.CString(v)
		C.OGR_F_SetFieldString(d.f, C.int(i), text)
		C.free(unsafe.Pointer(text))
	}
	var wkb []byte
	if len(shape) > 0 {
		wkb = vector.EncodeWKB(shape)
	}
	if C.gx_add(d.layer, d.f, unsafe.Pointer(unsafe.SliceData(wkb)), C.int(len(wkb))) == 0 {
		return d.failed("GDAL cannot write a feature")
	}
	return d.err()
}

// open opens a file that was written.
func open(path string, f *format) (*dataset, error) {
	d := newDataset()
	driver, file := C.CString(f.driver), C.CString(path)
	defer C.free(unsafe.Pointer(driver))
	defer C.free(unsafe.Pointer(file))
	if d.h = C.gx_open(file, driver); d.h == nil {
		return nil, closed(d, "GDAL cannot open it")
	}
	d.layer, d.aliases = C.GDALDatasetGetLayer(d.h, 0), f.aliases
	return d, nil
}

// next returns the next feature as its columns print it; more is false after the last one.
func (d *dataset) next(columns []column) (values []string, shape orb.MultiPolygon, more bool, err error) {
	f := C.OGR_L_GetNextFeature(d.layer)
	if f == nil {
		return nil, nil, false, d.err()
	}
	defer C.OGR_F_Destroy(f)
	if n := int(C.OGR_F_GetFieldCount(f)); n != len(columns) {
		return nil, nil, false, fmt.Errorf("it has %d fields instead of %d", n, len(columns))
	}
	for i, c := range columns {
		field := C.OGR_F_GetFieldDefnRef(f, C.int(i))
		if name := C.GoString(C.OGR_Fld_GetNameRef(field)); name != c.name {
			return nil, nil, false, fmt.Errorf("its field %d is %q instead of %q", i+1, name, c.name)
		}
		if alias := C.GoString(C.OGR_Fld_GetAlternativeNameRef(field)); d.aliases && alias != c.alias {
			return nil, nil, false, fmt.Errorf("the alias of its field %s is %q instead of %q", c.name, alias, c.alias)
		}
		if c.kind == decimal && C.OGR_F_IsFieldSetAndNotNull(f, C.int(i)) != 0 {
			values = append(values, fixed(float64(C.OGR_F_GetFieldAsDouble(f, C.int(i))), c.decimals))
		} else {
			values = append(values, C.GoString(C.OGR_F_GetFieldAsString(f, C.int(i))))
		}
	}
	var size C.int
	if b := C.gx_wkb(f, &size); b != nil {
		shape, _, err = vector.DecodeWKB(C.GoBytes(unsafe.Pointer(b), size))
		C.free(unsafe.Pointer(b))
	}
	return values, shape, true, errors.Join(err, d.err())
}

// texts returns a field of each feature of the layer called layer.
func (d *dataset) texts(layer, field string) (all []string, err error) {
	name, of := C.CString(layer), C.CString(field)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(of))
	l := C.GDALDatasetGetLayerByName(d.h, name)
	if l == nil {
		return nil, d.failed("it lacks " + layer)
	}
	for f := C.OGR_L_GetNextFeature(l); f != nil; f = C.OGR_L_GetNextFeature(l) {
		all = append(all, C.GoString(C.OGR_F_GetFieldAsString(f, C.OGR_F_GetFieldIndex(f, of))))
		C.OGR_F_Destroy(f)
	}
	return all, d.err()
}
