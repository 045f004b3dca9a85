package dating

import (
	"errors"
	"slices"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Dater dates cells. It belongs to one goroutine, and opens each map when it is first needed.
type Dater struct {
	*Stack
	before  func(pair uint16) landcover.Ecosystem
	readers []raster.Reader // by map; nil until one is needed

	// Memory that one call leaves to the next.
	codes    []Code
	segments []segment
	sorted   []segment
	counts   []int
	words    []word
	symbols  []uint8
	wanted   []bool // by block of a map in a unit, column by column
}

// segment is some cells of a run that lie in one unit.
type segment struct {
	row, col0, col1 int32
	unit            int32
	at              int // of its first cell in Dater.codes
	word            int // of its first cell in Dater.words
	kind            uint8
	startsNew       bool
}

// word is the states of a cell in all years; see [CodeOf].
type word struct{ isNew, valid uint64 }

// NewDater returns a dater. before returns the ecosystem class before of a [change.Run].Pair.
func (s *Stack) NewDater(before func(pair uint16) landcover.Ecosystem) *Dater {
	return &Dater{Stack: s, before: before, readers: make([]raster.Reader, len(s.maps))}
}

// Close closes what was opened.
func (d *Dater) Close() error {
	var errs []error
	for i, r := range d.readers {
		if r != nil {
			errs = append(errs, r.Close())
			d.readers[i] = nil
		}
	}
	return errors.Join(errs...)
}

// Codes returns the codes of all cells of the runs, which are of change types, one run after the other. The codes
// belong to the dater again with the next call. Errors are faults of kind Raster.
func (d *Dater) Codes(runs []change.Run) ([]Code, error) {
	d.arrange(runs)
	for first := 0; first < len(d.segments); {
		end, cells := first, 0
		for end < len(d.segments) && d.segments[end].unit == d.segments[first].unit && cells < maxCells {
			cells += int(d.segments[end].col1 - d.segments[end].col0)
			end++
		}
		if err := d.dateUnit(d.segments[first:end]); err != nil {
			return nil, redline.WithKind(redline.Raster, err)
		}
		first = end
	}
	return d.codes, nil
}

// arrange makes the segments of the runs: unit by unit, and in a unit row by row. Units are numbered from the one at
// the top left of all runs.
func (d *Dater) arrange(runs []change.Run) {
	d.segments = d.segments[:0]
	if len(runs) == 0 {
		d.codes = d.codes[:0]
		return
	}
	row0, row1 := runs[0].Row, runs[0].Row
	for i := range runs {
		row0, row1 = min(row0, runs[i].Row), max(row1, runs[i].Row)
	}
	unitRow := func(row int32) int { return (int(row) + d.unit.row) / d.unit.rows }
	across, cells := 0, 0
	for i := range runs {
		across = max(across, (int(runs[i].Col1)-1+d.unit.col)/d.unit.cols+1)
	}
	for i := range runs {
		r := &runs[i]
		s := segment{row: r.Row, kind: r.Type, startsNew: d.startsNew[r.Type][d.before(r.Pair)]}
		for col := int(r.Col0); col < int(r.Col1); col = int(s.col1) {
			unit := (col + d.unit.col) / d.unit.cols
			s.unit = int32((unitRow(r.Row)-unitRow(row0))*across + unit)
			s.at, s.col0, s.col1 = cells, int32(col), min(r.Col1, int32((unit+1)*d.unit.cols-d.unit.col))
			cells += int(s.col1 - s.col0)
			d.segments = append(d.segments, s)
		}
	}
	d.codes = slices.Grow(d.codes[:0], cells)[:cells]
	d.sort(int(row1-row0)+1, func(s *segment) int { return int(s.row - row0) })
	d.sort((unitRow(row1)-unitRow(row0)+1)*across, func(s *segment) int { return int(s.unit) })
}

// sort sorts the segments by a key from 0 up to, not including, n. Those of one key stay in order.
func (d *Dater) sort(n int, key func(*segment) int) {
	d.counts = slices.Grow(d.counts[:0], n+1)[:n+1]
	clear(d.counts)
	for i := range d.segments {
		d.counts[key(&d.segments[i])+1]++
	}
	for i := range n {
		d.counts[i+1] += d.counts[i]
	}
	d.sorted = slices.Grow(d.sorted[:0], len(d.segments))[:len(d.segments)]
	for i := range d.segments {
		at := &d.counts[key(&d.segments[i])]
		d.sorted[*at] = d.segments[i]
		*at++
	}
	d.segments, d.sorted = d.sorted, d.segments
}

// dateUnit sets the codes of the segments of a unit, or of some rows of it.
func (d *Dater) dateUnit(segments []segment) error {
	n := 0
	for i := range segments {
		segments[i].word = n
		n += int(segments[i].col1 - segments[i].col0)
	}
	d.words = slices.Grow(d.words[:0], n)[:n]
	ends := uint64(1) | 1<<(len(d.years)-1)
	for i := range segments {
		s := &segments[i]
		first := word{isNew: ends &^ 1, valid: ends}
		if s.startsNew {
			first.isNew = ends
		}
		words := d.words[s.word:][:s.col1-s.col0]
		for k := range words {
			words[k] = first
		}
	}
	for m := range d.maps {
		if err := d.look(m, segments); err != nil {
			return err
		}
	}
	for i := range segments {
		s := &segments[i]
		words := d.words[s.word:][:s.col1-s.col0]
		codes := d.codes[s.at:][:len(words)]
		for k, w := range words {
			codes[k] = CodeOf(w.isNew, w.valid)
		}
	}
	return nil
}
