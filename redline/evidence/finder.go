package evidence

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/vector/trace"
)

// Leads are places that somebody told of.
type Leads interface {
	// Metres returns how far the nearest of the places is from polygons in degrees: 0 when they share ground, +Inf when
	// there is none within the distance that is looked at. It is called from several goroutines.
	Metres(ground orb.MultiPolygon) float64
}

// Finder finds the evidence on the candidates of one run. It may be used by several goroutines.
type Finder struct {
	in    *redline.Inputs
	rules *redline.RuleTable
	model *priority.Model // nil for none
	leads Leads           // nil for none

	groups map[string]string // transition group by change type
}

// New returns a finder. model ranks the candidates; without one, nil, only what other maps show is found. Without
// leads, nil, nothing is known of them. maxBytes is how much memory decoded blocks of maps may take.
func New(
	in *redline.Inputs, rules *redline.RuleTable, model *priority.Model, leads Leads, maxBytes int64,
) *Finder {
	f := &Finder{in: in, rules: rules, model: model, leads: leads, groups: map[string]string{}}
	for i := range rules.Changes {
		f.groups[rules.Changes[i].Name] = rules.Changes[i].Group()
	}
	return f
}

// Close closes the maps that were read. The examiners are closed before.
func (f *Finder) Close() error { return nil }

// NewExaminer returns an examiner.
func (f *Finder) NewExaminer() *Examiner { return &Examiner{Finder: f} }

// Examiner examines candidates. It belongs to one goroutine.
type Examiner struct {
	*Finder
	evidence redline.Evidence // of the last candidate
}

// Examine implements [engine.Examiner]. The evidence that it sets belongs to the examiner again with the next call.
func (x *Examiner) Examine(c *redline.Candidate, patch []trace.Run, shape orb.MultiPolygon) error {
	nan := math.NaN()
	e := &x.evidence
	*e = redline.Evidence{Width: nan, Compact: nan, Confused: nan, NearM: nan, LeadM: nan, StaysPct: nan}
	c.Evidence = e
	if x.model == nil {
		return nil
	}
	if x.leads != nil {
		e.LeadM = x.leads.Metres(c.Geometry)
	}
	c.Priority = x.model.Card(x.groups[c.Change]).Score(priority.Of(c))
	return nil
}

// Close closes what the examiner opened.
func (x *Examiner) Close() error { return nil }
