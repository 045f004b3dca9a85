package gdalinput

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
)

func TestCRSFits(t *testing.T) {
	at := func(x, y, size float64) orb.Bound {
		return orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + size, y + size}}
	}
	const albers = `PROJCS["Albers",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],` +
		`PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],` +
		`PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_center",0],` +
		`PARAMETER["longitude_of_center",105],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`
	for name, c := range map[string]struct {
		crs     string
		box     orb.Bound
		cell    float64
		why     string // "" when the numbers may be of the CRS
		certain bool
	}{
		"degrees":                            {"EPSG:4490", at(117, 31, 1), 0.00027, "", false},
		"the whole world":                    {"EPSG:4326", orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}, 0.05, "", false},
		"longitudes to 360":                  {"EPSG:4326", orb.Bound{Min: orb.Point{0, -90}, Max: orb.Point{360, 90}}, 0.25, "", false},
		"a layer in degrees":                 {"EPSG:4490", at(73, 18, 35), 0, "", false},
		"metres as degrees":                  {"EPSG:4490", at(500_000, 3_500_000, 3000), 30, "in degrees", true},
		"a latitude beyond the pole":         {"EPSG:4490", at(31, 117, 1), 0.00027, "in degrees", true},
		"a longitude beyond 360":             {"EPSG:4490", at(361, 31, 1), 0.00027, "in degrees", true},
		"cells of 30 degrees":                {"EPSG:4490", at(0, 0, 90), 30, "a cell would be 30° wide", false},
		"zone with number":                   {"EPSG:4527", at(39_500_000, 3_500_000, 3000), 30, "", false},
		"zone without number":                {"EPSG:4548", at(500_000, 3_500_000, 3000), 30, "", false},
		"Anhui in the zone of its west":      {"EPSG:4527", orb.Bound{Min: orb.Point{39_310_000, 3_253_000}, Max: orb.Point{39_750_000, 3_840_000}}, 30, "", false},
		"number missing":                     {"EPSG:4527", at(500_000, 3_500_000, 3000), 30, "eastings lie around 39500000", true},
		"number missing, a layer":            {"EPSG:4527", at(500_000, 3_500_000, 3000), 0, "eastings lie around 39500000", true},
		"number of 6 degrees missing":        {"EPSG:4491", at(500_000, 3_500_000, 3000), 30, "eastings lie around 13500000", true},
		"number twice":                       {"EPSG:4548", at(39_500_000, 3_500_000, 3000), 30, "eastings lie around 500000", true},
		"the lowest number under UTM":        {"EPSG:32650", at(13_500_000, 3_500_000, 3000), 30, "eastings lie around 500000", true},
		"neighbour's number":                 {"EPSG:4526", at(39_500_000, 3_500_000, 3000), 30, "eastings begin with 38", false},
		"degrees as metres":                  {"EPSG:4548", at(117, 31, 1), 0.00027, "look like degrees", true},
		"degrees as metres, a layer":         {"EPSG:4548", at(117, 31, 1), 0, "look like degrees", false},
		"degrees as metres, Albers":          {albers, at(117, 31, 1), 0.0027, "look like degrees", true},
		"a playground around a false origin": {"EPSG:3857", at(-40, -40, 80), 0.3, "look like degrees", false},
		"China by Albers":                    {albers, orb.Bound{Min: orb.Point{-2_630_000, 1_850_000}, Max: orb.Point{2_230_000, 6_000_000}}, 30, "", false},
		"a number as Albers":                 {albers, at(39_500_000, 3_500_000, 3000), 30, "no place on earth", true},
		"Web Mercator":                       {"EPSG:3857", at(13_050_000, 3_690_000, 3000), 30, "", false},
		"a number as Web Mercator":           {"EPSG:3857", at(39_500_000, 3_500_000, 3000), 30, "no place on earth", true},
		"far from where UTM is used":         {"EPSG:32650", at(2_000_000, 3_500_000, 3000), 30, "13° beyond", false},
		"Puerto Rico by Conus Albers":        {"EPSG:5070", orb.Bound{Min: orb.Point{3_092_415, -78_585}, Max: orb.Point{3_344_415, 59_415}}, 3000, "", false},
		"UTM beyond its zone":                {"EPSG:32650", at(200_000, 3_500_000, 500_000), 30, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			crs, err := gdalraster.ParseCRS(c.crs)
			if err != nil {
				t.Fatal(err)
			}
			why, certain := crsFits(crs, c.box, c.cell)
			if (why == "") != (c.why == "") || !strings.Contains(why, c.why) || certain != c.certain {
				t.Errorf("got %q, certain %v", why, certain)
			}
		})
	}
}

// TestGaussKruger holds the series of codes against the definitions in PROJ's database.
func TestGaussKruger(t *testing.T) {
	for _, base := range []int{4490, 4610, 4214} {
		for number := range 46 {
			meridian, width := 3*float64(number), 3
			switch {
			case number < 13 || number > 23 && number < 25:
				continue
			case number <= 23:
				meridian, width = 6*float64(number)-3, 6
			}
			for _, prefixed := range []int{number, 0} {
				code := gaussKruger(base, meridian, prefixed)
				crs, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", code))
				if err != nil {
					t.Fatal(err)
				}
				datum, err := gdalraster.Base(crs)
				easting, _ := falseEasting(crs)
				if at, _ := parameter(crs, "Longitude of natural origin"); err != nil || datum.EPSG != base || at != meridian ||
					easting != float64(prefixed)*1e6+500e3 {
					t.Errorf("zone %d of %d degrees on %d: %s around %g°, easting %g", number, width, base, crs.Name, at, easting)
				}
			}
		}
		for _, none := range [][2]float64{{117, 24}, {117, 12}, {117, 46}, {116, 0}, {72, 0}, {138, 0}} {
			if code := gaussKruger(base, none[0], int(none[1])); code != 0 {
				t.Errorf("number %g around %g° is EPSG:%d", none[1], none[0], code)
			}
		}
	}
	if code := gaussKruger(4326, 117, 39); code != 0 {
		t.Errorf("on WGS 84 it is EPSG:%d", code)
	}
}
