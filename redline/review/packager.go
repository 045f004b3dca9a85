package review

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

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

// insert runs the statement sql for each of the rows.
func (w *packager) insert(sql string, rows ...[]any) {
	s := w.prepare(sql)
	for _, row := range rows {
		if w.err == nil {
			w.err = s.step(row)
		}
	}
	w.finish(s)
}

// statement is a statement that is run for many rows.
type statement struct {
	*sqlite.Stmt
	texts []any // by parameter: the text that it has now, nil for anything else
}

// prepare returns a statement, nil after an error.
func (w *packager) prepare(sql string) *statement {
	if w.err != nil {
		return nil
	}
	stmt, _, err := w.db.PrepareTransient(sql)
	if w.err = err; err != nil {
		return nil
	}
	return &statement{stmt, make([]any, stmt.BindParamCount())}
}

// finish ends a statement.
func (w *packager) finish(s *statement) {
	if s != nil {
		w.err = errors.Join(w.err, s.Finalize())
	}
}

// step runs the statement with the values of a row. nil becomes NULL; a text that is not UTF-8, or holds NUL, gets
// U+FFFD there. Rows have many texts of the row before, which SQLite keeps.
func (s *statement) step(row []any) error {
	for i, v := range row {
		if _, text := v.(string); text && s.texts[i] == v {
			continue
		}
		s.texts[i] = nil
		switch x := v.(type) {
		case nil:
			s.BindNull(i + 1)
		case int64:
			s.BindInt64(i+1, x)
		case float64:
			s.BindFloat(i+1, x)
		case string:
			s.BindText(i+1, storable(x))
			s.texts[i] = v
		case []byte:
			s.BindBytes(i+1, x)
		default:
			return fmt.Errorf("internal: no column can hold %T", v)
		}
	}
	_, err := s.Step()
	return errors.Join(err, s.Reset())
}

// storable returns a text with U+FFFD for what is not UTF-8, and for NUL.
func storable(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
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
	w.insert("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)",
		slices.Concat([]any{l.name, "features", l.name, l.title, never}, box, []any{int64(geopackage.SRS)}))
	w.insert("INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,?,?)",
		[]any{l.name, "geom", l.geometry, int64(geopackage.SRS), int64(0), int64(0)})
	if indexed {
		w.insert("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", []any{l.name, "geom", "gpkg_rtree_index",
			"http://www.geopackage.org/spec120/#extension_rtree", "write-only"})
		w.exec(strings.ReplaceAll(geopackage.IndexTriggers, "TABLE", l.name))
	}
	if slices.ContainsFunc(l.fields, func(f field) bool { return f.Editable }) {
		w.exec(guard(l))
	}
	text, err := qgis.QML(l.style)
	w.err = errors.Join(w.err, err)
	w.insert("INSERT INTO layer_styles VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
		[]any{number, "", "", l.name, "geom", l.title, text, "", int64(1), "greenshield", "", nil, never})
}

// features adds the rows of a layer to its table and to its index, if it has one, and returns the box around them.
func (w *packager) features(l *layer, indexed bool) orb.Bound {
	whole := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	marks := "?,?" + strings.Repeat(",?", len(l.fields))
	stmt := w.prepare(fmt.Sprintf(`INSERT INTO "%s" VALUES (%s)`, l.name, marks))
	var index *statement
	if indexed {
		index = w.prepare(fmt.Sprintf(`INSERT INTO "rtree_%s_geom" VALUES (?,?,?,?,?)`, l.name))
	}
	if w.err == nil {
		fid := int64(0)
		var row []any
		w.err = l.rows(func(at place, values []any) error {
			fid++
			blob, box := encode(at)
			row = append(append(row[:0], fid, blob), values...)
			if blob == nil {
				row[1] = nil
				return stmt.step(row)
			}
			whole = whole.Union(box)
			if index != nil {
				if err := index.step([]any{fid, box.Min[0], box.Max[0], box.Min[1], box.Max[1]}); err != nil {
					return err
				}
			}
			return stmt.step(row)
		})
	}
	w.finish(stmt)
	w.finish(index)
	return whole
}

// encode returns a place as a geometry of the GeoPackage, and its box. For nowhere the geometry is nil.
func encode(at place) ([]byte, orb.Bound) {
	if at.point != nil {
		return geopackage.Point(*at.point), at.point.Bound()
	}
	return geopackage.Polygons(at.polygons)
}
