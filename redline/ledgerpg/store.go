package ledgerpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// Store is a ledger in a database. Its methods may be called concurrently.
type Store struct {
	pool *pgxpool.Pool
	step func(what string) error // called before each step of an append; its error is that of the step. May be nil
}

var _ ledger.Store = (*Store)(nil)

// Open opens the ledger of a database, by a connection string or URL of PostgreSQL. What may be read and written is
// what the role of the connection may.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, faultOf(err)
	}
	return open(ctx, config)
}

func open(ctx context.Context, config *pgxpool.Config) (*Store, error) {
	config.ConnConfig.RuntimeParams["application_name"] = "greenshield"
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on" // what was appended survives a loss of power
	config.ConnConfig.RuntimeParams["search_path"] = "ledger, public"
	config.MaxConns = max(config.MaxConns, 16)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, faultOf(err)
	}
	version, err := versionOf(ctx, pool)
	if err == nil && version < len(migrations()) {
		err = redline.Faultf(redline.Usage, "the ledger in PostgreSQL is of version %d, this program needs %d; "+
			"have its owner bring it up to date by ledger init", version, len(migrations()))
	}
	if err != nil {
		pool.Close()
		return nil, faultOf(err)
	}
	return &Store{pool: pool}, nil
}

// Close implements [ledger.Store].
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// faultOf returns an error of PostgreSQL with what to do.
func faultOf(err error) error {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var parse *pgconn.ParseConfigError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &parse):
		return redline.Faultf(redline.Usage, "%w; write postgres://USER@HOST/DATABASE", err)
	case errors.As(err, &connect):
		return redline.Faultf(redline.Output, "PostgreSQL cannot be reached: %w; see whether it runs and lets you in", err)
	case errors.As(err, &server) && (server.Code == "42P01" || server.Code == "3F000"):
		return redline.Faultf(redline.Usage, "this database has no ledger; make one by ledger init")
	case errors.As(err, &server) && server.Code == "42501":
		return redline.Faultf(redline.Usage, "PostgreSQL does not allow that: %s; ask the keeper of the ledger for the role",
			server.Message)
	case errors.As(err, &server) && server.Code == "53100":
		return redline.Faultf(redline.Output, "PostgreSQL: %s: %w; make room on its disk, then repeat", server.Message,
			unix.ENOSPC)
	case errors.As(err, &server):
		return redline.WithKind(redline.Output, fmt.Errorf("PostgreSQL: %w", err))
	}
	return redline.WithKind(redline.Output, err)
}

// Head implements [ledger.Store].
func (s *Store) Head(ctx context.Context) (ledger.Head, error) { return snapshot{s.pool}.Head(ctx) }

// Events implements [ledger.Store].
func (s *Store) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	return snapshot{s.pool}.Events(ctx, f)
}

// Cases implements [ledger.Store].
func (s *Store) Cases(ctx context.Context, f ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	return snapshot{s.pool}.Cases(ctx, f)
}

// Detections implements [ledger.Store].
func (s *Store) Detections(ctx context.Context, f ledger.DetectionFilter) iter.Seq2[ledger.Detection, error] {
	return snapshot{s.pool}.Detections(ctx, f)
}

// Backup implements [ledger.Store]: the copy is an export ([ledger.Export]).
func (s *Store) Backup(ctx context.Context, path string) error {
	tmp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.tmp-%d", filepath.Base(path), os.Getpid()))
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return redline.Faultf(redline.Output, "%s: cannot be created: %w; name a folder where you may write", path,
			errors.Unwrap(err))
	}
	defer os.Remove(tmp)
	if err := errors.Join(s.export(ctx, f), f.Sync(), f.Close()); err != nil {
		return redline.WithKind(redline.Output, fmt.Errorf("%s: %w", path, err))
	}
	if err := os.Link(tmp, path); errors.Is(err, os.ErrExist) {
		return redline.Faultf(redline.Output, "%s: exists; name another file", path)
	} else if err != nil {
		return redline.Faultf(redline.Output, "%s: cannot be created: %w; name a folder where you may write", path, err)
	}
	return nil
}

// export writes the ledger as it is at one moment.
func (s *Store) export(ctx context.Context, w io.Writer) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error { return ledger.Export(ctx, snapshot{tx}, w) })
}

// snapshot reads with one connection, or with any of a pool.
type snapshot struct{ querier }

var errNoWrite = errors.New("internal: a snapshot is only read")

func (s snapshot) Append(context.Context, ledger.Batch) error { return errNoWrite }
func (s snapshot) AppendAll(context.Context, iter.Seq2[ledger.Batch, error]) error {
	return errNoWrite
}
func (s snapshot) Backup(context.Context, string) error { return errNoWrite }
func (s snapshot) Close() error                         { return nil }
func (s snapshot) Head(ctx context.Context) (h ledger.Head, err error) {
	err = s.QueryRow(ctx, "SELECT seq, hash, last_no FROM ledger.head").Scan(&h.Seq, &h.Hash, &h.LastNo)
	if errors.Is(err, pgx.ErrNoRows) {
		err = &ledger.RowError{Err: errors.New("the row of the table head is missing; restore the ledger from a backup")}
	}
	return h, faultOf(err)
}

