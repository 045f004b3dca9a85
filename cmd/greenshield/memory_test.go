package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/vector/gdalvector"
)

// manyZones adds a job zones.yaml to a sample whose red line has that many zones of 400
// vertices each, all in another CRS than the rasters, some to be repaired.
func manyZones(t *testing.T, f folder, zones int, kind string) (jobFile string) {
	t.Helper()
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	from, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	to, err := gdalraster.ParseCRS("EPSG:4527")
	f.check(err)
	transform, err := gdalraster.NewTransform(from, to)
	f.check(err)
	defer transform.Close()
	var rows []gdalvector.Row
	const vertices = 400
	for i := range zones {
		u, v := 10+float64(i*7%270), 10+float64(i/39*7%250)
		var r orb.Ring
		for k := range vertices {
			s, c := math.Sincos(2 * math.Pi * float64(k) / vertices)
			x, y := e.Grid().Map(u+3*c, v+3*s)
			xs, ys := []float64{x}, []float64{y}
			f.check(transform.XY(xs, ys))
			r = append(r, orb.Point{xs[0], ys[0]})
		}
		if i%50 == 0 { // a tiny loop
			r[1], r[2] = r[2], r[1]
		}
		rows = append(rows, gdalvector.Row{Values: []string{fmt.Sprintf("Z%d", i), strings.Repeat("名", 20)}, Shape: orb.MultiPolygon{{append(r, r[0])}}})
	}
	name := fmt.Sprintf("zones%d.%s", zones, kind)
	f.check(gdalvector.Write(f.path(name), to, []string{"HXBM", "HXMC"}, rows, gdalvector.WriteOptions{}))
	jobFile = f.path(fmt.Sprintf("zones%d-%s.yaml", zones, kind))
	f.check(os.WriteFile(jobFile, fmt.Appendf(nil, "before: {files: [lc2015.tif], legend: clcd}\nafter: {files: [lc2020.tif], legend: clcd}\nredline: [%s]\naccept_repairs: true\n", name), 0o666))
	return jobFile
}

// state is what a process holds.
type state struct{ files, residentMB int }

