package features

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"greenshield/redline/service/collection"
)

// memory is a collection whose features are given, in the order of their ids.
type memory struct {
	info     collection.Info
	features []collection.Feature
	times    []collection.Interval // of each feature; none: without time
	version  string
	asked    []collection.Query
	err      error // of all that is asked for
}

func (m *memory) Info() collection.Info { return m.info }
func (m *memory) Version() string       { return m.version }

func (m *memory) Item(_ context.Context, id string) (*collection.Feature, error) {
	if m.err != nil {
		return nil, m.err
	}
	for i := range m.features {
		if m.features[i].ID == id {
			return &m.features[i], nil
		}
	}
	return nil, collection.ErrNoItem
}

func (m *memory) Items(_ context.Context, q collection.Query) (*collection.Page, error) {
	m.asked = append(m.asked, q)
	if m.err != nil {
		return nil, m.err
	}
	var order []int
	for i := range m.features {
		if m.chosen(i, q) {
			order = append(order, i)
		}
	}
	if q.Sort.Field != "" {
		slices.SortStableFunc(order, func(a, b int) int {
			c := bytes.Compare(m.value(a, q.Sort.Field), m.value(b, q.Sort.Field))
			if q.Sort.Down {
				return -c
			}
			return c
		})
	}
	page := &collection.Page{Matched: len(order)}
	from := 0
	if q.After != "" {
		if from = slices.IndexFunc(order, func(i int) bool { return m.features[i].ID == q.After }) + 1; from == 0 {
			return nil, &collection.BadQuery{Detail: "after is no token of this query."}
		}
	}
	for _, i := range order[from:] {
		if len(page.Features) == q.Limit {
			page.Next = page.Features[q.Limit-1].ID
			break
		}
		f := m.features[i]
		if q.Without {
			f.Geometry = nil
		}
		page.Features = append(page.Features, f)
	}
	return page, nil
}

func (m *memory) value(i int, name string) json.RawMessage {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(m.features[i].Properties, &all); err != nil {
		panic(err)
	}
	return all[name]
}

func (m *memory) chosen(i int, q collection.Query) bool {
	if q.Box != nil {
		if m.features[i].Geometry == nil {
			return false
		}
		p, err := readPositions(m.features[i].Geometry)
		if err != nil {
			panic(err)
		}
		x, y, err := p.degrees()
		if err != nil {
			panic(err)
		}
		if !p.meets(x, y, *q.Box) {
			return false
		}
	}
	if t := q.Time; t != nil && len(m.times) > 0 {
		own := m.times[i]
		if !t.From.IsZero() && own.Until.Before(t.From) || !t.Until.IsZero() && own.From.After(t.Until) {
			return false
		}
	}
	for name, values := range q.Where {
		text := string(m.value(i, name))
		if s, err := strconv.Unquote(text); err == nil {
			text = s
		}
		if !slices.Contains(values, text) {
			return false
		}
	}
	for name, least := range q.AtLeast {
		if v, err := strconv.ParseFloat(string(m.value(i, name)), 64); err != nil || v < least {
			return false
		}
	}
	return true
}

// gone is a source that cannot be read.
type gone struct{ err error }

func (g gone) Collections(context.Context) ([]collection.Collection, error) { return nil, g.err }

func (g gone) Collection(context.Context, string) (collection.Collection, error) { return nil, g.err }

// source offers collections.
type source []collection.Collection

func (s source) Collections(context.Context) ([]collection.Collection, error) { return s, nil }

func (s source) Collection(_ context.Context, id string) (collection.Collection, error) {
	for _, c := range s {
		if c.Info().ID == id {
			return c, nil
		}
	}
	return nil, collection.ErrNoCollection
}

// sphere projects by the transverse Mercator projection of a sphere, which bends the sides of boxes as the ellipsoid
// does. It is no truth.
type sphere struct{}

const radius = 6_378_137.0

func meridian(epsg int) float64 { return float64(firstMeridian + zoneWidthDeg*(epsg-firstZone)) }

