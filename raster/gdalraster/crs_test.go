package gdalraster

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

const (
	esriGK39 = `PROJCS["CGCS2000_3_Degree_GK_Zone_39",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",39500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]`
	esriWGS  = `GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`
	// A custom equal-area projection as land-cover products of China use it; no EPSG code.
	albers   = `PROJCS["China_Albers",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_center",0],PARAMETER["longitude_of_center",105],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`
	xianBent = `GEOGCS["Xian 1980",DATUM["Xian_1980",SPHEROID["IAG 1975",6378140,298.257],TOWGS84[24,-123,-94,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`
)

func TestParseCRS(t *testing.T) {
	for _, c := range []struct {
		name, text string
		epsg       int
		geographic bool
		a, inverse float64
	}{
		{"code", "EPSG:4490", 4490, true, 6378137, 298.257222101},
		{"code in lower case with spaces", " epsg:32650 ", 32650, false, 6378137, 298.257223563},
		{"ESRI WKT is identified", esriGK39, 4527, false, 6378137, 298.257222101},
		{"ESRI WKT geographic", esriWGS, 4326, true, 6378137, 298.257223563},
		{"custom projection has no code", albers, 0, false, 6378137, 298.257223563},
		{"TOWGS84 is kept aside", xianBent, 4610, true, 6378140, 298.257},
		{"own name for WGS 84, longitude first", `GEOGCRS["mine",DATUM["World Geodetic System 1984",ELLIPSOID["WGS 84",6378137,298.257223563]],CS[ellipsoidal,2],AXIS["longitude",east],AXIS["latitude",north],ANGLEUNIT["degree",0.0174532925199433]]`, 4326, true, 6378137, 298.257223563},
		{"height is dropped", "EPSG:4979", 4326, true, 6378137, 298.257223563},
		{"sphere", `GEOGCS["s",DATUM["s",SPHEROID["s",6371000,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, 0, true, 6371000, math.Inf(1)},
		{"a code that is a lie", strings.Replace(albers, `UNIT["metre",1]]`, `UNIT["metre",1],AUTHORITY["EPSG","32650"]]`, 1), 0, false, 6378137, 298.257223563},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := crs(t, c.text)
			if got.EPSG != c.epsg || got.Geographic != c.geographic || got.SemiMajorM != c.a || math.Abs(got.Flattening-1/c.inverse) > 1e-15 {
				t.Errorf("got EPSG %d geographic %v a %v f 1/%v", got.EPSG, got.Geographic, got.SemiMajorM, 1/got.Flattening)
			}
			if got.Name == "" || got.WKT == "" {
				t.Errorf("name %q, WKT %q", got.Name, got.WKT)
			}
			again := crs(t, got.WKT)
			if again.WKT = got.WKT; again != got { // the target of a TOWGS84 is respelled
				t.Errorf("its WKT means something else:\n%+v\n%+v", got, again)
			}
		})
	}
}

func TestParseCRSRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown code", "EPSG:999999", "EPSG:999999"},
		{"no number", "EPSG:x", "no EPSG code"},
		{"nothing", "", "neither"},
		{"PROJ string", "+proj=longlat", "neither"},
		{"broken WKT", esriGK39[:200], "neither"},
		{"local", `LOCAL_CS["site",UNIT["metre",1]]`, "neither geographic nor projected"},
		{"geocentric", "EPSG:4978", "neither geographic nor projected"},
		{"height only", "EPSG:5773", "neither geographic nor projected"},
		{"grads", `GEOGCS["g",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["grad",0.015707963267949]]`, "not in degrees"},
		{"an ellipsoid", `ELLIPSOID["WGS 84",6378137,298.257223563]`, "not a coordinate reference system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseCRS(c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v; want an error with %q", got, err, c.want)
			}
		})
	}
}

func TestCRSOf(t *testing.T) {
	sr, err := godal.NewSpatialRefFromEPSG(4527)
	if err != nil {
		t.Fatal(err)
	}
	defer sr.Close()
	if got, err := CRSOf(sr); err != nil || got.EPSG != 4527 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := CRSOf(nil); err == nil {
		t.Error("nil is accepted")
	}
}

func TestBase(t *testing.T) {
	for text, want := range map[string]int{"EPSG:4527": 4490, esriGK39: 4490, "EPSG:32650": 4326, albers: 4326, "EPSG:4214": 4214, xianBent: 4610} {
		got, err := Base(crs(t, text))
		if err != nil || got.EPSG != want || !got.Geographic {
			t.Errorf("%.40s: got EPSG %d, %v; want %d", text, got.EPSG, err, want)
		}
	}
	if _, err := Base(raster.CRS{}); err == nil {
		t.Error("the unknown CRS has a base")
	}
}

func TestSameCRS(t *testing.T) {
	for _, c := range []struct {
		name, a, b  string
		same, datum bool
	}{
		{"itself", albers, albers, true, true},
		{"EPSG and ESRI WKT, other axis order", "EPSG:4527", esriGK39, true, true},
		{"geographic EPSG and ESRI WKT", "EPSG:4326", esriWGS, true, true},
		{"custom, other name", albers, strings.Replace(albers, "China_Albers", "unnamed", 1), true, true},
		{"custom, ESRI spelling", albers, strings.NewReplacer(`"Albers_Conic_Equal_Area"`, `"Albers"`, "standard_parallel_1", "Standard_Parallel_1", `"WGS_1984"`, `"D_WGS_1984"`, `"WGS 84"`, `"GCS_WGS_1984"`, "latitude_of_center", "Latitude_Of_Origin", "longitude_of_center", "Central_Meridian").Replace(albers), true, true},
		{"TOWGS84 or not", xianBent, "EPSG:4610", true, true},
		{"custom, other parallel", albers, strings.Replace(albers, `_2",47`, `_2",46`, 1), false, true},
		{"neighbouring zones", "EPSG:4527", "EPSG:4528", false, true},
		{"zone with and without zone number", "EPSG:4527", "EPSG:4548", false, true},
		{"CGCS2000 and WGS 84", "EPSG:4490", "EPSG:4326", false, true},
		{"projected CGCS2000 and WGS 84", "EPSG:4527", "EPSG:32650", false, true},
		{"Xi'an 80", "EPSG:4610", "EPSG:4490", false, false},
		{"Beijing 54", "EPSG:4214", "EPSG:4326", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := crs(t, c.a), crs(t, c.b)
			for range 2 {
				if got := SameCRS(a, b); got != c.same {
					t.Errorf("SameCRS %v, want %v", got, c.same)
				}
				if got := SameDatum(a, b); got != c.datum {
					t.Errorf("SameDatum %v, want %v", got, c.datum)
				}
				a, b = b, a
			}
		})
	}
	if SameCRS(raster.CRS{}, raster.CRS{}) || SameCRS(raster.CRS{}, crs(t, "EPSG:4326")) {
		t.Error("the unknown CRS is the same as another")
	}
}

func TestTransform(t *testing.T) {
	for _, c := range []struct {
		name, from, to     string
		x, y, wantX, wantY float64
		tolerance          float64
		note               string
	}{
		{"lon/lat order from an authority that says lat/lon", "EPSG:4326", "EPSG:32650", 118, 31, 595468.3537, 3430031.0487, 1e-3, "UTM zone 50N"},
		{"and back", "EPSG:32650", "EPSG:4326", 595468.353666, 3430031.048730, 118, 31, 1e-10, "Inverse of UTM zone 50N"},
		{"CGCS2000 is WGS 84", "EPSG:4490", "EPSG:4326", 117.123456789, 31.987654321, 117.123456789, 31.987654321, 0, "CGCS2000 taken as WGS 84"},
		{"CGCS2000 by a name that EPSG lacks", `GEOGCS["CGCS_2000",DATUM["CGCS_2000",SPHEROID["CGCS_2000",6378137,298.2572221010042]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, "EPSG:4326", 117.5, 31, 117.5, 31, 0, "CGCS2000 taken as WGS 84"},
		{"and the other way", "EPSG:4326", "EPSG:4490", 117.123456789, 31.987654321, 117.123456789, 31.987654321, 0, "CGCS2000 taken as WGS 84"},
		{"on the central meridian", "EPSG:4527", "EPSG:4326", 39500000, 0, 117, 0, 1e-12, "CGCS2000 taken as WGS 84"},
		{"EPSG's northing-first axes", "EPSG:4527", "EPSG:4490", 39500000, 0, 117, 0, 1e-12, "Inverse of 3-degree Gauss-Kruger zone 39"},
		{"ESRI's easting-first axes", esriGK39, "EPSG:4326", 39500000, 0, 117, 0, 1e-12, "CGCS2000 taken as WGS 84"},
		{"between two spellings", esriGK39, "EPSG:4527", 39512345.678, 3456789.012, 39512345.678, 3456789.012, 1e-6, ""},
		{"shift stated by the file", xianBent, "EPSG:4326", 117, 31, 117.000360795, 30.999832772, 1e-8, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := NewTransform(crs(t, c.from), crs(t, c.to))
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			x, y := []float64{c.x}, []float64{c.y}
			if err := tr.XY(x, y); err != nil {
				t.Fatal(err)
			}
			if !(math.Abs(x[0]-c.wantX) <= c.tolerance && math.Abs(y[0]-c.wantY) <= c.tolerance) {
				t.Errorf("got %.10f %.10f, want %.10f %.10f", x[0], y[0], c.wantX, c.wantY)
			}
			if !strings.Contains(tr.Note(), c.note) || tr.Note() == "" {
				t.Errorf("note %q lacks %q", tr.Note(), c.note)
			}
			if !strings.Contains(c.note, "CGCS2000") && strings.Contains(tr.Note(), "CGCS2000 taken") {
				t.Errorf("note %q claims a null shift", tr.Note())
			}
		})
	}
}

