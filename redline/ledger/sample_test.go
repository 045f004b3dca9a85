package ledger_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

// sampled returns a ledger of six cases of which the first was drawn, and its events.
func sampled(t *testing.T) (*ledger.Memory, []ledger.Event) {
	t.Helper()
	m := &ledger.Memory{}
	events, detections := ledgertest.Scene(6)
	if err := ledger.Commit(t.Context(), m, ledger.Head{}, append(events, ledgertest.Sampled(6)...), detections); err != nil {
		t.Fatal(err)
	}
	ledgertest.Sound(t, m)
	var all []ledger.Event
	for e, err := range m.Events(t.Context(), ledger.EventFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return m, all
}

// TestSampleEvents: the design comes back from its event, the case keeps its draw with its probability, and nothing else
// of it changes.
func TestSampleEvents(t *testing.T) {
	m, events := sampled(t)
	design := events[len(events)-2]
	s, err := ledger.SampleOf(design)
	if err != nil || s.Name != "抽查 <1>" || s.Seed != -7 || s.Run != strings.Repeat("1", 64) || len(s.Frame) != 64 ||
		!slices.Equal(s.By, []string{"group"}) || !slices.Equal(s.Strata, []ledger.DrawStratum{{"natural>built", 6, 1, 0.1}}) {
		t.Errorf("%+v, %v", s, err)
	}
	c, err := ledger.CaseOf(t.Context(), m, "340000-000001")
	if err != nil || !slices.Equal(c.Draws, []ledger.Draw{{"抽查 <1>", "natural>built", "1/6", "0.1"}}) ||
		c.Draws[0].Probability() != 1.0/6 || c.Get("sample") != "" || !c.InSample("抽查 <1>") || c.InSample("x") {
		t.Errorf("%+v, %v", c, err)
	}
	if other, _ := ledger.CaseOf(t.Context(), m, "340000-000002"); other.Draws != nil {
		t.Errorf("another case is drawn: %+v", other.Draws)
	}
	for _, text := range []string{"", "6", "0/6", "7/6", "a/b"} {
		if p := (ledger.Draw{Inclusion: text}).Probability(); p != 0 {
			t.Errorf("%q is a probability of %g", text, p)
		}
	}
	if _, err := ledger.SampleOf(events[0]); fmt.Sprint(err) != "event 1 does not say how a sample was drawn" {
		t.Error(err)
	}
}

// TestSampleRefused: a case is drawn once in a sample; events of samples say all that they must.
func TestSampleRefused(t *testing.T) {
	m, _ := sampled(t)
	for want, change := range map[string]func(design, drawn *ledger.Event){
		"it is in the sample 抽查 <1> already": func(_, _ *ledger.Event) {},
		"the field inclusion is empty":       func(_, drawn *ledger.Event) { delete(drawn.Fields, "inclusion") },
		"the field strata is empty":          func(design, _ *ledger.Event) { delete(design.Fields, "strata") },
		"adds a run or designs a sample":     func(design, _ *ledger.Event) { design.Case = "340000-000001" },
		"it must be of a case, unless it fo": func(_, drawn *ledger.Event) { drawn.Case = "" },
	} {
		events := ledgertest.Sampled(6)
		change(&events[0], &events[1])
		head, err := m.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.Commit(t.Context(), m, head, events, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestEditedSample: an export in which a probability was changed is refused; so is a row of a store.
func TestEditedSample(t *testing.T) {
	m, _ := sampled(t)
	var out bytes.Buffer
	if err := ledger.Export(t.Context(), m, &out); err != nil {
		t.Fatal(err)
	}
	edited := bytes.ReplaceAll(out.Bytes(), []byte(`"1/6"`), []byte(`"1/9"`))
	err := ledger.Import(t.Context(), &ledger.Memory{}, bytes.NewReader(edited))
	if err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("an edited export is taken: %v", err)
	}
}

// TestAdoptedSample: a sample of another ledger keeps its name apart from one of that name here.
func TestAdoptedSample(t *testing.T) {
	city, province := cityLedger(t, "341700", 50, 3), &ledger.Memory{}
	events, detections := ledgertest.Scene(6)
	if err := ledger.Commit(t.Context(), province, ledger.Head{}, append(events, ledgertest.Sampled(6)...), detections); err != nil {
		t.Fatal(err)
	}
	head, err := city.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	drawn := ledgertest.Sampled(3)
	drawn[1].Case = ledger.CaseID("341700", 1)
	if err := ledger.Commit(t.Context(), city, head, drawn, nil); err != nil {
		t.Fatal(err)
	}
	if n := adopt(t, province, city); n != [2]int{5, 3} {
		t.Errorf("adopted %v", n)
	}
	if n := adopt(t, province, city); n != [2]int{0, 0} {
		t.Errorf("adopted again %v", n)
	}
	var names []string
	for e, err := range province.Events(t.Context(), ledger.EventFilter{NoCase: true}) {
		if s, is := ledger.SampleOf(e); err == nil && is == nil {
			names = append(names, s.Name)
		}
	}
	c, err := ledger.CaseOf(t.Context(), province, "341700-000001")
	if want := []string{"抽查 <1>", "341700/抽查 <1>"}; !slices.Equal(names, want) || err != nil || !c.InSample(want[1]) || c.InSample(want[0]) {
		t.Errorf("samples %q, case %+v, %v", names, c.Draws, err)
	}
}
