package sheets

import (
	"io"

	"github.com/xuri/excelize/v2"
)

// workbook is a file of sheets whose rows are written one after the other. The same rows give
// the same bytes.
type workbook struct {
	file   *excelize.File
	styles map[format]int // the number of the style that shows cells in a format
	head   int            // the number of the style of headers
	begun  bool           // the workbook has a sheet
}

// format is how the cells of a column are shown.
type format string

const (
	formatText    format = "@" // keeps a text from being read as a formula when it is edited
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

// newWorkbook begins a workbook of that title.
func newWorkbook(title string) (*workbook, error) {
	b := &workbook{file: excelize.NewFile(), styles: map[format]int{}}
	b.file.ZipWriter = func(w io.Writer) excelize.ZipWriter { return &sortedZip{out: w} }
	const never = "2000-01-01T00:00:00Z" // the real time would make other bytes of each run
	err := b.file.SetDocProps(&excelize.DocProperties{
		Title: title, Creator: "greenshield", LastModifiedBy: "greenshield", Created: never, Modified: never,
	})
	if err != nil {
		return nil, err
	}
	for _, f := range []format{formatText, formatInteger, formatHa, formatNumber, formatDegrees} {
		pattern := string(f)
		style := &excelize.Style{CustomNumFmt: &pattern, Alignment: &excelize.Alignment{Vertical: "top"}}
		if b.styles[f], err = b.file.NewStyle(style); err != nil {
			return nil, err
		}
	}
	b.head, err = b.file.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true},
		Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE8DD"}},
		Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
	})
	return b, err
}

// write writes the workbook, all sheets of which are closed, to w.
func (b *workbook) write(w io.Writer) error {
	if err := b.file.Write(w); err != nil {
		return err
	}
	return b.file.Close()
}
