package ledgerwork

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/match"
	"greenshield/vector/trace"
)

// FieldNear is a field of [ledger.Detected]: ids of cases that lie near the detection, by spaces, without being the
// same place (蚕食).
const FieldNear = "near"

// confirmGrown is why the verdict of a case that has grown has to be confirmed: it was given for the old cells. The
// other reasons are those of [ledger.Rules.Carry]. The new cells become ground of the case, for with a case of their
// own they would be merged with it by the next run that finds both in one patch.
const confirmGrown = string(ledger.Grown)

// minPercent is how much of its cells a case must gain or lose to be grown or shrunk, beside the minimum area.
const minPercent = 10

// Add returns the change that brings a run into a ledger: which cases its detections are, by cells, and new cases for
// those that are none. minCells is how many cells matter, see [match.Settings]. A run that is in the ledger already
// changes nothing. Runs on another lattice than those of the ledger are refused: their cells cannot be compared.
func Add(ctx context.Context, s ledger.Store, run *RunFound, minCells int64, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	a := &adding{Change: c, run: run, by: by, cases: map[string]*ledger.Case{},
		detections: map[string]*ledger.Detection{}, lastNo: c.Base.LastNo}
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	a.code = meta[ledger.FieldCode]
	runs, err := runsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, known := runs[run.ID]; known {
		c.Same = len(run.Detections)
		return c, nil
	}
	found, err := a.ground(ctx, s, runs)
	if err != nil {
		return nil, err
	}
	result := match.Match(found, a.patches(), match.Settings{MinCells: minCells, Percent: minPercent})
	a.near = map[string][]string{}
	for _, n := range result.Near {
		a.near[n.Detection] = append(a.near[n.Detection], n.Case)
	}
	e := run.Event()
	c.add(by, "", e.Kind, e.Fields)
	for i := range result.Components {
		a.component(&result.Components[i])
	}
	return c, nil
}

