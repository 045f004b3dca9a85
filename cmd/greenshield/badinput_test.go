package main

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
	"greenshield/vector/gdalvector"
)

// folder is a job with its inputs, to be spoiled.
type folder struct {
	t   *testing.T
	dir string
}

func (f folder) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) remove(names ...string) {
	f.t.Helper()
	for _, name := range names {
		f.check(os.Remove(f.path(name)))
	}
}

// cut keeps the first part of a file.
func (f folder) cut(name string, share float64) {
	f.t.Helper()
	info, err := os.Stat(f.path(name))
	f.check(err)
	f.check(os.Truncate(f.path(name), int64(share*float64(info.Size()))))
}

// edit replaces text in the job file.
func (f folder) edit(old, new string) {
	f.t.Helper()
	text, err := os.ReadFile(f.path("job.yaml"))
	f.check(err)
	if !strings.Contains(string(text), old) {
		f.t.Fatalf("%q is not in the job file", old)
	}
	f.check(os.WriteFile(f.path("job.yaml"), []byte(strings.Replace(string(text), old, new, 1)), 0o666))
}

// raster replaces lc2020.tif by a raster of one class, changed as said.
func (f folder) raster(change func(g *raster.Grid, cells []uint8)) {
	f.t.Helper()
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	g := e.Grid()
	cells := slices.Repeat([]uint8{2}, int(g.Cells()))
	change(&g, cells)
	f.check(gdalraster.WriteByte(f.path("lc2020.tif"), g, cells, nil))
}

// tiff replaces lc2020.tif by one that GDAL makes.
func (f folder) tiff(bands int, transform [6]float64) {
	f.t.Helper()
	f.remove("lc2020.tif")
	ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), bands, godal.Byte, 300, 280)
	f.check(err)
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	f.check(errors.Join(ds.SetGeoTransform(transform), ds.SetProjection(crs.WKT), ds.Close()))
}

// redline replaces the red line by a GeoJSON layer of one feature.
func (f folder) redline(shape orb.MultiPolygon) {
	f.t.Helper()
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	f.check(gdalvector.Write(f.path("zones.geojson"), crs, []string{"HXBM"}, []gdalvector.Row{{Values: []string{"Z1"}, Shape: shape}}, gdalvector.WriteOptions{}))
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: zones.geojson}")
}

// withoutReserves takes the reserves out of the job.
func (f folder) withoutReserves() {
	f.t.Helper()
	f.edit("reserve:", "#")
}

func ring(points ...orb.Point) orb.Ring { return append(orb.Ring(points), points[0]) }

