package sampling

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Allocate says how many of n are drawn of each stratum, whose units are counted: least of each, or all where it has
// fewer, and the rest in proportion to the units, none above their number; what is left of rounding goes to the largest
// remainders, of equal ones to the first. It refuses n above all units, and n that does not suffice for least.
func Allocate(units []int, n, least int) ([]int, error) {
	drawn, total, floor := make([]int, len(units)), 0, 0
	for h, of := range units {
		drawn[h] = min(of, least)
		floor += drawn[h]
		total += of
	}
	switch {
	case n > total:
		return nil, fmt.Errorf("%d are to be drawn, but there are only %d", n, total)
	case n < floor:
		return nil, fmt.Errorf("%d are to be drawn, but %d strata of at least %d each take %d", n, len(units), least, floor)
	}
	for left := n - floor; left > 0; {
		given := proportionally(units, drawn, left)
		for h, more := range given {
			drawn[h] += more
			left -= more
		}
	}
	return drawn, nil
}

// proportionally gives out as many as are left, in proportion to the units of strata that have undrawn ones, fewer when a
// stratum has not so many.
func proportionally(units, drawn []int, left int) []int {
	open := 0
	for h, of := range units {
		if drawn[h] < of {
			open += of
		}
	}
	given, remainders, out := make([]int, len(units)), make([]int, len(units)), 0
	for h, of := range units {
		if drawn[h] < of {
			given[h], remainders[h] = left*of/open, left*of%open
			out += given[h]
		}
	}
	order := make([]int, len(units))
	for h := range order {
		order[h] = h
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b] - remainders[a] })
	for _, h := range order {
		if out < left && drawn[h] < units[h] {
			given[h]++
			out++
		}
		given[h] = min(given[h], units[h]-drawn[h])
	}
	return given
}

// Draw returns n of the units of a stratum, sorted: those of which the SHA-256 of "SEED\nFRAME\nUNIT" is the smallest.
// Units are distinct and have no line breaks; frame says of what they are the units, such as a run.
func Draw(units []string, n int, seed int64, frame string) []string {
	type ranked struct {
		unit string
		key  [sha256.Size]byte
	}
	all := make([]ranked, len(units))
	for i, unit := range units {
		all[i] = ranked{unit, sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s", seed, frame, unit))}
	}
	slices.SortFunc(all, func(a, b ranked) int { return bytes.Compare(a.key[:], b.key[:]) })
	var drawn []string
	for _, r := range all[:n] {
		drawn = append(drawn, r.unit)
	}
	slices.SortFunc(drawn, strings.Compare)
	return drawn
}
