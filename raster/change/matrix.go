package change

import "greenshield/raster"

// Matrix is the transition matrix: cells and area of every ordered pair of classes, including NoData and unknown codes,
// indexed by Run.Pair.
type Matrix struct {
	Cells []int64
	Area  []raster.Area
	// Before and After are the number of cells with each symbol, counted in the rows themselves. The sums of Cells must
	// equal them.
	Before, After [256]int64
}

// Add adds b, which must be of the same classifier.
func (m *Matrix) Add(b *Matrix) {
	for p := range m.Cells {
		m.Cells[p] += b.Cells[p]
		m.Area[p].Add(b.Area[p])
	}
	for s := range m.Before {
		m.Before[s] += b.Before[s]
		m.After[s] += b.After[s]
	}
}

// Unknown tells whether a code that the legend lacks was met in either epoch.
func (c *Classifier) Unknown(m *Matrix) (before, after bool) {
	for p, n := range m.Cells {
		if n > 0 {
			b, a := c.Classes(uint16(p))
			before = before || b == c.nB+1
			after = after || a == c.nA+1
		}
	}
	return before, after
}
