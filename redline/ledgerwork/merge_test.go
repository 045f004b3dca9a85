package ledgerwork

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
)

// merge merges ledgers into one, and returns the change.
func merge(t *testing.T, s ledger.Store, others ...Other) *Change {
	t.Helper()
	c, err := Merge(t.Context(), s, others, by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Verify(t.Context(), s, func(p string) { t.Error(p) }); err != nil {
		t.Fatal(err)
	}
	return c
}

// city returns a ledger of that code with a run.
func city(t *testing.T, code string, run *RunFound) Other {
	t.Helper()
	s := new(ledger.Memory)
	c, err := Found(t.Context(), s, code, "台账", by)
	if err == nil {
		err = c.Commit(t.Context(), s)
	}
	if err != nil {
		t.Fatal(err)
	}
	if run != nil {
		add(t, s, run)
	}
	return Other{code, s}
}

// does adds events to a case.
func does(t *testing.T, s ledger.Store, id string, kind ledger.Kind, fields ...string) {
	t.Helper()
	c, err := begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for i := 0; i < len(fields); i += 2 {
		said[fields[i]] = fields[i+1]
	}
	c.add(by, id, kind, said)
	if err := c.Commit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// ends returns what cases are, but for the numbers of events.
func ends(t *testing.T, s ledger.Store) (all []string) {
	t.Helper()
	for c, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		c.Seq, c.Opened = 0, 0
		for i := range c.Accepted {
			c.Accepted[i].Seq = 0
		}
		all = append(all, fmt.Sprintf("%+v", c))
	}
	return all
}

// TestMerge: cities come into the province's ledger in one command or in several, in any order, each event once. Where
// two have gone on with one case, what both changed is a conflict, and the rest is as the side has it that changed it.
func TestMerge(t *testing.T) {
	west := city(t, "3417", runOf(1, grid, "aa.bb.cc.dd"))
	east := city(t, "3418", runOf(2, grid, "...........", "ee.........", "ee........."))
	merge(t, east.Store, west) // the east knows the cases of the west
	for _, o := range []Other{west, east} {
		does(t, o.Store, "3417-000001", ledger.Judged, "verdict", map[string]string{"3417": "refuted", "3418": "confirmed"}[o.Name], "reviewer", "甲")
		does(t, o.Store, "3417-000002", ledger.Set, map[string]string{"3417": "problem", "3418": "standard"}[o.Name], o.Name)
		does(t, o.Store, "3417-000003", ledger.Advanced, "to", map[string]string{"3417": "rectifying", "3418": "filed"}[o.Name])
	}
	does(t, west.Store, "3417-000001", ledger.Advanced, "to", "archived") // as follows from the verdict
	does(t, east.Store, "3417-000004", ledger.Advanced, "to", "filed")
	does(t, west.Store, "3417-000004", ledger.Set, "note", "见")
	var all [][]string
	for name, turns := range map[string][][]Other{"west, east": {{west}, {east}}, "east, west": {{east}, {west}}, "both": {{west, east}}, "both, turned": {{east, west}}} {
		province := city(t, "34", nil).Store
		var conflicts []Conflict
		for _, others := range turns {
			conflicts = append(conflicts, merge(t, province, others...).Conflicts()...)
		}
		want := "[{3417-000001 verdict [confirmed refuted]} {3417-000003 state [filed rectifying]}]"
		if got := fmt.Sprint(conflicts); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if again := merge(t, province, east, west); len(again.Events)+len(again.Detections) != 0 {
			t.Errorf("%s: again %d events", name, len(again.Events))
		}
		all = append(all, ends(t, province))
		get := func(id string) ledger.Case {
			c, err := ledger.CaseOf(t.Context(), province, id)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if c := get("3417-000001"); c.Get("verdict") != "confirmed" || c.State != ledger.Unreviewed || len(c.Disputes) != 1 {
			t.Errorf("%+v", c)
		}
		if c := get("3417-000002"); c.Get("problem") != "3417" || c.Get("standard") != "3418" || len(c.Disputes) != 0 {
			t.Errorf("%+v", c)
		}
		if c := get("3417-000003"); c.State != ledger.Filed || len(c.Disputes) != 1 {
			t.Errorf("%+v", c)
		}
		if c := get("3417-000004"); c.State != ledger.Filed || c.Get("note") != "见" || len(c.Disputes) != 0 {
			t.Errorf("%+v", c)
		}
		for e, err := range province.Events(t.Context(), ledger.EventFilter{Case: "3417-000001", Limit: 1}) {
			if err != nil || e.Origin.Ledger != "3417" || e.Origin.Seq != 3 || len(e.Origin.Hash) != 64 {
				t.Errorf("%+v, %v", e, err)
			}
		}
	}
	for _, other := range all[1:] {
		if !slices.Equal(other, all[0]) {
			t.Errorf("the order matters:\n%s\n%s", strings.Join(all[0], "\n"), strings.Join(other, "\n"))
		}
	}
	if len(all[0]) != 5 {
		t.Errorf("%d cases", len(all[0]))
	}
}

// TestMergeTwice: one run in the ledgers of two cities makes two cases of each place, which is told.
func TestMergeTwice(t *testing.T) {
	run := runOf(1, grid, "aa.bb")
	province := city(t, "34", nil).Store
	c := merge(t, province, city(t, "3417", run), city(t, "3418", run))
	if want := "[[3417-000001 3418-000001] [3417-000002 3418-000002]]"; fmt.Sprint(c.Twice) != want {
		t.Errorf("%v, want %s", c.Twice, want)
	}
}

// TestMergeRefuses: ledgers whose cases cannot be told apart are refused, and which cases those are is said.
func TestMergeRefuses(t *testing.T) {
	province := city(t, "34", nil).Store
	west := city(t, "3417", runOf(1, grid, "aa.bb"))
	copied := city(t, "3418", nil) // has a case under an id of the west
	c, err := begin(t.Context(), copied.Store)
	if err != nil {
		t.Fatal(err)
	}
	c.add(by, "3417-000002", ledger.LeadTold, map[string]string{ledger.FieldLeadSource: "信访"})
	if err := c.Commit(t.Context(), copied.Store); err != nil {
		t.Fatal(err)
	}
	for name, others := range map[string][]Other{
		"3418: ledger 3418 has other cases under ids that cases have here: 3417-000002": {west, copied},
		"34: both ledgers have the code 34":                                             {city(t, "34", nil)},
		"3417: event 2 of ledger 3417 is not the one that was adopted before":           {west, city(t, "3417", runOf(2, grid, "cc.dd"))},
	} {
		if _, err := Merge(t.Context(), province, others, by); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
}
