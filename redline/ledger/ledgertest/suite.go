// Package ledgertest holds every store of the ledger to the same behaviour.
package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"greenshield/redline/ledger"
)

// Step is called by a store before each step of a write; an error of it makes the write fail there.
type Step func(what string) error

// Kind is a kind of store under test.
type Kind struct {
	// New makes an empty store and returns what opens it. The suite opens it several times, and closes it each time;
	// two may be open at once. A step may be nil.
	New func(t *testing.T) func(step Step) (ledger.Store, error)
	// Restore opens what Backup wrote, as a store of its own; nil leaves backups out.
	Restore func(t *testing.T, path string) (ledger.Store, error)
}

// Run runs the suite.
func Run(t *testing.T, k Kind) {
	for name, test := range map[string]func(*testing.T, Kind){
		"empty": testEmpty, "round trip": testRoundTrip, "filters": testFilters, "conflict": testConflict,
		"kill points": testKillPoints, "parts": testParts, "reviewers": testReviewers,
		"wrong dates": testDates, "export": testExport, "backup": testBackup, "twice": testTwice, "turns": testTurns,
		"closed while read": testClosedWhileRead,
	} {
		t.Run(name, func(t *testing.T) { test(t, k) })
	}
}

// At is the time of the first event of a scene.
var At = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// Hostile are texts that stores must keep byte for byte.
var Hostile = []string{"=cmd|' /C calc'!A0", "'; DROP TABLE events; --", " \t leading and trailing \r\n",
	"\u2028\u2029\ufeff",
	"<script>&amp;\"\\\b\x01\x7f", "张三　😀 e\u0301 é", "{\"a\":1}", "NULL", "0001", "1e5", "$1 ? :a %s",
	strings.Repeat("注", 1<<20/3)}

// Detection returns a detection of the run with that number: cells of rows from row on, each of 10 cells. The first run
// knows no features of its candidates.
func Detection(run, number, row int) ledger.Detection {
	id := strings.Repeat(fmt.Sprint(run%10), 64)
	d := ledger.Detection{ID: ledger.DetectionID(id, fmt.Sprintf("P%06d", number)), Run: id, YearA: 2015, YearB: 2020,
		Product: "clcd", Legend: "clcd", Grid: "grid", Group: "natural>built", Cells: 20, AreaM2: 18000.123456789,
		Lon: 117.1 + float64(number)/7, Lat: 31.7, County: fmt.Sprint(341700 + number%3), CountyName: "县区"}
	d.Spans = []ledger.Span{{Row: int32(row), Col0: 5, Col1: 15}, {Row: int32(row + 1), Col0: 5, Col1: 15}}
	d.Candidates = []ledger.Candidate{{ID: fmt.Sprint("C", number), Severity: number % 5, Zone: "Z1", ZoneName: "保护区"}}
	if run > 1 {
		d.Candidates[0].Features = map[string]string{"cells": "20", "near_m": "inf", "edge_pct": "33.30"}
	}
	return d
}

// Scene returns what founds a ledger of code 340000 and adds a run with n cases, and verdicts with hostile texts.
func Scene(n int) ([]ledger.Event, []ledger.Detection) {
	events := []ledger.Event{{Kind: ledger.Founded, Time: At, Actor: "省厅", Fields: map[string]string{
		ledger.FieldFormat: "1", ledger.FieldCode: "340000", ledger.FieldName: "台账"}}}
	run := ledger.Run{ID: strings.Repeat("1", 64), YearA: 2015, YearB: 2020, Product: "clcd", Legend: "clcd",
		Grid: ledger.Grid{CRS: "EPSG:4490", OriginX: 117, OriginY: 32, CellX: 0.1, CellY: 0.1, Cols: 9, Rows: 9}}
	events = append(events, run.Event())
	var detections []ledger.Detection
	for i := range n {
		d := Detection(1, i+1, 4*i)
		detections = append(detections, d)
		events = append(events, d.Event(ledger.CaseID("340000", int64(i+1)), ledger.New))
	}
	for i, text := range Hostile[:min(n, len(Hostile))] {
		events = append(events, ledger.Event{Case: ledger.CaseID("340000", int64(i+1)), Kind: ledger.Judged,
			Actor: string([]rune(text)[:1]), Level: ledger.City,
			Fields: map[string]string{ledger.FieldVerdict: "confirmed", ledger.FieldNote: text}})
	}
	for i := range events {
		events[i].Time = At.Add(time.Duration(i) * time.Second)
	}
	return events, detections
}

