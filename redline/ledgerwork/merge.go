package ledgerwork

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// Other is another ledger, such as that of a city, and how messages call it.
type Other struct {
	Name  string
	Store ledger.Store
}

// Merge returns the change that takes other ledgers into one, see [ledger.Adopt]: what this one knows adds nothing, and
// neither the order of the others matters nor whether they come in one change or in several, for what their cases are
// in the end.
//
// Where both have gone on with a case since they last knew of each other, fields that one side changed are as that side
// has them. Of what both changed otherwise the change has a conflict, for a person to settle: of verdicts the stricter
// one is shown, of other fields the old value, and the case stands where the side has it that is less far.
func Merge(ctx context.Context, s ledger.Store, others []Other, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{}
	for _, o := range others {
		meta, err := ledger.Meta(ctx, o.Store)
		if err != nil {
			return nil, redline.Faultf(redline.Incompatible, "%s: %w", o.Name, err)
		}
		codes[o.Name] = meta[ledger.FieldCode]
	}
	others = slices.Clone(others)
	slices.SortStableFunc(others, func(a, b Other) int { return cmp.Compare(codes[a.Name], codes[b.Name]) })
	for _, o := range others {
		into, err := stagedOn(ctx, s, c)
		if err == nil {
			err = c.merge(ctx, into, o.Store, codes[o.Name], by)
		}
		if err != nil {
			return nil, redline.Faultf(redline.Incompatible, "%s: %w", o.Name, err)
		}
	}
	return c, nil
}

// merge adds what a ledger lacks of another one, and what follows for cases with which both have gone on.
func (c *Change) merge(ctx context.Context, into, from ledger.Store, code string, by By) error {
	meta, err := ledger.Meta(ctx, into)
	if err != nil {
		return err
	}
	events, detections, err := ledger.Adopt(ctx, into, from)
	if err != nil {
		return err
	}
	theirs := map[string][]ledger.Event{} // by case, what is new here
	for _, e := range events {
		theirs[e.Case] = append(theirs[e.Case], e)
	}
	delete(theirs, "")
	if err := c.twice(ctx, into, events); err != nil {
		return err
	}
	known := map[ledger.Origin]bool{}
	for e, err := range from.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return err
		}
		known[e.OriginIn(code)] = true
	}
	c.Events, c.Detections = append(c.Events, events...), append(c.Detections, detections...)
	for _, id := range slices.Sorted(maps.Keys(theirs)) {
		ours, err := eventsOf(ctx, into, id)
		if err != nil {
			return err
		}
		var m bothSides
		for _, e := range ours {
			if m.ours, err = m.ours.Apply(e); err != nil {
				return err
			}
			if known[e.OriginIn(meta[ledger.FieldCode])] {
				m.base, err = m.base.Apply(e)
			} else {
				m.both = true
			}
			if err != nil {
				return err
			}
		}
		if !m.both {
			continue
		}
		if m.theirs, err = ledger.CaseOf(ctx, from, id); err != nil {
			return err
		}
		m.after = m.ours
		for _, e := range theirs[id] {
			if m.after, err = m.after.Apply(e); err != nil {
				return err
			}
		}
		follows, err := m.events(by)
		if err != nil {
			return err
		}
		c.Events = append(c.Events, follows...)
	}
	return nil
}

// twice tells of cases that are new and of cases that are there which one detection has both opened or met: two ledgers
// to which one run was added.
func (c *Change) twice(ctx context.Context, into ledger.Store, fresh []ledger.Event) error {
	cases := map[string]string{} // by detection
	for e, err := range into.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return err
		}
		if e.Kind == ledger.Detected {
			cases[e.Fields[ledger.FieldDetection]] = e.Case
		}
	}
	for _, e := range fresh {
		if other := cases[e.Fields[ledger.FieldDetection]]; e.Kind == ledger.Detected && other != "" && other != e.Case {
			c.Twice = append(c.Twice, [2]string{other, e.Case})
		}
	}
	return nil
}

// Conflict is that a change opens a conflict over a field of a case.
type Conflict struct {
	Case   string    `json:"case"`
	Field  string    `json:"field"`
	Values [2]string `json:"values"`
}

// Conflicts lists the conflicts that a change opens.
func (c *Change) Conflicts() (all []Conflict) {
	for i := range c.Events {
		if e := &c.Events[i]; e.Kind == ledger.Conflict && e.Origin == (ledger.Origin{}) {
			all = append(all, Conflict{e.Case, e.Fields[ledger.FieldField],
				[2]string{e.Fields[ledger.FieldOurs], e.Fields[ledger.FieldFile]}})
		}
	}
	return all
}

