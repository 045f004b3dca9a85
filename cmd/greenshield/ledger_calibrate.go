package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/calibrate"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/priority"
)

// calibrateOptions are the flags of the calibration.
type calibrateOptions struct {
	out, report, target string
	least               calibrate.Minimum
	dryRun              bool
}

// ledgerCalibrate returns the command that makes a model of priorities from verdicts.
func (p *program) ledgerCalibrate(o *ledgerOptions) *cobra.Command {
	c := calibrateOptions{}
	cmd := &cobra.Command{
		Use:   "calibrate --out FILE [flags]",
		Short: "Make a model from the verdicts: how likely each candidate is real",
		Long: `calibrate fits the weights by which runs rank candidates to what reviewers have found, and writes them as a
small readable file. A job chooses it by priority: FILE, or run by --priority FILE. It changes the order in
which candidates are looked at, and nothing else: no candidate is added or dropped, and no severity changes.

The weights are pulled towards those of the simple rule, so that few verdicts change little; a transition
group with enough verdicts has its own. The model is tried on counties whose verdicts it has not seen, and
--report FILE shows how it did, as one page (HTML). Confirmed and partly confirmed cases are real, refuted
ones are not; with --target change what was refuted for another reason than misclassified is real too.
Cases that are not used are counted by why. Verdicts on cases that people chose are no picture of all
candidates: the model says how many were drawn at random.

The same ledger and flags give the same bytes. A file that was edited afterwards is refused by a run,
unless the job allows it.
` + exitHelp,
		Example: `  greenshield ledger calibrate --out 池州2026.json --report 校准.html
  greenshield ledger calibrate --out change.json --target change --min-verdicts 100`,
		Args: atMost(0, "calibrate takes no argument; name the file of the model by --out"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.calibrate(cmd, o, &c) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.out, "out", "", "`FILE` for the model, such as model.json")
	flags.StringVar(&c.report, "report", "",
		"`FILE` for a page that shows how good the model is, such as calibration.html")
	flags.StringVar(&c.target, "target", ledgerwork.TargetProblem, "what a chance is of: problem or change")
	flags.IntVar(&c.least.Verdicts, "min-verdicts", 50, "at least so many verdicts, for all and for a group of its own")
	flags.IntVar(&c.least.Each, "min-each", 10, "of these at least so many real ones, and as many that are not")
	flags.BoolVar(&c.dryRun, "dry-run", false, "say what would be written, and write nothing")
	return cmd
}

// check refuses flags that cannot be, before the ledger is read.
func (c *calibrateOptions) check() error {
	if c.out == "" {
		return redline.Faultf(redline.Usage, "the file of the model is not said; name one by --out")
	}
	if _, err := codesOf("target", "", []string{c.target}, ledgerwork.Targets()); err != nil {
		return err
	}
	for _, path := range []string{c.out, c.report} {
		if _, err := os.Lstat(path); path != "" && !errors.Is(err, fs.ErrNotExist) {
			return redline.Faultf(redline.Output, "%s: there is such a file already; name a new one", path)
		}
	}
	if c.report != "" && filepath.Clean(c.report) == filepath.Clean(c.out) {
		return redline.Faultf(redline.Usage, "--report and --out are one file; name another")
	}
	return nil
}

// calibrate makes the model and its page.
func (p *program) calibrate(cmd *cobra.Command, o *ledgerOptions, c *calibrateOptions) error {
	if err := c.check(); err != nil {
		return err
	}
	return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
		judged, err := ledgerwork.JudgedOf(cmd.Context(), s, c.target)
		if err != nil {
			return err
		}
		rule := priority.Simple()
		name := strings.TrimSuffix(filepath.Base(c.out), filepath.Ext(c.out))
		model, err := judged.Model(name, c.target, rule, c.least)
		if err != nil {
			return err
		}
		if err := model.Write(io.Discard); err != nil { // sets its hash, and sees that it can be read
			return err
		}
		if !c.dryRun {
			if err := c.write(judged, model, rule); err != nil {
				return err
			}
		}
		return p.tellModel(c, model)
	})
}

// write writes the model and its page, both or none.
func (c *calibrateOptions) write(judged *ledgerwork.Judged, model *priority.File, rule *priority.Model) error {
	if err := writeNew(c.out, model.Write); err != nil || c.report == "" {
		return err
	}
	err := writeNew(c.report, func(w io.Writer) error { return judged.WriteCalibration(w, model, rule) })
	if err != nil {
		return errors.Join(err, os.Remove(c.out))
	}
	return nil
}

// modelWarnings says what the warnings of a model mean.
var modelWarnings = map[string]string{
	calibrate.WarnChosen: "most verdicts are on cases that people chose, not drawn at random: the chances may be too " +
		"high for candidates that nobody looked at",
	calibrate.WarnNoGain:  "on counties that it has not seen, the model is no better than the simple rule",
	calibrate.WarnSlope:   "on counties that it has not seen, the model's chances are too extreme or too cautious",
	calibrate.WarnPooled:  "some transition groups have too few verdicts for weights of their own; they use those of all",
	calibrate.WarnFewAway: "there are verdicts of fewer than 5 counties; how good the model is elsewhere is hardly known",
}

// tellModel tells what was made.
func (p *program) tellModel(c *calibrateOptions, f *priority.File) error {
	for _, code := range f.Warnings {
		p.warn(modelWarnings[code])
	}
	m, v := &f.Measures, f.From.Verdicts
	if p.json {
		status := "written"
		if c.dryRun {
			status = "dry_run"
		}
		return p.printJSON(fields{"status": status, "file": c.out, "report": c.report, "sha256": f.SHA256,
			"made_from": f.From, "penalty": f.Penalty, "measures": m, "warnings": append([]string{}, f.Warnings...)})
	}
	if c.dryRun {
		p.printf("nothing was written (--dry-run)\n")
	} else {
		p.printf("%s written, SHA-256 %s\n", c.out, f.SHA256)
	}
	p.printf("%d verdicts of %d counties: %d real, %d not; %d drawn at random\n", v.All(), len(f.From.Counties),
		v.Yes, v.No, f.From.Sampled)
	p.printf("on counties that it has not seen: Brier score %s, by the simple rule %s; slope %s (%s to %s)\n",
		fmt.Sprintf("%.3f", m.Brier.Value), fmt.Sprintf("%.3f", m.BrierSimple), fmt.Sprintf("%.2f", m.Slope.Value),
		fmt.Sprintf("%.2f", m.Slope.Low), fmt.Sprintf("%.2f", m.Slope.High))
	return nil
}
