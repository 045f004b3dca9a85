package gdalinput

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/tidwall/geodesic"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector"
	"greenshield/vector/geos"
)

// placeProblem says what is wrong with a polygon that was placed on a lattice of degrees,
// "" when nothing is: it is valid, has the area that GeographicLib's planimeter finds along
// its edges, and lies where it lay.
func placeProblem(c *geos.Context, g raster.Grid, shape orb.MultiPolygon, p placed) string {
	if ok, reason := c.Valid(p.shape); !ok {
		return "invalid: " + reason
	}
	if valid, _ := c.Valid(shape); valid && p.repair != nil {
		return fmt.Sprintf("valid, but repaired: %+v", *p.repair)
	}
	if math.IsNaN(p.m2) || len(p.shape) > 0 && p.m2 <= 0 {
		return fmt.Sprintf("area %g", p.m2)
	}
	if want := latticeM2(g, p.shape); math.Abs(p.m2-want) > 1e-6*want+1 {
		return fmt.Sprintf("area %.1f m², the planimeter has %.1f", p.m2, want)
	}
	back := p.shape.Clone()
	for _, polygon := range back {
		for _, ring := range polygon {
			for i := range ring {
				ring[i][0], ring[i][1] = g.Map(ring[i][0], ring[i][1])
			}
		}
	}
	fixed, _, err := c.Repair(shape)
	if err != nil {
		return err.Error()
	}
	before, after := vector.Area(fixed), vector.Area(back)
	if math.Abs(before-after) > 1e-9*before {
		return fmt.Sprintf("%g square degrees became %g", before, after)
	}
	return ""
}

// latticeM2 measures a shape whose edges are straight in degrees.
func latticeM2(g raster.Grid, shape orb.MultiPolygon) (sum float64) {
	ellipsoid := geodesic.NewEllipsoid(g.CRS.SemiMajorM, g.CRS.Flattening)
	for _, polygon := range shape {
		for i, ring := range polygon {
			p := ellipsoid.PolygonInit(false)
			for k := 1; k < len(ring); k++ {
				a, b := ring[k-1], ring[k]
				n := math.Ceil(math.Hypot(b[0]-a[0], b[1]-a[1]) * g.CellX * 400) // steps of 1/400°, 280 m
				n = min(max(n, 1), 60_000)
				for s := range int(n) {
					x, y := g.Map(a[0]+float64(s)/n*(b[0]-a[0]), a[1]+float64(s)/n*(b[1]-a[1]))
					p.AddPoint(y, x)
				}
			}
			var area float64
			p.Compute(true, true, &area, nil) // Map turns round what is counter-clockwise on the lattice
			if area = math.Abs(area); i > 0 {
				area = -area
			}
			sum += area
		}
	}
	return sum
}

// Real and awkward outlines of the corpora that are in degrees, as zones: some wholly inside
// the grid, some reaching out of it.
func TestPlaceCorpus(t *testing.T) {
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	var files []string
	for _, name := range []string{"jts_wkt/africa.wkt", "jts_wkt/europe.wkt", "jts_wkt/papua.wkt", "jts_wkt/usa-lower48.wkt",
		"exactextract_wkt/antarctica.wkt", "exactextract_wkt/regression4.wkt", "exactextract_wkt/regression6.wkt", "exactextract_wkt/russia.wkt"} {
		path := filepath.Join(root, name)
		if _, err := os.Stat(path); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("the corpus is missing: %v; set GREENSHIELD_DATA", err)
			}
			t.Skipf("the corpus is not here: %v; set GREENSHIELD_DATA to its folder", err)
		}
		files = append(files, path)
	}
	world := raster.Grid{OriginX: -180, OriginY: 90, CellX: 1. / 160, CellY: 1. / 160, Cols: 57600, Rows: 28800, CRS: crs(t, 4326)}
	part := raster.Grid{OriginX: 0, OriginY: 40, CellX: 1. / 160, CellY: 1. / 160, Cols: 1600, Rows: 6400, CRS: crs(t, 4326)}
	c := geos.New()
	var placers []*placer
	for _, g := range []raster.Grid{world, part} {
		earth, err := raster.NewEarth(g, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlacer(c, g, earth, g.CRS, gdalraster.Extent{}, true)
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		placers = append(placers, p)
	}
	compared, skipped, failed, repaired := 0, 0, 0, 0
	skip := func(format string, args ...any) {
		skipped++
		t.Logf("skipped, "+format, args...)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, wkt := range strings.SplitAfter(strings.Trim(strings.TrimSpace(string(text)), `"`), "))\n") {
			if wkt = strings.TrimSpace(wkt); wkt == "" {
				continue
			}
			name := fmt.Sprintf("%s, geometry %d", filepath.Base(path), i+1)
			g, err := geom.UnmarshalWKT(wkt, geom.NoValidate{})
			if err != nil {
				skip("%s: %v", name, err)
				continue
			}
			shape, _, err := vector.DecodeWKB(g.AsBinary())
			if err != nil || len(shape) == 0 {
				skip("%s: %d polygons, %v", name, len(shape), err)
				continue
			}
			for k, p := range placers {
				if k > 0 && !overlap(shape.Bound(), orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{10, 40}}) {
					continue // nowhere near the smaller grid
				}
				out, err := p.place(shape)
				compared++
				if err != nil {
					failed++
					t.Errorf("%s: %v", name, err)
					continue
				}
				if out.repair != nil {
					repaired++
				}
				if problem := placeProblem(c, p.grid, shape, out); problem != "" {
					failed++
					t.Errorf("%s, grid %d: %s", name, k, problem)
				}
			}
		}
	}
	t.Logf("%d polygons were repaired", repaired)
	t.Logf("tally: comparisons %d", compared)
	t.Logf("tally: skipped %d", skipped)
	t.Logf("tally: failed %d", failed)
	if compared < 20 {
		t.Error("too little was compared")
	}
}

func TestPlaceProblemSeesWrongPlaces(t *testing.T) {
	g := raster.Grid{OriginX: 100, OriginY: 40, CellX: 0.25, CellY: 0.25, Cols: 40, Rows: 40, CRS: crs(t, 4326)}
	earth, err := raster.NewEarth(g, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := geos.New()
	p, err := newPlacer(c, g, earth, g.CRS, gdalraster.Extent{}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	shape := orb.MultiPolygon{{{{101, 35}, {103, 35}, {103, 36}, {101, 36}, {101, 35}}}}
	right, err := p.place(shape)
	if err != nil {
		t.Fatal(err)
	}
	if problem := placeProblem(c, g, shape, right); problem != "" {
		t.Fatal("right refused:", problem)
	}
	wrongArea, moved, repaired, twisted := right, right, right, right
	wrongArea.m2 *= 1 + 1e-5
	moved.shape = right.shape.Clone()
	moved.shape[0][0][1][0] += 0.01
	moved.m2 = latticeM2(g, moved.shape)
	repaired.repair = &repair{}
	twisted.shape = orb.MultiPolygon{{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}}
	for name, wrong := range map[string]placed{"area": wrongArea, "moved": moved, "repaired": repaired, "twisted": twisted, "nothing": {}} {
		if placeProblem(c, g, shape, wrong) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
}
