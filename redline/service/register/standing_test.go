package register

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// plainTally counts the cases of a standing by hand.
func plainTally(cases []ledger.Case, day ledger.Date, in func(county string) bool) (t Tally) {
	for _, c := range cases {
		if c.MergedInto != "" || !in(c.Fields["county"]) {
			continue
		}
		t.Found++
		if v := c.Fields["verdict"]; v != "" && v != "unreviewed" {
			t.Judged++
		}
		if v := c.Fields["verdict"]; v == "confirmed" || v == "partly" {
			t.Problems++
		}
		switch c.State {
		case ledger.StruckOff:
			t.StruckOff++
			t.Rectified++
		case ledger.Submitted, ledger.CountyOK, ledger.CityOK, ledger.ProvinceOK, ledger.Recorded, ledger.Publicity:
			t.Rectified++
		}
		if c.Overdue(day) {
			t.Overdue++
		}
		t.Rebounds += c.Rebounds
		if c.Suspicion == "rebound" {
			t.Suspected++
		}
	}
	return t
}

// TestStanding: what is counted today and on days that are over is what the cases of these days are.
func TestStanding(t *testing.T) {
	for name, s := range stores(t) {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(9, 9))
			randomLedger(t, s, random, 120)
			commit(t, s, begin.AddDate(0, 2, 0), nil, wayOfOne()...)
			r := open(t, s)
			for _, day := range []ledger.Date{"", "2026-03-01", "2026-03-02", "2026-05-03", "2026-07-31", "2027-01-01"} {
				var got Standing
				path := "/standing?day=" + string(day)
				if day == "" {
					path = "/standing"
				}
				if w := get(t, r, path, &got); w.Code != http.StatusOK || w.Header().Get("ETag") == "" {
					t.Fatal(w.Code)
				}
				on := day
				if on == "" {
					on = "2026-08-01"
				}
				st, err := ledgerwork.StandingOf(t.Context(), s, ledgerwork.Filter{}, on, "")
				if err != nil {
					t.Fatal(err)
				}
				standsAs(t, &got, st.Cases, on)
			}
		})
	}
}

// wayOfOne returns the events that strike off one case, and have it found bad again.
func wayOfOne() []ledger.Event {
	to := func(s ledger.State) ledger.Event { return say(caseID(120), ledger.Advanced, ledger.FieldTo, string(s)) }
	evidence := say(caseID(120), ledger.Evidence)
	evidence.Doc = ledger.Document{Name: "a", SHA256: runID}
	accept := func(l ledger.Level) ledger.Event {
		e := say(caseID(120), ledger.Accepted, ledger.FieldAcceptUnit, "局", ledger.FieldOutcome, ledger.Passed)
		e.Actor, e.Level = person, l
		return e
	}
	return []ledger.Event{say(caseID(120), ledger.Judged, ledger.FieldVerdict, "confirmed"), to(ledger.Filed), to(ledger.Rectifying), evidence,
		to(ledger.Submitted), accept(ledger.County), accept(ledger.City), accept(ledger.Province),
		say(caseID(120), ledger.Published, ledger.FieldStart, "2026-05-04", ledger.FieldDays, "10"), to(ledger.StruckOff),
		say(caseID(120), ledger.Suspected, ledger.FieldSuspect, ledger.SuspectRebound),
		say(caseID(119), ledger.Merged, ledger.FieldInto, caseID(118))}
}

func standsAs(t *testing.T, got *Standing, cases []ledger.Case, day ledger.Date) {
	t.Helper()
	if got.Day != day || got.All.Name != "合计" {
		t.Errorf("%s: %+v", day, got.All)
	}
	same := func(got Tally, in func(string) bool) {
		t.Helper()
		want := plainTally(cases, day, in)
		want.Code, want.City, want.Name, want.Level = got.Code, got.City, got.Name, got.Level
		if got != want {
			t.Errorf("%s: %+v, want %+v", day, got, want)
		}
	}
	same(got.All, func(string) bool { return true })
	var names []string
	found := 0
	for _, p := range got.Places {
		names = append(names, p.Level+" "+p.Code+" "+p.City+" "+p.Name)
		same(p, func(county string) bool {
			if p.Level == "city" {
				return len(county) == 6 && county[:4] == p.Code[:4]
			}
			return county == p.Code
		})
		if p.Level == "county" {
			found += p.Found
		}
	}
	if found != got.All.Found {
		t.Errorf("%s: the counties have %d cases, all are %d", day, found, got.All.Found)
	}
	want := []string{"city 340100  全市（340100）", "county 340104 340100 县04", "city 341700  全市（341700）", "county 341702 341700 县02",
		"county 341703 341700 县03", "county   （不在任何县内）"}
	if len(cases) == 0 {
		want = nil
	}
	if len(names) != len(want) || len(want) > 0 && !reflect.DeepEqual(names, want) {
		t.Errorf("%s: %q, want %q", day, names, want)
	}
	if last := "2026-08-01"; string(day) == last && (got.All.StruckOff == 0 || got.All.Suspected == 0 || got.All.Overdue == 0) {
		t.Errorf("too little is counted: %+v", got.All)
	}
}

// TestStandingIsKept: what was counted is kept until the ledger grows, and clients that have it are told so.
func TestStandingIsKept(t *testing.T) {
	s := &swapped{Store: new(ledger.Memory)}
	randomLedger(t, s.Store, rand.New(rand.NewPCG(9, 9)), 20)
	r := open(t, s)
	first, err := r.Standing(t.Context(), "2026-03-02")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Standing(t.Context(), "2026-03-02"); err != nil || again != first {
		t.Error("it was counted again", err)
	}
	tag := get(t, r, "/standing?day=2026-03-02", nil).Header().Get("ETag")
	mux := http.NewServeMux()
	r.Routes(mux)
	q := httptest.NewRequest(http.MethodGet, "/standing?day=2026-03-02", nil)
	q.Header.Set("If-None-Match", tag)
	w := httptest.NewRecorder()
	if mux.ServeHTTP(w, q); w.Code != http.StatusNotModified {
		t.Error(w.Code)
	}
	commit(t, s.Store, begin.AddDate(0, 0, 1), nil, say(caseID(1), ledger.Judged, ledger.FieldVerdict, "confirmed"))
	s.events.Store(0)
	later, err := r.Standing(t.Context(), "2026-03-02")
	if err != nil || later.All != first.All || later.Seq != first.Seq+1 || s.events.Load() > 10 {
		t.Errorf("what was said a day later: %+v, %v, %d events were read", later.All, err, s.events.Load())
	}
	commit(t, s.Store, begin, nil, say(caseID(2), ledger.Judged, ledger.FieldVerdict, "confirmed"))
	if later, err = r.Standing(t.Context(), "2026-03-02"); err != nil || later.All.Judged != first.All.Judged+1 {
		t.Errorf("what was said of the day: %+v, %v", later.All, err)
	}
	w = httptest.NewRecorder()
	if mux.ServeHTTP(w, q); w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
		t.Error(w.Code)
	}
	for _, day := range []string{"2026-02-30", "", "today"} {
		if w := get(t, r, "/standing?day="+day, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", day, w.Code)
		}
	}
}
