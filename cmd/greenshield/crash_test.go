//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// torture says that tests run at full size.
func torture() bool { return os.Getenv("GREENSHIELD_TORTURE") != "" }

// crashSeed picks the samples of plain tests.
const crashSeed = 1

// versions are the folder of an earlier run, nil when there is none, and that of the run
// under test, as they must be.
type versions struct{ old, new map[string]string }

// disaster is a folder in which runs are disturbed, and what may come of it.
type disaster struct {
	versions
	inputs string   // holds the job
	flags  []string // of all runs
}

// newDisaster makes the two runs that are told apart afterwards.
func newDisaster(t *testing.T, first bool) disaster {
	t.Helper()
	return newDisasterIn(t, newSample(t), first)
}

func newDisasterIn(t *testing.T, dir string, first bool, flags ...string) disaster {
	t.Helper()
	f := folder{t, dir}
	f.edit("redline:", "#") // less to read is enough
	f.edit("admin:", "#")
	f.edit("exempt:", "#")
	d := disaster{inputs: f.dir, flags: flags}
	for i, to := range []*map[string]string{&d.old, &d.new} {
		out := filepath.Join(t.TempDir(), "out")
		finish(t, d.command(out, []string{"4", "8"}[i])).want(t, 0)
		*to = contents(t, out)
	}
	if d.old["candidates.geojson"] == d.new["candidates.geojson"] {
		t.Fatal("the two runs cannot be told apart")
	}
	if first {
		d.old = nil
	}
	return d
}

func (d *disaster) command(out, connectivity string) *exec.Cmd {
	return command(d.inputs, append([]string{"run", "job.yaml", "--quiet", "--replace", "--out", out, "--connectivity", connectivity}, d.flags...)...)
}

