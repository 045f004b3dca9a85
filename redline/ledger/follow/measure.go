package follow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/vector/trace"
)

// Case is a place whose ground is to be looked at.
type Case struct {
	ID    string
	Group string // transition group, see [redline.GroupClasses]
	// Was are the ecosystem classes that the ground had before; nil stands for those of the group. They are not bad, even
	// if the group has them as bad.
	Was   []landcover.Ecosystem
	Cells []trace.Run // of [Request.Grid]; in any order, none overlap
}

// Ground is what stands on the ground of a case.
type Ground struct {
	ID     string
	Cells  int64       // of the case
	Bad    raster.Area // a class that the change of the group led to
	Before raster.Area // a class from before
	Other  raster.Area // any other class
	NoData raster.Area // no observation, or outside the raster
}

// Total returns the area of the ground.
func (g *Ground) Total() (sum raster.Area) {
	for _, a := range []raster.Area{g.Bad, g.Before, g.Other, g.NoData} {
		sum.Add(a)
	}
	return sum
}

// Request says where to look.
type Request struct {
	Grid  raster.Grid   // holds all cells of the cases
	Earth *raster.Earth // measures Grid
	Epoch *redline.Epoch
	Cases []Case
}

// What a symbol of the epoch is for a case.
const (
	bad = iota
	before
	other
	noData
	unknown // a code that the legend lacks
)

// classification says by symbol what a cell is.
type classification [256]uint8

// piece is a part of a run that lies in one tile of the raster, in rows and columns of the raster.
type piece struct {
	tileRow, tileCol int32
	trace.Run
	owner int32 // position of the case
	part  part  // where the two are not on one lattice: what of the cells is ground
}

// Measure returns what stands on the ground of each case, in the order of the cases. It reads only tiles of the epoch's
// raster that hold ground, each once, and not only the window of the epoch. Where the grid and the raster, whose CRS is
// the same, are not on one lattice, cells of the raster count with that part of them that is ground.
//
// It is a fault of kind Raster when the raster cannot be read or holds a code on the ground of a case that the legend
// lacks, and of kind Usage when a case has no group, or a cell outside the grid.
func Measure(ctx context.Context, r Request) ([]Ground, error) {
	m := &measure{Request: r, found: make([]Ground, len(r.Cases))}
	east, south, err := raster.Offset(r.Epoch.Source.Grid(), r.Grid)
	if m.east, m.south = int32(east), int32(south); err != nil {
		m.across = newAcross(r.Grid, r.Epoch.Source.Grid())
	}
	if err := m.classify(); err != nil {
		return nil, err
	}
	pieces, err := m.cut()
	if err != nil {
		return nil, err
	}
	if len(pieces) == 0 {
		return m.found, nil
	}
	if m.reader, err = r.Epoch.Source.Open(); err != nil {
		return nil, redline.WithKind(redline.Raster, err)
	}
	err = m.tiles(ctx, pieces)
	return m.found, errors.Join(err, redline.WithKind(redline.Raster, m.reader.Close()))
}

// measure is the state of one call of Measure.
type measure struct {
	Request
	east, south int32   // where the first cell of Grid lies in the raster, on one lattice
	across      *across // nil on one lattice
	found       []Ground
	classes     []*classification // by case
	reader      raster.Reader
	symbols     []uint8
}

// classify sets what each symbol is for each case. Cases with equal classes share a table.
func (m *measure) classify() error {
	index := m.Epoch.Source.Index()
	known := map[string]*classification{}
	for i := range m.Cases {
		c := &m.Cases[i]
		m.found[i].ID, m.found[i].Cells = c.ID, trace.Count(c.Cells)
		key := fmt.Sprint(c.Group, c.Was)
		if known[key] == nil {
			led, was, ok := redline.GroupClasses(c.Group)
			if !ok {
				return redline.Faultf(redline.Usage, "case %s: there is no transition group %q", c.ID, c.Group)
			}
			if c.Was != nil {
				was = c.Was
			}
			table := new(classification)
			for s, position := range index {
				table[s] = kindOf(m.Epoch.Legend, position, led, was)
			}
			known[key] = table
		}
		m.classes = append(m.classes, known[key])
	}
	return nil
}

// kindOf says what the class at that position of a legend is.
func kindOf(l landcover.Legend, position uint8, led, was []landcover.Ecosystem) uint8 {
	switch {
	case position == raster.NoData:
		return noData
	case position == raster.Unknown, int(position) >= len(l.Classes): // or a symbol that stands for nothing
		return unknown
	case slices.Contains(was, l.Classes[position].Ecosystem):
		return before
	case slices.Contains(led, l.Classes[position].Ecosystem):
		return bad
	}
	return other
}

// minTile is how many rows and columns a tile has at least, unless the raster is smaller.
const minTile = 128

