package ledger

import (
	"errors"
	"slices"
)

// ErrRefused is what every refusal of [Rules.Check] wraps.
var ErrRefused = errors.New("the ledger's rules refuse it")

// refusal is one reason of a refusal of an event of a case.
type refusal struct {
	id     string
	reason error
}

func (r refusal) Error() string   { return "case " + r.id + ": " + r.reason.Error() }
func (r refusal) Unwrap() []error { return []error{ErrRefused, r.reason} }

// guard returns why an event must not follow, nil when it may.
type guard func(*Rules, *Case, Event) error

// Transition is one way from a state to another, by an event of a kind.
type Transition struct {
	From, To State
	Kind     Kind
	guards   []guard
}

// transitions are all ways between states. The ways by [Accepted] and [Published] are those of a case that all levels
// must accept; fewer levels leave states out.
var transitions = []Transition{
	{Unreviewed, Archived, Advanced, []guard{toConfirm, noProblem, noDispute}},
	{Unreviewed, Filed, Advanced, []guard{toConfirm, problem, noDispute}},
	{Archived, Unreviewed, Advanced, []guard{written}},
	{Archived, Filed, Advanced, []guard{toConfirm, problem, noDispute}},
	{Filed, Archived, Advanced, []guard{noProblem, noDispute}},
	{Filed, Rectifying, Advanced, []guard{problem, fourLists}},
	{Rectifying, Archived, Advanced, []guard{noProblem, noDispute}},
	{Rectifying, Submitted, Advanced, []guard{fourLists, evidenced}},
	{Submitted, Rectifying, Advanced, []guard{written}},
	{Submitted, CountyOK, Accepted, acceptance},
	{CountyOK, CityOK, Accepted, acceptance},
	{CityOK, ProvinceOK, Accepted, acceptance},
	{CityOK, Recorded, Accepted, acceptance},
	{Submitted, Rectifying, Accepted, acceptance},
	{CountyOK, Rectifying, Accepted, acceptance},
	{CityOK, Rectifying, Accepted, acceptance},
	{ProvinceOK, Publicity, Published, publication},
	{Recorded, Publicity, Published, publication},
	{Publicity, Rectifying, Advanced, []guard{written}},
	{Publicity, StruckOff, Advanced, []guard{publicityOver, noObjection, noDispute, noSuspicion, notStill, notLongTerm}},
	{StruckOff, Filed, Decided, decision},
	{Submitted, Filed, Decided, decision},
	{CountyOK, Filed, Decided, decision},
	{CityOK, Filed, Decided, decision},
	{ProvinceOK, Filed, Decided, decision},
	{Recorded, Filed, Decided, decision},
	{Publicity, Filed, Decided, decision},
}

var (
	acceptance  = []guard{evidenced, levelsTurn, knownOutcome, notItself}
	publication = []guard{allAccepted, enoughDays}
	decision    = []guard{suspected, decidable}
)

// Transitions lists all ways between states.
func Transitions() []Transition { return slices.Clone(transitions) }

// human are the kinds of events that a person says; a name is needed.
var human = []Kind{Judged, Set, Advanced, Evidence, Accepted, Published, Objection, Answered, Settled, Decided, Merged,
	Handed, CaseDrawn}

// levelled are those of them for which somebody of a level must answer.
var levelled = []Kind{Accepted, Settled, Decided, Handed}

// others are the guards of kinds of events that do not move the case.
var others = map[Kind][]guard{
	Judged: {goodVerdict}, Set: {settable}, Evidence: {underWay}, Objection: {inPublicity}, Answered: {openObjection},
	Conflict: {}, Settled: {openDispute, goodValue}, Suspected: {suspicious}, Merged: {intoAnother},
	Handed: {}, FollowUp: {goodFinding}, Detected: {}, LeadTold: {}, CaseDrawn: {},
}

