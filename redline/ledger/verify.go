package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Verify reads the whole ledger and computes everything anew: it calls found for each event that was edited, removed,
// added or moved, each detection that is not the one that its event has the hash of, each case that is not what its
// events say, each row that a store cannot have written, and a head that is not the last event. It returns an error
// only when the ledger cannot be read. Of a chain that was written anew as a whole only somebody knows who has an
// older head, or an export.
func Verify(ctx context.Context, s Store, found func(problem string)) error {
	v := verifier{found: found, cases: map[string]*Case{}, detections: map[string]string{}, unsure: map[string]bool{}}
	if err := v.events(ctx, s); err != nil {
		return err
	}
	if err := v.readDetections(ctx, s); err != nil {
		return err
	}
	return v.readCases(ctx, s)
}

// Last returns the last event of the ledger when it is the one that the head names, and its hash is right. Nothing
// before it is looked at.
func Last(ctx context.Context, s Store) (last Event, err error) {
	head, err := s.Head(ctx)
	if err != nil {
		return last, err
	}
	if head.Seq == 0 {
		return last, errEmpty
	}
	for e, err := range s.Events(ctx, EventFilter{After: head.Seq - 1}) {
		if err != nil {
			return last, err
		}
		if last = e; e.Seq > head.Seq { // somebody writes
			break
		}
		if e.Seq == head.Seq && e.Hash == head.Hash && hashOf(e.Canonical()) == e.Hash {
			return e, nil
		}
	}
	return last, fmt.Errorf(
		"the ledger does not end with the event that its head names: event %d was changed or is missing", head.Seq)
}

type verifier struct {
	found      func(string)
	code       string
	head       Head
	cases      map[string]*Case
	detections map[string]string // id → hash
	// gap tells that the event before could not be read, unsure of which cases there are such events.
	gap    bool
	unsure map[string]bool
}

func (v *verifier) say(format string, args ...any) { v.found(fmt.Sprintf(format, args...)) }

func (v *verifier) events(ctx context.Context, s Store) error {
	for e, err := range s.Events(ctx, EventFilter{}) {
		if v.changed(err) {
			v.gap, v.unsure[e.Case], v.head.Seq = true, true, e.Seq
			continue
		}
		if err != nil {
			return err
		}
		v.event(e)
	}
	head, err := s.Head(ctx)
	if v.changed(err) {
		return nil
	}
	if err == nil && head != v.head && (!v.gap || head.Seq != v.head.Seq) {
		v.say("the ledger ends at event %d (%.16s), but its events end at %d (%.16s)", head.Seq, head.Hash, v.head.Seq,
			v.head.Hash)
	}
	return err
}

// changed tells of a row that was changed, and whether err is of one.
func (v *verifier) changed(err error) bool {
	var row *RowError
	if !errors.As(err, &row) {
		return false
	}
	v.say("%s", row)
	return true
}

func (v *verifier) event(e Event) {
	if e.Seq != v.head.Seq+1 {
		v.say("event %d follows event %d: some are missing, or out of order", e.Seq, v.head.Seq)
	}
	if e.Prev != v.head.Hash && !v.gap {
		v.say("event %d does not follow the event before it: one of them was changed", e.Seq)
	}
	if e.Hash != hashOf(e.Canonical()) {
		v.say("event %d was changed", e.Seq)
	}
	if (e.Kind == Founded) != (v.head.Seq == 0) {
		v.say("event %d: a ledger is founded once, by its first event", e.Seq)
	}
	if e.Kind == Founded {
		v.code = e.Fields[FieldCode]
	}
	if e.Kind == Detected {
		id, hash := e.Fields[FieldDetection], e.Fields[FieldDetectionHash]
		if had, ok := v.detections[id]; ok && had != hash {
			v.say("event %d has another hash of detection %s than an event before", e.Seq, id)
		}
		v.detections[id] = hash
	}
	if v.gap = false; v.unsure[e.Case] {
		// What follows from the events of the case cannot be known.
	} else if err := apply(v.cases, e); err != nil {
		v.say("event %d: %s", e.Seq, err)
	}
	v.head = Head{e.Seq, e.Hash, max(v.head.LastNo, numberOf(v.code, e.Case))}
}

func (v *verifier) readDetections(ctx context.Context, s Store) error {
	for d, err := range s.Detections(ctx, DetectionFilter{}) {
		if v.changed(err) {
			delete(v.detections, keyOf(err))
			continue
		}
		if err != nil {
			return err
		}
		hash, ok := v.detections[d.ID]
		switch {
		case !ok && len(v.unsure) == 0:
			v.say("no event speaks of detection %s", d.ID)
		case ok && hash != d.Hash():
			v.say("detection %s was changed", d.ID)
		}
		delete(v.detections, d.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(v.detections)) {
		v.say("detection %s is missing", id)
	}
	return nil
}

func (v *verifier) readCases(ctx context.Context, s Store) error {
	for id := range v.unsure {
		delete(v.cases, id)
	}
	for c, err := range s.Cases(ctx, CaseFilter{}) {
		if v.changed(err) {
			delete(v.cases, keyOf(err))
			continue
		}
		if err != nil {
			return err
		}
		want := v.cases[c.ID]
		if !v.unsure[c.ID] && (want == nil || !bytes.Equal(canonical(*want), canonical(c))) {
			v.say("case %s is not what its events say", c.ID)
		}
		delete(v.cases, c.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(v.cases)) {
		v.say("case %s is missing", id)
	}
	return nil
}

// keyOf returns the key of the row that an error is of.
func keyOf(err error) string {
	var row *RowError
	errors.As(err, &row)
	return row.Key
}
