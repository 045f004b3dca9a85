package gdalinput

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/record"
)

// Records returns the inputs for the record of a run, in the order of the job, with the lengths and hashes of all files
// that were read. A file that cannot be read is a [redline.Fault] of kind Raster for a mosaic and Vector for a layer.
func (l *Loaded) Records(ctx context.Context) ([]record.Input, error) {
	var all []record.Input
	hashed := map[string]record.File{} // by path: the maps of several years may be bands of one file
	for _, in := range l.Read {
		for i, path := range in.paths {
			known, ok := hashed[path]
			if !ok {
				var err error
				known, err = fileRecord(ctx, path)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				if err != nil {
					return nil, redline.WithKind(in.fileFaultKind(), err)
				}
				hashed[path] = known
			}
			f := &in.Record.Files[i]
			f.SHA256, f.Bytes, f.ETag = known.SHA256, known.Bytes, known.ETag
		}
		all = append(all, in.Record)
	}
	return all, nil
}

// fileRecord returns length and hash of a file or object, which is read from beginning to end.
func fileRecord(ctx context.Context, path string) (f record.File, err error) {
	f.SHA256, f.Bytes, err = record.HashFile(ctx, path)
	if info, known := object.Known(path); err == nil && known == nil {
		f.ETag = info.ETag()
	}
	return f, err
}

// Files returns the state of all files that were read. [Loaded.Records] must have been called, whose hashes it takes over.
func (l *Loaded) Files(ctx context.Context) ([]record.Stamp, error) {
	var all []record.Stamp
	seen := map[string]bool{}
	add := func(kind redline.Kind, path, sum string) error {
		if seen[path] {
			return nil
		}
		seen[path] = true
		s, err := record.StampOf(ctx, path, sum)
		all = append(all, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return redline.WithKind(kind, err)
	}
	for _, in := range l.Read {
		for i, path := range in.paths {
			if err := add(in.fileFaultKind(), path, in.Record.Files[i].SHA256); err != nil {
				return nil, err
			}
		}
	}
	for _, path := range l.tables {
		if err := add(redline.Usage, path, ""); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// stamp notes the state of a file the first time that it is named, before it is read. A file that does not exist has
// none.
func (l *Loaded) stamp(path string) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return
	}
	if _, known := l.stamps[absolute]; known {
		return
	}
	if info, err := object.Stat(absolute); err == nil && info.Mode().IsRegular() {
		l.stamps[absolute] = info
	}
}

// Unchanged checks that no file that was read has since been written to or replaced, by its size, time of writing and
// identity. The fault has kind Raster, Vector, or Usage for a legend or rule table.
func (l *Loaded) Unchanged() error {
	for _, in := range l.Read {
		for i, path := range in.paths {
			shown := path
			if in.Layer != nil { // whose files are listed by absolute paths
				shown = filepath.Join(filepath.Dir(in.Record.Path), in.Record.Files[i].Name)
			}
			if err := l.unchanged(in.fileFaultKind(), path, shown); err != nil {
				return err
			}
		}
	}
	for _, path := range l.tables {
		if err := l.unchanged(redline.Usage, path, l.job.Relative(path)); err != nil {
			return err
		}
	}
	return nil
}

// unchanged checks one file. shown is how messages call it.
func (l *Loaded) unchanged(kind redline.Kind, path, shown string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	then := l.stamps[absolute]
	now, err := object.Latest(absolute)
	if err == nil && then != nil && object.Same(then, now) {
		return nil
	}
	if err != nil && object.Named(path) {
		return redline.WithKind(kind, err)
	}
	return redline.Faultf(kind, "%s: was changed while it was read, "+
		"so the results may mix two states of it; run again when nobody writes to it", shown)
}

// sameContent reports whether two lists of files hold the same bytes, file by file. A file that cannot be read counts
// as a different one.
func sameContent(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if same, err := sameFile(a[i], b[i]); err != nil || !same {
			return false
		}
	}
	return true
}

// sameFile reports whether two files hold the same bytes. It looks at their second halves first, since maps that differ
// may begin with the same rows of NoData, and stops at the first difference.
func sameFile(a, b string) (same bool, err error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	ia, errA := fa.Stat()
	ib, errB := fb.Stat()
	if err := errors.Join(errA, errB); err != nil || ia.Size() != ib.Size() {
		return false, err
	}
	if os.SameFile(ia, ib) {
		return true, nil
	}
	half := ia.Size() / 2
	for _, part := range [][2]int64{{half, ia.Size() - half}, {0, half}} {
		same, err = sameBytes(io.NewSectionReader(fa, part[0], part[1]), io.NewSectionReader(fb, part[0], part[1]))
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// sameBytes reports whether two readers give the same bytes.
func sameBytes(a, b io.Reader) (same bool, err error) {
	bufA, bufB := make([]byte, 1<<18), make([]byte, 1<<18)
	for {
		n, errA := io.ReadFull(a, bufA)
		m, errB := io.ReadFull(b, bufB)
		switch {
		case !bytes.Equal(bufA[:n], bufB[:m]):
			return false, nil
		case errA == io.EOF || errA == io.ErrUnexpectedEOF:
			return true, nil
		case errA != nil || errB != nil:
			return false, errors.Join(errA, errB)
		}
	}
}
