package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// binary is the program under test, smallScene a scene in a folder; both made by TestMain.
var binary, smallScene string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

// execute runs one command line in this process. What a run makes of the memory ends with it.
func execute(args []string, stdout, stderr io.Writer) int {
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	p := &program{stdout: &results{w: stdout}, stderr: stderr}
	return p.execute(context.Background(), args)
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "greenshield-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary, smallScene = filepath.Join(dir, "greenshield"), filepath.Join(dir, "scene")
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		os.Unsetenv(name) // messages are compared in English
	}
	// go run links a program once and keeps it, which go build does not; here cp is run with it.
	build := exec.Command("go", "run", "-buildvcs=false", "-exec", "cp -t '"+dir+"'", ".")
	build.Stderr = os.Stderr
	p := scene.Default()
	p.Cols, p.Rows, p.RedLines, p.Reserves, p.Vertices = 300, 280, 6, 3, 600
	if err := errors.Join(os.Chmod(dir, 0o755), build.Run(), gdalscene.Write(smallScene, p)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newSample copies the small scene to a folder of its own.
func newSample(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(smallScene)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// outcome is what a run of the program left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// here runs one command line in dir as the program would, but in this process, which is several times as fast. What an
// environment, a signal or a crash does is seen by [run] only.
func here(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	t.Chdir(dir)
	var stdout, stderr bytes.Buffer
	status := execute(args, &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

// run runs the program in dir, in the plainest environment.
func run(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	return finish(t, command(dir, args...))
}

func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	return cmd
}

func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want fails unless the run ended with that status.
func (o outcome) want(t *testing.T, status int) {
	t.Helper()
	if o.status != status {
		t.Fatalf("status %d, want %d\nstdout: %s\nstderr: %s", o.status, status, o.stdout, o.stderr)
	}
}

// contents reads all files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() { // reading a pipe would wait
			files[path] = d.Type().String()
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// tellOfInputs are the outputs that may differ where inputs of the same content have other names, formats or settings.
var tellOfInputs = []string{"manifest.json", "report.html", "review.qgz"}

// sameFiles compares two folders' files; skip names those that may differ.
func sameFiles(t *testing.T, got, want map[string]string, skip ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, text := range want {
		if !slices.Contains(skip, name) && got[name] != text {
			t.Errorf("%s differs", name)
		}
	}
}

func readManifest(t *testing.T, dir string) (m record.Manifest) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRun(t *testing.T) {
	dir := newSample(t)
	o := run(t, dir, "run", "job.yaml")
	o.want(t, 0)
	for _, want := range []string{" candidates, ", " suppressed, ", " zones: ", "all balances hold", "results: out\nnow open out/report.html in a browser, out/review.qgz in QGIS\n"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
	first := contents(t, filepath.Join(dir, "out"))
	m := readManifest(t, filepath.Join(dir, "out"))
	if m.Counts.Candidates == 0 || len(m.Inputs) != 6 || len(m.Repairs) != 1 || len(m.Outputs) != 15 || m.Program != "greenshield "+release || m.Options["min_area"] != "4cells" {
		t.Errorf("manifest is %+v", m)
	}

	t.Run("again", func(t *testing.T) {
		for _, args := range [][]string{{}, {"--replace"}, {"--workers", "1", "--tile", "64"}} {
			o := here(t, dir, append([]string{"run", "job.yaml"}, args...)...)
			o.want(t, 0)
			if o.stdout != "nothing has changed: out holds the results of the same inputs, options and version\n"+
				"now open out/report.html in a browser, out/review.qgz in QGIS\n" {
				t.Errorf("stdout is %q", o.stdout)
			}
			sameFiles(t, contents(t, filepath.Join(dir, "out")), first)
		}
		o := here(t, filepath.Dir(dir), "run", "data/job.yaml", "--json") // from elsewhere
		o.want(t, 0)
		var result struct{ Status, Fingerprint string }
		if err := json.Unmarshal([]byte(o.stdout), &result); err != nil || result.Status != "unchanged" || result.Fingerprint != m.Fingerprint {
			t.Errorf("stdout is %q, %v", o.stdout, err)
		}
	})

	t.Run("same bytes anywhere", func(t *testing.T) {
		cmd := command(dir, "run", "job.yaml", "--out", "other", "--workers", "3", "--tile", "37", "--max-memory", "200MB")
		cmd.Env = append(cmd.Env, "TZ=Asia/Shanghai", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "GDAL_NUM_THREADS=8", "OGR_ENABLE_PARTIAL_REPROJECTION=YES")
		old := syscall.Umask(0o077)
		o := finish(t, cmd)
		syscall.Umask(old)
		o.want(t, 0)
		sameFiles(t, contents(t, filepath.Join(dir, "other")), first, "manifest.json")
		if !strings.Contains(o.stderr, "warning: environment variables are ignored: GDAL_NUM_THREADS, OGR_ENABLE_PARTIAL_REPROJECTION\n") {
			t.Errorf("stderr is %s", o.stderr)
		}
		if w := readManifest(t, filepath.Join(dir, "other")).Warnings; !slices.Contains(w, "environment variables are ignored: GDAL_NUM_THREADS, OGR_ENABLE_PARTIAL_REPROJECTION") {
			t.Errorf("warnings of the record are %q", w)
		}
	})

	t.Run("flags alone", func(t *testing.T) {
		o := here(t, dir, "run", "--before", "lc2015.tif", "--after", "lc2020.tif", "--legend", "clcd", "--redline", "redline.gpkg|layername=redline",
			"--reserve", "reserves.shp", "--encoding", "GBK", "--admin", "counties.geojson", "--exempt", "exempt.geojson", "--out", "flags")
		o.want(t, 0)
		sameFiles(t, contents(t, filepath.Join(dir, "flags")), first, tellOfInputs...)
	})

	t.Run("a flag goes before the job file", func(t *testing.T) {
		here(t, dir, "run", "job.yaml", "--min-severity", "4", "--out", "severe", "--formats", "geojson").want(t, 0)
		m := readManifest(t, filepath.Join(dir, "severe"))
		if m.Options["min_severity"] != 4.0 || m.Counts.ByReason["below_min_severity"] == 0 || m.Counts.BySeverity["serious"] != 0 {
			t.Errorf("counts are %+v", m.Counts)
		}
	})

	t.Run("other options", func(t *testing.T) {
		o := here(t, dir, "run", "job.yaml", "--connectivity", "4")
		o.want(t, 15)
		if o.stderr != "repaired: "+new(program).describeRepair(m.Repairs[0])+"\ngreenshield: out: exists; say --replace to replace it, or name another folder\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
		sameFiles(t, contents(t, filepath.Join(dir, "out")), first)
		here(t, dir, "run", "job.yaml", "--connectivity", "4", "--replace", "--formats", "geojson").want(t, 0)
		if readManifest(t, filepath.Join(dir, "out")).Fingerprint == m.Fingerprint {
			t.Error("the fingerprint is the same")
		}
	})
}

// TestNowOpen: the last line of a run names files that it has written, and no others.
func TestNowOpen(t *testing.T) {
	dir := newSample(t)
	for formats, want := range map[string]string{
		"all":      "now open out all/report.html in a browser, out all/review.qgz in QGIS",
		"html":     "now open out html/report.html in a browser",
		"gpkg,csv": "now open out gpkg,csv/review.qgz in QGIS",
		"geojson":  "now open out geojson/candidates.geojson in QGIS",
		"xlsx,csv": "now open out xlsx,csv/candidates.geojson in QGIS",
	} {
		o := here(t, dir, "run", "job.yaml", "--quiet", "--formats", formats, "--out", "out "+formats)
		o.want(t, 0)
		lines := strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n")
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("%s: the last line is %q, want %q", formats, got, want)
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(want, "now open "), "in a browser, ") {
			file, _, _ := strings.Cut(part, " in ")
			if _, err := os.Stat(strings.TrimSuffix(file, " ")); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestReadmeSample: README.md shows what the demo prints.
func TestReadmeSample(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	demo := here(t, dir, "demo", "out/demo")
	demo.want(t, 0)
	o := here(t, dir, "run", "out/demo/job.yaml", "--quiet")
	o.want(t, 0)
	took := regexp.MustCompile(`(all balances hold; ).*`)
	want := "\n```\nbin/greenshield demo out/demo\n" + demo.stdout + "bin/greenshield run out/demo/job.yaml\n" +
		o.stderr + took.ReplaceAllString(o.stdout, "${1}…") + "```\n"
	if !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not show%s", want)
	}
}

func TestRunJSON(t *testing.T) {
	dir := newSample(t)
	o := here(t, dir, "run", "job.yaml", "--json", "--formats", "geojson")
	o.want(t, 0)
	var result struct {
		Status, Out string
		Counts      record.Counts
	}
	if err := json.Unmarshal([]byte(o.stdout), &result); err != nil || result.Status != "complete" || result.Out != "out" || result.Counts.Candidates == 0 {
		t.Errorf("stdout is %s, %v", o.stdout, err)
	}
	o = here(t, dir, "run", "job.yaml", "--json", "--before-year", "2030")
	o.want(t, 10)
	var event struct {
		Event, Message string
		Code           int
	}
	if err := json.Unmarshal([]byte(o.stderr), &event); err != nil || event.Event != "error" || event.Code != 10 || !strings.HasPrefix(event.Message, "the year of after") || o.stdout != "" {
		t.Errorf("stderr is %s, %v", o.stderr, err)
	}
}

func TestDemo(t *testing.T) {
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	if status := execute([]string{"demo", filepath.Join(dir, "a b")}, &stdout, &stderr); status != 0 || !strings.HasSuffix(stdout.String(), "now run\n  greenshield run '"+dir+"/a b/job.yaml'\n") {
		t.Errorf("status %d, %s%s", status, stdout.String(), stderr.String())
	}
	if j, err := job.Parse(filepath.Join(dir, "a b", "job.yaml")); err != nil || j.Validate() != nil {
		t.Errorf("the job is %+v, %v", j, err)
	}
	stdout.Reset()
	if status := execute([]string{"demo", filepath.Join(dir, "a b")}, &stdout, &stderr); status != 15 || !strings.Contains(stderr.String(), "is not empty") || stdout.Len() > 0 {
		t.Errorf("status %d, %s%s", status, stdout.String(), stderr.String())
	}
}

func TestSmallCommands(t *testing.T) {
	tests := []struct {
		args           string
		status         int
		stdout, stderr string // what they begin with
	}{
		{"", 0, "greenshield compares two land-cover maps", ""},
		{"--help", 0, "greenshield compares two land-cover maps", ""},
		{"legends", 0, "clcd             CLCD: China Land Cover Dataset", ""},
		{"legends clcd", 0, "# CLCD: China Land Cover Dataset", ""},
		{"legends CLCD", 10, "", `greenshield: unknown legend "CLCD"; valid here are clcd, cnlucc`},
		{"legends clcd x", 10, "", `greenshield: unexpected argument "x"; legends takes one name`},
		{"rules", 0, "green-shield     Green Shield (绿盾)", ""},
		{"rules green-shield", 0, "# Green Shield", ""},
		{"rules green", 10, "", `greenshield: unknown rule table "green"; valid here are green-shield`},
		{"priority", 0, "simple           Green Shield (绿盾): by what candidates are ranked", ""},
		{"priority simple", 0, "# Green Shield (绿盾): by what candidates are ranked for a visit (核查优先级). 建议权重，非官方标准", ""},
		{"priority off", 10, "", `greenshield: unknown rule of priority "off"; valid here are simple`},
		{"priority simple x", 10, "", `greenshield: unexpected argument "x"; priority takes one name or file`},
		{"priority none.json", 10, "", "greenshield: open none.json: no such file"},
		{"version", 0, "greenshield " + release, ""},
		{"--version", 0, "greenshield " + release, ""},
		{"--version x", 10, "", `greenshield: unknown command "x"; valid here are `},
		{"completion", 10, "", "greenshield: no shell; name one: greenshield completion bash, zsh or fish"},
		{"completion powershell", 10, "", `greenshield: unknown shell "powershell"; valid here are bash, zsh, fish`},
		{"completion bash zsh", 10, "", `greenshield: unexpected argument "zsh"; completion takes one shell`},
		{"man", 10, "", "greenshield: no folder; name one: greenshield man DIR"},
		{"man a b", 10, "", `greenshield: unexpected argument "b"; man takes one folder`},
		{"man /dev/null", 15, "", "greenshield: mkdir /dev/null: not a directory"},
		{"version x", 10, "", "greenshield: unexpected argument"},
		{"demo", 10, "", "greenshield: no folder; name a new one"},
		{"rum", 10, "", `greenshield: unknown command "rum"; did you mean "run"?`},
		{"merge --missing", 10, "", `greenshield: unknown flag --missing; valid here are --`},
		{"shard p -1", 10, "", `greenshield: unknown flag -1; valid here are --`},
		{"plan --shards x", 10, "", `greenshield: --shards: "x" is not a whole number`},
		{"plan --slurm=maybe", 10, "", `greenshield: --slurm: "maybe" is neither true nor false`},
		{"ledger plan-visits --hours x", 10, "", `greenshield: --hours: "x" is not a number`},
		{"yearly --skip 2018,x", 10, "", `greenshield: --skip: "2018,x" is not a whole number`},
		{"yearly --settle 30", 10, "", `greenshield: --settle: "30" is no time; write a number and its unit, such as 30m or 2h`},
		{"run --min-aera 1ha", 10, "", `greenshield: unknown flag --min-aera; did you mean "--min-area"?`},
		{"run --before", 10, "", "greenshield: flag needs an argument: --before; see greenshield run --help"},
		{"run --min-area 1", 10, "", `greenshield: --min-area: "1" is not a size`},
		{"run a.tif", 10, "", "greenshield: a.tif: is not a job file (.yaml, .yml); name rasters and layers by their flags"},
		{"run --before a.tif b.tif c.tif", 10, "", `greenshield: unexpected argument "b.tif"; a run takes one job file`},
		{"run a.yaml b.yaml", 10, "", `greenshield: unexpected argument "b.yaml"; a run takes one job file`},
		{"run /nowhere/job.yaml", 10, "", "greenshield: /nowhere/job.yaml: no such file"},
		{"check", 10, "", "greenshield: no raster for before; name its files by --before FILE"},
		{"run --tile -1 --out x", 10, "", "greenshield: --tile: -1 is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := execute(strings.Fields(tt.args), &stdout, &stderr)
			if status != tt.status || !strings.HasPrefix(stdout.String(), tt.stdout) || !strings.HasPrefix(stderr.String(), tt.stderr) ||
				(tt.stdout == "") != (stdout.Len() == 0) || (tt.stderr == "") != (stderr.Len() == 0) {
				t.Errorf("status %d, want %d\nstdout: %s\nstderr: %s", status, tt.status, stdout.String(), stderr.String())
			}
		})
	}
}

// TestExitStatus: errors become the statuses that the help tells. Those that inputs can provoke are also seen of the program itself.
func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errors.New("unforeseen"), 1}, {redline.Faultf(redline.Usage, "x"), 10}, {redline.Faultf(redline.Raster, "x"), 11}, {redline.Faultf(redline.Vector, "x"), 12},
		{redline.Faultf(redline.Incompatible, "x"), 13}, {redline.Faultf(redline.Unbalanced, "x"), 14}, {redline.Faultf(redline.Output, "x"), 15},
		{redline.Faultf(redline.Locked, "x"), 16}, {redline.Faultf(redline.Limit, "x"), 17}, {fmt.Errorf("more: %w", redline.Faultf(redline.Unbalanced, "x")), 14},
		{interrupted{os.Interrupt}, 130}, {interrupted{syscall.SIGTERM}, 143}, {interrupted{syscall.SIGHUP}, 143},
	} {
		if got := exitStatus(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
		if !strings.Contains(exitHelp, fmt.Sprintf("%2d ", c.want)) {
			t.Errorf("the help does not tell of %d", c.want)
		}
	}
}

func TestHelpTellsExitStatus(t *testing.T) {
	for _, name := range []string{"run", "check", "series", "plan", "shard", "merge", "demo", "legends", "rules", "priority", "completion", "man"} {
		var stdout bytes.Buffer
		if execute([]string{name, "--help"}, &stdout, &bytes.Buffer{}); !strings.Contains(stdout.String(), "EXIT STATUS") || !strings.Contains(stdout.String(), "Examples:") {
			t.Errorf("help of %s is %s", name, stdout.String())
		}
	}
}

func TestStandardOutputIsChecked(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	dir := newSample(t)
	for _, args := range [][]string{{"legends"}, {"--help"}, {"version"}, {"check", "job.yaml"}, {"run", "job.yaml", "--formats", "geojson"}, {"run", "job.yaml", "--formats", "geojson", "--json"}} {
		cmd := command(dir, args...)
		cmd.Stdout = full
		o := finish(t, cmd)
		o.want(t, 15)
		if !strings.Contains(o.stderr, "standard output: cannot be written") {
			t.Errorf("%v: stderr is %s", args, o.stderr)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer w.Close()
	cmd := command(dir, "legends")
	cmd.Stdout = w
	finish(t, cmd).want(t, 15)
}

func TestLocked(t *testing.T) {
	dir := newSample(t)
	lock, err := os.Create(filepath.Join(dir, ".out.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	o := run(t, dir, "run", "job.yaml")
	o.want(t, 16)
	if o.stderr != "greenshield: out: another run works on it; wait until that one ends, or name another folder\n" {
		t.Errorf("stderr is %s", o.stderr)
	}
}

// TestSignals: a signal ends the context of a command and says which exit status that is. A command that does not end
// for that is ended after a while, without what it has begun, unless its result turns out to be published.
func TestSignals(t *testing.T) {
	for signal, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 143} {
		for _, c := range []struct {
			name      string
			takes     time.Duration // until the command ends
			begun     bool          // there is something to abort
			published bool
			exits     bool
		}{
			{"ends at once", 0, true, false, false},
			{"ends just in time", patience - 1, true, false, false},
			{"takes too long", patience + 1, true, false, true},
			{"takes too long with nothing begun", patience + 1, false, false, true},
			{"has published", patience + 1, true, true, false},
		} {
			t.Run(fmt.Sprint(signal, " ", c.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // with a clock of its own
					var did []string
					var stderr bytes.Buffer
					p := &program{stderr: &stderr, exit: func(status int) { did = append(did, fmt.Sprint("exit ", status)) }}
					if c.begun {
						p.onInterrupt(func() bool { did = append(did, "abort"); return c.published })
					}
					caught := make(chan os.Signal)
					ctx, ended := p.obey(caught, func() { did = append(did, "reset") })
					if ctx.Err() != nil {
						t.Error("stopped without a signal")
					}
					caught <- signal
					<-ctx.Done()
					want := []string{"reset"} // before anything can clean up, so that a second signal kills
					if !slices.Equal(did, want) {
						t.Errorf("did %q, want %q", did, want)
					}
					if cause := context.Cause(ctx); exitStatus(cause) != status || cause.Error() != "stopped: "+signal.String() {
						t.Errorf("the cause is %v, status %d", cause, exitStatus(cause))
					}
					time.Sleep(c.takes)
					synctest.Wait()
					wantSaid := ""
					if c.takes > patience && c.begun {
						want = append(want, "abort")
					}
					if c.exits {
						want, wantSaid = append(want, fmt.Sprint("exit ", status)), "greenshield: stopped: "+signal.String()+"\n"
					}
					if !slices.Equal(did, want) || stderr.String() != wantSaid {
						t.Errorf("did %q, want %q; said %q, want %q", did, want, stderr.String(), wantSaid)
					}
					ended()
				})
			})
		}
	}
	t.Run("none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := &program{exit: func(int) { t.Error("exits") }}
			ctx, ended := p.obey(make(chan os.Signal), func() { t.Error("resets") })
			time.Sleep(time.Hour)
			ended()
			synctest.Wait()
			if ctx.Err() != nil {
				t.Error("stopped")
			}
		})
	})
	if patience > 2*time.Second {
		t.Errorf("a run may take %v to stop", patience)
	}
}

// TestInterruptionIsTheReason: what went wrong because the program is to stop is not told; but that a published result
// is not all in order is.
func TestInterruptionIsTheReason(t *testing.T) {
	for _, published := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(interrupted{os.Interrupt})
		var stdout, stderr bytes.Buffer
		p := &program{stdout: &results{w: &stdout}, stderr: &stderr}
		p.onInterrupt(func() bool { return published })
		status := p.execute(ctx, []string{"run", "/nowhere/job.yaml"})
		wantStatus, want := 130, "greenshield: stopped: interrupt\n"
		if published {
			wantStatus, want = 10, "greenshield: /nowhere/job.yaml: no such file"
		}
		if status != wantStatus || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("published %v: status %d, %s", published, status, stderr.String())
		}
	}
}
