package spool

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
)

// encoder makes the texts of candidates, for one goroutine at a time. When common is nil they are the texts of the
// files, else references stand in them for the values of shared groups.
type encoder struct {
	common *common
	seed   maphash.Seed
	known  []map[string]uint32 // by group: the numbers that common has given, by key
	recent []recent            // by group: the numbers given last

	// Memory that one candidate leaves to the next.
	text    []byte
	lengths lengths
	key     []byte
	sorted  []redline.Overlap
}

func newEncoder(common *common) *encoder {
	e := &encoder{
		common: common,
		seed:   maphash.MakeSeed(),
	}
	n := len(e.groups())
	e.known, e.recent = make([]map[string]uint32, n), make([]recent, n)
	for i := range e.known {
		e.known[i] = map[string]uint32{}
	}
	return e
}

// held is the value that a candidate has in one field of a shared group.
type held struct {
	text    string
	integer int64
}

// recent remembers the numbers of values of one group, by a hash of the values: a candidate mostly has the values of
// one shortly before it. To compare two texts costs little where they are the same memory, as those of zones, rules
// and classes are.
type recent [256]struct {
	values []held
	number uint32
}

// appendFeature appends c as a feature of candidates.geojson.
func (e *encoder) appendFeature(b []byte, c *redline.Candidate) []byte {
	return files.AppendFeature(b, c, func(b []byte) []byte { return e.appendGroups(b, partFeature, c) })
}

// appendSuppressed appends c as a record of suppressed.csv, which has nothing that is late.
func (e *encoder) appendSuppressed(b []byte, c *redline.Candidate) []byte {
	return files.AppendSuppressed(b, c, func(b []byte) []byte { return e.appendGroups(b, partSuppressed, c) })
}

// appendOverlaps appends the records of c in overlaps.csv, in the order of the zones.
func (e *encoder) appendOverlaps(
	b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone,
) []byte {
	e.sorted = append(e.sorted[:0], overlaps...)
	slices.SortFunc(e.sorted, func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) })
	return files.AppendOverlaps(b, c, e.sorted, zones)
}

// groups returns the groups of fields of the candidates.
func (e *encoder) groups() []findings.Group {
	if e.common == nil {
		return plain
	}
	return e.common.fields
}

// appendGroups appends the fields of c that the file of a part has, with commas between.
func (e *encoder) appendGroups(b []byte, part int, c *redline.Candidate) []byte {
	shown := plain
	if e.common != nil {
		shown = e.common.shown[part]
	}
	for i := range shown {
		if i > 0 {
			b = append(b, ',')
		}
		switch g := &shown[i]; {
		case g.Late:
			b = appendReference(b, i, e.common.patch(c.PatchID))
		case g.By == nil || e.common == nil:
			b = files.AppendGroup(b, formOf[part], g, c)
		default:
			b = appendReference(b, i, e.number(i, c))
		}
	}
	return b
}

// number returns the number of the values that c has in shared group i.
func (e *encoder) number(i int, c *redline.Candidate) uint32 {
	g := &e.common.fields[i]
	name, second := g.By(c)
	slot := (maphash.String(e.seed, name) + 31*maphash.String(e.seed, second)) % uint64(len(recent{}))
	recent := &e.recent[i][slot]
	if holds(g, recent.values, c) {
		return recent.number
	}
	e.key = appendKey(e.key[:0], g, c)
	n, ok := e.known[i][string(e.key)]
	if !ok {
		var key string
		n, key = e.common.add(i, e.key, c)
		e.known[i][key] = n
	}
	recent.values, recent.number = appendValues(recent.values[:0], g, c), n
	return n
}

// value returns what c has in a field of a shared group.
func value(f *findings.Field, c *redline.Candidate) held {
	if f.Text != nil {
		return held{text: f.Text(c)}
	}
	return held{integer: f.Integer(c)}
}

// holds tells that values are those that c has in a shared group.
func holds(g *findings.Group, values []held, c *redline.Candidate) bool {
	if len(values) != len(g.Fields) {
		return false
	}
	for i := range values {
		if value(&g.Fields[i], c) != values[i] {
			return false
		}
	}
	return true
}

// appendValues appends the values that c has in a shared group.
func appendValues(values []held, g *findings.Group, c *redline.Candidate) []held {
	for i := range g.Fields {
		values = append(values, value(&g.Fields[i], c))
	}
	return values
}

// appendKey appends the values that c has in a shared group in a form that no other values have.
func appendKey(b []byte, g *findings.Group, c *redline.Candidate) []byte {
	for i := range g.Fields {
		v := value(&g.Fields[i], c)
		b = binary.AppendVarint(b, v.integer)
		b = append(binary.AppendUvarint(b, uint64(len(v.text))), v.text...)
	}
	return b
}
