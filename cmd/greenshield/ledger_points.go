package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"greenshield/redline"
	published "greenshield/redline/folder"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// pointOptions are the flags of ledger sample that are about points where no candidate is.
type pointOptions struct {
	n           int // points to be drawn
	folder, out string
	answers     []string // files
	overrule    bool
}

func (v *pointOptions) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&v.n, "points", 0, "draw `M` points where no candidate is, for the sample of --name, or the last one")
	flags.StringVar(&v.folder, "folder", "", "with --points: `FOLDER` of the run that the sample is of")
	flags.StringVar(&v.out, "out", "", "with --points: new `FOLDER` for their list")
	flags.StringSliceVar(&v.answers, "answers", nil,
		"take `FILES` of points that came back into the ledger; nothing is drawn")
	flags.BoolVar(&v.overrule, "overrule", false,
		"with --answers: the files are right where the ledger has another answer")
}

// check refuses what no points can be drawn by, whatever the ledger is.
func (v *pointOptions) check() error {
	switch {
	case v.n < 1 || v.n > ledgerwork.MaxPoints:
		return redline.Faultf(redline.Usage, "--points: write a number from 1 to %d", ledgerwork.MaxPoints)
	case v.folder == "":
		return redline.Faultf(redline.Usage, "--points are drawn in the ground of a run; name its folder by --folder")
	case v.out == "":
		return redline.Faultf(redline.Usage, "the folder of the points is not said; name one by --out")
	}
	return nil
}

// drawPoints draws points for a sample, writes their list whole or not at all, and adds them to the ledger. There is no
// list when the ledger does not take them.
func (p *program) drawPoints(ctx context.Context, o *ledgerOptions, v *pointOptions, draw *ledgerwork.Sampling) error {
	if err := v.check(); err != nil {
		return err
	}
	ground, err := ledgerwork.ReadOpenGround(ctx, v.folder)
	if err != nil {
		return err
	}
	var f *published.Folder
	if !o.dryRun {
		if f, err = published.Begin(v.out, false); err != nil {
			return err
		}
		defer f.Abort()
		p.onInterrupt(func() bool { f.Abort(); return f.Published() })
	}
	err = p.writeLedger(ctx, o, true, false, func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
		c, list, err := ledgerwork.DrawPoints(ctx, s, ground, draw.Name, v.n, draw.Seed, by)
		if err != nil || f == nil {
			return c, err
		}
		return c, list.Write(f)
	})
	if err != nil || f == nil {
		return err
	}
	if err := f.Publish(ctx); err != nil {
		return errors.Join(err, redline.Faultf(redline.Output,
			"the points are in the ledger, but not their list; repeat the command, it writes the same list"))
	}
	if !p.json {
		p.printf("results: %s\n", v.out)
	}
	return nil
}

// takeAnswers takes lists of points that came back into the ledger.
func (p *program) takeAnswers(ctx context.Context, o *ledgerOptions, v *pointOptions) error {
	var lists []*ledgerwork.PointFile
	for _, path := range v.answers {
		list, err := ledgerwork.ReadPointFile(path)
		if err != nil {
			return err
		}
		lists = append(lists, list)
	}
	return p.writeLedger(ctx, o, true, false, func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
		return ledgerwork.TakePoints(ctx, s, lists, v.overrule, by)
	})
}

// printPoints prints how points were drawn.
func (p *program) printPoints(l *ledger.Points) {
	p.printf("sample %s, run %s, seed %d: %d points are drawn in %s ha without candidates\n", l.Sample,
		l.Run[:min(8, len(l.Run))], l.Seed, len(l.Tries), hectares(l.GroundM2/redline.M2PerHa))
}

// printPointsSeen prints what points say.
func (p *program) printPointsSeen(seen *ledgerwork.PointsSeen) {
	if seen == nil {
		p.printf("what no candidate shows is in no such sample: nothing is said of omissions\n")
		return
	}
	p.printf("without candidates: %s ha, suppressed changes among it; %d points: %d changed, %d unchanged, "+
		"%d cannot tell, "+
		"%d without an answer\n", hectares(seen.GroundHa), seen.Drawn, seen.Changed, seen.Unchanged, seen.CannotTell,
		seen.Drawn-seen.Changed-seen.Unchanged-seen.CannotTell)
	if seen.Missed == nil {
		p.printf("fewer than two points are answered: nothing is said of omissions\n")
		return
	}
	m := seen.Missed
	p.printf("change that no candidate shows: %s ha, standard error %s ha; %s to %s ha (95 %%)\n", hectares(m.Ha),
		hectares(m.ErrorHa), hectares(m.LowHa), hectares(m.HighHa))
	if m = seen.All; m == nil {
		p.printf("of all change nothing is said: too few cases of the sample are judged\n")
		return
	}
	p.printf("all change: %s ha, standard error %s ha; %s to %s ha (95 %%)\n", hectares(m.Ha), hectares(m.ErrorHa),
		hectares(m.LowHa), hectares(m.HighHa))
	if f := seen.Found; f != nil {
		p.printf("share of it that the candidates show, by area: %s %%; %s %% to %s %% (95 %%)\n", shareText(f.Share),
			shareText(f.Low), shareText(f.High))
	}
}
