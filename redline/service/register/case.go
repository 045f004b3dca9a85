package register

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
	"greenshield/redline/service/gate"
)

// said is a field with its value, for a reader.
type said struct {
	field
	Value any    `json:"value"`
	Label string `json:"label,omitempty"` // Chinese of a value that is a code
}

// event is an event, for a reader.
type event struct {
	Seq      int64            `json:"seq"`
	Kind     term             `json:"kind"`
	Time     string           `json:"time"` // in China
	Actor    string           `json:"actor"`
	Level    *term            `json:"level,omitempty"`
	Fields   []said           `json:"fields"`
	Document *ledger.Document `json:"document,omitempty"`
}

// found is a detection that met a case.
type found struct {
	ID         string             `json:"id"`
	Run        string             `json:"run"`
	YearA      int                `json:"year_a"`
	YearB      int                `json:"year_b"`
	Product    string             `json:"product"`
	Legend     string             `json:"legend"`
	Group      string             `json:"group"`
	AreaM2     float64            `json:"area_m2"`
	Cells      int64              `json:"cells"`
	Latest     bool               `json:"latest"` // the last one that met the case
	Ground     bool               `json:"ground"` // its cells are ground of the case
	Candidates []ledger.Candidate `json:"candidates"`
}

// seen is what one follow-up has seen.
type seen struct {
	Seq     int64              `json:"seq"`
	Year    string             `json:"year"`
	Finding term               `json:"finding"`
	Shares  map[string]float64 `json:"shares"` // of the ground in %, by field; bad_m2 in square metres
	Run     string             `json:"run,omitempty"`
	Day     ledger.Date        `json:"day"`
}

// dispute is a field of which reviewers say different things.
type dispute struct {
	field
	Values []term `json:"values"` // with their Chinese, which is the value itself where it is no code
}

// other is another case.
type other struct {
	ID     string   `json:"id"`
	State  term     `json:"state"`
	Metres *float64 `json:"metres,omitempty"`
}

// nearLead is a lead that lies near.
type nearLead struct {
	ID     string      `json:"id"` // in the collection of leads
	Case   string      `json:"case"`
	State  term        `json:"state"` // of its case
	Metres *float64    `json:"metres"`
	Source string      `json:"source"`
	Number string      `json:"number"`
	Day    ledger.Date `json:"day"`
	Text   string      `json:"text"`
}

// Case is all that is known of a case.
type Case struct {
	ID         string              `json:"id"`
	Seq        int64               `json:"seq"`
	State      term                `json:"state"`
	Side       []term              `json:"side"` // side states, today
	Fields     []said              `json:"fields"`
	Geometry   json.RawMessage     `json:"geometry"`
	MergedInto *other              `json:"merged_into,omitempty"` // the case that answers for it now
	MergedFrom []other             `json:"merged_from"`
	SplitFrom  *other              `json:"split_from,omitempty"`
	SplitInto  []other             `json:"split_into"`
	Detections []found             `json:"detections"`
	FollowUps  []seen              `json:"followups"`
	Evidence   []ledger.Document   `json:"evidence"`
	Accepted   []ledger.Acceptance `json:"accepted"`
	Disputes   []dispute           `json:"disputes"`
	Neighbours []other             `json:"neighbours"` // within 500 m, the nearest first
	NearLeads  []nearLead          `json:"near_leads"` // within 1 km, the nearest first
	History    []event             `json:"history"`    // by number
	Next       []step              `json:"next"`
}

func termOf(set, code string) term { return term{code, ledgerwork.Label(set, code)} }

// Case returns all that is known of a case, for a user; [ledger.ErrNoCase] when there is none of that id.
func (r *Register) Case(ctx context.Context, id string, user *gate.User) (*Case, error) {
	s, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	story, err := ledgerwork.StoryOf(ctx, r.store, id)
	if errors.Is(err, ledger.ErrNoCase) {
		return nil, err
	} else if err != nil {
		return nil, unavailable(ctx, err)
	}
	c := &story.Case
	story.Events = slices.DeleteFunc(story.Events, func(e ledger.Event) bool { return e.Seq > c.Seq })
	told := &Case{ID: c.ID, Seq: c.Seq, State: termOf("state", string(c.State)), Side: []term{}, Fields: fieldsOf(c),
		Evidence: append([]ledger.Document{}, c.Evidence...), Accepted: append([]ledger.Acceptance{}, c.Accepted...),
		Disputes: disputesOf(c), FollowUps: []seen{}, History: []event{}, Next: r.steps(c, user)}
	for _, code := range c.Side(s.today) {
		told.Side = append(told.Side, termOf("side", code))
	}
	for i := range story.Events {
		told.History = append(told.History, eventOf(&story.Events[i]))
		if e := &story.Events[i]; e.Kind == ledger.FollowUp {
			told.FollowUps = append(told.FollowUps, seenOf(e))
		}
	}
	s.relatives(told, c)
	if told.Detections, err = r.detections(ctx, c); err != nil {
		return nil, err
	}
	return told, r.around(ctx, s, told, c)
}

