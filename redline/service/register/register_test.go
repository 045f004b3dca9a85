package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/service/collection"
)

// all returns all features of a collection by id: their properties and geometries.
func all(t testing.TB, r *Register, id string) map[string]string {
	t.Helper()
	c, err := r.Collection(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Items(t.Context(), collection.Query{Limit: collection.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	features := map[string]string{}
	for _, f := range page.Features {
		features[f.ID] = string(f.Properties) + string(f.Geometry)
	}
	return features
}

// asAnew holds a register that has followed its ledger against one that reads it anew.
func asAnew(t *testing.T, s ledger.Store, r *Register) {
	t.Helper()
	anew := open(t, s)
	for _, id := range []string{"cases", "leads", "followups"} {
		if got, want := all(t, r, id), all(t, anew, id); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d features, want %d", id, len(got), len(want))
			for one := range want {
				if got[one] != want[one] {
					t.Errorf("%s, want %s", got[one], want[one])
					break
				}
			}
		}
	}
}

// TestFollowsTheLedger: whoever writes, each request sees what was written before it.
func TestFollowsTheLedger(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 8))
			randomLedger(t, s, random, 60)
			r, another := open(t, s), open(t, s)
			another.many = 1
			before := all(t, r, "cases")
			version := collectionOf(t, r, "cases").Version()
			if again := collectionOf(t, r, "cases").Version(); again != version || strings.Trim(version,
				"0123456789abcdefghijklmnopqrstuvwxyz") != "" || len(version) > 64 {
				t.Errorf("version %s, then %s", version, again)
			}
			held := collectionOf(t, r, "cases")
			d := patch(900, "341702", 70, 70, 2, 2)
			moved := patch(901, "341702", 80, 80, 1, 1)
			moves := moved.Event(caseID(1), ledger.Persisting)
			commit(t, s, begin.AddDate(0, 1, 0), []ledger.Detection{d, moved}, d.Event(caseID(61), ledger.New), moves,
				say(caseID(2), ledger.Set, ledger.FieldAssigned, "新人"), say(caseID(3), ledger.LeadTold, ledger.FieldLeadSource, "信访"),
				say(caseID(4), ledger.FollowUp, ledger.FieldFinding, ledger.Still, ledger.FieldYear, "2025"),
				say(caseID(5), ledger.Merged, ledger.FieldInto, caseID(6)))
			asAnew(t, s, r)
			asAnew(t, s, another)
			if page, err := held.Items(t.Context(), collection.Query{Limit: 100}); err != nil || page.Matched != 60 || held.Version() != version {
				t.Error("a collection that was asked for earlier has changed", err)
			}
			if collectionOf(t, r, "cases").Version() == version {
				t.Error("the version is as before")
			}
			changed := 0
			for id, text := range all(t, r, "cases") {
				if before[id] != text {
					changed++
				}
			}
			if changed != 6 {
				t.Errorf("%d cases have changed, want 6", changed)
			}
			assigned, _ := pages(t, collectionOf(t, r, "cases"), collection.Query{Limit: 9, Where: map[string][]string{"assigned_to": {"新人"}}})
			if len(assigned) != 1 || assigned[0].ID != caseID(2) {
				t.Errorf("%v are given to the new one", assigned)
			}
		})
	}
}

// TestTheDayMoves: at midnight cases become overdue, and the version changes, though nobody wrote anything.
func TestTheDayMoves(t *testing.T) {
	s := new(ledger.Memory)
	d := patch(1, "341702", 1, 1, 1, 1)
	commit(t, s, begin, []ledger.Detection{d}, append(founding(), d.Event(caseID(1), ledger.New),
		say(caseID(1), ledger.Judged, ledger.FieldVerdict, "confirmed"),
		say(caseID(1), ledger.Set, ledger.FieldDueDate, "2026-08-01"), say(caseID(1), ledger.Advanced, ledger.FieldTo, "filed"))...)
	r := open(t, s)
	version := collectionOf(t, r, "cases").Version()
	if text := all(t, r, "cases")[caseID(1)]; !strings.Contains(text, `"overdue":false`) {
		t.Error(text)
	}
	r.now = func() time.Time { return today.AddDate(0, 0, 1) }
	if text := all(t, r, "cases")[caseID(1)]; !strings.Contains(text, `"overdue":true`) {
		t.Error(text)
	}
	if collectionOf(t, r, "cases").Version() == version {
		t.Error("the version is as before")
	}
}

// swapped is a store whose ledger can be replaced by another, and that can fail.
type swapped struct {
	ledger.Store
	mu     sync.Mutex
	fault  error
	reads  atomic.Int64 // of cases
	events atomic.Int64 // that were read
	meet   func()       // called before cases are read; nil for nothing
}

