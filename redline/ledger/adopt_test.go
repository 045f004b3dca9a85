package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

// cityLedger returns a ledger of another code with n cases of the same run.
func cityLedger(t *testing.T, code string, from, n int) *ledger.Memory {
	t.Helper()
	events, _ := ledgertest.Scene(0)
	events[0].Fields[ledger.FieldCode] = code
	var detections []ledger.Detection
	for i := range n {
		d := ledgertest.Detection(1, from+i, 10*(from+i))
		e := d.Event(ledger.CaseID(code, int64(i+1)), ledger.New)
		e.Time = ledgertest.At
		detections, events = append(detections, d), append(events, e)
	}
	m := &ledger.Memory{}
	if err := ledger.Commit(t.Context(), m, ledger.Head{}, events, detections); err != nil {
		t.Fatal(err)
	}
	return m
}

// addNote adds an event to a ledger.
func addNote(t *testing.T, s ledger.Store, id, text string) {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := ledger.Event{Case: id, Kind: ledger.Set, Time: ledgertest.At, Actor: "李四",
		Fields: map[string]string{"note": text}}
	if err := ledger.Commit(t.Context(), s, head, []ledger.Event{e}, nil); err != nil {
		t.Fatal(err)
	}
}

// adopt adopts and commits, and returns how many events and detections that were.
func adopt(t *testing.T, into, from ledger.Store) [2]int {
	t.Helper()
	events, detections, err := ledger.Adopt(t.Context(), into, from)
	if err != nil {
		t.Fatal(err)
	}
	head, err := into.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Commit(t.Context(), into, head, events, detections); err != nil {
		t.Fatal(err)
	}
	ledgertest.Sound(t, into)
	return [2]int{len(events), len(detections)}
}

// TestAdopt: a province's ledger takes over those of its cities, event by event and each once, in either order.
func TestAdopt(t *testing.T) {
	var ends [][]ledger.Case
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		province := scene(t, 3)
		cities := []*ledger.Memory{cityLedger(t, "341700", 100, 4), cityLedger(t, "341800", 200, 2)}
		want := [][2]int{{4, 4}, {2, 2}}
		for _, i := range order {
			if got := adopt(t, province, cities[i]); got != want[i] {
				t.Errorf("city %d: %v, want %v", i, got, want[i])
			}
			if got := adopt(t, province, cities[i]); got != [2]int{} {
				t.Errorf("city %d again: %v", i, got)
			}
		}
		addNote(t, cities[0], "341700-000002", "后来")
		if got := adopt(t, province, cities[0]); got != [2]int{1, 0} {
			t.Errorf("what the city added: %v", got)
		}
		c, err := ledger.CaseOf(t.Context(), province, "341700-000002")
		if err != nil || c.Get("note") != "后来" {
			t.Errorf("%+v, %v", c, err)
		}
		events := collect(t, province.Events(t.Context(), ledger.EventFilter{Case: c.ID}))
		cityHead, _ := cities[0].Head(t.Context())
		if last := events[len(events)-1]; last.Origin != (ledger.Origin{Ledger: "341700", Seq: 7, Hash: cityHead.Hash}) {
			t.Errorf("the origin is %v, want %v", last.Origin, cityHead)
		}
		head, _ := province.Head(t.Context())
		if head.LastNo != 3 {
			t.Errorf("the last number of the province is %d", head.LastNo)
		}
		if got := adopt(t, cities[1], province); got[0] == 0 {
			t.Error("a city adopts nothing of the province's")
		}
		if got := adopt(t, province, cities[1]); got != [2]int{} {
			t.Errorf("the province adopts what came from it: %v", got)
		}
		cases := collect(t, province.Cases(t.Context(), ledger.CaseFilter{}))
		for i := range cases {
			cases[i].Seq, cases[i].Opened = 0, 0
		}
		ends = append(ends, cases)
	}
	if len(ends[0]) != 9 || !slices.EqualFunc(ends[0], ends[1], func(a, b ledger.Case) bool {
		return a.ID == b.ID && a.State == b.State && a.Get("note") == b.Get("note") && a.Detection == b.Detection
	}) {
		t.Errorf("the order matters: %v, %v", ends[0], ends[1])
	}
}

// TestAdoptRefuses: a ledger that cannot be told apart, was changed, or has lost what was adopted is refused.
func TestAdoptRefuses(t *testing.T) {
	refused := func(into, from ledger.Store, want string) {
		t.Helper()
		if _, _, err := ledger.Adopt(t.Context(), into, from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(scene(t, 1), scene(t, 2), "both ledgers have the code 340000")
	refused(scene(t, 1), &ledger.Memory{}, "the ledger is empty")
	city := cityLedger(t, "341700", 100, 3)
	changed := copyOf(t, city)
	changed.detections[0].AreaM2++
	refused(scene(t, 1), changed, "ledger 341700: detection")

	province := scene(t, 1)
	adopt(t, province, city)
	refused(province, cityLedger(t, "341700", 100, 2), "ledger 341700 has no event 5 any more")
	refused(province, cityLedger(t, "341700", 300, 3),
		"event 3 of ledger 341700 is not the one that was adopted before")
}
