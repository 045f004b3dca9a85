package match

import (
	"cmp"
	"slices"

	"greenshield/vector/trace"
)

// byPlace orders runs row by row, and within a row from west to east.
func byPlace(a, b trace.Run) int {
	return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col0, b.Col0), cmp.Compare(a.Col1, b.Col1))
}

// Union returns the cells that any of the sets holds. The sets may be in any order, and their runs may overlap; empty
// runs are ignored. Runs of the result are in the order of rows, then columns, and none touch in a row.
func Union(sets ...[]trace.Run) []trace.Run {
	all := slices.Concat(sets...)
	slices.SortFunc(all, byPlace)
	out := all[:0]
	for _, r := range all {
		if r.Col0 >= r.Col1 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Row == r.Row && r.Col0 <= out[n-1].Col1 {
			out[n-1].Col1 = max(out[n-1].Col1, r.Col1)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// Minus returns the cells of a that b lacks. Both must be as [Union] returns sets, and so is the result.
func Minus(a, b []trace.Run) (out []trace.Run) {
	for _, r := range a {
		for len(b) > 0 && (b[0].Row < r.Row || b[0].Row == r.Row && b[0].Col1 <= r.Col0) {
			b = b[1:]
		}
		for _, s := range b {
			if s.Row != r.Row || s.Col0 >= r.Col1 {
				break
			}
			if s.Col0 > r.Col0 {
				out = append(out, trace.Run{Row: r.Row, Col0: r.Col0, Col1: s.Col0})
			}
			r.Col0 = s.Col1
		}
		if r.Col0 < r.Col1 {
			out = append(out, r)
		}
	}
	return out
}
