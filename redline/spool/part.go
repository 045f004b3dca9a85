package spool

import (
	"encoding/gob"
	"errors"
	"io"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// Texts are the texts that the spool of a shard has written, from offset 0 on. ReadAt may be called concurrently.
type Texts interface {
	ReadAt(p []byte, offset int64) error
}

// NewPart returns a spool for the candidates of a shard, whose texts go to w, from one goroutine at a time.
// [Spool.Flush] and [Spool.WriteIndex] end it, and the spool of a merge, which must have the same zones, columns and
// records, and leave out the same fields of suppressed changes, adopts what it has written. What applies to [New]
// applies to it; neither Finish nor what reports call may be called.
func NewPart(w io.Writer, in *redline.Inputs, columns findings.Columns, records bool) *Spool {
	return &Spool{in: in, common: newCommon(columns), index: entries{records: records},
		chunks: chunks{only: anyStream, out: w}}
}

// partIndex says where the texts of a part are and what their references mean.
type partIndex struct {
	Chunks  []partChunk
	Values  [][]*redline.Candidate // by group and number
	Patches []string               // ids by number
	Entries int
}

type partChunk struct{ At, Size int64 }

// Flush writes the last texts of a part. Put may not be called after it.
func (s *Spool) Flush() error { return s.chunks.flush() }

// WriteIndex writes to index what [Spool.Adopt] has to know of the texts, which must be flushed.
func (s *Spool) WriteIndex(index io.Writer) error {
	x := partIndex{Patches: make([]string, len(s.common.patches)), Entries: s.index.n}
	for i := range s.chunks.all {
		x.Chunks = append(x.Chunks, partChunk{s.chunks.all[i].at, s.chunks.all[i].size})
	}
	for i := range s.common.groups {
		x.Values = append(x.Values, s.common.groups[i].examples)
	}
	for id, n := range s.common.patches {
		x.Patches[n] = id
	}
	if err := gob.NewEncoder(index).Encode(&x); err != nil {
		return err
	}
	if err := s.endRun(&s.index); err != nil {
		return err
	}
	for _, run := range s.index.runs {
		if _, err := index.Write(run.memory); err != nil {
			return err
		}
	}
	return nil
}

// adopted is a part whose texts are among those of the spool.
type adopted struct {
	texts Texts
	numbers
}

// numbers are those in the spool of the values and patches of a part, by their numbers in the part. Nil numbers are
// those of the spool itself.
type numbers struct {
	ofValues  [][]uint32
	ofPatches []uint32
}

func (n *numbers) value(group int, number uint32) uint32 {
	if n == nil {
		return number
	}
	return n.ofValues[group][number]
}

func (n *numbers) patch(number uint32) uint32 {
	if n == nil {
		return number
	}
	return n.ofPatches[number]
}

// values returns how many there are in a group.
func (n *numbers) values(group int, m *common) int {
	if n == nil {
		return len(m.groups[group].examples)
	}
	return len(n.ofValues[group])
}

// patches returns how many there are.
func (n *numbers) patches(m *common) int {
	if n == nil {
		return len(m.known)
	}
	return len(n.ofPatches)
}

var errIndex = errors.New("its index names texts that it has not")

// Adopt takes all candidates of a part, whose texts stay where they are and are read there until Finish has returned.
// It reads what [Spool.WriteIndex] has written, and may be called wherever Put may. index is buffered, so that nothing
// beyond is read. An error is one of reading, or a fault of kind Limit when there are too many candidates.
func (s *Spool) Adopt(texts Texts, index interface {
	io.Reader
	io.ByteReader
}) error {
	var x partIndex
	if err := gob.NewDecoder(index).Decode(&x); err != nil {
		return err
	}
	part := &adopted{texts: texts}
	if err := s.common.adopt(&x, &part.numbers); err != nil {
		return err
	}
	entries, err := s.readEntries(&x, index)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.chunks.all)+len(x.Chunks) >= 1<<chunksBits-1 {
		return errSpool
	}
	first := location(len(s.chunks.all)) << (2 * chunkBits)
	for _, c := range x.Chunks {
		s.chunks.all = append(s.chunks.all, chunk{at: c.At, size: c.Size, part: part})
	}
	for _, e := range entries {
		e.texts += first
		e.record += first
		if err := s.add(&s.index, e); err != nil {
			return err
		}
	}
	return nil
}

// readEntries reads the entries of a part. Chunks are numbered as in the part.
func (s *Spool) readEntries(x *partIndex, index io.Reader) (all []entry, err error) {
	b := make([]byte, s.index.bytes())
	for range x.Entries {
		if _, err := io.ReadFull(index, b); err != nil {
			return nil, err
		}
		e := entryOf(b, s.index.records)
		if !x.has(e.texts) || s.index.records && !x.has(e.record) {
			return nil, errIndex
		}
		all = append(all, e)
	}
	return all, nil
}

// has tells whether there is such a text.
func (x *partIndex) has(l location) bool {
	const mask = chunkBytes - 1
	at, end := l.chunk(), int64(l>>chunkBits&mask)+int64(l&mask)
	return at < len(x.Chunks) && (l&mask == longBytes || end <= x.Chunks[at].Size)
}

// adopt adds the values and patches of a part, and sets their numbers.
func (m *common) adopt(x *partIndex, n *numbers) error {
	if len(x.Values) != len(m.fields) {
		return errIndex
	}
	n.ofValues = make([][]uint32, len(x.Values))
	var key []byte
	for i, values := range x.Values {
		for _, c := range values {
			key = appendKey(key[:0], &m.fields[i], c)
			n.ofValues[i] = append(n.ofValues[i], m.add(i, key, c))
		}
	}
	for _, id := range x.Patches {
		n.ofPatches = append(n.ofPatches, m.patch(id))
	}
	return nil
}
