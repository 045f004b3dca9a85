package object

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Named tells whether a name is that of an object: /vsis3/BUCKET/KEY or /vsioss/BUCKET/KEY, in lower case and without
// empty parts and dots.
func Named(name string) bool {
	for _, store := range []string{"/vsis3/", "/vsioss/"} {
		if rest, ok := strings.CutPrefix(name, store); ok {
			bucket, key, _ := strings.Cut(rest, "/")
			return bucket != "" && key != "" && path.Clean(name) == name
		}
	}
	return false
}

// Info is the state of an object.
type Info struct {
	name     string
	bytes    int64
	modified time.Time
	etag     string
}

var _ fs.FileInfo = (*Info)(nil)

// Name returns the last part of the object's key.
func (i *Info) Name() string { return path.Base(i.name) }

// Size returns how many bytes it has.
func (i *Info) Size() int64 { return i.bytes }

// Mode returns that of a regular file that nobody may write to.
func (i *Info) Mode() fs.FileMode { return 0o444 }

// ModTime returns when the store says it was written.
func (i *Info) ModTime() time.Time { return i.modified }

// IsDir returns false.
func (i *Info) IsDir() bool { return false }

// Sys returns nil.
func (i *Info) Sys() any { return nil }

// ETag returns by what the store tells this state from others.
func (i *Info) ETag() string { return i.etag }

// Same tells whether two states are those of one file or object that was not changed between them.
func Same(a, b fs.FileInfo) bool {
	i, isObject := a.(*Info)
	j, both := b.(*Info)
	if isObject || both {
		return isObject && both && i.name == j.name && i.bytes == j.bytes && i.etag == j.etag
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Stat returns the state of a file, as [os.Stat] does, or of an object as it was when it was first asked for.
func Stat(name string) (fs.FileInfo, error) {
	if !Named(name) {
		return os.Stat(name)
	}
	o, err := find(name)
	if err != nil {
		return nil, err
	}
	return o.info, nil
}

// Known returns the state of an object that [Stat] has found; nothing is asked for.
func Known(name string) (*Info, error) {
	if s := allowed.Load(); s != nil {
		s.mu.Lock()
		o := s.objects[name]
		s.mu.Unlock()
		if o != nil {
			o.once.Do(func() { o.info, o.err = s.head(name) })
			return o.info, o.err
		}
	}
	return nil, fs.ErrNotExist
}

// Latest returns the present state of a file or object. The error is an [fs.ErrNotExist] when it is not there.
func Latest(name string) (fs.FileInfo, error) {
	if !Named(name) {
		return os.Stat(name)
	}
	s := allowed.Load()
	if s == nil {
		return nil, refusal(name)
	}
	return s.head(name)
}
