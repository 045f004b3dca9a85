package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// moment is one operation of a run on the disk. Moments are the same in each run, also where files are brought to the
// disk side by side.
type moment struct {
	operation string
	path      string // relative to the folder above the target, with N for the number of the process
	nth       int    // of this operation on this path, from 1
}

func (m moment) String() string { return fmt.Sprintf("%s %s (%d)", m.operation, m.path, m.nth) }

// saboteur stands before each operation of a run, notes it, and may disturb one.
type saboteur struct {
	parent string // the folder above the target

	at      moment
	err     error // of the operation at that moment
	forever bool  // also of all later operations of that name
	dies    bool  // the run ends there: no later operation is made either
	half    bool  // the operation is made by half before

	mu       sync.Mutex
	seen     []moment
	count    map[moment]int
	happened bool
	left     map[string]string // what was there when the run died
}

var ofProcess = regexp.MustCompile(`\.tmp-\d+`)

func (s *saboteur) before(operation, path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rel, err := filepath.Rel(s.parent, path)
	if err != nil {
		return err
	}
	m := moment{operation, ofProcess.ReplaceAllString(rel, ".tmp-N"), 0}
	if s.count == nil {
		s.count = map[moment]int{}
	}
	s.count[m]++
	m.nth = s.count[m]
	s.seen = append(s.seen, m)
	switch {
	case m == s.at:
		s.happened = true
		if s.half {
			s.doHalf(operation, path)
		}
		if s.dies {
			s.left, err = contents(s.parent)
		}
		return errors.Join(s.err, err)
	case s.happened && (s.dies || s.forever && operation == s.at.operation):
		return s.err
	}
	return nil
}

// doHalf leaves what an operation leaves that is stopped in the middle, or that a full disk cuts.
func (s *saboteur) doHalf(operation, path string) {
	switch operation {
	case "write":
		if text, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			_, _ = text.WriteString("half a line of the f")
			_ = text.Close()
		}
	case "remove all":
		entries, _ := os.ReadDir(path)
		for _, e := range entries[:(len(entries)+1)/2] {
			_ = os.RemoveAll(filepath.Join(path, e.Name()))
		}
	}
}

// canBeHalf says which operations take more than one step.
func canBeHalf(operation string) bool { return operation == "write" || operation == "remove all" }

// contents reads all files below a folder; folders are in it as well.
func contents(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if d.IsDir() {
			files[path] = "folder"
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	return files, err
}

// runs are the contents of the target as a run before and the run under test leave it; old is nil when there was none.
type runs struct{ old, new map[string]string }

// damage says what is wrong with what is in the target: it must be one of the two runs, whole. It also says which.
func (r runs) damage(parent string) (isNew bool, damage string) {
	got, err := contents(filepath.Join(parent, "out"))
	switch {
	case errors.Is(err, fs.ErrNotExist) && r.old == nil:
		return false, ""
	case err != nil:
		return false, err.Error()
	case r.old != nil && maps.Equal(got, r.old):
		return false, ""
	case maps.Equal(got, r.new):
		return true, ""
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(got)) {
		names = append(names, fmt.Sprintf("%s (%d bytes)", name, len(got[name])))
	}
	return false, "it holds neither run: " + strings.Join(names, ", ")
}

func TestDamageIsSeen(t *testing.T) {
	r := newRuns(t, false)
	for name, spoil := range map[string]func(files map[string]string){
		"a file of the other run": func(files map[string]string) { files["matrix.csv"] = r.old["matrix.csv"] },
		"a file cut":              func(files map[string]string) { files["matrix.csv"] = files["matrix.csv"][1:] },
		"a file missing":          func(files map[string]string) { delete(files, "matrix.csv") },
		"a file too many":         func(files map[string]string) { files["candidates.spool"] = "" },
		"no manifest":             func(files map[string]string) { delete(files, "manifest.json") },
		"an empty folder":         func(files map[string]string) { clear(files) },
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(r.new)
			if _, damage := r.damage(place(t, files)); damage != "" {
				t.Fatalf("a whole run is damaged: %s", damage)
			}
			spoil(files)
			if _, damage := r.damage(place(t, files)); damage == "" {
				t.Error("nothing is seen")
			}
		})
	}
	if _, damage := r.damage(t.TempDir()); damage == "" {
		t.Error("a folder that is gone is no damage")
	}
	if isNew, damage := r.damage(place(t, r.old)); isNew || damage != "" {
		t.Errorf("the old run: new %v, damage %q", isNew, damage)
	}
	r.old = nil
	if _, damage := r.damage(t.TempDir()); damage != "" {
		t.Errorf("no folder, where none was, is damage: %s", damage)
	}
}