func (sphere) Project(epsg int, x, y []float64) error {
	for i := range x {
		l, p := (x[i]-meridian(epsg))*math.Pi/180, y[i]*math.Pi/180
		x[i] = 500_000 + radius*math.Atanh(math.Cos(p)*math.Sin(l))
		y[i] = radius * math.Atan2(math.Tan(p), math.Cos(l))
	}
	return nil
}

func (sphere) Unproject(epsg int, x, y []float64) error {
	for i := range x {
		e, n := (x[i]-500_000)/radius, y[i]/radius
		x[i] = meridian(epsg) + math.Atan2(math.Sinh(e), math.Cos(n))*180/math.Pi
		y[i] = math.Asin(math.Sin(n)/math.Cosh(e)) * 180 / math.Pi
	}
	return nil
}

// sample is a collection of a few features: squares of 0.01° at 117° E and eastwards, a point, one without a place.
func sample() *memory {
	m := &memory{version: "v1", info: collection.Info{
		ID: "r1.candidates", Title: "疑似图斑", Description: "一次运行的疑似问题图斑", Run: "r1", Geometry: collection.Mixed,
		Fields: []collection.Field{
			{Name: "name", Title: "名称", Type: collection.Text, Queryable: true},
			{Name: "severity", Title: "严重程度", Type: collection.Integer, Queryable: true, Sortable: true,
				Codes: []collection.Code{{Value: "1", Title: "轻"}, {Value: "2", Title: "中"}, {Value: "3", Title: "重"}}},
			{Name: "area_ha", Title: "面积（公顷）", Type: collection.Number, Queryable: true, Sortable: true},
			{Name: "near_lead", Title: "附近有线索", Type: collection.Boolean, Queryable: true},
			{Name: "opened_on", Title: "立案日期", Type: collection.Date, Queryable: true},
			{Name: "note", Title: "备注", Type: collection.Text},
			{Name: "limit", Title: "上限", Type: collection.Integer, Queryable: true},
		},
	}}
	for i := range 7 {
		west := 117 + float64(i)*0.02
		at := func(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
		ring := ""
		for _, c := range [][2]float64{{0, 0}, {0.01, 0}, {0.01, 0.01}, {0, 0.01}, {0, 0}} {
			ring += ",[" + at(west+c[0]) + "," + at(31+c[1]) + "]"
		}
		f := collection.Feature{
			ID: "F" + strconv.Itoa(i),
			Properties: json.RawMessage(`{"name":"地块 ` + strconv.Itoa(i) + `","severity":` + strconv.Itoa(1+i%3) +
				`,"area_ha":` + strconv.FormatFloat(0.5*float64(i), 'f', 2, 64) + `,"near_lead":` + strconv.FormatBool(i%2 == 0) +
				`,"opened_on":"2021-0` + strconv.Itoa(i+1) + `-15","note":null,"limit":1}`),
		}
		switch i {
		case 5:
			f.Geometry = json.RawMessage(`{"type":"Point","coordinates":[117.1000000,31.0050000]}`)
		case 6:
		default:
			f.Geometry = json.RawMessage(`{"type":"MultiPolygon","coordinates":[[[` + ring[1:] + `]]]}`)
		}
		m.features = append(m.features, f)
		day := time.Date(2021, time.Month(i+1), 15, 0, 0, 0, 0, time.UTC)
		m.times = append(m.times, collection.Interval{From: day, Until: day.AddDate(0, 0, 1).Add(-1)})
	}
	m.info.From, m.info.Until = m.times[0].From, m.times[6].Until
	m.info.Box = boxOfAll(m.features)
	return m
}

// boxOfAll is the box of all features.
func boxOfAll(features []collection.Feature) *orb.Bound {
	var all *orb.Bound
	for _, f := range features {
		if f.Geometry == nil {
			continue
		}
		g, err := geojson.UnmarshalGeometry(f.Geometry)
		if err != nil {
			panic(err)
		}
		b := g.Geometry().Bound()
		if all != nil {
			b = b.Union(*all)
		}
		all = &b
	}
	return all
}
