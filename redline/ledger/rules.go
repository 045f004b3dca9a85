package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"greenshield/raster/landcover"
	"greenshield/seeds"
)

// Outcome says what a verdict means for the case.
type Outcome string

// The outcomes.
const (
	Open      Outcome = "open"    // it has still to be looked at
	Problem   Outcome = "problem" // it can be filed
	NoProblem Outcome = "none"    // it is archived
)

// Verdict is one of the verdicts that a reviewer can give.
type Verdict struct {
	Code, Label string
	Reason      string // no, optional, required
	Outcome     Outcome
	Rank        int // the higher is the stricter
}

// Reason is one of the reasons for a verdict.
type Reason struct {
	Code, Label string
	Needs       []string // fields of which at least one must be filled in
}

// List is what closing a case on a list takes.
type List struct {
	Name     string
	Levels   []Level // that must accept, the lowest first
	OnRecord bool    // the province need only take it on record
	Days     int     // working days of the public notice
}

// Measure is a kind of measures.
type Measure struct {
	Code, Label string
	Clearing    bool // after it nothing of the problem stands there
}

// word is what a word of a file says.
type word struct{ verdict, reason, basis string }

// Rules are the lists that the rules of the ledger work by. They do not change, so they may be used concurrently.
type Rules struct {
	Verdicts []Verdict
	Reasons  []Reason
	Lists    []List
	Measures []Measure
	words    map[[2]string]word // by column and word
	labels   map[[2]string]string
	days     calendar
}

// Tables are the texts of the lists, each as CSV with the columns that the shipped ones have (folder ledger of
// seeds).
type Tables struct{ Verdicts, Reasons, Words, Lists, Measures, Holidays, Labels []byte }

// ShippedTables returns the lists that ship with the program.
func ShippedTables() Tables {
	return Tables{seeds.Ledger("verdicts"), seeds.Ledger("reasons"), seeds.Ledger("words"), seeds.Ledger("lists"),
		seeds.Ledger("measures"), seeds.Ledger("holidays"), seeds.Ledger("labels")}
}

// Shipped returns the rules by the lists that ship with the program.
var Shipped = sync.OnceValue(func() *Rules {
	r, err := ParseRules(ShippedTables())
	if err != nil {
		panic(err) // a test reads them
	}
	return r
})

// ParseRules reads lists. Errors name the list and the line.
func ParseRules(t Tables) (*Rules, error) {
	r := &Rules{words: map[[2]string]word{}, labels: map[[2]string]string{}}
	for _, p := range []struct {
		name    string
		text    []byte
		columns []string
		take    func(map[string]string) error
	}{
		{"verdicts", t.Verdicts, []string{"verdict", "label", "reason", "outcome", "rank"}, r.takeVerdict},
		{"reasons", t.Reasons, []string{"reason", "label", "needs"}, r.takeReason},
		{"words", t.Words, []string{"column", "word", "verdict", "reason", "basis"}, r.takeWord},
		{"lists", t.Lists, []string{"list", "county", "city", "province", "days"}, r.takeList},
		{"measures", t.Measures, []string{"kind", "label", "clearing"}, r.takeMeasure},
		{"holidays", t.Holidays, []string{"first", "last", "day", "name"}, r.days.take},
		{"labels", t.Labels, []string{"set", "code", "label"}, r.takeLabel},
	} {
		rows, err := landcover.ReadTable(p.name, p.text, p.columns...)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if err := p.take(row.Fields); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", p.name, row.Line, err)
			}
		}
	}
	if _, ok := r.list("*"); !ok {
		return nil, fmt.Errorf("lists: the line * is missing")
	}
	return r, nil
}

// oneOf refuses a value that is none of those allowed.
func oneOf(f map[string]string, name string, allowed ...string) error {
	if !slices.Contains(allowed, f[name]) {
		return fmt.Errorf("%s is %q, but must be one of %s", name, f[name], strings.Join(allowed, ", "))
	}
	return nil
}

func (r *Rules) takeVerdict(f map[string]string) (err error) {
	v := Verdict{Code: f["verdict"], Label: f["label"], Reason: f["reason"], Outcome: Outcome(f["outcome"])}
	if v.Rank, err = strconv.Atoi(f["rank"]); err != nil {
		return fmt.Errorf("rank is %q, but must be a whole number", f["rank"])
	}
	if _, twice := r.Verdict(v.Code); twice || v.Code == "" {
		return fmt.Errorf("%q is empty or stands already in an earlier line", v.Code)
	}
	if err := oneOf(f, "reason", "no", "optional", "required"); err != nil {
		return err
	}
	r.Verdicts = append(r.Verdicts, v)
	return oneOf(f, "outcome", "open", "problem", "none")
}

