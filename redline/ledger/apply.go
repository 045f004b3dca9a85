package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// appliers say what an event of a kind does to the case beside setting fields.
var appliers = map[Kind]func(*Case, Event) error{
	Detected: (*Case).detected, LeadTold: (*Case).leadTold, FollowUp: (*Case).followedUp,
	Judged: (*Case).judged, Set: (*Case).set,
	Advanced: (*Case).advanced, Evidence: (*Case).evidence, Accepted: (*Case).accepted, Published: (*Case).published,
	Objection: (*Case).objection, Answered: (*Case).answered, Conflict: (*Case).conflict, Settled: (*Case).settled,
	Suspected: (*Case).suspected, Decided: (*Case).decided, Merged: (*Case).merged, Handed: (*Case).handed,
	CaseDrawn: (*Case).drawn,
}

// Apply returns the case as it is after an event of it; c does not change. The zero Case is opened by the first
// one. It fails for an event that cannot follow.
func (c Case) Apply(e Event) (Case, error) {
	does := appliers[e.Kind]
	if does == nil {
		return Case{}, fmt.Errorf("an event of kind %q is of no case", e.Kind)
	}
	if c.ID == "" {
		if e.Kind != Detected && e.Kind != LeadTold {
			return Case{}, ErrNoCase
		}
		c = Case{ID: e.Case, Opened: e.Seq, OpenedOn: e.Day(), State: Unreviewed, Since: e.Day()}
	}
	if c.ID != e.Case {
		return Case{}, fmt.Errorf("the event is of case %s", e.Case)
	}
	if e.Fields[FieldRequest] != "" {
		e.Fields = maps.Clone(e.Fields)
		delete(e.Fields, FieldRequest)
	}
	c.Fields = maps.Clone(c.Fields)
	c.Seq = e.Seq
	return c, does(&c, e)
}

// put sets a field; "" takes its value away.
func (c *Case) put(name, value string) {
	if value == "" {
		delete(c.Fields, name)
		return
	}
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	c.Fields[name] = value
}

// set takes over all fields.
func (c *Case) set(e Event) error {
	for name, value := range e.Fields {
		c.put(name, value)
	}
	return nil
}

// judged also confirms what was carried over, and speaks of all of the ground.
func (c *Case) judged(e Event) error {
	for name, value := range e.Fields {
		if name != FieldClaims {
			c.put(name, value)
		}
	}
	c.claim(e)
	c.put(FieldToConfirm, "")
	c.put(FieldGainedM2, "")
	return nil
}

// seen are the fields of a follow-up that stay with the case.
var seen = []string{FieldFinding, FieldYear, FieldShareBad, FieldShareOld, FieldShareOth, FieldShareNo, FieldBadM2}

// links are fields of Detected that are no attributes of the case: they have members of their own.
var links = []string{FieldDetection, FieldDetectionHash, FieldRelation, FieldGround}

func (c *Case) detected(e Event) error {
	c.Detection, c.Relation = e.Fields[FieldDetection], Relation(e.Fields[FieldRelation])
	if ground, ok := e.Fields[FieldGround]; ok {
		c.Ground = strings.Fields(ground)
	}
	for name, value := range e.Fields {
		if !slices.Contains(links, name) {
			c.put(name, value)
		}
	}
	return nil
}

// leadTold takes over what the case does not know yet: a lead that meets a case adds to it.
func (c *Case) leadTold(e Event) error {
	c.Leads++
	for name, value := range e.Fields {
		if c.Fields[name] == "" {
			c.put(name, value)
		}
	}
	return nil
}

// moveTo puts the case into a state.
func (c *Case) moveTo(s State, on Date) {
	if s == Rectifying {
		c.Evidence, c.Accepted = nil, nil
		c.put(FieldDoneDate, "")
	}
	if s == Submitted {
		c.put(FieldDoneDate, string(on))
	}
	if s == Unreviewed || s == Filed || s == Rectifying || s == Submitted {
		c.Objections = 0
		for _, name := range []string{FieldStart, FieldDays} {
			c.put(name, "")
		}
	}
	c.State, c.Since = s, on
}

func (c *Case) advanced(e Event) error {
	to := State(e.Fields[FieldTo])
	if !slices.Contains(States(), to) {
		return fmt.Errorf("the state %q is unknown", to)
	}
	c.moveTo(to, e.Day())
	for _, name := range []string{FieldOverride, FieldDoneDate, FieldNote} {
		if value, ok := e.Fields[name]; ok {
			c.put(name, value)
		}
	}
	return nil
}

func (c *Case) evidence(e Event) error {
	c.Evidence = append(slices.Clip(c.Evidence), e.Doc)
	return nil
}

