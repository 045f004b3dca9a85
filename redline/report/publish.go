package report

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// Folder is the temporary folder of a run, on the file system of its target. It
// holds the target's lock from [Begin] until [Folder.Publish] succeeds or
// [Folder.Abort] is called. Its methods may be called concurrently.
type Folder struct {
	given   string // the target as the user wrote it, for messages
	target  string // absolute
	tmp     string // absolute
	replace bool

	mu   sync.Mutex
	lock *os.File // nil once the folder is published or aborted
	open []*os.File
}

// Begin locks target and creates an empty temporary folder beside it. It removes
// what killed runs of the same target left there. All that would keep the run from
// being published and can be known beforehand is an error now: a missing or
// read-only parent, a target that is no folder, is a symbolic link or a mount point,
// exists without replace, or holds files that no run wrote, and a file system that
// cannot exchange two folders in one step when there is one to replace.
//
// The error is a [redline.Fault] of kind Locked when another run, of any process,
// works on target, else of kind Output.
func Begin(target string, replace bool) (*Folder, error) {
	f := &Folder{given: target, replace: replace}
	if target == "" {
		return nil, redline.Faultf(redline.Output, "the output folder has no name; name one")
	}
	var err error
	if f.target, err = filepath.Abs(target); err != nil {
		return nil, f.fault("", "be found", err)
	}
	parent, name := filepath.Dir(f.target), filepath.Base(f.target)
	if f.target == parent {
		return nil, redline.Faultf(redline.Output, "%s: is the root folder; name a folder in it", target)
	}
	if info, err := os.Stat(parent); err != nil {
		return nil, redline.Faultf(redline.Output, "%s: the folder above it cannot be used: %w; create it, or name another folder", target, err)
	} else if !info.IsDir() {
		return nil, redline.Faultf(redline.Output, "%s: %s is not a folder; name another one", target, parent)
	}
	if f.lock, err = takeLock(filepath.Join(parent, lockName(name))); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, redline.Faultf(redline.Locked, "%s: another run works on it; wait until that one ends, or name another folder", target)
		}
		return nil, redline.Faultf(redline.Output, "%s: cannot be locked: %w; name a folder where you may write, on a file system that has locks", target, err)
	}
	if err := f.prepare(parent, name); err != nil {
		f.Abort()
		return nil, err
	}
	return f, nil
}

// prepare does the part of Begin that needs the lock.
func (f *Folder) prepare(parent, name string) error {
	left, err := leftovers(parent, name)
	if err != nil {
		return f.fault("", "be prepared", err)
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return redline.Faultf(redline.Output, "%s: what a killed run left cannot be removed: %w; remove it yourself", f.given, err)
		}
	}
	exists, err := f.examine()
	if err != nil {
		return err
	}
	f.tmp = filepath.Join(parent, tmpPrefix(name)+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(f.tmp, 0o755); err != nil {
		return f.fault("", "be created", err)
	}
	if exists {
		return f.tryExchange()
	}
	return nil
}

func lockName(name string) string  { return "." + name + ".lock" }
func tmpPrefix(name string) string { return "." + name + ".tmp-" }

// leftovers lists the temporary folders of the target that is called name in parent.
func leftovers(parent, name string) (paths []string, err error) {
	entries, err := os.ReadDir(parent)
	for _, e := range entries {
		// Digits only: ".a.tmp-1.tmp-2" belongs to the target "a.tmp-1", not to "a".
		rest, ours := strings.CutPrefix(e.Name(), tmpPrefix(name))
		if _, err := strconv.ParseUint(rest, 10, 64); ours && err == nil && e.IsDir() {
			paths = append(paths, filepath.Join(parent, e.Name()))
		}
	}
	return paths, err
}

// Sweep removes what killed runs of target left beside it, as [Begin] does, for a run
// that has nothing to write. It does what it can: nothing when another run works on
// target, or when the folder above is read-only.
func Sweep(target string) {
	absolute, err := filepath.Abs(target)
	if err != nil {
		return
	}
	parent, name := filepath.Dir(absolute), filepath.Base(absolute)
	left, err := leftovers(parent, name)
	if _, errLock := os.Lstat(filepath.Join(parent, lockName(name))); err != nil || len(left) == 0 && errLock != nil {
		return // the common case: no lock for a moment, which could turn another run away
	}
	f := &Folder{given: target, target: absolute}
	if f.lock, err = takeLock(filepath.Join(parent, lockName(name))); err != nil {
		return
	}
	defer f.release()
	left, _ = leftovers(parent, name) // again: until now they could be those of a run at work
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}

