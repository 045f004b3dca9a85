package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"greenshield/redline/files"
	"greenshield/redline/record"
)

// state is a run in one state of its files.
type state struct {
	shelf  *Shelf
	entry  *entry
	stamp  string
	begun  time.Time
	cancel context.CancelFunc
	done   chan struct{} // closed when run and offers are set, or never will be

	run    Run
	offers []*offer
}

// retire gives back the files of what is offered in a state no longer. nil has none.
func (st *state) retire() {
	if st == nil {
		return
	}
	for _, o := range st.offers {
		o.index.retire()
	}
}

// attempts is how often a run is read that is exchanged while it is read.
const attempts = 5

// prepare reads the run and makes or opens its indexes.
func (st *state) prepare(ctx context.Context) {
	for range attempts {
		if changed := st.attempt(ctx); !changed || ctx.Err() != nil {
			return
		}
		st.retire()
	}
}

// attempt does what prepare does, once. It tells whether something is not offered, and the files of the run are not in
// the state any more that they were in before.
func (st *state) attempt(ctx context.Context) (changed bool) {
	st.offers = nil
	s, name := st.shelf, st.entry.name
	st.run = Run{ID: st.entry.id, Title: s.titleOf(name), Folder: filepath.Join(s.dir, name)}
	folder, err := s.root.OpenRoot(name)
	if err == nil {
		defer folder.Close()
		st.stamp = stampOf(folder)
		st.run, err = readRun(folder, st.entry.id, s.titleOf(name), st.run.Folder)
	}
	for _, of := range kinds {
		var o *offer
		if reason := err; reason != nil {
			reason = fmt.Errorf("%s cannot be used: %s", record.Name, plainReason(err))
			st.run.Refusals = append(st.run.Refusals, Refusal{of.kind, reason.Error()})
			continue
		}
		if i := slices.IndexFunc(st.offers, func(o *offer) bool { return o.kind == zones }); of.kind == coverage && i >= 0 {
			st.offers = append(st.offers, st.offering(coverage, st.offers[i].index)) // it has all that coverage.csv has
			continue
		}
		o, reason := st.offer(ctx, folder, of.kind)
		if reason != nil {
			st.run.Refusals = append(st.run.Refusals, Refusal{of.kind, plainReason(reason)})
			continue
		}
		st.offers = append(st.offers, o)
	}
	return len(st.run.Refusals) > 0 && s.stamp(name) != st.stamp
}

// plainReason says what is wrong without naming a path.
func plainReason(err error) string {
	var at *os.PathError
	if errors.As(err, &at) {
		return fmt.Sprintf("%s: %v", filepath.Base(at.Path), at.Err)
	}
	return err.Error()
}

// filesOf are the files that a kind of collection is made of.
func filesOf(kind string) []string {
	switch kind {
	case candidates:
		return []string{files.CandidatesName}
	case suppressed:
		return []string{suppressedName}
	case zones:
		return []string{coverageName, zonesName}
	}
	return []string{coverageName}
}

// offer makes or opens the index of a collection, of coverage without outlines. The error says why it is not offered.
func (st *state) offer(ctx context.Context, folder *os.Root, kind string) (*offer, error) {
	var all sources
	defer all.close()
	for _, name := range filesOf(kind) {
		i := slices.IndexFunc(st.run.Manifest.Outputs, func(f record.File) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("the run did not write %s", name)
		}
		file, err := openRegular(folder, name)
		if err != nil {
			return nil, err
		}
		all = append(all, published{file, st.run.Manifest.Outputs[i]})
	}
	prefix := st.run.Version + "." + kind
	x := st.shelf.indexes.find(ctx, prefix)
	if x == nil {
		var err error
		if x, err = st.shelf.indexes.build(ctx, prefix, kind, all); err != nil {
			return nil, err
		}
		return st.offering(kind, x), nil
	}
	if kind == zones {
		all = all[:1] // verdicts may have been written into the other one since
	}
	for _, f := range all {
		if err := f.verify(ctx); err != nil {
			x.retire()
			return nil, err
		}
	}
	return st.offering(kind, x), nil
}

// published is an open file of a run and what the manifest says of it.
type published struct {
	*os.File
	record record.File
}

type sources []published

func (all *sources) close() {
	for _, f := range *all {
		_ = f.Close() // it was only read
	}
}

// verify compares the whole file with the manifest.
func (f published) verify(ctx context.Context) error {
	return f.read(ctx, func(r io.Reader) error { return nil })
}

// read has the file read from its start, and compares the whole of it with the manifest.
func (f published) read(ctx context.Context, read func(r io.Reader) error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	hash := sha256.New()
	tee := io.TeeReader(record.ContextReader{Context: ctx, Reader: f.File}, hash)
	errRead := read(tee)
	if _, err := io.Copy(io.Discard, tee); err != nil {
		return err
	}
	// A file that is another one may well be of another form, too.
	if hex.EncodeToString(hash.Sum(nil)) != f.record.SHA256 {
		return fmt.Errorf("%s is not as the run wrote it: its SHA-256 is not that of the manifest", f.record.Name)
	}
	if errRead != nil {
		return fmt.Errorf("%s: %w", f.record.Name, errRead)
	}
	return nil
}
