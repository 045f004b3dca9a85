package jobs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"greenshield/redline/folder"
)

// store keeps records as files of a folder, ID.json each.
type store struct{ dir string }

// save writes a record whole or not at all, and to the disk.
func (s store) save(r *record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	target := filepath.Join(s.dir, r.ID+".json")
	f, err := os.OpenFile(target+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if err := os.Rename(target+".new", target); err != nil {
		return err
	}
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// load reads all records, the oldest first. One that cannot be read is an error.
func (s store) load() (all []*record, err error) {
	names, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		r := &record{}
		if err := json.Unmarshal(text, r); err != nil || r.ID != strings.TrimSuffix(filepath.Base(name), ".json") {
			return nil, fmt.Errorf("%s: is no record of a job; remove it", name)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *record) int { return a.before(b) })
	return all, nil
}

// before compares jobs by when they came.
func (r *record) before(b *record) int {
	if c := r.Created.Compare(b.Created); c != 0 {
		return c
	}
	return strings.Compare(r.ID, b.ID)
}

// remove forgets a job.
func (s store) remove(id string) error {
	_ = os.Remove(s.alive(id)) // it is only there while the job runs
	return os.Remove(filepath.Join(s.dir, id+".json"))
}

// alive is the file whose lock a process holds as long as it lives, however the service ends.
func (s store) alive(id string) string { return filepath.Join(s.dir, id+".alive") }

// lock keeps other services from the same state.
func (s store) lock() (release func(), err error) {
	release, err = folder.Lock(filepath.Join(s.dir, "jobs"))
	if err != nil {
		return nil, fmt.Errorf("%s: another service keeps its jobs there; end it, or name another folder: %w",
			s.dir, err)
	}
	return release, nil
}
