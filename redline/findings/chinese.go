package findings

import (
	"regexp"
	"unicode"
)

// translation matches what follows a text in parentheses and has letters of ASCII only.
var translation = regexp.MustCompile(`^(.*\S)\s*\([\x20-\x7E]*[A-Za-z][\x20-\x7E]*\)\s*$`)

// Chinese returns a text that is followed by its translation in parentheses, as rule tables have it, without that:
// "疑似开垦 (reclamation)" is "疑似开垦". Any other text stays as it is.
func Chinese(text string) string {
	m := translation.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	for _, r := range m[1] {
		if unicode.Is(unicode.Han, r) {
			return m[1]
		}
	}
	return text
}
