package register

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// Register is a ledger in memory, as far as lists need it. Its methods may be called concurrently.
type Register struct {
	store    ledger.Store
	now      func() time.Time
	outlines *outlines
	patience time.Duration // how long the store may take to tell its head
	asking   chan struct{} // has room for those who ask for the head at once
	many     int           // from how many changed cases on all cases are read, not each of them

	reading sync.Mutex // one reads the store at a time, see current
	state   atomic.Pointer[state]
	looks   lookIndex
	tallies tallyCache
}

// state is the ledger at one head and day. It does not change.
type state struct {
	head ledger.Head
	// generation grows when the ledger turns out to be another one than before.
	generation int
	today      ledger.Date
	cases      []*item // by id
	leads      []*lead // by number of their events
}

const (
	// again is after how long it is worth asking again when the store does not answer.
	again = 2 * time.Second
	// mostAsking is how many ask the store for its head at once: each may hold a connection.
	mostAsking = 8
	// mostPasses is how often what changed is read again because somebody wrote meanwhile.
	mostPasses = 100
)

// New reads the cases of a ledger. degrees is as for [ledgergpkg.Outlines]. Others may use the store too; whoever has
// opened it closes it, after [Register.Close].
func New(ctx context.Context, store ledger.Store, degrees ledgergpkg.Degrees) (*Register, error) {
	r := of(store, degrees)
	if _, err := r.current(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// of returns the register of a store, of which nothing is read yet.
func of(store ledger.Store, degrees ledgergpkg.Degrees) *Register {
	return &Register{store: store, now: time.Now, outlines: newOutlines(store, degrees), patience: 5 * time.Second,
		asking: make(chan struct{}, mostAsking), many: 10_000}
}

// Warm reads what requests would otherwise wait for when they first need it: the extents of all cases, and follow-ups.
func (r *Register) Warm(ctx context.Context) error {
	s, err := r.current(ctx)
	if err != nil {
		return err
	}
	if err := r.outlines.measure(ctx, s.cases); err != nil {
		return err
	}
	_, err = r.looks.at(ctx, r.store, s)
	return err
}

// Routes implements service.Part.
func (r *Register) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /cases/{id}", r.serveCase)
	mux.HandleFunc("GET /cases/{id}/events", r.serveEvents)
	mux.HandleFunc("GET /vocabulary", r.serveVocabulary)
	mux.HandleFunc("GET /standing", r.serveStanding)
}

// Head returns the head of the ledger as it is now. It does not wait longer than the register has patience.
func (r *Register) Head(ctx context.Context) (ledger.Head, error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	select {
	case r.asking <- struct{}{}:
	case <-ctx.Done():
		return ledger.Head{}, ctx.Err()
	}
	type told struct {
		head ledger.Head
		err  error
	}
	reply := make(chan told, 1)
	go func() { // a store that waits for a lock of somebody else does not heed the end of a context
		defer func() { <-r.asking }()
		head, err := r.store.Head(ctx)
		reply <- told{head, err}
	}()
	select {
	case t := <-reply:
		return t.head, t.err
	case <-ctx.Done():
		return ledger.Head{}, ctx.Err()
	}
}

// current returns the ledger as it is now.
func (r *Register) current(ctx context.Context) (*state, error) {
	head, err := r.Head(ctx)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	known, today := r.state.Load(), ledger.DayOf(r.now())
	if known != nil && known.head == head && known.today == today {
		return known, nil
	}
	r.reading.Lock()
	defer r.reading.Unlock()
	if known = r.state.Load(); known != nil && known.head != head {
		head, err = r.Head(ctx) // somebody may have read on while this request waited
	}
	if err == nil && (known == nil || known.head != head) {
		known, err = r.next(ctx, known, head)
	}
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	if known.today != today {
		later := *known
		later.today = today
		known = &later
	}
	r.state.Store(known)
	return known, nil
}

// next reads the state of a head or of a later one.
func (r *Register) next(ctx context.Context, known *state, head ledger.Head) (*state, error) {
	for range mostPasses {
		if known == nil {
			known = &state{}
		} else if !follows(ctx, r.store, known.head, head) {
			known = &state{generation: known.generation + 1}
		}
		next, newest, err := r.grown(ctx, known, head)
		if err != nil || newest <= head.Seq {
			return next, err
		}
		known = next // what was read is of several heads: somebody wrote meanwhile
		if head, err = r.Head(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the ledger grows faster than it can be read")
}

// follows tells whether a head is one of the ledger that had another head before.
func follows(ctx context.Context, s ledger.Store, before, head ledger.Head) bool {
	if before.Seq == 0 || head.Seq <= before.Seq {
		return before == head
	}
	for e, err := range s.Events(ctx, ledger.EventFilter{After: before.Seq, Limit: 1}) {
		return err == nil && e.Prev == before.Hash
	}
	return false
}

// grown returns the state of a head as it follows from an earlier one, with the highest number of an event that any of
// the cases has which were read.
func (r *Register) grown(ctx context.Context, known *state, head ledger.Head) (*state, int64, error) {
	times, newest := map[string]time.Time{}, int64(0)
	var told []ledger.Event
	filter := ledger.EventFilter{After: known.head.Seq, Latest: known.head.Seq == 0}
	for e, err := range eventsOf(ctx, r.store, filter) {
		if err != nil {
			return nil, 0, err
		}
		if e.Seq > head.Seq && known.head.Seq > 0 {
			break
		}
		if e.Case != "" {
			times[e.Case] = e.Time
		}
		if e.Kind == ledger.LeadTold {
			told = append(told, e)
		}
	}
	next := &state{head: head, generation: known.generation, today: known.today}
	chosen := ledger.CaseFilter{}
	if known.head.Seq > 0 && len(times) < r.many {
		chosen.IDs = slices.Sorted(maps.Keys(times))
	}
	var read []*item
	if len(times) > 0 || known.head.Seq == 0 {
		words := &words{}
		for c, err := range r.store.Cases(ctx, chosen) {
			if err != nil {
				return nil, 0, err
			}
			before := known.find(c.ID)
			at, changed := times[c.ID]
			if newest = max(newest, c.Seq); changed || before == nil || before.seq != c.Seq {
				read = append(read, itemOf(&c, at, before, words))
			}
		}
	}
	next.cases = merged(known.cases, read)
	return next, newest, r.readLeads(ctx, next, known, told)
}

// eventsAtOnce is how many events are asked for at once, where there are rather few.
const eventsAtOnce = 1000

// eventsOf yields the events that a filter chooses: those after a number in portions, for databases guess badly how
// many there are.
func eventsOf(ctx context.Context, s ledger.Store, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	if f.After == 0 {
		return s.Events(ctx, f)
	}
	f.Limit = eventsAtOnce
	return func(yield func(ledger.Event, error) bool) {
		for n := f.Limit; n == f.Limit; {
			n = 0
			last := f.After
			for e, err := range s.Events(ctx, f) {
				if n, last = n+1, e.Seq; !yield(e, err) || err != nil {
					return
				}
			}
			f.After = last
		}
	}
}

func byID(it *item, id string) int { return strings.Compare(it.id, id) }

// find returns a case by its id, nil when there is none.
func (s *state) find(id string) *item {
	at, ok := slices.BinarySearchFunc(s.cases, id, byID)
	if !ok {
		return nil
	}
	return s.cases[at]
}

// merged returns all of two lists by id; of a case that is in both that of the second.
func merged(known, read []*item) []*item {
	if len(known) == 0 {
		return read
	}
	all := make([]*item, 0, len(known)+len(read))
	for _, it := range read {
		n, same := slices.BinarySearchFunc(known, it.id, byID)
		all = append(append(all, known[:n]...), it)
		if known = known[n:]; same {
			known = known[1:]
		}
	}
	return append(all, known...)
}

// unavailable returns why the store does not answer; a request that was given up is as it is.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &collection.Unavailable{After: again, Err: err}
}

// fail answers a request that failed.
func fail(w http.ResponseWriter, q *http.Request, err error) {
	var off *collection.Unavailable
	var bad *collection.BadQuery
	switch {
	case errors.As(err, &off):
		w.Header().Set("Retry-After", off.Seconds())
		answer.Fail(w, q, http.StatusServiceUnavailable, "the ledger cannot be read now; try again soon")
	case errors.As(err, &bad):
		answer.Fail(w, q, http.StatusBadRequest, bad.Detail)
	case errors.Is(err, ledger.ErrNoCase):
		answer.Fail(w, q, http.StatusNotFound, ledger.ErrNoCase.Error())
	default:
		answer.Log(q.Context()).ErrorContext(q.Context(), "the ledger cannot be read", "path", q.URL.Path,
			"error", err.Error())
		answer.Fail(w, q, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError))
	}
}
