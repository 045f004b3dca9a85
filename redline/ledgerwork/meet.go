package ledgerwork

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/match"
	"greenshield/redline/work"
	"greenshield/vector/trace"
)

// confirmGrown is why the verdict of a case that has grown has to be confirmed: it was given for the old cells. The
// other reasons are those of [ledger.Rules.Carry]. The new cells become ground of the case, for with a case of their
// own they would be merged with it by the next run that finds both in one patch.
const confirmGrown = string(ledger.Grown)

// minPercent is how much of its cells a case must gain or lose to be grown or shrunk, beside the minimum area.
const minPercent = 10

// Snapshot is the cases of a ledger that have ground, at one head.
type Snapshot struct {
	cases map[string]*ledger.Case // those that are not merged into others
	cells map[string][]place      // by detection that is ground of a case
	grids map[string]ledger.Grid  // by run
	bytes int64                   // of the cells, by work.CellBytes
}

// place is cells on the grid of a run.
type place struct {
	run   string
	spans []ledger.Span
}

// snapshotOf reads the cases that have ground. It stops with a fault of kind Limit when their cells take more than limit
// bytes; 0 is no limit.
func snapshotOf(ctx context.Context, s ledger.Store, runs map[string]ledger.Run, limit int64) (*Snapshot, error) {
	st := &Snapshot{cases: map[string]*ledger.Case{}, cells: map[string][]place{}, grids: map[string]ledger.Grid{}}
	for id, run := range runs {
		st.grids[id] = run.Grid
	}
	cells := make(chan error, 1) // which are read beside the cases
	go func() { cells <- st.readCells(ctx, s, limit) }()
	var failed error
	for c, err := range s.Cases(ctx, ledger.CaseFilter{Ground: true}) {
		if failed = err; failed != nil {
			break
		}
		if c.MergedInto == "" {
			st.cases[c.ID] = &c
		}
	}
	if err := cmp.Or(<-cells, failed); err != nil {
		return nil, err
	}
	return st, nil
}

// readCells reads the cells of all ground, if they do not take more than limit bytes; 0 is no limit.
func (st *Snapshot) readCells(ctx context.Context, s ledger.Store, limit int64) error {
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{Ground: true, Cells: true}) {
		if err != nil {
			return err
		}
		if st.bytes += work.CellBytes(len(d.Spans)); limit > 0 && st.bytes > limit {
			return work.TooManyCells(limit)
		}
		st.cells[d.ID] = append(st.cells[d.ID], place{d.Run, d.Spans})
	}
	return nil
}

