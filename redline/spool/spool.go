package spool

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"sync"

	"greenshield/redline"
	"greenshield/redline/folder"
)

// Spool takes the candidates of a run. Candidates come in any order and are
// written in the order of their keys: Put encodes at once and keeps the bytes, the
// first 32 MB in memory and the rest in a file. So memory holds these, 56 bytes of index
// per candidate, whatever the size of its geometry, and what many candidates have in common, once.
// The disk holds the rest twice until Finish is done.
type Spool struct {
	folder  *folder.Folder
	in      *redline.Inputs
	records bool // for reports
	common  *common
	sorted  []place // all entries in the order of files, from Finish on

	mu     sync.Mutex
	idle   []*encoder
	chunks [][]byte // the texts in memory; none stands in two of them
	room   int      // of chunks that may still be made
	file   *folder.File
	size   int64
	index  index
}

const (
	chunkBytes  = 1 << chunkBits
	chunkBits   = 20
	spoolChunks = 32
)

// entry says where the texts of one candidate are: one after the other from offset in the
// file or, when it is negative, from ^offset in the chunks.
type entry struct {
	key     redline.Key
	lengths [parts]uint32
	offset  int64
	id      identity
}

// index is the entries of all candidates, in the order of Put. It grows without moving them.
type index struct {
	blocks [][]entry // full but for the last one
	n      int
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

func (x *index) at(i uint32) *entry { return &x.blocks[i/indexBlock][i%indexBlock] }

// identity stands for the id of a candidate: equal ids have equal identities in every process. That different ones have, by
// chance, is for each pair as likely as 2^-128: ids are made from SHA-256.
type identity [2]uint64

func identityOf(id string) identity {
	h := fnv.New128a()
	h.Write([]byte(id))
	var sum [16]byte
	h.Sum(sum[:0])
	return identity{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// The texts of a candidate, by the file that they go to, and its record. Kept ones have the first
// and the third, suppressed ones the second.
const (
	partFeature = iota
	partSuppressed
	partOverlaps
	partRecord // empty when there are no reports
	parts
	fileParts   = partRecord
	sharedParts = partOverlaps // those before hold references
)

// New returns an empty spool with its file in f. An Overlap names its zone by the position in
// in.Zones, which must be there from the first Put on. With records it keeps what [Spool.All] needs.
func New(f *folder.Folder, in *redline.Inputs, records bool) (*Spool, error) {
	w, err := f.Create("candidates.spool")
	if err != nil {
		return nil, err
	}
	return &Spool{folder: f, in: in, records: records, common: newCommon(), room: spoolChunks, file: w}, nil
}

// encoder returns an encoder that no goroutine uses.
func (s *Spool) encoder() *encoder {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		e := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return e
	}
	return newEncoder(s.common)
}

// Put takes a candidate: a kept one with its overlaps, or a suppressed one, by its
// Reason. It may be called concurrently. A number that is not finite and a geometry
// that GeoJSON cannot hold are errors that name the candidate.
func (s *Spool) Put(key redline.Key, c *redline.Candidate, overlaps []redline.Overlap) error {
	err := check(c)
	if err != nil {
		return err
	}
	enc := s.encoder()
	text := enc.text[:0]
	e := entry{key: key, id: identityOf(c.ID)}
	if c.Reason != "" {
		text = enc.appendSuppressed(text, c)
		e.lengths[partSuppressed] = uint32(len(text))
	} else {
		text = enc.appendFeature(text, c)
		e.lengths[partFeature] = uint32(len(text))
		text = enc.appendOverlaps(text, c, overlaps, s.in.Zones)
		e.lengths[partOverlaps] = uint32(len(text)) - e.lengths[partFeature]
	}
	if s.records {
		start := len(text)
		text = enc.appendRecord(text, c)
		e.lengths[partRecord] = uint32(len(text) - start)
	}
	if enc.text = text; cap(text) > 1<<20 { // one huge patch must not stay in memory
		enc.text = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, enc)
	if len(text) > math.MaxUint32 {
		return redline.Faultf(redline.Limit, "candidate %s: needs more than 4 GB of text", c.ID)
	}
	if e.offset, err = s.keep(text); err == nil {
		s.index.add(e)
	}
	return err
}

// keep puts text into memory, or into the file when there is no room, and returns the
// offset for its entry.
func (s *Spool) keep(text []byte) (offset int64, err error) {
	last := len(s.chunks) - 1
	if last < 0 || len(text) > chunkBytes-len(s.chunks[last]) {
		if s.room == 0 || len(text) > chunkBytes {
			offset = s.size
			s.size += int64(len(text))
			_, err = s.file.Write(text)
			return offset, err
		}
		s.room--
		s.chunks = append(s.chunks, make([]byte, 0, chunkBytes))
		last++
	}
	chunk := &s.chunks[last]
	offset = ^(int64(last)<<chunkBits | int64(len(*chunk)))
	*chunk = append(*chunk, text...)
	return offset, nil
}

// kept returns the texts of an entry; they are good until the next call with that window.
func (s *Spool) kept(e *entry, in *window) ([]byte, error) {
	length := 0
	for _, n := range e.lengths {
		length += int(n)
	}
	if e.offset >= 0 {
		return in.at(e.offset, length)
	}
	at := ^e.offset
	return s.chunks[at>>chunkBits][at&(chunkBytes-1):][:length], nil
}
