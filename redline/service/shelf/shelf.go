package shelf

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"greenshield/redline/service/collection"
)

// Shelf offers the runs of a folder. Its methods may be called concurrently.
type Shelf struct {
	Log *slog.Logger // is told what is not offered, once for each state of a run; nil: nobody. To be set before use

	dir, base string
	root      *os.Root
	indexes   *cabinet
	// every is how long a look at the folders is good for, patience how long callers wait for a run to be prepared from
	// when that was begun.
	every, patience time.Duration

	life    context.Context // until Close
	end     context.CancelFunc
	working sync.WaitGroup
	turn    chan struct{} // held by the one run that is being prepared

	mu      sync.Mutex
	looked  time.Time
	entries map[string]*entry // by name of the folder below the root
}

var (
	_ collection.Source     = (*Shelf)(nil)
	_ collection.Withholder = (*Shelf)(nil)
)

// entry is a run and its states.
type entry struct {
	name, id string
	current  *state // as it is offered; nil while the first one is prepared
	next     *state // while it is prepared, else nil
	before   *state // the one before current; nil when there was none
}

// Open opens a shelf on the runs in a folder. cache is a folder for its indexes, which is made when it is missing; no
// other process may use it at the same time. Runs are found and prepared when somebody asks; see Wait.
func Open(dir, cache string) (*Shelf, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	indexes, err := newCabinet(cache)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	s := &Shelf{dir: dir, base: baseOf(dir), root: root, indexes: indexes, every: time.Second, patience: time.Second,
		turn: make(chan struct{}, 1), entries: map[string]*entry{}}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Close ends what is being prepared and gives back all files. Nobody may be using the shelf or its collections.
func (s *Shelf) Close() error {
	s.end()
	s.working.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		e.current.retire()
	}
	s.entries = map[string]*entry{}
	return s.root.Close()
}

// Wait looks at the folders at once and waits until all that is found is prepared.
func (s *Shelf) Wait(ctx context.Context) error {
	s.mu.Lock()
	s.looked = time.Time{}
	s.mu.Unlock()
	_, err := s.states(ctx, false)
	return err
}

// Runs returns the runs that are there, in the order of their ids. One that is not prepared yet is not among them.
func (s *Shelf) Runs(ctx context.Context) ([]Run, error) {
	states, err := s.states(ctx, true)
	if err != nil {
		return nil, err
	}
	var all []Run
	for _, st := range states {
		all = append(all, st.run)
	}
	return all, nil
}

// Collections implements [collection.Source]: by the ids of runs, those of a run in the order of the documentation.
func (s *Shelf) Collections(ctx context.Context) ([]collection.Collection, error) {
	states, err := s.states(ctx, true)
	if err != nil {
		return nil, err
	}
	var all []collection.Collection
	for _, st := range states {
		for _, o := range st.offers {
			all = append(all, o)
		}
	}
	return all, nil
}

// Collection implements [collection.Source].
func (s *Shelf) Collection(ctx context.Context, id string) (collection.Collection, error) {
	all, err := s.Collections(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(c collection.Collection) bool { return c.Info().ID == id })
	if i < 0 {
		return nil, collection.ErrNoCollection
	}
	return all[i], nil
}

// Withheld implements [collection.Withholder].
func (s *Shelf) Withheld(ctx context.Context) (all []collection.Withheld, err error) {
	runs, err := s.Runs(ctx)
	for _, run := range runs {
		for _, r := range run.Refusals {
			title := run.Title
			for _, k := range kinds {
				if k.kind == r.Kind {
					title += " " + k.title
				}
			}
			all = append(all, collection.Withheld{Run: run.ID, Kind: r.Kind, Title: title, Reason: r.Reason})
		}
	}
	return all, err
}

// states returns the states that runs are offered in, by id. With hasty it does not wait for longer than the patience
// of the shelf.
func (s *Shelf) states(ctx context.Context, hasty bool) ([]*state, error) {
	if err := s.look(); err != nil {
		return nil, err
	}
	for {
		next := s.pending(hasty)
		if next == nil {
			break
		}
		if err := s.await(ctx, next, hasty); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*state
	for _, e := range s.entries {
		if e.current != nil {
			all = append(all, e.current)
		}
	}
	slices.SortFunc(all, func(a, b *state) int { return strings.Compare(a.run.ID, b.run.ID) })
	return all, ctx.Err()
}

// pending returns a state that is worth waiting for, nil for none.
func (s *Shelf) pending(hasty bool) *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.next != nil && !(hasty && time.Since(e.next.begun) > s.patience) {
			return e.next
		}
	}
	return nil
}

// await waits for a state to be prepared; with hasty as long as the patience of the shelf.
func (s *Shelf) await(ctx context.Context, next *state, hasty bool) error {
	if hasty {
		patient, cancel := context.WithDeadline(ctx, next.begun.Add(s.patience+time.Millisecond))
		defer cancel()
		select {
		case <-next.done:
		case <-patient.Done():
		}
		return ctx.Err()
	}
	select {
	case <-next.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		return s.life.Err()
	}
}

// look brings the entries up to date with the folders, unless that was done just now.
func (s *Shelf) look() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.looked.IsZero() && time.Since(s.looked) < s.every {
		return nil
	}
	if err := s.life.Err(); err != nil {
		return err
	}
	names, err := places(s.root)
	if err != nil {
		return err
	}
	s.looked = time.Now()
	for name, e := range s.entries {
		if !slices.Contains(names, name) {
			e.current.retire()
			if e.next != nil {
				e.next.cancel()
			}
			delete(s.entries, name)
		}
	}
	for _, name := range names {
		e := s.entries[name]
		if e == nil {
			e = &entry{name: name, id: idOf(name, s.base)}
			s.entries[name] = e
		}
		latest := e.current
		if e.next != nil {
			latest = e.next
		}
		if stamp := s.stamp(name); latest == nil || latest.stamp != stamp {
			s.begin(e, stamp)
		}
	}
	return nil
}

// stamp returns the state of the files of a run.
func (s *Shelf) stamp(name string) string {
	folder, err := s.root.OpenRoot(name)
	if err != nil {
		return ""
	}
	defer folder.Close()
	return stampOf(folder)
}

// begin has a new state of a run prepared. The shelf must be locked.
func (s *Shelf) begin(e *entry, stamp string) *state {
	if e.next != nil {
		e.next.cancel()
	}
	next := &state{shelf: s, entry: e, stamp: stamp, begun: time.Now(), done: make(chan struct{})}
	var ctx context.Context
	ctx, next.cancel = context.WithCancel(s.life)
	e.next = next
	s.working.Go(func() {
		defer close(next.done)
		defer next.cancel()
		select {
		case s.turn <- struct{}{}:
			next.prepare(ctx)
			<-s.turn
		case <-ctx.Done():
		}
		s.finish(next, ctx.Err())
	})
	return next
}

// finish offers a state that is prepared in place of the one before.
func (s *Shelf) finish(next *state, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := next.entry
	if err != nil || s.entries[e.name] != e || e.next != next {
		next.retire()
		return
	}
	e.current.retire()
	e.before, e.current, e.next = e.current, next, nil
	for _, r := range next.run.Refusals {
		if s.Log != nil {
			s.Log.Warn("a collection is not offered", "run", next.run.ID, "kind", r.Kind, "reason", r.Reason)
		}
	}
	s.sweep()
}

// titleOf is what the folder of a run is called.
func (s *Shelf) titleOf(name string) string {
	if name == "." {
		return s.base
	}
	return filepath.ToSlash(name)
}