// Sampled returns the events that draw the first of n cases of the run of [Scene].
func Sampled(n int) []ledger.Event {
	first := ledger.CaseID("340000", 1)
	s := ledger.Sample{Name: "抽查 <1>", Run: strings.Repeat("1", 64), Seed: -7, By: []string{ledger.FieldGroup},
		Frame:  ledger.FrameHash([]string{first}),
		Strata: []ledger.DrawStratum{{Name: "natural>built", Cases: n, Drawn: 1, AreaM2: 0.1}}}
	events := []ledger.Event{s.Event(), {Case: first, Kind: ledger.CaseDrawn, Fields: map[string]string{
		ledger.FieldSample: s.Name, ledger.FieldStratum: "natural>built",
		ledger.FieldInclusion: fmt.Sprintf("1/%d", n), ledger.FieldDrawnM2: "0.1"}}}
	for i := range events {
		events[i].Time, events[i].Actor = At.Add(time.Hour), "省厅"
	}
	return events
}

// Pointed returns the events that draw two points for the sample of [Sampled], and answer one.
func Pointed() []ledger.Event {
	points := ledger.Points{Sample: "抽查 <1>", Run: strings.Repeat("1", 64), Seed: -7, Tries: []int{1, 4}, GroundM2: 0.25}
	drawn := points.Event()
	drawn.Time, drawn.Actor = At.Add(time.Hour), "省厅"
	drawn.Doc = ledger.Document{Name: "points.csv", SHA256: strings.Repeat("a", 64)}
	answer := ledger.Event{Kind: ledger.PointAnswered, Time: drawn.Time, Actor: "李明", Level: ledger.County,
		Fields: map[string]string{ledger.FieldSample: points.Sample, ledger.FieldPoint: "2",
			ledger.FieldAnswer: string(ledger.PointUnknown)}}
	return []ledger.Event{drawn, answer}
}

// contents is all that a store gives back.
type contents struct {
	Head       ledger.Head
	Events     []ledger.Event
	Cases      []ledger.Case
	Detections []ledger.Detection
}

func read(t *testing.T, s ledger.Store) (c contents) {
	t.Helper()
	var err error
	if c.Head, err = s.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	for e, err := range s.Events(t.Context(), ledger.EventFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, e)
	}
	for one, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Cases = append(c.Cases, one)
	}
	for d, err := range s.Detections(t.Context(), ledger.DetectionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Detections = append(c.Detections, d)
	}
	return c
}

func opened(t *testing.T, open func(Step) (ledger.Store, error), step Step) ledger.Store {
	t.Helper()
	s, err := open(step)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s ledger.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// filled returns an open store with a scene, and what opens it.
func filled(t *testing.T, k Kind, n int) (ledger.Store, func(Step) (ledger.Store, error)) {
	t.Helper()
	open := k.New(t)
	s := opened(t, open, nil)
	events, detections := Scene(n)
	if err := ledger.Commit(t.Context(), s, ledger.Head{}, events, detections); err != nil {
		t.Fatal(err)
	}
	return s, open
}

// Sound fails the test when [ledger.Verify] finds anything.
func Sound(t *testing.T, s ledger.Store) {
	t.Helper()
	if err := ledger.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
}

func testEmpty(t *testing.T, k Kind) {
	s := opened(t, k.New(t), nil)
	defer closed(t, s)
	if c := read(t, s); !reflect.DeepEqual(c, contents{}) {
		t.Errorf("an empty store gives %+v", c)
	}
	if _, err := ledger.CaseOf(t.Context(), s, "340000-000001"); !errors.Is(err, ledger.ErrNoCase) {
		t.Errorf("CaseOf: %v", err)
	}
	Sound(t, s)
}

// testRoundTrip: what was appended comes back equal, in order, also when the store is opened anew.
func testRoundTrip(t *testing.T, k Kind) {
	open := k.New(t)
	s := opened(t, open, nil)
	events, detections := Scene(40)
	events = append(append(events, Sampled(40)...), Pointed()...)
	slices.Reverse(detections) // the order that they are given in does not matter
	b, err := ledger.Prepare(t.Context(), s, ledger.Head{}, events, detections)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := contents{b.Next, b.Events, b.Cases, b.Detections}
	for range 2 {
		got := read(t, s)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("not what was appended: heads %v, %v, events %d, %d, cases %d, %d, detections %d, %d",
				got.Head, want.Head, len(got.Events), len(want.Events), len(got.Cases), len(want.Cases),
				len(got.Detections), len(want.Detections))
		}
		Sound(t, s)
		closed(t, s)
		s = opened(t, open, nil)
	}
	closed(t, s)
}

