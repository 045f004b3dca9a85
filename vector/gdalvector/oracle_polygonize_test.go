package gdalvector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/geos"
	"greenshield/vector/trace"
)

// A classMap is a raster of class codes.
type classMap struct {
	name       string
	cols, rows int
	codes      []int32
}

// polygonizeCorpus reads the rasters that GDAL tests its own polygonizer with.
func polygonizeCorpus(t *testing.T) (all []classMap) {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	files, err := filepath.Glob(filepath.Join(root, "gdal_polygonize_grd", "*.grd"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatalf("the corpus is missing in %s; set GREENSHIELD_DATA", root)
		}
		t.Skipf("the corpus is not in %s; set GREENSHIELD_DATA to its folder", root)
	}
	for _, path := range files {
		ds, err := godal.Open(path, godal.RasterOnly(), godal.Drivers("AAIGrid"))
		if err != nil {
			t.Fatal(err)
		}
		s := ds.Structure()
		m := classMap{filepath.Base(path), s.SizeX, s.SizeY, make([]int32, s.SizeX*s.SizeY)}
		if err := ds.Read(0, 0, m.codes, m.cols, m.rows); err != nil {
			t.Fatal(err)
		}
		ds.Close()
		all = append(all, m)
	}
	return all
}

// runs returns the cells of one code.
func (m classMap) runs(code int32) (runs []trace.Run) {
	for i, c := range m.codes {
		if c == code {
			row, col := int32(i/m.cols), int32(i%m.cols)
			runs = trace.Append(runs, trace.Run{Row: row, Col0: col, Col1: col + 1})
		}
	}
	return runs
}

// polygonize is GDALPolygonize, 4-connected, in lattice coordinates, by code.
func (m classMap) polygonize(t *testing.T) map[int32]orb.MultiPolygon {
	t.Helper()
	ds, err := godal.Create(godal.Memory, "", 1, godal.Int32, m.cols, m.rows)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	band := ds.Bands()[0]
	if err := band.Write(0, 0, m.codes, m.cols, m.rows); err != nil {
		t.Fatal(err)
	}
	shapes, err := godal.CreateVector("Memory", "")
	if err != nil {
		t.Fatal(err)
	}
	defer shapes.Close()
	layer, err := shapes.CreateLayer("codes", nil, godal.GTPolygon, godal.NewFieldDefinition("code", godal.FTInt))
	if err != nil {
		t.Fatal(err)
	}
	if err := band.Polygonize(layer, godal.PixelValueFieldIndex(0)); err != nil {
		t.Fatal(err)
	}
	out := map[int32]orb.MultiPolygon{}
	layer.ResetReading()
	for f := layer.NextFeature(); f != nil; f = layer.NextFeature() {
		text, err := f.Geometry().WKB()
		if err != nil {
			t.Fatal(err)
		}
		code := int32(f.Fields()["code"].Int())
		f.Close()
		mp, _, err := vector.DecodeWKB(text)
		if err != nil {
			t.Fatal(err)
		}
		out[code] = append(out[code], mp...)
	}
	return out
}

// outlineProblem says how an outline differs from GDAL's, "" when it does not: as many
// polygons, the same ground, valid, and with whole numbers for coordinates.
func outlineProblem(c *geos.Context, got, want orb.MultiPolygon, cells int) string {
	if ok, reason := c.Valid(got); !ok {
		return "invalid: " + reason
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d polygons, GDAL has %d", len(got), len(want))
	}
	if a := vector.Area(got); a != float64(cells) {
		return fmt.Sprintf("area %g of %d cells", a, cells)
	}
	if ok, _ := c.Valid(want); !ok { // GDAL's holes may touch themselves
		var err error
		if want, err = c.MakeValid(want); err != nil {
			return err.Error()
		}
	}
	for _, pair := range [2][2]orb.MultiPolygon{{got, want}, {want, got}} {
		rest, err := c.Difference(pair[0], pair[1])
		if err != nil {
			return err.Error()
		}
		if a := vector.Area(rest); a != 0 {
			return fmt.Sprintf("%g cells lie elsewhere", a)
		}
	}
	for _, p := range got {
		for _, r := range p {
			for _, v := range r {
				if v[0] != math.Trunc(v[0]) || v[1] != math.Trunc(v[1]) {
					return fmt.Sprintf("vertex %v is no corner of a cell", v)
				}
			}
		}
	}
	return ""
}

func TestOutlinesAgainstPolygonize(t *testing.T) {
	maps := polygonizeCorpus(t)
	corpus := len(maps)
	random := 150
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		random = 10_000
	}
	const seed = 11
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 12))
	for i := range random {
		m := classMap{name: fmt.Sprintf("random map %d", i), cols: 1 + rng.IntN(40), rows: 1 + rng.IntN(40)}
		classes := 2 + rng.IntN(4)
		for range m.cols * m.rows {
			m.codes = append(m.codes, int32(rng.IntN(classes)))
		}
		maps = append(maps, m)
	}
	c := geos.New()
	compared, failed := 0, 0
	for _, m := range maps {
		for code, want := range m.polygonize(t) {
			runs := m.runs(code)
			cells := 0
			for _, r := range runs {
				cells += int(r.Col1 - r.Col0)
			}
			compared++
			if problem := outlineProblem(c, trace.Polygons(runs), want, cells); problem != "" {
				failed++
				t.Errorf("%s, code %d: %s", m.name, code, problem)
			}
		}
	}
	t.Logf("%d rasters of the corpus, %d random ones", corpus, random)
	t.Logf("tally: scenes %d", random)
	t.Logf("tally: comparisons %d", compared)
	t.Logf("tally: skipped 0")
	t.Logf("tally: failed %d", failed)
	if corpus < 4 {
		t.Errorf("only %d rasters in the corpus", corpus)
	}
}

func TestOutlineProblemSeesWrongOutlines(t *testing.T) {
	square := func(a, b, c, d float64) orb.Polygon {
		return orb.Polygon{{{a, b}, {c, b}, {c, d}, {a, d}, {a, b}}}
	}
	want := orb.MultiPolygon{square(0, 0, 2, 2)}
	c := geos.New()
	for name, got := range map[string]orb.MultiPolygon{
		"elsewhere":      {square(1, 0, 3, 2)},
		"in two":         {square(0, 0, 1, 2), square(1, 0, 2, 2)},
		"too large":      {square(0, 0, 2, 3)},
		"off the corner": {{{{0, 0}, {1.5, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}}},
		"empty":          nil,
		"invalid":        {{{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}}},
	} {
		if outlineProblem(c, got, want, 4) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	if problem := outlineProblem(c, want, want, 4); problem != "" {
		t.Errorf("right refused: %s", problem)
	}
}
