package ledger

import (
	"slices"
	"testing"
)

// image is what a follow-up says.
type image struct{ finding, year, bad, m2, source string }

func (i image) event() Event {
	return Event{Case: "340000-000001", Kind: FollowUp, Time: monday, Fields: map[string]string{FieldFinding: i.finding,
		FieldYear: i.year, FieldShareBad: i.bad, FieldBadM2: i.m2, FieldSource: i.source}}
}

// TestSuspect: what a later image shows raises a suspicion, and an older one says nothing. The case was reported as
// rectified on 2025-10-01, and came into its state on 2026-02-01.
func TestSuspect(t *testing.T) {
	all := func(year string) image { return image{Still, year, "100", "900", "a"} }
	for name, test := range map[string]struct {
		state   State
		measure string
		before  []image // looks of before
		now     image
		want    string
	}{
		"bad again":              {StruckOff, "demolition", nil, image{Partly, "2027", "30", "900", ""}, SuspectRebound},
		"too little of it":       {StruckOff, "demolition", nil, image{Partly, "2027", "29.99", "900", ""}, ""},
		"too small":              {StruckOff, "demolition", nil, image{Partly, "2027", "60", "399", ""}, ""},
		"of the least area":      {StruckOff, "demolition", nil, image{Partly, "2027", "60", "400", ""}, SuspectRebound},
		"the year of the strike": {StruckOff, "demolition", nil, image{Partly, "2026", "60", "900", ""}, ""},
		"little of it is seen":   {StruckOff, "demolition", nil, image{Unseen, "2027", "40", "900", ""}, SuspectRebound},
		"nothing is bad":         {StruckOff, "demolition", nil, image{Restored, "2027", "0", "0", ""}, ""},
		"no share":               {StruckOff, "demolition", nil, image{Still, "2027", "", "900", ""}, ""},
		"no measure is named":    {StruckOff, "", nil, image{Still, "2027", "90", "900", ""}, SuspectRebound},
		"it may stand":           {StruckOff, "formalities", nil, all("2027"), ""},
		"it may stand, was gone": {StruckOff, "formalities", []image{{Restored, "2027", "0", "0", "a"}}, all("2028"), SuspectRebound},
		"in rectification":       {Rectifying, "demolition", nil, all("2027"), ""},
		"reported, stands":       {Submitted, "demolition", nil, image{Still, "2026", "70", "100", ""}, SuspectFalse},
		"struck off, stands":     {StruckOff, "demolition", nil, image{Still, "2027", "70", "900", ""}, SuspectFalse},
		"before the strike":      {StruckOff, "demolition", nil, image{Still, "2026", "70", "900", ""}, SuspectFalse},
		"reported, hardly":       {Submitted, "demolition", nil, image{Partly, "2026", "69.99", "900", ""}, ""},
		"of the report's year":   {Submitted, "demolition", nil, all("2025"), ""},
		"older than the report":  {Submitted, "demolition", nil, all("2024"), ""},
		"reported as managed":    {Submitted, "management", nil, all("2026"), ""},
		"gone, then bad": {StruckOff, "demolition", []image{{Restored, "2026", "0", "0", "a"}, {Partly, "2027", "20", "100", "a"}},
			all("2028"), SuspectRebound},
		"was bad, never gone": {StruckOff, "demolition", []image{{Restored, "2025", "0", "0", "a"}}, all("2027"), SuspectFalse},
		"an unseen look is no look": {StruckOff, "demolition", []image{{Unseen, "2026", "0", "0", "a"}}, all("2027"),
			SuspectFalse},
		"the same image again":      {StruckOff, "demolition", []image{all("2027")}, all("2027"), ""},
		"another image that year":   {StruckOff, "demolition", []image{{Unseen, "2027", "0", "0", "b"}}, all("2027"), SuspectFalse},
		"a newer one was looked at": {StruckOff, "demolition", []image{{Restored, "2028", "0", "0", "a"}}, all("2027"), ""},
	} {
		c := Case{ID: "340000-000001", State: test.state, Since: "2026-02-01"}
		c.put(FieldMeasureKind, test.measure)
		c.put(FieldDoneDate, "2025-10-01")
		for _, i := range test.before {
			c = must(t)(c.Apply(i.event()))
		}
		e, ok := Shipped().Suspect(&c, test.now.event(), DefaultSuspecting(400))
		if ok != (test.want != "") || e.Fields[FieldSuspect] != test.want {
			t.Errorf("%s: %q, %v, want %q", name, e.Fields[FieldSuspect], ok, test.want)
		}
		if !ok {
			continue
		}
		if c = must(t)(c.Apply(e)); c.Suspicion != test.want || c.State != test.state {
			t.Errorf("%s: %+v", name, c)
		}
		if _, again := Shipped().Suspect(&c, all("2029").event(), DefaultSuspecting(400)); again {
			t.Errorf("%s: suspected twice", name)
		}
	}
}

