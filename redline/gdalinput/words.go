package gdalinput

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"greenshield/redline"
)

// maxWord is how many characters a text of a layer may have. It stands in the rows of very many candidates.
const maxWord = 1000

// words gives the texts of a layer. Those that only describe are cut when they are too long, and [words.judge] warns of
// them; keys, of which two could become equal, are refused.
type words struct {
	*layer
	cut, long map[string][]string // field → numbers of the features whose text is too long, and is no key or is one
}

func (ly *layer) words() *words {
	return &words{layer: ly, cut: map[string][]string{}, long: map[string][]string{}}
}

// key returns text, by which feature i is told from others and which was read from that field.
func (w *words) key(i int, field, text string) string {
	if utf8.RuneCountInString(text) > maxWord {
		w.long[field] = append(w.long[field], strconv.Itoa(w.Features[i].Number))
	}
	return text
}

// label returns at most the first maxWord characters of what a field of feature i says, see [layer.text].
func (w *words) label(i int, field string) string {
	text := w.text(i, field)
	if utf8.RuneCountInString(text) <= maxWord {
		return text
	}
	w.cut[field] = append(w.cut[field], strconv.Itoa(w.Features[i].Number))
	return strings.TrimSpace(string([]rune(text)[:maxWord]))
}

// judge warns of texts that were cut, and refuses keys that are too long.
func (w *words) judge() {
	for _, field := range slices.Sorted(maps.Keys(w.cut)) {
		w.in.warn("field %s has more than %d characters in feature %s; what is beyond them is left out",
			field, maxWord, firstTen(w.cut[field]))
	}
	for _, field := range slices.Sorted(maps.Keys(w.long)) {
		w.in.addFault(redline.Vector, "field %s, by which features are told apart, has more than %d characters in "+
			"feature %s; correct it, or name another field (fields: in the job file)", field, maxWord, firstTen(w.long[field]))
	}
}
