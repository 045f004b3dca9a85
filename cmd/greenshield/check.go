package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/work"
)

// checkCommand returns the command that examines the inputs of a job.
func (p *program) checkCommand() *cobra.Command {
	var o jobOptions
	cmd := &cobra.Command{
		Use:   "check [JOB.yaml] [flags]",
		Short: "Read and judge all inputs, write nothing",
		Long: `check takes what run takes. It reads all inputs, every cell of the rasters too, tells what each one is,
how zones overlap and how much of them the rasters show, what the head of the ledger is and how many
cases it has, and names all problems, not only the first, each with its remedy. It does all that a run does but writes nothing, so it takes about as long.
--json gives the same in full: all zones and all overlaps, where the text lists the worst ten.
The exit status is that of the first problem.
` + exitHelp,
		Example:           "  greenshield check job.yaml\n  greenshield check job.yaml --json > check.json",
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.check(cmd.Context(), &o, args)
		},
	}
	o.bind(cmd)
	o.bindYear(cmd)
	return cmd
}

// check examines the inputs of a job and prints the diagnosis.
func (p *program) check(ctx context.Context, o *jobOptions, args []string) error {
	j, err := o.job(args, (*job.Job).Validate)
	if err != nil {
		return err
	}
	ignored, err := o.prepare(j)
	if err != nil {
		return err
	}
	if len(ignored) > 0 {
		p.warn(ignoredWarning(ignored))
	}
	x, err := gdalinput.Examine(ctx, j)
	if err != nil {
		return err
	}
	model, modelFault := rankingOf(j)
	asked, ledgerFault := p.askLedger(ctx, j, nil)
	if ctx.Err() != nil {
		return ledgerFault
	}
	var examined *examination
	if x.Comparable() {
		examined = examine(j, x.Loaded, model, asked)
	}
	var progress redline.Progress
	stop := p.watch(&progress, o.quiet)
	err = work.Check(ctx, x, work.Examined{
		Inputs:       &x.Inputs,
		Options:      x.Options,
		Tuning:       o.tuning(j, cmp.Or(x.Workers, j.Workers)), // without a common grid nothing limits the workers
		NewOverlayer: newOverlayer,
		NewExaminer:  examined.port(),
	}, &progress)
	stop()
	if err := examined.close(err); err != nil {
		return err
	}
	for _, fault := range []error{modelFault, ledgerFault} {
		if fault != nil {
			x.Fault(fault)
		}
	}
	known, ranking := checkedLedgerOf(asked), rankingRecord(model, j, asked)
	d, err := x.Conclude()
	if p.json {
		if err := p.printJSON(struct {
			Format  int    `json:"format"`
			Program string `json:"program"`
			*gdalinput.Diagnosis
			Ledger   *checkedLedger  `json:"ledger,omitempty"`
			Priority *record.Ranking `json:"priority,omitempty"`
		}{checkFormat, "greenshield " + version(), d, known, ranking}); err != nil {
			return err
		}
	} else {
		p.printLedger(known)
		p.printRanking(ranking)
		p.printDiagnosis(d)
	}
	if err != nil {
		return alreadyTold{err}
	}
	return nil
}

// checkFormat is the version of check's JSON. It grows when a reader of the older one would misread the new one.
const checkFormat = 1