// fieldsOf returns the columns of a case and its further fields, those without a value too.
func fieldsOf(c *ledger.Case) (all []said) {
	shown := map[string]bool{}
	for i, column := range ledgerwork.Columns() {
		v := valueOf(caseFields[i].Type, column.Value(c))
		one := said{field{column.Name, column.Title, column.Codes}, v, ""}
		if code, ok := v.(string); ok && column.Codes != "" {
			one.Label = ledgerwork.Label(column.Codes, code)
		}
		if n, ok := v.(int64); ok && column.Name == ledger.FieldSeverity {
			one.Codes = "severity"
			for _, code := range caseFields[i].Codes {
				if code.Value == fmt.Sprint(n) {
					one.Label = code.Title
				}
			}
		}
		all, shown[column.Name] = append(all, one), true
	}
	rest := ledgerwork.Fields(ledger.Event{Fields: c.Fields})
	for _, f := range rest {
		if !shown[f.Name] {
			all = append(all, saidOf(f))
		}
	}
	return all
}

func saidOf(f ledgerwork.Field) said {
	one := said{field{f.Name, f.Title, f.Codes}, f.Value, ""}
	if f.Codes != "" {
		one.Label = ledgerwork.Label(f.Codes, f.Value)
	}
	return one
}

func eventOf(e *ledger.Event) event {
	out := event{Seq: e.Seq, Kind: termOf("event", string(e.Kind)), Time: e.Time.In(ledger.China).Format(time.RFC3339),
		Actor: e.Actor, Fields: []said{}}
	if e.Level != "" {
		level := termOf("level", string(e.Level))
		out.Level = &level
	}
	for _, f := range ledgerwork.Fields(*e) {
		out.Fields = append(out.Fields, saidOf(f))
	}
	if e.Doc != (ledger.Document{}) {
		out.Document = &e.Doc
	}
	return out
}

func seenOf(e *ledger.Event) seen {
	one := seen{Seq: e.Seq, Year: e.Fields[ledger.FieldYear], Finding: termOf("finding", e.Fields[ledger.FieldFinding]),
		Shares: map[string]float64{}, Run: e.Fields[ledger.FieldRun], Day: e.Day()}
	for _, name := range shareFields {
		if v, err := strconv.ParseFloat(e.Fields[name], 64); err == nil && isFinite(v) {
			one.Shares[name] = v
		}
	}
	return one
}

func isFinite(v float64) bool { return v-v == 0 }

func disputesOf(c *ledger.Case) []dispute {
	all := []dispute{}
	for _, d := range c.Disputes {
		one := dispute{field: fieldNamedBy(d.Field)}
		for _, v := range d.Values {
			one.Values = append(one.Values, termOf(one.Codes, v))
		}
		all = append(all, one)
	}
	return all
}

// otherOf returns a case by its id.
func (s *state) otherOf(id string) other {
	o := other{ID: id}
	if it := s.find(id); it != nil {
		o.State = termOf("state", string(it.loop.state))
	}
	return o
}

// relatives sets which cases a case was made of, and which were made of it.
func (s *state) relatives(told *Case, c *ledger.Case) {
	told.MergedFrom, told.SplitInto = []other{}, []other{}
	if c.MergedInto != "" {
		last := c.MergedInto
		for range len(s.cases) { // that a ledger is damaged is no reason to go round for ever
			if it := s.find(last); it == nil || it.loop.merged == "" {
				break
			}
			last = s.find(last).loop.merged
		}
		into := s.otherOf(last)
		told.MergedInto = &into
	}
	if from := c.Get(ledger.FieldSplitFrom); from != "" {
		o := s.otherOf(from)
		told.SplitFrom = &o
	}
	for _, it := range s.cases {
		if it.loop.merged == c.ID {
			told.MergedFrom = append(told.MergedFrom, s.otherOf(it.id))
		}
		if it.values[atSplitFrom] == c.ID {
			told.SplitInto = append(told.SplitInto, s.otherOf(it.id))
		}
	}
}

var atSplitFrom = slices.IndexFunc(caseFields, func(f collection.Field) bool { return f.Name == ledger.FieldSplitFrom })

// detections returns the detections that are the ground of a case, and the last one that met it.
func (r *Register) detections(ctx context.Context, c *ledger.Case) ([]found, error) {
	all, ids := []found{}, slices.Clone(c.Ground)
	if c.Detection != "" {
		ids = append(ids, c.Detection)
	}
	if len(ids) == 0 {
		return all, nil
	}
	for d, err := range r.store.Detections(ctx, ledger.DetectionFilter{IDs: ids}) {
		if err != nil {
			return nil, unavailable(ctx, err)
		}
		all = append(all, found{d.ID, d.Run, d.YearA, d.YearB, d.Product, d.Legend, d.Group, d.AreaM2, d.Cells,
			d.ID == c.Detection, slices.Contains(c.Ground, d.ID), append([]ledger.Candidate{}, d.Candidates...)})
	}
	return all, nil
}