// TestBadInput runs jobs with one bad input each. The status and the message must be
// these, and an earlier run in the folder of the results must stay as it was.
func TestBadInput(t *testing.T) {
	// The scene begins near 117° E, 31° N; its cells are 30 m.
	e, err := gdalraster.Open([]string{filepath.Join(smallScene, "lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	if err != nil {
		t.Fatal(err)
	}
	grid := e.Grid()
	at := func(u, v float64) orb.Point { x, y := grid.Map(u, v); return orb.Point{x, y} }
	square := ring(at(20, 20), at(20, 60), at(60, 60), at(60, 20))

	tests := []struct {
		name   string
		spoil  func(f folder)
		status int
		want   string // each line of stderr with its "greenshield: "; … stands for any text
	}{
		{"missing raster", func(f folder) { f.remove("lc2020.tif") }, 11,
			"lc2020.tif: no such file"},
		{"empty raster", func(f folder) { f.cut("lc2020.tif", 0) }, 11,
			"lc2020.tif: empty file (0 bytes); copy it again"},
		{"raster cut in its header", func(f folder) { f.cut("lc2020.tif", 0.01) }, 11,
			"lc2020.tif: not a readable GTiff file: …; it may be damaged, cut short, or of another format: copy or export it again"},
		{"raster without its directory", func(f folder) { f.cut("lc2020.tif", 0.5) }, 11,
			"lc2020.tif: not a readable GTiff file: …; it may be damaged, cut short, or of another format: copy or export it again"},
		{"raster without its last blocks", func(f folder) {
			f.raster(func(_ *raster.Grid, cells []uint8) {
				for i := range cells { // so that the blocks have some length
					cells[i] = 1 + uint8(i*i>>3)%9
				}
			})
			f.cut("lc2020.tif", 0.5)
		}, 11, "lc2020.tif: …block…"},
		{"text as raster", func(f folder) { f.check(os.WriteFile(f.path("lc2020.tif"), []byte("hello"), 0o666)) }, 11,
			"lc2020.tif: not a readable GTiff file: …"},
		{"directory as raster", func(f folder) { f.remove("lc2020.tif"); f.check(os.Mkdir(f.path("lc2020.tif"), 0o777)) }, 11,
			"lc2020.tif: is a directory; name the raster files in it"},
		{"pipe as raster", func(f folder) { f.remove("lc2020.tif"); f.check(syscall.Mkfifo(f.path("lc2020.tif"), 0o666)) }, 11,
			"lc2020.tif: is a pipe or device, not a regular file; save its content to a file first"},
		{"four bands", func(f folder) { f.tiff(4, [6]float64{117, 0.001, 0, 31, 0, -0.001}) }, 11,
			"lc2020.tif: has 4 bands…; say which with --before-band/--after-band (job file: band)"},
		{"rotated", func(f folder) { f.tiff(1, [6]float64{117, 0.001, 0.0001, 31, 0, -0.001}) }, 11,
			"lc2020.tif: is rotated or sheared (geotransform [117 0.001 0.0001 31 0 -0.001]); warp it to a north-up grid with gdalwarp -r near"},
		{"no CRS", func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CRS = raster.CRS{} }) }, 11,
			"lc2020.tif: has no coordinate reference system; set the right one with gdal_edit.py -a_srs EPSG:…"},
		{"unknown code", func(f folder) {
			f.raster(func(g *raster.Grid, cells []uint8) { cells[2*g.Cols+7], cells[3*g.Cols] = 77, 77 })
		}, 11,
			`lc2020.tif (2020): code 77 is not in legend "clcd": 2 cells, first at row 2, column 7; name the right legend, or add the code to a legend CSV`},
		{"a quarter of a cell off", func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += g.CellX / 4 }) }, 13,
			"the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): origins are not on one lattice: off by 0.25 cells east and 0 cells south (about 6.43 m east, 0 m south); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{"other cell size", func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CellX, g.CellY = 0.0003, 0.0003 }) }, 13,
			"the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): cell size differs: 0.000269494585236 × 0.000269494585236 against 0.0003 × 0.0003; say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{"other CRS", func(f folder) {
			f.raster(func(g *raster.Grid, _ []uint8) {
				g.CRS, err = gdalraster.ParseCRS("EPSG:32650")
				f.check(err)
				g.OriginX, g.OriginY, g.CellX, g.CellY = 500_000, 3_430_000, 30, 30
			})
		}, 13,
			"the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): their CRSs differ, China Geodetic Coordinate System 2000 (EPSG:4490) against WGS 84 / UTM zone 50N (EPSG:32650); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{"rasters apart", func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += 1000 * g.CellX }) }, 13,
			"the two rasters do not overlap: before (lc2015.tif) covers …° E, …° N, after (lc2020.tif) …° E, …° N; name rasters of one area"},
		{"raster of too many cells", func(f folder) {
			f.remove("lc2020.tif")
			ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, 1_000_000, 1_000_000,
				godal.CreationOption("SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=16384", "BLOCKYSIZE=16384", "COMPRESS=LZW", "BIGTIFF=YES"))
			f.check(err)
			f.check(errors.Join(ds.SetGeoTransform([6]float64{117, 1e-5, 0, 31, 0, -1e-5}), ds.Close()))
		}, 17,
			"lc2020.tif: 1000000 × 1000000 cells are more than 4e+11: limit exceeded; cut the area with gdal_translate -projwin"},
		{"zones without CRS", func(f folder) { f.remove("reserves.prj") }, 12,
			"reserves.shp: layer has no CRS (of a Shapefile: .prj missing?); find out which one it is in and assign it (in QGIS: set the layer's CRS, then export; or ogr2ogr -a_srs EPSG:…)"},
		{"zones elsewhere", func(f folder) {
			f.withoutReserves()
			f.redline(orb.MultiPolygon{{ring(orb.Point{100, 30}, orb.Point{100, 31}, orb.Point{101, 31}, orb.Point{101, 30})}})
		}, 13,
			"zones.geojson: no zone of it meets the rasters: the layer covers 100.0000° to 101.0000° E, 30.0000° to 31.0000° N, the rasters …° E, …° N; name a layer of the same area, or correct its CRS"},
		{"swapped axes", func(f folder) {
			swapped := orb.Ring{}
			for _, p := range square {
				swapped = append(swapped, orb.Point{p[1], p[0]})
			}
			f.withoutReserves()
			f.redline(orb.MultiPolygon{{swapped}})
		}, 13,
			"zones.geojson: …with x and y exchanged…are the axes swapped?…"},
		{"GBK undeclared", func(f folder) { f.edit("encoding: GBK, ", "") }, 12,
			`reserves.shp: attribute text is not UTF-8 and no encoding is declared (no .cpg, language byte 0): field BHDMC, feature 1: bytes …; it reads as GB18030 "示例1号自然保护区"; say encoding: GBK in the job file or --encoding GBK`},
		{"unknown encoding", func(f folder) { f.edit("encoding: GBK", "encoding: GBQ") }, 12,
			"reserves.shp: …GBQ…"},
		{"empty layer", func(f folder) {
			f.redline(nil)
			f.check(os.WriteFile(f.path("zones.geojson"), []byte(`{"type":"FeatureCollection","features":[]}`), 0o666))
		}, 12,
			"zones.geojson: empty layer: it has no features"},
		{"bow-tie", func(f folder) {
			f.redline(orb.MultiPolygon{{ring(at(20, 20), at(60, 60), at(60, 20), at(20, 60))}})
		}, 12,
			"zones.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 1 (Self-intersection[…]): 0.0000 ha before, …; correct them, or say --accept-repairs (accept_repairs: true in a job file) after looking at them"},
		{"hole outside its shell", func(f folder) {
			f.redline(orb.MultiPolygon{{square, ring(at(80, 80), at(100, 80), at(100, 100), at(80, 100))}})
		}, 12,
			"zones.geojson: polygons are invalid, and repairing them changes their area by more than 0.1 %: feature 1 (Hole lies outside shell[…]): …"},
		{"layer cut short", func(f folder) { f.cut("reserves.shp", 0.5) }, 12,
			"reserves.shp: …"},
		{"unknown layer", func(f folder) { f.edit("layer: redline", "layer: redlin") }, 12,
			"redline.gpkg: it has no layer \"redlin\"; its layers: redline"},
		{"unknown field", func(f folder) { f.edit("id: HXBM", "id: HXBN") }, 12,
			`redline.gpkg: has no field "HXBN" for id; its fields are HXBM, …`},
		{"unknown functional zones", func(f folder) { f.edit("func_zone: GNFQ", "func_zone: BHDJB") }, 12,
			`reserves.shp: field BHDJB holds functional zones that nobody knows, with the number of features: …; say what they are in the job file, such as zone_types: {…: core} under this layer (zone types: core, buffer, …)`},
		{"unknown job key", func(f folder) { f.edit("min_area:", "min_aera:") }, 10,
			`job.yaml:10: unknown key "min_aera"; did you mean "min_area"?`},
		{"unknown legend", func(f folder) { f.edit("year: 2020, legend: clcd", "year: 2020, legend: clcdd") }, 10,
			`after: unknown legend "clcdd"; did you mean "clcd"?; or name a CSV file (ending in .csv)`},
		{"missing rules", func(f folder) { f.edit("rules: green-shield", "rules: mine.csv") }, 10,
			`rule table mine.csv: no such file`},
		{"years in the wrong order", func(f folder) { f.edit("year: 2015", "year: 2021") }, 10,
			"the year of after (2020) is not later than that of before (2021); correct --after-year or --before-year, or exchange the rasters"},
		{"two at once", func(f folder) { f.remove("lc2015.tif"); f.remove("reserves.prj") }, 11,
			"lc2015.tif: no such file\nreserves.shp: layer has no CRS…"},
	}
	earlier := newSample(t)
	run(t, earlier, "run", "job.yaml").want(t, 0)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := folder{t, filepath.Join(t.TempDir(), "data")}
			f.check(os.CopyFS(f.dir, os.DirFS(earlier)))
			tt.spoil(f)
			before := contents(t, filepath.Join(f.dir, "out"))
			for _, args := range [][]string{{"--replace"}, {"--out", "new"}} {
				o := run(t, f.dir, append([]string{"run", "job.yaml", "--quiet"}, args...)...)
				o.want(t, tt.status)
				if o.stdout != "" {
					t.Errorf("stdout is %q", o.stdout)
				}
				var got []string
				for line := range strings.Lines(o.stderr) {
					if message, ok := strings.CutPrefix(line, "greenshield: "); ok {
						got = append(got, strings.TrimSuffix(message, "\n"))
					} else if !strings.HasPrefix(line, "repaired: ") && !strings.HasPrefix(line, "warning: ") {
						t.Errorf("stderr has the line %q", line)
					}
				}
				if !like(strings.Join(got, "\n"), tt.want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
				}
			}
			sameFiles(t, contents(t, filepath.Join(f.dir, "out")), before, "")
			f.tidy("out")
		})
	}
}

