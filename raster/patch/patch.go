package patch

import (
	"cmp"
	"slices"
	"sort"

	"greenshield/raster/change"
)

// Connectivity says which neighbours of a cell belong to its patch.
type Connectivity int

// The two connectivities.
const (
	Four  Connectivity = 4 // edge neighbours
	Eight Connectivity = 8 // edge and corner neighbours
)

// A run has a tag: a number ≥ 0 that the caller chooses. A patch has the tag of its runs, or MixedTag if they differ.
// Of complete patches with OutsideTag only the number and the cells are kept.
const (
	OutsideTag = 0
	MixedTag   = -1
)

// Patch is a maximal connected set of cells of one change type.
type Patch struct {
	Type          uint8
	TouchesNoData bool // one of the 8 neighbours of a cell is NoData
	TouchesEdge   bool // a cell lies on the border of the raster
	Tag           int32
	Cells         int64
	// ByShift is how many of the cells a shift of the epochs would explain, as Label was told run by run.
	ByShift int64
	Runs    []change.Run // of a complete patch in row-major order: the first run holds the first cell
	// Dates is room for what the caller knows of each run, parallel to Runs. Patches of one kind that are joined have
	// it all, or none has it.
	Dates []uint16
}

// First returns the patch's first cell in row-major order.
func (p *Patch) First() (row, col int32) { return p.Runs[0].Row, p.Runs[0].Col0 }

// absorb adds the cells of q to p.
func (p *Patch) absorb(q *Patch) {
	p.Runs = append(p.Runs, q.Runs...)
	p.Dates = append(p.Dates, q.Dates...)
	p.Cells += q.Cells
	p.ByShift += q.ByShift
	p.TouchesNoData = p.TouchesNoData || q.TouchesNoData
	p.TouchesEdge = p.TouchesEdge || q.TouchesEdge
	if p.Tag != q.Tag {
		p.Tag = MixedTag
	}
}

// sort puts the runs into row-major order, which joining open patches loses.
func (p *Patch) sort() {
	inOrder := func(a, b change.Run) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0))
	}
	switch {
	case slices.IsSortedFunc(p.Runs, inOrder):
	case p.Dates == nil:
		slices.SortFunc(p.Runs, inOrder)
	default:
		sort.Sort(withDates{p, inOrder})
	}
}

// withDates sorts the runs of a patch along with their dates.
type withDates struct {
	*Patch
	inOrder func(a, b change.Run) int
}

func (w withDates) Len() int           { return len(w.Runs) }
func (w withDates) Less(i, k int) bool { return w.inOrder(w.Runs[i], w.Runs[k]) < 0 }
func (w withDates) Swap(i, k int) {
	w.Runs[i], w.Runs[k] = w.Runs[k], w.Runs[i]
	w.Dates[i], w.Dates[k] = w.Dates[k], w.Dates[i]
}

// inPatch tells that runs of a type belong to patches.
func inPatch(t uint8) bool { return t < change.UnruledType }
