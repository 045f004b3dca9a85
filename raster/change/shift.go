package change

// ByShift counts the cells of a run with a change type that have a neighbour, of 8, that had
// before the ecosystem class which the cell has after: a shift of the epochs by one cell against each other
// would explain them. at is the row of symbols before that the run lies in, from column 0 on; above and below are the
// rows beside it, nil where there is none.
func (c *Classifier) ByShift(run Run, above, at, below []uint8) (n int) {
	had := c.hadClassOf[int(run.Pair)%(c.nA+2)]
	if above == nil {
		above = at
	}
	if below == nil {
		below = at
	}
	column := func(col int) uint8 { return had[above[col]] | had[at[col]] | had[below[col]] }
	seen := uint8(0) // bit i: column col+1-i has a cell that had the class
	if run.Col0 > 0 {
		seen = column(int(run.Col0) - 1)
	}
	seen = seen<<1 | column(int(run.Col0))
	for col := int(run.Col0); col < int(run.Col1); col++ {
		seen <<= 1
		if col+1 < len(at) {
			seen |= column(col + 1)
		}
		if seen&7 != 0 {
			n++
		}
	}
	return n
}
