package report

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"math"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// A record is a candidate as the spool keeps it for reports: first the numbers of what its
// shared groups hold, then all other fields, and its corners as differences of whole 1e-7°.

// appendRecord appends the record of c.
func (e *encoder) appendRecord(b []byte, c *redline.Candidate) []byte {
	for i := range groups {
		if groups[i].by != nil {
			b = binary.AppendUvarint(b, uint64(e.number(i, c)))
		}
	}
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(c.ID)
	text(c.PatchID)
	text(c.FromMix)
	text(c.Reason)
	b = binary.AppendUvarint(b, uint64(len(c.ZonesAll)))
	for _, id := range c.ZonesAll {
		text(id)
	}
	for _, x := range [...]float64{c.AreaM2, c.PatchM2, c.Lon, c.Lat} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(c.Cells)), uint64(c.EdgeCells))
	b = binary.AppendUvarint(b, uint64(len(c.Geometry)))
	var x, y int64
	for _, polygon := range c.Geometry {
		b = binary.AppendUvarint(b, uint64(len(polygon)))
		for _, ring := range polygon {
			b = binary.AppendUvarint(b, uint64(len(ring)))
			for _, p := range ring {
				px, py := int64(math.Round(p[0]*degreeUnits)), int64(math.Round(p[1]*degreeUnits))
				b = binary.AppendVarint(binary.AppendVarint(b, px-x), py-y)
				x, y = px, py
			}
		}
	}
	return b
}

// degreeUnits is how many units of the last decimal a degree has.
const degreeUnits = 1e7

var errRecord = errors.New("internal: a record in the spool is damaged")

// decode fills c from a record. All but the texts of shared groups is new memory.
func (m *common) decode(b []byte, c *redline.Candidate) (err error) {
	number := func() uint64 {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			err, n = errRecord, 0
		}
		b = b[n:]
		return x
	}
	count := func() int { // of things of a byte or more each
		n := number()
		if n > uint64(len(b)) {
			err, n = errRecord, 0
		}
		return int(n)
	}
	signed := func() int64 {
		x, n := binary.Varint(b)
		if n <= 0 {
			err, n = errRecord, 0
		}
		b = b[n:]
		return x
	}
	text := func() string {
		n := count()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	float := func() float64 {
		if len(b) < 8 {
			err = errRecord
			return 0
		}
		x := math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
		return x
	}
	*c = redline.Candidate{}
	for i := range groups {
		if groups[i].by == nil {
			continue
		}
		n := number()
		if n >= uint64(len(m.groups[i].examples)) {
			return errRecord
		}
		groups[i].copy(c, m.groups[i].examples[n])
	}
	c.ID, c.PatchID, c.FromMix, c.Reason = text(), text(), text(), text()
	c.ZonesAll = make([]string, count())
	for i := range c.ZonesAll {
		c.ZonesAll[i] = text()
	}
	c.AreaM2, c.PatchM2, c.Lon, c.Lat = float(), float(), float(), float()
	c.Cells, c.EdgeCells = int64(number()), int64(number())
	if n := count(); n > 0 {
		c.Geometry = make(orb.MultiPolygon, n)
	}
	var x, y int64
	for i := range c.Geometry {
		c.Geometry[i] = make(orb.Polygon, count())
		for j := range c.Geometry[i] {
			ring := make(orb.Ring, count())
			for k := range ring {
				x, y = x+signed(), y+signed()
				ring[k] = orb.Point{float64(x) / degreeUnits, float64(y) / degreeUnits}
			}
			c.Geometry[i][j] = ring
		}
	}
	if len(b) > 0 {
		err = errRecord
	}
	return err
}

// Findings is what a run found, for reports.
type Findings struct {
	Summary  *redline.Summary
	Inputs   *redline.Inputs
	Manifest *Manifest // lacks what is only known when all is written: Outputs, and the checks of reading back
	spool    *Spool
}

// Candidates yields the candidates in the order of files, or the suppressed ones. A candidate and its slices
// belong to the caller until the next one. Several goroutines may go through them at once, each by itself.
func (f *Findings) Candidates(ctx context.Context, suppressed bool) iter.Seq2[*redline.Candidate, error] {
	s := f.spool
	return func(yield func(*redline.Candidate, error) bool) {
		in := window{file: s.file, size: s.size}
		var c redline.Candidate
		for i, place := range s.sorted {
			if i%1024 == 0 && ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			e := s.index.at(place.entry)
			if (e.lengths[partSuppressed] > 0) != suppressed {
				continue
			}
			text, err := s.kept(e, &in)
			if err == nil {
				err = s.common.decode(text[len(text)-int(e.lengths[partRecord]):], &c)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&c, nil) {
				return
			}
		}
	}
}

// A Report writes more files into the folder of a run.
type Report func(ctx context.Context, f *Folder, found *Findings) error
