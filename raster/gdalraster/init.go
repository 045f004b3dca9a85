package gdalraster

/*
#cgo pkg-config: gdal proj
#include <gdal.h>
#include <cpl_conv.h>
#include <ogr_srs_api.h>
#include <proj.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/airbusgeo/godal"

	"greenshield/raster/object"
)

// foreignEnv are the prefixes of the environment variables by which GDAL, its
// drivers and PROJ can be steered from outside.
var foreignEnv = []string{
	"GDAL_", "OGR_", "CPL_", "VSI_", "PROJ_", "OSR_", "GTIFF_", "TIFF_", "VRT_", "SHAPE_",
	"HFA_", "AAIGRID_", "AIG_", "HDF4_", "HDF5_", "NETCDF_", "HDFEOS", "VSIZIP_", "LIBKML_",
	"GPKG_", "OPENFILEGDB_", "GEOJSON_", "SQLITE_", "GEOTIFF_", "JPEG",
	"CENTER_LONG", "AWS_", "OSS_", "GS_", "ALLOW_OGR_", "NO_PROXY",
}

// settings is the whole configuration of GDAL: what a file means depends on the
// file alone, nothing is fetched, nothing is written beside an input, and a broken
// block is an error.
var settings = [][2]string{
	{"GDAL_PAM_ENABLED", "NO"},                    // .aux.xml can override CRS and NoData
	{"GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"}, // no .tfw, .ovr or .msk beside the file
	{"GDAL_GEOREF_SOURCES", "INTERNAL"},           // no world file
	{"GTIFF_IGNORE_READ_ERRORS", "NO"},            // a lost block is not class 0
	{"GDAL_NUM_THREADS", "1"},                     // the engine is parallel itself
	{"OGR_NUM_THREADS", "1"},                      //
	{"GDAL_MAX_DATASET_POOL_SIZE", "50"},          // how many files VRTs hold open
	{"VRT_SHARED_SOURCE", "0"},                    // two readers must not share a source handle
	{"GDAL_VRT_ENABLE_PYTHON", "NO"},              // no code from data
	{"GDAL_DRIVER_PATH", "disable"},               // no plugins
	{"OGR_DRIVER_PATH", "disable"},                //
	{"GDAL_HTTP_PROXY", "127.0.0.1:9"},            // a link inside GeoJSON leads nowhere
	{"GDAL_HTTP_CONNECTTIMEOUT", "1"},             //
	{"GDAL_HTTP_TIMEOUT", "2"},                    //
	{"GDAL_HTTP_MAX_RETRY", "0"},                  //
	{"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none"}, //
	{"PROJ_NETWORK", "OFF"},                       // no grid downloads
	{"OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", "NO"},   // an error, not a warning
	{"OGR_GEOJSON_MAX_OBJ_SIZE", "1500"},          // MB that GDAL thinks an object takes, some 200 MB of text
	{"SHAPE_RESTORE_SHX", "NO"},                   // never repairs an input in place
	{"OGR_ORGANIZE_POLYGONS", "DEFAULT"},          // holes go to their shells
	{"OGR_ENABLE_PARTIAL_REPROJECTION", "NO"},     // no half-transformed rings
	{"OSR_DEFAULT_AXIS_MAPPING_STRATEGY", "TRADITIONAL_GIS_ORDER"},
	{"ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW", "NO"},
	{"OSR_WKT_FORMAT", "WKT2_2019"}, // WKT 1 cannot hold every CRS
	{"CPL_DEBUG", "OFF"},
	{"CPL_LOG_ERRORS", "OFF"},
}

var initialized struct {
	once    sync.Once
	ignored []string
	err     error
}

// Init prepares GDAL and PROJ for this process. It removes every environment variable that would steer them, applies
// the program's own configuration, registers only the drivers that it reads, bounds GDAL's block cache to cacheBytes
// (64 MiB when not positive), and checks PROJ by a known answer. It returns the sorted names of the variables for the
// run's manifest, without those of clouds and proxies. The first call does the work, the others return its result. It
// may be called concurrently.
func Init(cacheBytes int64) (ignoredEnv []string, err error) {
	initialized.once.Do(func() {
		initialized.ignored = scrubEnv()
		initialized.err = setup(cacheBytes)
	})
	return initialized.ignored, initialized.err
}

func scrubEnv() []string {
	var removed []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		foreign := func(prefix string) bool { return strings.HasPrefix(strings.ToUpper(name), prefix) }
		keep := object.Allowed() && slices.ContainsFunc(cloudEnv, foreign)
		if keep || !slices.ContainsFunc(foreignEnv, foreign) || os.Unsetenv(name) != nil {
			continue
		}
		// Keys to clouds and lists of hosts without a proxy are common, and no name that is accepted leads to a network.
		if !slices.ContainsFunc(cloudEnv, foreign) && !foreign("GS_") && !foreign("NO_PROXY") {
			removed = append(removed, name)
		}
	}
	slices.Sort(removed)
	return removed
}

func setup(cacheBytes int64) error {
	// GDAL reads gdalrc files when its driver manager is made; an empty one stands in for them.
	setOption("GDAL_CONFIG_FILE", os.DevNull)
	// Nor may PROJ read a database or grids from the user's own folder (~/.local/share/proj).
	if err := os.Setenv("PROJ_SKIP_READ_USER_WRITABLE_DIRECTORY", "YES"); err != nil {
		return err
	}
	if err := godal.RegisterRaster(godal.GTiff, godal.HFA, "AAIGrid", "AIGrid", godal.VRT, godal.Memory); err != nil {
		return fmt.Errorf("this GDAL lacks a raster driver: %w", err)
	}
	if err := godal.RegisterVector(godal.Shapefile, godal.GeoJSON, godal.GeoPackage, "OpenFileGDB", "FlatGeobuf",
		godal.Memory); err != nil {
		return fmt.Errorf("this GDAL lacks a vector driver: %w", err)
	}
	for _, driver := range []godal.DriverName{"netCDF", "HDF4", "HDF4Image"} {
		_ = godal.RegisterRaster(driver) // a GDAL without it refuses the files when they are opened
	}
	_ = godal.RegisterVector("LIBKML")
	if err := godal.RegisterVSIHandler(objectMark+"/", objects{}, godal.VSIHandlerBufferSize(0)); err != nil {
		return err
	}
	for _, s := range settings {
		setOption(s[0], s[1])
	}
	C.OSRSetPROJEnableNetwork(0)
	// Messages of the calls that matter are caught one by one; the rest must not reach stderr.
	C.CPLSetErrorHandler(C.CPLErrorHandler(C.CPLQuietErrorHandler))
	if cacheBytes <= 0 {
		cacheBytes = 64 << 20
	}
	C.GDALSetCacheMax64(C.GIntBig(cacheBytes))
	return checkPROJ()
}

// setOption sets an option of GDAL; "" brings GDAL's own default back.
func setOption(name, value string) {
	n, v := C.CString(name), (*C.char)(nil)
	if value != "" {
		v = C.CString(value)
	}
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(v))
	C.CPLSetConfigOption(n, v)
}

// checkPROJ transforms a point whose answer is known: without its database or free file descriptors PROJ would
// otherwise go on and give worse answers than it claims.
func checkPROJ() error {
	fail := func(why string) error {
		return fmt.Errorf("PROJ %s does not work: %s; its database proj.db must lie in %s (PROJ_LIB and PROJ_DATA are "+
			"ignored): reinstall PROJ's data (Debian: apt install --reinstall proj-data)",
			projVersion(), why, C.GoString(C.proj_info().searchpath))
	}
	from, err := ParseCRS("EPSG:4326")
	if err != nil {
		return fail(err.Error())
	}
	to, err := ParseCRS("EPSG:32650")
	if err != nil {
		return fail(err.Error())
	}
	t, err := NewTransform(from, to)
	if err != nil {
		return fail(err.Error())
	}
	defer t.Close()
	x, y := []float64{118}, []float64{31}
	if err := t.XY(x, y); err != nil {
		return fail(err.Error())
	}
	if math.Hypot(x[0]-knownX, y[0]-knownY) > 0.001 {
		return fail(fmt.Sprintf("118°E 31°N became %.3f, %.3f in EPSG:32650 instead of %.3f, %.3f", x[0], y[0], knownX,
			knownY))
	}
	return nil
}

// knownX and knownY are 118°E 31°N in WGS 84 / UTM zone 50N, in metres; GeographicLib's TransverseMercator gives the
// same.
const knownX, knownY = 595468.3537, 3430031.0487

// Versions returns the versions of the GDAL and PROJ libraries that are loaded.
func Versions() (gdal, proj string) {
	name := C.CString("RELEASE_NAME")
	defer C.free(unsafe.Pointer(name))
	return C.GoString(C.GDALVersionInfo(name)), projVersion()
}

func projVersion() string { return C.GoString(C.proj_info().version) }
