package sampling

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Allocate says how many of n are drawn of each stratum, whose units are counted: in proportion to the units, but least
// of each, or all where it has fewer; the others share what is left in proportion. What is left of rounding goes to the
// largest remainders, of equal ones to the first. It refuses n above all units, and n that does not suffice for least.
func Allocate(units []int, n, least int) ([]int, error) {
	total, floor := 0, 0
	for _, of := range units {
		floor += min(of, least)
		total += of
	}
	switch {
	case n > total:
		return nil, fmt.Errorf("%d are to be drawn, but there are only %d", n, total)
	case n < floor:
		return nil, fmt.Errorf("%d are to be drawn, but %d strata of at least %d each take %d", n, len(units), least, floor)
	}
	drawn, fixed := make([]int, len(units)), make([]bool, len(units))
	for again := true; again; {
		again = false
		for h, of := range units {
			if !fixed[h] && n*of < min(of, least)*total {
				drawn[h], fixed[h], again = min(of, least), true, true
				n, total = n-drawn[h], total-of
			}
		}
	}
	share(units, drawn, fixed, n, total)
	return drawn, nil
}

// share gives out n in proportion to the units of the strata that are not fixed, total together.
func share(units, drawn []int, fixed []bool, n, total int) {
	remainders, left, order := make([]int, len(units)), n, []int{}
	for h, of := range units {
		if !fixed[h] && of > 0 {
			drawn[h], remainders[h] = n*of/total, n*of%total
			left, order = left-drawn[h], append(order, h)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b] - remainders[a] })
	for _, h := range order[:left] {
		drawn[h]++
	}
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
