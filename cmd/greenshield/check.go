package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/report"
)

func (p *program) checkCommand() *cobra.Command {
	var o jobOptions
	cmd := &cobra.Command{
		Use:   "check [JOB.yaml] [flags]",
		Short: "Read and judge all inputs, write nothing",
		Long: `check takes what run takes. It reads all inputs, every cell of the rasters too, lists what each one is,
and names all problems, not only the first. It writes nothing.
` + exitHelp + `
The status is that of the first problem.`,
		Example: "  greenshield check job.yaml",
		Args:    oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.check(cmd.Context(), &o, args)
		},
	}
	o.bind(cmd)
	return cmd
}

func (p *program) check(ctx context.Context, o *jobOptions, args []string) error {
	j, err := o.job(args)
	if err != nil {
		return err
	}
	ignored, err := start(j)
	if err != nil {
		return err
	}
	if len(ignored) > 0 {
		p.warn(ignoredWarning(ignored))
	}
	loaded, err := gdalinput.Load(ctx, j)
	if ctx.Err() != nil {
		return err
	}
	if err == nil {
		// Cells are judged by comparing them; the zones have been judged already.
		loaded.Inputs.Zones, loaded.Inputs.Admin, loaded.Inputs.Exempt = nil, nil, nil
		if _, err = p.compare(ctx, o, j, loaded, nowhere{}); err == nil {
			err = loaded.Unchanged()
		}
		if ctx.Err() != nil {
			return err
		}
	}
	if err := p.listInputs(loaded, err); err != nil {
		return err
	}
	if err != nil {
		return alreadyTold{err}
	}
	return nil
}

// nowhere takes candidates and keeps none.
type nowhere struct{}

func (nowhere) Put(redline.Key, *redline.Candidate, []redline.Overlap) error { return nil }

func (p *program) listInputs(loaded *gdalinput.Loaded, err error) error {
	type problem struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	var problems []problem
	if err != nil {
		for _, e := range flatten(err) {
			problems = append(problems, problem{exitStatus(e), e.Error()})
		}
	}
	if p.json {
		type input struct {
			report.Input
			About    string   `json:"about,omitempty"`
			Usable   bool     `json:"usable"`
			Warnings []string `json:"warnings,omitempty"`
		}
		var inputs []input
		for _, in := range loaded.Read {
			inputs = append(inputs, input{in.Record, in.About, in.Err == nil, in.Warnings})
		}
		return p.printJSON(fields{"inputs": inputs, "repairs": loaded.Repairs, "problems": problems})
	}
	for _, in := range loaded.Read {
		p.printf("%-8s %s\n", in.Record.Role, in.Record.Path)
		if in.About != "" {
			p.printf("         %s\n", in.About)
		}
		for _, w := range in.Warnings {
			p.printf("         warning: %s\n", w)
		}
		if in.Err != nil {
			for _, e := range flatten(in.Err) {
				p.printf("         problem: %v\n", e)
			}
		}
	}
	for _, r := range loaded.Repairs {
		p.printf("repair   %s\n", describeRepair(r))
	}
	if err != nil {
		for _, e := range flatten(err) {
			if !ofInput(loaded, e) {
				p.printf("problem  %v\n", e)
			}
		}
	}
	if len(problems) == 0 {
		p.printf("no problems\n")
	} else {
		p.printf("%s\n", plural(len(problems), "problem"))
	}
	return nil
}

func describeRepair(r report.Repair) string {
	return fmt.Sprintf("%s, feature %d: %s; %.4f ha before, %.4f ha after", r.Source, r.Feature, r.Reason, r.BeforeM2/1e4, r.AfterM2/1e4)
}

// ofInput reports whether a problem has been listed under its input.
func ofInput(loaded *gdalinput.Loaded, err error) bool {
	for _, in := range loaded.Read {
		if in.Err != nil && errors.Is(in.Err, err) {
			return true
		}
	}
	return false
}
