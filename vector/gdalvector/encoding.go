package gdalvector

import (
	"bytes"
	"fmt"
	"os"
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
	cut    int // most bytes that a character cut at a field's end can leave
	latin  bool
}

var (
	utf8Set    = charset{name: "UTF-8", cut: 3}
	gbkSet     = charset{name: "GBK", coding: simplifiedchinese.GBK, cut: 1}
	gb18030Set = charset{name: "GB18030", coding: simplifiedchinese.GB18030, cut: 3}
	big5Set    = charset{name: "Big5", coding: traditionalchinese.Big5, cut: 1}
	sjisSet    = charset{name: "Shift_JIS", coding: japanese.ShiftJIS, cut: 1}
	eucKRSet   = charset{name: "EUC-KR", coding: korean.EUCKR, cut: 1}
	latin1Set  = charset{name: "ISO-8859-1", coding: charmap.ISO8859_1, latin: true}
	cp1252Set  = charset{name: "Windows-1252", coding: charmap.Windows1252, latin: true}
)

// charsetByName reads the names that .cpg files and people use.
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
	case "gbk", "936", "gb2312", "euccn", "20936": // GBK holds all of GB 2312
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
	return charset{}, fmt.Errorf("unknown encoding %q; known are UTF-8, GBK, GB2312, GB18030, Big5, Shift_JIS, EUC-KR, ISO-8859-1 and Windows-1252", name)
}

// charsetByLanguage reads the language byte of a .dbf where it stands for one East
// Asian code page. Western values are no declaration: software writes them whatever
// the text is (0x57, "the current code page"), and any bytes at all would decode.
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

// decodeCut is decode for a value that fills its field: writers that count bytes cut
// the last character in two. The rest of such a character is dropped.
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

// text is a field name (feature 0) or a value, undecoded.
type text struct {
	column, feature int // column counts from 0, feature from 1
	raw             []byte
	full            bool // the value fills its field, so its end may have been cut
}

// texts yields the field names, then the values, record by record.
func (t *table) texts(yield func(text) bool) {
	for i, f := range t.fields {
		if !yield(text{column: i, raw: f.name}) {
			return
		}
	}
	for k, record := range t.records {
		for i, f := range t.fields {
			raw := f.raw(record)
			if !yield(text{i, k + 1, raw, len(raw) == f.width}) {
				return
			}
		}
	}
}

// charset finds how the table's text is coded, in this order: given by the user, the
// .cpg file, the language byte, and proof (all of it is strict UTF-8). from says which.
func (t *table) charset(given, cpgPath string) (c charset, from string, warnings []string, err error) {
	declared, declaredBy := charset{}, ""
	var unknown error
	if cpgPath != "" {
		b, err := os.ReadFile(cpgPath)
		if err != nil {
			return c, "", nil, fmt.Errorf("the .cpg cannot be read: %w", cause(err))
		}
		if name := strings.Trim(string(bytes.TrimPrefix(b, []byte("\uFEFF"))), " \t\r\n\x00"); name != "" {
			declaredBy = "declared in .cpg"
			if declared, unknown = charsetByName(name); unknown != nil {
				unknown = fmt.Errorf(".cpg: %w; correct it, or say the encoding in the job file or by --encoding", unknown)
			}
		}
	}
	if declaredBy == "" {
		if byLanguage, ok := charsetByLanguage(t.language); ok {
			declared, declaredBy = byLanguage, fmt.Sprintf("DBF language byte 0x%02X", t.language)
		}
	}
	switch {
	case given != "":
		if c, err = charsetByName(given); err != nil {
			return c, "", nil, err
		}
		from = "--encoding"
		if declaredBy != "" && unknown == nil && declared.name != c.name {
			warnings = append(warnings, fmt.Sprintf("text is read as %s as asked for, although it is %s as %s", c.name, declaredBy, declared.name))
		}
	case unknown != nil:
		return c, "", nil, unknown
	case declaredBy != "":
		c, from = declared, declaredBy
	default:
		if err := t.proveUTF8(); err != nil {
			return c, "", nil, err
		}
		return utf8Set, "valid UTF-8", nil, nil
	}
	if doubt := t.doubt(c); doubt != "" {
		warnings = append(warnings, doubt)
	}
	return c, from, warnings, nil
}

