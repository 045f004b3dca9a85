package web

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"greenshield/redline/ledger"
)

// slow is a store whose events are read when somebody lets them.
type slow struct {
	ledger.Memory
	reads atomic.Int32
	gate  chan struct{} // nil: at once
	fails error
}

func (s *slow) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	s.reads.Add(1)
	return func(yield func(ledger.Event, error) bool) {
		if s.gate != nil {
			select {
			case <-s.gate:
			case <-ctx.Done():
				yield(ledger.Event{}, ctx.Err())
				return
			}
		}
		if s.fails != nil {
			yield(ledger.Event{}, s.fails)
			return
		}
		for e, err := range s.Memory.Events(ctx, f) {
			if !yield(e, err) {
				return
			}
		}
	}
}

const caseA, caseB = "34-000001", "34-000002"

// told commits events of a day.
func told(t *testing.T, s ledger.Store, day string, events ...ledger.Event) {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		events[i].Time, events[i].Actor, events[i].Level = at, "李明", ledger.County
	}
	if err := ledger.Commit(t.Context(), s, head, events, nil); err != nil {
		t.Fatal(err)
	}
}

func lead(id, county, problem string) ledger.Event {
	return ledger.Event{Case: id, Kind: ledger.LeadTold, Fields: map[string]string{ledger.FieldLeadSource: "petition", ledger.FieldLeadNo: id,
		ledger.FieldCounty: county, ledger.FieldCountyName: "县" + county, ledger.FieldProblem: problem, ledger.FieldLon: "117.5", ledger.FieldLat: "30.5"}}
}

// dashboard returns the page of a ledger with two cases, on 2026-08-01.
func dashboard(t *testing.T) (*slow, *Dashboard, func(query string) (int, string)) {
	t.Helper()
	s := &slow{}
	told(t, s, "2026-03-01", ledger.Event{Kind: ledger.Founded, Fields: map[string]string{ledger.FieldFormat: "1", ledger.FieldCode: "34", ledger.FieldName: "<b>台账</b>"}})
	told(t, s, "2026-07-01", lead(caseA, "341702", "毁林"))
	told(t, s, "2026-07-30", lead(caseB, "341721", "</td><script>alert(1)</script>\u202e"))
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	d := w.Dashboard(s, s.Head)
	d.now = func() time.Time { return time.Date(2026, 8, 1, 4, 0, 0, 0, time.UTC) }
	t.Cleanup(func() { _ = d.Close() })
	mux := http.NewServeMux()
	d.Routes(mux)
	return s, d, func(query string) (int, string) {
		t.Helper()
		a := httptest.NewRecorder()
		mux.ServeHTTP(a, httptest.NewRequestWithContext(t.Context(), "GET", "/dashboard"+query, http.NoBody))
		if a.Code == http.StatusOK && !strings.HasPrefix(a.Header().Get("Content-Security-Policy"), "default-src 'self';") {
			t.Errorf("%s: header %v", query, a.Header())
		}
		return a.Code, a.Body.String()
	}
}

// has tells which of the texts a page has not.
func has(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

// TestDashboard: the page tells of today, of a day that is over, of changes since a day, in both languages, and texts of
// the ledger are texts.
func TestDashboard(t *testing.T) {
	s, _, get := dashboard(t)
	status, body := get("")
	if status != 200 {
		t.Fatal(status, body)
	}
	has(t, body, `<html lang="zh-CN">`, "&lt;b&gt;台账", "共有问题点位 2 个", `href="review?county=341702"`, `href="review?case=`+caseB+`"`,
		"依据台账的 3 条记录统计", `id="map"`, " data-now", "2026-07-25 – 2026-08-01", `新近变化 <span class="count">1</span>`)
	for _, bad := range []string{"<script>", " onclick=", " style=", `href="/`, "评分", "<b>", "\u202e", "往日"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	_, body = get("?since=2026-06-01&lang=en")
	has(t, body, `<html lang="en">`, "Recent changes", `<span class="count">2</span>`, "review?county=341702&amp;lang=en")
	_, body = get("?day=2026-07-15")
	has(t, body, "共有问题点位 1 个", "往日按全部记录重新统计")
	if strings.Contains(body, "review?county") || strings.Contains(body, "data-now") {
		t.Error("the page of another day leads to cases of today")
	}
	before := s.reads.Load()
	if _, again := get("?day=2026-07-15"); again != body || s.reads.Load() != before {
		t.Errorf("the day was read %d times more", s.reads.Load()-before)
	}
	for _, query := range []string{"?day=2026-08-02", "?day=x", "?day=2026-02-30", "?since=2026-08-02", "?day=2026-07-01&since=2026-07-02", "?since=%27"} {
		if status, body := get(query); status != http.StatusBadRequest || !strings.Contains(body, "must be a calendar day") {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
}

// TestDashboardWaits: while the ledger is read, the page of before is shown and says so; without one it says that it will
// come. What nobody waits for any more is there for the next.
func TestDashboardWaits(t *testing.T) {
	s, d, get := dashboard(t)
	d.boards.patience, d.boards.first = 0, 0
	s.gate = make(chan struct{})
	status, body := get("")
	if status != http.StatusServiceUnavailable {
		t.Fatal(status)
	}
	has(t, body, "正在统计 2026-08-01 的台账", `http-equiv="refresh"`)
	close(s.gate)
	d.boards.running.Wait()
	if status, body = get(""); status != 200 {
		t.Fatal(status)
	}
	has(t, body, "共有问题点位 2 个")
	told(t, s, "2026-07-31", ledger.Event{Case: caseA, Kind: ledger.Judged, Fields: map[string]string{ledger.FieldVerdict: "confirmed"}})
	s.gate = make(chan struct{})
	status, body = get("")
	if status != 200 {
		t.Fatal(status)
	}
	has(t, body, "台账另有 1 条新记录正在统计", "依据台账的 3 条记录统计", "已核查 0 个")
	close(s.gate)
	d.boards.running.Wait()
	_, body = get("")
	has(t, body, "依据台账的 4 条记录统计", "已核查 1 个，其中属实 1 个")
	if strings.Contains(body, "正在统计") {
		t.Error("the page says that it is behind")
	}
}

// TestDashboardFails: a ledger that cannot be read is told without what is wrong inside, and read again when asked again;
// the end of the server ends what is being read.
func TestDashboardFails(t *testing.T) {
	s, d, get := dashboard(t)
	s.fails = errors.New("/srv/secret/ledger.gpkg: broken")
	status, body := get("")
	if status != http.StatusServiceUnavailable || strings.Contains(body, "secret") || !strings.Contains(body, "ask again") {
		t.Error(status, body)
	}
	s.fails = nil
	if status, _ = get(""); status != 200 {
		t.Error(status)
	}
	d.boards.first, s.gate = 0, make(chan struct{})
	if status, _ = get("?day=2026-07-02"); status != http.StatusServiceUnavailable {
		t.Error(status)
	}
	if err := d.Close(); err != nil { // or this test never ends
		t.Error(err)
	}
}

// TestFewBoards: no more boards are kept than there is room for, whatever days are asked for.
func TestFewBoards(t *testing.T) {
	_, d, get := dashboard(t)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range mostBoards + 20 {
		if status, _ := get("?day=" + day.AddDate(0, 0, i).Format(time.DateOnly)); status != 200 {
			t.Fatal(status)
		}
		if n := len(d.boards.of); n > mostBoards {
			t.Fatalf("%d boards are kept", n)
		}
	}
}
