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

// encoder makes the texts of candidates, for one goroutine at a time. With common nil
// they are those of the files, else they hold references.
type encoder struct {
	common *common
	seed   maphash.Seed
	known  []map[string]uint32 // what the encoder has asked common for, by group
	recent []recent            // some of that
	text   []byte              // of a candidate, used again, like the following
	key    []byte
	sorted []redline.Overlap
}

func newEncoder(common *common) *encoder {
	e := &encoder{common: common, seed: maphash.MakeSeed(), known: make([]map[string]uint32, len(groups)), recent: make([]recent, len(groups))}
	for i := range e.known {
		e.known[i] = map[string]uint32{}
	}
	return e
}

// held is what one field holds of a candidate.
type held struct {
	text    string
	integer int64
}

// recent remembers references by the values of a group: a candidate has most of them in
// common with one shortly before. To compare texts costs little where they are the same
// memory, as those of zones, rules and classes are.
type recent [256]struct {
	values []held
	number uint32
}

// appendFeature appends c as a feature of candidates.geojson.
func (e *encoder) appendFeature(b []byte, c *redline.Candidate) []byte {
	return files.AppendFeature(b, c, func(b []byte) []byte { return e.appendGroups(b, files.GeoJSON, c) })
}

// appendSuppressed appends c as a record of suppressed.csv.
func (e *encoder) appendSuppressed(b []byte, c *redline.Candidate) []byte {
	return files.AppendSuppressed(b, c, func(b []byte) []byte { return e.appendGroups(b, files.CSV, c) })
}

// appendOverlaps appends the records of c in overlaps.csv, in the order of the zones.
func (e *encoder) appendOverlaps(
	b []byte, c *redline.Candidate, overlaps []redline.Overlap, zones []redline.Zone,
) []byte {
	e.sorted = append(e.sorted[:0], overlaps...)
	slices.SortFunc(e.sorted, func(a, b redline.Overlap) int { return cmp.Compare(a.Zone, b.Zone) })
	return files.AppendOverlaps(b, c, e.sorted, zones)
}

// appendGroups appends all fields as that form has them, with commas between.
func (e *encoder) appendGroups(b []byte, form files.Form, c *redline.Candidate) []byte {
	for i := range groups {
		if i > 0 {
			b = append(b, ',')
		}
		if g := &groups[i]; g.By == nil || e.common == nil {
			b = files.AppendGroup(b, form, g, c)
		} else {
			b = appendReference(b, i, e.number(i, c))
		}
	}
	return b
}

// groups are those of the fields of a candidate.
var groups = findings.Groups()

// number returns the number of what a shared group holds of c.
func (e *encoder) number(i int, c *redline.Candidate) uint32 {
	g := &groups[i]
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

// value returns what a field of a shared group holds.
func value(f *findings.Field, c *redline.Candidate) held {
	if f.Text != nil {
		return held{text: f.Text(c)}
	}
	return held{integer: f.Integer(c)}
}

// holds tells that these are the values of the fields of a shared group.
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

// appendValues appends the values of the fields of a shared group.
func appendValues(values []held, g *findings.Group, c *redline.Candidate) []held {
	for i := range g.Fields {
		values = append(values, value(&g.Fields[i], c))
	}
	return values
}

// appendKey appends the values of a shared group, so that no other values give the same.
func appendKey(b []byte, g *findings.Group, c *redline.Candidate) []byte {
	for i := range g.Fields {
		v := value(&g.Fields[i], c)
		b = binary.AppendVarint(b, v.integer)
		b = append(binary.AppendUvarint(b, uint64(len(v.text))), v.text...)
	}
	return b
}
