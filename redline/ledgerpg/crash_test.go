package ledgerpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
)

// wire stands between the store and the server: it counts what is sent, and disturbs one sending.
type wire struct {
	mu     sync.Mutex
	counts bool
	sent   int
	at     int // which sending is disturbed, from 1; 0 for none
	how    disturbance
	pid    uint32 // of the server's process
	victim uint32 // that of the process that was killed, 0 for none
}

type disturbance string

const (
	cutBefore disturbance = "the connection is cut before"
	cutAfter  disturbance = "the connection is cut after" // the server gets it, its answer gets lost
	killed    disturbance = "the server's process is killed before"
)

// cable is a connection of a wire.
type cable struct {
	net.Conn
	*wire
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	return cable{conn, w}, err
}

func (w *wire) count(counts bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts = counts
}

func (c cable) Write(b []byte) (int, error) {
	c.mu.Lock()
	hit := false
	if c.counts {
		c.sent++
		hit = c.sent == c.at
	}
	c.mu.Unlock()
	switch {
	case hit && c.how == cutBefore:
		_ = c.Conn.Close()
	case hit && c.how == killed:
		c.victim = c.pid
		if err := unix.Kill(int(c.pid), unix.SIGKILL); err != nil {
			return 0, err
		}
	case hit:
		n, err := c.Conn.Write(b)
		_ = c.Conn.Close()
		return n, err
	}
	return c.Conn.Write(b)
}

// appendOver appends two events over a wire that is disturbed from the beginning of the append on.
func appendOver(t *testing.T, url string, w *wire) error {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	redlinetest.Must(t, err)
	config.ConnConfig.DialFunc = w.dial
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		w.pid = conn.PgConn().PID()
		return nil
	}
	s, err := open(t.Context(), config)
	redlinetest.Must(t, err)
	defer s.Close()
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	d := ledgertest.Detection(2, 9, 100)
	e := d.Event(ledger.CaseID("340000", 4), ledger.New)
	e.Time = ledgertest.At.AddDate(0, 0, 2)
	b, err := ledger.Prepare(t.Context(), s, head, []ledger.Event{note("one"), e}, []ledger.Detection{d})
	redlinetest.Must(t, err)
	w.count(true)
	defer w.count(false)
	return s.Append(t.Context(), b)
}

// recovered waits until a server one of whose processes was killed lets people in again.
func recovered(t *testing.T, url string, killed uint32) *Store {
	t.Helper()
	// The server takes notice when it clears the process away, and lets nobody in from then on until it has recovered.
	for killed != 0 && unix.Kill(int(killed), 0) == nil {
		runtime.Gosched()
	}
	for range 100_000 {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			redlinetest.Must(t, conn.Close(t.Context()))
			return store(t, url)
		}
	}
	t.Fatal("the server does not come back")
	return nil
}

// TestLostConnections: whichever message of an append is the last, however the connection ends, all of it is kept or
// nothing, and the error says which.
func TestLostConnections(t *testing.T) {
	whole := &wire{}
	redlinetest.Must(t, appendOver(t, filled(t, 3), whole))
	if whole.sent < 5 {
		t.Fatalf("only %d messages are seen", whole.sent)
	}
	for _, how := range []disturbance{cutBefore, cutAfter, killed} {
		outcomes, url := map[bool]int{}, filled(t, 3)
		for at := 1; at <= whole.sent; at++ {
			w := &wire{at: at, how: how}
			err := appendOver(t, url, w)
			s := recovered(t, url, w.victim)
			ledgertest.Sound(t, s)
			head, errHead := s.Head(t.Context())
			redlinetest.Must(t, errHead)
			in := head.Seq == 10
			if outcomes[in]++; in {
				url = filled(t, 3)
			}
			if !in && head.Seq != 8 || in != (err == nil) {
				t.Errorf("%s message %d of %d: the append says %v, the head is %d", how, at, whole.sent, err, head.Seq)
			}
		}
		if want := how == cutAfter; (outcomes[true] > 0) != want || outcomes[false] == 0 {
			t.Errorf("%s: outcomes %v", how, outcomes)
		}
	}
}

// TestReviewersAtOnce: of 50 who read the same head one gets in, and all others are told; each gets in at last when he
// repeats, and nothing that anybody said is lost.
func TestReviewersAtOnce(t *testing.T) {
	const people, each = 50, 3
	url := filled(t, 3)
	stores := make([]*Store, people)
	for i := range stores {
		stores[i] = store(t, url)
	}
	text := func(person, turn int) string { return fmt.Sprintf("reviewer %d says %d", person, turn) }
	// Rounds: all who are left read the head before anybody appends.
	for left := people; left > people-10; left-- {
		head, err := stores[0].Head(t.Context())
		redlinetest.Must(t, err)
		var wait sync.WaitGroup
		errs := make([]error, left)
		for i := range left {
			wait.Go(func() {
				errs[i] = ledger.Commit(t.Context(), stores[i], head, []ledger.Event{note("round"), note(fmt.Sprint(left, i))}, nil)
			})
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, ledger.ErrConflict):
				t.Errorf("reviewer %d: %v", i, err)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d got in at once", won, left)
		}
	}
	var wait sync.WaitGroup
	for i, s := range stores {
		wait.Go(func() {
			for turn := 0; turn < each; {
				head, err := s.Head(t.Context())
				if err == nil {
					err = ledger.Commit(t.Context(), s, head, []ledger.Event{note(text(i, turn))}, nil)
				}
				if err == nil {
					turn++
				} else if !errors.Is(err, ledger.ErrConflict) {
					t.Errorf("reviewer %d: %v", i, err)
					return
				}
			}
		})
	}
	wait.Wait()
	said, all := map[string]int{}, 0
	for e, err := range stores[0].Events(t.Context(), ledger.EventFilter{Case: "340000-000001"}) {
		redlinetest.Must(t, err)
		said[e.Fields[ledger.FieldNote]]++
		all++
	}
	for i := range people {
		for turn := range each {
			if said[text(i, turn)] != 1 {
				t.Errorf("%q is there %d times", text(i, turn), said[text(i, turn)])
			}
		}
	}
	if want := 2 + 2*10 + people*each; all != want || said["round"] != 10 {
		t.Errorf("%d events of the case, want %d; %d rounds", all, want, said["round"])
	}
	ledgertest.Sound(t, stores[0])
}
