package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// filterOptions are the flags that choose cases.
type filterOptions struct {
	states, counties, verdicts, relations []string
	list, unit, extNo, due, sample        string
	assigned                              string
	severity                              int
	disputed, suspected, confirm, led     bool
	merged                                bool
}

// bind makes the flags.
func (f *filterOptions) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.states, "state", nil, "cases in one of these `STATES`, by commas, such as filed,rectifying")
	flags.StringSliceVar(&f.verdicts, "verdict", nil, "cases with one of these `VERDICTS`")
	flags.StringSliceVar(&f.counties, "county", nil, "cases in counties whose `CODES` are or begin so: 3417 for a city")
	flags.StringSliceVar(&f.relations, "relation", nil,
		"cases that the last run to find them met so: `RELATIONS` such as new,grown")
	flags.IntVar(&f.severity, "severity", 0, "cases of severity `N` or more: 4 is critical, 1 is notice")
	flags.StringVar(&f.list, "list", "", "cases on the list of that `NAME`")
	flags.StringVar(&f.unit, "unit", "", "cases whose responsible unit has this `TEXT` in its name")
	flags.StringVar(&f.extNo, "ext-no", "", "the case with this official `NUMBER`")
	flags.StringVar(&f.assigned, "assigned", "", "cases that are given to the reviewer of this `NAME`, see assigned_to")
	flags.StringVar(&f.due, "overdue", "", "cases that are overdue on that `DAY`, such as 2026-03-05")
	flags.BoolVar(&f.disputed, "disputed", false, "cases with an open conflict between reviewers")
	flags.BoolVar(&f.suspected, "suspected", false, "cases with a suspicion of rebound or false rectification")
	flags.BoolVar(&f.confirm, "to-confirm", false, "cases of which something carried over has to be confirmed")
	flags.BoolVar(&f.led, "lead", false, "cases that a lead from outside speaks of")
	flags.StringVar(&f.sample, "sample", "", "cases that were drawn in the sample of that `NAME`")
	flags.BoolVar(&f.merged, "merged", false, "cases that were merged into others, too")
}

// empty tells that no flag chooses.
func (f *filterOptions) empty(cmd *cobra.Command) bool {
	for _, name := range []string{"state", "verdict", "county", "relation", "severity", "list", "unit", "ext-no",
		"overdue", "assigned", "disputed", "suspected", "to-confirm", "lead", "sample"} {
		if cmd.Flags().Changed(name) {
			return false
		}
	}
	return true
}

// filter returns what the flags and the ids among the arguments choose.
func (f *filterOptions) filter(ids []string) (ledgerwork.Filter, error) {
	out := ledgerwork.Filter{
		CaseFilter: ledger.CaseFilter{IDs: ids, Counties: f.counties, List: f.list, Unit: f.unit, ExtNo: f.extNo,
			Disputed: f.disputed, Suspected: f.suspected, ToConfirm: f.confirm},
		Severity: f.severity, Assigned: f.assigned, Led: f.led, Merged: f.merged, Sample: f.sample,
	}
	var err error
	if out.States, err = codesOf("state", "state", f.states, ledger.States()); err != nil {
		return out, err
	}
	if out.Relations, err = codesOf("relation", "relation", f.relations, relations); err != nil {
		return out, err
	}
	if out.Verdicts, err = codesOf("verdict", "verdict", f.verdicts, ledgerwork.Verdicts()); err != nil || f.due == "" {
		return out, err
	}
	if out.Due, err = ledger.ParseDate(f.due); err != nil {
		return out, redline.Faultf(redline.Usage, "--overdue: %w", err)
	}
	return out, nil
}

// relations are those that a filter can ask for.
var relations = []ledger.Relation{ledger.New, ledger.Persisting, ledger.Grown, ledger.Shrunk, ledger.Shifted,
	ledger.Split, ledger.MergedOf, ledger.Complex, ledger.NotCovered}

// codesOf returns the texts that a flag was given as codes of a set. Their Chinese names count too.
func codesOf[C ~string](flag, set string, texts []string, known []C) (out []C, err error) {
	var names []string
	for _, k := range known {
		names = append(names, string(k))
	}
	for _, text := range texts {
		text = strings.TrimSpace(text)
		at := slices.IndexFunc(known, func(k C) bool {
			return string(k) == text || ledgerwork.Label(set, string(k)) == text
		})
		if at < 0 {
			return nil, redline.Faultf(redline.Usage, "--%s: unknown code %q%s",
				flag, text, redline.DidYouMean(text, names))
		}
		out = append(out, known[at])
	}
	return out, nil
}
