package ledger_test

import (
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
)

// office commits events of one case after another, as commands do.
type office struct {
	t     *testing.T
	store ledger.Store
	rules *ledger.Rules
}

const first = "340000-000001"

// say commits an event with what follows from it, on a day, by a level; fields are name, value, …
func (o *office) say(day string, level ledger.Level, kind ledger.Kind, doc ledger.Document, pairs ...string) error {
	o.t.Helper()
	ctx := o.t.Context()
	head, err := o.store.Head(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	c, err := ledger.CaseOf(ctx, o.store, first)
	if err != nil {
		o.t.Fatal(err)
	}
	at, err := time.Parse("2006-01-02 15:04 -0700", day+" 09:00 +0800")
	if err != nil {
		o.t.Fatal(err)
	}
	e := ledger.Event{Case: first, Kind: kind, Time: at, Actor: "张三", Level: level, Doc: doc,
		Fields: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Fields[pairs[i]] = pairs[i+1]
	}
	events, err := o.rules.Judge(&c, e)
	if err != nil {
		return err
	}
	return ledger.Commit(ctx, o.store, head, events, nil)
}

// TestStory walks a case from its detection to its striking off, over the turn of a year, and back after a rebound.
func TestStory(t *testing.T) {
	o := &office{t, scene(t, 3), ledger.Shipped()}
	none, photos := ledger.Document{}, ledger.Document{Name: "照片.zip", SHA256: strings.Repeat("c", 64)}
	for _, step := range []struct {
		day    string
		level  ledger.Level
		kind   ledger.Kind
		doc    ledger.Document
		says   string   // of a refusal
		fields []string // name, value, …
	}{
		{"2026-03-03", ledger.County, ledger.Advanced, none,
			"no way from unreviewed to \"rectifying\"; from there it goes to " +
				"archived, filed", []string{"to", "rectifying"}},
		{"2026-03-03", ledger.County, ledger.Judged, none, "", []string{"verdict", "confirmed", "reviewer", "张三"}},
		{"2026-03-04", ledger.County, ledger.Advanced, none, "", []string{"to", "filed"}},
		{"2026-03-04", ledger.County, ledger.Advanced, none,
			"not complete: problem, measures, standard, responsible_unit, " +
				"responsible_person, due_date", []string{"to", "rectifying"}},
		{"2026-03-04", ledger.County, ledger.Set, none, "", []string{"problem", "违建", "measures", "拆除",
			"measure_kind",
			"demolition", "standard", "恢复原状", "responsible_unit", "县林业局", "responsible_person", "李四",
			"due_text", "立行立改"}},
		{"2026-03-05", ledger.County, ledger.Advanced, none, "", []string{"to", "rectifying"}},
		{"2026-11-30", ledger.County, ledger.Advanced, none, "no evidence", []string{"to", "submitted"}},
		{"2026-11-30", ledger.County, ledger.Evidence, photos, "", nil},
		{"2026-12-01", ledger.County, ledger.Advanced, none, "", []string{"to", "submitted"}},
		{"2026-12-02", ledger.County, ledger.Accepted, none, "nobody accepts its own work", []string{"accept_unit",
			"县林业局",
			"outcome", "passed"}},
		{"2026-12-02", ledger.County, ledger.Accepted, none, "", []string{"accept_unit", "县政府", "outcome", "passed"}},
		{"2026-12-03", ledger.Province, ledger.Accepted, none, "turn of the level city", []string{"accept_unit", "省厅",
			"outcome", "passed"}},
		{"2026-12-03", ledger.City, ledger.Accepted, none, "", []string{"accept_unit", "市局", "outcome", "passed"}},
		{"2026-12-04", ledger.Province, ledger.Accepted, none, "", []string{"accept_unit", "省厅", "outcome", "passed"}},
		{"2026-12-07", ledger.Province, ledger.Published, none, "", []string{"start", "2026-12-07", "days", "10"}},
		{"2026-12-18", ledger.Province, ledger.Advanced, none, "is over after 2026-12-18", []string{"to", "struck_off"}},
		{"2026-12-18", "", ledger.Objection, none, "", []string{"objection", "仍有建筑"}},
		{"2026-12-21", ledger.Province, ledger.Advanced, none, "1 objections have no answer", []string{"to",
			"struck_off"}},
		{"2026-12-22", ledger.Province, ledger.Answered, none, "", []string{"answer", "已拆除"}},
		{"2026-12-31", ledger.Province, ledger.Advanced, none, "", []string{"to", "struck_off"}},
		{"2028-02-01", "", ledger.FollowUp, none, "", []string{"finding", "still", "year", "2027", "share_bad", "80"}},
		{"2028-02-01", "", ledger.Suspected, none, "", []string{"suspicion", "rebound"}},
		{"2028-02-02", "", ledger.Decided, none, "--level", []string{"suspicion", "rebound", "decision", "confirmed"}},
		{"2028-02-02", ledger.City, ledger.Decided, none, "", []string{"suspicion", "rebound", "decision", "confirmed"}},
		{"2028-02-03", ledger.County, ledger.Advanced, none, "not complete: due_date", []string{"to", "rectifying"}},
	} {
		err := o.say(step.day, step.level, step.kind, step.doc, step.fields...)
		if (err == nil) != (step.says == "") || err != nil && !strings.Contains(err.Error(), step.says) {
			t.Fatalf("%s %s %v: %v, want %q", step.day, step.kind, step.fields, err, step.says)
		}
	}
	c, err := ledger.CaseOf(t.Context(), o.store, first)
	if err != nil || c.State != ledger.Filed || c.Rebounds != 1 || c.OpenedOn != "2026-03-02" {
		t.Errorf("%+v, %v", c, err)
	}
	ledgertest.Sound(t, o.store)
}
