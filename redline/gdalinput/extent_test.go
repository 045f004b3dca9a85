package gdalinput

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/job"
)

// lost writes a Shapefile in a CRS, of an area that is given in degrees, without its .prj.
func (s *scene) lost(code int, area orb.Bound) job.Source {
	s.t.Helper()
	projected, err := project(area, crs(s.t, 4490), crs(s.t, code))
	if err != nil {
		s.t.Fatal(err)
	}
	s.dir = s.t.TempDir()
	src := s.layer("z.shp", code, []string{"HXBM"}, row(orb.MultiPolygon{projected.ToPolygon()}, "a"))
	if err := os.Remove(filepath.Join(s.dir, "z.prj")); err != nil {
		s.t.Fatal(err)
	}
	return src
}

func around(lon, lat, size float64) orb.Bound {
	return orb.Bound{Min: orb.Point{lon - size/2, lat - size/2}, Max: orb.Point{lon + size/2, lat + size/2}}
}

// TestMissingCRSIsSuggested drops the .prj of layers in every CRS that is usual in China.
func TestMissingCRSIsSuggested(t *testing.T) {
	type c struct {
		code        int
		lon, offset float64 // central meridian, the layer's distance from it
		size        float64
	}
	tests := []c{{4490, 117, 1, 0.5}, {3857, 117, 1, 0.5}, {3857, 87, 0, 0.5}}
	for n := range 21 {
		tests = append(tests, c{4513 + n, float64(75 + 3*n), 1.2, 0.4}, c{4534 + n, float64(75 + 3*n), -1.2, 0.4})
	}
	for n := range 11 {
		// Without the zone's number a layer is only known for one of 6 degrees when it is too wide for one of 3.
		tests = append(tests, c{4491 + n, float64(75 + 6*n), -2.5, 0.5}, c{4502 + n, float64(75 + 6*n), 0, 5.8})
	}
	all := os.Getenv("GREENSHIELD_TORTURE") != ""
	tried := 0
	defer func() { t.Logf("tally: missing CRSs %d", tried) }()
	for i, tt := range tests {
		if !all && i > 2 && i%4 != 0 && tt.code != 4527 && tt.code != 4548 {
			continue
		}
		tried++
		t.Run(fmt.Sprintf("EPSG %d", tt.code), func(t *testing.T) {
			g := degrees(t)
			g.OriginX, g.OriginY = tt.lon+tt.offset-0.2, 31.15
			s := newScene(t, g, g)
			s.job.RedLine = []job.Source{s.lost(tt.code, around(tt.lon+tt.offset, 31, tt.size))}
			_, err := s.load()
			if redline.KindOf(err) != redline.Vector {
				t.Fatalf("got %v", err)
			}
			_, text, _ := strings.Cut(err.Error(), " suggest ")
			_, first, _ := strings.Cut(text, "(EPSG:")
			if !strings.HasPrefix(first, fmt.Sprintf("%d)", tt.code)) || !strings.Contains(text, "in which it meets the rasters") {
				t.Errorf("got %v", err)
			}
			// A raster elsewhere in China does not change what the numbers say by themselves.
			if tt.code >= 4534 && tt.code <= 4554 || tt.code >= 4502 && tt.code <= 4512 {
				return
			}
			there := g
			there.OriginX, there.OriginY = 100, 45
			elsewhere := newScene(t, there, there)
			elsewhere.job.RedLine = s.job.RedLine
			if _, err := elsewhere.load(); !strings.Contains(err.Error(), fmt.Sprintf("(EPSG:%d)", tt.code)) || !strings.Contains(err.Error(), "would not meet the rasters there") {
				t.Errorf("with rasters elsewhere: %v", err)
			}
		})
	}

	t.Run("rasters in metres", func(t *testing.T) {
		s := newScene(t, metres(t), metres(t))
		s.job.RedLine = []job.Source{s.lost(4527, around(117.2, 30.85, 0.1))}
		s.refused(redline.Vector, "layer has no CRS (its .prj is missing); find out which one it is in and state it",
			"its coordinates (x 39514", "suggest CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527), in which it meets the rasters; Xian 1980 and Beijing 1954 have the same zones and numbers")
	})
	t.Run("several, the likeliest first", func(t *testing.T) {
		// Rasters from 114° to 118°: zones 114 and 117 are possible, and the layer lies wholly inside in one.
		g := raster.Grid{OriginX: 114, OriginY: 32, CellX: 0.1, CellY: 0.1, Cols: 39, Rows: 20, CRS: crs(t, 4490)}
		s := newScene(t, g, g)
		s.job.RedLine = []job.Source{s.lost(4547, around(115, 31, 0.3))}
		s.refused(redline.Vector, "one of these, in which it meets the rasters, the likeliest first: CGCS2000 / 3-degree Gauss-Kruger CM 114E (EPSG:4547), CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548);", "UTM differs by 0.04 % only")
	})
	t.Run("one unusable raster", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{s.lost(4548, around(117.2, 30.85, 0.1))}
		s.job.After.Files = []string{"/nowhere.tif"}
		if _, err := s.load(); !strings.Contains(err.Error(), "suggest CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548), in which it meets the rasters") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unusable rasters", func(t *testing.T) {
		s := newScene(t, degrees(t), degrees(t))
		s.job.RedLine = []job.Source{s.lost(4548, around(117.2, 30.85, 0.1))}
		s.job.Reserve = []job.Source{s.layer("sound.geojson", 4326, nil, box(117.1, 30.8, 117.2, 30.9))}
		s.job.RedLine, s.job.Reserve = s.job.Reserve, s.job.RedLine // the sound layer first: its own lattice is no raster
		s.job.Before.Files, s.job.After.Files = []string{"/nowhere.tif"}, []string{"/nowhere.tif"}
		if _, err := s.load(); !strings.Contains(err.Error(), "suggest a Gauss-Krüger zone without its number, from CGCS2000 / 3-degree Gauss-Kruger CM 75E (EPSG:4534) to CGCS2000 / 3-degree Gauss-Kruger CM 135E (EPSG:4554)") {
			t.Errorf("got %v", err)
		}
	})
	for name, want := range map[string]struct {
		box  orb.Bound
		text string
	}{
		"axes exchanged":      {orb.Bound{Min: orb.Point{3_420_000, 39_510_000}, Max: orb.Point{3_425_000, 39_520_000}}, "make sense with x and y exchanged only, such as in EPSG:4527"},
		"numbers of no sense": {orb.Bound{Min: orb.Point{7e7, 1}, Max: orb.Point{7.1e7, 2}}, "are those of no CRS that is usual in China"},
		"two zones":           {orb.Bound{Min: orb.Point{38_500_000, 3e6}, Max: orb.Point{39_500_000, 3.1e6}}, "are those of no CRS that is usual in China"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Loaded{}).suggestCRS(want.box).text; !strings.Contains(got, want.text) {
				t.Errorf("got %s", got)
			}
		})
	}
}
