package register

import (
	"context"
	"slices"
	"sort"
	"strconv"
	"sync"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
	"greenshield/redline/service/collection"
)

// look is what one follow-up has seen of a case.
type look struct {
	seq                      int64
	of                       *item // as it was when the look was read: its id and county stay
	year                     int64
	days                     days
	told, source, run, found any                       // texts that many looks have
	shares                   [len(shareFields)]float64 // −1 for none
}

var shareFields = [...]string{ledger.FieldShareBad, ledger.FieldShareOld, ledger.FieldShareOth, ledger.FieldShareNo,
	ledger.FieldBadM2}

// lookFields are the properties of follow-ups; shares follow.
var lookFields = func() []collection.Field {
	fields := []collection.Field{
		asked("case_id", "问题编号", collection.Text), titled(ledger.FieldYear, collection.Integer),
		titled(ledger.FieldFinding, collection.Text), asked(ledger.FieldRun, "运行", collection.Text),
		titled(ledger.FieldSource, collection.Text), asked("told_on", "登记日期", collection.Date),
		asked(propSeq, "事项编号", collection.Integer),
	}
	for _, name := range shareFields {
		fields = append(fields, titled(name, collection.Number))
	}
	return fields
}()

// lookIndex is the follow-ups of a ledger. They are read when somebody asks for them first; the zero value is empty.
type lookIndex struct {
	mu    sync.Mutex
	words words
	known looks
}

// looks is the follow-ups until a head.
type looks struct {
	head       ledger.Head
	generation int
	all        []look // by number of their events
}

// ready returns the follow-ups until the head of a state, if they were read.
func (x *lookIndex) ready(s *state) ([]look, bool) {
	if !x.mu.TryLock() {
		return nil, false
	}
	defer x.mu.Unlock()
	return x.known.all, x.known.head == s.head && x.known.generation == s.generation
}

// at returns the follow-ups until the head of a state.
func (x *lookIndex) at(ctx context.Context, store ledger.Store, s *state) ([]look, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	known := x.known
	if known.generation != s.generation {
		known = looks{generation: s.generation}
	}
	if known.head.Seq > s.head.Seq { // somebody has asked for a later state
		n := sort.Search(len(known.all), func(i int) bool { return known.all[i].seq > s.head.Seq })
		return known.all[:n:n], nil
	}
	if known.head == s.head {
		return known.all, nil
	}
	f := ledger.EventFilter{After: known.head.Seq, Kinds: []ledger.Kind{ledger.FollowUp}}
	for e, err := range eventsOf(ctx, store, f) {
		if err != nil {
			return nil, unavailable(ctx, err)
		}
		if e.Seq > s.head.Seq {
			break
		}
		known.all = append(known.all, lookOf(e, s.find(e.Case), &x.words))
	}
	known.head = s.head
	x.known = known
	return known.all, nil
}

func lookOf(e ledger.Event, of *item, w *words) look {
	year, _ := strconv.ParseInt(e.Fields[ledger.FieldYear], 10, 64) // the ledger's rules want a year
	if of == nil {
		of = &item{id: e.Case}
	}
	l := look{seq: e.Seq, of: of, year: year, told: w.same(string(e.Day())),
		source: w.same(valueOf(collection.Text, e.Fields[ledger.FieldSource])),
		run:    w.same(valueOf(collection.Text, e.Fields[ledger.FieldRun])),
		found:  w.same(valueOf(collection.Text, e.Fields[ledger.FieldFinding]))}
	text := e.Fields[ledger.FieldYear]
	l.days = days{dayOf(ledger.Date(text + "-01-01")), dayOf(ledger.Date(text + "-12-31"))}
	for k, name := range shareFields {
		l.shares[k] = -1
		if v, err := strconv.ParseFloat(e.Fields[name], 64); err == nil && v >= 0 {
			l.shares[k] = v
		}
	}
	return l
}

// lookTable is the follow-ups of a state, to be asked. Each is where its case is.
type lookTable struct {
	all   []look
	cases caseTable
}

func (t lookTable) fields() []collection.Field { return lookFields }
func (t lookTable) len() int                   { return len(t.all) }
func (t lookTable) id(i int) string            { return numbered(t.all[i].seq) }
func (t lookTable) days(i int) days            { return t.all[i].days }

func (t lookTable) value(i, field int) any {
	switch l := &t.all[i]; field {
	case 0:
		return l.of.id
	case 1:
		return l.year
	case 2:
		return l.found
	case 3:
		return l.run
	case 4:
		return l.source
	case 5:
		return l.told
	case 6:
		return l.seq
	default:
		if share := l.shares[field-7]; share >= 0 {
			return share
		}
		return nil
	}
}

// caseOf returns the position of the case of a follow-up.
func (t lookTable) caseOf(i int32) (at int32, ok bool) {
	n, ok := slices.BinarySearchFunc(t.cases.state.cases, t.all[i].of.id, byID)
	return int32(n), ok
}

func (t lookTable) inBox(ctx context.Context, box orb.Bound, chosen []int32) ([]int32, error) {
	var of []int32
	for _, i := range chosen {
		if at, ok := t.caseOf(i); ok {
			of = append(of, at)
		}
	}
	slices.Sort(of)
	in, err := t.cases.inBox(ctx, box, slices.Compact(of))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(chosen, func(i int32) bool {
		at, ok := t.caseOf(i)
		if ok {
			_, ok = slices.BinarySearch(in, at)
		}
		return !ok
	}), nil
}

func (t lookTable) geometries(ctx context.Context, chosen []int32) ([]orb.Geometry, error) {
	of := make([]*item, len(chosen))
	for k, i := range chosen {
		of[k] = t.all[i].of
		if at, ok := t.caseOf(i); ok {
			of[k] = t.cases.state.cases[at]
		}
	}
	return t.cases.outlines.of(ctx, of)
}

func (t lookTable) box() *orb.Bound {
	var whole extents
	for i := range t.all {
		if at, ok := t.caseOf(int32(i)); ok {
			whole.add(t.cases.state.cases[at].extent())
		}
	}
	return whole.box()
}
