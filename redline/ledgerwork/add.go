package ledgerwork

import (
	"context"
	"maps"
	"math"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// FieldNear is a field of [ledger.Detected]: ids of cases that lie near the detection, by spaces, without being the
// same place (蚕食).
const FieldNear = "near"

// Add returns the change that brings a run into a ledger: which cases its detections are, by cells, and new cases for
// those that are none; see [Snapshot.Meet]. What the run saw on the ground of
// cases becomes their follow-ups, see [Follow]. A run that is in the ledger already changes nothing.
func Add(ctx context.Context, s ledger.Store, run *RunFound, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	runs, err := runsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, known := runs[run.ID]; known {
		c.Same = len(run.Detections)
		return c, nil
	}
	snapshot, err := snapshotOf(ctx, s, runs, 0)
	if err != nil {
		return nil, err
	}
	c.known = snapshot.cases
	met, err := snapshot.Meet(run, ledger.DayOf(by.At))
	if err != nil {
		return nil, err
	}
	e := run.Event()
	c.add(by, "", e.Kind, e.Fields)
	if err := c.addFollowUps(ctx, s, run, by); err != nil {
		return nil, err
	}
	a := &adding{Change: c, by: by, code: meta[ledger.FieldCode], lastNo: c.Base.LastNo, prio: run.Prio}
	for i := range met {
		if err := a.met(&met[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// addFollowUps adds what the run saw on the ground of cases.
func (c *Change) addFollowUps(ctx context.Context, s ledger.Store, run *RunFound, by By) error {
	if len(run.Grounds) == 0 {
		return nil
	}
	judging, err := run.judging()
	if err != nil {
		return err
	}
	seen, err := Follow(ctx, s, run.Image, run.Grounds, judging, by)
	if err != nil {
		return err
	}
	c.Events, c.Refused, c.Same = append(c.Events, seen.Events...), seen.Refused, seen.Same
	return nil
}

// runsOf returns the runs of a ledger by id.
func runsOf(ctx context.Context, s ledger.Store) (map[string]ledger.Run, error) {
	runs := map[string]ledger.Run{}
	for e, err := range s.Events(ctx, ledger.EventFilter{NoCase: true}) {
		if err == nil && e.Kind == ledger.RunAdded {
			runs[e.Fields[ledger.FieldRun]], err = ledger.RunOf(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// adding is a run on its way into a ledger.
type adding struct {
	*Change
	by     By
	code   string
	lastNo int64
	prio   map[string]string // by detection
}

// met adds the events of what a detection is to the cases. Verdicts of merged cases that do not agree are conflicts,
// with which a case that was archived waits again.
func (a *adding) met(m *Met) error {
	if m.Detection == nil {
		a.add(a.by, m.Case.ID, ledger.Set, map[string]string{ledger.FieldToConfirm: m.Carried.ToConfirm})
		return nil
	}
	id, fields := "", maps.Clone(m.Carried.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	if m.Case == nil {
		a.lastNo++
		id = ledger.CaseID(a.code, a.lastNo)
	} else {
		id = m.Case.ID
		fields[ledger.FieldGround] = strings.Join(m.Ground, " ")
	}
	if m.From != nil {
		fields[ledger.FieldSplitFrom] = m.From.ID
	}
	if m.GainedM2 > 0 {
		before, _ := strconv.ParseFloat(m.Case.Get(ledger.FieldGainedM2), 64) // that nobody has judged yet
		fields[ledger.FieldGainedM2] = strconv.FormatFloat(math.Round(before+m.GainedM2), 'f', -1, 64)
	}
	if m.Carried.ToConfirm != "" {
		fields[ledger.FieldToConfirm] = m.Carried.ToConfirm
	}
	if prio := a.prio[m.Detection.ID]; prio != "" || m.Case != nil && m.Case.Get(ledger.FieldPrio) != "" {
		fields[ledger.FieldPrio] = prio // that of an earlier detection does not speak of this one
	}
	if len(m.Near) > 0 {
		fields[FieldNear] = strings.Join(m.Near, " ")
	}
	e := m.Detection.Event(id, m.Relation)
	maps.Copy(e.Fields, fields)
	a.add(a.by, id, ledger.Detected, e.Fields)
	a.Detections = append(a.Detections, *m.Detection)
	if m.Relation == ledger.MergedOf {
		for _, other := range m.Others {
			a.add(a.by, other.ID, ledger.Merged, map[string]string{ledger.FieldInto: id})
		}
	}
	if len(m.Carried.Disputes) == 0 {
		return nil
	}
	after, err := *m.Case, error(nil)
	for _, e := range m.Carried.Disputes {
		a.add(a.by, e.Case, e.Kind, e.Fields)
		if after, err = after.Apply(e); err != nil {
			return err
		}
	}
	a.Events = append(a.Events, ledger.Shipped().Following(&after, a.by.event(id, ledger.Conflict, nil))...)
	return nil
}