func testFilters(t *testing.T, k Kind) {
	s, _ := filled(t, k, 20)
	defer closed(t, s)
	various(t, s)
	all := read(t, s)
	for name, f := range map[string]ledger.CaseFilter{
		"ids": {IDs: []string{"340000-000003", "340000-000001", "nosuch"}}, "county": {Counties: []string{"341701"}},
		"city": {Counties: []string{"3417"}}, "none": {Counties: []string{"35"}},
		"state": {States: []ledger.State{"filed"}},
		"two":   {States: []ledger.State{"unreviewed"}, Counties: []string{"341700", "341702"}},
		"list":  {List: "23+N"}, "ground": {Ground: true}, "pattern": {Counties: []string{"%"}},
		"verdict": {Verdicts: []string{"confirmed"}}, "no verdict": {Verdicts: []string{"unreviewed", "refuted"}},
		"relation": {Relations: []ledger.Relation{ledger.Grown, ledger.Split}}, "unit": {Unit: "镇%"}, "number": {ExtNo: "1'"},
		"disputed": {Disputed: true}, "suspected": {Suspected: true}, "to confirm": {ToConfirm: true},
	} {
		var want, got []string
		for _, c := range all.Cases {
			if f.Match(&c) {
				want = append(want, c.ID)
			}
		}
		if (len(want) == 0) != (name == "none" || name == "pattern" || name == "state" || name == "list") {
			t.Errorf("cases by %s: %d are wanted", name, len(want))
		}
		for c, err := range s.Cases(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("cases by %s: %v, want %v", name, got, want)
		}
	}
	seqs := func(f ledger.EventFilter) (got []int64) {
		for e, err := range s.Events(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Seq)
		}
		return got
	}
	if got := seqs(ledger.EventFilter{After: 5, Limit: 3}); !slices.Equal(got, []int64{6, 7, 8}) {
		t.Errorf("events after 5: %v", got)
	}
	if got := seqs(ledger.EventFilter{Case: "340000-000002"}); !slices.Equal(got, []int64{4, 24}) {
		t.Errorf("events of a case: %v", got)
	}
	if got := seqs(ledger.EventFilter{NoCase: true}); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("events of no case: %v", got)
	}
	if got := seqs(ledger.EventFilter{NoCase: true, After: 1, Limit: 5}); !slices.Equal(got, []int64{2}) {
		t.Errorf("later events of no case: %v", got)
	}
	if got := seqs(ledger.EventFilter{Case: "340000-000002", After: 4}); !slices.Equal(got, []int64{24}) {
		t.Errorf("later events of a case: %v", got)
	}
	testChosenEvents(t, seqs, all)
	ids := func(f ledger.DetectionFilter) (got []string) {
		for d, err := range s.Detections(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d.ID)
		}
		return got
	}
	one := all.Detections[1].ID
	if got := ids(ledger.DetectionFilter{IDs: []string{one, "nosuch"}}); !slices.Equal(got, []string{one}) {
		t.Errorf("detections by id: %v", got)
	}
	if got := ids(ledger.DetectionFilter{Run: "2"}); len(got) > 0 {
		t.Errorf("detections of another run: %v", got)
	}
	if got := ids(ledger.DetectionFilter{Ground: true, Run: all.Detections[0].Run}); len(got) != 20 {
		t.Errorf("%d detections are ground, want 20", len(got))
	}
	for d, err := range s.Detections(t.Context(), ledger.DetectionFilter{IDs: []string{one}, Cells: true}) {
		full := all.Detections[1]
		want := ledger.Detection{ID: full.ID, Run: full.Run, Spans: full.Spans}
		if err != nil || !reflect.DeepEqual(d, want) {
			t.Errorf("the cells of a detection are %+v, %v", d, err)
		}
	}
	again := Detection(2, 1, 0)
	e := again.Event("340000-000001", ledger.Persisting)
	e.Time = At.AddDate(1, 0, 0)
	if err := ledger.Commit(t.Context(), s, all.Head, []ledger.Event{e}, []ledger.Detection{again}); err != nil {
		t.Fatal(err)
	}
	got := ids(ledger.DetectionFilter{Ground: true})
	if len(got) != 20 || slices.Contains(got, all.Detections[0].ID) || !slices.Contains(got, again.ID) {
		t.Errorf("the ground is %v", got)
	}
	for range s.Events(t.Context(), ledger.EventFilter{}) {
		break // an iterator that is left frees what it holds
	}
	Sound(t, s)
}

