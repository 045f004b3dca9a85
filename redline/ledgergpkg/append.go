package ledgergpkg

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline"
	"greenshield/redline/geopackage"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// Append implements [ledger.Store].
func (s *Store) Append(ctx context.Context, b ledger.Batch) error {
	return s.AppendAll(ctx, func(yield func(ledger.Batch, error) bool) { yield(b, nil) })
}

// AppendAll implements [ledger.Store].
func (s *Store) AppendAll(ctx context.Context, parts iter.Seq2[ledger.Batch, error]) (err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.writer == nil {
		return redline.Faultf(redline.Output, "%s: is open for reading only", s.path)
	}
	s.writer.SetInterrupt(ctx.Done())
	defer s.writer.SetInterrupt(nil)
	end, err := sqlitex.ImmediateTransaction(s.writer)
	if err != nil {
		return s.fault(err)
	}
	var given error // by the parts
	for b, errPart := range parts {
		if given = errPart; given == nil {
			err = add(s.writer, &b, s.way)
		}
		if err = cmp.Or(given, err); err != nil {
			break
		}
	}
	end(&err)
	if given != nil {
		return given
	}
	if code := sqlite.ErrCode(err); code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey {
		return ledger.ErrConflict
	}
	return s.fault(err)
}

// add writes a batch within a transaction.
func add(db *sqlite.Conn, b *ledger.Batch, way way) error {
	head, err := headOf(db)
	if err != nil {
		return err
	}
	if head != b.Base {
		return ledger.ErrConflict
	}
	w := inserter{db: db, step: way.step}
	w.run("UPDATE meta SET value = '1' WHERE name = 'writing'") // opens the tables
	w.guarded(len(b.Events)+len(b.Detections)+len(b.Cases), func() {
		insert := fmt.Sprintf("INSERT INTO events VALUES (%s)", list(rows.Events(), "?"))
		w.each(insert, len(b.Events), func(i int) []any { return rows.OfEvent(&b.Events[i]) })
		w.grids(b.Events)
		insert = fmt.Sprintf("INSERT INTO detections VALUES (NULL, %s)", list(rows.Detections(), "?"))
		w.each(insert, len(b.Detections), func(i int) []any { return rows.OfDetection(&b.Detections[i]) })
		w.outline(w.cases(b.Cases), b.Detections, way.degrees)
	})
	set := "UPDATE meta SET value = ? WHERE name = ?"
	w.run(set, strconv.FormatInt(b.Next.Seq, 10), "seq")
	w.run(set, b.Next.Hash, "hash")
	w.run(set, strconv.FormatInt(b.Next.LastNo, 10), "last_no")
	if n := len(b.Events); n > 0 {
		w.run("UPDATE gpkg_contents SET last_change = ?", b.Events[n-1].Time.UTC().Format(time.DateOnly+"T15:04:05.000Z"))
	}
	w.extend()
	w.run(set, "0", "writing")
	return w.err
}

// inserter runs statements until the first error, which it keeps.
type inserter struct {
	db   *sqlite.Conn
	step func(what string) error // may be nil
	box  *orb.Bound              // around the cases that were written; nil for none
	err  error
}

func (w *inserter) run(sql string, args ...any) {
	w.each(sql, 1, func(int) []any { return args })
}

// each runs a statement n times, with the arguments that of returns.
func (w *inserter) each(sql string, n int, of func(i int) []any) {
	if w.err != nil || n == 0 {
		return
	}
	var stmt *sqlite.Stmt
	for i := 0; i < n && w.err == nil; i++ {
		if w.step != nil {
			w.err = w.step(sql)
		}
		if w.err == nil && stmt == nil {
			stmt, w.err = w.db.Prepare(sql)
		}
		if w.err == nil {
			w.err = once(stmt, of(i))
		}
	}
}

// once runs a statement that finds nothing.
func once(stmt *sqlite.Stmt, args []any) error {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			stmt.BindText(i+1, v)
		case int64:
			stmt.BindInt64(i+1, v)
		case float64:
			stmt.BindFloat(i+1, v)
		case []byte:
			stmt.BindBytes(i+1, v)
		case nil:
			stmt.BindNull(i + 1)
		default:
			panic(fmt.Sprintf("a value of type %T", v))
		}
	}
	_, err := stmt.Step()
	return cmp.Or(err, stmt.Reset())
}

// manyRows is from how many rows on a batch is written without asking the guards of each row.
const manyRows = 1000

// guarded writes rows of a batch. When there are many the guards of the tables are away meanwhile, which nobody else
// sees, for they are back before the transaction ends.
func (w *inserter) guarded(rows int, write func()) {
	if rows < manyRows {
		write()
		return
	}
	drop, create := guardsOfRows()
	w.script(drop)
	write()
	w.script(create)
}

// cases writes cases, and returns those whose ground may be another one than before. What indexes and layers are made
// of is only written where it changes.
func (w *inserter) cases(cases []ledger.Case) (moved []ledger.Case) {
	columns := rows.Cases()
	same := []int{} // positions of id and of what is not written
	var set []rows.Column
	where := "geom IS ?"
	for i, c := range columns {
		if slices.Contains([]string{"id", "state", "county", "ground"}, c.Name) {
			same, where = append(same, i), where+` AND "`+c.Name+`" = ?`
		} else {
			set = append(set, c)
		}
	}
	update := fmt.Sprintf("UPDATE cases SET %s WHERE %s", list(set, `"NAME" = ?`), where)
	insert := fmt.Sprintf("INSERT INTO cases VALUES (NULL, ?, %s) ON CONFLICT (id) DO UPDATE SET geom = excluded.geom, %s",
		list(columns, "?"), list(columns[1:], `"NAME" = excluded."NAME"`))
	args := make([]any, 0, len(columns)+1)
	for i := range cases {
		row, at := rows.OfCase(&cases[i]), geometry(&cases[i])
		args = args[:0]
		for k, v := range row {
			if !slices.Contains(same, k) {
				args = append(args, v)
			}
		}
		args = append(args, at)
		for _, k := range same {
			args = append(args, row[k])
		}
		w.run(update, args...)
		if w.err != nil || w.db.Changes() > 0 {
			continue
		}
		w.place(&cases[i])
		w.run(insert, append([]any{at}, row...)...)
		moved = append(moved, cases[i])
	}
	return moved
}

