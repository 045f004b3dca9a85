package gdalraster

import (
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"slices"
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

// layout says where a GeoTIFF keeps the blocks of one band, each of which is the bytes of its cells compressed by
// LZW. It does not change.
type layout struct {
	order          binary.ByteOrder
	first, blocks  int64 // number of the band's first block among all blocks of the file, and how many the band has
	offsets, sizes column
	tiled          bool
}

// column is a list of numbers in a file.
type column struct {
	at    int64
	bytes int // of one number: 2, 4 or 8
}

// maxDirectory is how many fields a directory may have to be read here.
const maxDirectory = 1 << 10

// readLayout sets p.layout if b, the band of that number, can be read without GDAL.
func (p *part) readLayout(b godal.Band, number int) {
	if p.driver != "GTiff" || p.compress != "LZW" || p.dtype != godal.Byte || p.mask ||
		p.block[0]*p.block[1] > maxLZWBlock {
		return
	}
	f := p.reopen()
	if f == nil {
		return
	}
	defer f.Close()
	if d := readDirectory(f, directoryOf(b)); d != nil {
		p.layout = p.lzwLayout(f, d, number)
	}
}

// lzwLayout returns how the blocks of a band are stored, or nil unless everything in the directory is understood and
// makes each block plain LZW of bytes.
func (p *part) lzwLayout(f io.ReaderAt, d *directory, number int) *layout {
	bands := uint64(p.bands)
	is := func(tag uint16, absent uint64, want ...uint64) bool {
		v, ok := d.number(tag, absent)
		return ok && slices.Contains(want, v)
	}
	all := func(tag uint16, want uint64) bool {
		list, ok := d.numbers(f, tag)
		differs := func(v uint64) bool { return v != want }
		return ok && uint64(len(list)) == bands && !slices.ContainsFunc(list, differs)
	}
	const none = math.MaxUint64 // a value that no field has
	planar, planarOK := d.number(tagPlanarConfig, 1)
	switch {
	case !is(tagNewSubfileType, 0, 0),
		!is(tagImageWidth, none, uint64(p.size[0])),
		!is(tagImageLength, none, uint64(p.size[1])),
		!is(tagCompression, none, 5),
		!is(tagPhotometric, none, 0, 1, 2, 3), // the other values make libtiff turn one colour space into another
		!is(tagFillOrder, 1, 1),
		!is(tagOrientation, 1, 1),
		!is(tagSamplesPerPixel, 1, bands),
		!is(tagPredictor, 1, 1),
		!is(tagImageDepth, 1, 1),
		!is(tagTileDepth, 1, 1),
		!all(tagBitsPerSample, 8),
		d.has(tagSampleFormat) && !all(tagSampleFormat, 1),
		!planarOK || planar != 2 && (planar != 1 || bands != 1):
		return nil
	}
	l := &layout{order: d.order, tiled: d.has(tagTileWidth)}
	offsets, sizes := uint16(tagStripOffsets), uint16(tagStripByteCounts)
	if l.tiled {
		offsets, sizes = tagTileOffsets, tagTileByteCounts
		if d.has(tagStripOffsets) || d.has(tagStripByteCounts) || d.has(tagRowsPerStrip) ||
			!is(tagTileWidth, none, uint64(p.block[0])) || !is(tagTileLength, none, uint64(p.block[1])) {
			return nil
		}
	} else {
		rows, ok := d.number(tagRowsPerStrip, none)
		if !ok || d.has(tagTileLength) || d.has(tagTileOffsets) || d.has(tagTileByteCounts) ||
			p.block[0] != p.size[0] || uint64(p.block[1]) != min(rows, uint64(p.size[1])) {
			return nil
		}
	}
	across, down := (p.size[0]+p.block[0]-1)/p.block[0], (p.size[1]+p.block[1]-1)/p.block[1]
	l.blocks = int64(across) * int64(down)
	l.first = int64(number-1) * l.blocks
	var ok, okToo bool
	l.offsets, ok = d.column(offsets, uint64(l.blocks)*bands)
	l.sizes, okToo = d.column(sizes, uint64(l.blocks)*bands)
	if !ok || !okToo {
		return nil
	}
	return l
}

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