// testChosenEvents: events are chosen by kind, and as the last ones of their cases.
func testChosenEvents(t *testing.T, seqs func(ledger.EventFilter) []int64, all contents) {
	for name, f := range map[string]ledger.EventFilter{
		"kind": {Kinds: []ledger.Kind{ledger.Judged}}, "kinds": {Kinds: []ledger.Kind{ledger.RunAdded, ledger.Judged}},
		"kind of a case": {Kinds: []ledger.Kind{ledger.Judged}, Case: "340000-000002"},
		"latest":         {Latest: true}, "latest after": {Latest: true, After: 24},
		"latest of a kind": {Latest: true, Kinds: []ledger.Kind{ledger.Detected}},
	} {
		var want []int64
		for _, e := range all.Events {
			last := slices.ContainsFunc(all.Cases, func(c ledger.Case) bool { return c.Seq == e.Seq })
			if e.Seq > f.After && (f.Case == "" || f.Case == e.Case) && (!f.Latest || last) &&
				(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) {
				want = append(want, e.Seq)
			}
		}
		if got := seqs(f); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("events by %s: %v, want %v", name, got, want)
		}
		if f.Limit = 1; len(want) > 0 && !slices.Equal(seqs(f), want[:1]) {
			t.Errorf("the first event by %s: %v, want %v", name, seqs(f), want[:1])
		}
	}
}

// note is an event that changes a case.
func note(text string) ledger.Event {
	return ledger.Event{Case: "340000-000001", Kind: ledger.Set, Time: At.AddDate(0, 0, 1), Actor: "张三",
		Fields: map[string]string{ledger.FieldNote: text}}
}

// testConflict: of two writers that read the same head the second is refused, and nothing of it is kept.
func testConflict(t *testing.T, k Kind) {
	s, open := filled(t, k, 3)
	other := opened(t, open, nil)
	head, err := other.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Commit(t.Context(), s, head, []ledger.Event{note("first")}, nil); err != nil {
		t.Fatal(err)
	}
	want := read(t, s)
	for _, base := range []ledger.Head{head, {}, {Seq: want.Head.Seq, Hash: head.Hash, LastNo: 3}} {
		err := s.Append(t.Context(), ledger.Batch{Base: base, Next: ledger.Head{Seq: base.Seq + 1, Hash: "x"},
			Events: []ledger.Event{{Seq: base.Seq + 1, Kind: ledger.Set, Hash: "x"}}})
		if !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("a batch for head %v is taken: %v", base, err)
		}
	}
	err = ledger.Commit(t.Context(), other, head, []ledger.Event{note("second")}, nil)
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("the second writer: %v", err)
	}
	if got := read(t, other); !reflect.DeepEqual(got, want) {
		t.Error("a refused batch left something behind")
	}
	closed(t, other)
	closed(t, s)
}

// testTurns: writers that take turns, each reading the head anew, lose nothing of one another.
func testTurns(t *testing.T, k Kind) {
	s, open := filled(t, k, 3)
	other := opened(t, open, nil)
	before := read(t, s).Head.Seq
	for i := range 6 {
		writer := []ledger.Store{s, other}[i%2]
		head, err := writer.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.Commit(t.Context(), writer, head, []ledger.Event{note(fmt.Sprint(i))}, nil); err != nil {
			t.Fatal(err)
		}
	}
	got := read(t, s)
	if !reflect.DeepEqual(read(t, other), got) {
		t.Error("two that have it open read different ledgers")
	}
	for i, e := range got.Events[before:] {
		if e.Fields[ledger.FieldNote] != fmt.Sprint(i) {
			t.Errorf("event %d is %v", e.Seq, e.Fields)
		}
	}
	if got.Head.Seq != before+6 || got.Cases[0].Get(ledger.FieldNote) != "5" {
		t.Errorf("the head is %v, the note %q", got.Head, got.Cases[0].Get(ledger.FieldNote))
	}
	Sound(t, s)
	closed(t, other)
	closed(t, s)
}

// testTwice: a detection is kept once, and a batch that repeats one is refused as a whole.
func testTwice(t *testing.T, k Kind) {
	s, _ := filled(t, k, 3)
	defer closed(t, s)
	want := read(t, s)
	e := want.Detections[0].Event("340000-000001", ledger.Persisting)
	e.Time = At.AddDate(0, 0, 1)
	err := ledger.Commit(t.Context(), s, want.Head, []ledger.Event{note("x"), e}, want.Detections[:1])
	if !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("a detection twice: %v", err)
	}
	if got := read(t, s); !reflect.DeepEqual(got, want) {
		t.Error("a refused batch left something behind")
	}
}

