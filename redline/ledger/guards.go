package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func list(names []string) string { return strings.Join(names, ", ") }

func blank(text string) bool { return strings.TrimSpace(text) == "" }

func named(_ *Rules, _ *Case, e Event) error {
	if slices.Contains(human, e.Kind) && blank(e.Actor) {
		return errors.New("nobody answers for it; give a name with --as")
	}
	if slices.Contains(levelled, e.Kind) && e.Level == "" {
		return errors.New("no level answers for it; give it with --level")
	}
	return nil
}

// notGone: what was merged or handed over is not dealt with here any more.
func notGone(_ *Rules, c *Case, _ Event) error {
	switch {
	case c.MergedInto != "":
		return because("it was merged into case %s; use that one", c.MergedInto)
	case c.HandedTo != "":
		return because("it was handed over to %s", c.HandedTo)
	}
	return nil
}

func inOrderOfTime(_ *Rules, c *Case, e Event) error {
	if moves := e.Kind == Advanced || e.Kind == Accepted || e.Kind == Published; moves && e.Day() < c.Since {
		return because("it has been %s since %s, which is later than %s", termOf("state", c.State), c.Since, e.Day())
	}
	return nil
}

func toConfirm(_ *Rules, c *Case, _ Event) error {
	if c.Get(FieldToConfirm) != "" {
		return because("its verdict was carried over and is still to be confirmed (%s); judge it first",
			termOf("confirm", c.Get(FieldToConfirm)))
	}
	return nil
}

func noProblem(r *Rules, c *Case, _ Event) error {
	if v, _ := r.Verdict(c.Get(FieldVerdict)); v.Outcome != NoProblem {
		return because("its verdict is %s, and only what is no problem is archived", termOf("verdict", verdictOf(c)))
	}
	return nil
}

func problem(r *Rules, c *Case, _ Event) error {
	if v, _ := r.Verdict(c.Get(FieldVerdict)); v.Outcome != Problem {
		return because("its verdict is %s, and only a confirmed problem is filed and rectified", termOf("verdict", verdictOf(c)))
	}
	return nil
}

func verdictOf(c *Case) string { return cmp.Or(c.Get(FieldVerdict), string(Unreviewed)) }

func noDispute(_ *Rules, c *Case, _ Event) error {
	if len(c.Disputes) > 0 {
		return because("reviewers disagree over its %s; settle that first", termOf("field", c.Disputes[0].Field))
	}
	return nil
}

func written(_ *Rules, _ *Case, e Event) error {
	if blank(e.Fields[FieldNote]) {
		return errors.New("the way back needs a reason in writing; give it with the note")
	}
	return nil
}

func fourLists(_ *Rules, c *Case, _ Event) error {
	var missing []string
	for _, name := range []string{FieldProblem, FieldMeasures, FieldStandard, FieldUnit, FieldPerson} {
		if blank(c.Get(name)) {
			missing = append(missing, name)
		}
	}
	if blank(c.Get(FieldDueDate)) && blank(c.Get(FieldDueText)) {
		missing = append(missing, FieldDueDate)
	}
	if len(missing) > 0 {
		return because("the four lists are not complete: %s; fill that in first", termOf("field", missing...))
	}
	return nil
}

func evidenced(_ *Rules, c *Case, _ Event) error {
	if len(c.Evidence) == 0 {
		return errors.New("there is no evidence of the rectification; add a document first")
	}
	return nil
}

// acceptedBy is the highest level that has accepted a case in a state, by its position among [Levels]; -1 for none, and
// false where no level accepts.
func acceptedBy(s State) (int, bool) {
	switch s {
	case Submitted:
		return -1, true
	case CountyOK:
		return 0, true
	case CityOK:
		return 1, true
	case ProvinceOK, Recorded:
		return 2, true
	}
	return -1, false
}

func levelsTurn(r *Rules, c *Case, e Event) error {
	done, waits := acceptedBy(c.State)
	for _, level := range r.Closing(c).Levels {
		if !waits || slices.Index(Levels(), level) <= done {
			continue
		}
		if level != e.Level {
			return because("it is the turn of the level %s to accept, not of %q", termOf("level", level), termOf("level", e.Level))
		}
		return nil
	}
	return because("it is %s, where no level accepts", termOf("state", c.State))
}

func knownOutcome(r *Rules, c *Case, e Event) error {
	outcome := e.Fields[FieldOutcome]
	if _, err := stateAfter(e.Level, outcome); err != nil {
		return err
	}
	if outcome == OnlyRecord && !r.Closing(c).OnRecord {
		return errors.New("the lists that it is on ask that the province accepts, not only takes it on record")
	}
	return nil
}

// notItself: the accepting unit is not among those that rectify.
func notItself(_ *Rules, c *Case, e Event) error {
	units := strings.FieldsFunc(c.Get(FieldUnit), func(r rune) bool { return strings.ContainsRune("、，,；;/\n", r) })
	unit := folded(e.Fields[FieldAcceptUnit])
	if unit == "" {
		return errors.New("the accepting unit is not named")
	}
	for _, u := range append(units, c.Get(FieldUnit)) {
		if folded(u) == unit {
			return because("%s has rectified it, and nobody accepts its own work", strings.TrimSpace(u))
		}
	}
	return nil
}

// folded returns the same text for names that differ in white space and the case of letters alone.
func folded(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), "")) }