func newRuns(t *testing.T, first bool) (r runs) {
	t.Helper()
	for label, to := range map[string]*map[string]string{"old": &r.old, "new": &r.new} {
		target := filepath.Join(t.TempDir(), "out")
		_, err := run(target, label, false)
		redlinetest.Must(t, err)
		*to, err = contents(target)
		redlinetest.Must(t, err)
	}
	if first {
		r.old = nil
	}
	return r
}

// memoryDir returns a new folder on a disk in memory, where there is one: bringing files to another takes long.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "greenshield-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { redlinetest.Must(t, os.RemoveAll(dir)) })
	return dir
}

// place makes a folder with a target that holds these files; with nil there is none.
func place(t *testing.T, files map[string]string) (parent string) {
	t.Helper()
	parent = memoryDir(t)
	if files != nil {
		redlinetest.Must(t, os.Mkdir(filepath.Join(parent, "out"), 0o755))
	}
	for name, text := range files {
		redlinetest.Must(t, os.WriteFile(filepath.Join(parent, "out", name), []byte(text), 0o644))
	}
	return parent
}

// moments lists those of an undisturbed run.
func (r runs) moments(t *testing.T, leftover bool) []moment {
	t.Helper()
	s := &saboteur{}
	if err := r.disturbed(t, s, leftover); err != nil {
		t.Fatal(err)
	}
	return s.seen
}

// disturbed makes a run that the saboteur stands before, in a new folder of s. With leftover an earlier run was killed
// there.
func (r runs) disturbed(t *testing.T, s *saboteur, leftover bool) error {
	t.Helper()
	s.parent = place(t, r.old)
	if leftover {
		redlinetest.Must(t, os.MkdirAll(filepath.Join(s.parent, ".out.tmp-0", "deep"), 0o755))
		redlinetest.Must(t, os.WriteFile(filepath.Join(s.parent, ".out.lock"), nil, 0o644))
	}
	_, err := runOn(disk{s.before}, filepath.Join(s.parent, "out"), "new", true)
	return err
}

// next makes an undisturbed run where another one was disturbed: only the new run may be there then.
func (r runs) next(t *testing.T, parent string) {
	t.Helper()
	if _, err := run(filepath.Join(parent, "out"), "new", true); err != nil {
		t.Errorf("the next run: %v", err)
	}
	if isNew, damage := r.damage(parent); !isNew || damage != "" {
		t.Errorf("the next run: new %v, damage %q", isNew, damage)
	}
	if got := names(t, parent); got != "out" {
		t.Errorf("the next run leaves %q", got)
	}
}

// eachCase runs a test for a first run, also where an earlier one was killed, and for one that replaces another.
func eachCase(t *testing.T, test func(t *testing.T, r runs, leftover bool)) {
	t.Helper()
	for _, c := range []struct {
		name            string
		first, leftover bool
	}{{"first run", true, false}, {"after a killed run", true, true}, {"replacing", false, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			test(t, newRuns(t, c.first), c.leftover)
		})
	}
}

