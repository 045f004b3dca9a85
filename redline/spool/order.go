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

// order returns the places of all entries in the order of the keys. A key that occurs twice is a fault.
func (s *Spool) order() ([]place, error) {
	places := make([]place, s.index.n)
	for i := range uint32(s.index.n) {
		key := s.index.at(i).key
		places[i] = place{[4]uint32{ascending(key.Row), ascending(key.Col), ascending(key.Zone)}, i}
	}
	places = sortPlaces(places)
	for i := 1; i < len(places); i++ {
		if places[i-1].by == places[i].by {
			return nil, s.twice("place in the order", places[i-1].entry, places[i].entry)
		}
	}
	return places, nil
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
