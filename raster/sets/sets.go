// Package sets keeps disjoint sets of numbered elements that are united two at a time (union-find).
//
// The smallest element of a set is its root, so results do not depend on the order of the unions, and parents come
// before what hangs on them: a pass in ascending order meets each root before the rest of its set.
package sets

// Sets are disjoint sets of the elements 0 to len-1. Value i is the parent of element i, which is smaller than i, or i
// itself for a root. The zero value has no elements; s[:0] has none either and keeps the memory. Sets are a plain value
// that can be encoded. Find, Union and Flatten write, so that only one goroutine at a time may use them.
type Sets []int32

// New returns n sets of one element each; n is at most 2^31 - 1.
func New(n int) Sets {
	s := make(Sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// Add adds an element, which makes a set by itself, and returns it: it is the number of elements before.
func (s *Sets) Add() int32 {
	i := int32(len(*s))
	*s = append(*s, i)
	return i
}

// Find returns the root of the set that i belongs to: its smallest element. It hangs every other element on the way on
// its parent's parent, so that m calls on n elements take O(n + m log n) steps at worst (path halving: Tarjan and van
// Leeuwen, Worst-case analysis of set union algorithms, J. ACM 31, 1984).
func (s Sets) Find(i int32) int32 {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

// Union makes the sets of a and b one, if they are two, and returns its root: the smaller one of both roots.
func (s Sets) Union(a, b int32) int32 {
	a, b = s.Find(a), s.Find(b)
	a, b = min(a, b), max(a, b)
	s[b] = a
	return a
}

// Flatten makes the root of each element its parent: from then on, until the next Union, s[i] is what Find(i) returns.
func (s Sets) Flatten() {
	for i, parent := range s { // a parent comes before its child, and hangs on its root already
		s[i] = s[parent]
	}
}
