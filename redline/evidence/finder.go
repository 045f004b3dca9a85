package evidence

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/corroborate"
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
	// Near tells to look for NearM in the map before, which may have to be decoded a second time for that: up to a
	// third more CPU time where changes are scattered. Without it NearM is known only of patches that touch their class
	// after. It may be set before the first candidate is examined.
	Near bool

	in    *redline.Inputs
	model *priority.Model // nil for none
	leads Leads           // nil for none

	groups map[string]string // transition group by change type
	alike  map[string]bool   // by change type: its ground is of one ecosystem class after
	cache  *corroborate.Cache
	blocks *corroborate.Blocks // of the map before
	others *corroborate.Corroborator

	confusedBefore, confusedAfter *Confusion
}

// New returns a finder. model ranks the candidates; without one, nil, only what other maps show is found. Without
// leads, nil, nothing is known of them. workers go through neighbouring bands of the grid, from north to south;
// maxBytes is how much memory decoded blocks of maps may take.
func New(
	in *redline.Inputs, rules *redline.RuleTable, model *priority.Model, leads Leads, workers int, maxBytes int64,
) *Finder {
	// A row of blocks for each band, one more where bands end in the middle of one, and one for patches at seams.
	f := &Finder{in: in, model: model, leads: leads, cache: corroborate.NewCache(workers+2, maxBytes),
		groups: map[string]string{}, alike: map[string]bool{},
		confusedBefore: confusionOf(&in.Before), confusedAfter: confusionOf(&in.After)}
	f.blocks = f.cache.Blocks(in.Before.Source)
	f.others = corroborate.New(in, rules, f.cache)
	for i := range rules.Changes {
		c := &rules.Changes[i]
		f.groups[c.Name] = c.Group()
		differs := func(p [2]landcover.Ecosystem) bool { return p[1] != c.Pairs[0][1] }
		f.alike[c.Name] = !slices.ContainsFunc(c.Pairs, differs)
	}
	return f
}

// Close closes the maps that were read. The examiners are not used any more.
func (f *Finder) Close() error { return f.cache.Close() }

// NewExaminer returns an examiner.
func (f *Finder) NewExaminer() *Examiner {
	return &Examiner{Finder: f, near: nearby{grid: f.in.Grid, before: &f.in.Before, lonlats: f.in.Earth.NewLonLats(),
		view: f.blocks.View()}, looker: f.others.Looker()}
}

// Examiner examines candidates. It belongs to one goroutine.
type Examiner struct {
	*Finder
	near     nearby
	looker   *corroborate.Looker
	widths   widths
	last     whole
	evidence redline.Evidence // of the last candidate
}

// whole is what is known of the patch that was examined last.
type whole struct {
	first          trace.Run // of its runs; the zero value before the first patch
	width, compact float64
	near           [landcover.NumEcosystems]float64 // by class after; NaN when it was not looked for
}

// Examine implements [engine.Examiner]. The evidence that it sets belongs to the examiner again with the next call.
func (x *Examiner) Examine(c *redline.Candidate, patch []trace.Run, shape orb.MultiPolygon) error {
	nan := math.NaN()
	e := &x.evidence
	*e = redline.Evidence{Width: nan, Compact: nan, Confused: nan, NearM: nan, LeadM: nan, StaysPct: nan,
		Agreed: e.Agreed}
	c.Evidence = e
	if err := x.looker.Agree(c, shape, e); err != nil || x.model == nil {
		return err
	}
	from, err := landcover.ParseEcosystem(c.FromEco)
	if err != nil {
		return err
	}
	to, err := landcover.ParseEcosystem(c.ToEco)
	if err != nil {
		return err
	}
	x.see(patch)
	e.Width, e.Compact = x.last.width, x.last.compact
	e.Confused = confused(x.confusedBefore, x.confusedAfter, from, to)
	if e.NearM, err = x.nearM(c, patch, to); err != nil {
		return err
	}
	if x.leads != nil {
		e.LeadM = x.leads.Metres(c.Geometry)
	}
	c.Priority = x.model.Card(x.groups[c.Change]).Score(priority.Of(c))
	return nil
}

// see measures a patch, unless it is the last one: patches of a run share no cells, so the first run tells them apart.
func (x *Examiner) see(patch []trace.Run) {
	if x.last.first == patch[0] {
		return
	}
	x.last = whole{first: patch[0], width: x.widths.width(patch), compact: compact(patch)}
	for i := range x.last.near {
		x.last.near[i] = math.NaN()
	}
}

// nearM returns how far the patch is from the nearest cell that had a class before, NaN when that is not known. Cells
// of the map before are read only where it is not known already that the patch touches such a cell: EdgeCells counts
// cells that touch one that had the class that they have after, and for most change types there is one such class.
func (x *Examiner) nearM(c *redline.Candidate, patch []trace.Run, class landcover.Ecosystem) (float64, error) {
	if c.EdgeCells > 0 && x.alike[c.Change] {
		return 0, nil
	}
	known := &x.last.near[class]
	var err error
	if x.Near && math.IsNaN(*known) {
		*known, err = x.near.metres(patch, class)
	}
	return *known, err
}

// Close implements [engine.Examiner].
func (x *Examiner) Close() error { return x.looker.Close() }
