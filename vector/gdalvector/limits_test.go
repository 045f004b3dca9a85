package gdalvector

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/vector"
)

const triangle = `{"type":"Polygon","coordinates":[[[0,0],[4,0],[0,4],[0,0]]]}`

// TestLargeObject: features of more than 200 MB are refused, and such that GDAL would need too much memory for.
func TestLargeObject(t *testing.T) {
	if os.Getenv("GREENSHIELD_TORTURE") == "" {
		t.Skip("needs 2 GB and half a minute; set GREENSHIELD_TORTURE")
	}
	feature := func(properties string) string {
		return writeFile(t, "a.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{`+properties+`},"geometry":`+triangle+`}]}`)
	}
	var properties []string
	for i := range 42 { // GDAL takes no text of more than 10 MB either
		properties = append(properties, fmt.Sprintf(`"p%d":"%s"`, i, strings.Repeat("x", 5<<20)))
	}
	refused(t, Source{File: feature(strings.Join(properties, ","))},
		"limit exceeded: feature 1 has 210 MB, at most 200 MB are read; split it, or make a copy that can be used by `ogr2ogr --config OGR_GEOJSON_MAX_OBJ_SIZE 0 -f GPKG ")
	refused(t, Source{File: feature(`"p":[[]` + strings.Repeat(",[]", 60<<20) + `]`)},
		"limit exceeded: GDAL would need more than 1500 MB for a feature; split it, or make a copy that can be used by `ogr2ogr --config OGR_GEOJSON_MAX_OBJ_SIZE 0 -f GPKG ")
}

// A feature of a quarter of a million holes is a large one, and read whole.
func TestFeatureOfManyHoles(t *testing.T) {
	const side = 500
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[116,30],[118,30],[118,32],[116,32],[116,30]]`)
	for i := range side {
		for j := range side {
			x, y := 116.1+0.002*float64(i), 30.1+0.002*float64(j)
			fmt.Fprintf(&b, ",[[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f],[%.7f,%.7f]]", x, y, x, y+0.001, x+0.001, y+0.001, x+0.001, y, x, y)
		}
	}
	b.WriteString(`]}}]}`)
	shape := read(t, Source{File: writeFile(t, "a.geojson", b.String())}).Features[0].Shape
	if len(shape) != 1 || len(shape[0]) != side*side+1 {
		t.Fatalf("%d polygons, %d rings", len(shape), len(shape[0]))
	}
	if got, want := vector.Area(shape), 4-side*side*1e-6; got < want-1e-9 || got > want+1e-9 {
		t.Errorf("area is %.12f, want %.12f", got, want)
	}
}

// What a layer may take of the memory is held, in every format.
func TestMemoryOfALayer(t *testing.T) {
	for _, name := range []string{"a.shp", "a.gpkg", "a.fgb", "a.gdb", "a.geojson"} {
		path := writeSample(t, name, WriteOptions{})
		if name == "a.geojson" {
			refused(t, Source{File: path, Memory: 1 << 10}, "limit exceeded: feature 1 has 0 MB, and GDAL needs some 0 MiB to read it, more than --max-memory leaves (0 MiB)")
		} else {
			refused(t, Source{File: path, Memory: 10}, "limit exceeded: feature 1 and those before it take more than the 0 MiB that --max-memory leaves for them; raise it, or take out what does not meet the rasters")
		}
		if _, err := Read(Source{File: path, Memory: 10}); !errors.Is(err, raster.ErrLimit) {
			t.Errorf("%s: %v is no limit", name, err)
		}
		read(t, Source{File: path, Memory: 1 << 20})
	}
	for _, c := range []struct {
		bytes  int
		memory int64
		want   string
	}{
		{200 << 20, 0, ""},
		{200<<20 + 1, 0, "has 200 MB, at most 200 MB are read"},
		{40 << 20, 1 << 30, ""},
		{50 << 20, 1 << 30, "has 50 MB, and GDAL needs some 1250 MiB to read it, more than --max-memory leaves (1024 MiB)"},
	} {
		got := ""
		if err := checkObject(c.bytes, c.memory); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%d bytes, memory %d: %q, want %q", c.bytes, c.memory, got, c.want)
		}
	}
}
