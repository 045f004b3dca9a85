package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/sheets"
)

// leadOptions are the flags of the command leads.
type leadOptions struct {
	source, encoding string
	mapping          []string
	within           float64
}

// ledgerLeads returns the command that takes leads from outside into the ledger.
func (p *program) ledgerLeads(o *ledgerOptions) *cobra.Command {
	var l leadOptions
	cmd := &cobra.Command{
		Use:   "leads FILE",
		Short: "Take leads from outside (信访, 督察, 警示片) into the ledger",
		Long: `leads reads leads: a table, CSV in UTF-8 or the first sheet of a workbook, or a layer of points or polygons
in any format and CRS that a run reads, as FILE or FILE|layername=NAME. --map names the column of each of
number, date, text, lon, lat (degrees), county (code) and county_name; only number must be there.

Of all other columns nothing is kept, and the command says so. Columns that say who a petitioner is (姓名,
电话, 身份证 and the like) are refused, and telephone and identity numbers in the text are covered.

A lead on the ground of a case joins it, as does one within --within metres of the nearest case; any other
one becomes a case of its own, which says which case is the nearest and how far away.
` + exitHelp,
		Example: `  greenshield ledger leads 信访.csv --source 信访 --map number=编号,date=日期,text=内容,lon=经度,lat=纬度 \
    --as 李明 --level county
  greenshield ledger leads 督察.shp --source 督察 --map number=BH,text=NR --encoding GBK --as 王建国 --level city`,
		Args: oneFile("leads"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.leads(cmd, o, &l, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&l.source, "source", "", "`SOURCE` of the leads, such as 信访")
	flags.StringSliceVar(&l.mapping, "map", nil, "`COLUMNS` of the table, such as number=编号,lon=经度,lat=纬度")
	flags.Float64Var(&l.within, "within", 100, "`METRES` to the case that a lead joins")
	flags.StringVar(&l.encoding, "encoding", "", "`ENCODING` of a Shapefile's text that declares none, such as GBK")
	o.bindWriter(cmd)
	return cmd
}

// leads takes the leads of a file into the ledger.
func (p *program) leads(cmd *cobra.Command, o *ledgerOptions, l *leadOptions, path string) error {
	titles, err := l.titles()
	if err != nil {
		return err
	}
	if strings.TrimSpace(l.source) == "" {
		return redline.Faultf(redline.Usage, "the source of the leads is not said; give it by --source")
	}
	if !(l.within >= 0) {
		return redline.Faultf(redline.Usage, "--within: %g is no distance; write metres, such as 100", l.within)
	}
	j := job.Default()
	if _, err := prepare(j); err != nil {
		return err
	}
	leads, leftOut, err := p.readLeads(path, l.encoding, titles)
	if err != nil {
		return err
	}
	if len(leftOut) > 0 {
		p.warn("nothing is kept of the columns " + strings.Join(leftOut, ", "))
	}
	lattices := &lattices{}
	defer lattices.close()
	return p.writeLedger(cmd.Context(), o, true, false,
		func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
			return ledgerwork.Leads(cmd.Context(), s, l.source, leads, l.within, lattices.of, by)
		})
}

// titles returns the titles of columns by what leads have.
func (l *leadOptions) titles() (map[string]string, error) {
	titles := map[string]string{}
	for _, m := range l.mapping {
		name, title, _ := strings.Cut(m, "=")
		if !slices.Contains(ledgerwork.LeadColumns, name) {
			_, err := codesOf("map", "", []string{name}, ledgerwork.LeadColumns)
			return nil, err
		}
		titles[name] = title
	}
	return titles, nil
}

// readLeads reads a table or a layer of leads. leftOut are its columns that the mapping does not name.
func (p *program) readLeads(path, encoding string, titles map[string]string) (leads []ledgerwork.Lead, leftOut []string,
	err error,
) {
	var rows [][]string
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		rows, err = sheets.ReadTable(path)
	case ".csv", ".txt":
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF")))
			in.FieldsPerRecord = -1
			rows, err = in.ReadAll()
		}
	default:
		return p.readLeadLayer(path, encoding, titles)
	}
	if err == nil {
		leads, leftOut, err = ledgerwork.Mapped(rows, titles)
	}
	if err != nil {
		return nil, nil, redline.Faultf(redline.Vector, "%s: %w", path, err)
	}
	return leads, leftOut, nil
}
