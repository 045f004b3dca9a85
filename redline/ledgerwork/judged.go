package ledgerwork

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"greenshield/redline/calibrate"
	"greenshield/redline/ledger"
	"greenshield/redline/priority"
)

// The targets: what a chance is of.
const (
	TargetProblem = "problem" // the candidate is a problem, as a whole or in part
	TargetChange  = "change"  // the ground changed, be it lawful or not
)

// Targets lists the targets.
func Targets() []string { return []string{TargetProblem, TargetChange} }

// Why a case is not used for a model.
const (
	leftUnreviewed   = "unreviewed"
	leftUnverifiable = "unverifiable"
	leftDisputed     = "disputed"     // two reviewers say different things
	leftToConfirm    = "to_confirm"   // the verdict was carried from another ground or time
	leftDuplicate    = "duplicate"    // the reason
	leftOutside      = "outside"      // the reason
	leftMerged       = "merged"       // into another case
	leftNoDetection  = "no_detection" // a lead alone, or judged while it was one
	leftNoFeatures   = "no_features"  // its run was added by a version that did not keep them
)

// Judged is what reviewers have found of the candidates of a ledger.
type Judged struct {
	Name, Code string // of the ledger
	Head       ledger.Head
	Rows       []calibrate.Row // by id of the case
	LeftOut    map[string]int  // cases that are not used, by why
	Counties   map[string]string
}

// JudgedOf reads the verdicts of a ledger with the features of what they were given on: those of the largest kept
// candidate of the detection that had met the case last when its verdict was given or settled. Confirmed in whole or in
// part is real, refuted is not; with [TargetChange] what was refuted for another reason than misclassified is real too.
func JudgedOf(ctx context.Context, s ledger.Store, target string) (*Judged, error) {
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, err
	}
	j := &Judged{Name: meta[ledger.FieldName], Code: meta[ledger.FieldCode], LeftOut: map[string]int{},
		Counties: map[string]string{}}
	if j.Head, err = s.Head(ctx); err != nil {
		return nil, err
	}
	judged, err := judgedOn(ctx, s)
	if err != nil {
		return nil, err
	}
	of := map[string][]ledger.Case{} // by detection
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		on := judged[c.ID]
		why := leftOut(&c)
		if why == "" && on == "" {
			why = leftNoDetection
		}
		if why != "" {
			j.LeftOut[why]++
			continue
		}
		of[on] = append(of[on], c)
	}
	if len(of) == 0 {
		return j, nil
	}
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{IDs: slices.Sorted(maps.Keys(of))}) {
		if err != nil {
			return nil, err
		}
		for i := range of[d.ID] {
			if err := j.add(&of[d.ID][i], &d, target); err != nil {
				return nil, err
			}
		}
		delete(of, d.ID)
	}
	for _, cases := range of { // of detections that the ledger does not have
		j.LeftOut[leftNoFeatures] += len(cases)
	}
	slices.SortFunc(j.Rows, func(a, b calibrate.Row) int { return cmp.Compare(a.Case, b.Case) })
	return j, nil
}

// judgedOn returns by case the id of the detection on which its verdict was given: the last one before that.
func judgedOn(ctx context.Context, s ledger.Store) (map[string]string, error) {
	met, judged := map[string]string{}, map[string]string{}
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err != nil {
			return nil, err
		}
		field := e.Fields[ledger.FieldField]
		switch {
		case e.Kind == ledger.Detected:
			met[e.Case] = e.Fields[ledger.FieldDetection]
		case e.Kind == ledger.Judged,
			e.Kind == ledger.Settled && (field == ledger.FieldVerdict || field == ledger.FieldReason):
			judged[e.Case] = met[e.Case]
		}
	}
	return judged, nil
}

// leftOut says why the verdict of a case is not used, "" when it is.
func leftOut(c *ledger.Case) string {
	verdict := verdictOf(c)
	disputed := slices.ContainsFunc(c.Disputes, func(d ledger.Dispute) bool {
		return d.Field == ledger.FieldVerdict || d.Field == ledger.FieldReason
	})
	switch {
	case c.MergedInto != "":
		return leftMerged
	case c.Detection == "":
		return leftNoDetection
	case disputed:
		return leftDisputed
	case verdict == leftUnreviewed || verdict == leftUnverifiable:
		return verdict
	case c.Get(ledger.FieldToConfirm) != "":
		return leftToConfirm
	}
	if reason := c.Get(ledger.FieldReason); reason == leftDuplicate || reason == leftOutside {
		return reason
	}
	return ""
}

// add adds a case with the detection on which it was judged.
func (j *Judged) add(c *ledger.Case, d *ledger.Detection, target string) error {
	largest := -1
	for i := range d.Candidates { // by id, so that the first of equal ones stays
		if d.Candidates[i].Reason == "" && (largest < 0 || d.Candidates[i].AreaM2 > d.Candidates[largest].AreaM2) {
			largest = i
		}
	}
	if largest < 0 || len(d.Candidates[largest].Features) == 0 {
		j.LeftOut[leftNoFeatures]++
		return nil
	}
	features, err := priority.ParseFeatures(d.Candidates[largest].Features)
	if err != nil {
		return fmt.Errorf("detection %s: %w", d.ID, err)
	}
	county := cmp.Or(c.Get(ledger.FieldCounty), "none")
	j.Counties[county] = c.Get(ledger.FieldCountyName)
	refuted := c.Get(ledger.FieldVerdict) == "refuted"
	j.Rows = append(j.Rows, calibrate.Row{Case: c.ID, Group: d.Group, County: county, Severity: d.Severity(),
		Features: features, Sampled: len(c.Draws) > 0,
		Real: !refuted || target == TargetChange && c.Get(ledger.FieldReason) != "misclassified"})
	return nil
}

// Model returns the model that the verdicts give, of that name.
func (j *Judged) Model(name, target string, rule *priority.Model, least calibrate.Minimum) (*priority.File, error) {
	f, err := calibrate.Fit(j.Rows, rule, least)
	if err != nil {
		return nil, err
	}
	f.Name, f.Target = name, target
	f.From.Ledger, f.From.Events, f.From.Head, f.From.LeftOut = j.Code, j.Head.Seq, j.Head.Hash, j.LeftOut
	return f, nil
}
