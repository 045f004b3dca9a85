// Package sheets writes the tables that officials and reviewers open in a spreadsheet: the list of candidates (问题清单) and the survey.
// README.md beside this file explains every file, sheet and column.
package sheets

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"greenshield/redline/report"
)

// Limits of the format (ECMA-376; Microsoft, Excel specifications and limits).
const (
	maxRows = 1 << 20
	maxText = 32767 // UTF-16 units of a cell
)

// workbook is a file of sheets whose rows are written one after the other. The same rows give the same bytes.
type workbook struct {
	file   *excelize.File
	styles map[format]int
	head   int
	begun  bool // it has a sheet
}

// format is how the cells of a column are shown.
type format string

const (
	formatText    format = "@" // also keeps a text from being read as a formula when it is edited
	formatInteger format = "0"
	formatHa      format = "#,##0.0000"
	formatNumber  format = "0.00"
	formatDegrees format = "0.0000000"
)

// column is one column of a sheet.
type column struct {
	title  string
	width  float64 // in characters
	format format
}

func newWorkbook(title string) (*workbook, error) {
	b := &workbook{file: excelize.NewFile(), styles: map[format]int{}}
	b.file.ZipWriter = func(w io.Writer) excelize.ZipWriter { return &sortedZip{out: w} }
	const never = "2000-01-01T00:00:00Z" // a time of writing would make other bytes of each run
	err := b.file.SetDocProps(&excelize.DocProperties{Title: title, Creator: "greenshield", LastModifiedBy: "greenshield", Created: never, Modified: never})
	if err != nil {
		return nil, err
	}
	for _, f := range []format{formatText, formatInteger, formatHa, formatNumber, formatDegrees} {
		pattern := string(f)
		if b.styles[f], err = b.file.NewStyle(&excelize.Style{CustomNumFmt: &pattern, Alignment: &excelize.Alignment{Vertical: "top"}}); err != nil {
			return nil, err
		}
	}
	b.head, err = b.file.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE8DD"}},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
	})
	return b, err
}

// sheet is one sheet; its rows go to further ones, of the same name and a number, when there are too many.
type sheet struct {
	*workbook
	name    string
	columns []column
	finish  func(name string, rows int) error // what to add when all rows, with the header, are written

	stream *excelize.StreamWriter
	part   int
	rows   int
	cells  []any
}

// sheet begins a sheet with a header that stays in view, and a filter.
func (b *workbook) sheet(name string, columns []column) *sheet {
	return &sheet{workbook: b, name: name, columns: columns, cells: make([]any, len(columns))}
}

func (s *sheet) partName() string {
	if s.part == 1 {
		return s.name
	}
	return fmt.Sprintf("%s(%d)", s.name, s.part)
}

func (s *sheet) begin() (err error) {
	s.part++
	s.rows = 0
	// A new file has one sheet, which becomes the first one: to delete it or to choose another would have all rows read back.
	if first := s.file.GetSheetName(0); !s.begun {
		s.begun = true
		err = s.file.SetSheetName(first, s.partName())
	} else {
		_, err = s.file.NewSheet(s.partName())
	}
	if err != nil {
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
	if err := s.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, c := range s.columns {
		s.cells[i] = excelize.Cell{StyleID: s.head, Value: c.title}
	}
	s.rows = 1
	return s.stream.SetRow("A1", s.cells, excelize.RowOpts{Height: 32})
}

// row writes one row: texts, integers, and numbers, of which NaN makes an empty cell; nil is an empty cell as well.
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

// end completes the sheet, or its present part.
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

// close completes a sheet, which has a header also when it has no rows.
func (s *sheet) close() error {
	if s.stream == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	return s.end()
}

// write writes the file.
func (b *workbook) write(w io.Writer) error {
	if err := b.file.Write(w); err != nil {
		return err
	}
	return b.file.Close()
}

// cellText is s as a cell can hold it: [report.Visible], and what is longer than a cell is cut, and says so.
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
	s = report.Visible(s)
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

// sortedZip is a zip file whose entries stand in the order of their names, whatever the order they are made in, and have no time.
type sortedZip struct {
	out     io.Writer
	entries []*zipEntry
}

type zipEntry struct {
	header zip.FileHeader
	data   bytes.Buffer
	crc    hash.Hash32
	flate  *flate.Writer
}

// Create begins an entry; it is complete when the next one begins.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	e := &zipEntry{header: zip.FileHeader{Name: name, Method: zip.Deflate}, crc: crc32.NewIEEE()}
	var err error
	e.flate, err = flate.NewWriter(&e.data, flate.BestSpeed)
	z.entries = append(z.entries, e)
	return e, err
}

func (e *zipEntry) Write(p []byte) (int, error) {
	e.header.UncompressedSize64 += uint64(len(p))
	e.crc.Write(p)
	return e.flate.Write(p)
}

// AddFS is a method of the interface that nobody calls.
func (z *sortedZip) AddFS(fs.FS) error { return fmt.Errorf("internal: a workbook is made of entries") }

// Close writes the file.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.entries, func(a, b *zipEntry) int { return strings.Compare(a.header.Name, b.header.Name) })
	w := zip.NewWriter(z.out)
	for _, e := range z.entries {
		if err := e.flate.Close(); err != nil {
			return err
		}
		e.header.CRC32, e.header.CompressedSize64 = e.crc.Sum32(), uint64(e.data.Len())
		out, err := w.CreateRaw(&e.header)
		if err != nil {
			return err
		}
		if _, err := e.data.WriteTo(out); err != nil {
			return err
		}
	}
	return w.Close()
}
