package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	gogeos "github.com/twpayne/go-geos"

	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// benchScene is a scene that make bench runs.
type benchScene struct {
	name, compress string
	params         scene.Params
}

// benchScenes lists them. Each of the first lies on a geographic grid and, with -albers behind its name, on a
// projected one.
func benchScenes() (all []benchScene) {
	stars, shared := scene.Bench(), scene.BenchShared()
	slivers, sparse, large := shared, stars, stars
	slivers.Layout = scene.Slivers
	sparse.Changed = 0.001
	large.Cols, large.Rows = 3*large.Cols, 3*large.Rows
	for _, s := range []benchScene{
		{"shared", "LZW", shared}, {"slivers", "LZW", slivers}, {"anhui-30m", "LZW", stars}, {"sparse", "LZW", sparse},
		{"deflate", "DEFLATE", stars}, {"zstd", "ZSTD", stars},
	} {
		s.params.Projection = scene.Geographic
		all = append(all, s)
		s.name += "-albers"
		s.params.Projection = scene.Albers
		all = append(all, s)
	}
	all = append(all, benchScene{"anhui-10m", "LZW", large})
	for _, n := range []int{100, 200, 400} {
		all = append(all, benchScene{fmt.Sprintf("stacked-%d", n), "LZW", scene.Params{
			Seed: stars.Seed, Cols: 4000, Rows: 4000, RedLines: n, Reserves: 5, Vertices: 200 * n, Changed: 0.04,
			Layout: scene.Stacked, Projection: scene.Albers,
		}})
	}
	return all
}

// shrunk returns a scene of an nth of the columns and rows, with as many zones for its ground.
func (s benchScene) shrunk(n int) benchScene {
	if n > 1 {
		p := &s.params
		p.Cols, p.Rows, p.Vertices = p.Cols/n, p.Rows/n, p.Vertices/n/n
		p.RedLines, p.Reserves = max(scene.MinRedLines, p.RedLines/n/n), max(scene.MinReserves, p.Reserves/n/n)
		s.name += fmt.Sprintf("-shrunk-%d", n)
	}
	return s
}

// sized returns the scene, smaller when GREENSHIELD_SHRINK says so, to try the benchmarks.
func (s benchScene) sized(b *testing.B) benchScene {
	b.Helper()
	shrink := os.Getenv("GREENSHIELD_SHRINK")
	if shrink == "" {
		return s
	}
	n, err := strconv.Atoi(shrink)
	if err != nil {
		b.Fatal("GREENSHIELD_SHRINK: ", err)
	}
	return s.shrunk(n)
}

// tiles are the creation options of the rasters.
func (s benchScene) tiles() []string {
	return []string{"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=" + s.compress}
}

// folder returns the folder of the scene. It is made once in a folder of GREENSHIELD_BENCH, or anew in a temporary one.
func (s benchScene) folder(b *testing.B) (dir string) {
	b.Helper()
	s = s.sized(b)
	root := os.Getenv("GREENSHIELD_BENCH")
	if root == "" {
		root = b.TempDir()
	}
	dir = filepath.Join(root, s.name)
	if _, err := os.Stat(filepath.Join(dir, scene.JobFile)); err == nil {
		return dir
	}
	part := dir + ".part" // what an interrupted making leaves
	if err := os.RemoveAll(part); err != nil {
		b.Fatal(err)
	}
	if err := gdalscene.Write(part, s.params, s.tiles()...); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(part, dir); err != nil {
		b.Fatal(err)
	}
	return dir
}

// TestBenchScenes: every scene has a name of its own, lies on the grid that the name tells, and can be tried shrunk.
func TestBenchScenes(t *testing.T) {
	layouts := map[string]scene.Layout{"shared": scene.Shared, "slivers": scene.Slivers, "stacked": scene.Stacked}
	seen := map[string]bool{}
	for _, s := range benchScenes() {
		if seen[s.name] {
			t.Errorf("%s is there twice", s.name)
		}
		seen[s.name] = true
		small, err := scene.New(s.shrunk(8).params)
		if err != nil {
			t.Errorf("%s cannot be shrunk: %v", s.name, err)
			continue
		}
		kind, _, _ := strings.Cut(s.name, "-")
		if s.params.Layout != layouts[kind] {
			t.Errorf("%s has layout %d", s.name, s.params.Layout)
		}
		albers := strings.HasSuffix(s.name, "-albers") || kind == "stacked"
		if g := small.Grid(); g.CRS.Geographic == albers || g.Cols != s.params.Cols/8 {
			t.Errorf("%s: %d columns, geographic: %v", s.name, g.Cols, g.CRS.Geographic)
		}
	}
	for _, name := range []string{"shared", "slivers", "anhui-30m", "sparse", "deflate", "zstd"} {
		if !seen[name] || !seen[name+"-albers"] {
			t.Errorf("%s is not there on both kinds of grid", name)
		}
	}
}

