package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/sheets"
)

// ledgerLeads returns the command that takes leads from outside into the ledger.
func (p *program) ledgerLeads(o *ledgerOptions) *cobra.Command {
	var source string
	var mapping []string
	var within float64
	cmd := &cobra.Command{
		Use:   "leads FILE.csv|FILE.xlsx",
		Short: "Take leads from outside (信访, 督察, 警示片) into the ledger",
		Long: `leads reads a table of leads, CSV in UTF-8 or the first sheet of a workbook. --map names the column of each of
number, date, text, lon, lat (degrees), county (code) and county_name; only number must be there. Of all
other columns, such as names of petitioners, nothing is kept, and the command says so. A lead joins the
case whose point is the nearest one within --within metres; otherwise it becomes a case of its own.
` + exitHelp,
		Example: `  greenshield ledger leads 信访.csv --source 信访 --map number=编号,date=日期,text=内容,lon=经度,lat=纬度 \
    --as 李明 --level county`,
		Args: oneFile("leads"),
		RunE: func(cmd *cobra.Command, args []string) error {
			leads, leftOut, err := readLeads(args[0], mapping)
			if err != nil {
				return err
			}
			if strings.TrimSpace(source) == "" {
				return redline.Faultf(redline.Usage, "the source of the leads is not said; give it by --source")
			}
			if len(leftOut) > 0 {
				p.warn("nothing is kept of the columns " + strings.Join(leftOut, ", "))
			}
			return p.writeLedger(cmd.Context(), o, true, false,
				func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
					return ledgerwork.Leads(cmd.Context(), s, source, leads, within, by)
				})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&source, "source", "", "`SOURCE` of the leads, such as 信访")
	flags.StringSliceVar(&mapping, "map", nil, "`COLUMNS` of the table, such as number=编号,lon=经度,lat=纬度")
	flags.Float64Var(&within, "within", 100, "`METRES` to the point of the case that a lead joins")
	o.bindWriter(cmd)
	return cmd
}

// readLeads reads a table of leads. leftOut are its columns that the mapping does not name.
func readLeads(path string, mapping []string) (leads []ledgerwork.Lead, leftOut []string, err error) {
	titles := map[string]string{}
	for _, m := range mapping {
		name, title, _ := strings.Cut(m, "=")
		if !slices.Contains(ledgerwork.LeadColumns, name) {
			_, err := codesOf("map", "", []string{name}, ledgerwork.LeadColumns)
			return nil, nil, err
		}
		titles[name] = title
	}
	var rows [][]string
	if strings.EqualFold(filepath.Ext(path), ".xlsx") {
		rows, err = sheets.ReadTable(path)
	} else {
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF")))
			in.FieldsPerRecord = -1
			rows, err = in.ReadAll()
		}
	}
	if err == nil {
		leads, leftOut, err = ledgerwork.Mapped(rows, titles)
	}
	if err != nil {
		return nil, nil, redline.Faultf(redline.Vector, "%s: %w", path, err)
	}
	return leads, leftOut, nil
}
