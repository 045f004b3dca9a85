package job

import (
	"fmt"
	"net/url"
	"strings"
)

// address is the address of a service of others, with words in braces that are filled in for each place.
type address struct {
	s       *string
	words   []string // one of each alternative must be there, such as "{y}" or "{-y}": "{y}|{-y}"
	example string
}

func (v address) Set(s string) error {
	plain := s
	for _, alternatives := range v.words {
		some := false
		for word := range strings.SplitSeq(alternatives, "|") {
			some = some || strings.Contains(plain, word)
			plain = strings.ReplaceAll(plain, word, "0")
		}
		if !some {
			word, _, _ := strings.Cut(alternatives, "|")
			return fmt.Errorf("%q has no %s; write an address such as %s", s, word, v.example)
		}
	}
	u, err := url.Parse(plain)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		strings.ContainsAny(plain, "{}[]<>\"\\ ") {
		return fmt.Errorf("%q is no address of a service; write an address such as %s", s, v.example)
	}
	*v.s = s
	return nil
}

func (v address) String() string { return *v.s }
