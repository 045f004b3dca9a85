package report

import (
	"bytes"
	"sync"
)

// common holds texts that many candidates have in common, each once. In the spool a
// reference stands for such a text: a byte that no UTF-8 has, and its number.
type common struct {
	mu      sync.Mutex
	numbers map[string]uint16 // by what the text was made of
	texts   []string
	bytes   int
}

const (
	mark           = 0xff
	maxCommonTexts = 1 << 16 // that many numbers there are
	maxCommonBytes = 8 << 20
)

// add returns the number of the text that is made of key. It may be called concurrently.
// It is false when there is no more room: then the text itself must stand in the spool.
func (c *common) add(key, text []byte) (n uint16, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.numbers[string(key)]; ok {
		return n, true
	}
	size := len(key) + len(text)
	if len(c.texts) == maxCommonTexts || c.bytes+size > maxCommonBytes {
		return 0, false
	}
	if c.numbers == nil {
		c.numbers = map[string]uint16{}
	}
	n = uint16(len(c.texts))
	c.numbers[string(key)] = n
	c.texts = append(c.texts, string(text))
	c.bytes += size
	return n, true
}

func appendReference(b []byte, n uint16) []byte {
	return append(b, mark, byte(n), byte(n>>8))
}

// expand appends text with all references replaced.
func (c *common) expand(b, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, mark)
		if i < 0 {
			return append(b, text...)
		}
		b = append(b, text[:i]...)
		b = append(b, c.texts[int(text[i+1])|int(text[i+2])<<8]...)
		text = text[i+3:]
	}
}
