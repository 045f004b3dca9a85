package seeds_test

import (
	"slices"
	"strings"
	"testing"

	"greenshield/seeds"
)

func TestNames(t *testing.T) {
	want := []string{"clcd", "cnlucc", "esa_cci", "esa_worldcover", "esri_9class", "from_glc",
		"glc_fcs30", "glc_fcs30d", "globeland30", "hj1166", "mcd12q1"}
	if got := seeds.Legends(); !slices.Equal(got, want) {
		t.Errorf("Legends() = %v, want %v", got, want)
	}
	if got := seeds.RuleTables(); !slices.Equal(got, []string{"green-shield"}) {
		t.Errorf("RuleTables() = %v", got)
	}
}

func TestLookup(t *testing.T) {
	for _, name := range []string{"", "CLCD", "clcd.csv", "../rules/green-shield", "nosuch", "/clcd", "."} {
		if data, ok := seeds.Legend(name); ok {
			t.Errorf("Legend(%q) found %d bytes", name, len(data))
		}
	}
	if _, ok := seeds.Rules("clcd"); ok {
		t.Error("a legend is no rule table")
	}
	// A caller may change what it gets: the next one must not see it.
	a, _ := seeds.Legend("clcd")
	a[0] = 'X'
	if b, ok := seeds.Legend("clcd"); !ok || b[0] != '#' {
		t.Error("Legend hands out shared bytes")
	}
	for _, name := range []string{"verdicts", "reasons", "words", "lists", "measures", "holidays", "labels", "score"} {
		if !strings.HasPrefix(string(seeds.Ledger(name)), "# Green Shield") {
			t.Errorf("the ledger's table %s does not say what it is", name)
		}
	}
	if len(seeds.ZoneTypes()) == 0 || len(seeds.Fields()) == 0 {
		t.Error("an empty vocabulary")
	}
}