// bothSides is a case with which two ledgers have gone on since both knew the same of it.
type bothSides struct {
	base, ours, theirs ledger.Case
	after              ledger.Case // ours with the events of the other side
	both               bool        // there are events of ours that the other side does not know
}

// events returns what brings the case to what both sides say together, and the conflicts.
func (m *bothSides) events(by By) (events []ledger.Event, err error) {
	rules := ledger.Shipped()
	names := slices.Concat(ledger.Reviewed(), ledger.Settable())
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		base, ours, theirs := m.base.Get(name), m.ours.Get(name), m.theirs.Get(name)
		if ours == theirs || base == ours || base == theirs {
			continue
		}
		shown := base
		if name == ledger.FieldVerdict {
			shown = rules.Strictest(ours, theirs)
		}
		events = append(events, m.conflict(by, name, base, ours, theirs, shown))
	}
	state := m.state()
	if state != m.after.State {
		events = append(events, by.event(m.ours.ID, ledger.Advanced, map[string]string{ledger.FieldTo: string(state)}))
	}
	if b, o, t := m.base.State, m.ours.State, m.theirs.State; b != o && b != t && o != t {
		events = append(events, m.conflict(by, stateField, string(b), string(o), string(t), string(state)))
	}
	after := m.after
	for _, e := range events {
		if after, err = after.Apply(e); err != nil {
			return nil, err
		}
	}
	return append(events, rules.Following(&after, by.event(m.ours.ID, ledger.Judged, nil))...), nil
}

// stateField is what a conflict over the state of a case is over.
const stateField = "state"

func (m *bothSides) conflict(by By, field, base, ours, theirs, shown string) ledger.Event {
	values := []string{ours, theirs}
	slices.Sort(values) // so that it says the same on either side
	return by.event(m.ours.ID, ledger.Conflict, map[string]string{ledger.FieldField: field, ledger.FieldBase: base,
		ledger.FieldOurs: values[0], ledger.FieldFile: values[1], ledger.FieldValue: shown})
}

// state returns where the case stands: as the side has it that moved it, or as that has it which is less far.
func (m *bothSides) state() ledger.State {
	ours, theirs := m.ours.State, m.theirs.State
	switch {
	case ours == m.base.State, ours == ledger.Archived && theirs != m.base.State:
		return theirs
	case theirs == m.base.State, theirs == ledger.Archived:
		return ours
	case slices.Index(ledger.States(), theirs) < slices.Index(ledger.States(), ours):
		return theirs
	}
	return ours
}

// staged is a ledger as a change will leave it.
type staged struct {
	ledger.Store
	batch ledger.Batch
}

func stagedOn(ctx context.Context, s ledger.Store, c *Change) (ledger.Store, error) {
	if len(c.Events) == 0 {
		return s, nil
	}
	b, err := ledger.Prepare(ctx, s, c.Base, c.Events, c.Detections)
	return &staged{s, b}, err
}

func (s *staged) Head(context.Context) (ledger.Head, error) { return s.batch.Next, nil }

func (s *staged) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	return func(yield func(ledger.Event, error) bool) {
		n := 0
		for e, err := range s.Store.Events(ctx, f) {
			if n++; !yield(e, err) || err != nil {
				return
			}
		}
		for _, e := range s.batch.Events {
			if e.Seq <= f.After || f.Case != "" && e.Case != f.Case || f.Limit > 0 && n >= f.Limit {
				continue
			}
			if n++; !yield(e, nil) {
				return
			}
		}
	}
}

func (s *staged) Cases(ctx context.Context, f ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	return func(yield func(ledger.Case, error) bool) {
		left := map[string]*ledger.Case{}
		for i := range s.batch.Cases {
			left[s.batch.Cases[i].ID] = &s.batch.Cases[i]
		}
		for c, err := range s.Store.Cases(ctx, ledger.CaseFilter{IDs: f.IDs}) {
			if later := left[c.ID]; later != nil {
				c = *later
				delete(left, c.ID)
			}
			if err == nil && !f.Match(&c) {
				continue
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
		for _, id := range slices.Sorted(maps.Keys(left)) {
			if f.Match(left[id]) && !yield(*left[id], nil) {
				return
			}
		}
	}
}

func (s *staged) Detections(ctx context.Context, f ledger.DetectionFilter) iter.Seq2[ledger.Detection, error] {
	return func(yield func(ledger.Detection, error) bool) {
		for d, err := range s.Store.Detections(ctx, f) {
			if !yield(d, err) || err != nil {
				return
			}
		}
		for _, d := range s.batch.Detections {
			if len(f.IDs) > 0 && !slices.Contains(f.IDs, d.ID) || f.Run != "" && f.Run != d.Run {
				continue
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}
