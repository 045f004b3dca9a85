package ledger

import (
	"fmt"
	"testing"
)

// judgedCase returns a case with a verdict and the attributes that meets has too.
func judgedCase(number int64, verdict, reason string) *Case {
	c := &Case{ID: CaseID("340000", number), State: Unreviewed}
	for name, value := range map[string]string{FieldVerdict: verdict, FieldReason: reason, FieldGroup: "natural>built",
		FieldProduct: "clcd", FieldLegend: "clcd", FieldReviewer: "张三"} {
		c.put(name, value)
	}
	return c
}

// TestCarry: which verdicts a case keeps when a run meets it again, for each relation and each kind of verdict.
func TestCarry(t *testing.T) {
	meet := func(relation Relation, change func(*Meeting), old ...*Case) Meeting {
		m := Meeting{Relation: relation, Old: old, Keeps: true, Day: "2026-03-02",
			Detection: &Detection{Group: "natural>built", Product: "clcd", Legend: "clcd"}}
		if change != nil {
			change(&m)
		}
		return m
	}
	lawful := func(until string) *Case {
		c := judgedCase(1, "refuted", "lawful")
		c.put(FieldApproval, "皖自然资〔2020〕1号")
		c.put(FieldValidUntil, until)
		return c
	}
	yes, no, none := judgedCase(1, "confirmed", ""), judgedCase(2, "refuted", "natural"), judgedCase(3, "", "")
	legend := func(m *Meeting) { m.Detection.Legend = "other" }
	product := func(m *Meeting) { m.Detection.Product = "esa" }
	group := func(m *Meeting) { m.Detection.Group = "natural>bare" }
	grid := func(m *Meeting) { m.OtherGrid = true }
	part := func(m *Meeting) { m.Keeps = false }
	approval := func(no string) func(*Meeting) { return func(m *Meeting) { m.Approval = no } }
	for name, test := range map[string]struct {
		Meeting
		confirm string
		copied  string // verdict
	}{
		"persisting":                {meet(Persisting, nil, yes), "", ""},
		"shrunk":                    {meet(Shrunk, nil, yes), "", ""},
		"grown":                     {meet(Grown, nil, yes), "", ""},
		"what has grown":            {meet(Grown, part, yes), "", ""},
		"shifted":                   {meet(Shifted, nil, yes), ConfirmShifted, ""},
		"shifted, nobody judged":    {meet(Shifted, nil, none), "", ""},
		"complex":                   {meet(Complex, nil, yes), ConfirmComplex, ""},
		"split, keeps the id":       {meet(Split, nil, yes), "", ""},
		"split, another":            {meet(Split, part, yes), ConfirmSplit, "confirmed"},
		"split, nobody judged":      {meet(Split, part, none), "", ""},
		"refuted":                   {meet(Persisting, nil, no), "", ""},
		"refuted, legend":           {meet(Persisting, legend, no), ConfirmLegend, ""},
		"refuted, group":            {meet(Persisting, group, no), ConfirmGroup, ""},
		"refuted, product":          {meet(Persisting, product, no), ConfirmProduct, ""},
		"confirmed, legend":         {meet(Persisting, legend, yes), "", ""},
		"confirmed, group":          {meet(Persisting, group, yes), "", ""},
		"confirmed, product":        {meet(Persisting, product, yes), ConfirmProduct, ""},
		"confirmed, grid":           {meet(Persisting, grid, yes), ConfirmGrid, ""},
		"nobody judged, product":    {meet(Persisting, product, none), "", ""},
		"approved, last day":        {meet(Persisting, nil, lawful("2026-03-02")), "", ""},
		"approved, over":            {meet(Persisting, nil, lawful("2026-03-01")), ConfirmExpired, ""},
		"approved, for ever":        {meet(Persisting, nil, lawful("")), "", ""},
		"approved, same approval":   {meet(Persisting, approval("皖自然资〔2020〕1号"), lawful("")), "", ""},
		"approved, another version": {meet(Persisting, approval("皖自然资〔2025〕8号"), lawful("")), ConfirmApproval, ""},
		"new":                       {meet(New, nil), "", ""},
	} {
		got := Shipped().Carry(test.Meeting)
		if got.ToConfirm != test.confirm || got.Fields[FieldVerdict] != test.copied || len(got.Disputes) > 0 {
			t.Errorf("%s: %+v, want %q, %q", name, got, test.confirm, test.copied)
		}
		if got.ToConfirm != "" && Shipped().Label("to_confirm", got.ToConfirm) == got.ToConfirm {
			t.Errorf("%s has no Chinese", got.ToConfirm)
		}
	}
	if got := Shipped().Carry(meet(Split, part,
		yes)); got.Fields[FieldReviewer] != "张三" || got.Fields[FieldGroup] != "" {
		t.Errorf("a part of a split has %v", got.Fields)
	}
}

// TestCarryMerged: verdicts that agree stay; those that do not are a conflict in which the strictest is shown,
// whatever the order of the others.
func TestCarryMerged(t *testing.T) {
	yes, no, partly := judgedCase(1, "confirmed", ""), judgedCase(2, "refuted", "natural"), judgedCase(3,
		"partly", "legacy")
	none := judgedCase(4, "", "")
	for name, test := range map[string]struct {
		old  []*Case
		want string // verdict, disputes
	}{
		"agree":         {[]*Case{yes, judgedCase(5, "confirmed", "")}, "confirmed []"},
		"differ":        {[]*Case{no, yes}, "confirmed [{verdict [confirmed refuted]}]"},
		"three":         {[]*Case{no, partly, yes}, "confirmed [{verdict [confirmed partly refuted]}]"},
		"three, others": {[]*Case{no, yes, partly}, "confirmed [{verdict [confirmed partly refuted]}]"},
		"twice":         {[]*Case{no, partly, partly}, "partly [{verdict [partly refuted]}]"},
		"never judged":  {[]*Case{yes, none}, "confirmed [{verdict [confirmed unreviewed]}]"},
		"nobody":        {[]*Case{none, judgedCase(5, "", "")}, "unreviewed []"},
	} {
		after := *test.old[0]
		for _, e := range Shipped().Carry(Meeting{Relation: MergedOf, Old: test.old, Keeps: true, Day: "2026-03-02",
			Detection: &Detection{Group: "natural>built", Product: "clcd", Legend: "clcd"}}).Disputes {
			e.Seq, e.Time = 9, monday
			if err := checkEvent(e); err != nil {
				t.Error(err)
			}
			var err error
			if after, err = after.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(verdictOf(&after), " ", after.Disputes); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
