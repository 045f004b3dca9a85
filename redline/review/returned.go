package review

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"

	"greenshield/redline/findings"
)

// ReadReturned reads the candidates of a review.gpkg that came back, in the order of its rows. Reviewers may have saved
// it by QGIS in any way: columns may stand in another order, and some may be missing. The file is opened for reading
// alone. An error says what is wrong with the file.
func ReadReturned(ctx context.Context, path string) (rows []findings.Returned, err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, fmt.Errorf("%s: no GeoPackage that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	stmt, _, err := db.PrepareTransient(`SELECT * FROM "candidates" ORDER BY rowid`)
	if err != nil {
		return nil, fmt.Errorf("%s: it has no layer of candidates that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	columns := returnedColumns(stmt)
	if !slices.ContainsFunc(columns, func(c returnedColumn) bool { return c.name == "cand_id" }) {
		return nil, fmt.Errorf("%s: its layer of candidates has no field cand_id", path)
	}
	for {
		more, err := stmt.Step()
		if err != nil {
			return nil, fmt.Errorf("%s: row %d of its candidates: %w", path, len(rows)+1, err)
		}
		if !more {
			return rows, nil
		}
		rows = append(rows, returnedRow(stmt, columns, len(rows)+1))
	}
}

// returnedColumn is a column of a returned file that holds something of a candidate.
type returnedColumn struct {
	field
	name string
	at   int  // its number in the statement
	said bool // the reviewer fills it in
}

// returnedColumns returns the columns of a statement over candidates.
func returnedColumns(stmt *sqlite.Stmt) (columns []returnedColumn) {
	known := append(shownFields(findings.AllColumns.Fields()), reviewFields()...)
	for i := range stmt.ColumnCount() {
		name := stmt.ColumnName(i)
		at := slices.IndexFunc(known, func(f field) bool { return f.Name == name })
		if at >= 0 {
			columns = append(columns, returnedColumn{known[at], name, i, known[at].Editable})
		}
	}
	return columns
}

// returnedRow returns the row that a statement stands at.
func returnedRow(stmt *sqlite.Stmt, columns []returnedColumn, number int) findings.Returned {
	r := findings.Returned{Place: fmt.Sprintf("candidates, feature %d", number), Said: map[string]string{}}
	for _, c := range columns {
		value := strings.TrimSpace(columnText(stmt, c.at))
		switch {
		case c.name == "cand_id":
			r.ID = value
		case c.said && c.Date:
			r.Said[c.name] = findings.PlainDate(value)
		case c.said:
			r.Said[c.name] = codeOf(c.Values, value)
		default:
			r.Facts = append(r.Facts, findings.Fact{Column: c.name, Field: c.name, Value: value})
		}
	}
	if r.Said[findings.SaidVerdict] == "" { // what QGIS saves when a list is emptied
		r.Said[findings.SaidVerdict] = "unreviewed"
	}
	return r
}

// columnText returns a value as text: numbers with 15 digits at most.
func columnText(stmt *sqlite.Stmt, at int) string {
	if stmt.ColumnType(at) != sqlite.TypeFloat {
		return stmt.ColumnText(at)
	}
	v := stmt.ColumnFloat(at)
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', 15, 64)
}

// codeOf returns the code of a label, and other texts as they are.
func codeOf(values []findings.Value, text string) string {
	at := slices.IndexFunc(values, func(v findings.Value) bool { return v.Label == text })
	if at < 0 {
		return text
	}
	return values[at].Code
}
