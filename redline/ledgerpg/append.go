package ledgerpg

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// One statement adds at most so many rows, and stops adding where their texts have so many bytes.
const (
	chunkRows  = 2000
	chunkBytes = 16 << 20
)

// Append implements [ledger.Store].
func (s *Store) Append(ctx context.Context, b ledger.Batch) error {
	return s.AppendAll(ctx, func(yield func(ledger.Batch, error) bool) { yield(b, nil) })
}

// AppendAll implements [ledger.Store].
func (s *Store) AppendAll(ctx context.Context, parts iter.Seq2[ledger.Batch, error]) error {
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return faultOf(err)
	}
	var last ledger.Batch
	for b, err := range parts {
		if err != nil {
			_ = tx.Rollback(context.WithoutCancel(ctx))
			return err
		}
		if err := s.add(ctx, tx, &b); err != nil {
			_ = tx.Rollback(context.WithoutCancel(ctx))
			return conflict(err)
		}
		last = b
	}
	if err := tx.Commit(ctx); err != nil {
		return s.settle(ctx, &last, err)
	}
	return nil
}

// settle finds out what became of a commit that nobody answered. It waits for the server to end it, which holds the row
// of the head until then.
func (s *Store) settle(ctx context.Context, b *ledger.Batch, lost error) error {
	var server *pgconn.PgError
	if errors.As(lost, &server) && server.Severity == "ERROR" {
		return conflict(lost) // the server said no
	}
	ctx = context.WithoutCancel(ctx)
	there := false
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT FROM ledger.head FOR UPDATE"); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM ledger.events WHERE seq = $1 AND hash = $2)",
			b.Next.Seq, b.Next.Hash).Scan(&there)
	})
	switch {
	case err != nil:
		return redline.Faultf(redline.Output, "the connection to PostgreSQL was lost while event %d was being saved (%w); "+
			"look whether it is there before you repeat", b.Next.Seq, lost)
	case there:
		return nil
	}
	return faultOf(lost)
}

// conflict returns [ledger.ErrConflict] where something of a batch is there already.
func conflict(err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "23505" {
		return ledger.ErrConflict
	}
	if errors.Is(err, ledger.ErrConflict) {
		return err
	}
	return faultOf(err)
}

// add writes a batch within a transaction.
func (s *Store) add(ctx context.Context, tx pgx.Tx, b *ledger.Batch) error {
	w := inserter{ctx: ctx, tx: tx, step: s.step}
	w.run("SELECT set_config('ledger.appending', 'on', true)") // opens the tables
	var head ledger.Head
	if w.err == nil {
		w.err = tx.QueryRow(ctx, "SELECT seq, hash, last_no FROM ledger.head FOR UPDATE").Scan(
			&head.Seq, &head.Hash, &head.LastNo)
	}
	if w.err == nil && head != b.Base {
		return ledger.ErrConflict
	}
	insert(&w, "events", rows.Events(), "", b.Events, rows.OfEvent)
	insert(&w, "detections", rows.Detections(), "", b.Detections, rows.OfDetection)
	columns := append(rows.Cases(), rows.Column{Name: "lon", Type: rows.Real}, rows.Column{Name: "lat", Type: rows.Real})
	insert(&w, "cases", columns, "id", b.Cases, func(c *ledger.Case) []any {
		if p, ok := rows.Place(c); ok {
			return append(rows.OfCase(c), p[0], p[1])
		}
		return append(rows.OfCase(c), nil, nil)
	})
	w.run("UPDATE ledger.head SET seq = $1, hash = $2, last_no = $3", b.Next.Seq, b.Next.Hash, b.Next.LastNo)
	if w.err == nil && w.step != nil {
		w.err = w.step("commit")
	}
	return w.err
}

// inserter runs statements until the first error, which it keeps.
type inserter struct {
	ctx  context.Context
	tx   pgx.Tx
	step func(what string) error
	err  error
}

func (w *inserter) run(sql string, args ...any) {
	if w.err == nil && w.step != nil {
		w.err = w.step(sql)
	}
	if w.err == nil {
		_, w.err = w.tx.Exec(w.ctx, sql, args...)
	}
}

// insert adds things to a table, many by one statement. Where key is a column, rows of the same key are replaced.
func insert[T any](w *inserter, table string, columns []rows.Column, key string, things []T, of func(*T) []any) {
	sql := statement(table, columns, key)
	for len(things) > 0 && w.err == nil {
		all, n, bytes := newColumns(columns), 0, 0
		for ; n < min(chunkRows, len(things)) && bytes < chunkBytes; n++ {
			bytes += all.add(of(&things[n]))
		}
		w.run(sql, all.args...)
		things = things[n:]
	}
}

// statement returns what adds rows that are given column by column. Columns lon and lat of cases become the geometry.
func statement(table string, columns []rows.Column, key string) string {
	var names, given, values, set []string
	for i, c := range columns {
		kind := [...]string{rows.Text: "text", rows.JSON: "text", rows.Integer: "bigint", rows.Real: "float8",
			rows.Bytes: "bytea"}[c.Type]
		given = append(given, fmt.Sprintf("$%d::%s[]", i+1, kind))
		if table == "cases" && c.Type == rows.Real && (c.Name == "lon" || c.Name == "lat") {
			continue
		}
		names = append(names, c.Name)
		value := "r." + c.Name
		if c.Type == rows.JSON {
			value += "::json"
		}
		values = append(values, value)
	}
	all := make([]string, len(columns))
	for i, c := range columns {
		all[i] = c.Name
	}
	if table == "cases" {
		names, values = append(names, "geom"), append(values, "ST_SetSRID(ST_MakePoint(r.lon, r.lat), 4490)")
	}
	sql := fmt.Sprintf("INSERT INTO ledger.%s (%s) SELECT %s FROM unnest(%s) AS r(%s)", table, strings.Join(names, ", "),
		strings.Join(values, ", "), strings.Join(given, ", "), strings.Join(all, ", "))
	if key == "" {
		return sql
	}
	for _, name := range names {
		set = append(set, name+" = excluded."+name)
	}
	return sql + " ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// columnwise are rows column by column, as arrays.
type columnwise struct{ args []any }

func newColumns(columns []rows.Column) columnwise {
	var c columnwise
	for _, column := range columns {
		c.args = append(c.args, map[rows.Type]any{rows.Text: []string{}, rows.JSON: []string{}, rows.Integer: []int64{},
			rows.Real: []*float64{}, rows.Bytes: [][]byte{}}[column.Type])
	}
	return c
}

// add adds a row, and returns how many bytes its texts have.
func (c *columnwise) add(row []any) (bytes int) {
	for i, v := range row {
		switch all := c.args[i].(type) {
		case []string:
			c.args[i] = append(all, v.(string))
			bytes += len(v.(string))
		case []int64:
			c.args[i] = append(all, v.(int64))
		case [][]byte:
			c.args[i] = append(all, v.([]byte))
			bytes += len(v.([]byte))
		case []*float64:
			var p *float64
			if x, ok := v.(float64); ok {
				p = &x
			}
			c.args[i] = append(all, p)
		}
	}
	return bytes
}
