package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/sheets"
	"greenshield/seeds"
)

// reportOptions are the flags of the report.
type reportOptions struct {
	out, day, since, score string
	page                   ledgerwork.PageOptions
}

// ledgerReport returns the command that writes the sheets and the page of the ledger.
func (p *program) ledgerReport(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var r reportOptions
	cmd := &cobra.Command{
		Use:   "report --out FOLDER [flags]",
		Short: "Write the four lists, the register, totals and scores: a workbook and a page",
		Long: `report writes ledger.xlsx and ledger.html into a folder, of the cases that flags choose, all without any:
totals and scores by city and county, the four lists (问题、措施、标准、责任), what is overdue, suspected
rebounds and false rectifications, open conflicts, what was said since --since, and the register.

Cases are as they were at the end of --day, whatever was said later. The same ledger and flags give the
same bytes. The score is no official one: its weights stand in the report, and --score FILE gives others
(CSV: indicator,weight, with judged, on_time, struck_off, no_rebound and no_false).
` + exitHelp,
		Example: `  greenshield ledger report --out 月报 --day 2026-12-31 --since 2026-12-01
  greenshield ledger report --out 专班 --list 29+90+N --title 专项台账 --issuer 池州市专班`,
		Args: atMost(0, "report takes no argument; name the folder by --out"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(nil)
			if err != nil {
				return err
			}
			return p.report(cmd, o, &r, filter)
		},
	}
	cmd.Flags().StringVar(&r.out, "out", "", "`FOLDER` for ledger.xlsx and ledger.html")
	cmd.Flags().StringVar(&r.day, "day", "", "the `DAY` at whose end the cases are told; today without it")
	cmd.Flags().StringVar(&r.since, "since", "", "the `DAY` since which changes are listed")
	cmd.Flags().StringVar(&r.score, "score", "", "`FILE` with other weights of the score")
	cmd.Flags().StringVar(&r.page.Title, "title", "", "`TEXT` at the head of the page; the ledger's name without it")
	cmd.Flags().StringVar(&r.page.Issuer, "issuer", "", "`NAME` of the office that issues the report")
	f.bind(cmd)
	return cmd
}

// report writes the files of a report.
func (p *program) report(cmd *cobra.Command, o *ledgerOptions, r *reportOptions, filter ledgerwork.Filter) error {
	if r.out == "" {
		return redline.Faultf(redline.Usage, "the folder of the report is not said; name one by --out")
	}
	day, since, err := r.days()
	if err != nil {
		return redline.WithKind(redline.Usage, err)
	}
	score, err := readScore(r.score)
	if err != nil {
		return redline.WithKind(redline.Usage, err)
	}
	return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
		st, err := ledgerwork.StandingOf(cmd.Context(), s, filter, day, since)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(r.out, 0o755); err != nil {
			return redline.WithKind(redline.Output, err)
		}
		book, page := filepath.Join(r.out, "ledger.xlsx"), filepath.Join(r.out, "ledger.html")
		if _, err := os.Lstat(page); err == nil { // before the workbook is written
			return redline.Faultf(redline.Output, "%s: there is such a file already; name a new one", page)
		}
		err = writeNew(book, func(w io.Writer) error {
			return sheets.WriteTables(w, "问题点位台账", "问题点位台账", ledgerwork.Report(st, score))
		})
		if err != nil {
			return err
		}
		err = writeNew(page, func(w io.Writer) error { return ledgerwork.WritePage(w, st, score, r.page) })
		if err != nil {
			return errors.Join(err, os.Remove(book))
		}
		return p.tellHead(cmd, s, r.out)
	})
}

// days returns the day of the report, and the one since which changes are listed, "" for none.
func (r *reportOptions) days() (day, since ledger.Date, err error) {
	day = ledger.DayOf(time.Now())
	if r.day != "" {
		if day, err = ledger.ParseDate(r.day); err != nil {
			return "", "", err
		}
	}
	if r.since != "" {
		since, err = ledger.ParseDate(r.since)
	}
	return day, since, err
}

// readScore reads the weights of the score from a file, or those that ship when there is none.
func readScore(path string) (ledgerwork.Score, error) {
	if path == "" {
		return ledgerwork.ParseScore("score", seeds.Ledger("score"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return ledgerwork.Score{}, err
	}
	return ledgerwork.ParseScore(path, text)
}