func must(t *testing.T) func(Case, error) Case {
	return func(c Case, err error) Case {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// TestLooks: what stands there now is what the newest image shows that shows it, in whatever order images are looked
// at.
func TestLooks(t *testing.T) {
	var c Case
	c.ID = "340000-000001"
	for _, i := range []image{{Still, "2025", "90", "900", "a"}, {Restored, "2027", "0", "0", "a"}, {Partly, "2026", "40", "400", "a"},
		{Partly, "2027", "35", "350", "b"}, {Unseen, "2028", "0", "0", "a"}} {
		c = must(t)(c.Apply(i.event()))
	}
	if first := must(t)(Case{ID: c.ID}.Apply(image{finding: Unseen, year: "2024"}.event())); first.Get(FieldFinding) != Unseen {
		t.Errorf("%+v", first)
	}
	want := []Look{{"2025", "a", Still, "90"}, {"2026", "a", Partly, "40"}, {"2027", "a", Restored, "0"}, {"2027", "b", Partly, "35"},
		{"2028", "a", Unseen, "0"}}
	if !slices.Equal(c.Looks, want) || c.Get(FieldYear) != "2027" || c.Get(FieldShareBad) != "35" || c.Get(FieldFinding) != Partly {
		t.Errorf("%+v", c)
	}
	if !c.Saw("2026", "a") || c.Saw("2026", "b") || c.Saw("2024", "a") {
		t.Error("another image was seen")
	}
}

// TestStillOnlyOfALaterYear: an image keeps a case from being struck off when its year is later than that of the report
// of rectification; an older one was taken of what stood there before. Where nobody has said when, every image counts.
func TestStillOnlyOfALaterYear(t *testing.T) {
	for _, test := range []struct {
		year, done string
		refused    bool
	}{{"2024", "2025-06-01", false}, {"2025", "2025-01-01", false}, {"2025", "2024-12-31", true}, {"2025", "", true}} {
		c, e := ready(Transition{From: Publicity, To: StruckOff, Kind: Advanced})
		c.put(FieldFinding, Still)
		c.put(FieldYear, test.year)
		c.put(FieldDoneDate, test.done)
		if err := testRules(t).Check(&c, e); (err != nil) != test.refused {
			t.Errorf("image of %s, rectified on %q: %v", test.year, test.done, err)
		}
	}
}

// TestUnseenHidesNothing: an image in which the case is not seen says nothing, whichever was looked at first.
func TestUnseenHidesNothing(t *testing.T) {
	older, unseen := image{Still, "2027", "90", "900", "a"}, image{Unseen, "2028", "0", "0", "a"}
	for _, order := range [][]image{{older, unseen}, {unseen, older}} {
		c := Case{ID: "340000-000001", State: StruckOff, Since: "2026-02-01"}
		for _, i := range order {
			c = must(t)(c.Apply(i.event()))
		}
		if c.Get(FieldFinding) != Still || c.Get(FieldYear) != "2027" {
			t.Errorf("%v: %s in %s", order, c.Get(FieldFinding), c.Get(FieldYear))
		}
	}
	c := Case{ID: "340000-000001", State: StruckOff, Since: "2026-02-01"}
	c = must(t)(c.Apply(unseen.event()))
	if e, ok := Shipped().Suspect(&c, older.event(), DefaultSuspecting(400)); !ok {
		t.Errorf("what a later image did not see hides a rebound: %v", e)
	}
}
