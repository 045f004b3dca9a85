package ledger

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var monday = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// ready returns a case in a state to which nothing is missing, and the event that moves it along a transition.
func ready(t Transition) (Case, Event) {
	c := Case{ID: "340000-000001", Seq: 9, Opened: 3, State: t.From, Since: "2026-02-26", Fields: map[string]string{
		FieldVerdict: "confirmed", FieldProblem: "违规建设", FieldMeasures: "拆除", FieldMeasureKind: "demolition",
		FieldStandard: "恢复原状", FieldUnit: "某县林业局、某镇政府", FieldPerson: "李四", FieldDueDate: "2026-03-31",
		FieldStart: "2026-01-05", FieldDays: "10", FieldFinding: Restored, FieldYear: "2025"},
		Evidence: []Document{{"照片.zip", strings.Repeat("a", 64)}}}
	if t.To == Archived {
		c.put(FieldVerdict, "refuted")
		c.put(FieldReason, "natural")
	}
	if t.To == Recorded || t.From == Recorded {
		c.put(FieldLists, "on record")
	}
	e := Event{Seq: 10, Case: c.ID, Kind: t.Kind, Time: monday, Actor: "张三", Level: Province,
		Fields: map[string]string{}}
	switch t.Kind {
	case Advanced:
		e.Fields[FieldTo], e.Fields[FieldNote] = string(t.To), "据来函"
	case Accepted:
		e.Fields[FieldAcceptUnit], e.Fields[FieldOutcome] = "某局", Passed
		e.Level = map[State]Level{Submitted: County, CountyOK: City, CityOK: Province}[t.From]
		if t.To == Recorded {
			e.Fields[FieldOutcome] = OnlyRecord
		}
		if t.To == Rectifying {
			e.Fields[FieldOutcome] = Returned
		}
	case Published:
		e.Fields[FieldStart], e.Fields[FieldDays] = "2026-03-02", "10"
	case Decided:
		c.Suspicion = SuspectFalse
		e.Fields[FieldSuspect], e.Fields[FieldDecision] = SuspectFalse, SureOf
	}
	return c, e
}

