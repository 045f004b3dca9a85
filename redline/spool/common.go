package spool

import (
	"bytes"
	"encoding/binary"
	"sync"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
)

// common keeps the values that candidates have in shared groups of fields, each combination once. In the spool a
// reference stands for a combination: a byte that no UTF-8 has, the group, and a number within the group. Its methods
// may be called concurrently, except as expand says.
//
// Values of late groups stand for those of a patch, under its number. Shared groups have the same places whether there
// are late ones or not.
type common struct {
	columns findings.Columns
	fields  []findings.Group
	shown   [sharedParts][]findings.Group // by part: the groups with the fields that its file has
	late    bool                          // some of them are late

	mu      sync.Mutex
	groups  []repertoire // parallel to fields; only those of shared ones are used
	patches map[string]uint32
	known   []*redline.Candidate // by number of the patch, nil where nothing is known; set before expand and decode
}

// repertoire is all combinations of values that occur in one group. There are no more of them than there are zones,
// counties, rules or classes, which are in memory anyway.
type repertoire struct {
	numbers  map[string]uint32    // by the key of the values
	examples []*redline.Candidate // by number: a candidate that has the values
	texts    [sharedParts]texts   // as files have them, made when they are first needed
}

// texts are texts of a repertoire, as many as fit into maxTextBytes.
type texts struct {
	made  []string // by number; "" when it is not made
	bytes int
}

const (
	mark           = 0xff // the first byte of a reference
	referenceBytes = 6
	maxTextBytes   = 4 << 20
)

func newCommon(columns findings.Columns) *common {
	fields := columns.Groups()
	c := &common{columns: columns, fields: fields, groups: make([]repertoire, len(fields)), patches: map[string]uint32{}}
	c.shown[partFeature], c.shown[partSuppressed] = fields, columns.Suppressed().Groups()
	c.late = columns.Known
	for i := range c.groups {
		c.groups[i].numbers = map[string]uint32{}
	}
	return c
}

// add returns the number of the values that c has in group i. key is that of the values.
func (m *common) add(i int, key []byte, c *redline.Candidate) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &m.groups[i]
	n, ok := r.numbers[string(key)]
	if !ok {
		n = uint32(len(r.examples))
		r.numbers[string(key)] = n
		example := new(redline.Candidate)
		m.fields[i].Copy(example, c)
		r.examples = append(r.examples, example)
	}
	return n
}

// patch returns the number of the patch with that id.
func (m *common) patch(id string) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.patches[id]
	if !ok {
		n = uint32(len(m.patches))
		m.patches[id] = n
	}
	return n
}

// know sets what is known of patches, by their ids.
func (m *common) know(known map[string]*redline.Known) {
	m.known = make([]*redline.Candidate, len(m.patches))
	for id, n := range m.patches {
		m.known[n] = &redline.Candidate{Known: known[id]}
	}
}

// appendReference appends a reference to the values of that number.
func appendReference(b []byte, group int, n uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(b, mark, byte(group)), n)
}

// formOf gives for each part with references the form of its file.
var formOf = [sharedParts]files.Form{partFeature: files.GeoJSON, partSuppressed: files.CSV}

// plain is for encoders without a common one: files have all fields that every candidate has.
var plain = findings.Columns{}.Groups()

// expand appends text with all references replaced by the texts that the file of that part has. One goroutine at a time
// may expand each part, and none may add. The references are numbered as of says.
func (m *common) expand(b, text []byte, part byte, of *numbers) []byte {
	for {
		i := bytes.IndexByte(text, mark)
		if i < 0 {
			return append(b, text...)
		}
		b = append(b, text[:i]...)
		group, n := text[i+1], binary.LittleEndian.Uint32(text[i+2:])
		if m.fields[group].Late {
			n = of.patch(n)
			b = files.AppendGroup(b, formOf[part], &m.fields[group], m.known[n])
			text = text[i+referenceBytes:]
			continue
		}
		n = of.value(int(group), n)
		r := &m.groups[group]
		t := &r.texts[part]
		if t.made == nil {
			t.made = make([]string, len(r.examples))
		}
		if t.made[n] == "" {
			start := len(b)
			b = files.AppendGroup(b, formOf[part], &m.shown[part][group], r.examples[n])
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