// benchFolder returns the folder of the scene of that name.
func benchFolder(b *testing.B, name string) (dir string) {
	b.Helper()
	all := benchScenes()
	at := slices.IndexFunc(all, func(s benchScene) bool { return s.name == name })
	if at < 0 {
		b.Fatal("no scene ", name)
	}
	return all[at].folder(b)
}

// BenchmarkRun measures whole runs on large scenes against the floor: reading every block
// of both rasters through GDAL, with as many workers, and nothing else. Floor and run take
// turns; reported are medians. See make bench.
func BenchmarkRun(b *testing.B) {
	for _, s := range benchScenes() {
		b.Run(s.name, func(b *testing.B) {
			dir := s.folder(b)
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) { benchmarkRun(b, dir, workers) })
			}
		})
	}
}

func benchmarkRun(b *testing.B, dir string, workers int) {
	var floors, runs, ratios, peaks []float64
	for b.Loop() {
		start := time.Now()
		readAll(b, dir, workers)
		floor := time.Since(start).Seconds()

		out := filepath.Join(b.TempDir(), "out")
		if err := os.RemoveAll(out); err != nil {
			b.Fatal(err)
		}
		run, _, peak := timedRun(b, filepath.Join(dir, scene.JobFile), out, workers, "geojson")
		floors, runs, ratios = append(floors, floor), append(runs, run), append(ratios, run/floor)
		peaks = append(peaks, peak)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(slices.Max(runs)-slices.Min(runs), "spread-s")
	b.ReportMetric(median(floors), "floor-s")
	b.ReportMetric(median(runs), "run-s")
	b.ReportMetric(median(ratios), "run/floor")
	b.ReportMetric(slices.Max(peaks), "peak-MB")
}

func median(x []float64) float64 { slices.Sort(x); return x[len(x)/2] }

// timedRun runs a job and tells wall and CPU time in seconds, and the largest memory in MB.
func timedRun(b *testing.B, job, out string, workers int, formats string) (wall, cpu, peakMB float64) {
	b.Helper()
	cmd := exec.Command(binary, "run", job, "--quiet", "--workers", fmt.Sprint(workers), "--out", out, "--formats", formats)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchPeak(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%v\n%s", err, &text)
	}
	wall = time.Since(start).Seconds()
	return wall, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), <-peak
}

// inDetail are the scenes of which reports and stages are measured.
var inDetail = []string{"anhui-30m", "shared-albers"}

// BenchmarkReports measures what each format adds to a run with two workers that writes GeoJSON alone. All take turns;
// reported are medians.
func BenchmarkReports(b *testing.B) {
	for _, name := range inDetail {
		b.Run(name, func(b *testing.B) { benchmarkReports(b, benchFolder(b, name)) })
	}
}

