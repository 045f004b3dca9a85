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
	texts   []commonText
	bytes   int
}

type commonText struct{ key, text string }

const (
	mark           = 0xff
	maxCommonTexts = 1 << 16 // that many numbers there are
	maxCommonBytes = 8 << 20
)

// add returns the number of the text that is made of key, and that key to be kept. It may
// be called concurrently. It is false when there is no more room: then the text itself
// must stand in the spool.
func (c *common) add(key, text []byte) (n uint16, same string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, ok := c.numbers[string(key)]; ok {
		return n, c.texts[n].key, true
	}
	size := len(key) + len(text)
	if len(c.texts) == maxCommonTexts || c.bytes+size > maxCommonBytes {
		return 0, "", false
	}
	if c.numbers == nil {
		c.numbers = map[string]uint16{}
	}
	n, same = uint16(len(c.texts)), string(key)
	c.numbers[same] = n
	c.texts = append(c.texts, commonText{same, string(text)})
	c.bytes += size
	return n, same, true
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
		b = append(b, c.texts[int(text[i+1])|int(text[i+2])<<8].text...)
		text = text[i+3:]
	}
}