func TestTransformRefuses(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"Xi'an 80: a guess", "EPSG:4610", "EPSG:4326", "guess"},
		{"Xi'an 80 zone to CGCS2000: a guess", "EPSG:2361", "EPSG:4490", "guess"},
		{"Beijing 54: only for parts of China", "EPSG:4214", "EPSG:4326", "parts of the area only"},
		{"Beijing 54 zone", "EPSG:2421", "EPSG:4527", "no reliable transformation"},
		{"CGCS2000 in name only", `GEOGCS["CGCS_2000",DATUM["CGCS_2000",SPHEROID["IAG",6378140,298.257]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`, "EPSG:4326", "guess"},
		{"Krasovsky ellipsoid without a datum", `GEOGCS["GCS_Krasovsky_1940",DATUM["D_Krasovsky_1940",SPHEROID["Krasovsky_1940",6378245.0,298.3]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`, "EPSG:4326", "no reliable transformation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, pair := range [][2]string{{c.from, c.to}, {c.to, c.from}} {
				tr, err := NewTransform(crs(t, pair[0]), crs(t, pair[1]))
				if err == nil {
					tr.Close()
					t.Fatalf("accepted: %s", tr.Note())
				}
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v lacks %q", err, c.want)
				}
			}
		})
	}
}

func TestTransformNamesThePoint(t *testing.T) {
	tr, err := NewTransform(crs(t, "EPSG:4326"), crs(t, "EPSG:32650"))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	back, err := NewTransform(crs(t, "EPSG:4490"), crs(t, "EPSG:4326"))
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	for _, c := range []struct {
		name string
		tr   *Transform
		x, y float64
	}{
		{"swapped axes", tr, 31, 118},
		{"infinity", tr, math.Inf(1), 31},
		{"not a number", tr, 118, math.NaN()},
		{"metres taken for degrees, where PROJ would pass them", back, 39500000, 3430000},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, y := []float64{117, c.x, 117}, []float64{31, c.y, 31}
			err := c.tr.XY(x, y)
			if err == nil || !strings.Contains(err.Error(), "point 2") {
				t.Errorf("got %v %v, %v", x, y, err)
			}
			if x[0] != 117 || y[0] != 31 {
				t.Error("a failed call changed the points")
			}
		})
	}
	if err := tr.XY([]float64{1}, nil); err == nil {
		t.Error("slices of two lengths are accepted")
	}
	if err := tr.XY(nil, nil); err != nil {
		t.Error(err)
	}
}

