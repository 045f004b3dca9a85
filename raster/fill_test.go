package raster

import (
	"math"
	"testing"
)

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 255: "255", -9999: "-9999", 4294967295: "4294967295", -2147483648: "-2147483648", 9007199254740992: "9007199254740992",
		1.5: "1.5", 4294967295.5: "4.2949672955e+09", 1e20: "1e+20", -math.MaxFloat32: "-3.4028234663852886e+38",
		math.Inf(1): "+Inf",
	} {
		if got := Number(v); got != want {
			t.Errorf("%g is written %s, want %s", v, got, want)
		}
	}
	if got := Number(math.NaN()); got != "NaN" {
		t.Errorf("NaN is written %s", got)
	}
}

func TestFillOf(t *testing.T) {
	for _, v := range []float64{-math.MaxFloat32, -3.4028234663852886e38, -3.40282e38, -3.4e38, 3.40282346638529e38, math.MaxFloat32,
		-math.MaxFloat64, 1e20, float64(float32(1e20)), 9.969209968386869e36, 1.70141e38, 1.701410009187828e38, -999, -9999, -99999,
		-128, 255, -32768, 32767, -32767, 65535, -2147483648, 2147483647, -2147483647, 4294967295} {
		if FillOf(v) == "" {
			t.Errorf("%g is not known", v)
		}
	}
	for _, v := range []float64{0, 1, 10, 77, 220, 254, -1, -9998, 1.5, 1e19, 2e20, -1e20, 3.3e38, 5e38, 1e308, math.Inf(1), math.Inf(-1), math.NaN()} {
		if of := FillOf(v); of != "" {
			t.Errorf("%g is taken for a fill value of %s", v, of)
		}
	}
}
