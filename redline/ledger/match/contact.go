package match

import (
	"cmp"
	"slices"
	"sort"

	"greenshield/vector/trace"
)

// owned is a run with the position of the case or detection that it belongs to.
type owned struct {
	trace.Run
	owner int32
}

// layer is runs of many owners, sorted by row, then column. Runs of different owners may overlap.
type layer struct {
	runs []owned
	rows []int32 // rows that hold runs
	from []int   // where each of these begins in runs, then len(runs)
}

func newLayer(sets [][]trace.Run) *layer {
	l := new(layer)
	for owner, set := range sets {
		for _, r := range set {
			l.runs = append(l.runs, owned{r, int32(owner)})
		}
	}
	slices.SortFunc(l.runs, func(a, b owned) int {
		return cmp.Or(byPlace(a.Run, b.Run), cmp.Compare(a.owner, b.owner))
	})
	for i, r := range l.runs {
		if i == 0 || r.Row != l.runs[i-1].Row {
			l.rows, l.from = append(l.rows, r.Row), append(l.from, i)
		}
	}
	l.from = append(l.from, len(l.runs))
	return l
}

// row returns the runs of a row.
func (l *layer) row(row int32) []owned {
	i := sort.Search(len(l.rows), func(i int) bool { return l.rows[i] >= row })
	if i == len(l.rows) || l.rows[i] != row {
		return nil
	}
	return l.runs[l.from[i]:l.from[i+1]]
}

// pair is a case and a detection, by position.
type pair struct{ a, b int32 }

// contact is what a pair has in common.
type contact struct {
	shared int64 // cells
	gap    int32 // fewest cells between the two, 0 where they share cells or touch, also at a corner
}

// contacts returns all pairs that share cells or have at most [NearCells] cells between them. Runs are compared with
// those of their row and of so many rows above and below, in one sweep from west to east.
func contacts(cases, detections *layer) map[pair]contact {
	const reach = NearCells + 1 // the largest distance in rows or columns
	found := map[pair]contact{}
	var active []owned
	for i, row := range detections.rows {
		runs := detections.runs[detections.from[i]:detections.from[i+1]]
		for dy := int32(-reach); dy <= reach; dy++ {
			next := cases.row(row + dy)
			active = active[:0]
			for _, b := range runs {
				active = slices.DeleteFunc(active, func(a owned) bool { return b.Col0-a.Col1+1 > reach })
				for len(next) > 0 && next[0].Col0-b.Col1+1 <= reach {
					active, next = append(active, next[0]), next[1:]
				}
				for _, a := range active {
					meet(found, a, b)
				}
			}
		}
	}
	return found
}

// meet adds to found what two runs have in common, unless they are too far apart.
func meet(found map[pair]contact, a, b owned) {
	dy, dx := max(a.Row-b.Row, b.Row-a.Row), max(0, a.Col0-b.Col1+1, b.Col0-a.Col1+1)
	gap := max(0, max(dx, dy)-1)
	if gap > NearCells {
		return
	}
	p := pair{a.owner, b.owner}
	known, ok := found[p]
	if !ok || gap < known.gap {
		known.gap = gap
	}
	if dy == 0 {
		known.shared += int64(max(0, min(a.Col1, b.Col1)-max(a.Col0, b.Col0)))
	}
	found[p] = known
}
