package gdalscene

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

// params has more rows than one band and a size that is no multiple of the tile's.
func params() scene.Params {
	return scene.Params{Seed: 1, Cols: 300, Rows: bandRows + 88, RedLines: 8, Reserves: 3, Vertices: 800, Changed: 0.04}
}

func write(t *testing.T, p scene.Params, options ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "scene")
	if err := Write(dir, p, options...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestWriteTwiceGivesTheSameBytes(t *testing.T) {
	a, b := files(t, write(t, params())), files(t, write(t, params()))
	want := []string{
		scene.ReadmeFile, scene.County, scene.Exempt, scene.JobFile, scene.RasterA, scene.RasterB, scene.RedLine,
		"reserves.dbf", "reserves.prj", scene.Reserve, "reserves.shx",
	}
	if len(a) != len(want) || len(b) != len(want) {
		t.Errorf("%d and %d files, want %d", len(a), len(b), len(want))
	}
	for _, name := range want {
		if len(a[name]) == 0 {
			t.Errorf("%s is missing or empty", name)
		}
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s differs", name)
		}
	}
	other := params()
	other.Seed++
	c := files(t, write(t, other))
	for _, name := range want {
		if bytes.Equal(a[name], c[name]) && name != "reserves.prj" && name != "reserves.dbf" {
			t.Errorf("%s is the same for another seed", name)
		}
	}
}

func TestRasters(t *testing.T) {
	p := params()
	s, err := scene.New(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		options []string
		block   [2]int
	}{
		{"default", nil, [2]int{256, 256}},
		{"strips", []string{"COMPRESS=DEFLATE", "BLOCKYSIZE=7"}, [2]int{p.Cols, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, p, c.options...)
			for epoch, name := range []string{scene.RasterA, scene.RasterB} {
				ds, err := godal.Open(filepath.Join(dir, name), godal.RasterOnly())
				if err != nil {
					t.Fatal(err)
				}
				defer ds.Close()
				crs, err := gdalraster.CRSOf(ds.SpatialRef())
				if err != nil || crs.EPSG != 4490 {
					t.Errorf("%s: CRS %d, %v; want 4490", name, crs.EPSG, err)
				}
				g := s.Grid()
				if gt, err := ds.GeoTransform(); err != nil || gt != [6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY} {
					t.Errorf("%s: geotransform %v, %v; want that of %+v", name, gt, err, g)
				}
				if text := ds.Metadata("TIFFTAG_IMAGEDESCRIPTION"); !strings.Contains(text, "SYNTHETIC") {
					t.Errorf("%s: description %q does not say that it is synthetic", name, text)
				}
				band := ds.Bands()[0]
				if nd, ok := band.NoData(); !ok || nd != 0 {
					t.Errorf("%s: NoData %v, %v", name, nd, ok)
				}
				if got := band.ColorTable().Entries; len(got) < 9 || got[2] != [4]int16{0x44, 0x6F, 0x33, 255} {
					t.Errorf("%s: colour table %v lacks CLCD's forest", name, got)
				}
				if st := band.Structure(); [2]int{st.BlockSizeX, st.BlockSizeY} != c.block {
					t.Errorf("%s: blocks of %d × %d, want %v", name, st.BlockSizeX, st.BlockSizeY, c.block)
				}
				got := make([]uint8, p.Cols*p.Rows)
				if err := band.Read(0, 0, got, p.Cols, p.Rows); err != nil {
					t.Fatal(err)
				}
				want := make([]uint8, p.Cols)
				for row := range p.Rows {
					s.Row(epoch, row, want)
					if !bytes.Equal(got[row*p.Cols:(row+1)*p.Cols], want) {
						t.Fatalf("%s: row %d differs from the scene's", name, row)
					}
				}
			}
		})
	}
}

