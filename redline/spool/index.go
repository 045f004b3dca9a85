package spool

import (
	"encoding/binary"
	"hash/fnv"

	"greenshield/redline"
)

// entry says which candidate it is, and where its texts for files are: one after the other, and a trailer.
type entry struct {
	key   redline.Key
	mark  uint32 // the last bytes of the identity
	texts location
}

func (e *entry) suppressed() bool { return e.texts.suppressed() }

// index holds the entries of all candidates, in the order in which Put kept them. It grows without moving them.
type index struct {
	blocks  [][]entry    // all but the last one are full
	records [][]location // parallel to blocks: where the records are; empty without records
	n       int
}

const indexBlock = 1 << 12

func (x *index) add(e entry) {
	if x.n%indexBlock == 0 {
		x.blocks = append(x.blocks, make([]entry, 0, indexBlock))
	}
	last := &x.blocks[len(x.blocks)-1]
	*last = append(*last, e)
	x.n++
}

// addRecord adds where the record of the candidate is whose entry is added next.
func (x *index) addRecord(l location) {
	if x.n%indexBlock == 0 {
		x.records = append(x.records, make([]location, 0, indexBlock))
	}
	last := &x.records[len(x.records)-1]
	*last = append(*last, l)
}

func (x *index) at(i uint32) *entry { return &x.blocks[i/indexBlock][i%indexBlock] }

func (x *index) record(i uint32) location { return x.records[i/indexBlock][i%indexBlock] }

// identity is a hash that stands for the id of a candidate; equal ids have equal identities in every process. Two
// different ids have equal ones by chance alone, with a probability of 2^-128.
type identity [16]byte

const identityBytes = len(identity{})

func identityOf(id string) (x identity) {
	h := fnv.New128a()
	h.Write([]byte(id))
	h.Sum(x[:0])
	return x
}

// mark returns the part of an identity by which most are told apart.
func (x *identity) mark() uint32 { return binary.BigEndian.Uint32(x[identityBytes-4:]) }

// The texts of a candidate.
const (
	partFeature    = iota // of a kept candidate, for candidates.geojson
	partSuppressed        // of a suppressed one, for suppressed.csv
	partOverlaps          // of a kept candidate, for overlaps.csv
	partConfirm           // of a kept candidate, for confirm.csv
	partPatch             // of the first kept candidate of a patch, for patches.cells
	fileParts
	sharedParts = partOverlaps // the parts before it hold references
)

// lengths is how long the texts of a kept candidate are that come before its patch.
type lengths struct{ feature, overlaps, confirm uint32 }

const lengthsBytes = 12

// appendTrailer appends what follows the texts of a candidate: its identity and, of a kept one, the lengths.
func appendTrailer(b []byte, id identity, n *lengths) []byte {
	if n != nil {
		for _, length := range [...]uint32{n.feature, n.overlaps, n.confirm} {
			b = binary.LittleEndian.AppendUint32(b, length)
		}
	}
	return append(b, id[:]...)
}

// text returns a text of an entry, nil when the candidate lacks it. It is valid until the next call with the same
// window.
func (s *Spool) text(e *entry, part int, in *window) ([]byte, error) {
	if e.suppressed() != (part == partSuppressed) {
		return nil, nil
	}
	b, err := s.chunks.text(e.texts, in)
	if err != nil {
		return nil, err
	}
	b = b[:len(b)-identityBytes]
	if part == partSuppressed {
		return b, nil
	}
	b, trailer := b[:len(b)-lengthsBytes], b[len(b)-lengthsBytes:]
	feature := binary.LittleEndian.Uint32(trailer)
	overlaps := feature + binary.LittleEndian.Uint32(trailer[4:])
	confirm := overlaps + binary.LittleEndian.Uint32(trailer[8:])
	switch part {
	case partFeature:
		return b[:feature], nil
	case partOverlaps:
		return b[feature:overlaps], nil
	case partConfirm:
		return b[overlaps:confirm], nil
	}
	return b[confirm:], nil
}

// identity returns the identity of an entry.
func (s *Spool) identity(e *entry, in *window) (id identity, err error) {
	b, err := s.chunks.text(e.texts, in)
	if err == nil {
		copy(id[:], b[len(b)-identityBytes:])
	}
	return id, err
}
