package sheets

import (
	"cmp"
	"fmt"
	"math"

	"greenshield/redline/findings"

	"github.com/xuri/excelize/v2"
)

// The limits of the format (ECMA-376; Microsoft, Excel specifications and limits).
const (
	maxRows   = 1 << 20
	maxText   = 32767 // UTF-16 units in a cell
	maxBreaks = 1026  // between printed pages, in a sheet
	// In points.
	maxHeight  = 409
	lineHeight = 15
	textHeight = 16.5 // of a line of Chinese, where lines are many
)

// sheet is a table in a workbook. More rows than a sheet of the format may have go to further
// parts, which are sheets of the same name with a number.
type sheet struct {
	*workbook
	name    string
	columns []column
	note    string  // stands above the header of each part, "" for nothing
	frozen  int     // how many of the first columns stay in view
	printed int     // how many of the first columns are printed
	line    float64 // height of a line of text in points
	// unfiltered is for a table that is not a list: it has no filter.
	unfiltered bool
	// finish adds what a part needs when all its rows are written. header is the row of the header.
	finish func(name string, header, rows int) error

	stream  *excelize.StreamWriter // writes the present part, nil before the first one
	part    int                    // number of the present part, from 1
	rows    int                    // rows of the present part that are written, with note and header
	text    *rowText               // the rows of the present part
	letters []string               // of the columns
	cells   []cell                 // of one row; used again for each
}

// sheet returns a sheet without rows. Each part of it will have a header that stays in view and is printed on each
// page, and a filter.
func (b *workbook) sheet(name string, columns []column) *sheet {
	s := &sheet{workbook: b, name: name, columns: columns, printed: len(columns), line: lineHeight,
		cells: make([]cell, len(columns))}
	for i := range columns {
		letters, _ := excelize.ColumnNumberToName(i + 1) // no table has as many columns as would have no name
		s.letters = append(s.letters, letters)
	}
	return s
}

// partName returns the name of the present part.
func (s *sheet) partName() string {
	if s.part == 1 {
		return s.name
	}
	return fmt.Sprintf("%s(%d)", s.name, s.part)
}

// header returns the row of the header.
func (s *sheet) header() int {
	if s.note == "" {
		return 1
	}
	return 2
}

// begin begins the next part with its note and its header.
func (s *sheet) begin() (err error) {
	s.part++
	if s.stream, err = s.open(s.partName(), s.columns); err != nil {
		return err
	}
	corner, err := excelize.CoordinatesToCellName(s.frozen+1, s.header()+1)
	if err != nil {
		return err
	}
	panes := &excelize.Panes{Freeze: true, XSplit: s.frozen, YSplit: s.header(), TopLeftCell: corner,
		ActivePane: "bottomLeft"}
	if s.frozen > 0 {
		panes.ActivePane = "bottomRight"
	}
	if err := s.stream.SetPanes(panes); err != nil {
		return err
	}
	s.text = s.openRows()
	if s.note != "" {
		if err := s.text.row(1, 20, s.letters, []cell{{s.styles[styleNote], s.note}}); err != nil {
			return err
		}
	}
	for i, c := range s.columns {
		s.cells[i] = cell{s.styles[styleHead], c.title}
	}
	s.rows = s.header()
	return s.text.row(s.rows, 32, s.letters, s.cells)
}

// link is a text that is shown as one of a link. It stands on one line: not all programs break it.
type link string

// row writes a row of values: string, link, int64, float64 or nil. nil, and a number that is not finite, make empty
// cells.
func (s *sheet) row(values ...any) error { return s.put(0, values) }

// total writes a row of totals.
func (s *sheet) total(values ...any) error { return s.put(styleTotal, values) }

// put writes a row whose styles are those of its columns, moved by that number.
func (s *sheet) put(styles int, values []any) error {
	if s.stream == nil || s.rows == maxRows {
		if err := s.end(); err != nil {
			return err
		}
		if err := s.begin(); err != nil {
			return err
		}
	}
	lines := 1
	for i, v := range values {
		c := &s.columns[i]
		style := styles + int(c.format)
		switch x := v.(type) {
		case string:
			text := cellText(x)
			if v = text; c.format == formatWrapped {
				lines = max(lines, linesOf(text, c.width))
			}
		case link:
			style, v = styleLink, string(x)
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				v = nil
			}
		}
		s.cells[i] = cell{s.styles[style], v}
	}
	s.rows++
	height := 0.0
	if lines > 1 { // other rows grow with what is typed into them
		height = min(s.line*float64(lines), maxHeight)
	}
	return s.text.row(s.rows, height, s.letters, s.cells[:len(values)])
}

// linesOf returns how many lines a text takes in a column of that width. Not all programs find the height of a row
// themselves. A Chinese character is as wide as two others.
func linesOf(text string, width float64) int {
	used := 0.0
	for _, r := range text {
		if used++; r >= 0x1100 {
			used++
		}
	}
	return int(math.Ceil(used / (width - 1))) // a cell has margins
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
	if !s.unfiltered {
		if err := s.file.AutoFilter(s.partName(), fmt.Sprintf("A%d:%s", s.header(), last), nil); err != nil {
			return err
		}
	}
	printed, err := excelize.ColumnNumberToName(s.printed)
	if err != nil {
		return err
	}
	err = cmp.Or(
		s.define("_xlnm.Print_Area", s.partName(), fmt.Sprintf("$A$1:$%s$%d", printed, s.rows)),
		s.define("_xlnm.Print_Titles", s.partName(), fmt.Sprintf("$1:$%d", s.header())))
	if err != nil {
		return err
	}
	if s.finish != nil {
		if err := s.finish(s.partName(), s.header(), s.rows); err != nil {
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

// cellText returns s as a cell can hold it: what [findings.Visible] makes of it, cut when it is longer than a cell may
// be. A text that is cut ends with a note.
func cellText(s string) string {
	s = findings.Visible(s)
	if len(s) <= maxText { // no text has more units than bytes
		return s
	}
	const end = "…（已截断）"
	cut, units := 0, 0
	for i, r := range s {
		if units <= maxText-len(end) {
			cut = i
		}
		if units++; r > 0xFFFF {
			units++
		}
	}
	if units <= maxText {
		return s
	}
	return s[:cut] + end
}
