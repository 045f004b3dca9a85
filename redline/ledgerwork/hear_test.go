package ledgerwork

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
)

// says returns an event of a kind with fields: name, value, …
func says(kind ledger.Kind, pairs ...string) ledger.Event {
	e := ledger.Event{Kind: kind, Fields: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Fields[pairs[i]] = pairs[i+1]
	}
	return e
}

// hear returns what somebody says of a case who saw it at an event, and what comes of it in a line. It is kept unless
// moved.
func hear(t *testing.T, s ledger.Store, seq int64, name string, said ...ledger.Event) string {
	t.Helper()
	who := by
	who.Name = name
	story, err := StoryOf(t.Context(), s, "34-000001")
	if err != nil {
		t.Fatal(err)
	}
	h, err := story.Hear(seq, said, who)
	if err != nil {
		return "refused: " + err.Error()
	}
	line := ""
	for _, e := range h.Events {
		line += string(e.Kind)
		for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
			line += " " + name + "=" + e.Fields[name]
		}
		if e.Doc.Name != "" {
			line += " doc=" + e.Doc.Name
		}
		line += "; "
	}
	if len(h.Clashes) > 0 {
		line += fmt.Sprint(h.Clashes)
	}
	if h.Moved {
		return line
	}
	c, err := begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	c.Events = h.Events
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
	return line
}

