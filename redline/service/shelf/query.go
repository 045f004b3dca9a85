package shelf

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"

	"greenshield/redline/service/collection"
	"greenshield/vector"
)

// question is a query of a collection, on one connection to its index.
type question struct {
	*offer
	db *sqlite.Conn

	key   string     // the same for all pages
	none  bool       // it chooses nothing, whatever the features are
	box   *orb.Bound // nil for none
	conds []condition
	sort  int // field; −1 for the order of the collection
	down  bool
	after int64 // number of the feature before, 0 for none
}

// condition is what a field must be.
type condition struct{ Field, SQL, Args string }

func bad(format string, args ...any) error {
	return &collection.BadQuery{Detail: fmt.Sprintf(format, args...)}
}

// maxValues is how many values a query may name for a property.
const maxValues = 1000

// ask checks a query.
func (o *offer) ask(q *collection.Query) (*question, error) {
	if q.Limit < 1 || q.Limit > collection.MaxLimit {
		return nil, bad("limit is %d; it is from 1 to %d", q.Limit, collection.MaxLimit)
	}
	a := &question{offer: o, sort: -1, down: q.Sort.Down}
	if q.Sort.Field != "" {
		i := slices.IndexFunc(o.info.Fields, func(f collection.Field) bool {
			return f.Name == q.Sort.Field && f.Sortable
		})
		if i < 0 {
			return nil, bad("features cannot be sorted by %q", q.Sort.Field)
		}
		a.sort = i
	}
	if t := q.Time; t != nil && !o.info.From.IsZero() {
		a.none = !t.From.IsZero() && t.From.After(o.info.Until) || !t.Until.IsZero() && t.Until.Before(o.info.From)
	}
	if b := q.Box; b != nil {
		const far = 1e6 // no place is there
		for i := range 2 {
			if math.IsNaN(b.Min[i]) || math.IsNaN(b.Max[i]) {
				return nil, bad("the box has a side that is no number")
			}
		}
		clamp := func(x float64) float64 { return max(-far, min(far, x)) }
		a.box = &orb.Bound{Min: orb.Point{clamp(b.Min[0]), clamp(b.Min[1])},
			Max: orb.Point{clamp(b.Max[0]), clamp(b.Max[1])}}
		a.none = a.none || a.box.IsEmpty()
	}
	for _, name := range slices.Sorted(maps.Keys(q.Where)) {
		if err := a.where(name, q.Where[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(q.AtLeast)) {
		least := q.AtLeast[name]
		i, ok := o.named[name]
		if !ok || !o.index.fields[i].Asked || o.index.fields[i].Type == collection.Text || math.IsNaN(least) ||
			math.IsInf(least, 0) {
			return nil, bad("%q is no number that can be asked for", name)
		}
		a.add(i, " >= ?", least)
	}
	key, err := json.Marshal([]any{o.version, a.none, a.box, a.conds, a.sort, a.down})
	if err != nil {
		return nil, err
	}
	a.key = string(key)
	return a, a.begin(q.After)
}

// add adds a condition on a field.
func (a *question) add(field int, sql string, args ...any) {
	text, _ := json.Marshal(args) // texts and finite numbers
	a.conds = append(a.conds, condition{column(field), sql, string(text)})
}

// where adds the condition that a property has one of some values.
func (a *question) where(name string, values []string) error {
	if name == "run" && len(a.info.Fields) > len(a.index.fields) {
		a.none = a.none || !slices.Contains(values, a.info.Run)
		return nil
	}
	i, ok := a.named[name]
	if !ok || !a.index.fields[i].Asked {
		return bad("%q cannot be asked for", name)
	}
	if len(values) > maxValues {
		return bad("%q has %d values; at most %d are possible", name, len(values), maxValues)
	}
	var args []any
	for _, v := range values {
		if a.index.fields[i].Type == collection.Text {
			args = append(args, v)
			continue
		}
		x, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return bad("%q is a number; %q is none", name, v)
		}
		args = append(args, x)
	}
	if a.none = a.none || len(args) == 0; len(args) > 0 {
		a.add(i, " IN (?"+strings.Repeat(",?", len(args)-1)+")", args...)
	}
	return nil
}

// begin sets where a page begins.
func (a *question) begin(after string) error {
	if after == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(after)
	if err == nil && len(text) == 16 && string(text[:8]) == a.tag() {
		a.after = int64(binary.BigEndian.Uint64([]byte(text[8:])))
	}
	if a.after < 1 || a.after > int64(a.index.count) {
		return bad("the page is of another query, or of a state of the collection that is replaced; " +
			"begin at the first page")
	}
	return nil
}

// tag is what the cursors of a query begin with.
func (a *question) tag() string {
	sum := sha256.Sum256([]byte(a.key))
	return string(sum[:8])
}

// cursor returns what the page after a feature begins with.
func (a *question) cursor(no int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64([]byte(a.tag()), uint64(no)))
}

