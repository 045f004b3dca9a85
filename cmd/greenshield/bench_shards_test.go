package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"greenshield/redline/scene"
)

// took is what a process takes: wall and CPU time in seconds, and its largest memory in MB.
type took struct{ wall, cpu, peakMB float64 }

// timed runs the program, quietly.
func timed(b *testing.B, args ...string) took { b.Helper(); return timedOn(b, "", args...) }

// timedOn runs the program on some cores, as taskset names them, or on any.
func timedOn(b *testing.B, cores string, args ...string) took {
	b.Helper()
	args = append(args, "--quiet")
	cmd := exec.Command(binary, args...)
	if cores != "" {
		cmd = exec.Command("taskset", append([]string{"--cpu-list", cores, binary}, args...)...)
	}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Errorf("%v: %v\n%s", args, err, &text)
		return took{}
	}
	state := cmd.ProcessState
	return took{time.Since(start).Seconds(), (state.UserTime() + state.SystemTime()).Seconds(),
		float64(state.SysUsage().(*syscall.Rusage).Maxrss) / 1000}
}

// BenchmarkShards measures plan, all shards and merge against a run of the same job that writes GeoJSON: CPU seconds and
// seconds by the clock, the largest memory of each, and what lies on disk; and what two processes gain over one. All
// take turns; reported are medians.
func BenchmarkShards(b *testing.B) {
	for _, name := range []string{"shared", "anhui-30m", "sparse", "anhui-10m"} {
		b.Run(name, func(b *testing.B) {
			job := filepath.Join(benchFolder(b, name), scene.JobFile)
			for _, n := range []int{2, 7, 64} {
				b.Run(fmt.Sprintf("shards=%d", n), func(b *testing.B) { benchmarkShards(b, job, n) })
			}
			b.Run("processes=2", func(b *testing.B) { benchmarkProcesses(b, job) })
		})
	}
}

// benchmarkShards makes the shards one after the other.
func benchmarkShards(b *testing.B, job string, n int) {
	metrics := map[string][]float64{}
	for b.Loop() {
		dir := b.TempDir()
		plan := filepath.Join(dir, "plan")
		run := timed(b, "run", job, "--formats", "geojson", "--out", filepath.Join(dir, "run"))
		planned := timed(b, "plan", job, "--formats", "geojson", "--shards", strconv.Itoa(n), "--out", plan)
		planMB := folderMB(b, plan)
		var made took
		for i := range n {
			one := timed(b, "shard", plan, strconv.Itoa(i))
			made.wall += one.wall
			made.cpu += one.cpu
			made.peakMB = max(made.peakMB, one.peakMB)
		}
		partsMB := folderMB(b, plan) - planMB
		merged := timed(b, "merge", plan, "--out", filepath.Join(dir, "merged"))
		for name, x := range map[string]float64{
			"run-core-s": run.cpu, "plan-core-s": planned.cpu, "shards-core-s": made.cpu, "merge-core-s": merged.cpu,
			"plan/run": planned.cpu / run.cpu, "shards/run": made.cpu / run.cpu,
			"merge/whole": merged.cpu / (planned.cpu + made.cpu + merged.cpu),
			"run-s":       run.wall, "plan-s": planned.wall, "shards-s": made.wall, "merge-s": merged.wall,
			"merge-s/whole-s": merged.wall / (planned.wall + made.wall + merged.wall),
			"run-MB":          run.peakMB, "plan-MB": planned.peakMB, "shard-MB": made.peakMB, "merge-MB": merged.peakMB,
			"plan-disk-MB": planMB, "parts-disk-MB": partsMB, "results-disk-MB": folderMB(b, filepath.Join(dir, "merged")),
		} {
			metrics[name] = append(metrics[name], x)
		}
	}
	reportMedians(b, metrics)
}

// benchmarkProcesses makes the shards of two plans with one worker and one core for each process: one shard, and two at
// once. It compares the walls of these, and that of a whole run on one core with plan and merge on two and two shards at
// once.
func benchmarkProcesses(b *testing.B, job string) {
	metrics := map[string][]float64{}
	for b.Loop() {
		dir := b.TempDir()
		planOf := func(n string) (plan string, t took) {
			plan = filepath.Join(dir, "plan-"+n)
			return plan, timed(b, "plan", job, "--formats", "geojson", "--workers", "1", "--shards", n, "--out", plan)
		}
		one, _ := planOf("1")
		two, planned := planOf("2")
		alone := timedOn(b, "0", "shard", one, "0").wall
		start := time.Now()
		var both sync.WaitGroup
		for _, i := range []string{"0", "1"} {
			both.Go(func() { timedOn(b, i, "shard", two, i) })
		}
		both.Wait()
		together := time.Since(start).Seconds()
		merged := timed(b, "merge", two, "--out", filepath.Join(dir, "merged"))
		run := timedOn(b, "0", "run", job, "--formats", "geojson", "--workers", "1", "--out", filepath.Join(dir, "run"))
		for name, x := range map[string]float64{
			"one-s": alone, "two-s": together, "one/two": alone / together,
			"run-s": run.wall, "run/all": run.wall / (planned.wall + together + merged.wall),
		} {
			metrics[name] = append(metrics[name], x)
		}
	}
	reportMedians(b, metrics)
}

// reportMedians reports the median of each metric.
func reportMedians(b *testing.B, metrics map[string][]float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	for name, x := range metrics {
		b.ReportMetric(median(x), name)
	}
}

// folderMB returns how large the files in a folder are.
func folderMB(b *testing.B, dir string) (mb float64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			mb += float64(info.Size()) / 1e6
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return mb
}
