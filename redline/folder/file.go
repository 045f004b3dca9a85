package folder

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// File is a file of a run that is written through a buffer. It is for one goroutine.
type File struct {
	buf    *bufio.Writer
	file   *handle
	folder *Folder
	name   string
}

// shorter is the advice on a name that the file system finds too long.
const shorter = "name a folder with a shorter name, or in a folder that is not so deep"

// Create creates a file of the run. Close reports what the disk did not take.
func (f *Folder) Create(name string) (*File, error) {
	w, err := f.disk.open(f.Path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, f.fault(name, "be created", err)
	}
	f.mu.Lock()
	f.open = append(f.open, w)
	f.mu.Unlock()
	return &File{bufio.NewWriterSize(w, 1<<16), w, f, name}, nil
}

// Write implements [io.Writer].
func (w *File) Write(p []byte) (int, error) {
	n, err := w.buf.Write(p)
	return n, w.folder.fault(w.name, "be written", err)
}

// Flush hands over what is still in the buffer.
func (w *File) Flush() error {
	return w.folder.fault(w.name, "be written", w.buf.Flush())
}

// ReadAt reads what was handed over back.
func (w *File) ReadAt(p []byte, offset int64) error {
	_, err := w.file.ReadAt(p, offset)
	return w.folder.fault(w.name, "be read back", err)
}

// Remove removes the file, which is closed.
func (w *File) Remove() error {
	return w.folder.fault(w.name, "be removed", w.folder.disk.remove(w.folder.Path(w.name)))
}

// Close hands over the rest and closes the file.
func (w *File) Close() error {
	return errors.Join(w.Flush(), w.folder.fault(w.name, "be closed", w.file.Close()))
}

// Write creates a file of the run and has it filled. An error names the file, and is of kind Output when the disk
// refuses it.
func (f *Folder) Write(name string, fill func(w io.Writer) error) error {
	w, err := f.Create(name)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return errors.Join(err, w.file.Close())
	}
	return w.Close()
}

// fault says of a file of the run what could not be done; a nil err stays nil. The
// message has the file's name in the target: nobody knows the temporary one.
func (f *Folder) fault(name, what string, err error) error {
	if err == nil {
		return nil
	}
	advice := "name a folder where you may write"
	switch {
	case errors.Is(err, unix.ENAMETOOLONG):
		advice = shorter
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
	return redline.Faultf(redline.Output, "%s: cannot %s: %w; %s", f.Shown(name), what, err, advice)
}

// Unreadable says of a file of the run that it cannot be read back, and what to do about err.
func (f *Folder) Unreadable(name string, err error) error { return f.fault(name, "be read back", err) }

// Fault says of a file of the run that it cannot be written, and what to do about err.
func (f *Folder) Fault(name string, err error) error { return f.fault(name, "be written", err) }