// Check refuses an event that must not follow in the case as it is, with every reason of it, joined; each wraps
// [ErrRefused]. The event needs no Seq yet. Events that a run says ([Detected], [LeadTold], [FollowUp], [Conflict],
// [Suspected]) need no name.
func (r *Rules) Check(c *Case, e Event) error {
	var reasons []error
	for _, g := range append(slices.Clone(always), r.guardsOf(c, e)...) {
		if err := g(r, c, e); err != nil {
			reasons = append(reasons, refusal{c.ID, err})
		}
	}
	return errors.Join(reasons...)
}

var always = []guard{named, notGone, inOrderOfTime}

func (r *Rules) guardsOf(c *Case, e Event) []guard {
	switch e.Kind {
	case Advanced:
		to := State(e.Fields[FieldTo])
		for _, t := range transitions {
			if t.Kind == Advanced && t.From == c.State && t.To == to {
				return t.guards
			}
		}
		return []guard{noWay}
	case Accepted:
		return acceptance
	case Published:
		return publication
	case Decided:
		return decision
	}
	if guards, ok := others[e.Kind]; ok {
		return guards
	}
	return []guard{noWay}
}

// noWay always refuses, and says which ways there are beside decisions on suspicions.
func noWay(_ *Rules, c *Case, e Event) error {
	from, to := termOf("state", c.State), termOf("state", e.Fields[FieldTo])
	var ways []string
	for _, t := range transitions {
		if t.From == c.State && t.Kind != Decided {
			ways = append(ways, string(t.To))
		}
	}
	if len(ways) == 0 {
		return because("there is no way from %s to %q; only a suspicion that is confirmed opens it again", from, to)
	}
	slices.Sort(ways)
	ways = slices.Compact(ways)
	return because("there is no way from %s to %q; from there it goes to %s", from, to, termOf("state", ways...))
}

// Judge returns an event of kind [Judged] or [Settled], and the move that follows from it: a case that was not
// filed is archived when there is no problem, and waits again when there may be one. A dispute keeps it waiting.
func (r *Rules) Judge(c *Case, e Event) ([]Event, error) {
	if err := r.Check(c, e); err != nil {
		return nil, err
	}
	after, err := c.Apply(e)
	if err != nil {
		return nil, err
	}
	return append([]Event{e}, r.Following(&after, e)...), nil
}

// Following returns the move that follows from the verdict and disputes of a case by the event e, if there is one.
func (r *Rules) Following(c *Case, e Event) []Event {
	to := Unreviewed
	if v, _ := r.Verdict(c.Get(FieldVerdict)); v.Outcome == NoProblem && len(c.Disputes) == 0 {
		to = Archived
	}
	if c.State == to || c.State != Unreviewed && c.State != Archived {
		return nil
	}
	return []Event{{Case: c.ID, Kind: Advanced, Time: e.Time, Actor: e.Actor, Level: e.Level,
		Fields: map[string]string{FieldTo: string(to)}}}
}

// Overdue tells whether the case should have been rectified before a day, and is not: its deadline has passed, and it
// is filed or in rectification. It is computed, never kept.
func (c *Case) Overdue(asOf Date) bool {
	due := Date(c.Get(FieldDueDate))
	waits := (c.State == Filed || c.State == Rectifying) && c.MergedInto == "" && c.HandedTo == ""
	return waits && due != "" && due < asOf
}

// Side lists the codes of the side states of the case on a day: overdue, long_term, merged, handed_over,
// suspected_rebound, suspected_false_rectification, disputed, to_confirm.
func (c *Case) Side(asOf Date) (codes []string) {
	for _, s := range []struct {
		code string
		is   bool
	}{
		{"overdue", c.Overdue(asOf)},
		{"long_term", c.Get(FieldLongTerm) != ""},
		{"merged", c.MergedInto != ""},
		{"handed_over", c.HandedTo != ""},
		{"suspected_rebound", c.Suspicion == SuspectRebound},
		{"suspected_false_rectification", c.Suspicion == SuspectFalse},
		{"disputed", len(c.Disputes) > 0},
		{"to_confirm", c.Get(FieldToConfirm) != ""},
	} {
		if s.is {
			codes = append(codes, s.code)
		}
	}
	return codes
}
