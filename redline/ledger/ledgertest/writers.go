package ledgertest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
)

// testParts: batches that follow one another are added together; when one of them is wrong or missing, none is.
func testParts(t *testing.T, k Kind) {
	s := opened(t, k.New(t), nil)
	defer closed(t, s)
	events, detections := Scene(12)
	whole, err := ledger.Prepare(t.Context(), s, ledger.Head{}, events, detections)
	if err != nil {
		t.Fatal(err)
	}
	head := func(e ledger.Event) ledger.Head {
		return ledger.Head{Seq: e.Seq, Hash: e.Hash, LastNo: min(12, max(0, e.Seq-2))}
	}
	var parts []ledger.Batch
	base := ledger.Head{}
	for _, n := range []int{1, 9, 17, len(whole.Events)} {
		b := ledger.Batch{Base: base, Next: head(whole.Events[n-1]), Events: whole.Events[base.Seq:n]}
		parts, base = append(parts, b), b.Next
	}
	parts = append(parts, ledger.Batch{Base: base, Next: base, Detections: whole.Detections[:5]},
		ledger.Batch{Base: base, Next: base, Detections: whole.Detections[5:], Cases: whole.Cases})
	fault := errors.New("the file is cut off")
	given := func(parts []ledger.Batch, err error) func(func(ledger.Batch, error) bool) {
		return func(yield func(ledger.Batch, error) bool) {
			for _, b := range parts {
				if !yield(b, nil) {
					return
				}
			}
			if err != nil {
				yield(ledger.Batch{}, err)
			}
		}
	}
	for n := range parts {
		if err := s.AppendAll(t.Context(), given(parts[:n], fault)); !errors.Is(err, fault) {
			t.Errorf("of a file that ends after %d parts: %v", n, err)
		}
		gap := slices.Delete(slices.Clone(parts), n, n+1)
		if n < 4 { // of a part without events no head tells
			if err := s.AppendAll(t.Context(), given(gap, nil)); !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("part %d is missing: %v", n, err)
			}
		}
		if got := read(t, s); !reflect.DeepEqual(got, contents{}) {
			t.Fatalf("after %d parts something is left: %v", n, got.Head)
		}
	}
	other := opened(t, k.New(t), nil)
	defer closed(t, other)
	if err := other.AppendAll(t.Context(), given(parts, nil)); err != nil {
		t.Fatal(err)
	}
	got, want := read(t, other), contents{whole.Next, whole.Events, whole.Cases, whole.Detections}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("in parts the ledger is another: %v, %v", got.Head, want.Head)
	}
	Sound(t, other)
}

// testReviewers: the files of two reviewers, with texts that are made to do harm, lead to the same cases in both
// orders.
func testReviewers(t *testing.T, k Kind) {
	given := map[string]ledger.Given{}
	files := make([]ledger.File, 2)
	for i, text := range Hostile {
		id := fmt.Sprint("C", i)
		given[id] = ledger.Given{Case: ledger.CaseID("340000", int64(i+1))}
		for r, verdict := range []string{"confirmed", []string{"confirmed", "unverifiable", ""}[i%3]} {
			note := text
			if r == 1 {
				note = Hostile[(i+i%2)%len(Hostile)]
			}
			values := map[string]string{ledger.FieldVerdict: verdict, ledger.FieldReason: "", ledger.FieldNote: note,
				ledger.FieldReviewer: []string{"张", "李"}[r], ledger.FieldReviewed: fmt.Sprintf("2026-03-0%d", 2+r)}
			if verdict == "unverifiable" {
				values[ledger.FieldReason] = "legacy"
			}
			files[r].Rows = append(files[r].Rows, ledger.Row{Place: "row", Candidate: id, Values: values})
		}
	}
	var ends [2]string
	for first := range ends {
		s := opened(t, k.New(t), nil)
		events, detections := Scene(len(Hostile))
		events = slices.DeleteFunc(events, func(e ledger.Event) bool { return e.Kind == ledger.Judged })
		if err := ledger.Commit(t.Context(), s, ledger.Head{}, events, detections); err != nil {
			t.Fatal(err)
		}
		for _, f := range []ledger.File{files[first], files[1-first], files[first]} {
			take(t, s, given, f)
		}
		Sound(t, s)
		var end strings.Builder
		for _, c := range read(t, s).Cases {
			c.Seq = 0 // the order of the events is another
			end.WriteString(c.JSON() + "\n")
		}
		ends[first] = end.String()
		closed(t, s)
	}
	if ends[0] != ends[1] || !strings.Contains(ends[0], `"disputes"`) || !strings.Contains(ends[0], "DROP TABLE") {
		t.Errorf("one order ends in\n%.3000s\nthe other in\n%.3000s", ends[0], ends[1])
	}
}

