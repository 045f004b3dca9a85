package spool

import (
	"slices"

	"greenshield/redline/folder"
)

// window reads a file in large pieces: neighbours in the order of the keys mostly stand near each other in the spool.
// It belongs to one goroutine.
type window struct {
	file  *folder.File
	alone bool   // texts are read one by one, since the next one stands elsewhere
	bytes []byte // the piece read last
	from  int64  // offset of the piece
}

// windowBytes is the size of a piece; one for a longer text is larger.
const windowBytes = 128 << 10

// at returns so many bytes from offset on; end is that of the chunk, beyond which nothing is read. They are valid until
// the next call.
func (w *window) at(offset int64, length int, end int64) ([]byte, error) {
	if offset < w.from || offset+int64(length) > w.from+int64(len(w.bytes)) {
		n := length
		if !w.alone {
			n = int(min(int64(max(windowBytes, length)), end-offset))
		}
		w.bytes, w.from = slices.Grow(w.bytes[:0], n)[:n], offset
		if err := w.file.ReadAt(w.bytes, offset); err != nil {
			return nil, err
		}
	}
	return w.bytes[offset-w.from:][:length], nil
}
