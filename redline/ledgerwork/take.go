package ledgerwork

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// File is a file that came back from a reviewer or a bureau.
type File struct {
	Path string
	Rows []findings.Returned
}

// Take returns the change that brings what returned files say into a ledger. A row belongs to the case of the candidate
// that it names, as the ledger knows it; a row whose id no run in the ledger has, or in which a fact was changed, is
// refused, and so is one that says what cannot be. Verdicts are compared three ways, see [ledger.Rules.Take], with the
// row as it was given out: with nothing filled in, and unreviewed unless the run knew a verdict that holds. reason is
// that of verdicts that need one and have none, "" for none.
func Take(ctx context.Context, s ledger.Store, files []File, reason string, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	known, err := candidatesOf(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &taking{Change: c, store: s, by: by, reason: reason, known: known, cases: map[string]ledger.Case{}}
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		t.cases[c.ID] = c
	}
	for _, f := range files {
		if err := t.file(ctx, f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// known is a candidate of a detection, and the case that the detection met.
type known struct {
	candidate ledger.Candidate
	detection *ledger.Detection
	caseID    string
}

// candidatesOf returns the kept candidates of all detections by id; a rerun can find the same one again.
func candidatesOf(ctx context.Context, s ledger.Store) (map[string][]known, error) {
	cases := map[string]string{} // by detection
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return nil, err
		}
		if e.Kind == ledger.Detected {
			cases[e.Fields[ledger.FieldDetection]] = e.Case
		}
	}
	all := map[string][]known{}
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{}) {
		if err != nil {
			return nil, err
		}
		d.Spans = nil
		for _, c := range d.Candidates {
			if c.Reason == "" {
				all[c.ID] = append(all[c.ID], known{c, &d, cases[d.ID]})
			}
		}
	}
	return all, nil
}

// taking is a taking of files.
type taking struct {
	*Change
	store  ledger.Store
	by     By
	reason string
	known  map[string][]known
	cases  map[string]ledger.Case // as the taking leaves them so far
}

// file takes the rows of a file.
func (t *taking) file(ctx context.Context, f File) error {
	given := map[string]ledger.Given{}
	file, lists := ledger.File{}, map[string]map[string]string{}
	for i := range f.Rows {
		r := &f.Rows[i]
		k, err := t.find(r)
		if err != nil {
			t.refuse(f.Path, r.Place, r.ID, err)
			continue
		}
		reason := t.reason
		if knew := k.candidate.Known; knew != nil && knew.Holds() && r.Said[findings.SaidVerdict] == knew.Given {
			reason = "" // nobody has judged anew
		}
		values := judged(r.Said, reason)
		given[r.ID], lists[r.ID] = givenOut(k, values), r.Said
		file.Rows = append(file.Rows, ledger.Row{Place: r.Place, Candidate: r.ID, Values: values})
	}
	taken, err := ledger.Shipped().Take("", given, t.cases, file, t.by.event("", "", nil))
	if err != nil {
		return redline.WithKind(redline.Usage, err)
	}
	for _, r := range taken.Refused {
		t.refuse(f.Path, r.Place, r.Candidate, errors.Unwrap(r.Reason))
		delete(lists, r.Candidate)
	}
	t.Same += taken.Same
	if err := t.apply(taken.Events); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(lists)) {
		if err := t.list(ctx, given[id].Case, lists[id]); err != nil {
			return err
		}
	}
	return nil
}

// givenOut returns how a candidate was given out to reviewers. A verdict that is as it was given out has the reason
// that the case had, where values say none.
func givenOut(k known, values map[string]string) ledger.Given {
	g := ledger.Given{Case: k.caseID, Detection: k.detection.ID}
	knew := k.candidate.Known
	if knew == nil || knew.Verdict == "" {
		return g
	}
	g.Values = map[string]string{ledger.FieldVerdict: knew.Given}
	g.Was = map[string]string{ledger.FieldVerdict: knew.Verdict, ledger.FieldReason: knew.Reason,
		ledger.FieldNote: knew.Note}
	if knew.Holds() {
		g.Values[ledger.FieldReason] = knew.Reason
		if values[ledger.FieldVerdict] == knew.Given && values[ledger.FieldReason] == "" {
			delete(values, ledger.FieldReason) // as given out
		}
	}
	return g
}

// list takes what a row says of the four lists.
func (t *taking) list(ctx context.Context, id string, said map[string]string) error {
	if !slices.ContainsFunc(slices.Collect(maps.Keys(setFields)), func(name string) bool { return said[name] != "" }) {
		return nil
	}
	story := &Story{Case: t.cases[id]}
	var err error
	if story.Events, err = eventsOf(ctx, t.store, id); err != nil {
		return err
	}
	for _, e := range t.Events {
		if e.Case == id {
			story.Events = append(story.Events, e)
		}
	}
	return t.apply(t.listed(story, said))
}

// apply adds events to the change and to the cases.
func (t *taking) apply(events []ledger.Event) error {
	for _, e := range events {
		next, err := t.cases[e.Case].Apply(e)
		if err != nil {
			return err
		}
		t.cases[e.Case] = next
		t.Events = append(t.Events, e)
	}
	return nil
}

// find returns the candidate of a row, or an error when there is none of that id and with these facts.
func (t *taking) find(r *findings.Returned) (known, error) {
	if r.ID == "" {
		return known{}, errors.New("the id of the candidate is missing")
	}
	found := t.known[r.ID]
	if len(found) == 0 {
		return known{}, errors.New("no run in the ledger has this candidate: its id was changed, " +
			"or the file is of a run that was not added")
	}
	asked := slices.ContainsFunc(r.Facts, func(f findings.Fact) bool { return f.Field == "case_verd" })
	var err error
	for _, any := range []bool{false, true} {
		for _, k := range slices.Backward(found) { // several runs can have found it
			if !any && asked != (k.candidate.Known != nil) {
				continue // of another run, unless the column was deleted
			}
			if err = differing(k, r.Facts); err == nil {
				return k, nil
			}
		}
	}
	return known{}, err
}

// differing returns an error when a fact of a row is not that of the candidate.
func differing(k known, facts []findings.Fact) error {
	c, d := k.candidate, k.detection
	is := map[string]string{
		"severity": strconv.Itoa(c.Severity), "layer": c.Layer, "zone_id": c.Zone, "zone_name": c.ZoneName,
		"zone_type": c.ZoneType, "year_a": strconv.Itoa(d.YearA), "year_b": strconv.Itoa(d.YearB),
		"change": c.Change, "rule_id": c.Rule,
	}
	is["case_verd"], is["case_why"] = "", ""
	if c.Known != nil {
		is["case_verd"], is["case_why"] = c.Known.Verdict, c.Known.Reason
	}
	for _, f := range facts {
		want, ok := is[f.Field]
		if ok && findings.Visible(want) != findings.Visible(f.Value) {
			return fmt.Errorf("%s was changed: it is %q in the file and %q in the run", f.Column, f.Value, want)
		}
		if f.Field != "area_ha" {
			continue
		}
		ha, err := strconv.ParseFloat(f.Value, 64)
		if err != nil || math.Abs(ha*redline.M2PerHa-c.AreaM2) > 1 { // a sheet may show it rounded to the square metre
			return fmt.Errorf("%s was changed: it is %q in the file and %q in the run",
				f.Column, f.Value, strconv.FormatFloat(c.AreaM2/redline.M2PerHa, 'f', 4, 64))
		}
	}
	return nil
}
