package files

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"greenshield/raster/digits"
	"greenshield/redline/findings"
)

// appendFixed appends x with that many decimals, rounded from its exact value, ties to the even digit. A number that
// rounds to zero has no sign.
func appendFixed(b []byte, x float64, decimals int) []byte {
	start := len(b)
	b = digits.AppendFixed(b, x, decimals)
	if x <= 0 && x > -1 && b[start] == '-' && len(bytes.Trim(b[start+1:], "0.")) == 0 {
		b = append(b[:start], b[start+1:]...)
	}
	return b
}

// appendDegrees appends a coordinate without the zeros at its end.
func appendDegrees(b []byte, x float64) []byte {
	b = appendFixed(b, x, findings.DegDecimals)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}

// AppendJSON appends s as a JSON string (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD; U+2028 and
// U+2029 are escaped because they end a line in JavaScript.
func AppendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	i := 0
	for i < len(s) && class[s[i]]&careJSON == 0 {
		i++
	}
	b = append(b, s[:i]...)
	for i < len(s) {
		if c := s[i]; c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case c == '\n':
				b = append(b, '\\', 'n')
			case c == '\r':
				b = append(b, '\\', 'r')
			case c == '\t':
				b = append(b, '\\', 't')
			case c < ' ' || c == 0x7f:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				b = append(b, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch r {
		case '\u2028', '\u2029':
			b = append(b, `\u202`...)
			b = append(b, hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
		i += n
	}
	return append(b, '"')
}

// class says for each byte in which texts it needs care.
var class = func() (class [256]uint8) {
	for c := range class {
		if c < ' ' || c == '"' || c == '\\' || c == 0x7f || c >= utf8.RuneSelf {
			class[c] |= careJSON
		}
		if c == '"' || c == ',' || c == '\r' || c == '\n' || c >= utf8.RuneSelf {
			class[c] |= careCSV
		}
		if c < utf8.RuneSelf && (formula(rune(c)) || unicode.IsSpace(rune(c))) {
			class[c] |= careAtEnds
		}
	}
	return class
}()

// Where a byte needs care.
const (
	careJSON   = 1 << iota // in a string of JSON
	careCSV                // anywhere in a cell
	careAtEnds             // at the start or end of a cell; a sign of a formula at the end needs none after all
)

// Row builds the records of a CSV table (RFC 4180, but with LF as line end): cells are appended to it, and End ends
// each record.
type Row []byte

// Text appends a cell with a text.
func (r *Row) Text(s string) { *r = append(appendCell(*r, s), ',') }

// appendCell appends s as a cell of CSV. A spreadsheet would run a text that begins like a formula, so such a text gets
// an apostrophe in front; the full-width signs count in East Asian locales (OWASP, CSV Injection).
func appendCell(b []byte, s string) []byte {
	if plain(s) {
		return append(b, s...)
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if first, _ := utf8.DecodeRuneInString(s); formula(first) {
		s = "'" + s
	}
	if strings.ContainsAny(s, "\",\r\n") || s != strings.TrimSpace(s) {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return append(b, s...)
}

// plain tells that a text can be a cell as it is. Most can, so this must be fast; it may be false for some that can.
func plain(s string) bool {
	var all uint8
	for i := range len(s) {
		all |= class[s[i]]
	}
	if all&careCSV == 0 { // the text is ASCII
		return s == "" || (class[s[0]]|class[s[len(s)-1]])&careAtEnds == 0
	}
	if strings.ContainsAny(s, "\",\r\n") {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return utf8.ValidString(s) && !formula(first) && !unicode.IsSpace(first) && !unicode.IsSpace(last)
}

// formula tells that a spreadsheet may take a text that begins with first for a formula.
func formula(first rune) bool {
	switch first {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// Texts appends a cell for each text.
func (r *Row) Texts(cells ...string) {
	for _, s := range cells {
		r.Text(s)
	}
}

// Integer appends a cell with a whole number.
func (r *Row) Integer(n int64) {
	*r = append(strconv.AppendInt(*r, n, 10), ',')
}

// Fixed appends a cell with a number of that many decimals.
func (r *Row) Fixed(x float64, decimals int) {
	*r = append(appendFixed(*r, x, decimals), ',')
}

// End ends a record, which must have a cell: it makes the comma after the last cell a line end.
func (r Row) End() { r[len(r)-1] = '\n' }
