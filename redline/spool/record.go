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
	if e.common.columns.Examined() {
		b = appendExamined(b, c)
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

// decode sets c to the candidate of a record, which numbers values as of says. It takes over the memory of the slices
// of c; texts, but those of shared groups, are in new memory.
func (m *common) decode(b []byte, c *redline.Candidate, of *numbers) error {
	r := unread{b: b, length: len(b)}
	if len(b) <= 1<<10 {
		r.whole = string(b)
	}
	*c = redline.Candidate{Geometry: c.Geometry, ZonesAll: c.ZonesAll}
	for i := range m.fields {
		if m.fields[i].By == nil {
			continue
		}
		n := r.number()
		if n >= uint64(of.values(i, m)) {
			return errRecord
		}
		m.fields[i].Copy(c, m.groups[i].examples[of.value(i, uint32(n))])
	}
	if m.late {
		n := r.number()
		if n >= uint64(of.patches(m)) {
			return errRecord
		}
		c.Known = m.known[of.patch(uint32(n))].Known
	}
	if m.columns.Dated {
		c.Dated = r.dated()
	}
	if m.columns.Since {
		c.ZoneSince = redline.Date{Year: int(r.number()), Month: int(r.number()), Day: int(r.number())}
		c.VsZone = redline.VsZone(r.text())
	}
	if m.columns.Examined() {
		r.examined(c)
	}
	c.ID, c.PatchID, c.FromMix, c.Reason = r.text(), r.text(), r.text(), redline.Reason(r.text())
	c.ZonesAll = again(c.ZonesAll, r.count())
	for i := range c.ZonesAll {
		c.ZonesAll[i] = r.text()
	}
	c.AreaM2, c.PatchM2, c.Lon, c.Lat, c.ExemptM2 = r.float(), r.float(), r.float(), r.float(), r.float()
	c.Cells, c.EdgeCells = int64(r.number()), int64(r.number())
	c.Geometry = r.geometry(c.Geometry)
	if len(r.b) > 0 {
		r.err = errRecord
	}
	return r.err
}

// unread is what is left of a record.
type unread struct {
	b      []byte
	whole  string // a short record as a text, of which its texts are parts
	length int    // of the whole record
	err    error  // it is damaged
}

func (r *unread) number() uint64 {
	x, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err, n = errRecord, 0
	}
	r.b = r.b[n:]
	return x
}

// count returns a number of things that take a byte or more each.
func (r *unread) count() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.err, n = errRecord, 0
	}
	return int(n)
}

func (r *unread) signed() int64 {
	x, n := binary.Varint(r.b)
	if n <= 0 {
		r.err, n = errRecord, 0
	}
	r.b = r.b[n:]
	return x
}

func (r *unread) text() string {
	n := r.count()
	at, s := r.length-len(r.b), r.b[:n]
	r.b = r.b[n:]
	if r.whole != "" {
		return r.whole[at : at+n]
	}
	return string(s)
}

func (r *unread) float() float64 {
	if len(r.b) < 8 {
		r.err = errRecord
		return 0
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(r.b))
	r.b = r.b[8:]
	return x
}

// dated returns what appendDated appended.
func (r *unread) dated() *redline.Dated {
	grade := r.number()
	switch {
	case grade == uint64(redline.GradeNone):
		return nil
	case grade > uint64(redline.GradeD):
		r.err = errRecord
		return nil
	}
	d := &redline.Dated{Grade: redline.Grade(grade), Year: int(r.number()), From: int(r.number()), To: int(r.number())}
	for range r.count() {
		d.Shares = append(d.Shares, redline.YearShare{Year: int(r.number()), Pct: r.float()})
	}
	return d
}

// geometry returns an outline in the memory of used as far as that is of use, nil for none.
func (r *unread) geometry(used orb.MultiPolygon) orb.MultiPolygon {
	n := r.count()
	if n == 0 {
		return nil
	}
	shape := again(used, n)
	var x, y int64
	for i := range shape {
		shape[i] = again(shape[i], r.count())
		for j := range shape[i] {
			ring := again(shape[i][j], r.count())
			for k := range ring {
				x, y = x+r.signed(), y+r.signed()
				ring[k] = orb.Point{float64(x) / degreeUnits, float64(y) / degreeUnits}
			}
			shape[i][j] = ring
		}
	}
	return shape
}
