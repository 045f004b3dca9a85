package ledgerwork

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"greenshield/raster/digits"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
	"greenshield/redline/record"
	"greenshield/redline/work"
)

// Asked is a ledger as it was at one head, for a run that asks what it knows. It implements [work.Ledger].
type Asked struct {
	record   record.Ledger
	at       time.Time
	grid     Measurer
	snapshot *Snapshot
	leads    *LeadPlaces
	samples  []DrawnSample
}

// Ask reads what a run needs of a ledger, whose place is told in its record. A ledger whose head is not right is refused.
// at is the time of the run, at which approvals have to be in force; zero stands for that of the last event. grid
// is of the later epoch. It is a fault of kind Limit when the cells of the cases take more than limit bytes; 0 is no
// limit.
func Ask(
	ctx context.Context, s ledger.Store, place string, at time.Time, grid Measurer, limit int64,
) (*Asked, error) {
	const tries = 5
	for range tries {
		last, err := ledger.Last(ctx, s)
		if err != nil {
			return nil, redline.WithKind(redline.Incompatible, err)
		}
		a := &Asked{at: at, grid: grid}
		if at.IsZero() {
			a.at = last.Time
		}
		meta, err := ledger.Meta(ctx, s)
		if err != nil {
			return nil, err
		}
		a.record = record.Ledger{Place: place, Code: meta[ledger.FieldCode], Events: last.Seq, Hash: last.Hash,
			Day: string(ledger.DayOf(a.at))}
		runs, err := runsOf(ctx, s)
		if err != nil {
			return nil, err
		}
		if a.snapshot, err = snapshotOf(ctx, s, runs, limit); err != nil {
			return nil, err
		}
		if a.leads, err = leadPlacesOf(ctx, s); err != nil {
			return nil, err
		}
		a.record.Leads = a.leads.Len()
		if a.samples, err = Samples(ctx, s); err != nil {
			return nil, err
		}
		head, err := s.Head(ctx)
		if err != nil || head.Hash == last.Hash {
			return a, err
		}
	}
	return nil, redline.Faultf(redline.Locked, "the ledger was written to each time that it was read; try again")
}

// Record implements [work.Ledger].
func (a *Asked) Record() *record.Ledger { return &a.record }

// Bytes implements [work.Ledger].
func (a *Asked) Bytes() int64 { return a.snapshot.bytes + a.leads.bytes }

// Leads returns the places that leads of the ledger name.
func (a *Asked) Leads() *LeadPlaces { return a.leads }

// Cases returns how many cases have ground that a run can meet; those that were merged into others have none.
func (a *Asked) Cases() int { return len(a.snapshot.cases) }

// Meet implements [work.Ledger].
func (a *Asked) Meet(
	ctx context.Context, m *record.Manifest, in *redline.Inputs, patches []work.Patch,
) (*work.Met, error) {
	run := runOfPatches(m, patches)
	met, err := a.snapshot.Meet(run, ledger.DayOf(a.at))
	if err != nil {
		return nil, err
	}
	lattices, mixed := a.snapshot.ground()
	grounds, refused, err := look(ctx, lattices, mixed, &in.After, a.grid)
	if err != nil {
		return nil, err
	}
	out := &work.Met{Known: map[string]*redline.Known{}, Sample: estimateFor(a.samples, met)}
	for _, r := range refused {
		out.Warnings = append(out.Warnings, fmt.Sprintf("case %s: %s", r.ID, r.Reason))
	}
	if out.FollowUps, err = a.followUps(in.After.Year, run, grounds); err != nil {
		return nil, err
	}
	findings := map[string]string{}
	for _, f := range out.FollowUps {
		findings[f.Case] = f.Finding
	}
	for i := range met {
		if d := met[i].Detection; d != nil {
			_, patch, _ := strings.Cut(d.ID, "/")
			out.Known[patch] = met[i].known(findings)
		}
	}
	return out, nil
}

// runOfPatches returns a run as [ReadRun] reads it, as far as the cases of a ledger are concerned.
func runOfPatches(m *record.Manifest, patches []work.Patch) *RunFound {
	r := &RunFound{Run: ledger.Run{ID: m.Identity(), Grid: gridOf(m.Grid)}}
	r.describe(m)
	for i := range patches {
		p := &patches[i]
		ha := digits.AppendFixed(nil, p.AreaM2/redline.M2PerHa, findings.HaDecimals)
		written, _ := strconv.ParseFloat(string(ha), 64) // a number that was printed can be read
		r.Detections = append(r.Detections, r.detection(&p.Patch, &ofPatch{patchM2: written * redline.M2PerHa}))
	}
	slices.SortFunc(r.Detections, func(a, b ledger.Detection) int { return cmp.Compare(a.ID, b.ID) })
	return r
}

// followUps judges what stands on the ground of the cases in an image of a year, as an event would that is not older
// than that.
func (a *Asked) followUps(year int, run *RunFound, grounds []follow.Ground) (all []redline.FollowUp, err error) {
	judging, err := run.judging()
	if err != nil {
		return nil, err
	}
	at, image := a.at, run.Image
	if end := time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC); at.Before(end) {
		at = end
	}
	for i := range grounds {
		g := &grounds[i]
		c := a.snapshot.cases[g.ID]
		f := redline.FollowUp{Case: g.ID, State: string(c.State), Group: c.Get(ledger.FieldGroup), Year: year,
			Cells: g.Cells, Bad: g.Bad.M2(), Before: g.Before.M2(), Other: g.Other.M2(), NoData: g.NoData.M2(),
			Finding: judging.Findings.Finding(g)}
		said := new(Change)
		said.follow(a.snapshot.cases, image, []follow.Ground{*g}, judging, By{At: at})
		for _, e := range said.Events {
			if e.Kind == ledger.Suspected {
				f.Suspicion = e.Fields[ledger.FieldSuspect]
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// known returns what a candidate is told of its patch. findings are those of the cases.
func (m *Met) known(findingOf map[string]string) *redline.Known {
	k := &redline.Known{Relation: string(m.Relation), Near: strings.Join(m.Near, ";")}
	var linked []string
	if m.From != nil {
		linked = append(linked, m.From.ID)
	}
	for _, c := range m.Others {
		linked = append(linked, c.ID)
	}
	k.Linked = strings.Join(linked, ";")
	old := cmp.Or(m.Case, m.From)
	if old == nil {
		return k
	}
	if m.Case != nil {
		k.Case, k.State = m.Case.ID, string(m.Case.State)
	}
	k.Verdict, k.Reason, k.Note = verdictOf(old), old.Get(ledger.FieldReason), old.Get(ledger.FieldNote)
	k.FollowUp = findingOf[old.ID]
	disputed := slices.ContainsFunc(old.Disputes, func(d ledger.Dispute) bool {
		return d.Field == ledger.FieldVerdict || d.Field == ledger.FieldReason
	})
	for _, e := range m.Carried.Disputes {
		k.Verdict, disputed = e.Fields[ledger.FieldValue], true
	}
	v, _ := ledger.Shipped().Verdict(k.Verdict)
	switch {
	case disputed:
		k.Confirm = findings.ConfirmDisputed
	case k.Verdict != string(ledger.Unreviewed):
		k.Confirm = cmp.Or(m.Carried.ToConfirm, old.Get(ledger.FieldToConfirm))
	}
	if k.Confirm == "" && v.Outcome == ledger.NoProblem {
		k.Relation = findings.RefutedBefore
	}
	return k
}
