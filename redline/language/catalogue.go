package language

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Catalogue has the translations of one language. Nil has none. It may be used concurrently.
type Catalogue struct {
	exact   map[string]string // English → translation
	formats []format          // what texts are recognised by, those with the longest literal text first
}

// Entry is one text of a catalogue.
type Entry struct {
	English, Translated string
	Foreign             bool // of a library or the system, or put together: not in the source as it is
	Verbatim            bool // what stands for its last %s is words that the user may write
	Line                int  // in the PO file, from 1
}

// Parse reads a catalogue from a PO file with msgid and msgstr alone; "#" begins a comment. "#. library" before an
// entry says that its text is not of this program, "#. joined" that the source puts it together out of several,
// "#. verbatim" that its last %s is words that the user may write: none is translated.
//
// A msgid is an English text or format, as it stands in the source. Where the source joins texts by +, a %s stands for
// what is no constant. In a msgstr, %s stands for what remains as it is and %w for what is itself to be translated, in
// either case whatever verb for texts (%s, %v, %w) the English has; %d, %q, and %f or %g stand for their likes.
// %[2]s names an argument by its number where the order is another one.
func Parse(po string) (*Catalogue, error) {
	entries, err := ReadPO(po)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{exact: map[string]string{}}
	for _, e := range entries {
		if _, ok := c.exact[e.English]; ok {
			return nil, fmt.Errorf("line %d: %q stands there twice", e.Line, e.English)
		}
		c.exact[e.English] = e.Translated
		f := format{english: split(e.English), translated: split(e.Translated), verbatim: e.Verbatim}
		f.weight = f.literals()
		f.loose = f.weight < 8 && len(f.english) > 1 && f.english[0].text() && f.english[len(f.english)-1].text()
		if strings.ContainsAny(e.English, " %") && f.weight > 0 {
			c.formats = append(c.formats, f) // a single word is too common to be recognised in the middle of a text
		}
	}
	slices.SortStableFunc(c.formats, func(a, b format) int { return cmp.Compare(b.weight, a.weight) })
	return c, nil
}

// ReadPO returns the entries of a PO file in their order, without its header.
func ReadPO(po string) (entries []Entry, err error) {
	var texts [2]strings.Builder // msgid, msgstr
	at, foreign, verbatim, begun := -1, false, false, 0
	finish := func() {
		if at == 1 && texts[0].Len() > 0 {
			entries = append(entries, Entry{texts[0].String(), texts[1].String(), foreign, verbatim, begun})
			foreign, verbatim = false, false
		}
		texts[0].Reset()
		texts[1].Reset()
		at = -1
	}
	number := 0
	for line := range strings.Lines(po) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			if at == 1 {
				finish()
			}
			foreign = foreign || line == "#. library" || line == "#. joined"
			verbatim = verbatim || line == "#. verbatim"
			continue
		case strings.HasPrefix(line, "msgid "):
			finish()
			at, begun, line = 0, number, line[len("msgid "):]
		case strings.HasPrefix(line, "msgstr ") && at == 0:
			at, line = 1, line[len("msgstr "):]
		}
		text, err := strconv.Unquote(line)
		if err != nil || at < 0 {
			return nil, fmt.Errorf("line %d is neither msgid nor msgstr nor a text in quotes", number)
		}
		texts[at].WriteString(text)
	}
	finish()
	return entries, nil
}

// format is a text with verbs, and its translation.
type format struct {
	english, translated []piece
	weight              int  // letters of the English literals
	loose               bool // recognised only by what is recognised in it: few letters between texts of any kind
	verbatim            bool // what stands for its verbs counts as recognised, as it is
}

// piece is a literal of a format, or a verb.
type piece struct {
	literal string
	verb    byte // 0 for a literal; else s, d, f or q, and in a translation w too
	arg     int  // of a verb, from 0
}

// text tells that a piece is a verb for texts of any kind.
func (p piece) text() bool { return p.verb == 's' || p.verb == 'w' }

// literals counts the letters and digits of the English literals.
func (f *format) literals() (n int) {
	for _, p := range f.english {
		n += letters(p.literal)
	}
	return n
}

func letters(text string) (n int) {
	for _, r := range text {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			n++
		}
	}
	return n
}

// split cuts a format into literals and verbs. "%%" is a literal "%".
func split(text string) (pieces []piece) {
	var literal strings.Builder
	next := 0
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			literal.WriteByte(text[i])
			continue
		}
		end := i + 1
		for end < len(text) && strings.IndexByte("+-# .0123456789[]", text[end]) >= 0 {
			end++
		}
		if end == len(text) || text[end] == '%' || !strings.ContainsRune("sdvwqfgexXT", rune(text[end])) {
			literal.WriteString(strings.ReplaceAll(text[i:min(end+1, len(text))], "%%", "%"))
			i = end
			continue
		}
		if open := strings.IndexByte(text[i:end], '['); open >= 0 {
			shut := strings.IndexByte(text[i:end], ']')
			if n, err := strconv.Atoi(text[i+open+1 : i+max(shut, open+1)]); err == nil && n > 0 {
				next = n - 1
			}
		}
		flush()
		pieces = append(pieces, piece{verb: kind(text[end]), arg: next})
		next++
		i = end
	}
	flush()
	return pieces
}

// kind returns the verb that stands for its like.
func kind(verb byte) byte {
	switch verb {
	case 'd', 'q', 'w':
		return verb
	case 'f', 'g', 'e':
		return 'f'
	}
	return 's'
}

// Verbs lists the verbs of a text by argument, so that two languages can be compared: d, f, q, and s for every text.
func Verbs(text string) string {
	var verbs []byte
	for _, p := range split(text) {
		if p.verb == 0 {
			continue
		}
		for len(verbs) <= p.arg {
			verbs = append(verbs, '-')
		}
		if verbs[p.arg] = p.verb; p.verb == 'w' {
			verbs[p.arg] = 's'
		}
	}
	return string(verbs)
}
