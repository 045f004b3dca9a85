package gdalraster

/*
#cgo LDFLAGS: -ldeflate -lzstd
#include <libdeflate.h>
#include <zstd.h>
*/
import "C"

import (
	"slices"
	"unsafe"

	"greenshield/raster/lzw"
)

// Values of the tag for compression that are known here.
const (
	compressionLZW        = 5
	compressionDeflate    = 8
	compressionOldDeflate = 32946
	compressionZSTD       = 50000
)

// decoders decode blocks in memory that they use again. They belong to one goroutine.
type decoders struct {
	lzw     lzw.Decoder
	deflate *C.struct_libdeflate_decompressor
	zstd    *C.ZSTD_DCtx
	cells   []byte
}

// decode returns the n bytes that the cells of a block are in memory, in rows of cols cells. It is not ok when they are
// fewer or more, or do not have the checksum that is stored with them: DEFLATE always has one, ZSTD may. The bytes are
// those of into, where that has room for just n and the compression can use it, else they are valid until the next
// call.
func (d *decoders) decode(l *layout, cols, n int, stored, into []byte) (cells []byte, ok bool) {
	switch l.compression {
	case compressionLZW:
		var err error
		if cells, err = d.lzw.Decode(n, stored); err != nil {
			return nil, false
		}
	case compressionZSTD:
		if d.zstd == nil {
			d.zstd = C.ZSTD_createDCtx()
		}
		cells = d.room(n, into)
		made := C.ZSTD_decompressDCtx(d.zstd, unsafe.Pointer(&cells[0]), C.size_t(n),
			unsafe.Pointer(&stored[0]), C.size_t(len(stored)))
		if made != C.size_t(n) { // an error is a number that is far larger
			return nil, false
		}
	default:
		if d.deflate == nil {
			d.deflate = C.libdeflate_alloc_decompressor()
		}
		cells = d.room(n, into)
		if C.libdeflate_zlib_decompress(d.deflate, unsafe.Pointer(&stored[0]), C.size_t(len(stored)),
			unsafe.Pointer(&cells[0]), C.size_t(n), nil) != C.LIBDEFLATE_SUCCESS {
			return nil, false
		}
	}
	if l.swapped {
		for at := 0; at < n; at += l.width {
			slices.Reverse(cells[at : at+l.width])
		}
	}
	if l.differences {
		switch l.width {
		case 1:
			sumRows(cells, cols)
		case 2:
			sumRows(view[uint16](cells), cols)
		case 4:
			sumRows(view[uint32](cells), cols)
		default:
			sumRows(view[uint64](cells), cols)
		}
	}
	return cells, true
}

// sumRows turns differences, in rows of cols, into cells.
func sumRows[T uint8 | uint16 | uint32 | uint64](cells []T, cols int) {
	for row := 0; row < len(cells); row += cols {
		sum := T(0)
		for i, d := range cells[row : row+cols] {
			sum += d
			cells[row+i] = sum
		}
	}
}

// room returns into, or memory for n bytes when it is nil.
func (d *decoders) room(n int, into []byte) []byte {
	if into != nil {
		return into
	}
	return resize(&d.cells, int64(n))
}

// free gives back the memory of C libraries.
func (d *decoders) free() {
	if d.deflate != nil {
		C.libdeflate_free_decompressor(d.deflate)
	}
	C.ZSTD_freeDCtx(d.zstd)
	*d = decoders{}
}