// filter returns the conditions on features f, with AND in front of each. With free SQLite may find by them; otherwise
// it has to go in the order that is asked for.
func (a *question) filter(free bool) (sql string, args []any) {
	for _, c := range a.conds {
		plus := "+"
		if free {
			plus = ""
		}
		sql += " AND " + plus + "f." + c.Field + c.SQL
		var values []any
		_ = json.Unmarshal([]byte(c.Args), &values) // as add wrote them
		args = append(args, values...)
	}
	return sql, args
}

// Conditions on boxes r: those that meet a box, and those that lie in it. An R-tree keeps sides in 32 bits and rounds
// them outwards, so the first finds too much at times, and the second too little.
const (
	meetsSQL = "r.maxx >= ? AND r.minx <= ? AND r.maxy >= ? AND r.miny <= ?"
	foundSQL = "boxes r CROSS JOIN features f ON f.no = r.no" // by their boxes
	liesSQL  = "r.minx >= ? AND r.maxx <= ? AND r.miny >= ? AND r.maxy <= ?"
)

func sides(b *orb.Bound) []any { return []any{b.Min[0], b.Max[0], b.Min[1], b.Max[1]} }

// chosen tells whether a feature is chosen that meets the box by its own box: no, and in the columns from first on the
// sides of its box.
func (a *question) chosen(s *sqlite.Stmt, first int) (bool, error) {
	own := orb.Bound{Min: orb.Point{s.ColumnFloat(first), s.ColumnFloat(first + 1)},
		Max: orb.Point{s.ColumnFloat(first + 2), s.ColumnFloat(first + 3)}}
	switch {
	case s.ColumnType(first) == sqlite.TypeNull || !own.Intersects(*a.box):
		return false, nil
	case a.box.Contains(own.Min) && a.box.Contains(own.Max):
		return true, nil
	}
	meets := false
	no := []any{s.ColumnInt64(0)}
	err := each(a.db, "SELECT geometry FROM rest WHERE no = ?", no, func(s *sqlite.Stmt) (bool, error) {
		shape, err := shapeOf([]byte(s.ColumnText(0)))
		meets = vector.MeetsBox(shape, *a.box)
		return false, err
	})
	return meets, err
}

// counts are numbers of features by the keys of questions.
type counts struct {
	mu  sync.Mutex
	all map[string]int
}

// maxCounts is how many counts are kept.
const maxCounts = 1000

func (c *counts) get(key string) (n int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok = c.all[key]
	return n, ok
}

func (c *counts) put(key string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || len(c.all) >= maxCounts {
		c.all = map[string]int{}
	}
	c.all[key] = n
}

// count returns how many features the question chooses.
func (a *question) count() (n int, err error) {
	switch {
	case a.none:
		return 0, nil
	case a.box == nil && len(a.conds) == 0:
		return a.index.count, nil
	}
	if n, ok := a.index.counts.get(a.key); ok {
		return n, nil
	}
	filter, args := a.filter(true)
	add := func(s *sqlite.Stmt) (bool, error) {
		n += s.ColumnInt(0)
		return false, nil
	}
	if a.box == nil {
		err = each(a.db, "SELECT count(*) FROM features f WHERE 1"+filter, args, add)
	} else if err = a.countBoxes(filter, args, add); err == nil {
		err = each(a.db, "SELECT f.no, f.minx, f.miny, f.maxx, f.maxy FROM "+foundSQL+" WHERE "+
			meetsSQL+" AND NOT ("+liesSQL+")"+filter, slices.Concat(sides(a.box), sides(a.box), args),
			func(s *sqlite.Stmt) (bool, error) {
				chosen, err := a.chosen(s, 1)
				if chosen {
					n++
				}
				return true, err
			})
	}
	if err == nil {
		a.index.counts.put(a.key, n)
	}
	return n, err
}

