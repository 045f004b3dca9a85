package gdalvector

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// charset is a text encoding by name; a nil coding is UTF-8.
type charset struct {
	name   string
	coding encoding.Encoding
	cut    int // how many bytes a character that is cut at the end of a field can leave at most
	// everyday counts the characters beyond ASCII of valid text (all), and those of them that are in everyday use in
	// Chinese (common). It is nil for encodings of other languages.
	everyday func(raw []byte) (common, all int)
}

// Text that is declared as GBK is read as GB18030, which holds all of GBK: names with rarer characters (㭎, 𠮷) come
// under either name.
var (
	utf8Set    = charset{name: "UTF-8", cut: 3}
	gbkSet     = charset{"GBK", simplifiedchinese.GB18030, 3, everydayGB}
	gb18030Set = charset{"GB18030", simplifiedchinese.GB18030, 3, everydayGB}
	big5Set    = charset{"Big5", traditionalchinese.Big5, 1, everydayBig5}
	sjisSet    = charset{name: "Shift_JIS", coding: japanese.ShiftJIS, cut: 1}
	eucKRSet   = charset{name: "EUC-KR", coding: korean.EUCKR, cut: 1}
	latin1Set  = charset{name: "ISO-8859-1", coding: charmap.ISO8859_1}
	cp1252Set  = charset{name: "Windows-1252", coding: charmap.Windows1252}
)

// everydayGB takes punctuation, figures and the 3755 characters of level 1 of GB/T 2312 for everyday ones. Bytes of
// other encodings mostly hit rarer ones. A character between two ASCII letters is no everyday one: it is a Western
// letter misread, as in Réserve, R茅serve.
func everydayGB(raw []byte) (common, all int) {
	letter := func(i int) bool {
		return i >= 0 && i < len(raw) && raw[i] < 0x80 && unicode.IsLetter(rune(raw[i]))
	}
	for i := 0; i+1 < len(raw); { // a single last byte is ASCII, or what is left of a cut character
		switch {
		case raw[i] <= 0x80:
			i++
			continue
		case raw[i+1] < 0x40:
			i += 4
		case raw[i+1] >= 0xa1 && (raw[i] >= 0xa1 && raw[i] <= 0xa3 || raw[i] >= 0xb0 && raw[i] <= 0xd7) &&
			!(letter(i-1) && letter(i+2)):
			common++
			i += 2
		default:
			i += 2
		}
		all++
	}
	return common, all
}

// everydayBig5 does the same for Big5, with its level 1 (A440 to C67E).
func everydayBig5(raw []byte) (common, all int) {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] > 0x80 {
			if all++; raw[i] >= 0xa1 && raw[i] <= 0xc6 {
				common++
			}
			i++
		}
	}
	return common, all
}

// charsetByName returns the encoding of a name, as .cpg files and people write it.
func charsetByName(name string) (charset, error) {
	key := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	for _, prefix := range []string{"cp", "windows", "ansi", "oem", "ms"} {
		if rest := strings.TrimPrefix(key, prefix); rest != "" && strings.Trim(rest, "0123456789") == "" {
			key = rest
		}
	}
	switch key {
	case "utf8", "65001":
		return utf8Set, nil
	case "gbk", "936", "gb2312", "euccn", "20936": // the last three are GB 2312, all of which GBK holds
		return gbkSet, nil
	case "gb18030", "54936":
		return gb18030Set, nil
	case "big5", "950":
		return big5Set, nil
	case "shiftjis", "sjis", "932":
		return sjisSet, nil
	case "euckr", "949":
		return eucKRSet, nil
	case "iso88591", "88591", "latin1", "28591":
		return latin1Set, nil
	case "1252":
		return cp1252Set, nil
	}
	return charset{}, fmt.Errorf("unknown encoding %q; known are UTF-8, GBK, GB2312, GB18030, Big5, Shift_JIS, EUC-KR, "+
		"ISO-8859-1 and Windows-1252", name)
}

// charsetByLanguage returns the encoding that the language byte of a .dbf declares, if it stands for one East Asian
// code page. Western values are no declaration: software writes them whatever the text is (0x57, "the current code
// page"), and any bytes at all would decode.
func charsetByLanguage(b byte) (charset, bool) {
	switch b {
	case 0x4d, 0x7a:
		return gbkSet, true
	case 0x4f, 0x78:
		return big5Set, true
	case 0x13, 0x7b:
		return sjisSet, true
	case 0x4e, 0x79:
		return eucKRSet, true
	}
	return charset{}, false
}

// decode returns b as UTF-8; ok is false when b is not valid in the encoding.
func (c charset) decode(b []byte) (s string, ok bool) {
	if c.coding == nil {
		return string(b), utf8.Valid(b)
	}
	out, err := c.coding.NewDecoder().Bytes(b)
	return string(out), err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}

// offence shows the first bytes of b that are not valid in c, with their place.
func (c charset) offence(b []byte) string {
	valid := 0 // bytes that are valid
	for n := 1; n <= len(b); n++ {
		if _, ok := c.decode(b[:n]); ok {
			valid = n
		} else if n-valid >= 4 { // no character has more bytes
			break
		}
	}
	const shown = 4
	bad := b[valid:min(len(b), valid+shown)]
	if ascii := slices.IndexFunc(bad, func(c byte) bool { return c < 0x80 }); ascii > 0 {
		bad = bad[:ascii]
	}
	if len(bad) == 1 {
		return fmt.Sprintf("byte %d (%02x) is not valid %s", valid+1, bad, c.name)
	}
	return fmt.Sprintf("bytes %d to %d (% x) are not valid %s", valid+1, valid+len(bad), bad, c.name)
}

// decodeCut does what decode does, for a value that fills its field: writers that count bytes cut the last character
// in two. The rest of such a character is dropped.
func (c charset) decodeCut(b []byte) (s string, ok bool) {
	for n := 1; n <= c.cut && n < len(b); n++ {
		tail := b[len(b)-n:]
		if tail[0] < 0x80 || c.coding == nil && (utf8.FullRune(tail) || !utf8.RuneStart(tail[0])) {
			continue
		}
		if s, ok := c.decode(b[:len(b)-n]); ok {
			return s, true
		}
	}
	return "", false
}