func now(t *testing.T, s ledger.Store) *ledger.Case {
	t.Helper()
	c, err := ledger.CaseOf(t.Context(), s, "34-000001")
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// TestHear: what people say who saw the case at different times.
func TestHear(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa"))
	first := now(t, s).Seq
	for _, step := range []struct {
		seq        int64
		name, want string
		said       []ledger.Event
	}{
		{first + 1, "李", "refused: " + ErrNoVersion.Error(), nil},
		{first - 1, "李", "refused: " + ErrNoVersion.Error(), nil},
		{first, "李", "judged reason=natural review_date=2026-03-02 reviewer=李 verdict=refuted doc=照片.jpg; advanced to=archived; ",
			[]ledger.Event{{Kind: ledger.Judged, Doc: ledger.Document{Name: "照片.jpg", SHA256: strings.Repeat("a", 64)},
				Fields: map[string]string{"verdict": "不属实", "reason": "自然原因"}}}},
		{first, "王", "set due_text=立行立改 note=第二段; ", []ledger.Event{says(ledger.Set, "due_text", "立行立改", "note", "第二段", "problem", "")}},
		{first, "王", "conflict base= field=due_text file=三个月 ledger=立行立改 value=立行立改; [{due_text  立行立改 三个月}]",
			[]ledger.Event{says(ledger.Set, "due_text", "三个月")}},
		{first, "王", "conflict base=unreviewed field=verdict file=confirmed ledger=refuted value=confirmed; " +
			"advanced to=unreviewed; [{verdict unreviewed refuted confirmed}]",
			[]ledger.Event{says(ledger.Judged, "verdict", "confirmed", "reviewer", "", "review_date", "")}},
		{first, "王", "", []ledger.Event{says(ledger.Judged, "verdict", "confirmed", "reviewer", "", "review_date", "")}},
		{first, "王", "refused: the verdict \"x\" is unknown; the verdicts are unreviewed, confirmed, partly, refuted, unverifiable",
			[]ledger.Event{says(ledger.Judged, "verdict", "x")}},
		{first, "王", "refused: the field problem is none of a verdict", []ledger.Event{says(ledger.Judged, "problem", "x")}},
	} {
		if got := hear(t, s, step.seq, step.name, step.said...); got != step.want {
			t.Errorf("%s says %v:\n%s, want\n%s", step.name, step.said, got, step.want)
		}
	}
}

// TestHearAgain: a verdict that was taken back can be given again, and each turn is an event.
func TestHearAgain(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa"))
	before := now(t, s)
	delete(before.Fields, ledger.FieldVerdict)
	for range 3 {
		was := now(t, s)
		want := "judged reason=outside review_date=2026-03-02 reviewer=李 verdict=refuted; advanced to=archived; "
		if got := hear(t, s, was.Seq, "李", says(ledger.Judged, "verdict", "refuted", "reason", "outside")); got != want {
			t.Fatal(got)
		}
		story, err := StoryOf(t.Context(), s, was.ID)
		if err != nil {
			t.Fatal(err)
		}
		undo, err := Undo(*was, story.Events[len(story.Events)-2:])
		if err != nil || len(undo) != 1 {
			t.Fatal(undo, err)
		}
		want = "judged reason= review_date= reviewer= verdict=unreviewed; advanced to=unreviewed; "
		if got := hear(t, s, now(t, s).Seq, "李", undo...); got != want {
			t.Fatal(got)
		}
		after := now(t, s)
		delete(after.Fields, ledger.FieldVerdict) // unreviewed, which a case without a verdict is
		if after.State != before.State || !maps.Equal(after.Fields, before.Fields) {
			t.Errorf("after undo: %v, before: %v", after.Fields, before.Fields)
		}
	}
}

// TestHearMoves: several things of one request build on each other; a move that somebody else made is not made twice, and
// one of a state that was changed is a clash.
func TestHearMoves(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa"))
	seq := now(t, s).Seq
	file := []ledger.Event{says(ledger.Judged, "verdict", "confirmed", "reviewer", "", "review_date", ""), says(ledger.Advanced, "to", "filed"),
		says(ledger.Set, "problem", "a"), says(ledger.Set, "problem", "b")}
	if got := hear(t, s, seq, "李", file...); got != "judged verdict=confirmed; advanced to=filed; set problem=a; set problem=b; " {
		t.Error(got)
	}
	if got := hear(t, s, seq, "王", says(ledger.Advanced, "to", "filed")); got != "" {
		t.Error(got)
	}
	if got := hear(t, s, seq, "王", says(ledger.Advanced, "to", "archived"), says(ledger.Set, "goal", "x")); got != "[{state unreviewed filed archived}]" {
		t.Error(got)
	}
	got := hear(t, s, now(t, s).Seq, "王", says(ledger.Set, "goal", "x"), says(ledger.Advanced, "to", "rectifying"))
	if !strings.HasPrefix(got, "refused: case 34-000001: the four lists are not complete: measures, standard") || now(t, s).Get("goal") != "" {
		t.Error(got)
	}
}

// TestHearConfirms: the verdict that a case has confirms it where that is asked for, once.
func TestHearConfirms(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa"))
	say(t, s, "34-000001", ledger.Judged, map[string]string{"verdict": "confirmed"})
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seq := now(t, s).Seq
	d := runOf(2, grid, "aa").Detections[0]
	e := d.Event("34-000001", ledger.Shifted)
	e.Time, e.Fields[ledger.FieldToConfirm] = by.At, "shifted"
	run := runOf(2, grid, "aa").Run.Event()
	run.Time = by.At
	if err := ledger.Commit(t.Context(), s, head, []ledger.Event{run, e}, []ledger.Detection{d}); err != nil {
		t.Fatal(err)
	}
	same := says(ledger.Judged, "verdict", "confirmed")
	if got := hear(t, s, seq, "李", same); got != "" {
		t.Error("who has not seen that it is to be confirmed:", got)
	}
	seq = now(t, s).Seq
	if got := hear(t, s, seq, "李", same); got != "judged verdict=confirmed; " || now(t, s).Get(ledger.FieldToConfirm) != "" {
		t.Error("confirmed:", got)
	}
	if got := hear(t, s, seq, "王", same); got != "" {
		t.Error("twice:", got)
	}
}

// TestRequestIsNoAttribute: what tells requests apart is in the event, in its hash and in exports, and not in the case.
func TestRequestIsNoAttribute(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa"))
	for i, kind := range []ledger.Kind{ledger.Judged, ledger.Set} {
		c, err := begin(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = []ledger.Event{by.event("34-000001", kind, map[string]string{
			[]string{"verdict", "problem"}[i]: "confirmed", ledger.FieldRequest: "abc"})}
		if err := c.Commit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	story, err := StoryOf(t.Context(), s, "34-000001")
	if err != nil {
		t.Fatal(err)
	}
	last := story.Events[len(story.Events)-1]
	if _, ok := story.Case.Fields[ledger.FieldRequest]; ok || last.Fields[ledger.FieldRequest] != "abc" || len(Fields(last)) != 1 {
		t.Errorf("%v, %v, %v", story.Case.Fields, last.Fields, Fields(last))
	}
	var text strings.Builder
	into := new(ledger.Memory)
	if err := errors.Join(ledger.Export(t.Context(), s, &text), ledger.Import(t.Context(), into, strings.NewReader(text.String()))); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Verify(t.Context(), into, func(p string) { t.Error(p) }); err != nil || !strings.Contains(text.String(), `"request":"abc"`) {
		t.Error(err)
	}
}
