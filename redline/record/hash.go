package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"greenshield/raster/object"
)

// Stamp is the state of a file or object of an input.
type Stamp struct {
	Path     string    `json:"path"` // absolute
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
	ETag     string    `json:"etag,omitempty"` // of an object of a store
	SHA256   string    `json:"sha256"`
}

// StampOf returns the state of a file. sum is its hash when that is known, else "".
func StampOf(ctx context.Context, path, sum string) (Stamp, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Stamp{}, err
	}
	info, err := object.Stat(absolute)
	if err == nil && sum == "" {
		sum, _, err = HashFile(ctx, absolute)
	}
	if err != nil {
		return Stamp{}, err
	}
	s := Stamp{Path: absolute, Bytes: info.Size(), Modified: info.ModTime(), SHA256: sum}
	if o, ok := info.(*object.Info); ok {
		s.ETag = o.ETag()
	}
	return s, nil
}

// HashFile returns the SHA-256 of the content of a regular file or object in hexadecimal digits, and its length. Anything else, such
// as a pipe, is an error at once: reading it could block.
func HashFile(ctx context.Context, path string) (sum string, bytes int64, err error) {
	h := sha256.New()
	if object.Named(path) {
		bytes, err = object.Copy(ctx, h, path)
		return hex.EncodeToString(h.Sum(nil)), bytes, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s: is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	bytes, err = io.CopyBuffer(h, ContextReader{ctx, file}, make([]byte, min(1<<18, info.Size()+1)))
	if err = errors.Join(err, file.Close()); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), bytes, nil
}

// ContextReader reads from Reader until Context is done; from then on its error is that of Context.
type ContextReader struct {
	Context context.Context
	Reader  io.Reader
}

// Read implements [io.Reader].
func (c ContextReader) Read(p []byte) (int, error) {
	if err := c.Context.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// RegularFile returns what is known of a file that a manifest names. A manifest may have been written by somebody else,
// so a name is an error of which reading could block, fetch from elsewhere, or show what the machine knows of its
// processes: one that [PlainName] refuses, or one that is no regular file or leads into /proc, /sys or /dev.
func RegularFile(path string) (os.FileInfo, error) {
	if !PlainName(path) {
		return nil, fmt.Errorf("%q is not the name of a local file", path)
	}
	named, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(named)
	if err != nil {
		return nil, err
	}
	for _, system := range []string{"/proc/", "/sys/", "/dev/"} {
		if strings.HasPrefix(named, system) || strings.HasPrefix(real, system) {
			return nil, fmt.Errorf("%q is a file of the operating system", path)
		}
	}
	info, err := os.Stat(real)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%q is no regular file", path)
	}
	return info, err
}

// PlainName tells whether a name can only be that of a local file: it is not empty, no virtual file of GDAL (/vsi…), no
// address, no text of XML, and holds no control characters.
func PlainName(name string) bool {
	virtual := strings.HasPrefix(strings.ToLower(filepath.Clean(name)), "/vsi")
	return name != "" && !virtual && !strings.Contains(name, "://") && !strings.Contains(name, "<") &&
		!strings.ContainsFunc(name, unicode.IsControl)
}
