package web

import (
	"context"
	"sync"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// boardKey is what a board is of: how the ledger stood at the end of a day, and what was new since another.
type boardKey struct{ day, since ledger.Date }

// board is how a ledger stands, as the dashboard shows it. It does not change.
type board struct {
	*ledgerwork.Overview
	head  ledger.Head // up to which the ledger was read
	lists []list
	spots spots
}

// boards keeps what was read of a ledger. Reading takes the memory of all its cases, so one is read at a time.
type boards struct {
	store ledger.Store
	head  func(context.Context) (ledger.Head, error)
	// patience is how long a request waits for the newest state where an older one is there, first where none is.
	patience, first time.Duration

	ctx     context.Context
	stop    context.CancelFunc
	reading sync.Mutex
	running sync.WaitGroup

	mu sync.Mutex
	of map[boardKey]*shelved
}

// shelved is the newest board that was read, nil for none, and whether another is being read.
type shelved struct {
	board *board
	done  chan struct{} // is closed when what is being read is there; nil when nothing is
	err   error         // of the last reading
}

// mostBoards is how many boards are kept.
const mostBoards = 64

func newBoards(store ledger.Store, head func(context.Context) (ledger.Head, error)) *boards {
	b := &boards{store: store, head: head, patience: 100 * time.Millisecond, first: 20 * time.Second,
		of: map[boardKey]*shelved{}}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// close ends what is being read. Nobody may be using the boards.
func (b *boards) close() {
	b.stop()
	b.running.Wait()
}

// at returns the newest board there is, and how many records the ledger has that it does not know; nil when none can be
// had soon, which it is then being read for.
func (b *boards) at(ctx context.Context, k boardKey) (*board, int64, error) {
	head, err := b.head(ctx)
	if err != nil {
		return nil, 0, err
	}
	known, done := b.ask(k, head)
	if done == nil {
		return known, 0, nil
	}
	wait := b.patience
	if known == nil {
		wait = b.first
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.of[k]; s != nil && s.board != nil {
		known = s.board
	} else if s != nil && s.err != nil {
		return nil, 0, s.err
	}
	if known == nil {
		return nil, 0, nil
	}
	return known, max(0, head.Seq-known.head.Seq), nil
}

// ask returns what is known of a board, and begins to read it when that is not of a head; done is nil when it is.
func (b *boards) ask(k boardKey, head ledger.Head) (known *board, done chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.of[k]
	if s == nil {
		if len(b.of) >= mostBoards {
			for old, o := range b.of {
				if o.done == nil {
					delete(b.of, old)
				}
			}
		}
		s = &shelved{}
		b.of[k] = s
	}
	if s.board != nil && s.board.head == head {
		return s.board, nil
	}
	if s.done == nil {
		s.done = make(chan struct{})
		b.running.Go(func() { b.read(k, s) })
	}
	return s.board, s.done
}

// read reads a board.
func (b *boards) read(k boardKey, s *shelved) {
	b.reading.Lock()
	next, err := b.boardOf(k)
	b.reading.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.err = err; err == nil {
		s.board = next
	}
	close(s.done)
	s.done = nil
}

func (b *boards) boardOf(k boardKey) (*board, error) {
	st, err := ledgerwork.StandingOf(b.ctx, b.store, ledgerwork.Filter{}, k.day, k.since)
	if err != nil {
		return nil, err
	}
	o := ledgerwork.OverviewOf(st)
	return &board{o, st.Head, listsOf(o), spotsOf(st)}, nil
}
