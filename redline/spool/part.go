package spool

import (
	"cmp"
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

// partIndex says where the texts of a part and the entries are, and what the references in texts mean.
type partIndex struct {
	Chunks  []partChunk
	Runs    []partChunk            // of the entries
	Values  [][]*redline.Candidate // by group and number
	Patches []string               // ids by number
}

type partChunk struct{ At, Size int64 }

// Flush writes the last texts of a part. Put may not be called after it.
func (s *Spool) Flush() error { return cmp.Or(s.chunks.flush(), s.endRun(&s.index)) }

// WriteIndex writes to index what [Spool.Adopt] has to know of the texts, which must be flushed.
func (s *Spool) WriteIndex(index io.Writer) error {
	x := partIndex{Patches: make([]string, len(s.common.patches))}
	for i := range s.chunks.all {
		x.Chunks = append(x.Chunks, partChunk{s.chunks.all[i].at, s.chunks.all[i].size})
	}
	for i := range s.index.runs {
		x.Runs = append(x.Runs, partChunk{s.index.runs[i].at, s.index.runs[i].size})
	}
	for i := range s.common.groups {
		x.Values = append(x.Values, s.common.groups[i].examples)
	}
	for id, n := range s.common.patches {
		x.Patches[n] = id
	}
	return gob.NewEncoder(index).Encode(&x)
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

var (
	errIndex  = redline.Faultf(redline.Internal, "the index of a part names texts that the part has not; please report this")
	errValues = errors.New("it holds what the program does not write")
)

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
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.chunks.all)+len(x.Chunks) >= 1<<chunksBits-1 {
		return errSpool
	}
	shift := location(len(s.chunks.all)) << (2 * chunkBits)
	for _, c := range x.Chunks {
		s.chunks.all = append(s.chunks.all, chunk{at: c.At, size: c.Size, part: part})
	}
	for _, r := range x.Runs {
		n := int(r.Size) / s.index.bytes()
		s.index.runs = append(s.index.runs, run{chunk{at: r.At, size: r.Size, part: part}, s.index.n, n, shift})
		s.index.n += n
	}
	return nil
}

// adopt adds the values and patches of a part, and sets their numbers.
func (m *common) adopt(x *partIndex, n *numbers) error {
	if len(x.Values) != len(m.fields) {
		return errValues
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
