package lzw

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

const (
	clearCode = 256
	endCode   = 257
	firstFree = 258
	minWidth  = 9
	maxWidth  = 12
	tableSize = 1 << maxWidth

	// Most strings are no longer than a chunk: copying some bytes too many is faster than asking how many.
	chunk = 48
	group = 4 // codes that are taken from one word of the input: 7 bits come before them, each has at most 12

	// A string is shorter than the table, and copying overshoots by less than a chunk.
	slack = tableSize + chunk
)

// A Decoder decodes one block after the other. Its zero value is ready; it belongs to one goroutine.
type Decoder struct {
	// What a code stands for was put out before: table holds where that begins and how long it is (start<<16 | length).
	// It is 0 for the codes for clear and end, and for codes below the limit of the present width that are not known
	// yet.
	table [tableSize]uint64
	out   []byte // the 256 bytes that the first codes stand for, then the block, then slack
}

// Decode returns the n bytes that src, a whole block, decodes to; they are valid until the
// next call. It is stricter than other decoders: src must begin with a clear code, every
// code must be known, a full table must be cleared, and a string must end where the block
// ends. What follows there is not looked at. Old files that store codes with the low
// bit first are an error.
func (d *Decoder) Decode(n int, src []byte) ([]byte, error) {
	if n < 1 {
		return nil, fmt.Errorf("a block cannot have %d bytes", n)
	}
	if need := 256 + n + slack; len(d.out) < need {
		d.out = make([]byte, need)
		for i := range 256 {
			d.out[i] = byte(i)
			d.table[i] = uint64(i)<<16 | 1
		}
	}
	total := uint(len(src)) * 8
	if total < minWidth || binary.BigEndian.Uint16(src)>>(16-minWidth) != clearCode {
		return nil, errors.New("does not begin with a clear code")
	}
	out, table := d.out, &d.table
	end := 256 + n
	width, limit := uint(minWidth), 1<<minWidth
	p := place{bit: minWidth, next: firstFree, at: 256}
	clear(table[firstFree-1 : limit])
	for {
		p = d.plain(src, p, width, limit, end)
		if p.next == limit {
			if width < maxWidth { // one code earlier than the table asks for
				clear(table[limit : 2*limit])
				width++
				limit *= 2
				continue
			}
			if p.bit+width > total || peek(src, p.bit)>>(64-maxWidth) != clearCode {
				return nil, fmt.Errorf("the table is full after %d bytes and not cleared", p.at-256)
			}
		}
		if p.bit+width > total {
			return nil, fmt.Errorf("ends after %d of %d bytes", p.at-256, n)
		}
		code := int(peek(src, p.bit) >> ((64 - width) & 63))
		p.bit += width
		entry := table[code&(tableSize-1)]
		if code == p.next-1 {
			entry = p.last
			out[p.at] = out[entry>>16] // the code is just being defined: its last byte is its first
		}
		from, length := int(entry>>16), int(entry&0xffff)
		if length == 0 {
			switch code {
			case clearCode:
				width, limit = minWidth, 1<<minWidth
				p.next, p.last = firstFree, 0
				clear(table[firstFree-1 : limit])
				continue
			case endCode:
				return nil, fmt.Errorf("its end is after %d of %d bytes", p.at-256, n)
			}
			return nil, fmt.Errorf("code %d after %d bytes, when only %d are known", code, p.at-256, p.next)
		}
		table[(p.next-1)&(tableSize-1)] = p.last
		p.last = uint64(p.at)<<16 | uint64(length+1)
		p.next++
		for done := 0; done < length; done += chunk {
			copyChunk(out[p.at+done:p.at+done+chunk], out[from+done:from+done+chunk])
		}
		if p.at += length; p.at >= end {
			if p.at > end {
				return nil, fmt.Errorf("a string goes %d bytes beyond the %d", p.at-end, n)
			}
			return out[256:end], nil
		}
	}
}

// place is how far a block is decoded.
type place struct {
	bit  uint // where the next code begins in the input
	next int  // the code that becomes known with the next string but one
	at   int  // where in out the next string goes

	// last is the entry of code next-1: the string of the code before and one byte of what comes next. It enters the
	// table when that byte is known. It is 0 after a clear code.
	last uint64
}

// plain decodes codes of one width as long as nothing can go wrong. It stops before the width changes, before the end
// of src or of the block is near, and before a code that the table has no string for, or one of more than a chunk. It
// may also stop earlier.
func (d *Decoder) plain(src []byte, p place, width uint, limit, end int) place {
	out, table := d.out, &d.table
	mask := uint64(1)<<width - 1
	end -= group * chunk
	bit, next, at, last := p.bit, p.next, p.at, p.last
	for next+group <= limit && at <= end && int(bit>>3)+8 <= len(src) {
		word := binary.BigEndian.Uint64(src[bit>>3:]) << (bit & 7)
		for stop := next + group; next < stop; next++ {
			word = bits.RotateLeft64(word, int(width))
			entry := table[word&mask&(tableSize-1)]
			from, length := int(entry>>16), int(entry&0xffff)
			if uint(length-1) >= chunk {
				return place{bit, next, at, last}
			}
			table[(next-1)&(tableSize-1)] = last
			copyChunk(out[at:at+chunk], out[from:from+chunk])
			last = uint64(at)<<16 | uint64(length+1)
			at += length
			bit += width
		}
	}
	return place{bit, next, at, last}
}

// peek returns the bits of src from a position on, at least 57 of them, with zeros after the end.
func peek(src []byte, bit uint) uint64 {
	rest := src[bit>>3:]
	if len(rest) < 8 {
		var padded [8]byte
		copy(padded[:], rest)
		rest = padded[:]
	}
	return binary.BigEndian.Uint64(rest) << (bit & 7)
}

// copyChunk copies a chunk 16 bytes at a time, the first ones first.
func copyChunk(dst, src []byte) {
	_, _ = dst[chunk-1], src[chunk-1]
	*(*[16]byte)(dst[0:]) = *(*[16]byte)(src[0:])
	*(*[16]byte)(dst[16:]) = *(*[16]byte)(src[16:])
	*(*[16]byte)(dst[32:]) = *(*[16]byte)(src[32:])
}
