package gdalvector

import (
	"bytes"
	"fmt"
	"os"
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

// text is a field name (feature 0) or a value, not decoded yet.
type text struct {
	column, feature int // column is counted from 0, feature from 1
	raw             []byte
	full            bool // the text fills its place, so its end may have been cut
}

// nameWidth is how many bytes most programs write of the name of a field, which has room for eleven.
const nameWidth = 10

// texts yields the field names, then the values, record by record.
func (t *table) texts(yield func(text) bool) {
	for i, f := range t.fields {
		if !yield(text{column: i, raw: f.name, full: len(f.name) >= nameWidth}) {
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

// foreign yields the texts that hold more than ASCII.
func (t *table) foreign(yield func(text) bool) {
	for x := range t.texts {
		if !isASCII(x.raw) && !yield(x) {
			return
		}
	}
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// read decodes a text; cut says that the rest of a character was dropped at its end.
func (c charset) read(x text) (s string, cut, ok bool) {
	if s, ok = c.decode(x.raw); !ok && x.full {
		s, ok = c.decodeCut(x.raw)
		cut = ok
	}
	return s, cut, ok
}

// enough is the share of everyday characters from which on text counts as Chinese. Real names have nearly 1; UTF-8
// read as GB18030 has less than 2/3, as every third byte leads to a rare character; Big5 read as GB18030, and the
// other way round, has about 1/2.
const enough = 0.75

// likeness returns the share of everyday characters in the table's text beyond ASCII, read in c. It is 1 if there is
// no such text, and −1 if some text is not valid in c. In UTF-8 it is 1 when any character takes three bytes, as Han
// characters do: text in another encoding is hardly ever valid.
func (t *table) likeness(c charset) float64 {
	common, all := 0, 0
	for x := range t.foreign {
		switch _, _, ok := c.read(x); {
		case !ok:
			return -1
		case c.coding == nil && c.reads(x.raw):
			common, all = 1, 1
		case c.everyday != nil:
			m, n := c.everyday(x.raw)
			common, all = common+m, all+n
		case common == 0:
			all = 1
		}
	}
	if all == 0 {
		return 1
	}
	return float64(common) / float64(all)
}

// charset finds how the table's text is coded. In this order count: what is said for this layer, the .cpg file, the
// language byte, what is said for undeclared text, that all text is strict UTF-8, and that all of it is valid and
// sensible GB18030. from says which of them decided.
func (t *table) charset(s Source, cpgPath string) (c charset, from string, warnings []string, err error) {
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
				unknown = fmt.Errorf(".cpg: %w", unknown)
			}
		}
	}
	if declaredBy == "" {
		if byLanguage, ok := charsetByLanguage(t.language); ok {
			declared, declaredBy = byLanguage, fmt.Sprintf("DBF language byte 0x%02X", t.language)
		}
	}
	overridden := s.Encoding != ""
	isDeclared := declaredBy != "" || overridden
	switch {
	case overridden:
		if c, err = charsetByName(s.Encoding); err != nil {
			return c, "", nil, err
		}
		from = "said for this layer"
		if declaredBy != "" && unknown == nil && declared.name != c.name {
			warnings = append(warnings,
				fmt.Sprintf("text is read as %s as the job says, although it is %s as %s", c.name, declaredBy, declared.name))
		}
	case unknown != nil:
		return c, "", nil, fmt.Errorf("%w%s", unknown, t.remedy(nil, true))
	case declaredBy != "":
		c, from = declared, declaredBy
	case s.DefaultEncoding != "":
		if c, err = charsetByName(s.DefaultEncoding); err != nil {
			return c, "", nil, err
		}
		from = "--encoding"
	case t.likeness(utf8Set) >= 0:
		c, from = utf8Set, "valid UTF-8"
	case t.likeness(gb18030Set) >= enough:
		c, from = gb18030Set, "guessed"
		for x := range t.foreign {
			text, _, _ := c.read(x)
			warnings = append(warnings, fmt.Sprintf("the encoding of attribute text is declared nowhere (no .cpg, language "+
				"byte 0x%02X) and guessed: all of it is valid %s, such as %q in %s; if that reads wrong, say --encoding NAME",
				t.language, c.name, short(text), t.place(x, c)))
			break
		}
	default:
		for x := range t.foreign {
			if _, _, ok := utf8Set.read(x); !ok {
				return c, "", nil, fmt.Errorf("attribute text is not UTF-8 and no encoding is declared (no .cpg, language byte "+
					"0x%02X): %s: bytes % x%s",
					t.language, t.place(x, utf8Set), x.raw[:min(8, len(x.raw))], t.remedy(x.raw, false))
			}
		}
	}
	if err := t.invalid(c, isDeclared); err != nil {
		return c, "", nil, err
	}
	if doubt := t.doubt(c, isDeclared); doubt != "" {
		if !overridden {
			return c, "", nil, fmt.Errorf("text is read as %s (%s), but %s; if it is %s all the same, say encoding: %s there",
				c.name, from, doubt, c.name, c.name)
		}
		warnings = append(warnings, fmt.Sprintf("text is read as %s, but %s", c.name, doubt))
	}
	return c, from, warnings, nil
}

// invalid names the first text that is not valid in c.
func (t *table) invalid(c charset, declared bool) error {
	for x := range t.foreign {
		if _, _, ok := c.read(x); !ok {
			return fmt.Errorf("%s: bytes % x are not valid %s%s", t.place(x, c), x.raw[:min(8, len(x.raw))], c.name,
				t.remedy(x.raw, declared))
		}
	}
	return nil
}

// doubt says if text that is valid in c is more likely in another encoding, all of it or one value: nothing else
// would notice. It is "" if there is no doubt.
func (t *table) doubt(c charset, declared bool) string {
	say := func(x text, rival charset) string {
		here, _, _ := c.read(x)
		there, _, _ := rival.read(x)
		return fmt.Sprintf("%s, %q, is %q as %s%s", t.place(x, c), short(here), short(there), rival.name,
			sayEncoding(rival.name, declared))
	}
	if c.coding != nil {
		for x := range t.foreign {
			if _, _, ok := utf8Set.read(x); ok && utf8Set.reads(x.raw) && !c.reads(x.raw) {
				return say(x, utf8Set)
			}
		}
	}
	own := t.likeness(c)
	for _, rival := range []charset{gb18030Set, big5Set} {
		const clearly = 0.2
		if share := t.likeness(rival); share < enough || share < own+clearly {
			continue
		}
		for x := range t.foreign {
			return say(x, rival)
		}
	}
	return ""
}

// reads reports whether valid text beyond ASCII reads as Chinese in c.
func (c charset) reads(raw []byte) bool {
	if c.everyday == nil {
		return c.coding == nil && slices.ContainsFunc(raw, func(b byte) bool { return b >= 0xe0 })
	}
	common, all := c.everyday(raw)
	return all > 0 && float64(common) >= enough*float64(all)
}

// place names the field of a text, and the feature if the text is a value. A field name that is not valid in c is
// guessed.
func (t *table) place(x text, c charset) string {
	field := text{raw: t.fields[x.column].name, full: true}
	name, _, ok := c.read(field)
	if !ok {
		if name, _, ok = gb18030Set.read(field); !ok {
			name = fmt.Sprintf("%q", field.raw)
		}
		name = fmt.Sprintf("%d (%s?)", x.column+1, name)
	}
	if x.feature == 0 {
		return "name of field " + name
	}
	return fmt.Sprintf("field %s, feature %d", name, x.feature)
}

// remedy names the encoding in which all text reads as Chinese, or otherwise the one in which the bytes b do, and
// says where to tell it to the program.
func (t *table) remedy(b []byte, declared bool) string {
	for _, c := range []charset{utf8Set, gb18030Set, big5Set} {
		if t.likeness(c) < enough {
			continue
		}
		for x := range t.foreign {
			if b != nil {
				x = text{raw: b, full: true}
			}
			s, _, _ := c.read(x)
			return fmt.Sprintf("; it reads as %s %q%s", c.name, short(s), sayEncoding(c.name, declared))
		}
	}
	for _, c := range []charset{utf8Set, gb18030Set, big5Set} {
		if s, _, ok := c.read(text{raw: b, full: true}); ok && c.reads(b) {
			return fmt.Sprintf("; this one reads as %s %q, but not all text does: correct the file, or%s", c.name, short(s),
				strings.TrimPrefix(sayEncoding(c.name, declared), ";"))
		}
	}
	return sayEncoding("NAME", declared)
}

// sayEncoding says where to tell an encoding to the program. The one for the whole job is only for undeclared text.
func sayEncoding(name string, declared bool) string {
	if declared {
		return fmt.Sprintf("; say encoding: %s under this layer in the job file, or write %s into its .cpg", name, name)
	}
	return fmt.Sprintf("; say --encoding %s, or encoding: %s under this layer in the job file", name, name)
}

func short(s string) string {
	if r := []rune(s); len(r) > 12 {
		return string(r[:12]) + "…"
	}
	return s
}

// decode returns the field names and the values of the records. All text must be valid in c.
func (t *table) decode(c charset) (names []string, rows [][]string, warnings []string, err error) {
	rows = make([][]string, len(t.records))
	cuts, firstCut := 0, ""
	for x := range t.texts {
		s, cut, _ := c.read(x)
		if cut {
			if cuts++; cuts == 1 {
				firstCut = t.place(x, c)
			}
		}
		switch {
		case strings.ContainsRune(s, 0):
			return nil, nil, nil, fmt.Errorf("%s: the text %q holds a NUL character; correct the attribute", t.place(x, c), s)
		case x.feature == 0:
			names = append(names, s)
		default:
			rows[x.feature-1] = append(rows[x.feature-1], s)
		}
	}
	if cuts > 0 {
		warnings = append(warnings, fmt.Sprintf("%d text values were cut inside a character by the program that wrote them; "+
			"the broken last character is dropped (first: %s)", cuts, firstCut))
	}
	return names, rows, warnings, nil
}
