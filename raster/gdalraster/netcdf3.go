package gdalraster

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// checkClassic refuses a netCDF file of the classic formats that is shorter than its header says: the netCDF library
// reads zeros there in silence. Files of other formats, such as netCDF-4, pass: their library looks by itself.
func checkClassic(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil || string(magic[:3]) != "CDF" {
		return nil // that it is no netCDF file at all GDAL says
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c := classicReader{r: bufio.NewReader(f), version: magic[3], left: info.Size()}
	end := c.end()
	switch {
	case c.err != nil:
		return fmt.Errorf("%s: its netCDF header cannot be read: %w; the file is damaged or cut short: copy it again", path,
			c.err)
	case info.Size() < end:
		return fmt.Errorf("%s: is cut: its netCDF header tells of %d bytes, it has %d; copy it again", path, end, info.Size())
	}
	return nil
}

// classicReader reads a header as the netCDF Classic and 64-bit Offset File Formats specify it.
type classicReader struct {
	r       *bufio.Reader
	version byte  // 1 classic, 2 with 64-bit offsets, 5 with 64-bit numbers
	left    int64 // more than what may still be read, against numbers that ask for more than there is
	err     error
}

var errClassic = errors.New("it is not as the format asks for")

// skip reads n bytes and what fills them up to a multiple of four.
func (c *classicReader) skip(n uint64) {
	if n > math.MaxInt32 || int64(n) > c.left {
		c.err = errors.Join(c.err, errClassic)
	}
	if c.err != nil {
		return
	}
	if _, c.err = c.r.Discard(int(n+3) &^ 3); c.err == nil {
		c.left -= int64(n)
	}
}

func (c *classicReader) number(bytes int) uint64 {
	var b [8]byte
	if c.err == nil {
		_, c.err = io.ReadFull(c.r, b[8-bytes:])
	}
	if c.err != nil {
		return 0
	}
	c.left -= int64(bytes)
	return binary.BigEndian.Uint64(b[:])
}

// count reads a number of things or bytes.
func (c *classicReader) count() uint64 {
	if c.version == 5 {
		return c.number(8)
	}
	return c.number(4)
}

// list reads the head of a list, which is absent or has a tag, and returns its length.
func (c *classicReader) list(tag uint64) uint64 {
	found, n := c.number(4), c.count()
	if found != tag && (found != 0 || n != 0) || int64(n) > c.left || int64(n) < 0 {
		c.err = errors.Join(c.err, errClassic)
	}
	if c.err != nil {
		return 0
	}
	return n
}

// typeBytes returns the size of a type of numbers.
func (c *classicReader) typeBytes() uint64 {
	sizes := []uint64{0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8}
	kind := c.number(4)
	if kind == 0 || kind >= uint64(len(sizes)) {
		c.err = errors.Join(c.err, errClassic)
		return 0
	}
	return sizes[kind]
}

func (c *classicReader) attributes() {
	for range c.list(12) {
		c.skip(c.count()) // its name
		size := c.typeBytes()
		n := c.count()
		if n > math.MaxInt32 {
			c.err = errors.Join(c.err, errClassic)
			return
		}
		c.skip(n * size)
		if c.err != nil {
			return
		}
	}
}

// end returns the least length in bytes of a file with that header, of which the magic number was read.
func (c *classicReader) end() int64 {
	records := c.count()
	var dims []uint64
	for range c.list(10) {
		if c.skip(c.count()); c.err != nil {
			return 0
		}
		dims = append(dims, c.count())
	}
	c.attributes()
	var fixed, recordEnd, recordBytes, recordVariables float64 // float64, against overflow
	var lastRecord float64
	for range c.list(11) {
		begin, size, isRecord := c.variable(dims)
		if c.err != nil {
			return 0
		}
		if !isRecord {
			fixed = max(fixed, begin+size)
			continue
		}
		recordVariables++
		lastRecord = size
		recordBytes += math.Ceil(size/4) * 4
		recordEnd = max(recordEnd, begin+size)
	}
	if recordVariables == 1 {
		recordBytes = lastRecord // a single one is not filled up
	}
	streaming := c.version != 5 && records == math.MaxUint32 || records == math.MaxUint64
	if recordVariables > 0 && records > 0 && !streaming {
		fixed = max(fixed, recordEnd+float64(records-1)*recordBytes)
	}
	return int64(min(fixed, 1<<62))
}

// variable returns where a variable begins and its bytes, those of one record if it has records.
func (c *classicReader) variable(dims []uint64) (begin, size float64, isRecord bool) {
	c.skip(c.count())
	rank := c.count()
	if rank > uint64(len(dims)) && rank > 1024 {
		c.err = errors.Join(c.err, errClassic)
	}
	size = 1
	for i := uint64(0); i < rank && c.err == nil; i++ {
		id := c.count()
		switch {
		case id >= uint64(len(dims)):
			c.err = errors.Join(c.err, errClassic)
		case dims[id] == 0 && i == 0:
			isRecord = true
		default:
			size *= float64(dims[id])
		}
	}
	c.attributes()
	size *= float64(c.typeBytes())
	c.count() // its size, which older files have wrong where it is large
	if c.version == 1 {
		return float64(c.number(4)), size, isRecord
	}
	return float64(c.number(8)), size, isRecord
}
