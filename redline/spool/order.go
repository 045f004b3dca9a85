package spool

import (
	"cmp"
	"math"
	"slices"

	"greenshield/redline"
)

// order sorts the entries by their keys, kept candidates and suppressed changes apart. A key that occurs twice is a
// fault.
func (s *Spool) order() error {
	entries, ends := s.byRow()
	var keys []keyed
	first, kept := uint32(0), 0
	for _, end := range ends {
		keys = keys[:0]
		for _, entry := range entries[first:end] {
			keys = append(keys, keyed{s.index.at(entry).key, entry})
		}
		slices.SortFunc(keys, func(a, b keyed) int {
			return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Zone, b.Zone))
		})
		for i, k := range keys {
			if i > 0 && keys[i-1].Key == k.Key {
				return s.twice("place in the order", keys[i-1].entry, k.entry)
			}
			entries[first+uint32(i)] = k.entry
			if !s.index.at(k.entry).suppressed() {
				kept++
			}
		}
		first = end
	}
	s.inOrder = [2][]uint32{make([]uint32, 0, kept), make([]uint32, 0, len(entries)-kept)}
	for _, entry := range entries {
		list := &s.inOrder[0]
		if s.index.at(entry).suppressed() {
			list = &s.inOrder[1]
		}
		*list = append(*list, entry)
	}
	return nil
}

// keyed is the key of an entry.
type keyed struct {
	redline.Key
	entry uint32
}

// mostBuckets is how many buckets byRow makes at most.
const mostBuckets = 1 << 20

// byRow returns all entries in buckets by row, in ascending order, and where each bucket ends. A bucket has one row, or
// some rows of many.
func (s *Spool) byRow() (entries, ends []uint32) {
	low, high := int32(math.MaxInt32), int32(math.MinInt32)
	for _, block := range s.index.blocks {
		for i := range block {
			low, high = min(low, block[i].key.Row), max(high, block[i].key.Row)
		}
	}
	if s.index.n == 0 {
		return nil, nil
	}
	shift := 0
	for (int64(high)-int64(low))>>shift >= mostBuckets {
		shift++
	}
	bucket := func(i uint32) int64 { return (int64(s.index.at(i).key.Row) - int64(low)) >> shift }
	ends = make([]uint32, (int64(high)-int64(low))>>shift+1) // first how many, then where the next one goes
	for i := range uint32(s.index.n) {
		ends[bucket(i)]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	entries = make([]uint32, s.index.n)
	for i := range uint32(s.index.n) {
		to := &ends[bucket(i)]
		entries[*to] = i
		*to++
	}
	return entries, ends
}

// entries returns the entries of suppressed changes, or of kept candidates, in the order of files.
func (s *Spool) entries(suppressed bool) []uint32 {
	if suppressed {
		return s.inOrder[1]
	}
	return s.inOrder[0]
}

// distinct makes an id that occurs twice a fault. It may be called while order sorts.
func (s *Spool) distinct() error {
	// Sorting by the marks brings equal identities near each other; few others have a mark in common, and only these
	// are read. The other half is the position in the index.
	marks := make([]uint64, s.index.n)
	for i := range uint32(s.index.n) {
		marks[i] = uint64(s.index.at(i).mark)<<32 | uint64(i)
	}
	slices.Sort(marks)
	in := window{file: s.chunks.file, alone: true}
	for i, mark := range marks {
		if i+1 == len(marks) || marks[i+1]>>32 != mark>>32 {
			continue
		}
		id, err := s.identity(s.index.at(uint32(mark)), &in)
		for j := i + 1; err == nil && j < len(marks) && marks[j]>>32 == mark>>32; j++ {
			var other identity
			if other, err = s.identity(s.index.at(uint32(marks[j])), &in); err == nil && other == id {
				return s.twice("id", uint32(mark), uint32(marks[j]))
			}
		}
		if err != nil {
			return err
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