func (t *table) proveUTF8() error {
	for x := range t.texts {
		if !utf8.Valid(x.raw) {
			return fmt.Errorf("attribute text is not UTF-8 and no encoding is declared (no .cpg, language byte %d): %s: bytes % x%s",
				t.language, t.place(x, utf8Set), x.raw[:min(8, len(x.raw))], remedy(x.raw))
		}
	}
	return nil
}

// doubt says when text in encoding c is, by its bytes, more likely another one.
// Decoding as c succeeds in both cases, so nothing else would notice.
func (t *table) doubt(c charset) string {
	if c.coding == nil {
		return ""
	}
	rival := utf8Set
	if c.latin {
		rival = gb18030Set
	}
	sample := ""
	for x := range t.texts {
		s, ok := rival.decode(x.raw)
		if !ok {
			return ""
		}
		if sample == "" && hasHan(s) {
			sample = s
		}
	}
	if sample == "" {
		return ""
	}
	return fmt.Sprintf("text is read as %s, but all of it is also valid %s, where it reads %q: check the encoding", c.name, rival.name, short(sample))
}

// place names the field, and the feature of a value. A field name that is not valid
// in c is guessed.
func (t *table) place(x text, c charset) string {
	raw := t.fields[x.column].name
	name, ok := c.decode(raw)
	if !ok {
		if name, ok = gb18030Set.decode(raw); !ok {
			name = fmt.Sprintf("%q", raw)
		}
		name = fmt.Sprintf("%d (%s?)", x.column+1, name)
	}
	if x.feature == 0 {
		return "name of field " + name
	}
	return fmt.Sprintf("field %s, feature %d", name, x.feature)
}

// remedy says how b would read in the encodings that Chinese data come in.
func remedy(b []byte) string {
	for _, c := range []charset{utf8Set, gb18030Set, big5Set} {
		s, ok := c.decode(b)
		if !ok {
			s, ok = c.decodeCut(b)
		}
		if !ok || !hasHan(s) {
			continue
		}
		say := c.name
		if c.name == gb18030Set.name {
			if _, ok := gbkSet.decode(b); ok {
				say = gbkSet.name
			}
		}
		return fmt.Sprintf("; it reads as %s %q; say encoding: %s in the job file or --encoding %s", c.name, short(s), say, say)
	}
	return "; say encoding: NAME in the job file or --encoding NAME"
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func short(s string) string {
	if r := []rune(s); len(r) > 12 {
		return string(r[:12]) + "…"
	}
	return s
}

// decode returns the field names and the values of the records.
func (t *table) decode(c charset) (names []string, rows [][]string, warnings []string, err error) {
	rows = make([][]string, len(t.records))
	cuts, firstCut := 0, ""
	for x := range t.texts {
		s, ok := c.decode(x.raw)
		if !ok && x.full {
			if s, ok = c.decodeCut(x.raw); ok {
				if cuts++; cuts == 1 {
					firstCut = t.place(x, c)
				}
			}
		}
		switch {
		case !ok:
			return nil, nil, nil, fmt.Errorf("%s: bytes % x are not valid %s%s", t.place(x, c), x.raw[:min(8, len(x.raw))], c.name, remedy(x.raw))
		case strings.ContainsRune(s, 0):
			return nil, nil, nil, fmt.Errorf("%s: the text %q holds a NUL character; correct the attribute", t.place(x, c), s)
		case x.feature == 0:
			names = append(names, s)
		default:
			rows[x.feature-1] = append(rows[x.feature-1], s)
		}
	}
	if cuts > 0 {
		warnings = append(warnings, fmt.Sprintf("%d text values were cut inside a character by the program that wrote them; the broken last character is dropped (first: %s)", cuts, firstCut))
	}
	return names, rows, warnings, nil
}
