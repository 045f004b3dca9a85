package match

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"greenshield/vector/trace"
)

// cell is one cell; set is cells, one by one.
type (
	cell struct{ row, col int }
	set  map[cell]bool
)

// inOrder returns the cells row by row.
func (s set) inOrder() []cell {
	return slices.SortedFunc(maps.Keys(s), func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col))
	})
}

func (s set) runs() (runs []trace.Run) {
	for c := range s {
		runs = append(runs, trace.Run{Row: int32(c.row), Col0: int32(c.col), Col1: int32(c.col + 1)})
	}
	return Union(runs)
}

func setOf(runs []trace.Run) set {
	s := set{}
	for _, r := range runs {
		for col := r.Col0; col < r.Col1; col++ {
			s[cell{int(r.Row), int(col)}] = true
		}
	}
	return s
}

func (s set) first() cell {
	best := cell{1 << 30, 0}
	for c := range s {
		if c.row < best.row || c.row == best.row && c.col < best.col {
			best = c
		}
	}
	return best
}

// common counts the cells of both sets; between is the fewest cells between them, 99 for more than three.
func common(a, b set) (n, between int) {
	between = 99
	for c := range a {
		if b[c] {
			n++
		}
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				if b[cell{c.row + dy, c.col + dx}] {
					between = min(between, max(0, max(dy, -dy, dx, -dx)-1))
				}
			}
		}
	}
	return n, between
}

// place is a case or a detection of the twin.
type place struct {
	id, group, opened string
	state             int
	cells             set
}

// twin matches cell by cell and pair by pair, as the design's page has it, and returns the text of the result.
func twin(cases, detections []place, s Settings) string {
	var lines []string
	edges := make([][]bool, len(cases))
	for i, a := range cases {
		edges[i] = make([]bool, len(detections))
		for j, b := range detections {
			if a.group != b.group {
				continue
			}
			n, between := common(a.cells, b.cells)
			edges[i][j] = float64(n) > float64(len(a.cells))/2 || float64(n) > float64(len(b.cells))/2
			if !edges[i][j] && between <= 2 {
				lines = append(lines, fmt.Sprintf("near %s %s shared %d gap %d", a.id, b.id, n, between))
			}
		}
	}
	seenA, seenB := make([]bool, len(cases)), make([]bool, len(detections))
	var as, bs []place
	var walk func(i, j int)
	walk = func(i, j int) {
		if i >= 0 && !seenA[i] {
			seenA[i], as = true, append(as, cases[i])
			for j := range detections {
				if edges[i][j] {
					walk(-1, j)
				}
			}
		}
		if j >= 0 && !seenB[j] {
			seenB[j], bs = true, append(bs, detections[j])
			for i := range cases {
				if edges[i][j] {
					walk(i, -1)
				}
			}
		}
	}
	for i := range cases {
		if as, bs = nil, nil; !seenA[i] {
			walk(i, -1)
			lines = append(lines, judge(as, bs, s))
		}
	}
	for j := range detections {
		if as, bs = nil, nil; !seenB[j] {
			walk(-1, j)
			lines = append(lines, judge(as, bs, s))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// judge says what became of the places of one component.
func judge(as, bs []place, s Settings) string {
	byID := func(a, b place) int { return strings.Compare(a.id, b.id) }
	slices.SortFunc(as, byID)
	slices.SortFunc(bs, byID)
	ids := func(all []place) (ids []string) {
		for _, p := range all {
			ids = append(ids, p.id)
		}
		return ids
	}
	word, goesOn, with, rest := "", "", "", ""
	switch {
	case len(as) == 0:
		word, with = "new", bs[0].id
	case len(bs) == 0:
		word, goesOn = "alone", as[0].id
	case len(as) == 1 && len(bs) == 1:
		goesOn, with = as[0].id, bs[0].id
		a, b := as[0].cells, bs[0].cells
		n, _ := common(a, b)
		gained, lost := len(b)-n, len(a)-n
		enough := max(float64(s.MinCells), float64(s.Percent)/100*float64(len(a)), 1)
		grown, shrunk := float64(gained) >= enough-1e-9, float64(lost) >= enough-1e-9
		rest = fmt.Sprintf(" shared %d gained %d lost %d", n, gained, lost)
		switch {
		case grown && shrunk:
			word = "shifted"
		case grown:
			word = "grown"
			more := set{}
			for c := range b {
				if !a[c] {
					more[c] = true
				}
			}
			rest += fmt.Sprint(" increment ", more.runs())
		case shrunk:
			word = "shrunk"
		default:
			word = "persisting"
		}
	case len(as) == 1:
		word, goesOn = "split", as[0].id
		best := bs[0]
		for _, b := range bs[1:] {
			n, _ := common(as[0].cells, b.cells)
			most, _ := common(as[0].cells, best.cells)
			f, g := b.cells.first(), best.cells.first()
			if n > most || n == most && (f.row < g.row || f.row == g.row && f.col < g.col) {
				best = b
			}
		}
		with = best.id
	case len(bs) == 1:
		word, with = "merged", bs[0].id
		best := as[0] // the smallest id
		for _, a := range as[1:] {
			if a.state > best.state || a.state == best.state && a.opened < best.opened {
				best = a
			}
		}
		goesOn = best.id
	default:
		word = "complex"
	}
	return fmt.Sprintf("%s %v %v: %s with %s%s", word, ids(as), ids(bs), goesOn, with, rest)
}

// text is the result as the twin writes it.
func text(r Result) string {
	var lines []string
	for _, n := range r.Near {
		lines = append(lines, fmt.Sprintf("near %s %s shared %d gap %d", n.Case, n.Detection, n.Shared, n.Gap))
	}
	for _, c := range r.Components {
		line := fmt.Sprintf("%s %v %v: %s with %s", c.Relation, c.Cases, c.Detections, c.Case, c.Detection)
		if len(c.Cases) == 1 && len(c.Detections) == 1 {
			line += fmt.Sprintf(" shared %d gained %d lost %d", c.Shared, c.Gained, c.Lost)
		}
		if c.Relation == Grown {
			line += fmt.Sprint(" increment ", c.Increment)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// given returns the places as Match takes them, in a random order, their runs cut and in a random order too.
func given(rng *rand.Rand, cases, detections []place) (as []Case, bs []Detection) {
	shuffled := func(s set) []trace.Run {
		var runs []trace.Run
		for _, r := range s.runs() {
			if mid := r.Col0 + int32(rng.IntN(int(r.Col1-r.Col0))); mid > r.Col0 && rng.IntN(2) == 0 {
				runs = append(runs, trace.Run{Row: r.Row, Col0: r.Col0, Col1: mid})
				r.Col0 = mid
			}
			runs = append(runs, r)
		}
		rng.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
		return runs
	}
	for _, a := range cases {
		as = append(as, Case{ID: a.id, Group: a.group, State: a.state, Opened: a.opened, Cells: shuffled(a.cells)})
	}
	for _, b := range detections {
		bs = append(bs, Detection{ID: b.id, Group: b.group, Cells: shuffled(b.cells)})
	}
	rng.Shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
	rng.Shuffle(len(bs), func(i, j int) { bs[i], bs[j] = bs[j], bs[i] })
	return as, bs
}
