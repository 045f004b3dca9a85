package ledger

import "strconv"

// Suspecting says from which share on a follow-up raises a suspicion.
type Suspecting struct {
	ReboundShare float64 // of the ground that is bad again after the case was struck off
	FalseShare   float64 // of the ground that is still bad after it was reported as cleared
	MinAreaM2    float64 // that is bad, for a rebound
}

// DefaultSuspecting returns the shares that hold unless the user sets others: 30 % and 70 %, without a least area.
func DefaultSuspecting() Suspecting { return Suspecting{ReboundShare: 0.3, FalseShare: 0.7} }

// Suspect returns the event that follows from a follow-up of a case, which is as it was before; false when nothing
// does. It is a suspicion for a person to decide on, never a finding. An image proves nothing unless its year is
// later than that of the claim: the day on which the rectification was reported, and for a rebound that of the
// striking off. An image that has been judged before raises nothing again.
//
// What was reported as cleared, and was never seen cleared since, is suspected of a false rectification; what was
// struck off otherwise, of a rebound.
func (r *Rules) Suspect(c *Case, followUp Event, s Suspecting) (Event, bool) {
	year := followUp.Fields[FieldYear]
	bad, err := strconv.ParseFloat(followUp.Fields[FieldShareBad], 64)
	if err != nil || followUp.Fields[FieldFinding] == Unseen || c.Get(FieldYear) == year || c.Suspicion != "" {
		return Event{}, false
	}
	area, _ := strconv.ParseFloat(followUp.Fields[FieldBadM2], 64)
	e := Event{Case: c.ID, Kind: Suspected, Time: followUp.Time, Actor: followUp.Actor,
		Fields: map[string]string{FieldYear: year, FieldShareBad: followUp.Fields[FieldShareBad]}}
	for _, suspicion := range []struct {
		code string
		is   bool
	}{
		{SuspectFalse, bad >= s.FalseShare && laterThan(year, Date(c.Get(FieldDoneDate))) && !c.seenCleared()},
		{SuspectRebound, bad >= s.ReboundShare && area >= s.MinAreaM2 && laterThan(year, c.Since)},
	} {
		e.Fields[FieldSuspect] = suspicion.code
		if suspicion.is && r.Check(c, e) == nil {
			return e, true
		}
	}
	return Event{}, false
}

// laterThan tells whether a year is later than that of a day; of no day nothing is later.
func laterThan(year string, d Date) bool { return d != "" && year > string(d[:4]) }

// seenCleared tells whether the last image is later than the report of the rectification, and shows the ground
// restored.
func (c *Case) seenCleared() bool {
	return c.Get(FieldFinding) == Restored && laterThan(c.Get(FieldYear), Date(c.Get(FieldDoneDate)))
}
