package change

// ByShift counts the cells of a run that a shift of the epochs by one cell against each other would explain: one of
// the 8 neighbours had before the ecosystem class that the cell has after. The run has a change type. at is the row
// of symbols before in which the run lies, from column 0 on; above and below are the rows beside it, nil where there
// is none.
func (c *Classifier) ByShift(run Run, above, at, below []uint8) (n int) {
	had := c.hadClassOf[int(run.Pair)%(c.nA+2)]
	if above == nil {
		above = at
	}
	if below == nil {
		below = at
	}
	column := func(col int) uint8 { return had[above[col]] | had[at[col]] | had[below[col]] }
	seen := uint8(0) // bit i tells that column col+1-i has a cell that had the class
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
