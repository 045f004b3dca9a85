package landcover

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Row is one record of a table.
type Row struct {
	Line   int               // 1-based line of the file
	Fields map[string]string // column → value without surrounding white space
}

// MaxTableBytes bounds what a wrong file can cost; a full legend has some 20 KB.
const MaxTableBytes = 1 << 20

// maxValue is how many characters a value of a table may have: texts of tables stand in each of very many rows.
const maxValue = 1000

// ReadTable reads a table of the one form that legends, rule tables and
// vocabularies share: CSV (RFC 4180) in UTF-8 with or without a byte order mark;
// lines that begin with # are comments; the first other line names the columns,
// each of the given ones exactly once, in any order, and no others. A table has at
// most 1 MiB, a value at most 1,000 characters. Errors begin with name and, where there is one, the line.
func ReadTable(name string, data []byte, columns ...string) ([]Row, error) {
	return ReadTableWith(name, data, "", columns...)
}

// ReadTableWith reads a table as [ReadTable] does, which may have one column more: optional, unless that is "". Rows of
// a table without it have no value there.
func ReadTableWith(name string, data []byte, optional string, columns ...string) ([]Row, error) {
	if len(data) > MaxTableBytes {
		return nil, fmt.Errorf("%s: the file has %d bytes, more than the %d of any table; is it the right one?", name,
			len(data), MaxTableBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			return nil, fmt.Errorf("%s:%d: the text is not UTF-8; save the file as CSV UTF-8", name, i+1)
		}
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = -1 // counted below, for a better message
	var header []string
	var rows []Row
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			var pe *csv.ParseError
			if errors.As(err, &pe) {
				return nil, fmt.Errorf("%s:%d: not readable as CSV: %w", name, pe.StartLine, pe.Err)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		for i, f := range record {
			record[i] = strings.TrimSpace(f)
			if n := utf8.RuneCountInString(record[i]); n > maxValue {
				return nil, fmt.Errorf("%s:%d: value %d has %d characters, at most %d are taken; shorten it", name, line, i+1, n,
					maxValue)
			}
		}
		if header == nil {
			header = record
			sorted := slices.Sorted(slices.Values(header))
			if i := slices.Index(sorted, optional); i >= 0 && optional != "" {
				sorted = slices.Delete(sorted, i, i+1)
			}
			if !slices.Equal(sorted, slices.Sorted(slices.Values(columns))) {
				return nil, fmt.Errorf("%s:%d: the columns are %q, but must be %q", name, line, strings.Join(header, ","),
					strings.Join(columns, ","))
			}
			continue
		}
		if len(record) != len(header) {
			return nil, fmt.Errorf("%s:%d: %d fields, but the header has %d; a value that holds a comma needs quotes", name,
				line, len(record), len(header))
		}
		row := Row{Line: line, Fields: make(map[string]string, len(header))}
		for i, f := range record {
			row.Fields[header[i]] = f
		}
		rows = append(rows, row)
	}
	if header == nil {
		return nil, fmt.Errorf("%s: the file has no header; the first line must be %q", name, strings.Join(columns, ","))
	}
	return rows, nil
}
