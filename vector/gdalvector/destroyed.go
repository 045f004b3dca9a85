package gdalvector

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// destroyed tells that characters of a text were lost before it came into the file: writers put a question mark or
// U+FFFD in the place of each one that their encoding lacks, and U+FFFD read as GBK is 锟斤拷.
func destroyed(s string) bool {
	return s == "?" || strings.Contains(s, "??") || strings.Contains(s, "锟斤拷") ||
		strings.ContainsRune(s, utf8.RuneError)
}

// warnOfDestroyed counts destroyed values and names of fields, and shows the first of each.
func (l *Layer) warnOfDestroyed() {
	const remedy = "nothing can bring it back: get the layer from where it was still readable"
	var names []string
	for _, name := range l.Fields {
		if destroyed(name) {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	if names != nil {
		l.Warnings = append(l.Warnings, fmt.Sprintf("the text of %s is destroyed: %s; %s",
			counted(len(names), "name of a field", "names of fields"), list(names), remedy))
	}
	count, first := 0, ""
	for _, f := range l.Features {
		for i, v := range f.Values {
			if !destroyed(v) {
				continue
			}
			if count++; count == 1 {
				first = fmt.Sprintf("%q in field %s, feature %d", short(v), l.Fields[i], f.Number)
			}
		}
	}
	if count > 0 {
		l.Warnings = append(l.Warnings, fmt.Sprintf("the text of %s is destroyed, the first one %s; %s",
			counted(count, "value", "values"), first, remedy))
	}
}

// counted writes a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