// TestDies ends a run before each of its operations on the disk, and in the middle of those that have one. Nothing that
// the run does after that may change anything, so a way round the disk is seen as well.
func TestDies(t *testing.T) {
	errDead := errors.New("dead")
	eachCase(t, func(t *testing.T, r runs, leftover bool) {
		var whichIsThere []bool
		points := 0
		moments := r.moments(t, leftover)
		for i, m := range moments {
			for _, half := range []bool{false, true} {
				if half && !canBeHalf(m.operation) {
					continue
				}
				points++
				s := &saboteur{at: m, err: errDead, dies: true, half: half}
				err := r.disturbed(t, s, leftover)
				isNew, damage := r.damage(s.parent)
				after, errAfter := contents(s.parent)
				redlinetest.Must(t, errAfter)
				ignored := err == nil && isNew // what is given up at the end of a run is not waited for
				if !s.happened || damage != "" || !errors.Is(err, errDead) && !ignored || !maps.Equal(after, s.left) {
					t.Errorf("dead at %d, %v, half %v: happened %v, damage %q, error %v, left %q, then %q", i, m, half, s.happened,
						damage, err, slices.Sorted(maps.Keys(s.left)), slices.Sorted(maps.Keys(after)))
				}
				whichIsThere = append(whichIsThere, isNew)
				r.next(t, s.parent)
				redlinetest.Must(t, os.RemoveAll(s.parent))
			}
		}
		t.Logf("tally: kill points %d", points)
		if !slices.IsSortedFunc(whichIsThere, func(a, b bool) int {
			switch {
			case a == b:
				return 0
			case a:
				return 1
			}
			return -1
		}) {
			t.Error("the new run comes and goes")
		}
		if whichIsThere[0] || !whichIsThere[len(whichIsThere)-1] {
			t.Error("the new run is there too early, or never")
		}
	})
}

// failures are what operations fail with. The first of each also lasts, as that of a full or dying disk does.
var failures = map[string][]error{
	"stat": {unix.EIO, unix.EACCES}, "lstat": {unix.EIO, unix.EACCES}, "list": {unix.EIO, unix.EACCES, unix.EMFILE}, "statx": {unix.ENOSYS},
	"open": {unix.EMFILE, unix.EACCES, unix.ENOSPC, unix.EROFS}, "lock": {unix.EOPNOTSUPP, unix.ENOLCK},
	"write": {unix.ENOSPC, unix.EIO, unix.EDQUOT, unix.EFBIG}, "read": {unix.EIO}, "close": {unix.EIO, unix.ENOSPC},
	"sync": {unix.EIO, unix.ENOSPC, unix.ENOSYS, unix.EINVAL}, "mkdir": {unix.ENOSPC, unix.EACCES}, "rename": {unix.EXDEV, unix.EIO, unix.EACCES},
	"exchange": {unix.EXDEV, unix.EINVAL, unix.ENOSYS, unix.EIO}, "remove": {unix.EIO, unix.EACCES}, "remove all": {unix.EIO, unix.EACCES},
	"can move": {unix.EXDEV, unix.EIO},
}

// TestFails makes each operation of a run on the disk fail, once and from there on.
func TestFails(t *testing.T) {
	eachCase(t, func(t *testing.T, r runs, leftover bool) {
		failed := 0
		moments := r.moments(t, leftover)
		for _, m := range moments {
			if failures[m.operation] == nil {
				t.Errorf("nothing is known that %q fails with", m.operation)
			}
			for i, errno := range failures[m.operation] {
				for _, forever := range []bool{false, true} {
					for _, half := range []bool{false, true} {
						if forever && i > 0 || half && !canBeHalf(m.operation) {
							continue
						}
						failed++
						s := &saboteur{at: m, err: errno, forever: forever, half: half}
						err := r.disturbed(t, s, leftover)
						if (err == nil) != isMinor(m, moments) {
							t.Errorf("%v at %v, forever %v: error %v", errno, m, forever, err)
						}
						if wrong := r.judge(t, s, err); wrong != "" {
							t.Errorf("%v at %v, forever %v, half %v: %s; error %v, left %q", errno, m, forever, half, wrong, err, names(t, s.parent))
						}
						redlinetest.Must(t, os.RemoveAll(s.parent))
					}
				}
			}
		}
		t.Logf("tally: failing calls %d", failed)
	})
}