func allAccepted(r *Rules, c *Case, e Event) error {
	needs := r.Closing(c)
	last := needs.Levels[len(needs.Levels)-1]
	passed, _ := stateAfter(last, Passed)
	done, waits := acceptedBy(c.State)
	if !waits || done < slices.Index(Levels(), last) || c.State == Recorded && last == Province && !needs.OnRecord {
		return because("it is %s; it must be %s before the public notice", termOf("state", c.State), termOf("state", passed))
	}
	if start := Date(e.Fields[FieldStart]); start < c.Since {
		return because("the public notice cannot begin on %s, before the acceptance on %s", start, c.Since)
	}
	return nil
}

func enoughDays(r *Rules, c *Case, e Event) error {
	start, err := ParseDate(e.Fields[FieldStart])
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(e.Fields[FieldDays])
	if least := r.Closing(c).Days; err != nil || days < least || days > 100 {
		return because("the public notice takes from %d to 100 working days, not %q", least, e.Fields[FieldDays])
	}
	_, err = r.LastDay(start, days)
	return err
}

func publicityOver(r *Rules, c *Case, e Event) error {
	days, _ := strconv.Atoi(c.Get(FieldDays))
	last, err := r.LastDay(Date(c.Get(FieldStart)), days)
	if err != nil {
		return err
	}
	if e.Day() <= last {
		return because("the public notice of %d working days from %s is over after %s", days, c.Get(FieldStart), last)
	}
	return nil
}

func noObjection(_ *Rules, c *Case, _ Event) error {
	if c.Objections > 0 {
		return because("%d objections have no answer yet", c.Objections)
	}
	return nil
}

func noSuspicion(_ *Rules, c *Case, _ Event) error {
	if c.Suspicion != "" {
		return because("nobody has decided yet on the suspicion of %s", termOf("suspicion", c.Suspicion))
	}
	return nil
}

// notStill: an image says nothing against a rectification unless its year is later than that of the day on which this
// was done or reported; most cases are found by an image of the year in which they are rectified. Where no such day is
// known, every image counts.
func notStill(_ *Rules, c *Case, e Event) error {
	done := Date(c.Get(FieldDoneDate))
	says := done == "" || laterThan(c.Get(FieldYear), done)
	if c.Get(FieldFinding) == Still && says && blank(e.Fields[FieldOverride]) {
		return because(
			"the image of %s shows that it is still there; strike it off against that only with a reason in writing",
			c.Get(FieldYear))
	}
	return nil
}

func notLongTerm(_ *Rules, c *Case, _ Event) error {
	if c.Get(FieldLongTerm) != "" {
		return errors.New("it is kept up over the long term; take long_term away before it is struck off")
	}
	return nil
}

func suspected(_ *Rules, c *Case, e Event) error {
	if c.Suspicion == "" || c.Suspicion != e.Fields[FieldSuspect] {
		return because("nothing suspects it of %s", termOf("suspicion", e.Fields[FieldSuspect]))
	}
	return nil
}

func decidable(_ *Rules, _ *Case, e Event) error {
	if d := e.Fields[FieldDecision]; d != SureOf && d != Dismissed {
		return fmt.Errorf("%q is no decision: confirmed and dismissed are", d)
	}
	return nil
}

// suspicious: a rebound is of what was struck off; a false rectification of what was reported as cleared.
func suspicious(r *Rules, c *Case, e Event) error {
	reported := slices.Contains([]State{Submitted, CountyOK, CityOK, ProvinceOK, Recorded, Publicity, StruckOff}, c.State)
	switch m, _ := r.Measure(c.Get(FieldMeasureKind)); e.Fields[FieldSuspect] {
	case SuspectRebound:
		if c.State != StruckOff {
			return errors.New("only what was struck off can be bad again")
		}
	case SuspectFalse:
		if !reported || !m.Clearing {
			return errors.New("only what was reported as cleared can be a false rectification")
		}
	default:
		return fmt.Errorf("the suspicion %q is unknown", e.Fields[FieldSuspect])
	}
	return nil
}

func underWay(_ *Rules, c *Case, _ Event) error {
	if c.State == Unreviewed || c.State == Archived || c.State == Filed || c.State == StruckOff {
		return because("it is %s; evidence is of a rectification that is under way", termOf("state", c.State))
	}
	return nil
}

func inPublicity(_ *Rules, c *Case, _ Event) error {
	if c.State != Publicity {
		return because("it is %s, and there is no public notice to object to", termOf("state", c.State))
	}
	return nil
}

func openObjection(_ *Rules, c *Case, _ Event) error {
	if c.Objections == 0 {
		return errors.New("no objection is open")
	}
	return nil
}

func intoAnother(_ *Rules, c *Case, e Event) error {
	if e.Fields[FieldInto] == c.ID || blank(e.Fields[FieldInto]) {
		return errors.New("a case is merged into another one")
	}
	return nil
}

// Findings of a follow-up.
const (
	Still    = "still"
	Restored = "restored"
	Partly   = "partly"
	Unseen   = "unseen"
)

func goodFinding(_ *Rules, _ *Case, e Event) error {
	if !slices.Contains([]string{Still, Restored, Partly, Unseen}, e.Fields[FieldFinding]) {
		return fmt.Errorf("the finding %q is unknown", e.Fields[FieldFinding])
	}
	if y, err := strconv.Atoi(e.Fields[FieldYear]); err != nil || y < 1949 || y > e.Time.In(China).Year() {
		return fmt.Errorf("the year %q of the image cannot be", e.Fields[FieldYear])
	}
	return nil
}
