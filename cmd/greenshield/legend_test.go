package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

const unlikelyLegend = `all its codes stand in legend "clcd", but none of its `

// TestLegendOfAnotherProduct: rasters whose codes happen to stand in a legend are warned of, by check and by run, where
// the legend makes no landscape of them; the sample is one.
func TestLegendOfAnotherProduct(t *testing.T) {
	f := folder{t, newSample(t)}
	check := func(want int) {
		t.Helper()
		o := here(t, f.dir, "check", "job.yaml")
		o.want(t, 0)
		if strings.Count(o.stdout, unlikelyLegend) != want {
			t.Errorf("check says %s", o.stdout)
		}
		o = here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv", "--replace")
		o.want(t, 0)
		if strings.Count(o.stderr, unlikelyLegend) != want {
			t.Errorf("run says %s", o.stderr)
		}
		if m := readManifest(t, f.path("out")); strings.Count(strings.Join(m.Warnings, "\n"), unlikelyLegend) != want {
			t.Errorf("the manifest has %q", m.Warnings)
		}
	}
	check(0)
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} { // as if classes were counted from 1
		_, cells := f.cells(name)
		for i, c := range cells {
			if c > 0 {
				cells[i] = 1 + c%4
			}
		}
		f.write(name, godal.Byte, cells, 0)
	}
	check(2)
}

// TestRealMapByAnotherLegend: the sample of MOLUSCE counts its four classes from 1, and CLCD's legend knows all of them.
func TestRealMapByAnotherLegend(t *testing.T) {
	data := realData(t, "molusce_init_final")
	f := folder{t, t.TempDir()}
	f.text("zone.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[48.7,56.1],[48.9,56.1],[48.9,56.25],[48.7,56.25],[48.7,56.1]]]}}]}`)
	f.text("job.yaml", "before: {files: [a.tif], year: 2015, legend: clcd}\nafter: {files: [b.tif], year: 2020, legend: clcd}\nredline: [{file: zone.geojson}]\nout: out\n")
	for name, source := range map[string]string{"a.tif": "init.tif", "b.tif": "final.tif"} {
		f.check(os.Symlink(filepath.Join(data, source), f.path(name)))
	}
	const want = unlikelyLegend + "101 km² is built-up land (8 不透水面): are they those of another product? If so, name its legend, or write one (a CSV as greenshield legends NAME prints it)"
	for _, args := range [][]string{{"check", "job.yaml"}, {"run", "job.yaml", "--quiet", "--formats", "csv"}} {
		o := here(t, f.dir, args...)
		o.want(t, 0)
		if strings.Count(o.stdout+o.stderr, want) != 2 {
			t.Errorf("%s says %s", args[0], o.stdout+o.stderr)
		}
	}
}
