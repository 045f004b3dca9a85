package spool

import (
	"cmp"
	"iter"
	"slices"

	"greenshield/redline"
)

// order lists the entries by their keys, kept candidates and suppressed changes apart. A key that occurs twice is a
// fault.
func (s *Spool) order() error {
	for i := range s.inOrder {
		s.inOrder[i].records = s.index.records
	}
	var last entry
	n := 0
	for e, err := range s.merged() {
		if err != nil {
			return err
		}
		if n > 0 && e.key == last.key {
			return twice("place in the order", &last, &e)
		}
		if err := s.add(s.entries(e.suppressed()), e); err != nil {
			return err
		}
		last = e
		n++
	}
	for i := range s.inOrder {
		if err := s.endRun(&s.inOrder[i]); err != nil {
			return err
		}
	}
	return nil
}

// entries returns the entries of suppressed changes, or of kept candidates, in the order of files.
func (s *Spool) entries(suppressed bool) *entries {
	if suppressed {
		return &s.inOrder[1]
	}
	return &s.inOrder[0]
}

// compareKeys compares as [cmp.Compare] does, in the order of files.
func compareKeys(a, b *redline.Key) int {
	switch {
	case a.Row != b.Row:
		return cmp.Compare(a.Row, b.Row)
	case a.Col != b.Col:
		return cmp.Compare(a.Col, b.Col)
	}
	return cmp.Compare(a.Zone, b.Zone)
}

// unmerged is what is left of a run: its next entry, and those from position next on.
type unmerged struct {
	entry
	run  *run
	next int
	in   window
}

// How much of a run is read at a time, and of all of them where they are not too many: all are read at once.
const (
	mergeBytes  = 16 << 10
	mergeAtOnce = 16 << 20
)

// merged yields the entries of all runs of the index by their keys.
func (s *Spool) merged() iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		var heap []*unmerged // the first one has the least key, and none has a lesser one than that at half its position
		down := func(i int) {
			for {
				least := i
				for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
					if compareKeys(&heap[child].key, &heap[least].key) < 0 {
						least = child
					}
				}
				if least == i {
					return
				}
				heap[i], heap[least] = heap[least], heap[i]
				i = least
			}
		}
		advance := func(u *unmerged) (err error) {
			u.entry, err = s.index.of(u.run, u.next, &u.in)
			if err == nil && u.run.part != nil && !s.chunks.has(&u.entry, s.index.records) {
				err = errIndex
			}
			u.next++
			return err
		}
		piece := max(mergeBytes/16, min(mergeBytes, mergeAtOnce/max(1, len(s.index.runs))))
		for i := range s.index.runs {
			u := &unmerged{run: &s.index.runs[i], in: window{file: s.chunks.file, piece: piece}}
			if err := advance(u); err != nil {
				yield(entry{}, err)
				return
			}
			heap = append(heap, u)
		}
		for i := len(heap) - 1; i >= 0; i-- {
			down(i)
		}
		for len(heap) > 0 {
			u := heap[0]
			if !yield(u.entry, nil) {
				return
			}
			if u.next == u.run.n {
				heap[0] = heap[len(heap)-1]
				heap = heap[:len(heap)-1]
			} else if err := advance(u); err != nil {
				yield(entry{}, err)
				return
			}
			down(0)
		}
	}
}

// distinct looks at so many marks at once, or at one sixteenth of all when that is more.
const (
	marksAtOnce = 1 << 19
	mostPasses  = 16
)

// distinct makes an id that occurs twice a fault. It may be called while order sorts.
func (s *Spool) distinct() error {
	// Sorting by the marks brings equal identities near each other; few others have a mark in common, and only these
	// are read. The other half is the position in the index. Each pass takes the marks of one range.
	passes := min(mostPasses, (s.index.n+marksAtOnce-1)/marksAtOnce)
	var marks []uint64
	for pass := range passes {
		marks = marks[:0]
		in := window{file: s.chunks.file}
		for i := range s.index.runs {
			run := &s.index.runs[i]
			b, err := in.at(&run.chunk, 0, int(run.size))
			if err != nil {
				return err
			}
			for k := range run.n {
				mark := markOf(b[k*s.index.bytes():])
				if uint64(mark)*uint64(passes)>>32 == uint64(pass) {
					marks = append(marks, uint64(mark)<<32|uint64(run.first+k))
				}
			}
		}
		slices.Sort(marks)
		if err := s.distinctOf(marks); err != nil {
			return err
		}
	}
	return nil
}

// distinctOf makes an id that occurs twice a fault. It is given marks with positions in the index, sorted.
func (s *Spool) distinctOf(marks []uint64) error {
	in := window{file: s.chunks.file, alone: true}
	identified := func(mark uint64) (e entry, id identity, err error) {
		if e, err = s.index.at(int(uint32(mark)), &in); err == nil {
			id, err = s.identity(&e, &in)
		}
		return e, id, err
	}
	for i, mark := range marks {
		if i+1 == len(marks) || marks[i+1]>>32 != mark>>32 {
			continue
		}
		e, id, err := identified(mark)
		for j := i + 1; err == nil && j < len(marks) && marks[j]>>32 == mark>>32; j++ {
			var other entry
			var otherID identity
			if other, otherID, err = identified(marks[j]); err == nil && otherID == id {
				return twice("id", &e, &other)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// twice is the fault that two entries have something in common that none may share.
func twice(what string, first, second *entry) error {
	a, b := first.key, second.key
	return redline.Faultf(redline.Unbalanced, "two candidates have the same %s: "+
		"of the patch at row %d, column %d, zone rank %d, and of the patch at row %d, column %d, zone rank %d; "+
		"please report this",
		what, a.Row, a.Col, a.Zone, b.Row, b.Col, b.Zone)
}
