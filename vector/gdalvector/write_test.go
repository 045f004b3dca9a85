package gdalvector

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

func TestWriteIsDeterministic(t *testing.T) {
	for _, name := range []string{"a.shp", "a.gpkg", "a.geojson", "a.fgb"} {
		t.Run(name, func(t *testing.T) {
			first := writeSample(t, name, WriteOptions{})
			time.Sleep(20 * time.Millisecond) // GeoPackage records milliseconds
			second := writeSample(t, name, WriteOptions{})
			files, err := filepath.Glob(filepath.Join(filepath.Dir(first), "*"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			for _, file := range files {
				a, errA := os.ReadFile(file)
				b, errB := os.ReadFile(filepath.Join(filepath.Dir(second), filepath.Base(file)))
				if errA != nil || errB != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs (%v, %v)", filepath.Base(file), errA, errB)
				}
			}
		})
	}
}

func TestWriteUndeclaredGBK(t *testing.T) {
	path := gbkShapefile(t, "安徽省")
	stem := strings.TrimSuffix(path, ".shp")
	if _, err := os.Stat(stem + ".cpg"); err == nil {
		t.Error("there is a .cpg")
	}
	b, err := os.ReadFile(stem + ".dbf")
	if err != nil {
		t.Fatal(err)
	}
	if b[29] != 0 || !bytes.Contains(b, []byte("\xb0\xb2\xbb\xd5\xca\xa1")) {
		t.Errorf("language byte %#x, GBK text present: %v", b[29], bytes.Contains(b, []byte("\xb0\xb2\xbb\xd5\xca\xa1")))
	}
	if b[1] != 120 || b[2] != 1 || b[3] != 1 {
		t.Errorf("dated %v", b[1:4])
	}
}

func TestWriteKeepsProjectedCoordinates(t *testing.T) {
	crs := epsg(t, 4527) // CGCS2000 / 3-degree Gauss-Kruger zone 39
	shape := square(39500000.123456, 3500000.5, 30)
	for _, name := range []string{"a.shp", "a.gpkg", "a.geojson"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := Write(path, crs, []string{"MC"}, []Row{{[]string{"x"}, shape}}, WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			if l := read(t, Source{File: path}); l.CRS.EPSG != 4527 || !sameRings(l.Features[0].Shape, shape) {
				t.Errorf("got EPSG:%d %v", l.CRS.EPSG, l.Features[0].Shape)
			}
		})
	}
}

// TestWriteWithoutCode: formats that keep a CRS as text need no code.
func TestWriteWithoutCode(t *testing.T) {
	wkt := strings.NewReplacer("39500000", "500", `ID["EPSG",4527]`, `ID["MINE",1]`).Replace(epsg(t, 4527).WKT)
	crs, err := gdalraster.ParseCRS(wkt)
	if err != nil || crs.EPSG != 0 {
		t.Fatal(crs.EPSG, err)
	}
	fields, rows := sample()
	path := filepath.Join(t.TempDir(), "a.gpkg")
	if err := Write(path, crs, fields, rows, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if l := read(t, Source{File: path}); l.CRS.EPSG != 0 || !strings.Contains(l.CRS.WKT, `"False easting",500,`) {
		t.Errorf("got EPSG:%d %s", l.CRS.EPSG, l.CRS.WKT)
	}
}

func TestWriteRefuses(t *testing.T) {
	fields, rows := sample()
	existing := writeFile(t, "a.gpkg", "mine")
	for _, c := range []struct {
		name, path string
		crs        raster.CRS
		rows       []Row
		want       string
	}{
		{"to overwrite", existing, epsg(t, 4326), rows, "exists already"},
		{"an unknown format", filepath.Join(t.TempDir(), "a.osm"), epsg(t, 4326), rows, "unknown kind"},
		{"rows of another length", filepath.Join(t.TempDir(), "a.gpkg"), epsg(t, 4326), []Row{{[]string{"x"}, nil}}, "row 1 has 1 values for 2 fields"},
		{"a folder that is not there", filepath.Join(t.TempDir(), "none", "a.gpkg"), epsg(t, 4326), rows, "none"},
		{"a CRS without code", filepath.Join(t.TempDir(), "a.geojson"), raster.CRS{Name: "mine"}, rows, "no EPSG code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := Write(c.path, c.crs, fields, c.rows, WriteOptions{}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if b, _ := os.ReadFile(existing); string(b) != "mine" {
		t.Error("the existing file was changed")
	}
}
