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
	for i := 0; i < len(before); {
		j := i + runLength(before[i:], after[i:])
		pair := int(c.before[before[i]])*stride + int(c.after[after[i]])
		m.Cells[pair] += int64(j - i)
		m.Area[pair].AddUnits(area.Run(col0+i, col0+j))
		if t := c.types[pair]; t != stable {
			runs = Append(runs, Run{int32(row), int32(col0 + i), int32(col0 + j), uint16(pair), t})
		}
		i = j
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

// runLength returns how many leading cells have the symbols of the first one in both
// slices, which are equally long and not empty. It looks at eight cells at a time.
func runLength(before, after []uint8) int {
	const ones = 0x0101010101010101
	wantB, wantA := uint64(before[0])*ones, uint64(after[0])*ones
	i := 0
	for ; i+8 <= len(before); i += 8 {
		diff := (binary.LittleEndian.Uint64(before[i:]) ^ wantB) | (binary.LittleEndian.Uint64(after[i:]) ^ wantA)
		if diff != 0 {
			return i + bits.TrailingZeros64(diff)/8
		}
	}
	for i < len(before) && before[i] == before[0] && after[i] == after[0] {
		i++
	}
	return i
}
