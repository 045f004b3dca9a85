package report

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// wantFault fails unless err is a fault of that kind whose text holds all the words.
func wantFault(t *testing.T, err error, kind redline.Kind, words ...string) {
	t.Helper()
	if err == nil || redline.KindOf(err) != kind {
		t.Fatalf("got error %v (kind %d), want kind %d", err, redline.KindOf(err), kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// run writes and publishes a run whose fingerprint depends on label.
func run(target, label string, replace bool) (fingerprint string, err error) {
	f, err := Begin(target, replace)
	if err != nil {
		return "", err
	}
	defer f.Abort()
	m := &Manifest{Program: label}
	if err := writeScene(context.Background(), f, sceneA(), m); err != nil {
		return "", err
	}
	return m.Fingerprint, f.Publish()
}

func TestPublishNew(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "结果 out")
	fingerprint, err := run(target, "one", false)
	must(t, err)
	if got, want := names(t, parent), "结果 out"; got != want {
		t.Errorf("beside the target: %q, want %q alone", got, want)
	}
	if got, want := names(t, target), "candidates.geojson coverage.csv manifest.json matrix.csv matrix_ecosystem.csv overlaps.csv suppressed.csv"; got != want {
		t.Errorf("in the target: %q, want %q", got, want)
	}
	if !Unchanged(target, fingerprint) {
		t.Error("Unchanged is false right after the run")
	}
	info, err := os.Stat(filepath.Join(target, "candidates.geojson"))
	must(t, err)
	if info.Mode().Perm()&0o200 == 0 || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("candidates.geojson has mode %v", info.Mode())
	}
}

func TestBeginRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace bool
		set     func(t *testing.T, parent string) (target string)
		words   []string
	}{
		{"no name", false, func(*testing.T, string) string { return "" }, []string{"no name"}},
		{"root", true, func(*testing.T, string) string { return "/" }, []string{"root folder"}},
		{"missing parent", false, func(_ *testing.T, p string) string { return filepath.Join(p, "a", "out") }, []string{"folder above", "no such file", "create it"}},
		{"parent is a file", false, func(t *testing.T, p string) string {
			must(t, os.WriteFile(filepath.Join(p, "a"), nil, 0o644))
			return filepath.Join(p, "a", "out")
		}, []string{"not a folder"}},
		{"exists", false, func(t *testing.T, p string) string {
			must(t, os.Mkdir(filepath.Join(p, "out"), 0o755))
			return filepath.Join(p, "out")
		}, []string{"out: exists; say --replace to replace it, or name another folder"}},
		{"is a file", true, func(t *testing.T, p string) string {
			must(t, os.WriteFile(filepath.Join(p, "out"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{"is not a folder"}},
		{"is a symbolic link", true, func(t *testing.T, p string) string {
			must(t, os.Mkdir(filepath.Join(p, "real"), 0o755))
			must(t, os.Symlink("real", filepath.Join(p, "out")))
			return filepath.Join(p, "out")
		}, []string{"symbolic link"}},
		{"holds somebody's files and no run", true, func(t *testing.T, p string) string {
			must(t, os.Mkdir(filepath.Join(p, "out"), 0o755))
			must(t, os.WriteFile(filepath.Join(p, "out", "thesis.doc"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{"not the folder of a run", "manifest.json"}},
		{"holds a run and somebody's file", true, func(t *testing.T, p string) string {
			_, err := run(filepath.Join(p, "out"), "old", false)
			must(t, err)
			must(t, os.WriteFile(filepath.Join(p, "out", "review.qgz"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{`"review.qgz"`, "no run wrote"}},
		{"name too long", false, func(_ *testing.T, p string) string { return filepath.Join(p, strings.Repeat("x", 254)) }, []string{"file name too long"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			target := c.set(t, parent)
			before := names(t, parent)
			f, err := Begin(target, c.replace)
			if err == nil {
				f.Abort()
			}
			wantFault(t, err, redline.Output, append(c.words, target)...)
			if after := names(t, parent); after != before {
				t.Errorf("left behind: %q, before %q", after, before)
			}
		})
	}
}

func TestBeginMountPoint(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	must(t, os.Mkdir(target, 0o755))
	mountTiny(t, target, 0)
	_, err := Begin(target, true)
	wantFault(t, err, redline.Output, "mount point")
}

func TestBeginReadOnlyParent(t *testing.T) {
	parent := t.TempDir()
	must(t, os.Chmod(parent, 0o555))
	if os.Getuid() == 0 { // root may write anywhere; another user's rights hold for this thread alone
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(t, os.Chmod(filepath.Dir(parent), 0o755))
		must(t, unix.Setfsuid(65534))
		defer func() { must(t, unix.Setfsuid(0)) }()
	}
	_, err := Begin(filepath.Join(parent, "out"), false)
	wantFault(t, err, redline.Output, "permission denied", "may write")
}

func TestSecondRunIsLockedOut(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	first, err := Begin(target, false)
	must(t, err)
	_, err = Begin(target, true)
	wantFault(t, err, redline.Locked, target, "another run")
	other, err := Begin(target+"2", false)
	must(t, err)
	other.Abort()
	first.Abort()
	again, err := Begin(target, false)
	must(t, err)
	first.Abort() // must not take the lock of another run away
	_, err = Begin(target, false)
	wantFault(t, err, redline.Locked)
	again.Abort()
}

func TestLockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".out.lock")
	inside := make(chan struct{}, 1)
	done := make(chan error)
	for range 4 {
		go func() {
			var taken int
			for taken < 50 {
				lock, err := takeLock(path)
				if errors.Is(err, unix.EWOULDBLOCK) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					done <- err
					return
				}
				select {
				case inside <- struct{}{}:
				default:
					done <- errors.New("two holders at once")
					return
				}
				taken++
				<-inside
				_ = os.Remove(path)
				_ = lock.Close()
			}
			done <- nil
		}()
	}
	for range 4 {
		must(t, <-done)
	}
}

func TestStaleTemporariesAreRemoved(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{".a[1].tmp-123", ".a[1].tmp-9", ".a[1].tmp-5.tmp-7", ".a[1].tmp-mine", ".a1.tmp-1", ".b.tmp-1"} {
		must(t, os.MkdirAll(filepath.Join(parent, name, "deep"), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(parent, ".a[1].lock"), nil, 0o644)) // of a killed run: no kernel lock on it
	f, err := Begin(filepath.Join(parent, "a[1]"), false)
	must(t, err)
	f.Abort()
	f.Abort()
	if got, want := names(t, parent), ".a1.tmp-1 .a[1].tmp-5.tmp-7 .a[1].tmp-mine .b.tmp-1"; got != want {
		t.Errorf("left: %q, want %q", got, want)
	}
}

func TestSweep(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "out")
	fingerprint, err := run(target, "one", false)
	must(t, err)
	Sweep(target) // nothing to do
	must(t, os.MkdirAll(filepath.Join(parent, ".out.tmp-12", "deep"), 0o755))
	must(t, os.MkdirAll(filepath.Join(parent, ".out.tmp-12.tmp-7"), 0o755))
	must(t, os.WriteFile(filepath.Join(parent, ".out.lock"), nil, 0o644))
	other, err := takeLock(filepath.Join(parent, ".out.lock"))
	must(t, err)
	Sweep(target)
	if got, want := names(t, parent), ".out.lock .out.tmp-12 .out.tmp-12.tmp-7 out"; got != want {
		t.Errorf("beside a run at work: left %q, want %q", got, want)
	}
	must(t, other.Close())
	Sweep(target)
	if got, want := names(t, parent), ".out.tmp-12.tmp-7 out"; got != want {
		t.Errorf("left %q, want %q", got, want)
	}
	if !Unchanged(target, fingerprint) {
		t.Error("the run is not whole any more")
	}
}

func TestReplace(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "out")
	for i, label := range []string{"old", "new"} {
		fingerprint, err := run(target, label, i > 0)
		must(t, err)
		if !Unchanged(target, fingerprint) {
			t.Errorf("%s run is not in place", label)
		}
		if got := names(t, parent); got != "out" {
			t.Errorf("beside the target: %q", got)
		}
	}
	empty := filepath.Join(parent, "empty")
	must(t, os.Mkdir(empty, 0o755))
	_, err := run(empty, "new", true)
	must(t, err)
}

func TestPublishLooksAgain(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	f, err := Begin(target, false)
	must(t, err)
	defer f.Abort()
	must(t, os.Mkdir(target, 0o755))
	must(t, os.WriteFile(filepath.Join(target, "thesis.doc"), nil, 0o644))
	wantFault(t, f.Publish(), redline.Output, "exists")
	f.Abort()
	if got := names(t, target); got != "thesis.doc" {
		t.Errorf("target holds %q", got)
	}
	wantFault(t, f.Publish(), redline.Output, "given up")
}

func TestAbortAfterPublish(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	f, err := Begin(target, false)
	must(t, err)
	must(t, f.Publish())
	f.Abort()
	if _, err := os.Stat(target); err != nil {
		t.Error(err)
	}
}

// mountTiny mounts a tmpfs of some kB, and skips the test where that is not allowed.
func mountTiny(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, "size=200k"); err != nil {
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(dir, 0)) })
}

func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	mountTiny(t, disk, 0)
	target := filepath.Join(disk, "out")
	old, err := run(target, "old", false)
	must(t, err)

	t.Run("spool", func(t *testing.T) {
		f, err := Begin(target, true)
		must(t, err)
		defer f.Abort()
		s, err := NewSpool(f, &redline.Inputs{Zones: sceneA().zones}, true)
		must(t, err)
		s.room = 0 // in memory
		for i := int32(0); err == nil && i < 1000; i++ {
			c := candidate(fmt.Sprint("c", i))
			err = s.Put(redline.Key{Row: i}, &c, nil)
		}
		wantFault(t, err, redline.Output, filepath.Join(target, "candidates.spool"), "no space left", "make room")
	})
	t.Run("finish", func(t *testing.T) {
		f, err := Begin(target, true)
		must(t, err)
		defer f.Abort()
		s, err := NewSpool(f, &redline.Inputs{Zones: sceneA().zones}, true)
		must(t, err)
		for i := range int32(200) { // memory holds them, the disk does not
			c := candidate(fmt.Sprint("c", i))
			must(t, s.Put(redline.Key{Row: i}, &c, nil))
		}
		err = Write(context.Background(), f, s, &redline.Summary{Candidates: 200, CandidateM2: 200 * 8100}, &Manifest{})
		wantFault(t, err, redline.Output, filepath.Join(target, "candidates.geojson"), "no space left")
	})
	t.Run("close", func(t *testing.T) {
		f, err := Begin(target, true)
		must(t, err)
		defer f.Abort()
		fill, err := os.Create(f.Path("fill"))
		must(t, err)
		for err == nil {
			_, err = fill.Write(make([]byte, 4096))
		}
		must(t, fill.Close())
		w, err := f.Create("small.csv")
		must(t, err)
		_, err = w.Write([]byte("only the buffer has it\n"))
		must(t, err)
		wantFault(t, w.Close(), redline.Output, "small.csv", "no space left")
	})
	if got := names(t, disk); got != "out" {
		t.Errorf("left beside the target: %q", got)
	}
	if !Unchanged(target, old) {
		t.Error("the old run is not whole any more")
	}
}

// TestKilled kills a run that replaces another at many moments.
func TestKilled(t *testing.T) {
	if target := os.Getenv("REPORT_TEST_TARGET"); target != "" {
		for i := 0; ; i++ { // until killed
			if _, err := run(target, [2]string{"even", "odd"}[i%2], true); err != nil {
				t.Fatal(err)
			}
		}
	}
	parent := t.TempDir()
	target := filepath.Join(parent, "out")
	even, err := run(target, "even", false)
	must(t, err)
	odd, err := run(target, "odd", true)
	must(t, err)
	for i := range 12 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		child.Env = append(os.Environ(), "REPORT_TEST_TARGET="+target)
		must(t, child.Start())
		time.Sleep(25*time.Millisecond + time.Duration(i)*1700*time.Microsecond)
		must(t, child.Process.Kill())
		if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child was not killed but ended: %v", err)
		}
		if !Unchanged(target, even) && !Unchanged(target, odd) {
			t.Fatalf("kill %d: the target is neither run: %q", i, names(t, target))
		}
	}
	_, err = run(target, "even", true)
	must(t, err)
	if got := names(t, parent); got != "out" {
		t.Errorf("left beside the target: %q", got)
	}
}

func TestUnchanged(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, target string)
		want   bool
	}{
		{"as written", func(*testing.T, string) {}, true},
		{"a file of the user's beside it", func(t *testing.T, d string) { must(t, os.WriteFile(filepath.Join(d, "x"), nil, 0o644)) }, true},
		{"output edited", func(t *testing.T, d string) { edit(t, d, "coverage.csv", "clean", "CLEAN") }, false},
		{"output missing", func(t *testing.T, d string) { must(t, os.Remove(filepath.Join(d, "matrix.csv"))) }, false},
		{"output is a folder", func(t *testing.T, d string) {
			must(t, os.Remove(filepath.Join(d, "matrix.csv")))
			must(t, os.Mkdir(filepath.Join(d, "matrix.csv"), 0o755))
		}, false},
		{"manifest missing", func(t *testing.T, d string) { must(t, os.Remove(filepath.Join(d, manifestName))) }, false},
		{"manifest cut", func(t *testing.T, d string) { must(t, os.Truncate(filepath.Join(d, manifestName), 300)) }, false},
		{"other fingerprint", func(t *testing.T, d string) { edit(t, d, manifestName, `"fingerprint": "`, `"fingerprint": "0`) }, false},
		{"newer format", func(t *testing.T, d string) { edit(t, d, manifestName, `"format": 1`, `"format": 2`) }, false},
		{"outputs outside", func(t *testing.T, d string) { edit(t, d, manifestName, `"matrix.csv"`, `"../out/matrix.csv"`) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "out")
			fingerprint, err := run(target, "one", false)
			must(t, err)
			c.change(t, target)
			if got := Unchanged(target, fingerprint); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if Unchanged(filepath.Join(t.TempDir(), "none"), "") {
		t.Error("a missing folder counts as unchanged")
	}
}

func edit(t *testing.T, dir, name, from, to string) {
	t.Helper()
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	must(t, err)
	changed := strings.Replace(string(text), from, to, 1)
	if changed == string(text) {
		t.Fatalf("%s does not hold %q", name, from)
	}
	must(t, os.WriteFile(path, []byte(changed), 0o644))
}

func TestIdentity(t *testing.T) {
	base := func() *Manifest {
		return &Manifest{Program: "p 1", Inputs: []Input{{Role: "before", Path: "a.tif", Files: []File{{"a.tif", 3, "aa"}}}}, Options: map[string]any{"min_area": "4 cells", "connectivity": 8}}
	}
	same := map[string]func(m *Manifest){
		"times":         func(m *Manifest) { m.Generated, m.Timings = time.Now(), []Timing{{"trace", 1}} },
		"machine":       func(m *Manifest) { m.Machine = map[string]any{"workers": 8} },
		"features read": func(m *Manifest) { m.Inputs[0].FeaturesRead, m.Inputs[0].CRS = 7, "EPSG:4490" },
		"results":       func(m *Manifest) { m.Warnings, m.Outputs = []string{"w"}, []File{{"o", 1, "x"}} },
	}
	other := map[string]func(m *Manifest){
		"program": func(m *Manifest) { m.Program = "p 2" },
		"content": func(m *Manifest) { m.Inputs[0].Files[0].SHA256 = "ab" },
		"role":    func(m *Manifest) { m.Inputs[0].Role = "after" },
		"option":  func(m *Manifest) { m.Options["connectivity"] = 4 },
		"rules":   func(m *Manifest) { m.Rules.SHA256 = "cc" },
		"gdal":    func(m *Manifest) { m.Versions.GDAL = "3.9" },
		"band":    func(m *Manifest) { m.Inputs[0].Band = 21 },
	}
	want := base().Identity()
	for name, change := range same {
		m := base()
		if change(m); m.Identity() != want {
			t.Errorf("%s change the identity", name)
		}
	}
	for name, change := range other {
		m := base()
		if change(m); m.Identity() == want {
			t.Errorf("%s: the identity stays", name)
		}
	}
}

func TestHashFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "abc")
	must(t, os.WriteFile(path, []byte("abc"), 0o644))
	sum, n, err := HashFile(context.Background(), path)
	must(t, err)
	// FIPS 180-2, appendix B.1
	if sum != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || n != 3 {
		t.Errorf("got %s, %d bytes", sum, n)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := HashFile(cancelled, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	must(t, unix.Mkfifo(pipe, 0o644))
	if _, _, err := HashFile(context.Background(), pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("pipe: %v", err)
	}
}
