package language

import (
	"slices"
	"strconv"
	"strings"
)

// Text puts an English text into the language of c. Of all ways in which formats of the catalogue, one in another or
// one after the other, make up the text, it takes the one with the most letters of theirs.
func (c *Catalogue) Text(english string) string {
	if c == nil {
		return english
	}
	r := recogniser{Catalogue: c, known: map[string]reading{}, left: enough}
	for i := range c.formats {
		if c.formats[i].mayFit(english) {
			r.likely = append(r.likely, &c.formats[i])
		}
	}
	return r.read(english).text
}

// recogniser reads one text.
type recogniser struct {
	*Catalogue
	likely []*format // those whose literals occur in the text
	known  map[string]reading
	left   int // how many more bytes may be looked at
}

// enough bytes to look at are many times those of the longest message, and soon done. Of a text that takes more, such
// as a list of thousands, what was found by then counts.
const enough = 30_000_000

// reading is a part of a text in another language.
type reading struct {
	text  string
	score int // letters of the part that stand in formats; 0: nothing was recognised
}

// joints are what stands between two messages, and what does in the other language.
var joints = []struct{ english, translated string }{{"; ", "；"}, {": ", "："}, {", ", "，"}}

// read returns the best reading of a text.
func (r *recogniser) read(text string) reading {
	if best, ok := r.known[text]; ok {
		return best
	}
	if r.left -= len(text); r.left < 0 {
		return reading{text: text}
	}
	best := r.search(text)
	r.known[text] = best
	return best
}

// search finds the best reading of a text: as a whole, after a joint, or as a format and what follows it.
func (r *recogniser) search(text string) reading {
	if word, ok := r.exact[text]; ok && !strings.Contains(text, "%") {
		return reading{word, letters(text)}
	}
	best := reading{text: text}
	if number, noun, ok := strings.Cut(text, " "); ok && isNumber(number) {
		if _, ok := r.exact[noun]; ok {
			best = reading{r.Count(number, noun), letters(noun)}
		}
	}
	for _, j := range joints {
		if rest, ok := strings.CutPrefix(text, j.english); ok {
			if of := r.read(rest); of.score > best.score {
				best = reading{j.translated + of.text, of.score}
			}
		}
	}
	if whole := r.fit(text); whole.score > best.score {
		best = whole
	}
	all := letters(text)
	for i := 1; i < len(text) && best.score < all && r.left > 0; i++ {
		if !strings.ContainsRune(";:, (", rune(text[i])) {
			continue
		}
		rest := r.read(text[i:])
		if rest.score == 0 && text[i] == ' ' && text[i+1:] != "" && text[i+1] != '(' {
			continue // not in the middle of a sentence
		}
		first := r.fit(text[:i])
		if score := first.score + rest.score; score > best.score && score >= 4 {
			best = reading{first.text + rest.text, score}
		}
	}
	return best
}

// fit returns the best reading of a text by one format as a whole.
func (r *recogniser) fit(text string) reading {
	best := reading{text: text}
	if letters(text) == 0 {
		return best
	}
	for _, f := range r.likely {
		if r.left -= len(text); r.left < 0 {
			break
		}
		if !f.mayFit(text) {
			continue
		}
		r.match(f.english, text, nil, func(args []string) {
			if of := r.translate(f, args); of.score > best.score {
				best = of
			}
		})
	}
	return best
}

// mayFit tells whether the literals of f occur in a text, in their order.
func (f *format) mayFit(text string) bool {
	for _, p := range f.english {
		if p.verb == 0 {
			i := strings.Index(text, p.literal)
			if i < 0 {
				return false
			}
			text = text[i+len(p.literal):]
		}
	}
	return true
}

// translate returns the translation of a format with what stands for its verbs.
func (r *recogniser) translate(f *format, args []string) reading {
	var b strings.Builder
	within := 0
	for _, p := range f.translated {
		switch {
		case p.verb == 0:
			b.WriteString(p.literal)
		case p.arg >= len(args):
			return reading{}
		case p.verb == 'w':
			of := r.read(args[p.arg])
			within += of.score
			b.WriteString(of.text)
		default:
			b.WriteString(args[p.arg])
			if f.verbatim {
				within += letters(args[p.arg])
			}
		}
	}
	if f.loose && within == 0 {
		return reading{}
	}
	return reading{b.String(), f.weight + within}
}

// isNumber tells that a text is a number as it is written in messages.
func isNumber(text string) bool {
	return text != "" && text[0] != ',' && strings.Trim(text, "0123456789,") == ""
}

// match calls found with what stands for the verbs of pieces, for each way in which these make up the text.
func (r *recogniser) match(pieces []piece, text string, args []string, found func(args []string)) {
	if len(pieces) == 0 {
		if text == "" {
			found(args)
		}
		return
	}
	p := pieces[0]
	if p.verb == 0 {
		if rest, ok := strings.CutPrefix(text, p.literal); ok {
			r.match(pieces[1:], rest, args, found)
		}
		return
	}
	try := func(n int) {
		with := slices.Clone(args)
		for len(with) <= p.arg {
			with = append(with, "")
		}
		if with[p.arg] == "" || with[p.arg] == text[:n] { // the same argument may stand there twice
			with[p.arg] = text[:n]
			r.match(pieces[1:], text[n:], with, found)
		}
	}
	switch {
	case !p.text():
		if n := length(p.verb, text); n > 0 {
			try(n)
		}
	case len(pieces) == 1:
		try(len(text))
	default:
		next := pieces[1].literal // "" before another verb: every place is tried
		for n := 0; n <= len(text) && r.left > 0; n++ {
			i := strings.Index(text[n:], next)
			if i < 0 {
				r.left -= len(text) - n
				return
			}
			n += i
			r.left -= i + len(pieces)
			try(n)
		}
	}
}

// length returns how many bytes at the start of a text stand for a verb of numbers or quoted texts, 0 when none do.
func length(verb byte, text string) int {
	if verb == 'q' {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return 0
		}
		return len(quoted)
	}
	for _, name := range []string{"NaN", "+Inf", "-Inf"} {
		if verb == 'f' && strings.HasPrefix(text, name) {
			return len(name)
		}
	}
	digits := "0123456789"
	n, seen := 0, false
	for ; n < len(text); n++ {
		switch b := text[n]; {
		case strings.IndexByte(digits, b) >= 0:
			seen = true
		case (b == '-' || b == '+') && (n == 0 || verb == 'f' && text[n-1] == 'e'):
		case verb == 'f' && b == '.' && n+1 < len(text) && strings.IndexByte(digits, text[n+1]) >= 0:
		case verb == 'f' && b == 'e' && seen && n+1 < len(text) && strings.IndexByte("+-", text[n+1]) >= 0:
		case verb == 'f' && b == ' ' && n == 0: // a width
		default:
			if !seen {
				return 0
			}
			return n
		}
	}
	if !seen {
		return 0
	}
	return n
}
