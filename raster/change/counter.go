package change

import (
	"bytes"
	"slices"
)

// counter counts the cells of each symbol.
//
// Land cover has few classes, so it counts one symbol after the other, which the standard library does many bytes at a
// time. It begins with those that were frequent last time, and ends when all cells are counted.
type counter struct {
	order []uint8  // the symbols met so far
	cells [256]int // how many cells of the last part had each of them
}

// count counts the symbols of part, and adds their numbers to total.
func (t *counter) count(part []uint8, total *[256]int64) {
	rest := len(part)
	for i, s := range t.order {
		n := 0
		if rest > 0 {
			n = bytes.Count(part, t.order[i:i+1])
		}
		rest -= n
		t.cells[s] = n
		total[s] += int64(n)
		if i > 0 && n > t.cells[t.order[i-1]] {
			t.order[i-1], t.order[i] = s, t.order[i-1]
		}
	}
	for i := 0; rest > 0; i++ {
		s := part[i]
		if slices.Contains(t.order, s) {
			continue
		}
		n := bytes.Count(part, part[i:i+1])
		rest -= n
		t.cells[s] = n
		total[s] += int64(n)
		t.order = append(t.order, s)
	}
}

// addTo adds the numbers of the part that was counted last to total.
func (t *counter) addTo(total *[256]int64) {
	for _, s := range t.order {
		total[s] += int64(t.cells[s])
	}
}

// only tells that the part that was counted last has no other symbols than those.
func (t *counter) only(those *[256]bool) bool {
	for _, s := range t.order {
		if !those[s] && t.cells[s] > 0 {
			return false
		}
	}
	return true
}
