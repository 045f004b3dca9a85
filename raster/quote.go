package raster

import (
	"regexp"
	"strings"
)

// plainWord matches what a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[\p{L}\p{N}_@%+=:,./][\p{L}\p{N}_@%+=:,./-]*$`)

// Quote returns a word of a command so that a POSIX shell takes it as it is.
func Quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
