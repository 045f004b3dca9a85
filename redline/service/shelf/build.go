package shelf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/record"
	"greenshield/redline/service/collection"
)

// row is a feature on its way into an index.
type row struct {
	id       string
	values   []any      // by field: nil, int64, float64 or string
	box      *orb.Bound // around its geometry; nil for none
	geometry []byte     // JSON; nil for a point, which its box tells
}

// build makes the index of a collection and opens it.
func (c *cabinet) build(ctx context.Context, prefix, kind string, from sources) (x *index, err error) {
	tmp := c.draftName(prefix)
	_ = os.Remove(tmp)
	defer os.Remove(tmp)
	if err := writeIndex(ctx, tmp, kind, from); err != nil {
		return nil, err
	}
	file, err := os.Open(tmp)
	if err != nil {
		return nil, err
	}
	if err = errors.Join(file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	sum, _, err := record.HashFile(ctx, tmp)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(c.folder, strings.Join([]string{prefix, format, sum}, ".")+suffix)
	if err := errors.Join(os.Rename(tmp, path), c.syncFolder()); err != nil {
		return nil, err
	}
	return c.open(path)
}

// writeIndex writes an index to a new file.
func writeIndex(ctx context.Context, path, kind string, from sources) (err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	w := &writer{db: db, kind: kind}
	for _, pragma := range []string{"page_size = 8192", "journal_mode = OFF", "synchronous = OFF", "cache_size = -32768",
		"locking_mode = EXCLUSIVE"} {
		w.run("PRAGMA " + pragma)
	}
	w.run("BEGIN")
	if w.err != nil {
		return w.err
	}
	if err := readSource(ctx, kind, from, w); err != nil {
		return err
	}
	w.finish()
	return w.err
}

// writer writes an index until the first error, which it keeps.
type writer struct {
	db    *sqlite.Conn
	kind  string
	err   error
	first *sqlite.Stmt // into features
	rest  *sqlite.Stmt
	boxes *sqlite.Stmt

	fields []field
	count  int64
	box    *orb.Bound
}

func (w *writer) run(sql string, args ...any) {
	if w.err == nil {
		w.err = sqlitex.ExecuteTransient(w.db, sql, &sqlitex.ExecOptions{Args: args})
	}
}

func (w *writer) prepare(sql string) (stmt *sqlite.Stmt) {
	if w.err == nil {
		stmt, w.err = w.db.Prepare(sql)
	}
	return stmt
}

// begin makes the tables for features of these fields.
func (w *writer) begin(fields []field) error {
	w.fields = fields
	first := []string{"no INTEGER PRIMARY KEY", "id TEXT NOT NULL", "minx REAL", "miny REAL", "maxx REAL", "maxy REAL"}
	rest := []string{"no INTEGER PRIMARY KEY", "geometry TEXT"}
	for i, f := range fields {
		if f.Asked {
			first = append(first, column(i))
		} else {
			rest = append(rest, column(i))
		}
	}
	w.run("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
	w.run("CREATE TABLE features (" + strings.Join(first, ", ") + ")")
	w.run("CREATE TABLE rest (" + strings.Join(rest, ", ") + ")")
	w.run("CREATE VIRTUAL TABLE boxes USING rtree(no, minx, maxx, miny, maxy)")
	marks := func(n int) string { return "?" + strings.Repeat(",?", n-1) }
	w.first = w.prepare("INSERT INTO features VALUES (" + marks(len(first)) + ")")
	w.rest = w.prepare("INSERT INTO rest VALUES (" + marks(len(rest)) + ")")
	w.boxes = w.prepare("INSERT INTO boxes VALUES (?,?,?,?,?)")
	return w.err
}

// column is the name of the column of a field: names of properties never are part of a statement.
func column(field int) string { return "p" + strconv.Itoa(field) }

// add writes a feature.
func (w *writer) add(r *row) error {
	if len(r.values) != len(w.fields) {
		return fmt.Errorf("feature %d has %d properties, not %d", w.count+1, len(r.values), len(w.fields))
	}
	w.count++
	first := []any{w.count, r.id, nil, nil, nil, nil}
	rest := []any{w.count, nil}
	if b := r.box; b != nil {
		first = []any{w.count, r.id, b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
		if w.box == nil {
			w.box = &orb.Bound{Min: b.Min, Max: b.Max}
		}
		*w.box = w.box.Union(*b)
		w.step(w.boxes, []any{w.count, b.Min[0], b.Max[0], b.Min[1], b.Max[1]})
	}
	if r.geometry != nil {
		rest[1] = string(r.geometry)
	}
	for i, v := range r.values {
		if w.fields[i].Asked {
			first = append(first, v)
		} else {
			rest = append(rest, v)
		}
	}
	w.step(w.first, first)
	w.step(w.rest, rest)
	return w.err
}

// step runs a statement with values.
func (w *writer) step(stmt *sqlite.Stmt, values []any) {
	if w.err != nil {
		return
	}
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			stmt.BindNull(i + 1)
		case int64:
			stmt.BindInt64(i+1, v)
		case float64:
			stmt.BindFloat(i+1, v)
		case string:
			stmt.BindText(i+1, v)
		}
	}
	_, err := stmt.Step()
	w.err = errors.Join(err, stmt.Reset())
}

// finish makes the other indexes and writes what the index says of itself.
func (w *writer) finish() {
	w.run("CREATE UNIQUE INDEX ids ON features (id)")
	for i, f := range w.fields {
		if f.Asked && filters[f.Name] {
			w.run("CREATE INDEX filter_" + column(i) + " ON features (" + column(i) + ")")
		}
		if f.Asked && orders[f.Name] {
			w.run("CREATE INDEX order_" + column(i) + " ON features (" + column(i) + ", id)")
		}
	}
	for name, value := range map[string]any{"fields": w.fields, "count": w.count, "box": w.box} {
		text, err := json.Marshal(value)
		w.err = errors.Join(w.err, err)
		w.run("INSERT INTO meta VALUES (?, ?)", name, string(text))
	}
	w.run("INSERT INTO meta VALUES ('format', ?)", format)
	w.run("COMMIT")
}

// readSource reads the files of a collection into an index.
func readSource(ctx context.Context, kind string, from sources, w *writer) error {
	switch kind {
	case candidates:
		return from[0].read(ctx, func(r io.Reader) error { return readCandidates(r, w) })
	case zones:
		return readZones(ctx, from[0], from[1], w)
	}
	return from[0].read(ctx, func(r io.Reader) error {
		return readTable(r, kind, w, func(*row) error { return nil })
	})
}

// fieldOf returns the field of a property of a kind of collection. One that is not known is a text.
func fieldOf(kind, name string, known map[string]collection.Field) field {
	f := field{Name: name, Type: collection.Text, Asked: asked(kind, name)}
	if k, ok := known[name]; ok {
		f.Type = k.Type
	}
	return f
}
