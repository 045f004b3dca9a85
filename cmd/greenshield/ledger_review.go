package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerwork"
)

// ledgerReview returns the command that writes copies of cases for reviewers.
func (p *program) ledgerReview(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	cmd := &cobra.Command{
		Use:   "review FILE.gpkg [flags]",
		Short: "Write a copy of cases that reviewers edit in QGIS",
		Long: `review writes the cases that flags choose, all without any, to a new GeoPackage, and a project of that name
beside it, which opens it in QGIS. There reviewers fill in verdict, reason, note and what is done to
rectify; nothing else can be edited. When the copy comes back, greenshield ledger take compares each field
with what was given out and with the ledger as it is then. The ledger itself may move on meanwhile, and any
number of copies may be out at once.
` + exitHelp,
		Example: "  greenshield ledger review 东至县.gpkg --county 341721\n" +
			"  greenshield ledger take 东至县.gpkg --as 李明 --level county",
		Args: oneFile("review"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter(nil)
			if err != nil {
				return err
			}
			name, ok := strings.CutSuffix(args[0], ".gpkg")
			if !ok || name == "" || strings.Contains(name, "|") {
				return redline.Faultf(redline.Usage, "%s: the copy is a GeoPackage; name it as 东至县.gpkg", args[0])
			}
			project := name + ".qgz"
			if _, err := os.Lstat(project); err == nil {
				return redline.Faultf(redline.Output, "%s: there is such a file already; name a new one", project)
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				cases, err := ledgerwork.Select(cmd.Context(), s, filter)
				if err != nil {
					return err
				}
				if len(cases) == 0 {
					return redline.Faultf(redline.Usage, "no case is chosen; nothing was written")
				}
				c, err := ledgergpkg.WriteCopy(cmd.Context(), s, args[0], cases, degreesOf)
				if err == nil {
					err = writeNew(project, c.Project)
				}
				if err != nil {
					return redline.WithKind(redline.Output, err)
				}
				if p.json {
					return p.printJSON(fields{"status": "written", "file": args[0], "project": project, "cases": len(cases)})
				}
				p.printf("%s written, for %s in QGIS: %s\n", args[0], filepath.Base(project), p.plural(len(cases), "case"))
				return nil
			})
		},
	}
	f.bind(cmd)
	return cmd
}
