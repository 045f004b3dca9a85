package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// files keeps files of evidence in a folder:
//
//	ab/cdef…            a file, by the SHA-256 of its content
//	named/abcdef…       empty: an event names it, or is about to
//	fresh/abcdef….USER  empty: that user has sent it, at the time of the entry
//	tmp/…               what is being received
//
// A file is offered to all when an event names it, else to those alone who have sent it.
type files struct {
	dir        string
	max, quota int64
	now        func() time.Time
	mu         sync.Mutex // held while entries are counted and made
}

// keep is how long a file stays that no event names.
const keep = 24 * time.Hour

// maxFresh is how many files that no event names one user may have.
const maxFresh = 1000

var sumForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// isSum tells whether a text is a SHA-256 as this package writes it: no path can be.
func isSum(text string) bool { return sumForm.MatchString(text) }

func (f *files) path(sum string) string { return filepath.Join(f.dir, sum[:2], sum[2:]) }

func (f *files) nameEntry(sum string) string { return filepath.Join(f.dir, "named", sum) }

func (f *files) freshEntry(sum, login string) string {
	return filepath.Join(f.dir, "fresh", sum+"."+digest(login))
}

// open makes the folders.
func (f *files) open() error {
	for _, name := range []string{"named", "fresh", "tmp"} {
		if err := os.MkdirAll(filepath.Join(f.dir, name), 0o700); err != nil {
			return err
		}
	}
	return syncFolder(f.dir)
}

// offered tells whether a user may have a file, which is there.
func (f *files) offered(sum, login string) bool {
	return exists(f.path(sum)) && (exists(f.nameEntry(sum)) || exists(f.freshEntry(sum, login)))
}

func exists(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// name has files stay for as long as the ledger does. They are there.
func (f *files) name(sums []string) error {
	for _, sum := range sums {
		if err := touch(f.nameEntry(sum)); err != nil {
			return err
		}
	}
	return nil
}

// touch makes an empty file that is on the disk when it returns nil.
func touch(path string) error {
	if exists(path) {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(file.Sync(), file.Close())
	}
	return errors.Join(err, syncFolder(filepath.Dir(path)))
}

func syncFolder(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// put keeps what is read, for a user, and returns its SHA-256 and length in bytes.
func (f *files) put(from io.Reader, login string) (sum string, size int64, err error) {
	tmp, err := os.CreateTemp(filepath.Join(f.dir, "tmp"), "upload-")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name()) // unless it has its name
	}()
	hash := sha256.New()
	read := &reading{from: io.LimitReader(from, f.max+1)}
	size, err = io.Copy(io.MultiWriter(tmp, hash), read)
	switch {
	case read.err != nil:
		return "", 0, badUpload(read.err)
	case err != nil:
		return "", 0, err
	case size > f.max:
		return "", 0, tooLarge(f.max)
	case size == 0:
		return "", 0, fail(http.StatusBadRequest, "the file is empty")
	}
	sum = hex.EncodeToString(hash.Sum(nil))
	if err := tmp.Sync(); err != nil {
		return "", 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.checkQuota(sum, size, login); err != nil {
		return "", 0, err
	}
	return sum, size, f.place(tmp.Name(), sum, login)
}

// place gives a file its name, unless one of that content is there, and notes who has sent it.
func (f *files) place(tmp, sum, login string) error {
	dir := filepath.Dir(f.path(sum))
	if err := os.Mkdir(dir, 0o700); err == nil {
		if err := syncFolder(f.dir); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if !exists(f.path(sum)) {
		if err := errors.Join(os.Rename(tmp, f.path(sum)), syncFolder(dir)); err != nil {
			return err
		}
	}
	fresh := f.freshEntry(sum, login)
	if err := touch(fresh); err != nil {
		return err
	}
	return os.Chtimes(fresh, time.Time{}, f.now())
}

// checkQuota refuses a file of a user who has too many that no event names.
func (f *files) checkQuota(sum string, size int64, login string) error {
	entries, err := os.ReadDir(filepath.Join(f.dir, "fresh"))
	if err != nil {
		return err
	}
	count := 0
	for _, e := range entries {
		had, user, _ := strings.Cut(e.Name(), ".")
		if user != digest(login) || !isSum(had) || had == sum || exists(f.nameEntry(had)) {
			continue
		}
		if info, err := os.Lstat(f.path(had)); err == nil {
			count++
			size += info.Size()
		}
	}
	if size > f.quota || count >= maxFresh {
		p := fail(http.StatusInsufficientStorage, fmt.Sprintf("you have sent %d files that no event names; "+
			"use them, or wait until they are removed after a day", count))
		p.More = map[string]any{"quota": true} // tells it from a full disk
		return p
	}
	return nil
}

// reading tells errors of what is read from those of what is written.
type reading struct {
	from io.Reader
	err  error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// sweep removes what is older than a day and was not received whole, or is named by no event. events calls named with
// the SHA-256 of each document that an event names; it is only asked when there is something to remove.
func (f *files) sweep(events func(named func(sum string)) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.now().Add(-keep)
	tmp, err := os.ReadDir(filepath.Join(f.dir, "tmp"))
	if err != nil {
		return err
	}
	for _, e := range tmp {
		if info, err := e.Info(); err == nil && info.ModTime().Before(old) {
			_ = os.Remove(filepath.Join(f.dir, "tmp", e.Name()))
		}
	}
	unnamed, err := f.unnamed(old)
	if err != nil || len(unnamed) == 0 {
		return err
	}
	if err := events(func(sum string) {
		if unnamed[sum] {
			delete(unnamed, sum)
			err = errors.Join(err, touch(f.nameEntry(sum)))
		}
	}); err != nil {
		return err
	}
	for sum := range unnamed {
		err = errors.Join(err, os.Remove(f.path(sum)))
	}
	return err
}

// unnamed returns the files that nobody has sent since then, and of which nothing says that an event names them. It
// removes the entries of who has sent files before then.
func (f *files) unnamed(old time.Time) (map[string]bool, error) {
	fresh := map[string]bool{}
	entries, err := os.ReadDir(filepath.Join(f.dir, "fresh"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		sum, _, _ := strings.Cut(e.Name(), ".")
		if info, err := e.Info(); err == nil && info.ModTime().Before(old) {
			_ = os.Remove(filepath.Join(f.dir, "fresh", e.Name()))
			continue
		}
		fresh[sum] = true
	}
	found, err := filepath.Glob(filepath.Join(glob(f.dir), "[0-9a-f][0-9a-f]", "*"))
	if err != nil {
		return nil, err
	}
	all := map[string]bool{}
	for _, path := range found {
		sum := filepath.Base(filepath.Dir(path)) + filepath.Base(path)
		if isSum(sum) && !fresh[sum] && !exists(f.nameEntry(sum)) {
			all[sum] = true
		}
	}
	return all, nil
}

// glob returns a pattern that matches a path alone.
func glob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
