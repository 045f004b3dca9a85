package main

import (
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/seeds"
)

func (p *program) legendsCommand() *cobra.Command {
	return p.tablesCommand("legends", "legend", "legends of land-cover products", seeds.Legends(), seeds.Legend)
}

func (p *program) rulesCommand() *cobra.Command {
	return p.tablesCommand("rules", "rule table", "rule tables", seeds.RuleTables(), seeds.Rules)
}

// tablesCommand lists shipped tables, or prints one.
func (p *program) tablesCommand(use, one, many string, names []string, read func(string) ([]byte, bool)) *cobra.Command {
	return &cobra.Command{
		Use:   use + " [NAME]",
		Short: "List the shipped " + many + ", or print one as CSV",
		Long: "Without a name, " + use + " lists the shipped " + many + ". With one it prints that " + one + ` as CSV: a start for
one of your own, which a job takes by its file name.
` + exitHelp,
		Example: "  greenshield " + use + "\n  greenshield " + use + " " + names[0] + " > mine.csv",
		Args:    atMost(1, use+" takes one name"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range names {
					text, _ := read(name)
					first, _, _ := strings.Cut(string(text), "\n")
					p.printf("%-16s %s\n", name, strings.TrimLeft(first, "# "))
				}
				return nil
			}
			text, ok := read(args[0])
			if !ok {
				return redline.Faultf(redline.Usage, "unknown %s %q%s", one, args[0], redline.DidYouMean(args[0], names))
			}
			p.printf("%s", text)
			return nil
		},
	}
}
