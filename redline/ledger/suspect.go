package ledger

import (
	"cmp"
	"slices"
	"strconv"
)

// Suspecting says from which shares of a case's ground on a follow-up raises a suspicion, in %. A share that equals
// one reaches it.
type Suspecting struct {
	ReboundPct float64 // bad, after the case was struck off
	MinM2      float64 // bad, for a rebound
	FalsePct   float64 // bad, after it was reported as cleared
}

// DefaultSuspecting returns the shares that hold unless the user sets others; minM2 is the minimum area of a patch.
func DefaultSuspecting(minM2 float64) Suspecting {
	return Suspecting{ReboundPct: 30, MinM2: minM2, FalsePct: 70}
}

// Look is what one image has shown of a case, as its follow-up said.
type Look struct {
	Year    string `json:"year"`             // of the image
	Source  string `json:"source,omitempty"` // identity of the image
	Finding string `json:"finding"`
	Bad     string `json:"bad,omitempty"` // share of the ground, in %
}

// look returns what a follow-up says.
func look(e Event) Look {
	return Look{e.Fields[FieldYear], e.Fields[FieldSource], e.Fields[FieldFinding], e.Fields[FieldShareBad]}
}

// Saw tells whether an image of that year and source was followed up already.
func (c *Case) Saw(year, source string) bool {
	return slices.ContainsFunc(c.Looks, func(l Look) bool { return l.Year == year && l.Source == source })
}

// followedUp keeps what an image shows. What stands there now is what the newest image shows that shows the case, of
// two of one year that which was looked at last.
func (c *Case) followedUp(e Event) error {
	newer, blind := e.Fields[FieldYear] >= c.Get(FieldYear), e.Fields[FieldFinding] == Unseen
	if had := c.Get(FieldFinding); had != "" && blind != (had == Unseen) {
		newer = !blind
	}
	if newer {
		for _, name := range seen {
			c.put(name, e.Fields[name])
		}
	}
	c.Looks = append(slices.Clip(c.Looks), look(e))
	slices.SortStableFunc(c.Looks, func(a, b Look) int { return cmp.Compare(a.Year, b.Year) })
	return nil
}

// Suspect returns the event that follows from a follow-up of a case, which is as it was before; false when nothing
// does. It is a suspicion for a person to confirm, never a finding. An image proves nothing unless its year is later
// than that of the claim: the day on which the rectification was reported, and for a rebound that of the striking
// off. Neither an image that was looked at before raises anything, nor one that is older than another that has shown
// the case. The share that is bad is of the whole ground, so what is not seen counts as not bad: where enough of the
// rest is bad, a rebound is suspected although more than half is not seen.
//
// What was reported as cleared, and was never seen gone since, is suspected of a false rectification. What was struck
// off otherwise is suspected of a rebound; but where the measure is one after which it may stand, such as 完善手续,
// only when it was seen gone since.
func (r *Rules) Suspect(c *Case, followUp Event, s Suspecting) (Event, bool) {
	now := look(followUp)
	share, err := strconv.ParseFloat(now.Bad, 64)
	area, _ := strconv.ParseFloat(followUp.Fields[FieldBadM2], 64)
	newer := func(l Look) bool { return l.Year > now.Year && l.Finding != Unseen }
	if err != nil || share <= 0 || c.Suspicion != "" || c.Saw(now.Year, now.Source) ||
		slices.ContainsFunc(c.Looks, newer) {
		return Event{}, false
	}
	reported := Date(c.Get(FieldDoneDate))
	if reported == "" && c.State == StruckOff {
		reported = c.Since
	}
	kind := c.Get(FieldMeasureKind)
	m, _ := r.Measure(kind)
	for _, suspicion := range []struct {
		code string
		is   bool
	}{
		{SuspectFalse, share >= s.FalsePct && laterThan(now.Year, reported) && !c.gone(reported, now.Year, s)},
		{SuspectRebound, share >= s.ReboundPct && area >= s.MinM2 && laterThan(now.Year, c.Since) &&
			(kind == "" || m.Clearing || c.gone(c.Since, now.Year, s))},
	} {
		e := Event{Case: c.ID, Kind: Suspected, Time: followUp.Time, Actor: followUp.Actor, Level: followUp.Level,
			Fields: map[string]string{FieldSuspect: suspicion.code}}
		for _, name := range []string{FieldYear, FieldSource, FieldShareBad, FieldBadM2} {
			if value := followUp.Fields[name]; value != "" {
				e.Fields[name] = value
			}
		}
		if suspicion.is && r.Check(c, e) == nil {
			return e, true
		}
	}
	return Event{}, false
}

// laterThan tells whether a year is later than that of a day; of no day nothing is later.
func laterThan(year string, d Date) bool { return d != "" && year > string(d[:4]) }

// gone tells whether an image of a year after that of the day, and before that year, has shown less of the ground bad
// than would be a rebound.
func (c *Case) gone(since Date, before string, s Suspecting) bool {
	return slices.ContainsFunc(c.Looks, func(l Look) bool {
		share, err := strconv.ParseFloat(l.Bad, 64)
		return err == nil && l.Finding != Unseen && share < s.ReboundPct && laterThan(l.Year, since) && l.Year < before
	})
}