func (r *Rules) takeReason(f map[string]string) error {
	if _, twice := r.Reason(f["reason"]); twice || f["reason"] == "" {
		return fmt.Errorf("%q is empty or stands already in an earlier line", f["reason"])
	}
	needs := strings.FieldsFunc(f["needs"], func(r rune) bool { return r == '|' })
	r.Reasons = append(r.Reasons, Reason{f["reason"], f["label"], needs})
	return nil
}

func (r *Rules) takeWord(f map[string]string) error {
	w := word{f["verdict"], f["reason"], f["basis"]}
	if _, ok := r.Verdict(w.verdict); !ok && w.verdict != "" {
		return fmt.Errorf("the verdict %q is unknown", w.verdict)
	}
	if _, ok := r.Reason(w.reason); !ok && w.reason != "" {
		return fmt.Errorf("the reason %q is unknown", w.reason)
	}
	r.words[[2]string{f["column"], f["word"]}] = w
	return oneOf(f, "column", "verdict", "reason")
}

func (r *Rules) takeList(f map[string]string) (err error) {
	l := List{Name: f["list"], OnRecord: f["province"] == "record"}
	for _, level := range Levels() {
		yes := []string{"yes", "no"}
		if level == Province {
			yes = []string{"accept", "record", "no"}
		}
		if err := oneOf(f, string(level), yes...); err != nil {
			return err
		}
		if f[string(level)] != "no" {
			l.Levels = append(l.Levels, level)
		}
	}
	if l.Days, err = strconv.Atoi(f["days"]); err != nil || l.Days < 1 || l.Days > 100 {
		return fmt.Errorf("days is %q, but must be a whole number from 1 to 100", f["days"])
	}
	if len(l.Levels) == 0 {
		return fmt.Errorf("no level must accept")
	}
	r.Lists = append(r.Lists, l)
	return nil
}

func (r *Rules) takeMeasure(f map[string]string) error {
	r.Measures = append(r.Measures, Measure{f["kind"], f["label"], f["clearing"] == "yes"})
	return oneOf(f, "clearing", "yes", "no")
}

func (r *Rules) takeLabel(f map[string]string) error {
	r.labels[[2]string{f["set"], f["code"]}] = f["label"]
	return nil
}

// Label returns the Chinese of a code of a set: state, side, relation, level, finding, outcome, suspicion, decision,
// event. A code without one is returned as it is.
func (r *Rules) Label(set, code string) string {
	if label, ok := r.labels[[2]string{set, code}]; ok {
		return label
	}
	return code
}

// Verdict returns the verdict of that code.
func (r *Rules) Verdict(code string) (Verdict, bool) {
	i := slices.IndexFunc(r.Verdicts, func(v Verdict) bool { return v.Code == code })
	if i < 0 {
		return Verdict{}, false
	}
	return r.Verdicts[i], true
}

// Reason returns the reason of that code.
func (r *Rules) Reason(code string) (Reason, bool) {
	i := slices.IndexFunc(r.Reasons, func(v Reason) bool { return v.Code == code })
	if i < 0 {
		return Reason{}, false
	}
	return r.Reasons[i], true
}

// Measure returns the kind of measures of that code.
func (r *Rules) Measure(code string) (Measure, bool) {
	i := slices.IndexFunc(r.Measures, func(v Measure) bool { return v.Code == code })
	if i < 0 {
		return Measure{}, false
	}
	return r.Measures[i], true
}

func (r *Rules) list(name string) (List, bool) {
	i := slices.IndexFunc(r.Lists, func(l List) bool { return l.Name == name })
	if i < 0 {
		return List{}, false
	}
	return r.Lists[i], true
}

// Closing returns what closing the case takes: all that any of its lists asks.
func (r *Rules) Closing(c *Case) List {
	needs := List{OnRecord: true}
	names := c.Lists()
	if len(names) == 0 {
		names = []string{"*"}
	}
	for _, name := range names {
		l, ok := r.list(name)
		if !ok {
			l, _ = r.list("*")
		}
		for _, level := range l.Levels {
			if !slices.Contains(needs.Levels, level) {
				needs.Levels = append(needs.Levels, level)
			}
			if level == Province && !l.OnRecord {
				needs.OnRecord = false
			}
		}
		needs.Days = max(needs.Days, l.Days)
	}
	slices.SortFunc(needs.Levels, func(a, b Level) int { return slices.Index(Levels(), a) - slices.Index(Levels(), b) })
	return needs
}
