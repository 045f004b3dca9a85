package sheets

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// disclaimer stands on every sheet and every printed page of the list of candidates.
const disclaimer = "候选线索（自动变化检测图斑），非违法认定；须经人工核查后方可作为依据。"

// maxLinks is how many rows of the list have a link: excelize holds all links of a sheet in memory, and the format
// allows 65,530 of them.
const maxLinks = 2000

// CandidatesXLSX is the report that writes candidates.xlsx: what the file is, totals by county and severity, and the
// list of candidates (问题清单) in the order of [findings.Rank]. The list has one row for each, with a choice of verdicts
// and empty columns for what the bureau decides.
func CandidatesXLSX(ctx context.Context, f findings.Folder, found *findings.Findings) error {
	book, err := newWorkbook("问题清单（候选线索，非违法认定）", "候选线索，非违法认定")
	if err != nil {
		return err
	}
	totals, order, err := rank(ctx, found)
	if err != nil {
		return err
	}
	list := list(found.Fields())
	if err := book.explain(list, found); err != nil {
		return err
	}
	if err := totals.write(book); err != nil {
		return err
	}
	if err := totals.writeDates(book, found); err != nil {
		return err
	}
	if err := totals.writePriority(book, found); err != nil {
		return err
	}
	if err := book.writeList(list, verdictsOf(found.Fields()), found.Candidates.Pick(ctx, order)); err != nil {
		return err
	}
	return f.Write("candidates.xlsx", book.write)
}

// rank counts the kept candidates, and returns their positions in the order of the list.
func rank(ctx context.Context, found *findings.Findings) (*totals, iter.Seq[uint32], error) {
	t := newTotals(found)
	ranks := make([]findings.Rank, 0, found.Summary.Candidates)
	for c, err := range found.Candidates.All(ctx, false) {
		if err != nil {
			return nil, nil, err
		}
		t.add(c)
		ranks = append(ranks, findings.RankOf(c, len(ranks)))
	}
	slices.SortFunc(ranks, findings.Rank.Compare)
	return t, func(yield func(uint32) bool) {
		for _, r := range ranks {
			if !yield(r.Position) {
				return
			}
		}
	}, nil
}

// writeList writes the list of candidates in the order that they come in. offered are the verdicts to choose from.
func (b *workbook) writeList(
	list []listed, offered []findings.Value, candidates iter.Seq2[*redline.Candidate, error],
) error {
	columns := []column{{"序号", 6, formatInteger}}
	for _, l := range list {
		columns = append(columns, l.column)
	}
	s := b.sheet("问题清单", columns)
	s.note, s.frozen, s.printed = disclaimer, 2, printedOf(list)
	s.finish = func(name string, header, rows int) error { return b.finishList(name, columns, header, rows, offered) }
	at, err := columnName(columns, pointTitle)
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	n := int64(0)
	for c, err := range candidates {
		if err != nil {
			return err
		}
		n++
		values[0] = n
		linked := n <= maxLinks
		for i, l := range list {
			if values[i+1] = l.value(c); l.title == pointTitle && linked {
				values[i+1] = link(point(c))
			}
		}
		if err := s.row(values...); err != nil {
			return err
		}
		if linked {
			if err := b.file.SetCellHyperLink(s.partName(), at+itoa(s.rows), geoURI(c), "External"); err != nil {
				return err
			}
		}
	}
	return s.close()
}

// verdictsOf returns the verdicts that the fields offer.
func verdictsOf(fields []findings.Field) []findings.Value {
	return fields[slices.IndexFunc(fields, func(f findings.Field) bool { return f.Name == "verdict" })].Values()
}

// columnName returns the letters of the column of that title.
func columnName(columns []column, title string) (string, error) {
	return excelize.ColumnNumberToName(1 + slices.IndexFunc(columns, func(c column) bool { return c.title == title }))
}

// finishList makes the cells of the list, below the header, take only verdicts and dates where these belong, and
// colours the severities. rows is the last row.
func (b *workbook) finishList(sheet string, columns []column, header, rows int, offered []findings.Value) error {
	if rows == header {
		return nil
	}
	below := func(title string) (string, error) {
		name, err := columnName(columns, title)
		return fmt.Sprintf("%s%d:%s%d", name, header+1, name, rows), err
	}
	verdicts, err := below(verdictTitle)
	if err != nil {
		return err
	}
	dates, err := below(dateTitle)
	if err != nil {
		return err
	}
	severities, err := below(severityTitle)
	if err != nil {
		return err
	}
	return cmp.Or(b.offerVerdicts(sheet, verdicts, offered), b.askForDates(sheet, dates), b.colour(sheet, severities))
}

// offerVerdicts makes cells offer those verdicts and take no other text.
func (b *workbook) offerVerdicts(sheet, cells string, offered []findings.Value) error {
	var choices []string
	for _, v := range offered {
		choices = append(choices, v.Label)
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(cells)
	if err := v.SetDropList(choices); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, verdictTitle, "请从列表中选择")
	return b.file.AddDataValidation(sheet, v)
}

// askForDates makes cells take nothing but dates.
func (b *workbook) askForDates(sheet, cells string) error {
	const first, last = 36526, 73050 // 2000-01-01 and 2099-12-31 in days of spreadsheets
	v := excelize.NewDataValidation(true)
	v.SetSqref(cells)
	err := v.SetRange(first, last, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)
	if err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, dateTitle, "请填写日期，例如 2026-03-05")
	return b.file.AddDataValidation(sheet, v)
}

// colour gives cells the colour of the severity that stands in them.
func (b *workbook) colour(sheet, cells string) error {
	var rules []excelize.ConditionalFormatOptions
	for _, s := range findings.Severities() {
		style, err := b.file.NewConditionalStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1,
			Color: []string{fmt.Sprintf("%02X%02X%02X", s.Color.R, s.Color.G, s.Color.B)}}})
		if err != nil {
			return err
		}
		rules = append(rules, excelize.ConditionalFormatOptions{
			Type: "cell", Criteria: "==", Value: `"` + s.Chinese() + `"`, Format: &style,
		})
	}
	return b.file.SetConditionalFormat(sheet, cells, rules)
}
