package ledgergpkg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/ledger"
)

// IsCopy tells whether a file is a copy for reviewers, as [WriteCopy] writes it.
func IsCopy(path string) bool {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return false
	}
	defer db.Close()
	return sqlitex.ExecuteTransient(db, "SELECT name, value FROM handed_out", nil) == nil
}

// ReadCopy reads what came back in a copy: the number and the hash of the event that the ledger ended with when the
// copy was written, and its rows, with the id of their case as candidate. The file is opened for reading alone.
func ReadCopy(ctx context.Context, path string) (seq int64, f ledger.File, err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return 0, f, fmt.Errorf("%s: no GeoPackage that can be read: %w", path, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	err = sqlitex.ExecuteTransient(db, "SELECT name, value FROM handed_out", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) (err error) {
			switch stmt.ColumnText(0) {
			case "hash":
				f.Run = stmt.ColumnText(1)
			case "seq":
				seq, err = strconv.ParseInt(stmt.ColumnText(1), 10, 64)
			}
			return err
		}})
	for _, l := range layersOfCopy {
		number := 0
		if err == nil {
			err = sqlitex.ExecuteTransient(db, `SELECT * FROM "`+l.name+`" ORDER BY rowid`, &sqlitex.ExecOptions{
				ResultFunc: func(stmt *sqlite.Stmt) error {
					number++
					f.Rows = append(f.Rows, returnedRow(stmt, fmt.Sprintf("%s, feature %d", l.name, number)))
					return nil
				}})
		}
	}
	if err == nil && (seq < 1 || f.Run == "") {
		err = errors.New("it does not say which ledger it is of")
	}
	if err != nil {
		return 0, f, fmt.Errorf("%s: no copy of a ledger that can be read: %w", path, err)
	}
	return seq, f, nil
}

// returnedRow returns the row that a statement stands at. Editors write CR LF, and NULL for no text.
func returnedRow(stmt *sqlite.Stmt, place string) ledger.Row {
	r := ledger.Row{Place: place, Values: map[string]string{}, ReadOnly: map[string]string{}}
	for i := range stmt.ColumnCount() {
		name, value := stmt.ColumnName(i), ""
		switch stmt.ColumnType(i) {
		case sqlite.TypeFloat:
			value = strconv.FormatFloat(stmt.ColumnFloat(i), 'g', 15, 64)
		case sqlite.TypeNull:
		default:
			value = stmt.ColumnText(i)
		}
		switch {
		case name == "id":
			r.Candidate = value
		case slices.Contains(Editable(), name):
			r.Values[name] = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
		case name != "fid" && name != "geom":
			r.ReadOnly[name] = value
		}
	}
	if r.Values[ledger.FieldVerdict] == "" {
		r.Values[ledger.FieldVerdict] = string(ledger.Unreviewed)
	}
	return r
}