// isMinor says of which moments a failure is no failure of the run: what is closed again when all is given up, the name
// of the lock that is given back, and the question for mount points, which not every kernel answers.
func isMinor(m moment, all []moment) bool {
	switch m.operation {
	case "close":
		later := moment{m.operation, m.path, m.nth + 1}
		return !slices.Contains(all, later) && m.path != ".out.tmp-N" && m.path != "."
	case "remove":
		return m.path == ".out.lock"
	}
	return m.operation == "statx"
}

// TestOrder: after a power cut there are whole files wherever there are names of them, so each file is brought to the
// disk before the one step, and the step before the old run goes.
func TestOrder(t *testing.T) {
	eachCase(t, func(t *testing.T, r runs, leftover bool) {
		moments := r.moments(t, leftover)
		for name := range r.new {
			last := ""
			for _, m := range moments {
				if m.path == ".out.tmp-N/"+name && (m.operation == "write" || m.operation == "sync") {
					last = m.operation
				}
			}
			if last != "sync" {
				t.Errorf("of %s the last is %q", name, last)
			}
		}
		var steps []string
		for _, m := range moments {
			switch {
			case m.path == ".out.tmp-N" && m.operation == "mkdir":
				steps = nil // what came before was for the folder of a killed run
			case m.path == ".out.tmp-N" && slices.Contains([]string{"sync", "rename", "exchange", "remove all"}, m.operation):
				steps = append(steps, m.operation)
			case m.path == "." && m.operation == "sync":
				steps = append(steps, "sync above")
			}
		}
		want := []string{"sync", "rename", "sync above"}
		if r.old != nil {
			want = []string{"sync", "exchange", "sync above", "remove all", "sync above"}
		}
		if !slices.Equal(steps, want) {
			t.Errorf("got %q, want %q", steps, want)
		}
	})
}

// TestFileSystemLacks: on a file system without locks, without a way to the disk or without an exchange of folders, a run
// could not keep its promises, so there is none; what can be known beforehand is told before the work.
func TestFileSystemLacks(t *testing.T) {
	const lacks = "the file system lacks what a whole result needs: name a folder on another one"
	for _, c := range []struct {
		name, operation string
		err             error
		first, begins   bool
		want            string // with … for the folder above the target
	}{
		{"O16 no locks", "lock", unix.EOPNOTSUPP, true, false, "…/out: cannot be locked: lock …/.out.lock: operation not supported; " +
			"name a folder where you may write, on a file system that has locks"},
		{"O16 no lock server", "lock", unix.ENOLCK, false, false, "…/out: cannot be locked: lock …/.out.lock: no locks available; " +
			"name a folder where you may write, on a file system that has locks"},
		{"O16 no fsync", "sync", unix.ENOSYS, true, true, "…/out/candidates.geojson: cannot be written: function not implemented; " + lacks},
		{"O16 no fsync of folders", "sync", unix.EINVAL, false, true, "…/out/candidates.geojson: cannot be written: invalid argument; " + lacks},
		{"O16 no exchange", "exchange", unix.EINVAL, false, false, "…/out: cannot be replaced in one step: invalid argument; " +
			"name a new folder, or remove this one yourself"},
		{"O16 lower layer of an overlay", "can move", unix.EXDEV, false, false, "…/out: cannot be replaced in one step: invalid cross-device link " +
			"(it lies in a lower layer of an overlay file system, such as the image of a container); name a new folder, or remove this one yourself"},
		{"O02 another disk", "rename", unix.EXDEV, true, true, "…/out: cannot be renamed: invalid cross-device link; name a folder where you may write"},
		{"O02 fsync fails", "sync", unix.EIO, false, true, "…/out/candidates.geojson: cannot be written: input/output error; " +
			"the disk is failing: name a folder on another one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRuns(t, c.first)
			parent := place(t, r.old)
			d := disk{func(operation, _ string) error {
				if operation == c.operation {
					return c.err
				}
				return nil
			}}
			f, err := begin(d, filepath.Join(parent, "out"), true)
			if begins := err == nil; begins != c.begins {
				t.Errorf("begins %v: %v", begins, err)
			}
			if err == nil {
				m := newManifest("new")
				if err = writeRun(f, m); err == nil {
					err = f.Publish(context.Background())
				}
				f.Abort()
			}
			redlinetest.WantFault(t, err, redline.Output)
			if want := strings.ReplaceAll(c.want, "…", parent); err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			if isNew, damage := r.damage(parent); isNew || damage != "" {
				t.Errorf("new %v, damage %q", isNew, damage)
			}
			var want []string
			if c.err == unix.ENOLCK {
				want = append(want, ".out.lock") // it could be another run's
			}
			if !c.first {
				want = append(want, "out")
			}
			if got := names(t, parent); got != strings.Join(want, " ") {
				t.Errorf("left %q, want %q", got, want)
			}
		})
	}
}

