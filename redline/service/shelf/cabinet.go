package shelf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"

	"greenshield/redline/record"
)

// format is the version of indexes: one of another format is made again.
const format = "1"

const (
	suffix = ".sqlite"
	draft  = ".draft"
)

// cabinet is the folder of indexes. The name of each is the SHA-256 of the manifest, the kind, the format, and the
// SHA-256 of the index itself.
type cabinet struct {
	folder string
	slots  chan struct{} // connections that may be used at once
}

func newCabinet(folder string) (*cabinet, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	c := &cabinet{absolute, make(chan struct{}, 4*runtime.GOMAXPROCS(0))}
	for _, name := range c.list() {
		if strings.HasSuffix(name, draft) {
			_ = os.Remove(filepath.Join(absolute, name)) // of a process that was killed
		}
	}
	return c, nil
}

// list returns the names of the files in the cabinet.
func (c *cabinet) list() (names []string) {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// find opens the index with a name that begins so, nil when there is none that can be used. What is damaged is removed.
func (c *cabinet) find(ctx context.Context, prefix string) *index {
	for _, name := range c.list() {
		rest, ours := strings.CutPrefix(name, prefix+"."+format+".")
		sum, whole := strings.CutSuffix(rest, suffix)
		if !ours || !whole {
			continue
		}
		path := filepath.Join(c.folder, name)
		if got, _, err := record.HashFile(ctx, path); err == nil && got == sum {
			if x, err := c.open(path); err == nil {
				return x
			}
		}
		if ctx.Err() == nil {
			_ = os.Remove(path)
		}
	}
	return nil
}

// index is an open index. Its methods may be called concurrently.
type index struct {
	path  string
	slots chan struct{}

	fields []field
	count  int
	box    *orb.Bound
	counts counts

	mu      sync.Mutex
	idle    []*sqlite.Conn
	retired bool
}

// open opens an index and reads what it says of itself.
func (c *cabinet) open(path string) (x *index, err error) {
	x = &index{path: path, slots: c.slots}
	db, err := x.take(context.Background())
	if err != nil {
		return nil, err
	}
	defer x.giveBack(db)
	defer func() {
		if err != nil {
			x.retire()
		}
	}()
	meta := map[string]string{}
	err = each(db, "SELECT name, value FROM meta", nil, func(s *sqlite.Stmt) (bool, error) {
		meta[s.ColumnText(0)] = s.ColumnText(1)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	if meta["format"] != format {
		return nil, errors.New("the index is of another format")
	}
	return x, errors.Join(json.Unmarshal([]byte(meta["fields"]), &x.fields),
		json.Unmarshal([]byte(meta["count"]), &x.count), json.Unmarshal([]byte(meta["box"]), &x.box))
}

// keep is how many idle connections an index keeps.
const keep = 4

// take returns a connection, which nobody else uses until it is given back.
func (x *index) take(ctx context.Context) (*sqlite.Conn, error) {
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	x.mu.Lock()
	if n := len(x.idle); n > 0 {
		db := x.idle[n-1]
		x.idle = x.idle[:n-1]
		x.mu.Unlock()
		db.SetInterrupt(ctx.Done())
		return db, nil
	}
	x.mu.Unlock()
	name := url.URL{Scheme: "file", Path: x.path, RawQuery: "mode=ro&immutable=1"}
	db, err := sqlite.OpenConn(name.String(), sqlite.OpenReadOnly, sqlite.OpenURI)
	if err != nil {
		<-x.slots
		return nil, err
	}
	db.SetInterrupt(ctx.Done())
	return db, nil
}

func (x *index) giveBack(db *sqlite.Conn) {
	db.SetInterrupt(nil)
	x.mu.Lock()
	if spare := x.retired || len(x.idle) >= keep; !spare {
		x.idle = append(x.idle, db)
		db = nil
	}
	x.mu.Unlock()
	if db != nil {
		_ = db.Close() // it was only read
	}
	<-x.slots
}

// retire closes what is idle. Who still has a collection of the index goes on with it while its file is there.
func (x *index) retire() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.retired = true
	for _, db := range x.idle {
		_ = db.Close()
	}
	x.idle = nil
}

// damaged tells whether an error says that an index is damaged or gone.
func damaged(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB, sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultFormat:
		return true
	}
	return false
}

// sweep removes the indexes of runs that are neither offered nor were offered until just now. Those of zones stay: they
// may be all that is left of the outlines as a run wrote them. The shelf must be locked.
func (s *Shelf) sweep() {
	used := map[string]bool{}
	for _, e := range s.entries {
		if e.next != nil {
			return
		}
		for _, st := range []*state{e.current, e.before} {
			if st != nil && st.run.Version != "" {
				used[st.run.Version] = true
			}
		}
	}
	for _, name := range s.indexes.list() {
		part := strings.Split(name, ".")
		if strings.HasSuffix(name, suffix) && len(part) > 2 && !used[part[0]] && part[1] != zones {
			_ = os.Remove(filepath.Join(s.indexes.folder, name))
		}
	}
}

// syncFolder brings the names in the cabinet to the disk.
func (c *cabinet) syncFolder() error {
	f, err := os.Open(c.folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// draftName is the name of an index while it is written.
func (c *cabinet) draftName(prefix string) string {
	return filepath.Join(c.folder, fmt.Sprintf("%s.%d%s", prefix, os.Getpid(), draft))
}
