package ledgerwork

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/sampling"
)

// Sampling says how a random sample is drawn.
type Sampling struct {
	Name  string // "" for the first 8 digits of the run and the seed: 1a2b3c4d-1
	Run   string // its id or the beginning of it, "latest" for the last one that was added
	N     int    // cases to be drawn; 0: Share says it
	Share float64
	By    []string // fields that make the strata, among [StratifiedBy]
	Least int      // cases of each stratum at least, all where it has fewer; ≥ 1
	Seed  int64
}

// StratifiedBy lists the fields that may make strata.
func StratifiedBy() []string {
	return []string{ledger.FieldGroup, ledger.FieldSeverity, ledger.FieldCounty}
}

// DrawSample returns the change that draws a sample of all cases that the kept candidates of a run belong to, reviewed
// or not. A unit is a case, however many candidates it has; one that was merged into another since is that one. Its
// area is that of its kept candidates in the run, at most that of the patches, for candidates of two layers may share
// ground. Its stratum is what the run said of it: of several patches, the highest severity and the group and county of
// the first. Share is in %, rounded up to a whole case, and gives way to Least; N does not. The same ledger, run and
// seed draw the same cases, see package sampling. A sample that was drawn before in just this way gives a change
// without events. What cannot be drawn, and the name of a sample that was drawn otherwise, are faults of kind Usage.
func DrawSample(ctx context.Context, s ledger.Store, o Sampling, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	run, before, err := o.look(ctx, s)
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = fmt.Sprintf("%s-%d", run.Fields[ledger.FieldRun][:8], o.Seed)
	}
	units, err := unitsOf(ctx, s, run, o.By)
	if err != nil {
		return nil, err
	}
	return c, redline.WithKind(redline.Usage, o.draw(c, run.Fields[ledger.FieldRun], units, by, before[o.Name]))
}

// look returns the event that added the run, and by name the fields of the events that designed samples before.
func (o *Sampling) look(
	ctx context.Context, s ledger.Store,
) (run ledger.Event, before map[string]map[string]string, err error) {
	before = map[string]map[string]string{}
	var found []string // runs
	for e, err := range s.Events(ctx, ledger.EventFilter{NoCase: true}) {
		if err != nil {
			return run, nil, err
		}
		switch id := e.Fields[ledger.FieldRun]; {
		case e.Kind == ledger.SampleDesigned:
			before[e.SampleName()] = e.Fields
		case e.Kind == ledger.RunAdded && (o.Run == "latest" || o.Run != "" && strings.HasPrefix(id, o.Run)):
			run, found = e, append(found, id)
		}
	}
	switch {
	case len(found) == 0 && o.Run == "latest":
		err = redline.Faultf(redline.Usage, "the ledger has no run; add one by greenshield ledger add")
	case len(found) == 0:
		err = redline.Faultf(redline.Usage,
			"the ledger has no run %s; name one by the beginning of its id, or latest", o.Run)
	case len(found) > 1 && o.Run != "latest":
		err = redline.Faultf(redline.Usage, "%d runs of the ledger begin with %s; write more of the id", len(found), o.Run)
	}
	return run, before, err
}

// unit is a case that can be drawn.
type unit struct {
	values   map[string]string // that make its stratum
	severity int
	areaM2   float64
}

// unitsOf returns the cases that the kept candidates of a run belong to, by id.
func unitsOf(ctx context.Context, s ledger.Store, run ledger.Event, by []string) (map[string]*unit, error) {
	id := run.Fields[ledger.FieldRun]
	areas := map[string]float64{} // by detection
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{Run: id}) {
		if err != nil {
			return nil, err
		}
		areas[d.ID] = keptM2(&d)
	}
	into := map[string]string{} // cases that were merged
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		if c.MergedInto != "" {
			into[c.ID] = c.MergedInto
		}
	}
	units := map[string]*unit{}
	for e, err := range s.Events(ctx, ledger.EventFilter{After: run.Seq}) {
		if err != nil {
			return nil, err
		}
		f := e.Fields
		if e.Kind != ledger.Detected || f[ledger.FieldRun] != id || f[ledger.FieldCandidates] == "" {
			continue
		}
		at := survivor(e.Case, into)
		u := units[at]
		if u == nil {
			u = &unit{values: map[string]string{}}
			units[at] = u
			for _, name := range by {
				u.values[name] = f[name]
			}
		}
		severity, _ := strconv.Atoi(f[ledger.FieldSeverity]) // 0 where there is none
		u.severity = max(u.severity, severity)
		if u.areaM2 += areas[f[ledger.FieldDetection]]; slices.Contains(by, ledger.FieldSeverity) {
			u.values[ledger.FieldSeverity] = strconv.Itoa(u.severity)
		}
	}
	return units, nil
}

// keptM2 returns the area of the kept candidates of a detection.
func keptM2(d *ledger.Detection) float64 {
	kept := 0.0
	for _, c := range d.Candidates {
		if c.Reason == "" {
			kept += c.AreaM2
		}
	}
	return min(kept, d.AreaM2)
}

// survivor returns the case that a case was merged into, at last.
func survivor(id string, into map[string]string) string {
	for range len(into) {
		if into[id] == "" {
			break
		}
		id = into[id]
	}
	return id
}

