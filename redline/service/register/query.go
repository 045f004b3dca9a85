package register

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline/files"
	"greenshield/redline/service/collection"
)

// table is features that can be asked for, by their positions. Their ids grow with these. It does not change.
type table interface {
	fields() []collection.Field
	len() int
	id(i int) string
	// value returns what the feature has in the field of that position: nil for nothing, string, int64, float64 or bool,
	// always of the type of the field.
	value(i, field int) any
	days(i int) days
	// inBox returns those of the features that have a point in the box. It may use the memory of chosen.
	inBox(ctx context.Context, box orb.Bound, chosen []int32) ([]int32, error)
	geometries(ctx context.Context, chosen []int32) ([]orb.Geometry, error)
	box() *orb.Bound
}

func bad(format string, args ...any) error {
	return &collection.BadQuery{Detail: fmt.Sprintf(format, args...)}
}

// find answers a query.
func find(ctx context.Context, t table, q collection.Query) (*collection.Page, error) {
	if q.Limit < 1 || q.Limit > collection.MaxLimit {
		return nil, bad("the limit %d is not one from 1 to %d", q.Limit, collection.MaxLimit)
	}
	if b := q.Box; b != nil && !(b.Min[0] <= b.Max[0] && b.Min[1] <= b.Max[1]) {
		return nil, bad("the box ends before it begins")
	}
	tests, err := testsOf(t, q)
	if err != nil {
		return nil, err
	}
	order, err := orderOf(t, q.Sort)
	if err != nil {
		return nil, err
	}
	after, err := order.parse(q.After)
	if err != nil {
		return nil, err
	}
	chosen := choose(t, tests)
	if q.Box != nil {
		if chosen, err = t.inBox(ctx, *q.Box, chosen); err != nil {
			return nil, err
		}
	}
	page := &collection.Page{Matched: len(chosen)}
	if chosen = order.first(chosen, after, q.Limit+1); len(chosen) > q.Limit {
		chosen = chosen[:q.Limit]
		page.Next = order.keyOf(chosen[q.Limit-1]).String()
	}
	page.Features, err = features(ctx, t, chosen, q.Without)
	return page, err
}

// choose returns the positions of what passes all tests.
func choose(t table, tests []func(i int) bool) []int32 {
	chosen := make([]int32, 0, t.len())
next:
	for i := range t.len() {
		for _, test := range tests {
			if !test(i) {
				continue next
			}
		}
		chosen = append(chosen, int32(i))
	}
	return chosen
}

// fieldNamed returns the position of the field that may be asked for by a name.
func fieldNamed(t table, name string, allows func(f *collection.Field) bool) (int, error) {
	at := slices.IndexFunc(t.fields(), func(f collection.Field) bool { return f.Name == name })
	if at < 0 || !allows(&t.fields()[at]) {
		return 0, bad("the property %q cannot be asked for", name)
	}
	return at, nil
}

func queryable(f *collection.Field) bool { return f.Queryable }
func sortable(f *collection.Field) bool  { return f.Sortable }

// testsOf returns the tests of single features that a query wants.
func testsOf(t table, q collection.Query) (tests []func(i int) bool, err error) {
	for name, texts := range q.Where {
		at, err := fieldNamed(t, name, queryable)
		if err != nil {
			return nil, err
		}
		values := map[any]bool{}
		for _, text := range texts {
			v, err := valueNamed(&t.fields()[at], text)
			if err != nil {
				return nil, err
			}
			values[v] = true
		}
		tests = append(tests, func(i int) bool { return values[asNumber(t.value(i, at))] })
	}
	for name, least := range q.AtLeast {
		at, err := fieldNamed(t, name, queryable)
		if err != nil {
			return nil, err
		}
		if of := t.fields()[at].Type; of != collection.Integer && of != collection.Number || math.IsNaN(least) {
			return nil, bad("the property %q has no numbers to compare", name)
		}
		tests = append(tests, func(i int) bool {
			v, ok := asNumber(t.value(i, at)).(float64)
			return ok && v >= least
		})
	}
	if q.Time != nil {
		tests = append(tests, func(i int) bool { return t.days(i).meets(q.Time) })
	}
	return tests, nil
}

// asNumber returns whole numbers as others, so that all compare, and other values as they are.
func asNumber(v any) any {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v
}

// valueNamed returns the value of a field that a text of a query names: "" is that of features that have none.
func valueNamed(f *collection.Field, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	switch f.Type {
	case collection.Integer, collection.Number:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, bad("%q is no number, as the property %q has them", text, f.Name)
		}
		return v + 0, nil // −0 is 0
	case collection.Boolean:
		if text != "true" && text != "false" {
			return nil, bad("%q is neither true nor false, as the property %q is", text, f.Name)
		}
		return text == "true", nil
	}
	return text, nil
}

// order is an order of the features of a table.
type order struct {
	t     table
	field int // −1: by id alone
	name  string
	down  bool
}

