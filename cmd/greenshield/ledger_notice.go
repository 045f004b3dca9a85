package main

import (
	"errors"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// ledgerNotice returns the command that writes public notices.
func (p *program) ledgerNotice(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var out string
	cmd := &cobra.Command{
		Use:   "notice [CASE…] [flags]",
		Short: "Write the public notice (公示) of cases",
		Long: `notice writes what the public notice of a rectification says: the problem, who rectifies it, the main
measures, the goal, the deadline, what was done, how long the notice lasts, and which office takes
objections, with telephone and mail. What a case lacks is told, and then nothing is written.
` + exitHelp,
		Example: `  greenshield ledger notice 341700-000012
  greenshield ledger notice --state publicity --out 公示.html`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && f.empty(cmd) {
				return redline.Faultf(redline.Usage, "no case; name one, or choose many by flags such as --state")
			}
			filter, err := f.filter(args)
			if err != nil {
				return err
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				cases, err := ledgerwork.Select(cmd.Context(), s, filter)
				if err != nil {
					return err
				}
				for _, id := range args {
					if !slices.ContainsFunc(cases, func(c ledger.Case) bool { return c.ID == id }) {
						return redline.Faultf(redline.Usage, "%s: %w", id, ledger.ErrNoCase)
					}
				}
				return p.notices(out, cases)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "new `FILE` of HTML to print; the terminal without it")
	f.bind(cmd)
	return cmd
}

// notices writes the notices of cases to a file, or to the terminal when out is "".
func (p *program) notices(out string, cases []ledger.Case) error {
	if len(cases) == 0 {
		return redline.WithKind(redline.Usage, ledger.ErrNoCase)
	}
	var all [][]ledgerwork.NoticeRow
	var lacking []error
	for i := range cases {
		rows, err := ledgerwork.Notice(&cases[i])
		if err != nil {
			lacking = append(lacking, redline.Faultf(redline.Incompatible, "case %s: %w", cases[i].ID, err))
		}
		all = append(all, rows)
	}
	if err := errors.Join(lacking...); err != nil {
		return err
	}
	if out != "" {
		err := writeNew(out, func(w io.Writer) error { return ledgerwork.WriteNotices(w, cases, all) })
		if err == nil && !p.json {
			p.printf("results: %s\n", out)
		}
		return err
	}
	if p.json {
		list := []fields{}
		for i := range cases {
			list = append(list, fields{"case": cases[i].ID, "notice": all[i]})
		}
		return p.printJSON(fields{"notices": list})
	}
	for i, rows := range all {
		p.printf("%s\n", "整改完成情况公示　"+ledgerwork.Heading(&cases[i]))
		for _, r := range rows {
			p.printf("  %s  %s\n", columns.FillRight(r.Title, 14), r.Text)
		}
	}
	return nil
}