func TestUnit(t *testing.T) {
	for text, want := range map[string]string{"EPSG:4490": "degree", "EPSG:32650": "metre", "EPSG:2225": "US survey foot"} {
		if got := Unit(crs(t, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]float64{"EPSG:4490": 0, "EPSG:32650": 1, esriGK39: 1, albers: 1, "EPSG:2225": 1200. / 3937} {
		if got := crs(t, text).UnitM; math.Abs(got-want) > 1e-12 {
			t.Errorf("%.40s: unit of %.15g m, want %.15g", text, got, want)
		}
	}
	if got := Unit(raster.CRS{}); got != "" {
		t.Errorf("no CRS: %q", got)
	}
}

// A clone takes points where its original does, to the last bit, also when that is closed.
func TestTransformClone(t *testing.T) {
	for _, pair := range [][2]string{{"EPSG:4527", "EPSG:4490"}, {"EPSG:4490", "EPSG:32650"}, {"EPSG:4326", "EPSG:4326"}} {
		from, errFrom := ParseCRS(pair[0])
		to, errTo := ParseCRS(pair[1])
		original, err := NewTransform(from, to)
		if err := errors.Join(errFrom, errTo, err); err != nil {
			t.Fatal(err)
		}
		clone, err := original.Clone()
		if err != nil {
			t.Fatal(err)
		}
		x, y := []float64{117.3, 116.9}, []float64{31.2, 30.1}
		if !from.Geographic {
			x, y = []float64{39_512_345.6, 39_601_234.5}, []float64{3_456_789.1, 3_321_098.7}
		}
		wantX, wantY := slices.Clone(x), slices.Clone(y)
		if err := original.XY(wantX, wantY); err != nil {
			t.Fatal(err)
		}
		original.Close()
		if err := clone.XY(x, y); err != nil || !slices.Equal(x, wantX) || !slices.Equal(y, wantY) || clone.Note() != original.Note() {
			t.Errorf("%v: %v %v by %q, want %v %v by %q: %v", pair, x, y, clone.Note(), wantX, wantY, original.Note(), err)
		}
		clone.Close()
	}
}

func TestStateCRS(t *testing.T) {
	parse := func(text string) raster.CRS {
		c, err := ParseCRS(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const krasovsky = `PROJCS["x",GEOGCS["Unknown datum based upon the Krassowsky 1940 ellipsoid",DATUM["Not specified",` +
		`SPHEROID["Krassowsky 1940",6378245,298.3]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],` +
		`PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",117],` +
		`PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]`
	gk := parse("EPSG:4548") // CGCS2000 / 3-degree Gauss-Kruger CM 117E
	for name, c := range map[string]struct {
		stated string
		own    raster.CRS
		want   raster.CRS
	}{
		"a code":                    {"EPSG:4548", raster.CRS{}, gk},
		"a code against the file":   {"EPSG:4548", parse("EPSG:32650"), gk},
		"WKT":                       {gk.WKT, raster.CRS{}, gk},
		"a PROJ string":             {"+proj=utm +zone=50 +datum=WGS84", raster.CRS{}, parse("EPSG:32650")},
		"the datum of a projection": {"CGCS2000", parse(krasovsky), gk},
		"the datum, in small":       {"cgcs2000", parse(krasovsky), gk},
		"the datum of degrees":      {"WGS84", parse("EPSG:4214"), parse("EPSG:4326")},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := new(Definitions).StateCRS(c.stated, c.own)
			if err != nil || !SameCRS(got, c.want) {
				t.Errorf("got %s, %v, want %s", got.Name, err, c.want.Name)
			}
		})
	}
	for _, bad := range []string{"CGCS2000", "", "EPSG:", "+proj=nonsense", "Albers"} {
		if c, err := new(Definitions).StateCRS(bad, raster.CRS{}); err == nil {
			t.Errorf("%q is taken for %s", bad, c.Name)
		}
	}
	if m, err := StatedShiftM(parse(krasovsky), gk, 500_000, 3_500_000); err != nil || m < 20 || m > 80 {
		t.Errorf("the ellipsoids differ by %g m at 31.6° N, %v", m, err)
	}
	if m, err := StatedShiftM(gk, gk, 500_000, 3_500_000); err != nil || m > 1e-9 {
		t.Errorf("a CRS differs from itself by %g m, %v", m, err)
	}
}

// helmert takes a place on one ellipsoid to WGS 84 or back by the seven parameters of TOWGS84, as EPSG's guidance note
// 7-2 writes method 9606 (position vector): the rotations in arc seconds, the scale in parts per million.
func helmert(lon, lat, a, f float64, p [7]float64) (wgsLon, wgsLat float64) {
	rad := math.Pi / 180
	e2 := f * (2 - f)
	sin, cos := math.Sincos(lat * rad)
	n := a / math.Sqrt(1-e2*sin*sin)
	x, y, z := n*cos*math.Cos(lon*rad), n*cos*math.Sin(lon*rad), n*(1-e2)*sin
	rx, ry, rz, m := p[3]*rad/3600, p[4]*rad/3600, p[5]*rad/3600, 1+p[6]*1e-6
	x, y, z = p[0]+m*(x-rz*y+ry*z), p[1]+m*(rz*x+y-rx*z), p[2]+m*(-ry*x+rx*y+z)
	const wgsA, wgsF = 6378137, 1 / 298.257223563
	const wgsE2 = wgsF * (2 - wgsF)
	r := math.Hypot(x, y)
	phi := math.Atan2(z, r*(1-wgsE2))
	for range 20 {
		s := math.Sin(phi)
		phi = math.Atan2(z+wgsA/math.Sqrt(1-wgsE2*s*s)*wgsE2*s, r)
	}
	return math.Atan2(y, x) / rad, phi / rad
}

// TestStatedShift: a definition that states its shift to WGS 84 leads to CGCS2000, too, by exactly that shift.
func TestStatedShift(t *testing.T) {
	xian := func(parameters string) string {
		return `GEOGCS["Xian 1980",DATUM["Xian_1980",SPHEROID["IAG 1975",6378140,298.257],TOWGS84[` + parameters +
			`]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`
	}
	zone := func(geographic string) string {
		return `PROJCS["zone",` + geographic + `,PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],` +
			`PARAMETER["central_meridian",117],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]`
	}
	for _, c := range []struct {
		name, parameters string
		p                [7]float64
	}{
		{"three parameters", "24,-123,-94,0,0,0,0", [7]float64{24, -123, -94}},
		{"seven parameters", "-15.8,154.4,82.3,1.2,-0.8,2.5,-3.7", [7]float64{-15.8, 154.4, 82.3, 1.2, -0.8, 2.5, -3.7}},
		{"none at all", "0,0,0,0,0,0,0", [7]float64{}},
	} {
		for _, to := range []string{"EPSG:4490", "EPSG:4326"} {
			t.Run(c.name+" "+to, func(t *testing.T) {
				tr, err := NewTransform(crs(t, xian(c.parameters)), crs(t, to))
				if err != nil {
					t.Fatal(err)
				}
				defer tr.Close()
				x, y := []float64{117.25}, []float64{31.75}
				wantX, wantY := helmert(x[0], y[0], 6378140, 1/298.257, c.p)
				if err := tr.XY(x, y); err != nil || math.Hypot(x[0]-wantX, y[0]-wantY) > 1e-9 {
					t.Errorf("got %.10f %.10f, %v; want %.10f %.10f", x[0], y[0], err, wantX, wantY)
				}
				if tr.AccuracyM() == 1 {
					t.Error("the accuracy is that of CGCS2000 taken as WGS 84 alone")
				}
				back, err := NewTransform(crs(t, to), crs(t, zone(xian(c.parameters))))
				if err != nil {
					t.Fatal(err)
				}
				defer back.Close()
				flat, err := NewTransform(crs(t, xian(c.parameters)), crs(t, zone(xian(c.parameters))))
				if err != nil {
					t.Fatal(err)
				}
				defer flat.Close()
				wx, wy := []float64{117.25}, []float64{31.75}
				if err := errors.Join(back.XY(x, y), flat.XY(wx, wy)); err != nil || math.Hypot(x[0]-wx[0], y[0]-wy[0]) > 3e-3 { // PROJ goes back by the same parameters with their signs changed
					t.Errorf("back to %.4f %.4f, %v; want %.4f %.4f", x[0], y[0], err, wx[0], wy[0])
				}
			})
		}
	}
	// Two definitions with shifts of their own meet in WGS 84.
	beijing := `GEOGCS["Beijing 1954",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],TOWGS84[15.8,-154.4,-82.3,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`
	tr, err := NewTransform(crs(t, beijing), crs(t, xian("24,-123,-94,0,0,0,0")))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	x, y := []float64{117.25}, []float64{31.75}
	if err := tr.XY(x, y); err != nil {
		t.Fatal(err)
	}
	wantX, wantY := helmert(117.25, 31.75, 6378245, 1/298.3, [7]float64{15.8, -154.4, -82.3})
	if gotX, gotY := helmert(x[0], y[0], 6378140, 1/298.257, [7]float64{24, -123, -94}); math.Hypot(gotX-wantX, gotY-wantY) > 1e-8 {
		t.Errorf("meets at %.10f %.10f, want %.10f %.10f", gotX, gotY, wantX, wantY)
	}
}

// TestTransformWithin: an operation is judged where the data lie.
func TestTransformWithin(t *testing.T) {
	const nad83, nad27, ed50, utm18 = "EPSG:4269", "EPSG:4267", "EPSG:4230", "EPSG:26918"
	for _, c := range []struct {
		name, from, to string
		within         Extent
		note, refuse   string
		accuracy       float64
	}{
		{"NAD83 in New York", nad83, "EPSG:4326", Extent{-75, 41, -74, 42}, "NAD83 to WGS 84 (1)", "", 4},
		{"to NAD83", "EPSG:4326", nad83, Extent{-75, 41, -74, 42}, "NAD83 to WGS 84 (1)", "", 4},
		{"NAD83 in metres", utm18, "EPSG:4326", Extent{500000, 4500000, 600000, 4600000}, "NAD83 to WGS 84 (1)", "", 4},
		{"NAD83 in the Aleutians, beyond 180°", nad83, "EPSG:4326", Extent{173, 52, 174, 53}, "NAD83 to WGS 84 (2)", "", 8},
		{"NAD83 in China", nad83, "EPSG:4326", Extent{117, 31, 118, 32}, "", "knows no datum shift between them for this area", 0},
		{"Beijing 1954 in the Tarim", "EPSG:4214", "EPSG:4326", Extent{80, 39, 81, 40}, "Beijing 1954 to WGS 84 (4)", "", 1},
		{"Beijing 1954 in Anhui", "EPSG:4214", "EPSG:4326", Extent{117, 31, 118, 32}, "", "knows no datum shift between them for this area", 0},
		{"Beijing 1954 half in the Tarim", "EPSG:4214", "EPSG:4326", Extent{70, 39, 81, 40}, "", "parts of the area only", 0},
		{"Xian 1980 anywhere", "EPSG:4610", "EPSG:4326", Extent{117, 31, 118, 32}, "", "guess", 0},
		{"swapped axes", utm18, "EPSG:4326", Extent{45000000, 500000, 46000000, 600000}, "", "", -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, err := NewTransformWithin(crs(t, c.from), crs(t, c.to), c.within)
			if err == nil {
				defer tr.Close()
			}
			switch {
			case c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)):
				t.Errorf("got %v, want %q", err, c.refuse)
			case c.refuse == "" && c.accuracy >= 0 && err != nil:
				t.Error(err)
			case c.note != "" && (!strings.Contains(tr.Note(), c.note) || tr.AccuracyM() != c.accuracy):
				t.Errorf("note %q, accuracy %v m", tr.Note(), tr.AccuracyM())
			}
		})
	}
}
