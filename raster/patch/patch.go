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
}

// First returns the patch's first cell in row-major order.
func (p *Patch) First() (row, col int32) { return p.Runs[0].Row, p.Runs[0].Col0 }

// absorb adds the cells of q to p.
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

// sort puts the runs into row-major order, which joining open patches loses.
func (p *Patch) sort() {
	inOrder := func(a, b change.Run) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0))
	}
	if !slices.IsSortedFunc(p.Runs, inOrder) {
		slices.SortFunc(p.Runs, inOrder)
	}
}

// inPatch tells that runs of a type belong to patches.
func inPatch(t uint8) bool { return t < change.UnruledType }