// accepted also moves the case: to what the level has said, or back into rectification.
func (c *Case) accepted(e Event) error {
	to, err := stateAfter(e.Level, e.Fields[FieldOutcome])
	if err != nil {
		return err
	}
	a := Acceptance{e.Level, e.Fields[FieldAcceptUnit], e.Fields[FieldOutcome], e.Seq}
	c.Accepted = append(slices.Clip(c.Accepted), a)
	c.moveTo(to, e.Day())
	return nil
}

// Outcomes of an acceptance.
const (
	Passed     = "passed"
	Returned   = "returned" // back to Rectifying
	OnlyRecord = "recorded" // 备案, by the province alone
)

func stateAfter(l Level, outcome string) (State, error) {
	switch {
	case outcome == Returned:
		return Rectifying, nil
	case outcome == OnlyRecord && l == Province:
		return Recorded, nil
	case outcome == Passed && l != "":
		return map[Level]State{County: CountyOK, City: CityOK, Province: ProvinceOK}[l], nil
	}
	return "", fmt.Errorf(
		"the outcome %q of level %q is unknown; passed and returned are known, and recorded of the province", outcome, l)
}

// published moves the case into publicity.
func (c *Case) published(e Event) error {
	c.moveTo(Publicity, e.Day())
	c.put(FieldStart, e.Fields[FieldStart])
	c.put(FieldDays, e.Fields[FieldDays])
	return nil
}

func (c *Case) objection(Event) error {
	c.Objections++
	return nil
}

// adopted tells whether an event comes from another ledger, where the case may have stood otherwise.
func (e Event) adopted() bool { return e.Origin != (Origin{}) }

func (c *Case) answered(e Event) error {
	if c.Objections == 0 && e.adopted() {
		return nil
	}
	if c.Objections == 0 {
		return fmt.Errorf("no objection is open")
	}
	c.Objections--
	return nil
}

// conflict opens a dispute over a field, or adds a value to it.
func (c *Case) conflict(e Event) error {
	name := e.Fields[FieldField]
	c.Disputes = slices.Clone(c.Disputes)
	d := c.dispute(name)
	if d == nil {
		c.Disputes = append(c.Disputes, Dispute{Field: name, Values: []string{e.Fields[FieldOurs]}})
		slices.SortFunc(c.Disputes, func(a, b Dispute) int { return strings.Compare(a.Field, b.Field) })
		d = c.dispute(name)
	}
	d.Values = union(d.Values, e.Fields[FieldFile])
	c.claim(e)
	c.put(name, e.Fields[FieldValue])
	return nil
}

// claim keeps what a file has said, so that it is not heard twice.
func (c *Case) claim(e Event) { c.Claims = union(c.Claims, strings.Fields(e.Fields[FieldClaims])...) }

// union returns the sorted union of a set and more values.
func union(set []string, more ...string) []string {
	all := slices.Concat(set, more)
	slices.Sort(all)
	return slices.Compact(all)
}

// settled gives a field its value and ends all disputes over it.
func (c *Case) settled(e Event) error {
	name := e.Fields[FieldField]
	if c.dispute(name) == nil && !e.adopted() {
		return fmt.Errorf("there is no conflict over the field %s", name)
	}
	c.Disputes = slices.DeleteFunc(slices.Clone(c.Disputes), func(d Dispute) bool { return d.Field == name })
	if len(c.Disputes) == 0 {
		c.Disputes = nil
	}
	c.put(name, e.Fields[FieldValue])
	return nil
}

func (c *Case) suspected(e Event) error {
	c.Suspicion = e.Fields[FieldSuspect]
	return nil
}

// Suspicions, and what a person decides of one.
const (
	SuspectRebound = "rebound"             // 疑似反弹
	SuspectFalse   = "false_rectification" // 疑似虚假整改
	SureOf         = "confirmed"
	Dismissed      = "dismissed"
)

// decided opens the case again when the suspicion was confirmed: under its old id.
func (c *Case) decided(e Event) error {
	decision := e.Fields[FieldDecision]
	if c.Suspicion == "" && e.adopted() {
		return nil // it was decided here before
	}
	if c.Suspicion != e.Fields[FieldSuspect] || decision != SureOf && decision != Dismissed {
		return fmt.Errorf("there is no suspicion of %s, or %q is no decision: confirmed and dismissed are",
			e.Fields[FieldSuspect], decision)
	}
	c.Suspicion = ""
	if decision == Dismissed {
		return nil
	}
	if e.Fields[FieldSuspect] == SuspectRebound {
		c.Rebounds++
	}
	c.moveTo(Filed, e.Day())
	for _, name := range []string{FieldDueDate, FieldDueText, FieldDoneDate, FieldOverride} {
		c.put(name, "") // a new deadline has to be set
	}
	return nil
}

func (c *Case) merged(e Event) error {
	c.MergedInto, c.Ground = e.Fields[FieldInto], nil
	return nil
}

func (c *Case) handed(e Event) error {
	c.HandedTo = e.Fields[FieldHandedTo]
	return nil
}
