package spool

import (
	"slices"

	"greenshield/redline"
)

// place says where an entry belongs when entries are sorted.
type place struct {
	by    [4]uint32 // the first number decides, then the second, and so on
	entry uint32    // position in the index
}

// sortPlaces returns places sorted, in the same memory or in new one. It sorts by radix, byte by byte from the last,
// and skips bytes that are the same in all places. Equal places keep their order.
func sortPlaces(places []place) []place {
	var counts [4][4][256]uint32
	for i := range places {
		for word, x := range places[i].by {
			counts[word][0][byte(x)]++
			counts[word][1][byte(x>>8)]++
			counts[word][2][byte(x>>16)]++
			counts[word][3][byte(x>>24)]++
		}
	}
	spare := make([]place, len(places))
	for word := 3; word >= 0; word-- {
		for digit := range counts[word] {
			from := &counts[word][digit]
			shift := 8 * digit
			if len(places) == 0 || int(from[byte(places[0].by[word]>>shift)]) == len(places) {
				continue
			}
			sum := uint32(0)
			for i, n := range from {
				from[i] = sum
				sum += n
			}
			for i := range places {
				to := &from[byte(places[i].by[word]>>shift)]
				spare[*to] = places[i]
				*to++
			}
			places, spare = spare, places
		}
	}
	return places
}

// ascending maps x to a number without a sign, so that the order is the same.
func ascending(x int32) uint32 { return uint32(x) ^ 1<<31 }

// order sorts the entries by their keys, kept candidates and suppressed changes apart. A key that occurs twice is a
// fault.
func (s *Spool) order() error {
	places := make([]place, s.index.n)
	kept := 0
	for i := range uint32(s.index.n) {
		e := s.index.at(i)
		places[i] = place{[4]uint32{ascending(e.key.Row), ascending(e.key.Col), ascending(e.key.Zone)}, i}
		if !e.suppressed() {
			kept++
		}
	}
	places = sortPlaces(places)
	for i := 1; i < len(places); i++ {
		if places[i-1].by == places[i].by {
			return s.twice("place in the order", places[i-1].entry, places[i].entry)
		}
	}
	s.inOrder = [2][]uint32{make([]uint32, 0, kept), make([]uint32, 0, len(places)-kept)}
	for _, p := range places {
		list := &s.inOrder[0]
		if s.index.at(p.entry).suppressed() {
			list = &s.inOrder[1]
		}
		*list = append(*list, p.entry)
	}
	return nil
}

func (e *entry) suppressed() bool { return e.lengths[partSuppressed] > 0 }

// entries returns the entries of suppressed changes, or of kept candidates, in the order of files.
func (s *Spool) entries(suppressed bool) []uint32 {
	if suppressed {
		return s.inOrder[1]
	}
	return s.inOrder[0]
}

// distinct makes an id that occurs twice a fault. It may be called while order sorts.
func (s *Spool) distinct() error {
	// Sorting by a half of a word of the identities brings equal ones near each other; few others have that half in
	// common. The other half is the position in the index.
	marks := make([]uint64, s.index.n)
	for i := range uint32(s.index.n) {
		marks[i] = s.index.at(i).id[0]>>32<<32 | uint64(i)
	}
	slices.Sort(marks)
	for i, mark := range marks {
		for j := i + 1; j < len(marks) && marks[j]>>32 == mark>>32; j++ {
			if first, second := uint32(mark), uint32(marks[j]); s.index.at(first).id == s.index.at(second).id {
				return s.twice("id", first, second)
			}
		}
	}
	return nil
}

// twice is the fault that two entries have something in common that none may share.
func (s *Spool) twice(what string, first, second uint32) error {
	a, b := s.index.at(first).key, s.index.at(second).key
	return redline.Faultf(redline.Unbalanced, "two candidates have the same %s: "+
		"of the patch at row %d, column %d, zone rank %d, and of the patch at row %d, column %d, zone rank %d; "+
		"please report this",
		what, a.Row, a.Col, a.Zone, b.Row, b.Col, b.Zone)
}
