package spool

import (
	"encoding/binary"
	"hash/fnv"
	"iter"
	"slices"
	"sort"

	"greenshield/redline"
)

// entry says which candidate it is, and where its texts for files are: one after the other, and a trailer.
type entry struct {
	key    redline.Key
	mark   uint32 // the last bytes of the identity
	texts  location
	record location // for reports; 0 without them
}

func (e *entry) suppressed() bool { return e.texts.suppressed() }

// entries is a sequence of entries in runs. A spool has full runs in its file, so that memory does not grow with the
// candidates, and a part has all of them among its texts.
type entries struct {
	records bool // entries have one
	runs    []run
	last    []entry // the run that is filled
	n       int     // how many entries are in runs
}

// run is entries one after the other, encoded, in the order of the keys.
type run struct {
	chunk
	first, n int      // the position of the first one, and how many there are
	shift    location // is to be added to the locations: a part has counted its own chunks
}

// entriesOfRun is how many entries a run has at most. All but the last run have so many, except in the index of a spool
// that has adopted parts.
const entriesOfRun = 1 << 15

// bytes returns how many bytes an encoded entry has.
func (x *entries) bytes() int {
	if x.records {
		return 32
	}
	return 24
}

// add adds an entry to x.
func (s *Spool) add(x *entries, e entry) error {
	if x.last == nil { // a list that grows by itself is copied often
		x.last = make([]entry, 0, entriesOfRun)
	}
	x.last = append(x.last, e)
	if len(x.last) < entriesOfRun {
		return nil
	}
	return s.endRun(x)
}

// endRun ends the run that is filled, sorted by the keys.
func (s *Spool) endRun(x *entries) error {
	n := len(x.last)
	if n == 0 {
		return nil
	}
	slices.SortFunc(x.last, func(a, b entry) int { return compareKeys(&a.key, &b.key) })
	b := make([]byte, 0, n*x.bytes())
	for i := range x.last {
		b = x.last[i].append(b, x.records)
	}
	r := run{chunk: chunk{memory: b, size: int64(len(b))}, first: x.n, n: n}
	if s.chunks.file == nil || n == entriesOfRun {
		r.memory, r.at = nil, s.chunks.size
		s.chunks.size += r.size
		if _, err := s.chunks.out.Write(b); err != nil {
			return err
		}
	}
	x.runs, x.n, x.last = append(x.runs, r), x.n+n, x.last[:0]
	if n < entriesOfRun {
		x.last = nil
	}
	return nil
}

// at returns the i-th entry; the run of it has ended.
func (x *entries) at(i int, in *window) (e entry, err error) {
	of := sort.Search(len(x.runs), func(k int) bool { return x.runs[k].first > i }) - 1
	return x.of(&x.runs[of], i-x.runs[of].first, in)
}

// of returns the i-th entry of a run.
func (x *entries) of(r *run, i int, in *window) (e entry, err error) {
	b, err := in.at(&r.chunk, int64(i*x.bytes()), x.bytes())
	if err != nil {
		return e, err
	}
	e = entryOf(b, x.records)
	e.texts += r.shift
	e.record += r.shift
	return e, nil
}

// all yields the entries of all runs. It ends with the first error.
func (x *entries) all(in *window) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for k := range x.runs {
			r := &x.runs[k]
			for i := range r.n {
				if e, err := x.of(r, i, in); !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// append appends the encoded entry.
func (e *entry) append(b []byte, record bool) []byte {
	for _, n := range [...]uint32{uint32(e.key.Row), uint32(e.key.Col), uint32(e.key.Zone), e.mark} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(e.texts))
	if record {
		b = binary.LittleEndian.AppendUint64(b, uint64(e.record))
	}
	return b
}

// markOf returns the mark of the entry that append has encoded.
func markOf(b []byte) uint32 { return binary.LittleEndian.Uint32(b[12:]) }

// entryOf returns the entry that append has encoded.
func entryOf(b []byte, record bool) entry {
	number := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	e := entry{key: redline.Key{Row: int32(number(0)), Col: int32(number(1)), Zone: int32(number(2))}, mark: markOf(b),
		texts: location(binary.LittleEndian.Uint64(b[16:]))}
	if record {
		e.record = location(binary.LittleEndian.Uint64(b[24:]))
	}
	return e
}

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

// texts returns the texts of an entry, nil where the candidate lacks one. They are valid until the next call with the
// same window.
func (s *Spool) texts(e *entry, in *window) (texts [fileParts][]byte, err error) {
	b, err := s.chunks.text(e.texts, in)
	if err != nil {
		return texts, err
	}
	b = b[:len(b)-identityBytes]
	if e.suppressed() {
		texts[partSuppressed] = b
		return texts, nil
	}
	b, trailer := b[:len(b)-lengthsBytes], b[len(b)-lengthsBytes:]
	feature := binary.LittleEndian.Uint32(trailer)
	overlaps := feature + binary.LittleEndian.Uint32(trailer[4:])
	confirm := overlaps + binary.LittleEndian.Uint32(trailer[8:])
	texts[partFeature], texts[partOverlaps] = b[:feature], b[feature:overlaps]
	texts[partConfirm], texts[partPatch] = b[overlaps:confirm], b[confirm:]
	return texts, nil
}

// identity returns the identity of an entry.
func (s *Spool) identity(e *entry, in *window) (id identity, err error) {
	b, err := s.chunks.text(e.texts, in)
	if err == nil {
		copy(id[:], b[len(b)-identityBytes:])
	}
	return id, err
}
