package ledgerwork

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"greenshield/redline/ledger"
)

// TestInChinese: whatever the rules refuse is told without codes and without English.
func TestInChinese(t *testing.T) {
	at := time.Date(2026, 3, 5, 4, 0, 0, 0, time.UTC)
	base := ledger.Case{ID: "34-000001", Since: "2026-03-01", Fields: map[string]string{}}
	event := func(kind ledger.Kind, fields ...string) ledger.Event {
		e := ledger.Event{Case: base.ID, Kind: kind, Time: at, Actor: "李明", Level: ledger.County, Fields: map[string]string{}}
		for i := 0; i < len(fields); i += 2 {
			e.Fields[fields[i]] = fields[i+1]
		}
		return e
	}
	with := func(change func(*ledger.Case)) *ledger.Case {
		c := base
		c.State, c.Fields = ledger.Unreviewed, map[string]string{ledger.FieldVerdict: "refuted", ledger.FieldReason: "natural"}
		change(&c)
		return &c
	}
	filed := event(ledger.Advanced, ledger.FieldTo, string(ledger.Filed))
	for _, one := range []struct {
		of   *ledger.Case
		said ledger.Event
		want string
	}{
		{with(func(*ledger.Case) {}), filed, "核查结论为 不属实，只有属实的问题才能立案、整改"},
		{with(func(c *ledger.Case) { c.MergedInto = "34-000002" }), filed, "已并入问题点位 34-000002；请使用该点位"},
		{with(func(c *ledger.Case) { c.Fields[ledger.FieldToConfirm] = "split" }), filed,
			"结论是沿用的，尚待确认（" + Label("confirm", "split") + "）；请先核查"},
		{with(func(c *ledger.Case) { c.Disputes = []ledger.Dispute{{Field: "verdict"}} }), filed, "核查人对 核查结论 意见不一；请先裁定"},
		{with(func(c *ledger.Case) { c.State = ledger.Filed }), event(ledger.Advanced, ledger.FieldTo, string(ledger.Rectifying)),
			"四个清单不完整，缺少：问题、措施、标准、责任单位、责任人、完成时限；请先补齐"},
		{with(func(c *ledger.Case) { c.State, c.Suspicion = ledger.Publicity, ledger.SuspectFalse }),
			event(ledger.Advanced, ledger.FieldTo, string(ledger.StruckOff)), "疑似问题 疑似虚假整改 尚未认定"},
		{with(func(*ledger.Case) {}), event(ledger.Judged, ledger.FieldVerdict, "refuted", ledger.FieldReason, ""), "结论 不属实 须写明原因；可用原因：误判、自然原因、合法合规、历史遗留、原住民生产生活、不在界内、重复、已整改"},
		{with(func(*ledger.Case) {}), event(ledger.Objection, ledger.FieldObjection, "有异议"), "当前状态为 待核查，没有公示，无从提出异议"},
	} {
		var all []string
		for _, err := range ledger.Shipped().Check(one.of, one.said).(interface{ Unwrap() []error }).Unwrap() {
			all = append(all, InChinese(err))
		}
		if !slices.Contains(all, one.want) {
			t.Errorf("%q, not %q", all, one.want)
		}
	}
	// Each kind of event in each state.
	kinds := []ledger.Event{filed, event(ledger.Judged, ledger.FieldVerdict, "refuted"), event(ledger.Set, "state", "x"),
		event(ledger.Published, ledger.FieldStart, "2026-03-02", ledger.FieldDays, "1"),
		event(ledger.Accepted, ledger.FieldAcceptUnit, "", ledger.FieldOutcome, ledger.Passed),
		event(ledger.Answered), event(ledger.Evidence), event(ledger.Merged, ledger.FieldInto, base.ID),
		event(ledger.Decided, ledger.FieldSuspect, ledger.SuspectRebound, ledger.FieldDecision, ledger.SureOf),
		event(ledger.Settled, ledger.FieldField, "verdict", ledger.FieldValue, "refuted")}
	for _, to := range ledger.States() {
		kinds = append(kinds, event(ledger.Advanced, ledger.FieldTo, string(to)))
	}
	latin := regexp.MustCompile(`[A-Za-z_]{3,}`)
	n := 0
	for _, state := range ledger.States() {
		for _, e := range kinds {
			c := with(func(c *ledger.Case) { c.State = state })
			joined, ok := ledger.Shipped().Check(c, e).(interface{ Unwrap() []error })
			if !ok {
				continue
			}
			for _, err := range joined.Unwrap() {
				n++
				if text := InChinese(err); latin.MatchString(text) {
					t.Errorf("%s: %s", err, text)
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d refusals", n)
	}
}
