package gdalraster

import (
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"strconv"

	"github.com/airbusgeo/godal"
)

// Tags of TIFF 6.0 and its supplements.
const (
	tagNewSubfileType  = 254
	tagImageWidth      = 256
	tagImageLength     = 257
	tagBitsPerSample   = 258
	tagCompression     = 259
	tagPhotometric     = 262
	tagFillOrder       = 266
	tagStripOffsets    = 273
	tagOrientation     = 274
	tagSamplesPerPixel = 277
	tagRowsPerStrip    = 278
	tagStripByteCounts = 279
	tagPlanarConfig    = 284
	tagPredictor       = 317
	tagTileWidth       = 322
	tagTileLength      = 323
	tagTileOffsets     = 324
	tagTileByteCounts  = 325
	tagSampleFormat    = 339
	tagImageDepth      = 32997
	tagTileDepth       = 32998
)

// column is a list of numbers in a file.
type column struct {
	at    int64
	bytes int // of one number: 2, 4 or 8
}

// maxDirectory is how many fields a directory may have to be read here.
const maxDirectory = 1 << 10

// directoryOf returns where in its file GDAL found the directory of band b, or 0 if GDAL does not tell.
func directoryOf(b godal.Band) int64 {
	runtime.LockOSThread() // GDAL answers in a buffer of the thread
	defer runtime.UnlockOSThread()
	at, _ := strconv.ParseInt(b.Metadata("IFD_OFFSET", godal.Domain("TIFF")), 10, 64)
	return at
}

// directory is an image file directory of a TIFF or BigTIFF file.
type directory struct {
	order  binary.ByteOrder
	big    bool
	fields []field
}

type field struct {
	tag   uint16
	bytes int // of one value; 0 for types that are no unsigned numbers
	count uint64
	at    int64  // of the first value in the file
	value uint64 // the first value, if the values stand in the directory itself
	here  bool   // the values stand in the directory itself
}

// readDirectory reads the directory at the given place; the result is nil when it is not as it should be.
func readDirectory(f io.ReaderAt, at int64) *directory {
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || at < int64(len(head)) {
		return nil
	}
	d := &directory{}
	switch string(head[:2]) {
	case "II":
		d.order = binary.LittleEndian
	case "MM":
		d.order = binary.BigEndian
	default:
		return nil
	}
	switch version := d.order.Uint16(head[2:]); {
	case version == 43 && d.order.Uint16(head[4:]) == 8 && d.order.Uint16(head[6:]) == 0:
		d.big = true
	case version != 42:
		return nil
	}
	countBytes, fieldBytes, valueAt := 2, 12, 8
	if d.big {
		countBytes, fieldBytes, valueAt = 8, 20, 12
	}
	count, ok := readNumbers(f, d.order, column{at, countBytes}, 1)
	if !ok || count[0] == 0 || count[0] > maxDirectory {
		return nil
	}
	at += int64(countBytes)
	all := make([]byte, int(count[0])*fieldBytes)
	if _, err := f.ReadAt(all, at); err != nil {
		return nil
	}
	for i := range int(count[0]) {
		raw := all[i*fieldBytes : (i+1)*fieldBytes]
		e := field{tag: d.order.Uint16(raw), at: at + int64(i*fieldBytes+valueAt)}
		switch kind := d.order.Uint16(raw[2:]); {
		case kind == 3: // SHORT
			e.bytes = 2
		case kind == 4: // LONG
			e.bytes = 4
		case kind == 16 && d.big: // LONG8
			e.bytes = 8
		}
		value := raw[valueAt:]
		if d.big {
			e.count = d.order.Uint64(raw[4:])
		} else {
			e.count = uint64(d.order.Uint32(raw[4:]))
		}
		if e.bytes > 0 && e.count <= uint64(len(value)/e.bytes) {
			e.here, e.value = true, unsigned(d.order, value[:e.bytes])
		} else {
			e.at = int64(unsigned(d.order, value))
		}
		if i > 0 && d.fields[i-1].tag >= e.tag {
			return nil
		}
		d.fields = append(d.fields, e)
	}
	return d
}

func (d *directory) find(tag uint16) (field, bool) {
	for _, e := range d.fields {
		if e.tag == tag {
			return e, true
		}
	}
	return field{}, false
}

func (d *directory) has(tag uint16) bool {
	_, ok := d.find(tag)
	return ok
}

// number returns the only value of a tag, or absent if there is no such field. It is not ok when the field is
// anything but one unsigned number.
func (d *directory) number(tag uint16, absent uint64) (v uint64, ok bool) {
	e, ok := d.find(tag)
	if !ok {
		return absent, true
	}
	return e.value, e.here && e.count == 1
}

// numbers returns the values of a tag that has a few 16-bit numbers.
func (d *directory) numbers(f io.ReaderAt, tag uint16) (list []uint64, ok bool) {
	e, ok := d.find(tag)
	if !ok || e.bytes != 2 || e.count > math.MaxUint16 {
		return nil, false
	}
	return readNumbers(f, d.order, column{e.at, e.bytes}, int64(e.count))
}

// column returns where the values of a tag are; it is not ok when their number is not exactly count.
func (d *directory) column(tag uint16, count uint64) (c column, ok bool) {
	e, ok := d.find(tag)
	return column{e.at, e.bytes}, ok && e.bytes > 0 && e.count == count && e.at > 0 && count < math.MaxInt64/16 &&
		e.at < math.MaxInt64/2
}

// readNumbers reads the first n numbers of c.
func readNumbers(f io.ReaderAt, order binary.ByteOrder, c column, n int64) (list []uint64, ok bool) {
	raw := make([]byte, n*int64(c.bytes))
	if _, err := f.ReadAt(raw, c.at); err != nil {
		return nil, false
	}
	list = make([]uint64, n)
	for i := range list {
		list[i] = unsigned(order, raw[i*c.bytes:(i+1)*c.bytes])
	}
	return list, true
}

// unsigned returns the number that the 2, 4 or 8 bytes of raw are.
func unsigned(order binary.ByteOrder, raw []byte) uint64 {
	switch len(raw) {
	case 2:
		return uint64(order.Uint16(raw))
	case 4:
		return uint64(order.Uint32(raw))
	}
	return order.Uint64(raw)
}
