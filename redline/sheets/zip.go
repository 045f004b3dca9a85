package sheets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// sortedZip is a zip file whose entries stand in the order of their names, whatever the order
// that they are made in, and have no time.
type sortedZip struct {
	out     io.Writer
	rows    map[string]*rowText // by name of the entry: the rows of a sheet, which is written without them
	entries []*zipEntry
}

// zipEntry is a file of a sortedZip, compressed as it is written.
type zipEntry struct {
	header zip.FileHeader
	data   bytes.Buffer
	flate  *flate.Writer
	rows   *rowText
	around bytes.Buffer // what stands before and after the rows, if there are any
}

// Create begins the entry of that name. It is complete when the next one begins.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	e := &zipEntry{header: zip.FileHeader{Name: name, Method: zip.Deflate}, rows: z.rows[name]}
	var err error
	e.flate, err = flate.NewWriter(&e.data, flate.BestSpeed)
	z.entries = append(z.entries, e)
	return e, err
}

// Write adds to the content of the entry.
func (e *zipEntry) Write(p []byte) (int, error) {
	if e.rows != nil {
		return e.around.Write(p)
	}
	e.header.UncompressedSize64 += uint64(len(p))
	e.header.CRC32 = crc32.Update(e.header.CRC32, crc32.IEEETable, p)
	return e.flate.Write(p)
}

// AddFS belongs to the interface that excelize asks for; nobody calls it.
func (z *sortedZip) AddFS(fs.FS) error { return fmt.Errorf("internal: a workbook is made of entries") }

// Close writes the zip file with all entries.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.entries, func(a, b *zipEntry) int { return strings.Compare(a.header.Name, b.header.Name) })
	w := zip.NewWriter(z.out)
	for _, e := range z.entries {
		if err := e.close(); err != nil {
			return err
		}
		e.header.CompressedSize64 = uint64(e.data.Len())
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

// close completes the content of the entry.
func (e *zipEntry) close() error {
	if e.rows == nil {
		return e.flate.Close()
	}
	const begin, end = "<sheetData>", "</sheetData>"
	head, tail, found := bytes.Cut(e.around.Bytes(), []byte(begin+end))
	if !found {
		return fmt.Errorf("internal: %s has no place for its rows", e.header.Name)
	}
	r := e.rows
	e.rows = nil
	if err := r.compress(); err != nil {
		return err
	}
	if _, err := e.Write(append(bytes.Clone(head), begin...)); err != nil {
		return err
	}
	// Compressed stretches that end at whole bytes may follow each other.
	if err := e.flate.Flush(); err != nil {
		return err
	}
	if err := r.flate.Flush(); err != nil {
		return err
	}
	if _, err := r.data.WriteTo(&e.data); err != nil {
		return err
	}
	e.header.CRC32 = combineCRC(e.header.CRC32, r.crc, r.size)
	e.header.UncompressedSize64 += uint64(r.size)
	e.flate.Reset(&e.data) // what follows may not refer to what stood before the rows
	if _, err := e.Write(append([]byte(end), tail...)); err != nil {
		return err
	}
	return e.flate.Close()
}
