package review

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"

	"greenshield/redline/geopackage"
	"greenshield/redline/qgis"
)

// packager writes to a GeoPackage until the first error, which it keeps.
type packager struct {
	db  *sqlite.Conn
	err error
}

// exec runs statements whose results do not matter. Lines that begin with a tab are continued.
func (w *packager) exec(sql string) {
	sql = geopackage.Continued(sql)
	for sql = strings.TrimSpace(sql); sql != "" && w.err == nil; {
		stmt, trailing, err := w.db.PrepareTransient(sql)
		if err != nil {
			w.err = err
			return
		}
		for more := stmt != nil; more && w.err == nil; {
			more, w.err = stmt.Step()
		}
		w.err = errors.Join(w.err, stmt.Finalize())
		sql = strings.TrimSpace(sql[len(sql)-trailing:])
	}
}

// insert adds rows to a table; a list of its columns may follow the name.
func (w *packager) insert(table string, rows ...[]any) {
	in := w.into(table)
	for _, row := range rows {
		in.add(valuesOf(row...)...)
	}
	in.finish()
}

// value is what a column of a row holds. An interface would take memory of its own for each text and number, of which a
// layer may have millions.
type value struct {
	kind  kind
	bits  uint64 // of an integer or a decimal
	text  string
	bytes []byte // which the table keeps until its inserter is finished
}

type kind uint8

const (
	null kind = iota
	integerKind
	decimalKind
	textKind
	bytesKind
)

func integer(n int64) value   { return value{kind: integerKind, bits: uint64(n)} }
func decimal(x float64) value { return value{kind: decimalKind, bits: math.Float64bits(x)} }
func text(s string) value     { return value{kind: textKind, text: s} }
func blob(b []byte) value     { return value{kind: bytesKind, bytes: b} }

// valuesOf returns the values of a row of few: nil is NULL, and others are of a type that a column can hold.
func valuesOf(row ...any) []value {
	values := make([]value, len(row))
	for i, v := range row {
		switch x := v.(type) {
		case nil:
		case int64:
			values[i] = integer(x)
		case float64:
			values[i] = decimal(x)
		case string:
			values[i] = text(x)
		case []byte:
			values[i] = blob(x)
		default:
			panic(fmt.Sprintf("no column can hold %T", v))
		}
	}
	return values
}

// rowsAtOnce is how many rows one statement inserts. SQLite reads and writes the highest number of a table of features
// once for each statement, which takes a third of the time when each row has one of its own.
const rowsAtOnce = 8

// rowsPerBatch is how many rows of features one goroutine hands to another at a time.
const rowsPerBatch = 16 * rowsAtOnce

// inserter adds rows to a table, some at a time.
type inserter struct {
	*packager
	table string
	row   int     // values of a row
	rows  []value // those that wait, one after the other
	stmt  *sqlite.Stmt
	bound []value // by parameter of stmt: the text that it has now, or null
}

// into returns an inserter of rows into a table.
func (w *packager) into(table string) *inserter { return &inserter{packager: w, table: table} }

// add adds a row. A text that is not UTF-8, or holds NUL, gets U+FFFD there.
func (in *inserter) add(row ...value) {
	in.row, in.rows = len(row), append(in.rows, row...)
	if len(in.rows) < rowsAtOnce*in.row || in.err != nil {
		return
	}
	if in.stmt == nil {
		in.stmt, in.bound = in.prepare(), make([]value, len(in.rows))
	}
	in.step()
}

// finish adds the rows that wait, and ends.
func (in *inserter) finish() {
	in.end()
	if len(in.rows) > 0 && in.err == nil {
		in.stmt, in.bound = in.prepare(), make([]value, len(in.rows))
		in.step()
		in.end()
	}
}

// end ends the statement, if there is one.
func (in *inserter) end() {
	if in.stmt != nil {
		in.err = errors.Join(in.err, in.stmt.Finalize())
		in.stmt = nil
	}
}

// prepare returns a statement for as many rows as wait, nil after an error.
func (in *inserter) prepare() (stmt *sqlite.Stmt) {
	row := "(?" + strings.Repeat(",?", in.row-1) + ")"
	rows := row + strings.Repeat(","+row, len(in.rows)/in.row-1)
	stmt, _, in.err = in.db.PrepareTransient("INSERT INTO " + in.table + " VALUES " + rows)
	return stmt
}

