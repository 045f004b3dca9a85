package intake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/redlinetest"
)

// flaky is a store of which appends fail.
type flaky struct {
	ledger.Store
	mu  sync.Mutex
	how func() (before, after error) // of the next append
}

func (f *flaky) Append(ctx context.Context, b ledger.Batch) error {
	f.mu.Lock()
	before, after := f.how()
	f.mu.Unlock()
	if before != nil {
		return before
	}
	return errors.Join(f.Store.Append(ctx, b), after)
}

func (f *flaky) AppendAll(context.Context, iter.Seq2[ledger.Batch, error]) error {
	return errors.New("not here")
}

var errLost = errors.New("/secret/ledger.gpkg: the connection was lost")

// client sends its requests one after the other, each until it is answered, now and then twice at once or without
// waiting for the answer.
func client(o *office, field string, n int, r *rand.Rand) error {
	seq := map[string]int64{}
	for _, id := range []string{case13, case14} {
		seq[id] = o.at(id).Seq
	}
	for i := range n {
		id := []string{case13, case14}[r.IntN(2)]
		body, key := saysOf(field, i)
		for answered := false; !answered; {
			ctx, cancel := context.WithCancel(context.Background())
			both := make(chan int64, 2)
			twice := 1 + r.IntN(2)
			for range twice {
				go func() { both <- ask(ctx, o, id, seq[id], key, body) }()
			}
			if r.IntN(4) == 0 {
				cancel()
			}
			for range twice {
				switch got := <-both; {
				case got < 0:
					cancel()
					return fmt.Errorf("%s %d of %s: status %d", field, i, id, -got)
				case got > 0:
					seq[id], answered = got, true
				}
			}
			cancel()
		}
	}
	return nil
}