func TestLayers(t *testing.T) {
	p := params()
	dir := write(t, p)
	s, err := scene.New(p)
	if err != nil {
		t.Fatal(err)
	}
	lonLat, err := gdalraster.ParseCRS("EPSG:4490")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, encoding string
		want           scene.Layer
		epsg           int
		invalid        []int
	}{
		{scene.RedLine, "", s.RedLines(), 4527, nil},
		{scene.Reserve, "GBK", s.Reserves(), 4490, []int{3}},
		{scene.County, "", s.Counties(), 4326, nil},
		{scene.Exempt, "", s.Exemptions(), 4326, nil},
	} {
		t.Run(c.file, func(t *testing.T) {
			l, err := gdalvector.Read(gdalvector.Source{File: filepath.Join(dir, c.file), Encoding: c.encoding})
			if err != nil {
				t.Fatal(err)
			}
			if l.CRS.EPSG != c.epsg || l.Name != c.want.Name {
				t.Errorf("layer %s in EPSG:%d, want %s in EPSG:%d", l.Name, l.CRS.EPSG, c.want.Name, c.epsg)
			}
			if len(l.Features) != len(c.want.Features) {
				t.Fatalf("%d features, want %d", len(l.Features), len(c.want.Features))
			}
			back, err := gdalraster.NewTransform(l.CRS, lonLat)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			g := geos.New()
			var invalid []int
			for i, f := range l.Features {
				for k, field := range c.want.Fields {
					if got, want := l.Value(&f, field), c.want.Features[i].Values[k]; got != want {
						t.Errorf("feature %d: %s is %q, want %q", i, field, got, want)
					}
				}
				b := f.Shape.Bound()
				x, y := []float64{b.Center()[0]}, []float64{b.Center()[1]}
				if err := back.XY(x, y); err != nil {
					t.Fatal(err)
				}
				centre := c.want.Features[i].Shape.Bound().Center()
				lon, lat := s.Map(centre[0], centre[1])
				// Within a cell: a box of projected corners is not the box of corners projected.
				if d := (orb.Point{(x[0] - lon) / scene.CellDeg, (y[0] - lat) / scene.CellDeg}); max(d[0], -d[0], d[1], -d[1]) > 1 {
					t.Errorf("feature %d lies %v cells away from its place", i, d)
				}
				repaired, repair, err := g.Repair(f.Shape)
				if err != nil {
					t.Fatal(err)
				}
				if repair != nil {
					invalid = append(invalid, i)
					if repair.Change() > 0.001 || repair.Change() == 0 || len(repaired) == 0 {
						t.Errorf("feature %d: repair changes its area by %.4f %%, want more than nothing and less than 0.1 %%", i, 100*repair.Change())
					}
				}
			}
			if !slices.Equal(invalid, c.invalid) {
				t.Errorf("features %v are invalid, want %v", invalid, c.invalid)
			}
		})
	}
}

