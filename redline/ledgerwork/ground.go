package ledgerwork

import (
	"cmp"
	"context"
	"math"
	"slices"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
)

// Lattice is ground of cases whose cells are on one lattice.
type Lattice struct {
	Grid  ledger.Grid // of the lattice; holds all cells
	Cases []follow.Case
}

// Ground returns the ground of all cases, open or struck off, but of those that were merged or handed over, by lattice.
// Cases without ground, such as leads, have none to look at. mixed are those whose ground is on lattices
// that cannot be compared.
func Ground(ctx context.Context, s ledger.Store) (lattices []*Lattice, mixed []string, err error) {
	runs, err := runsOf(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	st, err := snapshotOf(ctx, s, runs, 0)
	if err != nil {
		return nil, nil, err
	}
	lattices, mixed = st.ground()
	return lattices, mixed, nil
}

// ground does what [Ground] does.
func (st *Snapshot) ground() (lattices []*Lattice, mixed []string) {
	for _, id := range st.ids() {
		c := st.cases[id]
		if c.HandedTo != "" {
			continue
		}
		grid, err := st.gridOf(c)
		if err != nil {
			mixed = append(mixed, id)
			continue
		}
		at := slices.IndexFunc(lattices, func(l *Lattice) bool { _, _, ok := grid.Offset(l.Grid); return ok })
		if at < 0 {
			at, lattices = len(lattices), append(lattices, &Lattice{Grid: grid})
		}
		l := lattices[at]
		l.Cases = append(l.Cases, follow.Case{ID: id, Group: c.Get(ledger.FieldGroup), Cells: st.on(l.Grid, id)})
	}
	for _, l := range lattices {
		l.fit()
	}
	return lattices, mixed
}

// gridOf returns a grid of the lattice of a case's ground, or one of whose cells those of all its ground consist.
func (st *Snapshot) gridOf(c *ledger.Case) (g ledger.Grid, err error) {
	for _, detection := range c.Ground {
		for _, p := range st.cells[detection] {
			own := st.grids[p.run]
			if _, _, same := own.Offset(g); g == (ledger.Grid{}) {
				g = own
			} else if !same {
				if g, err = refined(g, own); err != nil {
					return g, err
				}
			}
		}
	}
	return g, nil
}

// Look measures the ground of all cases in the raster of an epoch. grid makes the grid of a lattice one of the raster's
// CRS, and measures it; where it cannot, the raster says nothing of the cases. Of these, and of cases whose ground is
// on several lattices that cannot be compared, refused says why. Both are by case.
func Look(ctx context.Context, s ledger.Store, epoch *redline.Epoch, grid Measurer) (
	found []follow.Ground, refused []Refusal, err error,
) {
	lattices, mixed, err := Ground(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	return look(ctx, lattices, mixed, epoch, grid)
}

// Measurer makes the grid of a lattice one of a raster's CRS, and measures it.
type Measurer func(crs string, g raster.Grid) (raster.Grid, *raster.Earth, error)

// look does what [Look] does with ground that is read.
func look(ctx context.Context, lattices []*Lattice, mixed []string, epoch *redline.Epoch, grid Measurer) (
	found []follow.Ground, refused []Refusal, err error,
) {
	for _, id := range mixed {
		refused = append(refused, Refusal{ID: id,
			Reason: "its ground is on lattices of cells that cannot be compared; nothing is said of it"})
	}
	for _, l := range lattices {
		g, earth, err := grid(l.Grid.CRS, raster.Grid{OriginX: l.Grid.OriginX, OriginY: l.Grid.OriginY,
			CellX: l.Grid.CellX, CellY: l.Grid.CellY, Cols: l.Grid.Cols, Rows: l.Grid.Rows})
		if err != nil {
			for _, c := range l.Cases {
				refused = append(refused, Refusal{ID: c.ID, Reason: err.Error()})
			}
			continue
		}
		grounds, err := follow.Measure(ctx, follow.Request{Grid: g, Earth: earth, Epoch: epoch, Cases: l.Cases})
		if err != nil {
			return nil, nil, err
		}
		found = append(found, grounds...)
	}
	slices.SortFunc(found, func(a, b follow.Ground) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(refused, func(a, b Refusal) int { return cmp.Compare(a.ID, b.ID) })
	return found, refused, nil
}

// fit makes the grid of a lattice the smallest that holds its cells.
func (l *Lattice) fit() {
	row0, row1, col0, col1 := int32(math.MaxInt32), int32(math.MinInt32), int32(math.MaxInt32), int32(math.MinInt32)
	for _, c := range l.Cases {
		for _, r := range c.Cells {
			row0, row1, col0, col1 = min(row0, r.Row), max(row1, r.Row+1), min(col0, r.Col0), max(col1, r.Col1)
		}
	}
	for _, c := range l.Cases {
		for i := range c.Cells {
			r := &c.Cells[i]
			r.Row, r.Col0, r.Col1 = r.Row-row0, r.Col0-col0, r.Col1-col0
		}
	}
	l.Grid.OriginX += float64(col0) * l.Grid.CellX
	l.Grid.OriginY -= float64(row0) * l.Grid.CellY
	l.Grid.Cols, l.Grid.Rows = int(col1-col0), int(row1-row0)
}
