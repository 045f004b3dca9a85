package spool

import (
	"cmp"
	"slices"

	"greenshield/redline/folder"
)

// window reads a file in large pieces: neighbours in the order of the keys mostly stand near each other in the spool.
// It belongs to one goroutine.
type window struct {
	file  *folder.File
	part  *adopted // whose piece it is, nil for that of the file
	alone bool     // texts are read one by one, since the next one stands elsewhere
	piece int      // how much is read at a time, 0 for windowBytes
	bytes []byte   // the piece read last
	from  int64    // offset of the piece
}

// windowBytes is the size of a piece; one for a longer text is larger.
const windowBytes = 128 << 10

// at returns so many bytes of a chunk. Nothing is read beyond the chunk. They are valid until the next call.
func (w *window) at(of *chunk, offset int64, length int) ([]byte, error) {
	if of.memory != nil {
		return of.memory[offset:][:length], nil
	}
	end := of.at + of.size
	offset += of.at
	if of.part != w.part || offset < w.from || offset+int64(length) > w.from+int64(len(w.bytes)) {
		n := length
		if !w.alone {
			n = int(min(int64(max(cmp.Or(w.piece, windowBytes), length)), end-offset))
		}
		w.bytes, w.from, w.part = slices.Grow(w.bytes[:0], n)[:n], offset, of.part
		var texts Texts = w.file
		if of.part != nil {
			texts = of.part.texts
		}
		if err := texts.ReadAt(w.bytes, offset); err != nil {
			return nil, err
		}
	}
	return w.bytes[offset-w.from:][:length], nil
}
