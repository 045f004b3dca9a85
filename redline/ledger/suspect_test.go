package ledger

import "testing"

// TestSuspect: what a later image shows raises a suspicion, and an older one says nothing.
func TestSuspect(t *testing.T) {
	type image struct{ finding, year, bad, m2 string }
	for name, test := range map[string]struct {
		state   State
		measure string
		before  image // the follow-up of before
		now     image
		want    string
	}{
		"rebound": {StruckOff, "formalities", image{}, image{Still, "2027", "0.3", "900"},
			SuspectRebound},
		"too little of it":        {StruckOff, "formalities", image{}, image{Partly, "2027", "0.29", "900"}, ""},
		"too small":               {StruckOff, "formalities", image{}, image{Still, "2027", "0.9", "399"}, ""},
		"the year of striking it": {StruckOff, "formalities", image{}, image{Still, "2026", "0.9", "900"}, ""},
		"unseen":                  {StruckOff, "formalities", image{}, image{Unseen, "2027", "0.9", "900"}, ""},
		"judged before": {StruckOff, "formalities", image{Still, "2027", "0.9", "900"},
			image{Still, "2027", "0.9", "900"}, ""},
		"in rectification":      {Rectifying, "demolition", image{}, image{Still, "2027", "0.9", "900"}, ""},
		"false":                 {Submitted, "demolition", image{}, image{Still, "2026", "0.7", "100"}, SuspectFalse},
		"false, struck off":     {StruckOff, "demolition", image{}, image{Still, "2027", "0.7", "900"}, SuspectFalse},
		"less, struck off":      {StruckOff, "demolition", image{}, image{Partly, "2027", "0.6", "900"}, SuspectRebound},
		"not false, too little": {Submitted, "demolition", image{}, image{Still, "2026", "0.69", "900"}, ""},
		"older than the report": {Submitted, "demolition", image{}, image{Still, "2025", "1", "900"}, ""},
		"no clearing":           {Submitted, "management", image{}, image{Still, "2026", "1", "900"}, ""},
		"cleared, then bad": {StruckOff, "demolition", image{Restored, "2026", "0", "0"}, image{Still, "2027",
			"1", "900"}, SuspectRebound},
		"cleared before, is bad": {StruckOff, "demolition", image{Restored, "2025", "0", "0"}, image{Still, "2027",
			"1", "900"}, SuspectFalse},
		"no share": {StruckOff, "demolition", image{}, image{Still, "2027", "", "900"}, ""},
	} {
		followUp := func(i image) Event {
			return Event{Case: "340000-000001", Kind: FollowUp, Time: monday, Fields: map[string]string{
				FieldFinding: i.finding, FieldYear: i.year, FieldShareBad: i.bad, FieldBadM2: i.m2}}
		}
		c := Case{ID: "340000-000001", State: test.state, Since: "2026-02-01"}
		c.put(FieldMeasureKind, test.measure)
		c.put(FieldDoneDate, "2025-10-01")
		c, err := c.Apply(followUp(test.before))
		if err != nil {
			t.Fatal(err)
		}
		s := DefaultSuspecting()
		s.MinAreaM2 = 400
		e, ok := Shipped().Suspect(&c, followUp(test.now), s)
		if ok != (test.want != "") || e.Fields[FieldSuspect] != test.want {
			t.Errorf("%s: %q, %v, want %q", name, e.Fields[FieldSuspect], ok, test.want)
		}
		if !ok {
			continue
		}
		if c, err = c.Apply(e); err != nil || c.Suspicion != test.want || c.State != test.state {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
		if _, again := Shipped().Suspect(&c, followUp(image{Still, "2028", "1", "900"}), s); again {
			t.Errorf("%s: suspected twice", name)
		}
	}
}
