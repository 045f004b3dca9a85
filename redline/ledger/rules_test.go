package ledger

import (
	"fmt"
	"strings"
	"testing"
)

// TestListsSayWhoAccepts: which levels accept, and for how long the notice stands, follows from the lists of the
// case.
func TestListsSayWhoAccepts(t *testing.T) {
	rules := testRules(t)
	for lists, want := range map[string]string{
		"": "[county city province] false 10", "unknown": "[county city province] false 10",
		"on record": "[county city province] true 3", "on record\n29+90+N": "[county city province] false 10",
		"city": "[city] true 3", "city\nmany": "[city] true 20", "city\non record": "[county city province] true 3",
	} {
		c := Case{}
		c.put(FieldLists, lists)
		n := rules.Closing(&c)
		if got := fmt.Sprint(n.Levels, n.OnRecord, n.Days); got != want {
			t.Errorf("%q: %s, want %s", lists, got, want)
		}
	}
	c, e := ready(Transition{From: Submitted, To: CityOK, Kind: Accepted})
	c.put(FieldLists, "city")
	if err := rules.Check(&c, e); err == nil || !strings.Contains(err.Error(), "turn of the level city") {
		t.Error("the county accepts:", err)
	}
	e.Level = City
	if err := rules.Check(&c, e); err != nil {
		t.Error(err)
	}
	c.State = CityOK
	e.Level = Province
	if err := rules.Check(&c, e); err == nil || !strings.Contains(err.Error(), "where no level accepts") {
		t.Error("the province accepts:", err)
	}
	c, e = ready(Transition{From: CityOK, To: Publicity, Kind: Published})
	c.put(FieldLists, "city")
	e.Fields[FieldDays] = "3"
	if err := rules.Check(&c, e); err != nil {
		t.Error(err)
	}
}

// TestWorkingDays counts over holidays and worked weekends.
func TestWorkingDays(t *testing.T) {
	rules := Shipped()
	for _, test := range []struct {
		start Date
		n     int
		last  string
	}{
		{"2026-03-02", 1, "2026-03-02"}, {"2026-03-02", 5, "2026-03-06"}, {"2026-03-02", 6, "2026-03-09"},
		{"2026-03-07", 1, "2026-03-09"}, // begins on a Saturday
		{"2026-02-12", 4, "2026-02-24"}, // 12, 13, 14 (a Saturday that is worked), then 9 days off
		{"2026-02-24", 10, "2026-03-06"},
		{"2025-09-26", 10, "2025-10-15"},
		{"2024-09-29", 3, "2024-10-08"},
		{"2025-12-29", 5, "2026-01-05"}, // over the turn of a year
		{"2026-12-30", 5, "the table of holidays has no line of the year 2027"},
		{"2020-01-22", 5, "2020-02-05"}, // the holiday that was made longer
		{"2021-09-16", 10, "2021-09-29"},
		{"2019-12-30", 1, "the table of holidays has no line of the year 2019"},
	} {
		got, err := rules.LastDay(test.start, test.n)
		if err == nil && string(got) != test.last || err != nil && !strings.HasPrefix(err.Error(), test.last) {
			t.Errorf("%d from %s: %s, %v, want %s", test.n, test.start, got, err, test.last)
		}
	}
}

// TestHolidaysAreAdded: with the holidays of a year its working days are counted.
func TestHolidaysAreAdded(t *testing.T) {
	tables := ShippedTables()
	tables.Holidays = append(tables.Holidays, "2027-01-01,2027-01-01,off,元旦\n"...)
	rules, err := ParseRules(tables)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := rules.LastDay("2026-12-30", 5); last != "2027-01-06" || err != nil {
		t.Errorf("%s, %v", last, err)
	}
}

// TestLabels: every code has its Chinese.
func TestLabels(t *testing.T) {
	r := Shipped()
	check := func(set, code string) {
		t.Helper()
		if r.Label(set, code) == code {
			t.Errorf("%s %s has no Chinese", set, code)
		}
	}
	for _, s := range States() {
		check("state", string(s))
	}
	for _, l := range Levels() {
		check("level", string(l))
	}
	for kind := range needed {
		check("event", string(kind))
	}
	for _, x := range []Relation{New, Persisting, Grown, Shrunk, Shifted, Split, MergedOf, Complex, NotCovered} {
		check("relation", string(x))
	}
	if r.Label("state", "x") != "x" {
		t.Error("an unknown code is not returned as it is")
	}
}

func verdicts(line string) []byte { return []byte("verdict,label,reason,outcome,rank\n" + line + "\n") }

// TestRulesRefuse: wrong lists are refused with the line.
func TestRulesRefuse(t *testing.T) {
	for want, change := range map[string]func(*Tables){
		"verdicts:2: rank":           func(t *Tables) { t.Verdicts = verdicts("a,甲,no,open,x") },
		"verdicts:2: outcome is":     func(t *Tables) { t.Verdicts = verdicts("a,甲,no,x,1") },
		"verdicts:2: reason is":      func(t *Tables) { t.Verdicts = verdicts("a,甲,x,open,1") },
		"stands already":             func(t *Tables) { t.Reasons = append(t.Reasons, "natural,x,\n"...) },
		`the verdict "x" is unknown`: func(t *Tables) { t.Words = append(t.Words, "verdict,y,x,,\n"...) },
		`the reason "x" is unknown`:  func(t *Tables) { t.Words = append(t.Words, "verdict,y,,x,\n"...) },
		"province is":                func(t *Tables) { t.Lists = append(t.Lists, "y,no,no,yes,3\n"...) },
		"no level must accept":       func(t *Tables) { t.Lists = append(t.Lists, "y,no,no,no,3\n"...) },
		"days is":                    func(t *Tables) { t.Lists = append(t.Lists, "y,yes,no,no,0\n"...) },
		"the line * is missing":      func(t *Tables) { t.Lists = []byte("list,county,city,province,days\n") },
		"clearing is":                func(t *Tables) { t.Measures = append(t.Measures, "y,x,maybe\n"...) },
		`"2021-02-30" is no day`: func(t *Tables) {
			t.Holidays = append(t.Holidays,
				"2021-02-30,2021-03-01,off,x\n"...)
		},
		"2026-03-02 to 2026-03-01": func(t *Tables) {
			t.Holidays = append(t.Holidays,
				"2026-03-02,2026-03-01,off,x\n"...)
		},
		"day is": func(t *Tables) {
			t.Holidays = append(t.Holidays,
				"2026-03-02,2026-03-02,x,x\n"...)
		},
		"labels:1: the columns are": func(t *Tables) { t.Labels = []byte("a,b\n") },
		"words:":                    func(t *Tables) { t.Words = append(t.Words, "x,y,,,\n"...) },
	} {
		tables := ShippedTables()
		change(&tables)
		if _, err := ParseRules(tables); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
