package overlay

// Cells is a set of cells of a band of rows. The zero value is a set of an empty band.
type Cells struct {
	cols, row0 int32
	bits       []uint64 // by row, then column
}

// Reset makes s the empty set of the rows [row0, row1) of so many columns.
func (s *Cells) Reset(cols, row0, row1 int) {
	s.cols, s.row0 = int32(cols), int32(row0)
	need := (cols*(row1-row0) + 63) / 64
	if cap(s.bits) < need {
		s.bits = make([]uint64, need)
	}
	s.bits = s.bits[:need]
	clear(s.bits)
}

// Add adds the columns [col0, col1) of a row of the band.
func (s *Cells) Add(row, col0, col1 int32) {
	first := int(row-s.row0) * int(s.cols)
	from, to := first+int(col0), first+int(col1)
	for from < to {
		n := min(64-from%64, to-from)
		s.bits[from/64] |= (1<<n - 1) << (from % 64)
		from += n
	}
}

// has tells whether s holds a cell of the band.
func (s *Cells) has(row, col int32) bool {
	at := int(row-s.row0)*int(s.cols) + int(col)
	return s.bits[at/64]>>(at%64)&1 == 1
}
