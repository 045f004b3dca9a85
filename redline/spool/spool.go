package spool

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
)

// Spool takes the candidates of a run in any order, and writes them in the order of their keys. It implements
// engine.Sink and [findings.Candidates].
type Spool struct {
	folder  *folder.Folder
	in      *redline.Inputs
	records bool // keep what [Spool.All] needs
	common  *common
	// The entries of kept candidates, and of suppressed changes, in the order of files; set by Finish.
	inOrder [2][]uint32

	mu     sync.Mutex
	idle   []*encoder
	chunks [][]byte // texts in memory, each whole in one chunk
	room   int      // how many chunks may still be made
	file   *folder.File
	size   int64 // of the file
	index  index
}

const (
	chunkBits   = 20
	chunkBytes  = 1 << chunkBits
	spoolChunks = 32
)

// entry says where the texts of one candidate are. They stand one after the other, from offset in the file, or from
// ^offset in the chunks when offset is negative.
type entry struct {
	key     redline.Key
	lengths [parts]uint32 // 0 for a text that the candidate lacks
	offset  int64
	id      identity
}

// index holds the entries of all candidates, in the order in which Put kept them. It grows without moving them.
type index struct {
	blocks [][]entry // all but the last one are full
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

// identity is a hash that stands for the id of a candidate; equal ids have equal identities in every process. Two
// different ids have equal ones by chance alone, with a probability of 2^-128.
type identity [2]uint64

func identityOf(id string) identity {
	h := fnv.New128a()
	h.Write([]byte(id))
	var sum [16]byte
	h.Sum(sum[:0])
	return identity{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// The texts of a candidate.
const (
	partFeature    = iota // of a kept candidate, for candidates.geojson
	partSuppressed        // of a suppressed one, for suppressed.csv
	partOverlaps          // of a kept candidate, for overlaps.csv
	partPatch             // of the first kept candidate of a patch, for patches.cells
	partRecord            // of both, for reports; empty without records
	parts
	fileParts   = partRecord   // the parts before it go to files
	sharedParts = partOverlaps // the parts before it hold references
)

// New returns an empty spool with its file in f. in.Zones, by whose positions overlaps name zones, must be set before
// the first Put. columns are those of the candidates; what a ledger knows of their patches [Spool.Know] says before
// Finish. records tells that reports will call [Spool.All]. The error is a fault of kind Output.
func New(f *folder.Folder, in *redline.Inputs, columns findings.Columns, records bool) (*Spool, error) {
	w, err := f.Create("candidates.spool")
	if err != nil {
		return nil, err
	}
	return &Spool{folder: f, in: in, records: records, common: newCommon(columns), room: spoolChunks, file: w}, nil
}

// CompactSuppressed makes suppressed.csv leave out the fields that can be looked up: it has those of
// [findings.Columns.Compact]. It may be called before the first Put.
func (s *Spool) CompactSuppressed() {
	s.common.shown[partSuppressed] = s.common.columns.Suppressed().Compact()
}

// Know sets what a ledger knows of each patch, by its id. It may be called once, after the last Put.
func (s *Spool) Know(known map[string]*redline.Known) { s.common.know(known) }

// encoder returns an encoder that no other goroutine uses.
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

// Put takes a candidate: a kept one with its overlaps, or a suppressed one, which has a Reason. It may be called
// concurrently, and keeps no memory of c and overlaps. A number that is not finite and a geometry that GeoJSON cannot
// hold are faults that name the candidate.
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
	if c.Patch != nil {
		start := len(text)
		text = files.AppendPatch(text, c.Patch)
		e.lengths[partPatch] = uint32(len(text) - start)
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

// keep puts text into memory, or into the file when there is no room, and returns the offset for its entry.
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

// text returns a text of an entry. It is valid until the next call with the same window.
func (s *Spool) text(e *entry, part int, in *window) ([]byte, error) {
	before, length := 0, int(e.lengths[part])
	for _, n := range e.lengths[:part] {
		before += int(n)
	}
	if e.offset >= 0 {
		return in.at(e.offset+int64(before), length)
	}
	at := ^e.offset
	return s.chunks[at>>chunkBits][int(at&(chunkBytes-1))+before:][:length], nil
}