// examine reports whether the target exists, and refuses one that may not be replaced.
func (f *Folder) examine() (exists bool, err error) {
	info, err := os.Lstat(f.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, f.fault("", "be examined", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return true, redline.Faultf(redline.Output, "%s: is a symbolic link; name the folder that it leads to", f.given)
	case !info.IsDir():
		return true, redline.Faultf(redline.Output, "%s: is not a folder; name another one", f.given)
	case !f.replace:
		return true, redline.Faultf(redline.Output, "%s: exists; say --replace to replace it, or name another folder", f.given)
	case isMountPoint(f.target):
		return true, redline.Faultf(redline.Output, "%s: is a mount point, which cannot be replaced in one step; name a folder inside it", f.given)
	}
	// Replacing deletes the old folder, so it must hold nothing but an earlier run.
	entries, err := os.ReadDir(f.target)
	if err != nil {
		return true, f.fault("", "be examined", err)
	}
	if len(entries) == 0 {
		return true, nil
	}
	known := []string{manifestName}
	old, err := readManifest(f.target)
	if err != nil {
		return true, redline.Faultf(redline.Output, "%s: is not replaced because it is not the folder of a run: %w; name another folder", f.given, err)
	}
	for _, o := range old.Outputs {
		known = append(known, o.Name)
	}
	for _, e := range entries {
		if !slices.Contains(known, e.Name()) {
			return true, redline.Faultf(redline.Output, "%s: is not replaced because it holds %q, which no run wrote; move that away, or name another folder", f.given, e.Name())
		}
	}
	return true, nil
}

// tryExchange finds out before the work whether Publish will be able to do it after.
func (f *Folder) tryExchange() error {
	a, b := f.Path("a"), f.Path("b")
	if err := cmp.Or(os.Mkdir(a, 0o755), os.Mkdir(b, 0o755)); err != nil {
		return f.fault("", "be prepared", err)
	}
	if err := exchange(a, b); err != nil {
		return f.faultExchange(err)
	}
	if err := cmp.Or(os.Remove(a), os.Remove(b)); err != nil {
		return f.fault("", "be prepared", err)
	}
	return nil
}

func exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

func (f *Folder) faultExchange(err error) error {
	return redline.Faultf(redline.Output, "%s: cannot be replaced in one step: %w; name a new folder, or remove this one yourself", f.given, err)
}

// Path returns the path of the run's file of that name in the temporary folder.
func (f *Folder) Path(name string) string { return filepath.Join(f.tmp, name) }

// Relative returns path as seen from the place where the run's folder will be, with slashes, or the absolute path where there is no
// way from one to the other.
func (f *Folder) Relative(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", f.fault("", "be found", err)
	}
	if rel, err := filepath.Rel(f.target, absolute); err == nil {
		return filepath.ToSlash(rel), nil
	}
	return absolute, nil
}

// Create creates a file of the run for writing through a buffer. Close reports
// what the disk did not take; the writer is for one goroutine.
func (f *Folder) Create(name string) (io.WriteCloser, error) { return f.create(name) }

type file struct {
	buf    *bufio.Writer
	os     *os.File
	folder *Folder
	name   string
}

func (f *Folder) create(name string) (*file, error) {
	w, err := os.OpenFile(f.Path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, f.fault(name, "be created", err)
	}
	f.mu.Lock()
	f.open = append(f.open, w)
	f.mu.Unlock()
	return &file{bufio.NewWriterSize(w, 1<<16), w, f, name}, nil
}

func (w *file) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	return n, w.folder.fault(w.name, "be written", err)
}

func (w *file) flush() error {
	return w.folder.fault(w.name, "be written", w.buf.Flush())
}

func (w *file) Close() error {
	return errors.Join(w.flush(), w.folder.fault(w.name, "be closed", w.os.Close()))
}

