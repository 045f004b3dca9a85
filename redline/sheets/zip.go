package sheets

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// sortedZip is a zip file whose entries stand in the order of their names, whatever the order
// that they are made in, and have no time.
type sortedZip struct {
	out     io.Writer
	entries []*zipEntry
}

// zipEntry is a file of a sortedZip, compressed as it is written.
type zipEntry struct {
	header zip.FileHeader
	data   bytes.Buffer
	crc    hash.Hash32
	flate  *flate.Writer
}

// Create begins the entry of that name. It is complete when the next one begins.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	e := &zipEntry{header: zip.FileHeader{Name: name, Method: zip.Deflate}, crc: crc32.NewIEEE()}
	var err error
	e.flate, err = flate.NewWriter(&e.data, flate.BestSpeed)
	z.entries = append(z.entries, e)
	return e, err
}

// Write adds to the content of the entry.
func (e *zipEntry) Write(p []byte) (int, error) {
	e.header.UncompressedSize64 += uint64(len(p))
	e.crc.Write(p)
	return e.flate.Write(p)
}

// AddFS belongs to the interface that excelize asks for; nobody calls it.
func (z *sortedZip) AddFS(fs.FS) error { return fmt.Errorf("internal: a workbook is made of entries") }

// Close writes the zip file with all entries.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.entries, func(a, b *zipEntry) int { return strings.Compare(a.header.Name, b.header.Name) })
	w := zip.NewWriter(z.out)
	for _, e := range z.entries {
		if err := e.flate.Close(); err != nil {
			return err
		}
		e.header.CRC32, e.header.CompressedSize64 = e.crc.Sum32(), uint64(e.data.Len())
		out, err := w.CreateRaw(&e.header)
		if err != nil {
			return err
		}
		if _, err := e.data.WriteTo(out); err != nil {
			return err
		}
	}
	return w.Close()
}