func (s *swapped) set(store ledger.Store, fault error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Store, s.fault = store, fault
}

func (s *swapped) now() (ledger.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store, s.fault
}

func (s *swapped) Head(ctx context.Context) (ledger.Head, error) {
	store, err := s.now()
	if err != nil {
		return ledger.Head{}, err
	}
	return store.Head(ctx)
}

func (s *swapped) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	store, _ := s.now()
	return func(yield func(ledger.Event, error) bool) {
		for e, err := range store.Events(ctx, f) {
			if s.events.Add(1); !yield(e, err) {
				return
			}
		}
	}
}

func (s *swapped) Cases(ctx context.Context, f ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	store, _ := s.now()
	s.reads.Add(1)
	if s.meet != nil {
		s.meet()
	}
	return store.Cases(ctx, f)
}

// TestReplacedLedger: a ledger that was replaced by its backup, or by another one, is read anew.
func TestReplacedLedger(t *testing.T) {
	made := func(n int, unit string) *ledger.Memory {
		s := new(ledger.Memory)
		randomLedger(t, s, rand.New(rand.NewPCG(1, 2)), n)
		commit(t, s, begin.AddDate(0, 1, 0), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, unit))
		return s
	}
	s := &swapped{Store: made(30, "甲")}
	r := open(t, s)
	all(t, r, "followups")
	longer := made(30, "丙")
	commit(t, longer, begin.AddDate(0, 2, 0), nil, say(caseID(2), ledger.Set, ledger.FieldUnit, "丁"))
	for name, other := range map[string]*ledger.Memory{"shorter": made(20, "甲"), "as long": made(30, "乙"), "longer": longer} {
		s.set(other, nil)
		t.Run(name, func(t *testing.T) { asAnew(t, other, r) })
		s.set(made(30, "甲"), nil)
		all(t, r, "followups")
	}
}

// TestStoreFails: as long as the store does not answer, all requests are told to come again; then all is as it was.
func TestStoreFails(t *testing.T) {
	inner := new(ledger.Memory)
	randomLedger(t, inner, rand.New(rand.NewPCG(1, 2)), 20)
	s := &swapped{Store: inner}
	r := open(t, s)
	s.set(inner, errors.New("/secret/ledger.gpkg: the disk is gone"))
	for _, path := range []string{"/cases/" + caseID(1), "/cases/" + caseID(1) + "/events", "/standing"} {
		w := get(t, r, path, nil)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" || strings.Contains(w.Body.String(), "secret") ||
			w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	var off *collection.Unavailable
	if _, err := r.Collection(t.Context(), "cases"); !errors.As(err, &off) || off.After <= 0 {
		t.Error(err)
	}
	if _, err := r.Collections(t.Context()); !errors.As(err, &off) {
		t.Error(err)
	}
	s.set(inner, nil)
	commit(t, inner, begin.AddDate(0, 1, 0), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, "新"))
	asAnew(t, inner, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.set(inner, context.Canceled)
	if _, err := r.Collection(ctx, "cases"); !errors.Is(err, context.Canceled) || errors.As(err, &off) {
		t.Error("a request that was given up:", err)
	}
}

// TestManyEvents: a ledger that has grown by more events than are asked for at once is followed as well.
func TestManyEvents(t *testing.T) {
	s := new(ledger.Memory)
	randomLedger(t, s, rand.New(rand.NewPCG(1, 2)), 30)
	r := open(t, s)
	all(t, r, "followups")
	for _, n := range []int{eventsAtOnce - 1, eventsAtOnce, 2*eventsAtOnce + 1} {
		var many []ledger.Event
		for i := range n {
			many = append(many, say(caseID(1+i%30), ledger.FollowUp, ledger.FieldFinding, ledger.Still, ledger.FieldYear, "2025",
				ledger.FieldSource, fmt.Sprint(n, i)))
		}
		commit(t, s, begin.AddDate(0, 1, 0), nil, many...)
		asAnew(t, s, r)
	}
}

// TestLockedFile: a file that another program has locked is waited for no longer than the register may, and read when it
// is free again.
func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.gpkg")
	writer, err := ledgergpkg.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	randomLedger(t, writer, rand.New(rand.NewPCG(1, 2)), 10)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := ledgergpkg.Open(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := open(t, s)
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := sqlitex.ExecuteTransient(other, "BEGIN EXCLUSIVE", nil); err != nil {
		t.Fatal(err)
	}
	usual := r.patience
	r.patience = 10 * time.Millisecond
	if w := get(t, r, "/cases/"+caseID(1), nil); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
	r.patience = usual
	if err := sqlitex.ExecuteTransient(other, "ROLLBACK", nil); err != nil {
		t.Fatal(err)
	}
	asAnew(t, s, r)
}

// TestReadsOnlyWhatChanged: of a ledger that has grown the changed cases are read, once for all who wait for them, and
// nobody sees a part of what was written at once.
func TestReadsOnlyWhatChanged(t *testing.T) {
	inner := new(ledger.Memory)
	randomLedger(t, inner, rand.New(rand.NewPCG(1, 2)), 40)
	s := &swapped{Store: inner}
	r := open(t, s)
	commit(t, inner, begin.AddDate(0, 1, 0), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, "新"))
	s.reads.Store(0)
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() { all(t, r, "cases") })
	}
	waiting.Wait()
	if n := s.reads.Load(); n != 1 {
		t.Errorf("the cases were read %d times", n)
	}
	// While the changed case is read, somebody writes of it and of another one at once.
	commit(t, inner, begin.AddDate(0, 1, 1), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, "一"))
	wrote := false
	s.meet = func() {
		if !wrote {
			wrote = true
			commit(t, inner, begin.AddDate(0, 1, 2), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, "二"),
				say(caseID(2), ledger.Set, ledger.FieldUnit, "二"))
		}
	}
	got := all(t, r, "cases")
	if one, two := strings.Contains(got[caseID(1)], `"二"`), strings.Contains(got[caseID(2)], `"二"`); one != two {
		t.Errorf("one case is as it was written, the other not: %v %v", one, two)
	}
	asAnew(t, inner, r)
}

