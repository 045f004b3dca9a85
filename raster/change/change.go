// Package change compares two epochs cell by cell: it finds maximal runs of cells
// with one transition and fills the transition matrix.
package change

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

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
	types         []uint8   // by pair
	calm          [256]bool // a cell with this symbol in both epochs makes no run
	// by class after: 1 for the symbols before whose ecosystem class is that class's
	hadClassOf []*[256]uint8
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
	var had [landcover.NumEcosystems][256]uint8
	for s, b := range c.before {
		if int(b) < c.nB {
			had[classesB[b].Ecosystem][s] = 1
		}
	}
	for _, class := range classesA {
		c.hadClassOf = append(c.hadClassOf, &had[class.Ecosystem])
	}
	for s := range c.calm { // some stand for nothing
		b, a := int(c.before[s]), int(c.after[s])
		c.calm[s] = b < c.nB && a < c.nA && c.types[c.pair(uint8(s), uint8(s))] == stable
	}
	return c, nil
}

func (c *Classifier) pair(before, after uint8) int {
	return int(c.before[before])*(c.nA+2) + int(c.after[after])
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
	// Before and After are the cells of each symbol, counted in the rows themselves:
	// what Cells must add up to.
	Before, After [256]int64
}

// Add adds b, which must come from the same classifier.
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

// A Comparer compares rows. It belongs to one goroutine.
type Comparer struct {
	*Classifier
	before, after counter
}

// NewComparer returns a Comparer for the classifier's epochs.
func (c *Classifier) NewComparer() *Comparer { return &Comparer{Classifier: c} }

// segment is how many cells of a row are compared at a time: they stay in the first-level
// cache while they are counted and then compared.
const segment = 4096

// Row compares one row of symbols whose first cell is column col0, adds every cell to
// m, and appends the runs of changed, unruled and NoData cells to runs. Runs of rows
// before are never extended; a run of the same row and pair that ends at col0 is.
//
// Where all cells of the row have one area and none is NoData or unknown before, only
// the cells whose symbols differ are looked at: the others are what is left of the counts of their symbols.
func (c *Comparer) Row(row, col0 int, before, after []uint8, area *raster.RowArea, m *Matrix, runs []Run) []Run {
	after = after[:len(before)]
	units, even := area.Cell()
	for start := 0; start < len(before); start += segment {
		b, a := before[start:min(start+segment, len(before))], after[start:min(start+segment, len(before))]
		c.before.count(b, &m.Before)
		c.after.count(a, &m.After)
		if even && c.before.only(&c.calm) {
			runs = c.differences(row, col0+start, b, a, units, m, runs)
		} else {
			runs = c.all(row, col0+start, b, a, area, m, runs)
		}
	}
	return runs
}

// all finds the runs of a segment and its part of the matrix from one run of equal cells
// after the other, changed or not.
func (c *Classifier) all(row, col0 int, before, after []uint8, area *raster.RowArea, m *Matrix, runs []Run) []Run {
	start := 0
	for k := 0; k < len(before); k += 8 {
		for ends := runEnds(before, after, k); ends != 0; ends &= ends - 1 {
			end := k + bits.TrailingZeros64(ends)/8 + 1
			pair := c.pair(before[start], after[start])
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

// differences does the same as all for a segment that was counted, whose symbols before
// are calm and whose cells all have that many units of area.
func (c *Comparer) differences(row, col0 int, before, after []uint8, units uint64, m *Matrix, runs []Run) []Run {
	unchanged := &c.before.cells
	for k := nextDifference(before, after, 0); k < len(before); {
		b, a, start := before[k], after[k], k
		for k++; k < len(before) && before[k] == b && after[k] == a; k++ {
		}
		pair := c.pair(b, a)
		unchanged[b] -= k - start
		m.Cells[pair] += int64(k - start)
		m.Area[pair].AddUnits(uint64(k-start) * units)
		if t := c.types[pair]; t != stable {
			if run := (Run{int32(row), int32(col0 + start), int32(col0 + k), uint16(pair), t}); start == 0 {
				runs = Append(runs, run)
			} else {
				runs = append(runs, run) // none before it in the segment is its like and its neighbour
			}
		}
		k = nextDifference(before, after, k)
	}
	for _, s := range c.before.order {
		if n := unchanged[s]; n > 0 {
			pair := c.pair(s, s)
			m.Cells[pair] += int64(n)
			m.Area[pair].AddUnits(uint64(n) * units)
		}
	}
	return runs
}

// nextDifference returns the first cell from k on that differs between the epochs, or
// their number.
func nextDifference(before, after []uint8, k int) int {
	for ; k+32 <= len(before); k += 32 {
		b, a := before[k:k+32], after[k:k+32]
		if (word(b)^word(a))|(word(b[8:])^word(a[8:]))|(word(b[16:])^word(a[16:]))|(word(b[24:])^word(a[24:])) != 0 {
			break
		}
	}
	for ; k+8 <= len(before); k += 8 {
		if d := word(before[k:]) ^ word(after[k:]); d != 0 {
			return k + bits.TrailingZeros64(d)/8
		}
	}
	for k < len(before) && before[k] == after[k] {
		k++
	}
	return k
}

func word(b []uint8) uint64 { return binary.LittleEndian.Uint64(b) }

// counter counts the cells of each symbol.
//
// Land cover has few classes, so it asks for one symbol after the other, those that were
// frequent last time first, which the standard library does many bytes at a time.
type counter struct {
	order []uint8  // the symbols met so far
	cells [256]int // in what was counted last; right for the symbols in order
}

// count counts part, and adds it to total.
func (t *counter) count(part []uint8, total *[256]int64) {
	rest := len(part)
	for i, s := range t.order {
		n := 0
		if rest > 0 {
			n = bytes.Count(part, t.order[i:i+1])
		}
		rest -= n
		t.cells[s] = n
		total[s] += int64(n)
		if i > 0 && n > t.cells[t.order[i-1]] {
			t.order[i-1], t.order[i] = s, t.order[i-1]
		}
	}
	for i := 0; rest > 0; i++ {
		s := part[i]
		if slices.Contains(t.order, s) {
			continue
		}
		n := bytes.Count(part, part[i:i+1])
		rest -= n
		t.cells[s] = n
		total[s] += int64(n)
		t.order = append(t.order, s)
	}
}

// only tells that what was counted last has no other symbols than those.
func (t *counter) only(those *[256]bool) bool {
	for _, s := range t.order {
		if !those[s] && t.cells[s] > 0 {
			return false
		}
	}
	return true
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
		diff := (word(b) ^ word(b[1:])) | (word(a) ^ word(a[1:]))
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
