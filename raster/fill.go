package raster

import (
	"math"
	"strconv"
)

// Number writes a number of a raster file: whole numbers without an exponent as long as every digit counts, others with
// as few digits as tell them from their neighbours.
func Number(v float64) string {
	const exact = 1 << 53
	if v == math.Trunc(v) && math.Abs(v) <= exact {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// FillOf says what a number is a usual fill value of, that is, what files often hold in place of a value that is
// missing; "" when it is none.
func FillOf(v float64) string {
	const float32Most = 3.4e38 // programs write the extreme of Float32, 3.4028235e38, with few or many digits
	near := func(fill float64) bool { return math.Abs(v-fill) <= 1e-6*fill }
	switch size := math.Abs(v); {
	case math.IsInf(v, 0):
		return ""
	case size >= math.MaxFloat64*(1-1e-6):
		return "64-bit fractions (the extreme of Float64)"
	case size >= float32Most && size <= math.MaxFloat32*(1+1e-6):
		return "32-bit fractions (the extreme of Float32)"
	case near(1e20):
		return "climate data in netCDF (1e20)"
	case near(9.969209968386869e36):
		return "netCDF (NC_FILL_FLOAT)"
	case near(1.70141e38):
		return "Surfer grids (1.70141e38)"
	}
	return map[float64]string{
		-999: "many programs", -9999: "ASCII grids and many programs", -99999: "many programs",
		-128: "signed bytes (their least number)", 255: "bytes (their greatest number)",
		math.MinInt16: "Int16 (its least number)", math.MaxInt16: "Int16 (its greatest number)",
		math.MinInt16 + 1: "netCDF (NC_FILL_SHORT)", math.MaxUint16: "UInt16 (its greatest number)",
		math.MinInt32: "Int32 (its least number)", math.MaxInt32: "Int32 (its greatest number)",
		math.MinInt32 + 1: "netCDF (NC_FILL_INT)", math.MaxUint32: "UInt32 (its greatest number)",
	}[v]
}

// DeclaredNoData puts into words which NoData value a file declares; nodata is that value, "" for none.
func DeclaredNoData(nodata string) string {
	if nodata == "" {
		return "the file declares no NoData value"
	}
	return "the file declares NoData " + nodata
}
