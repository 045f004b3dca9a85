package ledgerwork

import (
	"context"
	"slices"
	"strings"

	"greenshield/redline/ledger"
)

// Standing is a ledger as it was at the end of a day.
type Standing struct {
	Name  string      // of the ledger
	Head  ledger.Head // of all that was read, later events too
	Day   ledger.Date
	Since ledger.Date   // "" when no changes are asked for
	Cases []ledger.Case // by id
	News  []News        // of these cases from Since to Day, by number
	// Samples are all that were drawn until then, whatever cases are chosen, in that order.
	Samples []DrawnSample
	facts   map[string]*facts
}

// News is one thing that was said of a case.
type News struct {
	Case  *ledger.Case // as it was at the end of the day
	Event ledger.Event
}

// facts are what the events of a case say and the case itself does not keep.
type facts struct {
	filed, struck ledger.Date // when it last became filed, and struck off
	submitted     bool        // it was once reported as rectified
	struckOnce    bool
	objections    int64 // all that were made
	falsely       int64 // false rectifications that somebody has confirmed
	late          bool  // an event after the day was met: what follows is later
	news          []ledger.Event
}

// StandingOf reads the cases that a filter chooses as they were at the end of a day: of each case those events count
// that come before its first later one. since chooses what is new, "" nothing.
func StandingOf(ctx context.Context, s ledger.Store, f Filter, day, since ledger.Date) (*Standing, error) {
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, err
	}
	st := &Standing{Name: meta[ledger.FieldName], Day: day, Since: since, facts: map[string]*facts{}}
	if st.Head, err = s.Head(ctx); err != nil {
		return nil, err
	}
	cases, designs := map[string]ledger.Case{}, []ledger.Event{}
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return nil, err
		}
		if e.Case == "" {
			if slices.Contains(sampleKinds, e.Kind) && e.Day() <= day {
				designs = append(designs, e)
			}
			continue
		}
		known := st.facts[e.Case]
		if known == nil {
			known = &facts{}
			st.facts[e.Case] = known
		}
		if known.late = known.late || e.Day() > day; known.late {
			continue
		}
		before := cases[e.Case]
		after, err := before.Apply(e)
		if err != nil {
			return nil, err
		}
		cases[e.Case] = after
		known.learn(&before, &after, e)
		if since != "" && e.Day() >= since && isNews(e) {
			known.news = append(known.news, e)
		}
	}
	if err := st.readSamples(designs, cases, &f); err != nil {
		return nil, err
	}
	for _, c := range cases {
		if f.Match(&c) && f.match(&c) {
			st.Cases = append(st.Cases, c)
		}
	}
	slices.SortFunc(st.Cases, func(a, b ledger.Case) int { return strings.Compare(a.ID, b.ID) })
	st.collect()
	return st, nil
}

// readSamples reads the samples, and has a filter choose those that it names.
func (st *Standing) readSamples(designs []ledger.Event, cases map[string]ledger.Case, f *Filter) (err error) {
	all := map[string]*ledger.Case{}
	for id, c := range cases {
		all[id] = &c
	}
	if st.Samples, err = samplesOf(designs, all); err != nil || f.Sample == "" {
		return err
	}
	named, err := sampleNamed(st.Samples, f.Sample)
	if err == nil {
		f.of(named)
	}
	return err
}

// learn takes over what an event says.
func (f *facts) learn(before, after *ledger.Case, e ledger.Event) {
	if after.State != before.State {
		switch after.State {
		case ledger.Filed:
			f.filed, f.struck = e.Day(), ""
		case ledger.Submitted:
			f.submitted = true
		case ledger.StruckOff:
			f.struck, f.struckOnce = e.Day(), true
		}
	}
	switch {
	case e.Kind == ledger.Objection:
		f.objections++
	case e.Kind == ledger.Decided && e.Fields[ledger.FieldDecision] == ledger.SureOf &&
		e.Fields[ledger.FieldSuspect] == ledger.SuspectFalse:
		f.falsely++
	}
}

// isNews tells whether an event is worth telling: not that a place is as it was.
func isNews(e ledger.Event) bool {
	return e.Kind != ledger.FollowUp &&
		(e.Kind != ledger.Detected || e.Fields[ledger.FieldRelation] != string(ledger.Persisting))
}

// collect brings what is new of all cases into the order of its numbers.
func (st *Standing) collect() {
	for i := range st.Cases {
		c := &st.Cases[i]
		for _, e := range st.facts[c.ID].news {
			st.News = append(st.News, News{c, e})
		}
	}
	slices.SortFunc(st.News, func(a, b News) int { return int(a.Event.Seq - b.Event.Seq) })
}

// daysTaken returns how many days passed from the filing of a case until it was struck off; false when it is not.
func (st *Standing) daysTaken(c *ledger.Case) (int64, bool) {
	f := st.facts[c.ID]
	if c.State != ledger.StruckOff || f.filed == "" || f.struck == "" {
		return 0, false
	}
	return f.filed.Until(f.struck), true
}

// rectified tells whether a case that has a deadline was reported as rectified, and whether not after the deadline.
func rectified(c *ledger.Case) (done, onTime bool) {
	due, on := c.Get(ledger.FieldDueDate), c.Get(ledger.FieldDoneDate)
	return due != "" && on != "", due != "" && on != "" && on <= due
}
