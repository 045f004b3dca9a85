package spool

import (
	"bytes"
	"encoding/binary"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
)

// common holds what the shared groups of candidates hold, each once. In the spool a
// reference stands for it: a byte that no UTF-8 has, the group, and a number in the group.
type common struct {
	mu     sync.Mutex
	groups []repertoire // as the package's groups; of shared ones
}

// repertoire is all that one group holds. There is no more of it than there are zones,
// counties, rules or classes, which are in memory anyway.
type repertoire struct {
	numbers  map[string]uint32 // by the values
	examples []*redline.Candidate
	texts    [sharedParts]texts // as files have them, made when they are first needed
}

// texts are some of a repertoire's, by number; "" is not made. It is bounded by maxTextBytes.
type texts struct {
	made  []string
	bytes int
}

const (
	mark           = 0xff
	referenceBytes = 6
	maxTextBytes   = 4 << 20
)

func newCommon() *common {
	c := &common{groups: make([]repertoire, len(groups))}
	for i := range c.groups {
		c.groups[i].numbers = map[string]uint32{}
	}
	return c
}

// add returns the number of what group i holds of c, whose values make key, and that key to be kept.
func (m *common) add(i int, key []byte, c *redline.Candidate) (n uint32, same string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.groups[i]
	if n, ok := r.numbers[string(key)]; ok {
		return n, string(key)
	}
	n, same = uint32(len(r.examples)), string(key)
	r.numbers[same] = n
	example := new(redline.Candidate)
	groups[i].Copy(example, c)
	r.examples = append(r.examples, example)
	return n, same
}

func appendReference(b []byte, group int, n uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(b, mark, byte(group)), n)
}

// formOf is the form of the texts of a part that hold references.
var formOf = [sharedParts]files.Form{partFeature: files.GeoJSON, partSuppressed: files.CSV}

// expand appends text with all references replaced by what the files of that part say. Each part has one goroutine
// that expands.
func (m *common) expand(b, text []byte, part byte) []byte {
	for {
		i := bytes.IndexByte(text, mark)
		if i < 0 {
			return append(b, text...)
		}
		b = append(b, text[:i]...)
		group, n := text[i+1], binary.LittleEndian.Uint32(text[i+2:])
		r := &m.groups[group]
		t := &r.texts[part]
		if t.made == nil {
			t.made = make([]string, len(r.examples))
		}
		if t.made[n] == "" {
			start := len(b)
			b = files.AppendGroup(b, formOf[part], &groups[group], r.examples[n])
			if made := b[start:]; t.bytes+len(made) <= maxTextBytes {
				t.made[n] = string(made)
				t.bytes += len(made)
			}
		} else {
			b = append(b, t.made[n]...)
		}
		text = text[i+referenceBytes:]
	}
}
