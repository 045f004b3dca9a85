package calibrate

import (
	"cmp"
	"slices"
)

// Folds is into how many parts the counties are divided, MinCounties how many there must be.
const (
	Folds       = 5
	MinCounties = 3
)

// foldsOf returns the fold of each row, from 0, and how many folds there are. A county is wholly in one fold: those
// with more rows come first, by code where they are equal, each into the fold that has the fewest rows so far.
func foldsOf(rows []Row) (of []int, n int) {
	count := map[string]int{}
	for i := range rows {
		count[rows[i].County]++
	}
	counties := make([]string, 0, len(count))
	for c := range count {
		counties = append(counties, c)
	}
	slices.SortFunc(counties, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	n = min(Folds, len(counties))
	sizes, fold := make([]int, n), map[string]int{}
	for _, c := range counties {
		least := 0
		for f := range sizes {
			if sizes[f] < sizes[least] {
				least = f
			}
		}
		fold[c] = least
		sizes[least] += count[c]
	}
	of = make([]int, len(rows))
	for i := range rows {
		of[i] = fold[rows[i].County]
	}
	return of, n
}
