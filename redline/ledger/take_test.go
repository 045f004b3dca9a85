package ledger

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const run = "1111111111111111"

// reviewer takes files into cases, as a command does.
type reviewer struct {
	t     *testing.T
	rules *Rules
	given map[string]Given
	cases map[string]Case
}

// desk returns n cases, each with candidates C1 (case 1), C2 (case 2), …, and D1 beside C1.
func desk(t *testing.T, n int) *reviewer {
	d := &reviewer{t, Shipped(), map[string]Given{}, map[string]Case{}}
	for i := 1; i <= n; i++ {
		c := Case{ID: CaseID("340000", int64(i)), State: Unreviewed, Since: "2026-01-05"}
		d.cases[c.ID] = c
		d.given[fmt.Sprint("C", i)] = Given{Case: c.ID, Values: map[string]string{FieldVerdict: "unreviewed"},
			ReadOnly: map[string]string{"area_m2": "18000", "zone": "保护区"}}
	}
	d.given["D1"] = d.given["C1"]
	return d
}

var by = Event{Time: monday, Actor: "张三", Level: County}

// take takes a file, and keeps the cases as they are then.
func (d *reviewer) take(f File) Taken {
	d.t.Helper()
	taken, err := d.rules.Take(run, d.given, d.cases, f, by)
	if err != nil {
		d.t.Fatal(err)
	}
	for i, e := range taken.Events {
		e.Seq = int64(i) + 1
		if err := checkEvent(e); err != nil {
			d.t.Fatal(err)
		}
		if d.cases[e.Case], err = d.cases[e.Case].Apply(e); err != nil {
			d.t.Fatal(err)
		}
	}
	return taken
}