func (w *inserter) place(c *ledger.Case) {
	p, ok := rows.Place(c)
	switch {
	case !ok:
	case w.box == nil:
		w.box = &orb.Bound{Min: p, Max: p}
	default:
		*w.box = w.box.Extend(p)
	}
}

// extend has the box of the layer hold the cases that were written.
func (w *inserter) extend() {
	if w.box == nil {
		return
	}
	w.run(`UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), min_y = min(coalesce(min_y, ?2), ?2),
		max_x = max(coalesce(max_x, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4) WHERE table_name = 'cases'`,
		w.box.Min[0], w.box.Min[1], w.box.Max[0], w.box.Max[1])
}

// geometry returns where a case is shown, nil for nowhere.
func geometry(c *ledger.Case) any {
	if p, ok := rows.Place(c); ok {
		return geopackage.Point(p)
	}
	return nil
}

// Events implements [ledger.Store].
func (s *Store) Events(ctx context.Context, f ledger.EventFilter) iter.Seq2[ledger.Event, error] {
	var c conditions
	c.add("seq > ?", f.After)
	if f.Case != "" || f.NoCase {
		c.add("case_id = ?", f.Case)
	}
	c.oneOf("kind", texts(f.Kinds))
	if f.Latest {
		c.add("seq IN (SELECT seq FROM cases)")
	}
	sql := fmt.Sprintf("SELECT %s FROM events %s ORDER BY seq", list(rows.Events(), `"NAME"`), c.where())
	if f.Limit > 0 {
		sql += " LIMIT " + strconv.Itoa(f.Limit)
	}
	return query(ctx, s, sql, c.args, rows.Event)
}

// Detections implements [ledger.Store].
func (s *Store) Detections(ctx context.Context, f ledger.DetectionFilter) iter.Seq2[ledger.Detection, error] {
	var c conditions
	c.oneOf("id", f.IDs)
	if f.Run != "" {
		c.add("run = ?", f.Run)
	}
	if f.Ground {
		c.add(`id IN (SELECT ground FROM cases WHERE ground <> '' AND instr(ground, ' ') = 0 UNION ALL
			SELECT value FROM cases, json_each('[' || replace(json_quote(ground), ' ', '","') || ']')
			WHERE instr(ground, ' ') > 0)`)
	}
	columns, of := rows.Detections(), rows.Detection
	if f.Cells {
		columns, of = rows.Cells(), rows.DetectionCells
	}
	sql := fmt.Sprintf("SELECT %s FROM detections %s ORDER BY id", list(columns, `"NAME"`), c.where())
	return query(ctx, s, sql, c.args, of)
}

// Cases implements [ledger.Store].
func (s *Store) Cases(ctx context.Context, f ledger.CaseFilter) iter.Seq2[ledger.Case, error] {
	var c conditions
	c.oneOf("id", f.IDs)
	c.oneOf("state", texts(f.States))
	c.oneOf(rows.Verdict, f.Verdicts)
	c.oneOf("relation", texts(f.Relations))
	if f.Unit != "" {
		c.add("instr(responsible_unit, ?) > 0", f.Unit)
	}
	if f.ExtNo != "" {
		c.add("ext_no = ?", f.ExtNo)
	}
	for _, condition := range rows.Open(f) {
		c.add(condition)
	}
	if len(f.Counties) > 0 {
		c.add("EXISTS (SELECT 1 FROM json_each(?) WHERE substr(county, 1, length(value)) = value)", jsonOf(f.Counties))
	}
	if f.Ground {
		c.add("ground <> ''")
	}
	sql := fmt.Sprintf("SELECT geom, %s FROM cases %s ORDER BY id", list(rows.Cases(), `"NAME"`), c.where())
	found := query(ctx, s, sql, c.args, caseOf)
	f.IDs = nil // there may be many, and the statement has looked at them
	return func(yield func(ledger.Case, error) bool) {
		for one, err := range found {
			if (err != nil || f.Match(&one)) && !yield(one, err) {
				return
			}
		}
	}
}

// caseOf returns the case of a row that begins with its geometry.
func caseOf(row []any) (ledger.Case, error) {
	c, err := rows.Case(row[1:])
	if err != nil {
		return c, err
	}
	got, _ := row[0].([]byte)
	if want, _ := geometry(&c).([]byte); string(got) != string(want) {
		return c, rows.Misplaced(&c)
	}
	return c, nil
}

// conditions are what rows must meet.
type conditions struct {
	all  []string
	args []any
}

func (c *conditions) add(condition string, args ...any) {
	c.all, c.args = append(c.all, condition), append(c.args, args...)
}

// oneOf adds that a column has one of the values; any will do when there are none.
func (c *conditions) oneOf(column string, values []string) {
	if len(values) > 0 {
		c.add(column+" IN (SELECT value FROM json_each(?))", jsonOf(values))
	}
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.all, " AND ")
}

// texts returns codes as texts.
func texts[C ~string](codes []C) (all []string) {
	for _, code := range codes {
		all = append(all, string(code))
	}
	return all
}

func jsonOf(values []string) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // texts have JSON
	}
	return string(b)
}
