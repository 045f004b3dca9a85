package priority

import "slices"

// decided are the features that a job decides whether they are known: by other maps, maps of years between, or a
// ledger.
var decided = []Feature{AgreePct, AgreeN, AgainstN, StaysPct, LeadM, DateGrade, Flicker}

// Apart returns the features, by name, of which a run knows something else than was known of most verdicts from which
// the model was calibrated: missed were known then, and are not in a run; fresh the other way round. Only those with a
// weight count. What a calibrated base stands for is with them or without, so that the scores of such a run are no
// chances. There are none for the simple rule, and for a file that does not say what was known.
func (m *Model) Apart(known func(Feature) bool) (missed, fresh []string) {
	if m.Made == nil || m.Made.From.Known == nil {
		return nil, nil
	}
	from := &m.Made.From
	for _, f := range decided {
		then := 2*from.Known[f.String()] >= from.Verdicts.All()
		switch {
		case then == known(f) || !m.weighs(f):
		case then:
			missed = append(missed, f.String())
		default:
			fresh = append(fresh, f.String())
		}
	}
	return missed, fresh
}

// weighs tells whether a card has a weight for the feature.
func (m *Model) weighs(f Feature) bool {
	weighs := func(c *Card) bool {
		return slices.ContainsFunc(c.Bands, func(b Band) bool { return b.Feature == f && b.Weight != 0 })
	}
	for _, c := range m.Groups {
		if weighs(c) {
			return true
		}
	}
	return weighs(&m.Default)
}
