package main

import (
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/seeds"
)

// legendsCommand returns the command that lists legends.
func (p *program) legendsCommand() *cobra.Command {
	return p.tablesCommand(shipped{
		use: "legends", one: "legend", many: "legends of land-cover products",
		names: seeds.Legends(), read: seeds.Legend,
	})
}

// rulesCommand returns the command that lists rule tables.
func (p *program) rulesCommand() *cobra.Command {
	return p.tablesCommand(shipped{
		use: "rules", one: "rule table", many: "rule tables",
		names: seeds.RuleTables(), read: seeds.Rules,
	})
}

// shipped is one kind of tables in the binary.
type shipped struct {
	use       string // the command
	one, many string // what one of them and several are called
	names     []string
	read      func(name string) (text []byte, ok bool)
}

// tablesCommand returns a command that lists shipped tables, or prints one.
func (p *program) tablesCommand(s shipped) *cobra.Command {
	return &cobra.Command{
		Use:   s.use + " [NAME]",
		Short: "List the shipped " + s.many + ", or print one as CSV",
		Long: "Without a name, " + s.use + " lists the shipped " + s.many + ". " +
			"With one it prints that " + s.one + " as CSV: a start for\n" +
			"one of your own, which a job takes by its file name.\n" + exitHelp,
		Example: "  greenshield " + s.use + "\n  greenshield " + s.use + " " + s.names[0] + " > mine.csv",
		Args:    atMost(1, s.use+" takes one name"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return s.names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range s.names {
					text, _ := s.read(name)
					first, _, _ := strings.Cut(string(text), "\n")
					p.printf("%-16s %s\n", name, strings.TrimLeft(first, "# "))
				}
				return nil
			}
			text, ok := s.read(args[0])
			if !ok {
				return redline.Faultf(redline.Usage, "unknown %s %q%s",
					s.one, args[0], redline.DidYouMean(args[0], s.names))
			}
			p.printf("%s", text) // bytes of our own, which printf leaves as they are
			return nil
		},
	}
}
