package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"greenshield/redline"
)

// printf writes to standard output. Texts among args may come from files: what would steer a terminal is escaped.
// Of format it writes the translation.
func (p *program) printf(format string, args ...any) {
	shown := make([]any, len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			shown[i] = oneLine(v)
		case error:
			shown[i] = oneLine(v.Error())
		case fmt.Stringer:
			shown[i] = oneLine(v.String())
		default:
			shown[i] = arg
		}
	}
	text, end := strings.CutSuffix(format, "\n")
	text = p.words.Say(text, shown...)
	if end {
		text += "\n"
	}
	io.WriteString(p.stdout, text) // results remembers an error
}

// oneLine escapes what is not to be seen, so that names of files and zones neither break a line nor steer a terminal:
// control characters, those of Unicode too (U+0080 to U+009F), line and paragraph separators, characters that turn the
// direction of the text around them, and bytes that are no UTF-8. What it writes for characters JSON has too.
func oneLine(text string) string {
	if harmless(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case steers(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// harmless tells that a text has nothing to escape.
func harmless(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return utf8.ValidString(text[i:]) && strings.IndexFunc(text[i:], steers) < 0
		}
	}
	return true
}

// steers tells that a character is not shown but does something to the text around it.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// line prints one fact with its label.
func (p *program) line(label, format string, args ...any) {
	p.printf("  %s %s\n", columns.FillRight(p.words.Word(label), 10), p.words.Say(format, args...))
}

// table prints rows in columns. align has a letter for each column: l for left, r for right.
func (p *program) table(rows [][]string, align string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			cell = oneLine(cell)
			if row[i] = cell; i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns.StringWidth(cell))
		}
	}
	var all, b strings.Builder
	for _, row := range rows {
		b.WriteString("    ")
		for i, cell := range row {
			if align[i] == 'r' {
				b.WriteString(columns.FillLeft(cell, widths[i]))
			} else {
				b.WriteString(columns.FillRight(cell, widths[i]))
			}
			b.WriteString("  ")
		}
		all.WriteString(strings.TrimRight(b.String(), " "))
		all.WriteByte('\n')
		b.Reset()
	}
	io.WriteString(p.stdout, all.String()) // results remembers an error
}

// columns measures texts in columns of a terminal, in which a Chinese character takes two. Characters of ambiguous
// width take one in every locale, so that the same inputs give the same bytes.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// header returns the heads of the columns of a table.
func (p *program) header(words ...string) []string {
	for i := range words {
		words[i] = p.words.Word(words[i])
	}
	return words
}

// join puts the English and the Chinese name of a thing side by side; a Chinese reader gets the Chinese one alone.
func (p *program) join(en, zh string) string {
	if en == zh || p.words != nil {
		return p.choose(en, zh)
	}
	return strings.TrimSpace(en + " " + zh)
}

// choose returns the name of a thing in the language of the terminal, the English one where there is no other.
func (p *program) choose(en, zh string) string {
	if p.words != nil && zh != "" {
		return zh
	}
	return en
}

// percent writes the share of a part by the rule of all outputs, [redline.Percent].
func percent(part, whole int64) string {
	return fmt.Sprintf("%.2f %%", redline.Percent(float64(part), float64(whole)))
}

// thousands writes a number with a comma before every third digit.
func thousands(n int64) string { return group(strconv.FormatInt(n, 10)) }

// hectares writes an area with two decimals, and a comma before every third digit of the whole hectares.
func hectares(ha float64) string { return group(fmt.Sprintf("%.2f", ha)) }

// group puts a comma before every third digit of the whole part of a number that is not negative.
func group(digits string) string {
	whole, rest := digits, ""
	if i := strings.IndexByte(digits, '.'); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + rest
}

// cells writes a number of cells.
func (p *program) cells(n int64) string { return p.plural(int(n), "cell") }

// plural writes a number, as thousands does, with its noun, which is given in the English singular.
func (p *program) plural(n int, noun string) string {
	if p.words != nil {
		return p.words.Count(thousands(int64(n)), noun)
	}
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%s %sies", thousands(int64(n)), stem)
	}
	return fmt.Sprintf("%s %ss", thousands(int64(n)), noun)
}

// count is plural with a word for none.
func (p *program) count(n int, noun string) string {
	if n == 0 && p.words == nil {
		return "no " + noun + "s"
	}
	return p.plural(n, noun)
}
