package files

// jsonText is a text of JSON that is looked through once. Each method takes where something must begin and returns
// where it ends, or −1 when nothing of the kind stands there. What is JSON is what [encoding/json.Valid] says, however
// deep it is.
type jsonText string

func (t jsonText) space(i int) int {
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
		if i = t.value(i); i < 0 {
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
	for i < len(t) && t[i]-'0' <= 9 {
		i++
	}
	return i
}

// text is the end of a text in quotes.
func (t jsonText) text(i int) int {
	for i++; i < len(t); i++ {
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
