package sheets

import "io"

// Table is one sheet of a workbook of tables.
type Table struct {
	Name    string // of the sheet
	Note    string // stands above the header
	Columns []TableColumn
	Rows    [][]any // string, int64, float64 or nil, parallel to Columns
	Totals  int     // how many of the last rows are totals
	Frozen  int     // how many of the first columns stay in view
	Printed int     // how many of the first columns are printed; 0 for all
	Plain   bool    // it is no list: it has no filter
}

// TableColumn is a column of a Table. Numbers that are no whole ones are shown with two decimals.
type TableColumn struct {
	Title   string
	Width   float64 // in characters
	Decimal bool
	Whole   bool
}

// WriteTables writes a workbook of tables. The footer stands at the foot of each printed page. The same tables give the
// same bytes; every text is stored as text. A table without rows has its header alone.
func WriteTables(w io.Writer, title, footer string, tables []Table) error {
	book, err := newWorkbook(title, footer)
	if err != nil {
		return err
	}
	for _, t := range tables {
		var columns []column
		for _, c := range t.Columns {
			shown := column{c.Title, c.Width, formatWrapped}
			switch {
			case c.Decimal:
				shown.format = formatNumber
			case c.Whole:
				shown.format = formatInteger
			}
			columns = append(columns, shown)
		}
		s := book.sheet(t.Name, columns)
		s.note, s.frozen, s.unfiltered, s.line = t.Note, t.Frozen, t.Plain, textHeight
		if t.Printed > 0 {
			s.printed = t.Printed
		}
		for i, row := range t.Rows {
			put := s.row
			if i >= len(t.Rows)-t.Totals {
				put = s.total
			}
			if err := put(row...); err != nil {
				return err
			}
		}
		if err := s.close(); err != nil {
			return err
		}
	}
	return book.write(w)
}