// testRules are the shipped ones with a list of which the province only takes cases on record.
func testRules(t *testing.T) *Rules {
	t.Helper()
	tables := ShippedTables()
	tables.Lists = append(tables.Lists, "on record,yes,yes,record,3\nmany,no,yes,no,20\ncity,no,yes,no,3\n"...)
	r, err := ParseRules(tables)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func nameOf(g guard) string {
	name := runtime.FuncForPC(reflect.ValueOf(g).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

// broken says how a guard is made to refuse, and what it says then.
type broken struct {
	by   func(*Case, *Event)
	says string
}

func field(name, value string) func(*Case, *Event) {
	return func(c *Case, _ *Event) { c.put(name, value) }
}

func said(name, value string) func(*Case, *Event) {
	return func(_ *Case, e *Event) { e.Fields[name] = value }
}

var breaks = map[string][]broken{
	"named": {{func(_ *Case, e *Event) { e.Actor = " " }, "give a name with --as"}},
	"notGone": {{func(c *Case, _ *Event) { c.MergedInto = "340000-000002" }, "merged into case 340000-000002"},
		{func(c *Case, _ *Event) { c.HandedTo = "某市" }, "handed over to 某市"}},
	"inOrderOfTime": {{func(c *Case, _ *Event) { c.Since = "2026-03-03" },
		"since 2026-03-03, which is later than 2026-03-02"}},
	"toConfirm": {{field(FieldToConfirm, "split"), "still to be confirmed (split)"}},
	"noProblem": {{field(FieldVerdict, "confirmed"), "its verdict is confirmed"},
		{field(FieldVerdict, ""), "its verdict is unreviewed"}, {field(FieldVerdict, "unverifiable"),
			"no problem is archived"}},
	"problem": {{field(FieldVerdict, "refuted"), "its verdict is refuted"}, {field(FieldVerdict, ""),
		"only a confirmed problem"}},
	"noDispute": {{func(c *Case, _ *Event) { c.Disputes = []Dispute{{Field: FieldVerdict}} },
		"reviewers disagree over its verdict"}},
	"written": {{said(FieldNote, " "), "needs a reason in writing"}},
	"fourLists": {{field(FieldProblem, ""), "not complete: problem;"}, {field(FieldMeasures, " "),
		"not complete: measures;"},
		{field(FieldStandard, ""), "not complete: standard;"}, {field(FieldUnit, ""), "not complete: responsible_unit;"},
		{field(FieldPerson, ""), "not complete: responsible_person;"}, {field(FieldDueDate, ""),
			"not complete: due_date;"},
		{func(c *Case, _ *Event) { c.put(FieldProblem, ""); c.put(FieldStandard, "") }, "problem, standard;"}},
	"evidenced":  {{func(c *Case, _ *Event) { c.Evidence = nil }, "no evidence of the rectification"}},
	"levelsTurn": {{func(_ *Case, e *Event) { e.Level = otherLevel(e.Level) }, "it is the turn of the level"}},
	"knownOutcome": {{said(FieldOutcome, "好"), `the outcome "好"`},
		{said(FieldOutcome, OnlyRecord), "record"}},
	"notItself": {{said(FieldAcceptUnit, " 某县 林业局"), "某县林业局 has rectified it"},
		{said(FieldAcceptUnit, "某镇政府"), "nobody accepts its own work"}, {said(FieldAcceptUnit, " "), "is not named"}},
	"allAccepted": {{func(c *Case, _ *Event) { c.State = CityOK }, "it is city_accepted; it must be province_accepted"},
		{said(FieldStart, "2026-02-25"), "cannot begin on 2026-02-25, before the acceptance on 2026-02-26"}},
	"enoughDays": {{said(FieldDays, "2"), `working days, not "2"`}, {said(FieldDays, "x"), `not "x"`},
		{said(FieldDays, "101"), "to 100"}, {said(FieldStart, "2028-01-03"), "no line of the year 2028"}},
	"publicityOver": {{field(FieldStart, "2026-02-24"), "of 10 working days from 2026-02-24 is over after 2026-03-06"}},
	"noObjection":   {{func(c *Case, _ *Event) { c.Objections = 2 }, "2 objections have no answer"}},
	"noSuspicion":   {{func(c *Case, _ *Event) { c.Suspicion = SuspectFalse }, "suspicion of false_rectification"}},
	"notStill":      {{field(FieldFinding, Still), "the image of 2025 shows that it is still there"}},
	"notLongTerm":   {{field(FieldLongTerm, "yes"), "over the long term"}},
	"suspected": {{func(c *Case, _ *Event) { c.Suspicion = "" }, "nothing suspects it"},
		{func(c *Case, _ *Event) { c.Suspicion = SuspectRebound }, "nothing suspects it of false_rectification"}},
	"decidable": {{said(FieldDecision, "也许"), "is no decision"}},
}

func otherLevel(l Level) Level {
	if l == City {
		return County
	}
	return City
}

// TestEveryTransitionAndGuard walks every way, and has each of its guards refuse it for its own reason.
func TestEveryTransitionAndGuard(t *testing.T) {
	rules, refused := testRules(t), map[string]bool{}
	for _, way := range Transitions() {
		name := fmt.Sprintf("%s to %s by %s", way.From, way.To, way.Kind)
		c, e := ready(way)
		if err := rules.Check(&c, e); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
		after, err := c.Apply(e)
		if err != nil || after.State != way.To || after.Since != "2026-03-02" || after.Seq != 10 {
			t.Errorf("%s leads to %s since %s, %v", name, after.State, after.Since, err)
		}
		for _, g := range slices.Concat(always, way.guards) {
			if g := nameOf(g); g == "inOrderOfTime" && way.Kind == Decided {
				continue // deciding does not depend on when the case came to where it is
			} else if breaks[g] == nil {
				t.Errorf("no test has the guard %s refuse", g)
			}
			for _, b := range breaks[nameOf(g)] {
				c, e := ready(way)
				if c.Get(FieldLists) != "" && (b.says == "record" || strings.Contains(b.says, "province_accepted")) {
					continue // on that list the province only takes it on record
				}
				c.Fields, e.Fields = maps.Clone(c.Fields), maps.Clone(e.Fields)
				b.by(&c, &e)
				err := rules.Check(&c, e)
				if err == nil || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), b.says) {
					t.Errorf("%s, guard %s: %v, want %q", name, nameOf(g), err, b.says)
				}
				refused[nameOf(g)] = true
			}
		}
	}
	for g := range breaks {
		if !refused[g] {
			t.Errorf("no transition has the guard %s", g)
		}
	}
}

// TestNoOtherWay: whatever is no transition is refused, with the ways that there are.
func TestNoOtherWay(t *testing.T) {
	rules := testRules(t)
	for _, from := range States() {
		for _, to := range States() {
			if slices.ContainsFunc(transitions, func(w Transition) bool {
				return w.From == from && w.To == to && w.Kind == Advanced
			}) {
				continue
			}
			c, e := ready(Transition{From: from, To: to, Kind: Advanced})
			err := rules.Check(&c, e)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("no way from %s to %q", from, to)) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
		for kind, to := range map[Kind]State{Accepted: CountyOK, Published: Publicity} {
			known := slices.ContainsFunc(transitions, func(w Transition) bool { return w.From == from && w.Kind == kind })
			c, e := ready(Transition{From: from, To: to, Kind: kind})
			if err := rules.Check(&c, e); !known && err == nil {
				t.Errorf("%s in %s is taken", kind, from)
			}
		}
	}
	c, e := ready(Transition{From: StruckOff, To: Filed, Kind: Advanced})
	if err := rules.Check(&c, e); err == nil || !strings.HasSuffix(err.Error(),
		`no way from struck_off to "filed"; only a suspicion that is confirmed opens it again`) {
		t.Error(err)
	}
	c, e = ready(Transition{From: Publicity, Kind: Founded})
	if rules.Check(&c, e) == nil {
		t.Error("a ledger is founded within a case")
	}
	if err := rules.Check(&c, Event{Kind: Advanced, Time: monday,
		Fields: map[string]string{FieldTo: "closed"}}); err == nil ||
		len(err.(interface{ Unwrap() []error }).Unwrap()) != 2 {
		t.Error("two reasons are wanted:", err)
	}
}

// TestWhatDoesNotMove: events that leave the state as it is have their guards too.
func TestWhatDoesNotMove(t *testing.T) {
	rules := testRules(t)
	doc := Document{"照片.zip", strings.Repeat("b", 64)}
	for _, test := range []struct {
		state  State
		kind   Kind
		fields map[string]string
		change func(*Case, *Event)
		says   string // "" for what is taken
	}{
		{Unreviewed, Judged, map[string]string{FieldVerdict: "confirmed"}, nil, ""},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "好"}, nil,
			`the verdict "好" is unknown; the verdicts are unreviewed,`},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "refuted"}, nil, "needs a reason"},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "refuted", FieldReason: "x"}, nil,
			`the reason "x" is unknown`},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "refuted", FieldReason: "lawful"}, nil, "approval, note"},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "refuted", FieldReason: "lawful",
			FieldApproval: "皖自然资〔2020〕1号"},
			nil, ""},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "refuted", FieldReason: "duplicate"}, nil,
			"duplicate_of, note"},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "unreviewed", FieldReason: "natural"}, nil, "has no reason"},
		{Unreviewed, Judged, map[string]string{FieldVerdict: "confirmed", FieldUnit: "x"}, nil, "none of a verdict"},
		{Filed, Set, map[string]string{FieldProblem: "x"}, nil, ""},
		{Filed, Set, nil, nil, "nothing to set"},
		{Filed, Set, map[string]string{FieldVerdict: "refuted"}, nil, "the field verdict cannot be set"},
		{Filed, Set, map[string]string{FieldMeasureKind: "x"}, nil, "withdrawal, demolition"},
		{Rectifying, Evidence, nil, func(_ *Case, e *Event) { e.Doc = doc }, ""},
		{Unreviewed, Evidence, nil, func(_ *Case, e *Event) { e.Doc = doc }, "under way"},
		{Publicity, Objection, map[string]string{FieldObjection: "不同意"}, nil, ""},
		{Filed, Objection, map[string]string{FieldObjection: "不同意"}, nil, "no public notice"},
		{Publicity, Answered, map[string]string{FieldAnswer: "x"}, nil, "no objection is open"},
		{Publicity, Answered, map[string]string{FieldAnswer: "x"}, func(c *Case, _ *Event) { c.Objections = 1 }, ""},
		{Filed, Settled, map[string]string{FieldField: FieldNote}, nil, "no conflict over the field note"},
		{Unreviewed, Settled, map[string]string{FieldField: FieldVerdict, FieldValue: "x"}, dispute(FieldVerdict),
			"unknown"},
		{Unreviewed, Settled, map[string]string{FieldField: FieldReason, FieldValue: "x"}, dispute(FieldReason),
			"unknown"},
		{Unreviewed, Settled, map[string]string{FieldField: FieldValidUntil, FieldValue: "2021-02-30"},
			dispute(FieldValidUntil),
			"no day of the calendar"},
		{Unreviewed, Settled, map[string]string{FieldField: FieldVerdict, FieldValue: "refuted"},
			dispute(FieldVerdict), ""},
		{Unreviewed, Settled, map[string]string{FieldField: FieldVerdict, FieldValue: "refuted"},
			func(c *Case, e *Event) { dispute(FieldVerdict)(c, e); e.Level = "" }, "--level"},
		{StruckOff, Suspected, map[string]string{FieldSuspect: SuspectRebound}, nil, ""},
		{Filed, Suspected, map[string]string{FieldSuspect: SuspectRebound}, nil, "only what was struck off"},
		{Submitted, Suspected, map[string]string{FieldSuspect: SuspectFalse}, nil, ""},
		{Rectifying, Suspected, map[string]string{FieldSuspect: SuspectFalse}, nil, "only what was reported as cleared"},
		{Submitted, Suspected, map[string]string{FieldSuspect: SuspectFalse}, field(FieldMeasureKind, "management"),
			"cleared"},
		{Submitted, Suspected, map[string]string{FieldSuspect: "x"}, nil, "is unknown"},
		{Filed, Merged, map[string]string{FieldInto: "340000-000002"}, nil, ""},
		{Filed, Merged, map[string]string{FieldInto: "340000-000001"}, nil, "another one"},
		{Filed, Handed, map[string]string{FieldHandedTo: "某市"}, nil, ""},
		{StruckOff, FollowUp, map[string]string{FieldFinding: Still, FieldYear: "2025"}, nil, ""},
		{StruckOff, FollowUp, map[string]string{FieldFinding: "gone", FieldYear: "2025"}, nil, "the finding"},
		{StruckOff, FollowUp, map[string]string{FieldFinding: Still, FieldYear: "2027"}, nil, "the year"},
		{StruckOff, Detected, nil, nil, ""}, {StruckOff, LeadTold, nil, nil, ""}, {StruckOff, Conflict, nil, nil, ""},
	} {
		c, e := ready(Transition{From: test.state, Kind: test.kind})
		e.Fields, c.Suspicion = test.fields, ""
		c.put(FieldVerdict, "")
		if test.change != nil {
			test.change(&c, &e)
		}
		err := rules.Check(&c, e)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s %v in %s: %v, want %q", test.kind, test.fields, test.state, err, test.says)
		}
		if after, failed := c.Apply(e); err == nil && (failed != nil || after.State != test.state) {
			t.Errorf("%s in %s: state %s, %v", test.kind, test.state, after.State, failed)
		}
	}
}

