package sheets

import (
	"context"
	"io"

	"greenshield/redline/files"
	"greenshield/redline/findings"
)

// utf8BOM stands at the head of CSV files. Excel reads a file without it in the encoding of the machine.
const utf8BOM = "\uFEFF"

// CandidatesCSV is the report that writes candidates.csv: the properties of
// candidates.geojson as a table.
func CandidatesCSV(ctx context.Context, f findings.Folder, found *findings.Findings) error {
	return f.Write("candidates.csv", func(w io.Writer) error {
		r, fields := files.Row(utf8BOM), found.Fields()
		for _, field := range fields {
			r.Text(field.Name)
		}
		r.End()
		for c, err := range found.Candidates.All(ctx, false) {
			if err != nil {
				return err
			}
			for _, field := range fields {
				switch {
				case field.None(c):
					r.Text("")
				case field.Integer != nil:
					r.Integer(field.Integer(c))
				case field.Decimal != nil:
					r.Fixed(field.Decimal(c), field.Decimals)
				default:
					r.Text(field.Text(c))
				}
			}
			r.End()
			if _, err := w.Write(r); err != nil {
				return err
			}
			r = r[:0]
		}
		_, err := w.Write(r)
		return err
	})
}
