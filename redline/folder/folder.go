package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/record"
)

// Folder is the temporary folder of a run, on the file system of its target. It
// holds the target's lock from [Begin] until [Folder.Publish] succeeds or
// [Folder.Abort] is called. Its methods may be called concurrently.
type Folder struct {
	given   string // the target as the user wrote it, for messages
	target  string // absolute
	tmp     string // absolute
	replace bool
	disk    disk

	mu        sync.Mutex
	lock      *handle // nil once the folder is published or aborted
	open      []*handle
	published bool // the target is the new run
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
func Begin(target string, replace bool) (*Folder, error) { return begin(disk{}, target, replace) }

func begin(d disk, target string, replace bool) (*Folder, error) {
	f := &Folder{given: target, replace: replace, disk: d}
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
	if info, err := d.stat(parent); err != nil {
		return nil, redline.Faultf(redline.Output,
			"%s: the folder above it cannot be used: %w; create it, or name another folder", target, err)
	} else if !info.IsDir() {
		return nil, redline.Faultf(redline.Output, "%s: %s is not a folder; name another one", target, parent)
	}
	if len(name) > maxName {
		return nil, redline.Faultf(redline.Output, "%s: the name of the folder has %d bytes, at most %d are possible, "+
			"since the results are first written beside it under a longer one; name another folder",
			target, len(name), maxName)
	}
	if f.lock, err = takeLock(d, filepath.Join(parent, lockName(name))); err != nil {
		return nil, faultLock(target, err)
	}
	if err := f.prepare(parent, name); err != nil {
		f.Abort()
		return nil, err
	}
	return f, nil
}

// faultLock says why the lock of a target could not be taken.
func faultLock(target string, err error) error {
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return redline.Faultf(redline.Locked,
			"%s: another run works on it; wait until that one ends, or name another folder", target)
	case errors.Is(err, unix.ENAMETOOLONG):
		return redline.Faultf(redline.Output, "%s: cannot be locked: %w; %s", target, err, shorter)
	}
	return redline.Faultf(redline.Output, "%s: cannot be locked: %w; "+
		"name a folder where you may write, on a file system that has locks", target, err)
}

// prepare does the part of Begin that needs the lock.
func (f *Folder) prepare(parent, name string) error {
	left, err := f.disk.leftovers(parent, name)
	if err != nil {
		return f.fault("", "be prepared", err)
	}
	for _, path := range left {
		if err := f.disk.removeAll(path); err != nil {
			return redline.Faultf(redline.Output,
				"%s: what a killed run left cannot be removed: %w; remove it yourself", f.given, err)
		}
	}
	exists, err := f.examine()
	if err != nil {
		return err
	}
	f.tmp = filepath.Join(parent, tmpPrefix(name)+strconv.Itoa(os.Getpid()))
	if err := f.disk.mkdir(f.tmp); err != nil {
		return f.fault("", "be created", err)
	}
	if exists {
		return f.tryExchange()
	}
	return nil
}

// maxName is how many bytes the name of a target may have: a name has at most 255, and what is beside the target adds
// two dots, "tmp-", and the number of a process, of at most 7 digits.
const maxName = 255 - 6 - 7

func lockName(name string) string  { return "." + name + ".lock" }
func tmpPrefix(name string) string { return "." + name + ".tmp-" }

// leftovers lists the temporary folders of the target that is called name in parent.
func (d disk) leftovers(parent, name string) (paths []string, err error) {
	entries, err := d.list(parent)
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
func Sweep(target string) { sweep(disk{}, target) }

func sweep(d disk, target string) {
	absolute, err := filepath.Abs(target)
	if err != nil {
		return
	}
	parent, name := filepath.Dir(absolute), filepath.Base(absolute)
	left, err := d.leftovers(parent, name)
	if _, errLock := d.lstat(filepath.Join(parent, lockName(name))); err != nil || len(left) == 0 && errLock != nil {
		return // the common case: no lock for a moment, which could turn another run away
	}
	f := &Folder{given: target, target: absolute, disk: d}
	if f.lock, err = takeLock(d, filepath.Join(parent, lockName(name))); err != nil {
		return
	}
	defer f.release()
	left, _ = d.leftovers(parent, name) // again: until now they could be those of a run at work
	for _, path := range left {
		_ = d.removeAll(path)
	}
}

// examine reports whether the target exists, and refuses one that may not be replaced.
func (f *Folder) examine() (exists bool, err error) {
	info, err := f.disk.lstat(f.target)
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
		return true, redline.Faultf(redline.Output,
			"%s: exists; say --replace to replace it, or name another folder", f.given)
	case f.disk.isMountPoint(f.target):
		return true, redline.Faultf(redline.Output,
			"%s: is a mount point, which cannot be replaced in one step; name a folder inside it", f.given)
	}
	// Replacing deletes the old folder, so it must hold nothing but an earlier run.
	entries, err := f.disk.list(f.target)
	if err != nil {
		return true, f.fault("", "be examined", err)
	}
	if len(entries) == 0 {
		return true, nil
	}
	known := []string{record.Name}
	old, err := f.disk.manifest(f.target)
	if err != nil {
		return true, redline.Faultf(redline.Output,
			"%s: is not replaced because it is not the folder of a run: %w; name another folder", f.given, err)
	}
	for _, o := range old.Outputs {
		known = append(known, o.Name)
	}
	for _, e := range entries {
		if !slices.Contains(known, e.Name()) {
			return true, redline.Faultf(redline.Output, "%s: is not replaced because it holds %q, "+
				"which no run wrote; move that away, or name another folder", f.given, e.Name())
		}
	}
	return true, nil
}

