package features

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"greenshield/redline/service/collection"
)

// defaultLimit is how many features a page has that nobody asked to be of another size.
const defaultLimit = 100

// reserved are parameters that no property may shadow.
var reserved = []string{"f", "limit", "bbox", "bbox-crs", "crs", "datetime", "sortby", "after", skipGeometry}

// skipGeometry is the parameter that leaves geometries out, as OGC API – Features, Part 6, proposes it.
const skipGeometry = "skipGeometry"

// atLeast is the end of the names of parameters that set a least value.
const atLeast = "_min"

// filter is a parameter that filters by a property.
type filter struct {
	name  string
	field collection.Field
	least bool // features with at least that value, rather than with that value
}

// filters lists the parameters that filter a collection by properties, in the order of its fields.
func filters(info collection.Info) (all []filter) {
	taken := func(name string) bool {
		return slices.Contains(reserved, name) ||
			slices.ContainsFunc(info.Fields, func(f collection.Field) bool { return f.Queryable && f.Name == name })
	}
	for _, field := range info.Fields {
		if !field.Queryable || slices.Contains(reserved, field.Name) {
			continue
		}
		all = append(all, filter{name: field.Name, field: field})
		number := field.Type == collection.Integer || field.Type == collection.Number
		if number && !taken(field.Name+atLeast) {
			all = append(all, filter{name: field.Name + atLeast, field: field, least: true})
		}
	}
	return all
}

// parameters are the names of all parameters of the features of a collection.
func parameters(info collection.Info) []string {
	names := slices.Clone(reserved)
	for _, p := range filters(info) {
		names = append(names, p.name)
	}
	return names
}

// wanted is a request for a page of features.
type wanted struct {
	query collection.Query
	crs   crs
	area  *area // nil without a box
	plain bool  // without geometries
}

// refusal is that a request is malformed; the text tells how.
type refusal string

func (e refusal) Error() string { return string(e) }

// want reads a request. A refusal is the fault of the client.
func (f *Features) want(q url.Values, info collection.Info) (*wanted, error) {
	properties := filters(info)
	for name, values := range q {
		many := slices.ContainsFunc(properties, func(p filter) bool { return p.name == name && !p.least })
		if len(values) > 1 && !many {
			return nil, refusal(strconv.Quote(name) + " is given more than once.")
		}
	}
	w := &wanted{query: collection.Query{
		After: q.Get("after"), Where: map[string][]string{}, AtLeast: map[string]float64{},
	}}
	var ok bool
	if w.crs, ok = f.choose(info, q.Get("crs")); !ok || q.Has("crs") && q.Get("crs") == "" {
		return nil, refusal("crs is none of those that the collection lists.")
	}
	var err error
	if w.query.Limit, err = limit(q); err != nil {
		return nil, err
	}
	if w.query.Time, err = interval(q); err != nil {
		return nil, err
	}
	if w.query.Sort, err = sortOf(q, info); err != nil {
		return nil, err
	}
	switch text := q.Get(skipGeometry); {
	case text == "true":
		w.plain = true
	case q.Has(skipGeometry) && text != "false":
		return nil, refusal(skipGeometry + " is true or false.")
	}
	for _, p := range properties {
		if err := p.read(q[p.name], &w.query); err != nil {
			return nil, err
		}
	}
	if w.area, err = f.boxOf(q, info); err != nil {
		return nil, err
	}
	if w.area != nil {
		w.query.Box = &w.area.coarse
	}
	return w, nil
}

// limit reads how many features a page may have; more than there may be are as many as there may be.
func limit(q url.Values) (int, error) {
	if !q.Has("limit") {
		return defaultLimit, nil
	}
	text := q.Get("limit")
	digits := strings.TrimLeft(text, "0")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, refusal("limit is a whole number of at least 1.")
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > collection.MaxLimit {
		n = collection.MaxLimit
	}
	return n, nil
}

// sortOf reads the order of features.
func sortOf(q url.Values, info collection.Info) (collection.Sort, error) {
	if !q.Has("sortby") {
		return collection.Sort{}, nil
	}
	text := q.Get("sortby")
	// A plus sign that is not escaped arrives as a space.
	s := collection.Sort{Field: strings.TrimPrefix(strings.TrimPrefix(text, "+"), " ")}
	if name, down := strings.CutPrefix(text, "-"); down {
		s = collection.Sort{Field: name, Down: true}
	}
	if !slices.ContainsFunc(info.Fields, func(f collection.Field) bool { return f.Sortable && f.Name == s.Field }) {
		return s, refusal("sortby is the name of one sortable property, with + or - before it.")
	}
	return s, nil
}

// read adds the values of a filter to a query.
func (p filter) read(values []string, q *collection.Query) error {
	for _, v := range values {
		if !valid(p.field, v, p.least) {
			return refusal(p.name + " is not of type " + string(p.field.Type) + ", or none of its values; see queryables.")
		}
		if p.least {
			q.AtLeast[p.field.Name], _ = strconv.ParseFloat(v, 64)
		} else {
			q.Where[p.field.Name] = append(q.Where[p.field.Name], v)
		}
	}
	return nil
}

// valid tells whether a text is a value that a property may have.
func valid(f collection.Field, text string, least bool) bool {
	if f.Codes != nil && !least {
		return slices.ContainsFunc(f.Codes, func(c collection.Code) bool { return c.Value == text })
	}
	switch f.Type {
	case collection.Integer:
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil
	case collection.Number:
		v, err := strconv.ParseFloat(text, 64)
		return err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) && strings.Trim(text, "+-.0123456789eE") == ""
	case collection.Boolean:
		return text == "true" || text == "false"
	case collection.Date:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	}
	return true
}

