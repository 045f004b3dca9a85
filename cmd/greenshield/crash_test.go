//go:build linux && amd64

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// torture says that tests run at full size.
func torture() bool { return os.Getenv("GREENSHIELD_TORTURE") != "" }

// versions are the folder of an earlier run, nil when there is none, and that of the run
// under test, as they must be.
type versions struct{ old, new map[string]string }

// disaster is a folder in which runs are disturbed, and what may come of it.
type disaster struct {
	versions
	inputs  string // holds the job
	formats string
}

// newDisaster makes the two runs that are told apart afterwards.
func newDisaster(t *testing.T, first bool) disaster {
	t.Helper()
	return disasterOf(t, first, "geojson")
}

// disasterOf makes them in these formats.
func disasterOf(t *testing.T, first bool, formats string) disaster {
	t.Helper()
	f := folder{t, newSample(t)}
	f.edit("redline:", "#") // less to read is enough
	f.edit("admin:", "#")
	f.edit("exempt:", "#")
	d := disaster{inputs: f.dir, formats: formats}
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
	return command(d.inputs, []string{"run", "job.yaml", "--quiet", "--replace", "--formats", d.formats, "--out", out, "--connectivity", connectivity}...)
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

// moment is one system call of a run. Moments are the same in each run, but that threads make the number of some calls
// differ a little.
type moment struct {
	call string
	path string // relative to the folder above the target, with N for the number of the process; of inputs in or in/NAME
	nth  int    // of this call on this path, from 1
}

func (m moment) String() string { return fmt.Sprintf("%s %s (%d)", m.call, m.path, m.nth) }

// ofInputs says that the call is for the inputs, not for the target's folder.
func (m moment) ofInputs() bool { return m.path == "in" || strings.HasPrefix(m.path, "in/") }

var ofProcess = regexp.MustCompile(`\.tmp-\d+`)

// watch returns what to be traced with: it tells f the moments of a run of d into the folder parent.
func (d *disaster) watch(parent string, f func(moment, systemCall) error) (watched []string, intervene func(systemCall) error) {
	count := map[moment]int{}
	return []string{parent, d.inputs}, func(c systemCall) error {
		m := moment{call: c.name}
		switch {
		case c.path == "":
		case strings.HasPrefix(c.path, d.inputs):
			m.path = "in" + strings.TrimPrefix(c.path, d.inputs)
		default:
			rel, err := filepath.Rel(parent, c.path)
			if err != nil {
				return err
			}
			m.path = ofProcess.ReplaceAllString(rel, ".tmp-N")
		}
		count[m]++
		m.nth = count[m]
		return f(m, c)
	}
}

// moments lists those of an undisturbed run, of the inputs or of the target's folder.
func (d *disaster) moments(t *testing.T, ofInputs bool) (all []moment) {
	t.Helper()
	parent := d.place(t)
	watched, intervene := d.watch(parent, func(m moment, _ systemCall) error {
		if m.ofInputs() == ofInputs {
			all = append(all, m)
		}
		return nil
	})
	traced(t, d.command(filepath.Join(parent, "out"), "8"), watched, intervene).want(t, 0)
	return all
}

// injection disturbs one run at a moment.
type injection struct {
	at      moment
	err     error // errKill, or what the call fails with
	forever bool  // also all later calls of that name
}

func (i injection) String() string {
	return fmt.Sprintf("%s at %v%s", i.err, i.at, map[bool]string{true: " and all later ones"}[i.forever])
}

// disturb runs the job with the injection, judges what is left, and then runs it once
// more undisturbed. It reports whether the injection happened at all.
func (d *disaster) disturb(t *testing.T, in injection) (happened bool) {
	t.Helper()
	parent := d.place(t)
	defer os.RemoveAll(parent) // there are many
	out := filepath.Join(parent, "out")
	watched, intervene := d.watch(parent, func(m moment, _ systemCall) error {
		if m == in.at {
			happened = true
		} else if !happened || !in.forever || m.call != in.at.call || m.ofInputs() {
			return nil
		}
		return in.err
	})
	o := traced(t, d.command(out, "8"), watched, intervene)
	if !happened {
		if o.status != 0 {
			t.Fatalf("undisturbed, the run ends with status %d: %s", o.status, o.stderr)
		}
		return false
	}
	fail := func(format string, args ...any) {
		t.Errorf("%v: %s\nstatus %d, stderr %s", in, fmt.Sprintf(format, args...), o.status, o.stderr)
	}
	isNew, damage := d.damage(t, out)
	if damage != "" {
		fail("damage: %s", damage)
	}
	last := lastLine(o.stderr)
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

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
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

// disturbAll makes one run for each injection. Telling ones must happen; of all that were ever seen in a run, threads may
// leave out a few.
func (d *disaster) disturbAll(t *testing.T, telling []injection, all func() []injection) {
	t.Helper()
	for _, in := range telling {
		if !d.disturb(t, in) {
			t.Errorf("%v did not happen", in)
		}
	}
	if !torture() {
		return
	}
	points, happened := all(), 0
	for _, in := range points {
		if d.disturb(t, in) {
			happened++
		}
	}
	if happened < len(points)-2 {
		t.Errorf("only %d of %d happened", happened, len(points))
	}
}

// TestKilled kills a run before system calls that have to do with the target's folder, in a torture before each.
// Between two of these the disk does not change, so there is no other moment. The folder's own tests
// (redline/folder) stop it at each of its operations without a process.
func TestKilled(t *testing.T) {
	for name, first := range map[string]bool{"first run": true, "replacing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t, first)
			telling := []injection{
				{at: moment{"write", ".out.tmp-N/candidates.geojson", 1}, err: errKill},
				{at: moment{"write", ".out.tmp-N/manifest.json", 1}, err: errKill},
				{at: moment{"fsync", ".out.tmp-N", 1}, err: errKill},
				{at: moment{d.step().call, ".out.tmp-N", 1}, err: errKill},
				{at: moment{"fsync", ".", 1}, err: errKill},
				{at: moment{"unlinkat", ".out.lock", 1}, err: errKill},
			}
			if !first {
				telling = append(telling, injection{at: moment{"unlinkat", ".out.tmp-N/matrix.csv", 1}, err: errKill})
			}
			d.disturbAll(t, telling, func() (all []injection) {
				for _, m := range d.moments(t, false) {
					all = append(all, injection{at: m, err: errKill})
				}
				t.Logf("tally: kill points %d", len(all))
				return all
			})
		})
	}
}