// tryExchange finds out before the work whether Publish will be able to do it after.
func (f *Folder) tryExchange() error {
	a, b := f.Path("a"), f.Path("b")
	if err := cmp.Or(f.disk.mkdir(a), f.disk.mkdir(b)); err != nil {
		return f.fault("", "be prepared", err)
	}
	if err := f.disk.exchange(a, b); err != nil {
		return f.faultExchange(err)
	}
	occupied := filepath.Join(a, "b")
	if err := f.disk.mkdir(occupied); err != nil {
		return f.fault("", "be prepared", err)
	}
	if err := f.disk.canMove(f.target, a); err != nil {
		return f.faultExchange(err)
	}
	if err := cmp.Or(f.disk.remove(occupied), f.disk.remove(a), f.disk.remove(b)); err != nil {
		return f.fault("", "be prepared", err)
	}
	return nil
}

func (f *Folder) faultExchange(err error) error {
	if errors.Is(err, unix.EXDEV) {
		err = fmt.Errorf("%w (it lies in a lower layer of an overlay file system, such as the image of a container)", err)
	}
	return redline.Faultf(redline.Output,
		"%s: cannot be replaced in one step: %w; name a new folder, or remove this one yourself", f.given, err)
}

// Shown is the name of a file of the run in its target, for messages: nobody knows the temporary one.
func (f *Folder) Shown(name string) string { return filepath.Join(f.given, name) }

// Path returns the path of the run's file of that name in the temporary folder.
func (f *Folder) Path(name string) string { return filepath.Join(f.tmp, name) }

// Relative returns path as seen from the place where the run's folder will be, with slashes, or the absolute path where
// there is no way from one to the other. An object of a store has its name everywhere.
func (f *Folder) Relative(path string) (string, error) {
	if object.Named(path) {
		return path, nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", f.fault("", "be found", err)
	}
	if rel, err := filepath.Rel(f.resolved(f.target), f.resolved(absolute)); err == nil {
		return filepath.ToSlash(rel), nil
	}
	return absolute, nil
}

// resolved returns an absolute path with its folder as it is without symbolic links: a step up from a folder leads to
// where that really is.
func (f *Folder) resolved(path string) string {
	if folder, err := f.disk.resolve(filepath.Dir(path)); err == nil {
		return filepath.Join(folder, filepath.Base(path))
	}
	return path
}

// Lock takes the lock of a file that is changed in place, such as a ledger, by a file beside it. Until release is
// called, nobody else gets it, in this process or another; the kernel drops it with the process, so that a killed one
// leaves none. The error is or wraps [unix.EWOULDBLOCK] when somebody else holds the lock: see [HolderOf].
func Lock(file string) (release func(), err error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(disk{}, filepath.Join(filepath.Dir(absolute), lockName(filepath.Base(absolute))))
	if err != nil {
		return nil, err
	}
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	// Who holds the lock is a help to others; the lock holds without it.
	_ = lock.file.Truncate(0)
	_, _ = fmt.Fprintf(lock.file, "%d\n%s\n%s\n", os.Getpid(), name, host)
	return sync.OnceFunc(lock.giveBack), nil
}

// Holder is who holds a lock: the number of a process, the name of its user and of its machine.
type Holder struct {
	Process    int
	User, Host string
}

// HolderOf tells who holds the lock of a file, or held it last; ok is false when that is not known.
func HolderOf(file string) (h Holder, ok bool) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return h, false
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(absolute), lockName(filepath.Base(absolute))))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != 4 {
		return h, false
	}
	h.Process, err = strconv.Atoi(lines[0])
	h.User, h.Host = lines[1], lines[2]
	return h, err == nil && h.User != "" && h.Host != ""
}

// takeLock returns the open lock file. The kernel drops the lock with the process,
// so that a killed run leaves none.
func takeLock(d disk, path string) (*handle, error) {
	for {
		h, err := d.open(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW)
		if err != nil {
			return nil, err
		}
		if err := h.lock(); err != nil {
			if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) { // otherwise it could be another run's
				_ = d.remove(path)
			}
			_ = h.Close()
			return nil, err
		}
		// The holder before may have removed the file after we opened it; a lock on
		// a file without a name would keep nobody out.
		held, errHeld := h.stat()
		named, errNamed := d.lstat(path)
		if errHeld == nil && errNamed == nil && os.SameFile(held, named) {
			return h, nil
		}
		_ = h.Close()
		if errHeld != nil || errNamed != nil && !errors.Is(errNamed, fs.ErrNotExist) {
			return nil, errors.Join(errHeld, errNamed)
		}
	}
}
