package page

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"sync"

	"greenshield/redline/findings"
)

//go:embed ledger.html.tmpl
var ledgerTemplate string

//go:embed ledger.css
var ledgerStyle string

// ledgerScript shows the list of all cases.
//
//go:embed ledger.js
var ledgerScript string

// Ledger is what the page of a ledger shows. Texts need not be escaped.
type Ledger struct {
	Title, Issuer, Date string // Issuer may be ""
	Summary             string
	Figures             []Figure
	Funnel, States      []Step
	Sections            []LedgerSection
	List                LedgerList
	Foot                []string
}

// Figure is one of the large numbers at the head.
type Figure struct{ Name, Value, Unit, Note string }

// Step is a bar: how many of the first one come so far.
type Step struct {
	Name  string
	Count int64
	Share float64 // 0 to 1
}

// LedgerSection is a part of the page with a table.
type LedgerSection struct {
	ID, Title string
	Warning   string // "" for none
	Notes     []string
	Head      []LedgerColumn
	Rows      []LedgerRow
	Empty     string // stands there when there are no rows
}

// LedgerColumn is a column of a table: of numbers, or of texts.
type LedgerColumn struct {
	Title  string
	Number bool
}

// LedgerRow is a row of a table; Class is city, current or "".
type LedgerRow struct {
	Class string
	Cells []LedgerCell
}

// LedgerCell is a cell of a table.
type LedgerCell struct {
	Text   string
	Number bool
}

// Class returns the classes of the cell: short texts, such as dates and numbers of cases, stay on one line.
func (c LedgerCell) Class() string {
	const short, long = 18, 36 // bytes, of which a Chinese character has three
	switch {
	case c.Number:
		return ""
	case len(c.Text) <= short:
		return "text code"
	case len(c.Text) > long:
		return "text long"
	}
	return "text"
}

// LedgerList is the list of all cases. Filters are the columns that a reader can choose a value of.
type LedgerList struct {
	Columns []string   `json:"columns"`
	Filters []int      `json:"filters"`
	Rows    [][]string `json:"rows"`
}

// ledgerPage is what the template shows.
type ledgerPage struct {
	*Ledger
	Style  template.CSS
	Script template.JS
	Policy string
	Index  template.HTML
}

var parsedLedger = sync.OnceValues(parseLedger)

func parseLedger() (*template.Template, error) {
	count := func(n int64) string { return grouped(float64(n), 0) }
	percent := func(x float64) string { return percent(100 * x) }
	return template.New("ledger").Funcs(template.FuncMap{"count": count, "percent": percent}).Parse(ledgerTemplate)
}

// WriteLedger writes the page of a ledger: in Chinese, complete in one file, the same without a network and on paper.
// The same ledger gives the same bytes.
func WriteLedger(w io.Writer, l *Ledger) error {
	t, err := parsedLedger()
	if err != nil {
		return err
	}
	shown := l.visible()
	p := ledgerPage{Ledger: shown, Style: template.CSS(style + ledgerStyle), Script: template.JS(ledgerScript),
		Policy: "default-src 'none'; style-src 'unsafe-inline'; script-src " + hashSource(ledgerScript)}
	if p.Index, err = shown.List.pack(); err != nil {
		return err
	}
	return t.Execute(w, p)
}

// visible returns the ledger with texts whose control characters show as such.
func (l *Ledger) visible() *Ledger {
	v := *l
	v.Title, v.Issuer, v.Summary = findings.Visible(l.Title), findings.Visible(l.Issuer), findings.Visible(l.Summary)
	v.Foot = nil
	for _, line := range l.Foot {
		v.Foot = append(v.Foot, findings.Visible(line))
	}
	v.Sections = nil
	for _, s := range l.Sections {
		rows := s.Rows
		s.Rows = nil
		for _, r := range rows {
			cells := r.Cells
			r.Cells = nil
			for _, c := range cells {
				r.Cells = append(r.Cells, LedgerCell{findings.Visible(c.Text), c.Number})
			}
			s.Rows = append(s.Rows, r)
		}
		v.Sections = append(v.Sections, s)
	}
	v.List.Rows = nil
	for _, r := range l.List.Rows {
		var row []string
		for _, text := range r {
			row = append(row, findings.Visible(text))
		}
		v.List.Rows = append(v.List.Rows, row)
	}
	return &v
}

// pack returns the list as JSON, compressed by gzip, in base64; "" when it has no rows.
func (l *LedgerList) pack() (template.HTML, error) {
	if len(l.Rows) == 0 {
		return "", nil
	}
	var text bytes.Buffer
	armour := base64.NewEncoder(base64.StdEncoding, &text)
	packer, err := gzip.NewWriterLevel(armour, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if err := cmp.Or(json.NewEncoder(packer).Encode(l), packer.Close(), armour.Close()); err != nil {
		return "", err
	}
	return template.HTML(text.String()), nil
}
