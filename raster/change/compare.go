package change

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"greenshield/raster"
)

// A Comparer compares rows. It belongs to one goroutine.
type Comparer struct {
	*Classifier
	before, after counter
}

// NewComparer returns a Comparer for the classifier's epochs.
func (c *Classifier) NewComparer() *Comparer { return &Comparer{Classifier: c} }

// Stretch is some cells of one row in both epochs: symbols (see [raster.Source]), as many before as after.
type Stretch struct {
	Row, Col0     int // of the first cell
	Before, After []uint8
	Area          *raster.RowArea // of the row
}

// part returns the cells from position start up to, not including, end.
func (s *Stretch) part(start, end int) Stretch {
	return Stretch{s.Row, s.Col0 + start, s.Before[start:end], s.After[start:end], s.Area}
}

// segment is how many cells of a row are compared at a time: they stay in the first-level cache while they are counted
// and then compared.
const segment = 4096

// Row compares a stretch of a row, adds every cell to m, and appends the runs of changed, unruled and NoData cells to
// runs, which it returns. The last one of the given runs is extended if it is of the same row and pair and ends where
// the stretch begins; the others stay as they are.
//
// Where all cells of the row have one area and none is NoData or unknown before, only the cells whose symbols differ
// are looked at: the number of the others is what is left of the counts of their symbols.
func (c *Comparer) Row(s Stretch, m *Matrix, runs []Run) []Run {
	s.After = s.After[:len(s.Before)]
	_, even := s.Area.Cell()
	for start := 0; start < len(s.Before); start += segment {
		part := s.part(start, min(start+segment, len(s.Before)))
		c.before.count(part.Before, &m.Before)
		if bytes.Equal(part.Before, part.After) {
			c.before.addTo(&m.After)
		} else {
			c.after.count(part.After, &m.After)
		}
		if even && c.before.only(&c.calm) {
			runs = c.differences(&part, m, runs)
		} else {
			runs = c.all(&part, m, runs)
		}
	}
	return runs
}

// all finds the runs of a segment and its part of the matrix: it goes from one run of equal cells to the next, whether
// they changed or not.
func (c *Classifier) all(s *Stretch, m *Matrix, runs []Run) []Run {
	before, after, row, col0, area := s.Before, s.After, int32(s.Row), s.Col0, s.Area
	start := 0
	for k := 0; k < len(before); k += 8 {
		for ends := runEnds(before, after, k); ends != 0; ends &= ends - 1 {
			end := k + bits.TrailingZeros64(ends)/8 + 1
			pair := c.pair(before[start], after[start])
			m.Cells[pair] += int64(end - start)
			m.Area[pair].Add(area.Run(col0+start, col0+end))
			if t := c.types[pair]; t != stable {
				runs = Append(runs, Run{row, int32(col0 + start), int32(col0 + end), uint16(pair), t})
			}
			start = end
		}
	}
	return runs
}

// differences does the same as all, for a segment whose symbols were counted and are all calm before, in a row whose
// cells all have one area.
func (c *Comparer) differences(s *Stretch, m *Matrix, runs []Run) []Run {
	before, after, row, col0 := s.Before, s.After, int32(s.Row), s.Col0
	cell, _ := s.Area.Cell()
	unchanged := &c.before.cells
	for k := nextDifference(before, after, 0); k < len(before); {
		b, a, start := before[k], after[k], k
		for k++; k < len(before) && before[k] == b && after[k] == a; k++ {
		}
		pair := c.pair(b, a)
		unchanged[b] -= k - start
		m.Cells[pair] += int64(k - start)
		m.Area[pair].AddTimes(uint64(k-start), cell)
		if t := c.types[pair]; t != stable {
			if run := (Run{row, int32(col0 + start), int32(col0 + k), uint16(pair), t}); start == 0 {
				runs = Append(runs, run)
			} else {
				runs = append(runs, run) // the run before it in the segment is of another pair, or does not end here
			}
		}
		k = nextDifference(before, after, k)
	}
	for _, s := range c.before.order {
		if n := unchanged[s]; n > 0 {
			pair := c.pair(s, s)
			m.Cells[pair] += int64(n)
			m.Area[pair].AddTimes(uint64(n), cell)
		}
	}
	return runs
}

// nextDifference returns the first cell from k on whose symbols differ between the epochs, or len(before) if none does.
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

// runEnds tells which of the eight cells from k on (or of the fewer that are left) end a run: the next cell differs in
// either epoch, or there is none. Bit 8i+7 is the answer for cell k+i.
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
