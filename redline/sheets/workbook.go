package sheets

import (
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// workbook is a file of sheets whose rows are written one after the other. The same rows give
// the same bytes.
type workbook struct {
	file   *excelize.File
	footer string              // stands at the left of the foot of each printed page
	styles [numStyles]int      // their numbers in the file
	sheets int                 // that are opened
	rows   map[string]*rowText // by the file inside the workbook of a sheet
}

// format is how the cells of a column are shown.
type format int

const (
	formatText    format = iota // keeps a text from being read as a formula when it is edited
	formatWrapped               // the same on as many lines as it needs
	formatDate
	formatYear
	formatInteger
	formatHa      // hectares to the square metre
	formatHaShort // hectares of large areas, of which nothing shows as a dash
	formatNumber
	formatShare // the same, of which nothing shows as a dash
	formatDegrees
	numFormats
)

var patterns = [numFormats]string{
	"@", "@", "yyyy-mm-dd", "0", "#,##0", "#,##0.0000", `#,##0.00;-#,##0.00;"–"`, "#,##0.00",
	`0.00;-0.00;"–"`, "0.0000000",
}

// The styles of cells: each format, each format of a total, and these.
const (
	styleTotal = int(numFormats) // added to a format
	styleHead  = 2*int(numFormats) + iota - 1
	styleTitle // of a block
	styleNote  // of a sentence above a table
	styleLink
	numStyles
)

// column is one column of a sheet.
type column struct {
	title  string
	width  float64 // in characters
	format format
}

// newWorkbook begins a workbook of that title. The footer stands at the foot of each printed page.
func newWorkbook(title, footer string) (*workbook, error) {
	b := &workbook{file: excelize.NewFile(), footer: footer, rows: map[string]*rowText{}}
	b.file.ZipWriter = func(w io.Writer) excelize.ZipWriter { return &sortedZip{out: w, rows: b.rows} }
	const never = "2000-01-01T00:00:00Z" // the real time would make other bytes of each run
	err := b.file.SetDocProps(&excelize.DocProperties{
		Title: title, Creator: "greenshield", LastModifiedBy: "greenshield", Created: never, Modified: never,
	})
	if err != nil {
		return nil, err
	}
	for i := range b.styles {
		if b.styles[i], err = b.file.NewStyle(style(i)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// style returns what cells of that style look like.
func style(i int) *excelize.Style {
	fill := func(rgb string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{rgb}}
	}
	s := &excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11},
		Alignment: &excelize.Alignment{Vertical: "top"}}
	for _, side := range []string{"left", "top", "right", "bottom"} {
		s.Border = append(s.Border, excelize.Border{Type: side, Color: "A6A6A6", Style: 1})
	}
	switch {
	case i < 2*styleTotal:
		s.CustomNumFmt = &patterns[i%styleTotal]
		s.Alignment.WrapText = format(i%styleTotal) == formatWrapped
		if format(i%styleTotal) == formatYear { // or it would touch the text to its right
			s.Alignment.Horizontal = "center"
		}
		if i >= styleTotal {
			s.Font.Bold, s.Fill = true, fill("F2F2F2")
		}
	case i == styleHead:
		s.Font.Bold, s.Fill = true, fill("DDE8DD")
		s.Alignment = &excelize.Alignment{Vertical: "center", WrapText: true}
	case i == styleTitle:
		s.Font.Bold, s.Border = true, nil
	case i == styleNote:
		s.Font.Bold, s.Font.Color, s.Border = true, "9C0006", nil
		s.Alignment.Vertical = "center"
	case i == styleLink:
		s.CustomNumFmt = &patterns[formatText]
		s.Font.Color, s.Font.Underline = "0563C1", "single"
	}
	return s
}

// open begins the sheet of that name, whose columns have those widths, and which prints on A4 across, as wide as one
// page, with page numbers.
func (b *workbook) open(name string, columns []column) (*excelize.StreamWriter, error) {
	// A new workbook has one sheet, which becomes the first one. To delete that sheet, or to make another one the
	// active one, would have excelize read back all rows.
	var err error
	if first := b.file.GetSheetName(0); b.sheets == 0 {
		err = b.file.SetSheetName(first, name)
	} else {
		_, err = b.file.NewSheet(name)
	}
	if err != nil {
		return nil, err
	}
	b.sheets++
	// How large the sheet will be is not known yet, and excelize would say that it is one cell; readers find out.
	if err := b.file.SetSheetDimension(name, ""); err != nil {
		return nil, err
	}
	if err := b.layOut(name); err != nil {
		return nil, err
	}
	stream, err := b.file.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		if err := stream.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
	}
	return stream, nil
}

// openRows returns the rows, still none, of the sheet opened last.
func (b *workbook) openRows() *rowText {
	r := new(rowText)
	b.rows[fmt.Sprintf("xl/worksheets/sheet%d.xml", b.sheets)] = r
	return r
}

// layOut sets how a sheet is printed.
func (b *workbook) layOut(name string) error {
	fit, a4, across, wide, high := true, 9, "landscape", 1, 0
	if err := b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	err := b.file.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: &a4, Orientation: &across, FitToWidth: &wide, FitToHeight: &high,
	})
	if err != nil {
		return err
	}
	side, top, edge := 0.4, 0.5, 0.25 // inches
	err = b.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{
		Left: &side, Right: &side, Top: &top, Bottom: &top, Header: &edge, Footer: &edge,
	})
	if err != nil {
		return err
	}
	return b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddFooter: "&L" + b.footer + "&C第 &P 页 共 &N 页&R&A",
	})
}

// define gives a range of a sheet one of the names by which spreadsheets know what to print.
func (b *workbook) define(name, sheet, cells string) error {
	return b.file.SetDefinedName(&excelize.DefinedName{Name: name, Scope: sheet, RefersTo: "'" + sheet + "'!" + cells})
}

// write writes the workbook, all sheets of which are closed, to w.
func (b *workbook) write(w io.Writer) error {
	if err := b.file.Write(w); err != nil {
		return err
	}
	return b.file.Close()
}
