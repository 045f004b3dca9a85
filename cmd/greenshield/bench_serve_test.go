package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"greenshield/redline/scene"
	"greenshield/redline/service/gate"
)

// What is measured: so many reviewers, so many requests a second of all of them, for so long.
const (
	crowdReviewers = 50
	crowdRate      = 20
	crowdSeconds   = 60
)

// BenchmarkServe measures a server with a ledger of 50,000 cases and three runs of a scene, for 50 reviewers who send
// 20 requests a second: by itself, beside runs of that scene one after the other, and beside a disk that is written to.
// Requests are sent by the clock whether or not those before them are answered, and times count from when they were
// due. See make bench-serve.
func BenchmarkServe(b *testing.B) {
	cases, seconds := ledgerCases, crowdSeconds
	if shrink := os.Getenv("GREENSHIELD_SHRINK"); shrink != "" {
		n, err := strconv.Atoi(shrink)
		if err != nil {
			b.Fatal("GREENSHIELD_SHRINK: ", err)
		}
		cases, seconds = cases/n, max(5, seconds/n)
	}
	source, job := ledgerFolder(b, cases), filepath.Join(benchFolder(b, "shared"), scene.JobFile)
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o700); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 2, 3} {
		must(b, binary, "run", job, "--quiet", "--out", filepath.Join(dir, "runs", fmt.Sprint("run", n)))
	}
	rasters, err := filepath.Glob(filepath.Join(filepath.Dir(job), "*.tif"))
	if err != nil {
		b.Fatal(err)
	}
	must(b, "cp", append(rasters, dir)...)
	for _, c := range []struct {
		name   string
		beside []string
	}{
		{"alone", nil},
		{"beside-run", []string{"sh", "-c", `rm -rf "$2" && exec "$0" run "$1" --quiet --out "$2"`, binary, job,
			filepath.Join(dir, "other")}},
		{"beside-writing", []string{"dd", "if=/dev/zero", "of=" + filepath.Join(dir, "zeros"), "bs=1M",
			"count=2000", "conv=fsync"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				must(b, "cp", filepath.Join(source, "ledger.gpkg"), filepath.Join(dir, "ledger.gpkg"))
				benchmarkServe(b, dir, seconds, c.beside)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// startServer starts a server in dir for as long as the benchmark lasts, and returns its address and process.
func startServer(b *testing.B, dir string) (url string, cmd *exec.Cmd) {
	b.Helper()
	cmd = command(dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, crowdFlags...)...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "serving at "), cmd
}

// benchmarkServe sends requests for so many seconds while a command runs again and again.
func benchmarkServe(b *testing.B, dir string, seconds int, beside []string) {
	b.Helper()
	path := filepath.Join(dir, "users.yaml")
	tokens := writeUsers(b, path, crowdReviewers, gate.Reviewer, func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	})
	url, server := startServer(b, dir)
	o := newCrowd(b, url, "", tokens)
	for _, ready := range []string{"run1", "run2", "run3"} { // the first ask makes indexes, and copies of the rasters
		for seen := false; !seen; time.Sleep(100 * time.Millisecond) {
			seen = o.painted(b, ready)
		}
	}
	o = newCrowd(b, url, "run1", tokens)
	before := o.value(b, 0, "process_resident_memory_bytes")
	end, times := make(chan struct{}), make(chan int)
	go func() { times <- repeat(end, beside) }()
	var all sync.WaitGroup
	clock := time.NewTicker(time.Second / crowdRate)
	for n := range seconds * crowdRate {
		due := <-clock.C
		all.Go(func() { o.act(n%crowdReviewers, rand.New(rand.NewPCG(20, uint64(n))), due) })
	}
	clock.Stop()
	all.Wait()
	close(end)
	b.ReportMetric(float64(<-times), "beside")
	load, _ := os.ReadFile("/proc/loadavg")
	b.Logf("load %s", load)
	b.ReportMetric(before/(1<<20), "before-MB")
	b.ReportMetric(o.value(b, 0, "process_resident_memory_bytes")/(1<<20), "after-MB")
	peak := watchPeak(server.Process.Pid)
	_ = server.Process.Signal(syscall.SIGTERM)
	if err := server.Wait(); err != nil {
		b.Error(err)
	}
	b.ReportMetric(<-peak, "peak-MB")
	for _, fault := range o.faults() {
		b.Error(fault)
	}
	notes := notesOf(b, dir, "ledger.gpkg", "现场核查 ")
	for note, seqs := range o.said {
		if found := notes[note]; len(found) != 1 || !slices.Contains(seqs, found[0]) {
			b.Errorf("%s was acknowledged as events %v, and is there as %v", note, seqs, found)
		}
	}
	o.report(b)
}

// painted tells whether the server has a run, and its rasters are ready to be drawn.
func (o *crowd) painted(b *testing.B, run string) bool {
	b.Helper()
	status, _, _, err := o.ask(0, "GET", "collections/"+run+".candidates/items?f=json&limit=1", nil, nil)
	if err != nil || status != 200 {
		return false
	}
	status, _, body, err := o.ask(0, "GET", "tiles/"+run, nil, nil)
	return err == nil && status == 200 && strings.Count(string(body), `"state":"ready"`) == 2
}

// repeat runs a command until end, and tells how often it ended by itself.
func repeat(end <-chan struct{}, command []string) (times int) {
	if command == nil {
		return 0
	}
	for {
		cmd := exec.Command(command[0], command[1:]...)
		if cmd.Start() != nil {
			return -1
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				return -1
			}
			times++
		case <-end:
			_ = cmd.Process.Signal(syscall.SIGTERM)
			<-done
			return times
		}
	}
}

// report reports half, 99 of 100 and the longest of the times of each kind in milliseconds.
func (o *crowd) report(b *testing.B) {
	for kind, k := range o.kinds {
		slices.Sort(k.took)
		at := func(share float64) float64 {
			return float64(k.took[int(share*float64(len(k.took)-1))].Microseconds()) / 1000
		}
		b.Logf("%-9s %5d requests, ms: half %.1f, p90 %.1f, p99 %.1f, longest %.1f; statuses %v",
			kind, len(k.took), at(0.5), at(0.9), at(0.99), at(1), k.statuses)
		b.ReportMetric(at(0.5), kind+"-p50-ms")
		b.ReportMetric(at(0.99), kind+"-p99-ms")
	}
}