// TestWriterBesideReaders: while somebody writes, readers see each append as a whole, in order. Run with -race.
func TestWriterBesideReaders(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			randomLedger(t, s, rand.New(rand.NewPCG(1, 2)), 30)
			r := open(t, s)
			besides(t, s, r)
			asAnew(t, s, r)
		})
	}
}

// besides writes to a store while readers of its register look on.
func besides(t *testing.T, s ledger.Store, r *Register) {
	t.Helper()
	commit(t, s, begin.AddDate(0, 1, -1), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, "第0"),
		say(caseID(2), ledger.Set, ledger.FieldUnit, "第0"))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			last := 0
			for ended := false; !ended; {
				select {
				case <-done:
					ended = true
				default:
				}
				units := map[string]int{}
				for id, text := range all(t, r, "cases") {
					var p struct {
						Unit string `json:"responsible_unit"`
					}
					_ = json.NewDecoder(strings.NewReader(text)).Decode(&p)
					if id == caseID(1) || id == caseID(2) {
						units[p.Unit]++
					}
				}
				if len(units) != 1 {
					t.Errorf("an append is seen in part: %v", units)
				}
				for unit := range units {
					var n int
					if _, err := fmt.Sscanf(unit, "第%d", &n); err != nil || n < last {
						t.Errorf("%s is seen after %d", unit, last)
					}
					last = n
				}
				get(t, r, "/cases/"+caseID(1), nil)
				all(t, r, "followups")
			}
		})
	}
	for n := range 25 {
		unit := fmt.Sprint("第", n+1)
		commit(t, s, begin.AddDate(0, 1, n), nil, say(caseID(1), ledger.Set, ledger.FieldUnit, unit),
			say(caseID(2), ledger.Set, ledger.FieldUnit, unit),
			say(caseID(3), ledger.FollowUp, ledger.FieldFinding, ledger.Still, ledger.FieldYear, "2024", ledger.FieldSource, unit))
	}
	close(done)
	readers.Wait()
}

// TestOutlinesAreBounded: outlines that have no room are made again, and are the same.
func TestOutlinesAreBounded(t *testing.T) {
	s := new(ledger.Memory)
	randomLedger(t, s, rand.New(rand.NewPCG(1, 2)), 50)
	r := open(t, s)
	want := all(t, r, "cases")
	if r.outlines.recent.Len() < 10 || r.outlines.bytes <= 0 {
		t.Fatal("no outline is kept")
	}
	r.outlines.room = r.outlines.bytes / 4
	for range 2 {
		small := open(t, s)
		small.outlines.room = r.outlines.room
		if got := all(t, small, "cases"); !reflect.DeepEqual(got, want) {
			t.Error("outlines differ")
		}
		if small.outlines.bytes > small.outlines.room || small.outlines.recent.Len() != len(small.outlines.kept) {
			t.Errorf("%d bytes are kept of %d", small.outlines.bytes, small.outlines.room)
		}
	}
	if err := r.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(r.state.Load().cases, func(it *item) bool { return it.shape != nil && it.shape.box.Load() == nil }) {
		t.Error("a warm register has to measure")
	}
}
