package main

import (
	"errors"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// ledgerMerge returns the command that takes other ledgers into one.
func (p *program) ledgerMerge(o *ledgerOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merge OTHER…",
		Short: "Take the ledgers of cities into that of the province",
		Long: `merge takes the events of other ledgers, files or PostGIS databases, into the one that --ledger names: each
event once, with the hash that it had there. Cases keep their ids. The other ledgers are only read. What is
here already adds nothing, so that merge may be repeated whenever a city has gone on; the order of cities
does not matter. Either way round: a city learns so what the province accepted.

Where both ledgers have gone on with a case, what only one side changed is as that side has it. What both
changed otherwise is a conflict, listed and kept until somebody settles it by greenshield ledger set
--settle; the stricter verdict and the state that is less far are shown. A ledger of the same --code, one in
which verify finds anything, and one that was written anew since it was merged are refused, and nothing
is written.
` + exitHelp,
		Example: `  greenshield ledger merge 池州市.gpkg 宣城市.gpkg --ledger 安徽省.gpkg --as 王建国 --level province --dry-run`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no other ledger; name one: greenshield ledger merge OTHER.gpkg")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			var others []ledgerwork.Other
			defer func() {
				for _, other := range others {
					err = errors.Join(err, other.Store.Close())
				}
			}()
			for _, place := range args {
				s, err := p.openLedger(cmd.Context(), place, false)
				if err != nil {
					return err
				}
				others = append(others, ledgerwork.Other{Name: shownPlace(place), Store: s})
			}
			return p.writeLedger(cmd.Context(), o, true, false,
				func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
					return ledgerwork.Merge(cmd.Context(), s, others, by)
				})
		},
	}
	o.bindWriter(cmd)
	return cmd
}
