package register

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/collection"
)

// lead is one lead from outside as it was told.
type lead struct {
	seq    int64
	of     string // id of the case
	fields map[string]string
	told   ledger.Date
	days   days // of the lead itself, else the day on which it was told
	place  orb.Geometry
}

// leadFields are the properties of leads.
var leadFields = []collection.Field{
	asked("case_id", "问题编号", collection.Text), asked("state", "状态", collection.Text),
	titled(ledger.FieldLeadSource, collection.Text), titled(ledger.FieldLeadNo, collection.Text),
	titled(ledger.FieldLeadDate, collection.Date), titled(ledger.FieldLeadText, collection.Text),
	titled(ledger.FieldCounty, collection.Text), titled(ledger.FieldCountyName, collection.Text),
	titled(ledger.FieldLeadDistance, collection.Number), titled(ledger.FieldLeadNearest, collection.Text),
	asked("told_on", "登记日期", collection.Date), asked(propSeq, "事项编号", collection.Integer),
}

func init() { leadFields[1].Codes = codesOf("state") }

func leadOf(e ledger.Event) *lead {
	l := &lead{seq: e.Seq, of: e.Case, fields: e.Fields, told: e.Day(), place: ledgerwork.ShapeOf(e.Fields)}
	from := dayOf(ledger.Date(e.Fields[ledger.FieldLeadDate]))
	if from == 0 {
		from = dayOf(l.told)
	}
	l.days = days{from, from}
	return l
}

// readLeads sets the leads of the next state: those that were known, and those that events told since. Of the first
// state all are read.
func (r *Register) readLeads(ctx context.Context, next, known *state, told []ledger.Event) error {
	next.leads = slices.Clip(known.leads)
	if known.head.Seq > 0 {
		for _, e := range told {
			next.leads = append(next.leads, leadOf(e))
		}
		return nil
	}
	for _, it := range next.cases {
		if it.loop.leads == 0 {
			continue
		}
		for e, err := range r.store.Events(ctx, ledger.EventFilter{Case: it.id, Kinds: []ledger.Kind{ledger.LeadTold}}) {
			if err != nil {
				return err
			}
			if e.Seq <= next.head.Seq {
				next.leads = append(next.leads, leadOf(e))
			}
		}
	}
	slices.SortFunc(next.leads, func(a, b *lead) int { return int(a.seq - b.seq) })
	return nil
}

// numbered returns the number of an event as an id. Ids are in the order of the numbers.
func numbered(seq int64) string { return fmt.Sprintf("%010d", seq) }

// leadTable is the leads of a state, to be asked.
type leadTable struct{ *state }

func (t leadTable) fields() []collection.Field { return leadFields }
func (t leadTable) len() int                   { return len(t.leads) }
func (t leadTable) id(i int) string            { return numbered(t.leads[i].seq) }
func (t leadTable) days(i int) days            { return t.leads[i].days }

func (t leadTable) value(i, field int) any {
	l := t.leads[i]
	text := l.fields[leadFields[field].Name]
	switch leadFields[field].Name {
	case "case_id":
		text = l.of
	case "state":
		if it := t.find(l.of); it != nil {
			text = string(it.loop.state)
		}
	case "told_on":
		text = string(l.told)
	case propSeq:
		return l.seq
	case ledger.FieldLeadDistance:
		if metres, err := strconv.ParseFloat(text, 64); err == nil {
			return metres
		}
		return nil
	}
	return valueOf(collection.Text, text)
}

func (t leadTable) inBox(_ context.Context, box orb.Bound, chosen []int32) ([]int32, error) {
	return slices.DeleteFunc(chosen, func(i int32) bool { return !meets(t.leads[i].place, box) }), nil
}

func (t leadTable) geometries(_ context.Context, chosen []int32) ([]orb.Geometry, error) {
	places := make([]orb.Geometry, len(chosen))
	for k, i := range chosen {
		places[k] = t.leads[i].place
	}
	return places, nil
}

func (t leadTable) box() *orb.Bound {
	var whole extents
	for _, l := range t.leads {
		if l.place != nil {
			b := l.place.Bound()
			whole.add(&b)
		}
	}
	return whole.box()
}
