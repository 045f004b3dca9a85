// Package patch finds patches: maximal connected sets of cells of one change type,
// over the whole raster, from runs and never from single cells.
//
// The raster is cut into bands of rows. [Label] finds the patches of one band; those
// that touch a neighbouring band stay open. [Join] joins two adjacent bands along
// their seam. Bands are plain values: they can be encoded, sent, and joined elsewhere;
// any cutting gives the same patches.
package patch

import (
	"cmp"
	"slices"

	"greenshield/raster/change"
)

// Connectivity says which neighbours of a cell belong to its patch.
type Connectivity int

// The two connectivities.
const (
	Four  Connectivity = 4 // edge neighbours
	Eight Connectivity = 8 // edge and corner neighbours
)

// Tags of a run, and of a patch: a number ≥ 0 that the caller gives to runs, or
// MixedTag where the runs of a patch differ.
const MixedTag = -1

// Patch is a maximal connected set of cells of one change type.
type Patch struct {
	Type          uint8
	TouchesNoData bool // a cell has a NoData neighbour, of 8
	TouchesEdge   bool // a cell lies on the border of the raster
	Tag           int32
	Cells         int64
	Runs          []change.Run // row-major: the first run holds the first cell
}

// First returns the patch's first cell in row-major order.
func (p *Patch) First() (row, col int32) { return p.Runs[0].Row, p.Runs[0].Col0 }

// Seam is a run in the first or last row of a band.
type Seam struct {
	Run  change.Run
	Open int32 // position of its patch in Band.Open; −1 for NoData
}

// Band is the partial result of the rows [Row0, Row1) of a raster.
type Band struct {
	Row0, Row1  int
	Closed      []Patch // complete
	Open        []Patch // touch a row next to the band
	Top, Bottom []Seam  // first and last row; empty at the border of the raster
}

// Raster tells Label what the band is cut from.
type Raster struct {
	Rows, Cols int
	Conn       Connectivity
}

// Label finds the patches in the rows [row0, row1). runs are row-major; tags, if not
// nil, go with runs. Runs with types from change.UnruledType on are in no patch.
func Label(r Raster, row0, row1 int, runs []change.Run, tags []int32) Band {
	l := labeler{forest: newForest(len(runs)), nodata: make([]bool, len(runs)), runs: runs}
	above := span{}
	for i := 0; i < len(runs); {
		row := span{i, i + 1}
		for row.end < len(runs) && runs[row.end].Row == runs[i].Row {
			l.sideBySide(row.end-1, row.end)
			row.end++
		}
		if above.end > above.start && runs[above.start].Row == runs[i].Row-1 {
			eachContact(runs[above.start:above.end], runs[row.start:row.end], func(a, b int, corner bool) {
				l.contact(above.start+a, row.start+b, corner && r.Conn == Four)
			})
		}
		above, i = row, row.end
	}
	return l.collect(r, row0, row1, tags)
}

type span struct{ start, end int }

type labeler struct {
	forest
	runs   []change.Run
	nodata []bool // of a root: touches NoData
}

func inPatch(t uint8) bool { return t < change.UnruledType }

// forest is a union-find structure: each node's parent, a root its own.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) find(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// union keeps the smaller root, which is the run with the first cell.
func (l *labeler) union(a, b int) {
	ra, rb := l.find(int32(a)), l.find(int32(b))
	if ra > rb {
		ra, rb = rb, ra
	}
	l.forest[rb] = ra
	l.nodata[ra] = l.nodata[ra] || l.nodata[rb]
}

func (l *labeler) sideBySide(a, b int) {
	if l.runs[a].Col1 == l.runs[b].Col0 {
		l.contact(a, b, false)
	}
}

func (l *labeler) contact(a, b int, apart bool) {
	ta, tb := l.runs[a].Type, l.runs[b].Type
	switch {
	case ta == tb && inPatch(ta):
		if !apart {
			l.union(a, b)
		}
	case ta == change.NoDataType && inPatch(tb):
		l.nodata[l.find(int32(b))] = true
	case tb == change.NoDataType && inPatch(ta):
		l.nodata[l.find(int32(a))] = true
	}
}

// eachContact calls f for each pair of runs of two adjacent rows that share an edge or
// a corner; corner tells that it is a corner only. Both rows are sorted by column.
func eachContact(above, below []change.Run, f func(a, b int, corner bool)) {
	start := 0
	for b := range below {
		for start < len(above) && above[start].Col1 < below[b].Col0 {
			start++
		}
		for a := start; a < len(above) && above[a].Col0 <= below[b].Col1; a++ {
			f(a, b, above[a].Col1 == below[b].Col0 || above[a].Col0 == below[b].Col1)
		}
	}
}

