package folder

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"greenshield/redline/record"
)

// disk is the file system as a [Folder] uses it: whatever the package reads or changes on the disk, it does by these
// methods. The zero value is the real file system. Its methods may be called concurrently.
type disk struct {
	// before is called before each operation, when it is not nil. When it returns an error, the operation is not made but
	// fails with that error. So tests make any operation fail, and any moment the last one.
	before func(operation, path string) error
}

func (d disk) ask(operation, path string) error {
	if d.before == nil {
		return nil
	}
	if err := d.before(operation, path); err != nil {
		return &fs.PathError{Op: operation, Path: path, Err: err}
	}
	return nil
}

func (d disk) stat(path string) (fs.FileInfo, error) {
	if err := d.ask("stat", path); err != nil {
		return nil, err
	}
	return os.Stat(path)
}

func (d disk) lstat(path string) (fs.FileInfo, error) {
	if err := d.ask("lstat", path); err != nil {
		return nil, err
	}
	return os.Lstat(path)
}

func (d disk) list(folder string) ([]fs.DirEntry, error) {
	if err := d.ask("list", folder); err != nil {
		return nil, err
	}
	return os.ReadDir(folder)
}

// manifest reads that of the run in folder.
func (d disk) manifest(folder string) (*record.Manifest, error) {
	if err := d.ask("read", filepath.Join(folder, record.Name)); err != nil {
		return nil, err
	}
	return record.Read(folder)
}

// isMountPoint also finds bind mounts, which have their parent's device number. A
// kernel before Linux 5.8 does not tell; then Publish fails with the old run intact.
func (d disk) isMountPoint(path string) bool {
	var here, above unix.Statx_t
	if d.ask("statx", path) != nil ||
		unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &here) != nil ||
		unix.Statx(unix.AT_FDCWD, filepath.Dir(path), 0, unix.STATX_MNT_ID, &above) != nil {
		return false
	}
	return here.Mnt_id != above.Mnt_id
}

func (d disk) mkdir(path string) error {
	if err := d.ask("mkdir", path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o777) // less what the user's umask takes away
}

func (d disk) rename(from, to string) error {
	if err := d.ask("rename", from); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// exchange swaps two folders in one step.
func (d disk) exchange(a, b string) error {
	if err := d.ask("exchange", a); err != nil {
		return errors.Unwrap(err) // without a path, as that of the call
	}
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// canMove tells why an overlay file system would refuse to move a folder that exists, such as one of a lower layer; on
// other file systems there is no such reason. It asks for a move onto occupied, a folder that holds something, which no
// file system makes; that the folder cannot be moved at all an overlay says before it sees that.
func (d disk) canMove(folder, occupied string) error {
	if err := d.ask("can move", folder); err != nil {
		return errors.Unwrap(err) // without a path, as that of the call
	}
	var fs unix.Statfs_t
	if unix.Statfs(folder, &fs) != nil || fs.Type != unix.OVERLAYFS_SUPER_MAGIC {
		return nil
	}
	if err := unix.Rename(folder, occupied); !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

// resolve returns the path without symbolic links.
func (d disk) resolve(path string) (string, error) {
	if err := d.ask("resolve", path); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

func (d disk) remove(path string) error {
	if err := d.ask("remove", path); err != nil {
		return err
	}
	return os.Remove(path)
}

// removeAll removes a folder and all that it holds; after an error some of that may be gone.
func (d disk) removeAll(folder string) error {
	if err := d.ask("remove all", folder); err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

// sync has the kernel bring a file, or the names in a folder, to the disk.
func (d disk) sync(path string) error {
	h, err := d.open(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	if err = d.ask("sync", path); err == nil {
		err = h.file.Sync()
	}
	return cmp.Or(err, h.Close())
}

// handle is an open file of a disk.
type handle struct {
	disk disk
	file *os.File
}

func (d disk) open(path string, flag int) (*handle, error) {
	if err := d.ask("open", path); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return nil, err
	}
	return &handle{d, file}, nil
}

// Write implements [io.Writer].
func (h *handle) Write(p []byte) (int, error) {
	if err := h.disk.ask("write", h.file.Name()); err != nil {
		return 0, err
	}
	return h.file.Write(p)
}

// ReadAt implements [io.ReaderAt].
func (h *handle) ReadAt(p []byte, offset int64) (int, error) {
	if err := h.disk.ask("read", h.file.Name()); err != nil {
		return 0, err
	}
	return h.file.ReadAt(p, offset)
}

// Close gives the file up even when it returns an error, as close(2) does: the process has it no more.
func (h *handle) Close() error {
	err := h.disk.ask("close", h.file.Name())
	return cmp.Or(err, h.file.Close())
}

// lock takes the lock of the file, or fails at once with EWOULDBLOCK when somebody holds it.
func (h *handle) lock() error {
	if err := h.disk.ask("lock", h.file.Name()); err != nil {
		return err
	}
	if err := unix.Flock(int(h.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return &fs.PathError{Op: "lock", Path: h.file.Name(), Err: err}
	}
	return nil
}

func (h *handle) stat() (fs.FileInfo, error) {
	if err := h.disk.ask("stat", h.file.Name()); err != nil {
		return nil, err
	}
	return h.file.Stat()
}
