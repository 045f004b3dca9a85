package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"greenshield/redline/scene"
)

// stages name parts of a run by the functions that do them. A sample of the profile
// belongs to the first stage, in this order, of the first caller, from the innermost,
// that is of any. So a helper that several stages call, and GEOS, belong to their caller.
var stages = []struct {
	name string
	of   *regexp.Regexp
}{
	{"transform", regexp.MustCompile(`raster\.(\(\*Earth\)\.LonLat|fitSurfaces)|gdalraster\.(_Cfunc_proj|\(\*(Transform|projScope)\))|\(\*cutter\)\.(toDegrees|geometry)`)},
	{"read", regexp.MustCompile(`raster/gdalraster\.`)},
	{"classify", regexp.MustCompile(`raster/change\.|raster\.Count|redline/census\.|\(\*scanner\)\.(compareTile|mergeTiles)`)},
	{"label", regexp.MustCompile(`raster/patch\.`)},
	{"trace", regexp.MustCompile(`trace\.(Polygons|\(\*Tracer\))`)},
	{"area", regexp.MustCompile(`raster\.\(\*(Earth|RowArea)\)|engine\.pieceM2|\(\*cutter\)\.measure`)},
	{"index", regexp.MustCompile(`overlay\.(NewOutlines|countingSort|\(\*(Builder|Outlines|walker|Cover)\))|engine\.newCounties|\(\*(scanner|Covers)\)\.(tag|locate|excerpt)`)},
	{"overlay", regexp.MustCompile(`overlay\.\(\*Clipper\)|engine\.\(\*cutter\)`)},
	{"encode", regexp.MustCompile(`files\.([aA]ppend|\(\*Row|plain|formula)|spool\.(append|check|onEarth|\(\*(encoder|common)\)\.(append|number|add)|\(\*Spool\)\.(Put|keep))`)},
	{"write", regexp.MustCompile(`redline/(files|spool|folder|record)\.|work\.(Write|writeTables|readBack|\(\*hashes\))`)},
	{"zones", regexp.MustCompile(`redline/territory\.|redline/gdalinput\.|vector/gdalvector\.`)},
	// Allocating, and helping the collector while it runs, are the allocating stage's.
	{"GC", regexp.MustCompile(`runtime\.(gcBgMarkWorker|gcStart|gcMarkDone|bgsweep|bgscavenge|runCleanups)`)},
}

// BenchmarkStages tells which share of a run each stage takes: the table of one run's
// CPU profile, in core-seconds. It fails when too much of the run belongs to no stage.
func BenchmarkStages(b *testing.B) {
	for _, name := range inDetail {
		b.Run(name, func(b *testing.B) { benchmarkStages(b, filepath.Join(benchFolder(b, name), scene.JobFile)) })
	}
}

func benchmarkStages(b *testing.B, job string) {
	seconds := map[string]float64{}
	total, runs := 0.0, 0.0
	for b.Loop() {
		profile := filepath.Join(b.TempDir(), "cpu.prof")
		f, err := os.Create(profile)
		if err != nil {
			b.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			b.Fatal(err)
		}
		status := execute([]string{"run", job, "--quiet", "--workers", "2", "--formats", "geojson", "--out", filepath.Join(b.TempDir(), "out")}, io.Discard, io.Discard)
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil || status != 0 {
			b.Fatal("the run ended with ", status, err)
		}
		traces, err := exec.Command("go", "tool", "pprof", "-traces", "-unit=ms", profile).Output()
		if err != nil {
			b.Fatal(err)
		}
		total += addStages(b, traces, seconds)
		runs++
	}
	var table strings.Builder
	for _, name := range stageNames() {
		fmt.Fprintf(&table, "| %s | %.2f | %.0f %% |\n", name, seconds[name]/runs, 100*seconds[name]/total)
		b.ReportMetric(seconds[name]/runs, name+"-s")
	}
	b.ReportMetric(0, "ns/op")
	b.Logf("\n| stage | core-s | share |\n|---|---|---|\n%s", table.String())
	if total > 1 && seconds["other"] > total/10 { // less has too few samples to tell
		b.Errorf("%.2f of %.2f s belong to no stage", seconds["other"], total)
	}
}

func stageNames() (names []string) {
	for _, s := range stages {
		names = append(names, s.name)
	}
	return append(names, "other")
}

// addStages adds the samples of the text that pprof -traces prints: blocks of a value
// with the innermost function and its callers below, divided by lines of dashes.
func addStages(b *testing.B, traces []byte, seconds map[string]float64) (total float64) {
	b.Helper()
	value, stage := 0.0, "other"
	add := func() {
		seconds[stage] += value
		total += value
		value, stage = 0, "other"
	}
	lines := bufio.NewScanner(bytes.NewReader(traces))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "-----") {
			add()
			continue
		}
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if d, err := time.ParseDuration(words[0]); err == nil && len(words) > 1 {
			value, words = d.Seconds(), words[1:]
		}
		for i := 0; i < len(stages) && stage == "other"; i++ {
			if stages[i].of.MatchString(words[0]) {
				stage = stages[i].name
			}
		}
	}
	add()
	if err := lines.Err(); err != nil || total == 0 {
		b.Fatal("no samples in the profile: ", err)
	}
	return total
}
