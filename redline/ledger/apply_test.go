package ledger

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// applied applies events to a case, one after another.
func applied(t *testing.T, c Case, events ...Event) Case {
	t.Helper()
	for i, e := range events {
		e.Seq, e.Case = int64(i)+10, c.ID
		if e.Time.IsZero() {
			e.Time = monday
		}
		var err error
		if c, err = c.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func saying(kind Kind, pairs ...string) Event {
	e := Event{Kind: kind, Fields: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Fields[pairs[i]] = pairs[i+1]
	}
	return e
}

// TestApply: what an event does to a case beside what it says.
func TestApply(t *testing.T) {
	begun := Case{ID: "340000-000001", State: Rectifying, Since: "2026-02-01"}
	passed := saying(Accepted, FieldAcceptUnit, "县政府", FieldOutcome, Passed)
	passed.Level = County
	submitted := applied(t, begun, saying(Advanced, FieldTo, string(Submitted)))
	if submitted.Get(FieldDoneDate) != "2026-03-02" {
		t.Errorf("it is done on %q", submitted.Get(FieldDoneDate))
	}
	if c := applied(t, begun, saying(Advanced, FieldTo, string(Submitted), FieldDoneDate, "2026-02-20")); c.Get(
		FieldDoneDate) != "2026-02-20" {
		t.Errorf("the day that was given is not kept: %q", c.Get(FieldDoneDate))
	}
	public := applied(t, submitted, passed, saying(Published, FieldStart, "2026-03-02", FieldDays, "10"),
		saying(Objection, FieldObjection, "x"))
	if len(public.Accepted) != 1 || public.Objections != 1 || public.Get(FieldStart) != "2026-03-02" {
		t.Errorf("in publicity: %+v", public)
	}
	back := applied(t, public, saying(Advanced, FieldTo, string(Rectifying)))
	if back.Accepted != nil || back.Objections != 0 || back.Get(FieldStart) != "" || back.Get(FieldDoneDate) != "" {
		t.Errorf("back in rectification: %+v", back)
	}
	carried := Case{ID: "340000-000001", State: Unreviewed, Fields: map[string]string{FieldToConfirm: ConfirmSplit}}
	if c := applied(t, carried, saying(Judged, FieldVerdict, "confirmed")); c.Get(FieldToConfirm) != "" {
		t.Error("a verdict does not confirm what was carried")
	}
	if carried.Get(FieldToConfirm) != ConfirmSplit {
		t.Error("Apply changes the case that it is given")
	}
	ground := Case{ID: "340000-000001", State: Filed, Ground: []string{"a"}}
	if c := applied(t, ground, saying(Merged, FieldInto,
		"340000-000002")); c.Ground != nil || c.MergedInto != "340000-000002" {
		t.Errorf("merged: %+v", c)
	}
	detected := applied(t, Case{}, Event{Kind: LeadTold}).State
	if detected != Unreviewed {
		t.Errorf("a lead opens a case as %q", detected)
	}
	lead := applied(t, applied(t, carried, saying(Set, FieldCounty, "341701")), saying(LeadTold, FieldLeadSource,
		"信访",
		FieldCounty, "341799"))
	if lead.Get(FieldCounty) != "341701" || lead.Get(FieldLeadSource) != "信访" || lead.Leads != 1 {
		t.Errorf("a lead that meets a case: %+v", lead)
	}
	met := applied(t, ground, saying(Detected, FieldDetection, "b", FieldDetectionHash, "h", FieldRelation, "grown",
		FieldGround, "a b", FieldGroup, "natural>built"))
	if !slices.Equal(met.Ground, []string{"a", "b"}) || met.Detection != "b" || met.Relation != Grown ||
		met.Get(FieldGroup) != "natural>built" || met.Get(FieldDetection) != "" {
		t.Errorf("grown: %+v", met)
	}
}

// TestApplyRefuses: what cannot follow fails, whoever checks.
func TestApplyRefuses(t *testing.T) {
	c := Case{ID: "340000-000001", State: Filed}
	for want, e := range map[string]Event{
		"is of case x":            {Case: "x", Kind: Set},
		"is of no case":           {Case: c.ID, Kind: RunAdded},
		"the state \"x\"":         {Case: c.ID, Kind: Advanced, Fields: map[string]string{FieldTo: "x"}},
		"the outcome \"passed\"":  {Case: c.ID, Kind: Accepted, Fields: map[string]string{FieldOutcome: Passed}},
		"no objection is open":    {Case: c.ID, Kind: Answered},
		"no conflict over":        {Case: c.ID, Kind: Settled, Fields: map[string]string{FieldField: FieldNote}},
		"no suspicion of rebound": {Case: c.ID, Kind: Decided, Fields: map[string]string{FieldSuspect: SuspectRebound}},
	} {
		if _, err := c.Apply(e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// TestSameDay: a review on the day of the event, and a notice that begins on the day of the acceptance, are right.
func TestSameDay(t *testing.T) {
	e := Event{Seq: 1, Case: "x", Kind: Judged, Time: monday, Fields: map[string]string{FieldVerdict: "confirmed",
		FieldReviewed: "2026-03-02"}}
	if err := checkEvent(e); err != nil {
		t.Error(err)
	}
	c, e := ready(Transition{From: ProvinceOK, To: Publicity, Kind: Published})
	e.Fields[FieldStart] = "2026-02-26"
	if err := testRules(t).Check(&c, e); err != nil {
		t.Error(err)
	}
}

// earlier is a store of which the head was read before it grew.
type earlier struct {
	*Memory
	head Head
}

func (s earlier) Head(context.Context) (Head, error) { return s.head, nil }

// TestExportOfAGrowingLedger: an export is of the head that it began with, whatever is added meanwhile.
func TestExportOfAGrowingLedger(t *testing.T) {
	m, d := &Memory{}, Detection{ID: "r/P1", Spans: []Span{{1, 2, 3}}, Cells: 1}
	founded := saying(Founded, FieldFormat, "1", FieldCode, "340000")
	founded.Time = monday
	if err := Commit(t.Context(), m, Head{}, []Event{founded}, nil); err != nil {
		t.Fatal(err)
	}
	var before, after bytes.Buffer
	if err := Export(t.Context(), m, &before); err != nil {
		t.Fatal(err)
	}
	head, _ := m.Head(t.Context())
	e := d.Event("340000-000001", New)
	e.Time = monday
	if err := Commit(t.Context(), m, head, []Event{e}, []Detection{d}); err != nil {
		t.Fatal(err)
	}
	if err := Export(t.Context(), earlier{m, head}, &after); err != nil || after.String() != before.String() {
		t.Errorf("%v: %s, want %s", err, &after, &before)
	}
	gap := Batch{Base: Head{Seq: 2}, Next: Head{Seq: 9}, Events: []Event{{Seq: 9}}}
	gap.Base, _ = m.Head(t.Context())
	if err := m.Append(t.Context(), gap); !errors.Is(err, ErrConflict) {
		t.Error("a gap in the numbers is taken:", err)
	}
}

// TestTakeWhileDisputed: a dispute over any field keeps the case open, and what is among its values says nothing new,
// whatever the file had before.
func TestTakeWhileDisputed(t *testing.T) {
	d := desk(t, 1)
	d.take(file(row("C1", "verdict", "refuted", "reason", "natural", "note", "甲")))
	d.take(file(row("C1", "verdict", "refuted", "reason", "natural", "note", "乙")))
	if c := d.cases["340000-000001"]; c.State != Unreviewed || c.Get(FieldVerdict) != "refuted" || len(c.Disputes) != 1 {
		t.Errorf("%+v", c)
	}
	d.given["C1"].Values[FieldNote] = "原说明"
	if got := d.take(file(row("C1", "note", "甲"))); len(got.Events) > 0 {
		t.Errorf("what is disputed already makes %v", got.Events)
	}
}

// TestDetectionWithoutCounty: a run without counties does not take away the county that a case has.
func TestDetectionWithoutCounty(t *testing.T) {
	c := Case{ID: "340000-000001"}
	c.put(FieldCounty, "341721")
	c.put(FieldCountyName, "东至县")
	d := Detection{ID: "r/1"}
	c = must(t)(c.Apply(d.Event(c.ID, Persisting)))
	if c.Get(FieldCounty) != "341721" || c.Get(FieldCountyName) != "东至县" {
		t.Errorf("%v", c.Fields)
	}
}