// countBoxes counts the features that lie in the box.
func (a *question) countBoxes(filter string, args []any, add func(s *sqlite.Stmt) (bool, error)) error {
	from := "boxes r"
	if filter != "" {
		from = foundSQL
	}
	return each(a.db, "SELECT count(*) FROM "+from+" WHERE "+liesSQL+filter, append(sides(a.box), args...), add)
}

// page returns a page.
func (a *question) page(q *collection.Query) (*collection.Page, error) {
	matched, err := a.count()
	if err != nil || matched == 0 {
		return &collection.Page{}, err
	}
	page := &collection.Page{Matched: matched}
	numbers, err := a.numbers(q.Limit+1, matched)
	if err != nil {
		return nil, err
	}
	if len(numbers) > q.Limit {
		numbers = numbers[:q.Limit]
		page.Next = a.cursor(numbers[q.Limit-1])
	}
	stmt, _, err := a.db.PrepareTransient("SELECT f.no, f.id, f.minx, f.miny, r.geometry" + a.columns +
		" FROM features f JOIN rest r ON r.no = f.no WHERE f.no = ?")
	if err != nil {
		return nil, err
	}
	defer stmt.Finalize()
	for _, no := range numbers {
		stmt.BindInt64(1, no)
		if more, err := stmt.Step(); err != nil || !more {
			return nil, fmt.Errorf("feature %d cannot be read: %w", no, err)
		}
		page.Features = append(page.Features, a.feature(stmt, q.Without))
		if err := stmt.Reset(); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// numbers returns the numbers of the first features, at most n, that are chosen and come after the one before.
func (a *question) numbers(n, matched int) (all []int64, err error) {
	// Of few features it is faster to find all and sort them; of many one of n features in order is soon chosen.
	free := float64(matched)*float64(matched) <= float64(n)*float64(a.index.count)
	from, filter, args := "features f", "", []any(nil)
	switch {
	case a.box != nil && free:
		from = foundSQL
		filter, args = " AND "+meetsSQL, sides(a.box)
	case a.box != nil:
		filter, args = " AND +f.maxx >= ? AND +f.minx <= ? AND +f.maxy >= ? AND +f.miny <= ?", sides(a.box)
	}
	conds, values := a.filter(free || a.sort < 0)
	filter, args = filter+conds, append(args, values...)
	segments, err := a.segments()
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		if len(all) == n {
			break
		}
		err := each(a.db, "SELECT f.no, f.minx, f.miny, f.maxx, f.maxy FROM "+from+" WHERE "+s.sql+filter+s.order,
			slices.Concat(s.args, args), func(s *sqlite.Stmt) (bool, error) {
				chosen := a.box == nil
				if !chosen {
					var err error
					if chosen, err = a.chosen(s, 1); err != nil {
						return false, err
					}
				}
				if chosen {
					all = append(all, s.ColumnInt64(0))
				}
				return len(all) < n, nil
			})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// segment is a part of the order: a condition, its values, and the order inside it.
type segment struct {
	sql   string
	args  []any
	order string
}

// segments returns the parts of the order from where the page begins: features with a value, then those without.
func (a *question) segments() ([]segment, error) {
	after, way := " > ", ""
	if a.down {
		after, way = " < ", " DESC"
	}
	if a.sort < 0 {
		s := segment{"1", nil, " ORDER BY f.no" + way}
		if a.after > 0 {
			s.sql, s.args = "f.no"+after+"?", []any{a.after}
		}
		return []segment{s}, nil
	}
	field := "f." + column(a.sort)
	valued := segment{field + " IS NOT NULL", nil, " ORDER BY " + field + way + ", f.id" + way}
	none := segment{field + " IS NULL", nil, " ORDER BY f.id" + way}
	if a.after == 0 {
		return []segment{valued, none}, nil
	}
	var id string
	var value any
	err := each(a.db, "SELECT f.id, "+field+" FROM features f WHERE f.no = ?", []any{a.after},
		func(s *sqlite.Stmt) (bool, error) {
			id = s.ColumnText(0)
			switch s.ColumnType(1) {
			case sqlite.TypeInteger:
				value = s.ColumnInt64(1)
			case sqlite.TypeFloat:
				value = s.ColumnFloat(1)
			case sqlite.TypeText:
				value = s.ColumnText(1)
			}
			return false, nil
		})
	if value == nil {
		none.sql, none.args = none.sql+" AND f.id"+after+"?", []any{id}
		return []segment{none}, err
	}
	valued.sql, valued.args = "("+field+", f.id)"+after+"(?, ?)", []any{value, id}
	return []segment{valued, none}, err
}
