package files

import "math/bits"

// jsonText is a text of JSON that is looked through once. Each method takes where something must begin and returns
// where it ends, or −1 when nothing of the kind stands there. What is JSON is what [encoding/json.Valid] says, however
// deep it is.
type jsonText string

func (t jsonText) space(i int) int {
	if i < len(t) && t[i] > ' ' { // mostly
		return i
	}
	for i < len(t) && (t[i] == ' ' || t[i] == '\n' || t[i] == '\r' || t[i] == '\t') {
		i++
	}
	return i
}

func (t jsonText) value(i int) int {
	if i >= len(t) {
		return -1
	}
	switch c := t[i]; {
	case c == '"':
		return t.text(i)
	case c == '-' || c >= '0' && c <= '9':
		return t.number(i)
	case c == '[':
		return t.array(i)
	case c == '{':
		return t.object(i, nil)
	}
	for _, word := range [...]jsonText{"null", "true", "false"} {
		if end := i + len(word); end <= len(t) && t[i:end] == word {
			return end
		}
	}
	return -1
}

func (t jsonText) array(i int) int {
	if i = t.space(i + 1); i < len(t) && t[i] == ']' {
		return i + 1
	}
	for {
		if i < len(t) && (t[i] == '-' || t[i]-'0' <= 9) { // most are
			i = t.number(i)
		} else {
			i = t.value(i)
		}
		if i < 0 {
			return -1
		}
		switch i = t.space(i); {
		case i < len(t) && t[i] == ',':
			i = t.space(i + 1)
		case i < len(t) && t[i] == ']':
			return i + 1
		default:
			return -1
		}
	}
}

// object calls member with each name, in its quotes, and where its value begins; member returns where that ends. When
// it is nil, values are looked through and no more.
func (t jsonText) object(i int, member func(name jsonText, i int) int) int {
	if i = t.space(i + 1); i < len(t) && t[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(t) || t[i] != '"' {
			return -1
		}
		end := t.text(i)
		if end < 0 {
			return -1
		}
		name := t[i:end]
		if i = t.space(end); i >= len(t) || t[i] != ':' {
			return -1
		}
		if i = t.space(i + 1); member == nil {
			i = t.value(i)
		} else {
			i = member(name, i)
		}
		if i < 0 {
			return -1
		}
		switch i = t.space(i); {
		case i < len(t) && t[i] == ',':
			i = t.space(i + 1)
		case i < len(t) && t[i] == '}':
			return i + 1
		default:
			return -1
		}
	}
}

func (t jsonText) number(i int) int {
	if t[i] == '-' {
		i++
	}
	end := t.digits(i)
	if end == i || t[i] == '0' && end > i+1 {
		return -1
	}
	if i = end; i < len(t) && t[i] == '.' {
		if end = t.digits(i + 1); end == i+1 {
			return -1
		}
		i = end
	}
	if i < len(t) && (t[i] == 'e' || t[i] == 'E') {
		if i++; i < len(t) && (t[i] == '+' || t[i] == '-') {
			i++
		}
		if end = t.digits(i); end == i {
			return -1
		}
		i = end
	}
	return i
}

func (t jsonText) digits(i int) int {
	for i+8 <= len(t) {
		x := t.eight(i) ^ 0x30*eachByte
		if other := (x + 0x76*eachByte | x) & highBits; other != 0 {
			return i + bits.TrailingZeros64(other)/8
		}
		i += 8
	}
	for i < len(t) && t[i]-'0' <= 9 {
		i++
	}
	return i
}

// What is done to eight bytes at once is done to a number that has them from its lowest byte on. A byte for which
// something holds is marked by its highest bit; above the first one that is marked, others may be marked wrongly.
const (
	eachByte = 0x01_01_01_01_01_01_01_01
	highBits = 0x80 * eachByte
)

// eight returns the bytes from i on as a number.
func (t jsonText) eight(i int) uint64 {
	b := t[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// text is the end of a text in quotes.
func (t jsonText) text(i int) int {
	for i++; i < len(t); i++ {
		for i+8 <= len(t) {
			x := t.eight(i)
			quote, backslash := x^'"'*eachByte, x^'\\'*eachByte
			special := ((quote-eachByte)&^quote | (backslash-eachByte)&^backslash | (x-' '*eachByte)&^x) & highBits
			if special != 0 {
				i += bits.TrailingZeros64(special) / 8
				break
			}
			i += 8
		}
		if i == len(t) {
			break
		}
		switch c := t[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return -1
		case c == '\\':
			if i = t.escape(i); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// escape returns where the last byte of an escape stands.
func (t jsonText) escape(i int) int {
	if i++; i >= len(t) {
		return -1
	}
	switch t[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		for end := i + 4; i < end; {
			if i++; i >= len(t) || !hexDigit(t[i]) {
				return -1
			}
		}
		return i
	}
	return -1
}

func hexDigit(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 }
