package register

import (
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/collection"
)

// item is a case as lists tell of it. It does not change.
type item struct {
	id     string
	seq    int64
	values []any       // of caseFields: nil for nothing, string, int64, float64 or bool
	due    ledger.Date // of a case that is to be rectified; "" otherwise
	days   days
	place  orb.Geometry // where it is shown that has no outline; nil for none
	shape  *shape       // nil for one that has no ground
	loop   loop
}

// days are a stretch of days, both inclusive, as seconds since 1970 of their beginnings; zero for none.
type days struct{ from, until int64 }

const day = 24 * 60 * 60

// dayOf returns the beginning of a day in UTC, 0 for none.
func dayOf(d ledger.Date) int64 {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return 0
	}
	return t.Unix()
}

// meets tells whether some instant of the days is in an interval; who has no day meets any.
func (d days) meets(t *collection.Interval) bool {
	if d == (days{}) || t == nil {
		return true
	}
	return (t.From.IsZero() || time.Unix(d.until+day, 0).After(t.From)) &&
		(t.Until.IsZero() || !time.Unix(d.from, 0).After(t.Until))
}

// words keeps values that many cases have, so that they are in memory once.
type words struct{ known map[any]any }

// same returns a value that equals v.
func (w *words) same(v any) any {
	text, ok := v.(string)
	if ok && len(text) > 64 {
		return v
	}
	if known, ok := w.known[v]; ok {
		return known
	}
	if w.known == nil || len(w.known) > 10_000 {
		w.known = map[any]any{}
	}
	w.known[v] = v
	return v
}

// Names of properties that are no columns.
const (
	propNearLead = "near_lead"
	propOverdue  = "overdue"
	propUpdated  = "updated"
	propSeq      = "seq"
)

// caseFields are the properties of cases: those of lists, then these.
var caseFields = func() (fields []collection.Field) {
	for _, c := range ledgerwork.Columns() {
		fields = append(fields, fieldOf(c))
	}
	return append(fields,
		titled(ledger.FieldPrio, collection.Integer), asked(propNearLead, "线索附近", collection.Boolean),
		asked(propOverdue, "超期", collection.Boolean), asked(propUpdated, "最近事项日期", collection.Date),
		asked(propSeq, "最近事项编号", collection.Integer))
}()

// asked returns a property that queries may name.
func asked(name, title string, of collection.Type) collection.Field {
	return collection.Field{Name: name, Title: title, Type: of, Queryable: true, Sortable: true}
}

// types are the types of columns that are no texts.
var types = map[string]collection.Type{
	"since": collection.Date, ledger.FieldReviewed: collection.Date, ledger.FieldDueDate: collection.Date,
	ledger.FieldDoneDate: collection.Date, "opened_on": collection.Date,
	ledger.FieldSeverity: collection.Integer, "conflicts": collection.Integer, "leads": collection.Integer,
	"rebounds": collection.Integer,
	"area_ha":  collection.Number, ledger.FieldLon: collection.Number, ledger.FieldLat: collection.Number,
}

func fieldOf(c ledgerwork.Column) collection.Field {
	f := asked(c.Name, c.Title, collection.Text)
	if t, ok := types[c.Name]; ok {
		f.Type = t
	}
	f.Codes = codesOf(c.Codes)
	if c.Name == ledger.FieldSeverity {
		f.Codes = severities()
	}
	return f
}

// Positions of what is not of a column.
var (
	atPrio     = len(ledgerwork.Columns())
	atNearLead = atPrio + 1
	atOverdue  = atPrio + 2
	atUpdated  = atPrio + 3
	atSeq      = atPrio + 4
)

// itemOf returns a case as lists tell of it. at is the time of its last event; before is what was known of the case,
// nil for nothing.
func itemOf(c *ledger.Case, at time.Time, before *item, w *words) *item {
	it := &item{id: c.ID, seq: c.Seq, values: make([]any, len(caseFields)), place: placeOf(c), loop: loopOf(c)}
	for i, column := range ledgerwork.Columns() {
		it.values[i] = w.same(valueOf(caseFields[i].Type, column.Value(c)))
	}
	if prio, err := strconv.ParseInt(c.Get(ledger.FieldPrio), 10, 64); err == nil {
		it.values[atPrio] = w.same(prio)
	}
	it.values[atNearLead] = c.Leads > 0 || c.Get(ledger.FieldNearLeads) != ""
	if updated := ledger.DayOf(at); !at.IsZero() {
		it.values[atUpdated] = w.same(string(updated))
		it.days = days{dayOf(c.OpenedOn), dayOf(updated)}
	}
	it.values[atSeq] = c.Seq
	if c.Overdue("9999-12-31") {
		it.due = ledger.Date(c.Get(ledger.FieldDueDate))
	}
	it.days.until = max(it.days.from, it.days.until)
	if it.shape = shapeOf(c.Ground); before != nil && before.shape.same(it.shape) {
		it.shape = before.shape
	}
	return it
}

// valueOf returns a value of a column as one of a type: nil for nothing.
func valueOf(t collection.Type, v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
	case int64:
		if t == collection.Number {
			return float64(v)
		}
	case float64:
		if t == collection.Integer {
			return nil // such as a severity that is none
		}
	}
	return v
}

// placeOf returns where a case is shown that has no outline: where its lead says, or at a point of its last detection.
func placeOf(c *ledger.Case) orb.Geometry {
	if c.Detection == "" {
		return ledgerwork.ShapeOf(c.Fields)
	}
	lon, errLon := strconv.ParseFloat(c.Get(ledger.FieldLon), 64)
	lat, errLat := strconv.ParseFloat(c.Get(ledger.FieldLat), 64)
	if errLon != nil || errLat != nil || !isPlace(orb.Point{lon, lat}) {
		return nil
	}
	return orb.Point{lon, lat}
}

// isPlace tells whether a point is one in degrees.
func isPlace(p orb.Point) bool { return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90 }

// caseTable is the cases of a state, to be asked.
type caseTable struct {
	*state
	outlines *outlines
}

func (t caseTable) fields() []collection.Field { return caseFields }
func (t caseTable) len() int                   { return len(t.cases) }
func (t caseTable) id(i int) string            { return t.cases[i].id }
func (t caseTable) days(i int) days            { return t.cases[i].days }

func (t caseTable) value(i, field int) any {
	if field == atOverdue {
		it := t.cases[i]
		return it.due != "" && it.due < t.today
	}
	return t.cases[i].values[field]
}
