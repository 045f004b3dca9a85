package sheets

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
)

// rowText is the rows of a sheet as the format writes them (ECMA-376, part 1, 18.3.1.73), compressed as they come.
type rowText struct {
	text  []byte // not compressed yet
	data  bytes.Buffer
	flate *flate.Writer
	crc   uint32
	size  int64 // of what is compressed
}

const rowTextBytes = 64 << 10

// cell is a value in a style of the workbook.
type cell struct {
	style int
	value any // string, int64, float64 or nil
}

// row appends a row of cells; letters are those of their columns. A height of 0 is that of one line, and grows with
// what is typed in.
func (r *rowText) row(number int, height float64, letters []string, cells []cell) error {
	r.text = strconv.AppendInt(append(r.text, `<row r="`...), int64(number), 10)
	if height > 0 {
		r.text = strconv.AppendFloat(append(r.text, `" ht="`...), height, 'f', -1, 64)
		r.text = append(r.text, `" customHeight="1`...)
	}
	r.text = append(r.text, `">`...)
	for i := range cells {
		r.text = append(append(r.text, `<c r="`...), letters[i]...)
		r.text = strconv.AppendInt(r.text, int64(number), 10)
		r.text = strconv.AppendInt(append(r.text, `" s="`...), int64(cells[i].style), 10)
		switch x := cells[i].value.(type) {
		case nil:
			r.text = append(r.text, `">`...)
		case int64:
			r.text = strconv.AppendInt(append(r.text, `"><v>`...), x, 10)
			r.text = append(r.text, "</v>"...)
		case float64:
			r.text = append(appendNumber(append(r.text, `"><v>`...), x), "</v>"...)
		case string:
			r.text = appendText(append(r.text, `" t="inlineStr"><is><t`...), x)
			r.text = append(r.text, "</t></is>"...)
		default:
			return fmt.Errorf("internal: no cell can hold %T", x)
		}
		r.text = append(r.text, "</c>"...)
	}
	r.text = append(r.text, "</row>"...)
	if len(r.text) < rowTextBytes {
		return nil
	}
	return r.compress()
}

// compress compresses the text so far.
func (r *rowText) compress() (err error) {
	if r.flate == nil {
		if r.flate, err = flate.NewWriter(&r.data, flate.BestSpeed); err != nil {
			return err
		}
	}
	r.crc = crc32.Update(r.crc, crc32.IEEETable, r.text)
	r.size += int64(len(r.text))
	_, err = r.flate.Write(r.text)
	r.text = r.text[:0]
	return err
}

// appendNumber appends a finite number with the 15 digits that spreadsheets know.
func appendNumber(b []byte, x float64) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, x, 'f', -1, 64)
	digits, point := 0, bytes.IndexByte(b[start:], '.')
	for i := start; i < len(b); i++ {
		if b[i] < '0' || b[i] > '9' || digits == 0 && b[i] == '0' {
			continue
		}
		if digits++; digits <= 15 {
			continue
		}
		if point >= 0 && i > start+point {
			return bytes.TrimSuffix(b[:i], []byte("."))
		}
		if point >= 0 {
			b = b[:start+point]
		}
		for ; i < len(b); i++ {
			b[i] = '0'
		}
	}
	return b
}

// appendText appends s, which [cellText] returned, as what follows the name of the element t.
func appendText(b []byte, s string) []byte {
	if s != "" && (s[0] == ' ' || s[len(s)-1] == ' ') {
		b = append(b, ` xml:space="preserve"`...)
	}
	b = append(b, '>')
	if strings.Contains(s, "_x") {
		s = withoutCodes(s)
	}
	if strings.ContainsAny(s, `"'&<>`) {
		var escaped bytes.Buffer
		_ = xml.EscapeText(&escaped, []byte(s)) // a buffer takes everything
		return append(b, escaped.Bytes()...)
	}
	return append(b, s...)
}

// withoutCodes returns s with _x005F_, the code of the character _, for each _ that begins what would be read as the
// code of a character, such as _x0041_ (18.4.12).
func withoutCodes(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if code := s[i:]; len(code) >= 7 && code[:2] == "_x" && code[6] == '_' {
			if _, err := strconv.ParseUint(code[2:6], 16, 16); err == nil {
				out.WriteString("_x005F_")
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// combineCRC returns the CRC-32 of two contents one after the other, from those of each and the length of the second.
func combineCRC(first, second uint32, length int64) uint32 {
	// Polynomials modulo that of the checksum, the coefficient of x⁰ in the highest bit.
	times := func(a, b uint32) (product uint32) {
		for ; a != 0; a <<= 1 {
			if a&(1<<31) != 0 {
				product ^= b
			}
			b = b>>1 ^ crc32.IEEE&-(b&1)
		}
		return product
	}
	shift, power := uint32(1)<<31, uint32(1)<<(31-8) // 1 and x⁸, by which a byte more multiplies
	for ; length > 0; length >>= 1 {
		if length&1 != 0 {
			shift = times(power, shift)
		}
		power = times(power, power)
	}
	return times(shift, first) ^ second
}