// ids returns the ids of all cases, ascending.
func (st *Snapshot) ids() []string {
	ids := make([]string, 0, len(st.cases))
	for id := range st.cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// on returns the ground of a case as cells of a grid, which may lie outside its extent. The grid is of the lattice of
// the ground, or finer, see [refined].
func (st *Snapshot) on(g ledger.Grid, id string) []trace.Run {
	var sets [][]trace.Run
	for _, detection := range st.cases[id].Ground {
		for _, p := range st.cells[detection] {
			sets = append(sets, moved(p.spans, st.grids[p.run], g))
		}
	}
	return match.Union(sets...)
}

// comparing returns the grid on which the cells of a run are compared with those of the cases: its own, or a finer one
// where the ledger has cells of other lattices. It is a fault of kind Incompatible when there is none.
func (st *Snapshot) comparing(own ledger.Grid) (ledger.Grid, error) {
	used := map[string]bool{}
	for _, places := range st.cells {
		for _, p := range places {
			used[p.run] = true
		}
	}
	g := own
	for _, run := range slices.Sorted(maps.Keys(used)) {
		_, _, same := st.grids[run].Offset(own)
		if same {
			continue
		}
		finer, err := refined(g, st.grids[run])
		if err != nil {
			return g, redline.Faultf(redline.Incompatible, "the cells of the run cannot be compared with those of run %.16s "+
				"in the ledger: %w; take rasters in that CRS whose cells are whole multiples or parts of those", run, err)
		}
		g = finer
	}
	return g, nil
}

// elsewhere tells whether some ground of a case is on another lattice than a grid.
func (st *Snapshot) elsewhere(c *ledger.Case, g ledger.Grid) bool {
	return slices.ContainsFunc(c.Ground, func(detection string) bool {
		return slices.ContainsFunc(st.cells[detection], func(p place) bool {
			_, _, same := st.grids[p.run].Offset(g)
			return !same
		})
	})
}

// Met is what a detection of a run is to the cases of a ledger.
type Met struct {
	Detection *ledger.Detection // nil for a case of a Complex component that has no detection left for it
	Relation  ledger.Relation
	Case      *ledger.Case   // goes on with the detection; nil where that opens a case
	From      *ledger.Case   // from which the case that it opens is split; nil for none
	Others    []*ledger.Case // of MergedOf: those that are merged into Case; of Complex: the others of the component
	Ground    []string       // detections whose cells are the ground of Case from now on
	GainedM2  float64        // of Grown: what the case has gained
	Near      []string       // ids of cases that lie near, without being the same place (蚕食)
	Carried   ledger.Carried // what there is of earlier verdicts
}

// Meet says what the detections of a run are to the cases of the snapshot: for each detection one, and for cases that
// only have to be confirmed one without a detection. It is the only place that decides this: a run that is to know a
// ledger and the ledger to which the run is added say the same. day is that of the run, for approvals that expire.
// Cells of other lattices are compared by area, and the verdict of such a case has to be confirmed; a run whose cells
// cannot be compared with those of the ledger is refused.
func (st *Snapshot) Meet(run *RunFound, day ledger.Date) ([]Met, error) {
	minCells, err := run.minCells()
	if err != nil {
		return nil, err
	}
	g, err := st.comparing(run.Grid)
	if err != nil {
		return nil, err
	}
	parts := int64(math.Round(run.Grid.CellX / g.CellX * run.Grid.CellY / g.CellY)) // of a cell of the run
	m := &meeting{st: st, grid: run.Grid, common: g, day: day, detections: map[string]*ledger.Detection{},
		near: map[string][]string{}}
	var cases []match.Case
	for _, id := range st.ids() {
		c := st.cases[id]
		cases = append(cases, match.Case{ID: id, Group: c.Get(ledger.FieldGroup), Cells: st.on(g, id),
			State: slices.Index(ledger.States(), c.State), Opened: string(c.OpenedOn)})
	}
	result := match.Match(cases, m.patches(run, g), match.Settings{MinCells: minCells * parts, Percent: minPercent})
	for _, n := range result.Near {
		m.near[n.Detection] = append(m.near[n.Detection], n.Case)
	}
	for i := range result.Components {
		m.component(&result.Components[i])
	}
	return m.met, nil
}

// meeting is a run that meets the cases of a ledger.
type meeting struct {
	st         *Snapshot
	grid       ledger.Grid // of the run
	common     ledger.Grid // on which cells are compared
	day        ledger.Date
	detections map[string]*ledger.Detection // of the run
	near       map[string][]string          // cases by detection
	met        []Met
}

// patches returns the detections of the run for matching, on a grid.
func (m *meeting) patches(run *RunFound, g ledger.Grid) []match.Detection {
	var all []match.Detection
	for i := range run.Detections {
		d := &run.Detections[i]
		m.detections[d.ID] = d
		all = append(all, match.Detection{ID: d.ID, Group: d.Group, Cells: moved(d.Spans, run.Grid, g)})
	}
	return all
}

// component adds what follows from one component.
func (m *meeting) component(c *match.Component) {
	switch c.Relation {
	case match.Alone: // only a look at the raster tells what stands there now
	case match.New:
		m.add(Met{Relation: ledger.New}, c.Detection)
	case match.Complex:
		m.undecided(c)
	case match.Split:
		old := m.st.cases[c.Case]
		met := Met{Relation: ledger.Split, Case: old, Ground: []string{c.Detection}}
		if m.mostlyAbsent(c) {
			met.Ground = old.Ground
		}
		m.add(met, c.Detection)
		for _, d := range c.Detections {
			if d != c.Detection {
				m.add(Met{Relation: ledger.Split, From: old}, d)
			}
		}
	case match.Merged:
		if slices.ContainsFunc(c.Cases, func(id string) bool { return m.closed(id) != m.closed(c.Case) }) {
			m.undecided(c)
		} else {
			m.merged(c)
		}
	default:
		old := m.st.cases[c.Case]
		met := Met{Relation: ledger.Relation(c.Relation), Case: old, Ground: old.Ground}
		if c.Relation == match.Grown {
			d := m.detections[c.Detection]
			met.Ground = append(slices.Clone(old.Ground), c.Detection)
			met.GainedM2 = d.AreaM2 * float64(c.Gained) / float64(c.Gained+c.Shared)
		}
		m.add(met, c.Detection)
	}
}

// merged adds that several cases have become one.
func (m *meeting) merged(c *match.Component) {
	met := Met{Relation: ledger.MergedOf, Case: m.st.cases[c.Case]}
	met.Ground = slices.Clone(met.Case.Ground)
	for _, id := range c.Cases {
		if id != c.Case {
			met.Others = append(met.Others, m.st.cases[id])
			met.Ground = append(met.Ground, m.st.cases[id].Ground...)
		}
	}
	met.Ground = append(met.Ground, c.Detection)
	m.add(met, c.Detection)
}

// closed tells whether a case is struck off or of another office. An open case is not merged with such a one: whichever
// went on, what is open or what has to stay closed would be lost in the other.
func (m *meeting) closed(id string) bool {
	c := m.st.cases[id]
	return c.State == ledger.StruckOff || c.HandedTo != ""
}

// cellsOf returns the cells of a detection of the run as those of a case are compared with.
func (m *meeting) cellsOf(detection string) []trace.Run {
	return match.Union(moved(m.detections[detection].Spans, m.grid, m.common))
}

// mostlyAbsent tells whether the parts of a case that is split are less than half of it. Its ground stays what it was
// then, for that the rest is absent from a run does not say that it is gone.
func (m *meeting) mostlyAbsent(c *match.Component) bool {
	all := m.st.on(m.common, c.Case)
	rest := all
	for _, d := range c.Detections {
		rest = match.Minus(rest, m.cellsOf(d))
	}
	return 2*trace.Count(rest) > trace.Count(all)
}

// undecided adds that several cases and detections lie over each other in a way of which nothing follows: each
// detection is told of the case that it shares most cells with, of equal ones that of the smallest id, and each case
// has to be confirmed by a person.
func (m *meeting) undecided(c *match.Component) {
	of := func(id string) Met {
		met := Met{Relation: ledger.Complex, Case: m.st.cases[id], Ground: m.st.cases[id].Ground}
		for _, other := range c.Cases {
			if other != id {
				met.Others = append(met.Others, m.st.cases[other])
			}
		}
		return met
	}
	left := slices.Clone(c.Cases)
	for _, d := range c.Detections {
		best, most := "", int64(-1)
		for _, id := range c.Cases {
			cells := m.st.on(m.common, id)
			shared := trace.Count(cells) - trace.Count(match.Minus(cells, m.cellsOf(d)))
			if shared > most {
				best, most = id, shared
			}
		}
		left = slices.DeleteFunc(left, func(id string) bool { return id == best })
		m.add(of(best), d)
	}
	for _, id := range left {
		met := of(id)
		met.Carried.ToConfirm = ledger.ConfirmComplex
		m.met = append(m.met, met)
	}
}

// add adds what a detection is, with the verdicts that it has of earlier cases.
func (m *meeting) add(met Met, detection string) {
	met.Detection, met.Near = m.detections[detection], m.near[detection]
	old := met.Case
	if old == nil {
		old = met.From
	}
	if old != nil {
		all := []*ledger.Case{old}
		if met.Relation == ledger.MergedOf {
			all = append(all, met.Others...)
		}
		other := slices.ContainsFunc(all, func(c *ledger.Case) bool { return m.st.elsewhere(c, m.grid) })
		met.Carried = ledger.Shipped().Carry(ledger.Meeting{Relation: met.Relation, Old: all, Keeps: met.Case != nil,
			Detection: met.Detection, OtherGrid: other, Day: m.day})
	}
	if met.Relation == ledger.Grown && met.Carried.ToConfirm == "" && verdictOf(old) != string(ledger.Unreviewed) {
		met.Carried.ToConfirm = confirmGrown
	}
	m.met = append(m.met, met)
}

// minArea returns the minimum area of a run, in cells or in m²; the other is 0.
func (r *RunFound) minArea() (cells, m2 float64, err error) {
	for unit, factor := range map[string]float64{"cells": 0, "ha": redline.M2PerHa, "m2": 1} {
		digits, ok := strings.CutSuffix(r.MinArea, unit)
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		switch {
		case !ok || err != nil:
		case factor == 0:
			return math.Ceil(v), 0, nil
		default:
			return 0, v * factor, nil
		}
	}
	return 0, 0, redline.Faultf(redline.Incompatible, "its minimum area is %q", r.MinArea)
}

// minCells returns the minimum area of a run in cells, rounded up.
func (r *RunFound) minCells() (int64, error) {
	n, least, err := r.minArea()
	if err != nil || least == 0 {
		return int64(n), err
	}
	var m2 float64
	var cells int64
	for i := range r.Detections {
		m2, cells = m2+r.Detections[i].AreaM2, cells+r.Detections[i].Cells
	}
	if cells == 0 {
		return 1, nil
	}
	return int64(math.Ceil(least * float64(cells) / m2)), nil
}

// judging returns how what a run sees on the ground of cases is judged.
func (r *RunFound) judging() (Judging, error) {
	cells, m2, err := r.minArea()
	j := DefaultJudging(cells)
	j.Suspicions.MinM2 = m2
	return j, err
}
