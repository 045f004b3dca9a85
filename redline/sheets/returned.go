package sheets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// saidTitles are the columns of the list of candidates that are filled in by people.
var saidTitles = map[string]string{
	verdictTitle: findings.SaidVerdict, "核查人": findings.SaidReviewer, dateTitle: findings.SaidDate,
	"核查说明": findings.SaidNote, "问题": findings.SaidProblem, "措施": findings.SaidMeasures,
	"标准": findings.SaidStandard, "责任": findings.SaidWhoAnswer,
}

// factTitles are the columns of the list of candidates that show a field of a candidate and that nobody may change.
var factTitles = map[string]string{
	severityTitle: "severity", "级别(4最重)": "severity", "行政区": "adm_name", "行政区代码": "adm_code",
	"管控区名称": "zone_name", "管控区类型": "zone_type", "管控图层": "layer", "管控区编号": "zone_id",
	"变化类型": "change_zh", "前期地类": "from_name", "后期地类": "to_name", "图斑面积(公顷)": "area_ha",
	"前期年份": "year_a", "后期年份": "year_b", "斑块像元数": "cells", "经度": "lon", "纬度": "lat",
	"问题编号": "case_id", "与台账的关系": "relation", "台账结论": "case_verd", "台账依据": "case_why", "待确认事项": "confirm",
}

const idTitle = "图斑编号"

// ReadReturned reads the candidates of a candidates.xlsx that came back from a bureau, sheet by sheet. Excel, WPS or
// LibreOffice may have written it: rows may be sorted, deleted or hidden, columns moved, sheets added or renamed. A
// sheet is read when one of its first ten rows has a column 图斑编号; empty rows are passed over. An error says what is
// wrong with the file.
func ReadReturned(ctx context.Context, path string) (rows []findings.Returned, err error) {
	book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("%s: no workbook that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	props, err := book.GetWorkbookProps()
	if err != nil {
		return nil, fmt.Errorf("%s: no workbook that can be read: %w", path, err)
	}
	since1904 := props.Date1904 != nil && *props.Date1904
	lists := 0
	for _, sheet := range book.GetSheetList() {
		found, err := readSheet(ctx, book, sheet, since1904)
		if err != nil {
			return nil, fmt.Errorf("%s: sheet %s: %w", path, sheet, err)
		}
		if found != nil {
			lists++
			rows = append(rows, *found...)
		}
	}
	if lists == 0 {
		return nil, fmt.Errorf("%s: no sheet of it has a column %s", path, idTitle)
	}
	return rows, nil
}

// readSheet reads the rows of one sheet, nil when it is no list of candidates.
func readSheet(ctx context.Context, book *excelize.File, sheet string, since1904 bool) (*[]findings.Returned, error) {
	const headers = 10 // rows in which the header may stand
	all, err := book.Rows(sheet)
	if err != nil {
		return nil, err
	}
	defer all.Close()
	var header []string
	found := []findings.Returned{}
	labels := labels(findings.AllColumns.Fields())
	for n := 1; all.Next() && (header != nil || n <= headers); n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		cells, err := all.Columns()
		if err != nil {
			return nil, err
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case header == nil && slices.Contains(cells, idTitle):
			header = cells
		case header != nil && slices.ContainsFunc(cells, func(s string) bool { return s != "" }):
			found = append(found, readRow(header, cells, labels, since1904))
			found[len(found)-1].Place = fmt.Sprintf("%s, row %d", sheet, n)
		}
	}
	if err := all.Error(); err != nil || header == nil {
		return nil, err
	}
	return &found, nil
}

// readRow reads the cells of a row below those titles.
func readRow(header, cells []string, labels map[string]map[string]string, since1904 bool) findings.Returned {
	r := findings.Returned{Said: map[string]string{}}
	for i, title := range header {
		text := ""
		if i < len(cells) {
			text = cells[i]
		}
		if title == idTitle {
			r.ID = text
		} else if said, ok := saidTitles[title]; ok {
			switch said {
			case findings.SaidDate:
				text = findings.PlainDate(findings.SpreadsheetDate(text, since1904))
			case findings.SaidVerdict:
				if text = codeOf(labels["verdict"], text); text == "" {
					text = redline.Unreviewed.String()
				}
			}
			r.Said[said] = text
		} else if fact, ok := factTitles[title]; ok {
			r.Facts = append(r.Facts, findings.Fact{Column: title, Field: fact, Value: factOf(fact, text, labels)})
		}
	}
	return r
}

// factOf returns the code of a fact that the list shows as a label, and other facts as they are.
func factOf(field, text string, labels map[string]map[string]string) string {
	if field != "severity" {
		return codeOf(labels[field], text)
	}
	for _, s := range redline.Severities() {
		if s.Chinese() == text {
			return strconv.Itoa(int(s))
		}
	}
	return text
}

// codeOf returns the code of a label, and other texts as they are.
func codeOf(labels map[string]string, text string) string {
	for code, label := range labels {
		if label == text {
			return code
		}
	}
	return text
}

// ReadTable returns the rows of the first sheet of a workbook as texts, numbers and dates as the workbook stores them.
func ReadTable(path string) (rows [][]string, err error) {
	book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("%s: no workbook that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	rows, err = book.GetRows(book.GetSheetName(0))
	if err != nil {
		return nil, fmt.Errorf("%s: no workbook that can be read: %w", path, err)
	}
	return rows, nil
}
