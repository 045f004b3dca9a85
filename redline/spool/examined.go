package spool

import (
	"encoding/binary"
	"math"

	"greenshield/redline"
)

// What a record has of the evidence on a candidate, and of its priority: a byte of these.
const (
	hasEvidence = 1 << iota
	hasPriority
)

// appendExamined appends the evidence on a candidate, and its priority.
func appendExamined(b []byte, c *redline.Candidate) []byte {
	has := byte(0)
	if c.Evidence != nil {
		has |= hasEvidence
	}
	if c.Priority != nil {
		has |= hasPriority
	}
	b = append(b, has)
	floats := func(all ...float64) {
		for _, x := range all {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
	}
	if e := c.Evidence; e != nil {
		floats(e.Width, e.Compact, e.Confused, e.NearM, e.LeadM, e.StaysPct)
		b = binary.AppendUvarint(b, uint64(len(e.Agreed)))
		for _, a := range e.Agreed {
			floats(a.Same, a.Other, a.Unchanged, a.NoData)
		}
	}
	if p := c.Priority; p != nil {
		b = binary.AppendUvarint(b, uint64(p.Score))
		b = append(binary.AppendUvarint(b, uint64(len(p.Why))), p.Why...)
	}
	return b
}

// examined sets what appendExamined appended.
func (r *unread) examined(c *redline.Candidate) {
	has := r.number()
	if has&hasEvidence != 0 {
		c.Evidence = &redline.Evidence{Width: r.float(), Compact: r.float(), Confused: r.float(), NearM: r.float(),
			LeadM: r.float(), StaysPct: r.float()}
		for range r.count() {
			c.Evidence.Agreed = append(c.Evidence.Agreed,
				redline.Agreement{Same: r.float(), Other: r.float(), Unchanged: r.float(), NoData: r.float()})
		}
	}
	if has&hasPriority != 0 {
		c.Priority = &redline.Priority{Score: int(r.number()), Why: r.text()}
	}
	if has > hasEvidence|hasPriority {
		r.err = errRecord
	}
}