// TestExchangeDisturbed kills a run, and has its disk fill, while it writes, packs or removes files for exchange.
func TestExchangeDisturbed(t *testing.T) {
	for name, first := range map[string]bool{"first run": true, "replacing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := disasterOf(t, first, "shp,fgb,gdb")
			const zip = ".out.tmp-N/candidates.gdb.zip"
			telling := []injection{
				{at: moment{"unlinkat", ".out.tmp-N/candidates.gdb", 2}, err: errKill}, // the folder; once as a file
				{at: moment{"openat", zip, 1}, err: unix.ENOSPC, forever: true},
				{at: moment{"openat", ".out.tmp-N/candidates.gdb/gdb", 2}, err: unix.EMFILE}, // to be packed
				{at: moment{"pread64", zip, 1}, err: unix.EIO, forever: true},
				{at: moment{"unlinkat", ".out.tmp-N/candidates.gdb/gdb", 1}, err: unix.EIO},
				{at: moment{"unlink", ".out.tmp-N/candidates_temp.fgb", 1}, err: unix.EIO}, // of the features without index
			}
			names := []string{"candidates.gdb.zip"} // each of the others once, but in a torture
			if first || torture() {
				names = append(names, "candidates.shp", "candidates.dbf", "candidates.cpg", "candidates.fgb", "candidates_temp.fgb",
					"candidates.gdb/a00000009.gdbtable", "candidates.gdb/a00000004.gdbtable", "exchange_fields.csv")
			}
			for _, name := range names {
				at := moment{"write", ".out.tmp-N/" + name, 1}
				telling = append(telling, injection{at: at, err: errKill}, injection{at: at, err: unix.ENOSPC, forever: true})
			}
			d.disturbAll(t, telling, func() []injection { return nil })
		})
	}
}

// step is the moment of a run that makes the new result the target.
func (d *disaster) step() moment {
	if d.old == nil {
		return moment{"renameat", ".out.tmp-N", 1}
	}
	return moment{"renameat2", ".out.tmp-N", 1}
}

