package gdalvector

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is the attribute table of a Shapefile (dBASE III). It is read here, not by
// OGR, because the raw bytes are needed to judge their encoding, and because OGR cuts
// text at a NUL, rounds long numbers, and skips records of a cut file in silence.
type table struct {
	fields   []column
	records  [][]byte // those that are not marked as deleted
	deleted  []bool   // by record, of all; OGR skips the deleted ones, too
	language byte     // language driver id, header byte 29
}

type column struct {
	name          []byte
	kind          byte // C text, N and F numbers, D date, L logical
	offset, width int
}

func readTable(path string) (*table, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, cause(err)
	}
	if len(b) < 32 {
		return nil, errors.New("the .dbf is cut inside its header")
	}
	count := int(binary.LittleEndian.Uint32(b[4:]))
	head, size := int(binary.LittleEndian.Uint16(b[8:])), int(binary.LittleEndian.Uint16(b[10:]))
	if head < 33 || head > len(b) || size < 1 {
		return nil, errors.New("the .dbf has a damaged header")
	}
	t := &table{language: b[29]}
	offset := 1 // the first field stands behind the deletion mark
	for d := b[32:head]; len(d) >= 32 && d[0] != '\r'; d = d[32:] {
		name, _, _ := bytes.Cut(d[:11], []byte{0})
		t.fields = append(t.fields, column{name: bytes.TrimSpace(name), kind: d[11], offset: offset, width: int(d[16])})
		offset += int(d[16])
	}
	if offset > size {
		return nil, fmt.Errorf("the .dbf is damaged: its fields take %d bytes, its records %d", offset, size)
	}
	if have := (len(b) - head) / size; have < count {
		return nil, fmt.Errorf("the .dbf is cut: %d records declared, %d present; get a complete copy", count, have)
	}
	for i := range count {
		record := b[head+i*size : head+(i+1)*size]
		t.deleted = append(t.deleted, record[0] == '*')
		if !t.deleted[i] {
			t.records = append(t.records, record)
		}
	}
	return t, nil
}

// raw returns the bytes of a field without padding, nil for no value. Text keeps its leading blanks.
func (c column) raw(record []byte) []byte {
	value := bytes.TrimRight(record[c.offset:c.offset+c.width], " \x00")
	if c.kind == 'C' {
		return value
	}
	value = bytes.Trim(value, " \x00")
	switch null := string(value); {
	case !strings.ContainsRune("NFDLM", rune(c.kind)), // binary values of FoxPro, which OGR leaves out, too
		strings.Trim(null, "*") == "", // a number too long for its field
		c.kind == 'D' && strings.Trim(null, "0") == "",
		c.kind == 'L' && null == "?":
		return nil
	}
	return value
}

// shapes checks .shp and .shx against each other and the number of records of the
// .dbf, and returns for every record whether it holds a shape (false: a null shape).
// OGR reads a cut .shp as features without geometry, and says nothing.
func shapes(shpPath, shxPath string, records int) ([]bool, error) {
	shx, err := readFile(shxPath)
	if err != nil {
		return nil, fmt.Errorf("the .shx cannot be read: %w", cause(err))
	}
	if len(shx) < 100 || 2*int(binary.BigEndian.Uint32(shx[24:])) != len(shx) || (len(shx)-100)%8 != 0 {
		return nil, errors.New("the .shx is cut or damaged; get a complete copy")
	}
	index := shx[100:]
	if len(index)/8 != records {
		return nil, fmt.Errorf("the .shx has %d shapes, the .dbf %d records: the files do not belong together, or one is "+
			"cut; get a complete copy", len(index)/8, records)
	}
	f, err := openFile(shpPath)
	if err != nil {
		return nil, cause(err)
	}
	defer f.close()
	var head [36]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || f.size < 100 {
		return nil, errors.New("the .shp is cut inside its header; get a complete copy")
	}
	if declared := 2 * int64(binary.BigEndian.Uint32(head[24:])); f.size < declared {
		return nil, fmt.Errorf("the .shp is cut: it declares %d bytes and has %d; get a complete copy", declared, f.size)
	}
	kind := binary.LittleEndian.Uint32(head[32:])
	present := make([]bool, records)
	places := make([][2]int64, records) // start and end of each record
	for i := range present {
		offset, length := 2*int64(binary.BigEndian.Uint32(index[8*i:])), 2*int64(binary.BigEndian.Uint32(index[8*i+4:]))
		places[i] = [2]int64{offset, offset + 8 + length}
		var record [12]byte
		if _, err := f.ReadAt(record[:], offset); err != nil && !errors.Is(err, io.EOF) {
			return nil, cause(err)
		}
		if offset < 100 || length < 4 || offset+8+length > f.size ||
			2*int64(binary.BigEndian.Uint32(record[4:])) != length {
			return nil, fmt.Errorf("record %d of the .shp is not where the .shx says: one of them is cut, damaged or of "+
				"another version; get a complete copy", i+1)
		}
		own := binary.LittleEndian.Uint32(record[8:])
		if present[i] = own != 0; present[i] && own != kind || !present[i] && length > 4 {
			return nil, fmt.Errorf("record %d of the .shp is damaged: it is of shape type %d in a file of type %d, and has %d "+
				"bytes; get a complete copy", i+1, own, kind, length)
		}
	}
	slices.SortFunc(places, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	for i := 1; i < records; i++ {
		if places[i][0] < places[i-1][1] {
			return nil, fmt.Errorf("the .shx gives one place of the .shp (byte %d) to two records: it is damaged; get a "+
				"complete copy", places[i][0])
		}
	}
	return present, nil
}
