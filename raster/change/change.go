// Package change compares two epochs cell by cell: it finds maximal runs of cells
// with one transition and fills the transition matrix.
package change

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// Values of [Run].Type that are no change type.
const (
	NoDataType  = 0xFF // NoData in either epoch
	UnruledType = 0xFE // the ecosystem class differs, but no change type covers the transition
	stable      = 0xFD // no run is made of these
)

// MaxTypes is the largest number of change types.
const MaxTypes = 200

// Run is a maximal run of cells of one row, columns [Col0, Col1), that share one
// ordered pair of classes.
type Run struct {
	Row, Col0, Col1 int32
	Pair            uint16 // see Classifier.Classes
	Type            uint8  // change type, NoDataType or UnruledType
}

// Classifier turns symbols of the two epochs into runs. It is immutable.
type Classifier struct {
	before, after [256]uint8 // symbol → class; nB or nA is NoData, one more is unknown
	nB, nA        int
	types         []uint8 // by pair
}

// NewClassifier compares epochs whose symbols map by before and after (see
// [raster.Source]) to positions in classesB and classesA, the legends' classes
// without the NoData ones. typeOf names the change type of a transition between two
// different ecosystem classes, −1 for none.
func NewClassifier(before, after *[256]uint8, classesB, classesA []landcover.Class, types int, typeOf func(from, to landcover.Ecosystem) int) (*Classifier, error) {
	if types > MaxTypes || len(classesB) > raster.MaxClasses || len(classesA) > raster.MaxClasses {
		return nil, fmt.Errorf("%w: %d change types, %d and %d classes", raster.ErrLimit, types, len(classesB), len(classesA))
	}
	c := &Classifier{nB: len(classesB), nA: len(classesA)}
	fill := func(lut *[256]uint8, index *[256]uint8, n int) {
		for s, i := range index {
			switch i {
			case raster.NoData:
				lut[s] = uint8(n)
			case raster.Unknown:
				lut[s] = uint8(n + 1)
			default:
				lut[s] = i
			}
		}
	}
	fill(&c.before, before, c.nB)
	fill(&c.after, after, c.nA)
	c.types = make([]uint8, (c.nB+2)*(c.nA+2))
	for p := range c.types {
		b, a := p/(c.nA+2), p%(c.nA+2)
		switch {
		case b >= c.nB || a >= c.nA:
			c.types[p] = NoDataType
		case classesB[b].Ecosystem == classesA[a].Ecosystem:
			c.types[p] = stable
		default:
			if t := typeOf(classesB[b].Ecosystem, classesA[a].Ecosystem); t >= 0 {
				c.types[p] = uint8(t)
			} else {
				c.types[p] = UnruledType
			}
		}
	}
	return c, nil
}

// Classes returns the positions of a pair's classes; a position equal to the number
// of classes means NoData, one more means a code that the legend lacks.
func (c *Classifier) Classes(pair uint16) (before, after int) {
	return int(pair) / (c.nA + 2), int(pair) % (c.nA + 2)
}

// TypeOf returns the change type of a pair, as Run.Type, and whether it makes runs.
func (c *Classifier) TypeOf(pair uint16) (t uint8, changed bool) {
	t = c.types[pair]
	return t, t != stable
}

// NewMatrix returns an empty transition matrix for the classifier's classes.
func (c *Classifier) NewMatrix() *Matrix {
	n := (c.nB + 2) * (c.nA + 2)
	return &Matrix{Cells: make([]int64, n), Area: make([]raster.Area, n)}
}

// Matrix is the transition matrix: cells and area of every ordered pair of classes,
// including NoData and unknown codes, indexed by Run.Pair.
type Matrix struct {
	Cells []int64
	Area  []raster.Area
}

// Add adds b, which must come from the same classifier.
func (m *Matrix) Add(b *Matrix) {
	for p := range m.Cells {
		m.Cells[p] += b.Cells[p]
		m.Area[p].Add(b.Area[p])
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

// Row compares one row of symbols whose first cell is column col0, adds every cell to
// m, and appends the runs of changed, unruled and NoData cells to runs. Runs of rows
// before are never extended; a run of the same row and pair that ends at col0 is.
func (c *Classifier) Row(row, col0 int, before, after []uint8, area *raster.RowArea, m *Matrix, runs []Run) []Run {
	after = after[:len(before)]
	stride := c.nA + 2
	start := 0
	for k := 0; k < len(before); k += 8 {
		for ends := runEnds(before, after, k); ends != 0; ends &= ends - 1 {
			end := k + bits.TrailingZeros64(ends)/8 + 1
			pair := int(c.before[before[start]])*stride + int(c.after[after[start]])
			m.Cells[pair] += int64(end - start)
			m.Area[pair].AddUnits(area.Run(col0+start, col0+end))
			if t := c.types[pair]; t != stable {
				runs = Append(runs, Run{int32(row), int32(col0 + start), int32(col0 + end), uint16(pair), t})
			}
			start = end
		}
	}
	return runs
}

// Append appends r to runs, or extends the last run when r continues it.
func Append(runs []Run, r Run) []Run {
	if n := len(runs); n > 0 {
		if last := &runs[n-1]; last.Col1 == r.Col0 && last.Row == r.Row && last.Pair == r.Pair {
			last.Col1 = r.Col1
			return runs
		}
	}
	return append(runs, r)
}

// runEnds tells which of the eight cells from k on, of those there are, end a run: the
// next cell differs in either epoch, or there is none. Cell k+i answers by bit 8i+7.
func runEnds(before, after []uint8, k int) (ends uint64) {
	if k+9 <= len(before) {
		b, a := before[k:k+9], after[k:k+9]
		diff := (binary.LittleEndian.Uint64(b) ^ binary.LittleEndian.Uint64(b[1:])) | (binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(a[1:]))
		const low7 = 0x7f7f7f7f7f7f7f7f
		return ((diff&low7 + low7) | diff) &^ low7
	}
	for i := k; i < len(before); i++ {
		if i+1 == len(before) || before[i] != before[i+1] || after[i] != after[i+1] {
			ends |= 0x80 << (8 * (i - k))
		}
	}
	return ends
}