// end returns all that matters of the cases.
func (d *reviewer) end() string {
	var all []string
	for _, c := range inOrder(byPointer(d.cases)) {
		c.Seq, c.Since = 0, "" // the way there may differ
		text, err := json.Marshal(c)
		if err != nil {
			d.t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return strings.Join(all, "\n")
}

func byPointer(cases map[string]Case) map[string]*Case {
	all := map[string]*Case{}
	for id, c := range cases {
		all[id] = &c
	}
	return all
}

// row is a row in which fields have values: name, value, …
func row(candidate string, pairs ...string) Row {
	r := Row{Place: "row 2", Candidate: candidate, Values: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Values[pairs[i]] = pairs[i+1]
	}
	return r
}

func file(rows ...Row) File { return File{Run: run, Rows: rows} }

func counts(t Taken) string {
	return fmt.Sprintf("%d events, %d refused, %d same, %d changed, %d conflicts", len(t.Events), len(t.Refused),
		t.Same,
		t.Changed, t.Conflicts)
}

// TestTakeThreeWays: equal says nothing, one side changed is taken, both changed is a conflict that somebody settles.
func TestTakeThreeWays(t *testing.T) {
	d := desk(t, 4)
	first := file(row("C1", "verdict", "refuted", "reason", "natural", "note", "水位", "reviewer", "张三",
		"review_date",
		"2026-02-27"), row("C2", "verdict", "confirmed"), row("C3", "verdict", "unreviewed"), row("C4"))
	if got := counts(d.take(first)); got != "3 events, 0 refused, 2 same, 2 changed, 0 conflicts" {
		t.Error("first:", got)
	}
	one := d.cases["340000-000001"]
	if one.State != Archived || one.Get(FieldReason) != "natural" || one.Get(FieldNote) != "水位" ||
		d.cases["340000-000002"].State != Unreviewed {
		t.Errorf("after the first file: %+v", one)
	}
	if got := counts(d.take(first)); got != "0 events, 0 refused, 4 same, 0 changed, 0 conflicts" {
		t.Error("the same file again:", got)
	}
	second := file(row("C1", "verdict", "confirmed", "note", "现场有建筑", "reviewer", "李四", "review_date",
		"2026-03-01"))
	if got := counts(d.take(second)); got != "4 events, 0 refused, 0 same, 1 changed, 2 conflicts" {
		t.Error("second:", got)
	}
	one = d.cases["340000-000001"]
	if fmt.Sprint(one.Disputes) != "[{note [水位 现场有建筑]} {verdict [confirmed refuted]}]" || one.State != Unreviewed ||
		one.Get(FieldVerdict) != "confirmed" || one.Get(FieldNote) != "" || one.Get(FieldReviewer) != "张三、李四" ||
		one.Get(FieldReviewed) != "2026-03-01" {
		t.Errorf("in conflict: %+v", one)
	}
	for _, f := range []File{second, first} {
		if got := d.take(f); len(got.Events) > 0 {
			t.Error("a file again while there is a conflict:", got.Events)
		}
	}
	events, err := d.rules.Judge(&one, Event{Case: one.ID, Kind: Settled, Time: monday, Actor: "王五", Level: City,
		Fields: map[string]string{FieldField: FieldNote, FieldValue: "已查"}})
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	d.apply(events)
	one = d.cases[one.ID]
	if events, err = d.rules.Judge(&one, Event{Case: one.ID, Kind: Settled, Time: monday, Actor: "王五", Level: City,
		Fields: map[string]string{FieldField: FieldVerdict, FieldValue: "refuted"}}); err != nil {
		t.Fatal(err)
	}
	d.apply(events)
	one = d.cases[one.ID]
	if one.State != Archived || one.Get(FieldVerdict) != "refuted" || one.Disputes != nil || one.Get(FieldNote) != "已查" {
		t.Errorf("settled: %+v", one)
	}
	for _, f := range []File{second, first} {
		if got := d.take(f); len(got.Events) > 0 {
			t.Error("a file again after the conflict was settled:", got.Events)
		}
	}
}

func (d *reviewer) verdict(number int64) string {
	c := d.cases[CaseID("340000", number)]
	return c.Get(FieldVerdict)
}

func (d *reviewer) apply(events []Event) {
	d.t.Helper()
	for _, e := range events {
		var err error
		if d.cases[e.Case], err = d.cases[e.Case].Apply(e); err != nil {
			d.t.Fatal(err)
		}
	}
}

// TestTakeByHand: what was said by hand in the meantime is not overwritten, and what a later run gave out is a new
// base.
func TestTakeByHand(t *testing.T) {
	d := desk(t, 2)
	d.apply([]Event{{Case: "340000-000001", Kind: Judged, Time: monday,
		Fields: map[string]string{FieldVerdict: "partly",
			FieldReason: "legacy"}}})
	taken := d.take(file(row("C1", "verdict", "refuted", "reason", "legacy")))
	c := d.cases["340000-000001"]
	if taken.Conflicts != 1 || c.Get(FieldVerdict) != "partly" || c.Get(FieldReason) != "legacy" {
		t.Errorf("%+v: %+v", taken, c)
	}
	d.given["C2"].Values[FieldVerdict] = "confirmed"
	d.apply([]Event{{Case: "340000-000002", Kind: Judged, Time: monday,
		Fields: map[string]string{FieldVerdict: "confirmed"}}})
	if got := d.take(file(row("C2", "verdict", ""))); got.Conflicts != 0 || len(got.Events) != 1 ||
		d.verdict(2) != "unreviewed" {
		t.Errorf("a verdict is taken back: %+v", got)
	}
}

// TestTakeWords: files say verdicts and reasons by codes, in Chinese, and by the words of the review package.
func TestTakeWords(t *testing.T) {
	for said, want := range map[[2]string][3]string{
		{"属实", ""}: {"confirmed", "", ""}, {" 不属实 ", "自然原因"}: {"refuted", "natural", ""},
		{"approved", "permit"}: {"refuted", "lawful", "permit"}, {"已批准", ""}: {"refuted", "lawful", ""},
		{"duplicate", "imagery"}: {"refuted", "duplicate", "imagery"}, {"refuted", "shift"}: {"refuted",
			"misclassified", "shift"},
		{"需实地", "影像可见"}: {"unreviewed", "", "field_check、imagery"}, {"field_check", "season"}: {"unreviewed", "",
			"field_check、season"}, {"confirmed", "field"}: {"confirmed", "", "field"},
	} {
		d := desk(t, 1)
		taken := d.take(file(row("C1", "verdict", said[0], "reason", said[1], "note", "见附件")))
		c := d.cases["340000-000001"]
		got := [3]string{c.Get(FieldVerdict), c.Get(FieldReason), c.Get(FieldBasis)}
		if got != want || len(taken.Refused) > 0 {
			t.Errorf("%q: %q, want %q, %v", said, got, want, taken.Refused)
		}
	}
}

// TestTakeRefuses: a bad row is refused with its place and reason, and the good ones beside it are taken.
func TestTakeRefuses(t *testing.T) {
	readOnly := func(name, value string) Row {
		r := row("C1", "verdict", "confirmed")
		r.ReadOnly = map[string]string{name: value}
		return r
	}
	for want, bad := range map[string][]Row{
		`candidate "c1": the run has no such candidate; was its id edited?`: {row("c1", "verdict",
			"confirmed")},
		`the field area_m2 was changed, which is not for reviewers: "0" instead of "18000"`: {readOnly("area_m2", "0")},
		"the field extra was changed": {readOnly("extra", "x")},
		`the verdict "好" is unknown`:  {row("C1", "verdict", "好")},
		`the reason "=1+1" is unknown`: {row("C1", "verdict", "refuted", "reason",
			"=1+1")},
		"the verdict refuted needs a reason":     {row("C1", "verdict", "refuted")},
		"needs one of the fields approval, note": {row("C1", "verdict", "approved")},
		"the field valid_until: \"2021-02-30\" is no day": {row("C1", "verdict", "confirmed",
			"valid_until", "2021-02-30")},
		"the field review_date: \"昨天\" is no day": {row("C1", "verdict", "confirmed",
			"review_date", "昨天")},
		"2026-03-03 lies after the day of the event": {row("C1", "verdict", "confirmed",
			"review_date", "2026-03-03")},
		"the field note holds bytes that are no text": {row("C1", "verdict", "confirmed", "note",
			"a\x00")},
		"at most 4194304 are kept": {row("C1", "note", strings.Repeat("x",
			MaxText))},
		"it stands in the file 2 times; leave one of them": {row("C1", "verdict", "confirmed"),
			row("C1", "verdict", "confirmed")},
		"it is of no case of the ledger; add the run first":             {row("E1", "verdict", "confirmed")},
		"it was merged into case 340000-000001; use that one":           {row("C3", "verdict", "confirmed")},
		"row 2, candidate \"C1\": the verdict unreviewed has no reason": {row("C1", "reason", "natural")},
	} {
		d := desk(t, 3)
		d.given["E1"] = Given{ReadOnly: map[string]string{}}
		merged := d.cases["340000-000003"]
		merged.MergedInto = "340000-000001"
		d.cases[merged.ID] = merged
		taken := d.take(file(append(bad, row("C2", "verdict", "confirmed"))...))
		if len(taken.Refused) != len(bad) || !strings.Contains(taken.Refused[0].Reason.Error(),
			want) || taken.Changed != 1 ||
			d.verdict(2) != "confirmed" || d.verdict(1) != "" {
			t.Errorf("%q: %s, %v", want, counts(taken), taken.Refused)
		}
	}
	d := desk(t, 1)
	if _, err := d.rules.Take("2222222222222222", d.given, d.cases, file(), by); err == nil ||
		!strings.Contains(err.Error(), "of run 1111111111111111, not of 2222222222222222") {
		t.Error("a file of another run:", err)
	}
	if _, err := d.rules.Take(run, d.given, d.cases, file(), Event{}); err == nil {
		t.Error("nobody takes a file")
	}
}

// TestTakeHostileText: texts are taken byte for byte, however long and whatever they look like.
func TestTakeHostileText(t *testing.T) {
	for _, text := range []string{"=HYPERLINK(\"http://x\")", "'; DROP TABLE cases; --", " \t\r\n x ", "<b>&amp;",
		"\u2028",
		"\x01\x1b[31m", strings.Repeat("注", 1<<20/3), "{}", "a、b"} {
		d := desk(t, 1)
		taken := d.take(file(row("C1", "verdict", "confirmed", "note", text)))
		if got := d.cases["340000-000001"]; got.Get(FieldNote) != text || len(taken.Refused) > 0 {
			t.Errorf("%.20q becomes %.20q", text, got.Get(FieldNote))
		}
	}
}

// TestTakeTwoCandidatesOfACase: rows of one case that agree are one statement; those that do not, a conflict.
func TestTakeTwoCandidatesOfACase(t *testing.T) {
	d := desk(t, 1)
	agree := d.take(file(row("C1", "verdict", "confirmed"), row("D1", "verdict", "confirmed")))
	if got := counts(agree); got != "1 events, 0 refused, 1 same, 1 changed, 0 conflicts" {
		t.Error(got)
	}
	d = desk(t, 1)
	differ := d.take(file(row("C1", "verdict", "confirmed"), row("D1", "verdict", "refuted", "reason", "outside")))
	if differ.Conflicts != 1 || d.cases["340000-000001"].State != Unreviewed {
		t.Error(counts(differ))
	}
}

// permutations returns all orders of 0 … n−1.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, p := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return all
}

// TestTakeInAnyOrder: files of several reviewers of the same run lead to the same end in every order, and taking
// any of them again changes nothing.
func TestTakeInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	conflicts, archived := 0, 0
	for range 300 {
		var files []File
		for range 3 {
			var rows []Row
			for _, id := range []string{"C1", "C2", "D1"} {
				if r.IntN(4) == 0 {
					continue // a file of some candidates alone
				}
				verdict := pick("unreviewed", "confirmed", "refuted", "refuted", "partly")
				pairs := []string{"verdict", verdict, "note", pick("", "", "甲", "乙", "丙"), "reviewer", pick("",
					"张三", "李四"),
					"review_date", pick("", "2026-02-01", "2026-02-02")}
				if verdict == "refuted" || verdict == "partly" {
					pairs = append(pairs, "reason", pick("natural", "outside"))
				}
				rows = append(rows, row(id, pairs...))
			}
			files = append(files, file(rows...))
		}
		want := ""
		for _, order := range permutations(len(files)) {
			d := desk(t, 2)
			for _, i := range order {
				conflicts += d.take(files[i]).Conflicts
			}
			end := d.end()
			if want == "" {
				want = end
				archived += strings.Count(end, `"archived"`)
			}
			if end != want {
				t.Fatalf("order %v of %v\nends in %s\nnot in  %s", order, files, end, want)
			}
			for _, f := range files {
				if again := d.take(f); len(again.Events) > 0 {
					t.Fatalf("taken again %v makes %v", f, again.Events)
				}
			}
		}
	}
	if conflicts < 100 || archived < 20 {
		t.Errorf("only %d conflicts, %d archived: the test tests little", conflicts, archived)
	}
}