func benchmarkReports(b *testing.B, dir string) {
	formats := []string{"geojson", "csv", "xlsx", "gpkg", "html", "all"}
	walls, cpus, peaks := map[string][]float64{}, map[string][]float64{}, map[string]float64{}
	for b.Loop() {
		for _, f := range formats {
			wall, cpu, peak := timedRun(b, filepath.Join(dir, scene.JobFile), filepath.Join(b.TempDir(), "out"), 2, f)
			walls[f], cpus[f], peaks[f] = append(walls[f], wall), append(cpus[f], cpu), max(peaks[f], peak)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, f := range formats {
		b.ReportMetric(median(walls[f]), f+"-s")
		b.ReportMetric(median(cpus[f]), f+"-core-s")
		b.ReportMetric(peaks[f], f+"-MB")
	}
}

// watchPeak sends the largest memory that a process had, in MB, when it has ended. The
// kernel's own account of an ended child would hold that of its parent, which started it.
func watchPeak(pid int) <-chan float64 {
	peak := make(chan float64, 1)
	go func() {
		kB := 0.0
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
			if err != nil || !found {
				peak <- kB / 1024
				return
			}
			fmt.Sscan(string(rest), &kB)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return peak
}

// readAll reads every block of both rasters through GDAL alone, row of blocks by row of blocks.
func readAll(b *testing.B, dir string, workers int) {
	b.Helper()
	if _, err := gdalraster.Init(0); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	errs := make(chan error, workers)
	for range workers {
		go func() {
			errs <- func() error {
				var bands []godal.Band
				for _, name := range []string{scene.RasterA, scene.RasterB} {
					ds, err := godal.Open(filepath.Join(dir, name))
					if err != nil {
						return err
					}
					defer ds.Close()
					bands = append(bands, ds.Bands()[0])
				}
				size := bands[0].Structure()
				height := size.BlockSizeY
				buf := make([]uint8, height*size.SizeX)
				for {
					row := int(next.Add(int64(height))) - height
					if row >= size.SizeY {
						return nil
					}
					rows := min(height, size.SizeY-row)
					for _, band := range bands {
						if err := band.Read(0, row, buf[:rows*size.SizeX], size.SizeX, rows); err != nil {
							return err
						}
					}
				}
			}()
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRing measures what a zone of a million vertices costs a run on the sample: a
// circle of so many cells, with so many cells to and fro from vertex to vertex. geos-s is
// what GEOS takes to judge the ring whole.
func BenchmarkRing(b *testing.B) {
	const cell = 1.0 / 3710.65
	for _, shape := range [][2]float64{{900, 0.4}, {900, 10}, {900, 25}} {
		radius, noise := shape[0], shape[1]
		b.Run(fmt.Sprintf("radius=%g/noise=%g", radius, noise), func(b *testing.B) {
			dir := filepath.Join(b.TempDir(), "demo")
			must(b, binary, "demo", dir)
			rng := rand.New(rand.NewPCG(1, 1))
			ring := make(orb.Ring, 1_000_000)
			for i := range ring {
				sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(ring)))
				r := cell * (radius + noise*(2*rng.Float64()-1))
				ring[i] = orb.Point{117 + r*cos, 31 + r*sin}
			}
			ring = append(ring, ring[0])
			text, err := json.Marshal(map[string]any{"type": "Feature", "properties": map[string]string{"id": "ring"},
				"geometry": map[string]any{"type": "Polygon", "coordinates": orb.Polygon{ring}}})
			if err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "ring.geojson"), text, 0o600); err != nil {
				b.Fatal(err)
			}
			must(b, "ogr2ogr", "-a_srs", "EPSG:4490", filepath.Join(dir, "ring.gpkg"), filepath.Join(dir, "ring.geojson"))
			job, err := os.ReadFile(filepath.Join(dir, scene.JobFile))
			if err != nil {
				b.Fatal(err)
			}
			with := bytes.Replace(job, []byte("redline: ["), []byte("redline: [{file: ring.gpkg, fields: {id: id}}, "), 1)
			if err := os.WriteFile(filepath.Join(dir, "ring.yaml"), with, 0o600); err != nil || bytes.Equal(with, job) {
				b.Fatal("no job with the ring: ", err)
			}
			run := func(job string) float64 {
				out := filepath.Join(b.TempDir(), "out")
				start := time.Now()
				must(b, binary, "run", filepath.Join(dir, job), "--quiet", "--out", out)
				seconds := time.Since(start).Seconds()
				if err := os.RemoveAll(out); err != nil {
					b.Fatal(err)
				}
				return seconds
			}
			var extra []float64
			for b.Loop() {
				extra = append(extra, run("ring.yaml")-run(scene.JobFile))
			}
			whole, err := gogeos.NewGeomFromWKB(wkb.MustMarshal(orb.Polygon{ring}))
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if !whole.IsValid() {
				b.Error("the ring is invalid")
			}
			b.ReportMetric(time.Since(start).Seconds(), "geos-s")
			b.ReportMetric(0, "ns/op")
			slices.Sort(extra)
			b.ReportMetric(extra[len(extra)/2], "extra-s")
		})
	}
}

func must(b *testing.B, name string, args ...string) {
	b.Helper()
	if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, text)
	}
}