func now(t *testing.T) state {
	t.Helper()
	for range 3 { // what the first collection lets go, clean-ups free before the next
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	debug.FreeOSMemory()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return state{len(open), resident * os.Getpagesize() >> 20}
}

// grown does something again and again, and says what the process holds more after
// many rounds than after a few, "" for nothing. Memory is judged at full size only, and with 30 MB for the ways of the
// allocator; open files always.
func grown(t *testing.T, rounds int, do func()) (problem string) {
	t.Helper()
	for range 2 {
		do()
	}
	first := now(t)
	for range rounds {
		do()
	}
	last := now(t)
	for tries := 0; last.files > first.files && tries < 10; tries++ { // what a clean-up closes may take its time
		last = now(t)
	}
	t.Logf("%d rounds: %d to %d open files, %d to %d MB", rounds, first.files, last.files, first.residentMB, last.residentMB)
	switch {
	case last.files > first.files:
		return fmt.Sprintf("%d files more are open", last.files-first.files)
	case torture() && last.residentMB > first.residentMB+30:
		return fmt.Sprintf("%d MB more are resident", last.residentMB-first.residentMB)
	}
	return ""
}

// TestMemoryIsGivenBack reads, repairs, transforms and closes zones of each kind
// of file, and opens rasters again and again: open files do not grow. At full size these are 40,000 zones of each kind,
// and memory may not grow either: one coordinate pair per vertex that is not freed on the way would show as 250 MB.
func TestMemoryIsGivenBack(t *testing.T) {
	f := folder{t, newSample(t)}
	zones, rounds := 100, 3
	if torture() {
		zones, rounds = 1000, 40
	}
	total := 0
	for _, kind := range []string{"gpkg", "shp", "geojson", "fgb"} {
		t.Run(kind, func(t *testing.T) {
			j, err := job.Parse(manyZones(t, f, zones, kind))
			if err != nil {
				t.Fatal(err)
			}
			if problem := grown(t, rounds, func() {
				l, err := gdalinput.Load(context.Background(), j)
				if err != nil || len(l.Inputs.Zones) != zones || len(l.Repairs) != zones/50 {
					t.Fatalf("%d zones, %d repairs, %v", len(l.Inputs.Zones), len(l.Repairs), err)
				}
				total += zones
			}); problem != "" {
				t.Error(problem)
			}
		})
	}
	t.Run("refused layers", func(t *testing.T) { // the ways out with an error free as well
		path := manyZones(t, f, 50, "gpkg")
		data, err := os.ReadFile(f.path("zones50.gpkg"))
		f.check(err)
		f.check(os.WriteFile(f.path("cut.gpkg"), data[:len(data)*2/3], 0o666))
		f.check(os.WriteFile(path, []byte("before: {files: [lc2015.tif], legend: clcd}\nafter: {files: [lc2020.tif], legend: clcd}\nredline: [cut.gpkg]\n"), 0o666))
		j, err := job.Parse(path)
		f.check(err)
		if problem := grown(t, rounds*2, func() {
			if _, err := gdalinput.Load(context.Background(), j); err == nil {
				t.Fatal("a cut file was read")
			}
		}); problem != "" {
			t.Error(problem)
		}
	})
	t.Run("rasters", func(t *testing.T) {
		cells := make([]int64, 300*280)
		if problem := grown(t, rounds*5, func() {
			e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
			f.check(err)
			f.check(readCodes(e, cells))
		}); problem != "" {
			t.Error(problem)
		}
	})
	t.Logf("tally: zones opened and closed %d", total)
}

func TestGrownSeesLeaks(t *testing.T) {
	if torture() {
		var kept [][]byte
		if grown(t, 40, func() { kept = append(kept, []byte(strings.Repeat("x", 1<<20))) }) == "" {
			t.Error("40 MB that are kept are not seen")
		}
		runtime.KeepAlive(kept)
	}
	var open []*os.File
	if grown(t, 1, func() {
		file, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, file)
	}) == "" {
		t.Error("an open file is not seen")
	}
	for _, file := range open {
		_ = file.Close()
	}
}

var lostBytes = regexp.MustCompile(`(definitely|indirectly) lost: ([0-9,]+) bytes`)

// TestNothingIsLost runs the program under valgrind with few and with four times as
// many zones: what C code loses sight of must not grow with them. What libraries lose
// once is theirs.
func TestNothingIsLost(t *testing.T) {
	if !torture() {
		t.Skip("takes two minutes; set GREENSHIELD_TORTURE to run it")
	}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		t.Skip("valgrind is not installed")
	}
	f := folder{t, newSample(t)}
	lost := map[int]int{}
	for _, zones := range []int{100, 400} {
		path := manyZones(t, f, zones, "gpkg")
		log := filepath.Join(t.TempDir(), "valgrind.log")
		cmd := exec.Command(valgrind, "--leak-check=full", "--undef-value-errors=no", "--log-file="+log,
			binary, "run", path, "--out", f.path(fmt.Sprintf("out%d", zones)), "--quiet", "--workers", "2")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GODEBUG=asyncpreemptoff=1"} // valgrind has one thread run at a time
		finish(t, cmd).want(t, 0)
		text, err := os.ReadFile(log)
		f.check(err)
		found := lostBytes.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 && !strings.Contains(string(text), "no leaks are possible") {
			t.Fatalf("valgrind does not say what is lost: %s", text)
		}
		for _, m := range found {
			n, err := strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
			f.check(err)
			lost[zones] += n
		}
	}
	t.Logf("%d bytes are lost with 100 zones, %d with 400", lost[100], lost[400])
	if lost[400] > lost[100]+300*16 {
		t.Errorf("%d bytes are lost with 100 zones, %d with 400", lost[100], lost[400])
	}
}