// collect groups the runs by patch, keeping their order.
func (l *labeler) collect(r Raster, row0, row1 int, tags []int32) Band {
	band := Band{Row0: row0, Row1: row1}
	size := make([]int32, len(l.runs)) // runs per root, then the position of its patch
	total := 0
	for i, run := range l.runs {
		if inPatch(run.Type) {
			size[l.find(int32(i))]++
			total++
		}
	}
	var patches []Patch
	storage := make([]change.Run, total)
	openTop, openBottom := int32(row0), int32(row1-1)
	if row0 == 0 {
		openTop = -1
	}
	if row1 == r.Rows {
		openBottom = -1
	}
	var open []bool
	for i, run := range l.runs {
		if !inPatch(run.Type) {
			continue
		}
		root := l.find(int32(i))
		tag := int32(0)
		if tags != nil {
			tag = tags[i]
		}
		if int(root) == i {
			n := size[i]
			patches = append(patches, Patch{Type: run.Type, TouchesNoData: l.nodata[i], Tag: tag, Runs: storage[:0:n]})
			open = append(open, false)
			storage = storage[n:]
			size[i] = int32(len(patches) - 1)
		}
		k := size[root]
		p := &patches[k]
		p.Runs = append(p.Runs, run)
		p.Cells += int64(run.Col1 - run.Col0)
		if p.Tag != tag {
			p.Tag = MixedTag
		}
		if run.Row == 0 || int(run.Row) == r.Rows-1 || run.Col0 == 0 || int(run.Col1) == r.Cols {
			p.TouchesEdge = true
		}
		if run.Row == openTop || run.Row == openBottom {
			open[k] = true
		}
	}
	position := make([]int32, len(patches)) // in Open
	for k := range patches {
		if open[k] {
			position[k] = int32(len(band.Open))
			band.Open = append(band.Open, patches[k])
		} else {
			band.Closed = append(band.Closed, patches[k])
		}
	}
	seam := func(row int32) (seam []Seam) {
		if row < 0 {
			return nil
		}
		for i, run := range l.runs {
			if run.Row != row {
				continue
			}
			if run.Type == change.NoDataType {
				seam = append(seam, Seam{run, -1})
			} else if inPatch(run.Type) {
				seam = append(seam, Seam{run, position[size[l.find(int32(i))]]})
			}
		}
		return seam
	}
	band.Top, band.Bottom = seam(openTop), seam(openBottom)
	return band
}

// Join joins two bands, a directly above b, along their seam. It may reuse the memory
// of both. Patches closed by the join come after those of a and b in Closed.
func Join(r Raster, a, b Band) Band {
	out := Band{Row0: a.Row0, Row1: b.Row1, Closed: append(a.Closed, b.Closed...)}
	nodes := append(a.Open, b.Open...)
	shift := int32(len(a.Open))
	for i := range b.Top {
		b.Top[i].Open = shifted(b.Top[i].Open, shift)
	}
	for i := range b.Bottom {
		b.Bottom[i].Open = shifted(b.Bottom[i].Open, shift)
	}
	parent := newForest(len(nodes))
	above, below := seamRuns(a.Bottom), seamRuns(b.Top)
	eachContact(above, below, func(i, j int, corner bool) {
		x, y := a.Bottom[i].Open, b.Top[j].Open
		switch {
		case x < 0 && y < 0:
		case x < 0:
			nodes[parent.find(y)].TouchesNoData = true
		case y < 0:
			nodes[parent.find(x)].TouchesNoData = true
		case above[i].Type == below[j].Type && !(corner && r.Conn == Four):
			if x, y = parent.find(x), parent.find(y); x != y {
				if len(nodes[x].Runs) < len(nodes[y].Runs) {
					x, y = y, x
				}
				parent[y] = x
				nodes[x].absorb(&nodes[y])
			}
		}
	})
	position := make([]int32, len(nodes)) // 0: not seen, else position in out.Open + 1
	keep := func(seam []Seam) []Seam {
		for i := range seam {
			if seam[i].Open < 0 {
				continue
			}
			root := parent.find(seam[i].Open)
			if position[root] == 0 {
				out.Open = append(out.Open, nodes[root])
				position[root] = int32(len(out.Open))
			}
			seam[i].Open = position[root] - 1
		}
		return seam
	}
	out.Top, out.Bottom = keep(a.Top), keep(b.Bottom)
	for i := range nodes {
		if parent[i] == int32(i) && position[i] == 0 {
			nodes[i].sort()
			out.Closed = append(out.Closed, nodes[i])
		}
	}
	return out
}

func shifted(open, by int32) int32 {
	if open < 0 {
		return open
	}
	return open + by
}

func seamRuns(seam []Seam) []change.Run {
	runs := make([]change.Run, len(seam))
	for i := range seam {
		runs[i] = seam[i].Run
	}
	return runs
}

func (p *Patch) absorb(q *Patch) {
	p.Runs = append(p.Runs, q.Runs...)
	p.Cells += q.Cells
	p.TouchesNoData = p.TouchesNoData || q.TouchesNoData
	p.TouchesEdge = p.TouchesEdge || q.TouchesEdge
	if p.Tag != q.Tag {
		p.Tag = MixedTag
	}
}

// sort restores the order that joining open patches loses.
func (p *Patch) sort() {
	inOrder := func(a, b change.Run) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0))
	}
	if !slices.IsSortedFunc(p.Runs, inOrder) {
		slices.SortFunc(p.Runs, inOrder)
	}
}
