package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// ledgerList returns the command that lists cases.
func (p *program) ledgerList(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var format string
	cmd := &cobra.Command{
		Use:   "list [CASE…] [flags]",
		Short: "List cases, all or those that flags choose",
		Long: `list prints the cases that all given flags choose together, by id. Codes may be written in Chinese too.
Cases that were merged into others are only listed with --merged.
` + exitHelp,
		Example: `  greenshield ledger list --state unreviewed --severity 3
  greenshield ledger list --county 3417 --overdue 2026-12-31
  greenshield ledger list --format geojson > cases.geojson`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter(args)
			if err != nil {
				return err
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				cases, err := ledgerwork.Select(cmd.Context(), s, filter)
				if err != nil {
					return err
				}
				return p.printCases(format, cases)
			})
		},
	}
	f.bind(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "`FORMAT` of the list: table, csv, json or geojson")
	return cmd
}

// printCases prints cases in a format.
func (p *program) printCases(format string, cases []ledger.Case) error {
	if p.json {
		format = "json"
	}
	switch format {
	case "table":
		p.printCaseTable(cases)
		return nil
	case "csv":
		return ledgerwork.WriteCSV(p.stdout, cases)
	case "geojson":
		return ledgerwork.WriteGeoJSON(p.stdout, cases)
	case "json":
		p.printText(ledgerwork.JSON(cases))
		return nil
	}
	_, err := codesOf("format", "", []string{format}, []string{"table", "csv", "json", "geojson"})
	return err
}

// tableColumns are the columns that fit on a terminal, with their heads.
var tableColumns = []struct{ name, head string }{
	{"id", "case"}, {"state", "state"}, {"verdict", "verdict"}, {"severity", "severity"}, {"county_name", "county"},
	{"area_ha", "hectares"}, {"relation", "relation"}, {"responsible_unit", "unit"}, {"due_date", "due"},
}

// printCaseTable prints cases as a table for a terminal.
func (p *program) printCaseTable(cases []ledger.Case) {
	var heads []string
	var shown []ledgerwork.Column
	all := ledgerwork.Columns()
	for _, t := range tableColumns {
		heads = append(heads, t.head)
		at := slices.IndexFunc(all, func(c ledgerwork.Column) bool { return c.Name == t.name })
		shown = append(shown, all[at])
	}
	rows := [][]string{p.header(heads...)}
	for i := range cases {
		var row []string
		for _, column := range shown {
			row = append(row, p.caseCell(column, &cases[i]))
		}
		rows = append(rows, row)
	}
	if len(cases) > 0 {
		p.table(rows, "lllllrlll")
	}
	p.printf("%s\n", p.count(len(cases), "case"))
}

// caseCell returns what a case has in a column, for a terminal.
func (p *program) caseCell(column ledgerwork.Column, c *ledger.Case) string {
	switch v := column.Value(c).(type) {
	case string:
		return p.label(column.Codes, v)
	case int64:
		if column.Name == ledger.FieldSeverity {
			return p.choose(redline.Severity(v).String(), redline.Severity(v).Chinese())
		}
		return fmt.Sprint(v)
	case float64:
		return hectares(v)
	}
	return ""
}

// label returns a code of a set for a reader: the code itself in English, its name in Chinese.
func (p *program) label(set, code string) string {
	return p.choose(code, ledgerwork.Label(set, code))
}

// ledgerCase returns the command that tells the story of a case.
func (p *program) ledgerCase(o *ledgerOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "case CASE",
		Short: "Tell the whole story of a case",
		Long: `case prints what the ledger knows of a case, and every event of it from the first to the last.
` + exitHelp,
		Example:           "  greenshield ledger case 341700-000012",
		ValidArgsFunction: cobra.NoFileCompletions,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no case; name one: greenshield ledger case 341700-000012")
			}
			return atMost(1, "case takes one id")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				story, err := ledgerwork.StoryOf(cmd.Context(), s, args[0])
				if err != nil {
					return redline.Faultf(redline.Usage, "%s: %w", args[0], err)
				}
				if p.json {
					return p.printJSON(story)
				}
				p.printStory(story)
				return nil
			})
		},
	}
}

// printStory prints the story of a case for a person.
func (p *program) printStory(s *ledgerwork.Story) {
	p.printf("%s\n", s.Case.ID)
	for _, column := range ledgerwork.Columns()[1:] {
		if v := p.caseCell(column, &s.Case); v != "" && v != "0" {
			p.printf("  %s  %s\n", columns.FillRight(p.choose(column.Name, column.Title), 18), v)
		}
	}
	p.printf("%s\n", p.count(len(s.Events), "event"))
	for _, e := range s.Events {
		who := e.Actor
		if e.Level != "" {
			who += " (" + p.label("level", string(e.Level)) + ")"
		}
		at := e.Time.In(ledger.China).Format("2006-01-02 15:04")
		p.printf("  %d  %s  %s  %s\n", e.Seq, at, p.label("event", string(e.Kind)), who)
		for _, f := range ledgerwork.Fields(e) {
			p.printf("      %s  %s\n", columns.FillRight(p.choose(f.Name, f.Title), 18), p.label(f.Codes, f.Value))
		}
		if e.Doc.Name != "" {
			p.printf("      %s  SHA-256 %s\n", e.Doc.Name, e.Doc.SHA256)
		}
	}
}
