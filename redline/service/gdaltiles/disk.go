package gdaltiles

import (
	"bytes"
	"cmp"
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"greenshield/redline/service/tiles"
)

// disk keeps pictures in a folder up to a number of bytes; those that were not asked for the longest leave first.
type disk struct {
	folder string
	most   int64

	mu    sync.Mutex
	bytes int64
	order *list.List               // of *kept, last used first
	of    map[string]*list.Element // by path inside the folder
}

type kept struct {
	path  string
	bytes int64
}

// openDisk takes over what an earlier process kept in the folder, the last written as the last used.
func openDisk(folder string, most int64) (*disk, error) {
	d := &disk{folder: folder, most: most, order: list.New(), of: map[string]*list.Element{}}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	type found struct {
		kept
		at time.Time
	}
	var all []found
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if strings.HasSuffix(path, unfinished) {
			return os.Remove(path)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		all = append(all, found{kept{name, info.Size()}, info.ModTime()})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.path, b.path)) })
	for _, f := range all {
		d.note(f.path, f.bytes)
	}
	return d, nil
}

// name is where the picture of a tile is kept.
func (d *disk) name(key string, t tiles.Tile) string {
	return filepath.Join(key, fmt.Sprint(t.Z), fmt.Sprintf("%d-%d", t.X, t.Y))
}

// get returns a picture. What was cut short, as by a power failure, is none.
func (d *disk) get(key string, t tiles.Tile) (data []byte, ok bool) {
	name := d.name(key, t)
	d.mu.Lock()
	place, known := d.of[name]
	if known {
		d.order.MoveToFront(place)
	}
	d.mu.Unlock()
	if !known {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Join(d.folder, name))
	return data, err == nil && whole(data)
}

// whole tells that a picture has its end.
func whole(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x89PNG")) && bytes.HasSuffix(data, []byte("IEND\xaeB`\x82")) ||
		bytes.HasPrefix(data, []byte("\xff\xd8")) && bytes.HasSuffix(data, []byte("\xff\xd9"))
}

// put keeps a picture. A disk that is full only means that it has to be drawn again.
func (d *disk) put(key string, t tiles.Tile, data []byte) {
	name := d.name(key, t)
	path := filepath.Join(d.folder, name)
	if int64(len(data)) > d.most || os.MkdirAll(filepath.Dir(path), 0o755) != nil || replace(path, data) != nil {
		return
	}
	d.note(name, int64(len(data)))
}

// note counts a picture that was written, and removes the oldest ones while there are too many bytes.
func (d *disk) note(name string, size int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if place, ok := d.of[name]; ok {
		d.bytes -= d.order.Remove(place).(*kept).bytes
	}
	d.of[name] = d.order.PushFront(&kept{name, size})
	for d.bytes += size; d.bytes > d.most; {
		old := d.order.Remove(d.order.Back()).(*kept)
		delete(d.of, old.path)
		if err := os.Remove(filepath.Join(d.folder, old.path)); err == nil || errors.Is(err, fs.ErrNotExist) {
			d.bytes -= old.bytes
			continue
		}
		d.bytes -= old.bytes // what cannot be removed is not counted twice
	}
}
