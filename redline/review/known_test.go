package review

import (
	"slices"
	"strings"
	"testing"

	"greenshield/redline/findings"
)

// TestKnown: with a ledger the form has a group of what it knows, every field of which is there and not for reviewers, and
// candidates can be shown by their relation, each in its colour; without one nothing of that is there.
func TestKnown(t *testing.T) {
	plain, known := reviewStyle(findings.Columns{}.Fields()), reviewStyle(findings.Columns{Known: true}.Fields())
	names := func(s style) (all []string) {
		for _, g := range s.Form[0].Groups {
			all = append(all, g.Name)
		}
		return all
	}
	if got := strings.Join(names(plain), " "); got != "核查 事实" || knows(plain.Fields) {
		t.Errorf("without a ledger the form has %s", got)
	}
	if got := strings.Join(names(known), " "); got != "核查 台账 事实" {
		t.Fatalf("with a ledger the form has %s", got)
	}
	for _, name := range known.Form[0].Groups[1].Fields {
		at := slices.IndexFunc(known.Fields, func(f field) bool { return f.Name == name })
		if at < 0 || known.Fields[at].Editable || slices.ContainsFunc(plain.Fields, func(f field) bool { return f.Name == name }) {
			t.Errorf("field %s is missing, can be edited, or is there without a ledger", name)
		}
	}
	s := relationStyle(findings.Columns{Known: true}.Fields())
	colours := map[string]bool{}
	var classes []string
	for _, c := range s.Classes {
		colours[c.RGB], classes = true, append(classes, c.Value+" "+c.Label)
		if !strings.Contains(s.Attr, "'"+c.Value+"'") {
			t.Errorf("%s has no class %s", s.Attr, c.Value)
		}
	}
	if got := strings.Join(classes, ", "); got != "new 新增, grown 规模扩大, known 台账已有, refuted_before 曾核查不属实" || len(colours) != 4 {
		t.Errorf("classes %s in %d colours", got, len(colours))
	}
	for _, v := range findings.Relations() {
		want := "known"
		if slices.Contains([]string{"new", "grown", "refuted_before"}, v.Code) {
			want = v.Code
		}
		if got := findings.StandingOf(v.Code); got != want || v.Label == v.Code {
			t.Errorf("relation %s (%s) is shown as %s", v.Code, v.Label, got)
		}
	}
}
