package gdalinput

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"greenshield/redline"
	"greenshield/redline/report"
)

// Hash fills in the lengths and hashes of all files that were read.
func (l *Loaded) Hash(ctx context.Context) error {
	for _, in := range l.Read {
		for i, path := range in.paths {
			sum, bytes, err := report.HashFile(ctx, path)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return redline.WithKind(in.kind(), err)
			}
			f := &in.Record.Files[i]
			f.SHA256, f.Bytes = sum, bytes
		}
	}
	return nil
}

// kind is that of faults in the input's files.
func (in *Input) kind() redline.Kind {
	if in.Record.Role == "before" || in.Record.Role == "after" {
		return redline.Raster
	}
	return redline.Vector
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// stamp notes the state of a file when it is first met, before it is read.
func (l *Loaded) stamp(path string) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return
	}
	if _, known := l.stamps[absolute]; known {
		return
	}
	if info, err := os.Stat(absolute); err == nil && info.Mode().IsRegular() {
		l.stamps[absolute] = info
	}
}

// Unchanged checks that no file that was read has since been written to or replaced,
// by its size, time and identity. The fault has kind Raster.
func (l *Loaded) Unchanged() error {
	for _, in := range l.Read {
		for _, path := range in.paths {
			absolute, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			then, now := l.stamps[absolute], os.FileInfo(nil)
			if now, err = os.Stat(absolute); err != nil || then == nil ||
				!os.SameFile(then, now) || then.Size() != now.Size() || !then.ModTime().Equal(now.ModTime()) {
				return redline.Faultf(redline.Raster, "%s: was changed while it was read, so the results may mix two states of it; run again when nobody writes to it", path)
			}
		}
	}
	return nil
}

// sameContent reports whether two lists of files hold the same bytes. Files that
// differ mostly do so early.
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
	bufA, bufB := make([]byte, 1<<18), make([]byte, 1<<18)
	for {
		n, errA := io.ReadFull(fa, bufA)
		m, errB := io.ReadFull(fb, bufB)
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
