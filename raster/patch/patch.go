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
// MixedTag where the runs of a patch differ. Complete patches with OutsideTag are only counted.
const (
	OutsideTag = 0
	MixedTag   = -1
)

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
	Closed      []Patch // complete, with another tag than OutsideTag
	Outside     []Count // by type: the complete patches with OutsideTag
	Open        []Patch // touch a row next to the band
	Top, Bottom []Seam  // first and last row; empty at the border of the raster
}

// Count is how many patches and cells of one type there are.
type Count struct{ Patches, Cells int64 }

// count adds a patch of type t to counts, which may grow.
func count(counts []Count, t uint8, more Count) []Count {
	for len(counts) <= int(t) {
		counts = append(counts, Count{})
	}
	counts[t].Patches += more.Patches
	counts[t].Cells += more.Cells
	return counts
}

// Raster tells Label what the band is cut from.
type Raster struct {
	Rows, Cols int
	Conn       Connectivity
}

// A Labeler finds the patches of bands, one after the other, in the same memory. It belongs
// to one goroutine; the zero value is ready.
type Labeler struct {
	forest
	runs  []change.Run
	roots []root // by run; of no meaning for others than roots
}

// root is what is known of the patch of a run that is the first of its patch.
type root struct {
	nodata, edge, open bool
	tag                int32
	runs               int32
	patch              int32 // its position among the patches that are kept; −1: it is only counted
	cells              int64
}

// Label finds the patches in the rows [row0, row1). runs are row-major; tags go with runs,
// which all have OutsideTag when it is nil. Runs with types from change.UnruledType on are
// in no patch.
func (l *Labeler) Label(r Raster, row0, row1 int, runs []change.Run, tags []int32) Band {
	l.runs = runs
	l.forest = slices.Grow(l.forest[:0], len(runs))[:len(runs)]
	l.roots = slices.Grow(l.roots[:0], len(runs))[:len(runs)]
	clear(l.roots)
	for i := range l.forest {
		l.forest[i] = int32(i)
	}
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
func (l *Labeler) union(a, b int) {
	ra, rb := l.find(int32(a)), l.find(int32(b))
	if ra > rb {
		ra, rb = rb, ra
	}
	l.forest[rb] = ra
	l.roots[ra].nodata = l.roots[ra].nodata || l.roots[rb].nodata
}

func (l *Labeler) sideBySide(a, b int) {
	if l.runs[a].Col1 == l.runs[b].Col0 {
		l.contact(a, b, false)
	}
}

func (l *Labeler) contact(a, b int, apart bool) {
	ta, tb := l.runs[a].Type, l.runs[b].Type
	switch {
	case ta == tb && inPatch(ta):
		if !apart {
			l.union(a, b)
		}
	case ta == change.NoDataType && inPatch(tb):
		l.roots[l.find(int32(b))].nodata = true
	case tb == change.NoDataType && inPatch(ta):
		l.roots[l.find(int32(a))].nodata = true
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
func (l *Labeler) collect(r Raster, row0, row1 int, tags []int32) Band {
	band := Band{Row0: row0, Row1: row1}
	openTop, openBottom := int32(row0), int32(row1-1)
	if row0 == 0 {
		openTop = -1
	}
	if row1 == r.Rows {
		openBottom = -1
	}
	for i, run := range l.runs {
		if !inPatch(run.Type) {
			continue
		}
		l.forest[i] = l.forest[l.forest[i]] // the parent comes before, and has its root already
		p := &l.roots[l.forest[i]]
		tag := int32(OutsideTag)
		if tags != nil {
			tag = tags[i]
		}
		if p.runs == 0 {
			p.tag = tag
		} else if p.tag != tag {
			p.tag = MixedTag
		}
		p.runs++
		p.cells += int64(run.Col1 - run.Col0)
		p.edge = p.edge || run.Row == 0 || int(run.Row) == r.Rows-1 || run.Col0 == 0 || int(run.Col1) == r.Cols
		p.open = p.open || run.Row == openTop || run.Row == openBottom
	}
	kept, total := 0, 0
	for i, run := range l.runs {
		if !inPatch(run.Type) || l.forest[i] != int32(i) {
			continue
		}
		p := &l.roots[i]
		if p.tag == OutsideTag && !p.open {
			band.Outside = count(band.Outside, run.Type, Count{1, p.cells})
			p.patch = -1
			continue
		}
		p.patch = int32(kept)
		kept++
		total += int(p.runs)
	}
	patches, storage := make([]Patch, 0, kept), make([]change.Run, total)
	for i, run := range l.runs {
		if !inPatch(run.Type) {
			continue
		}
		p := &l.roots[l.forest[i]]
		if p.patch < 0 {
			continue
		}
		if int(p.patch) == len(patches) {
			patches = append(patches, Patch{Type: run.Type, TouchesNoData: p.nodata, TouchesEdge: p.edge, Tag: p.tag, Cells: p.cells, Runs: storage[:0:p.runs]})
			storage = storage[p.runs:]
		}
		runs := &patches[p.patch].Runs
		*runs = append(*runs, run)
	}
	for i, run := range l.runs {
		if !inPatch(run.Type) || l.forest[i] != int32(i) {
			continue
		}
		switch p := &l.roots[i]; {
		case p.open:
			at := p.patch
			p.patch = int32(len(band.Open))
			band.Open = append(band.Open, patches[at])
		case p.patch >= 0:
			band.Closed = append(band.Closed, patches[p.patch])
		}
	}
	seam := func(row int32) (seam []Seam) {
		if row < 0 {
			return nil
		}
		byRow := func(r change.Run, row int32) int { return cmp.Compare(r.Row, row) }
		i, _ := slices.BinarySearchFunc(l.runs, row, byRow)
		for ; i < len(l.runs) && l.runs[i].Row == row; i++ {
			if run := l.runs[i]; run.Type == change.NoDataType {
				seam = append(seam, Seam{run, -1})
			} else if inPatch(run.Type) {
				seam = append(seam, Seam{run, l.roots[l.forest[i]].patch})
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
	out := Band{Row0: a.Row0, Row1: b.Row1, Closed: append(a.Closed, b.Closed...), Outside: a.Outside}
	for t, more := range b.Outside {
		out.Outside = count(out.Outside, uint8(t), more)
	}
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
		switch {
		case parent[i] != int32(i) || position[i] != 0:
		case nodes[i].Tag == OutsideTag:
			out.Outside = count(out.Outside, nodes[i].Type, Count{1, nodes[i].Cells})
		default:
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