// tidy fails when a run left something but the inputs and the named folders.
func (f folder) tidy(allowed ...string) {
	f.t.Helper()
	entries, err := os.ReadDir(f.dir)
	f.check(err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.IsDir() && !slices.Contains(allowed, e.Name()) && e.Name() != "lc2020.tif" {
			f.t.Errorf("%s is left behind", e.Name())
		}
	}
}

// like compares a text with a pattern, in which … stands for any text.
func like(text, pattern string) bool {
	parts := strings.Split(pattern, "…")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	for i, part := range parts {
		at := strings.Index(text, part)
		if i == len(parts)-1 && i > 0 {
			return strings.HasSuffix(text, part)
		}
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return text == ""
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"abc", "abc", true}, {"abcd", "abc", false}, {"xabc", "abc", false}, {"abc", "a…c", true}, {"abcd", "a…c", false},
		{"abc", "…", true}, {"abc", "abc…", true}, {"abc", "…abc", true}, {"abc", "b…", false}, {"a1b2c", "a…b…c", true}, {"a1c2b", "a…b…c", false},
	} {
		if like(c.text, c.pattern) != c.want {
			t.Errorf("like(%q, %q) is not %v", c.text, c.pattern, c.want)
		}
	}
}

func TestAcceptedRepairs(t *testing.T) {
	f := folder{t, newSample(t)}
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	x0, y0 := e.Grid().Map(20, 60)
	x1, y1 := e.Grid().Map(60, 20)
	f.redline(orb.MultiPolygon{{ring(orb.Point{x0, y0}, orb.Point{x1, y1}, orb.Point{x1, y0}, orb.Point{x0, y1})}})
	run(t, f.dir, "run", "job.yaml", "--accept-repairs").want(t, 0)
	m := readManifest(t, f.path("out"))
	if r := m.Repairs[0]; r.Source != "zones.geojson|zones" || r.Zone != "Z1" || math.Abs(r.BeforeM2) > 1 || r.AfterM2 < 1000 {
		t.Errorf("repairs are %+v", m.Repairs)
	}
}