// TestSharedBordersInFiles: layers that share borders share them to the bit when they are read back, on every kind of
// grid, and lie where the scene has them.
func TestSharedBordersInFiles(t *testing.T) {
	for projection, epsg := range map[scene.Projection]int{scene.Geographic: 4490, scene.GaussKruger: 4527, scene.Albers: 0} {
		p := params()
		p.RedLines, p.Reserves, p.Vertices = 10, 3, 3000
		p.Layout, p.Projection = scene.Shared, projection
		dir := write(t, p)
		s, err := scene.New(p)
		if err != nil {
			t.Fatal(err)
		}
		ds, err := godal.Open(filepath.Join(dir, scene.RasterA), godal.RasterOnly())
		if err != nil {
			t.Fatal(err)
		}
		defer ds.Close()
		grid, err := gdalraster.CRSOf(ds.SpatialRef())
		if err != nil || grid.EPSG != epsg || grid.Geographic != (epsg == 4490) {
			t.Errorf("projection %d: the raster is in %+v, %v", projection, grid, err)
		}
		vertices := map[orb.Point]bool{}
		for _, c := range []struct {
			file string
			want scene.Layer
		}{{scene.RedLine, s.RedLines()}, {scene.SharedReserve, s.Reserves()}, {scene.SharedCounty, s.Counties()}} {
			l, err := gdalvector.Read(gdalvector.Source{File: filepath.Join(dir, c.file)})
			if err != nil {
				t.Fatal(err)
			}
			if l.CRS.Name != grid.Name || len(l.Features) != len(c.want.Features) {
				t.Fatalf("projection %d: %s has %d features in %s", projection, c.file, len(l.Features), l.CRS.Name)
			}
			same, err := gdalraster.NewTransform(l.CRS, grid)
			if err != nil {
				t.Fatal(err)
			}
			defer same.Close()
			first := l.Features[0].Shape[0][0][0]
			if x, y := []float64{first[0]}, []float64{first[1]}; same.XY(x, y) != nil || first != (orb.Point{x[0], y[0]}) {
				t.Errorf("projection %d: %s is not in the CRS of the raster: %v became %v, %v", projection, c.file, first, x, y)
			}
			for i, f := range l.Features {
				for a, polygon := range c.want.Features[i].Shape {
					for b, ring := range polygon {
						for k, at := range ring {
							x, y := s.Map(at[0], at[1])
							if f.Shape[a][b][k] != (orb.Point{x, y}) {
								t.Fatalf("projection %d: %s, feature %d: vertex %v, want %v, %v", projection, c.file, i, f.Shape[a][b][k], x, y)
							}
							vertices[orb.Point{x, y}] = true
						}
					}
				}
			}
		}
		if len(vertices) < 1000 {
			t.Errorf("projection %d: %d vertices", projection, len(vertices))
		}
		// The middle of the grid is near 117° E, 31° N.
		lonLat, err := gdalraster.ParseCRS("EPSG:4490")
		if err != nil {
			t.Fatal(err)
		}
		back, err := gdalraster.NewTransform(grid, lonLat)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		x, y := s.Map(float64(p.Cols/2), float64(p.Rows/2))
		xs, ys := []float64{x}, []float64{y}
		if err := back.XY(xs, ys); err != nil || max(xs[0]-117, 117-xs[0], ys[0]-31, 31-ys[0]) > 0.0005 {
			t.Errorf("projection %d: the middle is at %v, %v: %v", projection, xs[0], ys[0], err)
		}
	}
}

func TestReservesHideTheirEncoding(t *testing.T) {
	dir := write(t, params())
	if _, err := os.Stat(filepath.Join(dir, "reserves.cpg")); !os.IsNotExist(err) {
		t.Errorf("reserves.cpg: %v, want none", err)
	}
	dbf, err := os.ReadFile(filepath.Join(dir, "reserves.dbf"))
	if err != nil {
		t.Fatal(err)
	}
	if dbf[29] != 0 {
		t.Errorf("language byte %#x, want 0", dbf[29])
	}
	gbk := []byte{0xBA, 0xCB, 0xD0, 0xC4, 0xC7, 0xF8} // 核心区
	if !bytes.Contains(dbf, gbk) || bytes.Contains(dbf, []byte("核心区")) {
		t.Error("the text is not in GBK")
	}
}

func TestWriteRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	bad := params()
	bad.Cols = 1
	for _, c := range []struct {
		name, dir string
		p         scene.Params
		options   []string
		want      string
	}{
		{"folder with files", full, params(), nil, "not empty"},
		{"a file", filepath.Join(full, "mine.txt"), params(), nil, "mine.txt"},
		{"bad size", filepath.Join(full, "new"), bad, nil, "columns"},
		{"bad option", filepath.Join(full, "other"), params(), []string{"COMPRESS=NONSENSE"}, scene.RasterA},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Write(c.dir, c.p, c.options...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(c.dir, scene.JobFile)); err == nil {
				t.Error("there is a job file")
			}
		})
	}
	if n := len(files(t, write(t, params()))); n == 0 {
		t.Error("a good scene is refused too")
	}
}