// judge says what is wrong after a run whose disk failed.
func (r runs) judge(t *testing.T, s *saboteur, err error) (wrong string) {
	t.Helper()
	isNew, damage := r.damage(s.parent)
	defer r.next(t, s.parent)
	switch {
	case !s.happened:
		return "it did not happen"
	case damage != "":
		return damage
	case err == nil && !isNew:
		return "claims success, but the new run is not there"
	case err == nil:
		if got := names(t, s.parent); got != "out" && got != ".out.lock out" {
			return "leaves more than the lock"
		}
		return ""
	case isNew != strings.Contains(err.Error(), "the new run is in place"):
		return "does not say which run is there"
	}
	for _, fault := range redline.Faults(err) {
		text := fault.Error()
		if redline.KindOf(fault) != redline.Output || !strings.HasPrefix(text, filepath.Join(s.parent, "out")) || !strings.Contains(text, "; ") {
			return "the message is not good"
		}
		own := strings.Contains(text, "what a killed run left cannot be removed") // the user is to do it
		if strings.Contains(text, ".tmp-") && !own && !isNew {
			return "names what nobody knows"
		}
	}
	return ""
}

// TestStopsBeforePublishing: a run that is stopped at any moment before the one step leaves the old run, and after that
// it is published as if nothing had happened.
func TestStopsBeforePublishing(t *testing.T) {
	stop := errors.New("stopped")
	eachCase(t, func(t *testing.T, r runs, leftover bool) {
		moments := r.moments(t, leftover)
		step := slices.IndexFunc(moments, func(m moment) bool {
			return m.path == ".out.tmp-N" && (m.operation == "rename" || m.operation == "exchange")
		})
		if step < 0 {
			t.Fatal("there is no such step")
		}
		for i, m := range moments {
			ctx, cancel := context.WithCancelCause(context.Background())
			parent := place(t, r.old)
			if leftover {
				redlinetest.Must(t, os.MkdirAll(filepath.Join(parent, ".out.tmp-0"), 0o755))
			}
			s := &saboteur{parent: parent}
			f, err := begin(disk{func(operation, path string) error {
				err := s.before(operation, path)
				s.mu.Lock()
				defer s.mu.Unlock()
				if slices.Contains(s.seen, m) {
					cancel(stop)
				}
				return err
			}}, filepath.Join(parent, "out"), true)
			redlinetest.Must(t, err)
			redlinetest.Must(t, writeRun(f, newManifest("new")))
			err = f.Publish(ctx)
			f.Abort()
			isNew, damage := r.damage(parent)
			want := i >= step
			if errors.Is(err, stop) == want || (err == nil) != want || f.Published() != want || isNew != want || damage != "" {
				t.Errorf("stopped at %v: error %v, published %v, new %v, damage %q", m, err, f.Published(), isNew, damage)
			}
			if got := names(t, parent); got != "out" && (want || got != "" || r.old != nil) {
				t.Errorf("stopped at %v: left %q", m, got)
			}
			redlinetest.Must(t, os.RemoveAll(parent))
		}
	})
}