// ask sends a request once, and returns the number of the case's last event then, 0 for no answer, or a status that is no
// use sending again for, below 0.
func ask(ctx context.Context, o *office, id string, seq int64, key, body string) int64 {
	r, err := http.NewRequestWithContext(ctx, "POST", o.url+"/cases/"+id+"/events", strings.NewReader(body))
	if err != nil {
		return -1
	}
	for name, value := range map[string]string{"User": "zhao", "Content-Type": "application/json", "Idempotency-Key": key,
		"If-Match": fmt.Sprintf(`"%d"`, seq)} {
		r.Header.Set(name, value)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer a.Body.Close()
	switch {
	case a.StatusCode >= 500:
		return 0
	case a.StatusCode > 201:
		return int64(-a.StatusCode)
	}
	var now int64
	if _, err := fmt.Sscanf(a.Header.Get("ETag"), `"%d"`, &now); err != nil {
		return -1
	}
	return now
}

// other writes to the ledger past the service, as another process does.
func other(ctx context.Context, s ledger.Store, n int) error {
	for i := 0; i < n; {
		head, err := s.Head(ctx)
		if err == nil {
			err = ledger.Commit(ctx, s, head, []ledger.Event{{Case: case13, Kind: ledger.Set, Time: today, Actor: "别处",
				Fields: map[string]string{"phone": fmt.Sprint("phone ", i)}}}, nil)
		}
		if err == nil {
			i++
		} else if !errors.Is(err, ledger.ErrConflict) {
			return err
		}
	}
	return nil
}

// TestExactlyOnce: however requests of several clients, repeated ones, lost answers, failing appends and writes of another
// process interleave, each thing is said once, and the ledger verifies.
func TestExactlyOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		const each = 12
		publicized(t, o.store, case13, case14)
		r := rand.New(rand.NewPCG(19, 1))
		f := &flaky{Store: o.store, how: func() (before, after error) {
			switch r.IntN(8) {
			case 0:
				return ledger.ErrConflict, nil
			case 1:
				return redline.Faultf(redline.Locked, "somebody writes"), nil
			case 2:
				return errLost, nil
			case 3:
				return nil, errLost
			}
			return nil, nil
		}}
		in, err := New(t.Context(), Options{Store: f, Evidence: o.dir, Now: func() time.Time { return today }})
		redlinetest.Must(t, err)
		server := httptest.NewServer(letIn(in))
		defer server.Close()
		o.url = server.URL
		fields := []string{"problem", "measures", "standard", "objection of one", "objection of two", "objection of three"}
		var all sync.WaitGroup
		for i, field := range fields {
			all.Go(func() {
				if err := client(o, field, each, rand.New(rand.NewPCG(19, uint64(i)))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if err := other(context.Background(), o.store, each); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		for _, id := range []string{case13, case14} {
			for _, e := range events(t, o.store, id) {
				if e.Kind == ledger.Conflict {
					t.Errorf("a conflict: %v", e.Fields)
				}
			}
		}
		said := saidOften(t, o.store)
		for _, field := range append(fields, "phone") {
			for i := range each {
				if n := said[fmt.Sprint(field, " ", i)]; n != 1 {
					t.Errorf("%s %d was said %d times", field, i, n)
				}
			}
		}
		sound(t, o.store)
	})
}

// TestUnavailable: what somebody else's writing keeps from being said is told to be sent again, and errors from inside are
// not told.
func TestUnavailable(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	f := &flaky{Store: o.store}
	in, err := New(t.Context(), Options{Store: f, Evidence: o.dir})
	redlinetest.Must(t, err)
	server := httptest.NewServer(letIn(in))
	defer server.Close()
	o.url = server.URL
	for name, c := range map[string]struct {
		err    error
		status int
		after  string
		times  int
	}{
		"locked":   {redline.Faultf(redline.Locked, "/secret/l.gpkg: QGIS"), 503, "5", 1},
		"conflict": {ledger.ErrConflict, 503, "1", tries},
		"broken":   {errLost, 500, "", 1},
		"full":     {fmt.Errorf("/secret/l.gpkg: %w", unix.ENOSPC), 507, "", 1},
		"quota":    {fmt.Errorf("/secret/l.gpkg: %w", unix.EDQUOT), 507, "", 1},
		"failing":  {fmt.Errorf("/secret/l.gpkg: %w", unix.EIO), 500, "", 1},
		"readable": {fmt.Errorf("/secret/l.gpkg: %w", unix.EROFS), 500, "", 1},
	} {
		times := 0
		f.how = func() (before, after error) { times++; return c.err, nil }
		a := o.post("li", case13, o.at(case13).Seq, name, refuted)
		if a.status != c.status || a.header.Get("Retry-After") != c.after || times != c.times || strings.Contains(a.body, "secret") {
			t.Errorf("%s: status %d, Retry-After %q, %d appends: %s", name, a.status, a.header.Get("Retry-After"), times, a.body)
		}
		if told := a.header.Get("Content-Type"); told != "application/problem+json" {
			t.Errorf("%s is told as %s", name, told)
		}
	}
}

// TestDiskWorksAgain: what a disk that is full or fails keeps from being said is told what to do, and said once it is sent
// again; of a bulk nothing is kept either.
func TestDiskWorksAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		f := &flaky{Store: o.store}
		in, err := New(t.Context(), Options{Store: f, Evidence: o.dir, Now: func() time.Time { return today }})
		redlinetest.Must(t, err)
		server := httptest.NewServer(letIn(in))
		defer server.Close()
		o.url = server.URL
		for i, c := range []struct {
			err    error
			status int
			what   string
		}{{unix.ENOSPC, 507, "is full; have its keeper make room, then send"}, {unix.EDQUOT, 507, "is full"},
			{unix.EROFS, 500, "is read-only"}, {unix.EIO, 500, "fails; have its keeper look at the log, then send"}} {
			seq, before := o.at(case13).Seq, o.head()
			text := fmt.Sprintf(`{"kind":"set","fields":{"problem":"problem %d"}}`, i)
			many := fmt.Sprintf(`{"kind":"set","fields":{"measures":"measures %d"},"cases":["%s","%s"]}`, i, case14, case15)
			key := fmt.Sprint("key ", i)
			f.how = func() (before, after error) { return fmt.Errorf("/secret/l.gpkg: %w", c.err), nil }
			for range 2 {
				for _, a := range []reply{o.post("zhao", case13, seq, key, text), o.bulk("zhao", key+" many", many)} {
					if o.want(c.status, a); !strings.Contains(a.said.Detail, c.what) || o.head() != before {
						t.Errorf("%v: %q, the ledger is at %d, was at %d", c.err, a.said.Detail, o.head(), before)
					}
				}
			}
			f.how = func() (before, after error) { return nil, nil }
			o.want(201, o.post("zhao", case13, seq, key, text))
			o.want(201, o.bulk("zhao", key+" many", many))
			o.want(200, o.post("zhao", case13, seq, key, text))
		}
		said := saidOften(t, o.store)
		for i := range 4 {
			if said[fmt.Sprint("problem ", i)] != 1 || said[fmt.Sprint("measures ", i)] != 2 {
				t.Errorf("%d is said %d and %d times", i, said[fmt.Sprint("problem ", i)], said[fmt.Sprint("measures ", i)])
			}
		}
		sound(t, o.store)
	})
}