// place makes the folder that a run under test writes to: out, with the earlier run.
func (d *disaster) place(t *testing.T) (parent string) {
	t.Helper()
	parent = t.TempDir()
	if d.old != nil {
		if err := os.Mkdir(filepath.Join(parent, "out"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range d.old {
		if err := os.WriteFile(filepath.Join(parent, "out", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return parent
}

// damage says what is wrong with the folder out: it must be the old run or the new one,
// whole. It also says which of them it is.
func (r versions) damage(t *testing.T, out string) (isNew bool, damage string) {
	t.Helper()
	if _, err := os.Lstat(out); errors.Is(err, os.ErrNotExist) {
		if r.old == nil {
			return false, ""
		}
		return false, "the folder is gone"
	}
	got := contents(t, out)
	if r.old != nil && maps.Equal(got, r.old) {
		return false, ""
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := r.new[name]; !ok {
			wrong = append(wrong, name+" is too many")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.new)) {
		text, ok := got[name]
		switch {
		case !ok:
			wrong = append(wrong, name+" is missing")
		case name == "manifest.json" && timeless(text) != timeless(r.new[name]), name != "manifest.json" && text != r.new[name]:
			wrong = append(wrong, name+" differs")
		}
	}
	return true, strings.Join(wrong, ", ")
}

// timeless is a manifest without what differs between two runs of the same job; text
// that is none stays as it is.
func timeless(manifest string) string {
	var m map[string]any
	if json.Unmarshal([]byte(manifest), &m) != nil {
		return manifest
	}
	delete(m, "generated")
	delete(m, "timings")
	text, err := json.Marshal(m)
	if err != nil {
		return manifest
	}
	return string(text)
}

// TestDamageIsSeen feeds the comparison with what bad publishers would leave.
func TestDamageIsSeen(t *testing.T) {
	d := newDisaster(t, false)
	replace := func(name, text string) func(map[string]string) {
		return func(files map[string]string) { files[name] = text }
	}
	half := func(text string) string { return text[:len(text)/2] }
	for _, c := range []struct {
		name  string
		from  map[string]string
		spoil func(files map[string]string)
		want  string
	}{
		{"the old run", d.old, func(map[string]string) {}, ""},
		{"the new run", d.new, func(map[string]string) {}, ""},
		{"other times", d.new, replace("manifest.json", strings.Replace(d.new["manifest.json"], `"seconds": 0`, `"seconds": 9`, 1)), ""},
		{"written in place, stopped after the first file", d.old, replace("candidates.geojson", d.new["candidates.geojson"]), "manifest.json differs"},
		{"written in place, stopped before the last file", d.new, replace("manifest.json", d.old["manifest.json"]), "manifest.json differs"},
		{"a file cut", d.new, replace("suppressed.csv", half(d.new["suppressed.csv"])), "suppressed.csv differs"},
		{"an old file cut", d.old, replace("suppressed.csv", half(d.old["suppressed.csv"])), "suppressed.csv differs"},
		{"a file empty", d.new, replace("matrix.csv", ""), "matrix.csv differs"},
		{"the manifest cut", d.new, replace("manifest.json", half(d.new["manifest.json"])), "manifest.json differs"},
		{"a count in the manifest", d.new, replace("manifest.json", strings.Replace(d.new["manifest.json"], `"candidates": `, `"candidates": 1`, 1)), "manifest.json differs"},
		{"a file missing", d.new, func(files map[string]string) { delete(files, "overlaps.csv") }, "overlaps.csv is missing"},
		{"the manifest missing", d.new, func(files map[string]string) { delete(files, "manifest.json") }, "manifest.json is missing"},
		{"a temporary file left", d.new, replace("candidates.spool", "x"), "candidates.spool is too many"},
		{"an empty folder", nil, func(map[string]string) {}, "manifest.json is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := maps.Clone(c.from)
			c.spoil(files)
			out := filepath.Join((&disaster{versions: versions{old: files}}).place(t), "out")
			if err := os.MkdirAll(out, 0o755); err != nil {
				t.Fatal(err)
			}
			if _, damage := d.damage(t, out); (damage == "") != (c.want == "") || !strings.Contains(damage, c.want) {
				t.Errorf("damage is %q, want %q", damage, c.want)
			}
		})
	}
	if _, damage := d.damage(t, filepath.Join(t.TempDir(), "out")); damage == "" {
		t.Error("a folder that is gone is no damage")
	}
	d.old = nil
	if _, damage := d.damage(t, filepath.Join(t.TempDir(), "out")); damage != "" {
		t.Errorf("no folder, where none was, is damage: %s", damage)
	}
}

// injection disturbs one run at a place.
type injection struct {
	at      int    // the call, or the first of several
	call    string // name of the calls, "" for any
	err     error  // errKill, or what the call fails with
	forever bool   // all calls of that name from there on
}

func (i injection) String() string {
	return fmt.Sprintf("%s at %s %d%s", i.err, i.call, i.at, map[bool]string{true: " and all later ones"}[i.forever])
}

// disturb runs the job with the injection, judges what is left, and then runs it once
// more undisturbed. It reports whether the injection happened at all.
func (d *disaster) disturb(t *testing.T, in injection) (happened bool) {
	t.Helper()
	parent := d.place(t)
	defer os.RemoveAll(parent) // there are many
	out := filepath.Join(parent, "out")
	var what systemCall
	calls := 0
	o := traced(t, d.command(out, "8"), parent, func(c systemCall) error {
		if in.call != "" && c.name != in.call {
			return nil
		}
		calls++
		if calls != in.at && !(in.forever && calls > in.at) {
			return nil
		}
		if !happened {
			happened, what = true, c
		}
		return in.err
	})
	if !happened {
		if o.status != 0 {
			t.Fatalf("undisturbed, the run ends with status %d: %s", o.status, o.stderr)
		}
		return false
	}
	fail := func(format string, args ...any) {
		t.Errorf("%v, %v: %s\nstatus %d, stderr %s", in, what, fmt.Sprintf(format, args...), o.status, o.stderr)
	}
	isNew, damage := d.damage(t, out)
	if damage != "" {
		fail("damage: %s", damage)
	}
	last := strings.TrimSpace(o.stderr[strings.LastIndex(strings.TrimSpace(o.stderr), "\n")+1:])
	switch {
	case in.err == errKill:
		if o.status != -1 {
			fail("the program was not killed")
		}
	case o.status == 0:
		if !isNew {
			fail("claims success, but the new run is not there")
		}
		switch got := names(t, parent); {
		case slices.Equal(got, []string{"out"}):
			return true // nothing is left to do for a next run
		case !slices.Equal(got, []string{".out.lock", "out"}):
			fail("left beside the target: %q", got)
		}
	case in.err == unix.EINTR:
		fail("an interrupted call is not made again")
	case o.status != 15 || !strings.HasPrefix(last, "greenshield: ") || !strings.Contains(last, "; ") || !isNew && strings.Contains(last, ".tmp-"):
		fail("the message is not good: %s", last)
	case isNew && !strings.Contains(last, "the new run is in place"):
		fail("the new run is there without a word of it")
	}
	next := finish(t, d.command(out, "8"))
	if _, damage := (versions{new: d.new}).damage(t, out); next.status != 0 || damage != "" || !slices.Equal(names(t, parent), []string{"out"}) {
		fail("the next run ends with status %d, damage %q, leaves %q: %s", next.status, damage, names(t, parent), next.stderr)
	}
	return true
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// record lists the calls of an undisturbed run.
func (d *disaster) record(t *testing.T) (calls []systemCall) {
	t.Helper()
	parent := d.place(t)
	traced(t, d.command(filepath.Join(parent, "out"), "8"), parent, func(c systemCall) error {
		calls = append(calls, c)
		return nil
	}).want(t, 0)
	return calls
}

// sampled returns n of all, in order; in a torture, or when n is not less, all.
func sampled[T any](all []T, n int) []T {
	if torture() || n >= len(all) {
		return all
	}
	picks := rand.New(rand.NewPCG(crashSeed, 0)).Perm(len(all))[:n]
	slices.Sort(picks)
	some := make([]T, n)
	for i, p := range picks {
		some[i] = all[p]
	}
	return some
}

// TestKilled kills a run before each of its system calls that have to do with the target's
// folder. Between two of these the disk does not change, so there is no other moment.
func TestKilled(t *testing.T) {
	for name, first := range map[string]bool{"first run": true, "replacing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t, first)
			var points []injection
			for i := range d.record(t) {
				points = append(points, injection{at: i + 1, err: errKill})
			}
			killed := 0
			for _, in := range sampled(points, 20) {
				if d.disturb(t, in) {
					killed++
				}
			}
			// Threads make the number of calls differ a little.
			for torture() && d.disturb(t, injection{at: len(points) + 1, err: errKill}) {
				points = append(points, injection{})
				killed++
			}
			t.Logf("tally: kill points %d", killed)
			if killed < min(len(points), 20)-2 {
				t.Errorf("only %d of %d points were reached", killed, len(points))
			}
		})
	}
}

// TestFailingDisk makes each system call that has to do with the target's folder fail, once
// and from there on.
func TestFailingDisk(t *testing.T) {
	// The first error of each also lasts, as that of a full or dying disk does.
	errs := map[string][]error{
		"write": {unix.ENOSPC, unix.EIO, unix.EINTR}, "fsync": {unix.EIO, unix.EINTR, unix.ENOSYS}, "close": {unix.EIO},
		"openat": {unix.EMFILE, unix.EACCES, unix.EINTR}, "mkdirat": {unix.ENOSPC, unix.EACCES}, "flock": {unix.EOPNOTSUPP, unix.ENOLCK},
		"renameat": {unix.EXDEV, unix.EIO}, "renameat2": {unix.EXDEV, unix.EINVAL}, "unlinkat": {unix.EIO, unix.EACCES},
		"read": {unix.EIO, unix.EINTR}, "pread64": {unix.EIO, unix.EINTR}, "getdents64": {unix.EIO}, "newfstatat": {unix.EIO},
		"pwrite64": {unix.ENOSPC, unix.EIO, unix.EINTR}, "unlink": {unix.EIO, unix.EACCES},
	}
	for name, first := range map[string]bool{"first run": true, "replacing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t, first)
			var points []injection
			count := map[string]int{}
			for _, c := range d.record(t) {
				count[c.name]++
				if errs[c.name] == nil {
					t.Errorf("no errors are known of %v", c)
				}
				for i, err := range errs[c.name] {
					points = append(points, injection{at: count[c.name], call: c.name, err: err})
					if i == 0 {
						points = append(points, injection{at: count[c.name], call: c.name, err: err, forever: true})
					}
				}
			}
			failed := 0
			for _, in := range sampled(points, 5) {
				if d.disturb(t, in) {
					failed++
				}
			}
			t.Logf("tally: failing calls %d", failed)
			if failed < min(len(points), 5)-2 {
				t.Errorf("only %d of %d points were reached", failed, len(points))
			}
		})
	}
}

// TestTemporariesBesideTarget: a run makes files and folders in the target's folder and
// nowhere else, so that publishing never crosses from one disk to another.
func TestTemporariesBesideTarget(t *testing.T) {
	f := folder{t, newSample(t)}
	parent := t.TempDir()
	made := 0
	traced(t, command(f.dir, "run", "job.yaml", "--quiet", "--out", filepath.Join(parent, "out")), "", func(c systemCall) error {
		switch {
		case !c.new:
		case strings.HasPrefix(c.path, parent+"/."):
			made++
		default:
			t.Errorf("the run makes %s", c.path)
		}
		return nil
	}).want(t, 0)
	if made < 10 { // lock, folder, 8 files
		t.Errorf("only %d files and folders were seen", made)
	}
}

// TestFileSystemLacks: where the kernel has no locks or cannot bring files to the disk, a
// run could not keep its promises, so there is none.
func TestFileSystemLacks(t *testing.T) {
	d := newDisaster(t, false)
	first := d
	first.old = nil
	for _, c := range []struct {
		name, call string
		err        error
		first      bool
		want       string
	}{
		{"O16 no locks", "flock", unix.EOPNOTSUPP, true, "…/out: cannot be locked: lock …/.out.lock: operation not supported; name a folder where you may write, on a file system that has locks"},
		{"O16 no lock server", "flock", unix.ENOLCK, false, "…/out: cannot be locked: lock …/.out.lock: no locks available; name a folder where you may write, on a file system that has locks"},
		{"O16 no fsync", "fsync", unix.ENOSYS, true, "…/out/candidates.geojson: cannot be written: function not implemented; the file system lacks what a whole result needs: name a folder on another one"},
		{"O16 no fsync of folders", "fsync", unix.EINVAL, false, "…/out/candidates.geojson: cannot be written: invalid argument; the file system lacks what a whole result needs: name a folder on another one"},
		{"O16 no exchange", "renameat2", unix.EINVAL, false, "…/out: cannot be replaced in one step: invalid argument; name a new folder, or remove this one yourself"},
		{"O02 another disk", "renameat", unix.EXDEV, true, "…/out: cannot be renamed: invalid cross-device link; name a folder where you may write"},
		{"O02 fsync fails", "fsync", unix.EIO, false, "…/out/candidates.geojson: cannot be written: input/output error; the disk is failing: name a folder on another one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := d
			if c.first {
				d = first
			}
			parent := d.place(t)
			o := traced(t, d.command(filepath.Join(parent, "out"), "8"), parent, func(call systemCall) error {
				if call.name == c.call {
					return c.err
				}
				return nil
			})
			o.want(t, 15)
			lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
			if !like(lines[len(lines)-1], "greenshield: "+c.want) {
				t.Errorf("stderr is %s", o.stderr)
			}
			if isNew, damage := d.damage(t, filepath.Join(parent, "out")); isNew || damage != "" {
				t.Errorf("new %v, damage %q", isNew, damage)
			}
		})
	}
}

// TestInterrupted stops runs at moments of any kind, from before the program is up to
// after its end.
func TestInterrupted(t *testing.T) {
	signals := []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP}
	statuses := map[unix.Signal]int{unix.SIGINT: 130, unix.SIGTERM: 143, unix.SIGHUP: 143}
	for _, c := range []struct {
		name            string
		plain, tortured int
		sample          func(t *testing.T) disaster
	}{
		{"short run", 16, 180, func(t *testing.T) disaster { return newDisaster(t, false) }},
		{"long run", 4, 20, func(t *testing.T) disaster {
			p := scene.Default()
			p.Cols, p.Rows, p.RedLines = 500, 500, 8
			dir := filepath.Join(t.TempDir(), "data")
			if err := gdalscene.Write(dir, p); err != nil {
				t.Fatal(err)
			}
			return newDisasterIn(t, dir, false, "--tile", "1", "--workers", "1") // as slow as can be
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.sample(t)
			start := func(parent string) (*exec.Cmd, *bytes.Buffer) {
				cmd := d.command(filepath.Join(parent, "out"), "8")
				stderr := &bytes.Buffer{}
				cmd.Stderr = stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				return cmd, stderr
			}
			var took []time.Duration
			for range 5 { // the second shortest: neither other work on the machine nor a jump of its clock must count
				begun := time.Now()
				cmd, stderr := start(d.place(t))
				if err := cmd.Wait(); err != nil {
					t.Fatalf("%v: %s", err, stderr)
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			whole := took[1]
			rng := rand.New(rand.NewPCG(crashSeed, 1))
			n := c.plain
			if torture() {
				n = c.tortured
			}
			ends := map[string]int{}
			for i := range n {
				parent := d.place(t)
				out := filepath.Join(parent, "out")
				signal, after := signals[i%3], time.Duration(rng.Float64()*1.1*float64(whole))
				cmd, stderr := start(parent)
				time.Sleep(after)
				sent := time.Now()
				_ = cmd.Process.Signal(signal) // an error: it has ended
				_ = cmd.Wait()
				took := time.Since(sent)
				isNew, damage := d.damage(t, out)
				status := cmd.ProcessState.ExitCode()
				fail := func(what string) {
					t.Errorf("%v after %v of %v: %s; status %d after %v, damage %q, new %v, left %q, stderr %s", signal, after, whole, what, status, took, damage, isNew, names(t, parent), stderr)
				}
				if damage != "" || !slices.Equal(names(t, parent), []string{"out"}) {
					fail("the folder is not clean")
				}
				switch ws := cmd.ProcessState.Sys().(syscall.WaitStatus); {
				case ws.Signaled() && ws.Signal() == signal && stderr.Len() == 0: // the runtime was not up yet
					ends["before the program was up"]++
					if isNew {
						fail("has published")
					}
				case status == statuses[signal]:
					ends["stopped"]++
					whole += whole / 16
					if isNew || !strings.HasSuffix(stderr.String(), "greenshield: stopped: "+signal.String()+"\n") || took > 2*time.Second {
						fail("does not stop as it should")
					}
				case status == 0:
					ends["came too late"]++
					whole -= whole / 8 // as soon as the machine is faster again
					if !isNew {
						fail("has not published")
					}
				default:
					fail("ends otherwise")
				}
				if err := os.RemoveAll(parent); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("a whole run takes about %v; %v", whole, ends)
			t.Logf("tally: interruptions %d", n)
			if ends["stopped"] < max(1, n/8) {
				t.Errorf("only %d of %d runs were stopped", ends["stopped"], n)
			}
		})
	}
}

// TestSecondInterrupt: when the first Ctrl-C is being obeyed, a second one ends the
// program at once.
func TestSecondInterrupt(t *testing.T) {
	d := newDisaster(t, false)
	parent := d.place(t)
	sent := 0
	o := traced(t, d.command(filepath.Join(parent, "out"), "8"), parent, func(c systemCall) error {
		writes := strings.HasSuffix(c.path, ".spool") && c.name == "openat"
		cleans := sent == 1 && c.name == "unlinkat"
		if !writes && !cleans {
			return nil
		}
		sent++
		err := unix.Kill(c.pid, unix.SIGINT)
		time.Sleep(100 * time.Millisecond) // other threads take it while this one stands still
		return err
	})
	if o.status != -1 || sent != 2 || strings.Contains(o.stderr, "stopped") {
		t.Errorf("status %d after %d signals: %s", o.status, sent, o.stderr)
	}
	if isNew, damage := d.damage(t, filepath.Join(parent, "out")); isNew || damage != "" {
		t.Errorf("new %v, damage %q", isNew, damage)
	}
	if got := names(t, parent); len(got) < 2 {
		t.Errorf("it cleaned up: %q", got) // so it was not killed in the middle
	}
	finish(t, d.command(filepath.Join(parent, "out"), "8")).want(t, 0)
	if got := names(t, parent); !slices.Equal(got, []string{"out"}) {
		t.Errorf("left: %q", got)
	}
}

// TestSignalAtTheEnd: once a command has said its result, a signal no longer makes a
// failure of it.
func TestSignalAtTheEnd(t *testing.T) {
	for i := range 60 {
		cmd := exec.Command(binary, "version")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := stdout.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 10 * time.Microsecond)
		_ = cmd.Process.Signal(unix.SIGHUP) // an error: it has ended
		if err := cmd.Wait(); err != nil {
			t.Fatalf("signal %d: %v", i, err)
		}
	}
}
