package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/priority"
	"greenshield/seeds"
)

// priorityCommand returns the command that prints by what candidates are ranked.
func (p *program) priorityCommand() *cobra.Command {
	rules := p.tablesCommand(shipped{
		use: "priority", one: "rule of priority", many: "rules of priority",
		names: seeds.Priorities(), read: seeds.Priority,
	})
	list := rules.RunE
	return &cobra.Command{
		Use:   "priority [NAME|FILE]",
		Short: "Print by what candidates are ranked for visits, as CSV",
		Long: `Without a name, priority lists the shipped rules. With one it prints that rule as CSV; with the file of a
calibrated model (a .json file that ledger calibrate wrote) it prints its weights, those for all changes
first, then those of each transition group that has its own.

A candidate's priority, 0 to 100, is 100 / (1 + exp(-s)), where s is the base and the sum of the weights
of all rows that hold. The weights of the shipped rule are a proposal, not official.
` + exitHelp,
		Example: "  greenshield priority\n  greenshield priority simple\n  greenshield priority model.json",
		Args:    atMost(1, "priority takes one name or file"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return seeds.Priorities(), cobra.ShellCompDirectiveDefault // which also completes files
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || !job.IsModelFile(args[0]) {
				return list(cmd, args)
			}
			return p.printModel(args[0])
		},
	}
}

// printModel prints the cards of a calibrated model as CSV, whether it was edited or not.
func (p *program) printModel(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return redline.WithKind(redline.Usage, err)
	}
	f, edited, err := priority.Parse(text)
	if err != nil {
		return redline.Faultf(redline.Usage, "%s: %w", path, err)
	}
	state := "率定后未修改"
	if edited {
		state = "率定后被修改过"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %q：由 %d 条核查结论率定，%s\n", f.Name, f.From.Verdicts.All(), state)
	w := csv.NewWriter(&b)
	rows := append([][]string{{"group", "feature", "from", "to", "weight", "why"}}, cardRows("", &f.Default)...)
	for _, group := range slices.Sorted(maps.Keys(f.Groups)) {
		card := f.Groups[group]
		rows = append(rows, cardRows(group, &card)...)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	p.printf("%s", b.Bytes())
	return nil
}

// cardRows returns the rows of a card: its base, then its bands.
func cardRows(group string, c *priority.CardFile) [][]string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	bound := func(v *float64) string {
		if v == nil {
			return ""
		}
		return number(*v)
	}
	rows := [][]string{{group, "base", "", "", number(c.Base), ""}}
	for _, b := range c.Bands {
		rows = append(rows, []string{group, b.Feature, bound(b.From), bound(b.To), number(b.Weight), b.Why})
	}
	return rows
}
