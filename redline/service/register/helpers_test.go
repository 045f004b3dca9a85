package register

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// lattice is the grid of the runs of tests.
var lattice = ledger.Grid{CRS: "EPSG:4490", OriginX: 117, OriginY: 32, CellX: 0.00025, CellY: 0.00025, Cols: 4000, Rows: 4000}

var (
	begin  = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	today  = time.Date(2026, 8, 1, 4, 0, 0, 0, time.UTC)
	person = "李明"
	runID  = strings.Repeat("1", 64)
)

// founding returns the events that found a ledger and add a run.
func founding() []ledger.Event {
	run := ledger.Run{ID: runID, YearA: 2015, YearB: 2020, Product: "clcd", Legend: "clcd", Grid: lattice}
	return []ledger.Event{{Kind: ledger.Founded, Fields: map[string]string{ledger.FieldFormat: "1", ledger.FieldCode: "34",
		ledger.FieldName: "台账"}}, run.Event()}
}

// patch returns a detection of the run, a rectangle of cells.
func patch(number int, county string, row, col, rows, cols int32) ledger.Detection {
	d := ledger.Detection{ID: ledger.DetectionID(runID, fmt.Sprintf("P%06d", number)), Run: runID, YearA: 2015, YearB: 2020,
		Product: "clcd", Legend: "clcd", Grid: lattice.ID(), Group: "natural>built", AreaM2: float64(rows*cols) * 625.5,
		Cells: int64(rows * cols), Lon: lattice.OriginX + (float64(col)+0.5)*lattice.CellX,
		Lat: lattice.OriginY - (float64(row)+0.5)*lattice.CellY, County: county}
	if county != "" {
		d.CountyName = "县" + county[4:]
	}
	for v := range rows {
		d.Spans = append(d.Spans, ledger.Span{Row: row + v, Col0: col, Col1: col + cols})
	}
	d.Candidates = []ledger.Candidate{{ID: fmt.Sprint("C", number), Severity: number % 5, Zone: "Z1", ZoneName: "保护区", AreaM2: 9}}
	return d
}

// commit writes events at the end of a ledger, a second one after the other from a time on.
func commit(t testing.TB, s ledger.Store, at time.Time, detections []ledger.Detection, events ...ledger.Event) {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if e := &events[i]; e.Time.IsZero() {
			e.Time = at.Add(time.Duration(i) * time.Second)
		}
		if events[i].Actor == "" {
			events[i].Actor, events[i].Level = person, ledger.County
		}
	}
	if err := ledger.Commit(t.Context(), s, head, events, detections); err != nil {
		t.Fatal(err)
	}
}

func say(id string, kind ledger.Kind, pairs ...string) ledger.Event {
	e := ledger.Event{Case: id, Kind: kind, Fields: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Fields[pairs[i]] = pairs[i+1]
	}
	return e
}

func caseID(no int) string { return ledger.CaseID("34", int64(no)) }

// randomLedger fills a store with n cases of all kinds.
func randomLedger(t testing.TB, s ledger.Store, r *rand.Rand, n int) {
	t.Helper()
	events, detections := founding(), []ledger.Detection(nil)
	for i := range n {
		id := caseID(i + 1)
		county := []string{"341702", "341703", "340104", ""}[r.IntN(4)]
		if r.IntN(5) == 0 {
			events = append(events, randomLead(r, id, county, i))
		} else {
			d := patch(i+1, county, r.Int32N(60), r.Int32N(60), 1+r.Int32N(3), 1+r.Int32N(4))
			if r.IntN(3) == 0 { // with a corner that is missing
				last := &d.Spans[len(d.Spans)-1]
				d.Cells -= int64(last.Col1 - last.Col0 - 1)
				last.Col1 = last.Col0 + 1
			}
			e := d.Event(id, []ledger.Relation{ledger.New, ledger.Grown}[r.IntN(2)])
			if r.IntN(2) == 0 {
				e.Fields[ledger.FieldPrio] = strconv.Itoa(r.IntN(101))
			}
			events, detections = append(events, e), append(detections, d)
		}
		events = append(events, randomWords(r, id)...)
	}
	commit(t, s, begin, detections, events...)
}

func randomLead(r *rand.Rand, id, county string, i int) ledger.Event {
	e := say(id, ledger.LeadTold, ledger.FieldLeadSource, []string{"信访", "督察"}[r.IntN(2)], ledger.FieldLeadNo, fmt.Sprint("X", i),
		ledger.FieldCounty, county)
	at := func(v float64) string { return strconv.FormatFloat(v, 'f', 5, 64) }
	if r.IntN(3) > 0 {
		e.Fields[ledger.FieldLon], e.Fields[ledger.FieldLat] = at(117+0.015*r.Float64()), at(32-0.015*r.Float64())
	}
	if r.IntN(2) == 0 {
		e.Fields[ledger.FieldLeadDate] = fmt.Sprintf("2025-%02d-10", 1+r.IntN(12))
	}
	return e
}

// randomWords returns what is said of a case.
func randomWords(r *rand.Rand, id string) (events []ledger.Event) {
	if r.IntN(2) == 0 {
		events = append(events, say(id, ledger.Set, ledger.FieldUnit, []string{"甲镇", "乙镇", "\"<b>'"}[r.IntN(3)],
			ledger.FieldAssigned, []string{"", "li", "王"}[r.IntN(3)],
			ledger.FieldDueDate, []string{"", "2026-07-31", "2026-08-01", "2026-08-02"}[r.IntN(4)]))
	}
	if r.IntN(3) > 0 {
		return events
	}
	events = append(events, say(id, ledger.Judged, ledger.FieldVerdict, "confirmed"),
		say(id, ledger.Advanced, ledger.FieldTo, string(ledger.Filed)))
	for range r.IntN(3) {
		year := strconv.Itoa(2021 + r.IntN(4))
		events = append(events, say(id, ledger.FollowUp, ledger.FieldFinding, ledger.Still, ledger.FieldYear, year,
			ledger.FieldRun, runID, ledger.FieldSource, "s"+year, ledger.FieldShareBad, fmt.Sprint(r.IntN(101))))
	}
	return events
}

// open returns the register of a store at a time of tests.
func open(t testing.TB, s ledger.Store) *Register {
	t.Helper()
	r := of(s, nil)
	r.now = func() time.Time { return today }
	if _, err := r.current(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// stores are the kinds of stores that need no server.
func stores(t *testing.T) map[string]ledger.Store {
	t.Helper()
	s, err := ledgergpkg.Create(filepath.Join(t.TempDir(), "ledger.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return map[string]ledger.Store{"memory": new(ledger.Memory), "file": s}
}

// get asks for a path, and decodes the answer.
func get(t testing.TB, r *Register, path string, into any) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	r.Routes(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %v: %s", path, err, w.Body)
		}
	}
	return w
}
