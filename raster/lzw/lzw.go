// Package lzw decodes the blocks of LZW-compressed TIFF files (TIFF 6.0, section 13).
package lzw

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	clearCode = 256
	endCode   = 257
	firstFree = 258
	minWidth  = 9
	maxWidth  = 12
	tableSize = 1 << maxWidth

	// A string is shorter than the table, and copying overshoots by less than one first copy.
	firstCopy = 48
	slack     = tableSize + firstCopy
)

// A Decoder decodes one block after the other. Its zero value is ready; it belongs to one goroutine.
type Decoder struct {
	// What a code stands for was put out before: the table says where that begins, and how
	// long it is (start<<16 | length). Only the codes for clear and end have length 0.
	table [tableSize]uint64
	out   []byte // the 256 bytes, which the first codes stand for; the block; slack
	in    []byte // the block as stored; 8 bytes more
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
	d.in = append(append(d.in[:0], src...), 0, 0, 0, 0, 0, 0, 0, 0)
	in, bits := d.in, uint(len(src))*8
	if bits < minWidth || binary.BigEndian.Uint16(in)>>(16-minWidth) != clearCode {
		return nil, errors.New("does not begin with a clear code")
	}
	out, table := d.out, &d.table
	at, end := 256, 256+n

	bit, width := uint(minWidth), uint(minWidth) // the next code in in
	// The string of code next-1 is that of the code before and one byte of what comes next.
	next, limit := firstFree, 1<<minWidth
	for {
		for next < limit {
			if bit+width > bits {
				return nil, fmt.Errorf("ends after %d of %d bytes", at-256, n)
			}
			code := int(binary.BigEndian.Uint64(in[bit>>3:]) << (bit & 7) >> ((64 - width) & 63))
			bit += width
			if code >= next-1 {
				if code >= next {
					return nil, fmt.Errorf("code %d after %d bytes, when only %d are known", code, at-256, next)
				}
				out[at] = out[table[code&(tableSize-1)]>>16] // what comes next is the same string
			}
			entry := table[code&(tableSize-1)]
			from, length := int(entry>>16), int(entry&0xffff)
			if length == 0 {
				if code == endCode {
					return nil, fmt.Errorf("its end is after %d of %d bytes", at-256, n)
				}
				next, width, limit = firstFree, minWidth, 1<<minWidth
				continue
			}
			table[next&(tableSize-1)] = uint64(at)<<16 | uint64(length+1)
			next++

			// Most strings are short: copying some bytes too many is faster than asking how many.
			s, t := out[from:from+firstCopy], out[at:at+firstCopy]
			copy8(t[0:], s[0:])
			copy8(t[8:], s[8:])
			copy8(t[16:], s[16:])
			copy8(t[24:], s[24:])
			copy8(t[32:], s[32:])
			copy8(t[40:], s[40:])
			for done := firstCopy; done < length; done += 16 {
				s, t := out[from+done:from+done+16], out[at+done:at+done+16]
				copy8(t[0:], s[0:])
				copy8(t[8:], s[8:])
			}
			if at += length; at >= end {
				if at > end {
					return nil, fmt.Errorf("a string goes %d bytes beyond the %d", at-end, n)
				}
				return out[256:end], nil
			}
		}
		if width < maxWidth { // one code earlier than the table asks for
			width++
			limit <<= 1
			continue
		}
		if bit+width > bits || binary.BigEndian.Uint64(in[bit>>3:])<<(bit&7)>>(64-maxWidth) != clearCode {
			return nil, fmt.Errorf("the table is full after %d bytes and not cleared", at-256)
		}
		bit += width
		next, width, limit = firstFree, minWidth, 1<<minWidth
	}
}

// copy8 copies 8 bytes in one go.
func copy8(dst, src []byte) {
	binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
}