// runsOf returns the runs of a ledger by id.
func runsOf(ctx context.Context, s ledger.Store) (map[string]ledger.Run, error) {
	runs := map[string]ledger.Run{}
	for e, err := range s.Events(ctx, ledger.EventFilter{}) {
		if err == nil && e.Kind == ledger.RunAdded {
			runs[e.Fields[ledger.FieldRun]], err = ledger.RunOf(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// adding is a run on its way into a ledger.
type adding struct {
	*Change
	run        *RunFound
	by         By
	code       string
	lastNo     int64
	cases      map[string]*ledger.Case
	detections map[string]*ledger.Detection // of the run
	near       map[string][]string          // cases by detection
}

// ground reads the cases that have ground and are not merged into others, with their cells on the grid of the run.
func (a *adding) ground(ctx context.Context, s ledger.Store, runs map[string]ledger.Run) ([]match.Case, error) {
	cells := map[string][]trace.Run{}
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{Ground: true}) {
		if err != nil {
			return nil, err
		}
		rows, cols, ok := offset(runs[d.Run].Grid, a.run.Grid)
		if !ok {
			return nil, redline.Faultf(redline.Incompatible,
				"the cells of the run are not those of run %.16s in the ledger: another CRS, size or origin; "+
					"a ledger compares runs of one lattice", d.Run)
		}
		for _, span := range d.Spans {
			cells[d.ID] = append(cells[d.ID], trace.Run{Row: span.Row + rows,
				Col0: span.Col0 + cols, Col1: span.Col1 + cols})
		}
	}
	var all []match.Case
	for c, err := range s.Cases(ctx, ledger.CaseFilter{Ground: true}) {
		if err != nil {
			return nil, err
		}
		if c.MergedInto != "" {
			continue
		}
		a.cases[c.ID] = &c
		var sets [][]trace.Run
		for _, id := range c.Ground {
			sets = append(sets, cells[id])
		}
		all = append(all, match.Case{ID: c.ID, Group: c.Get(ledger.FieldGroup),
			State:  slices.Index(ledger.States(), c.State),
			Opened: string(c.OpenedOn), Cells: match.Union(sets...)})
	}
	return all, nil
}

// offset returns by how many rows and columns cells of one grid have other numbers on another grid of the same lattice.
func offset(from, to ledger.Grid) (rows, cols int32, ok bool) {
	const off = 1e-6 // cells
	same := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }
	if from.CRS != to.CRS || !same(from.CellX, to.CellX) || !same(from.CellY, to.CellY) {
		return 0, 0, false
	}
	x, y := (from.OriginX-to.OriginX)/to.CellX, (to.OriginY-from.OriginY)/to.CellY
	ok = math.Abs(x-math.Round(x)) < off && math.Abs(y-math.Round(y)) < off
	return int32(math.Round(y)), int32(math.Round(x)), ok
}

// patches returns the detections of the run for matching.
func (a *adding) patches() []match.Detection {
	var all []match.Detection
	for i := range a.run.Detections {
		d := &a.run.Detections[i]
		a.detections[d.ID] = d
		var cells []trace.Run
		for _, span := range d.Spans {
			cells = append(cells, trace.Run{Row: span.Row, Col0: span.Col0, Col1: span.Col1})
		}
		all = append(all, match.Detection{ID: d.ID, Group: d.Group, Cells: cells})
	}
	return all
}

// component adds what follows from one component.
func (a *adding) component(m *match.Component) {
	switch m.Relation {
	case match.Alone: // only a look at the raster tells what stands there now
	case match.New:
		a.open(m.Detection, ledger.New, nil)
	case match.Complex:
		a.undecided(m)
	case match.Split:
		a.met(m.Case, m.Detection, ledger.Split, []string{m.Detection}, nil)
		for _, d := range m.Detections {
			if d != m.Detection {
				a.splitOff(m.Case, d)
			}
		}
	case match.Merged:
		a.merged(m)
	default:
		ground := a.cases[m.Case].Ground
		if m.Relation == match.Grown {
			ground = append(slices.Clone(ground), m.Detection)
		}
		a.met(m.Case, m.Detection, ledger.Relation(m.Relation), ground, nil)
	}
}

// splitOff opens a case for a part of another one, with its verdict, which has to be confirmed.
func (a *adding) splitOff(from, detection string) {
	carried := a.carry(ledger.Split, false, detection, a.cases[from])
	more := map[string]string{ledger.FieldSplitFrom: from}
	maps.Copy(more, carried.Fields)
	if carried.ToConfirm != "" {
		more[ledger.FieldToConfirm] = carried.ToConfirm
	}
	a.open(detection, ledger.Split, more)
}

// carry says what a case has of the verdicts of earlier cases.
func (a *adding) carry(r ledger.Relation, keeps bool, detection string, old ...*ledger.Case) ledger.Carried {
	return ledger.Shipped().Carry(ledger.Meeting{Relation: r, Old: old, Keeps: keeps,
		Detection: a.detections[detection], Day: ledger.DayOf(a.by.At)})
}

// open opens a case with a detection.
func (a *adding) open(detection string, r ledger.Relation, more map[string]string) {
	a.lastNo++
	a.detected(ledger.CaseID(a.code, a.lastNo), detection, r, more)
}

// detected adds the event that a detection met a case.
func (a *adding) detected(id, detection string, r ledger.Relation, more map[string]string) {
	d := a.detections[detection]
	fields := d.Event(id, r).Fields
	maps.Copy(fields, more)
	if near := a.near[detection]; len(near) > 0 {
		fields[FieldNear] = strings.Join(near, " ")
	}
	a.add(a.by, id, ledger.Detected, fields)
	a.Change.Detections = append(a.Change.Detections, *d)
}

// met adds the event that a detection met a known case, whose ground is that of the detections ground from now on, and
// with which others are merged. Verdicts of merged cases that do not agree are conflicts.
func (a *adding) met(id, detection string, r ledger.Relation, ground []string, others []*ledger.Case) {
	c := a.cases[id]
	carried := a.carry(r, true, detection, append([]*ledger.Case{c}, others...)...)
	more := map[string]string{ledger.FieldGround: strings.Join(ground, " ")}
	switch {
	case carried.ToConfirm != "":
		more[ledger.FieldToConfirm] = carried.ToConfirm
	case r == ledger.Grown && verdictOf(c) != string(ledger.Unreviewed):
		more[ledger.FieldToConfirm] = confirmGrown
	}
	a.detected(id, detection, r, more)
	for _, other := range others {
		a.add(a.by, other.ID, ledger.Merged, map[string]string{ledger.FieldInto: id})
	}
	for _, e := range carried.Disputes {
		a.add(a.by, e.Case, e.Kind, e.Fields)
	}
}

// merged adds that several cases have become one.
func (a *adding) merged(m *match.Component) {
	ground := slices.Clone(a.cases[m.Case].Ground)
	var others []*ledger.Case
	for _, id := range m.Cases {
		if id != m.Case {
			others = append(others, a.cases[id])
			ground = append(ground, a.cases[id].Ground...)
		}
	}
	a.met(m.Case, m.Detection, ledger.MergedOf, append(ground, m.Detection), others)
}

// undecided adds that several cases and several detections lie over each other: each detection is told of the first
// case of these, and each case has to be confirmed by a person.
func (a *adding) undecided(m *match.Component) {
	for i, d := range m.Detections {
		id := m.Cases[min(i, len(m.Cases)-1)]
		a.met(id, d, ledger.Complex, a.cases[id].Ground, nil)
	}
	for i := len(m.Detections); i < len(m.Cases); i++ {
		a.add(a.by, m.Cases[i], ledger.Set, map[string]string{ledger.FieldToConfirm: ledger.ConfirmComplex})
	}
}