func (s snapshot) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	var c conditions
	c.add("seq > ?", f.After)
	if f.Case != "" || f.NoCase {
		c.add("case_id = ?", f.Case)
	}
	c.oneOf("kind", texts(f.Kinds))
	if f.Latest {
		c.add("seq IN (SELECT seq FROM ledger.cases)")
	}
	sql := "SELECT " + list(rows.Events()) + " FROM ledger.events" + c.where() + " ORDER BY seq"
	if f.Limit > 0 {
		sql += " LIMIT " + strconv.Itoa(f.Limit)
	}
	return query(ctx, s.querier, sql, c.args, rows.Events(), rows.Event)
}

func (s snapshot) Detections(ctx context.Context, f ledger.DetectionFilter) iter.Seq2[ledger.Detection, error] {
	var c conditions
	c.oneOf("id", f.IDs)
	if f.Run != "" {
		c.add("run = ?", f.Run)
	}
	if f.Ground {
		c.add("id IN (SELECT unnest(string_to_array(ground, ' ')) FROM ledger.cases)")
	}
	columns, of := rows.Detections(), rows.Detection
	if f.Cells {
		columns, of = rows.Cells(), rows.DetectionCells
	}
	sql := "SELECT " + list(columns) + " FROM ledger.detections" + c.where() + " ORDER BY id"
	return query(ctx, s.querier, sql, c.args, columns, of)
}

func (s snapshot) Cases(ctx context.Context, f ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	var c conditions
	c.oneOf("id", f.IDs)
	c.oneOf("state", texts(f.States))
	c.oneOf(rows.Verdict, f.Verdicts)
	c.oneOf("relation", texts(f.Relations))
	if f.Unit != "" {
		c.add("strpos(responsible_unit, ?) > 0", f.Unit)
	}
	if f.ExtNo != "" {
		c.add("ext_no = ?", f.ExtNo)
	}
	for _, condition := range rows.Open(f) {
		c.add(condition)
	}
	if len(f.Counties) > 0 {
		c.add("EXISTS (SELECT FROM unnest(?::text[]) code WHERE starts_with(county, code))", f.Counties)
	}
	if f.Ground {
		c.add("ground <> ''")
	}
	sql := "SELECT " + list(rows.Cases()) + ", ST_X(geom), ST_Y(geom) FROM ledger.cases" + c.where() + " ORDER BY id"
	columns := append(rows.Cases(), rows.Column{Type: rows.Real}, rows.Column{Type: rows.Real})
	found := query(ctx, s.querier, sql, c.args, columns, caseOf)
	f.IDs = nil // there may be many, and the statement has looked at them
	return func(yield func(ledger.Case, error) bool) {
		for one, err := range found {
			if (err != nil || f.Match(&one)) && !yield(one, err) {
				return
			}
		}
	}
}

// caseOf returns the case of a row that ends with where it is shown.
func caseOf(row []any) (ledger.Case, error) {
	n := len(row) - 2
	c, err := rows.Case(row[:n])
	if err != nil {
		return c, err
	}
	p, ok := rows.Place(&c)
	lon, okLon := row[n].(float64)
	lat, okLat := row[n+1].(float64)
	if okLon != ok || okLat != ok || ok && p != (orb.Point{lon, lat}) {
		return c, rows.Misplaced(&c)
	}
	return c, nil
}

// query yields what a statement finds, one thing for each row.
func query[T any](ctx context.Context, q querier, sql string, args []any, columns []rows.Column,
	of func(row []any) (T, error)) iter.Seq2[T, error] {
	return rows.Decoded(found(ctx, q, sql, args, columns), func(row []any) (T, error) {
		thing, err := of(row)
		return thing, faultOf(err)
	})
}

// found yields the rows that a statement finds.
func found(ctx context.Context, q querier, sql string, args []any, columns []rows.Column) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		found, err := q.Query(ctx, sql, args...)
		if err != nil {
			yield(nil, faultOf(err))
			return
		}
		defer found.Close()
		row := newRow(columns)
		for found.Next() {
			if err := found.Scan(row.to...); err != nil {
				yield(nil, faultOf(err))
				return
			}
			if !yield(row.values(), nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(nil, faultOf(err))
		}
	}
}

// row is where the values of a row are put.
type row struct{ to []any }

func newRow(columns []rows.Column) row {
	var r row
	for _, c := range columns {
		r.to = append(r.to, map[rows.Type]any{rows.Text: new(string), rows.JSON: new(string), rows.Integer: new(int64),
			rows.Real: new(*float64), rows.Bytes: new([]byte)}[c.Type])
	}
	return r
}

// values returns the values as package rows has them.
func (r *row) values() []any {
	values := make([]any, len(r.to))
	for i, p := range r.to {
		switch p := p.(type) {
		case *string:
			values[i] = *p
		case *int64:
			values[i] = *p
		case **float64:
			if *p != nil {
				values[i] = **p
			}
		case *[]byte:
			values[i] = *p
			*p = nil // what was given away is not written over
		}
	}
	return values
}

// list returns the columns to select.
func list(columns []rows.Column) string {
	var names []string
	for _, c := range columns {
		name := c.Name
		if c.Type == rows.JSON {
			name += "::text"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// conditions are what rows must meet.
type conditions struct {
	all  []string
	args []any
}

// add takes a condition with ? for each of its arguments.
func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.all = append(c.all, condition)
}

// oneOf adds that a column has one of the values; any will do when there are none.
func (c *conditions) oneOf(column string, values []string) {
	if len(values) > 0 {
		c.add(column+" = ANY (?)", values)
	}
}

// texts returns codes as texts.
func texts[C ~string](codes []C) (all []string) {
	for _, code := range codes {
		all = append(all, string(code))
	}
	return all
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.all, " AND ")
}
