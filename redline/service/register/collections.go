package register

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"greenshield/redline"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/collection"
)

// Ids of the collections.
const (
	casesID     = "cases"
	leadsID     = "leads"
	followUpsID = "followups"
)

// Collections implements [collection.Source].
func (r *Register) Collections(ctx context.Context) (all []collection.Collection, err error) {
	s, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range []string{casesID, leadsID, followUpsID} {
		all = append(all, r.collection(s, id))
	}
	return all, nil
}

// Collection implements [collection.Source].
func (r *Register) Collection(ctx context.Context, id string) (collection.Collection, error) {
	if id != casesID && id != leadsID && id != followUpsID {
		return nil, collection.ErrNoCollection
	}
	s, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	return r.collection(s, id), nil
}

// offered is a collection of the ledger at the head that it had when somebody asked for it.
type offered struct {
	info  collection.Info
	state *state
	// table reads what the collection is made of; wait is that it may take a while.
	table func(ctx context.Context, wait bool) (table, error)
}

func (r *Register) collection(s *state, id string) *offered {
	switch id {
	case casesID:
		return &offered{collection.Info{ID: id, Title: "问题点位", Fields: caseFields, Geometry: collection.Mixed,
			Description: "台账中的问题点位：用地范围，没有范围的为其位置。"},
			s, func(context.Context, bool) (table, error) { return caseTable{s, r.outlines}, nil }}
	case leadsID:
		return &offered{collection.Info{ID: id, Title: "外来线索", Fields: leadFields, Geometry: collection.Mixed,
			Description: "信访、督察等线索的内容和位置。"},
			s, func(context.Context, bool) (table, error) { return leadTable{s}, nil }}
	}
	return &offered{collection.Info{ID: id, Title: "后续监测", Fields: lookFields, Geometry: collection.Mixed,
		Description: "各年影像所见的各问题点位现状，位置为其点位的。"},
		s, func(ctx context.Context, wait bool) (table, error) {
			all, ready := r.looks.ready(s)
			if !ready {
				if !wait {
					return nil, nil
				}
				var err error
				if all, err = r.looks.at(ctx, r.store, s); err != nil {
					return nil, err
				}
			}
			return lookTable{all, caseTable{s, r.outlines}}, nil
		}}
}

// Info implements [collection.Collection].
func (o *offered) Info() collection.Info {
	info := o.info
	t, err := o.table(context.Background(), false)
	if err != nil || t == nil {
		return info
	}
	info.Box = t.box()
	var all days
	for i := range t.len() {
		d := t.days(i)
		if d == (days{}) {
			continue
		}
		if all == (days{}) {
			all = d
		}
		all = days{min(all.from, d.from), max(all.until, d.until)}
	}
	if all != (days{}) {
		info.From, info.Until = time.Unix(all.from, 0).UTC(), time.Unix(all.until+day-1, 0).UTC()
	}
	return info
}

// Items implements [collection.Collection].
func (o *offered) Items(ctx context.Context, q collection.Query) (*collection.Page, error) {
	t, err := o.table(ctx, true)
	if err != nil {
		return nil, err
	}
	return find(ctx, t, q)
}

// Item implements [collection.Collection].
func (o *offered) Item(ctx context.Context, id string) (*collection.Feature, error) {
	t, err := o.table(ctx, true)
	if err != nil {
		return nil, err
	}
	at := sort.Search(t.len(), func(i int) bool { return t.id(i) >= id })
	if at == t.len() || t.id(at) != id {
		return nil, collection.ErrNoItem
	}
	found, err := features(ctx, t, []int32{int32(at)}, false)
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// Version implements [collection.Collection].
func (o *offered) Version() string { return o.state.version() }

// version changes whenever anything does that follows from the ledger.
func (s *state) version() string {
	return fmt.Sprintf("%dh%.16sd%s", s.head.Seq, s.head.Hash, strings.ReplaceAll(string(s.today), "-", ""))
}

// codesOf returns the codes of a set, nil for texts and where the codes are open.
func codesOf(set string) (codes []collection.Code) {
	for _, code := range sets()[set] {
		codes = append(codes, collection.Code{Value: code, Title: ledgerwork.Label(set, code)})
	}
	return codes
}

// severities returns the severities with their Chinese.
func severities() (codes []collection.Code) {
	for _, s := range slices.Backward(redline.Severities()) {
		codes = append(codes, collection.Code{Value: fmt.Sprint(uint8(s)), Title: s.Chinese()})
	}
	return codes
}

// titled returns a property of the title that fields of events have.
func titled(name string, of collection.Type) collection.Field {
	f := asked(name, ledgerwork.Title(name), of)
	f.Codes = codesOf(ledgerwork.Codes(name))
	return f
}