// TestTakeConfirms: who says again what has to be confirmed confirms it, once; a file of an earlier detection says nothing
// of the present one.
func TestTakeConfirms(t *testing.T) {
	d := desk(t, 1)
	id := CaseID("340000", 1)
	c := d.cases[id]
	c.Detection, c.Fields = "run2/p", map[string]string{FieldVerdict: "confirmed", FieldNote: "去年看过", FieldToConfirm: "grown"}
	d.cases[id] = c
	g := d.given["C1"]
	g.Was = map[string]string{FieldVerdict: "confirmed", FieldNote: "去年看过"}
	row := Row{Candidate: "C1", Values: map[string]string{FieldVerdict: "confirmed"}}
	for _, step := range []struct {
		detection, toConfirm string
		changed              int
	}{{"run1/p", "grown", 0}, {"run2/p", "", 1}, {"run2/p", "", 0}} {
		g.Detection = step.detection
		d.given["C1"] = g
		taken := d.take(File{Run: run, Rows: []Row{row}})
		got := d.cases[id]
		if taken.Changed != step.changed || taken.Conflicts != 0 || got.Get(FieldToConfirm) != step.toConfirm || got.Get(FieldNote) != "去年看过" {
			t.Errorf("of %s: %d changed, %d conflicts, %q to confirm", step.detection, taken.Changed, taken.Conflicts, got.Get(FieldToConfirm))
		}
	}
	c.Fields[FieldToConfirm] = "grown" // another verdict is taken too, for the ledger has not changed since
	d.cases[id] = c
	taken := d.take(File{Run: run, Rows: []Row{{Candidate: "C1", Values: map[string]string{FieldVerdict: "partly", FieldReason: "legacy", FieldNote: "新增一半"}}}})
	if got := d.cases[id]; taken.Changed != 1 || taken.Conflicts != 0 || got.Get(FieldVerdict) != "partly" || got.Get(FieldNote) != "新增一半" || got.Get(FieldToConfirm) != "" {
		t.Errorf("judged anew: %d changed, %d conflicts, %v", taken.Changed, taken.Conflicts, got.Fields)
	}
}
