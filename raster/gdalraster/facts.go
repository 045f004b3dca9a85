package gdalraster

/*
#include <gdal.h>
#include <cpl_string.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"math"
	"runtime"
	"unsafe"
)

// facts is what a band tells that godal does not ask for.
type facts struct {
	names     []string // of the codes 0, 1, …, as the file has them; "" where it has none
	unwritten int64    // cells of blocks that were never written
}

// facts opens the file once more. To count the cells that were never written it only looks at the places of the
// blocks.
func (p *part) facts(band int, count bool) (f facts, err error) {
	runtime.LockOSThread() // GDAL keeps the handler of messages per thread
	defer runtime.UnlockOSThread()
	name, driver := C.CString(p.name), C.CString(p.driver)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(driver))
	allowed := C.CSLAddString(nil, driver)
	defer C.CSLDestroy(allowed)
	ds := C.GDALOpenEx(name, C.GDAL_OF_RASTER|C.GDAL_OF_VERBOSE_ERROR, allowed, nil, nil)
	if ds == nil {
		return f, errors.New(C.GoString(C.CPLGetLastErrorMsg()))
	}
	defer C.GDALClose(ds)
	b := C.GDALGetRasterBand(ds, C.int(band))
	const enough = 1 << 16
	if p.driver == "AIG" { // whose table lies in another folder, in a format that is not to be trusted
		return f, nil
	}
	if table := C.GDALGetDefaultRAT(b); table != nil {
		if column := C.GDALRATGetColOfUsage(table, C.GFU_Name); column >= 0 {
			for code := range min(C.GDALRATGetRowCount(table), enough) {
				row := C.GDALRATGetRowOfValue(table, C.double(code))
				if row < 0 {
					row = code // a table without values has a row for each code
				}
				f.names = append(f.names, C.GoString(C.GDALRATGetValueAsString(table, row, column)))
			}
		}
	} else {
		names := C.GDALGetRasterCategoryNames(b)
		for i := range min(C.CSLCount(names), enough) {
			f.names = append(f.names, C.GoString(C.CSLGetField(names, i)))
		}
	}
	if count {
		cols, rows := C.GDALGetRasterBandXSize(b), C.GDALGetRasterBandYSize(b)
		percent := C.double(100)
		if C.GDALGetDataCoverageStatus(b, 0, 0, cols, rows, 0, &percent)&C.GDAL_DATA_COVERAGE_STATUS_EMPTY != 0 {
			// Exact for every size that is accepted: a double has more digits than the cells.
			f.unwritten = int64(math.Round((1 - float64(percent)/100) * float64(cols) * float64(rows)))
		}
	}
	return f, nil
}