func orderOf(t table, s collection.Sort) (o order, err error) {
	o = order{t, -1, s.Field, s.Down}
	if s.Field == "" {
		return o, nil
	}
	if o.field, err = fieldNamed(t, s.Field, sortable); s.Field == "id" {
		o.field = -1 // ids are what the order of positions is
	}
	return o, err
}

// key is the place of a feature in an order.
type key struct {
	Field string `json:"f,omitempty"`
	Down  bool   `json:"d,omitempty"`
	Value any    `json:"v,omitempty"`
	ID    string `json:"i"`
}

func (o *order) keyOf(i int32) *key {
	k := &key{Field: o.name, Down: o.down, ID: o.t.id(int(i))}
	if o.field >= 0 {
		k.Value = o.t.value(int(i), o.field)
	}
	return k
}

// String returns the key as the beginning of the next page.
func (k *key) String() string {
	text, err := json.Marshal(k)
	if err != nil {
		panic(err) // values are texts and finite numbers
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parse returns the key of a text that String gave; nil for "".
func (o *order) parse(text string) (*key, error) {
	if text == "" {
		return nil, nil
	}
	k := &key{}
	inside, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		from := json.NewDecoder(bytes.NewReader(inside))
		from.DisallowUnknownFields()
		err = from.Decode(k)
	}
	if err != nil || k.Field != o.name || k.Down != o.down {
		return nil, bad("the beginning of the page is none that this query gave")
	}
	if o.field < 0 || k.Value == nil {
		return k, nil
	}
	good := false
	switch f := &o.t.fields()[o.field]; f.Type {
	case collection.Integer, collection.Number:
		_, good = k.Value.(float64)
	case collection.Boolean:
		_, good = k.Value.(bool)
	default:
		_, good = k.Value.(string)
	}
	if !good {
		return nil, bad("the beginning of the page is none that this query gave")
	}
	return k, nil
}

// compare orders two values, those of nothing last.
func (o *order) compare(a, b any) int {
	if a == nil || b == nil {
		return boolean(a == nil) - boolean(b == nil)
	}
	c := 0
	switch a := a.(type) {
	case string:
		c = strings.Compare(a, b.(string))
	case int64:
		if n, ok := b.(int64); ok {
			c = cmp.Compare(a, n)
		} else {
			c = cmp.Compare(float64(a), b.(float64))
		}
	case float64:
		c = cmp.Compare(a, asNumber(b).(float64))
	case bool:
		c = boolean(a) - boolean(b.(bool))
	}
	return o.turned(c)
}

func (o *order) turned(c int) int {
	if o.down {
		return -c
	}
	return c
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// of orders two features.
func (o *order) of(i, k int32) int {
	if o.field >= 0 {
		if c := o.compare(o.t.value(int(i), o.field), o.t.value(int(k), o.field)); c != 0 {
			return c
		}
	}
	return o.turned(cmp.Compare(i, k))
}

// follows tells whether a feature comes after a key.
func (o *order) follows(i int32, k *key) bool {
	if o.field >= 0 {
		if c := o.compare(o.t.value(int(i), o.field), k.Value); c != 0 {
			return c > 0
		}
	}
	return o.turned(strings.Compare(o.t.id(int(i)), k.ID)) > 0
}

// first returns the first n features after a key, in order. chosen are in the order of ids; its memory may be used.
func (o *order) first(chosen []int32, after *key, n int) []int32 {
	if o.down { // what is wanted lies rather at the end, where values grow with ids
		slices.Reverse(chosen)
	}
	if o.field < 0 {
		if after != nil {
			chosen = chosen[sort.Search(len(chosen), func(i int) bool { return o.follows(chosen[i], after) }):]
		}
		return chosen[:min(n, len(chosen))]
	}
	best := make([]int32, 0, 2*n)
	full := false // then the last of best[:n] is the worst that still counts
	for _, i := range chosen {
		if after != nil && !o.follows(i, after) || full && o.of(i, best[n-1]) > 0 {
			continue
		}
		if best = append(best, i); len(best) == 2*n {
			slices.SortFunc(best, o.of)
			best, full = best[:n], true
		}
	}
	slices.SortFunc(best, o.of)
	return best[:min(n, len(best))]
}

// features returns features by their positions.
func features(ctx context.Context, t table, chosen []int32, without bool) ([]collection.Feature, error) {
	places := make([]orb.Geometry, len(chosen))
	if !without {
		var err error
		if places, err = t.geometries(ctx, chosen); err != nil {
			return nil, err
		}
	}
	all := make([]collection.Feature, len(chosen))
	for k, i := range chosen {
		all[k] = collection.Feature{ID: t.id(int(i)), Geometry: geoJSON(places[k]), Properties: properties(t, int(i))}
	}
	return all, nil
}

// properties returns the JSON of the properties of a feature.
func properties(t table, i int) json.RawMessage {
	b := make([]byte, 0, 1<<10)
	for at, f := range t.fields() {
		b = append(b, ",{"[boolean(at == 0)])
		b = append(files.AppendJSON(b, f.Name), ':')
		b = appendValue(b, t.value(i, at))
	}
	return append(b, '}')
}

// appendValue appends a value as JSON.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return files.AppendJSON(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}
