package report

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// appendFixed appends x with that many decimals. What rounds to zero has no sign.
func appendFixed(b []byte, x float64, decimals int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, x, 'f', decimals, 64)
	if b[start] == '-' && len(bytes.Trim(b[start+1:], "0.")) == 0 {
		b = append(b[:start], b[start+1:]...)
	}
	return b
}

// appendDegrees appends a coordinate without the zeros at its end.
func appendDegrees(b []byte, x float64) []byte {
	b = appendFixed(b, x, degDecimals)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}

// appendJSON appends s as a JSON string (RFC 8259, section 7). Bytes that are not
// UTF-8 become U+FFFD; U+2028 and U+2029 are escaped because they end a line in JavaScript.
func appendJSON(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
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

// row builds the records of a CSV table (RFC 4180, but with LF). Every cell ends
// with a comma until end makes the last one a line end.
type row []byte

// text adds a text cell. A spreadsheet would run a text that begins like a formula,
// so such a text gets an apostrophe in front; the full-width signs count in East
// Asian locales (OWASP, CSV Injection).
func (r *row) text(s string) {
	if plain(s) {
		*r = append(append(*r, s...), ',')
		return
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if first, _ := utf8.DecodeRuneInString(s); formula(first) {
		s = "'" + s
	}
	if strings.ContainsAny(s, "\",\r\n") || s != strings.TrimSpace(s) {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	*r = append(append(*r, s...), ',')
}

// plain tells that a text needs no care: most do not.
func plain(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c == '"' || c == ',' || c == '\r' || c == '\n' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	return (ascii || utf8.ValidString(s)) && !formula(first) && !unicode.IsSpace(first) && !unicode.IsSpace(last)
}

// formula tells that a spreadsheet may take a text that begins so for a formula.
func formula(first rune) bool {
	switch first {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

func (r *row) texts(cells ...string) {
	for _, s := range cells {
		r.text(s)
	}
}

func (r *row) integer(n int64) {
	*r = append(strconv.AppendInt(*r, n, 10), ',')
}

func (r *row) fixed(x float64, decimals int) {
	*r = append(appendFixed(*r, x, decimals), ',')
}

func (r row) end() { r[len(r)-1] = '\n' }
