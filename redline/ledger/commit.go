package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Commit appends events and the new detections that they speak of to a store whose head the caller read before it
// made the events. It checks and seals them, and computes the cases. All of them are in the ledger when it returns
// nil, and none otherwise. It does not look at the guards of transitions: [Rules.Advance] does when it makes an
// event.
func Commit(ctx context.Context, s Store, head Head, events []Event, detections []Detection) error {
	return CommitKnowing(ctx, s, head, Said{events, detections, nil})
}

// Said is what a command says, with cases of which it says it as far as it has read them since it read the head.
type Said struct {
	Events     []Event
	Detections []Detection
	Known      map[string]*Case // by id; the others are read
}

// CommitKnowing is [Commit] without reading again what the caller has read. When the ledger has changed since then, the
// store refuses.
func CommitKnowing(ctx context.Context, s Store, head Head, said Said) error {
	b, err := PrepareKnowing(ctx, s, head, said)
	if err != nil || len(b.Events) == 0 {
		return err
	}
	return s.Append(ctx, b)
}

// Prepare returns the batch that [Commit] appends. Nothing is written, which serves dry runs.
func Prepare(ctx context.Context, s Store, head Head, events []Event, detections []Detection) (Batch, error) {
	return PrepareKnowing(ctx, s, head, Said{events, detections, nil})
}

// PrepareKnowing returns the batch that [CommitKnowing] appends.
func PrepareKnowing(ctx context.Context, s Store, head Head, said Said) (Batch, error) {
	events := said.Events
	b := Batch{Base: head, Next: head, Detections: slices.Clone(said.Detections)}
	slices.SortFunc(b.Detections, func(x, y Detection) int { return cmp.Compare(x.ID, y.ID) })
	if err := checkFounding(head, events); err != nil || len(events) == 0 {
		return Batch{}, err
	}
	if err := checkDetections(ctx, s, events, b.Detections); err != nil {
		return Batch{}, err
	}
	code, err := codeOf(ctx, s, events[0])
	if err != nil {
		return Batch{}, err
	}
	cases, err := touched(ctx, s, events, said.Known)
	if err != nil {
		return Batch{}, err
	}
	b.Events = make([]Event, 0, len(events))
	for _, e := range events {
		e.Seq = b.Next.Seq + 1
		if err := checkEvent(e); err != nil {
			return Batch{}, err
		}
		e = e.seal(b.Next)
		if err := apply(cases, e); err != nil {
			return Batch{}, err
		}
		b.Next = Head{e.Seq, e.Hash, max(b.Next.LastNo, numberOf(code, e.Case))}
		b.Events = append(b.Events, e)
	}
	b.Cases = inOrder(cases)
	return b, nil
}

// inOrder returns cases by ID.
func inOrder(cases map[string]*Case) []Case {
	all := make([]Case, 0, len(cases))
	for _, id := range slices.Sorted(maps.Keys(cases)) {
		all = append(all, *cases[id])
	}
	return all
}

// Meta returns the fields of the event that founded the ledger.
func Meta(ctx context.Context, s Store) (map[string]string, error) {
	for e, err := range s.Events(ctx, EventFilter{Limit: 1}) {
		return e.Fields, err
	}
	return nil, errEmpty
}

var errEmpty = errors.New("the ledger is empty; found it first")

func codeOf(ctx context.Context, s Store, first Event) (string, error) {
	if first.Kind == Founded {
		return first.Fields[FieldCode], nil
	}
	meta, err := Meta(ctx, s)
	return meta[FieldCode], err
}

// numberOf returns the number of a case of the ledger with that code, 0 for one of another.
func numberOf(code, id string) int64 {
	digits, ok := strings.CutPrefix(id, code+"-")
	no, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || CaseID(code, no) != id {
		return 0
	}
	return no
}

// touched returns the cases of which events speak, as far as they are known or the store has them.
func touched(ctx context.Context, s Store, events []Event, known map[string]*Case) (map[string]*Case, error) {
	ids, cases := map[string]bool{}, map[string]*Case{}
	for i := range events {
		if id := events[i].Case; known[id] != nil {
			cases[id] = known[id]
		} else {
			ids[id] = true
		}
	}
	delete(ids, "")
	if len(ids) == 0 {
		return cases, nil
	}
	for c, err := range s.Cases(ctx, CaseFilter{IDs: slices.Sorted(maps.Keys(ids))}) {
		if err != nil {
			return nil, err
		}
		cases[c.ID] = &c
	}
	return cases, nil
}