func dispute(name string) func(*Case, *Event) {
	return func(c *Case, _ *Event) { c.Disputes = []Dispute{{Field: name}} }
}

// TestOverride: what still stands is struck off with a reason in writing, which stays with the case.
func TestOverride(t *testing.T) {
	c, e := ready(Transition{From: Publicity, To: StruckOff, Kind: Advanced})
	c.put(FieldFinding, Still)
	e.Fields[FieldOverride] = "现场核实已拆除，影像为拆除前"
	if err := testRules(t).Check(&c, e); err != nil {
		t.Error(err)
	}
	after, err := c.Apply(e)
	if err != nil || after.Get(FieldOverride) != e.Fields[FieldOverride] || c.Get(FieldOverride) != "" {
		t.Errorf("%v, %v", after.Fields, err)
	}
}

// TestRebound: a confirmed rebound opens the case under its id, counts, and asks for a new deadline and new evidence.
func TestRebound(t *testing.T) {
	c, e := ready(Transition{From: StruckOff, To: Filed, Kind: Decided})
	c.Suspicion, e.Fields[FieldSuspect] = SuspectRebound, SuspectRebound
	after, err := c.Apply(e)
	if err != nil || after.ID != c.ID || after.Rebounds != 1 || after.Suspicion != "" || after.Get(FieldDueDate) != "" {
		t.Errorf("%+v, %v", after, err)
	}
	e.Fields[FieldDecision] = Dismissed
	after, err = c.Apply(e)
	if err != nil || after.State != StruckOff || after.Rebounds != 0 || after.Suspicion != "" {
		t.Errorf("dismissed: %+v, %v", after, err)
	}
	rules := testRules(t)
	c, e = ready(Transition{From: Filed, To: Rectifying, Kind: Advanced})
	if after, err = c.Apply(e); err != nil || after.Evidence != nil {
		t.Errorf("evidence of before stays: %v, %v", after.Evidence, err)
	}
	_, next := ready(Transition{From: Rectifying, To: Submitted, Kind: Advanced})
	if err := rules.Check(&after, next); err == nil || !strings.Contains(err.Error(), "no evidence") {
		t.Error(err)
	}
}

