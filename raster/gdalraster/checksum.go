package gdalraster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"io"
	"runtime"
	"strconv"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/object"
)

// verify compares the blocks of a GeoTIFF that the file's window w meets with the checksums that DEFLATE keeps of
// them (Adler-32, RFC 1950). GDAL does not: libtiff stops reading a block as soon as it has all cells, before the
// checksum, and a damaged block mostly yields that many cells, only others. Each block is looked at once per handle.
// Other compressions have no checksum, and those of blocks behind a VRT are out of reach; those of a
// file in an archive were covered by its own checksum.
func (h *handle) verify(w raster.Window) error {
	if h.part.compress != "DEFLATE" || h.part.driver != "GTiff" || h.part.packed {
		return nil
	}
	bw, bh := h.part.block[0], h.part.block[1]
	across := (h.part.size[0] + bw - 1) / bw
	if h.verified == nil {
		h.verified = make([]bool, across*((h.part.size[1]+bh-1)/bh))
	}
	var file object.File
	for by := w.Row / bh; by <= (w.Row+w.Rows-1)/bh; by++ {
		for bx := w.Col / bw; bx <= (w.Col+w.Cols-1)/bw; bx++ {
			done := &h.verified[by*across+bx]
			if *done {
				continue
			}
			if file == nil {
				var err error
				if file, err = object.Open(h.part.path); err != nil {
					return err
				}
				defer file.Close()
			}
			if err := h.verifyBlock(file, bx, by); err != nil {
				return fmt.Errorf("%s: block x %d, y %d (cells from column %d, row %d) does not have the checksum that is stored "+
					"with it (%w); the file is damaged: copy it again",
					h.part.path, bx, by, bx*bw, by*bh, err)
			}
			*done = true
		}
	}
	return nil
}

func (h *handle) verifyBlock(file io.ReaderAt, bx, by int) error {
	entry := func(name string) int64 {
		// GDAL answers in a buffer of the thread: until it is copied no other goroutine may use that.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		n, _ := strconv.ParseInt(h.band.Metadata(fmt.Sprintf("BLOCK_%s_%d_%d", name, bx, by), godal.Domain("TIFF")), 10, 64)
		return n
	}
	at, size := entry("OFFSET"), entry("SIZE")
	if at <= 0 || size < 4 {
		return nil // a block that is not stored: NoData or 0 by definition
	}
	bw, bh := h.part.block[0], h.part.block[1]
	cols, rows := min(bw, h.part.size[0]-bx*bw), min(bh, h.part.size[1]-by*bh)
	if h.part.dtype == godal.Byte {
		// GDAL mostly still has the block at hand, decoded.
		cells := make([]byte, cols*rows)
		if err := h.band.Read(bx*bw, by*bh, cells, cols, rows); err != nil {
			return err
		}
		var sum [4]byte
		if _, err := file.ReadAt(sum[:], at+size-4); err == nil &&
			adler32.Checksum(cells) == binary.BigEndian.Uint32(sum[:]) {
			return nil
		}
	}
	// The block has a predictor, several bands or cells beyond the raster's edge, or it is damaged: decode it here.
	stored := make([]byte, size)
	if _, err := file.ReadAt(stored, at); err != nil {
		return err
	}
	z, err := zlib.NewReader(bytes.NewReader(stored))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, z)
	return err
}
