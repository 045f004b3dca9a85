package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	redlinetest.Must(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// run writes and publishes a run whose files depend on label.
func run(target, label string, replace bool) (fingerprint string, err error) {
	return runOn(disk{}, target, label, replace)
}

// runOn writes a run as the program does: a file aside that is read back and removed, files that are brought to the disk
// as soon as they are written, and last the manifest.
func runOn(d disk, target, label string, replace bool) (fingerprint string, err error) {
	f, err := begin(d, target, replace)
	if err != nil {
		return "", err
	}
	defer f.Abort()
	m := newManifest(label)
	if err := writeRun(f, m); err != nil {
		return "", err
	}
	return m.Fingerprint, f.Publish(context.Background())
}

func newManifest(label string) *record.Manifest { return &record.Manifest{Program: label} }

func writeRun(f *Folder, m *record.Manifest) error {
	aside, err := f.Create("candidates.spool")
	if err != nil {
		return err
	}
	features := []byte(strings.Repeat(m.Program+" ", 20_000)) // more than a buffer
	if _, err := aside.Write(features); err != nil {
		return err
	}
	if err := aside.Flush(); err != nil {
		return err
	}
	back := make([]byte, len(features))
	if err := aside.ReadAt(back, 0); err != nil {
		return err
	}
	for _, name := range []string{"candidates.geojson", "coverage.csv", "matrix.csv"} {
		text := back[:len(back)/len(name)]
		err := f.Write(name, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err == nil {
			err = f.Sync(name)
		}
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		m.Outputs = append(m.Outputs, record.File{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
	}
	if err := errors.Join(aside.Close(), aside.Remove()); err != nil {
		return err
	}
	m.Format, m.Fingerprint = record.Format, m.Identity()
	return f.Write(record.Name, m.Write)
}

func TestPublishNew(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "结果 out")
	fingerprint, err := run(target, "one", false)
	redlinetest.Must(t, err)
	if got, want := names(t, parent), "结果 out"; got != want {
		t.Errorf("beside the target: %q, want %q alone", got, want)
	}
	if got, want := names(t, target), "candidates.geojson coverage.csv manifest.json matrix.csv"; got != want {
		t.Errorf("in the target: %q, want %q", got, want)
	}
	if !record.Unchanged(target, fingerprint) {
		t.Error("Unchanged is false right after the run")
	}
	info, err := os.Stat(filepath.Join(target, "candidates.geojson"))
	redlinetest.Must(t, err)
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
			redlinetest.Must(t, os.WriteFile(filepath.Join(p, "a"), nil, 0o644))
			return filepath.Join(p, "a", "out")
		}, []string{"not a folder"}},
		{"exists", false, func(t *testing.T, p string) string {
			redlinetest.Must(t, os.Mkdir(filepath.Join(p, "out"), 0o755))
			return filepath.Join(p, "out")
		}, []string{"out: exists; say --replace to replace it, or name another folder"}},
		{"is a file", true, func(t *testing.T, p string) string {
			redlinetest.Must(t, os.WriteFile(filepath.Join(p, "out"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{"is not a folder"}},
		{"is a symbolic link", true, func(t *testing.T, p string) string {
			redlinetest.Must(t, os.Mkdir(filepath.Join(p, "real"), 0o755))
			redlinetest.Must(t, os.Symlink("real", filepath.Join(p, "out")))
			return filepath.Join(p, "out")
		}, []string{"symbolic link"}},
		{"holds somebody's files and no run", true, func(t *testing.T, p string) string {
			redlinetest.Must(t, os.Mkdir(filepath.Join(p, "out"), 0o755))
			redlinetest.Must(t, os.WriteFile(filepath.Join(p, "out", "thesis.doc"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{"not the folder of a run", "manifest.json"}},
		{"holds a run and somebody's file", true, func(t *testing.T, p string) string {
			_, err := run(filepath.Join(p, "out"), "old", false)
			redlinetest.Must(t, err)
			redlinetest.Must(t, os.WriteFile(filepath.Join(p, "out", "review.qgz"), nil, 0o644))
			return filepath.Join(p, "out")
		}, []string{`"review.qgz"`, "no run wrote"}},
		{"name too long", false, func(_ *testing.T, p string) string { return filepath.Join(p, strings.Repeat("x", 243)) }, []string{
			": the name of the folder has 243 bytes, at most 242 are possible, since the results are first written beside it under a longer one; name another folder"}},
		{"Chinese name too long", false, func(_ *testing.T, p string) string { return filepath.Join(p, strings.Repeat("绿", 81)) }, []string{": the name of the folder has 243 bytes, at most 242"}},
		{"path too long", false, func(t *testing.T, p string) string {
			deep := strings.Repeat("/"+strings.Repeat("x", 200), 20)
			redlinetest.Must(t, os.MkdirAll(p+deep[:4000-len(p)], 0o755))
			return filepath.Join(p+deep[:4000-len(p)], strings.Repeat("y", 4092-4001))
		}, []string{": cannot be locked: ", "file name too long; name a folder with a shorter name, or in a folder that is not so deep"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := t.TempDir()
			target := c.set(t, parent)
			before := names(t, parent)
			f, err := Begin(target, c.replace)
			if err == nil {
				f.Abort()
			}
			redlinetest.WantFault(t, err, redline.Output, append(c.words, target)...)
			if after := names(t, parent); after != before {
				t.Errorf("left behind: %q, before %q", after, before)
			}
		})
	}
}

func TestBeginMountPoint(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	redlinetest.Must(t, os.Mkdir(target, 0o755))
	mountTiny(t, target, 0)
	_, err := Begin(target, true)
	redlinetest.WantFault(t, err, redline.Output, "mount point")
}

func TestBeginReadOnlyParent(t *testing.T) {
	parent := t.TempDir()
	redlinetest.Must(t, os.Chmod(parent, 0o555))
	if os.Getuid() == 0 { // root may write anywhere; another user's rights hold for this thread alone
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		redlinetest.Must(t, os.Chmod(filepath.Dir(parent), 0o755))
		redlinetest.Must(t, unix.Setfsuid(65534))
		defer func() { redlinetest.Must(t, unix.Setfsuid(0)) }()
	}
	_, err := Begin(filepath.Join(parent, "out"), false)
	redlinetest.WantFault(t, err, redline.Output, "permission denied", "may write")
}

func TestSecondRunIsLockedOut(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	first, err := Begin(target, false)
	redlinetest.Must(t, err)
	_, err = Begin(target, true)
	redlinetest.WantFault(t, err, redline.Locked, target, "another run")
	other, err := Begin(target+"2", false)
	redlinetest.Must(t, err)
	other.Abort()
	first.Abort()
	again, err := Begin(target, false)
	redlinetest.Must(t, err)
	first.Abort() // must not take the lock of another run away
	_, err = Begin(target, false)
	redlinetest.WantFault(t, err, redline.Locked)
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
				lock, err := takeLock(disk{}, path)
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
		redlinetest.Must(t, <-done)
	}
}

func TestLockOfAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.gpkg")
	release, err := Lock(file)
	redlinetest.Must(t, err)
	if h, ok := HolderOf(file); !ok || h.Process != os.Getpid() || h.User == "" || h.Host == "" {
		t.Errorf("the holder is %+v, %v", h, ok)
	}
	if h, ok := HolderOf(file + "2"); ok {
		t.Errorf("a file that nobody locks is held by %+v", h)
	}
	if _, err := Lock(file); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("a second holder: %v", err)
	}
	release()
	again, err := Lock(file)
	redlinetest.Must(t, err)
	release() // once is enough: the lock is another's now
	if _, err := Lock(file); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Errorf("released twice: %v", err)
	}
	again()
	if got := names(t, filepath.Dir(file)); got != "" {
		t.Errorf("left: %q", got)
	}
	if _, err := Lock(filepath.Join(t.TempDir(), "missing", "ledger.gpkg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}

func TestStaleTemporariesAreRemoved(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{".a[1].tmp-123", ".a[1].tmp-9", ".a[1].tmp-5.tmp-7", ".a[1].tmp-mine", ".a1.tmp-1", ".b.tmp-1"} {
		redlinetest.Must(t, os.MkdirAll(filepath.Join(parent, name, "deep"), 0o755))
	}
	redlinetest.Must(t, os.WriteFile(filepath.Join(parent, ".a[1].lock"), nil, 0o644)) // of a killed run: no kernel lock on it
	f, err := Begin(filepath.Join(parent, "a[1]"), false)
	redlinetest.Must(t, err)
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
	redlinetest.Must(t, err)
	Sweep(target) // nothing to do
	redlinetest.Must(t, os.MkdirAll(filepath.Join(parent, ".out.tmp-12", "deep"), 0o755))
	redlinetest.Must(t, os.MkdirAll(filepath.Join(parent, ".out.tmp-12.tmp-7"), 0o755))
	redlinetest.Must(t, os.WriteFile(filepath.Join(parent, ".out.lock"), nil, 0o644))
	other, err := takeLock(disk{}, filepath.Join(parent, ".out.lock"))
	redlinetest.Must(t, err)
	Sweep(target)
	if got, want := names(t, parent), ".out.lock .out.tmp-12 .out.tmp-12.tmp-7 out"; got != want {
		t.Errorf("beside a run at work: left %q, want %q", got, want)
	}
	redlinetest.Must(t, other.Close())
	Sweep(target)
	if got, want := names(t, parent), ".out.tmp-12.tmp-7 out"; got != want {
		t.Errorf("left %q, want %q", got, want)
	}
	if !record.Unchanged(target, fingerprint) {
		t.Error("the run is not whole any more")
	}
}

func TestReplace(t *testing.T) {
	parent := t.TempDir()
	target := filepath.Join(parent, "out")
	for i, label := range []string{"old", "new"} {
		fingerprint, err := run(target, label, i > 0)
		redlinetest.Must(t, err)
		if !record.Unchanged(target, fingerprint) {
			t.Errorf("%s run is not in place", label)
		}
		if got := names(t, parent); got != "out" {
			t.Errorf("beside the target: %q", got)
		}
	}
	empty := filepath.Join(parent, "empty")
	redlinetest.Must(t, os.Mkdir(empty, 0o755))
	_, err := run(empty, "new", true)
	redlinetest.Must(t, err)
}

func TestPublishLooksAgain(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	f, err := Begin(target, false)
	redlinetest.Must(t, err)
	defer f.Abort()
	redlinetest.Must(t, os.Mkdir(target, 0o755))
	redlinetest.Must(t, os.WriteFile(filepath.Join(target, "thesis.doc"), nil, 0o644))
	redlinetest.WantFault(t, f.Publish(context.Background()), redline.Output, "exists")
	f.Abort()
	if got := names(t, target); got != "thesis.doc" {
		t.Errorf("target holds %q", got)
	}
	redlinetest.WantFault(t, f.Publish(context.Background()), redline.Output, "given up")
}

func TestAbortAfterPublish(t *testing.T) {
	target := filepath.Join(t.TempDir(), "out")
	f, err := Begin(target, false)
	redlinetest.Must(t, err)
	redlinetest.Must(t, f.Publish(context.Background()))
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
	t.Cleanup(func() { redlinetest.Must(t, unix.Unmount(dir, 0)) })
}

func TestDiskFull(t *testing.T) {
	disk := t.TempDir()
	mountTiny(t, disk, 0)
	target := filepath.Join(disk, "out")
	old, err := run(target, "old", false)
	redlinetest.Must(t, err)

	t.Run("write", func(t *testing.T) {
		f, err := Begin(target, true)
		redlinetest.Must(t, err)
		defer f.Abort()
		w, err := f.Create("candidates.spool")
		redlinetest.Must(t, err)
		for i := 0; err == nil && i < 1000; i++ {
			_, err = w.Write(make([]byte, 1000))
		}
		redlinetest.WantFault(t, err, redline.Output, filepath.Join(target, "candidates.spool"), "no space left", "make room")
	})
	t.Run("fill", func(t *testing.T) {
		f, err := Begin(target, true)
		redlinetest.Must(t, err)
		defer f.Abort()
		err = f.Write("candidates.geojson", func(w io.Writer) error {
			_, err := w.Write(make([]byte, 1<<20))
			return err
		})
		redlinetest.WantFault(t, err, redline.Output, filepath.Join(target, "candidates.geojson"), "no space left", "make room")
	})
	t.Run("close", func(t *testing.T) {
		f, err := Begin(target, true)
		redlinetest.Must(t, err)
		defer f.Abort()
		fill, err := os.Create(f.Path("fill"))
		redlinetest.Must(t, err)
		for err == nil {
			_, err = fill.Write(make([]byte, 4096))
		}
		redlinetest.Must(t, fill.Close())
		w, err := f.Create("small.csv")
		redlinetest.Must(t, err)
		_, err = w.Write([]byte("only the buffer has it\n"))
		redlinetest.Must(t, err)
		redlinetest.WantFault(t, w.Close(), redline.Output, "small.csv", "no space left")
	})
	if got := names(t, disk); got != "out" {
		t.Errorf("left beside the target: %q", got)
	}
	if !record.Unchanged(target, old) {
		t.Error("the old run is not whole any more")
	}
}