// interval reads datetime: an instant, or an interval of which one end may be open. A date is the whole day, in UTC.
func interval(q url.Values) (*collection.Interval, error) {
	if !q.Has("datetime") {
		return nil, nil
	}
	refused := refusal("datetime is a date (2021-06-30), a date and time (2021-06-30T12:00:00Z), or two of them, " +
		"the earlier first, with / between them and .. for an open end.")
	from, until, two := strings.Cut(q.Get("datetime"), "/")
	if !two {
		first, last, ok := instant(from)
		if !ok {
			return nil, refused
		}
		return &collection.Interval{From: first, Until: last}, nil
	}
	open := func(s string) bool { return s == "" || s == ".." }
	var i collection.Interval
	ok := !open(from) || !open(until)
	if !open(from) {
		var is bool
		i.From, _, is = instant(from)
		ok = ok && is
	}
	switch {
	case open(until):
	case !open(from) && strings.HasPrefix(until, "P"):
		var is bool
		i.Until, is = after(i.From, until)
		ok = ok && is
	default:
		var is bool
		_, i.Until, is = instant(until)
		ok = ok && is
	}
	if !ok || !open(from) && !open(until) && i.Until.Before(i.From) {
		return nil, refused
	}
	return &i, nil
}

// instant returns the first and last instant of a date, or of a date and time, of RFC 3339.
func instant(text string) (first, last time.Time, ok bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.AddDate(0, 0, 1).Add(-1), day.Year() > 0
	}
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	return t, t, err == nil && t.Year() > 0
}

// after returns the end of a period of ISO 8601, such as P1M2D or PT12H, that begins at an instant.
func after(from time.Time, period string) (until time.Time, ok bool) {
	var date [3]int
	var clock time.Duration
	days, hours, timed := strings.Cut(period[1:], "T")
	read := func(text, units string, add func(unit, n int)) bool {
		for last := -1; text != ""; {
			i := strings.IndexAny(text, units)
			if i < 1 || i > 6 || strings.Trim(text[:i], "0123456789") != "" {
				return false
			}
			unit := strings.IndexByte(units, text[i])
			if unit <= last {
				return false
			}
			n, _ := strconv.Atoi(text[:i])
			add(unit, n)
			last, text = unit, text[i+1:]
		}
		return true
	}
	ok = read(days, "YMWD", func(unit, n int) {
		switch unit {
		case 2:
			date[2] += 7 * n
		case 3:
			date[2] += n
		default:
			date[unit] = n
		}
	}) && read(hours, "HMS", func(unit, n int) {
		clock += time.Duration(n) * []time.Duration{time.Hour, time.Minute, time.Second}[unit]
	})
	return from.AddDate(date[0], date[1], date[2]).Add(clock), ok && (days != "" || hours != "") && timed == (hours != "")
}

// boxOf reads bbox and bbox-crs; nil without a box.
func (f *Features) boxOf(q url.Values, info collection.Info) (*area, error) {
	c, ok := f.choose(info, q.Get("bbox-crs"))
	if !ok || q.Has("bbox-crs") && q.Get("bbox-crs") == "" {
		return nil, refusal("bbox-crs is none of those that the collection lists as crs.")
	}
	if !q.Has("bbox") {
		return nil, nil
	}
	refused := refusal("bbox is four numbers, or six with heights, separated by commas: the lower corner and the upper " +
		"corner, in the order of the axes of bbox-crs.")
	var n []float64
	for text := range strings.SplitSeq(q.Get("bbox"), ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, refused
		}
		n = append(n, v)
	}
	switch {
	case len(n) == 6 && n[2] <= n[5]:
		n = []float64{n[0], n[1], n[3], n[4]}
	case len(n) != 4:
		return nil, refused
	}
	if c.swapped {
		n[0], n[1], n[2], n[3] = n[1], n[0], n[3], n[2]
	}
	box := orb.Bound{Min: orb.Point{n[0], n[1]}, Max: orb.Point{n[2], n[3]}}
	if box.Min[1] > box.Max[1] || c.epsg != 0 && box.Min[0] > box.Max[0] {
		return nil, refused
	}
	if info.Box == nil {
		return &area{none: true}, nil
	}
	// The extent is rounded to whole degrees, so that pages that follow each other choose by the same box while features
	// are added.
	extent := orb.Bound{
		Min: orb.Point{math.Floor(info.Box.Min[0]), math.Floor(info.Box.Min[1])},
		Max: orb.Point{math.Ceil(info.Box.Max[0]), math.Ceil(info.Box.Max[1])},
	}
	if c.epsg != 0 {
		a, err := f.metres(box, c.epsg, extent)
		if err != nil {
			return nil, fmt.Errorf("a box in EPSG:%d: %w", c.epsg, err)
		}
		return &a, nil
	}
	a := degrees(box, extent)
	return &a, nil
}

// degrees is the area of a box of longitudes and latitudes, which passes the antimeridian when its west lies east of
// its east.
func degrees(box, extent orb.Bound) area {
	if box.Min[0] <= box.Max[0] {
		return area{coarse: box}
	}
	west, east := box, box // of the antimeridian
	west.Max[0], east.Min[0] = 180, -180
	switch inWest, inEast := west.Intersects(extent), east.Intersects(extent); {
	case inWest && inEast:
	case inWest:
		return area{coarse: west}
	case inEast:
		return area{coarse: east}
	default:
		return area{none: true}
	}
	both := orb.Bound{Min: orb.Point{-180, box.Min[1]}, Max: orb.Point{180, box.Max[1]}}
	return area{coarse: both, exact: func(geometry []byte) (bool, error) {
		p, err := readPositions(geometry)
		if err != nil {
			return false, err
		}
		x, y, err := p.degrees()
		return err == nil && (p.meets(x, y, west) || p.meets(x, y, east)), err
	}}
}
