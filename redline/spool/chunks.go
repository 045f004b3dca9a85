package spool

import (
	"io"

	"greenshield/redline"
	"greenshield/redline/folder"
)

// The streams of a spool. Whoever walks over the texts of one stream reads nothing of the others.
const (
	streamKept = iota // texts for files
	streamSuppressed
	streamRecords // of kept candidates; those of suppressed changes come after it
	streams       = 2 * streamRecords
)

// chunk is a piece of a stream: many texts, or a long one. memory is nil when a file holds it, from at on: that of the
// spool, or the part from which it is adopted.
type chunk struct {
	memory []byte
	at     int64
	size   int64
	part   *adopted // nil for one of the spool's own
}

// chunks hold the texts of all streams, the first ones in memory and the rest in the file.
type chunks struct {
	all  []chunk
	open [streams]int // one more than the position of the chunk that a stream fills, 0 for none
	room int          // how many chunks may stay in memory when they are full
	full []int        // the positions of those that do
	only int          // the stream whose chunks may, anyStream for all
	out  io.Writer    // what takes the others
	file *folder.File // where they are read back; nil for those of a part
	size int64        // of what was written
}

const anyStream = -1

const (
	chunkBits   = 20
	chunkBytes  = 1 << chunkBits
	longBytes   = chunkBytes - 1 // a text as long as this has a chunk of its own
	chunksBits  = 63 - 2*chunkBits
	spoolChunks = 32 - streams // full ones in memory, beside those that are filled
)

// location says where a text is. From the lowest bit on it has the length, longBytes for all of a chunk, the offset in
// the chunk, the position of the chunk, and whether the text is of a suppressed change.
type location uint64

func (l location) suppressed() bool { return l>>63 != 0 }

// chunk returns the position of the chunk.
func (l location) chunk() int { return int(l << 1 >> (2*chunkBits + 1)) }

// errSpool says that there are more chunks than a location can name, some 8 TB.
var errSpool = redline.Faultf(redline.Limit, "the candidates need more than 8 TB of text")

// in returns where in its chunk, of that size, a text begins, and how long it is.
func (l location) in(size int64) (offset, length int64) {
	const mask = chunkBytes - 1
	if offset, length = int64(l>>chunkBits&mask), int64(l&mask); length == longBytes {
		return 0, size
	}
	return offset, length
}

// keep adds a text to a stream.
func (c *chunks) keep(stream int, text []byte) (l location, err error) {
	if stream%streamRecords == streamSuppressed {
		l = 1 << 63
	}
	if len(c.all) >= 1<<chunksBits-1 {
		return 0, errSpool
	}
	if len(text) >= longBytes {
		l |= location(len(c.all))<<(2*chunkBits) | longBytes
		c.all = append(c.all, chunk{at: c.size, size: int64(len(text))})
		c.size += int64(len(text))
		_, err = c.out.Write(text)
		return l, err
	}
	at := c.open[stream] - 1
	if at < 0 || len(text) > chunkBytes-len(c.all[at].memory) {
		var memory []byte
		if at >= 0 {
			if memory, err = c.end(stream); err == nil {
				err = c.release()
			}
			if err != nil {
				return 0, err
			}
		}
		if memory == nil {
			memory = make([]byte, 0, chunkBytes)
		}
		c.all = append(c.all, chunk{memory: memory})
		at, c.open[stream] = len(c.all)-1, len(c.all)
	}
	in := &c.all[at]
	l |= location(at)<<(2*chunkBits) | location(len(in.memory))<<chunkBits | location(len(text))
	in.memory = append(in.memory, text...)
	in.size += int64(len(text))
	return l, nil
}

// end leaves the chunk that a stream fills in memory, or writes it to the file when there is no room, and returns its
// memory for the next.
func (c *chunks) end(stream int) (memory []byte, err error) {
	if len(c.full) < c.room && (c.only == stream || c.only == anyStream) {
		c.full = append(c.full, c.open[stream]-1)
		return nil, nil
	}
	return c.write(c.open[stream] - 1)
}

// fileShare is how many times as much as may stay in memory the file holds when that goes to the file too: from then on
// memory spares little writing and reading.
const fileShare = 2

// release writes the full chunks in memory to the file, when it holds so much. The records of kept candidates stay,
// since reports read them again and again.
func (c *chunks) release() error {
	if c.only != anyStream || c.size < fileShare*int64(c.room)<<chunkBits {
		return nil
	}
	for _, at := range c.full {
		if _, err := c.write(at); err != nil {
			return err
		}
	}
	c.room, c.full = 0, nil
	return nil
}

// write writes a chunk to the file, and returns the memory in which it was.
func (c *chunks) write(at int) (memory []byte, err error) {
	in := &c.all[at]
	memory, in.memory, in.at = in.memory[:0], nil, c.size
	c.size += in.size
	_, err = c.out.Write(memory[:in.size])
	return memory, err
}

// flush ends the streams. The last chunk of each stays in memory while there is room.
func (c *chunks) flush() error {
	c.only = anyStream
	for stream, open := range c.open {
		if open > 0 {
			if _, err := c.end(stream); err != nil {
				return err
			}
		}
		c.open[stream] = 0
	}
	return nil
}

// numbers returns how the references in a text are numbered, nil when they are as the spool has them.
func (c *chunks) numbers(l location) *numbers {
	if part := c.of(l).part; part != nil {
		return &part.numbers
	}
	return nil
}

// of returns the chunk of a text.
func (c *chunks) of(l location) *chunk { return &c.all[l.chunk()] }

// text returns a text. It is valid until the next call with the same window.
func (c *chunks) text(l location, in *window) ([]byte, error) {
	of := c.of(l)
	offset, length := l.in(of.size)
	return in.at(of, offset, int(length))
}

// has tells whether there are the texts of an entry.
func (c *chunks) has(e *entry, record bool) bool {
	there := func(l location) bool {
		if l.chunk() >= len(c.all) {
			return false
		}
		size := c.of(l).size
		offset, length := l.in(size)
		return offset+length <= size
	}
	return there(e.texts) && (!record || there(e.record))
}
