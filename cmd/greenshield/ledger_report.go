package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/sheets"
)

// ledgerReport returns the command that writes the sheets of the ledger.
func (p *program) ledgerReport(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var day, since string
	cmd := &cobra.Command{
		Use:   "report FILE.xlsx [flags]",
		Short: "Write the four lists, the register and the totals to a workbook",
		Long: `report writes a new workbook of the cases that flags choose, all without any: totals by county, the four
lists (问题、措施、标准、责任), what is overdue on --day, suspected rebounds and false rectifications, open
conflicts, what has changed its state since --since, and the register.
` + exitHelp,
		Example: "  greenshield ledger report 台账.xlsx --day 2026-12-31 --since 2026-12-01",
		Args:    oneFile("report"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter(nil)
			if err != nil {
				return err
			}
			days := map[string]ledger.Date{}
			for _, text := range []string{day, since} {
				if text == "" {
					continue
				}
				if days[text], err = ledger.ParseDate(text); err != nil {
					return redline.WithKind(redline.Usage, err)
				}
			}
			asOf := days[day]
			if day == "" {
				asOf = ledger.DayOf(time.Now())
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				cases, err := ledgerwork.Select(cmd.Context(), s, filter)
				if err != nil {
					return err
				}
				err = writeNew(args[0], func(w io.Writer) error {
					tables := ledgerwork.Report(cases, asOf, days[since])
					return sheets.WriteTables(w, "问题点位台账", "问题点位台账", tables)
				})
				if err != nil {
					return err
				}
				return p.tellHead(cmd, s, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&day, "day", "", "the `DAY` on which something is overdue; today without it")
	cmd.Flags().StringVar(&since, "since", "", "the `DAY` since which changes are listed")
	f.bind(cmd)
	return cmd
}
