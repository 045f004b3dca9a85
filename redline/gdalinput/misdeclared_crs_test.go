package gdalinput

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/vector/gdalvector"
)

// TestMisdeclaredCRS: a layer whose coordinates cannot be those of its CRS is told so, with its extent and the CRS that
// fits.
func TestMisdeclaredCRS(t *testing.T) {
	// 117.1° E, 30.8° N: by the meridian of 117° E.
	near := func(x0, y0 float64) orb.MultiPolygon { return box(x0, y0, x0+9000, y0+10000).Shape }
	end := func(code int) string {
		return fmt.Sprintf("; state the right one by crs: EPSG:%[1]d under this layer in the job file, or FILE|crs=EPSG:%[1]d", code)
	}
	for _, c := range []struct {
		name  string
		epsg  int
		shape orb.MultiPolygon
		want  string
	}{
		{"number of the zone missing", 4527, near(510000, 3409000),
			"its coordinates are not those of CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), whose eastings lie around 39500000; its coordinates (x 510000 to 519000, y 3409000 to 3419000) suggest CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548)" + end(4548)},
		{"number of the zone too much", 4548, near(39510000, 3409000),
			"its coordinates are not those of CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548), whose eastings lie around 500000; its coordinates (x 39510000 to 39519000, y 3409000 to 3419000) suggest CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)" + end(4527)},
		{"number of the zone twice", 4527, near(78510000, 3409000), "whose eastings lie around 39500000; its coordinates (x 78510000 to 78519000, y 3409000 to 3419000) are those of no CRS that is usual in China"},
		{"number of another zone", 4548, near(40270000, 3409000), "suggest CGCS2000 / 3-degree Gauss-Kruger zone 40 (EPSG:4528)" + end(4528)},
		{"metres declared as degrees", 4490, near(39510000, 3409000),
			"its coordinates are not those of China Geodetic Coordinate System 2000 (EPSG:4490), which counts longitudes and latitudes in degrees; its coordinates (x 39510000 to 39519000, y 3409000 to 3419000) suggest CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), in which it meets the rasters"},
		{"degrees declared as metres", 4527, box(117.1, 30.8, 117.2, 30.9).Shape,
			"its coordinates are not those of CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), whose unit is the metre; they look like degrees; its coordinates (x 117.1000 to 117.2000, y 30.8000 to 30.9000) suggest degrees, on its datum China Geodetic Coordinate System 2000 (EPSG:4490)" + end(4490)},
		{"degrees declared as UTM", 32650, box(117.1, 30.8, 117.2, 30.9).Shape, "its coordinates are not those of WGS 84 / UTM zone 50N (EPSG:32650), whose unit is the metre; they look like degrees"},
		{"Web Mercator declared as degrees", 4490, near(13035000, 3610000), "suggest WGS 84 / Pseudo-Mercator (EPSG:3857), in which it meets the rasters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, degrees(t), degrees(t))
			// A CRS that the file declares, and one that the user states.
			declared := s.layer("r.gpkg", c.epsg, []string{"HXBM"}, row(c.shape, "a"))
			other := map[bool]int{true: 4490, false: 4527}[c.epsg == 4527]
			stated := s.layer("s.gpkg", other, []string{"HXBM"}, row(c.shape, "a"))
			stated.CRS = fmt.Sprintf("EPSG:%d", c.epsg)
			s.job.RedLine = []job.Source{declared}
			s.refused(redline.Incompatible, c.want)
			s.job.RedLine = []job.Source{stated}
			s.refused(redline.Incompatible, strings.Replace(c.want, fmt.Sprintf("(EPSG:%d), wh", c.epsg), fmt.Sprintf("(EPSG:%d), as stated, wh", c.epsg), 1))
			if _, err := s.load(); strings.Contains(err.Error(), "feature 1") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("without rasters", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.Before.Files, s.job.After.Files = []string{"no.tif"}, []string{"no.tif"}
		s.job.RedLine = []job.Source{s.layer("r.gpkg", 4527, []string{"HXBM"}, row(near(510000, 3409000), "a"))}
		_, err := s.load()
		if want := "suggest CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548); state"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	})
	// What is proposed is right.
	t.Run("as proposed", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		source := s.layer("r.gpkg", 4527, []string{"HXBM"}, row(near(510000, 3409000), "a"))
		source.CRS = "EPSG:4548"
		s.job.RedLine = []job.Source{source}
		// The square lies 10 to 19 km east of 117° E.
		if min := s.mustLoad().Inputs.Zones[0].Shape.Bound().Min; min[0] < 10.3 || min[0] > 10.6 {
			t.Errorf("the zone begins in column %v", min[0])
		}
	})
	// One feature that is off is no matter of the CRS.
	t.Run("one feature", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{s.layer("r.gpkg", 4490, []string{"HXBM"}, []gdalvector.Row{box(110, 30.8, 110.2, 30.9, "a"), row(near(510000, 3409000), "b")}...)}
		s.refused(redline.Vector, filepath.Base("r.gpkg")+": feature 2: ", "is no longitude and latitude; correct or remove it")
	})
}