// take brings a file into a store.
func take(t *testing.T, s ledger.Store, given map[string]ledger.Given, f ledger.File) {
	t.Helper()
	now := read(t, s)
	cases := map[string]ledger.Case{}
	for _, c := range now.Cases {
		cases[c.ID] = c
	}
	by := ledger.Event{Time: At.AddDate(0, 0, 5), Actor: "王", Level: ledger.City}
	taken, err := ledger.Shipped().Take("", given, cases, f, by)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range taken.Refused {
		t.Errorf("refused: %s: %v", r.Candidate, r.Reason)
	}
	if err := ledger.Commit(t.Context(), s, now.Head, taken.Events, nil); err != nil {
		t.Fatal(err)
	}
}

// testDates: days that are none, and days after that of the event where these cannot be, come into no store.
func testDates(t *testing.T, k Kind) {
	s, _ := filled(t, k, 1)
	defer closed(t, s)
	want := read(t, s)
	for field, days := range map[string][]string{
		ledger.FieldDueDate:    {"2021-02-30", "2021-13-01", "20210301", "2021-3-1", "1e9", "9999-12-31", "x"},
		ledger.FieldReviewed:   {"2021-02-29", "2026-03-04", "2999-01-01"},
		ledger.FieldLeadDate:   {"2999-01-01"},
		ledger.FieldValidUntil: {"2100-02-29"},
	} {
		for _, day := range days {
			e := note("x")
			e.Fields[field] = day
			err := ledger.Commit(t.Context(), s, want.Head, []ledger.Event{e}, nil)
			if err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%s = %s: %v", field, day, err)
			}
		}
	}
	for _, at := range []time.Time{{}, time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		e := note("x")
		e.Time = at
		if err := ledger.Commit(t.Context(), s, want.Head, []ledger.Event{e}, nil); err == nil {
			t.Errorf("an event of %s is taken", at)
		}
	}
	if got := read(t, s); !reflect.DeepEqual(got, want) {
		t.Error("a refused event left something behind")
	}
}

// various has cases of a scene of 20 say what filters choose by.
func various(t *testing.T, s ledger.Store) {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := Detection(3, 77, 500)
	e := d.Event("340000-000020", ledger.Grown)
	e.Fields[ledger.FieldGround] = read(t, s).Cases[19].Ground[0]
	e.Fields[ledger.FieldToConfirm] = "grown"
	events := []ledger.Event{e}
	for kind, fields := range map[ledger.Kind]map[string]string{
		ledger.Set:       {ledger.FieldUnit: "某镇%政府", ledger.FieldExtNo: "1'"},
		ledger.Conflict:  {ledger.FieldField: ledger.FieldNote, ledger.FieldOurs: "a", ledger.FieldFile: "b"},
		ledger.Suspected: {ledger.FieldSuspect: ledger.SuspectRebound},
	} {
		events = append(events, ledger.Event{Case: "340000-000019", Kind: kind, Fields: fields})
	}
	for i := range events {
		events[i].Time = At.AddDate(0, 1, 0)
	}
	if err := ledger.Commit(t.Context(), s, head, events, []ledger.Detection{d}); err != nil {
		t.Fatal(err)
	}
}
