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
	ByShift       int64        // of its cells, see change.Classifier.ByShift; an open patch lacks those of seams
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
//
// A run takes the label of one that it touches in the row above, or a new one. So labels are
// numbered by first cells, and of labels that turn out to be one patch the smallest is kept.
type Labeler struct {
	labels []int32 // by run; no meaning for runs that are in no patch
	forest         // of labels
	known  []known // by label
}

// known is what is known of the runs with a label.
type known struct {
	cells, byShift     int64
	runs               int32
	tag                int32
	patch              int32 // of a root: position of its patch among those that are kept, later in Band.Open; −1: only counted
	kind               uint8
	nodata, edge, open bool
}

// Label finds the patches in the rows [row0, row1). runs are row-major; tags go with runs,
// which all have OutsideTag when it is nil; byShift, unless it is nil, is how many of a run's cells count in
// Patch.ByShift. Runs with types from change.UnruledType on are in no patch.
func (l *Labeler) Label(r Raster, row0, row1 int, runs []change.Run, tags, byShift []int32) Band {
	band := Band{Row0: row0, Row1: row1}
	openTop, openBottom := int32(row0), int32(row1-1)
	if row0 == 0 {
		openTop = -1
	}
	if row1 == r.Rows {
		openBottom = -1
	}
	l.labels = slices.Grow(l.labels[:0], len(runs))[:len(runs)]
	l.forest, l.known = l.forest[:0], l.known[:0]
	var above span
	for start := 0; start < len(runs); {
		row := runs[start].Row
		if above.end > above.start && runs[above.start].Row != row-1 {
			above = span{}
		}
		border, open := row == 0 || int(row) == r.Rows-1, row == openTop || row == openBottom
		at, i := above.start, start
		for ; i < len(runs) && runs[i].Row == row; i++ {
			run := &runs[i]
			label, nodata := int32(-1), false
			touch := func(other int, apart bool) {
				switch t := runs[other].Type; {
				case t == run.Type && inPatch(t):
					if !apart {
						if root := l.find(l.labels[other]); label < 0 {
							label = root
						} else {
							label = l.union(label, root)
						}
					}
				case t == change.NoDataType:
					nodata = true
				case run.Type == change.NoDataType && inPatch(t):
					l.known[l.labels[other]].nodata = true
				}
			}
			for at < above.end && runs[at].Col1 < run.Col0 {
				at++
			}
			for k := at; k < above.end && runs[k].Col0 <= run.Col1; k++ {
				touch(k, r.Conn == Four && (runs[k].Col1 == run.Col0 || runs[k].Col0 == run.Col1))
			}
			if i > start && runs[i-1].Col1 == run.Col0 {
				touch(i-1, false)
			}
			if !inPatch(run.Type) {
				continue
			}
			tag := int32(OutsideTag)
			if tags != nil {
				tag = tags[i]
			}
			if label < 0 {
				label = int32(len(l.known))
				l.forest = append(l.forest, label)
				l.known = append(l.known, known{kind: run.Type, tag: tag})
			}
			l.labels[i] = label
			explained := int64(0)
			if byShift != nil {
				explained = int64(byShift[i])
			}
			l.known[label].add(known{
				cells: int64(run.Col1 - run.Col0), byShift: explained, runs: 1, tag: tag, nodata: nodata, open: open,
				edge: border || run.Col0 == 0 || int(run.Col1) == r.Cols,
			})
		}
		above, start = span{start, i}, i
	}
	l.collect(&band, runs)
	seam := func(row int32) (seam []Seam) {
		if row < 0 {
			return nil
		}
		i, _ := slices.BinarySearchFunc(runs, row, func(r change.Run, row int32) int { return cmp.Compare(r.Row, row) })
		for ; i < len(runs) && runs[i].Row == row; i++ {
			if run := runs[i]; run.Type == change.NoDataType {
				seam = append(seam, Seam{run, -1})
			} else if inPatch(run.Type) {
				seam = append(seam, Seam{run, l.known[l.forest[l.labels[i]]].patch})
			}
		}
		return seam
	}
	band.Top, band.Bottom = seam(openTop), seam(openBottom)
	return band
}

func (k *known) add(o known) {
	k.cells += o.cells
	k.byShift += o.byShift
	k.runs += o.runs
	if k.tag != o.tag {
		k.tag = MixedTag
	}
	k.nodata = k.nodata || o.nodata
	k.edge = k.edge || o.edge
	k.open = k.open || o.open
}

// collect groups the runs by patch, keeping their order.
func (l *Labeler) collect(band *Band, runs []change.Run) {
	for label := range l.known { // a parent comes before, and has its root already
		root := l.forest[l.forest[label]]
		l.forest[label] = root
		if int(root) != label {
			l.known[root].add(l.known[label])
		}
	}
	kept, total := 0, 0
	for label := range l.known {
		k := &l.known[label]
		switch {
		case int(l.forest[label]) != label:
		case k.tag == OutsideTag && !k.open:
			band.Outside = count(band.Outside, k.kind, Count{1, k.cells})
			k.patch = -1
		default:
			k.patch = int32(kept)
			kept++
			total += int(k.runs)
		}
	}
	patches, storage := make([]Patch, kept), make([]change.Run, total)
	for label := range l.known {
		if k := &l.known[label]; int(l.forest[label]) == label && k.patch >= 0 {
			patches[k.patch] = Patch{Type: k.kind, TouchesNoData: k.nodata, TouchesEdge: k.edge, Tag: k.tag, Cells: k.cells, ByShift: k.byShift, Runs: storage[:0:k.runs]}
			storage = storage[k.runs:]
		}
	}
	for i := range runs {
		if !inPatch(runs[i].Type) {
			continue
		}
		if k := l.known[l.forest[l.labels[i]]].patch; k >= 0 {
			patches[k].Runs = append(patches[k].Runs, runs[i])
		}
	}
	band.Closed = make([]Patch, 0, kept)
	for label := range l.known {
		k := &l.known[label]
		switch {
		case int(l.forest[label]) != label || k.patch < 0:
		case k.open:
			band.Open = append(band.Open, patches[k.patch])
			k.patch = int32(len(band.Open)) - 1
		default:
			band.Closed = append(band.Closed, patches[k.patch])
		}
	}
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

// union makes one of two roots, and returns it: the smaller one.
func (f forest) union(a, b int32) int32 {
	a, b = min(a, b), max(a, b)
	f[b] = a
	return a
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
	p.ByShift += q.ByShift
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
