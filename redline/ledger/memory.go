package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
)

// Memory is a store in memory, for tests of rules and for dry runs. The zero value is an empty one. Step, where it is
// set, is called before each step of Append with what the step writes; an error of it makes the Append fail.
type Memory struct {
	Step func(what string) error

	mu   sync.RWMutex
	kept content
}

// content is what a Memory keeps, as JSON so that nobody can change it from outside. It is replaced as a whole.
type content struct {
	head       Head
	events     [][]byte
	of         map[string][]int // positions of the events of a case
	cases      map[string][]byte
	detections map[string][]byte
}

// Head implements [Store].
func (m *Memory) Head(context.Context) (Head, error) { return m.snapshot().head, nil }

// Close implements [Store].
func (m *Memory) Close() error { return nil }

func (m *Memory) snapshot() content {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.kept
}

// Append implements [Store].
func (m *Memory) Append(ctx context.Context, b Batch) error { return m.AppendAll(ctx, oneBatch(b)) }

// AppendAll implements [Store].
func (m *Memory) AppendAll(ctx context.Context, parts iter.Seq2[Batch, error]) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := content{m.kept.head, slices.Clip(m.kept.events), maps.Clone(m.kept.of), maps.Clone(m.kept.cases),
		maps.Clone(m.kept.detections)}
	if next.cases == nil {
		next.of, next.cases, next.detections = map[string][]int{}, map[string][]byte{}, map[string][]byte{}
	}
	for b, err := range parts {
		if err == nil {
			err = m.add(ctx, &next, &b)
		}
		if err != nil {
			return err
		}
	}
	m.kept = next
	return nil
}

// add adds a batch to what is to be kept.
func (m *Memory) add(ctx context.Context, next *content, b *Batch) error {
	if next.head != b.Base {
		return ErrConflict
	}
	next.head = b.Next
	step := func(what string) error {
		if m.Step != nil {
			return errors.Join(ctx.Err(), m.Step(what))
		}
		return ctx.Err()
	}
	for _, e := range b.Events {
		if err := step("event"); err != nil {
			return err
		}
		if e.Seq != int64(len(next.events))+1 {
			return ErrConflict
		}
		next.of[e.Case] = append(slices.Clip(next.of[e.Case]), len(next.events))
		next.events = append(next.events, canonical(e))
	}
	for _, d := range b.Detections {
		if err := step("detection"); err != nil {
			return err
		}
		if next.detections[d.ID] != nil {
			return fmt.Errorf("detection %s: %w", d.ID, ErrConflict)
		}
		next.detections[d.ID] = canonical(d)
	}
	for _, c := range b.Cases {
		if err := step("case"); err != nil {
			return err
		}
		next.cases[c.ID] = canonical(c)
	}
	return step("head")
}

// Events implements [Store].
func (m *Memory) Events(_ context.Context, f EventFilter) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		kept, given := m.snapshot(), 0
		give := func(at int) bool {
			if int64(at) < f.After {
				return true
			}
			e, err := decoded[Event](kept.events[at])
			of := kept.of[e.Case]
			if err == nil && (!f.ofKind(e.Kind) || f.Latest && (e.Case == "" || of[len(of)-1] != at)) {
				return true
			}
			given++
			return yield(e, err) && given != f.Limit
		}
		if f.Case != "" || f.NoCase {
			for _, at := range kept.of[f.Case] {
				if !give(at) {
					return
				}
			}
			return
		}
		for at := max(0, int(f.After)); at < len(kept.events) && give(at); at++ {
		}
	}
}

// Cases implements [Store].
func (m *Memory) Cases(_ context.Context, f CaseFilter) iter.Seq2[Case, error] {
	return func(yield func(Case, error) bool) {
		kept := m.snapshot()
		ids := among(kept.cases, f.IDs)
		f.IDs = nil
		for _, id := range ids {
			c, err := decoded[Case](kept.cases[id])
			if (err != nil || f.Match(&c)) && !yield(c, err) {
				return
			}
		}
	}
}

// Detections implements [Store].
func (m *Memory) Detections(ctx context.Context, f DetectionFilter) iter.Seq2[Detection, error] {
	return func(yield func(Detection, error) bool) {
		kept := m.snapshot()
		ground := map[string]bool{}
		if f.Ground {
			ground = kept.ground()
		}
		for _, id := range among(kept.detections, f.IDs) {
			d, err := decoded[Detection](kept.detections[id])
			if f.Run != "" && f.Run != d.Run || f.Ground && !ground[id] {
				continue
			}
			if f.Cells {
				d = Detection{ID: d.ID, Run: d.Run, Spans: d.Spans}
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// ground returns the detections that are ground of a case.
func (k *content) ground() map[string]bool {
	all := map[string]bool{}
	for _, text := range k.cases {
		c, _ := decoded[Case](text) // it was encoded here
		for _, id := range c.Ground {
			all[id] = true
		}
	}
	return all
}

// among returns the keys, sorted; of those given as ids those alone, unless none are given.
func among(m map[string][]byte, ids []string) []string {
	if len(ids) == 0 {
		return slices.Sorted(maps.Keys(m))
	}
	var found []string
	for _, id := range ids {
		if m[id] != nil {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// Backup implements [Store]; it writes what [Export] does.
func (m *Memory) Backup(ctx context.Context, path string) error {
	kept := &Memory{kept: m.snapshot()}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(Export(ctx, kept, f), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

func decoded[T any](text []byte) (v T, err error) {
	err = json.Unmarshal(text, &v)
	return v, err
}