// fault says of a file of the run what could not be done; a nil err stays nil. The
// message has the file's name in the target: nobody knows the temporary one.
func (f *Folder) fault(name, what string, err error) error {
	if err == nil {
		return nil
	}
	advice := "name a folder where you may write"
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		advice = "make room, or name a folder on another disk"
	case errors.Is(err, unix.EIO):
		advice = "the disk is failing: name a folder on another one"
	case errors.Is(err, unix.EFBIG):
		advice = "raise the limit on the size of a file (ulimit -f)"
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		advice = "raise the limit on open files (ulimit -n)"
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
		advice = "the file system lacks what a whole result needs: name a folder on another one"
	}
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	if cause := (*os.LinkError)(nil); errors.As(err, &cause) {
		err = cause.Err
	}
	return redline.Faultf(redline.Output, "%s: cannot %s: %w; %s", filepath.Join(f.given, name), what, err, advice)
}

// Fault says of a file of the run that it cannot be written, and what to do about err.
func (f *Folder) Fault(name string, err error) error { return f.fault(name, "be written", err) }

// Publish makes the temporary folder the target, in one step: there is no moment
// without a whole target, and after a power cut it is the old run or the new one. It
// releases the lock. After an error [Folder.Abort] is still due; the target is
// then the old run unless the message says otherwise.
func (f *Folder) Publish() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return redline.Faultf(redline.Output, "%s: the run was already published or given up", f.given)
	}
	if err := f.syncAll(); err != nil {
		return err
	}
	exists, err := f.examine() // hours may have passed since Begin looked
	if err != nil {
		return err
	}
	parent := filepath.Dir(f.target)
	if !exists {
		if err := os.Rename(f.tmp, f.target); err != nil {
			return f.fault("", "be renamed", err)
		}
	} else if err := exchange(f.tmp, f.target); err != nil {
		return f.faultExchange(err)
	}
	err = syncPath(parent) // before the old run goes: a power cut must not find neither
	if err == nil && exists {
		if err = os.RemoveAll(f.tmp); err == nil {
			err = syncPath(parent)
		}
	}
	if err != nil {
		return redline.Faultf(redline.Output, "%s: the new run is in place, but not everything after that worked: %w; check the disk", f.given, err)
	}
	f.release()
	return nil
}

// syncAll brings every file of the run, and the folder, to the disk.
func (f *Folder) syncAll() error {
	entries, err := os.ReadDir(f.tmp)
	if err != nil {
		return f.Fault("", err)
	}
	errs := make([]error, len(entries))
	var wg sync.WaitGroup
	for i, e := range entries { // few; the disk can take them all in one go
		wg.Go(func() { errs[i] = f.sync(e.Name()) })
	}
	wg.Wait()
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	return f.Fault("", syncPath(f.tmp))
}

// sync brings a file of the run to the disk.
func (f *Folder) sync(name string) error {
	return f.Fault(name, syncPath(f.Path(name)))
}

func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Abort removes the temporary folder and releases the lock. After Publish, or
// called again, it does nothing.
func (f *Folder) Abort() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return
	}
	if f.tmp != "" {
		_ = os.RemoveAll(f.tmp) // what stays is removed by the next run
	}
	f.release()
}

func (f *Folder) release() {
	for _, file := range f.open {
		_ = file.Close() // only files whose writer was given up are still open
	}
	f.open = nil
	_ = os.Remove(f.lock.Name())
	_ = f.lock.Close()
	f.lock = nil
}

// takeLock returns the open lock file. The kernel drops the lock with the process,
// so that a killed run leaves none.
func takeLock(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			_ = file.Close()
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		}
		// The holder before may have removed the file after we opened it; a lock on
		// a file without a name would keep nobody out.
		held, errHeld := file.Stat()
		named, errNamed := os.Lstat(path)
		if errHeld == nil && errNamed == nil && os.SameFile(held, named) {
			return file, nil
		}
		_ = file.Close()
		if errHeld != nil || errNamed != nil && !errors.Is(errNamed, fs.ErrNotExist) {
			return nil, errors.Join(errHeld, errNamed)
		}
	}
}

// isMountPoint also finds bind mounts, which have their parent's device number. A
// kernel before Linux 5.8 does not tell; then Publish fails with the old run intact.
func isMountPoint(path string) bool {
	var here, above unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &here) != nil ||
		unix.Statx(unix.AT_FDCWD, filepath.Dir(path), 0, unix.STATX_MNT_ID, &above) != nil {
		return false
	}
	return here.Mnt_id != above.Mnt_id
}