// apply has an event change the case that it speaks of. The cases are replaced, never changed.
func apply(cases map[string]*Case, e Event) error {
	if e.Case == "" {
		return nil
	}
	c := cases[e.Case]
	if c == nil {
		c = &Case{}
	}
	next, err := c.Apply(e)
	if err != nil {
		return fmt.Errorf("case %s: %w", e.Case, err)
	}
	cases[e.Case] = &next
	return nil
}

func checkFounding(head Head, events []Event) error {
	for i, e := range events {
		first := i == 0 && head == (Head{})
		if first != (e.Kind == Founded) {
			return fmt.Errorf("event %d: a ledger is founded once, by its first event", i+1)
		}
	}
	return nil
}

// checkDetections refuses a new detection whose hash no event has, for the chain would not cover it, and an event
// of a detection that is neither new nor kept.
func checkDetections(ctx context.Context, s Store, events []Event, fresh []Detection) error {
	hashes, older := map[string]string{}, map[string]bool{}
	for _, e := range events {
		if e.Kind == Detected {
			id, hash := e.Fields[FieldDetection], e.Fields[FieldDetectionHash]
			if had, ok := hashes[id]; ok && had != hash {
				return fmt.Errorf("two events have different hashes of detection %s", id)
			}
			hashes[id], older[id] = hash, true
		}
	}
	own := hashesOf(fresh)
	for i := range fresh {
		d, hash := &fresh[i], own[i]
		switch {
		case d.ID == "" || i > 0 && fresh[i-1].ID == d.ID:
			return fmt.Errorf("detection %q has no id, or one that another has too", d.ID)
		case hashes[d.ID] != hash || hash == "":
			return fmt.Errorf("no event has the hash of detection %s, or its numbers are none", d.ID)
		}
		if err := checkDetection(d); err != nil {
			return fmt.Errorf("detection %s: %w", d.ID, err)
		}
		delete(older, d.ID)
	}
	if len(older) == 0 {
		return nil
	}
	for d, err := range s.Detections(ctx, DetectionFilter{IDs: slices.Sorted(maps.Keys(older))}) {
		switch {
		case err != nil:
			return err
		case hashes[d.ID] != d.Hash():
			return fmt.Errorf("an event has another hash of detection %s than it has", d.ID)
		}
		delete(older, d.ID)
	}
	for id := range older {
		return fmt.Errorf("there is no detection %s", id)
	}
	return nil
}

// hashesOf returns the hashes of detections.
func hashesOf(detections []Detection) []string {
	hashes := make([]string, len(detections))
	var all sync.WaitGroup
	for chunk := range slices.Chunk(indices(len(detections)), 512) {
		all.Go(func() {
			for _, i := range chunk {
				hashes[i] = detections[i].Hash()
			}
		})
	}
	all.Wait()
	return hashes
}

// indices returns the numbers below n.
func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// checkDetection refuses texts that no store could keep, and cells that are none.
func checkDetection(d *Detection) error {
	texts := []string{d.ID, d.Run, d.Product, d.Legend, d.Grid, d.Group, d.County, d.CountyName}
	for _, c := range d.Candidates {
		texts = append(texts, c.ID, c.Change, c.Rule, c.Layer, c.Zone, c.ZoneName, c.ZoneType, c.Reason)
		for name, value := range c.Features {
			texts = append(texts, name, value)
		}
	}
	for _, text := range texts {
		if err := checkText("one of its texts", text); err != nil {
			return err
		}
	}
	return checkSpans(d)
}

func checkSpans(d *Detection) error {
	var cells int64
	for i, s := range d.Spans {
		if s.Col1 <= s.Col0 || i > 0 && !before(d.Spans[i-1], s) {
			return fmt.Errorf("its cells are not in order")
		}
		cells += int64(s.Col1 - s.Col0)
	}
	if cells == 0 || cells != d.Cells {
		return fmt.Errorf("it has %d cells, but says %d", cells, d.Cells)
	}
	return nil
}

// before tells whether span b may follow a: in a later row, or in the same one with a gap.
func before(a, b Span) bool { return a.Row < b.Row || a.Row == b.Row && a.Col1 < b.Col0 }
