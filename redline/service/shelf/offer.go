package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"greenshield/redline/files"
	"greenshield/redline/service/collection"
)

// offer is a collection of a run in one state.
type offer struct {
	state   *state
	kind    string
	index   *index
	info    collection.Info
	version string
	named   map[string]int // fields of the index by name
	columns string         // all fields of the index, of features f and rest r
}

var _ collection.Collection = (*offer)(nil)

// offering returns the collection of a kind that an index holds.
func (st *state) offering(kind string, x *index) *offer {
	o := &offer{state: st, kind: kind, index: x, named: map[string]int{}}
	run := &st.run
	for _, k := range kinds {
		if k.kind == kind {
			o.info = collection.Info{ID: run.ID + "." + kind, Title: run.Title + " " + k.title,
				Description: k.description, Run: run.ID, Box: x.box, Geometry: k.geometry}
		}
	}
	if run.Manifest != nil {
		o.info.Made = run.Manifest.Generated
	}
	if kind == coverage && x.box == nil {
		o.info.Description, o.info.Geometry = o.info.Description+"；没有几何", collection.None
	}
	if (kind == candidates || kind == suppressed) && run.YearA > 0 && run.YearB > 0 {
		o.info.From = time.Date(run.YearA, 1, 1, 0, 0, 0, 0, time.UTC)
		o.info.Until = time.Date(run.YearB, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	known := described(kind)
	for i, f := range x.fields {
		d, ok := known[f.Name]
		if !ok {
			d = collection.Field{Name: f.Name, Title: f.Name, Type: f.Type}
		}
		d.Queryable = f.Asked
		d.Sortable = f.Asked && (kind != suppressed || orders[f.Name])
		o.info.Fields = append(o.info.Fields, d)
		o.named[f.Name] = i
		o.columns += ", " + o.column(i)
	}
	if kind == candidates {
		o.info.Fields = append(o.info.Fields, collection.Field{Name: "run", Title: "运行", Type: collection.Text,
			Codes: []collection.Code{{Value: run.ID, Title: run.Title}}, Queryable: true})
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{run.Version, o.info.ID, o.info.Title, string(o.info.Geometry),
		format}, "\x00")))
	o.version = hex.EncodeToString(sum[:])
	return o
}

// column is a field of the index in a statement on features f and rest r.
func (o *offer) column(field int) string {
	if o.index.fields[field].Asked {
		return "f." + column(field)
	}
	return "r." + column(field)
}

// Info implements [collection.Collection].
func (o *offer) Info() collection.Info { return o.info }

// Version implements [collection.Collection].
func (o *offer) Version() string { return o.version }

// Items implements [collection.Collection].
func (o *offer) Items(ctx context.Context, q collection.Query) (page *collection.Page, err error) {
	asked, err := o.ask(&q)
	if err != nil {
		return nil, err
	}
	err = o.read(ctx, func(o *offer, db *sqlite.Conn) (err error) {
		a := *asked
		a.offer, a.db = o, db
		page, err = a.page(&q)
		return err
	})
	return page, err
}

// Item implements [collection.Collection].
func (o *offer) Item(ctx context.Context, id string) (item *collection.Feature, err error) {
	err = o.read(ctx, func(o *offer, db *sqlite.Conn) error {
		item = nil
		return each(db, "SELECT f.no, f.id, f.minx, f.miny, r.geometry"+o.columns+
			" FROM features f JOIN rest r ON r.no = f.no WHERE f.id = ?", []any{id}, func(s *sqlite.Stmt) (bool, error) {
			f := o.feature(s, false)
			item = &f
			return false, nil
		})
	})
	if err == nil && item == nil {
		err = collection.ErrNoItem
	}
	return item, err
}

// read has an index read. One that turns out to be damaged is made again, and read then.
func (o *offer) read(ctx context.Context, read func(o *offer, db *sqlite.Conn) error) error {
	err := o.readOnce(ctx, read)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if !damaged(err) {
		return err
	}
	again, errAgain := o.state.shelf.renew(ctx, o)
	if errAgain != nil {
		return errors.Join(errAgain, err)
	}
	return again.readOnce(ctx, read)
}

func (o *offer) readOnce(ctx context.Context, read func(o *offer, db *sqlite.Conn) error) error {
	db, err := o.index.take(ctx)
	if err != nil {
		return err
	}
	defer o.index.giveBack(db)
	return read(o, db)
}

// renew prepares a run again of which an index is damaged, unless somebody else does, and returns the same collection.
func (s *Shelf) renew(ctx context.Context, o *offer) (*offer, error) {
	s.mu.Lock()
	e := s.entries[o.state.entry.name]
	if e == nil {
		s.mu.Unlock()
		return nil, errors.New("the run is gone")
	}
	next := e.next
	if next == nil && e.current == o.state {
		next = s.begin(e, o.state.stamp)
	}
	s.mu.Unlock()
	if next != nil {
		if err := s.await(ctx, next, false); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.current != nil {
		for _, other := range e.current.offers {
			if other.version == o.version {
				return other, nil
			}
		}
	}
	return nil, errors.New("the run was replaced")
}

// feature reads a feature: no, id, x, y, geometry, and all fields of the index.
func (o *offer) feature(s *sqlite.Stmt, without bool) collection.Feature {
	const first = 5
	f := collection.Feature{ID: s.ColumnText(1)}
	switch {
	case without:
	case o.info.Geometry == collection.Points:
		f.Geometry = append(f.Geometry, `{"type":"Point","coordinates":[`...)
		f.Geometry = append(appendNumber(f.Geometry, s.ColumnFloat(2)), ',')
		f.Geometry = append(appendNumber(f.Geometry, s.ColumnFloat(3)), "]}"...)
	case s.ColumnType(4) != sqlite.TypeNull:
		f.Geometry = make([]byte, s.ColumnLen(4))
		s.ColumnBytes(4, f.Geometry)
	}
	b := []byte{'{'}
	for i := range o.index.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(files.AppendJSON(b, o.index.fields[i].Name), ':')
		switch s.ColumnType(first + i) {
		case sqlite.TypeInteger:
			b = strconv.AppendInt(b, s.ColumnInt64(first+i), 10)
		case sqlite.TypeFloat:
			b = appendNumber(b, s.ColumnFloat(first+i))
		case sqlite.TypeText:
			b = files.AppendJSON(b, s.ColumnText(first+i))
		default:
			b = append(b, "null"...)
		}
	}
	if len(o.info.Fields) > len(o.index.fields) {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = files.AppendJSON(append(b, `"run":`...), o.info.Run)
	}
	f.Properties = append(b, '}')
	return f
}

func appendNumber(b []byte, x float64) []byte { return strconv.AppendFloat(b, x, 'f', -1, 64) }

// each calls row for each row that a statement finds, until it returns false.
func each(db *sqlite.Conn, sql string, args []any, row func(s *sqlite.Stmt) (bool, error)) (err error) {
	stmt, _, err := db.PrepareTransient(sql)
	if err != nil {
		return err
	}
	defer func() {
		if errEnd := stmt.Finalize(); err == nil {
			err = errEnd
		}
	}()
	for i, arg := range args {
		switch arg := arg.(type) {
		case int64:
			stmt.BindInt64(i+1, arg)
		case float64:
			stmt.BindFloat(i+1, arg)
		case string:
			stmt.BindText(i+1, arg)
		default:
			return fmt.Errorf("internal: no statement takes a %T", arg)
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if more, err = row(stmt); err != nil || !more {
			return err
		}
	}
}