// TestSide: overdue is computed for a day, and what was submitted in time is not overdue.
func TestSide(t *testing.T) {
	c, _ := ready(Transition{From: Rectifying})
	for day, want := range map[Date]string{"2026-03-31": "[]", "2026-04-01": "[overdue]"} {
		if got := fmt.Sprint(c.Side(day)); got != want {
			t.Errorf("on %s: %s", day, got)
		}
	}
	c.State = Submitted
	if c.Overdue("2026-04-01") {
		t.Error("a submitted case is overdue")
	}
	c.put(FieldDueDate, "")
	c.put(FieldLongTerm, "yes")
	c.put(FieldToConfirm, "split")
	c.Suspicion, c.Disputes, c.HandedTo = SuspectRebound, []Dispute{{}}, "某市"
	want := []string{"long_term", "handed_over", "suspected_rebound", "disputed", "to_confirm"}
	if got := c.Side("2026-04-01"); !slices.Equal(got, want) {
		t.Error(got)
	}
	for _, code := range append(want, "overdue", "merged", "suspected_false_rectification") {
		if Shipped().Label("side", code) == code {
			t.Errorf("%s has no Chinese", code)
		}
	}
}

// TestJudge: a refuted case that was not filed is archived, and comes back when it is judged anew.
func TestJudge(t *testing.T) {
	rules := testRules(t)
	c := Case{ID: "340000-000001", State: Unreviewed}
	say := func(verdict, reason string) string {
		t.Helper()
		events, err := rules.Judge(&c, Event{Case: c.ID, Kind: Judged, Time: monday, Actor: "张三",
			Fields: map[string]string{FieldVerdict: verdict, FieldReason: reason}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if c, err = c.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		return fmt.Sprint(len(events), " ", c.State)
	}
	for _, step := range [][3]string{
		{"unverifiable", "outside", "1 unreviewed"}, {"refuted", "natural", "2 archived"}, {"refuted", "outside",
			"1 archived"},
		{"confirmed", "", "2 unreviewed"}, {"partly", "legacy", "1 unreviewed"},
	} {
		if got := say(step[0], step[1]); got != step[2] {
			t.Errorf("%s: %s, want %s", step[0], got, step[2])
		}
	}
	c.State = Rectifying
	if got := say("refuted", "natural"); got != "1 rectifying" {
		t.Errorf("what is in rectification moves by itself: %s", got)
	}
}

// TestListsChangeUnderWay: a case that has come further than its lists ask now is not stuck.
func TestListsChangeUnderWay(t *testing.T) {
	rules := testRules(t)
	for _, test := range []struct {
		from  State
		list  string
		level Level
		says  string // "" for what is taken
	}{
		{CountyOK, "city", City, ""},
		{CountyOK, "city", County, `the turn of the level city to accept, not of "county"`},
		{CityOK, "city", Province, "no level accepts"},
		{CountyOK, "many", City, ""},
		{ProvinceOK, "city", City, "no level accepts"},
		{Rectifying, "city", City, "no level accepts"},
	} {
		c, e := ready(Transition{From: test.from, To: CityOK, Kind: Accepted})
		c.put(FieldLists, test.list)
		e.Level = test.level
		err := rules.Check(&c, e)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s on list %s, %s: %v, want %q", test.from, test.list, test.level, err, test.says)
		}
	}
	for from, list := range map[State]string{ProvinceOK: "city", CityOK: "city", Recorded: "city"} {
		c, e := ready(Transition{From: from, To: Publicity, Kind: Published})
		c.put(FieldLists, list)
		if err := rules.Check(&c, e); err != nil {
			t.Errorf("%s on list %s: %v", from, list, err)
		}
	}
}

// TestSettledDates: whatever a conflict is over is settled to what the field may hold.
func TestSettledDates(t *testing.T) {
	for field, value := range map[string]string{FieldDueDate: "2021-02-30", FieldMeasureKind: "x",
		FieldReviewed: "2999-12-31"} {
		c, e := ready(Transition{From: Filed, Kind: Settled})
		dispute(field)(&c, &e)
		e.Fields = map[string]string{FieldField: field, FieldValue: value}
		if Shipped().Check(&c, e) == nil {
			t.Errorf("%s is settled to %s", field, value)
		}
		if e.Fields[FieldValue] = ""; Shipped().Check(&c, e) != nil {
			t.Errorf("%s cannot be settled to nothing", field)
		}
	}
}
