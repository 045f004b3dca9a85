package gdalraster

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"github.com/airbusgeo/godal"
)

// layout says where and how a GeoTIFF keeps the blocks of one band, each of which is the bytes of its cells,
// compressed. It does not change.
type layout struct {
	order          binary.ByteOrder
	first, blocks  int64 // number of the band's first block among all blocks of the file, and how many the band has
	offsets, sizes column
	tiled          bool
	compression    uint64 // value of the tag
	width          int    // bytes of a cell
	swapped        bool   // cells of several bytes are in the other order of bytes than here
	differences    bool   // each cell but the first of a row is stored as the difference from the one before
}

// readLayout sets p.layout if b, the band of that number, can be read without GDAL.
func (p *part) readLayout(b godal.Band, number int) {
	known := slices.Contains([]string{"LZW", "DEFLATE", "ZSTD"}, p.compress)
	if p.driver != "GTiff" || !known || p.mask ||
		p.block[0]*p.block[1]*p.dtype.Size() > maxBlock {
		return
	}
	f := p.reopen()
	if f == nil {
		return
	}
	defer f.Close()
	if d := readDirectory(f, directoryOf(b)); d != nil {
		p.layout = p.blockLayout(f, d, number)
	}
}

// blockLayout returns how the blocks of a band are stored, or nil unless everything in the directory is understood and
// makes each block plain cells, or their differences, compressed in a way that is known here.
func (p *part) blockLayout(f io.ReaderAt, d *directory, number int) *layout {
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
	format := uint64(1) // unsigned
	switch {
	case !ranges[p.dtype].integer:
		format = 3
	case ranges[p.dtype].low < 0 || p.signed:
		format = 2
	}
	const none = math.MaxUint64 // a value that no field has
	planar, planarOK := d.number(tagPlanarConfig, 1)
	switch {
	case !is(tagNewSubfileType, 0, 0),
		!is(tagImageWidth, none, uint64(p.size[0])),
		!is(tagImageLength, none, uint64(p.size[1])),
		!is(tagCompression, none, compressionLZW, compressionDeflate, compressionOldDeflate, compressionZSTD),
		!is(tagPhotometric, none, 0, 1, 2, 3), // the other values make libtiff turn one colour space into another
		!is(tagFillOrder, 1, 1),
		!is(tagOrientation, 1, 1),
		!is(tagSamplesPerPixel, 1, bands),
		!is(tagPredictor, 1, 1, 2),
		!is(tagImageDepth, 1, 1),
		!is(tagTileDepth, 1, 1),
		!all(tagBitsPerSample, 8*uint64(p.dtype.Size())),
		(format != 1 || d.has(tagSampleFormat)) && !all(tagSampleFormat, format),
		!planarOK || planar != 2 && (planar != 1 || bands != 1):
		return nil
	}
	l := &layout{order: d.order, tiled: d.has(tagTileWidth), width: p.dtype.Size()}
	l.swapped = l.width > 1 && d.order.Uint16([]byte{1, 0}) != binary.NativeEndian.Uint16([]byte{1, 0})
	l.compression, _ = d.number(tagCompression, none)
	predictor, _ := d.number(tagPredictor, 1)
	l.differences = predictor == 2
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
