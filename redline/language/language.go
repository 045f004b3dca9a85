// Package language puts what the program says on a terminal into the language of its user.
//
// English is the language of the source: errors, warnings and labels are made as English text, and logs, manifests and
// JSON keep them so, whatever the language of the terminal. Where a text is printed for a person, a [Catalogue] puts it
// into another language: it recognises the formats that the text was made of, one in another, and sets what stood for
// their verbs, such as names of files and numbers, unchanged into their translations. Neither an error nor a function
// on its way needs to know of languages.
//
// What no format fits stays as it is: messages of GDAL, names, commands. A text is never lost, and none is shortened.
//
// The catalogue is a PO file, as translators' programs edit it; see [Parse] for what is special in it.
package language

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed zh_CN.po
var chinesePO string

// Chinese returns the catalogue of simplified Chinese. It may be used concurrently.
var Chinese = sync.OnceValue(func() *Catalogue {
	c, err := Parse(chinesePO)
	if err != nil {
		panic("language: zh_CN.po: " + err.Error()) // it is part of the program, and tests read it
	}
	return c
})

// Named returns the catalogue of a language by its name, zh or en; that of English is nil, which is a catalogue
// too: all its methods return what they are given.
func Named(name string) (c *Catalogue, ok bool) {
	switch name {
	case "zh":
		return Chinese(), true
	case "en":
		return nil, true
	}
	return nil, false
}

// OfEnvironment returns the catalogue that the locale of the environment asks for: the first of LC_ALL, LC_MESSAGES
// and LANG that is set and not empty. A locale whose language is zh gives Chinese, every other one English.
func OfEnvironment(getenv func(string) string) *Catalogue {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := getenv(name); locale != "" {
			language, _, _ := strings.Cut(strings.ToLower(locale), "_")
			language, _, _ = strings.Cut(language, ".")
			if language == "zh" {
				return Chinese()
			}
			return nil
		}
	}
	return nil
}

// Say returns a text as of [fmt.Sprintf] by the translation of format, or by format itself when it has none. Texts
// among args stay as they are.
func (c *Catalogue) Say(format string, args ...any) string {
	if t, ok := c.translation(format); ok {
		format = strings.ReplaceAll(t, "%w", "%s")
	}
	if len(args) == 0 && !strings.Contains(format, "%") {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Word returns the translation of a text that is no format, such as a label or a paragraph of help; without one it
// returns the text.
func (c *Catalogue) Word(text string) string {
	if t, ok := c.translation(text); ok {
		return t
	}
	return text
}

// Count returns a number with its noun; the catalogue has nouns without number, and for "%s %s" what joins both.
func (c *Catalogue) Count(number, noun string) string { return c.Say("%s %s", number, c.Word(noun)) }

// translation returns that of exactly this text.
func (c *Catalogue) translation(text string) (string, bool) {
	if c == nil {
		return "", false
	}
	t, ok := c.exact[text]
	return t, ok
}
