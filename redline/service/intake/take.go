package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/answer"
)

// tries is how often a request is compared anew when another process has written meanwhile.
const tries = 8

// outcome is what comes of a request for one case.
type outcome struct {
	id     string
	before ledger.Case
	after  ledger.Case
	events []ledger.Event
	again  bool     // events were there already: the request was sent before
	wrong  *problem // nothing is said
}

// take says what a request says. When it returns nil, all of that is where a loss of power cannot take it away.
func (in *Intake) take(ctx context.Context, q *request) (all []outcome, err error) {
	select {
	case in.turn <- struct{}{}:
		defer func() { <-in.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for range tries {
		if all, err = in.try(ctx, q); !errors.Is(err, ledger.ErrConflict) {
			break
		}
	}
	return all, err
}

// try is take, unless the ledger has grown meanwhile.
func (in *Intake) try(ctx context.Context, q *request) ([]outcome, error) {
	head, err := in.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	all, err := in.hear(ctx, q)
	if err != nil {
		return nil, err
	}
	said := ledger.Said{Known: map[string]*ledger.Case{}}
	for i := range all {
		if o := &all[i]; !o.again {
			said.Events = append(said.Events, o.events...)
			said.Known[o.id] = &o.before
		}
	}
	if len(said.Events) == 0 {
		return all, nil
	}
	if err := in.checkNamed(ctx, q); err != nil {
		return nil, err
	}
	batch, err := ledger.PrepareKnowing(ctx, in.store, head, said)
	if err != nil {
		return nil, err
	}
	if err := in.files.name(documents(q.said)); err != nil {
		return nil, err
	}
	// Whoever goes away now finds out by sending it again.
	if err := in.store.Append(context.WithoutCancel(ctx), batch); err != nil {
		return nil, err
	}
	settle(all, batch)
	return all, nil
}

// settle gives the outcomes what was appended.
func settle(all []outcome, batch ledger.Batch) {
	events, cases := map[string][]ledger.Event{}, map[string]ledger.Case{}
	for _, e := range batch.Events {
		events[e.Case] = append(events[e.Case], e)
	}
	for _, c := range batch.Cases {
		cases[c.ID] = c
	}
	for i := range all {
		if o := &all[i]; !o.again && len(o.events) > 0 {
			o.events, o.after = events[o.id], cases[o.id]
		}
	}
}

// hear returns what a request says of each of its cases, by events that have no number yet.
func (in *Intake) hear(ctx context.Context, q *request) ([]outcome, error) {
	cases := map[string]ledger.Case{}
	ids := make([]string, len(q.rows))
	for i, r := range q.rows {
		ids[i] = r.ID
	}
	for c, err := range in.store.Cases(ctx, ledger.CaseFilter{IDs: ids}) {
		if err != nil {
			return nil, err
		}
		cases[c.ID] = c
	}
	by := ledgerwork.By{Name: q.user.Name, Level: q.user.Level, At: in.now().UTC().Truncate(time.Second)}
	all, again, bad := make([]outcome, len(q.rows)), false, false
	for i, r := range q.rows {
		c, ok := cases[r.ID]
		if !ok {
			all[i] = outcome{id: r.ID, wrong: fail(http.StatusNotFound, "the ledger has no such case")}
		} else {
			story := &ledgerwork.Story{Case: c}
			for e, err := range in.store.Events(ctx, ledger.EventFilter{Case: c.ID}) {
				if err != nil {
					return nil, err
				}
				story.Events = append(story.Events, e)
			}
			o, err := q.hear(story, r.Seq, by)
			if err != nil {
				return nil, err
			}
			all[i] = o
		}
		again, bad = again || all[i].again, bad || all[i].wrong != nil
	}
	for i := range all {
		o := &all[i]
		fresh := !o.again && len(o.events) > 0
		switch {
		case fresh && again:
			o.wrong = fail(http.StatusConflict,
				"it was not said when the request was sent first; say it by a new request")
		case fresh && q.whole && bad:
			o.wrong = fail(http.StatusFailedDependency, "others are refused, and it was to be all or nothing")
		default:
			continue
		}
		o.events = nil
	}
	return all, nil
}

// hear returns what a request says of one case, whose sender saw it at an event, 0 for the last one.
func (q *request) hear(s *ledgerwork.Story, seq int64, by ledgerwork.By) (outcome, error) {
	o := outcome{id: s.Case.ID, before: s.Case, after: s.Case}
	if !q.user.Covers(s.Case.Get(ledger.FieldCounty)) {
		o.wrong = fail(http.StatusForbidden, "your account does not cover the county of the case")
		return o, nil
	}
	if err := q.find(s, &o); err != nil || o.again {
		return o, err
	}
	if seq == 0 {
		seq = s.Case.Seq
	}
	heard, err := s.Hear(seq, q.said, by)
	switch {
	case errors.Is(err, ledgerwork.ErrNoVersion):
		o.wrong = fail(http.StatusPreconditionFailed,
			fmt.Sprintf("the case never was at event %d; read it again, it is at event %d", seq, s.Case.Seq))
	case err != nil:
		o.wrong = refused(err)
	case len(heard.Clashes) > 0 && (heard.Moved || !q.keepBoth):
		o.wrong = clash(heard, &s.Case)
	default:
		for i := range heard.Events {
			e := &heard.Events[i]
			e.Fields = maps.Clone(e.Fields)
			e.Fields[ledger.FieldRequest] = q.digests()
		}
		o.events = heard.Events
	}
	return o, nil
}

// find looks for the events that the request has made of a case before. Another request under the same key is an error.
func (q *request) find(s *ledgerwork.Story, o *outcome) (err error) {
	var c ledger.Case
	for _, e := range s.Events {
		key, body, _ := strings.Cut(e.Fields[ledger.FieldRequest], " ")
		before := c
		if c, err = c.Apply(e); err != nil {
			return err
		}
		switch {
		case key != q.key:
			continue
		case body != q.body:
			return fail(http.StatusUnprocessableEntity,
				"another request was sent under this Idempotency-Key before; use a new one")
		case !o.again:
			o.again, o.before = true, before
		}
		o.events, o.after = append(o.events, e), c
	}
	return nil
}

// refused tells why the rules of the ledger refuse something.
func refused(err error) *problem {
	var english, chinese []string
	for _, one := range reasons(err) {
		english, chinese = append(english, one.Error()), append(chinese, ledgerwork.InChinese(one))
	}
	p := fail(http.StatusUnprocessableEntity, "the rules of the ledger refuse it: "+strings.Join(english, "; "))
	p.More = map[string]any{"reasons": english, "reasons_zh": chinese}
	return p
}

// reasons lists all of an error.
func reasons(err error) (all []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && !isRefusal(err) {
		for _, one := range joined.Unwrap() {
			all = append(all, reasons(one)...)
		}
		return all
	}
	return []error{err}
}

// isRefusal tells whether an error is one refusal, which wraps its reason.
func isRefusal(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	return ok && slices.Contains(joined.Unwrap(), ledger.ErrRefused)
}

// clash tells what of a case was changed since its sender saw it.
func clash(h *ledgerwork.Heard, c *ledger.Case) *problem {
	var names []string
	for _, one := range h.Clashes {
		names = append(names, one.Field)
	}
	p := fail(http.StatusConflict, "somebody has changed it since you saw it: "+strings.Join(names, ", "))
	p.More = map[string]any{"conflicts": h.Clashes, "seq": c.Seq, "can_keep_both": !h.Moved}
	return p
}

// checkNamed looks at what a request names beside its cases: documents, which must be there, and the case that others
// are merged into.
func (in *Intake) checkNamed(ctx context.Context, q *request) error {
	for _, sum := range documents(q.said) {
		if !in.files.offered(sum, q.user.Login) {
			return fail(http.StatusUnprocessableEntity,
				"there is no document with the SHA-256 "+sum+"; upload it first")
		}
	}
	for _, e := range q.said {
		if e.Kind != ledger.Merged || e.Fields[ledger.FieldInto] == "" {
			continue
		}
		into, err := ledger.CaseOf(ctx, in.store, e.Fields[ledger.FieldInto])
		switch {
		case errors.Is(err, ledger.ErrNoCase):
			return refused(errors.New("the ledger has no case " + shortened(e.Fields[ledger.FieldInto])))
		case err != nil:
			return err
		case !q.user.Covers(into.Get(ledger.FieldCounty)):
			return fail(http.StatusForbidden,
				"your account does not cover the county of the case that it is merged into")
		case into.MergedInto != "":
			return refused(fmt.Errorf("case %s was merged into case %s itself; use that one", into.ID, into.MergedInto))
		}
	}
	return nil
}

// documents lists the documents that events name, by SHA-256.
func documents(events []ledger.Event) (sums []string) {
	for _, e := range events {
		if e.Doc.SHA256 != "" {
			sums = append(sums, e.Doc.SHA256)
		}
	}
	return sums
}

// postEvents takes what is said of one case.
func (in *Intake) postEvents(w http.ResponseWriter, r *http.Request) {
	q, s, err := read(w, r)
	if err == nil && (len(s.Cases) > 0 || s.AllOrNothing) {
		err = fail(http.StatusBadRequest, `"cases" and "all_or_nothing" are of POST /cases/events`)
	}
	var seq int64
	if err == nil {
		seq, err = seen(r)
	}
	var all []outcome
	if err == nil {
		q.rows = []reference{{r.PathValue("id"), seq}}
		all, err = in.take(r.Context(), q)
	}
	if err == nil && all[0].wrong != nil {
		err = all[0].wrong
	}
	if err != nil {
		in.fail(w, r, err)
		return
	}
	one, status := all[0], http.StatusOK
	if !one.again && len(one.events) > 0 {
		status = http.StatusCreated
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, one.after.Seq))
	w.Header().Set("Cache-Control", "no-store")
	answer.JSON(w, r, status, taken{Case: &one.after, Events: one.numbers(), Undo: q.undo(&one)})
}

// taken is the answer to what was said of one case.
type taken struct {
	Case   *ledger.Case `json:"case"`
	Events []int64      `json:"events"` // their numbers
	Undo   []statement  `json:"undo,omitempty"`
}

// numbers returns those of the events.
func (o *outcome) numbers() []int64 {
	all := []int64{}
	for i := range o.events {
		all = append(all, o.events[i].Seq)
	}
	return all
}

// undo returns what takes back a verdict and other fields, nil when there was more than that.
func (q *request) undo(o *outcome) (all []statement) {
	for _, e := range q.said {
		if e.Kind != ledger.Judged && e.Kind != ledger.Set {
			return nil
		}
	}
	if slices.ContainsFunc(o.events, func(e ledger.Event) bool { return e.Kind == ledger.Conflict }) {
		return nil
	}
	events, err := ledgerwork.Undo(o.before, o.events)
	if err != nil {
		return nil // they were applied before
	}
	for _, e := range events {
		all = append(all, statement{Kind: e.Kind, Fields: e.Fields})
	}
	return all
}
