package redline

import (
	"fmt"
	"strings"
)

// DidYouMean returns the end of a message about an unknown word: the nearest valid word when it differs in at most half
// the bytes, but for the dashes before a flag, as by a slip, else all valid words.
func DidYouMean(word string, valid []string) string {
	nearest, least := "", (len(strings.TrimLeft(word, "-"))+1)/2
	for _, name := range valid {
		if d := distance(word, name); d <= least && (nearest == "" || d < least) {
			nearest, least = name, d
		}
	}
	if nearest != "" {
		return fmt.Sprintf("; did you mean %q?", nearest)
	}
	return "; valid here are " + strings.Join(valid, ", ")
}

// distance counts the insertions, deletions, substitutions and swaps of neighbouring bytes that turn a into b (optimal
// string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for k := range len(b) {
			cost := 1
			if a[i] == b[k] {
				cost = 0
			}
			row[k+1] = min(last[k]+cost, last[k+1]+1, row[k]+1)
			if i > 0 && k > 0 && a[i] == b[k-1] && a[i-1] == b[k] {
				row[k+1] = min(row[k+1], before[k-1]+1)
			}
		}
	}
	return row[len(b)]
}
