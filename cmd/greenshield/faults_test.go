package main

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// fault is one way to spoil a job, and what must come of it.
type fault struct {
	name   string // begins with the row of FAULTS.md
	spoil  func(f folder)
	status int
	want   string // each line of stderr with its "greenshield: "; … stands for any text
	args   []string
	env    []string
	// check looks at the result of a job that must run: status 0. out is its folder.
	check func(f folder, o outcome, out string)
}

// plainly are the flags of a run that tests a fault: the reports that hold all that is found, without those that take longest.
var plainly = []string{"--quiet", "--formats", "csv,gpkg"}

// testFaults runs jobs with one fault each. Where the job must fail, status and message
// must be those of the fault, in both languages, whether or not an earlier run is in the folder of the results, and
// that one must stay as it was. The first fault of each status is put to the program itself, with what its
// environment asks for; so are all that need an environment.
func testFaults(t *testing.T, faults []fault) {
	earlier := newSample(t)
	here(t, earlier, "run", "job.yaml", "--quiet", "--formats", "geojson").want(t, 0)
	before := contents(t, filepath.Join(earlier, "out"))
	seen := map[int]bool{}
	for _, tt := range faults {
		asProgram := !seen[tt.status] || len(tt.env) > 0
		seen[tt.status] = true
		t.Run(tt.name, func(t *testing.T) {
			f := folder{t, filepath.Join(t.TempDir(), "data")}
			f.check(os.CopyFS(f.dir, os.DirFS(earlier)))
			tt.spoil(f)
			attempt := func(target ...string) outcome {
				args := slices.Concat([]string{"run", "job.yaml"}, plainly, target, tt.args)
				if !asProgram {
					return here(t, f.dir, args...)
				}
				cmd := command(f.dir, args...)
				cmd.Env = append(cmd.Env, tt.env...)
				return finish(t, cmd)
			}
			if tt.status == 0 {
				o := attempt("--out", "new")
				o.want(t, 0)
				inChinese(t, o.stderr)
				tt.check(f, o, f.path("new"))
				return
			}
			tt.refused(t, attempt("--replace"))
			tt.refused(t, attempt("--out", "new"))
			sameFiles(t, contents(t, f.path("out")), before)
			f.tidy("out", "zones.gdb")
		})
	}
	t.Logf("tally: faults %d", len(faults))
}

// refused wants a run to have failed as the fault must make it fail.
func (tt *fault) refused(t *testing.T, o outcome) {
	t.Helper()
	o.want(t, tt.status)
	inChinese(t, o.stderr)
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
	here(t, f.dir, "run", "job.yaml", "--accept-repairs", "--formats", "geojson").want(t, 0)
	m := readManifest(t, f.path("out"))
	if r := m.Repairs[0]; r.Source != "zones.geojson|zones" || r.Zone != "Z1" || math.Abs(r.BeforeM2) > 1 || r.AfterM2 < 1000 {
		t.Errorf("repairs are %+v", m.Repairs)
	}
}

// TestTheSampleIsGood guards the tests above: unspoiled, the job runs.
func TestTheSampleIsGood(t *testing.T) {
	f := folder{t, newSample(t)}
	f.withoutReserves()
	f.redline(orb.MultiPolygon{{ring(orb.Point{117, 30.97}, orb.Point{117.04, 30.97}, orb.Point{117.04, 31}, orb.Point{117, 31})}})
	here(t, f.dir, "run", scene.JobFile).want(t, 0)
}

// TestDisguisedRaster: a raster that names files elsewhere reaches none of them.
func TestDisguisedRaster(t *testing.T) {
	f := folder{t, newSample(t)}
	f.check(os.WriteFile(f.path("lc2020.tif"), []byte(`<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>`), 0o666))
	o := here(t, f.dir, "run", "job.yaml")
	o.want(t, 11)
	if !like(o.stderr, "…greenshield: lc2020.tif: not a readable GTiff file: …") {
		t.Errorf("stderr is %s", o.stderr)
	}
}
