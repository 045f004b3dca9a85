package main

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerpg"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/review"
	"greenshield/redline/sheets"
)

// ledgerInit returns the command that founds a ledger.
func (p *program) ledgerInit(o *ledgerOptions) *cobra.Command {
	var code, name string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Found a ledger",
		Long: `init makes a new ledger. The ids of its cases begin with --code, the administrative code of its owner, so
that the ledgers of two cities can be brought together. Neither code nor name can be changed later.
` + exitHelp,
		Example: "  greenshield ledger init --code 341700 --name 池州市台账 --as 王建国 --level city",
		Args:    atMost(0, "init takes none; name the ledger by --ledger"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			by, err := o.by(true)
			if err != nil {
				return err
			}
			if o.dryRun {
				c, err := ledgerwork.Found(cmd.Context(), new(ledger.Memory), code, name, by)
				if err != nil {
					return err
				}
				return p.tellChange(o, c)
			}
			if _, err := ledgerwork.Found(cmd.Context(), new(ledger.Memory), code, name, by); err != nil {
				return err // before a file is made
			}
			s, err := p.createLedger(cmd.Context(), o.place)
			if err != nil {
				return err
			}
			return p.changeLedger(cmd.Context(), o, s, false, func() (*ledgerwork.Change, error) {
				return ledgerwork.Found(cmd.Context(), s, code, name, by)
			})
		},
	}
	cmd.Flags().StringVar(&code, "code", "", "administrative `CODE` of the owner, such as 341700")
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the ledger")
	o.bindWriter(cmd)
	return cmd
}

// ledgerAdd returns the command that brings a run into the ledger.
func (p *program) ledgerAdd(o *ledgerOptions) *cobra.Command {
	var within float64
	cmd := &cobra.Command{
		Use:   "add RUN",
		Short: "Bring the folder of a run into the ledger",
		Long: `add compares what a run found, cell by cell, with the cases of the ledger: what is the same place keeps its
case, with its verdict and its state, whether it has grown, shrunk, split or merged; what is none becomes
a new case. Nothing is closed because a run does not find it again. A run that is in the ledger already
changes nothing.

Cells of another size or origin are compared by area, and the verdicts of such cases have to be confirmed. A
run whose cells cannot be compared with those of the ledger is refused. The folder is only read.
` + exitHelp,
		Example:           "  greenshield ledger add out --dry-run\n  greenshield ledger add out",
		ValidArgsFunction: completeFolder,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no run; name its folder: greenshield ledger add out")
			}
			return atMost(1, "add takes one folder")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := ledgerwork.ReadRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return p.writeLedger(cmd.Context(), o, false, false,
				func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
					c, err := ledgerwork.Add(cmd.Context(), s, run, by)
					if err != nil {
						return nil, err
					}
					return c, p.nearLeads(cmd.Context(), s, c, run, within)
				})
		},
	}
	cmd.Flags().Float64Var(&within, "near-leads", 100, "`METRES` within which a lead is near a detection")
	o.bindWriter(cmd)
	return cmd
}

// ledgerTake returns the command that takes returned files into the ledger.
func (p *program) ledgerTake(o *ledgerOptions) *cobra.Command {
	var allOrNothing, edits bool
	var reason string
	cmd := &cobra.Command{
		Use:   "take FILE…",
		Short: "Take verdicts from review.gpkg and candidates.xlsx that came back",
		Long: `take reads what reviewers wrote in copies of review.gpkg (by QGIS) and candidates.xlsx (by Excel, WPS or
LibreOffice): verdict, reason, note, reviewer and date, and of workbooks the four lists too. Sheets may
be sorted, rows may be deleted. What is in the ledger already is not taken twice.

What two reviewers say differently of one field is a conflict: the ledger keeps both until somebody
settles it by greenshield ledger set --settle. A row is refused, with the reason, when its candidate is in
no run of the ledger, when something was changed that the program wrote, or when it says what cannot
be; the other rows are taken, or none with --all-or-nothing.

Copies that greenshield ledger review wrote are taken as well: each field is compared with the ledger as it
was when the copy was written, and as it is now.

Of a PostGIS database, --edits takes what people wrote in its layers in QGIS, each in his own name.

A verdict such as 不属实 needs a reason. A click in QGIS gives none: --reason says which.
` + exitHelp,
		Example: `  greenshield ledger take review.gpkg --as 李明 --level county --reason misclassified
  greenshield ledger take 东至县.xlsx 石台县.xlsx --as 王建国 --level city --all-or-nothing`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !edits {
				return redline.Faultf(redline.Usage, "no file; name one: greenshield ledger take review.gpkg")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if edits {
				return p.takeEdits(cmd.Context(), o, args, allOrNothing)
			}
			makes, err := readTaken(cmd.Context(), args, reason)
			if err != nil {
				return err
			}
			return p.writeLedger(cmd.Context(), o, true, allOrNothing, makes)
		},
	}
	cmd.Flags().BoolVar(&edits, "edits", false, "take what was written in the layers of a PostGIS database")
	cmd.Flags().BoolVar(&allOrNothing, "all-or-nothing", false, "take nothing when a row is refused")
	cmd.Flags().StringVar(&reason, "reason", "",
		"`REASON` of verdicts that need one and have none, such as misclassified")
	o.bindWriter(cmd)
	return cmd
}

