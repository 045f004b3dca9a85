package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
)

// TestCoordinatesOfAnotherCRS: rasters whose coordinates cannot be those of the CRS that they declare are refused, with
// the CRS that fits; stated, it gives what sound files give. Where they can be, but hardly are, this is a warning.
func TestCoordinatesOfAnotherCRS(t *testing.T) {
	square := orb.MultiPolygon{{{{117.15, 31.45}, {117.25, 31.45}, {117.25, 31.55}, {117.15, 31.55}, {117.15, 31.45}}}}
	zones := []gdalvector.Row{{Values: []string{"A1"}, Shape: square}}
	built := func(col, row int) bool { return col/10 == 5 && row/10 == 5 }
	for name, c := range map[string]struct {
		is, declared string
		cell         float64
		status       int
		why, fits    string
	}{
		"zone number missing": {"EPSG:4548", "EPSG:4527", 30, 11, "whose eastings lie around 39500000",
			"CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548)"},
		"zone number twice": {"EPSG:4527", "EPSG:4548", 30, 11, "whose eastings lie around 500000",
			"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)"},
		"zone number of 6 degrees missing": {"EPSG:4509", "EPSG:4498", 30, 11, "whose eastings lie around 20500000",
			"CGCS2000 / 3-degree Gauss-Kruger CM 117E (EPSG:4548)"}, // both are one CRS
		"zone number under UTM": {"EPSG:4527", "EPSG:32650", 30, 11, "whose eastings lie around 500000",
			"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)"},
		"metres as degrees": {"EPSG:4527", "EPSG:4326", 30, 11, "which counts longitudes and latitudes in degrees",
			"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)"},
		"degrees as metres": {"EPSG:4490", "EPSG:4548", 0.00027, 11, "whose unit is the metre; they look like degrees",
			"degrees, on its datum China Geodetic Coordinate System 2000 (EPSG:4490)"},
		"zone number as Web Mercator": {"EPSG:4527", "EPSG:3857", 30, 11, "whose projection shows no place on earth there",
			"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)"},
		"zone of the neighbour": {"EPSG:4527", "EPSG:4526", 30, 0, "whose eastings begin with 38, the number of its zone",
			"CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)"},
	} {
		t.Run(name, func(t *testing.T) {
			sound := fieldJob(t, c.is, 100, c.cell, zones, built)
			o := here(t, sound.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
			o.want(t, 0)
			warned(sound, o, "")
			f := folder{t, t.TempDir()}
			f.check(os.CopyFS(f.dir, os.DirFS(sound.dir)))
			for _, file := range []string{"a.tif", "b.tif"} {
				f.declare(file, c.declared)
			}
			args := []string{"check", "job.yaml"}
			o = here(t, f.dir, args...)
			if said := o.stdout + o.stderr; !strings.Contains(said, c.why) || !strings.Contains(said, " suggest "+c.fits) ||
				!strings.Contains(said, "state the right one by crs: "+strings.Trim(c.fits[strings.LastIndex(c.fits, "("):], "()")+" under this raster in the job file, or --after-crs") {
				t.Errorf("check says %s", said)
			}
			if c.status != 0 {
				o = here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--out", "refused")
				o.want(t, c.status)
				if strings.Count(o.stderr, "greenshield: ") != 2 {
					t.Errorf("not one message for each raster: %s", o.stderr)
				}
			}
			here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--out", "stated", "--before-crs", c.is,
				"--after-crs", c.is).want(t, 0)
			sameFiles(t, contents(t, f.path("stated")), contents(t, sound.path("out")), tellOfInputs...)
		})
	}
}

// declare rewrites a raster of [fieldJob] with another CRS; its numbers stay.
func (f folder) declare(name, crs string) {
	f.t.Helper()
	g, cells := f.cells(name)
	var err error
	g.CRS, err = gdalraster.ParseCRS(crs)
	f.check(err)
	f.remove(name)
	f.check(gdalraster.WriteByte(f.path(name), g, bytes.Clone(cells), nil))
}
