package gdalinput

import "math"

// gcj02Offset returns by how many metres east and north the GCJ-02 coordinates of a place differ from its WGS 84
// coordinates, of which lon and lat are in degrees. GCJ-02 (国测局坐标, "Mars coordinates") is the obfuscated datum of
// Chinese web maps. Its formula was never published officially; this one is the widely known reconstruction, right to
// a few metres inside China (https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China). It serves to
// suspect a shift, never to correct data.
func gcj02Offset(lon, lat float64) (east, north float64) {
	x, y := lon-105, lat-35
	wave := func(amplitude, t, period float64) float64 { return amplitude * math.Sin(math.Pi*t/period) * 2 / 3 }
	ripple := wave(20, x, 1./6) + wave(20, x, 1./2)
	north = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + ripple +
		wave(20, y, 1) + wave(40, y, 3) + wave(160, y, 12) + wave(320, y, 30)
	east = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + ripple +
		wave(20, x, 1) + wave(40, x, 3) + wave(150, x, 12) + wave(300, x, 30)
	return east, north
}
