package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
)

// seriesCommand returns the command that does a job for each pair of its maps.
func (p *program) seriesCommand() *cobra.Command {
	var o jobOptions
	var years string
	cmd := &cobra.Command{
		Use:   "series [JOB.yaml] [flags]",
		Short: "Compare each map of a job with the next one, in a run of its own",
		Long: `series takes what run takes. It compares the maps of the job pair by pair in the order of their years:
before with the first one between, that with the next, and so on to after. Each pair is a run with all other
settings of the job, in a folder of its own below --out that is named by the two years, such as 2015-2016.
Bring them into a ledger one by one in this order: greenshield ledger add DIR/2015-2016.

With --years only the maps of these years are compared; those between two of them date the changes of that
pair. Of the pairs under --confirm those are taken whose years lie near enough to the two; the others are
named. A run that is in its folder already stays as it is. The first pair that fails ends the series with its
exit status; the runs before it stay.
` + exitHelp,
		Example: `  greenshield series job.yaml --out years
  greenshield series job.yaml --out steps --years 2015,2018,2020
  greenshield series job.yaml --between '2016-2019=annual.tif|first_band=17' --out years`,
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.series(cmd.Context(), &o, years, args)
		},
	}
	o.bind(cmd)
	cmd.Flags().StringVar(&years, "years", "", "the `YEARS` to compare, joined by commas, such as 2015,2018,2020; "+
		"without it all that the job has a map of")
	return cmd
}

// series does the pairs of a job one after the other, and prints what came of them.
func (p *program) series(ctx context.Context, o *jobOptions, years string, args []string) error {
	j, ignored, err := o.prepared(args, (*job.Job).ValidateSeries)
	if err != nil {
		return err
	}
	if j.Ledger != "" {
		return redline.Faultf(redline.Usage, "series takes no ledger, since a ledger knows a run only when it was added; "+
			"leave --ledger out (ledger: in a job file) and add the runs in their order by greenshield ledger add, "+
			"or run and add one pair after the other")
	}
	pairs, err := pairsOf(j, years)
	if err != nil {
		return err
	}
	p.tellLeftOut(j, pairs)
	// The folder of a run could not be replaced with other folders in it.
	if _, err := os.Stat(filepath.Join(j.Out, record.Name)); err == nil {
		return redline.Faultf(redline.Output, "%s: is the folder of a run; name another one for those of the pairs "+
			"by --out DIR", j.Out)
	}
	if err := os.MkdirAll(j.Out, 0o777); err != nil {
		return redline.WithKind(redline.Output, err)
	}
	var runs []fields
	for i, pair := range pairs {
		name := pairName(pair)
		p.event("pair", fields{"pair": name, "number": i + 1, "of": len(pairs)},
			p.words.Say("pair %d of %d: %s", i+1, len(pairs), name))
		p.onInterrupt(nil) // of the pair before: that one is published
		d, err := p.do(ctx, o, pair, ignored, time.Now())
		if err != nil {
			return ofPair(name, err)
		}
		if p.json {
			f := d.fields()
			f["pair"] = name
			runs = append(runs, f)
			continue
		}
		p.summarize(d)
	}
	if p.json {
		return p.printJSON(fields{"status": "complete", "out": j.Out, "runs": runs})
	}
	p.printf("%s in %s; bring them into a ledger in the order of their years by greenshield ledger add\n",
		p.plural(len(pairs), "run"), j.Out)
	return nil
}

// tellLeftOut warns of the pairs that may confirm changes but are of other years than a pair of maps.
func (p *program) tellLeftOut(j *job.Job, pairs []*job.Job) {
	for _, pair := range pairs {
		for i := range j.Confirm {
			if c := &j.Confirm[i]; !pair.Within(c) {
				p.warn(fmt.Sprintf("%s: confirm, %s (%d, %d) is left out: its years are further apart than confirm_tolerance "+
					"allows (%d)", pairName(pair), c.Name, c.Before.Year, c.After.Year, j.ConfirmTolerance))
			}
		}
	}
}

// ofPair puts the name of a pair before each fault.
func ofPair(name string, err error) error {
	var all []error
	for _, fault := range redline.Faults(err) {
		all = append(all, redline.Faultf(redline.KindOf(fault), "%s: %w", name, fault))
	}
	return errors.Join(all...)
}

// pairName names a pair by its years.
func pairName(j *job.Job) string { return fmt.Sprintf("%d-%d", j.Before.Year, j.After.Year) }

// pairsOf returns a job for each pair of maps of j whose years follow each other in a list, which is empty for all of
// them. The maps of years between the two stay between. An image stays where it is of the map of its epoch.
func pairsOf(j *job.Job, list string) (pairs []*job.Job, err error) {
	stack := j.Stack()
	at := make([]int, len(stack)) // positions in the stack
	for i := range at {
		at[i] = i
	}
	if list != "" {
		if at, err = chosenMaps(stack, list); err != nil {
			return nil, err
		}
	}
	for i, to := range at[1:] {
		from := at[i]
		pair := *j
		pair.Before, pair.After, pair.Between = stack[from], stack[to], nil
		for _, e := range stack[from+1 : to] {
			pair.Between = append(pair.Between, job.Maps{Epoch: e})
		}
		pair.Confirm = nil
		for _, other := range j.Pairs() {
			if pair.Within(&other) {
				pair.Confirm = append(pair.Confirm, other)
			}
		}
		if newest := j.NewestMap(); newest != nil {
			pair.Newest = *newest
		}
		if from != 0 {
			pair.ImageBefore = ""
		}
		if to != len(stack)-1 {
			pair.ImageAfter = ""
		}
		pair.Out = filepath.Join(j.Out, pairName(&pair))
		pairs = append(pairs, &pair)
	}
	return pairs, nil
}

// chosenMaps returns the positions of the maps of some years, which a list names.
func chosenMaps(stack []job.Epoch, list string) (at []int, err error) {
	fail := func(format string, args ...any) ([]int, error) {
		return nil, redline.Faultf(redline.Usage, "--years: "+format, args...)
	}
	var all []string
	for i := range stack {
		all = append(all, strconv.Itoa(stack[i].Year))
	}
	for text := range strings.SplitSeq(list, ",") {
		i := slices.Index(all, strings.TrimSpace(text))
		switch {
		case i < 0:
			return fail("the job has no map of %q; choose from %s", text, strings.Join(all, ", "))
		case len(at) > 0 && i <= at[len(at)-1]:
			return fail("%d comes behind %d; write each year once, the earliest first", stack[i].Year,
				stack[at[len(at)-1]].Year)
		}
		at = append(at, i)
	}
	if len(at) < 2 {
		return fail("one year makes no pair; write two or more of %s", strings.Join(all, ", "))
	}
	return at, nil
}