// takeEdits takes what people wrote in the layers of a database, and then removes it there. What is refused stays.
func (p *program) takeEdits(ctx context.Context, o *ledgerOptions, files []string, allOrNothing bool) error {
	if len(files) > 0 || !isDatabase(o.place) {
		return redline.Faultf(redline.Usage,
			"--edits takes what is in a database; name it by --ledger postgres://…, and no file")
	}
	var done []ledgerpg.Edit
	err := p.writeLedger(ctx, o, false, allOrNothing, func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
		var edits []ledgerpg.Edit
		for e, err := range s.(*ledgerpg.Store).Edits(ctx) {
			if err != nil {
				return nil, err
			}
			edits = append(edits, e)
		}
		c, taken, err := ledgerwork.TakeEdits(ctx, s, edits, by)
		if err == nil && !o.dryRun && (!allOrNothing || len(c.Refused) == 0) {
			done = taken
		}
		return c, err
	})
	if told := (alreadyTold{}); err != nil && !errors.As(err, &told) || len(done) == 0 {
		return err
	}
	s, open := ledgerpg.Open(ctx, o.place)
	if open != nil {
		return redline.WithKind(redline.Output, open)
	}
	if failed := cmp.Or(s.Taken(ctx, done), s.Close()); failed != nil {
		return redline.WithKind(redline.Output, failed)
	}
	return err
}

// readTaken reads files that came back, all of runs or all copies of the ledger, and returns what makes a change of
// them.
func readTaken(ctx context.Context, paths []string, reason string) (
	makes func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error), err error,
) {
	var files []ledgerwork.File
	var copies []ledgerwork.Written
	for _, path := range paths {
		if strings.EqualFold(filepath.Ext(path), ".gpkg") && ledgergpkg.IsCopy(path) {
			w := ledgerwork.Written{Path: path}
			if w.Seq, w.File, err = ledgergpkg.ReadCopy(ctx, path); err != nil {
				return nil, redline.WithKind(redline.Vector, err)
			}
			copies = append(copies, w)
			continue
		}
		rows, err := readReturned(ctx, path)
		if err != nil {
			return nil, err
		}
		files = append(files, ledgerwork.File{Path: path, Rows: rows})
	}
	switch {
	case len(files) > 0 && len(copies) > 0:
		return nil, redline.Faultf(redline.Usage,
			"%s: is a copy of the ledger, %s is of a run; take them one after the other",
			copies[0].Path, files[0].Path)
	case len(copies) > 0:
		return func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
			return ledgerwork.TakeWritten(ctx, s, copies, reason, by)
		}, nil
	}
	return func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
		return ledgerwork.Take(ctx, s, files, reason, by)
	}, nil
}

// readReturned reads a file that came back.
func readReturned(ctx context.Context, path string) (rows []findings.Returned, err error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gpkg":
		rows, err = review.ReadReturned(ctx, path)
	case ".xlsx":
		rows, err = sheets.ReadReturned(ctx, path)
	default:
		return nil, redline.Faultf(redline.Usage, "%s: neither a review.gpkg nor a candidates.xlsx", path)
	}
	return rows, redline.WithKind(redline.Vector, err)
}
