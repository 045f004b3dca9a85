package register

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// Standing is how far cases are on their way at the end of a day, by place.
type Standing struct {
	Day    ledger.Date `json:"day"`
	Seq    int64       `json:"seq"` // of the last event that was read
	All    Tally       `json:"all"`
	Places []Tally     `json:"places"` // each city before its counties, by code
}

// Tally counts the cases of a place. Cases that were merged into others do not count.
type Tally struct {
	Code  string `json:"code"`           // of the county or city; "" for all, and where it is not known
	City  string `json:"city,omitempty"` // of a county: code of its city
	Name  string `json:"name"`
	Level string `json:"level"` // "all", "city" or "county"

	Found     int `json:"found"`     // all
	Judged    int `json:"judged"`    // that have a verdict
	Problems  int `json:"problems"`  // of which the verdict is that it is one
	Rectified int `json:"rectified"` // reported as rectified, and not sent back since
	StruckOff int `json:"struck_off"`
	Overdue   int `json:"overdue"`
	// Rebounds is how often a rebound was confirmed, Suspected of how many cases one is suspected.
	Rebounds  int `json:"rebounds"`
	Suspected int `json:"suspected_rebounds"`
}

func (t *Tally) add(l *loop, overdue bool) {
	t.Found++
	t.Judged += boolean(l.judged)
	t.Problems += boolean(l.problem)
	t.Rectified += boolean(l.rectified)
	t.StruckOff += boolean(l.state == ledger.StruckOff)
	t.Overdue += boolean(overdue)
	t.Rebounds += l.rebounds
	t.Suspected += boolean(l.suspicion == ledger.SuspectRebound)
}

// counting makes a Standing of one case after the other.
type counting struct {
	all    Tally
	places map[[2]string]*Tally // by level and code, or name where there is no code
}

func (n *counting) add(l *loop, overdue bool) {
	if l.merged != "" {
		return
	}
	n.all.add(l, overdue)
	area := redline.Area{Code: l.county}
	city := area.CityCode()
	county := n.place("county", cmp.Or(l.county, l.countyName))
	county.Code, county.City = l.county, city
	county.Name = cmp.Or(county.Name, l.countyName) // a lead may know the code alone
	county.add(l, overdue)
	if city != "" {
		t := n.place("city", city)
		t.Code, t.Name = city, "全市（"+city+"）"
		t.add(l, overdue)
	}
}

func (n *counting) place(level, key string) *Tally {
	k := [2]string{level, key}
	if n.places == nil {
		n.places = map[[2]string]*Tally{}
	}
	if n.places[k] == nil {
		n.places[k] = &Tally{Level: level}
	}
	return n.places[k]
}

// sum returns what was counted.
func (n *counting) sum(day ledger.Date, seq int64) *Standing {
	st := &Standing{Day: day, Seq: seq, All: n.all, Places: []Tally{}}
	st.All.Name, st.All.Level = "合计", "all"
	for t := range maps.Values(n.places) {
		t.Name = cmp.Or(t.Name, t.Code, redline.NoCounty)
		st.Places = append(st.Places, *t)
	}
	slices.SortFunc(st.Places, func(a, b Tally) int {
		return cmp.Or(boolean(a.Code == "")-boolean(b.Code == ""),
			cmp.Compare(cmp.Or(a.City, a.Code), cmp.Or(b.City, b.Code)), cmp.Compare(a.Level, b.Level),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name))
	})
	return st
}

// tallyCache keeps what was counted.
type tallyCache struct {
	mu   sync.Mutex
	of   map[ledger.Date]counted
	past sync.Mutex // one counts a day that is over at a time: that takes the memory of all cases
}

// counted is what was counted of a day, and of which state.
type counted struct {
	standing *Standing
	of       *state
}

// mostDays is of how many days what was counted is kept.
const mostDays = 64

// Standing returns how far cases are at the end of a day, "" for today. Of a day that is over, all events are read,
// which takes as long as a report of the ledger, unless it was counted before and nobody has said anything of that day
// since.
func (r *Register) Standing(ctx context.Context, day ledger.Date) (*Standing, error) {
	s, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	day = cmp.Or(day, s.today)
	if day < s.today {
		r.tallies.past.Lock()
		defer r.tallies.past.Unlock()
	}
	st, err := r.known(ctx, s, day)
	if err == nil && st == nil {
		st, err = r.count(ctx, s, day)
	}
	if err == nil {
		r.tallies.keep(day, counted{st, s})
	}
	return st, err
}

func (x *tallyCache) keep(day ledger.Date, c counted) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of == nil || len(x.of) >= mostDays {
		x.of = map[ledger.Date]counted{}
	}
	x.of[day] = c
}

// known returns what was counted of a day if it holds for a state, nil otherwise.
func (r *Register) known(ctx context.Context, s *state, day ledger.Date) (*Standing, error) {
	r.tallies.mu.Lock()
	c, ok := r.tallies.of[day]
	r.tallies.mu.Unlock()
	switch {
	case !ok || c.of.generation != s.generation || c.of.today != s.today:
		return nil, nil
	case c.standing.Seq >= s.head.Seq:
		return c.standing, nil
	case day >= s.today:
		return nil, nil
	}
	for e, err := range eventsOf(ctx, r.store, ledger.EventFilter{After: c.standing.Seq}) {
		if err != nil {
			return nil, unavailable(ctx, err)
		}
		if e.Seq > s.head.Seq {
			break
		}
		if e.Day() <= day {
			return nil, nil
		}
	}
	later := *c.standing
	later.Seq = s.head.Seq
	return &later, nil
}

func (r *Register) count(ctx context.Context, s *state, day ledger.Date) (*Standing, error) {
	var n counting
	if day >= s.today { // no event is of a later day
		for _, it := range s.cases {
			n.add(&it.loop, it.due != "" && it.due < day)
		}
		return n.sum(day, s.head.Seq), nil
	}
	st, err := ledgerwork.StandingOf(ctx, r.store, ledgerwork.Filter{}, day, "")
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	for i := range st.Cases {
		l := loopOf(&st.Cases[i])
		n.add(&l, st.Cases[i].Overdue(day))
	}
	return n.sum(day, st.Head.Seq), nil
}

func (r *Register) serveStanding(w http.ResponseWriter, q *http.Request) {
	day := ledger.Date(q.URL.Query().Get("day"))
	if q.URL.Query().Has("day") {
		if _, err := ledger.ParseDate(string(day)); err != nil {
			fail(w, q, &collection.BadQuery{Detail: "day must be a calendar day such as 2026-03-05"})
			return
		}
	}
	s, err := r.current(q.Context())
	if err == nil && answer.Unchanged(w, q, s.version()+string(cmp.Or(day, s.today))) {
		return
	}
	var st *Standing
	if err == nil {
		st, err = r.Standing(q.Context(), day)
	}
	if err != nil {
		w.Header().Del("ETag")
		fail(w, q, err)
		return
	}
	answer.JSON(w, q, http.StatusOK, st)
}
