package object

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
)

// object is an object in the state in which it was found first.
type object struct {
	store *store
	name  string

	once sync.Once
	info *Info
	err  error // of finding it

	mu     sync.Mutex
	failed error // of reading it, the first
}

// File is a file or object that is read at any place.
type File interface {
	io.ReaderAt
	io.Closer
}

// Open opens a file or object. Errors of reading an object are also those of [Fault].
func Open(name string) (File, error) {
	if !Named(name) {
		return os.Open(name)
	}
	return find(name)
}

// Fault returns why an object cannot be read any more; nil for one that can, and for a file.
func Fault(name string) error {
	if !Named(name) || !Allowed() {
		return nil
	}
	o, err := find(name)
	if err != nil {
		return err
	}
	return o.fault()
}

func (o *object) fault() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// Close implements [io.Closer].
func (o *object) Close() error { return nil }

// ReadAt implements [io.ReaderAt]. It may be called concurrently.
func (o *object) ReadAt(p []byte, at int64) (n int, err error) {
	if at >= o.info.bytes {
		return 0, io.EOF
	}
	wanted := p[:min(int64(len(p)), o.info.bytes-at)]
	if len(wanted) < pageBytes {
		err = o.readPages(wanted, at)
	} else {
		err = o.fetch(wanted, at)
	}
	if err != nil {
		return 0, err
	}
	if len(wanted) < len(p) {
		return len(wanted), io.EOF
	}
	return len(p), nil
}

// fetch fills p with the bytes from at on, all of which the object has.
func (o *object) fetch(p []byte, at int64) error {
	if err := o.fault(); err != nil {
		return err
	}
	err := o.store.ask(context.Background(), &request{verb: http.MethodGet, name: o.name, etag: o.info.etag, from: at,
		to: at + int64(len(p)), use: func(r *http.Response) error {
			_, err := io.ReadFull(r.Body, p)
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}})
	if err != nil {
		o.mu.Lock()
		if o.failed == nil {
			o.failed = err
		}
		o.mu.Unlock()
	}
	return err
}

// Copy writes all bytes of an object to w, which it asks for once, from beginning to end; after an answer that was cut
// short it asks for the rest. It returns how many bytes these are.
func Copy(ctx context.Context, w io.Writer, name string) (int64, error) {
	o, err := find(name)
	if err != nil {
		return 0, err
	}
	done, size := int64(0), o.info.bytes
	for done < size {
		q := &request{verb: http.MethodGet, name: name, etag: o.info.etag, from: done, to: size}
		begun := done
		q.use = func(r *http.Response) error {
			n, err := io.Copy(w, io.LimitReader(r.Body, size-done))
			done += n
			if err == nil && done < size {
				err = io.ErrUnexpectedEOF
			}
			if err != nil && done > begun {
				return nil // what is missing is the next request
			}
			return err
		}
		if err := o.store.ask(ctx, q); err != nil {
			return done, err
		}
	}
	return done, nil
}