// cut cuts the runs of all cases along the tiles of the raster, and adds what lies outside of it to NoData. Tiles are
// whole blocks of the raster. The pieces are sorted by tile.
func (m *measure) cut() (pieces []piece, err error) {
	g := m.Epoch.Source.Grid()
	blockCols, blockRows := m.Epoch.Source.BlockSize()
	whole := func(block int) int32 { return int32((minTile + block - 1) / block * block) }
	width, height := whole(blockCols), whole(blockRows)
	for i := range m.Cases {
		for _, run := range m.Cases[i].Cells {
			if run.Row < 0 || int(run.Row) >= m.Grid.Rows || run.Col0 < 0 || int(run.Col1) > m.Grid.Cols {
				return nil, redline.Faultf(redline.Usage, "case %s: columns %d to %d of row %d are no cells of the grid",
					m.Cases[i].ID, run.Col0, run.Col1, run.Row)
			}
			for _, p := range m.rows(run, int32(i)) {
				in0, in1 := max(0, p.Col0), min(int32(g.Cols), p.Col1)
				if p.Row < 0 || int(p.Row) >= g.Rows || in0 >= in1 {
					m.add(p, noData, p.Col0, p.Col1)
					continue
				}
				m.add(p, noData, p.Col0, in0)
				m.add(p, noData, in1, p.Col1)
				for in0 < in1 {
					end := min(in1, (in0/width+1)*width)
					p.tileRow, p.tileCol, p.Col0, p.Col1 = p.Row/height, in0/width, in0, end
					pieces = append(pieces, p)
					in0 = end
				}
			}
		}
	}
	slices.SortFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.tileRow, b.tileRow), cmp.Compare(a.tileCol, b.tileCol), cmp.Compare(a.Row, b.Row),
			cmp.Compare(a.Col0, b.Col0), cmp.Compare(a.owner, b.owner))
	})
	return pieces, nil
}

// rows returns a run of a case in rows of the raster.
func (m *measure) rows(run trace.Run, owner int32) []piece {
	if m.across != nil {
		return m.across.rows(run, owner)
	}
	moved := trace.Run{Row: run.Row + m.south, Col0: run.Col0 + m.east, Col1: run.Col1 + m.east}
	return []piece{{Run: moved, owner: owner}}
}

// tiles reads the tiles of all pieces, of each the smallest window that holds them, and adds the pieces up.
func (m *measure) tiles(ctx context.Context, pieces []piece) error {
	for len(pieces) > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		n, first := 0, pieces[0]
		west, east := first.Col0, first.Col1
		for n < len(pieces) && pieces[n].tileRow == first.tileRow && pieces[n].tileCol == first.tileCol {
			west, east = min(west, pieces[n].Col0), max(east, pieces[n].Col1)
			n++
		}
		w := raster.Window{
			Col: int(west), Row: int(first.Row), Cols: int(east - west), Rows: int(pieces[n-1].Row-first.Row) + 1,
		}
		m.symbols = slices.Grow(m.symbols[:0], int(w.Cells()))[:w.Cells()]
		if err := m.reader.Read(w, m.symbols); err != nil {
			return redline.WithKind(redline.Raster, err)
		}
		for _, p := range pieces[:n] {
			from := (int(p.Row)-w.Row)*w.Cols - w.Col
			if err := m.count(p, m.symbols[from+int(p.Col0):from+int(p.Col1)]); err != nil {
				return err
			}
		}
		pieces = pieces[n:]
	}
	return nil
}

// count adds up a piece that has these symbols.
func (m *measure) count(p piece, symbols []uint8) error {
	table := m.classes[p.owner]
	for start := 0; start < len(symbols); {
		kind, end := table[symbols[start]], start+1
		for end < len(symbols) && table[symbols[end]] == kind {
			end++
		}
		if kind == unknown {
			return m.unknownCode(p.Row, p.Col0+int32(start))
		}
		m.add(p, kind, p.Col0+int32(start), p.Col0+int32(end))
		start = end
	}
	return nil
}

// add adds some columns of a piece, which may lie outside of the raster, to what was found of its case.
func (m *measure) add(p piece, kind uint8, col0, col1 int32) {
	if col0 >= col1 {
		return
	}
	g := &m.found[p.owner]
	sum := [...]*raster.Area{bad: &g.Bad, before: &g.Before, other: &g.Other, noData: &g.NoData}[kind]
	if m.across != nil {
		sum.AddM2(m.across.m2(m.Earth, p.part, col0, col1))
		return
	}
	area := m.Earth.Row(int(p.Row - m.south))
	sum.Add(area.Run(int(col0-m.east), int(col1-m.east)))
}

// unknownCode says which code the legend lacks.
func (m *measure) unknownCode(row, col int32) error {
	var code [1]int64
	if err := m.reader.Codes(raster.Window{Col: int(col), Row: int(row), Cols: 1, Rows: 1}, code[:]); err != nil {
		return redline.WithKind(redline.Raster, err)
	}
	return redline.Faultf(redline.Raster, "%s (%d): code %d is not in legend %q: row %d, column %d; "+
		"name the legend of the product, or add the code to a copy of it", m.Epoch.Name, m.Epoch.Year, code[0],
		m.Epoch.Legend.Name, row, col)
}