// TestBadTarget: folders that cannot take the results are refused, before computing
// where possible, and the old results stay.
func TestBadTarget(t *testing.T) {
	t.Run("exists", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("out"), 0o777))
		f.check(os.WriteFile(f.path("out/thesis.doc"), []byte("precious"), 0o666))
		o := run(t, f.dir, "run", "job.yaml")
		o.want(t, 15)
		if o.stderr != "greenshield: out: exists; say --replace to replace it, or name another folder\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
		o = run(t, f.dir, "run", "job.yaml", "--replace")
		o.want(t, 15)
		if !like(o.stderr, "greenshield: out: is not replaced because …; name another folder\n") {
			t.Errorf("stderr is %s", o.stderr)
		}
		if got := contents(t, f.path("out")); len(got) != 1 || got["thesis.doc"] != "precious" {
			t.Errorf("the folder holds %v", got)
		}
		f.tidy("out")
	})
	t.Run("no parent", func(t *testing.T) {
		f := folder{t, newSample(t)}
		o := run(t, f.dir, "run", "job.yaml", "--out", "a/b")
		o.want(t, 15)
		if !like(o.stderr, "greenshield: a/b: the folder above it cannot be used: …; create it, or name another folder\n") {
			t.Errorf("stderr is %s", o.stderr)
		}
		f.tidy()
	})
	t.Run("no folder named", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.edit("out: out\n", "")
		o := run(t, f.dir, "run", "job.yaml")
		o.want(t, 10)
		if o.stderr != "greenshield: no folder for the results; name one by --out DIR, or out: DIR in the job file\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("ro"), 0o555))
		cmd := command(f.dir, "run", "job.yaml", "--out", "ro/out")
		if os.Getuid() == 0 { // whom permissions do not stop
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			f.check(filepath.WalkDir(filepath.Dir(filepath.Dir(f.dir)), func(path string, d os.DirEntry, err error) error {
				if err == nil && d.IsDir() && path != f.path("ro") {
					err = os.Chmod(path, 0o755)
				}
				return err
			}))
		}
		o := finish(t, cmd)
		o.want(t, 15)
		if o.stderr != "greenshield: ro/out: cannot be locked: open "+f.path("ro/.out.lock")+": permission denied; name a folder where you may write, on a file system that has locks\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
	})
	t.Run("disk full", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("small"), 0o777))
		if err := syscall.Mount("tmpfs", f.path("small"), "tmpfs", 0, "size=256k"); err != nil {
			t.Skipf("a small disk cannot be mounted: %v", err)
		}
		defer syscall.Unmount(f.path("small"), 0)
		// The first run leaves little, the second has too much to say.
		run(t, f.dir, "run", "job.yaml", "--out", "small/out", "--min-severity", "4", "--min-area", "1km2", "--rules", f.fewRules()).want(t, 0)
		before := contents(t, f.path("small"))
		f.check(os.WriteFile(f.path("small/filler"), make([]byte, 100<<10), 0o666))
		o := run(t, f.dir, "run", "job.yaml", "--out", "small/out", "--replace", "--quiet")
		o.want(t, 15)
		if lines := strings.Split(strings.TrimSpace(o.stderr), "\n"); !like(lines[len(lines)-1], "greenshield: small/out/…: cannot be written: no space left on device; make room, or name a folder on another disk") {
			t.Errorf("stderr is %s", o.stderr)
		}
		f.remove("small/filler")
		sameFiles(t, contents(t, f.path("small")), before, "")
	})
}

