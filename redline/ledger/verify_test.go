package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

// edited is a store that was changed behind the ledger's back.
type edited struct {
	*ledger.Memory
	head       ledger.Head
	events     []ledger.Event
	cases      []ledger.Case
	detections []ledger.Detection
}

func all[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range items {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (s *edited) Head(context.Context) (ledger.Head, error) { return s.head, nil }

func (s *edited) Events(context.Context, ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	return all(s.events)
}

func (s *edited) Cases(context.Context, ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	return all(s.cases)
}

func (s *edited) Detections(context.Context, ledger.DetectionFilter) iter.Seq2[ledger.Detection, error] {
	return all(s.detections)
}

func collect[T any](t *testing.T, items iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// scene returns a ledger of n cases in memory.
func scene(t *testing.T, n int) *ledger.Memory {
	t.Helper()
	m := &ledger.Memory{}
	events, detections := ledgertest.Scene(n)
	if err := ledger.Commit(t.Context(), m, ledger.Head{}, events, detections); err != nil {
		t.Fatal(err)
	}
	return m
}

func copyOf(t *testing.T, m *ledger.Memory) *edited {
	t.Helper()
	head, err := m.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &edited{m, head, collect(t, m.Events(t.Context(), ledger.EventFilter{})),
		collect(t, m.Cases(t.Context(), ledger.CaseFilter{})),
		collect(t, m.Detections(t.Context(), ledger.DetectionFilter{}))}
}

// rehash gives an event the hash that it should have after an edit.
func rehash(e *ledger.Event) {
	sum := sha256.Sum256(e.Canonical())
	e.Hash = hex.EncodeToString(sum[:])
}

// edits change one thing of a ledger each.
var edits = map[string]func(*rand.Rand, *edited){
	"a field": func(r *rand.Rand, s *edited) {
		e := &s.events[2+r.IntN(len(s.events)-2)]
		e.Fields[ledger.FieldNote] += "x"
	},
	"a field, with its hash": func(r *rand.Rand, s *edited) {
		e := &s.events[1+r.IntN(len(s.events)-2)]
		e.Fields[ledger.FieldNote] += "x"
		rehash(e)
	},
	"the last event, with its hash": func(_ *rand.Rand, s *edited) {
		e := &s.events[len(s.events)-1]
		e.Actor += "x"
		rehash(e)
	},
	"a time": func(r *rand.Rand, s *edited) {
		e := &s.events[r.IntN(len(s.events))]
		e.Time = e.Time.Add(time.Second)
	},
	"a case of an event": func(_ *rand.Rand, s *edited) { s.events[3].Case = "340000-000001" },
	"a deleted event": func(r *rand.Rand, s *edited) {
		i := r.IntN(len(s.events))
		s.events = slices.Delete(s.events, i, i+1)
	},
	"a deleted tail": func(_ *rand.Rand, s *edited) { s.events = s.events[:len(s.events)-1] },
	"two events swapped": func(r *rand.Rand, s *edited) {
		i := r.IntN(len(s.events) - 1)
		s.events[i], s.events[i+1] = s.events[i+1], s.events[i]
	},
	"two events swapped, numbered anew": func(r *rand.Rand, s *edited) {
		i := r.IntN(len(s.events) - 1)
		a, b := &s.events[i], &s.events[i+1]
		*a, *b = *b, *a
		a.Seq, b.Seq = b.Seq, a.Seq
		a.Prev, b.Prev = b.Prev, a.Prev
		rehash(a)
		rehash(b)
	},
	"an event more": func(r *rand.Rand, s *edited) {
		i := r.IntN(len(s.events))
		s.events = slices.Insert(s.events, i, s.events[i])
	},
	"an event added at the end": func(_ *rand.Rand, s *edited) {
		e := s.events[len(s.events)-1]
		e.Seq, e.Prev = e.Seq+1, e.Hash
		rehash(&e)
		s.events = append(s.events, e)
	},
	"cells": func(r *rand.Rand, s *edited) {
		d := &s.detections[r.IntN(len(s.detections))]
		d.Spans[0].Col1--
	},
	"an area": func(r *rand.Rand, s *edited) { s.detections[r.IntN(len(s.detections))].AreaM2++ },
	"a deleted detection": func(r *rand.Rand, s *edited) {
		i := r.IntN(len(s.detections))
		s.detections = slices.Delete(s.detections, i, i+1)
	},
	"a detection more": func(_ *rand.Rand, s *edited) {
		s.detections = append(s.detections, ledgertest.Detection(3, 77, 900))
	},
	"a state":        func(r *rand.Rand, s *edited) { s.cases[r.IntN(len(s.cases))].State = ledger.StruckOff },
	"a verdict":      func(_ *rand.Rand, s *edited) { s.cases[0].Fields[ledger.FieldVerdict] = "refuted" },
	"a deleted case": func(_ *rand.Rand, s *edited) { s.cases = s.cases[1:] },
	"a case more":    func(_ *rand.Rand, s *edited) { s.cases = append(s.cases, ledger.Case{ID: "340000-999999"}) },
	"the head":       func(_ *rand.Rand, s *edited) { s.head.Seq++ },
	"the last number": func(_ *rand.Rand, s *edited) {
		s.head.LastNo--
	},
}

// TestVerifyFindsEveryEdit: whatever is edited, deleted, added or moved, Verify says so; untouched it says nothing.
func TestVerifyFindsEveryEdit(t *testing.T) {
	m := scene(t, 11)
	ledgertest.Sound(t, copyOf(t, m))
	for name, edit := range edits {
		for seed := range uint64(10) {
			s, found := copyOf(t, m), []string{}
			edit(rand.New(rand.NewPCG(seed, 1)), s)
			if err := ledger.Verify(t.Context(), s, func(p string) { found = append(found, p) }); err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				t.Errorf("%s, %d: nothing is found", name, seed)
			}
		}
	}
}

// TestVerifyNamesThePlace: what Verify says leads to the event, the detection, the case.
func TestVerifyNamesThePlace(t *testing.T) {
	s := copyOf(t, scene(t, 11))
	s.events[19].Fields[ledger.FieldNote] = "x"
	s.detections[2].AreaM2++
	s.cases[3].State = ledger.StruckOff
	var found []string
	if err := ledger.Verify(t.Context(), s, func(p string) { found = append(found, p) }); err != nil {
		t.Fatal(err)
	}
	want := []string{"event 20 was changed", "detection " + s.detections[2].ID + " was changed",
		"case 340000-000004 is not what its events say", "case 340000-000007 is not what its events say"}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// TestImportRefuses: an export that was cut off or changed in any line is refused, and the store stays empty.
func TestImportRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := ledger.Export(t.Context(), scene(t, 11), &b); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	refused := func(name string, lines []string) {
		t.Helper()
		m := &ledger.Memory{}
		err := ledger.Import(t.Context(), m, strings.NewReader(strings.Join(lines, "")))
		head, _ := m.Head(t.Context())
		if err == nil || head != (ledger.Head{}) {
			t.Errorf("%s: %v, head %v", name, err, head)
		}
	}
	for i, l := range lines {
		refused(fmt.Sprint("cut off before line ", i+1), lines[:i])
		refused(fmt.Sprint("without line ", i+1), slices.Delete(slices.Clone(lines), i, i+1))
		refused(fmt.Sprint("twice line ", i+1), slices.Insert(slices.Clone(lines), i, l))
		half := slices.Clone(lines[:i+1])
		half[i] = half[i][:len(half[i])/2]
		refused(fmt.Sprint("half of line ", i+1), half)
		spaced := slices.Clone(lines)
		spaced[i] = " " + l
		refused(fmt.Sprint("white space in line ", i+1), spaced)
	}
	for i := range len(lines) - 1 {
		swapped := slices.Clone(lines)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		_, event := strings.CutPrefix(lines[i], `{"event"`)
		if _, next := strings.CutPrefix(lines[i+1], `{"event"`); event && next || !event && i == 0 {
			refused(fmt.Sprint("swapped line ", i+1), swapped)
		}
	}
	refused("without the last line feed", []string{strings.TrimSuffix(b.String(), "\n")})
	refused("with line ends of Windows", []string{strings.ReplaceAll(b.String(), "\n", "\r\n")})
	m := &ledger.Memory{}
	if err := ledger.Import(t.Context(), m, strings.NewReader(b.String())); err != nil {
		t.Error("the whole export is refused:", err)
	}
}

// TestCommitRefuses: what does not fit is refused with the reason, and nothing is written.
func TestCommitRefuses(t *testing.T) {
	at := ledgertest.At.AddDate(0, 1, 0)
	note := func(change func(*ledger.Event)) []ledger.Event {
		e := ledger.Event{Case: "340000-000001", Kind: ledger.Set, Time: at, Fields: map[string]string{"note": "x"}}
		change(&e)
		return []ledger.Event{e}
	}
	field := func(name, value string) []ledger.Event {
		return note(func(e *ledger.Event) { e.Fields[name] = value })
	}
	d := ledgertest.Detection(1, 99, 999)
	tampered := d.Event("340000-000001", ledger.Persisting)
	tampered.Time, tampered.Fields[ledger.FieldDetectionHash] = at, strings.Repeat("0", 64)
	for want, events := range map[string][]ledger.Event{
		"2021-02-30":                   field(ledger.FieldDueDate, "2021-02-30"),
		"no day of the calendar":       field(ledger.FieldValidUntil, "明天"),
		"lies after the day":           field(ledger.FieldReviewed, "2026-04-03"),
		"is no day of the calendar; w": field(ledger.FieldStart, "2026-4-3"),
		"UTF-8 without NUL":            field(ledger.FieldNote, "a\x00b"),
		"holds bytes that are no text": field(ledger.FieldNote, "a\xffb"),
		"shorten it":                   field(ledger.FieldNote, strings.Repeat("x", ledger.MaxText+1)),
		"a field has no name":          field("", "x"),
		"kind is unknown":              note(func(e *ledger.Event) { e.Kind = "deleted" }),
		"the level \"国\" is unknown":   note(func(e *ledger.Event) { e.Level = "国" }),
		"the year 12000 is not":        note(func(e *ledger.Event) { e.Time = e.Time.AddDate(9974, 0, 0) }),
		"--at":                         note(func(e *ledger.Event) { e.Time = time.Time{} }),
		"no such case":                 note(func(e *ledger.Event) { e.Case = "340000-000099" }),
		"must be of a case":            note(func(e *ledger.Event) { e.Case = "" }),
		"SHA-256 (64": note(func(e *ledger.Event) {
			e.Kind, e.Doc.Name = ledger.Evidence,
				"照片"
		}),
		"field to is empty":                     note(func(e *ledger.Event) { e.Kind = ledger.Advanced }),
		"founded once":                          note(func(e *ledger.Event) { e.Kind = ledger.Founded }),
		"no detection 1111111111111111/P000099": {tampered},
	} {
		m := scene(t, 3)
		head, _ := m.Head(t.Context())
		err := ledger.Commit(t.Context(), m, head, events, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
		if after, _ := m.Head(t.Context()); after != head {
			t.Errorf("%q: something was written", want)
		}
	}
	refusedDetections(t)
	m := scene(t, 3)
	head, _ := m.Head(t.Context())
	bad := ledgertest.Detection(1, 99, 999)
	bad.Spans[1].Row = bad.Spans[0].Row
	e := bad.Event("340000-000004", ledger.New)
	e.Time = at
	err := ledger.Commit(t.Context(), m, head, []ledger.Event{e}, []ledger.Detection{bad})
	if err == nil || !strings.Contains(err.Error(), "not in order") {
		t.Error("cells that overlap:", err)
	}
	if err := ledger.Commit(t.Context(), m, head, []ledger.Event{tampered}, []ledger.Detection{d}); err == nil {
		t.Error("a detection with another hash is taken")
	}
	if err := ledger.Commit(t.Context(), m, head, note(func(e *ledger.Event) {}), []ledger.Detection{d}); err == nil {
		t.Error("a detection that no event speaks of is taken")
	}
	if err := ledger.CheckNow(at, at.Add(-time.Second)); err == nil || ledger.CheckNow(at, at) != nil {
		t.Error("CheckNow:", err)
	}
}

// refusedDetections: texts and numbers that no store could keep.
func refusedDetections(t *testing.T) {
	for want, change := range map[string]func(*ledger.Detection){
		"or its numbers are none":                      func(d *ledger.Detection) { d.AreaM2 = math.NaN() },
		"4, or its numbers are none":                   func(d *ledger.Detection) { d.Candidates[0].AreaM2 = math.Inf(1) },
		"one of its texts holds bytes that are":        func(d *ledger.Detection) { d.CountyName = "\xb5\xd8" },
		"one of its texts holds bytes that are no tex": func(d *ledger.Detection) { d.Candidates[0].ZoneName = "a\x00" },
		"it has 20 cells, but says 21":                 func(d *ledger.Detection) { d.Cells++ },
		"it has 0 cells":                               func(d *ledger.Detection) { d.Spans, d.Cells = nil, 0 },
	} {
		m := scene(t, 3)
		head, _ := m.Head(t.Context())
		d := ledgertest.Detection(2, 4, 40)
		change(&d)
		e := d.Event("340000-000004", ledger.New)
		e.Time, e.Fields[ledger.FieldCountyName] = ledgertest.At, "县"
		if e.Fields[ledger.FieldDetectionHash] == "" {
			e.Fields[ledger.FieldDetectionHash] = "none"
		}
		err := ledger.Commit(t.Context(), m, head, []ledger.Event{e}, []ledger.Detection{d})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// TestNumbers: numbers of cases go on over the turn of a year, whatever other ledgers' cases there are.
func TestNumbers(t *testing.T) {
	m := scene(t, 2)
	for i, id := range []string{"340000-000003", "341700-000009", "340000-0000009", "340000-000004"} {
		head, err := m.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := ledgertest.Detection(2, 50+i, 500+5*i)
		e := d.Event(id, ledger.New)
		e.Time = time.Date(2026+i, 12, 31, 16, 0, 0, 0, time.UTC) // 1 January in China
		if err := ledger.Commit(t.Context(), m, head, []ledger.Event{e}, []ledger.Detection{d}); err != nil {
			t.Fatal(err)
		}
	}
	head, err := m.Head(t.Context())
	if err != nil || head.LastNo != 4 || ledger.CaseID("340000", head.LastNo+1) != "340000-000005" {
		t.Errorf("the last number is %d, %v", head.LastNo, err)
	}
	c, err := ledger.CaseOf(t.Context(), m, "340000-000003")
	if err != nil || c.OpenedOn != "2027-01-01" {
		t.Errorf("%v, %v", c, err)
	}
	if _, err := ledger.CaseOf(t.Context(), m, "x"); !errors.Is(err, ledger.ErrNoCase) {
		t.Error(err)
	}
}

// TestRunOf: a run comes back from its event.
func TestRunOf(t *testing.T) {
	want := ledger.Run{ID: strings.Repeat("a", 64), YearA: 2015, YearB: 2020, Product: "clcd", Legend: "clcd",
		Grid: ledger.Grid{CRS: "EPSG:4490", OriginX: 117.1, OriginY: 32, CellX: 1e-4, CellY: 1e-4, Cols: 7, Rows: 8}}
	if got, err := ledger.RunOf(want.Event()); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ledger.RunOf(ledger.Event{Kind: ledger.Set}); err == nil {
		t.Error("an event of another kind is taken for a run")
	}
}

// TestLongExport: an export that is taken in parts is taken whole, or refused whole.
func TestLongExport(t *testing.T) {
	m := scene(t, 2600)
	var text bytes.Buffer
	if err := ledger.Export(t.Context(), m, &text); err != nil {
		t.Fatal(err)
	}
	want, err := m.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if head, err := ledger.CheckExport(bytes.NewReader(text.Bytes())); err != nil || head != want {
		t.Errorf("the head is %v, %v", head, err)
	}
	copied := new(ledger.Memory)
	if err := ledger.Import(t.Context(), copied, bytes.NewReader(text.Bytes())); err != nil {
		t.Fatal(err)
	}
	ledgertest.Sound(t, copied)
	if head, err := copied.Head(t.Context()); err != nil || head != want {
		t.Errorf("the head is %v, %v", head, err)
	}
	cut := text.Bytes()[:text.Len()-200]
	empty := new(ledger.Memory)
	if head, err := ledger.CheckExport(bytes.NewReader(cut)); err == nil || head != (ledger.Head{}) {
		t.Errorf("cut off, the head is %v, %v", head, err)
	}
	if err := ledger.Import(t.Context(), empty, bytes.NewReader(cut)); err == nil {
		t.Error("an export that is cut off is taken")
	}
	if head, err := empty.Head(t.Context()); err != nil || head != (ledger.Head{}) {
		t.Errorf("of an export that is cut off something is left: %v, %v", head, err)
	}
}
