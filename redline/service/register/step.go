package register

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/gate"
)

// step is something that may be said of a case.
type step struct {
	Kind    term              `json:"kind"`
	Fields  map[string]string `json:"fields"`          // what the event says in any case
	To      *term             `json:"to,omitempty"`    // state to which it takes the case
	Level   *term             `json:"level,omitempty"` // at which it has to be said
	Ask     []ask             `json:"ask"`             // fields that whoever says it fills in
	Allowed bool              `json:"allowed"`         // once they are filled in
	Missing []missing         `json:"missing"`         // why it is not
}

// missing is why something may not be said.
type missing struct {
	Chinese string `json:"zh"`
	English string `json:"en"`
}

// ask is a field that is filled in.
type ask struct {
	field
	Needed bool `json:"needed"`
}

// trial is an event that might follow, with all that may be asked for filled in.
type trial struct {
	ledger.Event
	fixed []string // fields that say what is meant, and are not asked for
}

// steps returns what may be said of a case, as the rules see it today, by a user. Whether the user may is another
// question. Of a case that was merged or handed over nothing is said here any more.
func (r *Register) steps(c *ledger.Case, user *gate.User) []step {
	all := []step{}
	if c.MergedInto != "" || c.HandedTo != "" {
		return all
	}
	for _, t := range r.trials(c, user) {
		all = append(all, stepOf(c, t))
	}
	return all
}

// trials returns an event of each kind that a person may say, with values that only stand for those to come.
func (r *Register) trials(c *ledger.Case, user *gate.User) (all []trial) {
	now := r.now()
	add := func(kind ledger.Kind, level ledger.Level, fixed, asked map[string]string) {
		fields := maps.Clone(asked)
		if fields == nil {
			fields = map[string]string{}
		}
		maps.Copy(fields, fixed)
		all = append(all, trial{ledger.Event{Case: c.ID, Kind: kind, Time: now, Level: level, Fields: fields,
			Actor: cmp.Or(user.Name, user.Login, "…")}, slices.Sorted(maps.Keys(fixed))})
	}
	level := cmp.Or(user.Level, ledger.County)
	with := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	as := func(names []string) map[string]string {
		m := map[string]string{}
		for _, name := range names {
			m[name] = c.Get(name)
		}
		return m
	}
	judged := as(ledger.Reviewed())
	judged[ledger.FieldVerdict], judged[ledger.FieldReason] = confirmed(), ""
	add(ledger.Judged, level, nil, judged)
	add(ledger.Set, level, nil, as(ledger.Settable()))
	for _, t := range ledger.Transitions() {
		if t.From == c.State && t.Kind == ledger.Advanced {
			asked := with(ledger.FieldNote, "…")
			switch t.To {
			case ledger.Submitted:
				asked[ledger.FieldDoneDate] = string(ledger.DayOf(now))
			case ledger.StruckOff:
				asked[ledger.FieldOverride] = "…"
			}
			add(ledger.Advanced, level, with(ledger.FieldTo, string(t.To)), asked)
		}
	}
	add(ledger.Evidence, level, nil, nil)
	all[len(all)-1].Doc = ledger.Document{Name: "…", SHA256: strings.Repeat("0", 64)}
	for _, outcome := range []string{ledger.Passed, ledger.OnlyRecord, ledger.Returned} {
		if outcome == ledger.OnlyRecord && turnOf(c) != ledger.Province {
			continue
		}
		add(ledger.Accepted, turnOf(c), with(ledger.FieldOutcome, outcome), with(ledger.FieldAcceptUnit, "…"))
	}
	start := max(ledger.DayOf(now), c.Since)
	add(ledger.Published, level, nil, with(ledger.FieldStart, string(start),
		ledger.FieldDays, strconv.Itoa(ledger.Shipped().Closing(c).Days)))
	add(ledger.Objection, level, nil, with(ledger.FieldObjection, "…"))
	add(ledger.Answered, level, nil, with(ledger.FieldAnswer, "…"))
	for _, d := range c.Disputes {
		add(ledger.Settled, level, with(ledger.FieldField, d.Field), with(ledger.FieldValue, d.Values[0]))
	}
	if c.Suspicion != "" {
		for _, decision := range []string{ledger.SureOf, ledger.Dismissed} {
			add(ledger.Decided, level, with(ledger.FieldSuspect, c.Suspicion, ledger.FieldDecision, decision), nil)
		}
	}
	add(ledger.Merged, level, nil, with(ledger.FieldInto, "…"))
	add(ledger.Handed, level, nil, with(ledger.FieldHandedTo, "…"))
	return all
}

// confirmed returns a verdict that needs nothing else.
func confirmed() string {
	verdicts := ledger.Shipped().Verdicts
	return verdicts[slices.IndexFunc(verdicts, func(v ledger.Verdict) bool {
		return v.Outcome == ledger.Problem && v.Reason != "required"
	})].Code
}

// turnOf returns the level whose turn it is to accept a case, the first one where it is nobody's.
func turnOf(c *ledger.Case) ledger.Level {
	levels := ledger.Shipped().Closing(c).Levels
	done := map[ledger.State]int{ledger.Submitted: -1, ledger.CountyOK: 0, ledger.CityOK: 1}
	after, waits := done[c.State]
	for _, level := range levels {
		if waits && slices.Index(ledger.Levels(), level) > after {
			return level
		}
	}
	return levels[0]
}

// stepOf tries an event.
func stepOf(c *ledger.Case, t trial) step {
	s := step{Kind: termOf("event", string(t.Kind)), Fields: map[string]string{}, Ask: []ask{}, Missing: []missing{}}
	for _, name := range t.fixed {
		s.Fields[name] = t.Event.Fields[name]
	}
	if after, err := c.Apply(t.Event); err == nil && after.State != c.State {
		to := termOf("state", string(after.State))
		s.To = &to
	}
	if t.Kind == ledger.Accepted {
		level := termOf("level", string(t.Level))
		s.Level = &level
	}
	refused := reasonsOf(ledger.Shipped().Check(c, t.Event))
	for name := range t.Event.Fields {
		if slices.Contains(t.fixed, name) {
			continue
		}
		without := t.Event
		without.Fields = maps.Clone(t.Event.Fields)
		delete(without.Fields, name)
		more := len(reasonsOf(ledger.Shipped().Check(c, without))) > len(refused)
		s.Ask = append(s.Ask, ask{fieldNamedBy(name), more || ledger.CheckForm(without) != nil})
	}
	slices.SortFunc(s.Ask, func(a, b ask) int { return cmp.Compare(a.Name, b.Name) })
	prefix := "case " + c.ID + ": "
	for _, err := range refused {
		english := strings.TrimPrefix(err.Error(), prefix)
		s.Missing = append(s.Missing, missing{ledgerwork.InChinese(err), english})
	}
	s.Allowed = len(refused) == 0
	return s
}

// reasonsOf returns the reasons of a refusal.
func reasonsOf(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return nil
}