// fewRules writes a rule table that finds next to nothing.
func (f folder) fewRules() string {
	f.t.Helper()
	text := "change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n"
	for _, z := range []string{"core", "buffer", "unzoned", "core_protection", "experimental", "general_control", "nature_park", "redline", "periphery"} {
		text += "melting,消融,ice,bare," + z + ",1,none,none,,\n"
	}
	f.check(os.WriteFile(f.path("few.csv"), []byte(text), 0o666))
	return f.path("few.csv")
}

// TestTheSampleIsGood guards the tests above: unspoiled, the job runs.
func TestTheSampleIsGood(t *testing.T) {
	f := folder{t, newSample(t)}
	f.withoutReserves()
	f.redline(orb.MultiPolygon{{ring(orb.Point{117, 30.97}, orb.Point{117.04, 30.97}, orb.Point{117.04, 31}, orb.Point{117, 31})}})
	run(t, f.dir, "run", scene.JobFile).want(t, 0)
}

// TestDisguisedRaster: a raster that names files elsewhere reaches none of them.
func TestDisguisedRaster(t *testing.T) {
	f := folder{t, newSample(t)}
	f.check(os.WriteFile(f.path("lc2020.tif"), []byte(`<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>`), 0o666))
	o := run(t, f.dir, "run", "job.yaml")
	o.want(t, 11)
	if !like(o.stderr, "greenshield: lc2020.tif: not a readable GTiff file: …") && !strings.Contains(o.stderr, "not a readable GTiff file") {
		t.Errorf("stderr is %s", o.stderr)
	}
}