// draw adds the design of the sample and the draws, unless the sample of that name was designed so before.
func (o *Sampling) draw(c *Change, run string, units map[string]*unit, by By, before map[string]string) error {
	if len(units) == 0 {
		return redline.Faultf(redline.Usage, "the run has no candidate that is kept; there is nothing to draw from")
	}
	members := map[string][]string{} // ids by stratum
	for _, id := range slices.Sorted(maps.Keys(units)) {
		name := o.stratum(units[id])
		members[name] = append(members[name], id)
	}
	design := ledger.Sample{Name: o.Name, Run: run, Seed: o.Seed, By: o.By,
		Frame: ledger.FrameHash(slices.Collect(maps.Keys(units)))}
	var counts []int
	n, least := o.N, 0
	for _, name := range slices.Sorted(maps.Keys(members)) {
		stratum := ledger.DrawStratum{Name: name, Cases: len(members[name])}
		for _, id := range members[name] {
			stratum.AreaM2 += units[id].areaM2
		}
		stratum.AreaM2 = math.Round(stratum.AreaM2*100) / 100
		design.Strata, counts = append(design.Strata, stratum), append(counts, stratum.Cases)
		least += min(o.Least, stratum.Cases)
	}
	if n == 0 {
		n = max(least, int(math.Ceil(o.Share/100*float64(len(units))-1e-9)))
	}
	drawn, err := sampling.Allocate(counts, n, o.Least)
	if err != nil {
		return err
	}
	for h := range design.Strata {
		design.Strata[h].Drawn = drawn[h]
	}
	if c.Sample = &design; maps.Equal(design.Event().Fields, before) {
		return nil
	}
	if before != nil {
		return fmt.Errorf("there is a sample %s already; a sample is drawn once, name another one by --name", o.Name)
	}
	c.add(by, "", ledger.SampleDesigned, design.Event().Fields)
	for _, stratum := range design.Strata {
		for _, id := range sampling.Draw(members[stratum.Name], stratum.Drawn, o.Seed, run) {
			c.add(by, id, ledger.CaseDrawn, map[string]string{ledger.FieldSample: o.Name, ledger.FieldStratum: stratum.Name,
				ledger.FieldInclusion: fmt.Sprintf("%d/%d", stratum.Drawn, stratum.Cases),
				ledger.FieldDrawnM2:   strconv.FormatFloat(units[id].areaM2, 'f', -1, 64)})
		}
	}
	return nil
}

// stratum returns the name of the stratum of a unit: its values with strokes between them, - for what is not known.
func (o *Sampling) stratum(u *unit) string {
	var values []string
	for _, name := range o.By {
		value := u.values[name]
		if value == "" {
			value = "-"
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		return "all"
	}
	return strings.Join(values, "/")
}

// DrawnSample is a sample with what is known now of the cases that were drawn.
type DrawnSample struct {
	ledger.Sample
	Seq   int64       // of the event that designed it
	Day   ledger.Date // on which it was drawn
	Cases []DrawnCase // by stratum and id; fewer than were drawn where not all cases can be seen
	// Points are those in ground without candidates; nil when none were drawn.
	Points *DrawnPoints
}

// DrawnCase is a case of a sample.
type DrawnCase struct {
	ledger.Draw
	ID   string       // of the case that was drawn
	Case *ledger.Case // as it is now; of one that was merged, the one that it is part of
}

// Samples returns the samples of a ledger in the order in which they were drawn.
func Samples(ctx context.Context, s ledger.Store) ([]DrawnSample, error) {
	var designs []ledger.Event
	for e, err := range s.Events(ctx, ledger.EventFilter{NoCase: true}) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(sampleKinds, e.Kind) {
			designs = append(designs, e)
		}
	}
	if len(designs) == 0 {
		return nil, nil
	}
	cases := map[string]*ledger.Case{}
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		cases[c.ID] = &c
	}
	return samplesOf(designs, cases)
}

// samplesOf returns the samples that events of sampleKinds make.
func samplesOf(designs []ledger.Event, cases map[string]*ledger.Case) ([]DrawnSample, error) {
	var all []DrawnSample
	at, into := map[string]int{}, map[string]string{}
	for _, e := range designs {
		if e.Kind != ledger.SampleDesigned {
			if err := learnPoints(all, e); err != nil {
				return nil, err
			}
			continue
		}
		s, err := ledger.SampleOf(e)
		if err != nil {
			return nil, err
		}
		at[s.Name] = len(all)
		all = append(all, DrawnSample{Sample: s, Seq: e.Seq, Day: e.Day()})
	}
	for _, c := range cases {
		if c.MergedInto != "" && cases[c.MergedInto] != nil {
			into[c.ID] = c.MergedInto
		}
	}
	for _, id := range slices.Sorted(maps.Keys(cases)) {
		for _, d := range cases[id].Draws {
			if i, ok := at[d.Sample]; ok {
				all[i].Cases = append(all[i].Cases, DrawnCase{d, id, cases[survivor(id, into)]})
			}
		}
	}
	for _, s := range all {
		slices.SortStableFunc(s.Cases, func(a, b DrawnCase) int { return strings.Compare(a.Stratum, b.Stratum) })
	}
	return all, nil
}

// sampleNamed returns the sample of that name, "" for the last one.
func sampleNamed(all []DrawnSample, name string) (*DrawnSample, error) {
	var names []string
	for i := range all {
		if names = append(names, all[i].Name); all[i].Name == name || name == "" && i == len(all)-1 {
			return &all[i], nil
		}
	}
	if len(names) == 0 {
		return nil, redline.Faultf(redline.Usage, "the ledger has no sample; draw one by greenshield ledger sample")
	}
	return nil, redline.Faultf(redline.Usage, "there is no sample %s%s", name, redline.DidYouMean(name, names))
}

// SampleNamed returns the sample of that name, "" for the last one that was drawn. It is a fault of kind Usage when
// there is none.
func SampleNamed(ctx context.Context, s ledger.Store, name string) (*DrawnSample, error) {
	all, err := Samples(ctx, s)
	if err != nil {
		return nil, err
	}
	return sampleNamed(all, name)
}
