package sheets

import (
	"fmt"
	"math"
	"unicode/utf8"

	"greenshield/redline/findings"

	"github.com/xuri/excelize/v2"
)

// The limits of the format (ECMA-376; Microsoft, Excel specifications and limits).
const (
	maxRows = 1 << 20
	maxText = 32767 // UTF-16 units in a cell
)

// sheet is a table in a workbook. More rows than a sheet of the format may have go to further
// parts, which are sheets of the same name with a number.
type sheet struct {
	*workbook
	name    string
	columns []column
	// finish adds what a part needs when all its rows are written. rows counts the header.
	finish func(name string, rows int) error

	stream *excelize.StreamWriter // writes the present part, nil before the first one
	part   int                    // number of the present part, from 1
	rows   int                    // rows of the present part that are written, with the header
	cells  []any                  // of one row; used again for each
}

// sheet returns a sheet without rows. Each part of it will have a header that stays in view,
// and a filter.
func (b *workbook) sheet(name string, columns []column) *sheet {
	return &sheet{workbook: b, name: name, columns: columns, cells: make([]any, len(columns))}
}

// partName returns the name of the present part.
func (s *sheet) partName() string {
	if s.part == 1 {
		return s.name
	}
	return fmt.Sprintf("%s(%d)", s.name, s.part)
}

// begin begins the next part with its header.
func (s *sheet) begin() (err error) {
	s.part++
	s.rows = 0
	// A new workbook has one sheet, which becomes the first part. To delete that sheet, or to make another one the
	// active one, would have excelize read back all rows.
	if first := s.file.GetSheetName(0); !s.begun {
		s.begun = true
		err = s.file.SetSheetName(first, s.partName())
	} else {
		_, err = s.file.NewSheet(s.partName())
	}
	if err != nil {
		return err
	}
	// How large the sheet will be is not known yet, and excelize would say that it is one cell; readers find out.
	if err := s.file.SetSheetDimension(s.partName(), ""); err != nil {
		return err
	}
	if s.stream, err = s.file.NewStreamWriter(s.partName()); err != nil {
		return err
	}
	for i, c := range s.columns {
		if err := s.stream.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
	}
	belowHeader := &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}
	if err := s.stream.SetPanes(belowHeader); err != nil {
		return err
	}
	for i, c := range s.columns {
		s.cells[i] = excelize.Cell{StyleID: s.head, Value: c.title}
	}
	s.rows = 1
	return s.stream.SetRow("A1", s.cells, excelize.RowOpts{Height: 32})
}

// row writes a row of values: string, int64, float64 or nil. NaN and nil make empty cells.
func (s *sheet) row(values ...any) error {
	if s.stream == nil || s.rows == maxRows {
		if err := s.end(); err != nil {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	for i, v := range values {
		switch x := v.(type) {
		case string:
			v = excelize.Cell{StyleID: s.styles[s.columns[i].format], Value: cellText(x)}
		case float64:
			if v = nil; !math.IsNaN(x) {
				v = excelize.Cell{StyleID: s.styles[s.columns[i].format], Value: x}
			}
		case int64:
			v = excelize.Cell{StyleID: s.styles[s.columns[i].format], Value: x}
		}
		s.cells[i] = v
	}
	s.rows++
	return s.stream.SetRow(fmt.Sprint("A", s.rows), s.cells[:len(values)])
}

// end completes the present part, if there is one.
func (s *sheet) end() error {
	if s.stream == nil {
		return nil
	}
	last, err := excelize.CoordinatesToCellName(len(s.columns), s.rows)
	if err != nil {
		return err
	}
	if err := s.file.AutoFilter(s.partName(), "A1:"+last, nil); err != nil {
		return err
	}
	if s.finish != nil {
		if err := s.finish(s.partName(), s.rows); err != nil {
			return err
		}
	}
	return s.stream.Flush()
}

// close completes the sheet. It has a header also when it has no rows.
func (s *sheet) close() error {
	if s.stream == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	return s.end()
}

// cellText returns s as a cell can hold it: what [findings.Visible] makes of it, cut when it is
// longer than a cell may be. A text that is cut ends with a note.
func cellText(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain && len(s) <= maxText {
		return s
	}
	s = findings.Visible(s)
	const end = "…（已截断）"
	units := 0
	for i, r := range s {
		if units++; r > 0xFFFF {
			units++
		}
		if units > maxText-len(end) {
			return s[:i] + end
		}
	}
	return s
}
