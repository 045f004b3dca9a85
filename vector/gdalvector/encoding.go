package gdalvector

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

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
		b, err := readFile(cpgPath)
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
					"0x%02X): %s: %s%s", t.language, t.place(x, utf8Set), utf8Set.offence(x.raw), t.remedy(x.raw, false))
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
			return fmt.Errorf("%s: %s%s", t.place(x, c), c.offence(x.raw), t.remedy(x.raw, declared))
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

// fitting says in which encoding bytes that are no UTF-8 read as Chinese, for formats whose text must be UTF-8.
func fitting(b []byte) string {
	for _, c := range []charset{gb18030Set, big5Set} {
		if s, ok := c.decode(b); ok && c.reads(b) {
			return fmt.Sprintf("; it reads as %s %q: write the layer again as UTF-8", c.name, short(s))
		}
	}
	return "; correct the file"
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
			if kind := t.fields[x.column].kind; kind == 'N' || kind == 'F' {
				s = plainNumber(s)
			}
			rows[x.feature-1] = append(rows[x.feature-1], s)
		}
	}
	if cuts > 0 {
		warnings = append(warnings, fmt.Sprintf("%s cut inside a character by the program that wrote the file; the broken "+
			"last character is dropped (first: %s)", counted(cuts, "text value was", "text values were"), firstCut))
	}
	return names, rows, warnings, nil
}