// TestFailingDisk makes system calls that have to do with the target's folder fail, in a torture each of them, once
// and from there on. The folder's own tests do so with each of its operations.
func TestFailingDisk(t *testing.T) {
	// The first error of each also lasts, as that of a full or dying disk does.
	errs := map[string][]error{
		"write": {unix.ENOSPC, unix.EIO, unix.EINTR}, "fsync": {unix.EIO, unix.EINTR, unix.ENOSYS}, "close": {unix.EIO},
		"openat": {unix.EMFILE, unix.EACCES, unix.EINTR}, "mkdirat": {unix.ENOSPC, unix.EACCES}, "flock": {unix.EOPNOTSUPP, unix.ENOLCK},
		"renameat": {unix.EXDEV, unix.EIO}, "renameat2": {unix.EXDEV, unix.EINVAL}, "unlinkat": {unix.EIO, unix.EACCES},
		"read": {unix.EIO, unix.EINTR}, "pread64": {unix.EIO, unix.EINTR}, "getdents64": {unix.EIO}, "newfstatat": {unix.EIO},
		"pwrite64": {unix.ENOSPC, unix.EIO, unix.EINTR}, "unlink": {unix.EIO, unix.EACCES}, "exit_group": {},
	}
	for name, first := range map[string]bool{"first run": true, "replacing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t, first)
			telling := []injection{
				{at: moment{"openat", ".out.tmp-N/candidates.geojson", 1}, err: unix.EINTR},
				{at: moment{"write", ".out.tmp-N/candidates.geojson", 1}, err: unix.EINTR},
				{at: moment{"write", ".out.tmp-N/candidates.geojson", 1}, err: unix.ENOSPC, forever: true},
				{at: moment{"read", ".out.tmp-N/candidates.geojson", 1}, err: unix.EIO},
				{at: moment{"fsync", ".out.tmp-N/manifest.json", 1}, err: unix.EIO, forever: true},
				{at: d.step(), err: unix.EXDEV},
				{at: moment{"fsync", ".", 1}, err: unix.EIO},
			}
			d.disturbAll(t, telling, func() (all []injection) {
				for _, m := range d.moments(t, false) {
					known, ok := errs[m.call]
					if !ok {
						t.Errorf("no errors are known of %v", m)
					}
					for i, err := range known {
						all = append(all, injection{at: m, err: err})
						if i == 0 {
							all = append(all, injection{at: m, err: err, forever: true})
						}
					}
				}
				t.Logf("tally: failing calls %d", len(all))
				return all
			})
		})
	}
}