// step runs the statement with the rows that wait. Rows have many texts of those before, which SQLite keeps.
func (in *inserter) step() {
	if in.err != nil {
		return
	}
	for i := range in.rows {
		v, bound := &in.rows[i], &in.bound[i]
		if v.kind == textKind {
			if bound.kind != textKind || bound.text != v.text {
				in.stmt.BindText(i+1, storable(v.text))
				*bound = *v
			}
			continue
		}
		bound.kind = null
		switch v.kind {
		case null:
			in.stmt.BindNull(i + 1)
		case integerKind:
			in.stmt.BindInt64(i+1, int64(v.bits))
		case decimalKind:
			in.stmt.BindFloat(i+1, math.Float64frombits(v.bits))
		case bytesKind:
			in.stmt.BindBytes(i+1, v.bytes)
		}
	}
	_, err := in.stmt.Step()
	in.err = errors.Join(err, in.stmt.Reset())
	in.rows = in.rows[:0]
}

// storable returns a text with U+FFFD for what is not UTF-8, and for NUL.
func storable(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	if utf8.ValidString(text) { // several times as fast as to look for what is to be replaced
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// layer writes a table of features with its index, if it has polygons, and its style. Layers are numbered from 1.
func (w *packager) layer(number int64, l *layer) {
	columns := []string{"fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "geom " + l.geometry}
	for _, f := range l.fields {
		columns = append(columns, `"`+f.Name+`" `+f.Type)
	}
	w.exec(fmt.Sprintf(`CREATE TABLE "%s" (%s)`, l.name, strings.Join(columns, ", ")))
	indexed := l.geometry != "POINT"
	if indexed {
		w.exec(fmt.Sprintf(`CREATE VIRTUAL TABLE "rtree_%s_geom" USING rtree(id, minx, maxx, miny, maxy)`, l.name))
	}
	whole := w.features(l, indexed)
	box := []any{whole.Min[0], whole.Min[1], whole.Max[0], whole.Max[1]}
	if whole.IsEmpty() {
		box = []any{nil, nil, nil, nil}
	}
	w.insert("gpkg_contents",
		slices.Concat([]any{l.name, "features", l.name, l.title, never}, box, []any{int64(geopackage.SRS)}))
	w.insert("gpkg_geometry_columns",
		[]any{l.name, "geom", l.geometry, int64(geopackage.SRS), int64(0), int64(0)})
	if indexed {
		w.insert("gpkg_extensions", []any{l.name, "geom", "gpkg_rtree_index",
			"http://www.geopackage.org/spec120/#extension_rtree", "write-only"})
		w.exec(strings.ReplaceAll(geopackage.IndexTriggers, "TABLE", l.name))
	}
	if slices.ContainsFunc(l.fields, func(f field) bool { return f.Editable }) {
		w.exec(guard(l))
	}
	style, err := qgis.QML(l.style)
	w.err = errors.Join(w.err, err)
	w.insert("layer_styles",
		[]any{number, "", "", l.name, "geom", l.title, style, "", int64(1), "greenshield", "", nil, never})
}

// features adds the rows of a layer to its table and to its index, if it has one, and returns the box around them. The
// rows are read and encoded while SQLite takes those before. SQLite numbers them from 1: a row that brings its number is
// looked for first.
func (w *packager) features(l *layer, indexed bool) orb.Bound {
	whole := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	index := index{}
	columns := "geom"
	for _, f := range l.fields {
		columns += `, "` + f.Name + `"`
	}
	row := 1 + len(l.fields) // values
	batches := make(chan []value, 2)
	ctx, stop := context.WithCancel(context.Background()) // when SQLite fails; w.err says why
	defer stop()
	var err error // of the goroutine that reads, as whole and index are until batches is closed
	go func() {
		defer close(batches)
		var batch []value
		send := func() error {
			if ctx.Err() != nil {
				return w.err
			}
			batches <- batch // which are taken to the end
			batch = make([]value, 0, len(batch))
			return nil
		}
		fid := int64(0)
		err = l.rows(func(at place, values []value) error {
			fid++
			geometry, box := encode(at)
			if geometry == nil {
				batch = append(batch, value{})
			} else {
				batch = append(batch, blob(geometry))
				whole = whole.Union(box)
				if indexed {
					index.add(fid, box)
				}
			}
			if batch = append(batch, values...); len(batch) < rowsPerBatch*row {
				return nil
			}
			return send()
		})
		if err == nil && len(batch) > 0 {
			err = send()
		}
	}()
	in := w.into(l.name + " (" + columns + ")")
	for batch := range batches {
		for ; len(batch) > 0 && w.err == nil; batch = batch[row:] {
			in.add(batch[:row]...)
		}
		if w.err != nil {
			stop()
		}
	}
	if w.err == nil {
		w.err = err
	}
	in.finish()
	index.write(w, "rtree_"+l.name+"_geom")
	return whole
}

// encode returns a place as a geometry of the GeoPackage, and its box. For nowhere the geometry is nil.
func encode(at place) ([]byte, orb.Bound) {
	if at.point != nil {
		return geopackage.Point(*at.point), at.point.Bound()
	}
	return geopackage.Polygons(at.polygons)
}