// testKillPoints: a write that fails at any step leaves nothing behind, and the same write succeeds afterwards.
func testKillPoints(t *testing.T, k Kind) {
	s, open := filled(t, k, 3)
	want := read(t, s)
	closed(t, s)
	d := Detection(2, 9, 100)
	e := d.Event(ledger.CaseID("340000", 4), ledger.New)
	e.Time = At.AddDate(0, 0, 2)
	fault := errors.New("the disk is full")
	for at := 1; ; at++ {
		if at > 1000 {
			t.Fatal("the write never succeeds")
		}
		left := at
		s := opened(t, open, func(string) error {
			if left--; left == 0 {
				return fault
			}
			return nil
		})
		err := ledger.Commit(t.Context(), s, want.Head, []ledger.Event{note("one"), e, note("two")}, []ledger.Detection{d})
		if err == nil {
			if left > 0 && at < 5 {
				t.Errorf("only %d steps are announced", at-1)
			}
			if left <= 0 {
				t.Errorf("the write succeeds although step %d fails", at)
			}
			closed(t, s)
			break
		}
		if !errors.Is(err, fault) {
			t.Errorf("step %d: %v", at, err)
		}
		s.Close()
		s = opened(t, open, nil)
		if got := read(t, s); !reflect.DeepEqual(got, want) {
			t.Errorf("a write that fails at step %d leaves something behind", at)
		}
		closed(t, s)
	}
	s = opened(t, open, nil)
	got := read(t, s)
	if got.Head.Seq != want.Head.Seq+3 || got.Head.LastNo != 4 || len(got.Cases) != 4 || len(got.Detections) != 4 {
		t.Errorf("after the write: %v, %d cases, %d detections", got.Head, len(got.Cases), len(got.Detections))
	}
	Sound(t, s)
	closed(t, s)
}

// testExport: through NDJSON and back the ledger is the same, to the byte.
func testExport(t *testing.T, k Kind) {
	s, _ := filled(t, k, 15)
	defer closed(t, s)
	later := Detection(2, 1, 0)
	e := later.Event("340000-000001", ledger.Persisting)
	e.Time = At.AddDate(1, 0, 0)
	if err := ledger.Commit(t.Context(), s, read(t, s).Head, []ledger.Event{e}, []ledger.Detection{later}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s).Detections[15]; !reflect.DeepEqual(got, later) {
		t.Errorf("%+v was appended, and %+v is read", later, got)
	}
	head, err := s.Head(t.Context())
	if err == nil {
		err = ledger.Commit(t.Context(), s, head, Sampled(15), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := ledger.Export(t.Context(), s, &first); err != nil {
		t.Fatal(err)
	}
	copied := opened(t, k.New(t), nil)
	defer closed(t, copied)
	if err := ledger.Import(t.Context(), copied, bytes.NewReader(first.Bytes())); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read(t, copied), read(t, s)) {
		t.Error("the imported ledger differs")
	}
	if err := ledger.Export(t.Context(), copied, &second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the second export differs: %v", err)
	}
	if err := ledger.Import(t.Context(), copied, &first); err == nil {
		t.Error("an import into a ledger that is not empty is taken")
	}
	Sound(t, copied)
}

func testBackup(t *testing.T, k Kind) {
	if k.Restore == nil {
		t.Skip("this kind of store has its backups by other means")
	}
	s, _ := filled(t, k, 15)
	defer closed(t, s)
	path := filepath.Join(t.TempDir(), "backup")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a backup replaces a file")
	}
	r, err := k.Restore(t, path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, r)
	if !reflect.DeepEqual(read(t, r), read(t, s)) {
		t.Error("the restored ledger differs")
	}
	Sound(t, r)
}

// testClosedWhileRead closes stores that others still read: they get what they asked for, or an error.
func testClosedWhileRead(t *testing.T, k Kind) {
	s, open := filled(t, k, 3)
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	for range 30 {
		s, begin := opened(t, open, nil), make(chan struct{})
		var ready, done sync.WaitGroup
		ends := []func(){}
		for range 8 { // a store may keep what it has opened for each of them
			next, end := iter.Pull2(s.Events(t.Context(), ledger.EventFilter{}))
			if _, err, _ := next(); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, end)
		}
		for _, end := range ends {
			end()
		}
		for range 8 {
			ready.Add(1)
			done.Go(func() {
				ready.Done()
				<-begin
				for range 100 {
					if got, err := s.Head(t.Context()); err != nil {
						return
					} else if got != head {
						t.Errorf("the head is %v; want %v", got, head)
					}
				}
			})
		}
		ready.Wait()
		close(begin)
		closed(t, s)
		done.Wait()
	}
}