// near is how far around a case others are told, in metres.
const near = 500

// mostNear is how many others are told at most, of each kind.
const mostNear = 100

// around sets where a case is, and what lies near it.
func (r *Register) around(ctx context.Context, s *state, told *Case, c *ledger.Case) error {
	told.Neighbours, told.NearLeads = []other{}, []nearLead{}
	own := itemOf(c, time.Time{}, s.find(c.ID), &words{})
	places, err := r.outlines.of(ctx, []*item{own})
	if err != nil || places[0] == nil {
		return err
	}
	place := places[0]
	told.Geometry = geoJSON(place)
	if err := r.outlines.measure(ctx, s.cases); err != nil {
		return err
	}
	from := ledgerwork.PlacesOf(place)
	around := ledgerwork.Widened(place.Bound(), near)
	var close []*item
	for _, it := range s.cases {
		if box := it.extent(); it.id != c.ID && it.loop.merged == "" && box != nil && box.Intersects(around) {
			close = append(close, it)
		}
	}
	if places, err = r.outlines.of(ctx, close); err != nil {
		return err
	}
	for i, it := range close {
		if metres := from.Metres(asPolygons(places[i])); metres <= near {
			o := s.otherOf(it.id)
			o.Metres = decimetres(metres)
			told.Neighbours = append(told.Neighbours, o)
		}
	}
	slices.SortStableFunc(told.Neighbours, func(a, b other) int { return cmp.Compare(*a.Metres, *b.Metres) })
	told.Neighbours = told.Neighbours[:min(mostNear, len(told.Neighbours))]
	around = ledgerwork.Widened(place.Bound(), ledgerwork.LeadLimitM)
	for _, l := range s.leads {
		if l.place == nil || !l.place.Bound().Intersects(around) {
			continue
		}
		if metres := from.Metres(asPolygons(l.place)); metres <= ledgerwork.LeadLimitM {
			told.NearLeads = append(told.NearLeads, nearLead{numbered(l.seq), l.of, s.otherOf(l.of).State, decimetres(metres),
				l.fields[ledger.FieldLeadSource], l.fields[ledger.FieldLeadNo],
				ledger.Date(l.fields[ledger.FieldLeadDate]), l.fields[ledger.FieldLeadText]})
		}
	}
	slices.SortStableFunc(told.NearLeads, func(a, b nearLead) int { return cmp.Compare(*a.Metres, *b.Metres) })
	told.NearLeads = told.NearLeads[:min(mostNear, len(told.NearLeads))]
	return nil
}

// decimetres returns a distance to the decimetre.
func decimetres(metres float64) *float64 {
	metres = math.Round(10*metres) / 10
	return &metres
}

// asPolygons returns a place as polygons; a point is one that has a single vertex.
func asPolygons(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.MultiPolygon:
		return g
	case orb.Point:
		return orb.MultiPolygon{{{g}}}
	}
	return nil
}

func (r *Register) serveCase(w http.ResponseWriter, q *http.Request) {
	told, err := r.Case(q.Context(), q.PathValue("id"), gate.UserOf(q.Context()))
	if err != nil {
		fail(w, q, err)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, told.Seq))
	w.Header().Set("Cache-Control", "no-store") // what is near changes without the case
	answer.JSON(w, q, http.StatusOK, told)
}

// Limits of the number of events of an answer.
const (
	someEvents = 100
	mostEvents = 1000
)

// events is a part of the history of a case.
type events struct {
	Events []event `json:"events"`
	Next   *int64  `json:"next"` // what after has to be for the next part, null at the end
}

func (r *Register) serveEvents(w http.ResponseWriter, q *http.Request) {
	part, err := r.part(q)
	if err != nil {
		fail(w, q, err)
		return
	}
	answer.JSON(w, q, http.StatusOK, part)
}

func (r *Register) part(q *http.Request) (*events, error) {
	f := ledger.EventFilter{Case: q.PathValue("id"), Limit: someEvents}
	if text := q.URL.Query().Get("after"); text != "" {
		var err error
		if f.After, err = strconv.ParseInt(text, 10, 64); err != nil || f.After < 0 {
			return nil, bad("after must be the number of an event")
		}
	}
	if text := q.URL.Query().Get("limit"); text != "" {
		var err error
		if f.Limit, err = strconv.Atoi(text); err != nil || f.Limit < 1 || f.Limit > mostEvents {
			return nil, bad("limit must be a number from 1 to %d", mostEvents)
		}
	}
	s, err := r.current(q.Context())
	if err != nil {
		return nil, err
	}
	if s.find(f.Case) == nil {
		return nil, ledger.ErrNoCase
	}
	part := &events{Events: []event{}}
	limit := f.Limit
	f.Limit++
	for e, err := range r.store.Events(q.Context(), f) {
		if err != nil {
			return nil, unavailable(q.Context(), err)
		}
		if len(part.Events) == limit {
			part.Next = &part.Events[limit-1].Seq
			break
		}
		part.Events = append(part.Events, eventOf(&e))
	}
	return part, nil
}