// TestTemporariesBesideTarget: a run makes files and folders in the target's folder and
// nowhere else, so that publishing never crosses from one disk to another.
func TestTemporariesBesideTarget(t *testing.T) {
	f := folder{t, newSample(t)}
	parent := t.TempDir()
	made := 0
	traced(t, command(f.dir, "run", "job.yaml", "--quiet", "--out", filepath.Join(parent, "out")), []string{""}, func(c systemCall) error {
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

// TestFileSystemLacks: where the kernel has no locks or cannot exchange folders, a run could not keep its promises, so
// there is none. The folder's own tests have more of this kind.
func TestFileSystemLacks(t *testing.T) {
	for _, c := range []struct {
		name, call string
		err        error
		first      bool
		want       string
	}{
		{"O16 no locks", "flock", unix.EOPNOTSUPP, true, "…/out: cannot be locked: lock …/.out.lock: operation not supported; name a folder where you may write, on a file system that has locks"},
		{"O16 no exchange", "renameat2", unix.EINVAL, false, "…/out: cannot be replaced in one step: invalid argument; name a new folder, or remove this one yourself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDisaster(t, c.first)
			parent := d.place(t)
			o := traced(t, d.command(filepath.Join(parent, "out"), "8"), []string{parent}, func(call systemCall) error {
				if call.name == c.call {
					return c.err
				}
				return nil
			})
			o.want(t, 15)
			if !like(lastLine(o.stderr), "greenshield: "+c.want) {
				t.Errorf("stderr is %s", o.stderr)
			}
			if isNew, damage := d.damage(t, filepath.Join(parent, "out")); isNew || damage != "" {
				t.Errorf("new %v, damage %q", isNew, damage)
			}
		})
	}
}

// stop is a signal that stops a run, and the exit status that tells of it.
type stop struct {
	signal unix.Signal
	status int
}

var stops = []stop{{unix.SIGINT, 130}, {unix.SIGTERM, 143}, {unix.SIGHUP, 143}}

// skipIgnored skips where a signal is ignored, as under nohup: the program inherits that.
func skipIgnored(t *testing.T, s os.Signal) {
	t.Helper()
	if signal.Ignored(s) {
		t.Skipf("%v is ignored here", s)
	}
}

// send sends a signal to a program that is about to make the call c, which it makes when it has taken notice.
func send(c systemCall, s unix.Signal) error {
	if err := unix.Kill(c.pid, s); err != nil || c.name == "exit_group" { // at which Go does nothing else any more
		return err
	}
	return errWait
}

// interrupt runs the job, sends the signal at the moment, and lets the run go on when it has taken notice. Before the new
// result becomes the target there must be no result but the old one, and after that the run must end as if there had
// been no signal. It reports whether the moment came.
func (d *disaster) interrupt(t *testing.T, s stop, at moment, published bool) (happened bool) {
	t.Helper()
	parent := d.place(t)
	watched, intervene := d.watch(parent, func(m moment, c systemCall) error {
		if m != at {
			return nil
		}
		happened = true
		return send(c, s.signal)
	})
	o := traced(t, d.command(filepath.Join(parent, "out"), "8"), watched, intervene)
	status, says := s.status, "greenshield: stopped: "+s.signal.String()
	if published || !happened {
		status, says = 0, ""
	}
	said := ""
	if last := lastLine(o.stderr); strings.HasPrefix(last, "greenshield: ") {
		said = last
	}
	isNew, damage := d.damage(t, filepath.Join(parent, "out"))
	left := names(t, parent)
	if o.status != status || said != says || isNew != (status == 0) || damage != "" || !slices.Equal(left, []string{"out"}) {
		t.Errorf("%v at %v: status %d, new %v, damage %q, left %q, stderr %s", s.signal, at, o.status, isNew, damage, left, o.stderr)
	}
	return happened
}

// TestInterrupted stops runs at moments of any kind, in a torture at all of them.
func TestInterrupted(t *testing.T) {
	d := newDisaster(t, false)
	for i, c := range []struct {
		name      string
		at        moment
		published bool
	}{
		{"opening a raster", moment{"openat", "in/lc2020.tif", 1}, false},
		{"reading a layer", moment{"openat", "in/reserves.dbf", 1}, false},
		{"locking", moment{"flock", ".out.lock", 1}, false},
		{"reading rasters", moment{"pread64", "in/lc2020.tif", 2}, false},
		{"beginning to write", moment{"openat", ".out.tmp-N/candidates.spool", 1}, false},
		{"writing", moment{"write", ".out.tmp-N/candidates.geojson", 1}, false},
		{"writing the manifest", moment{"write", ".out.tmp-N/manifest.json", 1}, false},
		{"bringing files to the disk", moment{"fsync", ".out.tmp-N", 1}, false},
		{"bringing names to the disk", moment{"fsync", ".", 1}, true},
		{"removing the old result", moment{"unlinkat", ".out.tmp-N/matrix.csv", 1}, true},
		{"giving the lock back", moment{"unlinkat", ".out.lock", 1}, true},
		{"at the end", moment{"exit_group", "", 1}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := stops[i%len(stops)]
			skipIgnored(t, s.signal)
			if !d.interrupt(t, s, c.at, c.published) {
				t.Errorf("%v did not happen", c.at)
			}
		})
	}
	for _, s := range stops { // the last moment to stop, and the first at which it is too late
		for at, published := range map[moment]bool{{"close", "out/manifest.json", 3}: false, d.step(): true} {
			t.Run(fmt.Sprint(s.signal, ", published ", published), func(t *testing.T) {
				t.Parallel()
				skipIgnored(t, s.signal)
				if !d.interrupt(t, s, at, published) {
					t.Errorf("%v did not happen", at)
				}
			})
		}
	}
	t.Run("before the program is up", func(t *testing.T) {
		parent := d.place(t)
		o := traced(t, d.command(filepath.Join(parent, "out"), "8"), []string{""}, func(c systemCall) error {
			if c.at > 1 {
				return nil
			}
			return unix.Kill(c.pid, unix.SIGTERM)
		})
		isNew, damage := d.damage(t, filepath.Join(parent, "out"))
		if o != (outcome{status: -1}) || isNew || damage != "" || !slices.Equal(names(t, parent), []string{"out"}) {
			t.Errorf("%+v, new %v, damage %q, left %q", o, isNew, damage, names(t, parent))
		}
	})
	// A raster on a disk that does not answer: the program cleans up without the thread that waits for it.
	t.Run("while reading hangs", func(t *testing.T) {
		t.Parallel()
		skipIgnored(t, unix.SIGINT)
		parent := d.place(t)
		watched, intervene := d.watch(parent, func(m moment, c systemCall) error {
			if m != (moment{"pread64", "in/lc2020.tif", 2}) {
				return nil
			}
			return cmp.Or(unix.Kill(c.pid, unix.SIGINT), errHold)
		})
		o := traced(t, d.command(filepath.Join(parent, "out"), "8"), watched, intervene)
		isNew, damage := d.damage(t, filepath.Join(parent, "out"))
		if o.status != 130 || lastLine(o.stderr) != "greenshield: stopped: interrupt" || isNew || damage != "" || !slices.Equal(names(t, parent), []string{"out"}) {
			t.Errorf("status %d, new %v, damage %q, left %q, stderr %s", o.status, isNew, damage, names(t, parent), o.stderr)
		}
	})
	if torture() {
		for _, s := range stops {
			skipIgnored(t, s.signal)
		}
		n, happened := 0, 0
		for _, ofInputs := range []bool{true, false} {
			moments := d.moments(t, ofInputs)
			step := slices.Index(moments, d.step()) // -1 for inputs, which are read before
			for i, m := range moments {
				n++
				if d.interrupt(t, stops[i%len(stops)], m, step >= 0 && i >= step) {
					happened++
				}
			}
		}
		t.Logf("tally: interruptions %d", n)
		if happened < n-n/50-2 {
			t.Errorf("only %d of %d happened", happened, n)
		}
	}
}

// TestSecondInterrupt: when the first Ctrl-C is being obeyed, a second one ends the
// program at once, and what it was about to remove stays for the next run.
func TestSecondInterrupt(t *testing.T) {
	skipIgnored(t, unix.SIGINT)
	d := newDisaster(t, false)
	parent := d.place(t)
	sent := 0
	watched, intervene := d.watch(parent, func(m moment, c systemCall) error {
		switch {
		case m == moment{"openat", ".out.tmp-N/candidates.spool", 1}:
			sent++
			return send(c, unix.SIGINT)
		case sent == 1 && m.call == "unlinkat":
			sent++
			return cmp.Or(unix.Kill(c.pid, unix.SIGINT), errHold) // else it could get to its end before the program's
		}
		return nil
	})
	o := traced(t, d.command(filepath.Join(parent, "out"), "8"), watched, intervene)
	if o.status != -1 || sent != 2 || strings.Contains(o.stderr, "stopped") {
		t.Errorf("status %d after %d signals: %s", o.status, sent, o.stderr)
	}
	if isNew, damage := d.damage(t, filepath.Join(parent, "out")); isNew || damage != "" {
		t.Errorf("new %v, damage %q", isNew, damage)
	}
	var left []string
	for _, name := range names(t, parent) {
		left = append(left, ofProcess.ReplaceAllString(name, ".tmp-N"))
		if strings.HasPrefix(name, ".out.tmp-") {
			left = append(left, names(t, filepath.Join(parent, name))...)
		}
	}
	if want := []string{".out.lock", ".out.tmp-N", "candidates.spool", "out"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	finish(t, d.command(filepath.Join(parent, "out"), "8")).want(t, 0)
	if got := names(t, parent); !slices.Equal(got, []string{"out"}) {
		t.Errorf("left: %q", got)
	}
}

// TestSignalAtTheEnd: once a command is about to say its result, a signal no longer makes a failure of it.
func TestSignalAtTheEnd(t *testing.T) {
	for _, call := range []string{"write", "exit_group"} {
		for _, s := range stops {
			t.Run(call+" "+s.signal.String(), func(t *testing.T) {
				t.Parallel()
				sent := false
				o := traced(t, command(t.TempDir(), "version"), []string{""}, func(c systemCall) error {
					if c.name != call {
						return nil
					}
					sent = true
					return send(c, s.signal)
				})
				if !sent || o.status != 0 || !strings.HasPrefix(o.stdout, "greenshield ") || o.stderr != "" {
					t.Errorf("sent %v, %+v", sent, o)
				}
			})
		}
	}
}

// TestInterruptedDiskFails: a signal does not hide that the disk failed after the new result became the target.
func TestInterruptedDiskFails(t *testing.T) {
	skipIgnored(t, unix.SIGINT)
	d := newDisaster(t, true)
	parent := d.place(t)
	watched, intervene := d.watch(parent, func(m moment, c systemCall) error {
		switch m {
		case d.step():
			return send(c, unix.SIGINT)
		case moment{"fsync", ".", 1}:
			return unix.EIO
		}
		return nil
	})
	o := traced(t, d.command(filepath.Join(parent, "out"), "8"), watched, intervene)
	o.want(t, 15)
	if want := "greenshield: …/out: the new run is in place, but not everything after that worked: …: input/output error; check the disk"; !like(lastLine(o.stderr), want) {
		t.Errorf("stderr is %s", o.stderr)
	}
	if isNew, damage := d.damage(t, filepath.Join(parent, "out")); !isNew || damage != "" {
		t.Errorf("new %v, damage %q", isNew, damage)
	}
}
