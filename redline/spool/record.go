package spool

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// appendRecord appends the record of c: the candidate as the spool keeps it for reports. First come the numbers of its
// values in shared groups, then all other fields, and the corners as differences of whole 1e-7°.
func (e *encoder) appendRecord(b []byte, c *redline.Candidate) []byte {
	for i := range e.common.fields {
		if e.common.fields[i].By != nil {
			b = binary.AppendUvarint(b, uint64(e.number(i, c)))
		}
	}
	if e.common.late {
		b = binary.AppendUvarint(b, uint64(e.common.patch(c.PatchID)))
	}
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	if e.common.columns.Dated {
		b = appendDated(b, c.Dated)
	}
	if e.common.columns.Since {
		for _, n := range [...]int{c.ZoneSince.Year, c.ZoneSince.Month, c.ZoneSince.Day} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		text(c.VsZone.String())
	}
	text(c.ID)
	text(c.PatchID)
	text(c.FromMix)
	text(c.Reason.String())
	b = binary.AppendUvarint(b, uint64(len(c.ZonesAll)))
	for _, id := range c.ZonesAll {
		text(id)
	}
	for _, x := range [...]float64{c.AreaM2, c.PatchM2, c.Lon, c.Lat, c.ExemptM2} {
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

// appendDated appends when a candidate changed: a byte for the grade, 0 when d is nil, and the years.
func appendDated(b []byte, d *redline.Dated) []byte {
	if d == nil {
		return append(b, byte(redline.GradeNone))
	}
	b = append(b, byte(d.Grade))
	for _, year := range [...]int{d.Year, d.From, d.To, len(d.Shares)} {
		b = binary.AppendUvarint(b, uint64(year))
	}
	for _, s := range d.Shares {
		b = binary.AppendUvarint(b, uint64(s.Year))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.Pct))
	}
	return b
}

// degreeUnits is how many units of the last decimal a degree has.
const degreeUnits = 1e7

var errRecord = errors.New("internal: a record in the spool is damaged")

// again returns n elements for what is decoded next: s, whatever it holds, unless it has no room or too much.
func again[S ~[]T, T any](s S, n int) S {
	const most = 1 << 12 // one huge patch must not stay in memory
	if s != nil && n <= cap(s) && cap(s) <= most {
		return s[:n]
	}
	return make(S, n)
}

// decode sets c to the candidate of a record. It takes over the memory of the slices of c; texts, but those of shared
// groups, are in new memory.
func (m *common) decode(b []byte, c *redline.Candidate) (err error) {
	whole, length := "", len(b) // a short record as a text, of which its texts are parts
	if length <= 1<<10 {
		whole = string(b)
	}
	number := func() uint64 {
		x, n := binary.Uvarint(b)
		if n <= 0 {
			err, n = errRecord, 0
		}
		b = b[n:]
		return x
	}
	count := func() int { // of things that take a byte or more each
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
		at, s := length-len(b), b[:n]
		b = b[n:]
		if whole != "" {
			return whole[at : at+n]
		}
		return string(s)
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
	*c = redline.Candidate{Geometry: c.Geometry, ZonesAll: c.ZonesAll}
	for i := range m.fields {
		if m.fields[i].By == nil {
			continue
		}
		n := number()
		if n >= uint64(len(m.groups[i].examples)) {
			return errRecord
		}
		m.fields[i].Copy(c, m.groups[i].examples[n])
	}
	if m.late {
		n := number()
		if n >= uint64(len(m.known)) {
			return errRecord
		}
		c.Known = m.known[n].Known
	}
	if m.columns.Dated {
		if grade := redline.Grade(number()); grade != redline.GradeNone {
			c.Dated = &redline.Dated{Grade: grade, Year: int(number()), From: int(number()), To: int(number())}
			for range count() {
				c.Dated.Shares = append(c.Dated.Shares, redline.YearShare{Year: int(number()), Pct: float()})
			}
		}
	}
	if m.columns.Since {
		c.ZoneSince = redline.Date{Year: int(number()), Month: int(number()), Day: int(number())}
		c.VsZone = redline.VsZone(text())
	}
	c.ID, c.PatchID, c.FromMix, c.Reason = text(), text(), text(), redline.Reason(text())
	c.ZonesAll = again(c.ZonesAll, count())
	for i := range c.ZonesAll {
		c.ZonesAll[i] = text()
	}
	c.AreaM2, c.PatchM2, c.Lon, c.Lat, c.ExemptM2 = float(), float(), float(), float(), float()
	c.Cells, c.EdgeCells = int64(number()), int64(number())
	if n := count(); n > 0 {
		c.Geometry = again(c.Geometry, n)
	} else {
		c.Geometry = nil
	}
	var x, y int64
	for i := range c.Geometry {
		c.Geometry[i] = again(c.Geometry[i], count())
		for j := range c.Geometry[i] {
			ring := again(c.Geometry[i][j], count())
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
